// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mpagecache: runs of pages from a CPU's word of 64. */
#include <linux/slab.h>

#include "kunit_util.h"

#define NR_LIVE		200

/* The lowest aligned run of ones, bit by bit. */
static unsigned int brute_force(unsigned long word, unsigned int npages, unsigned int align)
{
	unsigned int start, n;

	for (start = 0; start + npages <= BITS_PER_LONG; start += align) {
		for (n = 0; n < npages && word & BIT(start + n); n++)
			;
		if (n == npages)
			return start;
	}
	return BITS_PER_LONG;
}

/* Words with few, many and half of their bits set, in runs of many lengths. */
static unsigned long random_word(struct rnd_state *rnd)
{
	unsigned long word = (unsigned long)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
	unsigned int n, kind = util_below(rnd, 8);

	for (n = 0; n < kind % 4; n++) {
		unsigned long other = (unsigned long)prandom_u32_state(rnd) << 32 |
				      prandom_u32_state(rnd);

		word = kind < 4 ? word | other : word & other;
	}
	return kind % 2 ? word | word << 1 | word << 2 : word;
}

static unsigned long check_word(unsigned long word)
{
	unsigned int npages, align;
	unsigned long bad = 0;

	for (npages = 1; npages <= BITS_PER_LONG; npages++)
		for (align = 1; align <= BITS_PER_LONG; align *= 2)
			bad += find_free_run64(word, npages, align) !=
			       brute_force(word, npages, align);
	return bad;
}

/* The search in a word finds what a search bit by bit finds. */
static void mpagecache_find_run(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	util_seed(test, &rnd);
	KUNIT_EXPECT_EQ(test, check_word(0), 0);
	KUNIT_EXPECT_EQ(test, check_word(~0UL), 0);
	for (i = 0; i < BITS_PER_LONG; i++) {
		KUNIT_EXPECT_EQ(test, check_word(BIT(i)), 0);
		KUNIT_EXPECT_EQ(test, check_word(~BIT(i)), 0);
		KUNIT_EXPECT_EQ(test, check_word(~0UL << i), 0);
		KUNIT_EXPECT_EQ(test, check_word(~0UL >> i), 0);
	}
	for (i = 0; i < 300; i++) {
		unsigned long word = random_word(&rnd);

		KUNIT_EXPECT_EQ_MSG(test, check_word(word), 0, "word %lx", word);
	}
}

static void **page_key(const struct page_run *run, unsigned int page)
{
	return (void **)(run->base + ((unsigned long)page << GOALLOC_PAGE_SHIFT));
}

/* Every page of a live run carries the run's mark. */
static void mark(struct page_run *run)
{
	unsigned int page;

	for (page = 0; page < run->npages; page++)
		*page_key(run, page) = run;
}

static unsigned int count_lost_marks(struct page_run *run)
{
	unsigned int page, bad = 0;

	for (page = 0; page < run->npages; page++)
		bad += *page_key(run, page) != run;
	return bad;
}

static void give(struct page_run **run)
{
	mpagecache_free(*run);
	kfree(*run);
	*run = NULL;
}

static struct page_run *take(struct kunit *test, struct rnd_state *rnd)
{
	unsigned int npages = 1 + util_below(rnd, util_below(rnd, 4) ? 8 : 40);
	unsigned int align = util_below(rnd, 3) ? 1 : rounddown_pow_of_two(npages);
	struct page_run *run = kzalloc(sizeof(*run), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_ASSERT_TRUE(test,
			  mpagecache_alloc(util_memory_node(), npages, align, GFP_KERNEL, run));
	KUNIT_EXPECT_EQ(test, run->npages, npages);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(run->base, align << GOALLOC_PAGE_SHIFT));
	KUNIT_EXPECT_EQ_MSG(test, run->base >> ARENA_SHIFT,
			    (run->base + (npages << GOALLOC_PAGE_SHIFT) - 1) >> ARENA_SHIFT,
			    "the run crosses arenas");
	return run;
}

/* Runs are as long and aligned as asked for and never overlap, on whatever CPU they go. */
static void mpagecache_random(struct kunit *test)
{
	struct page_run **live = kunit_kcalloc(test, NR_LIVE, sizeof(*live), GFP_KERNEL);
	unsigned int step, bad = 0, cpu = cpumask_first(cpu_online_mask);
	struct mem_counts m;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	util_seed(test, &rnd);
	for (step = 0; step < 8000; step++) {
		struct page_run **run = &live[util_below(&rnd, NR_LIVE)];

		if (step % 500 == 0) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(cpu_online_mask);
			util_pin(test, cpu);
		}
		if (*run) {
			bad += count_lost_marks(*run);
			give(run);
		} else {
			*run = take(test, &rnd);
			mark(*run);
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "pages that two runs held");
	for (step = 0; step < NR_LIVE; step++)
		if (live[step])
			give(&live[step]);
	scavenge_all();
	scavenge_all();
	mem_get_counts(&m);
	KUNIT_EXPECT_EQ_MSG(test, m.prepared, 0, "pages that did not come back");
}

/*
 * Below, interrupts are off between taking a run and looking at the cache, so
 * that neither the scavenger nor another CPU comes between.
 */

