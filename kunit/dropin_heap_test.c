// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_dropin_heap: what a module allocates by the drop-in lies in a heap of its
 * own, as soon as one could be made.
 */
#include "kunit_util.h"
#include "../goalloc/dropin.h"

#include <linux/sched/mm.h>

#include <linux/goalloc_kmalloc.h>

#define HANDLE(what)	((struct goalloc_heap){ .name = (what), .owner = THIS_MODULE })

struct headed {
	struct rcu_head rcu;
	unsigned long word;
};

static struct goalloc_heap handle, other;	/* what points here must outlive a failed case */

static struct goalloc_heap *heap_at(const void *ptr)
{
	return span_of((unsigned long)ptr)->central->heap;
}

static void expect_default(struct kunit *test, void *obj)
{
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), &default_heap);
	kfree(obj);
}

static __printf(1, 2) char *formatted(const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	return str;
}

/* All of the family's memory lies in the heap that has the module's name. */
static void module_heap_serves(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	void *obj[] = {
		kmalloc(100, GFP_KERNEL), kzalloc(100, GFP_KERNEL), kcalloc(10, 10, GFP_KERNEL),
		kmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE),
		kmalloc_node(100, GFP_KERNEL | __GFP_THISNODE, util_memory_node()),
		kmalloc(SZ_64K, GFP_KERNEL), krealloc(NULL, 100, GFP_KERNEL),
		krealloc(kmalloc(10, GFP_KERNEL), 1000, GFP_KERNEL),
		kvmalloc(SZ_64K, GFP_KERNEL), kvmemdup("a string", 9, GFP_KERNEL),
		kmemdup("a string", 9, GFP_KERNEL), kmemdup_nul("a string", 8, GFP_KERNEL),
		kstrdup("a string", GFP_KERNEL), kstrndup("a string", 3, GFP_KERNEL),
		kasprintf(GFP_KERNEL, "%d", 1), formatted("%d", 1),
		mempool_kmalloc(GFP_KERNEL, (void *)100UL),
	};
	void *devices[] = {
		devm_kmalloc(dev, 100, GFP_KERNEL), devm_krealloc(dev, NULL, 100, GFP_KERNEL),
		devm_kstrdup(dev, "a string", GFP_KERNEL),
		devm_kasprintf(dev, GFP_KERNEL, "%d", 1),
	};
	struct goalloc_heap *heap = goalloc_module_heap.real;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	KUNIT_EXPECT_STREQ(test, heap->name, "goalloc_kunit:kmalloc");
	KUNIT_EXPECT_PTR_EQ(test, heap->owner, THIS_MODULE);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_ASSERT_TRUE_MSG(test, goalloc_owns(obj[i]), "number %u", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, heap_at(obj[i]), heap, "number %u", i);
		kvfree(obj[i]);
	}
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		KUNIT_ASSERT_TRUE_MSG(test, goalloc_owns(devices[i]), "device's %u", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, heap_at(devices[i]), heap, "device's %u", i);
	}
	root_device_unregister(dev);
	util_expect_live(test, objects, reports);
}

/*
 * A request that may not wait for the making of a heap is served by the default heap at
 * once, and by its own when that has been made behind its back.
 */
static void *ask(gfp_t gfp)
{
	handle = HANDLE("dropin_later");
	return goalloc_module_kmalloc(&handle, 100, gfp);
}

static void expect_later(struct kunit *test, void *obj)
{
	expect_default(test, obj);
	dropin_heap_settle();
	KUNIT_ASSERT_NOT_NULL(test, handle.real);
	obj = goalloc_module_kmalloc(&handle, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), handle.real);
	kfree(obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY), 0);
}

static void module_heap_waits(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	unsigned int scope;
	void *obj;

	expect_later(test, ask(GFP_ATOMIC | __GFP_NOWARN));
	expect_later(test, ask(GFP_NOWAIT));
	expect_later(test, ask(GFP_NOFS));
	scope = memalloc_nofs_save();
	obj = ask(GFP_KERNEL);
	memalloc_nofs_restore(scope);
	expect_later(test, obj);
	scope = memalloc_noreclaim_save();
	obj = ask(GFP_KERNEL);
	memalloc_noreclaim_restore(scope);	/* nothing may be waited for in this scope */
	expect_later(test, obj);

	handle = HANDLE("dropin_now");
	kfree(goalloc_module_kmalloc(&handle, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, handle.real);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY), 0);
	util_expect_live(test, objects, reports);
}

/* Zeroed memory is, whoever had it before, and whether the compiler knew its size. */
static void module_heap_zeroes(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	size_t size = 200;
	unsigned int i;
	u8 *obj[4];

	OPTIMIZER_HIDE_VAR(size);
	for (i = 0; i < 3 * 80; i++) {	/* more than a window has */
		obj[0] = kmalloc(200, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj[0]);
		util_set(obj[0], 0xa5, 200);
		kfree(obj[0]);
		obj[0] = kzalloc(200, GFP_KERNEL);
		obj[1] = kcalloc(20, 10, GFP_KERNEL);
		obj[2] = kzalloc(size, GFP_KERNEL);
		obj[3] = kmalloc(200, GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, obj[0] && obj[1] && obj[2] && obj[3]);
		KUNIT_EXPECT_TRUE(test, util_is_zero(obj[0], ksize(obj[0])));
		KUNIT_EXPECT_TRUE(test, util_is_zero(obj[1], ksize(obj[1])));
		KUNIT_EXPECT_TRUE(test, util_is_zero(obj[2], ksize(obj[2])));
		util_set(obj[3], 0x5a, 200);
		kfree(obj[3]);
		kfree(obj[2]);
		kfree(obj[1]);
		kfree(obj[0]);
	}
	util_expect_live(test, objects, reports);
}

