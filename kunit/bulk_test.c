// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_bulk: many objects at once are what the same number one by one would be. */
#include "kunit_util.h"

#define NR_OBJS		300

static unsigned long live(void)
{
	struct mem_stats st;

	util_settled(&st, NULL);
	return st.heap_objects;
}

/* Objects of every kind of size, all different, with contents that stay. */
static void bulk_all_sizes(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 24, 64, 100, 1024, 1100, 8192, 32768, 40000 };
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned long objects = live(), reports = debug_bad_frees();
	unsigned int i, n, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t got = goalloc_alloc_bulk(sizes[i], GFP_KERNEL, NR_OBJS, objs);

		KUNIT_ASSERT_EQ(test, got, NR_OBJS);
		for (n = 0; n < NR_OBJS; n++)
			util_fill(objs[n], sizes[i], n);
		for (n = 0; n < NR_OBJS; n++)
			bad += !util_filled(objs[n], sizes[i], n);
		goalloc_free_bulk(NR_OBJS, objs);
		KUNIT_EXPECT_EQ_MSG(test, live(), objects, "%zu bytes", sizes[i]);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* With __GFP_ZERO every byte is zero, also of what was used before. */
static void bulk_zero(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned int n, round, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (round = 0; round < 3; round++) {
		n = goalloc_alloc_bulk(200, GFP_KERNEL | __GFP_ZERO, NR_OBJS, objs);
		KUNIT_ASSERT_EQ(test, n, NR_OBJS);
		for (n = 0; n < NR_OBJS; n++) {
			bad += !util_is_zero(objs[n], 208);
			util_set(objs[n], 0xa5, 208);
		}
		goalloc_free_bulk(NR_OBJS, objs);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Objects of all sizes and places in one array, with holes, some on other CPUs. */
static void free_there(unsigned int cpu, void *arg)
{
	void **objs = arg;

	goalloc_free_bulk(NR_OBJS, objs + cpu * NR_OBJS);
}

static void bulk_free_mixed(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, nr_cpu_ids * NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned long objects = live(), reports = debug_bad_frees();
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	for (i = 0; i < nr_cpu_ids * NR_OBJS; i++) {
		if (i % 7 == 0)
			continue;
		objs[i] = i % 3 ? goalloc_alloc(util_size(&rnd, SZ_64K), GFP_KERNEL) :
				  goalloc_alloc_noscan(i % 13, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	util_run_on_all(test, free_there, objs);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* Nothing is nothing. */
static void bulk_none(struct kunit *test)
{
	void *objs[3] = { NULL, ZERO_SIZE_PTR, NULL };
	unsigned long objects = live();

	KUNIT_EXPECT_EQ(test, goalloc_alloc_bulk(64, GFP_KERNEL, 0, objs), 0);
	goalloc_free_bulk(0, NULL);
	goalloc_free_bulk(3, objs);
	KUNIT_EXPECT_EQ(test, goalloc_alloc_bulk(0, GFP_KERNEL, 3, objs), 3);
	KUNIT_EXPECT_PTR_EQ(test, objs[2], ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, live(), objects);
}

/* What cannot be had whole is not had at all. */
static void bulk_all_or_nothing(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned long objects = live();

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_EXPECT_EQ(test, goalloc_alloc_bulk(GOALLOC_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN, 2,
						 objs), 0);
	KUNIT_EXPECT_EQ(test, goalloc_alloc_bulk(SIZE_MAX, GFP_KERNEL, 2, objs), 0);
	KUNIT_EXPECT_EQ(test, live(), objects);
#ifdef CONFIG_FAULT_INJECTION
	/* The third refill is refused: after some hundred objects. */
	fault_attrs[FAULT_REFILL].verbose = 0;
	fault_attrs[FAULT_REFILL].interval = 3;
	fault_attrs[FAULT_REFILL].count = 0;
	atomic_set(&fault_attrs[FAULT_REFILL].times, 1);
	WRITE_ONCE(fault_attrs[FAULT_REFILL].probability, 100);
	KUNIT_EXPECT_EQ(test, goalloc_alloc_bulk(1024, GFP_KERNEL, NR_OBJS, objs), 0);
	WRITE_ONCE(fault_attrs[FAULT_REFILL].probability, 0);
	KUNIT_EXPECT_EQ(test, live(), objects);
#endif
}

/* An object that is in the array twice is reported, and the others are freed. */
static void bulk_double_free(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	void *objs[8], *third;

	KUNIT_ASSERT_EQ(test, goalloc_alloc_bulk(64, GFP_KERNEL, 8, objs), 8);
	third = objs[3];
	objs[3] = objs[0];
	OPTIMIZER_HIDE_VAR(objs[3]);
	objs[5] += 8;
	goalloc_free_bulk(8, objs);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	objs[5] -= 8;
	goalloc_free(objs[5]);
	KUNIT_EXPECT_EQ_MSG(test, live(), objects + 1, "all but the one whose place was taken");
	goalloc_free(third);
	util_check_allocator(test, 1000);
}

/* Of objects that are freed together, those that are free already are reported: no others. */
static void bulk_refused(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	void *objs[6];

	KUNIT_ASSERT_EQ(test, goalloc_alloc_bulk(1100, GFP_KERNEL, 6, objs), 6);
	goalloc_free(objs[1]);
	goalloc_free(objs[4]);
	goalloc_free_bulk(6, objs);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	KUNIT_EXPECT_EQ(test, live(), objects);
	util_check_allocator(test, 1000);
}

/*
 * An address that is no object is not taken for one of the span before it in the array,
 * even where its distance is such that the product which makes an index is the same.
 */
static void bulk_aliases(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	void *objs[3], *free[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		objs[i] = goalloc_alloc(8, GFP_KERNEL);
	free[0] = objs[0];
	free[1] = objs[1] + 32UL * SZ_1G;
	free[2] = objs[2] - 32UL * SZ_1G;
	goalloc_free_bulk(3, free);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	KUNIT_EXPECT_EQ(test, live(), objects + 2);
	goalloc_free(objs[1]);
	goalloc_free(objs[2]);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
}

static struct kunit_case bulk_cases[] = {
	KUNIT_CASE(bulk_all_sizes),
	KUNIT_CASE(bulk_zero),
	KUNIT_CASE(bulk_free_mixed),
	KUNIT_CASE(bulk_none),
	KUNIT_CASE(bulk_all_or_nothing),
	KUNIT_CASE(bulk_double_free),
	KUNIT_CASE(bulk_refused),
	KUNIT_CASE(bulk_aliases),
	{}
};

static struct kunit_suite bulk_suite = {
	.name = "goalloc_bulk",
	.test_cases = bulk_cases,
};

kunit_test_suite(bulk_suite);
