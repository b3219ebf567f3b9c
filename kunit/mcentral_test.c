// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mcentral: the states of spans that no CPU owns. */
#include "kunit_util.h"

/* Most cases use objects of 1024 bytes, eight to a span. */
#define SPC_1K		SPC(32, 0)
#define NELEMS		8
#define SPC_3K		SPC(41, 0)	/* likewise; never more, its spans are long as it is */
#define SPC_48		SPC(5, 0)	/* spans of one page, and never more */
#define SPC_512		SPC(26, 0)
#define NELEMS_512	16
#define SPC_32K		SPC(67, 0)
#define NR_RECLAIM	1024	/* spans, 8 MiB */
#define MAX_OBJS	800

/* Objects that fill whole spans, in address order within each. */
static void **alloc_spans(struct kunit *test, unsigned int spc, unsigned int nspans)
{
	unsigned int i, n = nspans * goalloc_size_classes[spc >> 1].nelems;
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++) {
		objs[i] = mcache_alloc(util_heap(test), spc, GFP_KERNEL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	return objs;
}

/* As an interrupt would that found the slot busy: no span becomes this CPU's spare. */
static void free_objs(struct kunit *test, void **objs, unsigned int n)
{
	struct mcache_slot *slot;
	unsigned int i, bad = 0;

	for (i = 0; i < n; i++) {
		unsigned int spc = span_of((unsigned long)objs[i])->spc;

		KUNIT_ASSERT_TRUE(test, mcache_enter(mcache_slots(util_heap(test), spc), &slot));
		bad += util_free(objs[i]) != FREE_OK;
		mcache_leave(slot);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "good frees that were refused");
}

static struct mspan *span(void *obj)
{
	return span_of((unsigned long)obj);
}

static int state(void *obj)
{
	return READ_ONCE(span(obj)->state);
}

static unsigned int queued(struct mcentral *c)
{
	struct llist_node *node;
	unsigned int n = 0;

	for (node = c->queue.first; node; node = node->next)
		n++;
	return n;
}

static unsigned int count(struct mspan *spans)
{
	unsigned int n;

	for (n = 0; spans; spans = spans->next)
		n++;
	return n;
}

static int mcentral_test_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return util_heap_init(test);
}

/* A new span is owned by who asked for it, of the central's class, and wholly free. */
static void mcentral_new_span(struct kunit *test)
{
	struct mcentral *c;
	unsigned int spc;
	struct mspan *s;

	for (spc = SPC(1, 0); spc <= SPC_TINY; spc++) {
		c = util_central(test, spc);
		s = mcentral_take(c, 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s);
		KUNIT_EXPECT_EQ(test, s->state, MSPAN_OWNED);
		KUNIT_EXPECT_EQ(test, s->spc, spc);
		KUNIT_EXPECT_PTR_EQ(test, s->central, c);
		KUNIT_EXPECT_NULL(test, s->next);
		KUNIT_EXPECT_TRUE(test, mspan_all_free(s));
		KUNIT_EXPECT_EQ(test, mspan_count_free(s), s->nelems);
		KUNIT_EXPECT_EQ(test, s->free_limit, spc == SPC_TINY ? 0 : s->nelems);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 1);
		mcentral_let_go(s);
		mcentral_trim(c, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 0);
	}
}

/* The first free into a full span queues it, once; whoever comes for a span gets it. */
static void mcentral_full_to_queued(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 2);
	struct mspan *s = span(objs[0]);

	KUNIT_EXPECT_EQ(test, s->state, MSPAN_FULL);
	KUNIT_EXPECT_FALSE(test, mcentral_has_idle(c));
	free_objs(test, objs + 3, 1);
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_QUEUED);
	KUNIT_EXPECT_EQ(test, queued(c), 1);
	free_objs(test, objs + 5, 1);
	KUNIT_EXPECT_EQ_MSG(test, queued(c), 1, "queued twice");

	KUNIT_EXPECT_PTR_EQ(test, mcentral_take(c, 1, GFP_NOWAIT), s);
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_OWNED);
	KUNIT_EXPECT_EQ(test, s->free_bits[0], BIT(3) | BIT(5));
	KUNIT_EXPECT_EQ(test, queued(c), 0);
	mcentral_let_go(s);
	objs[3] = objs[7];
	objs[5] = objs[6];
	free_objs(test, objs, 6);
	free_objs(test, objs + NELEMS, NELEMS);
}

