/* SPDX-License-Identifier: GPL-2.0 */
/*
 * history: live and held bytes of the last minute, a value a second, as sparklines.
 *
 * A second without a reading has the value before it.  A second in which goalloc could
 * not be read has none, and is a gap in the line.
 */
#ifndef GOALLOC_TOOLS_HISTORY_H
#define GOALLOC_TOOLS_HISTORY_H

#include "table.h"

#define HISTORY	60	/* seconds */

struct series {
	u64 value[HISTORY];	/* by second modulo HISTORY */
};

struct history {
	struct series live, held;
	bool known[HISTORY];
	long long last;		/* the second of the newest value; 0 if there is none */
};

/* @known: the values could be read. */
void history_add(struct history *h, double time, bool known, u64 live, u64 held);

/* The last @cells seconds, oldest first, as characters of one column; NUL at the end. */
void history_line(const struct history *h, const struct series *s, unsigned int cells, bool utf8,
		  char *buf, size_t size);

/* The newest value less the oldest; false if there is none. */
bool history_change(const struct history *h, const struct series *s, long long *change);

#endif
