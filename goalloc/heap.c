// SPDX-License-Identifier: GPL-2.0
/*
 * heap: how a heap comes to be.
 *
 * THEORY OF OPERATION
 *
 * A heap is a set of spans with its own per-CPU caches, centrals and counters; all
 * heaps draw from the same page heaps.  An object knows its heap by its span, so a
 * free needs none, and costs what it costs in the default heap.
 *
 * A heap that a module defines (DEFINE_GOALLOC_HEAP) is a handle: its first user
 * makes the heap behind it and stores the heap's caches in the handle, so that from
 * then on an allocation finds them as in any other.  The rest is stored first and
 * @cache with release: who sees the caches sees the rest.  Nothing but the client
 * points to the handle: spans and centrals belong to what is behind it, which stays
 * when the client's memory goes.
 *
 * LOCKS: heap_lock guards the list's changes and the handles; readers of the list hold
 * rcu_read_lock(), or the scavenger's mutex, under which heaps are taken off it.
 * INVARIANT: no two heaps on the list have the same name, but for those whose module is
 * gone: it may come again.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/ctype.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

static DEFINE_SPINLOCK(heap_lock);

static const char *name_problem(const char *name)
{
	size_t i;

	if (!name || !*name)
		return "it has no name";
	for (i = 0; name[i]; i++) {
		if (i + 1 >= GOALLOC_HEAP_NAME_MAX)
			return "its name is too long";
		if (!isgraph(name[i]))
			return "its name is not printable";
	}
	return NULL;
}

/* Has its module been unloaded? */
static bool is_orphan(const struct goalloc_heap *heap)
{
	return !heap->owner && heap != &default_heap;
}

static bool name_in_use(const char *name)
{
	struct goalloc_heap *heap;

	for_each_heap(heap, lockdep_is_held(&heap_lock))
		if (!is_orphan(heap) && !strcmp(heap->name, name))
			return true;
	return false;
}

/* Has a heap this name?  It may be another's by the time the caller looks. */
bool heap_name_in_use(const char *name)
{
	bool found;

	spin_lock(&heap_lock);
	found = name_in_use(name);
	spin_unlock(&heap_lock);
	return found;
}
EXPORT_SYMBOL_FOR_KUNIT(heap_name_in_use);

/*
 * Put a heap on the list, and behind its handle.  Return: itself, the heap that
 * somebody else has put behind the handle, or NULL when the name is in use.
 */
static struct goalloc_heap *heap_add(struct goalloc_heap *heap, struct goalloc_heap *handle)
{
	struct goalloc_heap *res = heap;

	spin_lock(&heap_lock);
	if (handle && handle->real) {
		res = handle->real;
	} else if (name_in_use(heap->name)) {
		res = NULL;
	} else {
		WRITE_ONCE(heap->handle, handle);
		list_add_tail_rcu(&heap->list, &heap_list);
		if (handle) {
			handle->central = heap->central;
			handle->first_spc = heap->first_spc;
			handle->end_spc = heap->end_spc;
			WRITE_ONCE(handle->real, heap);
			/* last, for those who look at nothing else before they use it */
			smp_store_release(&handle->cache, heap->cache);
		}
	}
	spin_unlock(&heap_lock);
	return res;
}

static struct named_heap *named_new(gfp_t gfp)
{
	struct named_heap *named = fault_meta_gfp(gfp, kzalloc(sizeof(*named), gfp));

	if (named)
		mem_account(MEM_OTHER, sizeof(*named));
	return named;
}

static struct named_heap *cache_new(const struct goalloc_cache *like, gfp_t gfp)
{
	struct goalloc_cache *cache = fault_meta(kmemdup(like, sizeof(*like), gfp));

	if (!cache)
		return NULL;
	mem_account(MEM_OTHER, sizeof(*cache));
	cache->named.heap.first_spc = SPC_CACHE;
	return &cache->named;
}

static void heap_free(struct goalloc_heap *heap)
{
	struct named_heap *named = container_of(heap, struct named_heap, heap);

	mcache_heap_exit(heap);
	if (heap_is_cache(heap)) {
		mem_account(MEM_OTHER, -(long)sizeof(struct goalloc_cache));
		kfree(heap_cache(heap));
	} else {
		mem_account(MEM_OTHER, -(long)sizeof(*named));
		kfree(named);
	}
}

/* Return: a heap that is on no list yet, or NULL without memory. */
static struct goalloc_heap *heap_new(const struct heap_args *args, gfp_t gfp)
{
	struct named_heap *named = args->like ? cache_new(args->like, gfp) : named_new(gfp);
	struct goalloc_heap *heap;

