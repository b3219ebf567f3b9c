// SPDX-License-Identifier: GPL-2.0
/*
 * mcache: per CPU, the spans to allocate from without a lock.
 *
 * THEORY OF OPERATION
 *
 * A slot per span class holds one span and a window of at most 64 of its
 * objects.  The fast paths (mcache.h) take from the window and put back into
 * it.  This file is everything else:
 *
 *   refill	the window is empty: open the next one in the same span or in a
 *		spare; touches what this CPU owns, and lets go of spans without a
 *		lock, so it runs with the slot busy, in any context.  The fast path that
 *		finds its window empty leaves the slot busy for it
 *   slow	no span has anything: get spans from the central with preemption
 *		on, then install them on whichever CPU this then is.  If someone
 *		else has filled the slot meanwhile, or if an interrupt got here
 *		because the slot is busy, use one object and let go
 *   large	a large object is a span of its own; the slot of its class keeps the
 *		last one that this CPU freed, for a request of the same length
 *   flush	let go of everything, without a lock: for idle and dead CPUs
 *
 * Frees are in mcache_free.c.  How a window opens, moves and closes is in window.h.
 *
 * CONTEXT: every function works in any context, but that alloc_slow and
 * alloc_node return NULL in NMI.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <trace/events/goalloc.h>

#include "internal.h"
#include "window.h"

/* What one visit to the central should bring: a window of objects, but not so many pages. */
#define BATCH_OBJECTS	BITS_PER_LONG
#define BATCH_PAGES	12

struct goalloc_heap default_heap;
EXPORT_SYMBOL_FOR_KUNIT(default_heap);

/* The end of an opening that has more to do: called last, the others need no frame for it. */
static noinline bool end_opening(struct mspan *s, unsigned long bits, struct mspan *rest)
{
	if (rest)
		mcentral_let_go(rest);
	if (trace_goalloc_refill_enabled())
		trace_goalloc_refill(spc_size_class(s->spc), s->elemsize, hweight_long(bits));
	return true;
}

/* Open the slot's window, which is empty, in word @w of @s, which has @bits. */
static __always_inline bool open_next(struct mcache_slot *slot, struct mspan *s, unsigned long w,
				      unsigned long bits, struct mspan *left)
{
	struct mcache_counts __percpu *counts = mspan_counts(s);
	struct mspan *rest;
	bool fresh = false;

	if (unlikely(s->fresh & 1U << w)) {
		s->fresh &= ~(1U << w);
		fresh = !s->needzero;
	}
	this_cpu_inc(counts->refills);
	rest = shift_window(slot, s, &s->free_bits[w], w, bits, fresh, left,
			    left && spare_hopes(slot, left), counts);
	if (unlikely(rest) || trace_goalloc_refill_enabled())
		return end_opening(s, bits, rest);
	return true;
}

/* With no span to leave; and with one.  Apart, and out of line, each has registers enough. */
static noinline bool open_staying(struct mcache_slot *slot, struct mspan *s, unsigned long w,
				  unsigned long bits)
{
	return open_next(slot, s, w, bits, NULL);
}

static noinline bool open_leaving(struct mcache_slot *slot, struct mspan *s, unsigned long w,
				  unsigned long bits, struct mspan *left)
{
	return open_next(slot, s, w, bits, left);
}

/* The free objects of the span's first word @w with any; 0 if there is none. */
static __always_inline unsigned long first_free(const struct mspan *s, unsigned int *w)
{
	unsigned int words = mspan_words(s);
	unsigned long bits;

	*w = 0;
	do
		bits = mspan_bits(s, *w);
	while (!bits && ++*w < words);
	return bits;
}

/* Open the slot's window in @s, if that has a free object. */
static bool next_window(struct mcache_slot *slot, struct mspan *s)
{
	unsigned int w;
	unsigned long bits = first_free(s, &w);

	if (!bits)
		return false;
	return slot->span ? open_leaving(slot, s, w, bits, slot->span) :
			    open_staying(slot, s, w, bits);
}

/*
 * The span that the window lies in has nothing, or there is none, and the oldest spare has
 * nothing: look through the others, and close the window if they have nothing either.
 */
