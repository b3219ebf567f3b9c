// SPDX-License-Identifier: GPL-2.0
/*
 * mcache_free: frees of what does not lie in this CPU's window.
 *
 * THEORY OF OPERATION
 *
 * The fast path (mcache.h) has found that the object lies in another word, or that the
 * slot is busy, or that the object is free already.  What happens is one of these:
 *
 *   move	this CPU's window comes to the object's word, and the object is freed into it
 *   large	a large object is a span of its own; the slot of its class keeps the
 *		last one that this CPU freed, for a request of the same length
 *   remote	the object's bit is set in the shared map, and if nobody would find the span
 *		then it is adopted as this CPU's spare, let go of, or queued
 *
 * THE WINDOW FOLLOWS WHAT IS FREED
 *
 * What was allocated together is mostly freed together, and what was just freed is the
 * best to allocate next.  So the window moves, in two cases:
 *
 *   to a FULL span	which nobody owns: the first free into it takes it over by a cmpxchg,
 *			before the object is freed.  The span that the window leaves is
 *			FULL in turn, with a second look at its map (mspan.h), or has free
 *			objects: then it is the CPU's spare (spare.h), or is let go of.
 *   within its span	when the window is done: all of its word's objects are free, or none.
 *
 * Objects freed in the order of their addresses, or in the reverse one, then cost one
 * move a word, and all others of the word the fast path.  Objects freed at random, between
 * allocations, lie in FULL spans mostly: each is found by the next allocation on this CPU
 * where it was put, without a visit to the central.  And at random without allocations a
 * window moves once for each span, because a span is FULL for its first free only.
 *
 * A span of one or two objects is not worth moving to: it has gained as good as all of
 * them.  Nor is a span of another node, which this CPU would not allocate from.
 *
 * A second free of an object is seen as always: its bit is in the map when the window comes,
 * and so in the window.  It may bring the window to a word that was never allocated from: the
 * word is not taken for zeroed after that.
 *
 * ORDERING: the span that the window leaves gets its bits back, then gives up its owner, then
 * changes its state; and whoever stores FULL looks at the map once more (mspan.h).  A CPU that
 * finds no owner finds the bit in the map; one that still finds the slot sees by the sequence
 * count that its window is elsewhere.
 *
 * CONTEXT: any, NMI included.  The slot is marked busy for a move, and only for that: where
 * two CPUs free each other's objects each reads the other's slot, and the less it is written
 * to the better.  Who finds it busy goes the remote way.  Preemption is off to the end.
 *
 * (Arguments are in the order of the registers in which the fast paths have them.)
 */
#include <trace/events/goalloc.h>

#include "internal.h"
#include "window.h"

/* Largest span that a CPU keeps after its object is freed: 1 MiB. */
#define LARGE_KEPT_PAGES	128
/* Fewest objects of a span that a window moves to. */
#define MOVE_OBJECTS		3

/* A look before the leap: is the object free already? */
bool mcache_is_free(struct mspan *s, unsigned int index)
{
	return in_window(s, s->free_bits + index / BITS_PER_LONG, index % BITS_PER_LONG) ||
	       test_bit(index, s->free_bits);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_is_free);

/*
 * The address of the object of a bit of the span's map, for a report.  (If a bad free comes so
 * late that the span is used again, of what has its place.)
 */
static const void *object_of(const unsigned long *word, const struct mspan *s, unsigned long nr)
{
	return (const void *)s->base +
		((word - s->free_bits) * BITS_PER_LONG + nr) * (unsigned long)s->elemsize;
}

/* The end of a bad free.  Preemption is off, and on afterwards. */
static const void *refuse(const unsigned long *word, const struct mspan *s, unsigned long nr)
{
	const void *bad = object_of(word, s, nr);

	preempt_enable();
	return bad;
}

/* Keep a span whose object was freed, and return the one that was kept before. */
static struct mspan *keep_large(struct goalloc_heap *heap, struct mspan *s)
{
	struct mcache_slot *slot;
	struct mspan *before;

