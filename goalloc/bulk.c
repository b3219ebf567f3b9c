// SPDX-License-Identifier: GPL-2.0
/*
 * bulk: many objects in one trip.
 *
 * THEORY OF OPERATION
 *
 * What is in this CPU's window is taken with one visit to it, and objects that lie in
 * its window go back with one, as long as they follow each other in the array.  For
 * what is not there the front door is asked, object by object; its refill opens the
 * next window, of up to 64 objects.  Every object that is freed passes the checks
 * that goalloc_free() makes.
 *
 * LOCKS: none; the slot is marked busy, as in the fast paths (mcache.h).
 */
#include <linux/export.h>
#include <linux/string.h>

#include "front.h"

/* Up to @n objects out of this CPU's window.  Return: how many. */
static size_t take_window(unsigned long sc, bool zero, size_t n, void **ptrs)
{
	struct mcache_slot *slot;
	bool fresh;
	size_t i;

	if (!mcache_enter(mcache_slots(&default_heap, SPC(sc, 0)), &slot))
		return 0;
	fresh = slot->fresh;
	for (i = 0; i < n && slot->free; i++)
		ptrs[i] = mcache_take(slot, NULL);
	mcache_leave(slot);
	if (zero && !fresh)
		for (n = 0; n < i; n++)
			memset(ptrs[n], 0, goalloc_size_classes[sc].size);
	return i;
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
	bool windows = size && size <= GOALLOC_MAX_SMALL_SIZE && !(gfp & GFP_ODD) &&
		       !ALWAYS_GENERAL;
	unsigned long sc = windows ? small_class(size) : 0;
	size_t i = 0;

	while (i < n) {
		if (windows)
			i += take_window(sc, want_init_on_alloc(gfp), n - i, ptrs + i);
		if (i == n)
			break;
		ptrs[i] = goalloc_alloc(size, gfp);
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
 * Free the objects at the beginning of @ptrs that lie in this CPU's window of @s, and
 * are in use.  Return: how many.
 */
static size_t give_window(struct mspan *s, size_t n, void **ptrs)
{
	struct mcache_slot *slot;
	unsigned long bits;
	unsigned int index;
	size_t i = 0;

	if (!mcache_enter(s->slot, &slot))
		return 0;
	bits = slot->free;
	for (; slot->span == s && i < n; i++) {
		unsigned long addr = (unsigned long)ptrs[i];

		/* below the span: an offset beyond its end */
		if (addr - s->base >= (unsigned long)s->npages << GOALLOC_PAGE_SHIFT ||
		    !mspan_index(s, addr, &index) ||
		    slot->word != &s->free_bits[index / BITS_PER_LONG] ||
		    (bits | READ_ONCE(*slot->word)) & BIT(index % BITS_PER_LONG))
			break;
		bits |= BIT(index % BITS_PER_LONG);
	}
	if (i) {
		WRITE_ONCE(slot->free, bits);
		slot->fresh = false;
		slot->local_frees += i;
	}
	mcache_leave(slot);
	return i;
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
	bool windows = !want_init_on_free() && !ALWAYS_GENERAL;
	size_t i = 0, given;
	struct mspan *s;

	while (i < n) {
		s = windows ? span_of((unsigned long)ptrs[i]) : NULL;
		given = s ? give_window(s, n - i, ptrs + i) : 0;
		if (!given)
			goalloc_free(ptrs[i++]);
		i += given;
	}
}
EXPORT_SYMBOL_GPL(goalloc_free_bulk);