static noinline bool refill_slow(struct mcache_slot *slot)
{
	struct mspan *left = slot->span, *s;

	while ((s = spare_pop(slot)))
		if (next_window(slot, s) || (!mspan_becomes_full(s) && next_window(slot, s)))
			return true;
	if (!left)
		return false;
	close_window(slot);
	return !mspan_becomes_full(left) && next_window(slot, left);
}

static __always_inline bool refill(struct mcache_slot *slot)
{
	struct mspan *left = slot->span, *last = slot->spare, *s;
	unsigned long bits;
	unsigned int w;

	if (likely(left)) {
		bits = first_free(left, &w);
		if (bits)
			return open_staying(slot, left, w, bits);
		if (likely(last)) {
			s = last->next;
			bits = first_free(s, &w);
			if (likely(bits)) {
				spare_pop(slot);
				return open_leaving(slot, s, w, bits, left);
			}
		}
	}
	return refill_slow(slot);
}

/**
 * mcache_refill() - open the next window, from what this CPU owns
 * @slot: a slot of this CPU's, busy, whose window is empty
 *
 * Return: whether the window has an object now.
 */
bool mcache_refill(struct mcache_slot *slot)
{
	return refill(slot);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_refill);

/**
 * mcache_alloc_refilled() - allocate an object where the fast path found none
 * @slot: this CPU's slot, busy, whose window is empty; it is not busy afterwards
 *
 * Context: any, NMI included; with preemption off, as mcache_enter() leaves it.
 * Return: the object; NULL if this CPU owns none.
 */
void *mcache_alloc_refilled(struct mcache_slot *slot)
{
	void *obj = refill(slot) ? mcache_take(slot, NULL) : NULL;

	mcache_leave(slot);
	return obj;
}

/* Take one object out of the shared map of a span that this context owns. */
static void *take_direct(struct mspan *s)
{
	unsigned int i = find_first_bit(s->free_bits, s->nelems);

	clear_bit(i, s->free_bits);
	s->fresh &= ~BIT(i / BITS_PER_LONG);
	this_cpu_inc(mspan_counts(s)->taken);
	return (void *)(s->base + (unsigned long)i * s->elemsize);
}

static void let_go_all(struct mspan *spans)
{
	while (spans) {
		struct mspan *s = spans;

		spans = s->next;
		mcentral_let_go(s);
	}
}

/* Make @spans this CPU's if it has use for them, and allocate an object. */
static void *install(struct goalloc_heap *heap, unsigned int spc, struct mspan *spans,
		     bool *needzero)
{
	struct mcache_slot *slot;
	void *obj = NULL;

	if (needzero)
		*needzero = true;
	if (mcache_enter(mcache_slots(heap, spc), &slot)) {
		if (!slot->free && !mcache_refill(slot)) {
			spare_fill(slot, spans);
			spans = NULL;
			mcache_refill(slot);
		}
		obj = mcache_take(slot, needzero);
		mcache_mark_used(raw_cpu_ptr(heap->cache));
		mcache_leave(slot);
	}
	if (!obj)
		obj = take_direct(spans);
	let_go_all(spans);
	mem_kick();
	return obj;
}

static unsigned int batch_spans(const struct goalloc_heap *heap, unsigned int spc)
{
	const struct goalloc_size_class *c = heap_class(heap, spc);

	return clamp(BATCH_OBJECTS / c->nelems, 1, max(BATCH_PAGES / c->npages, 1));
}

/* Visit a central for up to @max spans with free objects. */
static struct mspan *visit_central(struct goalloc_heap *heap, int nid, unsigned int spc,
				   unsigned int max, gfp_t gfp)
{
	if (in_nmi())
		return NULL;
	might_alloc(gfp);
	if (fault_hits(FAULT_REFILL, gfp, 1))
		return NULL;
	return mcentral_take(heap_central(heap, nid, spc), max, gfp);
}

/**
 * mcache_alloc_spans() - get spans for this CPU's cache, and allocate an object
 * @heap: the heap
 * @spc: span class
 * @nspans: how many spans at most
 * @gfp: for drawing memory
 * @needzero: set unless the object is known to be zero; or NULL
 *
 * Context: any; may sleep if @gfp says so.
 * Return: the object, or NULL; in NMI always NULL.
 */