/* A span with some objects free is PARTIAL; the free that empties it queues it. */
static void mcentral_partial_to_queued(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 2);

	free_objs(test, objs, 2);
	mcentral_trim(c, 0);
	KUNIT_EXPECT_EQ(test, state(objs[0]), MSPAN_PARTIAL);
	free_objs(test, objs + 2, NELEMS - 3);
	KUNIT_EXPECT_EQ(test, state(objs[0]), MSPAN_PARTIAL);
	KUNIT_EXPECT_EQ(test, queued(c), 0);
	free_objs(test, objs + NELEMS - 1, 1);
	KUNIT_EXPECT_EQ(test, state(objs[0]), MSPAN_QUEUED);
	KUNIT_EXPECT_EQ(test, queued(c), 1);
	KUNIT_EXPECT_EQ(test, mcentral_trim(c, 0), 1);
	KUNIT_EXPECT_NULL_MSG(test, span(objs[0]), "the span was not given back");
	free_objs(test, objs + NELEMS, NELEMS);
}

/* Wholly free spans go back to the page heap, and only they. */
static void mcentral_trim_wholly_free(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 6);
	struct mspan *last = span(objs[5 * NELEMS]);

	KUNIT_ASSERT_EQ(test, atomic_read(&c->nr_spans), 6);
	free_objs(test, objs, 4 * NELEMS);
	free_objs(test, objs + 4 * NELEMS, NELEMS - 1);
	KUNIT_EXPECT_EQ_MSG(test, mcentral_trim(c, 0), 4, "pages given back");
	KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 2);
	KUNIT_EXPECT_NULL(test, span(objs[0]));
	KUNIT_EXPECT_NULL(test, span(objs[4 * NELEMS - 1]));
	KUNIT_EXPECT_EQ(test, state(objs[4 * NELEMS]), MSPAN_PARTIAL);
	KUNIT_EXPECT_EQ_MSG(test, last->state, MSPAN_OWNED, "this one a cache holds");
	free_objs(test, objs + 5 * NELEMS - 1, NELEMS + 1);
}

/* Wholly free spans are kept for the next who comes, until they are trimmed. */
static void mcentral_keeps_empty(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 11);
	struct mspan *s;

	free_objs(test, objs, 10 * NELEMS);
	s = mcentral_take(c, 1, GFP_NOWAIT);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_TRUE(test, mspan_all_free(s));
	KUNIT_EXPECT_EQ_MSG(test, c->nr_empty, 10 - 1, "kept, less the one taken");
	KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 11);
	mcentral_let_go(s);
	mcentral_trim(c, 3);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 4);
	mcentral_trim(c, 0);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 0);
	free_objs(test, objs + 10 * NELEMS, NELEMS);
}

static bool is_marked(struct mcentral *c)
{
	return READ_ONCE(*c->idle_word) & c->idle_mask;
}

/* A class that has queued or wholly free spans is marked, and no other. */
static void mcentral_marks(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K), *other = util_central(test, SPC_512);
	void **objs = alloc_spans(test, SPC_1K, 11);

	mcentral_trim(c, 0);
	mcentral_trim(other, 0);
	KUNIT_EXPECT_FALSE(test, is_marked(c));
	free_objs(test, objs, 10 * NELEMS);
	KUNIT_EXPECT_TRUE_MSG(test, is_marked(c), "spans are queued");
	KUNIT_EXPECT_FALSE(test, is_marked(other));
	mcentral_trim(c, 3);
	KUNIT_EXPECT_TRUE_MSG(test, is_marked(c), "free spans were kept");
	mcentral_trim(c, 0);
	KUNIT_EXPECT_FALSE(test, is_marked(c));
	free_objs(test, objs + 10 * NELEMS, NELEMS);
}

