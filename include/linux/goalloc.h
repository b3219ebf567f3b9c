/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc: Go's memory allocator for kernel modules.
 *
 * This header is all a client needs.  The functions mirror the kmalloc()
 * family: the same gfp flags, the same %ZERO_SIZE_PTR for a size of zero, the
 * same permission to free NULL.  What differs is written beside each function.
 *
 * Context, for all of them: allocation works wherever kmalloc() works with the
 * same gfp flags; in NMI it succeeds only when this CPU's cache can serve it
 * and otherwise returns NULL.  Freeing works in any context, NMI included, and
 * never sleeps.
 *
 * Alignment, for all of them: a size that is a power of two is aligned to
 * itself; every other size is aligned to %ARCH_KMALLOC_MINALIGN at least.
 * Sizes under that (a few bytes without pointers) are aligned as C would align
 * an object of that size.
 *
 * Sizes are in bytes.  One request may be at most %GOALLOC_MAX_SIZE.
 */
#ifndef _LINUX_GOALLOC_H
#define _LINUX_GOALLOC_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler_attributes.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/types.h>

/* The largest request, 4 MiB: one arena, the buddy allocator's largest block. */
#define GOALLOC_MAX_SIZE	(4UL << 20)

void goalloc_free(const void *ptr);
void goalloc_free_sensitive(const void *ptr);

void *goalloc_alloc(size_t size, gfp_t gfp)
	__alloc_size(1) __assume_kmalloc_alignment __malloc;
void *goalloc_alloc_noscan(size_t size, gfp_t gfp) __alloc_size(1) __malloc;
void *goalloc_alloc_node(size_t size, gfp_t gfp, int node)
	__alloc_size(1) __assume_kmalloc_alignment __malloc;

void *goalloc_realloc(const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(2) __must_check;

size_t goalloc_size(const void *ptr);
size_t goalloc_size_roundup(size_t size);

/**
 * goalloc_zalloc() - allocate zeroed memory
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, zero up to goalloc_size(), %ZERO_SIZE_PTR for size 0,
 * or NULL.
 */
static inline __alloc_size(1) __malloc void *goalloc_zalloc(size_t size, gfp_t gfp)
{
	return goalloc_alloc(size, gfp | __GFP_ZERO);
}

/**
 * goalloc_zalloc_noscan() - allocate zeroed memory that will hold no pointers
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_zalloc().
 */
static inline __alloc_size(1) __malloc void *goalloc_zalloc_noscan(size_t size, gfp_t gfp)
{
	return goalloc_alloc_noscan(size, gfp | __GFP_ZERO);
}

/**
 * goalloc_alloc_array() - allocate an array
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, or NULL also when @n * @size overflows.
 */
static inline __alloc_size(1, 2) __malloc
void *goalloc_alloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_alloc(bytes, gfp);
}

/**
 * goalloc_calloc() - allocate a zeroed array
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, or NULL also when @n * @size overflows.
 */
static inline __alloc_size(1, 2) __malloc
void *goalloc_calloc(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_alloc_array(n, size, gfp | __GFP_ZERO);
}

/**
 * goalloc_realloc_array() - change the number of elements of an array
 * @ptr: the array, or NULL
 * @n: new number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_realloc(); NULL, with @ptr untouched, also when
 * @n * @size overflows.
 */
static inline __alloc_size(2, 3) __must_check
void *goalloc_realloc_array(const void *ptr, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_realloc(ptr, bytes, gfp);
}

/* ------------------------------------------------------------------- bulk */

size_t goalloc_alloc_bulk(size_t size, gfp_t gfp, size_t n, void **ptrs);
void goalloc_free_bulk(size_t n, void **ptrs);

/* ------------------------------------------------------------ named heaps */

#define GOALLOC_HEAP_NAME_MAX	32	/* bytes of a name, with its end */

/* Flags of a heap. */
#define GOALLOC_HEAP_PANIC	BIT(0)	/* panic when it cannot be made */

/* How to destroy a heap. */
#define GOALLOC_DESTROY_EMPTY	0	/* only if nothing lives in it */
#define GOALLOC_DESTROY_FREE	1	/* and free what does */

/**
 * struct goalloc_heap - spans, caches and counters of their own
 * @cache: per CPU
 * @central: by node, then by span class
 * @real: the heap itself; of a DEFINE_GOALLOC_HEAP() the one made for it
 * @name: for people
 * @owner: the module that it belongs to
 * @flags: GOALLOC_HEAP_*
 * @limit: pages of 8 KiB that its spans may have; 0: no limit
 * @handle: of one that was made for a DEFINE_GOALLOC_HEAP(): that
 * @list: all heaps
 * @pages: pages in its spans
 * @refused: allocations that the limit refused
 *
 * All of it is goalloc's.
 */
struct goalloc_heap {
	struct mcache __percpu *cache;
	struct mcentral *central;
	struct goalloc_heap *real;
	const char *name;
	struct module *owner;
	unsigned int flags;
	unsigned long limit;
	struct goalloc_heap *handle;
	struct list_head list;
	atomic_long_t pages ____cacheline_aligned;
	atomic_long_t refused;
};

/**
 * DEFINE_GOALLOC_HEAP() - define a heap
 * @var: its name, as a variable and in reports; put "static" in front
 *
 * It is made by the first allocation from it that may sleep (others return NULL
 * until then), or by goalloc_heap_prepare(), and goes with the module.
 */
#define DEFINE_GOALLOC_HEAP(var) \
	struct goalloc_heap var = { .name = #var, .owner = THIS_MODULE }

struct goalloc_heap *__goalloc_heap_create(const char *name, unsigned int flags,
					   struct module *owner);
int goalloc_heap_prepare(struct goalloc_heap *heap);
int goalloc_heap_destroy(struct goalloc_heap *heap, unsigned int how);
int goalloc_heap_set_limit(struct goalloc_heap *heap, size_t bytes);

/**
 * goalloc_heap_create() - make a heap
 * @name: what reports and /proc/goalloc/heaps call it: printable, without
 *	spaces, shorter than %GOALLOC_HEAP_NAME_MAX, and no other heap's
 * @flags: 0, or %GOALLOC_HEAP_PANIC
 *
 * Its objects lie in spans of their own, are counted by themselves, and can be freed
 * all at once.  It belongs to the calling module.
 *
 * Context: task; may sleep.
 * Return: the heap, or NULL, with a report unless it was for want of memory.
 */
#define goalloc_heap_create(name, flags)	__goalloc_heap_create(name, flags, THIS_MODULE)

void *goalloc_heap_alloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __assume_kmalloc_alignment __malloc;
void *goalloc_heap_alloc_noscan(struct goalloc_heap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __malloc;
void *goalloc_heap_realloc(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;
void goalloc_heap_free(struct goalloc_heap *heap, const void *ptr);

/**
 * goalloc_heap_zalloc() - allocate zeroed memory from a heap
 * @heap: the heap
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_alloc(), zero up to goalloc_size().
 */
static inline __alloc_size(2) __malloc
void *goalloc_heap_zalloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	return goalloc_heap_alloc(heap, size, gfp | __GFP_ZERO);
}

/**
 * goalloc_heap_calloc() - allocate a zeroed array from a heap
 * @heap: the heap
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_zalloc(), or NULL also when @n * @size overflows.
 */
static inline __alloc_size(2, 3) __malloc
void *goalloc_heap_calloc(struct goalloc_heap *heap, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_heap_zalloc(heap, bytes, gfp);
}

#endif /* _LINUX_GOALLOC_H */
