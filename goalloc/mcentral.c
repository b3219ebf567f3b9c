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
 * a turn.  Before a span is made of pages still to be drawn, wholly free spans of other
 * classes are unmade, so that a change of sizes does not make the heap grow: a few at a time,
 * as many as that span needs.  Before an allocation fails all are.  Which classes to look at
 * says a bitmap: a push marks its class, and who trims a class and finds nothing left unmarks
 * it, under the lock, so that no span is on its way from the queue to a list, and looks again.
 *
 * A class that has many spans makes longer ones: twice as long from LONG_SPANS on, four times
 * from twice as many on, up to LONG_PAGES and LONG_OBJECTS, and no earlier than there are as many
 * spans as a long one has objects.  Per object they cost less to make, to visit and to describe,
 * and are full less often.  But while there are pages for a short one, at hand or idle in other
 * spans, none are drawn for a long one, and what is drawn for it costs nothing: no reclaim, no
 * reserves, and no refusal where a limit has no room.  To who takes spans a long one counts for
 * two or four.
 *
 * Work under the lock is bounded: a drain settles at most DRAIN_BATCH spans; what
 * the llist gave beyond that waits on pending.  Spans to be unmade are collected
 * and unmade after the lock is dropped.
 *
 * A span's pages are charged to its heap before it is made, so that no two CPUs together
 * pass the heap's limit; if it cannot be made, or is smaller, the rest is taken out.
 *
 * LOCKS: mcentral.lock.
 * INVARIANTS: a span is on partial or empty only while PARTIAL or QUEUED; a class with queued
 * or wholly free spans is marked, once the push is done.
 */
#include "internal.h"
#include "limit.h"

#define DRAIN_BATCH		32
#define KEEP_ALL		UINT_MAX
#define RECLAIM_SPANS		4	/* to look at in others' classes; more for a longer span */
#define RECLAIM_TRIES		4	/* so often, while pages come back and no run fits */
#define LONG_SPANS		16	/* spans of a class from which on the next are longer */
#define LONG_PAGES		4	/* how long they become */
#define LONG_OBJECTS		(MSPAN_WORDS_FEW * BITS_PER_LONG)

/* The one of its node that has the idle map. */
static struct mcentral *first_central(struct mcentral *c)
{
	return c - (c->spc - c->heap->first_spc);
}

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
	c->idle_word = &first_central(c)->idle[BIT_WORD(spc - heap->first_spc)];
	c->idle_mask = BIT_MASK(spc - heap->first_spc);
}

/* Would mcentral_trim() find anything? */
bool mcentral_has_idle(struct mcentral *c)
{
	return !llist_empty(&c->queue) || READ_ONCE(c->pending) || READ_ONCE(c->nr_empty);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_has_idle);

/* Have the next trim of all classes look at this one.  Any context. */
static void mark_idle(struct mcentral *c)
{
	if (!(READ_ONCE(*c->idle_word) & c->idle_mask))
		set_bit(__ffs(c->idle_mask), c->idle_word);
}

/* Under the lock, when nothing is left to trim. */
static void unmark_idle(struct mcentral *c)
{
	clear_bit(__ffs(c->idle_mask), c->idle_word);
	smp_mb__after_atomic();	/* pairs with llist_add() in mcentral_queue() */
	if (mcentral_has_idle(c))
		mark_idle(c);
}

/*
 * Push a QUEUED span on the central that it belongs to now.  Any context; the heap stays until
 * the mark is made, because who pushes allocates from it or keeps its destruction waiting.
 */
void mcentral_queue(struct mspan *s)
{
	struct mcentral *c = s->central;

	llist_add(&s->queue, &c->queue);	/* a full barrier, before the look at the mark */
	mark_idle(c);
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
	if (!s->empty_kept)
		return;
	WRITE_ONCE(c->nr_empty, c->nr_empty - 1);
	WRITE_ONCE(c->empty_pages, c->empty_pages - s->npages);
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
	WRITE_ONCE(c->empty_pages, c->empty_pages + s->npages);
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

/* Settle up to @budget queued spans.  Return: what is left of it; 0 if there may be more. */
static unsigned int drain(struct mcentral *c, unsigned int budget, unsigned int keep,
			  struct mspan **dead)
{
	struct mspan *s;

	for (; budget; budget--) {
		s = next_queued(c);
		if (!s)
			break;
		settle(c, s, keep, dead);
	}
	return budget;
}

/* Return: their pages. */
static unsigned long free_dead(struct mspan *dead)
{
	unsigned long pages = 0;

	while (dead) {
		struct mspan *s = dead;

		dead = s->next;
		pages += s->npages;
		mheap_free(s);
	}
	return pages;
}

/* Add a span that is OWNED now to those that a visit takes. */
static void hand_out(struct mcentral *c, struct mspan *s, struct mspan **taken)
{
	s->next = *taken;
	*taken = s;
	WRITE_ONCE(c->given, c->given + 1);
}

/* How many spans of the class's length it counts for. */
static unsigned int span_weight(const struct mcentral *c, const struct mspan *s)
{
	return max(s->npages / heap_class(c->heap, c->spc)->npages, 1);
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
		max -= min(max, span_weight(c, s));
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
		max -= min(max, span_weight(c, s));
	}
	return taken;
}

