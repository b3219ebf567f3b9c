// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_mpagealloc: first fit on a page heap of the suite's own.
 *
 * The arenas stand for addresses at the far end of the arena map, where no
 * machine that runs this has memory.  Nothing is ever stored there: the page
 * allocator only computes with addresses.  The map's entry is borrowed for the
 * time of a case.
 */
#include <linux/slab.h>

#include "kunit_util.h"

#define MAX_ARENAS	64
#define NR_DRAWS	256
#define DRAW_PAGES	8
#define NR_PAGES	(MAX_ARENAS * ARENA_PAGES)

enum page_state { RESERVED, FREE, USED };

struct fixture {
	struct page_heap heap;
	struct arena_l2 *l2, *borrowed;
	struct arena *arenas;
	u8 *oracle;	/* enum page_state, by page number from the first arena */
};

static unsigned long first_index(void)
{
	return arena_map_size() - ARENA_L2_SIZE;
}

static unsigned long first_address(void)
{
	return arena_base + (first_index() << ARENA_SHIFT);
}

static unsigned long page_address_of(unsigned int page)
{
	return first_address() + ((unsigned long)page << GOALLOC_PAGE_SHIFT);
}

static unsigned int page_of(unsigned long addr)
{
	return (addr - first_address()) >> GOALLOC_PAGE_SHIFT;
}

static int mpagealloc_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct arena_l2 **entry = &arena_map[first_index() >> ARENA_L2_SHIFT];
	unsigned int i;

	if (!f)
		return -ENOMEM;
	f->arenas = kunit_kcalloc(test, MAX_ARENAS, sizeof(*f->arenas), GFP_KERNEL);
	f->l2 = kunit_kzalloc(test, sizeof(*f->l2), GFP_KERNEL);
	f->oracle = kunit_kzalloc(test, NR_PAGES, GFP_KERNEL);
	if (!f->arenas || !f->l2 || !f->oracle)
		return -ENOMEM;
	/* Two neighbouring entries are alike only while both are the empty table. */
	if (entry[0] != entry[-1])
		return -EBUSY;
	page_heap_init(&f->heap, 0);
	for (i = 0; i < ARENA_L2_SIZE; i++)
		f->l2->biased[i] = entry[0]->biased[i];
	for (i = 0; i < MAX_ARENAS; i++) {
		struct arena *a = &f->arenas[i];

		RB_CLEAR_NODE(&a->node);
		a->base = page_address_of(i * ARENA_PAGES);
		a->heap = &f->heap;
		bitmap_fill(a->busy, ARENA_PAGES);
		f->l2->arenas[i] = a;
	}
	f->borrowed = *entry;
	test->priv = f;
	WRITE_ONCE(*entry, f->l2);
	return 0;
}

static void mpagealloc_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (f)
		WRITE_ONCE(arena_map[first_index() >> ARENA_L2_SHIFT], f->borrowed);
}

static bool find(struct fixture *f, unsigned int npages, unsigned int align, struct page_run *run)
{
	unsigned long flags;
	bool found;

	spin_lock_irqsave(&f->heap.lock, flags);
	found = mpagealloc_find(&f->heap, npages, align, run);
	spin_unlock_irqrestore(&f->heap.lock, flags);
	return found;
}

/* The page that a run of @npages is found at, or -1. */
static int find_page(struct fixture *f, unsigned int npages, unsigned int align)
{
	struct page_run run;

	return find(f, npages, align, &run) ? (int)page_of(run.base) : -1;
}

static void add(struct fixture *f, unsigned int page, unsigned int npages)
{
	memset(f->oracle + page, FREE, npages);
	mpagealloc_add(&f->arenas[page / ARENA_PAGES], page % ARENA_PAGES, npages, false, 0, NULL);
}

static void give(struct fixture *f, unsigned int page, unsigned int npages)
{
	struct page_run run = { .base = page_address_of(page), .npages = npages };

	memset(f->oracle + page, FREE, npages);
	mpagealloc_free(&run);
}

/* First fit by looking at every page: the lowest aligned run within one arena. */
static int oracle_find(struct fixture *f, unsigned int npages, unsigned int align)
{
	unsigned int page = 0, n = 0;

	while (page < f->heap.narenas * ARENA_PAGES) {
		if (page % ARENA_PAGES + npages > ARENA_PAGES)
			n = 0;
		else
			for (n = 0; n < npages && f->oracle[page + n] == FREE; n++)
				;
		if (n == npages)
			return page;
		page = round_up(page + n + 1, align);
	}
	return -1;
}

