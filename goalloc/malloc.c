// SPDX-License-Identifier: GPL-2.0
/*
 * malloc: the front door.
 *
 * THEORY OF OPERATION
 *
 * A request goes by its size:
 *
 *	0		ZERO_SIZE_PTR
 *	1..15		noscan only: a tiny object (tiny.c)
 *	1..32768	a small object: its class's window (mcache.c)
 *	..4 MiB		a large object: a span of whole pages (mheap.c)
 *	above		NULL
 *
 * A free finds the span by the address, the object by a multiplication, and
 * checks both before anything is changed.  What does not check out is reported
 * (debug.c) and left alone; nothing is ever freed on a guess.
 *
 * Requests with flags that need more than a window (zeroing, zones that goalloc
 * cannot serve) leave the fast path by one test.  While somebody watches (trace.c) all
 * do, by a branch that is patched: alloc_general() and free_object() emit the events.
 */
#include <linux/export.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include <trace/events/goalloc.h>

#include "front.h"

#define CLEAR_PIECE	SZ_256K		/* cleared between two chances to give way */

/*
 * kmalloc() serves __GFP_DMA from the DMA zone, which goalloc does not have:
 * refuse.  It warns of and strips the other two: so do we.
 */
bool malloc_gfp(gfp_t *gfp)
{
	if (likely(!(*gfp & GFP_ODD)))
		return true;
	debug_bad_gfp(*gfp & GFP_ODD);
	if (*gfp & __GFP_DMA)
		return false;
	*gfp &= ~GFP_ODD;
	return true;
}