/* What is freed on the CPU whose word it lies in goes back into the word, dirty. */
static void mpagecache_local_free(struct kunit *test)
{
	bool ok = false, again = false, was_free = false, is_free = false, dirty = false;
	struct page_run run, second;
	unsigned long flags, mask;
	struct page_cache *pc;
	unsigned int tries;

	util_skip_on_rt(test);
	util_pin(test, raw_smp_processor_id());
	/* The first runs fill the cache, where the heap was empty. */
	for (tries = 0; tries < 4 && !ok; tries++) {
		KUNIT_ASSERT_TRUE(test,
				  mpagecache_alloc(util_memory_node(), 2, 1, GFP_KERNEL, &run));
		mpagecache_free(&run);
		local_irq_save(flags);
		pc = this_cpu_ptr(page_caches);
		if (pc->pw.arena && mpagecache_alloc(util_memory_node(), 2, 1, GFP_NOWAIT, &run) &&
		    arena_of(run.base) == pc->pw.arena &&
		    arena_page(run.base) / BITS_PER_LONG == pc->pw.word) {
			ok = true;
			mask = 3UL << (arena_page(run.base) % BITS_PER_LONG);
			was_free = pc->pw.free & mask;
			mpagecache_free(&run);
			is_free = (pc->pw.free & mask) == mask;
			again = mpagecache_alloc(util_memory_node(), 2, 1, GFP_NOWAIT, &second);
			dirty = second.dirty;
			mpagecache_free(&second);
		}
		local_irq_restore(flags);
	}
	KUNIT_ASSERT_TRUE_MSG(test, ok, "no run came from this CPU's word");
	KUNIT_EXPECT_FALSE_MSG(test, was_free, "the run was still free while it was in use");
	KUNIT_EXPECT_TRUE_MSG(test, is_free, "the run did not return into the word");
	KUNIT_ASSERT_TRUE(test, again);
	KUNIT_EXPECT_EQ_MSG(test, second.base, run.base, "the lowest run is taken again");
	KUNIT_EXPECT_TRUE_MSG(test, dirty, "pages that were used are not known to be zero");
}

/* An interrupt that finds the cache busy leaves it alone and is served all the same. */
static void mpagecache_busy(struct kunit *test)
{
	struct page_cache before, *pc;
	struct page_run run;
	unsigned long flags;
	bool ok, same;

	util_skip_on_rt(test);
	util_pin(test, raw_smp_processor_id());
	KUNIT_ASSERT_TRUE(test, mpagecache_alloc(util_memory_node(), 2, 1, GFP_KERNEL, &run));
	mpagecache_free(&run);
	local_irq_save(flags);
	pc = this_cpu_ptr(page_caches);
	pc->busy = 1;
	before = *pc;
	ok = mpagecache_alloc(util_memory_node(), 2, 1, GFP_NOWAIT, &run);
	if (ok)
		mpagecache_free(&run);
	same = !memcmp(&before, pc, sizeof(before));
	pc->busy = 0;
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, ok);
	KUNIT_EXPECT_TRUE_MSG(test, same, "a busy cache was changed");
}

/* A long run never comes from the word, so that it is not torn for it. */
static void mpagecache_long_runs_pass_by(struct kunit *test)
{
	unsigned long flags, hits, misses;
	struct page_cache *pc;
	struct page_run run;
	bool same;

	util_skip_on_rt(test);
	util_pin(test, raw_smp_processor_id());
	KUNIT_ASSERT_TRUE(test, mpagecache_alloc(util_memory_node(), 2, 1, GFP_KERNEL, &run));
	mpagecache_free(&run);
	local_irq_save(flags);
	pc = this_cpu_ptr(page_caches);
	hits = pc->hits;
	misses = pc->misses;
	if (mpagecache_alloc(util_memory_node(), PAGECACHE_MAX_RUN, 1, GFP_NOWAIT, &run))
		mpagecache_free(&run);
	same = hits == pc->hits && misses == pc->misses;
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, same);
}

/* Pages set aside are put back as they were; a cache that is busy keeps its own. */
static void mpagecache_detach_and_put_back(struct kunit *test)
{
	struct page_heap *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	struct arena *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct page_cache *pc = kunit_kzalloc(test, sizeof(*pc), GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, h && a && pc);
	page_heap_init(h, 0);
	RB_CLEAR_NODE(&a->node);
	a->heap = h;
	bitmap_fill(a->busy, ARENA_PAGES);
	mpagealloc_add(a, 0, 64, true, 64, &(struct page_run) {});

	pc->pw = (struct page_word) { .arena = a, .word = 0, .free = 0xf0f0, .dirty = 0xf000 };
	pc->busy = 1;
	mpagecache_detach(pc);
	KUNIT_EXPECT_EQ_MSG(test, pc->pw.free, 0xf0f0, "the cache was busy");
	pc->busy = 0;
	mpagecache_detach(pc);
	KUNIT_EXPECT_EQ(test, pc->pw.free, 0);
	KUNIT_EXPECT_NULL(test, pc->pw.arena);

	pc->pw = (struct page_word) { .arena = a, .word = 0, .free = 0x000f };
	mpagecache_detach(pc);
	KUNIT_EXPECT_EQ_MSG(test, pc->pw.free, 0x000f, "what was set aside first would be lost");
	mpagecache_put_detached(pc);
	KUNIT_EXPECT_EQ(test, h->nfree, 8);
	KUNIT_EXPECT_EQ(test, a->busy[0], ~0xf0f0UL);
	KUNIT_EXPECT_EQ(test, a->dirty[0], 0xf000);
	mpagecache_put_detached(pc);
	KUNIT_EXPECT_EQ_MSG(test, h->nfree, 8, "nothing was set aside any more");
}

static struct kunit_case mpagecache_cases[] = {
	KUNIT_CASE(mpagecache_find_run),
	KUNIT_CASE(mpagecache_random),
	KUNIT_CASE(mpagecache_local_free),
	KUNIT_CASE(mpagecache_busy),
	KUNIT_CASE(mpagecache_long_runs_pass_by),
	KUNIT_CASE(mpagecache_detach_and_put_back),
	{}
};

static struct kunit_suite mpagecache_suite = {
	.name = "goalloc_mpagecache",
	.test_cases = mpagecache_cases,
};

kunit_test_suite(mpagecache_suite);
