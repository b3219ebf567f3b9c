// SPDX-License-Identifier: GPL-2.0
/*
 * bulk: many objects in one trip, of a size or of a cache.
 *
 * THEORY OF OPERATION
 *
 * Allocating takes windows whole, as long as this CPU has some, and then asks the
 * central for as many spans as are still needed.  Freeing gathers objects that follow
 * each other in the array and lie in the same word of a span's maps.  What follows each
 * other in memory too is handed out and taken back without a multiplication.  A word goes
 * back by one store if it is this CPU's window, and by one atomic operation if not.  Where
 * one of them is free already, nothing was changed yet, or only for the others; and the
 * front door reports it.  Every object passes the checks that goalloc_free() makes.
 *
 * Where each object has something done to it, or an event of its own, they go through the
 * front door one by one.
 *
 * LOCKS: none; the slot is marked busy, as in the fast paths (mcache.h).
 */
#include <linux/export.h>
#include <linux/string.h>

#include <trace/events/goalloc.h>

#include "front.h"

#define SPANS_MAX	16UL	/* to get from the central at once */

/*
 * The front part of a slot's window, at most @n objects, not empty.  Return: how many.
 * As mcache_take(), but that the window is stored once.
 */
static size_t take_bits(struct mcache_slot *slot, size_t n, void **ptrs)
{
	unsigned long addr, elemsize = slot->elemsize;
	unsigned int first, run;
	u64 bits = slot->free;
	size_t i = 0, end;

	do {
		first = __ffs64(bits);
		run = min_t(size_t, ~(bits >> first) ? __ffs64(~(bits >> first)) : 64, n - i);
		addr = slot->base + first * elemsize;
		for (end = i + run; i < end; addr += elemsize)
			ptrs[i++] = (void *)addr;
		bits &= ~(GENMASK_ULL(run - 1, 0) << first);
	} while (bits && i < n);
	WRITE_ONCE(slot->free, bits);
	return i;
}

/* Up to @n objects out of what this CPU owns, with @zero bytes cleared.  Return: how many. */
static size_t take_owned(struct mcache_slot __percpu *slots, size_t zero, size_t n, void **ptrs)
{
	struct mcache_slot *slot;
	size_t i, taken = 0;
	bool fresh = true;

	if (!mcache_enter(slots, &slot))
		return 0;
	while (taken < n && (slot->free || mcache_refill(slot))) {
		fresh &= slot->fresh;
		taken += take_bits(slot, n - taken, ptrs + taken);
	}
	mcache_leave(slot);
	for (i = 0; zero && !fresh && i < taken; i++)
		memset(ptrs[i], 0, zero);
	return taken;
}

/* One object, with spans for @n of them.  As the front door's slow path. */
static void *take_spans(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, size_t zero,
			size_t n)
{
	size_t nspans = DIV_ROUND_UP(n, heap_class(heap, spc)->nelems);
	bool needzero;
	void *ptr;

	ptr = mcache_alloc_spans(heap, spc, min(nspans, SPANS_MAX), gfp, &needzero);
	if (ptr && needzero && zero)
		memset(ptr, 0, zero);
	return ptr;
}

/*
 * Up to @n objects of a class, with @zero bytes of each cleared.  Return: how many: less
 * than @n when the next cannot be had in this way.
 */
static size_t take_many(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, size_t zero,
			size_t n, void **ptrs)
{
	size_t i = 0;

	for (;;) {
		i += take_owned(mcache_slots(heap, spc), zero, n - i, ptrs + i);
		if (i == n)
			return i;
		ptrs[i] = take_spans(heap, spc, gfp, zero, n - i);
		if (!ptrs[i])
			return i;
		i++;
	}
}

/* Does each object of an allocation have something done to it? */
static bool one_by_one(void)
{
	return ALWAYS_GENERAL || trace_goalloc_alloc_enabled();
}

/* @got of @n objects are there.  Return: @n, or 0 when they are freed again. */
static size_t all_or_nothing(size_t got, size_t n, void **ptrs)
{
	if (got == n)
		return n;
	goalloc_free_bulk(got, ptrs);
	return 0;
}

/**
 * goalloc_alloc_bulk() - allocate several objects
 * @size: bytes wanted of each, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 * @n: how many; may be 0
 * @ptrs: filled in
 *
 * All or nothing: what was allocated before one that cannot be had is freed again, and
 * the contents of @ptrs mean nothing then.
 *
 * Context: as goalloc_alloc().
 * Return: @n, or 0.
 */
size_t goalloc_alloc_bulk(size_t size, gfp_t gfp, size_t n, void **ptrs)
{
	bool small = size - 1 < GOALLOC_MAX_SMALL_SIZE && !(gfp & GFP_ODD) && !one_by_one();
	size_t i = 0;

	if (small) {
		unsigned long sc = small_class(size);

		i = take_many(&default_heap, SPC(sc, 0), gfp,
			      want_init_on_alloc(gfp) ? goalloc_size_classes[sc].size : 0, n,
			      ptrs);
		mprof_alloc_bulk(i, ptrs, size);
	}
	while (i < n && (!small || gfp & __GFP_NOFAIL)) {
		ptrs[i] = goalloc_alloc(size, gfp);
		if (!ptrs[i])
			break;
		i++;
	}
	return all_or_nothing(i, n, ptrs);
}
EXPORT_SYMBOL_GPL(goalloc_alloc_bulk);

/**
 * goalloc_cache_alloc_bulk() - allocate several objects of a cache
 * @cache: the cache
 * @gfp: as for goalloc_cache_alloc()
 * @n: how many; may be 0
 * @ptrs: filled in
 *
 * All or nothing, as goalloc_alloc_bulk().
 *
 * Context: as goalloc_alloc().
 * Return: @n, or 0.
 */
