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
 *		spare; touches only what this CPU owns, so it runs with the
 *		slot busy, in any context
 *   slow	no span has anything: get spans from the central with preemption
 *		on, then install them on whichever CPU this then is.  If someone
 *		else has filled the slot meanwhile, or if an interrupt got here
 *		because the slot is busy, use one object and let go
 *   remote	free an object that does not lie in this CPU's window: set its
 *		bit in the shared map, and if nobody would find the span adopt it
 *		as this CPU's spare, or queue it
 *   large	a large object is a span of its own; the slot of its class keeps the
 *		last one that this CPU freed, for a request of the same length
 *   flush	let go of everything, without a lock: for idle and dead CPUs
 *
 * A slot's span, word and window change together under the slot's sequence
 * count, so that another CPU can ask whether an object lies free in a window.
 * They are stable while the window is merely allocated from.
 *
 * CONTEXT: every function works in any context, but that alloc_slow and
 * alloc_node return NULL in NMI.
 * INVARIANT: slot->span is OWNED, and slot->span->owner == slot.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <trace/events/goalloc.h>

#include "internal.h"

/* Objects that one visit to the central should bring, as far as spans have them. */
#define BATCH_OBJECTS	16
#define BATCH_SPANS	8
/* Largest span that a CPU keeps after its object is freed: 1 MiB. */
#define LARGE_KEPT_PAGES	128

struct goalloc_heap default_heap;
EXPORT_SYMBOL_FOR_KUNIT(default_heap);

/* Make bits of word @w of span @s the window.  See "double free" in mspan.h. */
static void open_window(struct mcache_slot *slot, struct mspan *s, unsigned int w,
			unsigned long bits)
{
	unsigned int first = w * BITS_PER_LONG;

	WRITE_ONCE(slot->seq, slot->seq + 1);
	smp_wmb();	/* odd before the window changes; pairs with in_window() */
	WRITE_ONCE(slot->span, s);
	WRITE_ONCE(slot->word, &s->free_bits[w]);
	WRITE_ONCE(slot->elemsize, s->elemsize);
	slot->base = s->base + (unsigned long)first * s->elemsize;
	slot->fresh = !s->needzero && (s->fresh & BIT(w));
	WRITE_ONCE(slot->free, bits);
	smp_wmb();	/* even after it has changed */
	WRITE_ONCE(slot->seq, slot->seq + 1);

	WRITE_ONCE(s->owner, slot);
	s->fresh &= ~BIT(w);
	smp_mb__before_atomic();	/* the window is visible before the map loses the bits */
	atomic_long_andnot(bits, (atomic_long_t *)&s->free_bits[w]);
}

/* Leave the slot without span and window; what was in the window is back in the map. */
static void close_window(struct mcache_slot *slot)
{
	WRITE_ONCE(slot->span->owner, NULL);
	WRITE_ONCE(slot->seq, slot->seq + 1);
	smp_wmb();	/* odd before the window changes; pairs with in_window() */
	WRITE_ONCE(slot->span, NULL);
	WRITE_ONCE(slot->word, NULL);
	WRITE_ONCE(slot->free, 0);
	smp_wmb();	/* even after it has changed */
	WRITE_ONCE(slot->seq, slot->seq + 1);
}

static bool next_window(struct mcache_slot *slot, struct mspan *s)
{
	unsigned int w, words = mspan_words(s);

	for (w = 0; w < words; w++) {
		unsigned long bits = mspan_bits(s, w);

		if (!bits)
			continue;
		open_window(slot, s, w, bits);
		this_cpu_add(s->slot->taken, hweight_long(bits));
		this_cpu_inc(mspan_counts(s)->refills);
		trace_goalloc_refill(spc_size_class(s->spc), s->elemsize, hweight_long(bits));
		return true;
	}
	return false;
}

/*
 * The slot's span, or one that was a spare, has no free object: store FULL and let it
 * go, unless a free came in between (mspan.h, "no free object is lost").
 */
static bool span_is_full(struct mcache_slot *slot, struct mspan *s)
{
	if (s == slot->span)
		close_window(slot);
	WRITE_ONCE(s->state, MSPAN_FULL);
	smp_mb();	/* pairs with test_and_set_bit() in mcache_free_remote() */
	return !mspan_any_free(s) || !mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED);
}

/**
 * mcache_refill() - open the next window, from what this CPU owns
 * @slot: a slot of this CPU's, busy, whose window is empty
 *
 * Return: whether the window has an object now.
 */
