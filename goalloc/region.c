// SPDX-License-Identifier: GPL-2.0
/*
 * region: bump allocation, freed all at once.
 *
 * THEORY OF OPERATION
 *
 * A region takes chunks from the front door and cuts objects off the newest one, each
 * behind the last.  Chunks double from 8 KiB to 256 KiB, so that a small region is
 * small and a large one is made of few.  An object that would leave more than a
 * quarter of the next chunk without use gets a chunk of its own, which is put behind
 * the newest, whose rest stays in use.
 *
 * Chunks are linked through their first bytes.  An object is never the first thing in
 * a chunk, so that one that is freed by itself is reported as an interior pointer, and
 * nothing happens to it.
 *
 * LOCKS: none; the user of a region has it to itself.
 */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/string.h>

#include <linux/goalloc_region.h>

#include "front.h"

#define CHUNK_MIN	SZ_8K
#define CHUNK_MAX	SZ_256K
#define ALIGN_MIN	8UL
#define ALIGN_MAX	SZ_8K

/* @size is 0 where one object has it to itself. */
struct goalloc_chunk {
	struct goalloc_chunk *next;
	size_t size;
};

static size_t next_chunk(const struct goalloc_region *region)
{
	size_t newest = region->chunks ? region->chunks->size : 0;

	return clamp_t(size_t, newest * 2, CHUNK_MIN, CHUNK_MAX);
}

/* An object in a chunk of its own.  The newest chunk stays the newest. */
static void *alloc_alone(struct goalloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	struct goalloc_chunk *chunk = goalloc_alloc(bytes, gfp & ~__GFP_ZERO);
	struct goalloc_chunk **place = region->chunks ? &region->chunks->next : &region->chunks;

	if (!chunk)
		return NULL;
	chunk->next = *place;
	*place = chunk;
	chunk->size = 0;
	return PTR_ALIGN((void *)(chunk + 1), align);
}

static bool add_chunk(struct goalloc_region *region, gfp_t gfp)
{
	size_t size = next_chunk(region);
	struct goalloc_chunk *chunk = goalloc_alloc(size, gfp & ~__GFP_ZERO);

	if (!chunk)
		return false;
	chunk->next = region->chunks;
	chunk->size = size;
	region->chunks = chunk;
	region->next = (char *)(chunk + 1);
	region->left = size - sizeof(*chunk);
	return true;
}

/* Cut an object off the newest chunk, or NULL if it does not fit. */
static void *cut(struct goalloc_region *region, size_t size, size_t align)
{
	size_t pad = -(uintptr_t)region->next & (align - 1);

	if (size > region->left || pad > region->left - size)
		return NULL;
	region->next += pad + size;
	region->left -= pad + size;
	return region->next - size;
}

/**
 * goalloc_region_alloc_slow() - goalloc_region_alloc_align(), for what its inline part leaves
 * @region: the region
 * @size: bytes wanted
 * @align: as there
 * @gfp: as for goalloc_alloc()
 *
 * No room in the newest chunk, zeroing, alignment, and sizes that cannot be.
 *
 * Context: as goalloc_alloc(), with the region to itself.
 * Return: as goalloc_region_alloc_align().
 */
void *goalloc_region_alloc_slow(struct goalloc_region *region, size_t size, size_t align,
				gfp_t gfp)
{
	size_t whole;
	void *ptr;

	if (!size)
		return ZERO_SIZE_PTR;
	if (!is_power_of_2(align) || align > ALIGN_MAX)
		return NULL;
	align = max(align, ALIGN_MIN);
	/* what it takes with the header and the worst padding */
	if (check_add_overflow(size, sizeof(struct goalloc_chunk) + align, &whole))
		return NULL;
	ptr = cut(region, size, align);
	if (!ptr && whole > next_chunk(region) / 4)
		ptr = alloc_alone(region, whole, align, gfp);
	else if (!ptr && add_chunk(region, gfp))
		ptr = cut(region, size, align);
	if (!ptr)
		return NULL;
	region->bytes += size;
	if (want_init_on_alloc(gfp))
		memset(ptr, 0, size);
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_region_alloc_slow);

/**
 * goalloc_region_free() - free all objects of a region
 * @region: the region; it is empty then, and can be used again
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_region_free(struct goalloc_region *region)
{
	struct goalloc_chunk *chunk = region->chunks;

	memset(region, 0, sizeof(*region));
	while (chunk) {
		struct goalloc_chunk *next = chunk->next;

		goalloc_free(chunk);
		chunk = next;
	}
}
EXPORT_SYMBOL_GPL(goalloc_region_free);

/**
 * goalloc_region_memdup() - copy memory into a region
 * @region: the region
 * @src: what to copy
 * @len: bytes of it
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_region_alloc().
 * Return: as goalloc_region_alloc().
 */
void *goalloc_region_memdup(struct goalloc_region *region, const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_region_alloc(region, len, gfp);

	if (!ZERO_OR_NULL_PTR(ptr))
		memcpy(ptr, src, len);
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_region_memdup);

/**
 * goalloc_region_strdup() - copy a string into a region
 * @region: the region
 * @s: the string, or NULL
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_region_alloc().
 * Return: the copy, or NULL: without memory, or if @s is NULL.
 */
char *goalloc_region_strdup(struct goalloc_region *region, const char *s, gfp_t gfp)
{
	return s ? goalloc_region_memdup(region, s, strlen(s) + 1, gfp) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_region_strdup);
