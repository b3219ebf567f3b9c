// SPDX-License-Identifier: GPL-2.0
/*
 * mstats: sums over CPUs, nodes and classes, under Go's names.
 *
 * Nothing is counted twice to be counted here.  The caches count what the hot
 * path must touch anyway; mallocs of a class follow from what was taken into
 * windows, what came back into them, and what lies in them now.
 *
 * The sums are exact when nobody allocates or frees meanwhile.  Under load each
 * is the sum of values that were true at some moment of the reading, so that two
 * of them may differ by what happened in between; a difference that cannot be
 * negative is clamped to 0.
 *
 * WHAT WAS COUNTED NEVER BECOMES LESS, from one reading to the next: who watches counters
 * takes one that falls for a restart.  Frees are counters that only grow.  Mallocs are a
 * difference of numbers that change one after the other, so
 *
 *  - what is read of a slot is never more than what is true when it has been read: what
 *    was given out is read before what lies in the window, a free stores the window's bit
 *    before it counts, a new window is there before it is counted, and where a window was
 *    opened or closed meanwhile (the slot's seq) it is read again.
 *  - what was told once is remembered (mcentral.told), and less is told never again.  That
 *    is true still, because the truth has not become less either.
 *
 * A heap that goes leaves its numbers to the default heap: both at once, for a reader who
 * sums over all heaps, by a seqlock.
 *
 * LOCKS: inherit_lock, as said; nothing is done under it but counting.
 */
#include <linux/seqlock.h>

#include "mstats.h"

#define SLOT_TRIES	16

static DEFINE_SEQLOCK(inherit_lock);

/* What was counted by object caches that are gone: objects, and their bytes. */
static unsigned long gone_objects, gone_bytes;
/* And by the centrals of all heaps that are gone, and of gone caches the refills. */
static struct layer_stats gone_layers;

static unsigned long minus(unsigned long a, unsigned long b)
{
	return a > b ? a - b : 0;
}

/*
 * Objects that were allocated from a slot, by what lies in its window now.  Never more than
 * there were: less while a window is there that is not counted yet, maybe less than 0.
 * @frees and @cached are added to.
 */
static unsigned long slot_mallocs(const struct mcache_slot *slot,
				  const struct mcache_counts *counts, unsigned long *frees,
				  unsigned long *cached)
{
	unsigned long given, local;
	unsigned int tries, n;
	u32 seq;

	for (tries = 0; tries < SLOT_TRIES; tries++) {
		seq = READ_ONCE(slot->seq);
		smp_rmb();	/* the slot is read between two looks at seq */
		local = READ_ONCE(slot->local_frees);
		given = READ_ONCE(counts->taken) + local;
		smp_rmb();	/* given out, then not: pairs with mcache_count_free() */
		n = hweight64(READ_ONCE(slot->free));
		smp_rmb();	/* as the first */
		if (!(seq & 1) && READ_ONCE(slot->seq) == seq)
			break;
		cpu_relax();
		n = BITS_PER_LONG;	/* nothing is told that may not be so */
	}
	*frees += local;
	*cached += n;
	return given - n;
}

/* What is told of a span class's mallocs, of which @mallocs were found now. */
static unsigned long never_less(struct goalloc_heap *heap, unsigned int spc, unsigned long mallocs)
{
	unsigned long *told = &heap_central(heap, 0, spc)->told, old = READ_ONCE(*told);

	while ((long)(mallocs - old) > 0 && !try_cmpxchg(told, &old, mallocs))
		;
	return (long)(mallocs - old) > 0 ? mallocs : old;
}

static void add_class(struct goalloc_heap *heap, unsigned int spc, struct class_stats *st)
{
	unsigned long mallocs = 0;
	int cpu, nid;

	for_each_possible_cpu(cpu) {
		const struct mcache *c = per_cpu_ptr(heap->cache, cpu);
		const struct mcache_counts *counts = &c->counts[SPC_CACHE - spc];

		st->frees += READ_ONCE(counts->remote_frees);
		st->refills += READ_ONCE(counts->refills);
		mallocs += slot_mallocs(&c->slot[spc], counts, &st->frees, &st->cached);
	}
	st->mallocs += never_less(heap, spc, mallocs);
	for (nid = 0; nid < nr_node_ids; nid++) {
		struct mcentral *central = heap_central(heap, nid, spc);

		st->central += READ_ONCE(central->refills);
		st->spans += atomic_read(&central->nr_spans);
	}
}

static void sum_one_class(struct goalloc_heap *heap, unsigned int spc, struct class_stats *st)
{
	memset(st, 0, sizeof(*st));
	add_class(heap, spc, st);
	st->inuse = minus(st->mallocs, st->frees);
}

