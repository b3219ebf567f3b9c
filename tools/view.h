/* SPDX-License-Identifier: GPL-2.0 */
/*
 * view: what goalloctop shows, as lines of text.  It knows no terminal: goalloctop.c
 * draws the lines, or prints them in batch mode.
 */
#ifndef GOALLOC_TOOLS_VIEW_H
#define GOALLOC_TOOLS_VIEW_H

#include "history.h"
#include "snapshot.h"

#define LINE_MAX_BYTES	1024
#define WIDTH_MAX	300	/* columns: three bytes each fit in a line */

enum look { PLAIN, STRONG, HEADING, ALARM };

struct line {
	enum look look;
	char text[LINE_MAX_BYTES];
};

struct screen {
	struct line *lines;
	unsigned int n, room;
};

enum sort {
	BY_HELD, BY_LIVE, BY_WASTE, BY_GROWTH, BY_OBJECTS, BY_ALLOCS, BY_NAME, NR_SORTS,
};

/* Each NULL if there is none. */
struct readings {
	const struct snapshot *now;	/* none: goalloc cannot be read */
	const struct snapshot *before;	/* the one before now, for rates */
	const struct snapshot *then;	/* at most a minute old, for growth */
};

struct view {
	bool classes;		/* or heaps */
	bool help;
	bool utf8;
	enum sort sort;
	unsigned int width, height;	/* height 0: all rows */
	unsigned int first;	/* row, when there are more than fit */
	double delay;
};

/* The key, and the name for --sort. */
char sort_key(enum sort sort);
const char *sort_name(enum sort sort);

/*
 * Make @out what is to be seen.  @message says why goalloc cannot be read, if so.
 * v->first is kept in bounds.
 */
void view_build(struct screen *out, struct view *v, const struct readings *r,
		const struct history *h, const char *message);
void screen_free(struct screen *out);

#endif