/* A change of sizes does not make the heap grow: what is idle is used first. */
static void mcentral_reclaims(struct kunit *test)
{
	struct page_heap *h = &page_heaps[util_memory_node()];
	void **objs = alloc_spans(test, SPC_1K, NR_RECLAIM);
	unsigned long nspans, npresent;

	free_objs(test, objs, NR_RECLAIM * NELEMS);
	npresent = h->npresent;
	nspans = h->nfree + NR_RECLAIM * 9 / 10;
	objs = alloc_spans(test, SPC_512, nspans);
	KUNIT_EXPECT_LE_MSG(test, h->npresent, npresent + NR_RECLAIM / 4,
			    "pages were drawn beside %u that are idle", NR_RECLAIM);
	free_objs(test, objs, nspans * NELEMS_512);
}

/* Take @n spans of a class at most.  Return: how many, on @taken. */
static unsigned int take_spans(struct mcentral *c, unsigned int n, struct mspan **taken)
{
	struct mspan *s;
	unsigned int i;

	for (i = 0; i < n; i++) {
		s = mcentral_take(c, 1, GFP_KERNEL);
		if (!s)
			break;
		s->next = *taken;
		*taken = s;
	}
	return i;
}

static void let_go_spans(struct mcentral *c, struct mspan *taken)
{
	struct mspan *s;

	while ((s = taken)) {
		taken = s->next;
		mcentral_let_go(s);
	}
	mcentral_trim(c, 0);
}

/* What is idle is unmade bit by bit: no allocation pays for all of it. */
static void mcentral_reclaims_little(struct kunit *test)
{
	struct mcentral *idle = util_central(test, SPC_1K), *c = util_central(test, SPC_48);
	int before, most = 0, n = NR_RECLAIM;
	struct mspan *taken = NULL;
	void **objs;

	scavenge_all();
	objs = alloc_spans(test, SPC_1K, NR_RECLAIM);
	free_objs(test, objs, NR_RECLAIM * NELEMS);
	do {
		before = atomic_read(&idle->nr_spans);
		n -= take_spans(c, 1, &taken);
		most = max(most, before - atomic_read(&idle->nr_spans));
	} while (n && most <= 4 && taken);
	let_go_spans(c, taken);
	mcentral_trim(idle, 0);
	KUNIT_EXPECT_GT(test, most, 0);
	KUNIT_EXPECT_LE_MSG(test, most, 4, "spans unmade for one that is made");
}

/* Who looked for idle spans in vain has the next one draw without a look. */
static void mcentral_reclaims_in_vain(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_512);
	struct mcentral *first = heap_central(c->heap, c->nid, c->heap->first_spc);
	struct page_heap *h = &page_heaps[util_memory_node()];
	struct mspan *taken = NULL;
	unsigned long npresent;
	int i, n = MAX_OBJS;

	scavenge_all();
	WRITE_ONCE(first->draw_next, false);
	for (i = 0; i < 4; i++) {
		npresent = h->npresent;
		while (n && h->npresent == npresent)
			n -= take_spans(c, 1, &taken);
		KUNIT_EXPECT_EQ_MSG(test, READ_ONCE(first->draw_next), i % 2 == 0, "draw %d", i);
	}
	KUNIT_EXPECT_GT(test, n, 0);
	let_go_spans(c, taken);
}

/* Objects that fill @nspans spans of a class; one of each span is free. */
static void **alloc_busy(struct kunit *test, unsigned int nspans)
{
	void **objs = alloc_spans(test, SPC_512, nspans);
	unsigned int i;

	for (i = 0; i < nspans; i++)
		free_objs(test, objs + i * NELEMS_512, 1);
	return objs;
}

static void free_busy(struct kunit *test, void **objs, unsigned int nspans)
{
	unsigned int i;

	for (i = 0; i < nspans; i++)
		free_objs(test, objs + i * NELEMS_512 + 1, NELEMS_512 - 1);
	mcentral_trim(util_central(test, SPC_512), 0);
}