/* Look at up to @budget spans, queued or wholly free.  Return: as drain(). */
static unsigned int trim_step(struct mcentral *c, unsigned int budget, unsigned int keep,
			      struct mspan **dead)
{
	struct mspan *s;

	for (budget = drain(c, budget, keep, dead); budget && c->nr_empty > keep; budget--) {
		s = list_last_entry(&c->empty, struct mspan, partial);
		unlist(c, s);
		if (mspan_cas_state(s, MSPAN_PARTIAL, MSPAN_DEAD)) {
			s->next = *dead;
			*dead = s;
		}
	}
	return budget;
}

/*
 * Trim, looking at up to *@looks spans; or at as many as there are now, in the queue and
 * among the free ones: others may queue spans as fast as they are settled here, and there
 * would be no end.
 */
static unsigned long trim(struct mcentral *c, unsigned int keep, unsigned long *looks)
{
	unsigned long flags, most, pages = 0;
	unsigned int batch, left = 0;
	struct mspan *dead;

	most = min(*looks, 2UL * atomic_read(&c->nr_spans) + 1);
	*looks -= most;
	while (!left && most) {
		batch = min_t(unsigned long, most, DRAIN_BATCH);
		dead = NULL;
		flags = lock_counted(&c->lock, &c->contended);
		left = trim_step(c, batch, keep, &dead);
		if (left)
			unmark_idle(c);
		spin_unlock_irqrestore(&c->lock, flags);
		most -= batch - left;
		pages += free_dead(dead);
	}
	*looks += most;
	return pages;
}

/**
 * mcentral_trim() - settle what is queued and give wholly free spans back
 * @c: the central
 * @keep: wholly free spans that may stay
 *
 * Context: any but NMI; the lock is dropped between steps.
 * Return: pages given to the page heap.
 */
unsigned long mcentral_trim(struct mcentral *c, unsigned int keep)
{
	unsigned long looks = ULONG_MAX;

	return mcentral_has_idle(c) ? trim(c, keep, &looks) : 0;
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_trim);

/*
 * Pages in spans that are wholly free or may be: while spans wait in the queue, any of
 * the class may, and nobody has looked yet.
 */
unsigned long mcentral_idle_pages(struct mcentral *c)
{
	bool waiting = !llist_empty(&c->queue) || READ_ONCE(c->pending);

	return waiting ? atomic_long_read(&c->nr_pages) : READ_ONCE(c->empty_pages);
}
EXPORT_SYMBOL_FOR_KUNIT(mcentral_idle_pages);

/* The classes of a heap on a node that may have wholly free spans. */
static void idle_classes(struct mcentral *first, unsigned long idle[MCENTRAL_IDLE_WORDS])
{
	unsigned int i;

	for (i = 0; i < MCENTRAL_IDLE_WORDS; i++)
		idle[i] = READ_ONCE(first->idle[i]);
}

/*
 * Trim a heap on a node, looking at up to @looks spans.  The next trim goes on with the classes
 * behind, so that one whose queue is never empty does not keep the others from their turn.
 */
static unsigned long heap_trim(struct goalloc_heap *heap, int nid, unsigned long looks)
{
	struct mcentral *first = heap_central(heap, nid, heap->first_spc);
	unsigned long pages = 0, idle[MCENTRAL_IDLE_WORDS];
	unsigned int i, next = READ_ONCE(first->trim_next);

	idle_classes(first, idle);
	for_each_set_bit_wrap(i, idle, heap_nr_spc(heap), next) {
		pages += trim(first + i, 0, &looks);
		if (!looks)
			break;
	}
	if (!looks)
		WRITE_ONCE(first->trim_next, i + 1);
	return pages;
}

/*
 * Trim the central's heap, and the others while nothing was found, or all if @looks are without
 * bound.  Return: pages.
 */
static unsigned long reclaim(struct mcentral *c, unsigned long looks)
{
	unsigned long pages = heap_trim(c->heap, c->nid, looks);
	struct goalloc_heap *heap;

	rcu_read_lock();
	for_each_heap(heap)
		if (heap != c->heap && (!pages || looks == ULONG_MAX))
			pages += heap_trim(heap, c->nid, looks);
	rcu_read_unlock();
	return pages;
}

/* Count pages that a heap is about to have.  False: they do not fit. */
static bool charge(struct goalloc_heap *heap, unsigned int npages, gfp_t gfp)
{
	unsigned long limit = gfp & __GFP_NOFAIL ? 0 : READ_ONCE(heap->limit);

	return limit_charge(&heap->pages, npages, limit);
}

/* Take out what a span, or none, does not have of what was counted for it. */
static void uncharge(struct goalloc_heap *heap, unsigned int npages, const struct mspan *s)
{
	unsigned int unused = npages - (s ? s->npages : 0);

	if (unlikely(unused))
		atomic_long_sub(unused, &heap->pages);
}

