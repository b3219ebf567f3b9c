// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mcache: windows, refills, flushes, what is kept, and contexts. */
#include <linux/slab.h>

#include "mcache_test.h"

#define SPC_9472	SPC(52, 0)	/* 7 pages a span */
#define NR_OBJS		1024

/* Windows open in address order, and objects come out of them in address order. */
static void mcache_windows_in_order(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct class_stats st;
	unsigned int i, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < NR_OBJS; i++) {
		objs[i] = alloc(test, SPC_8);
		bad += objs[i] != objs[0] + i * 8;
		if (i % 50 == 0)
			check_slot(test, SPC_8);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, (unsigned long)objs[0], span(objs[0])->base);
	mstats_class(util_heap(test), SPC_8, &st);
	KUNIT_EXPECT_EQ(test, st.refills, NR_OBJS / BITS_PER_LONG);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), NR_OBJS);
	for (i = 0; i < NR_OBJS; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 0);
}

/* A flush leaves nothing in the cache and loses no object. */
static void mcache_flush_lets_go(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *small = alloc(test, SPC_128), *big = alloc(test, SPC_9472);
	struct mspan *s = span(small);
	struct mcache *c = get_cpu_ptr(heap->cache);

	mcache_flush(heap, c);
	put_cpu_ptr(heap->cache);
	KUNIT_EXPECT_NULL(test, util_slot(heap, SPC_128)->span);
	KUNIT_EXPECT_EQ(test, util_slot(heap, SPC_128)->free, 0);
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_QUEUED);
	KUNIT_EXPECT_NULL(test, s->owner);
	KUNIT_EXPECT_EQ_MSG(test, mspan_count_free(s), 63, "the window is back in the map");
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_9472), 1);
	KUNIT_EXPECT_FALSE(test, c->holds);

	/* The next allocation comes from the span that was let go. */
	KUNIT_EXPECT_PTR_EQ(test, span(alloc(test, SPC_128)), s);
	KUNIT_EXPECT_EQ(test, util_free(small + 128), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(small), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(big), FREE_OK);
}

/*
 * An interrupt that finds a slot busy is served past it and leaves it alone; other
 * slots serve it as ever.  A flush leaves the busy slot for the next one.
 */
static void mcache_busy(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcache_slot before, *slot;
	void *a, *past = NULL, *other, *next = NULL;
	enum free_result res = FREE_FOREIGN, again = FREE_OK;
	bool same = false, holds = false;

	util_skip_on_rt(test);
	a = alloc(test, SPC_128);
	other = alloc(test, SPC_8);
	if (mcache_enter(mcache_slots(heap, SPC_128), &slot)) {
		before = *slot;
		past = mcache_alloc(heap, SPC_128, GFP_NOWAIT, NULL);
		res = util_free(a);
		again = util_free(a);
		next = mcache_alloc(heap, SPC_8, GFP_NOWAIT, NULL);
		mcache_flush(heap, raw_cpu_ptr(heap->cache));
		holds = raw_cpu_read(heap->cache->holds);
		same = slot->free == before.free && slot->span == before.span;
		mcache_leave(slot);
	}
	KUNIT_ASSERT_NOT_NULL(test, past);
	KUNIT_EXPECT_PTR_NE(test, span(past), span(a));
	KUNIT_EXPECT_EQ(test, res, FREE_OK);
	KUNIT_EXPECT_EQ(test, again, FREE_DOUBLE);
	KUNIT_EXPECT_TRUE_MSG(test, same, "a busy slot was changed");
	KUNIT_EXPECT_TRUE_MSG(test, holds, "the next flush would not come here");
	KUNIT_EXPECT_PTR_EQ_MSG(test, next, other + 8, "another slot was not used");
	KUNIT_EXPECT_EQ(test, util_free(other), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(next), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, util_free(past), FREE_OK);
}

/* An object of a given node comes past the cache, from a span that stays with the central. */
static void mcache_alloc_from_node(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	bool needzero = false;
	void *obj = mcache_alloc_node(heap, SPC_128, GFP_KERNEL, util_memory_node(), &needzero);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, needzero);
	KUNIT_EXPECT_NULL(test, util_slot(heap, SPC_128)->span);
	KUNIT_EXPECT_FALSE(test, in_map(obj));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/*
 * The last large span freed on a CPU stays with it, counts as free, and serves the
 * next request of its length and kind, if it is aligned as that wants; a flush
 * gives it up.
 */