/* A class whose queue is long, with nothing idle in it, does not keep others from their turn. */
static void mcentral_reclaims_in_turn(struct kunit *test)
{
	struct page_run *runs = kunit_kcalloc(test, MAX_OBJS, sizeof(*runs), GFP_KERNEL);
	struct mcentral *idle = util_central(test, SPC_1K), *c = util_central(test, SPC_32K);
	struct mspan *taken = NULL;
	int at_hand = 0, before;
	void **busy, **objs;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	busy = alloc_busy(test, NR_RECLAIM);
	objs = alloc_spans(test, SPC_1K, NR_RECLAIM);
	/* nothing at hand: a span is made of what is idle, or of what is drawn, eight at a time */
	while (at_hand < MAX_OBJS && mpagecache_reuse(util_memory_node(), 4, 4, &runs[at_hand]))
		at_hand++;
	KUNIT_EXPECT_LT(test, at_hand, MAX_OBJS);
	free_objs(test, objs, NR_RECLAIM * NELEMS);
	before = atomic_read(&idle->nr_spans);
	KUNIT_EXPECT_EQ(test, take_spans(c, 32, &taken), 32);
	KUNIT_EXPECT_LT_MSG(test, atomic_read(&idle->nr_spans), before, "no turn in 32");
	while (at_hand--)
		mpagecache_free(&runs[at_hand]);
	let_go_spans(c, taken);
	free_busy(test, busy, NR_RECLAIM);
	mcentral_trim(idle, 0);
}

/* Free objects that fill spans, span by span in any order. */
static void free_shuffled(struct kunit *test, void **objs, unsigned int nspans)
{
	unsigned int i, *order = kunit_kcalloc(test, nspans, sizeof(*order), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, order);
	util_seed(test, &rnd);
	for (i = 0; i < nspans; i++) {
		unsigned int other = util_below(&rnd, i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	for (i = 0; i < nspans; i++)
		free_objs(test, objs + order[i] * NELEMS, NELEMS);
}

/* The same if the new size takes several pages, which come back one here, one there. */
static void mcentral_reclaims_runs(struct kunit *test)
{
	struct mcentral *idle = util_central(test, SPC_1K), *c = util_central(test, SPC_32K);
	struct page_heap *h = &page_heaps[util_memory_node()];
	unsigned int nspans = NR_RECLAIM / 4 * 3 / 4;
	struct mspan *taken = NULL;
	unsigned long npresent;

	free_shuffled(test, alloc_spans(test, SPC_1K, NR_RECLAIM), NR_RECLAIM);
	npresent = h->npresent;
	KUNIT_EXPECT_EQ(test, take_spans(c, nspans, &taken), nspans);
	KUNIT_EXPECT_LE_MSG(test, h->npresent, npresent + NR_RECLAIM / 4,
			    "pages were drawn beside %u that are idle", NR_RECLAIM);
	let_go_spans(c, taken);
	mcentral_trim(idle, 0);
}

/* Nor does it if what is idle is of another heap, and this one has a long queue of its own. */
static void mcentral_reclaims_other_heap(struct kunit *test)
{
	struct page_heap *h = &page_heaps[util_memory_node()];
	struct mcentral *c = util_central(test, SPC_48);
	void **objs, **busy = alloc_busy(test, NR_RECLAIM);
	unsigned int i, n = NR_RECLAIM * NELEMS;
	unsigned int nspans = NR_RECLAIM / 2;
	struct mspan *taken = NULL;
	unsigned long npresent;

	objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++)
		objs[i] = goalloc_alloc(1024, GFP_KERNEL);
	for (i = 0; i < n; i++)
		goalloc_free(objs[i]);
	npresent = h->npresent;
	KUNIT_EXPECT_EQ(test, take_spans(c, nspans, &taken), nspans);
	KUNIT_EXPECT_LE_MSG(test, h->npresent, npresent + nspans / 4, "pages were drawn");
	let_go_spans(c, taken);
	free_busy(test, busy, NR_RECLAIM);
}

/* Fuller spans are used before emptier ones, whichever was freed into first. */
static void mcentral_fuller_first(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 4);
	void **emptier = objs, **fuller = objs + NELEMS, **emptier_too = objs + 2 * NELEMS;
	struct mspan *s;

	free_objs(test, emptier, NELEMS - 1);
	mcentral_trim(c, 0);
	free_objs(test, fuller, 1);
	mcentral_trim(c, 0);
	free_objs(test, emptier_too, NELEMS - 1);
	mcentral_trim(c, 0);
	s = mcentral_take(c, 1, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ(test, s, span(fuller[1]));
	mcentral_let_go(s);
	free_objs(test, emptier + NELEMS - 1, 1);
	free_objs(test, fuller + 1, NELEMS - 1);
	free_objs(test, emptier_too + NELEMS - 1, NELEMS + 1);
}

/* A batch is at most what was asked for; each span in it is owned, and they differ. */
static void mcentral_batch(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_32K);
	void **objs = alloc_spans(test, SPC_32K, 10);
	struct mspan *s, *next;

	free_objs(test, objs, 10);
	s = mcentral_take(c, 3, GFP_NOWAIT);
	KUNIT_ASSERT_EQ(test, count(s), 3);
	KUNIT_EXPECT_PTR_NE(test, s, s->next);
	KUNIT_EXPECT_PTR_NE(test, s->next, s->next->next);
	for (; s; s = next) {
		next = s->next;
		KUNIT_EXPECT_EQ(test, s->state, MSPAN_OWNED);
		mcentral_let_go(s);
	}
}