	if (s->npages > LARGE_KEPT_PAGES || !mcache_enter(s->slot, &slot))
		return s;
	s->needzero = true;
	before = spare_pop(slot);
	spare_push(slot, s);
	mcache_mark_used(raw_cpu_ptr(heap->cache));
	mcache_leave(slot);
	mem_kick();
	return before;
}

/* As free_shared(). */
static noinline const void *free_large(unsigned long *word, struct mspan *s, unsigned long nr)
{
	struct mcache __percpu *cache = mspan_cache(s);
	unsigned int spc = s->spc, bytes = s->elemsize;
	/* a bad free may come late, for an object that this was not: mspan.h */
	bool bad = nr || word != s->free_bits || test_and_set_bit(0, s->free_bits);

	if (unlikely(bad))
		return refuse(word, s, nr);
	preempt_enable();
	this_cpu_inc(cache->counts[SPC_CACHE - spc].remote_frees);
	this_cpu_add(cache->large_freed[spc & 1], bytes);
	s = keep_large(s->central->heap, s);
	if (s)
		mcentral_free_large(s);
	return NULL;
}

/* A span that this context owns becomes this CPU's spare, if there is room. */
static bool keep_as_spare(struct mspan *s)
{
	struct mcache_slot *slot;
	bool kept = false;

	if (s->central->nid != heap_node(numa_mem_id()) || !mcache_enter(s->slot, &slot))
		return false;
	if (spare_has_room(slot, s)) {
		spare_push(slot, s);
		WRITE_ONCE(raw_cpu_ptr(mspan_cache(s))->holds, true);
		kept = true;
	}
	mcache_leave(slot);
	return kept;
}

/*
 * Take over a full span that gained an object: it becomes this CPU's spare, for a later
 * refill, if there is room, and is let go otherwise.  Many objects that come and go at
 * random lie in spans that are full but for one; through the queue each of them would
 * cost a visit to the central.
 *
 * What is taken over may be another span by now (mspan.h), and is then a spare of its
 * class; or its owner came back for the object, and it is full again.  Preemption is
 * off meanwhile: who destroys a heap waits for that.
 */
static noinline void adopt(struct mspan *s)
{
	preempt_disable();
	if (mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED)) {
		if (keep_as_spare(s))
			mem_kick();
		else
			mcentral_let_go(s);
	}
	preempt_enable();
}

static noinline void queue_empty(struct mspan *s)
{
	if (mspan_all_free(s) && mspan_cas_state(s, MSPAN_PARTIAL, MSPAN_QUEUED))
		mcentral_queue(s);
}

/* After objects were freed through the shared map: would anybody find the span? */
static __always_inline void find_place(struct mspan *s)
{
	int state = READ_ONCE(s->state);

	if (unlikely(state == MSPAN_FULL))
		adopt(s);
	else if (unlikely(state == MSPAN_PARTIAL))
		queue_empty(s);
}

/*
 * Free an object that no window comes to.  Preemption is off, and on afterwards.  Return: NULL;
 * or the object, if it is free already.  (A function: those that move need its registers.)
 */
static noinline const void *free_shared(unsigned long *word, struct mspan *s, unsigned long nr)
{
	struct mcache_counts __percpu *counts;

	if (unlikely(mspan_is_large(s)))
		return free_large(word, s, nr);
	counts = mspan_counts(s);
	/* counted first: when the bit is set the heap may go, if that was its last object */
	this_cpu_inc(counts->remote_frees);
	if (unlikely(in_window(s, word, nr) || test_and_set_bit(nr, word))) {
		this_cpu_dec(counts->remote_frees);
		return refuse(word, s, nr);
	}
	find_place(s);
	preempt_enable();
	return NULL;
}

