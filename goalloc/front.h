/* SPDX-License-Identifier: GPL-2.0 */
/*
 * front: what the front door's files share: which requests have a fast path.
 */
#ifndef _GOALLOC_FRONT_H
#define _GOALLOC_FRONT_H

#include "internal.h"

#undef goalloc_alloc		/* the functions */
#undef goalloc_alloc_noscan

/* Flags for which kmalloc() has other pages, or that it refuses. */
#define GFP_ODD		__GOALLOC_GFP_ODD

static_assert(__GOALLOC_CLASS_MAX == GOALLOC_MAX_SMALL_SIZE);
static_assert(__GOALLOC_TINY_SIZE == TINY_BLOCK_SIZE);

/* The class of a small request, of a size that keeps the architecture's alignment. */
static __always_inline unsigned long small_class(size_t size)
{
	if (ARCH_KMALLOC_MINALIGN > GOALLOC_SMALL_SIZE_DIV)
		size = round_up(size, ARCH_KMALLOC_MINALIGN);
	return goalloc_size_class(size);
}

/* Debugging that looks at every allocation and free wants the general way. */
#define ALWAYS_GENERAL	(IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) || \
			 IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))

/*
 * Sizes from @least up are small objects.  (Size 0 is class 0, of large objects,
 * which no window ever has: it leaves by the same branch as an empty window.)
 * Most are below 1 KiB, and take one comparison.
 */
static __always_inline bool is_small(size_t size, size_t least)
{
	return likely(size - least <= GOALLOC_SMALL_SIZE_MAX - least) ||
	       size - least <= GOALLOC_MAX_SMALL_SIZE - least;
}

/* May memory be asked of it? */
static inline bool node_usable(int node)
{
	return node == NUMA_NO_NODE || (node >= 0 && node < nr_node_ids && node_online(node));
}

/* Shall no contents be written by default, such as zeroes? */
static inline bool keeps_contents(const struct mspan *s)
{
	return s->spc == SPC_CACHE && heap_keeps_contents(s->central->heap);
}

/* Does an allocation have to leave the fast path, or a free?  trace.c says why. */
#define alloc_is_watched()	static_branch_unlikely(&alloc_watched)
#define free_is_watched()	static_branch_unlikely(&free_watched)

/* What malloc.c has for the others. */
bool malloc_gfp(gfp_t *gfp);
bool malloc_try_again(size_t size, gfp_t gfp);
void malloc_allocated(const void *ptr, size_t size, unsigned int noscan, gfp_t gfp,
		      unsigned long caller);
void malloc_free_begins(const void *ptr, struct mspan *s, unsigned long caller);
void malloc_free_elsewhere(unsigned long *word, struct mspan *s, struct mcache_slot *slot,
			   unsigned long nr);
void malloc_free_busy(const void *ptr);
bool malloc_of_other_heap(struct goalloc_heap *heap, const void *ptr, const char *op);
void malloc_free_to(struct goalloc_heap *heap, const void *ptr, const char *op);

/* Free an object whose index was found good.  Preemption is off, and on afterwards. */
static __always_inline void malloc_free_object(const void *ptr, struct mspan *s,
					       unsigned long index)
{
	unsigned long *word = s->free_bits + index / BITS_PER_LONG;
	u8 bit = index % BITS_PER_LONG;
	struct mcache_slot *slot;

	switch (mcache_free_fast(word, s, bit, &slot)) {
	case FREE_FAST_DONE:
		break;
	case FREE_FAST_MISSED:
		malloc_free_elsewhere(word, s, slot, bit);
		break;
	case FREE_FAST_BUSY:
		malloc_free_busy(ptr);
		break;
	}
}

/* May an object of this cache be allocated with these flags?  They are corrected. */
bool cache_gfp(const struct goalloc_cache *cache, gfp_t *gfp);

#endif /* _GOALLOC_FRONT_H */
