// SPDX-License-Identifier: GPL-2.0
/* Suites goalloc_region and goalloc_stack: what goes together, and segments for stacks. */
#include <linux/goalloc_region.h>

#include "kunit_util.h"

#define NR_OBJS		4000

static unsigned long live(void)
{
	struct mem_stats st;

	util_settled(&st, NULL);
	return st.heap_objects;
}

/* Objects of all sizes are apart, aligned, and keep their contents; one call frees them. */
static void region_all_sizes(struct kunit *test)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	size_t *sizes = kunit_kcalloc(test, NR_OBJS, sizeof(*sizes), GFP_KERNEL), sum = 0;
	unsigned long objects = live(), reports = debug_bad_frees();
	unsigned int i, bad = 0, crooked = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_NOT_NULL(test, sizes);
	util_seed(test, &rnd);
	for (i = 0; i < NR_OBJS; i++) {
		size_t align = 1UL << util_below(&rnd, i % 10 ? 4 : 14);

		sizes[i] = util_size(&rnd, i % 100 ? SZ_2K : SZ_1M);
		sum += sizes[i];
		objs[i] = goalloc_region_alloc_align(&region, sizes[i], align, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		crooked += !IS_ALIGNED((unsigned long)objs[i], max(align, 8UL));
		util_fill(objs[i], sizes[i], i);
	}
	for (i = 0; i < NR_OBJS; i++)
		bad += !util_filled(objs[i], sizes[i], i);
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects overlap");
	KUNIT_EXPECT_EQ(test, crooked, 0);
	KUNIT_EXPECT_EQ(test, region.bytes, sum);
	goalloc_region_free(&region);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_NULL(test, region.chunks);
}

/* Small objects take few chunks: what is not used of them is less than they have. */
static void region_wastes_little(struct kunit *test)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	unsigned long objects = live();
	struct mem_stats st;
	unsigned int i;

	for (i = 0; i < NR_OBJS; i++)
		KUNIT_ASSERT_NOT_NULL(test, goalloc_region_alloc(&region, 100, GFP_KERNEL));
	util_settled(&st, NULL);
	KUNIT_EXPECT_LE_MSG(test, st.heap_objects - objects, 8, "chunks");
	goalloc_region_free(&region);
	KUNIT_EXPECT_EQ(test, live(), objects);
}

/* A large object does not spoil the chunk that is in use. */
static void region_large_alone(struct kunit *test)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	char *a = goalloc_region_alloc(&region, 16, GFP_KERNEL);
	char *large = goalloc_region_alloc(&region, SZ_1M, GFP_KERNEL);
	char *b = goalloc_region_alloc(&region, 16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_EXPECT_PTR_EQ(test, b, a + 16);
	goalloc_region_free(&region);
	large = goalloc_region_alloc(&region, SZ_1M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, large, "as the first object too");
	KUNIT_EXPECT_NOT_NULL(test, goalloc_region_alloc(&region, 16, GFP_KERNEL));
	goalloc_region_free(&region);
}

/* What is asked to be zero is, and copies are copies. */
static void region_contents(struct kunit *test)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	unsigned int i, round, bad = 0;
	char *s;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 100; i++) {
			u8 *obj = goalloc_region_zalloc(&region, 300, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, obj);
			bad += !util_is_zero(obj, 300);
			util_set(obj, 0xa5, 300);
		}
		goalloc_region_free(&region);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	s = goalloc_region_strdup(&region, "a string", GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, s, "a string");
	s = goalloc_region_memdup(&region, "abc", 4, GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, s, "abc");
	KUNIT_EXPECT_NULL(test, goalloc_region_strdup(&region, NULL, GFP_KERNEL));
	s = goalloc_region_calloc(&region, 10, 10, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, s && util_is_zero(s, 100));
	goalloc_region_free(&region);
}

/* Sizes and alignments that cannot be get NULL, and the region is as it was. */
static void region_bad_input(struct kunit *test)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	unsigned long reports = debug_bad_frees();
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	size_t huge = SIZE_MAX;
	char *a;

	OPTIMIZER_HIDE_VAR(huge);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_region_alloc(&region, 0, gfp), ZERO_SIZE_PTR);
	a = goalloc_region_alloc(&region, 16, gfp);
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc(&region, huge, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc(&region, huge - 7, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc(&region, GOALLOC_MAX_SIZE, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_calloc(&region, huge, 2, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc_align(&region, 16, 24, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc_align(&region, 16, SZ_16K, gfp));
	KUNIT_EXPECT_NULL(test, goalloc_region_alloc_align(&region, 16, 0, gfp));
	KUNIT_EXPECT_PTR_EQ(test, goalloc_region_alloc(&region, 16, gfp), a + 16);
	OPTIMIZER_HIDE_VAR(a);
	goalloc_free(a);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "an object freed by itself");
	goalloc_region_free(&region);
	goalloc_region_free(&region);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE(region_all_sizes),
	KUNIT_CASE(region_wastes_little),
	KUNIT_CASE(region_large_alone),
	KUNIT_CASE(region_contents),
	KUNIT_CASE(region_bad_input),
	{}
};

static struct kunit_suite region_suite = {
	.name = "goalloc_region",
	.test_cases = region_cases,
};

/* A segment is a power of two, aligned to itself, and lies apart from all objects. */
static void stack_orders(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	size_t size;
	void *stack;

	for (size = 1; size <= GOALLOC_MAX_SIZE; size = size * 2 + 1) {
		size_t bytes = max_t(size_t, roundup_pow_of_two(size), GOALLOC_STACK_MIN);

		stack = goalloc_stack_alloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, stack);
		KUNIT_EXPECT_EQ(test, goalloc_size(stack), bytes);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)stack, bytes));
		KUNIT_EXPECT_STREQ(test, "stacks",
				   span_of((unsigned long)stack)->central->heap->name);
		util_set(stack, 0x5a, bytes);
		goalloc_stack_free(stack, size % 2 ? bytes : size);
	}
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* Sizes that cannot be; a stack of another size, and what is no stack, stay. */
static void stack_bad_input(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	void *stack = goalloc_stack_alloc(SZ_4K, GFP_KERNEL);
	void *obj = goalloc_alloc(SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stack);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_NULL(test, goalloc_stack_alloc(0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_stack_alloc(GOALLOC_MAX_SIZE + 1, GFP_KERNEL));
	goalloc_stack_free(stack, SZ_8K);
	goalloc_stack_free(obj, SZ_4K);
	goalloc_stack_free(NULL, SZ_4K);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	KUNIT_EXPECT_EQ(test, live(), objects + 2);
	goalloc_stack_free(stack, SZ_4K);
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, live(), objects);
	goalloc_stack_free(stack, SZ_4K);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 3, "twice");
}

static struct kunit_case stack_cases[] = {
	KUNIT_CASE(stack_orders),
	KUNIT_CASE(stack_bad_input),
	{}
};

static struct kunit_suite stack_suite = {
	.name = "goalloc_stack",
	.test_cases = stack_cases,
};

kunit_test_suites(&region_suite, &stack_suite);
