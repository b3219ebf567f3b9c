// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mstats: the statistics add up, and count what was done. */
#include "kunit_util.h"

#define NR_OBJS		2000

static void class_stats(unsigned int spc, struct class_stats *st)
{
	util_settled(NULL, NULL);
	mstats_class(&default_heap, spc, st);
}

/* They hold with nothing, with much, and again with nothing in use. */
static void mstats_identities(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	util_check_identities(test);
	for (i = 0; i < NR_OBJS; i++) {
		size_t size = util_size(&rnd, SZ_256K);

		objs[i] = i % 2 ? goalloc_alloc(size, GFP_KERNEL) :
				  goalloc_alloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		if (i % 200 == 0)
			util_check_identities(test);
	}
	for (i = 0; i < NR_OBJS; i++) {
		goalloc_free(objs[i]);
		if (i % 200 == 0)
			util_check_identities(test);
	}
	util_check_identities(test);
}

/* Every class counts its own mallocs and frees, wherever they happen, and no other's. */
static void mstats_by_class(struct kunit *test)
{
	unsigned int sc, noscan, i, cpu = cpumask_first(cpu_online_mask);
	struct class_stats before, during, after;
	void *objs[40];

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc += 3) {
		for (noscan = sc < 3; noscan < 2; noscan++) {
			size_t size = goalloc_size_classes[sc].size;
			unsigned int spc = SPC(sc, noscan);

			if (noscan && size < TINY_BLOCK_SIZE)
				continue;
			class_stats(spc, &before);
			for (i = 0; i < ARRAY_SIZE(objs); i++) {
				objs[i] = noscan ? goalloc_alloc_noscan(size, GFP_KERNEL) :
						   goalloc_alloc(size, GFP_KERNEL);
				KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			}
			mstats_class(&default_heap, spc, &during);
			KUNIT_EXPECT_EQ(test, during.mallocs - before.mallocs, ARRAY_SIZE(objs));
			KUNIT_EXPECT_EQ(test, during.frees, before.frees);
			KUNIT_EXPECT_EQ(test, during.inuse - before.inuse, ARRAY_SIZE(objs));
			KUNIT_EXPECT_GE(test, during.spans * goalloc_size_classes[sc].nelems,
					during.inuse);
			cpu = cpumask_next(cpu, cpu_online_mask);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(cpu_online_mask);
			util_pin(test, cpu);
			for (i = 0; i < ARRAY_SIZE(objs); i++)
				goalloc_free(objs[i]);
			class_stats(spc, &after);
			KUNIT_EXPECT_EQ(test, after.mallocs, during.mallocs);
			KUNIT_EXPECT_EQ(test, after.frees - before.frees, ARRAY_SIZE(objs));
			KUNIT_EXPECT_EQ(test, after.inuse, before.inuse);
			KUNIT_EXPECT_EQ(test, after.cached, 0);
		}
	}
}

/* Bytes are counted as they are used up: by class, by page, or by the tiny block. */
static void mstats_bytes(struct kunit *test)
{
	static const size_t sizes[] = { 8, 17, 1000, 1025, 32768, 32769, 100000, SZ_1M };
	struct mem_stats before, after;
	unsigned int i, noscan;

	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i / 2], bytes = goalloc_size_roundup(size);
		void *obj;

		noscan = i % 2 && size >= TINY_BLOCK_SIZE;
		util_settled(&before, NULL);
		obj = noscan ? goalloc_alloc_noscan(size, GFP_KERNEL) :
			       goalloc_alloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_settled(&after, NULL);
		KUNIT_EXPECT_EQ(test, after.alloc - before.alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.total_alloc - before.total_alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.mallocs - before.mallocs, 1);
		KUNIT_EXPECT_EQ(test, after.frees, before.frees);
		KUNIT_EXPECT_EQ(test, after.large_bytes - before.large_bytes,
				size > GOALLOC_MAX_SMALL_SIZE ? bytes : 0);
		goalloc_free(obj);
		util_settled(&after, NULL);
		KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
		KUNIT_EXPECT_EQ(test, after.total_alloc - before.total_alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.frees - before.frees, 1);
		KUNIT_EXPECT_EQ(test, after.large_bytes, before.large_bytes);
	}
}

/* Tiny objects are counted one by one, their bytes by blocks. */
static void mstats_tiny(struct kunit *test)
{
	struct mem_stats before, during, after;
	void *objs[64];
	unsigned int i;

	util_pin(test, cpumask_first(cpu_online_mask));
	util_settled(&before, NULL);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = goalloc_alloc_noscan(4, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	util_settled(&during, NULL);
	KUNIT_EXPECT_EQ(test, during.tiny_mallocs - before.tiny_mallocs, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, during.mallocs - before.mallocs, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, during.heap_objects - before.heap_objects, ARRAY_SIZE(objs));
	/* The scavenger may come between and make a CPU leave a block half used. */
	KUNIT_EXPECT_GE(test, during.alloc - before.alloc, 4 * ARRAY_SIZE(objs));
	KUNIT_EXPECT_LE(test, during.alloc - before.alloc, 5 * ARRAY_SIZE(objs));
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		goalloc_free(objs[i]);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.tiny_frees - before.tiny_frees, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, after.heap_objects, before.heap_objects);
	KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
}

/* Objects that lie free in a CPU's window are not in use, and the walk sees them. */
static void mstats_cached(struct kunit *test)
{
	unsigned int spc = SPC(goalloc_size_class(64), 0);
	struct class_stats st, before;
	struct mcache_slot *slot;
	struct span_walk walk;
	unsigned int free;
	void *obj;

	util_pin(test, cpumask_first(cpu_online_mask));
	slot = util_slot(&default_heap, spc);
	class_stats(spc, &before);
	obj = goalloc_alloc(64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* The scavenger leaves a slot alone that is busy; until then it may empty it. */
	do {
		goalloc_free(goalloc_alloc(64, GFP_KERNEL));
		preempt_disable();
		KUNIT_EXPECT_TRUE(test, mcache_mark_busy(slot));
		free = hweight64(slot->free);
		if (!free)
			mcache_mark_idle(slot);
		preempt_enable();
	} while (!free);
	mstats_class(&default_heap, spc, &st);
	mstats_walk(&walk);
	mcache_mark_idle(slot);
	KUNIT_EXPECT_GT(test, free, 0);
	KUNIT_EXPECT_EQ(test, st.cached, free);
	KUNIT_EXPECT_GE(test, walk.cached, free);
	KUNIT_EXPECT_EQ(test, walk.objects, walk.free + walk.cached + walk.inuse);
	KUNIT_EXPECT_EQ(test, st.inuse - before.inuse, 1);
	goalloc_free(obj);
}

static struct kunit_case mstats_cases[] = {
	KUNIT_CASE(mstats_identities),
	KUNIT_CASE(mstats_by_class),
	KUNIT_CASE(mstats_bytes),
	KUNIT_CASE(mstats_tiny),
	KUNIT_CASE(mstats_cached),
	{}
};

static struct kunit_suite mstats_suite = {
	.name = "goalloc_mstats",
	.test_cases = mstats_cases,
};

kunit_test_suite(mstats_suite);
