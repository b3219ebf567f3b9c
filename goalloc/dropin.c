// SPDX-License-Identifier: GPL-2.0
/*
 * dropin: the kmalloc() family, for source files that know nothing of goalloc.
 *
 * THEORY OF OPERATION
 *
 * <linux/goalloc_kmalloc.h> makes the names of the family stand for these functions.
 * In one file memory of both allocators meets: the kernel hands out its own, requests
 * that goalloc does not serve go to the kernel, and files without the drop-in free what
 * they got.  So every function that takes memory asks whose it is, by its address.
 *
 * A request is goalloc's unless it asks for what goalloc has not: memory charged to a
 * cgroup, the DMA zone, more than 4 MiB.  For kvmalloc() and its like goalloc stands
 * where kmalloc() stands for the kernel: one attempt, and then the kernel's turn.  What it
 * gives out lies in the heap of the caller's module (dropin_heap.c).
 *
 * WHOSE MEMORY IS IT
 *
 * Memory is goalloc's if its page is drawn: the span of a live object is in the arena
 * map, and the pages of dead ones are still marked as drawn, so that a second free
 * meets goalloc_free(), which reports it, and not kfree().  No lock is needed to tell,
 * for a pointer that the caller may pass to a free:
 *
 *   goalloc's	its span was entered before the object was handed out, and stays until
 *		the object is freed, which is what the caller is about to do.
 *   kernel's	its page is not drawn, and cannot become so while it is in use.  If
 *		it was once, the mark was cleared before the buddy allocator got the
 *		page, and so before anybody else got it from there.
 *
 * Only the second free of an object whose page has gone back since is beyond this: the
 * page may be the kernel's by now, and so is the judgement.
 *
 * FREE AFTER A GRACE PERIOD
 *
 * A head has room for one pointer (on 7.3 it is not more).  It becomes a link of the
 * list of those that wait; a work takes the whole list, waits for a grace period, and
 * finds the object of each link by its span.  What is added meanwhile waits for the
 * work's next turn.
 */
#include <linux/export.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <linux/goalloc_dropin.h>
#include <trace/events/goalloc.h>

#include "dropin.h"
#include "front.h"

/**
 * goalloc_owns() - does an address lie in goalloc's memory?
 * @ptr: any address
 *
 * Context: any, NMI included.
 * Return: true when the page is goalloc's, whether an object lives there or not.
 */
bool goalloc_owns(const void *ptr)
{
	unsigned long addr = (unsigned long)ptr;
	struct arena *a;

	if (span_of(addr))
		return true;
	a = arena_of(addr);
	return a && data_race(test_bit(arena_page(addr), a->present));	/* see above */
}
EXPORT_SYMBOL_GPL(goalloc_owns);

/* Everything that the fast paths leave. */
static noinline void *kmalloc_general(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	if (!dropin_serves(size, gfp))
		return kmalloc(size, gfp);
	return goalloc_heap_alloc(dropin_heap(heap, gfp), size, gfp);
}

/*
 * An object from this CPU's window of the module's heap, if that has been made, or of the
 * default heap, for a module that has none.
 */
static __always_inline void *take_fast(struct goalloc_heap *heap, size_t size, unsigned long slot,
				       bool *needzero)
{
	struct mcache __percpu *cache;
	void *ptr;

	heap = likely(heap) ? heap : &default_heap;
	cache = smp_load_acquire(&heap->cache);		/* pairs with heap_add() */
	if (unlikely(!cache) || ALWAYS_GENERAL ||
	    !mcache_take_or_leave((void __percpu *)cache + slot, size, &ptr, needzero))
		return NULL;
	return ptr;
}

