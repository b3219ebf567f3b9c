// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_realloc: an object changes its size and keeps the rest. */
#include "kunit_util.h"

#define MODEL_BYTES	SZ_128K

/* NULL and ZERO_SIZE_PTR are allocated; no bytes frees. */
static void realloc_from_and_to_nothing(struct kunit *test)
{
	unsigned long objects, reports = debug_bad_frees();
	struct mem_stats st;
	void *obj;

	util_settled(&st, NULL);
	objects = st.heap_objects;
	obj = goalloc_realloc(NULL, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, goalloc_size(obj), 112);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	obj = goalloc_realloc(ZERO_SIZE_PTR, 40000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc_array(NULL, 0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	util_settled(&st, NULL);
	KUNIT_EXPECT_EQ(test, st.heap_objects, objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* What fits stays where it is. */
static void realloc_in_place(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 100, 1024, 20000, 32768, 40000, SZ_1M };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *obj = goalloc_alloc(sizes[i], GFP_KERNEL);
		size_t usable = goalloc_size(obj);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_fill(obj, usable, i);
		KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 1, GFP_KERNEL), obj);
		KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, usable, GFP_KERNEL), obj);
		KUNIT_EXPECT_EQ(test, goalloc_size(obj), usable);
		KUNIT_EXPECT_TRUE(test, util_filled(obj, usable, i));
		goalloc_free(obj);
	}
}

/* An object grows through all classes into large sizes and keeps its contents all the way. */
static void realloc_grows(struct kunit *test)
{
	unsigned int noscan, bad = 0;

	for (noscan = 0; noscan < 2; noscan++) {
		void *obj = noscan ? goalloc_alloc_noscan(1, GFP_KERNEL) :
				     goalloc_alloc(1, GFP_KERNEL);
		size_t size = 1, next;

		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_fill(obj, size, noscan);
		for (; size < SZ_2M; size = next) {
			next = size + 1 + size / 7;
			obj = goalloc_realloc(obj, next, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, obj);
			bad += goalloc_size(obj) < next || !util_filled(obj, size, noscan);
			util_fill(obj, next, noscan);
		}
		goalloc_free(obj);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Memory without pointers stays memory without pointers when it moves, and the reverse. */
static void realloc_keeps_noscan(struct kunit *test)
{
	void *scan = goalloc_alloc(4, GFP_KERNEL), *noscan = goalloc_alloc_noscan(4, GFP_KERNEL);
	size_t size;

	for (size = 20; size < SZ_128K; size *= 3) {
		scan = goalloc_realloc(scan, size, GFP_KERNEL);
		noscan = goalloc_realloc(noscan, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, scan);
		KUNIT_ASSERT_NOT_NULL(test, noscan);
		KUNIT_EXPECT_EQ(test, span_of((unsigned long)scan)->spc & 1, 0);
		KUNIT_EXPECT_EQ(test, span_of((unsigned long)noscan)->spc & 1, 1);
	}
	goalloc_free(scan);
	goalloc_free(noscan);
}

/* With __GFP_ZERO in every call, what is new is zero, though it was written to and given up. */
static void realloc_zeroes(struct kunit *test)
{
	size_t size = 1, next, usable;
	struct rnd_state rnd;
	unsigned int step, bad = 0;
	u8 *obj;

	util_seed(test, &rnd);
	obj = goalloc_zalloc(size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_set(obj, 0xa5, size);
	for (step = 0; step < 2000; step++) {
		next = util_size(&rnd, SZ_64K);
		if (util_below(&rnd, 2))
			next = min(next, size);
		obj = goalloc_realloc(obj, next, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		usable = goalloc_size(obj);
		bad += !util_is(obj, 0xa5, min(size, next));
		bad += next < usable && !util_is_zero(obj + next, usable - next);
		if (next > size)
			bad += !util_is_zero(obj + size, next - size);
		util_set(obj, 0xa5, next);
		size = next;
		if (step % 50 == 49) {
			goalloc_free(obj);
			size = util_size(&rnd, SZ_64K);
			obj = goalloc_zalloc(size, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, obj);
			util_set(obj, 0xa5, size);
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	goalloc_free(obj);
}

/* A size that cannot be had gets NULL, and the object is as it was. */
static void realloc_too_large(struct kunit *test)
{
	size_t huge[] = { GOALLOC_MAX_SIZE + 1, LONG_MAX, SIZE_MAX };
	void *obj = goalloc_alloc(100, GFP_KERNEL), *same;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 100, 1);
	for (i = 0; i < ARRAY_SIZE(huge); i++) {
		OPTIMIZER_HIDE_VAR(huge[i]);
		same = goalloc_realloc(obj, huge[i], GFP_KERNEL | __GFP_NOWARN);
		KUNIT_EXPECT_NULL(test, same);
	}
	KUNIT_EXPECT_NULL(test, goalloc_realloc(obj, 1000, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_EQ(test, goalloc_size(obj), 112);
	KUNIT_EXPECT_TRUE(test, util_filled(obj, 100, 1));
	goalloc_free(obj);
}

/* An object and a plain array that are resized alike stay alike. */
static void realloc_random(struct kunit *test)
{
	u8 *model = kunit_kzalloc(test, MODEL_BYTES, GFP_KERNEL), *obj = NULL;
	unsigned int step, i, bad = 0;
	size_t size = 0, next;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, model);
	util_seed(test, &rnd);
	for (step = 0; step < 3000; step++) {
		unsigned int elem = 1 + util_below(&rnd, 16);

		next = util_size(&rnd, MODEL_BYTES);
		if (util_below(&rnd, 2)) {
			next = rounddown(next, elem);
			obj = goalloc_realloc_array(obj, next / elem, elem, GFP_KERNEL);
		} else {
			obj = goalloc_realloc(obj, next, GFP_KERNEL);
		}
		KUNIT_ASSERT_NOT_NULL(test, obj);
		if (!next)
			obj = NULL;
		if (min(size, next))
			bad += !!memcmp(obj, model, min(size, next));
		size = next;
		for (i = 0; i < 64 && size; i++) {
			size_t at = util_below(&rnd, size);

			obj[at] = prandom_u32_state(&rnd);
			model[at] = obj[at];
		}
		if (size)
			memcpy(model, obj, size);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	goalloc_free(obj);
}

static struct kunit_case realloc_cases[] = {
	KUNIT_CASE(realloc_from_and_to_nothing),
	KUNIT_CASE(realloc_in_place),
	KUNIT_CASE(realloc_grows),
	KUNIT_CASE(realloc_keeps_noscan),
	KUNIT_CASE(realloc_zeroes),
	KUNIT_CASE(realloc_too_large),
	KUNIT_CASE(realloc_random),
	{}
};

static struct kunit_suite realloc_suite = {
	.name = "goalloc_realloc",
	.test_cases = realloc_cases,
};

kunit_test_suite(realloc_suite);
