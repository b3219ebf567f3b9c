// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_scavenge: idle memory goes back, in use memory stays. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/mm.h>

#include "kunit_util.h"

#define NR_OBJS		1000
#define POLLS		200
#define POLL_MS		50
#define SCANS		2000

static void **alloc_many(struct kunit *test, unsigned int n)
{
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	for (i = 0; i < n; i++) {
		size_t size = util_size(&rnd, SZ_64K);

		objs[i] = i % 2 ? goalloc_alloc(size, GFP_KERNEL) :
				  goalloc_alloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		util_fill(objs[i], goalloc_size(objs[i]), i);
	}
	return objs;
}

static unsigned int count_bad(void **objs, unsigned int n)
{
	unsigned int i, bad = 0;

	for (i = 0; i < n; i++)
		bad += objs[i] && !util_filled(objs[i], goalloc_size(objs[i]), i);
	return bad;
}

static void free_many(void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		goalloc_free(objs[i]);
		objs[i] = NULL;
	}
}

/* On demand all that is not in use goes back, and the return value says how much. */
static void scavenge_all_goes_back(struct kunit *test)
{
	struct mem_counts before, during, after;
	unsigned long pages, ready;
	struct mem_stats st;
	void **objs;

	util_settled(&st, NULL);
	ready = st.mem.ready;
	objs = alloc_many(test, NR_OBJS);
	mem_get_counts(&during);
	KUNIT_EXPECT_GT(test, during.ready, ready);
	free_many(objs, NR_OBJS);
	mem_get_counts(&before);
	pages = scavenge_all();
	mem_get_counts(&after);
	KUNIT_EXPECT_GE(test, after.returned - before.returned, pages);
	pages += scavenge_all();
	mem_get_counts(&after);
	KUNIT_EXPECT_EQ(test, after.prepared, 0);
	KUNIT_EXPECT_EQ(test, after.ready, ready);
	KUNIT_EXPECT_EQ(test, after.drawn - after.returned, ready);
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_EQ(test, after.lost_refs, before.lost_refs);
	KUNIT_EXPECT_EQ_MSG(test, scavenge_all(), 0, "there was nothing left");
	if (!st.heap_objects)
		KUNIT_EXPECT_EQ_MSG(test, after.ready, 0, "nothing lives");
}

/* What is in use is left alone, whatever goes from around it. */
static void scavenge_keeps_the_living(struct kunit *test)
{
	void **objs = alloc_many(test, NR_OBJS);
	struct span_walk walk;
	struct mem_stats st;
	unsigned int i;

	for (i = 0; i < NR_OBJS; i++) {
		if (i % 10 == 0)
			continue;
		goalloc_free(objs[i]);
		objs[i] = NULL;
	}
	scavenge_all();
	KUNIT_EXPECT_EQ(test, count_bad(objs, NR_OBJS), 0);
	util_settled(&st, &walk);
	KUNIT_EXPECT_EQ(test, st.mem.prepared, 0);
	KUNIT_EXPECT_EQ(test, walk.pages, st.mem.ready);
	free_many(objs, NR_OBJS);
	util_check_allocator(test, 1000);
}

struct alloc_there {
	void **objs;
	unsigned int n, bad;
};

static void alloc_there_fn(unsigned int cpu, void *arg)
{
	unsigned int i;

	for (i = 0; i < 200; i++) {
		void *a = goalloc_alloc(1 + i * 50, GFP_KERNEL);
		void *b = goalloc_alloc_noscan(1 + i % 15, GFP_KERNEL);

		goalloc_free(a);
		goalloc_free(b);
	}
}

/* What other CPUs hold in their caches goes back too. */
static void scavenge_other_cpus(struct kunit *test)
{
	struct mem_counts after;
	struct mem_stats st;
	unsigned int cpu;

	util_settled(&st, NULL);
	util_run_on_all(test, alloc_there_fn, NULL);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_TRUE(test, per_cpu_ptr(default_heap.cache, cpu)->holds);
	scavenge_all();
	scavenge_all();
	mem_get_counts(&after);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_FALSE(test, per_cpu_ptr(default_heap.cache, cpu)->holds);
		KUNIT_EXPECT_EQ(test, per_cpu_ptr(page_caches, cpu)->pw.free, 0);
	}
	KUNIT_EXPECT_EQ(test, after.prepared, 0);
	KUNIT_EXPECT_EQ(test, after.ready, st.mem.ready);
}