/**
 * goalloc_module_kmalloc() - kmalloc(), from goalloc if it serves the request
 * @heap: the module's heap, or NULL for the default heap
 * @size: bytes wanted
 * @gfp: as for kmalloc()
 *
 * Context: as kmalloc().
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_module_kmalloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	void *ptr = NULL;

	if (likely(!(gfp & (GFP_ODD | __GFP_ZERO | __GFP_ACCOUNT)) && is_small(size, 0)) &&
	    !alloc_is_watched())
		ptr = take_fast(heap, size, SPC(small_class(size), 0) * __GOALLOC_SLOT_SIZE, NULL);
	return likely(ptr) ? ptr : kmalloc_general(heap, size, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_module_kmalloc);

/* The same for a size and flags that the compiler knows: see __goalloc_alloc_class(). */
void *__goalloc_module_kmalloc_class(struct goalloc_heap *heap, size_t size, gfp_t gfp,
				     unsigned long slot)
{
	void *ptr = alloc_is_watched() ? NULL : take_fast(heap, size, slot, NULL);

	return likely(ptr) ? ptr : kmalloc_general(heap, size, gfp);
}
EXPORT_SYMBOL_GPL(__goalloc_module_kmalloc_class);

/* And for zeroed memory. */
void *__goalloc_module_kzalloc_class(struct goalloc_heap *heap, size_t size, gfp_t gfp,
				     unsigned long slot)
{
	bool needzero;
	void *ptr = trace_goalloc_alloc_enabled() ? NULL : take_fast(heap, size, slot, &needzero);

	if (unlikely(!ptr))
		return kmalloc_general(heap, size, gfp);
	if (needzero)
		memset(ptr, 0, goalloc_size_classes[slot / __GOALLOC_SLOT_SIZE >> 1].size);
	return ptr;
}
EXPORT_SYMBOL_GPL(__goalloc_module_kzalloc_class);

/**
 * goalloc_module_kmalloc_node() - kmalloc_node(), from goalloc if it serves the request
 * @heap: the module's heap, or NULL for the default heap
 * @size: bytes wanted
 * @gfp: as for kmalloc()
 * @node: NUMA node, or %NUMA_NO_NODE
 *
 * Context: as kmalloc().
 * Return: as goalloc_module_kmalloc().
 */
void *goalloc_module_kmalloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
{
	if (!dropin_serves(size, gfp))
		return kmalloc_node(size, gfp, node);
	return goalloc_heap_alloc_node(dropin_heap(heap, gfp), size, gfp, node);
}
EXPORT_SYMBOL_GPL(goalloc_module_kmalloc_node);

/**
 * goalloc_module_kvmalloc_node() - kvmalloc_node(), from goalloc if it can serve it
 * @heap: the module's heap, or NULL for the default heap
 * @size: bytes wanted
 * @gfp: as for kvmalloc()
 * @node: NUMA node, or %NUMA_NO_NODE
 *
 * Context: as kvmalloc().
 * Return: the memory, of goalloc, kmalloc() or vmalloc(); or NULL.
 */
void *goalloc_module_kvmalloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
{
	gfp_t once = (gfp & ~(__GFP_NOFAIL | __GFP_RETRY_MAYFAIL)) | __GFP_NORETRY | __GFP_NOWARN;
	void *ptr = NULL;

	if (dropin_serves(size, gfp))
		ptr = goalloc_heap_alloc_node(dropin_heap(heap, gfp), size, once, node);
	return ptr ?: kvmalloc_node(size, gfp, node);
}
EXPORT_SYMBOL_GPL(goalloc_module_kvmalloc_node);

/* The object moves to @new, which may be NULL. */
static void *move_object(const void *ptr, size_t usable, void *new, size_t size)
{
	if (new) {
		memcpy(new, ptr, min(usable, size));
		goalloc_free(ptr);
	}
	return new;
}

/**
 * goalloc_module_krealloc() - krealloc(), of memory of either allocator
 * @heap: the module's heap, or NULL for the default heap
 * @ptr: the memory, or NULL
 * @size: bytes wanted; 0 to free
 * @gfp: as for krealloc()
 *
 * The kernel's memory stays the kernel's.
 *
 * Context: as krealloc().
 * Return: as krealloc().
 */