/* A span of pages at hand: of @npages, or of @least, which may be less; or NULL. */
static struct mspan *reuse_span(struct mcentral *c, unsigned int npages, unsigned int least,
				unsigned int align, gfp_t gfp)
{
	struct mspan *s = mheap_reuse(c, npages, align, gfp);

	if (!s && least < npages)
		s = mheap_reuse(c, least, align, gfp);
	return s;
}

/*
 * A span of what is idle in other spans, or NULL: of @npages, or of @least.  Who finds little
 * has the next one draw at once, so that a heap with little to spare gets some, and does not
 * unmake spans for good.
 */
static struct mspan *reclaim_span(struct mcentral *c, unsigned int npages, unsigned int least,
				  unsigned int align, gfp_t gfp)
{
	struct mcentral *first = first_central(c);
	unsigned long looks = max_t(unsigned long, RECLAIM_SPANS, least);
	unsigned int tries = RECLAIM_TRIES;
	struct mspan *s = NULL;
	unsigned long pages;

	if (READ_ONCE(first->draw_next)) {
		WRITE_ONCE(first->draw_next, false);
		return NULL;
	}
	do {
		pages = reclaim(c, looks);
		if (pages)
			s = reuse_span(c, npages, least, align, gfp);
	} while (!s && pages && --tries);
	if (pages < looks)
		WRITE_ONCE(first->draw_next, true);
	return s;
}

/*
 * A new span where no pages are at hand: of what is idle in other spans, or of pages drawn.  What
 * is idle is unmade bit by bit, so that no allocation pays for all of it but one that would fail
 * otherwise.  (One that reclaims memory, its own or others', has the shrinker do it.)
 */
static struct mspan *make_drawn(struct mcentral *c, unsigned int npages, unsigned int align,
				gfp_t gfp)
{
	struct mspan *s = reclaim_span(c, npages, npages, align, gfp);

	s = s ?: mheap_alloc(c, npages, align, gfp);
	if (unlikely(!s) && reclaim(c, ULONG_MAX))
		s = mheap_reuse(c, npages, align, gfp);
	return s;
}

/* A new span, if the heap's limit allows, or what is idle in the heap makes room. */
static struct mspan *make_span(struct mcentral *c, unsigned int npages, unsigned int align,
			       gfp_t gfp)
{
	struct goalloc_heap *heap = c->heap;
	struct mspan *s;

	if (!charge(heap, npages, gfp) &&
	    !(heap_trim(heap, c->nid, ULONG_MAX) && charge(heap, npages, gfp))) {
		atomic_long_inc(&heap->refused);
		return NULL;
	}
	s = mheap_reuse(c, npages, align, gfp) ?: make_drawn(c, npages, align, gfp);
	uncharge(heap, npages, s);
	return s;
}

/* How long a new span should be: twice as long, or four times, where there are many. */
static unsigned int long_pages(struct mcentral *c, const struct goalloc_size_class *sz)
{
	unsigned int npages = sz->npages, spans = atomic_read(&c->nr_spans), least, nelems;

	if (sz->align_pages > 1)
		return npages;
	for (least = LONG_SPANS; npages <= LONG_PAGES / 2; least *= 2) {
		nelems = (npages * 2 << GOALLOC_PAGE_SHIFT) / sz->size;
		if (nelems > LONG_OBJECTS || spans < max(least, nelems))
			break;
		npages *= 2;
	}
	return npages;
}

/*
 * Is a heap's limit so far that nobody misses what is counted for a long span and taken out
 * again, because there is but a short one?
 */
static bool has_room(struct goalloc_heap *heap)
{
	unsigned long limit = READ_ONCE(heap->limit);

	return !limit ||
	       atomic_long_read(&heap->pages) + LONG_PAGES * num_online_cpus() <= limit;
}

/*
 * A longer span than the class's; or one of its length, if its pages are at hand or idle; or NULL:
 * no effort is made to draw a long one.
 */
static struct mspan *grow_long(struct mcentral *c, unsigned int npages, gfp_t gfp)
{
	unsigned int least = heap_class(c->heap, c->spc)->npages;
	struct mspan *s;

	if (!has_room(c->heap) || !charge(c->heap, npages, gfp))
		return NULL;
	s = reuse_span(c, npages, least, 1, gfp);
	s = s ?: reclaim_span(c, npages, least, 1, gfp);
	s = s ?: mheap_draw(c, npages, gfp);
	uncharge(c->heap, npages, s);
	return s;
}

/* A new span of the central's class. */
static struct mspan *grow(struct mcentral *c, gfp_t gfp)
{
	const struct goalloc_size_class *sz = heap_class(c->heap, c->spc);
	unsigned int npages = long_pages(c, sz);
	struct mspan *s = NULL;

	if (npages > sz->npages)
		s = grow_long(c, npages, gfp);
	s = s ?: make_span(c, sz->npages, sz->align_pages, gfp);
	if (s)
		s->next = NULL;
	return s;
}

/**
 * mcentral_take() - get spans with free objects
 * @c: the central
 * @max: at most so many of the class's length, so that classes with few objects a span
 *	do not cost a lock an object
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
				more = !drain(c, DRAIN_BATCH, KEEP_ALL, NULL);
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