static void clear_large(void *ptr, size_t bytes, gfp_t gfp)
{
	size_t piece;

	for (; bytes; bytes -= piece, ptr += piece) {
		piece = min_t(size_t, bytes, CLEAR_PIECE);
		memset(ptr, 0, piece);
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
}

static void *alloc_small(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp)
{
	unsigned int sc = small_class(size);
	bool needzero;
	void *ptr;

	ptr = mcache_alloc(heap, SPC(sc, noscan), gfp, &needzero);
	if (ptr && needzero && want_init_on_alloc(gfp))
		memset(ptr, 0, goalloc_size_classes[sc].size);
	return ptr;
}

static void *alloc_large(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp,
			 int nid)
{
	bool needzero;
	void *ptr;

	if (size > GOALLOC_MAX_SIZE) {
		debug_too_large(size, GOALLOC_MAX_SIZE, gfp);
		return NULL;
	}
	ptr = mcache_alloc_large(heap, size, noscan, gfp, nid, &needzero);
	if (ptr && needzero && want_init_on_alloc(gfp))
		clear_large(ptr, round_up(size, GOALLOC_PAGE_SIZE), gfp);
	return ptr;
}

/* One attempt, whatever the size and the flags. */
static void *alloc_once(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp)
{
	if (noscan && size < TINY_BLOCK_SIZE)
		return tiny_alloc(heap, size, gfp);
	if (size > GOALLOC_MAX_SMALL_SIZE)
		return alloc_large(heap, size, noscan, gfp, heap_node(numa_mem_id()));
	return alloc_small(heap, size, noscan, gfp);
}

/* After a failure: shall it be tried again? */
bool malloc_try_again(size_t size, gfp_t gfp)
{
	if (likely(!(gfp & __GFP_NOFAIL)) || size > GOALLOC_MAX_SIZE)
		return false;
	cond_resched();
	return true;
}

/* What is at an address, without touching it; usable bytes if it is an object. */
static enum free_result classify(unsigned long addr, size_t *usable)
{
	struct mspan *s = span_of(addr);
	unsigned int index;

	if (!s)
		return arena_of(addr) ? FREE_NOT_IN_SPAN : FREE_FOREIGN;
	if (s->spc == SPC_TINY)
		return tiny_check(s, addr, usable);
	if (!mspan_object(s, addr, &index))
		return index >= mspan_limit(s) ? FREE_TAIL : FREE_INTERIOR;
	*usable = s->elemsize;
	return mcache_is_free(s, index) ? FREE_DOUBLE : FREE_OK;
}

static void trace_alloc(const void *ptr, size_t size, gfp_t gfp, unsigned long caller)
{
	const struct mspan *s = span_of((unsigned long)ptr);
	size_t usable = 0;

	classify((unsigned long)ptr, &usable);
	trace_goalloc_alloc(ptr, trace_call_site(caller), size, usable, gfp,
			    s->central->heap->name, s->central->nid);
}

/* An object was allocated, or NULL: who wants to know is told.  @caller is its user. */
void malloc_allocated(const void *ptr, size_t size, unsigned int noscan, gfp_t gfp,
		      unsigned long caller)
{
	leak_alloc(ptr, size, noscan, gfp);
	if (trace_goalloc_alloc_enabled() && ptr)
		trace_alloc(ptr, size, gfp, caller);
}

/* A live object is about to be freed: likewise. */
void malloc_free_begins(const void *ptr, struct mspan *s, unsigned long caller)
{
	leak_free(s, ptr);
	if (trace_goalloc_free_enabled())
		trace_goalloc_free(ptr, trace_call_site(caller));
}

/* Everything that the fast path leaves: odd sizes, odd flags, samples, nothing owned. */
static noinline void *alloc_general(size_t size, gfp_t gfp, unsigned int noscan,
				    struct goalloc_heap *heap, unsigned long caller)
{
	void *ptr;

	if (!size)
		return ZERO_SIZE_PTR;
	if (!malloc_gfp(&gfp))
		return NULL;
	might_alloc(gfp);
	do {
		ptr = alloc_once(heap, size, noscan, gfp);
	} while (unlikely(!ptr) && malloc_try_again(size, gfp));
	malloc_allocated(ptr, size, noscan, gfp, caller);
	mprof_alloc(ptr, size);
	return ptr;
}

/*
 * The window is empty, and the slot marked busy: open the next one, and do without all that
 * is odd.  (Size 0 comes here as well, and its class is that of the large objects.)
 */
static noinline void *alloc_refilled(size_t size, gfp_t gfp, unsigned int noscan,
				     struct goalloc_heap *heap, unsigned long caller,
				     struct mcache_slot *slot)
{
	void *ptr = NULL;

	if (likely(size))
		ptr = mcache_alloc_refilled(slot);
	else
		mcache_leave(slot);
	if (!ptr)
		return alloc_general(size, gfp, noscan, heap, caller);
	mprof_alloc(ptr, size);
	return ptr;
}

/* The fast path for an object of a class that must be zero, unless it must be told of. */
static __always_inline void *zeroed_of_class(size_t size, gfp_t gfp, unsigned long spc,
					     struct goalloc_heap *heap, unsigned long caller)
{
	bool needzero;
	void *ptr;

	if (trace_goalloc_alloc_enabled() || ALWAYS_GENERAL ||
	    !mcache_take_or_leave(mcache_slots(heap, spc), size, &ptr, &needzero))
		return alloc_general(size, gfp, spc & 1, heap, caller);
	if (needzero)
		memset(ptr, 0, (goalloc_size_classes + (spc >> 1))->size);
	return ptr;
}

/* The same by its size; of all flags only __GFP_ZERO, which may be missing, has it. */
static noinline void *alloc_flags(size_t size, gfp_t gfp, unsigned int noscan,
				  struct goalloc_heap *heap, unsigned long caller)
{
	if (gfp & GFP_ODD || ALWAYS_GENERAL || !is_small(size, noscan ? TINY_BLOCK_SIZE : 0))
		return alloc_general(size, gfp, noscan, heap, caller);
	return zeroed_of_class(size, gfp, SPC(small_class(size), noscan), heap, caller);
}

static __always_inline void *alloc_any(struct goalloc_heap *heap, size_t size, unsigned int noscan,
				       gfp_t gfp)
{
	struct mcache_slot *slot;
	void *ptr;

	if (alloc_is_watched() || unlikely(gfp & (GFP_ODD | __GFP_ZERO)) || ALWAYS_GENERAL)
		return alloc_flags(size, gfp, noscan, heap, _RET_IP_);
	if (unlikely(!is_small(size, noscan ? TINY_BLOCK_SIZE : 0)))
		return alloc_general(size, gfp, noscan, heap, _RET_IP_);
	switch (mcache_take_fast(mcache_slots(heap, SPC(small_class(size), noscan)), size, &ptr,
				 NULL, &slot)) {
	case TAKE_FAST_DONE:
		return ptr;
	case TAKE_FAST_EMPTY:
		return alloc_refilled(size, gfp, noscan, heap, _RET_IP_, slot);
	default:
		return alloc_general(size, gfp, noscan, heap, _RET_IP_);
	}
}

/**
 * goalloc_alloc() - allocate memory
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for kmalloc().  __GFP_ZERO, __GFP_NOFAIL and all that says how hard to
 *	try are honoured.  __GFP_DMA is refused, __GFP_DMA32 and __GFP_HIGHMEM
 *	are ignored, each with one warning.  __GFP_ACCOUNT is ignored.
 *
 * The memory may hold pointers.  A power of two is aligned to itself, every
 * other size to %ARCH_KMALLOC_MINALIGN at least.
 *
 * Sizes follow Go's classes: above 128 bytes at most 12.5 to 16 % are wasted.
 *
 * Context: any; sleeps only if @gfp allows it.  In NMI it succeeds only from this
 * CPU's cache.
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_alloc(size_t size, gfp_t gfp)
{
	return alloc_any(&default_heap, size, 0, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_alloc);

/**
 * goalloc_alloc_noscan() - allocate memory that will hold no pointers
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 *
 * As goalloc_alloc(), from spans that hold no pointers: leak detectors do not
 * search them.  Objects under 16 bytes share blocks and are aligned to 8, 4 or 2
 * as their size is a multiple of it, and to 2 otherwise.
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_alloc().
 */
void *goalloc_alloc_noscan(size_t size, gfp_t gfp)
{
	return alloc_any(&default_heap, size, 1, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_alloc_noscan);

static __always_inline struct mcache_slot __percpu *slots_at(unsigned long slot)
{
	return (void __percpu *)default_heap.cache + slot;
}

static __always_inline unsigned long slot_spc(unsigned long slot)
{
	return slot / __GOALLOC_SLOT_SIZE;
}

static noinline void *alloc_class_watched(size_t size, gfp_t gfp, unsigned long slot,
					  unsigned long caller)
{
	return zeroed_of_class(size, gfp, slot_spc(slot), &default_heap, caller);
}

/*
 * The front door for a size and flags that the compiler knows.  The header has looked
 * up the class, found no flag that needs more than a window, and computed where in a
 * CPU's cache the class's slot lies.
 */
void *__goalloc_alloc_class(size_t size, gfp_t gfp, unsigned long slot)
{
	struct mcache_slot *mine;
	void *ptr;

	if (alloc_is_watched() || ALWAYS_GENERAL)
		return alloc_class_watched(size, gfp, slot, _RET_IP_);
	switch (mcache_take_fast(slots_at(slot), size, &ptr, NULL, &mine)) {
	case TAKE_FAST_DONE:
		return ptr;
	case TAKE_FAST_EMPTY:
		return alloc_refilled(size, gfp, slot_spc(slot) & 1, &default_heap, _RET_IP_, mine);
	default:
		return alloc_general(size, gfp, slot_spc(slot) & 1, &default_heap, _RET_IP_);
	}
}
EXPORT_SYMBOL_GPL(__goalloc_alloc_class);

/* Of all flags it has __GFP_ZERO, or init_on_alloc means it. */
void *__goalloc_zalloc_class(size_t size, gfp_t gfp, unsigned long slot)
{
	return zeroed_of_class(size, gfp, slot_spc(slot), &default_heap, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__goalloc_zalloc_class);

static void *alloc_node_small(struct goalloc_heap *heap, size_t size, gfp_t gfp, int nid)
{
	unsigned int sc = small_class(size);
	bool needzero;
	void *ptr;

	ptr = mcache_alloc_node(heap, SPC(sc, 0), gfp, nid, &needzero);
	if (ptr && needzero && want_init_on_alloc(gfp))
		memset(ptr, 0, goalloc_size_classes[sc].size);
	return ptr;
}

static __always_inline void *alloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp,
					int node)
{
	void *ptr;

	if (node == NUMA_NO_NODE || (node == numa_mem_id() && !(gfp & __GFP_THISNODE)))
		return alloc_any(heap, size, 0, gfp);
	if (!size)
		return ZERO_SIZE_PTR;
	if (!node_usable(node) || !malloc_gfp(&gfp))
		return NULL;
	if (!(gfp & __GFP_THISNODE))
		node = heap_node(node);
	do {
		if (size > GOALLOC_MAX_SMALL_SIZE)
			ptr = alloc_large(heap, size, 0, gfp, node);
		else
			ptr = alloc_node_small(heap, size, gfp, node);
	} while (unlikely(!ptr) && malloc_try_again(size, gfp));
	malloc_allocated(ptr, size, 0, gfp, _RET_IP_);
	mprof_alloc(ptr, size);
	return ptr;
}

/**
 * goalloc_alloc_node() - allocate memory from a NUMA node
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc(); with __GFP_THISNODE only from @node
 * @node: the node, or %NUMA_NO_NODE
 *
 * Falls back to other nodes as kmalloc_node() does.  Another node than this
 * CPU's is served past the per-CPU cache.
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_alloc().
 */
void *goalloc_alloc_node(size_t size, gfp_t gfp, int node)
{
	return alloc_node(&default_heap, size, gfp, node);
}
EXPORT_SYMBOL_GPL(goalloc_alloc_node);

/* True when @ptr is a live object; otherwise a report has been made. */
bool malloc_check(const void *ptr, size_t *usable, const char *op)
{
	enum free_result res = classify((unsigned long)ptr, usable);

	if (likely(!res))
		return true;
	debug_bad_free(ptr, res, op);
	return false;
}

/* What must be done to a live object before it is freed. */
static void free_prepare(const void *ptr, struct mspan *s, bool clear, unsigned long caller)
{
	if (clear && s->spc != SPC_TINY)
		memzero_explicit((void *)ptr, s->elemsize);
	malloc_free_begins(ptr, s, caller);
}

static enum free_result free_object(const void *ptr, bool clear, unsigned long caller)
{
	unsigned long addr = (unsigned long)ptr;
	struct mspan *s = span_of(addr);
	enum free_result res;
	unsigned int index;
	size_t usable;

	clear |= want_init_on_free() && s && !keeps_contents(s);
	if (clear || trace_goalloc_free_enabled() || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK)) {
		res = classify(addr, &usable);
		if (res)
			return res;
		free_prepare(ptr, s, clear, caller);
	}
	if (s && s->spc == SPC_TINY)
		return tiny_free(s, addr, clear);
	if (s && mspan_object(s, addr, &index)) {
		mprof_free(s, ptr);
		return mcache_free(s, index);
	}
	return classify(addr, &usable);
}

/* A free that the fast path leaves: tiny, beside a sampled one, watched, to be cleared, or bad. */
static noinline void free_general(const void *ptr, bool clear, const char *op,
				  unsigned long caller)
{
	enum free_result res;

	if (ZERO_OR_NULL_PTR(ptr))
		return;
	res = free_object(ptr, clear, caller);
	if (unlikely(res))
		debug_bad_free(ptr, res, op);
}

/*
 * An object that does not lie in this CPU's window.  Preemption is off, and on afterwards.
 * (The arguments are in the order of the registers in which the fast paths have them.)
 */
noinline void malloc_free_elsewhere(unsigned long *word, struct mspan *s,
				    struct mcache_slot *slot, unsigned long nr)
{
	const void *bad = mcache_free_beside(word, s, slot, nr);

	if (unlikely(bad))
		debug_bad_free(bad, FREE_DOUBLE, "free");
}

/* This is an interrupt, and the slot was busy. */
noinline void malloc_free_busy(const void *ptr)
{
	free_general(ptr, false, "free", _RET_IP_);
}

/**
 * goalloc_free() - free memory
 * @ptr: what an allocation returned; NULL and %ZERO_SIZE_PTR are ignored
 *
 * Anything else (a second free, an address inside an object, memory that did
 * not come from goalloc) is reported with the span, the class and the stack,
 * and left alone.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_free(const void *ptr)
{
	unsigned int index;
	struct mspan *s;

	preempt_disable();
	s = span_or_none((unsigned long)ptr);
	if (unlikely(!mspan_index(s, (unsigned long)ptr, &index)) || free_is_watched() ||
	    ALWAYS_GENERAL) {
		preempt_enable();
		free_general(ptr, false, "free", _RET_IP_);
		return;
	}
	malloc_free_object(ptr, s, index);
}
EXPORT_SYMBOL_GPL(goalloc_free);

/**
 * goalloc_free_sensitive() - clear memory and free it
 * @ptr: as for goalloc_free()
 *
 * All usable bytes are cleared, with stores that the compiler cannot drop.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_free_sensitive(const void *ptr)
{
	free_general(ptr, true, "free_sensitive", _RET_IP_);
}
EXPORT_SYMBOL_GPL(goalloc_free_sensitive);

/**
 * goalloc_size() - usable size of an object
 * @ptr: what an allocation returned, NULL or %ZERO_SIZE_PTR
 *
 * Context: any.
 * Return: bytes that may be used, at least what was asked for; 0 for NULL and
 * %ZERO_SIZE_PTR; 0, with a report, for anything that is not a live object.
 */
size_t goalloc_size(const void *ptr)
{
	size_t usable;

	if (ZERO_OR_NULL_PTR(ptr) || !malloc_check(ptr, &usable, "size"))
		return 0;
	return usable;
}
EXPORT_SYMBOL_GPL(goalloc_size);

/**
 * goalloc_size_roundup() - what a request would be rounded up to
 * @size: bytes
 *
 * Context: any.
 * Return: the usable size of goalloc_alloc(@size), or @size itself when it is 0
 * or more than %GOALLOC_MAX_SIZE.
 */
size_t goalloc_size_roundup(size_t size)
{
	if (!size || size > GOALLOC_MAX_SIZE)
		return size;
	if (size > GOALLOC_MAX_SMALL_SIZE)
		return round_up(size, GOALLOC_PAGE_SIZE);
	return goalloc_size_classes[small_class(size)].size;
}
EXPORT_SYMBOL_GPL(goalloc_size_roundup);

/* From a heap that was defined and that nobody has allocated from. */
static noinline void *alloc_unmade(struct goalloc_heap *handle, size_t size, gfp_t gfp,
				   unsigned int noscan)
{
	struct goalloc_heap *heap = heap_behind(handle, gfp);

	return heap ? alloc_any(heap, size, noscan, gfp) : NULL;
}

/**
 * goalloc_heap_alloc() - allocate memory from a heap
 * @heap: the heap
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_alloc(); NULL also where the heap's limit would be passed, and
 * when @heap is a DEFINE_GOALLOC_HEAP() that could not be made yet; with __GFP_NOFAIL only
 * when its name is another heap's.
 */
void *goalloc_heap_alloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	if (unlikely(!smp_load_acquire(&heap->cache)))	/* pairs with heap_add() */
		return alloc_unmade(heap, size, gfp, 0);
	return alloc_any(heap, size, 0, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_heap_alloc);

/**
 * goalloc_heap_alloc_noscan() - allocate memory that will hold no pointers from a heap
 * @heap: the heap
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_alloc(), aligned as by goalloc_alloc_noscan().
 */
void *goalloc_heap_alloc_noscan(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	if (unlikely(!smp_load_acquire(&heap->cache)))	/* pairs with heap_add() */
		return alloc_unmade(heap, size, gfp, 1);
	return alloc_any(heap, size, 1, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_heap_alloc_noscan);

/**
 * goalloc_heap_alloc_node() - allocate memory from a NUMA node from a heap
 * @heap: the heap
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc_node()
 * @node: the node, or %NUMA_NO_NODE
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_alloc(), from the nodes of goalloc_alloc_node().
 */
void *goalloc_heap_alloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
{
	heap = heap_behind(heap, gfp);
	return heap ? alloc_node(heap, size, gfp, node) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_heap_alloc_node);

/* A live object, but of another heap: report.  Anything else is for others to judge. */
bool malloc_of_other_heap(struct goalloc_heap *heap, const void *ptr, const char *op)
{
	struct mspan *s = span_of((unsigned long)ptr);
	size_t usable;

	if (likely(!s || s->central->heap == READ_ONCE(heap->real)) ||
	    classify((unsigned long)ptr, &usable))
		return false;
	debug_bad_free(ptr, FREE_OTHER_HEAP, op);
	return true;
}

/* A free that the fast path leaves: of another heap, bad, or for goalloc_free() to do. */
noinline void malloc_free_to(struct goalloc_heap *heap, const void *ptr, const char *op)
{
	if (!malloc_of_other_heap(heap, ptr, op))
		goalloc_free(ptr);
}

/**
 * goalloc_heap_free() - free memory of a heap
 * @heap: the heap
 * @ptr: an object of it; NULL and %ZERO_SIZE_PTR are ignored
 *
 * goalloc_free() frees it as well; this checks that it belongs to @heap.  An object
 * of another heap is reported and left alone.
 *
 * Context: any, NMI included; never sleeps.
 */
void goalloc_heap_free(struct goalloc_heap *heap, const void *ptr)
{
	unsigned int index;
	struct mspan *s;

	preempt_disable();
	s = span_or_none((unsigned long)ptr);
	if (unlikely(!mspan_index(s, (unsigned long)ptr, &index) ||
		     mspan_cache(s) != heap->cache) || free_is_watched() || ALWAYS_GENERAL) {
		preempt_enable();
		malloc_free_to(heap, ptr, "heap_free");
		return;
	}
	malloc_free_object(ptr, s, index);
}
EXPORT_SYMBOL_GPL(goalloc_heap_free);