/* Longest free run of a subtree; checks each node's own numbers on the way. */
static unsigned int check_subtree(struct kunit *test, struct fixture *f, struct rb_node *node,
				  unsigned int *seen)
{
	unsigned int longest = 0, run = 0, nfree = 0, npresent = 0, most, page;
	const u8 *oracle;
	struct arena *a;

	if (!node)
		return 0;
	a = rb_entry(node, struct arena, node);
	oracle = f->oracle + page_of(a->base);
	most = check_subtree(test, f, node->rb_left, seen);
	KUNIT_EXPECT_PTR_EQ_MSG(test, a, &f->arenas[*seen], "not in address order");
	++*seen;
	for (page = 0; page < ARENA_PAGES; page++) {
		run = oracle[page] == FREE ? run + 1 : 0;
		longest = max(longest, run);
		nfree += oracle[page] == FREE;
		npresent += oracle[page] != RESERVED;
		KUNIT_EXPECT_EQ(test, test_bit(page, a->busy), oracle[page] != FREE);
		KUNIT_EXPECT_EQ(test, test_bit(page, a->present), oracle[page] != RESERVED);
	}
	KUNIT_EXPECT_EQ(test, a->longest, longest);
	KUNIT_EXPECT_EQ(test, a->nfree, nfree);
	KUNIT_EXPECT_EQ(test, a->npresent, npresent);
	f->heap.nfree -= nfree;
	f->heap.npresent -= npresent;
	most = max3(most, longest, check_subtree(test, f, node->rb_right, seen));
	KUNIT_EXPECT_EQ(test, a->subtree_longest, most);
	return most;
}

/* All that is written down about the heap's pages agrees with the oracle. */
static void check_heap(struct kunit *test, struct fixture *f)
{
	unsigned long nfree = f->heap.nfree, npresent = f->heap.npresent;
	unsigned int seen = 0;

	check_subtree(test, f, f->heap.arenas.rb_node, &seen);
	KUNIT_EXPECT_EQ(test, seen, f->heap.narenas);
	KUNIT_EXPECT_EQ_MSG(test, f->heap.nfree, 0, "the arenas' free pages do not add up");
	KUNIT_EXPECT_EQ_MSG(test, f->heap.npresent, 0, "the arenas' pages do not add up");
	f->heap.nfree = nfree;
	f->heap.npresent = npresent;
}

/* The lowest run that is long enough is taken, holes before the open end. */
static void mpagealloc_first_fit(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ_MSG(test, find_page(f, 1, 1), -1, "an empty heap has no pages");
	add(f, 0, ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, find_page(f, 10, 1), 0);
	KUNIT_EXPECT_EQ(test, find_page(f, 20, 1), 10);
	KUNIT_EXPECT_EQ(test, find_page(f, 5, 1), 30);
	give(f, 10, 20);
	KUNIT_EXPECT_EQ_MSG(test, find_page(f, 21, 1), 35, "too long for the hole");
	KUNIT_EXPECT_EQ_MSG(test, find_page(f, 12, 1), 10, "the hole comes first");
	KUNIT_EXPECT_EQ(test, find_page(f, 8, 1), 22);
	KUNIT_EXPECT_EQ(test, find_page(f, ARENA_PAGES - 56, 1), 56);
	KUNIT_EXPECT_EQ(test, find_page(f, 1, 1), -1);
}

/* Neighbours that are freed one by one become one run again. */
static void mpagealloc_coalesce(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int page;

	add(f, 0, ARENA_PAGES);
	for (page = 0; page < ARENA_PAGES; page += 8)
		KUNIT_EXPECT_EQ(test, find_page(f, 8, 1), page);
	for (page = 0; page < ARENA_PAGES; page += 16)
		give(f, page, 8);
	KUNIT_EXPECT_EQ(test, find_page(f, 9, 1), -1);
	for (page = 8; page < ARENA_PAGES; page += 16)
		give(f, page, 8);
	check_heap(test, f);
	KUNIT_EXPECT_EQ(test, find_page(f, ARENA_PAGES, 1), 0);
}

/* A run is as aligned as it was asked to be, and still the lowest of those. */
static void mpagealloc_align(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int align;

	add(f, 0, ARENA_PAGES);
	add(f, ARENA_PAGES, ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, find_page(f, 1, 1), 0);
	for (align = 2; align < ARENA_PAGES; align *= 2)
		KUNIT_EXPECT_EQ(test, find_page(f, align, align), align);
	KUNIT_EXPECT_EQ(test, find_page(f, ARENA_PAGES, ARENA_PAGES), ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, find_page(f, 1, 1), 1);
	KUNIT_EXPECT_EQ(test, find_page(f, 1, 1), -1);
}

