/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc's functions with the signatures of the kmem_cache family, and of the mempools
 * that allocate from it and from kmalloc().
 *
 * A cache is an object cache of goalloc (<linux/goalloc_cache.h>), or the kernel's if
 * goalloc does not serve it: objects above 32 KiB, an alignment above a page, memory of
 * the DMA zones or charged to a cgroup.  Bit 0 of the pointer tells which of both it is,
 * so only the functions here can be given a cache of goalloc's; an object of one is taken
 * by all that take goalloc's memory.
 */
#ifndef _LINUX_GOALLOC_DROPIN_CACHE_H
#define _LINUX_GOALLOC_DROPIN_CACHE_H

#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/types.h>

#include <linux/goalloc_cache.h>

struct list_lru;

struct kmem_cache *__goalloc_dropin_cache_create(struct goalloc_cache_args *args,
						 slab_flags_t flags);
void goalloc_dropin_kmem_cache_destroy(struct kmem_cache *cache);
int goalloc_dropin_kmem_cache_shrink(struct kmem_cache *cache);
unsigned int goalloc_dropin_kmem_cache_size(struct kmem_cache *cache);
void *goalloc_dropin_kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int node) __malloc;
void *goalloc_dropin_kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
					  gfp_t gfp) __malloc;
int goalloc_dropin_kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t n,
					 void **ptrs);
void goalloc_dropin_kmem_cache_free_bulk(struct kmem_cache *cache, size_t n, void **ptrs);

/* Mempools' functions. */
void *goalloc_dropin_mempool_alloc_slab(gfp_t gfp, void *cache);
void goalloc_dropin_mempool_free_slab(void *element, void *cache);
void goalloc_dropin_mempool_kfree(void *element, void *size);

/* goalloc's cache behind the client's pointer; NULL when it is the kernel's. */
static inline struct goalloc_cache *goalloc_dropin_cache(const struct kmem_cache *cache)
{
	return (unsigned long)cache & 1 ? (void *)((unsigned long)cache - 1) : NULL;
}

/* ----------------------------------------------------------------------- make */

static inline struct kmem_cache *
goalloc_dropin_kmem_cache_create_usercopy(const char *name, unsigned int size,
					  unsigned int align, slab_flags_t flags,
					  unsigned int useroffset, unsigned int usersize,
					  void (*ctor)(void *obj))
{
	struct goalloc_cache_args args = {
		.name = name,
		.size = size,
		.align = align,
		.useroffset = useroffset,
		.usersize = usersize,
		.ctor = ctor,
		.owner = THIS_MODULE,
	};

	return __goalloc_dropin_cache_create(&args, flags);
}

static inline struct kmem_cache *
goalloc_dropin_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				 slab_flags_t flags, void (*ctor)(void *obj))
{
	return goalloc_dropin_kmem_cache_create_usercopy(name, size, align, flags, 0, 0, ctor);
}

#ifdef kmem_cache_create	/* a macro since 6.12, with arguments in a struct or in a row */
static inline struct kmem_cache *
goalloc_dropin_kmem_cache_create_args(const char *name, unsigned int size,
				      struct kmem_cache_args *args, slab_flags_t flags)
{
	return goalloc_dropin_kmem_cache_create_usercopy(name, size, args->align, flags,
							 args->useroffset, args->usersize,
							 args->ctor);
}

static inline struct kmem_cache *
goalloc_dropin_kmem_cache_default_args(const char *name, unsigned int size,
				       struct kmem_cache_args *none, slab_flags_t flags)
{
	return goalloc_dropin_kmem_cache_create(name, size, 0, flags, NULL);
}
#endif

/* ------------------------------------------------------------ allocate and free */

static inline __malloc
void *goalloc_dropin_kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	return ours ? goalloc_cache_alloc(ours, gfp) : kmem_cache_alloc(cache, gfp);
}

static inline __malloc
void *goalloc_dropin_kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return goalloc_dropin_kmem_cache_alloc(cache, gfp | __GFP_ZERO);
}

static inline void goalloc_dropin_kmem_cache_free(struct kmem_cache *cache, void *ptr)
{
	struct goalloc_cache *ours = goalloc_dropin_cache(cache);

	if (ours)
		goalloc_cache_free(ours, ptr);
	else
		kmem_cache_free(cache, ptr);
}

/* ------------------------------------------------------------------- mempools */

static inline int goalloc_dropin_mempool_init_slab_pool(mempool_t *pool, int min_nr,
							struct kmem_cache *cache)
{
	return mempool_init(pool, min_nr, goalloc_dropin_mempool_alloc_slab,
			    goalloc_dropin_mempool_free_slab, cache);
}

static inline mempool_t *goalloc_dropin_mempool_create_slab_pool(int min_nr,
								 struct kmem_cache *cache)
{
	return mempool_create(min_nr, goalloc_dropin_mempool_alloc_slab,
			      goalloc_dropin_mempool_free_slab, cache);
}

static inline void *goalloc_dropin_mempool_kmalloc(gfp_t gfp, void *size)
{
	return goalloc_dropin_kmalloc((size_t)size, gfp);
}

static inline int goalloc_dropin_mempool_init_kmalloc_pool(mempool_t *pool, int min_nr,
							   size_t size)
{
	return mempool_init(pool, min_nr, goalloc_dropin_mempool_kmalloc,
			    goalloc_dropin_mempool_kfree, (void *)size);
}

static inline mempool_t *goalloc_dropin_mempool_create_kmalloc_pool(int min_nr, size_t size)
{
	return mempool_create(min_nr, goalloc_dropin_mempool_kmalloc,
			      goalloc_dropin_mempool_kfree, (void *)size);
}

#endif /* _LINUX_GOALLOC_DROPIN_CACHE_H */
