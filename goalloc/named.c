// SPDX-License-Identifier: GPL-2.0
/*
 * named: what a module does with its heaps and object caches, and what becomes of them
 * when it goes.
 *
 * THEORY OF OPERATION
 *
 * To destroy a heap is to empty its caches on every CPU, to unmake its wholly free
 * spans, and to look what is left.  What is left lives.  It is reported, class by
 * class; then either the heap stays, or all of it is freed: each object as if by its
 * owner, through the shared maps, so that the accounts are right to the end.
 *
 * A module that is unloaded leaves no heap behind that nobody needs: its heaps go,
 * and one in which objects live is reported and stays without an owner, because
 * somebody may hold pointers into it.
 *
 * LOCKS: named_mutex: one heap is destroyed at a time.  The scavenger's mutex is taken
 * under it.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/module.h>
#include <linux/mutex.h>

#include <linux/goalloc_dropin.h>

#include "dropin.h"
#include "front.h"
#include "mstats.h"

static DEFINE_MUTEX(named_mutex);

struct goalloc_heap *__goalloc_heap_create(const char *name, unsigned int flags,
					   struct module *owner)
{
	struct heap_args args = {
		.name = name,
		.flags = flags,
		.owner = owner,
		.problem = flags & ~GOALLOC_HEAP_PANIC ? "its flags are unknown" : NULL,
	};

	return heap_create(&args, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(__goalloc_heap_create);

/**
 * goalloc_heap_prepare() - make what is behind a DEFINE_GOALLOC_HEAP()
 * @heap: the heap
 *
 * For a module whose first allocation from it cannot sleep.
 *
 * Context: task; may sleep.
 * Return: 0, or -ENOMEM; with a report when its name is another heap's.
 */