/* More arenas than the search looks at one by one, none with an aligned run but the last. */
static void mpagealloc_align_far(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < MAX_ARENAS - 1; i++)
		add(f, i * ARENA_PAGES + 1, 16);
	add(f, (MAX_ARENAS - 1) * ARENA_PAGES, ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, find_page(f, 16, 16), (MAX_ARENAS - 1) * ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, find_page(f, 16, 1), 1);
}

/* A run never crosses from one arena into the next, though the addresses touch. */
static void mpagealloc_no_run_across_arenas(struct kunit *test)
{
	struct fixture *f = test->priv;

	add(f, ARENA_PAGES - 100, 100);
	add(f, ARENA_PAGES, 100);
	KUNIT_EXPECT_EQ(test, find_page(f, 101, 1), -1);
	KUNIT_EXPECT_EQ(test, find_page(f, 100, 1), ARENA_PAGES - 100);
	KUNIT_EXPECT_EQ(test, find_page(f, 100, 1), ARENA_PAGES);
}

/* The caller's run comes out of a new block before anybody else can have it. */
static void mpagealloc_keeps_the_growers_run(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct page_run run = {};

	mpagealloc_add(&f->arenas[0], 64, 32, false, 20, &run);
	KUNIT_EXPECT_EQ(test, page_of(run.base), 64);
	KUNIT_EXPECT_EQ(test, run.npages, 20);
	memset(f->oracle + 64, USED, 20);
	memset(f->oracle + 84, FREE, 12);
	check_heap(test, f);
	KUNIT_EXPECT_EQ(test, find_page(f, 1, 1), 84);
}

/* A run is dirty when any page of it was used, or came without being zeroed. */
static void mpagealloc_dirty(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct page_run run, kept;

	mpagealloc_add(&f->arenas[0], 0, 16, true, 4, &kept);
	mpagealloc_add(&f->arenas[0], 16, 16, false, 0, NULL);
	KUNIT_EXPECT_FALSE(test, kept.dirty);
	KUNIT_ASSERT_TRUE(test, find(f, 8, 1, &run));
	KUNIT_EXPECT_FALSE_MSG(test, run.dirty, "zeroed pages, never used");
	KUNIT_ASSERT_TRUE(test, find(f, 8, 1, &run));
	KUNIT_EXPECT_TRUE_MSG(test, run.dirty, "the second half was not zeroed");
	mpagealloc_free(&kept);
	KUNIT_ASSERT_TRUE(test, find(f, 1, 1, &run));
	KUNIT_EXPECT_TRUE_MSG(test, run.dirty, "these were used");
}

/* Pages that a page cache gives back are free again, and as dirty as it says. */
static void mpagealloc_put_word_back(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct page_word pw = {
		.arena = &f->arenas[0], .word = 2, .free = 0xff00, .dirty = 0xf000,
	};
	struct page_run run;

	mpagealloc_add(&f->arenas[0], 128, 64, true, 64, &run);
	memset(f->oracle + 128, USED, 64);
	mpagealloc_put_word(&pw);
	memset(f->oracle + 136, FREE, 8);
	check_heap(test, f);
	KUNIT_ASSERT_TRUE(test, find(f, 4, 1, &run));
	KUNIT_EXPECT_EQ(test, page_of(run.base), 136);
	KUNIT_EXPECT_FALSE(test, run.dirty);
	KUNIT_ASSERT_TRUE(test, find(f, 4, 1, &run));
	KUNIT_EXPECT_TRUE(test, run.dirty);
}

