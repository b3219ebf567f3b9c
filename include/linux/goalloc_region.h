/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: objects that are allocated one by one and freed all at once.
 * Stacks: segments of memory in powers of two.
 */
#ifndef _LINUX_GOALLOC_REGION_H
#define _LINUX_GOALLOC_REGION_H

#include <linux/compiler_attributes.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/types.h>

struct goalloc_chunk;

/**
 * struct goalloc_region - objects that go together
 * @chunks: where they lie, the newest first
 * @next: first free byte of the newest
 * @left: bytes from there to its end
 * @bytes: what the objects take
 *
 * All of it is goalloc's.  It has no lock: one user at a time.
 */
struct goalloc_region {
	struct goalloc_chunk *chunks;
	char *next;
	size_t left;
	size_t bytes;
};

/* A region without objects.  So is one whose bytes are all zero. */
#define GOALLOC_REGION_INIT	{ }

void *goalloc_region_alloc_slow(struct goalloc_region *region, size_t size, size_t align,
				gfp_t gfp);
void goalloc_region_free(struct goalloc_region *region);
void *goalloc_region_memdup(struct goalloc_region *region, const void *src, size_t len, gfp_t gfp);
char *goalloc_region_strdup(struct goalloc_region *region, const char *s, gfp_t gfp);

/**
 * goalloc_region_alloc_align() - allocate an aligned object in a region
 * @region: the region
 * @size: bytes wanted
 * @align: a power of two, at most 8 KiB; every object is aligned to 8 at least
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc(), with the region to itself.
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL: without memory, or for an
 * alignment that cannot be.
 */
static inline __alloc_size(2) __malloc
void *goalloc_region_alloc_align(struct goalloc_region *region, size_t size, size_t align,
				 gfp_t gfp)
{
	size_t need = size + (-(uintptr_t)region->next & 7);

	/* sizes of 0 and beyond the chunk, and whoever asks for more, go the slow way */
	if (unlikely(size - 1 >= region->left || need > region->left || (gfp & __GFP_ZERO) ||
		     align != 8))
		return goalloc_region_alloc_slow(region, size, align, gfp);
	region->next += need;
	region->left -= need;
	region->bytes += size;
	return region->next - size;
}

/**
 * goalloc_region_alloc() - allocate an object in a region
 * @region: the region
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE less some bytes
 * @gfp: as for goalloc_alloc()
 *
 * The object is aligned to 8 bytes and is freed with the region, not by itself.
 *
 * Context: as goalloc_alloc(), with the region to itself.
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
static inline __alloc_size(2) __malloc
void *goalloc_region_alloc(struct goalloc_region *region, size_t size, gfp_t gfp)
{
	return goalloc_region_alloc_align(region, size, 8, gfp);
}

/**
 * goalloc_region_zalloc() - allocate a zeroed object in a region
 * @region: the region
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_region_alloc().
 * Return: as goalloc_region_alloc().
 */
static inline __alloc_size(2) __malloc
void *goalloc_region_zalloc(struct goalloc_region *region, size_t size, gfp_t gfp)
{
	return goalloc_region_alloc(region, size, gfp | __GFP_ZERO);
}

/**
 * goalloc_region_calloc() - allocate a zeroed array in a region
 * @region: the region
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_region_alloc().
 * Return: as goalloc_region_alloc(); NULL also when @n * @size overflows.
 */
static inline __alloc_size(2, 3) __malloc
void *goalloc_region_calloc(struct goalloc_region *region, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_region_zalloc(region, bytes, gfp);
}

/* The smallest segment of a stack, as in Go. */
#define GOALLOC_STACK_MIN	2048

void *goalloc_stack_alloc(size_t size, gfp_t gfp) __alloc_size(1) __malloc;
void goalloc_stack_free(const void *stack, size_t size);

#endif /* _LINUX_GOALLOC_REGION_H */
