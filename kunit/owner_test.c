// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_owner: what belongs to a device or a mempool goes with it. */
#include <linux/device.h>
#include <linux/mempool.h>

#include "kunit_util.h"

/* When the device goes its memory is freed, but for what was freed before. */
static void owner_device(struct kunit *test)
{
	struct device *dev = util_device(test, "goalloc-kunit");
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *early = goalloc_devm_alloc(dev, 64, GFP_KERNEL);
	void *small = goalloc_devm_alloc(dev, 64, GFP_ATOMIC);
	void *zeroed = goalloc_devm_zalloc(dev, 100000, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, early);
	KUNIT_EXPECT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, zeroed);
	KUNIT_EXPECT_TRUE(test, util_is_zero(zeroed, 100000));
	KUNIT_EXPECT_EQ(test, util_live(), objects + 3);
	goalloc_devm_free(dev, early);
	KUNIT_EXPECT_EQ(test, util_live(), objects + 2);
	root_device_unregister(dev);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* Sizes that are none, and memory that the device does not hold. */
static void owner_device_bad_input(struct kunit *test)
{
	struct device *dev = util_device(test, "goalloc-kunit");
	struct device *other = util_device(test, "goalloc-kunit-other");
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *obj = goalloc_devm_alloc(dev, 64, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, goalloc_devm_alloc(dev, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, goalloc_devm_alloc(dev, GOALLOC_MAX_SIZE + 1,
						   GFP_KERNEL | __GFP_NOWARN));
	goalloc_devm_free(dev, NULL);
	goalloc_devm_free(dev, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	goalloc_devm_free(other, obj);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "another device's");
	KUNIT_EXPECT_EQ(test, util_live(), objects + 1);
	goalloc_devm_free(dev, obj);
	goalloc_devm_free(dev, obj);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "twice");
	obj = goalloc_devm_alloc(dev, 64, GFP_KERNEL);
	OPTIMIZER_HIDE_VAR(obj);
	goalloc_free(obj);
	root_device_unregister(dev);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 3, "freed behind the device's back");
	root_device_unregister(other);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
}

/* Memory of a device grows with its contents, stays its device's, and goes with it. */
static void owner_device_realloc(struct kunit *test)
{
	struct device *dev = util_device(test, "goalloc-kunit");
	struct device *other = util_device(test, "goalloc-kunit-other");
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *obj = goalloc_devm_realloc(dev, NULL, 100, GFP_KERNEL), *larger;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 100, 1);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_devm_realloc(dev, obj, 50, GFP_KERNEL), obj);
	KUNIT_EXPECT_NULL(test, goalloc_devm_realloc(dev, obj, GOALLOC_MAX_SIZE + 1,
						     GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_NULL(test, goalloc_devm_realloc(other, obj, 1000, GFP_KERNEL));
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "another device's");
	larger = goalloc_devm_realloc(dev, obj, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, larger);
	KUNIT_EXPECT_GE(test, goalloc_size(larger), 1000);
	KUNIT_EXPECT_TRUE(test, util_filled(larger, 100, 1));
	KUNIT_EXPECT_EQ(test, util_live(), objects + 1);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_devm_realloc(dev, larger, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	obj = goalloc_devm_alloc(dev, 100, GFP_KERNEL);
	obj = goalloc_devm_realloc(dev, obj, 1000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	root_device_unregister(dev);
	root_device_unregister(other);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
}

/* A mempool's elements are goalloc's, as many as it keeps, and go with it. */
static void owner_mempool(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	mempool_t *pool = mempool_create(4, goalloc_mempool_alloc, goalloc_mempool_free,
					 (void *)100);
	void *objs[8];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, util_live(), objects + 4);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = mempool_alloc(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_EQ(test, goalloc_size(objs[i]), 112);
		util_fill(objs[i], 100, i);
	}
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		KUNIT_EXPECT_TRUE(test, util_filled(objs[i], 100, i));
		mempool_free(objs[i], pool);
	}
	mempool_destroy(pool);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_device),
	KUNIT_CASE(owner_device_bad_input),
	KUNIT_CASE(owner_device_realloc),
	KUNIT_CASE(owner_mempool),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "goalloc_owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
