// SPDX-License-Identifier: GPL-2.0
/*
 * mcentral: per span class and node, the spans that no CPU owns.
 *
 * THEORY OF OPERATION
 *
 * Two lists under the lock: partial (some objects free, fuller spans in front,
 * so that emptier ones get a chance to drain) and empty (all objects free).
 * FULL spans are on no list; the first free into one finds it FULL and takes it, to
 * keep it as its CPU's spare or to let go of it.
 *
 * The queue is an llist: freeing CPUs push spans that became worth looking at,
 * and owners push spans that they let go of, in any context and without the
 * lock.  Whoever next holds the lock drains it: a drained span is QUEUED, which
 * nobody else may change, and is settled into FULL, PARTIAL or DEAD by its count
 * of free bits.  Each plain store of FULL or PARTIAL is followed by smp_mb() and
 * a second look at the bits (mspan.h says why).  For a visit that takes several spans,
 * because they have few objects or many are wanted, they are not sorted first: while none is
 * listed as partial, what has free objects goes straight from the queue to who asks, QUEUED
 * to OWNED.  That needs no second look: it is the owner's to look before it stores FULL.
 *
 * A wholly free span stays on the empty list, because taking it from there is
 * cheaper than making one, above all where a span has few objects.  The scavenger
 * trims the list: of a central that nobody visited all of it, of the others half
 * a turn.  Before a span is made of pages still to be drawn, the wholly free spans of
 * all classes are unmade if they are a good part of the heap, so that a change of
 * sizes does not make the heap grow; and whatever they are before an allocation fails.
 *
 * Work under the lock is bounded: a drain settles at most DRAIN_BATCH spans; what
 * the llist gave beyond that waits on pending.  Spans to be unmade are collected
 * and unmade after the lock is dropped.
 *
 * A span's pages are charged to its heap before it is made, so that no two CPUs together
 * pass the heap's limit; if it cannot be made, or is smaller, the rest is taken out.
 *
 * LOCKS: mcentral.lock.
 * INVARIANT: a span is on partial or empty only while PARTIAL or QUEUED.
 */
#include "internal.h"
#include "limit.h"

#define DRAIN_BATCH	32
#define KEEP_ALL	UINT_MAX
#define RECLAIM_FRACTION	16	/* of the pages drawn must be idle for a reclaim */

void mcentral_init(struct mcentral *c, struct goalloc_heap *heap, unsigned int spc, int nid)
{
	memset(c, 0, sizeof(*c));
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->partial);
	INIT_LIST_HEAD(&c->empty);
	init_llist_head(&c->queue);
	c->heap = heap;
	c->spc = spc;
	c->nid = nid;
}

/* Push a QUEUED span on the central that it belongs to now.  Any context. */
void mcentral_queue(struct mspan *s)
{
	struct mcentral *c = s->central;

	llist_add(&s->queue, &c->queue);
	mem_kick();
}

/* The owner lets go of a span, whatever is free in it.  Any context. */
void mcentral_let_go(struct mspan *s)
{
	/* the owner's last stores come before anybody may take the span over */
	smp_store_release(&s->state, MSPAN_QUEUED);
	mcentral_queue(s);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_let_go);

static void unlist(struct mcentral *c, struct mspan *s)
{
	list_del_init(&s->partial);
	WRITE_ONCE(c->nr_empty, c->nr_empty - s->empty_kept);
	s->empty_kept = false;
}

/* Store FULL or PARTIAL.  True: something changed meanwhile; it is QUEUED again. */
static bool settle_state(struct mspan *s, int state, bool (*changed)(const struct mspan *s))
{
	WRITE_ONCE(s->state, state);
	smp_mb();	/* pairs with test_and_set_bit() in free_shared() */
	return changed(s) && mspan_cas_state(s, state, MSPAN_QUEUED);
}

/* The span has no use any more: collect it for mheap_free(). */
static void settle_dead(struct mspan *s, struct mspan **dead)
{
	WRITE_ONCE(s->state, MSPAN_DEAD);
	s->next = *dead;
	*dead = s;
}