size_t goalloc_cache_alloc_bulk(struct goalloc_cache *cache, gfp_t gfp, size_t n, void **ptrs)
{
	bool single = one_by_one();
	size_t zero, i = 0;

	if (!cache_gfp(cache, &gfp))
		return 0;
	zero = cache_wants_zero(cache, gfp) ? cache->shape.size : 0;
	if (!single) {
		i = take_many(&cache->named.heap, SPC_CACHE, gfp, zero, n, ptrs);
		mprof_alloc_bulk(i, ptrs, cache->shape.size);
	}
	while (i < n && (single || gfp & __GFP_NOFAIL)) {
		ptrs[i] = goalloc_cache_alloc(cache, gfp);
		if (!ptrs[i])
			break;
		i++;
	}
	return all_or_nothing(i, n, ptrs);
}
EXPORT_SYMBOL_GPL(goalloc_cache_alloc_bulk);

/*
 * The objects at the beginning of @ptrs that lie in the same word of @s, which the
 * first one does, as bits.  (An index means nothing of an address in another span.)
 * Return: how many; 0 if the first cannot be freed by index.
 */
static size_t gather(const struct mspan *s, size_t n, void **ptrs, unsigned int *w,
		     unsigned long *bits)
{
	unsigned int index, most, limit = READ_ONCE(s->free_limit);	/* the span may go */
	unsigned long run, found = 0, base = s->base, elemsize = s->elemsize;
	size_t i = 0, start;

	do {
		if ((unsigned long)ptrs[i] - base >= limit * elemsize ||
		    !mspan_index(s, (unsigned long)ptrs[i], &index) || index >= limit)
			break;
		if (!i)
			*w = index / BITS_PER_LONG;
		if (index / BITS_PER_LONG != *w)
			break;
		most = min_t(size_t, BITS_PER_LONG - index % BITS_PER_LONG, n - i);
		most = min(most, limit - index);
		for (start = i++; i - start < most; i++)
			if (ptrs[i] != ptrs[i - 1] + elemsize)
				break;
		run = GENMASK(i - start - 1, 0) << index % BITS_PER_LONG;
		if (found & run) {	/* some are there twice: those are for later */
			i = start;
			break;
		}
		found |= run;
	} while (i < n);
	*bits = found;
	return i;
}

/* Put objects back into this CPU's window, if they lie there and all are in use. */
static bool give_window(struct mspan *s, unsigned int w, unsigned long bits, size_t n)
{
	struct mcache_slot *slot;
	bool given = false;

	if (!mcache_enter(s->slot, &slot))
		return false;
	if (slot->word == &s->free_bits[w] &&
	    !((slot->free | READ_ONCE(*slot->word)) & bits)) {
		WRITE_ONCE(slot->free, slot->free | bits);
		slot->fresh = false;
		mcache_count_free(slot, n);
		given = true;
	}
	mcache_leave(slot);
	return given;
}

static void give_one(struct goalloc_cache *cache, void *ptr)
{
	if (cache)
		goalloc_cache_free(cache, ptr);
	else
		goalloc_free(ptr);
}

/* Free the first objects of @ptrs, at least one, of a cache or of any.  Return: how many. */
static size_t give(struct goalloc_cache *cache, size_t n, void **ptrs)
{
	unsigned long bits, refused = 0, base = 0;
	unsigned int w, index, elemsize = 1;
	size_t i, given = 0;
	struct mspan *s;

	preempt_disable();	/* from the look at the objects on: mspan.h */
	s = span_of((unsigned long)ptrs[0]);
	if (s && !mspan_is_large(s) && (!cache || s->slot == cache->slot)) {
		base = s->base;	/* for the reports: the span may be another by then */
		elemsize = s->elemsize;
		given = gather(s, n, ptrs, &w, &bits);
	}
	if (given > 1 && !give_window(s, w, bits, given))
		refused = mcache_free_bits(s, w, bits);
	preempt_enable();
	if (given <= 1) {
		give_one(cache, ptrs[0]);
		return 1;
	}
	for (i = 0; unlikely(refused) && i < given; i++) {
		index = ((unsigned long)ptrs[i] - base) / elemsize;
		if (refused & BIT(index % BITS_PER_LONG))
			debug_bad_free(ptrs[i], FREE_DOUBLE, "free_bulk");
	}
	return given;
}

static void give_all(struct goalloc_cache *cache, size_t n, void **ptrs)
{
	bool single = free_is_watched() || ALWAYS_GENERAL;
	size_t i = 0;

	while (i < n) {
		if (single)
			give_one(cache, ptrs[i++]);
		else
			i += give(cache, n - i, ptrs + i);
	}
}

/**
 * goalloc_free_bulk() - free several objects
 * @n: how many; may be 0
 * @ptrs: what allocations returned, of any sizes; NULL and %ZERO_SIZE_PTR are ignored
 *
 * As goalloc_free() for each of them; what is no live object is reported and left
 * alone, and the others are freed.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_free_bulk(size_t n, void **ptrs)
{
	give_all(NULL, n, ptrs);
}
EXPORT_SYMBOL_GPL(goalloc_free_bulk);

/**
 * goalloc_cache_free_bulk() - free several objects of a cache
 * @cache: the cache; NULL for objects of any
 * @n: how many; may be 0
 * @ptrs: objects; NULL and %ZERO_SIZE_PTR are ignored
 *
 * As goalloc_cache_free() for each of them; what is no live object of the cache is
 * reported and left alone, and the others are freed.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_cache_free_bulk(struct goalloc_cache *cache, size_t n, void **ptrs)
{
	give_all(cache, n, ptrs);
}
EXPORT_SYMBOL_GPL(goalloc_cache_free_bulk);