/* The highest page of a node's heap that is free, or 0. */
static unsigned long highest_free(struct page_heap *h)
{
	unsigned long flags, page, highest = 0;
	struct arena *a = NULL;
	struct rb_node *node;

	spin_lock_irqsave(&h->lock, flags);
	for (node = rb_last(&h->arenas); node && !highest; node = rb_prev(node)) {
		a = rb_entry(node, struct arena, node);
		for (page = 0; page < ARENA_PAGES; page++)
			if (!test_bit(page, a->busy))
				highest = a->base + (page << GOALLOC_PAGE_SHIFT);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return highest;
}

/* Pages go from the highest address down, not more than was asked for. */
static void scavenge_highest_first(struct kunit *test)
{
	struct page_heap *h = &page_heaps[util_memory_node()];
	struct page_run *runs = kunit_kcalloc(test, 40, sizeof(*runs), GFP_KERNEL);
	struct mem_counts before, after;
	unsigned int i, npages;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	scavenge_all();
	for (i = 0; i < 40; i++)
		KUNIT_ASSERT_TRUE(test, mpagealloc_alloc(h->nid, 20 + i, 1, GFP_KERNEL, &runs[i]));
	for (i = 0; i < 40; i++)
		if (i % 2)
			mpagealloc_free(&runs[i]);
	for (npages = 1; npages <= 16; npages *= 2) {
		unsigned long highest = highest_free(h);
		unsigned int n;

		KUNIT_ASSERT_NE(test, highest, 0);
		mem_get_counts(&before);
		n = mpagealloc_release(h, npages);
		mem_get_counts(&after);
		KUNIT_EXPECT_GT(test, n, 0);
		KUNIT_EXPECT_LE(test, n, npages);
		KUNIT_EXPECT_GE(test, after.returned - before.returned, n);
		KUNIT_EXPECT_LT_MSG(test, highest_free(h), highest, "the highest did not go");
	}
	for (i = 0; i < 40; i += 2)
		mpagealloc_free(&runs[i]);
}

/* Wait until the background scavenger has brought idle pages down to @most. */
static unsigned long await_prepared(unsigned long most)
{
	struct mem_counts m;
	unsigned int i;

	for (i = 0; i < POLLS; i++) {
		mem_get_counts(&m);
		if (m.prepared <= most)
			break;
		msleep(POLL_MS);
	}
	msleep(3 * POLL_MS);
	mem_get_counts(&m);
	return m.prepared;
}

static unsigned int saved_interval, saved_retain;

static int scavenge_test_init(struct kunit *test)
{
	saved_interval = goalloc_scavenge_interval;
	saved_retain = goalloc_scavenge_retain;
	return 0;
}

static void scavenge_test_exit(struct kunit *test)
{
	goalloc_scavenge_interval = saved_interval;
	goalloc_scavenge_retain = saved_retain;
}

/* In the background pages go back down to a share of what is in use, and no further. */
static void scavenge_background_retains(struct kunit *test)
{
	unsigned long turns = scavenge_pages(SCAVENGE_BACKGROUND), keep, prepared;
	struct mem_counts m;
	void *keeps, *goes;

	goalloc_scavenge_interval = 20;
	goalloc_scavenge_retain = 25;
	scavenge_all();
	keeps = goalloc_alloc(SZ_2M, GFP_KERNEL);
	goes = goalloc_alloc(SZ_4M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, keeps);
	KUNIT_ASSERT_NOT_NULL(test, goes);
	util_fill(keeps, SZ_2M, 1);
	goalloc_free(goes);
	mem_get_counts(&m);
	keep = m.ready * 25 / 100;
	KUNIT_ASSERT_GT(test, m.prepared, keep);
	prepared = await_prepared(keep);
	KUNIT_EXPECT_LE_MSG(test, prepared, keep, "too much stays");
	KUNIT_EXPECT_GE_MSG(test, prepared, keep / 2, "too little stays");
	KUNIT_EXPECT_GT(test, scavenge_pages(SCAVENGE_BACKGROUND), turns);
	KUNIT_EXPECT_TRUE(test, util_filled(keeps, SZ_2M, 1));
	goalloc_free(keeps);
}

/* When nothing is in use any more everything goes, caches and all, without being asked for. */
static void scavenge_background_idle(struct kunit *test)
{
	struct mem_stats before;
	struct mem_counts m;
	void **objs;

	util_settled(&before, NULL);
	goalloc_scavenge_interval = 20;
	goalloc_scavenge_retain = 0;
	objs = alloc_many(test, NR_OBJS);
	free_many(objs, NR_OBJS);
	KUNIT_EXPECT_EQ(test, await_prepared(0), 0);
	mem_get_counts(&m);
	KUNIT_EXPECT_EQ(test, m.ready, before.mem.ready);
}

/* A CPU that goes down leaves nothing behind in its caches. */
static void scavenge_dead_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), other = util_other_cpu(test, cpu);
	struct mcache *c = per_cpu_ptr(default_heap.cache, other);
	unsigned int spc, held = 0;
	struct mem_stats st;
	unsigned long ready;
	void **objs;

	util_settled(&st, NULL);
	ready = st.mem.ready;
	util_pin(test, other);
	objs = alloc_many(test, NR_OBJS);
	util_pin(test, cpu);
	if (remove_cpu(other)) {
		free_many(objs, NR_OBJS);
		kunit_skip(test, "no CPU can be taken down");
	}
	for (spc = 0; spc < NR_SPC; spc++)
		held += c->slot[spc].span || c->slot[spc].spare || c->slot[spc].free;
	KUNIT_EXPECT_EQ_MSG(test, held, 0, "slots of a dead CPU that hold spans");
	KUNIT_EXPECT_EQ(test, c->tiny, 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(page_caches, other)->pw.free, 0);
	KUNIT_EXPECT_EQ(test, count_bad(objs, NR_OBJS), 0);
	free_many(objs, NR_OBJS);
	util_settled(&st, NULL);
	KUNIT_EXPECT_EQ(test, st.mem.prepared, 0);
	KUNIT_EXPECT_EQ(test, st.mem.ready, ready);
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
}