/* Whatever the order in which arenas come, the lowest with a long enough run serves. */
static void mpagealloc_many_arenas(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int order[MAX_ARENAS] = {}, i, npages;
	struct rnd_state rnd;

	util_seed(test, &rnd);
	for (i = 0; i < MAX_ARENAS; i++) {
		unsigned int other = util_below(&rnd, i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	for (i = 0; i < MAX_ARENAS; i++)
		add(f, order[i] * ARENA_PAGES, 1 + util_below(&rnd, ARENA_PAGES));
	check_heap(test, f);
	for (npages = ARENA_PAGES; npages; npages -= 1 + util_below(&rnd, 4) % npages) {
		int page = oracle_find(f, npages, 1);

		KUNIT_EXPECT_EQ(test, find_page(f, npages, 1), page);
		if (page >= 0)
			memset(f->oracle + page, USED, npages);
	}
	check_heap(test, f);
}

#define WALK_ARENAS	10	/* fewer than the search for an aligned run looks at */
#define WALK_LIVE	400

/* A random walk of allocations and frees finds just what the oracle finds. */
static void mpagealloc_random(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct { unsigned int page, npages; } *live;
	unsigned int step, nlive = 0, failed = 0;
	struct rnd_state rnd;

	util_seed(test, &rnd);
	live = kunit_kcalloc(test, WALK_LIVE, sizeof(*live), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, live);
	for (step = 0; step < WALK_ARENAS; step++)
		add(f, step * ARENA_PAGES, 128 << util_below(&rnd, 3));
	for (step = 0; step < 6000; step++) {
		unsigned int npages = 1 + util_below(&rnd, 1 << util_below(&rnd, 9));
		unsigned int align = util_below(&rnd, 4) ? 1 : rounddown_pow_of_two(npages);
		unsigned int victim = nlive ? util_below(&rnd, nlive) : 0;
		int page;

		if (step % 64 == 0)
			check_heap(test, f);
		if (nlive == WALK_LIVE || (nlive && util_below(&rnd, 100) < 48)) {
			give(f, live[victim].page, live[victim].npages);
			live[victim] = live[--nlive];
			continue;
		}
		page = oracle_find(f, npages, align);
		KUNIT_ASSERT_EQ_MSG(test, find_page(f, npages, align), page,
				    "step %u: %u pages aligned to %u", step, npages, align);
		if (page < 0) {
			failed++;
			continue;
		}
		memset(f->oracle + page, USED, npages);
		live[nlive].page = page;
		live[nlive++].npages = npages;
	}
	KUNIT_EXPECT_GT_MSG(test, failed, 0, "the heap was never short of a run");
	while (nlive--)
		give(f, live[nlive].page, live[nlive].npages);
	check_heap(test, f);
}

/* A word of pages leaves the node's heap whole, so that nobody else has them. */
static void mpagealloc_take_word_whole(struct kunit *test)
{
	int nid = util_memory_node();
	struct page_heap *h = &page_heaps[nid];
	struct page_word pw, second;
	struct page_run run;

	KUNIT_ASSERT_TRUE(test, mpagealloc_alloc(nid, 8, 1, GFP_KERNEL, &run));
	mpagealloc_free(&run);
	KUNIT_ASSERT_TRUE(test, mpagealloc_take_word(nid, 1, &pw));
	KUNIT_EXPECT_NE(test, pw.free, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(pw.arena->busy[pw.word]), ~0UL);
	if (mpagealloc_take_word(nid, 1, &second)) {
		KUNIT_EXPECT_FALSE(test, second.arena == pw.arena && second.word == pw.word);
		mpagealloc_put_word(&second);
	}
	KUNIT_EXPECT_PTR_EQ(test, pw.arena->heap, h);
	mpagealloc_put_word(&pw);
	KUNIT_EXPECT_EQ(test, READ_ONCE(pw.arena->busy[pw.word]) & pw.free, 0);
}

/* A heap grows by blocks of at most 256 KiB: no allocation pays for more. */
static void mpagealloc_small_draws(struct kunit *test)
{
	struct page_run *runs = kunit_kcalloc(test, NR_DRAWS, sizeof(*runs), GFP_KERNEL);
	struct mem_counts before, after;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	scavenge_all();
	mem_get_counts(&before);
	for (i = 0; i < NR_DRAWS; i++)
		KUNIT_ASSERT_TRUE(test, mpagealloc_alloc(util_memory_node(), DRAW_PAGES, 1,
							 GFP_KERNEL, &runs[i]));
	mem_get_counts(&after);
	while (i--)
		mpagealloc_free(&runs[i]);
	KUNIT_EXPECT_GT(test, after.drawn - before.drawn, NR_DRAWS * DRAW_PAGES / 2);
	KUNIT_EXPECT_LE(test, after.drawn - before.drawn,
			(after.draws - before.draws) * (SZ_256K / GOALLOC_PAGE_SIZE));
}

static struct kunit_case mpagealloc_cases[] = {
	KUNIT_CASE(mpagealloc_small_draws),
	KUNIT_CASE(mpagealloc_first_fit),
	KUNIT_CASE(mpagealloc_coalesce),
	KUNIT_CASE(mpagealloc_align),
	KUNIT_CASE(mpagealloc_align_far),
	KUNIT_CASE(mpagealloc_no_run_across_arenas),
	KUNIT_CASE(mpagealloc_keeps_the_growers_run),
	KUNIT_CASE(mpagealloc_dirty),
	KUNIT_CASE(mpagealloc_put_word_back),
	KUNIT_CASE(mpagealloc_many_arenas),
	KUNIT_CASE(mpagealloc_random),
	KUNIT_CASE(mpagealloc_take_word_whole),
	{}
};

static struct kunit_suite mpagealloc_suite = {
	.name = "goalloc_mpagealloc",
	.init = mpagealloc_test_init,
	.exit = mpagealloc_test_exit,
	.test_cases = mpagealloc_cases,
};

kunit_test_suite(mpagealloc_suite);
