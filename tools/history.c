// SPDX-License-Identifier: GPL-2.0
/*
 * history: a ring of seconds.
 *
 * The line's scale runs from the least to the greatest value, but over an eighth of the
 * greatest at least: what does not move is flat, and a leak of a few per cent a minute
 * rises.
 */
#include <stdio.h>
#include <string.h>

#include "history.h"

#define LEVELS		8
#define RANGE_SHARE	8	/* the scale's least range, as a share of the greatest value */

static const char *const blocks[LEVELS] = {
	"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
};

static const char *const ascii[LEVELS] = { "_", ".", ":", "-", "=", "+", "*", "#" };

/* Seconds are counted so that the first minute of a machine has one before it, above 0. */
static unsigned int slot(long long second)
{
	return (unsigned int)(second % HISTORY);
}

void history_add(struct history *h, double time, bool known, u64 live, u64 held)
{
	long long second = (long long)time + HISTORY, s = h->last + 1;

	if (s < second - HISTORY || !h->last)
		s = second - HISTORY + 1;
	for (; s < second; s++) {
		bool before = h->last && s > h->last;

		h->known[slot(s)] = before && h->known[slot(h->last)];
		h->live.value[slot(s)] = h->live.value[slot(h->last)];
		h->held.value[slot(s)] = h->held.value[slot(h->last)];
	}
	h->known[slot(second)] = known;
	h->live.value[slot(second)] = live;
	h->held.value[slot(second)] = held;
	h->last = second;
}

static bool range(const struct history *h, const struct series *s, u64 *low, u64 *high)
{
	bool any = false;
	unsigned int i;

	*low = ~0ULL;
	*high = 0;
	for (i = 0; i < HISTORY; i++) {
		if (!h->known[i])
			continue;
		any = true;
		if (s->value[i] < *low)
			*low = s->value[i];
		if (s->value[i] > *high)
			*high = s->value[i];
	}
	if (any && *high - *low < *high / RANGE_SHARE)
		*low = *high - *high / RANGE_SHARE;
	return any;
}

static unsigned int level(u64 value, u64 low, u64 high)
{
	if (high == low)
		return 0;
	return (unsigned int)((double)(value - low) / (double)(high - low) * (LEVELS - 1) + 0.5);
}

void history_line(const struct history *h, const struct series *s, unsigned int cells, bool utf8,
		  char *buf, size_t size)
{
	u64 low, high;
	long long second;

	*buf = '\0';
	if (cells > HISTORY)
		cells = HISTORY;
	if (!range(h, s, &low, &high))
		return;
	for (second = h->last - cells + 1; second <= h->last; second++) {
		const char *cell = " ";
		size_t len = strlen(buf);

		if (h->known[slot(second)])
			cell = (utf8 ? blocks : ascii)[level(s->value[slot(second)], low, high)];
		snprintf(buf + len, size - len, "%s", cell);
	}
}

bool history_change(const struct history *h, const struct series *s, long long *change)
{
	long long second;

	if (!h->last || !h->known[slot(h->last)])
		return false;
	for (second = h->last - HISTORY + 1; second <= h->last; second++)
		if (h->known[slot(second)])
			break;
	*change = (long long)(s->value[slot(h->last)] - s->value[slot(second)]);
	return true;
}