static void mcache_large_kept(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	int nid = util_memory_node();
	void *a, *b, *noscan, *other;
	bool needzero = false;

	a = mcache_alloc_large(heap, 100000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_LARGE), 0);
	KUNIT_EXPECT_EQ(test, util_heap_spans(heap), 1);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_DOUBLE);

	noscan = mcache_alloc_large(heap, 100000, 1, GFP_KERNEL, nid, &needzero);
	other = mcache_alloc_large(heap, 40000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_EXPECT_PTR_NE(test, noscan, a);
	KUNIT_EXPECT_PTR_NE(test, other, a);
	needzero = false;
	b = mcache_alloc_large(heap, 99000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_EXPECT_PTR_EQ(test, b, a);
	KUNIT_EXPECT_TRUE_MSG(test, needzero, "it holds what was in it before");
	KUNIT_EXPECT_FALSE(test, mcache_is_free(span(b), 0));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_LARGE), 2);

	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(other), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(noscan), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, util_heap_spans(heap), 2, "one of each kind is kept");
	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, util_heap_spans(heap), 0);
}

/* A kept span that does not lie on a multiple of a power of two is not one. */
static void mcache_large_aligned(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *odd[16], *p, *shift;
	bool needzero;
	int i;

	shift = mcache_alloc_large(heap, 40000, 0, GFP_KERNEL, util_memory_node(), &needzero);
	KUNIT_ASSERT_NOT_NULL(test, shift);
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		odd[i] = mcache_alloc_large(heap, SZ_64K - 1, 0, GFP_KERNEL, util_memory_node(),
					    &needzero);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		KUNIT_ASSERT_NOT_NULL(test, odd[i]);
		KUNIT_EXPECT_EQ(test, util_free(odd[i]), FREE_OK);
		p = mcache_alloc_large(heap, SZ_64K, 0, GFP_KERNEL, util_memory_node(), &needzero);
		KUNIT_EXPECT_TRUE(test, p && IS_ALIGNED((unsigned long)p, SZ_64K));
		KUNIT_EXPECT_EQ(test, util_free(p), FREE_OK);
	}
	KUNIT_EXPECT_EQ(test, util_free(shift), FREE_OK);
}

/* In NMI the cache serves what it has; what would need a lock gets NULL. */
static void mcache_nmi(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *a = alloc(test, SPC_128), *from_cache, *slow, *node, *large;
	enum free_result res, res_past;
	void *past = mcache_alloc_node(heap, SPC_8, GFP_KERNEL, util_memory_node(), NULL);
	unsigned long flags;
	bool needzero;

	KUNIT_ASSERT_NOT_NULL(test, past);
	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	from_cache = mcache_alloc(heap, SPC_128, GFP_NOWAIT, NULL);
	slow = mcache_alloc(heap, SPC(12, 0), GFP_NOWAIT, NULL);
	node = mcache_alloc_node(heap, SPC_128, GFP_NOWAIT, util_memory_node(), &needzero);
	large = mcache_alloc_large(heap, SZ_64K, 0, GFP_NOWAIT, util_memory_node(), &needzero);
	res = util_free(a);
	res_past = util_free(past);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
	KUNIT_EXPECT_NOT_NULL(test, from_cache);
	KUNIT_EXPECT_NULL(test, slow);
	KUNIT_EXPECT_NULL(test, node);
	KUNIT_EXPECT_NULL(test, large);
	KUNIT_EXPECT_EQ(test, res, FREE_OK);
	KUNIT_EXPECT_EQ(test, res_past, FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(from_cache), FREE_OK);
}

static const unsigned int zero_classes[] = { SPC_8, SPC_128, SPC(32, 0), SPC_9472, SPC(60, 0) };

