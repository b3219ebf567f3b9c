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

#include <linux/compiler_attributes.h>
#include <linux/gfp.h>
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

#endif /* _LINUX_GOALLOC_H */
