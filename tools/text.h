/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text: numbers for people, and what both programs say in the same words.
 */
#ifndef GOALLOC_TOOLS_TEXT_H
#define GOALLOC_TOOLS_TEXT_H

#include <stdnoreturn.h>

#include "snapshot.h"

#define TEXT_SIZE	24	/* a number as text, with its end */

/* "6.83 MiB", three digits and more; 1024-based. */
const char *size_long(char buf[TEXT_SIZE], u64 bytes);

/* "6.8M", at most five characters below 1000 EiB. */
const char *size_short(char buf[TEXT_SIZE], u64 bytes);

/* "+6.8M", "-12K", as size_short(). */
const char *size_change(char buf[TEXT_SIZE], long long change);

/* "12345", "123k", "12M": at most five characters; 1000-based, for what is counted. */
const char *count_short(char buf[TEXT_SIZE], double n);

/* "1,234,567". */
const char *grouped(char buf[TEXT_SIZE + 8], u64 n);

/* The heap that holds most. */
const struct heap *most_held(const struct snapshot *s);

/* The class or object cache that wastes most. */
struct waste {
	char name[64];		/* "class 6 noscan (64 bytes)" */
	u64 live, held, waste;
};

/* False if none does. */
bool most_waste(const struct snapshot *s, struct waste *most);

/* What needs a person's eye, in a line. */
struct alarm {
	char text[160];
};

/*
 * Bad frees, lost references, sums that are wrong, draws that failed, limits that were
 * met: @max of them at most.  Returns how many.
 *
 * A sum may be off while memory is allocated.  It is wrong if it is off by the same as in
 * @before, which is an earlier reading or NULL.
 */
unsigned int alarms(const struct snapshot *s, const struct snapshot *before, struct alarm *list,
		    unsigned int max);

/* Both programs' words for bad usage and failure; they end the program. */
noreturn void __printf(1, 2) die(const char *fmt, ...);

/* Seconds, and how often: positive numbers, or the program ends. */
double parse_seconds(const char *option, const char *s);
unsigned long parse_count(const char *option, const char *s);

/* End with status 1 if not all of the output could be written. */
void check_output(void);

#endif