void *goalloc_module_krealloc(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
{
	size_t usable;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_module_kmalloc(heap, size, gfp);
	if (!goalloc_owns(ptr))
		return krealloc(ptr, size, gfp);
	if (!size || dropin_serves(size, gfp))
		return goalloc_realloc(ptr, size, gfp);
	usable = goalloc_size(ptr);
	return usable ? move_object(ptr, usable, kmalloc(size, gfp), size) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_module_krealloc);

/**
 * goalloc_module_kvresize() - kvrealloc(), of memory of goalloc
 * @heap: the module's heap, or NULL for the default heap
 * @ptr: what goalloc_owns(), NULL or %ZERO_SIZE_PTR
 * @size: bytes wanted; 0 to free
 * @gfp: as for kvrealloc()
 *
 * Context: as kvrealloc().
 * Return: as kvrealloc().
 */
void *goalloc_module_kvresize(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
{
	size_t usable;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_module_kvmalloc_node(heap, size, gfp, NUMA_NO_NODE);
	usable = goalloc_size(ptr);
	if (!usable)
		return NULL;
	if (size <= usable)
		return goalloc_realloc(ptr, size, gfp);
	return move_object(ptr, usable,
			   goalloc_module_kvmalloc_node(heap, size, gfp, NUMA_NO_NODE), size);
}
EXPORT_SYMBOL_GPL(goalloc_module_kvresize);

/* The kernel's memory, and what goalloc's fast path leaves. */
static noinline void kfree_general(const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_free(ptr);
	else
		kfree(ptr);
}

/**
 * goalloc_dropin_kfree() - kfree(), of memory of either allocator
 * @ptr: the memory, NULL or %ZERO_SIZE_PTR
 *
 * Context: as kfree(); for goalloc's memory any.
 */
void goalloc_dropin_kfree(const void *ptr)
{
	unsigned int index;
	struct mspan *s;

	preempt_disable();
	s = span_or_none((unsigned long)ptr);
	if (unlikely(!mspan_index(s, (unsigned long)ptr, &index)) || free_is_watched() ||
	    ALWAYS_GENERAL) {
		preempt_enable();
		kfree_general(ptr);
		return;
	}
	malloc_free_object(ptr, s, index);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kfree);

/**
 * goalloc_dropin_kfree_sensitive() - kfree_sensitive(), of memory of either allocator
 * @ptr: the memory, NULL or %ZERO_SIZE_PTR
 *
 * Context: as goalloc_dropin_kfree().
 */
void goalloc_dropin_kfree_sensitive(const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_free_sensitive(ptr);
	else
		kfree_sensitive(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kfree_sensitive);

/**
 * goalloc_dropin_kfree_const() - kfree_const(), of memory of either allocator
 * @ptr: the memory, a constant of the kernel, or NULL
 *
 * Context: as goalloc_dropin_kfree().
 */
void goalloc_dropin_kfree_const(const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_free(ptr);
	else
		kfree_const(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kfree_const);

/**
 * goalloc_dropin_kvfree() - kvfree(), of memory of goalloc, kmalloc() or vmalloc()
 * @ptr: the memory, or NULL
 *
 * Context: as kvfree(); for goalloc's memory any.
 */
void goalloc_dropin_kvfree(const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_free(ptr);
	else
		kvfree(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kvfree);

/**
 * goalloc_dropin_kvfree_sensitive() - kvfree_sensitive(), of memory of either allocator
 * @ptr: the memory, or NULL
 * @len: bytes to clear; of goalloc's memory all are
 *
 * Context: as goalloc_dropin_kvfree().
 */
void goalloc_dropin_kvfree_sensitive(const void *ptr, size_t len)
{
	if (goalloc_owns(ptr))
		goalloc_free_sensitive(ptr);
	else
		kvfree_sensitive(ptr, len);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kvfree_sensitive);

/**
 * goalloc_dropin_ksize() - ksize(), of memory of either allocator
 * @ptr: the memory, NULL or %ZERO_SIZE_PTR
 *
 * Context: as ksize().
 * Return: bytes that may be used.
 */
size_t goalloc_dropin_ksize(const void *ptr)
{
	return goalloc_owns(ptr) ? goalloc_size(ptr) : ksize(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_ksize);

/**
 * goalloc_dropin_kmalloc_size_roundup() - kmalloc_size_roundup(), for what serves the size
 * @size: bytes
 *
 * Context: any.
 * Return: what a request for @size bytes, with flags that goalloc serves, gets.
 */
size_t goalloc_dropin_kmalloc_size_roundup(size_t size)
{
	return size <= GOALLOC_MAX_SIZE ? goalloc_size_roundup(size) : kmalloc_size_roundup(size);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kmalloc_size_roundup);

/* ------------------------------------------------------------------- copies */

/*
 * Of strings only the flags are looked at: one that is too long for goalloc is too long
 * for kmalloc().
 */

/**
 * goalloc_module_kmemdup_nul() - kmemdup_nul(), in memory from goalloc if it serves the request
 * @heap: the module's heap, or NULL for the default heap
 * @src: the characters, or NULL
 * @len: how many
 * @gfp: as for kmalloc()
 *
 * Context: as kmemdup_nul().
 * Return: as kmemdup_nul().
 */
char *goalloc_module_kmemdup_nul(struct goalloc_heap *heap, const char *src, size_t len, gfp_t gfp)
{
	if (!src || !dropin_serves(0, gfp))
		return kmemdup_nul(src, len, gfp);
	return string_of(dropin_heap(heap, gfp), src, len, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_module_kmemdup_nul);

/**
 * goalloc_module_kvasprintf() - kvasprintf(), in memory from goalloc if it serves the request
 * @heap: the module's heap, or NULL for the default heap
 * @gfp: as for kmalloc()
 * @fmt: as for printk()
 * @args: its arguments
 *
 * Context: as kvasprintf().
 * Return: as kvasprintf().
 */
char *goalloc_module_kvasprintf(struct goalloc_heap *heap, gfp_t gfp, const char *fmt, va_list args)
{
	if (!dropin_serves(0, gfp))
		return kvasprintf(gfp, fmt, args);
	return string_vformat(dropin_heap(heap, gfp), gfp, fmt, args);
}
EXPORT_SYMBOL_GPL(goalloc_module_kvasprintf);

/* --------------------------------------------------------- after a grace period */

static LLIST_HEAD(rcu_waiting);

static_assert(sizeof(struct llist_node) <= sizeof(struct rcu_head));

/* The first byte of the object that @addr lies in. */
static void *object_start(const void *addr)
{
	struct mspan *s = span_of((unsigned long)addr);
	unsigned long index;

	if (!s)
		return NULL;
	index = (((unsigned long)addr - s->base) * s->div_mul) >> 32;
	return (void *)s->base + index * s->elemsize;
}

static void rcu_free(struct work_struct *work)
{
	struct llist_node *node = llist_del_all(&rcu_waiting), *next;

	if (!node)
		return;
	synchronize_rcu();
	llist_for_each_safe(node, next, node) {
		goalloc_free(object_start(node));
		cond_resched();
	}
}

static DECLARE_WORK(rcu_work, rcu_free);

/**
 * goalloc_dropin_kvfree_rcu() - kvfree_rcu(), of memory of goalloc
 * @head: the rcu_head (or kvfree_rcu_head) in the object
 * @ptr: the object
 *
 * What is no live object is reported and left alone.  As with kvfree_rcu(), an object
 * must not be given to it a second time before the grace period is over.
 *
 * Context: any but NMI; never sleeps.
 */
void goalloc_dropin_kvfree_rcu(void *head, const void *ptr)
{
	if (!goalloc_size(ptr) || WARN_ON_ONCE(object_start(head) != ptr))
		return;
	if (llist_add(head, &rcu_waiting))
		schedule_work(&rcu_work);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kvfree_rcu);

/**
 * goalloc_dropin_kvfree_rcu_mightsleep() - kvfree_rcu_mightsleep(), of memory of goalloc
 * @ptr: the object
 *
 * Context: task; sleeps for a grace period.
 */
void goalloc_dropin_kvfree_rcu_mightsleep(const void *ptr)
{
	synchronize_rcu();
	goalloc_free(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kvfree_rcu_mightsleep);

/**
 * goalloc_dropin_kvfree_rcu_barrier() - wait until what waits for a grace period is free
 *
 * Of memory of goalloc.
 *
 * Context: task; sleeps.
 */
void goalloc_dropin_kvfree_rcu_barrier(void)
{
	flush_work(&rcu_work);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_kvfree_rcu_barrier);

/* No client is left: nothing is added any more. */
void dropin_exit(void)
{
	dropin_heap_settle();
	goalloc_dropin_kvfree_rcu_barrier();
}