static void settle_empty(struct mcentral *c, struct mspan *s, unsigned int keep,
			 struct mspan **dead)
{
	if (c->nr_empty >= keep) {
		settle_dead(s, dead);
		return;
	}
	list_add(&s->partial, &c->empty);
	s->empty_kept = true;
	WRITE_ONCE(c->nr_empty, c->nr_empty + 1);
	WRITE_ONCE(s->state, MSPAN_PARTIAL);
}

/* Find the place of a QUEUED span that is not on the llist any more. */
static void settle(struct mcentral *c, struct mspan *s, unsigned int keep, struct mspan **dead)
{
	bool again;

	do {
		unsigned int nfree = mspan_count_free(s);

		if (!list_empty(&s->partial))
			unlist(c, s);
		if (nfree == s->nelems) {
			settle_empty(c, s, keep, dead);
			again = false;
		} else if (nfree) {
			bool front = nfree * 2 <= s->nelems;

			list_add(&s->partial, front ? &c->partial : c->partial.prev);
			again = settle_state(s, MSPAN_PARTIAL, mspan_all_free);
		} else {
			again = settle_state(s, MSPAN_FULL, mspan_any_free);
		}
	} while (again);
}

/* The next QUEUED span, off the llist; or NULL. */
static struct mspan *next_queued(struct mcentral *c)
{
	struct llist_node *node;

	if (!c->pending)
		WRITE_ONCE(c->pending, llist_del_all(&c->queue));
	node = c->pending;
	if (!node)
		return NULL;
	WRITE_ONCE(c->pending, node->next);
	return llist_entry(node, struct mspan, queue);
}

/* Settle up to DRAIN_BATCH queued spans.  True: there may be more. */
static bool drain(struct mcentral *c, unsigned int keep, struct mspan **dead)
{
	unsigned int budget;

	for (budget = DRAIN_BATCH; budget; budget--) {
		struct mspan *s = next_queued(c);

		if (!s)
			return false;
		settle(c, s, keep, dead);
	}
	return true;
}

static void free_dead(struct mspan *dead)
{
	while (dead) {
		struct mspan *s = dead;

		dead = s->next;
		mheap_free(s);
	}
}

/* Add a span that is OWNED now to those that a visit takes. */
static void hand_out(struct mcentral *c, struct mspan *s, struct mspan **taken)
{
	s->next = *taken;
	*taken = s;
	WRITE_ONCE(c->given, c->given + 1);
}

/* Take up to @max spans off the lists.  One that loses its cmpxchg is queued. */
static struct mspan *take_listed(struct mcentral *c, unsigned int max)
{
	struct mspan *s, *taken = NULL;

	while (max) {
		s = list_first_entry_or_null(&c->partial, struct mspan, partial);
		if (!s)
			s = list_first_entry_or_null(&c->empty, struct mspan, partial);
		if (!s)
			break;
		unlist(c, s);
		if (!mspan_cas_state(s, MSPAN_PARTIAL, MSPAN_OWNED))
			continue;
		hand_out(c, s, &taken);
		max--;
	}
	return taken;
}

/*
 * Take up to @max spans straight off the queue, of up to DRAIN_BATCH.  @more: there may be
 * others.  What has nothing free is settled.
 */
static struct mspan *take_queued(struct mcentral *c, unsigned int max, bool *more)
{
	unsigned int budget = DRAIN_BATCH;
	struct mspan *s, *taken = NULL;

	while (max && budget--) {
		s = next_queued(c);
		*more = s;
		if (!s)
			break;
		if (!mspan_any_free(s)) {
			settle(c, s, KEEP_ALL, NULL);
			continue;
		}
		if (!list_empty(&s->partial))
			unlist(c, s);
		WRITE_ONCE(s->state, MSPAN_OWNED);
		hand_out(c, s, &taken);
		max--;
	}
	return taken;
}