/* Nothing more can be freed into the window, or nothing can be taken from it. */
static bool window_is_done(const struct mcache_slot *slot)
{
	u64 free = slot->free;

	if (free & (free + 1))
		return false;	/* neither none nor all up to one of them */
	return !free || free == mspan_word_mask(slot->span, slot->word - slot->span->free_bits);
}

/* Would this CPU allocate from the span? */
static __always_inline bool is_near(const struct mcache_slot *slot, const struct mspan *s)
{
	const struct mspan *mine = READ_ONCE(slot->span);

	return (mine && mine->central == s->central) ||
		s->central->nid == heap_node(numa_mem_id());
}

/*
 * The end of a move that has more to do than to free the object.  It is called last, so that
 * the others need no stack frame.
 */
static noinline const void *end_move(unsigned long *word, struct mspan *s,
				     struct mcache_slot *slot, unsigned long nr,
				     struct mspan *rest, bool freed)
{
	const void *bad = NULL;

	if (rest)
		mcentral_let_go(rest);
	if (!freed) {	/* a bad free may bring the window to a word that was never taken */
		s->fresh &= ~BIT(word - s->free_bits);
		bad = object_of(word, s, nr);
	}
	mcache_leave(slot);
	return bad;
}

/* The window leaves @left, if any, for @s, which this context owns, and the object is freed. */
static __always_inline const void *move_and_free(unsigned long *word, struct mspan *s,
						 struct mcache_slot *slot, unsigned long nr,
						 struct mspan *left)
{
	struct mcache_counts __percpu *counts = mspan_counts(s);
	u64 back, free, bit;
	struct mspan *rest;

	back = return_window(slot);
	free = READ_ONCE(*word);	/* which may be the word that was just given back to */
	if (back)
		this_cpu_sub(counts->taken, hweight64(back));
	rest = shift_window(slot, s, word, word - s->free_bits, free, false, left, back, counts);
	bit = BIT(nr % BITS_PER_LONG);
	if (unlikely(free & bit))
		return end_move(word, s, slot, nr, rest, false);
	WRITE_ONCE(slot->free, free | bit);
	mcache_count_free(slot, 1);
	if (unlikely(rest))
		return end_move(word, s, slot, nr, rest, true);
	mcache_leave(slot);
	return NULL;
}

/* This CPU, which had no span of this class, has one now. */
static noinline void mark_held(const struct mspan *s)
{
	WRITE_ONCE(raw_cpu_ptr(mspan_cache(s))->holds, true);
	mem_kick();
}

/* The window is nowhere, or of this span and done: it has nothing to leave. */
static noinline const void *move_alone(unsigned long *word, struct mspan *s,
				       struct mcache_slot *slot, unsigned long nr)
{
	if (!slot->span)	/* of a slot that has a span the scavenger knows */
		mark_held(s);
	return move_and_free(word, s, slot, nr, NULL);
}

/*
 * The span has another slot than the one that the free came with: it was retired and used
 * again meanwhile, so that the object was free.  The stranger is left alone.
 */
static noinline const void *leave_stranger(unsigned long *word, struct mspan *s,
					   struct mcache_slot *slot, unsigned long nr)
{
	const void *bad = object_of(word, s, nr);

	mcentral_let_go(s);
	mcache_leave(slot);
	return bad;
}

/* To a span that was FULL a moment ago.  Once it is owned nobody else can retire it. */
static noinline const void *move_to_full(unsigned long *word, struct mspan *s,
					 struct mcache_slot *slot, unsigned long nr)
{
	if (unlikely(!mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED))) {
		mcache_mark_idle(slot);
		return free_shared(word, s, nr);
	}
	if (unlikely(raw_cpu_ptr(s->slot) != slot))
		return leave_stranger(word, s, slot, nr);
	if (unlikely(!slot->span))
		return move_alone(word, s, slot, nr);
	return move_and_free(word, s, slot, nr, slot->span);
}

