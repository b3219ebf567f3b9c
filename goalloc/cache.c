// SPDX-License-Identifier: GPL-2.0
/*
 * cache: object caches.
 *
 * THEORY OF OPERATION
 *
 * An object cache is a heap with one span class.  So all that is done to heaps is done
 * to it: it is listed, limited, scavenged, counted, and reported when its module goes.
 * The class's shape is the cache's own.  Objects are as large as asked for, rounded up
 * to their alignment; a span has the fewest pages of which at most a twentieth is left
 * over at the end, and where there is no such number, the one that leaves least.  One
 * of few objects is longer, up to about what a kmem_cache's is: a CPU holds a window and a
 * spare, and a bulk operation of 64 objects should need no third.
 *
 * Its per-CPU caches and centrals have one member each (struct mcache says how), and an
 * allocation needs no look-up of a class: the cache has the slots at its beginning.
 *
 * A constructor runs over a new span before anybody can find it (mheap.c).  What it
 * made, and what users leave behind, is kept: goalloc's own data are never in objects,
 * and of such a cache nothing is zeroed when it is allocated or freed.  The same holds
 * for objects that RCU readers may still look at when they are free.  Their spans, once
 * wholly free, wait for a grace period as DEAD ones that can still be found, so that a
 * second free of an object is seen as such.
 *
 * LOCKS: none.
 */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <trace/events/goalloc.h>

#include "front.h"

#define CACHE_FLAGS	(GOALLOC_CACHE_PANIC | GOALLOC_CACHE_HWALIGN | \
			 GOALLOC_CACHE_TYPESAFE_BY_RCU | GOALLOC_CACHE_NOSCAN)

/* Of a span that may be left over behind the last object. */
#define WASTE_FRACTION	20
/* Objects that a span should have, and the pages up to which it is made longer for that. */
#define MANY_OBJECTS	32
#define FEW_PAGES	5

static_assert(GOALLOC_CACHE_MAX_SIZE == GOALLOC_MAX_SMALL_SIZE);

/* The most objects of a size that a span of so many pages has. */
static unsigned int objects_in(unsigned int npages, size_t size)
{
	return min_t(size_t, (npages << GOALLOC_PAGE_SHIFT) / size,
		     MSPAN_WORDS_MANY * BITS_PER_LONG);
}

static bool has_enough(unsigned int npages, size_t size)
{
	return npages >= FEW_PAGES || objects_in(npages, size) >= MANY_OBJECTS;
}

/* Bytes that are left over of a span. */
static size_t tail(unsigned int npages, size_t size)
{
	return (npages << GOALLOC_PAGE_SHIFT) - objects_in(npages, size) * size;
}

/**
 * cache_shape() - what spans of objects of a size look like
 * @shape: filled in
 * @size: bytes an object, a multiple of 8, at most GOALLOC_MAX_SMALL_SIZE
 */
void cache_shape(struct goalloc_size_class *shape, size_t size)
{
	unsigned int n, best;

	for (best = 1; !has_enough(best, size); )
		best++;
	for (n = best; n <= CACHE_MAX_PAGES; n++) {
		if (tail(n, size) * best < tail(best, size) * n)
			best = n;
		if (tail(best, size) * WASTE_FRACTION <= best << GOALLOC_PAGE_SHIFT)
			break;
	}
	shape->size = size;
	shape->div_mul = U32_MAX / size + 1;
	shape->npages = best;
	shape->nelems = objects_in(best, size);
	shape->align_pages = 1;
}
EXPORT_SYMBOL_FOR_KUNIT(cache_shape);

static size_t cache_align(const struct goalloc_cache_args *args)
{
	size_t align = max_t(size_t, args->align, __alignof__(unsigned long long));
	size_t line = cache_line_size();

	if (!(args->flags & GOALLOC_CACHE_HWALIGN))
		return align;
	while (line > align && args->size <= line / 2)
		line /= 2;
	return max(align, line);
}

static const char *problem(const struct goalloc_cache_args *args)
{
	if (args->flags & ~CACHE_FLAGS)
		return "its flags are unknown";
	if (!args->size)
		return "its objects have no size";
	if (args->size > GOALLOC_CACHE_MAX_SIZE)
		return "its objects are above 32 KiB";
	if (args->align && (!is_power_of_2(args->align) || args->align > PAGE_SIZE))
		return "its alignment is no power of two up to a page";
	if (args->useroffset > args->size || args->usersize > args->size - args->useroffset ||
	    (args->useroffset && !args->usersize))
		return "what user space sees of its objects is not inside them";
	return NULL;
}

struct goalloc_cache *__goalloc_cache_create(const struct goalloc_cache_args *args)
{
	struct goalloc_cache like = { .ctor = args->ctor };
	struct heap_args heap = {
		.name = args->name,
		.flags = args->flags,
		.owner = args->owner,
		.problem = problem(args),
		.like = &like,
	};
	struct goalloc_heap *made;

	if (!heap.problem) {
		like.size = args->size;
		cache_shape(&like.shape, round_up(args->size, cache_align(args)));
	}
	made = heap_create(&heap, GFP_KERNEL);
	return made ? heap_cache(made) : NULL;
}
EXPORT_SYMBOL_GPL(__goalloc_cache_create);

/**
 * goalloc_cache_size() - what size the objects of a cache were asked to have
 * @cache: the cache
 *
 * Context: any.
 * Return: bytes.
 */
size_t goalloc_cache_size(const struct goalloc_cache *cache)
{
	return cache->size;
}
EXPORT_SYMBOL_GPL(goalloc_cache_size);

