// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mcentral_long: the longer spans of classes that have many. */
#include "kunit_util.h"

#define SPC_1K		SPC(32, 0)
#define SPC_48		SPC(5, 0)	/* spans of one page, and never more */
#define NR_LONG		300	/* spans, of which most are as long as they become */

/* Take new spans, linked by next, the newest first; the pages that they have are @pages. */
static struct mspan *take_new(struct kunit *test, struct mcentral *c, unsigned int n,
			      unsigned long *pages)
{
	struct mspan *s, *taken = NULL;

	*pages = 0;
	while (n--) {
		s = mcentral_take(c, 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s);
		KUNIT_EXPECT_NULL(test, s->next);
		*pages += s->npages;
		s->next = taken;
		taken = s;
	}
	return taken;
}

static void let_go(struct mspan *s)
{
	struct mspan *next;

	for (; s; s = next) {
		next = s->next;
		mcentral_let_go(s);
	}
}

/*
 * The first spans of a class are as long as Go's; of a class that has many they are up to 4
 * pages and 256 objects, unless that would not be twice as long, or they are aligned.
 */
static void mcentral_long(struct kunit *test)
{
	unsigned int sc, at[5], most;
	unsigned long pages, bytes;
	struct mcentral *c;
	struct mspan *s, *all;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *sz = &goalloc_size_classes[sc];
		unsigned int bad = 0, nth = NR_LONG;

		c = util_central(test, SPC(sc, 0));
		for (most = sz->npages; most <= 2 && sz->align_pages == 1; most *= 2)
			if ((most * 2 << GOALLOC_PAGE_SHIFT) / sz->size > 256)
				break;
		memset(at, 0, sizeof(at));
		all = take_new(test, c, NR_LONG, &pages);
		for (s = all; s; s = s->next, nth--) {
			bytes = (unsigned long)s->npages << GOALLOC_PAGE_SHIFT;
			bad += s->nelems != bytes / sz->size || !mspan_all_free(s);
			bad += s->npages < sz->npages || s->npages > most;
			bad += nth <= 16 && s->npages != sz->npages;
			bad += span_of(s->base + bytes - 1) != s;
			at[min(s->npages, 4U)]++;
		}
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "spans of class %u", sc);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&c->nr_pages), pages);
		if (most > sz->npages)
			KUNIT_EXPECT_GT_MSG(test, at[most], NR_LONG / 16, "class %u", sc);
		let_go(all);
		KUNIT_EXPECT_EQ_MSG(test, mcentral_idle_pages(c), pages, "still queued");
		mcentral_trim(c, NR_LONG);
		KUNIT_EXPECT_EQ_MSG(test, mcentral_idle_pages(c), pages, "kept");
		KUNIT_EXPECT_EQ(test, mcentral_trim(c, 0), pages);
		KUNIT_EXPECT_EQ(test, mcentral_idle_pages(c), 0);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&c->nr_pages), 0);
	}
}

/* Who takes several spans at once, from the lists or from the queue, gets as many pages. */
static void mcentral_long_weight(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	struct mspan *s, *taken, *all;
	unsigned int visits, got;
	unsigned long pages, sum;
	bool queue;

	for (queue = false; ; queue = true) {
		all = take_new(test, c, NR_LONG, &pages);
		KUNIT_ASSERT_GT(test, pages, 2 * NR_LONG);
		let_go(all);
		if (!queue)
			mcentral_trim(c, NR_LONG);
		all = NULL;
		for (sum = visits = 0; sum < pages; visits++) {
			taken = mcentral_take(c, 8, GFP_NOWAIT);
			KUNIT_ASSERT_NOT_NULL(test, taken);
			for (got = 0; taken; taken = s) {
				s = taken->next;
				got += taken->npages;
				taken->next = all;
				all = taken;
			}
			sum += got;
			KUNIT_EXPECT_LT(test, got, 8 + 4);
			KUNIT_EXPECT_TRUE_MSG(test, got >= 8 || sum == pages, "%u pages", got);
		}
		KUNIT_EXPECT_EQ(test, sum, pages);
		let_go(all);
		mcentral_trim(c, 0);
		if (queue)
			break;
	}
}

#define NR_HOLES	256

/*
 * While pages are at hand for short spans, nothing is drawn for long ones; nor while they are
 * idle, but now and then: who comes after one that found little does not look.
 */