/* One bounded step of mcentral_trim(). */
static bool trim_step(struct mcentral *c, unsigned int keep, struct mspan **dead)
{
	unsigned int budget = DRAIN_BATCH;
	struct mspan *s;
	bool more;

	more = drain(c, keep, dead);
	while (c->nr_empty > keep && budget--) {
		s = list_last_entry(&c->empty, struct mspan, partial);
		unlist(c, s);
		if (mspan_cas_state(s, MSPAN_PARTIAL, MSPAN_DEAD)) {
			s->next = *dead;
			*dead = s;
		}
	}
	return more || c->nr_empty > keep;
}

/**
 * mcentral_trim() - settle what is queued and give wholly free spans back
 * @c: the central
 * @keep: wholly free spans that may stay
 *
 * As many as there are now, in the queue and among the free ones: others may queue
 * spans as fast as they are settled here, and there would be no end.
 *
 * Context: any but NMI; the lock is dropped between steps.
 * Return: pages given to the page heap.
 */
unsigned int mcentral_trim(struct mcentral *c, unsigned int keep)
{
	unsigned int steps = 2 * DIV_ROUND_UP(atomic_read(&c->nr_spans), DRAIN_BATCH) + 1;
	struct mspan *dead, *s;
	unsigned int pages = 0;
	unsigned long flags;
	bool more;

	if (!mcentral_has_idle(c))
		return 0;
	do {
		dead = NULL;
		flags = lock_counted(&c->lock, &c->contended);
		more = trim_step(c, keep, &dead);
		spin_unlock_irqrestore(&c->lock, flags);
		for (s = dead; s; s = s->next)
			pages += s->npages;
		free_dead(dead);
	} while (more && --steps);
	return pages;
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_trim);

/* Would mcentral_trim() find anything? */
bool mcentral_has_idle(struct mcentral *c)
{
	return !llist_empty(&c->queue) || READ_ONCE(c->pending) || READ_ONCE(c->nr_empty);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_has_idle);

/*
 * Pages in spans that are wholly free or may be: while spans wait in the queue, any of
 * the class may, and nobody has looked yet.
 */
unsigned long mcentral_idle_pages(struct mcentral *c)
{
	bool waiting = !llist_empty(&c->queue) || READ_ONCE(c->pending);
	unsigned int npages = heap_class(c->heap, c->spc)->npages;

	return (unsigned long)(waiting ? atomic_read(&c->nr_spans) : READ_ONCE(c->nr_empty)) *
	       max(npages, 1U);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_idle_pages);

static unsigned long heap_idle_pages(struct goalloc_heap *heap, int nid)
{
	unsigned long idle = 0;
	unsigned int spc;

	for (spc = heap->first_spc; spc < heap->end_spc; spc++)
		idle += mcentral_idle_pages(heap_central(heap, nid, spc));
	return idle;
}

/* Unmake a heap's wholly free spans on a node, of all classes.  True: there were some. */
static bool heap_trim(struct goalloc_heap *heap, int nid)
{
	unsigned long pages = 0;
	unsigned int spc;

	for (spc = heap->first_spc; spc < heap->end_spc; spc++)
		pages += mcentral_trim(heap_central(heap, nid, spc), 0);
	return pages;
}

/* The same of all heaps, if there may be @least pages. */
static bool reclaim(struct mcentral *c, unsigned long least)
{
	unsigned long idle = heap_idle_pages(c->heap, c->nid);
	struct goalloc_heap *heap;
	bool some = false;

	rcu_read_lock();
	for_each_heap(heap)
		if (heap != c->heap)
			idle += heap_idle_pages(heap, c->nid);
	if (idle >= least) {
		some = heap_trim(c->heap, c->nid);
		for_each_heap(heap)
			if (heap != c->heap)
				some |= heap_trim(heap, c->nid);
	}
	rcu_read_unlock();
	return some;
}

