// SPDX-License-Identifier: GPL-2.0
/* text: numbers for people, and what both programs say in the same words. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define SECONDS_MIN	0.01
#define SECONDS_MAX	86400

static const char units[] = "BKMGTPE";

/* Divide by 1024 until three digits are left; the unit's index. */
static unsigned int scale(double *value)
{
	unsigned int unit = 0;

	while (*value >= 999.5 && unit < sizeof(units) - 2) {
		*value /= 1024;
		unit++;
	}
	return unit;
}

const char *size_long(char buf[TEXT_SIZE], u64 bytes)
{
	double value = (double)bytes;
	unsigned int unit = scale(&value);

	if (!unit)
		snprintf(buf, TEXT_SIZE, "%.0f B", value);
	else
		snprintf(buf, TEXT_SIZE, "%.*f %ciB", value < 9.995 ? 2 : value < 99.95, value,
			 units[unit]);
	return buf;
}

const char *size_short(char buf[TEXT_SIZE], u64 bytes)
{
	double value = (double)bytes;
	unsigned int unit = scale(&value);

	if (!unit)
		snprintf(buf, TEXT_SIZE, "%.0f", value);
	else
		snprintf(buf, TEXT_SIZE, "%.*f%c", value < 9.95 ? 1 : 0, value, units[unit]);
	return buf;
}

const char *size_change(char buf[TEXT_SIZE], long long change)
{
	char size[TEXT_SIZE];

	snprintf(buf, TEXT_SIZE, "%c%.8s", change < 0 ? '-' : '+',
		 size_short(size, change < 0 ? 0 - (u64)change : (u64)change));
	return buf;
}

const char *count_short(char buf[TEXT_SIZE], double n)
{
	static const char thousands[] = " kMGTPE";
	unsigned int unit = 0;

	if (n >= 99999.5)
		while (n >= 999.5 && unit < sizeof(thousands) - 2) {
			n /= 1000;
			unit++;
		}
	snprintf(buf, TEXT_SIZE, unit ? "%.0f%c" : "%.0f", n, thousands[unit]);
	return buf;
}

const char *grouped(char buf[TEXT_SIZE + 8], u64 n)
{
	char digits[TEXT_SIZE];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu", n), i, to = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[to++] = ',';
		buf[to++] = digits[i];
	}
	buf[to] = '\0';
	return buf;
}

const struct heap *most_held(const struct snapshot *s)
{
	const struct heap *most = &s->heaps[0];
	unsigned int i;

	for (i = 1; i < s->nheaps; i++)
		if (s->heaps[i].held > most->held)
			most = &s->heaps[i];
	return most;
}

static void class_waste(const struct class *c, struct waste *w)
{
	*w = (struct waste){ .live = c->live, .held = c->held, .waste = c->waste };
	if (c->class)
		snprintf(w->name, sizeof(w->name), "class %llu %.16s (%llu bytes)", c->class,
			 c->kind, c->size);
	else
		snprintf(w->name, sizeof(w->name), "large objects");
}

static void cache_waste(const struct heap *h, struct waste *w)
{
	*w = (struct waste){ .live = h->bytes, .held = h->held, .waste = h->waste };
	snprintf(w->name, sizeof(w->name), "object cache %.40s", h->heap);
}

bool most_waste(const struct snapshot *s, struct waste *most)
{
	unsigned int i;

	most->waste = 0;
	for (i = 0; i < s->nclasses; i++)
		if (s->classes[i].waste > most->waste)
			class_waste(&s->classes[i], most);
	for (i = 0; i < s->nheaps; i++)
		if (s->heaps[i].size && s->heaps[i].waste > most->waste)
			cache_waste(&s->heaps[i], most);
	return most->waste;
}

static unsigned int limit_alarms(const struct snapshot *s, struct alarm *list, unsigned int n,
				 unsigned int max)
{
	unsigned int i;

	for (i = 0; i < s->nheaps && n < max; i++)
		if (s->heaps[i].refused)
			snprintf(list[n++].text, sizeof(list->text),
				 "heap %.40s: %llu allocations refused, its limit is met",
				 s->heaps[i].heap, s->heaps[i].refused);
	return n;
}

/* The check was off in @s by the same. */
static bool off_already(const struct snapshot *s, const struct check *check)
{
	unsigned int i;

	for (i = 0; s && i < s->nchecks; i++)
		if (!strcmp(s->checks[i].claim, check->claim))
			return !strcmp(s->checks[i].result, check->result);
	return false;
}

unsigned int alarms(const struct snapshot *s, const struct snapshot *before, struct alarm *list,
		    unsigned int max)
{
	const struct stats *st = &s->stats;
	unsigned int i, n = 0;

	if (st->bad_frees && n < max)
		snprintf(list[n++].text, sizeof(list->text),
			 "%llu bad frees: the kernel log has the reports, \"goalloc: bad\"",
			 st->bad_frees);
	if (st->lost_references && n < max)
		snprintf(list[n++].text, sizeof(list->text),
			 "%llu lost references: some code frees goalloc's memory with kfree()",
			 st->lost_references);
	for (i = 0; i < s->nchecks && n < max; i++)
		if (!s->checks[i].ok && off_already(before, &s->checks[i]))
			snprintf(list[n++].text, sizeof(list->text), "%.80s: %.60s",
				 s->checks[i].claim, s->checks[i].result);
	if (st->draws_failed && n < max)
		snprintf(list[n++].text, sizeof(list->text),
			 "%llu draws failed: the kernel had no memory to give", st->draws_failed);
	if (st->limit_refused && n < max)
		snprintf(list[n++].text, sizeof(list->text),
			 "memory_limit was met %llu times: %llu draws refused", st->limit_crossed,
			 st->limit_refused);
	return limit_alarms(s, list, n, max);
}

void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

double parse_seconds(const char *option, const char *s)
{
	char *end;
	double value = strtod(s, &end);

	if (end == s || *end || !(value >= SECONDS_MIN) || value > SECONDS_MAX)
		die("%s: \"%s\" is not a number of seconds, %g to %d", option, s, SECONDS_MIN,
		    SECONDS_MAX);
	return value;
}

unsigned long parse_count(const char *option, const char *s)
{
	u64 value;

	if (!parse_number(s, &value) || !value)
		die("%s: \"%s\" is not a whole number above 0", option, s);
	return value;
}

void check_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		die("standard output: %s", strerror(errno));
}
