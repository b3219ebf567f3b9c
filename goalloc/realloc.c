// SPDX-License-Identifier: GPL-2.0
/*
 * realloc: an object of another size.
 *
 * It stays where it is as long as it fits, and moves to memory of its heap and kind when
 * it does not.  What is no live object is reported and left alone, before anything is
 * allocated.
 */
#include <linux/export.h>
#include <linux/string.h>

#include "front.h"

/*
 * What an object has to become larger: memory of the same heap and kind.  A cache has
 * objects of one size alone: the default heap has the larger one.
 */
static void *alloc_like(const struct mspan *s, size_t size, gfp_t gfp)
{
	unsigned int noscan = s->spc == SPC_TINY || (s->spc & 1);
	struct goalloc_heap *heap = s->central->heap;

	if (heap_is_cache(heap)) {
		noscan = heap->flags & GOALLOC_CACHE_NOSCAN;
		heap = &default_heap;
	}
	return noscan ? goalloc_heap_alloc_noscan(heap, size, gfp) :
			goalloc_heap_alloc(heap, size, gfp);
}

/**
 * goalloc_realloc() - change the size of an object
 * @ptr: what an allocation returned; NULL or %ZERO_SIZE_PTR to allocate
 * @size: bytes wanted; 0 to free
 * @gfp: as for goalloc_alloc()
 *
 * The contents are kept up to the smaller of the two sizes, and so are its heap and
 * whether the object may hold pointers; but an object of a cache that grows moves to
 * the default heap.  As with krealloc(), __GFP_ZERO clears what is
 * new if every earlier call for the object had it too.
 *
 * Context: as goalloc_alloc().
 * Return: the object, moved or not; %ZERO_SIZE_PTR for size 0; NULL, with @ptr
 * untouched, without memory; NULL, with a report, for anything that is not a
 * live object.
 */
void *goalloc_realloc(const void *ptr, size_t size, gfp_t gfp)
{
	const struct mspan *s;
	size_t usable;
	void *new;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_alloc(size, gfp);
	if (!size) {
		goalloc_free(ptr);
		return ZERO_SIZE_PTR;
	}
	if (!malloc_check(ptr, &usable, "realloc"))
		return NULL;
	s = span_of((unsigned long)ptr);
	if (size <= usable) {
		if (want_init_on_alloc(gfp) && !keeps_contents(s))
			memset((void *)ptr + size, 0, usable - size);
		return (void *)ptr;
	}
	new = alloc_like(s, size, gfp);
	if (new) {
		memcpy(new, ptr, usable);
		goalloc_free(ptr);
	}
	return new;
}
EXPORT_SYMBOL_GPL(goalloc_realloc);

/**
 * goalloc_heap_realloc() - change the size of an object of a heap
 * @heap: the heap
 * @ptr: an object of it; NULL or %ZERO_SIZE_PTR to allocate
 * @size: bytes wanted; 0 to free
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_realloc(); NULL, with a report, also for an object of another
 * heap, which is left alone.
 */
void *goalloc_heap_realloc(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
{
	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_heap_alloc(heap, size, gfp);
	if (malloc_of_other_heap(heap, ptr, "heap_realloc"))
		return NULL;
	return goalloc_realloc(ptr, size, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_heap_realloc);
