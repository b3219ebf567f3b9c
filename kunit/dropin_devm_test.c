// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_dropin_devm: the devm_kmalloc() family's names serve memory of both
 * allocators, which goes with the device.  This file is built without a heap for the module.
 */
#include "kunit_util.h"

/* The kernel's, whose names are goalloc's below. */
#include <linux/device.h>

static void *real_devm_kmalloc(struct device *dev, size_t size)
{
	return devm_kmalloc(dev, size, GFP_KERNEL);
}

#include <linux/goalloc_kmalloc.h>

static __printf(2, 3) char *format(struct device *dev, const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = devm_kvasprintf(dev, GFP_KERNEL, fmt, args);
	va_end(args);
	return str;
}

/* Each allocation is goalloc's, as asked for, and free when the device is gone. */
static void devm_allocates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	void *obj[] = {
		devm_kmalloc(dev, 100, GFP_KERNEL), devm_kzalloc(dev, 100, GFP_KERNEL),
		devm_kmalloc_array(dev, 10, 10, GFP_KERNEL),
		devm_kcalloc(dev, 10, 10, GFP_KERNEL),
		devm_krealloc(dev, NULL, 100, GFP_KERNEL),
		devm_krealloc_array(dev, NULL, 10, 10, GFP_KERNEL),
	};
	void *str[] = {
		devm_kstrdup(dev, "a string", GFP_KERNEL),
		devm_kmemdup(dev, "a string", 9, GFP_KERNEL),
		devm_kmemdup_array(dev, "a string", 3, 3, GFP_KERNEL),
		devm_kasprintf(dev, GFP_KERNEL, "%c %s", 'a', "string"),
		format(dev, "a %s", "string"),
	};
	size_t huge = SIZE_MAX / 2;
	unsigned int i;

	OPTIMIZER_HIDE_VAR(huge);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(obj[i]), "allocation %u", i);
		KUNIT_EXPECT_EQ(test, ksize(obj[i]), 112);
		KUNIT_EXPECT_PTR_EQ(test, span_of((unsigned long)obj[i])->central->heap,
				    &default_heap);
	}
	KUNIT_EXPECT_TRUE(test, util_is_zero(obj[1], 100));
	KUNIT_EXPECT_TRUE(test, util_is_zero(obj[3], 100));
	for (i = 0; i < ARRAY_SIZE(str); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(str[i]), "copy %u", i);
		KUNIT_EXPECT_STREQ(test, str[i], "a string");
	}
	KUNIT_EXPECT_NULL(test, devm_kstrdup(dev, NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, devm_kcalloc(dev, huge, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, devm_krealloc_array(dev, obj[0], huge, 3, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, devm_kmalloc(dev, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, util_live(), objects + ARRAY_SIZE(obj) + ARRAY_SIZE(str));
	devm_kfree(dev, obj[0]);
	devm_kfree(dev, str[0]);
	KUNIT_EXPECT_EQ(test, util_live(), objects + ARRAY_SIZE(obj) + ARRAY_SIZE(str) - 2);
	root_device_unregister(dev);
	util_expect_live(test, objects, reports);
}

/* What goalloc does not serve is the kernel's, as is what the kernel made; all is freed. */
static void devm_falls_back(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	void *account = devm_kmalloc(dev, 100, GFP_KERNEL_ACCOUNT);
	void *real = real_devm_kmalloc(dev, 100), *larger;

	KUNIT_ASSERT_NOT_NULL(test, account);
	KUNIT_ASSERT_NOT_NULL(test, real);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(account));
	util_fill(real, 100, 1);
	larger = devm_krealloc(dev, real, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, larger);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(larger));
	KUNIT_EXPECT_TRUE(test, util_filled(larger, 100, 1));
	devm_kfree(dev, larger);
	devm_kfree(dev, account);
	devm_kfree(dev, devm_kstrdup_const(dev, "neither", GFP_KERNEL));
	devm_kfree(dev, NULL);
	devm_kfree(dev, ZERO_SIZE_PTR);
	KUNIT_EXPECT_NOT_NULL(test, real_devm_kmalloc(dev, 100));
	root_device_unregister(dev);
	util_expect_live(test, objects, reports);
}

/* Memory grows where it is at home, and moves only when goalloc cannot serve the request. */
static void devm_reallocates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	void *obj = devm_kmalloc(dev, 100, GFP_KERNEL), *moved;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 100, 1);
	obj = devm_krealloc(dev, obj, 1000, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, goalloc_owns(obj));
	KUNIT_EXPECT_EQ(test, util_live(), objects + 1);
	moved = devm_krealloc(dev, obj, 2000, GFP_KERNEL_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(moved));
	KUNIT_EXPECT_TRUE(test, util_filled(moved, 100, 1));
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	obj = devm_kmalloc(dev, 100, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, devm_krealloc(dev, obj, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	root_device_unregister(dev);
	util_expect_live(test, objects, reports);
}

/* Another device's memory is reported by goalloc, and stays. */
static void devm_reports(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	struct device *other = util_device(test, "goalloc-kunit-other");
	void *obj = devm_kmalloc(dev, 100, GFP_KERNEL);

	devm_kfree(other, obj);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	KUNIT_EXPECT_NULL(test, devm_krealloc(other, obj, 1000, GFP_KERNEL));
	util_expect_live(test, objects + 1, reports + 2);
	root_device_unregister(other);
	root_device_unregister(dev);
	util_expect_live(test, objects, reports + 2);
}

static struct kunit_case devm_cases[] = {
	KUNIT_CASE(devm_allocates),
	KUNIT_CASE(devm_falls_back),
	KUNIT_CASE(devm_reallocates),
	KUNIT_CASE(devm_reports),
	{}
};

static struct kunit_suite devm_suite = {
	.name = "goalloc_dropin_devm",
	.test_cases = devm_cases,
};

kunit_test_suite(devm_suite);