/* Pages of spans that the scavenger unmakes do not stay in its CPU's page cache. */
static void scavenge_past_page_cache(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), other = util_other_cpu(test, cpu);
	struct page_cache *pc = per_cpu_ptr(page_caches, cpu);
	struct mem_stats st;
	void *obj;

	util_settled(NULL, NULL);
	util_pin(test, cpu);
	obj = goalloc_alloc(5 * GOALLOC_PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	if (!pc->pw.free)	/* as if all the pages of this word had been taken from it */
		pc->pw = (struct page_word) {
			.arena = arena_of((unsigned long)obj),
			.word = arena_page((unsigned long)obj) / BITS_PER_LONG,
		};
	util_pin(test, other);
	goalloc_free(obj);
	util_pin(test, cpu);
	scavenge_all();
	mstats_read(NULL, &st);
	KUNIT_EXPECT_EQ(test, pc->pw.free, 0);
	KUNIT_EXPECT_EQ(test, st.mem.prepared, 0);
}

static unsigned long shrinker_counts(void)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	return scavenge_shrinker->count_objects(scavenge_shrinker, &sc);
}

static unsigned long shrinker_scans(unsigned long pages)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = pages };

	return scavenge_shrinker->scan_objects(scavenge_shrinker, &sc);
}

/*
 * Under memory pressure the kernel is told of all idle pages, gets as many as it asks
 * for, and in the end all of them; what is in use stays.
 */
static void scavenge_pressure(struct kunit *test)
{
	unsigned long counted, got, gone = 0, scavenged = scavenge_pages(SCAVENGE_PRESSURE);
	struct mem_stats st;
	unsigned int i;
	void **objs;

	util_settled(&st, NULL);
	KUNIT_EXPECT_EQ_MSG(test, shrinker_counts(), SHRINK_EMPTY, "idle pages of an idle heap");
	objs = alloc_many(test, NR_OBJS);
	free_many(objs, NR_OBJS / 2);
	util_pin(test, cpumask_first(cpu_online_mask));
	/* The background scavenger may come first, but not each time. */
	for (i = 0, counted = 0; i < SCANS && counted < SZ_2M >> PAGE_SHIFT; i++) {
		goalloc_free(goalloc_alloc(SZ_2M, GFP_KERNEL));
		counted = shrinker_counts() % SHRINK_EMPTY;
	}
	KUNIT_EXPECT_GE_MSG(test, counted, SZ_2M >> PAGE_SHIFT, "a large object is idle");
	for (i = 0; i < SCANS && shrinker_counts() != SHRINK_EMPTY; i++) {
		got = shrinker_scans(16);
		if (got == SHRINK_STOP)	/* the background scavenger is at work */
			continue;
		KUNIT_EXPECT_LE(test, got, 16);
		gone += got;
	}
	KUNIT_EXPECT_EQ_MSG(test, shrinker_counts(), SHRINK_EMPTY, "all idle pages go");
	KUNIT_EXPECT_EQ(test, (scavenge_pages(SCAVENGE_PRESSURE) - scavenged) << PAGE_ORDER, gone);
	KUNIT_EXPECT_EQ(test, count_bad(objs, NR_OBJS), 0);
	free_many(objs, NR_OBJS);
}