void *mcache_alloc_spans(struct goalloc_heap *heap, unsigned int spc, unsigned int nspans,
			 gfp_t gfp, bool *needzero)
{
	struct mspan *spans = visit_central(heap, heap_node(numa_mem_id()), spc, nspans, gfp);

	return spans ? install(heap, spc, spans, needzero) : NULL;
}

/* When this CPU's cache cannot: as mcache_alloc_spans(), so many as one visit should bring. */
void *mcache_alloc_slow(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero)
{
	return mcache_alloc_spans(heap, spc, batch_spans(heap, spc), gfp, needzero);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_alloc_slow);

/**
 * mcache_alloc_owned() - allocate an object of what this CPU owns
 * @heap: the heap
 * @spc: span class of small objects
 * @needzero: set unless the object is known to be zero; or NULL
 *
 * Context: any, NMI included.
 * Return: the object; NULL if there is none, or the slot is busy.
 */
void *mcache_alloc_owned(struct goalloc_heap *heap, unsigned int spc, bool *needzero)
{
	struct mcache_slot *slot;
	void *obj = NULL;

	if (mcache_enter(mcache_slots(heap, spc), &slot)) {
		if (slot->free || mcache_refill(slot))
			obj = mcache_take(slot, needzero);
		mcache_leave(slot);
	}
	return obj;
}

/**
 * mcache_alloc() - allocate an object of a span class
 * @heap: the heap
 * @spc: span class
 * @gfp: for drawing memory
 * @needzero: set unless the object is known to be zero; or NULL
 *
 * Context: any; may sleep if @gfp says so.
 * Return: the object, or NULL; in NMI only from this CPU's cache.
 */
void *mcache_alloc(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero)
{
	return mcache_alloc_owned(heap, spc, needzero) ?:
		mcache_alloc_slow(heap, spc, gfp, needzero);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_alloc);

/* As mcache_alloc_slow(), from a given node: past the caches. */
void *mcache_alloc_node(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, int nid,
			bool *needzero)
{
	struct mspan *s = visit_central(heap, nid, spc, 1, gfp);
	void *obj;

	if (!s)
		return NULL;
	obj = take_direct(s);
	mcentral_let_go(s);
	if (needzero)
		*needzero = true;
	return obj;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_alloc_node);

/*
 * The spare of a large class is a span that holds nothing: its bit in the shared map
 * is set, so that a second free of its object is still seen.
 */
static struct mspan *take_kept(struct goalloc_heap *heap, size_t size, unsigned int noscan,
			       int nid)
{
	size_t align = is_power_of_2(size) ? size : 1;
	struct mcache_slot *slot;
	struct mspan *s;

	if (!mcache_enter(mcache_slots(heap, SPC(0, noscan)), &slot))
		return NULL;
	s = slot->spare;
	if (s && s->elemsize == round_up(size, GOALLOC_PAGE_SIZE) && IS_ALIGNED(s->base, align) &&
	    s->central == heap_central(heap, nid, SPC(0, noscan)))
		spare_pop(slot);
	else
		s = NULL;
	mcache_leave(slot);
	if (s)
		clear_bit(0, s->free_bits);
	return s;
}

/**
 * mcache_alloc_large() - allocate whole pages
 * @heap: the heap
 * @size: bytes, at most GOALLOC_MAX_SIZE
 * @noscan: 1 if the object holds no pointers
 * @gfp: for drawing memory
 * @nid: node to prefer
 * @needzero: set when the pages may hold old data
 *
 * Return: the object, aligned to its size if that is a power of two, or NULL; in
 * NMI always NULL.
 */
void *mcache_alloc_large(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp,
			 int nid, bool *needzero)
{
	struct mspan *s;

	if (in_nmi())
		return NULL;
	might_alloc(gfp);
	s = take_kept(heap, size, noscan, nid) ?:
	    mcentral_alloc_large(heap_central(heap, nid, SPC(0, noscan)), size, gfp);
	if (!s)
		return NULL;
	this_cpu_inc(mspan_counts(s)->taken);
	this_cpu_add(heap->cache->large_bytes[noscan], s->elemsize);
	*needzero = s->needzero;
	return (void *)s->base;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_alloc_large);

