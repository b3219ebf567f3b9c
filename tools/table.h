/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table: the files of /proc/goalloc/ as rows and columns.
 *
 * A file is read whole, checked, and split where it lies; what points into it lives
 * until table_free().  Columns are found by their names in the header, so that a
 * kernel which has more of them is read as well.
 *
 * INVARIANT: no text that comes from here has a byte that is not printable ASCII, so
 * that it can be sent to a terminal and needs no more than quoting elsewhere.
 */
#ifndef GOALLOC_TOOLS_TABLE_H
#define GOALLOC_TOOLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned long long u64;

#define __printf(a, b)	__attribute((format(printf, a, b)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* What is wrong, in one line, and errno where a system call said so. */
struct problem {
	int error;
	char text[512];
};

/* Always false, so that a caller can return it. */
bool __printf(2, 3) failed(struct problem *p, const char *fmt, ...);

/* A column that the file must have, or may, and where its value goes in a row. */
struct column {
	const char *name;
	size_t offset;		/* of a u64, or of a const char * */
	bool text;
	bool optional;		/* an older kernel module has none: 0, or NULL */
};

struct table {
	char *buf;
	unsigned int nrows;
	void *rows;
};

/* A file that is read line by line. */
struct lines {
	char path[512];
	char *buf;		/* to be freed */
	char *next;
	unsigned int number;	/* of the line that lines_next() gave */
};

bool lines_open(struct lines *l, const char *dir, const char *name, struct problem *p);

/* The next line that is no comment, or NULL. */
char *lines_next(struct lines *l);

/* All of @s is a decimal number that fits. */
bool parse_number(const char *s, u64 *value);

bool table_read(struct table *t, const char *dir, const char *name, const struct column *columns,
		unsigned int ncolumns, size_t row_size, struct problem *p);
void table_free(struct table *t);

#endif