/* Of all heaps but the object caches, each of which has a size of its own. */
static void sum_class_of_all(unsigned int spc, struct class_stats *st)
{
	struct goalloc_heap *heap;

	memset(st, 0, sizeof(*st));
	rcu_read_lock();
	for_each_heap(heap)
		if (heap_is_counted(heap) && !heap_is_cache(heap))
			add_class(heap, spc, st);
	rcu_read_unlock();
	st->inuse = minus(st->mallocs, st->frees);
}

/**
 * mstats_class() - sum one span class of a heap
 * @heap: the heap, which has this class; or NULL for all but the object caches
 * @spc: the span class; of SPC_TINY the blocks are counted, not the objects
 * @st: filled in
 */
void mstats_class(struct goalloc_heap *heap, unsigned int spc, struct class_stats *st)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&inherit_lock);
		if (heap)
			sum_one_class(heap, spc, st);
		else
			sum_class_of_all(spc, st);
	} while (read_seqretry(&inherit_lock, seq));
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_class);

static unsigned long add_counter(struct goalloc_heap *heap, size_t offset)
{
	unsigned long sum = 0;
	int cpu;

	if (heap_is_cache(heap))	/* which counts only by class */
		return 0;
	for_each_possible_cpu(cpu) {
		void *cache = per_cpu_ptr(heap->cache, cpu);

		sum += READ_ONCE(*(unsigned long *)(cache + offset));
	}
	return sum;
}

/* The sum of a counter of struct mcache over CPUs, and over all heaps if @heap is NULL. */
static unsigned long sum_counter(struct goalloc_heap *heap, size_t offset)
{
	struct goalloc_heap *each;
	unsigned long sum = 0;

	if (heap)
		return add_counter(heap, offset);
	rcu_read_lock();
	for_each_heap(each)
		if (heap_is_counted(each))
			sum += add_counter(each, offset);
	rcu_read_unlock();
	return sum;
}

#define cache_sum(heap, counter)	sum_counter(heap, offsetof(struct mcache, counter))

static void sum_class(struct goalloc_heap *heap, unsigned int spc, struct mem_stats *st)
{
	unsigned int size = heap_class(heap, spc)->size;	/* 0 of large ones */
	struct class_stats cs;

	sum_one_class(heap, spc, &cs);	/* mstats_read() looks at the seqlock */
	st->total_alloc += cs.mallocs * size;
	st->alloc += cs.inuse * size;
	if (spc == SPC_TINY)
		return;
	st->mallocs += cs.mallocs;
	st->frees += cs.frees;
}

static void sum_classes(struct goalloc_heap *heap, struct mem_stats *st)
{
	struct goalloc_heap *each;
	unsigned int spc;

	if (heap) {
		for (spc = heap->first_spc; spc < heap->end_spc; spc++)
			sum_class(heap, spc, st);
		return;
	}
	rcu_read_lock();
	for_each_heap(each)
		for (spc = each->first_spc; spc < each->end_spc && heap_is_counted(each); spc++)
			sum_class(each, spc, st);
	st->total_alloc += READ_ONCE(gone_bytes);
	st->mallocs += READ_ONCE(gone_objects);
	st->frees += READ_ONCE(gone_objects);
	rcu_read_unlock();
}

/* Bytes of @objects live objects of a class; large ones are counted by size.  As mstats_class(). */
unsigned long mstats_class_bytes(struct goalloc_heap *heap, unsigned int spc, unsigned long objects)
{
	if (spc == SPC_LARGE)
		return minus(cache_sum(heap, large_bytes[0]), cache_sum(heap, large_freed[0]));
	if (spc == SPC_LARGE_NOSCAN)
		return minus(cache_sum(heap, large_bytes[1]), cache_sum(heap, large_freed[1]));
	return objects * heap_class(heap ?: &default_heap, spc)->size;
}

/* Live objects of a class: of tiny ones, the objects and not their blocks. */
unsigned long mstats_class_objects(struct goalloc_heap *heap, unsigned int spc)
{
	struct class_stats st;

	if (spc == SPC_TINY)
		return minus(cache_sum(heap, tiny_mallocs), cache_sum(heap, tiny_frees));
	mstats_class(heap, spc, &st);
	return st.inuse;
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_class_objects);

static void sum_caches(struct goalloc_heap *heap, struct mem_stats *st)
{
	st->tiny_mallocs = cache_sum(heap, tiny_mallocs);
	st->tiny_frees = cache_sum(heap, tiny_frees);
	st->mallocs += st->tiny_mallocs;
	st->frees += st->tiny_frees;
	st->large_bytes = mstats_class_bytes(heap, SPC_LARGE, 0) +
			  mstats_class_bytes(heap, SPC_LARGE_NOSCAN, 0);
	st->total_alloc += cache_sum(heap, large_bytes[0]) + cache_sum(heap, large_bytes[1]);
	st->alloc += st->large_bytes;
}