bool cache_gfp(const struct goalloc_cache *cache, gfp_t *gfp)
{
	if (unlikely(cache->ctor && *gfp & __GFP_ZERO)) {
		debug_zero_constructed(&cache->named.heap);
		return false;
	}
	return malloc_gfp(gfp);
}

/* Everything that the fast path leaves; @nid is %NUMA_NO_NODE for this CPU's cache. */
static noinline void *alloc_general(struct goalloc_cache *cache, gfp_t gfp, int nid,
				    unsigned long caller)
{
	struct goalloc_heap *heap = &cache->named.heap;
	bool needzero;
	void *ptr;

	if (!cache_gfp(cache, &gfp))
		return NULL;
	might_alloc(gfp);
	do {
		ptr = nid == NUMA_NO_NODE ? mcache_alloc(heap, SPC_CACHE, gfp, &needzero) :
			mcache_alloc_node(heap, SPC_CACHE, gfp, nid, &needzero);
	} while (unlikely(!ptr) && malloc_try_again(cache->size, gfp));
	if (ptr && needzero && cache_wants_zero(cache, gfp))
		memset(ptr, 0, cache->shape.size);
	malloc_allocated(ptr, cache->size, heap->flags & GOALLOC_CACHE_NOSCAN, gfp, caller);
	mprof_alloc(ptr, cache->shape.size);
	return ptr;
}

/* The window is empty, and the slot marked busy: as the front door's. */
static noinline void *alloc_refilled(struct goalloc_cache *cache, gfp_t gfp, unsigned long caller,
				     struct mcache_slot *slot)
{
	void *ptr = mcache_alloc_refilled(slot);

	if (!ptr)
		return alloc_general(cache, gfp, NUMA_NO_NODE, caller);
	mprof_alloc(ptr, cache->shape.size);
	return ptr;
}

/* The fast path where there may be something to clear, unless it must be told of. */
static noinline void *alloc_flags(struct goalloc_cache *cache, gfp_t gfp, unsigned long caller)
{
	bool needzero;
	void *ptr;

	if (gfp & GFP_ODD || (cache->ctor && gfp & __GFP_ZERO) || ALWAYS_GENERAL ||
	    trace_goalloc_alloc_enabled() ||
	    !mcache_take_or_leave(cache->slot, ELEMSIZE, &ptr, &needzero))
		return alloc_general(cache, gfp, NUMA_NO_NODE, caller);
	if (needzero && cache_wants_zero(cache, gfp))
		memset(ptr, 0, cache->shape.size);
	return ptr;
}

/**
 * goalloc_cache_alloc() - allocate an object
 * @cache: the cache
 * @gfp: as for goalloc_alloc(); not __GFP_ZERO if the cache has a constructor
 *
 * Context: as goalloc_alloc().
 * Return: the object, or NULL; as it was left by the constructor or by its last user, if
 * the cache has a constructor.
 */
void *goalloc_cache_alloc(struct goalloc_cache *cache, gfp_t gfp)
{
	struct mcache_slot *slot;
	void *ptr;

	if (unlikely(gfp & (GFP_ODD | __GFP_ZERO)) || alloc_is_watched() || ALWAYS_GENERAL)
		return alloc_flags(cache, gfp, _RET_IP_);
	switch (mcache_take_fast(cache->slot, ELEMSIZE, &ptr, NULL, &slot)) {
	case TAKE_FAST_DONE:
		return ptr;
	case TAKE_FAST_EMPTY:
		return alloc_refilled(cache, gfp, _RET_IP_, slot);
	default:
		return alloc_general(cache, gfp, NUMA_NO_NODE, _RET_IP_);
	}
}
EXPORT_SYMBOL_GPL(goalloc_cache_alloc);

/**
 * goalloc_cache_alloc_node() - allocate an object from a NUMA node
 * @cache: the cache
 * @gfp: as for goalloc_cache_alloc(); with __GFP_THISNODE only from @node
 * @node: the node, or %NUMA_NO_NODE
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_cache_alloc().
 */
void *goalloc_cache_alloc_node(struct goalloc_cache *cache, gfp_t gfp, int node)
{
	if (node == NUMA_NO_NODE || (node == numa_mem_id() && !(gfp & __GFP_THISNODE)))
		return goalloc_cache_alloc(cache, gfp);
	if (!node_usable(node))
		return NULL;
	return alloc_general(cache, gfp, gfp & __GFP_THISNODE ? node : heap_node(node), _RET_IP_);
}
EXPORT_SYMBOL_GPL(goalloc_cache_alloc_node);

/**
 * goalloc_cache_free() - free an object
 * @cache: the cache
 * @ptr: an object of it; NULL and %ZERO_SIZE_PTR are ignored
 *
 * goalloc_free() frees it as well; this checks that it belongs to @cache.  An object of
 * another cache or heap is reported and left alone.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_cache_free(struct goalloc_cache *cache, const void *ptr)
{
	unsigned int index;
	struct mspan *s;

	preempt_disable();
	s = span_or_none((unsigned long)ptr);
	if (unlikely(s->slot != cache->slot ||
		     !mspan_index(s, (unsigned long)ptr, &index)) ||
	    free_is_watched() || ALWAYS_GENERAL) {
		preempt_enable();
		malloc_free_to(&cache->named.heap, ptr, "cache_free");
		return;
	}
	malloc_free_object(ptr, s, index);
}
EXPORT_SYMBOL_GPL(goalloc_cache_free);