/* The slot may be a dead CPU's, so that its counter is written and not added to. */
static void flush_slot(struct mcache_slot *slot, struct mcache_counts *counts)
{
	struct mspan *s = slot->span;

	if (s) {
		WRITE_ONCE(counts->taken, counts->taken - hweight64(return_window(slot)));
		close_window(slot);
		mcentral_let_go(s);
	}
	while ((s = spare_pop(slot)))
		mcentral_let_go(s);
}

/**
 * mcache_flush() - let go of all spans that a cache holds
 * @heap: the heap
 * @c: this CPU's cache, with preemption off; or that of a CPU that is dead
 *
 * A slot that is busy is left for the next flush: this one came, by an interrupt,
 * into the middle of a fast path.
 */
void mcache_flush(struct goalloc_heap *heap, struct mcache *c)
{
	unsigned int spc;

	WRITE_ONCE(c->used, false);
	WRITE_ONCE(c->holds, false);
	for (spc = heap->first_spc; spc < heap->end_spc; spc++) {
		struct mcache_slot *slot = &c->slot[spc];

		if (!mcache_mark_busy(slot)) {
			WRITE_ONCE(c->holds, true);
			continue;
		}
		flush_slot(slot, &c->counts[SPC_CACHE - spc]);
		mcache_mark_idle(slot);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_flush);

/* Bytes of a CPU's cache. */
static size_t cache_bytes(const struct goalloc_heap *heap)
{
	return heap_is_cache(heap) ? MCACHE_ONE_SIZE : sizeof(struct mcache);
}

static size_t nr_centrals(const struct goalloc_heap *heap)
{
	return (size_t)nr_node_ids * heap_nr_spc(heap);
}

static void heap_account(const struct goalloc_heap *heap, int sign)
{
	mem_account(MEM_MCACHE, sign * (long)(num_possible_cpus() * cache_bytes(heap)));
	mem_account(MEM_OTHER, sign * (long)(nr_centrals(heap) * sizeof(*heap->central)));
}

/* Where its memory begins, of which an object cache has less than a struct mcache. */
static struct mcache __percpu *cache_start(const struct goalloc_heap *heap,
					   struct mcache __percpu *cache, int sign)
{
	return (void __percpu *)cache + sign * (long)heap->first_spc * sizeof(struct mcache_slot);
}

static void heap_init_classes(struct goalloc_heap *heap)
{
	unsigned int spc;
	int nid, cpu;

	for_each_possible_cpu(cpu)
		for (spc = heap->first_spc; spc < heap->end_spc; spc++)
			per_cpu_ptr(heap->cache, cpu)->slot[spc].idle = 1;
	for (nid = 0; nid < nr_node_ids; nid++)
		for (spc = heap->first_spc; spc < heap->end_spc; spc++)
			mcentral_init(heap_central(heap, nid, spc), heap, spc, nid);
}

/**
 * mcache_heap_init() - make a heap's caches and centrals
 * @heap: the heap; zeroed, but that @first_spc is %SPC_CACHE if it has that class alone
 * @name: its name
 * @gfp: for the memory; blocking
 *
 * Return: 0, or -ENOMEM; mcache_heap_exit() is called in either case.
 */
int mcache_heap_init(struct goalloc_heap *heap, const char *name, gfp_t gfp)
{
	struct mcache __percpu *cache;

	heap->name = name;
	heap->real = heap;
	heap->end_spc = heap_is_cache(heap) ? SPC_CACHE + 1 : NR_SPC;
	cache = fault_meta_gfp(gfp, __alloc_percpu_gfp(cache_bytes(heap), __alignof__(*cache),
						       gfp));
	if (!cache)
		return -ENOMEM;
	heap->cache = cache_start(heap, cache, -1);
	heap->central = fault_meta_gfp(gfp, kvcalloc(nr_centrals(heap), sizeof(*heap->central),
						     gfp));
	if (!heap->central)
		return -ENOMEM;
	heap_account(heap, 1);
	heap_init_classes(heap);
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_heap_init);

void mcache_heap_exit(struct goalloc_heap *heap)
{
	if (!heap->cache)
		return;
	if (heap->central)
		heap_account(heap, -1);
	free_percpu(cache_start(heap, heap->cache, 1));
	kvfree(heap->central);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_heap_exit);