/* Two modules of one name, and a long name: their heaps' names differ, and fit. */
static void module_heap_names(struct kunit *test)
{
	static const char long_name[] = "a_module_with_a_name_that_is_much_longer";

	handle = HANDLE(long_name);
	other = HANDLE(long_name);
	kfree(goalloc_module_kmalloc(&handle, 100, GFP_KERNEL));
	kfree(goalloc_module_kmalloc(&other, 100, GFP_KERNEL));
	KUNIT_ASSERT_TRUE(test, handle.real && other.real);
	KUNIT_EXPECT_STREQ(test, handle.real->name, "a_module_with_a_name_th:kmalloc");
	KUNIT_EXPECT_STREQ(test, other.real->name, "a_module_with_a_name_th:kmall:2");
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&other, GOALLOC_DESTROY_EMPTY), 0);
}

#ifdef CONFIG_FAULT_INJECTION
/* Without memory for a heap the default heap serves, until there is some. */
static void module_heap_unmade(struct kunit *test)
{
	void *obj;

	handle = HANDLE("dropin_unmade");
	util_pin(test, raw_smp_processor_id());
	expect_default(test, goalloc_alloc(100, GFP_KERNEL));	/* so that there is a window */
	util_arm(FAULT_META, 1, MANY_TIMES);
	obj = goalloc_module_kmalloc(&handle, 100, GFP_KERNEL);
	KUNIT_EXPECT_GE(test, util_disarm(FAULT_META, MANY_TIMES), 1);
	expect_default(test, obj);
	KUNIT_EXPECT_NULL(test, handle.real);
	kfree(goalloc_module_kmalloc(&handle, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, handle.real);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY), 0);
}
#endif

static __printf(1, 2) char *formatted_by_default(const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = goalloc_module_kvasprintf(NULL, GFP_KERNEL, fmt, args);
	va_end(args);
	return str;
}

static __printf(2, 3) char *formatted_for(struct device *dev, const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = goalloc_module_devm_kvasprintf(NULL, dev, GFP_KERNEL, fmt, args);
	va_end(args);
	return str;
}

/* Without a handle everything is the default heap's, as it is for a client of its own. */
static void module_heap_none(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct device *dev = util_device(test, "goalloc-kunit");
	void *obj[] = {
		goalloc_module_kmalloc(NULL, 100, GFP_KERNEL),
		goalloc_module_kmalloc_node(NULL, 100, GFP_KERNEL, NUMA_NO_NODE),
		goalloc_module_krealloc(NULL, NULL, 100, GFP_KERNEL),
		goalloc_module_kvmalloc_node(NULL, 100, GFP_KERNEL, NUMA_NO_NODE),
		goalloc_module_kvresize(NULL, NULL, 100, GFP_KERNEL),
		goalloc_module_kmemdup_nul(NULL, "a string", 8, GFP_KERNEL),
		formatted_by_default("a %s", "string"),
	};
	void *devices[] = {
		goalloc_module_devm_kmalloc(NULL, dev, 100, GFP_KERNEL),
		goalloc_module_devm_krealloc(NULL, dev, NULL, 100, GFP_KERNEL),
		formatted_for(dev, "a %s", "string"),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(obj); i++)
		expect_default(test, obj[i]);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		KUNIT_ASSERT_NOT_NULL(test, devices[i]);
		KUNIT_EXPECT_PTR_EQ(test, heap_at(devices[i]), &default_heap);
	}
	root_device_unregister(dev);
	util_expect_live(test, objects, reports);
}

/* A heap goes when what kfree_rcu() was given has gone, and waits for it. */
static void module_heap_outlives_readers(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct headed *obj;
	unsigned int i;

	handle = HANDLE("dropin_readers");
	for (i = 0; i < 100; i++) {
		obj = goalloc_module_kmalloc(&handle, sizeof(*obj), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		kfree_rcu(obj, rcu);
	}
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY), 0);
	KUNIT_EXPECT_NULL(test, handle.real);
	util_expect_live(test, objects, reports);
}

static struct kunit_case dropin_heap_cases[] = {
	KUNIT_CASE(module_heap_serves),
	KUNIT_CASE(module_heap_waits),
	KUNIT_CASE(module_heap_zeroes),
	KUNIT_CASE(module_heap_names),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(module_heap_unmade),
#endif
	KUNIT_CASE(module_heap_none),
	KUNIT_CASE(module_heap_outlives_readers),
	{}
};

static struct kunit_suite dropin_heap_suite = {
	.name = "goalloc_dropin_heap",
	.test_cases = dropin_heap_cases,
};

kunit_test_suite(dropin_heap_suite);