/* In the background a cache that is in use keeps its spans, turn after turn. */
static void scavenge_background_used(struct kunit *test)
{
	struct mcache_slot *slot;
	struct mcache *c;
	unsigned int i, turns = 0, emptied = 0;
	struct mspan *s;
	void *obj;

	util_pin(test, cpumask_first(cpu_online_mask));
	scavenge_all();
	goalloc_scavenge_interval = 300;
	obj = goalloc_alloc(64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	c = raw_cpu_ptr(default_heap.cache);
	s = span_of((unsigned long)obj);
	slot = &c->slot[s->spc];
	KUNIT_ASSERT_PTR_EQ(test, slot->span, s);
	for (i = 0; i < 2000 && turns < 2; i++) {
		turns += !READ_ONCE(c->used);		/* a turn takes the mark away */
		emptied += READ_ONCE(slot->span) != s;
		WRITE_ONCE(c->used, true);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_EQ_MSG(test, turns, 2, "the scavenger did not come");
	KUNIT_EXPECT_EQ_MSG(test, emptied, 0, "a cache in use was emptied");
	goalloc_free(obj);
}

/*
 * Wholly free spans of a class, counted by its central.  (The background may have a turn
 * before it waits for as long as it is told to now.)
 */
static struct mcentral *make_spans_idle(struct kunit *test)
{
	struct mcentral *c = heap_central(&default_heap, util_memory_node(), SPC(32, 0));
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned int i, turn;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (turn = 0; turn < 3 && READ_ONCE(c->empty_pages) < NR_OBJS / 8 / 2; turn++) {
		for (i = 0; i < NR_OBJS; i++)
			objs[i] = goalloc_alloc(1024, GFP_KERNEL);
		scavenge_all();
		free_many(objs, NR_OBJS);
		mcentral_trim(c, NR_OBJS);
	}
	KUNIT_EXPECT_GE_MSG(test, READ_ONCE(c->empty_pages), NR_OBJS / 8 / 2, "no spans are idle");
	return c;
}

/* Wholly free spans of a class that nobody asks for go at once, not by halves. */
static void scavenge_background_unvisited(struct kunit *test)
{
	unsigned int i, turns = 0;
	struct mcache *cache;
	struct mcentral *c;
	void *obj;

	util_pin(test, cpumask_first(cpu_online_mask));
	obj = goalloc_alloc(64, GFP_KERNEL);	/* so that each turn looks at this CPU */
	KUNIT_ASSERT_NOT_NULL(test, obj);
	cache = raw_cpu_ptr(default_heap.cache);
	goalloc_scavenge_interval = 200;
	c = make_spans_idle(test);
	WRITE_ONCE(cache->used, true);
	WRITE_ONCE(cache->holds, true);
	for (i = 0; i < 5000 && turns < 6 && READ_ONCE(c->nr_empty); i++) {
		turns += !READ_ONCE(cache->used);	/* a turn takes the mark away */
		WRITE_ONCE(cache->used, true);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_LE_MSG(test, turns, 3, "%u wholly free spans are left", c->nr_empty);
	goalloc_free(obj);
}

/* What memory pressure could bring is what lies in the page heaps and in wholly free spans. */
static void scavenge_idle_is_counted(struct kunit *test)
{
	struct mem_counts m;
	struct mcentral *c;
	unsigned long idle;

	util_pin(test, cpumask_first(cpu_online_mask));
	goalloc_scavenge_interval = 20000;
	c = make_spans_idle(test);
	idle = scavenge_idle_pages();
	mem_get_counts(&m);
	KUNIT_EXPECT_GE(test, idle, m.prepared + READ_ONCE(c->empty_pages));
	scavenge_all();
	KUNIT_EXPECT_EQ(test, scavenge_idle_pages(), 0);
}

/* Pages that go back reach the buddy allocator: the machine does not run out of them. */
static void scavenge_reaches_the_buddy(struct kunit *test)
{
	struct sysinfo before, after;
	struct mem_counts start, end;
	unsigned long returned;
	unsigned int i;

	scavenge_all();
	si_meminfo(&before);
	mem_get_counts(&start);
	for (i = 0; i < 16; i++) {
		void *obj = goalloc_alloc(SZ_4M, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		goalloc_free(obj);
		scavenge_all();
	}
	mem_get_counts(&end);	/* what the background gave back meanwhile counts as well */
	returned = (end.returned - start.returned) << PAGE_ORDER;
	KUNIT_EXPECT_GE(test, returned, 16 * (SZ_4M >> PAGE_SHIFT));
	si_meminfo(&after);
	KUNIT_EXPECT_GT_MSG(test, after.freeram + returned / 2, before.freeram,
			    "half of what went back is gone");
}

#define STOCK		96		/* objects of 1 MiB */
#define STOCK_PAGES	((unsigned long)STOCK * SZ_1M / GOALLOC_PAGE_SIZE)
#define IDLE_PAGES	2048

struct supply {
	unsigned int scavenger;		/* CPU */
	atomic_t begun;
	bool done;
	unsigned long pages;
	unsigned int n;
	void *stock[STOCK];
};

/* One CPU gives back everything, another sees to it that there is something to give. */
static void supply(unsigned int cpu, void *arg)
{
	struct supply *s = arg;
	struct mem_counts m;

	if (cpu == s->scavenger) {
		while (!atomic_read(&s->begun))
			cond_resched();
		s->pages = scavenge_all();
		WRITE_ONCE(s->done, true);
		return;
	}
	while (cpu == cpumask_first(cpu_online_mask) && s->n && !READ_ONCE(s->done)) {
		mem_get_counts(&m);
		if (m.prepared < IDLE_PAGES)
			goalloc_free(s->stock[--s->n]);
		else
			atomic_set(&s->begun, 1);
		cond_resched();
	}
}

/* Giving everything back ends while others go on making pages idle. */
static void scavenge_ends(struct kunit *test)
{
	struct supply *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->scavenger = util_other_cpu(test, cpumask_first(cpu_online_mask));
	goalloc_scavenge_interval = 20000;
	while (s->n < STOCK) {
		s->stock[s->n] = goalloc_alloc(SZ_1M, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s->stock[s->n]);
		s->n++;
	}
	scavenge_all();
	util_run_on_all(test, supply, s);
	kunit_info(test, "%lu pages of %lu", s->pages, STOCK_PAGES);
	KUNIT_EXPECT_GE(test, s->pages, IDLE_PAGES / 2);
	KUNIT_EXPECT_LT_MSG(test, s->pages, STOCK_PAGES / 2, "of %lu that were supplied",
			    STOCK_PAGES);
	while (s->n)
		goalloc_free(s->stock[--s->n]);
	scavenge_all();
	KUNIT_EXPECT_EQ(test, scavenge_idle_pages(), 0);
}

static struct kunit_case scavenge_cases[] = {
	KUNIT_CASE(scavenge_all_goes_back),
	KUNIT_CASE(scavenge_keeps_the_living),
	KUNIT_CASE(scavenge_other_cpus),
	KUNIT_CASE(scavenge_highest_first),
	KUNIT_CASE(scavenge_background_retains),
	KUNIT_CASE(scavenge_background_idle),
	KUNIT_CASE(scavenge_pressure),
	KUNIT_CASE(scavenge_dead_cpu),
	KUNIT_CASE(scavenge_past_page_cache),
	KUNIT_CASE(scavenge_background_used),
	KUNIT_CASE(scavenge_background_unvisited),
	KUNIT_CASE(scavenge_idle_is_counted),
	KUNIT_CASE(scavenge_reaches_the_buddy),
	KUNIT_CASE(scavenge_ends),
	{}
};

static struct kunit_suite scavenge_suite = {
	.name = "goalloc_scavenge",
	.init = scavenge_test_init,
	.exit = scavenge_test_exit,
	.test_cases = scavenge_cases,
};

kunit_test_suite(scavenge_suite);