/* To another word of the span that the window lies in, or lay in a moment ago. */
static noinline const void *move_within(unsigned long *word, struct mspan *s,
					struct mcache_slot *slot, unsigned long nr)
{
	if (!mcache_mark_busy(slot))
		return free_shared(word, s, nr);
	if (s == slot->span && window_is_done(slot))
		return move_alone(word, s, slot, nr);
	mcache_mark_idle(slot);
	return free_shared(word, s, nr);
}

/**
 * mcache_free_beside() - free an object that does not lie in this CPU's window
 * @word: word of its span's map
 * @s: its span
 * @slot: this CPU's slot of the span's class
 * @nr: its bit in the word; its index is below free_limit
 *
 * From the moment its bit is set in the map the span may be anybody's, or nobody's: only
 * the state is looked at after that, and mspan.h says why that is safe.
 *
 * Context: any, NMI included; with preemption off, which is on afterwards.
 * Return: NULL; or the object, if it is free already.
 */
const void *mcache_free_beside(unsigned long *word, struct mspan *s, struct mcache_slot *slot,
			       unsigned long nr)
{
	if (s == READ_ONCE(slot->span))
		return move_within(word, s, slot, nr);
	if (READ_ONCE(s->state) != MSPAN_FULL)	/* a first look: the span is not this CPU's */
		spare_freed_into(slot, s);
	else if (s->nelems >= MOVE_OBJECTS && is_near(slot, s) && mcache_mark_busy(slot))
		return move_to_full(word, s, slot, nr);
	return free_shared(word, s, nr);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free_beside);

static enum free_result free_result_of(const void *bad)
{
	return bad ? FREE_DOUBLE : FREE_OK;
}

/**
 * mcache_free_remote() - free an object without a look at the window
 * @s: its span
 * @index: its index, below free_limit
 *
 * A window may move to it.
 *
 * Context: any, NMI included.
 * Return: %FREE_OK, or %FREE_DOUBLE when the object is free already.
 */
enum free_result mcache_free_remote(struct mspan *s, unsigned int index)
{
	unsigned long *word = s->free_bits + index / BITS_PER_LONG, nr = index % BITS_PER_LONG;

	preempt_disable();
	return free_result_of(mcache_free_beside(word, s, raw_cpu_ptr(s->slot), nr));
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free_remote);

/**
 * mcache_free_bits() - free several objects of a span of small ones at once
 * @s: the span
 * @w: word of its maps
 * @bits: the objects of the word, each below free_limit
 *
 * Context: any, NMI included.
 * Return: those of @bits that were free already, and were left alone.
 */
unsigned long mcache_free_bits(struct mspan *s, unsigned int w, unsigned long bits)
{
	struct mcache_counts __percpu *counts = mspan_counts(s);
	unsigned long refused, before;

	this_cpu_add(counts->remote_frees, hweight_long(bits));	/* first, as above */
	refused = window_bits(s, &s->free_bits[w]) & bits;
	before = atomic_long_fetch_or(bits & ~refused, (atomic_long_t *)&s->free_bits[w]);
	refused |= before & bits;
	if (unlikely(refused))
		this_cpu_sub(counts->remote_frees, hweight_long(refused));
	find_place(s);
	return refused;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free_bits);

/**
 * mcache_free() - free an object
 * @s: its span
 * @index: its index, below free_limit
 *
 * Context: any, NMI included.
 * Return: %FREE_OK, or %FREE_DOUBLE when the object is free already.
 */
enum free_result mcache_free(struct mspan *s, unsigned int index)
{
	unsigned long *word = s->free_bits + index / BITS_PER_LONG, nr = index % BITS_PER_LONG;
	struct mcache_slot *slot;

	preempt_disable();
	switch (mcache_free_fast(word, s, nr, &slot)) {
	case FREE_FAST_DONE:
		return FREE_OK;
	case FREE_FAST_MISSED:
		return free_result_of(mcache_free_beside(word, s, slot, nr));
	default:
		preempt_disable();
		return free_result_of(free_shared(word, s, nr));
	}
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free);
