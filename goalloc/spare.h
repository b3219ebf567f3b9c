/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spare: the spans that a CPU owns beside the one that its window lies in.
 *
 * THEORY OF OPERATION
 *
 * They are in a ring, the oldest first: what a visit to the central brought, what a window
 * left, and full spans that this CPU freed an object of and took over.  A refill takes the
 * oldest.
 *
 * KEPT FOR WHAT WILL BE FREED
 *
 * A span that a window leaves because nothing is free in it becomes FULL, with a full barrier
 * and a second look at its map, and the first free takes it over, with a cmpxchg.  That is
 * right where another CPU frees: its window comes, and it frees all of the span's objects
 * without a locked instruction.  But objects that come and go on one CPU, at random, in spans
 * of a few objects, are in its spares sooner or later.  So the span that a refill leaves may be
 * kept as it is, OWNED without a window: what is freed into it is found when its turn comes.
 * If nothing is it becomes FULL then.
 *
 * Which of the two it is, hope says: how many spans may be kept on trust.  Each takes one.  A
 * free by this CPU into a span that it keeps brings HOPE_MOST, and a visit to the central one,
 * for a try.  What else was tried is in Documentation/performance.rst.
 *
 * HOW MANY: until they have two windows of objects or are four, but not more than SPARE_PAGES;
 * all of them taken to be as long as the one that comes, which spans of a class mostly are.
 * An idle CPU's are let go by the scavenger (mcache_flush()).
 *
 * LOCKS: none; the slot is marked busy.
 * INVARIANTS: a span in the ring is OWNED, has no owner, and is in no other list.  Keeper is 0
 * out of the ring; it is a hint only, and so is hope.
 */
#ifndef _GOALLOC_SPARE_H
#define _GOALLOC_SPARE_H

#include "mcache.h"

#define SPARE_SPANS	4
#define SPARE_OBJECTS	(2 * BITS_PER_LONG)
#define SPARE_PAGES	16

#define HOPE_MOST	16
#define HOPE_LITTLE	8	/* below it a free looks whether there is reason for more */

/* Objects of a span that is kept.  (A span of one or two has gained as good as all of them.) */
#define KEPT_LEAST	3
#define KEPT_MOST	(BITS_PER_LONG / 2)

/*
 * What a span says of the slot that keeps it: the lower half of its address.  (Those of two
 * CPUs may lie a multiple of 4 GiB apart, seldom.)
 */
static __always_inline u32 spare_keeper(const struct mcache_slot *slot)
{
	return lower_32_bits((unsigned long)slot);
}

static inline bool spare_has_room(const struct mcache_slot *slot, const struct mspan *s)
{
	unsigned int n = slot->spares;

	if (n < SPARE_SPANS || n * s->nelems < SPARE_OBJECTS)
		return !n || n * s->npages < SPARE_PAGES;
	return false;
}

/* The newest. */
static inline void spare_push(struct mcache_slot *slot, struct mspan *s)
{
	struct mspan *last = slot->spare;

	if (last) {
		s->next = last->next;
		last->next = s;
	} else {
		s->next = s;
	}
	slot->spare = s;
	slot->spares++;
}

/* The oldest; or NULL. */
static __always_inline struct mspan *spare_pop(struct mcache_slot *slot)
{
	struct mspan *last = slot->spare, *s;

	if (!last)
		return NULL;
	s = last->next;
	if (s == last)
		slot->spare = NULL;
	else
		last->next = s->next;
	slot->spares--;
	WRITE_ONCE(s->keeper, 0);
	return s;
}

/* Make spans that are linked by next the spares of a slot that has none. */
static inline void spare_fill(struct mcache_slot *slot, struct mspan *spans)
{
	struct mspan *s = spans;
	unsigned int n = 1;

	for (; s->next; s = s->next)
		n++;
	s->next = spans;
	slot->spare = s;
	slot->spares = n;
	if (!READ_ONCE(slot->hope) && s->nelems >= KEPT_LEAST)
		WRITE_ONCE(slot->hope, 1);
}

/* Nothing is free in a span that a window leaves: shall it be kept nevertheless? */
static inline bool spare_hopes(struct mcache_slot *slot, struct mspan *s)
{
	u8 hope = READ_ONCE(slot->hope);

	if (!hope || s->nelems > KEPT_MOST || !spare_has_room(slot, s))
		return false;
	WRITE_ONCE(slot->hope, hope - 1);
	WRITE_ONCE(s->keeper, spare_keeper(slot));
	return true;
}

/*
 * This CPU frees an object of a span through the map.  (The slot need not be busy: what is lost
 * if an interrupt comes between is hope.)
 */
static __always_inline void spare_freed_into(struct mcache_slot *slot, const struct mspan *s)
{
	if (unlikely(READ_ONCE(slot->hope) < HOPE_LITTLE) &&
	    READ_ONCE(s->keeper) == spare_keeper(slot))
		WRITE_ONCE(slot->hope, HOPE_MOST);
}

#endif /* _GOALLOC_SPARE_H */