bool mcache_refill(struct mcache_slot *slot)
{
	struct mspan *s = slot->span;

	for (;;) {
		if (s && next_window(slot, s))
			return true;
		if (s && !span_is_full(slot, s))
			continue;
		s = slot->spare;
		if (!s)
			return false;
		slot->spare = s->next;
	}
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_refill);

/* Take one object out of the shared map of a span that this context owns. */
static void *take_direct(struct mspan *s)
{
	unsigned int i = find_first_bit(s->free_bits, s->nelems);

	clear_bit(i, s->free_bits);
	s->fresh &= ~BIT(i / BITS_PER_LONG);
	this_cpu_inc(s->slot->taken);
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

/*
 * For the scavenger, which looks from another CPU and takes no lock: what it misses it sees
 * at its next turn.  With the slot busy, so that this CPU stays.
 */
static void mark_used(struct mcache *c)
{
	WRITE_ONCE(c->used, true);
	WRITE_ONCE(c->holds, true);
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
			slot->spare = spans;
			spans = NULL;
			mcache_refill(slot);
		}
		obj = mcache_take(slot, needzero);
		mark_used(raw_cpu_ptr(heap->cache));
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
	return clamp(BATCH_OBJECTS / heap_class(heap, spc)->nelems, 1, BATCH_SPANS);
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
	struct mcache_slot *slot;
	void *obj = NULL;

	if (mcache_enter(mcache_slots(heap, spc), &slot)) {
		if (slot->free || mcache_refill(slot))
			obj = mcache_take(slot, needzero);
		mcache_leave(slot);
	}
	return obj ?: mcache_alloc_slow(heap, spc, gfp, needzero);
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
		slot->spare = NULL;
	else
		s = NULL;
	mcache_leave(slot);
	if (s)
		clear_bit(0, s->free_bits);
	return s;
}

/* Keep a span whose object was freed, and return the one that was kept before. */
static struct mspan *keep_large(struct goalloc_heap *heap, struct mspan *s)
{
	struct mcache_slot *slot;

	if (s->npages > LARGE_KEPT_PAGES || !mcache_enter(s->slot, &slot))
		return s;
	s->needzero = true;
	s->next = NULL;
	swap(slot->spare, s);
	mark_used(raw_cpu_ptr(heap->cache));
	mcache_leave(slot);
	mem_kick();
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
	this_cpu_inc(s->slot->taken);
	this_cpu_add(heap->cache->large_bytes[noscan], s->elemsize);
	*needzero = s->needzero;
	return (void *)s->base;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_alloc_large);

/* The objects of word @w that lie free in their owner's window. */
static unsigned long window_bits(struct mspan *s, unsigned int w)
{
	const unsigned long *word = &s->free_bits[w];
	struct mcache_slot *slot;
	unsigned long bits;
	unsigned int seq;

	do {
		slot = READ_ONCE(s->owner);
		if (!slot)
			return 0;
		seq = READ_ONCE(slot->seq);
		smp_rmb();	/* pairs with open_window() and close_window() */
		bits = READ_ONCE(slot->word) == word ? READ_ONCE(slot->free) : 0;
		smp_rmb();	/* likewise */
	} while (READ_ONCE(slot->seq) != seq);
	return seq & 1 ? 0 : bits;
}

/* Does the object lie free in its owner's window? */
static bool in_window(struct mspan *s, unsigned int index)
{
	return window_bits(s, index / BITS_PER_LONG) & BIT(index % BITS_PER_LONG);
}

/* A look before the leap: is the object free already? */
bool mcache_is_free(struct mspan *s, unsigned int index)
{
	return in_window(s, index) || test_bit(index, s->free_bits);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_is_free);

static noinline enum free_result free_large(struct mspan *s)
{
	struct mcache __percpu *cache = mspan_cache(s);
	unsigned int spc = s->spc, bytes = s->elemsize;

	if (test_and_set_bit(0, s->free_bits))
		return FREE_DOUBLE;
	this_cpu_inc(cache->counts[SPC_CACHE - spc].remote_frees);
	this_cpu_add(cache->large_freed[spc & 1], bytes);
	s = keep_large(s->central->heap, s);
	if (s)
		mcentral_free_large(s);
	return FREE_OK;
}

/* A span that this context owns becomes this CPU's spare, if there is none. */
static bool keep_as_spare(struct mspan *s)
{
	struct mcache_slot *slot;
	bool kept = false;

	if (s->central->nid != heap_node(numa_mem_id()) || !mcache_enter(s->slot, &slot))
		return false;
	if (!slot->spare) {
		s->next = NULL;
		slot->spare = s;
		WRITE_ONCE(raw_cpu_ptr(mspan_cache(s))->holds, true);
		kept = true;
	}
	mcache_leave(slot);
	return kept;
}

