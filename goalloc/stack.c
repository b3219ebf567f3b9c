// SPDX-License-Identifier: GPL-2.0
/*
 * stack: segments of memory in powers of two, for stacks.
 *
 * THEORY OF OPERATION
 *
 * Go keeps stacks apart from objects, in a cache per processor and order, a global pool
 * per order, and a list of large ones.  A heap of its own is all that: the window of a
 * class is the cache of its order, its central the pool, and the page heap, with the
 * large span that each CPU keeps, the list.  So stacks are apart, aligned to their size,
 * checked when they are freed, and seen in /proc/goalloc/heaps as "stacks".
 *
 * LOCKS: none of its own.
 */
#include <linux/export.h>
#include <linux/log2.h>

#include <linux/goalloc_region.h>

#include "internal.h"

static DEFINE_GOALLOC_HEAP(stacks);

/* Bytes of the segment for a request, or 0 if there is none. */
static size_t segment(size_t size)
{
	if (!size || size > GOALLOC_MAX_SIZE)
		return 0;
	return roundup_pow_of_two(max_t(size_t, size, GOALLOC_STACK_MIN));
}

/**
 * goalloc_stack_alloc() - allocate a segment for a stack
 * @size: bytes wanted, 1 to %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc(); the first call of all must be one that may sleep
 *
 * Context: as goalloc_alloc().
 * Return: the next power of two of bytes, %GOALLOC_STACK_MIN at least, aligned to that;
 * or NULL, also for a size that cannot be.
 */
void *goalloc_stack_alloc(size_t size, gfp_t gfp)
{
	size_t bytes = segment(size);

	return bytes ? goalloc_heap_alloc(&stacks, bytes, gfp) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_stack_alloc);

/**
 * goalloc_stack_free() - free a segment
 * @stack: what goalloc_stack_alloc() returned; NULL is ignored
 * @size: what it was told, or what it was rounded up to
 *
 * A stack of another size, and what is no stack, is reported and left alone.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_stack_free(const void *stack, size_t size)
{
	struct mspan *s = span_of((unsigned long)stack);

	if (s && s->central->heap == READ_ONCE(stacks.real) && s->elemsize != segment(size)) {
		debug_bad_free(stack, FREE_OTHER_SIZE, "stack_free");
		return;
	}
	goalloc_heap_free(&stacks, stack);
}
EXPORT_SYMBOL_GPL(goalloc_stack_free);