static void take_holes(struct kunit *test, bool idle)
{
	struct mcentral *c = util_central(test, SPC_1K), *other = util_central(test, SPC_48);
	struct page_heap *h = &page_heaps[c->nid];
	struct mspan *s, *next, *all, *kept = NULL;
	unsigned int n = 0, taken = 0, draws = 0, retain = goalloc_scavenge_retain;
	unsigned long pages, npresent;

	goalloc_scavenge_retain = UINT_MAX;	/* however long it takes */
	all = take_new(test, c, NR_LONG, &pages);
	for (s = take_new(test, other, 2 * NR_HOLES, &pages); s; s = next) {
		next = s->next;
		if (s->base >> GOALLOC_PAGE_SHIFT & 1) {
			s->next = kept;
			kept = s;
		} else {
			mcentral_let_go(s);
		}
	}
	if (!idle)
		mcentral_trim(other, 0);
	npresent = h->npresent;
	while (n < NR_HOLES * 3 / 4 && taken++ < 4 * NR_HOLES) {
		s = mcentral_take(c, 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s);
		n += s->npages == 1;
		draws += h->npresent > npresent;
		npresent = h->npresent;
		s->next = all;
		all = s;
	}
	goalloc_scavenge_retain = retain;
	KUNIT_EXPECT_EQ_MSG(test, n, NR_HOLES * 3 / 4, "short spans of %u", taken);
	KUNIT_EXPECT_LE(test, draws, idle ? 4 : 0);
	let_go(all);
	let_go(kept);
	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&util_heap(test)->pages), 0);
}

static void mcentral_long_holes(struct kunit *test)
{
	take_holes(test, false);
}

static void mcentral_long_idle(struct kunit *test)
{
	take_holes(test, true);
}

/* Where memory_limit has room for short spans only they are made, and nothing counts as refused. */
static void mcentral_long_no_effort(struct kunit *test)
{
	struct mcentral *c = util_central(test, SPC_1K);
	struct limit_stats before, now;
	struct mspan *s, *all;
	unsigned long pages;

	all = take_new(test, c, NR_LONG, &pages);
	util_settled(NULL, NULL);	/* nothing can be given back to make room */
	limit_get_stats(&before);
	KUNIT_ASSERT_EQ(test, limit_set(before.held + 3 * GOALLOC_PAGE_SIZE), 0);
	now = before;
	while ((s = mcentral_take(c, 1, GFP_KERNEL | __GFP_NORETRY))) {
		KUNIT_EXPECT_EQ(test, now.refused, before.refused);
		limit_get_stats(&now);
		s->next = all;
		all = s;
	}
	KUNIT_EXPECT_EQ_MSG(test, all->npages, 1, "the last");
	KUNIT_EXPECT_EQ(test, now.refused, before.refused);
	KUNIT_EXPECT_GT(test, now.held, before.held);
	KUNIT_EXPECT_EQ(test, limit_set(0), 0);
	let_go(all);
}

/* A heap whose limit has no room for a long span, or soon will have none, gets a short one. */
static void mcentral_long_limited(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcentral *c = util_central(test, SPC_1K);
	unsigned long pages, room = 4UL * num_online_cpus();
	struct mspan *s, *all;
	unsigned int n = 0;

	all = take_new(test, c, NR_LONG, &pages);
	do {	/* scattered pages come first */
		WRITE_ONCE(heap->limit, atomic_long_read(&heap->pages) + room);
		s = mcentral_take(c, 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s);
		s->next = all;
		all = s;
	} while (s->npages < 4 && ++n < NR_HOLES);
	KUNIT_EXPECT_EQ_MSG(test, s->npages, 4, "with room");
	WRITE_ONCE(heap->limit, atomic_long_read(&heap->pages) + room - 1);
	s = mcentral_take(c, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ_MSG(test, s->npages, 1, "without");
	s->next = all;
	all = s;
	WRITE_ONCE(heap->limit, atomic_long_read(&heap->pages) + 1);
	s = mcentral_take(c, 1, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, s && s->npages == 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->pages), heap->limit);
	KUNIT_EXPECT_NULL(test, mcentral_take(c, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->pages), heap->limit);
	WRITE_ONCE(heap->limit, 0);
	if (s)
		mcentral_let_go(s);
	let_go(all);
}

static int mcentral_long_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	util_settled(NULL, NULL);	/* scattered pages of other cases would make short spans */
	return util_heap_init(test);
}

static struct kunit_case mcentral_long_cases[] = {
	KUNIT_CASE(mcentral_long),
	KUNIT_CASE(mcentral_long_weight),
	KUNIT_CASE(mcentral_long_holes),
	KUNIT_CASE(mcentral_long_idle),
	KUNIT_CASE(mcentral_long_no_effort),
	KUNIT_CASE(mcentral_long_limited),
	{}
};

static struct kunit_suite mcentral_long_suite = {
	.name = "goalloc_mcentral_long",
	.init = mcentral_long_init,
	.exit = util_heap_exit,
	.test_cases = mcentral_long_cases,
};

kunit_test_suite(mcentral_long_suite);