/*
 * Take over a full span that gained an object: it becomes this CPU's spare, for the next
 * refill, if there is none, and is let go otherwise.  Many objects that come and go at
 * random lie in spans that are full but for one; through the queue each of them would
 * cost a visit to the central.
 *
 * What is taken over may be another span by now (mspan.h), and is then a spare of its
 * class; or its owner came back for the object, and it is full again.  Preemption is
 * off meanwhile: who destroys a heap waits for that.
 */
static noinline void adopt(struct mspan *s)
{
	preempt_disable();
	if (mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED)) {
		if (keep_as_spare(s))
			mem_kick();
		else
			mcentral_let_go(s);
	}
	preempt_enable();
}

static noinline void queue_empty(struct mspan *s)
{
	if (mspan_all_free(s) && mspan_cas_state(s, MSPAN_PARTIAL, MSPAN_QUEUED))
		mcentral_queue(s);
}

/* After objects were freed through the shared map: would anybody find the span? */
static __always_inline void find_place(struct mspan *s)
{
	int state = READ_ONCE(s->state);

	if (unlikely(state == MSPAN_FULL))
		adopt(s);
	else if (unlikely(state == MSPAN_PARTIAL))
		queue_empty(s);
}

/**
 * mcache_free_remote() - free an object through the shared map
 * @s: its span
 * @index: its index, below free_limit
 *
 * From the moment its bit is set the span may be anybody's, or nobody's: only
 * the state is looked at after that, and mspan.h says why that is safe.
 *
 * Context: any, NMI included.
 * Return: %FREE_OK, or %FREE_DOUBLE when the object is free already.
 */
enum free_result mcache_free_remote(struct mspan *s, unsigned int index)
{
	struct mcache_counts __percpu *counts = mspan_counts(s);

	if (mspan_is_large(s))
		return free_large(s);
	/* counted first: when the bit is set the heap may go, if that was its last object */
	this_cpu_inc(counts->remote_frees);
	if (in_window(s, index) || test_and_set_bit(index, s->free_bits)) {
		this_cpu_dec(counts->remote_frees);
		return FREE_DOUBLE;
	}
	find_place(s);
	return FREE_OK;
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free_remote);

/**
 * mcache_free_bits() - free several objects of a span of small ones at once
 * @s: the span
 * @w: word of its maps
 * @bits: the objects of the word, each below free_limit
 *
 * Context: any, NMI included.
 * Return: those of @bits that were free already, and were left alone.
 */
unsigned long mcache_free_bits(struct mspan *s, unsigned int w, unsigned long bits)
{
	struct mcache_counts __percpu *counts = mspan_counts(s);
	unsigned long refused, before;

	this_cpu_add(counts->remote_frees, hweight_long(bits));	/* first, as above */
	refused = window_bits(s, w) & bits;
	before = atomic_long_fetch_or(bits & ~refused, (atomic_long_t *)&s->free_bits[w]);
	refused |= before & bits;
	if (unlikely(refused))
		this_cpu_sub(counts->remote_frees, hweight_long(refused));
	find_place(s);
	return refused;
}

/**
 * mcache_free() - free an object
 * @s: its span
 * @index: its index, below free_limit
 *
 * Context: any, NMI included.
 * Return: %FREE_OK, or %FREE_DOUBLE when the object is free already.
 */
enum free_result mcache_free(struct mspan *s, unsigned int index)
{
	struct mcache_slot *slot;
	bool is_free;

	if (mcache_free_fast(s, index))
		return FREE_OK;
	if (!mcache_enter(s->slot, &slot))
		return mcache_free_remote(s, index);
	is_free = slot->word == &s->free_bits[index / BITS_PER_LONG] && mcache_is_free(s, index);
	mcache_leave(slot);
	return is_free ? FREE_DOUBLE : mcache_free_remote(s, index);
}
EXPORT_SYMBOL_FOR_KUNIT(mcache_free);

static void flush_slot(struct mcache_slot *slot)
{
	struct mspan *s = slot->span;

	if (s) {
		if (slot->free)
			atomic_long_or(slot->free, (atomic_long_t *)slot->word);
		WRITE_ONCE(slot->taken, slot->taken - hweight64(slot->free));
		smp_mb__after_atomic();	/* the map has the bits before the window loses them */
		close_window(slot);
		mcentral_let_go(s);
	}
	let_go_all(slot->spare);
	slot->spare = NULL;
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
		flush_slot(slot);
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
