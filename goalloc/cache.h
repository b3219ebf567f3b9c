/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache: what a heap with a name is, and what an object cache has more than that.
 * cache.c has the theory of operation.
 */
#ifndef _GOALLOC_CACHE_H
#define _GOALLOC_CACHE_H

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/mm.h>

#include <linux/goalloc.h>
#include <linux/goalloc_cache.h>

#include "mspan.h"
#include "sizeclasses.h"

/* Most pages of a span of a cache: the most that a CPU's page cache serves. */
#define CACHE_MAX_PAGES	16

/**
 * struct named_heap - a heap that was made by its name
 * @heap: the heap
 * @name: its name
 */
struct named_heap {
	struct goalloc_heap heap;
	char name[GOALLOC_HEAP_NAME_MAX];
};

/**
 * struct goalloc_cache - an object cache
 * @slot: the slots of its class in its per-CPU caches: what the fast paths look at
 * @ctor: makes an object of memory; or NULL
 * @shape: its class, with the size as rounded up
 * @size: bytes an object, as asked for
 * @named: its heap, which has %SPC_CACHE alone
 */
struct goalloc_cache {
	struct mcache_slot __percpu *slot;
	void (*ctor)(void *obj);
	struct goalloc_size_class shape;
	unsigned int size;
	struct named_heap named;
};

static inline bool heap_is_cache(const struct goalloc_heap *heap)
{
	return heap->first_spc == SPC_CACHE;
}

static inline unsigned int heap_nr_spc(const struct goalloc_heap *heap)
{
	return heap->end_spc - heap->first_spc;
}

static inline struct goalloc_cache *heap_cache(const struct goalloc_heap *heap)
{
	return container_of((struct goalloc_heap *)heap, struct goalloc_cache, named.heap);
}

/* The size class that is behind a span class. */
static inline const struct goalloc_size_class *heap_class(const struct goalloc_heap *heap,
							  unsigned int spc)
{
	return spc == SPC_CACHE ? &heap_cache(heap)->shape :
				  &goalloc_size_classes[spc_size_class(spc)];
}

/* Whose wholly free spans wait for a grace period. */
static inline bool heap_waits_for_readers(const struct goalloc_heap *heap)
{
	return heap_is_cache(heap) && heap->flags & GOALLOC_CACHE_TYPESAFE_BY_RCU;
}

/* Whose objects keep their contents from free to allocation, zeroing by default or not. */
static inline bool heap_keeps_contents(const struct goalloc_heap *heap)
{
	return heap_waits_for_readers(heap) || (heap_is_cache(heap) && heap_cache(heap)->ctor);
}

/* Shall an object that is allocated with these flags be zero? */
static inline bool cache_wants_zero(const struct goalloc_cache *cache, gfp_t gfp)
{
	return heap_keeps_contents(&cache->named.heap) ? gfp & __GFP_ZERO :
							 want_init_on_alloc(gfp);
}

void cache_shape(struct goalloc_size_class *shape, size_t size);

#endif /* _GOALLOC_CACHE_H */