static void inherit_cache(struct goalloc_heap *heap)
{
	struct class_stats cs;

	sum_one_class(heap, SPC_CACHE, &cs);
	WRITE_ONCE(gone_objects, gone_objects + cs.mallocs);
	WRITE_ONCE(gone_bytes, gone_bytes + cs.mallocs * heap_class(heap, SPC_CACHE)->size);
}

static void add_layers(struct goalloc_heap *heap, struct layer_stats *st)
{
	struct mcentral *c;
	unsigned int spc;
	int cpu;

	for_each_possible_cpu(cpu)
		for (spc = heap->first_spc; spc < heap->end_spc; spc++)
			st->refills += READ_ONCE(per_cpu_ptr(heap->cache, cpu)
						 ->counts[SPC_CACHE - spc].refills);
	for (c = heap->central; c < heap_central_end(heap); c++) {
		st->central_hits += READ_ONCE(c->refills);
		st->spans_given += READ_ONCE(c->given);
		st->spans_made += atomic_long_read(&c->made);
		st->central_contended += READ_ONCE(c->contended);
	}
}

static void add_page_layers(struct layer_stats *st)
{
	int cpu, nid;

	for_each_possible_cpu(cpu) {
		st->page_hits += READ_ONCE(per_cpu_ptr(page_caches, cpu)->hits);
		st->page_misses += READ_ONCE(per_cpu_ptr(page_caches, cpu)->misses);
	}
	for (nid = 0; nid < nr_node_ids; nid++) {
		st->heap_contended += READ_ONCE(page_heaps[nid].contended);
		st->longest = max_t(unsigned long, st->longest,
				    mpagealloc_longest(&page_heaps[nid]));
	}
}

/**
 * mstats_layers() - sum what the layers counted, of all heaps
 * @st: filled in
 */
void mstats_layers(struct layer_stats *st)
{
	struct goalloc_heap *heap;
	unsigned int seq;

	do {
		seq = read_seqbegin(&inherit_lock);
		rcu_read_lock();
		*st = data_race(gone_layers);	/* read again if it changes meanwhile */
		for_each_heap(heap)
			if (heap_is_counted(heap))
				add_layers(heap, st);
		rcu_read_unlock();
	} while (read_seqretry(&inherit_lock, seq));
	add_page_layers(st);
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_layers);

static void inherit_layers(struct goalloc_heap *heap)
{
	struct layer_stats st = gone_layers;
	unsigned long refills = st.refills;

	add_layers(heap, &st);
	if (!heap_is_cache(heap))	/* the default heap's caches have got these */
		st.refills = refills;
	gone_layers = st;
}

static void inherit_heap(struct goalloc_heap *heap)
{
	struct mcache __percpu *to = default_heap.cache;
	struct class_stats cs;
	unsigned int i;

	for (i = heap->first_spc; i < heap->end_spc; i++) {
		sum_one_class(heap, i, &cs);
		this_cpu_add(to->counts[SPC_CACHE - i].taken, cs.mallocs);
		this_cpu_add(to->counts[SPC_CACHE - i].remote_frees, cs.frees);
		this_cpu_add(to->counts[SPC_CACHE - i].refills, cs.refills);
	}
	for (i = 0; i < 2; i++) {
		this_cpu_add(to->large_bytes[i], cache_sum(heap, large_bytes[i]));
		this_cpu_add(to->large_freed[i], cache_sum(heap, large_freed[i]));
	}
	this_cpu_add(to->tiny_mallocs, cache_sum(heap, tiny_mallocs));
	this_cpu_add(to->tiny_frees, cache_sum(heap, tiny_frees));
}

/**
 * mstats_inherit() - count on in the default heap what a heap has counted
 * @heap: one that holds nothing, still on the list
 *
 * So that what was ever allocated and freed does not become less when a heap goes.
 * What an object cache has counted goes to sums, because no class has its size.
 *
 * Context: task.
 */
void mstats_inherit(struct goalloc_heap *heap)
{
	write_seqlock(&inherit_lock);
	WRITE_ONCE(heap->inherited, true);
	inherit_layers(heap);
	if (heap_is_cache(heap))
		inherit_cache(heap);
	else
		inherit_heap(heap);
	write_sequnlock(&inherit_lock);
}

static void sum_metadata(struct mem_stats *st)
{
	unsigned long spans;

	mheap_span_stats(&spans, &st->mspan_inuse);
	st->mspan_sys = st->mem.meta[MEM_MSPAN];
	st->mcache_sys = st->mem.meta[MEM_MCACHE];
	st->mcache_inuse = st->mcache_sys;
	st->gc_sys = st->mem.meta[MEM_ARENA];
	st->other_sys = st->mem.meta[MEM_OTHER];
	st->metadata = st->mspan_sys + st->mcache_sys + st->gc_sys + st->other_sys;
}

