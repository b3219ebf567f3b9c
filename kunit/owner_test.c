// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_owner: what belongs to a device or a mempool goes with it. */
#include <linux/device.h>
#include <linux/mempool.h>

#include "kunit_util.h"

static unsigned long live(void)
{
	struct mem_stats st;

	util_settled(&st, NULL);
	return st.heap_objects;
}

/* Without the module, which on Linux 6.1 has no kobject yet when the suites run. */
static struct device *device_new(struct kunit *test, const char *name)
{
	struct device *dev = __root_device_register(name, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	return dev;
}

/* When the device goes its memory is freed, but for what was freed before. */
static void owner_device(struct kunit *test)
{
	struct device *dev = device_new(test, "goalloc-kunit");
	unsigned long objects = live(), reports = debug_bad_frees();
	void *early = goalloc_devm_alloc(dev, 64, GFP_KERNEL);
	void *small = goalloc_devm_alloc(dev, 64, GFP_ATOMIC);
	void *zeroed = goalloc_devm_zalloc(dev, 100000, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, early);
	KUNIT_EXPECT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, zeroed);
	KUNIT_EXPECT_TRUE(test, util_is_zero(zeroed, 100000));
	KUNIT_EXPECT_EQ(test, live(), objects + 3);
	goalloc_devm_free(dev, early);
	KUNIT_EXPECT_EQ(test, live(), objects + 2);
	root_device_unregister(dev);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* Sizes that are none, and memory that the device does not hold. */
static void owner_device_bad_input(struct kunit *test)
{
	struct device *dev = device_new(test, "goalloc-kunit");
	struct device *other = device_new(test, "goalloc-kunit-other");
	unsigned long objects = live(), reports = debug_bad_frees();
	void *obj = goalloc_devm_alloc(dev, 64, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, goalloc_devm_alloc(dev, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, goalloc_devm_alloc(dev, GOALLOC_MAX_SIZE + 1,
						   GFP_KERNEL | __GFP_NOWARN));
	goalloc_devm_free(dev, NULL);
	goalloc_devm_free(dev, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	goalloc_devm_free(other, obj);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "another device's");
	KUNIT_EXPECT_EQ(test, live(), objects + 1);
	goalloc_devm_free(dev, obj);
	goalloc_devm_free(dev, obj);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "twice");
	obj = goalloc_devm_alloc(dev, 64, GFP_KERNEL);
	OPTIMIZER_HIDE_VAR(obj);
	goalloc_free(obj);
	root_device_unregister(dev);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 3, "freed behind the device's back");
	root_device_unregister(other);
	KUNIT_EXPECT_EQ(test, live(), objects);
}

/* A mempool's elements are goalloc's, as many as it keeps, and go with it. */
static void owner_mempool(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	mempool_t *pool = mempool_create(4, goalloc_mempool_alloc, goalloc_mempool_free,
					 (void *)100);
	void *objs[8];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, live(), objects + 4);
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
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_device),
	KUNIT_CASE(owner_device_bad_input),
	KUNIT_CASE(owner_mempool),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "goalloc_owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