	if (!named)
		return NULL;
	heap = &named->heap;
	strscpy(named->name, args->name, sizeof(named->name));
	heap->flags = args->flags;
	heap->owner = args->owner;
	if (mcache_heap_init(heap, named->name, gfp)) {
		heap_free(heap);
		return NULL;
	}
	if (heap_is_cache(heap))
		heap_cache(heap)->slot = mcache_slots(heap, SPC_CACHE);
	return heap;
}

/* Likewise, but what must not fail waits for memory. */
static struct goalloc_heap *heap_new_or_wait(const struct heap_args *args, gfp_t gfp)
{
	struct goalloc_heap *heap;

	for (;;) {
		heap = heap_new(args, gfp);
		if (heap || !(gfp & __GFP_NOFAIL))
			return heap;
		cond_resched();		/* areas of all CPUs have no __GFP_NOFAIL */
	}
}

/**
 * heap_create() - make a heap, unless it is there
 * @args: what is asked for
 * @gfp: for its metadata; blocking
 *
 * Return: the heap, or NULL, with a report unless it was for want of memory.
 */
struct goalloc_heap *heap_create(const struct heap_args *args, gfp_t gfp)
{
	const char *problem = name_problem(args->name) ?: args->problem;
	const char *kind = args->like ? "cache" : "heap";
	struct goalloc_heap *heap = NULL, *res = NULL;

	if (!problem) {
		heap = heap_new_or_wait(args, gfp);
		res = heap ? heap_add(heap, args->handle) : NULL;
		if (heap && !res)
			problem = "there is one of this name";
		if (heap && res != heap)
			heap_free(heap);
	}
	if (problem)
		pr_err("%s %.*s of %s was not made: %s\n", kind, GOALLOC_HEAP_NAME_MAX,
		       args->name ?: "?", args->owner ? args->owner->name : "the kernel", problem);
	if (!res && args->flags & GOALLOC_HEAP_PANIC)
		panic("goalloc: %s %.*s is needed and was not made\n", kind,
		      GOALLOC_HEAP_NAME_MAX, args->name ?: "?");
	return res;
}

/**
 * heap_behind() - the heap behind a handle
 * @heap: a heap, or a handle
 * @gfp: for making it, if nobody has yet
 *
 * Return: the heap, or NULL when there is none and @gfp does not allow to make it.
 */
struct goalloc_heap *heap_behind(struct goalloc_heap *heap, gfp_t gfp)
{
	struct heap_args args = {
		.name = heap->name,
		.flags = heap->flags,
		.owner = heap->owner,
		.handle = heap,
	};

	if (likely(smp_load_acquire(&heap->cache)))	/* pairs with heap_add() */
		return heap->real;
	if (!gfpflags_allow_blocking(gfp) || in_nmi())
		return NULL;
	return heap_create(&args, gfp & (GFP_KERNEL | __GFP_NOWARN | __GFP_NOFAIL));
}

/* Is this a heap, or the handle of one?  Whatever it points to is not looked at. */
struct goalloc_heap *heap_find(const struct goalloc_heap *wanted)
{
	struct goalloc_heap *heap, *found = NULL;

	rcu_read_lock();
	for_each_heap(heap)
		if (heap == wanted || (wanted && READ_ONCE(heap->handle) == wanted))
			found = heap;
	rcu_read_unlock();
	return found;
}

/* From now on the heap has no handle and no owner: the module that had both is going. */
void heap_orphan(struct goalloc_heap *heap)
{
	spin_lock(&heap_lock);
	WRITE_ONCE(heap->handle, NULL);
	WRITE_ONCE(heap->owner, NULL);
	spin_unlock(&heap_lock);
}

/* Take a heap off the list.  Its handle, if it has one, is as it was defined. */
void heap_remove(struct goalloc_heap *heap)
{
	spin_lock(&heap_lock);
	list_del_rcu(&heap->list);
	if (heap->handle) {
		WRITE_ONCE(heap->handle->cache, NULL);
		WRITE_ONCE(heap->handle->real, NULL);
	}
	spin_unlock(&heap_lock);
}

/* Free a heap that was removed and holds nothing.  May sleep. */
void heap_delete(struct goalloc_heap *heap)
{
	synchronize_rcu();
	heap_free(heap);
}

int heap_init(void)
{
	int err = mcache_heap_init(&default_heap, "default", GFP_KERNEL);

	if (!err)
		heap_add(&default_heap, NULL);
	return err;
}

/* No heap is used any more.  What still lives in one is kept by who holds it. */
void heap_exit(void)
{
	struct goalloc_heap *heap, *next;

	list_for_each_entry_safe(heap, next, &heap_list, list) {
		list_del(&heap->list);
		if (heap != &default_heap)
			heap_free(heap);
	}
	mcache_heap_exit(&default_heap);
}