/* An object that is said to need no zeroing is zero, whatever became of its neighbours. */
static void mcache_needzero(struct kunit *test)
{
	unsigned int i, step, known_zero = 0, bad = 0, cpu = raw_smp_processor_id();
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	scavenge_all();
	for (step = 0; step < 20000; step++) {
		unsigned int spc = zero_classes[util_below(&rnd, ARRAY_SIZE(zero_classes))];
		unsigned int most = spc == SPC_8 ? NR_OBJS : 64;
		bool needzero;

		i = util_below(&rnd, most);
		if (objs[i] && other < nr_cpu_ids && util_below(&rnd, 4) == 0) {
			KUNIT_ASSERT_EQ(test, free_on(test, other, objs[i]), FREE_OK);
			objs[i] = NULL;
		} else if (objs[i]) {
			KUNIT_ASSERT_EQ(test, util_free(objs[i]), FREE_OK);
			objs[i] = NULL;
		} else {
			objs[i] = mcache_alloc(util_heap(test), spc, GFP_KERNEL | __GFP_ZERO,
					       &needzero);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			if (!needzero)
				bad += !util_is_zero(objs[i], span(objs[i])->elemsize);
			known_zero += !needzero;
			util_set(objs[i], 0xa5, span(objs[i])->elemsize);
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_GT_MSG(test, known_zero, 0, "the case showed nothing");
	for (i = 0; i < NR_OBJS; i++)
		if (objs[i])
			KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

struct live {
	void *obj;
	unsigned int spc;
};

/* The objects that a span does not have free are those that are live. */
static void check_spans(struct kunit *test, struct live *live, unsigned int spc)
{
	unsigned long pageno = 0, used = 0, n = 0;
	struct mspan *s;
	unsigned int i;

	while ((s = arena_next_span(&pageno)))
		if (mspan_cache(s) == util_heap(test)->cache && s->spc == spc)
			used += s->nelems - mspan_count_free(s);
	for (i = 0; i < NR_OBJS; i++)
		n += live[i].obj && live[i].spc == spc;
	KUNIT_EXPECT_EQ(test, used, n);
	KUNIT_EXPECT_EQ(test, inuse(test, spc), n);
}

/* Random allocations and frees on all CPUs: contents stay, and the counts are exact. */
static void mcache_random(struct kunit *test)
{
	struct live *live = kunit_kcalloc(test, NR_OBJS, sizeof(*live), GFP_KERNEL);
	unsigned int step, i, bad = 0, cpu = raw_smp_processor_id();
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	util_seed(test, &rnd);
	for (step = 0; step < 40000; step++) {
		struct live *l = &live[util_below(&rnd, NR_OBJS)];

		if (step % 1000 == 0) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			util_pin(test, cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask));
		}
		if (l->obj) {
			bad += !util_filled(l->obj, span(l->obj)->elemsize, l - live);
			bad += util_free(l->obj) != FREE_OK;
			l->obj = NULL;
		} else {
			l->spc = SPC(1 + util_below(&rnd, 40), util_below(&rnd, 2));
			l->obj = alloc(test, l->spc);
			util_fill(l->obj, span(l->obj)->elemsize, l - live);
		}
		if (step % 10000 == 9999) {
			util_heap_flush(test);
			for (i = SPC(1, 0); i <= SPC(40, 1); i++)
				check_spans(test, live, i);
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects not intact, or not freed");
	for (i = 0; i < NR_OBJS; i++)
		if (live[i].obj)
			KUNIT_EXPECT_EQ(test, util_free(live[i].obj), FREE_OK);
}

static struct kunit_case mcache_cases[] = {
	KUNIT_CASE(mcache_windows_in_order),
	KUNIT_CASE(mcache_flush_lets_go),
	KUNIT_CASE(mcache_busy),
	KUNIT_CASE(mcache_alloc_from_node),
	KUNIT_CASE(mcache_large_kept),
	KUNIT_CASE(mcache_large_aligned),
	KUNIT_CASE(mcache_nmi),
	KUNIT_CASE(mcache_needzero),
	KUNIT_CASE(mcache_random),
	{}
};

static struct kunit_suite mcache_suite = {
	.name = "goalloc_mcache",
	.init = mcache_test_init,
	.exit = util_heap_exit,
	.test_cases = mcache_cases,
};

kunit_test_suite(mcache_suite);