int goalloc_heap_prepare(struct goalloc_heap *heap)
{
	return heap_behind(heap, GFP_KERNEL) ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(goalloc_heap_prepare);

/**
 * goalloc_heap_set_limit() - limit what a heap may hold
 * @heap: the heap
 * @bytes: of its spans, in pages of 8 KiB; 0 for no limit
 *
 * The limit counts what the heap holds of memory, not what is allocated: with it spans
 * that are partly free.  An allocation that would pass it first unmakes the heap's
 * wholly free spans, and then returns NULL, unless __GFP_NOFAIL says that it must not.
 * It is exact, however many CPUs come at once.
 *
 * Context: task; may sleep.
 * Return: 0, -EINVAL for a limit below one page, or -ENOMEM.
 */
int goalloc_heap_set_limit(struct goalloc_heap *heap, size_t bytes)
{
	if (bytes && bytes < GOALLOC_PAGE_SIZE)
		return -EINVAL;
	heap = heap_behind(heap, GFP_KERNEL);
	if (!heap)
		return -ENOMEM;
	WRITE_ONCE(heap->limit, bytes >> GOALLOC_PAGE_SHIFT);
	return 0;
}
EXPORT_SYMBOL_GPL(goalloc_heap_set_limit);

/* The first live object of a span at index @i or behind it, or @nelems. */
static unsigned int next_live(struct mspan *s, unsigned int i, unsigned int nelems)
{
	while (i < nelems && mcache_is_free(s, i))
		i++;
	return i;
}

/* Free what lives in a span, which may be anybody's, or nobody's, after the last. */
static void free_span(struct mspan *s)
{
	unsigned int i, next, nelems = s->nelems;
	const void *obj;

	if (s->spc == SPC_TINY) {
		tiny_free_span(s);
		return;
	}
	for (i = next_live(s, 0, nelems); i < nelems; i = next) {
		next = next_live(s, i + 1, nelems);
		obj = (void *)(s->base + (unsigned long)i * s->elemsize);
		malloc_free_begins(obj, s, _THIS_IP_);
		mprof_free(s, obj);
		mcache_free_remote(s, i);
	}
}

static void free_everything(struct goalloc_heap *heap)
{
	unsigned long pageno = 0;
	struct mspan *s;

	while ((s = arena_next_span(&pageno))) {
		if (s->central->heap == heap)
			free_span(s);
		cond_resched();
	}
}

static const char *kind(const struct goalloc_heap *heap)
{
	return heap_is_cache(heap) ? "cache" : "heap";
}

/* Say what lives in a heap.  Return: how many objects. */
static unsigned long report(struct goalloc_heap *heap, const char *fate)
{
	unsigned long objects, total = 0, bytes, sum = 0;
	struct class_stats st;
	unsigned int spc;

	for (spc = heap->first_spc; spc < heap->end_spc; spc++) {
		mstats_class(heap, spc, &st);
		objects = mstats_class_objects(heap, spc);
		if (!objects)
			continue;
		bytes = mstats_class_bytes(heap, spc, st.inuse);
		if (spc != SPC_CACHE)
			pr_err("heap %s: %lu objects, %lu bytes, size class %u %s, still live\n",
			       heap->name, objects, bytes, spc_size_class(spc),
			       debug_spc_name(spc));
		total += objects;
		sum += bytes;
	}
	if (total)
		pr_err("%s %s of %s: %lu objects, %lu bytes still live: %s\n", kind(heap),
		       heap->name, heap->owner ? heap->owner->name : "nobody", total, sum, fate);
	return total;
}

static void unmake_idle(struct goalloc_heap *heap)
{
	scavenge_heap(heap);
	if (heap_waits_for_readers(heap))
		rcu_barrier();
}

/*
 * Unmake all spans of a heap in which nothing lives.  A CPU that reclaims idle spans
 * for another heap may be about to unmake some, and one that is late with a free may have
 * taken one over (mspan.h): wait for them and look again, so that what is left afterwards
 * is held by a live object.  Return: whether nothing is left.
 */
static bool empty(struct goalloc_heap *heap)
{
	goalloc_free_rcu_barrier();
	goalloc_dropin_kvfree_rcu_barrier();
	unmake_idle(heap);
	if (atomic_long_read(&heap->pages)) {
		synchronize_rcu();
		unmake_idle(heap);
	}
	return !atomic_long_read(&heap->pages);
}

static int destroy(struct goalloc_heap *heap, bool free, const char *fate)
{
	if (!empty(heap)) {
		report(heap, fate);
		if (!free)
			return -EBUSY;
		free_everything(heap);
		if (!empty(heap)) {
			pr_err("%s %s: it is in use, and stays\n", kind(heap), heap->name);
			return -EBUSY;
		}
	}
	mstats_inherit(heap);
	scavenge_remove_heap(heap);
	heap_delete(heap);
	return 0;
}

static void report_none(const char *func, const char *what, const void *ptr)
{
	pr_err("bad %s(%p): no %s, or destroyed before; the caller is:\n", func, ptr, what);
	dump_stack();
}

/**
 * goalloc_heap_destroy() - destroy a heap
 * @heap: the heap; nobody allocates from it or frees into it meanwhile
 * @how: %GOALLOC_DESTROY_EMPTY: only if nothing lives in it;
 *	%GOALLOC_DESTROY_FREE: with all that lives in it
 *
 * What lives is reported by class, either way.  NULL is ignored.
 *
 * Context: task; may sleep.  Not in a callback of CPU hotplug.
 * Return: 0; -EBUSY when objects live in it and it stays; -EINVAL, with a report, for
 * what is no heap or was destroyed before, and for the default heap.
 */
int goalloc_heap_destroy(struct goalloc_heap *heap, unsigned int how)
{
	struct goalloc_heap *real;
	int err = -EINVAL;

	if (!heap)
		return 0;
	mutex_lock(&named_mutex);
	real = heap_find(heap);
	if (!real || real == &default_heap || heap_is_cache(real) || how > GOALLOC_DESTROY_FREE)
		report_none(__func__, "heap", heap);
	else
		err = destroy(real, how == GOALLOC_DESTROY_FREE,
			      how == GOALLOC_DESTROY_FREE ? "freed with the heap" :
			      "the heap stays");
	mutex_unlock(&named_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(goalloc_heap_destroy);

/**
 * goalloc_cache_destroy() - destroy an object cache
 * @cache: the cache; nobody allocates from it or frees into it meanwhile
 *
 * How many objects live in it is reported.  NULL is ignored.
 *
 * Context: task; may sleep, for a grace period and more.  Not in a callback of CPU
 * hotplug.
 * Return: 0; -EBUSY when objects live in it and it stays; -EINVAL, with a report, for
 * what is no cache or was destroyed before.
 */
int goalloc_cache_destroy(struct goalloc_cache *cache)
{
	struct goalloc_heap *real;
	int err = -EINVAL;

	if (!cache)
		return 0;
	mutex_lock(&named_mutex);
	real = heap_find(&cache->named.heap);
	if (!real || !heap_is_cache(real))
		report_none(__func__, "cache", cache);
	else
		err = destroy(real, false, "the cache stays");
	mutex_unlock(&named_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(goalloc_cache_destroy);

/**
 * goalloc_cache_set_limit() - limit what a cache may hold
 * @cache: the cache
 * @bytes: of its spans, in pages of 8 KiB; 0 for no limit
 *
 * As goalloc_heap_set_limit().  Spans that wait for a grace period count.
 *
 * Context: task; may sleep.
 * Return: 0, or -EINVAL for a limit below one page.
 */
int goalloc_cache_set_limit(struct goalloc_cache *cache, size_t bytes)
{
	return goalloc_heap_set_limit(&cache->named.heap, bytes);
}
EXPORT_SYMBOL_GPL(goalloc_cache_set_limit);

/**
 * goalloc_cache_shrink() - let go of what a cache holds beside its objects
 * @cache: the cache
 *
 * Its wholly free spans are unmade, on every CPU and node; their pages are then any
 * heap's, and the scavenger gives them back.
 *
 * Context: task; may sleep.  Not in a callback of CPU hotplug.
 * Return: 0 when it holds no memory any more, else 1.
 */
int goalloc_cache_shrink(struct goalloc_cache *cache)
{
	scavenge_heap(&cache->named.heap);
	return atomic_long_read(&cache->named.heap.pages) != 0;
}
EXPORT_SYMBOL_GPL(goalloc_cache_shrink);

/* The next heap that belongs to a module, or NULL. */
static struct goalloc_heap *heap_of(const struct module *owner)
{
	struct goalloc_heap *heap, *found = NULL;

	rcu_read_lock();
	for_each_heap(heap)
		if (!found && heap->owner == owner)
			found = heap;
	rcu_read_unlock();
	return found;
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct goalloc_heap *heap;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	dropin_heap_settle();
	mutex_lock(&named_mutex);
	while ((heap = heap_of(data)))
		if (destroy(heap, false, heap_is_cache(heap) ?
			    "its module is unloaded, and the cache stays" :
			    "its module is unloaded, and the heap stays"))
			heap_orphan(heap);
	mutex_unlock(&named_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block module_notifier = { .notifier_call = module_event };

int named_init(void)
{
	if (fault_hits(FAULT_META, GFP_KERNEL, 1))
		return -ENOMEM;
	return register_module_notifier(&module_notifier);
}

void named_exit(void)
{
	unregister_module_notifier(&module_notifier);
}
