// SPDX-License-Identifier: GPL-2.0
/*
 * dropin_cache: the kmem_cache family, for source files that know nothing of goalloc.
 *
 * A client's struct kmem_cache is opaque to it.  What it is given for a cache of goalloc's
 * is that cache's address with bit 0 set; a cache of the kernel's has it clear.  So no
 * memory is looked at to know whose a cache is, and the kernel's code, should it be given
 * such a pointer, does not take goalloc's cache for one of its own.
 *
 * Their names are chosen as dropin_heap.c says.
 */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/string.h>

#include <linux/goalloc_dropin.h>
#include <linux/goalloc_dropin_cache.h>

#include "dropin.h"

/* What goalloc's caches have not.  (__GFP_ACCOUNT for a single object is ignored.) */
#define SLAB_UNSERVED	(SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)

static bool serves(const struct goalloc_cache_args *args, slab_flags_t flags)
{
	return !(flags & SLAB_UNSERVED) && args->size && args->size <= GOALLOC_CACHE_MAX_SIZE &&
		(!args->align || (is_power_of_2(args->align) && args->align <= PAGE_SIZE));
}

struct kmem_cache *__goalloc_dropin_cache_create(struct goalloc_cache_args *args,
						 slab_flags_t flags)
{
	char name[GOALLOC_HEAP_NAME_MAX];
	struct goalloc_cache *cache;

	if (!serves(args, flags))
		return kmem_cache_create_usercopy(args->name, args->size, args->align, flags,
						  args->useroffset, args->usersize, args->ctor);
	args->flags = (flags & SLAB_PANIC ? GOALLOC_CACHE_PANIC : 0) |
		      (flags & SLAB_HWCACHE_ALIGN ? GOALLOC_CACHE_HWALIGN : 0) |
		      (flags & SLAB_TYPESAFE_BY_RCU ? GOALLOC_CACHE_TYPESAFE_BY_RCU : 0);
	dropin_name_begin(name, args->name);
	args->name = name;
	cache = __goalloc_cache_create(args);
	dropin_name_end();
	return cache ? (void *)((unsigned long)cache | 1) : NULL;
}
EXPORT_SYMBOL_GPL(__goalloc_dropin_cache_create);

/**
 * goalloc_dropin_kmem_cache_destroy() - kmem_cache_destroy(), of a cache of either kind
 * @cache: the cache, or NULL
 *
 * Waits for the objects that kfree_rcu() was given.  A cache of goalloc's in which objects
 * live is reported, and stays.
 *
 * Context: as kmem_cache_destroy().
 */
void goalloc_dropin_kmem_cache_destroy(struct kmem_cache *cache)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	if (ours)
		goalloc_cache_destroy(ours);
	else
		kmem_cache_destroy(cache);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_destroy);

/**
 * goalloc_dropin_kmem_cache_shrink() - kmem_cache_shrink(), of a cache of either kind
 * @cache: the cache
 *
 * Context: as kmem_cache_shrink().
 * Return: as kmem_cache_shrink().
 */
int goalloc_dropin_kmem_cache_shrink(struct kmem_cache *cache)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	return ours ? goalloc_cache_shrink(ours) : kmem_cache_shrink(cache);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_shrink);

/**
 * goalloc_dropin_kmem_cache_size() - kmem_cache_size(), of a cache of either kind
 * @cache: the cache
 *
 * Context: as kmem_cache_size().
 * Return: bytes an object, as asked for.
 */
unsigned int goalloc_dropin_kmem_cache_size(struct kmem_cache *cache)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	return ours ? goalloc_cache_size(ours) : kmem_cache_size(cache);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_size);

/**
 * goalloc_dropin_kmem_cache_alloc_node() - kmem_cache_alloc_node(), of either kind of cache
 * @cache: the cache
 * @gfp: as for kmem_cache_alloc_node()
 * @node: NUMA node, or %NUMA_NO_NODE
 *
 * Context: as kmem_cache_alloc_node().
 * Return: the object, or NULL.
 */
void *goalloc_dropin_kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int node)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	return ours ? goalloc_cache_alloc_node(ours, gfp, node) :
		      kmem_cache_alloc_node(cache, gfp, node);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_alloc_node);

/**
 * goalloc_dropin_kmem_cache_alloc_lru() - kmem_cache_alloc_lru(), of either kind of cache
 * @cache: the cache
 * @lru: a list that the object will be on; a matter of the kernel's caches only
 * @gfp: as for kmem_cache_alloc_lru()
 *
 * Context: as kmem_cache_alloc_lru().
 * Return: the object, or NULL.
 */
void *goalloc_dropin_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
					  gfp_t gfp)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	return ours ? goalloc_cache_alloc(ours, gfp) : kmem_cache_alloc_lru(cache, lru, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_alloc_lru);

/**
 * goalloc_dropin_kmem_cache_alloc_bulk() - kmem_cache_alloc_bulk(), of either kind of cache
 * @cache: the cache
 * @gfp: as for kmem_cache_alloc_bulk()
 * @n: how many objects
 * @ptrs: where to put them
 *
 * Context: as kmem_cache_alloc_bulk().
 * Return: @n, or 0 and no object.
 */
int goalloc_dropin_kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t n,
					 void **ptrs)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	if (ours)
		return goalloc_cache_alloc_bulk(ours, gfp, n, ptrs);
	return kmem_cache_alloc_bulk(cache, gfp, n, ptrs) ? n : 0;
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_alloc_bulk);

/**
 * goalloc_dropin_kmem_cache_free_bulk() - kmem_cache_free_bulk(), of either kind of cache
 * @cache: the cache; or NULL for memory of any cache and of kmalloc()
 * @n: how many objects
 * @ptrs: the objects
 *
 * Context: as kmem_cache_free_bulk().
 */
void goalloc_dropin_kmem_cache_free_bulk(struct kmem_cache *cache, size_t n, void **ptrs)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	if (ours)
		goalloc_cache_free_bulk(ours, n, ptrs);
	else if (cache)
		kmem_cache_free_bulk(cache, n, ptrs);
	else
		goalloc_dropin_kfree_bulk(n, ptrs);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmem_cache_free_bulk);

/**
 * goalloc_dropin_mempool_alloc_slab() - mempool_alloc_slab(), of either kind of cache
 * @gfp: as for kmem_cache_alloc()
 * @cache: the cache
 *
 * Context: as kmem_cache_alloc().
 * Return: the object, or NULL.
 */
void *goalloc_dropin_mempool_alloc_slab(gfp_t gfp, void *cache)
{
	return goalloc_dropin_kmem_cache_alloc(cache, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_mempool_alloc_slab);

/**
 * goalloc_dropin_mempool_free_slab() - mempool_free_slab(), of either kind of cache
 * @element: the object
 * @cache: the cache
 *
 * Context: as kmem_cache_free().
 */
void goalloc_dropin_mempool_free_slab(void *element, void *cache)
{
	goalloc_dropin_kmem_cache_free(cache, element);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_mempool_free_slab);

/**
 * goalloc_dropin_mempool_kfree() - mempool_kfree(), of memory of either allocator
 * @element: the memory
 * @size: not looked at
 *
 * Context: as kfree().
 */
void goalloc_dropin_mempool_kfree(void *element, void *size)
{
	goalloc_dropin_kfree(element);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_mempool_kfree);