/**
 * mstats_read() - fill in MemStats
 * @heap: whose objects to count, or NULL for all
 * @st: filled in
 */
void mstats_read(struct goalloc_heap *heap, struct mem_stats *st)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&inherit_lock);
		memset(st, 0, sizeof(*st));
		sum_classes(heap, st);
		sum_caches(heap, st);
	} while (read_seqretry(&inherit_lock, seq));
	mem_get_counts(&st->mem);
	sum_metadata(st);

	st->heap_objects = minus(st->mallocs, st->frees);
	st->heap_alloc = st->alloc;
	st->heap_inuse = st->mem.ready << GOALLOC_PAGE_SHIFT;
	st->heap_released = st->mem.reserved << GOALLOC_PAGE_SHIFT;
	st->heap_idle = (st->mem.prepared + st->mem.reserved) << GOALLOC_PAGE_SHIFT;
	st->heap_sys = st->heap_inuse + st->heap_idle;
	st->sys = st->heap_sys + st->metadata;
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_read);

static void walk_span(struct mspan *s, struct span_walk *w)
{
	unsigned int nfree = mspan_count_free(s), nelems = READ_ONCE(s->nelems);

	w->spans++;
	w->pages += READ_ONCE(s->npages);
	if (READ_ONCE(s->state) == MSPAN_DEAD || s->spc == SPC_TINY)
		return;
	w->objects += nelems;
	w->free += min(nfree, nelems);
}

/* How many objects of a span are in use; of a tiny one, its blocks. */
unsigned int mstats_span_inuse(const struct mspan *s)
{
	const struct mcache_slot *owner = READ_ONCE(s->owner);
	unsigned int nelems = READ_ONCE(s->nelems), nfree = mspan_count_free(s);

	if (owner)
		nfree += hweight64(READ_ONCE(owner->free));
	return nelems - min(nfree, nelems);
}

/*
 * Under rcu_read_lock(): a span that is not DEAD belongs to a heap that is not freed
 * before the lock is dropped.
 */
static void fill_span(const struct mspan *s, struct class_fill *fill)
{
	unsigned int inuse, nelems;
	unsigned long bytes;

	if (smp_load_acquire(&s->state) == MSPAN_DEAD)	/* as in /proc/goalloc/spans */
		return;
	nelems = max_t(unsigned int, READ_ONCE(s->nelems), 1);
	bytes = (unsigned long)READ_ONCE(s->npages) << GOALLOC_PAGE_SHIFT;
	fill += min_t(unsigned int, s->spc, NR_SPC);
	inuse = mstats_span_inuse(s);
	fill->spans[min(inuse * NR_DECILES / nelems, NR_DECILES - 1U)]++;
	fill->objects += nelems;
	fill->bytes += bytes;
	if (inuse * SPARSE_FRACTION < nelems)
		fill->sparse += bytes;
}

/**
 * mstats_fill() - how full the spans are, by looking at every span
 * @fill: by span class, zeroed
 *
 * Context: task; may sleep.
 */
void mstats_fill(struct class_fill fill[NR_SPC + 1])
{
	unsigned long pageno = 0;
	struct mspan *s;

	while ((s = arena_next_span(&pageno))) {
		rcu_read_lock();
		fill_span(s, fill);
		rcu_read_unlock();
		cond_resched();
	}
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_fill);

static unsigned int window_objects(const struct mcache *c, unsigned int spc)
{
	return spc == SPC_TINY ? 0 : hweight64(READ_ONCE(c->slot[spc].free));
}

/**
 * mstats_walk() - count spans and objects by looking at every span
 * @w: filled in
 *
 * The independent witness of the sums that mstats_read() derives.
 *
 * Context: task; may sleep.
 */
void mstats_walk(struct span_walk *w)
{
	unsigned long pageno = 0;
	struct goalloc_heap *heap;
	struct mspan *s;
	unsigned int spc;
	int cpu;

	memset(w, 0, sizeof(*w));
	while ((s = arena_next_span(&pageno))) {
		walk_span(s, w);
		cond_resched();
	}
	rcu_read_lock();
	for_each_heap(heap)
		for_each_possible_cpu(cpu)
			for (spc = heap->first_spc; spc < heap->end_spc; spc++)
				w->cached += window_objects(per_cpu_ptr(heap->cache, cpu), spc);
	rcu_read_unlock();
	w->inuse = minus(w->objects, w->free + w->cached);
}
EXPORT_SYMBOL_FOR_KUNIT(mstats_walk);