/* What a visit takes several of goes straight from the queue to who asks, but full ones. */
static void mcentral_straight(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 5);
	void **whole = objs, **part = objs + NELEMS, **full = objs + 2 * NELEMS;
	void **listed = objs + 3 * NELEMS;
	struct mspan *s, *next;

	free_objs(test, listed, NELEMS);
	mcentral_trim(c, 1);
	KUNIT_ASSERT_EQ(test, c->nr_empty, 1);
	mcentral_let_go(span(listed[0]));	/* as who looked at it too late */
	mcentral_let_go(span(full[0]));
	free_objs(test, whole, NELEMS);
	free_objs(test, part, 3);
	KUNIT_ASSERT_EQ(test, queued(c), 4);
	s = mcentral_take(c, 8, GFP_NOWAIT);
	KUNIT_EXPECT_EQ(test, count(s), 3);
	KUNIT_EXPECT_EQ(test, state(full[0]), MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&c->empty) && list_empty(&c->partial));
	KUNIT_EXPECT_FALSE(test, mcentral_has_idle(c));
	for (; s; s = next) {
		next = s->next;
		KUNIT_EXPECT_EQ(test, s->state, MSPAN_OWNED);
		KUNIT_EXPECT_TRUE(test, mspan_any_free(s));
		mcentral_let_go(s);
	}
	free_objs(test, part + 3, NELEMS - 3);
	free_objs(test, full, NELEMS);
	free_objs(test, objs + 4 * NELEMS, NELEMS);
}

/* Behind many full ones a queued span is found, and no new one is made. */
static void mcentral_looks_on(struct kunit *test)
{
	const unsigned int nspans = MAX_OBJS / NELEMS - 1;
	struct mcentral *c = util_central(test, SPC_3K);
	void **objs = alloc_spans(test, SPC_3K, nspans + 1);
	unsigned int i;
	struct mspan *s;

	free_objs(test, objs, 1);	/* the last one of a queue that is a stack */
	for (i = 1; i < nspans; i++)
		mcentral_let_go(span(objs[i * NELEMS]));
	KUNIT_ASSERT_EQ(test, queued(c), nspans);
	s = mcentral_take(c, 2, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ(test, s, span(objs[1]));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), nspans + 1);
	mcentral_let_go(s);
	free_objs(test, objs + 1, (nspans + 1) * NELEMS - 1);
}

/* Any number of queued spans is settled, more than one step under the lock takes. */
static void mcentral_drains_all(struct kunit *test)
{
	const unsigned int nspans = MAX_OBJS / NELEMS - 1;
	struct mcentral *c = util_central(test, SPC_3K);
	void **objs = alloc_spans(test, SPC_3K, nspans + 1);
	unsigned int i, bad = 0;

	for (i = 0; i < nspans; i++)
		free_objs(test, objs + i * NELEMS, 1);
	KUNIT_EXPECT_EQ(test, queued(c), nspans);
	KUNIT_EXPECT_EQ(test, mcentral_trim(c, 0), 0);
	KUNIT_EXPECT_FALSE(test, mcentral_has_idle(c));
	for (i = 0; i < nspans; i++)
		bad += state(objs[i * NELEMS + 1]) != MSPAN_PARTIAL;
	KUNIT_EXPECT_EQ(test, bad, 0);
	for (i = 0; i < nspans; i++)
		free_objs(test, objs + i * NELEMS + 1, NELEMS - 1);
	KUNIT_EXPECT_EQ_MSG(test, mcentral_trim(c, 0), 3 * nspans, "pages given back");
	free_objs(test, objs + nspans * NELEMS, NELEMS);
}

