// SPDX-License-Identifier: GPL-2.0
/*
 * bulk: many objects in one trip.
 *
 * THEORY OF OPERATION
 *
 * Allocating takes windows whole, as long as this CPU has some, and then asks the
 * central for as many spans as are still needed.  Freeing gathers objects that follow
 * each other in the array and lie in the same word of a span's maps: a word goes back
 * by one store if it is this CPU's window, and by one atomic operation if not.  Where
 * one of them is free already, nothing was changed yet, or only for the others; and
 * the front door reports it.  Every object passes the checks that goalloc_free() makes.
 *
 * LOCKS: none; the slot is marked busy, as in the fast paths (mcache.h).
 */
#include <linux/export.h>
#include <linux/string.h>

#include "front.h"

#define SPANS_MAX	16UL	/* to get from the central at once */

/*
 * The front part of a slot's window, at most @n objects, not empty.  Return: how many.
 * As mcache_take(), but that the window is stored once.
 */
static size_t take_bits(struct mcache_slot *slot, size_t n, void **ptrs)
{
	unsigned long base = slot->base, elemsize = slot->elemsize;
	u64 bits = slot->free;
	size_t i = 0;

	do {
		ptrs[i++] = (void *)(base + __ffs64(bits) * elemsize);
		bits &= bits - 1;
	} while (bits && i < n);
	WRITE_ONCE(slot->free, bits);
	return i;
}

/*
 * Up to @n objects out of what this CPU owns.  Return: how many.  All of them are
 * zero if @zero.
 */
static size_t take_owned(unsigned long sc, bool zero, size_t n, void **ptrs)
{
	struct mcache_slot *slot;
	size_t i, taken = 0;
	bool fresh = true;

	if (!mcache_enter(mcache_slots(&default_heap, SPC(sc, 0)), &slot))
		return 0;
	while (taken < n && (slot->free || mcache_refill(slot))) {
		fresh &= slot->fresh;
		taken += take_bits(slot, n - taken, ptrs + taken);
	}
	mcache_leave(slot);
	for (i = 0; zero && !fresh && i < taken; i++)
		memset(ptrs[i], 0, goalloc_size_classes[sc].size);
	return taken;
}

/* One object, with spans for @n of them.  As the front door's slow path. */
static void *take_spans(unsigned long sc, gfp_t gfp, size_t n)
{
	const struct goalloc_size_class *c = &goalloc_size_classes[sc];
	bool needzero;
	void *ptr;

	ptr = mcache_alloc_spans(&default_heap, SPC(sc, 0),
				 min(DIV_ROUND_UP(n, c->nelems), SPANS_MAX), gfp, &needzero);
	if (ptr && needzero && want_init_on_alloc(gfp))
		memset(ptr, 0, c->size);
	return ptr;
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
	bool small = size - 1 < GOALLOC_MAX_SMALL_SIZE && !(gfp & GFP_ODD) && !ALWAYS_GENERAL;
	unsigned long sc = small ? small_class(size) : 0;
	size_t i = 0;

	while (i < n) {
		if (small)
			i += take_owned(sc, want_init_on_alloc(gfp), n - i, ptrs + i);
		if (i == n)
			break;
		ptrs[i] = small && !(gfp & __GFP_NOFAIL) ? take_spans(sc, gfp, n - i) :
							   goalloc_alloc(size, gfp);
		if (!ptrs[i]) {
			goalloc_free_bulk(i, ptrs);
			return 0;
		}
		i++;
	}
	return n;
}
EXPORT_SYMBOL_GPL(goalloc_alloc_bulk);

/*
 * The objects at the beginning of @ptrs that lie in the same word of @s, which the
 * first one does, as bits.  (That the index times the size is the offset proves that an
 * address lies in the span.)  Return: how many; 0 if the first cannot be freed by index.
 */
static size_t gather(const struct mspan *s, size_t n, void **ptrs, unsigned int *w,
		     unsigned long *bits)
{
	unsigned int index;
	size_t i;

	*bits = 0;
	for (i = 0; i < n; i++) {
		if (!mspan_index(s, (unsigned long)ptrs[i], &index))
			break;
		if (!i)
			*w = index / BITS_PER_LONG;
		if (index / BITS_PER_LONG != *w || *bits & BIT(index % BITS_PER_LONG))
			break;
		*bits |= BIT(index % BITS_PER_LONG);
	}
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
		slot->local_frees += n;
		given = true;
	}
	mcache_leave(slot);
	return given;
}

/* Free the first objects of @ptrs, at least one.  Return: how many. */
static size_t give(size_t n, void **ptrs)
{
	struct mspan *s = span_of((unsigned long)ptrs[0]);
	unsigned long bits, refused;
	unsigned int w, index;
	size_t i, given;

	given = s && !mspan_is_large(s) ? gather(s, n, ptrs, &w, &bits) : 0;
	if (given <= 1) {
		goalloc_free(ptrs[0]);
		return 1;
	}
	if (give_window(s, w, bits, given))
		return given;
	refused = mcache_free_bits(s, w, bits);
	for (i = 0; unlikely(refused) && i < given; i++)
		if (mspan_index(s, (unsigned long)ptrs[i], &index) &&
		    refused & BIT(index % BITS_PER_LONG))
			debug_bad_free(ptrs[i], FREE_DOUBLE, "free_bulk");
	return given;
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
	bool one_by_one = want_init_on_free() || ALWAYS_GENERAL;
	size_t i = 0;

	while (i < n) {
		if (one_by_one)
			goalloc_free(ptrs[i++]);
		else
			i += give(n - i, ptrs + i);
	}
}
EXPORT_SYMBOL_GPL(goalloc_free_bulk);