/* Count pages that a heap is about to have.  False: they do not fit. */
static bool charge(struct goalloc_heap *heap, unsigned int npages, gfp_t gfp)
{
	unsigned long limit = gfp & __GFP_NOFAIL ? 0 : READ_ONCE(heap->limit);

	return limit_charge(&heap->pages, npages, limit);
}

/* A new span: of pages at hand, of what is idle in other spans, or of pages drawn. */
static struct mspan *make_charged(struct mcentral *c, unsigned int npages, unsigned int align,
				  gfp_t gfp)
{
	unsigned long share = READ_ONCE(page_heaps[c->nid].npresent) / RECLAIM_FRACTION;
	struct mspan *s;

	s = mheap_reuse(c, npages, align, gfp);
	if (!s && reclaim(c, max_t(unsigned long, share, npages)))
		s = mheap_reuse(c, npages, align, gfp);
	s = s ?: mheap_alloc(c, npages, align, gfp);
	if (unlikely(!s) && reclaim(c, 1))
		s = mheap_reuse(c, npages, align, gfp);
	return s;
}

/* The same, if the heap's limit allows, or what is idle in the heap makes room. */
static struct mspan *make_span(struct mcentral *c, unsigned int npages, unsigned int align,
			       gfp_t gfp)
{
	struct goalloc_heap *heap = c->heap;
	unsigned int unused = npages;
	struct mspan *s;

	if (!charge(heap, npages, gfp) &&
	    !(heap_trim(heap, c->nid) && charge(heap, npages, gfp))) {
		atomic_long_inc(&heap->refused);
		return NULL;
	}
	s = make_charged(c, npages, align, gfp);
	if (s)
		unused -= s->npages;
	if (unlikely(unused))
		atomic_long_sub(unused, &heap->pages);
	return s;
}

/* A new span of the central's class. */
static struct mspan *grow(struct mcentral *c, gfp_t gfp)
{
	const struct goalloc_size_class *sz = heap_class(c->heap, c->spc);
	struct mspan *s = make_span(c, sz->npages, sz->align_pages, gfp);

	if (s)
		s->next = NULL;
	return s;
}

/**
 * mcentral_take() - get spans with free objects
 * @c: the central
 * @max: at most so many, so that classes with few objects a span do not cost a
 *	lock an object
 * @gfp: for making one, if there is none
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: OWNED spans linked by next, or NULL.
 */
struct mspan *mcentral_take(struct mcentral *c, unsigned int max, gfp_t gfp)
{
	struct mspan *taken;
	unsigned long flags;
	bool more = true;

	do {
		taken = NULL;
		flags = lock_counted(&c->lock, &c->contended);
		if (list_empty(&c->partial)) {
			if (max > 1)
				taken = take_queued(c, max, &more);
			else
				more = drain(c, KEEP_ALL, NULL);
		}
		taken = taken ?: take_listed(c, max);
		WRITE_ONCE(c->refills, c->refills + !!taken);
		spin_unlock_irqrestore(&c->lock, flags);
	} while (!taken && more);
	return taken ?: grow(c, gfp);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_take);

/**
 * mcentral_alloc_large() - a span that is one large object
 * @c: central of class 0
 * @size: bytes, at most GOALLOC_MAX_SIZE
 * @gfp: for its pages
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: the span, or NULL without memory.
 */
struct mspan *mcentral_alloc_large(struct mcentral *c, size_t size, gfp_t gfp)
{
	unsigned int npages = DIV_ROUND_UP(size, GOALLOC_PAGE_SIZE);

	return make_span(c, npages, is_power_of_2(size) ? npages : 1, gfp);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_alloc_large);

/*
 * Free a large object's span: its bit was set by the caller, so nobody else is
 * here.  Where locks cannot be taken the span waits on the queue for the
 * scavenger, which finds it wholly free.
 */
void mcentral_free_large(struct mspan *s)
{
	if (unlikely(in_nmi() || (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible()))) {
		mcentral_let_go(s);
		return;
	}
	WRITE_ONCE(s->state, MSPAN_DEAD);
	mheap_free(s);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_free_large);