/*
 * A freeing CPU that looks at a span after another retired it may win a cmpxchg
 * on a stranger and queue that.  Letting go of a span does the same to it.  The
 * drainer puts it back where it was and nothing is lost or doubled.
 */
static void mcentral_stale_look(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	void **objs = alloc_spans(test, SPC_1K, 4);
	struct mspan *full = span(objs[0]), *partial = span(objs[NELEMS]);
	struct mspan *other = span(objs[2 * NELEMS]), *s;

	mcentral_let_go(full);
	mcentral_trim(c, 0);
	KUNIT_EXPECT_EQ(test, full->state, MSPAN_FULL);

	free_objs(test, objs + NELEMS, 1);
	free_objs(test, objs + 2 * NELEMS, 1);
	mcentral_trim(c, 0);
	mcentral_let_go(partial);
	mcentral_trim(c, 0);
	KUNIT_EXPECT_EQ(test, partial->state, MSPAN_PARTIAL);

	mcentral_let_go(partial);
	s = mcentral_take(c, 2, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ_MSG(test, s, other, "a queued span belongs to the drainer");
	KUNIT_EXPECT_NULL(test, s->next);
	s = mcentral_take(c, 2, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ(test, s, partial);
	KUNIT_EXPECT_NULL(test, s->next);
	mcentral_let_go(other);
	mcentral_let_go(partial);

	free_objs(test, objs, NELEMS);
	free_objs(test, objs + NELEMS + 1, NELEMS - 1);
	free_objs(test, objs + 2 * NELEMS + 1, 2 * NELEMS - 1);
}

static const size_t large_sizes[] = {
	32769, 40000, 40960, 65536, 65537, 100000, SZ_128K, SZ_1M - 1, SZ_1M, 3000000, SZ_4M,
};

/* A large object is one span of as few pages as hold it, powers of two aligned to themselves. */
static void mcentral_large(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_LARGE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(large_sizes); i++) {
		size_t size = large_sizes[i];
		struct mspan *s = mcentral_alloc_large(c, size, GFP_KERNEL);
		unsigned long base;

		KUNIT_ASSERT_NOT_NULL(test, s);
		base = s->base;
		KUNIT_EXPECT_EQ(test, s->npages, DIV_ROUND_UP(size, GOALLOC_PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, s->elemsize, round_up(size, GOALLOC_PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, s->nelems, 1);
		KUNIT_EXPECT_EQ_MSG(test, mspan_count_free(s), 0, "the object is in use");
		if (is_power_of_2(size))
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED(base, size));
		KUNIT_EXPECT_PTR_EQ(test, span_of(base + size - 1), s);
		mcentral_free_large(s);
		KUNIT_EXPECT_NULL(test, span_of(base));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&c->nr_spans), 0);
}

static struct kunit_case mcentral_cases[] = {
	KUNIT_CASE(mcentral_new_span),
	KUNIT_CASE(mcentral_full_to_queued),
	KUNIT_CASE(mcentral_partial_to_queued),
	KUNIT_CASE(mcentral_trim_wholly_free),
	KUNIT_CASE(mcentral_keeps_empty),
	KUNIT_CASE(mcentral_marks),
	KUNIT_CASE(mcentral_reclaims),
	KUNIT_CASE(mcentral_reclaims_little),
	KUNIT_CASE(mcentral_reclaims_in_vain),
	KUNIT_CASE(mcentral_reclaims_in_turn),
	KUNIT_CASE(mcentral_reclaims_runs),
	KUNIT_CASE(mcentral_reclaims_other_heap),
	KUNIT_CASE(mcentral_fuller_first),
	KUNIT_CASE(mcentral_batch),
	KUNIT_CASE(mcentral_straight),
	KUNIT_CASE(mcentral_looks_on),
	KUNIT_CASE(mcentral_drains_all),
	KUNIT_CASE(mcentral_stale_look),
	KUNIT_CASE(mcentral_large),
	{}
};

static struct kunit_suite mcentral_suite = {
	.name = "goalloc_mcentral",
	.init = mcentral_test_init,
	.exit = util_heap_exit,
	.test_cases = mcentral_cases,
};

kunit_test_suite(mcentral_suite);
