// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_rcu: an object outlives the readers that may see it, and is freed once. */
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/vmalloc.h>

#include "kunit_util.h"

#define NR_OBJS		300

struct item {
	char text[40];
	struct rcu_head rcu;
	char more[20];
};

/* The compiler and fortify must not see what is done with these. */
static void *hidden(void *ptr)
{
	OPTIMIZER_HIDE_VAR(ptr);
	return ptr;
}

static struct item *item_new(struct kunit *test)
{
	struct item *it = goalloc_zalloc(sizeof(*it), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, it);
	return hidden(it);
}

static unsigned long live(void)
{
	struct mem_stats st;

	goalloc_free_rcu_barrier();
	util_settled(&st, NULL);
	return st.heap_objects;
}

/* A reader that began before the free sees the object, whole, as long as it lasts. */
static void rcu_waits_for_readers(struct kunit *test)
{
	unsigned long objects = live();
	struct item *it = item_new(test);
	struct item *first = item_new(test);
	bool whole;

	goalloc_free_rcu(first, rcu);
	rcu_read_lock();
	strscpy(it->text, "a reader sees it", sizeof(it->text));
	goalloc_free_rcu(it, rcu);
	mdelay(300);
	whole = goalloc_size(it) == 80 && !strcmp(it->text, "a reader sees it");
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, whole);
	KUNIT_EXPECT_EQ_MSG(test, live(), objects, "and then both are freed");
}

/* Objects of every size, wherever the rcu_head lies in them, large ones and vmalloc()'s. */
static void rcu_all_sizes(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	unsigned int sc;
	size_t size;
	void *obj;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES + 8; sc++) {
		size = sc < GOALLOC_NUM_SIZE_CLASSES ? goalloc_size_classes[sc].size :
		       32769UL << (sc - GOALLOC_NUM_SIZE_CLASSES);
		if (size < sizeof(struct rcu_head))
			continue;
		obj = goalloc_kvalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_fill(obj, size, sc);
		__goalloc_free_rcu(obj, 0);
		obj = goalloc_kvalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_fill(obj, size, sc);
		__goalloc_free_rcu(obj, round_down(size - sizeof(struct rcu_head), 8));
	}
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

static void rcu_null(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *none = hidden(NULL), *empty = hidden(ZERO_SIZE_PTR);

	goalloc_free_rcu(none, rcu);
	goalloc_free_rcu(empty, rcu);
	goalloc_free_rcu_mightsleep(none);
	goalloc_free_rcu_mightsleep(empty);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* A second free is reported at once, and the object freed once. */
static void rcu_twice(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *it = item_new(test), *other = item_new(test);

	rcu_read_lock();
	goalloc_free_rcu(it, rcu);
	goalloc_free_rcu(other, rcu);
	goalloc_free_rcu(it, rcu);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	goalloc_free_rcu(it, rcu);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "after the grace period");
	util_check_allocator(test, 1000);
}

/* Freed without waiting: before, it is reported at once; meanwhile, at the end. */
static void rcu_and_free(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *it = item_new(test), *other = item_new(test);

	goalloc_free(it);
	goalloc_free_rcu(it, rcu);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	rcu_read_lock();
	goalloc_free_rcu(other, rcu);
	goalloc_free(other);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
}

/* What is no object of goalloc's or vmalloc()'s is reported at once and not written to. */
static void rcu_bad_pointers(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	struct item *kmalloced = hidden(kunit_kzalloc(test, sizeof(*kmalloced), GFP_KERNEL));
	struct item on_stack = {}, *it = hidden(&on_stack);
	char *inside;

	goalloc_free_rcu(kmalloced, rcu);
	goalloc_free_rcu_mightsleep(kmalloced);
	goalloc_free_rcu(it, rcu);
	KUNIT_EXPECT_TRUE(test, util_is_zero(kmalloced, sizeof(*kmalloced)));
	KUNIT_EXPECT_TRUE(test, util_is_zero(&on_stack, sizeof(on_stack)));
	inside = goalloc_zalloc(1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, inside);
	it = hidden(inside + 64);
	goalloc_free_rcu(it, rcu);
	goalloc_free_rcu_mightsleep(it);
	KUNIT_EXPECT_TRUE(test, util_is_zero(inside, 1000));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 5);
	goalloc_free(inside);
}

/* An object that is written to while it waits is reported, and stays. */
static void rcu_overwritten(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *it = item_new(test);

	rcu_read_lock();
	goalloc_free_rcu(it, rcu);
	memset(&it->rcu, 0xff, sizeof(it->rcu));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, live(), objects + 1);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	goalloc_free(it);
	it = goalloc_kvzalloc(2 * GOALLOC_MAX_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, it);
	goalloc_free_rcu(it, rcu);
	vfree(it);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "unmapped");
}

/* A copy of an object that waits does not wait, and can be freed in the same way. */
static void rcu_copies(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *it = item_new(test), *copy;

	rcu_read_lock();
	goalloc_free_rcu(it, rcu);
	copy = goalloc_memdup(it, sizeof(*it), GFP_ATOMIC);
	rcu_read_unlock();
	goalloc_free_rcu(copy, rcu);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* Memory without a rcu_head, of all kinds, with and without memory for a note. */
static void rcu_mightsleep(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 100, 32768, 100000, 2 * GOALLOC_MAX_SIZE };
	unsigned long objects = live(), reports = debug_bad_frees();
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = goalloc_kvalloc(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		goalloc_free_rcu_mightsleep(obj);
		obj = goalloc_alloc_noscan(min_t(size_t, sizes[i], SZ_1M), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		goalloc_free_rcu_mightsleep(obj);
	}
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	obj = hidden(goalloc_alloc(100, GFP_KERNEL));
	goalloc_free_rcu_mightsleep(obj);
	goalloc_free_rcu_mightsleep(obj);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "a double free");
#ifdef CONFIG_FAULT_INJECTION
	obj = goalloc_alloc(100, GFP_KERNEL);
	util_settled(NULL, NULL);
	fault_attrs[FAULT_REFILL].verbose = 0;
	fault_attrs[FAULT_REFILL].interval = 1;
	atomic_set(&fault_attrs[FAULT_REFILL].times, -1);
	WRITE_ONCE(fault_attrs[FAULT_REFILL].probability, 100);
	goalloc_free_rcu_mightsleep(obj);
	WRITE_ONCE(fault_attrs[FAULT_REFILL].probability, 0);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
#endif
}

static void free_rcu_fn(void *arg)
{
	struct item *it = arg;

	goalloc_free_rcu(it, rcu);
}

static void rcu_contexts(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	struct item *it = item_new(test);

	util_call_on(test, raw_smp_processor_id(), free_rcu_fn, it);
	it = item_new(test);
	local_bh_disable();
	goalloc_free_rcu(it, rcu);
	local_bh_enable();
	it = item_new(test);
	local_irq_disable();
	goalloc_free_rcu(it, rcu);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

static void alloc_and_free_there(unsigned int cpu, void *arg)
{
	atomic_t *failed = arg;
	struct item *it;
	unsigned int i;

	for (i = 0; i < 20 * NR_OBJS; i++) {
		it = goalloc_alloc(sizeof(*it) + i % 1000, GFP_KERNEL);
		if (!it)
			atomic_inc(failed);
		else if (i % 10)
			goalloc_free_rcu(it, rcu);
		else
			goalloc_free_rcu_mightsleep(it);
		if (i % 1000 == 0)
			goalloc_free_rcu_barrier();
	}
}

/* On all CPUs at once, with barriers: not one is lost, not one freed twice. */
static void rcu_all_cpus(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	atomic_t failed = ATOMIC_INIT(0);

	util_run_on_all(test, alloc_and_free_there, &failed);
	KUNIT_EXPECT_EQ(test, atomic_read(&failed), 0);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* A heap is destroyed after what waits in it is freed. */
static void rcu_heap(struct kunit *test)
{
	struct goalloc_heap *heap = goalloc_heap_create("kunit-rcu", 0);
	struct item *it;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	for (i = 0; i < NR_OBJS; i++) {
		it = goalloc_heap_alloc(heap, sizeof(*it), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, it);
		goalloc_free_rcu(it, rcu);
	}
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

static struct kunit_case rcu_cases[] = {
	KUNIT_CASE(rcu_waits_for_readers),
	KUNIT_CASE(rcu_all_sizes),
	KUNIT_CASE(rcu_null),
	KUNIT_CASE(rcu_twice),
	KUNIT_CASE(rcu_and_free),
	KUNIT_CASE(rcu_bad_pointers),
	KUNIT_CASE(rcu_overwritten),
	KUNIT_CASE(rcu_copies),
	KUNIT_CASE(rcu_mightsleep),
	KUNIT_CASE(rcu_contexts),
	KUNIT_CASE(rcu_all_cpus),
	KUNIT_CASE(rcu_heap),
	{}
};

static struct kunit_suite rcu_suite = {
	.name = "goalloc_rcu",
	.test_cases = rcu_cases,
};

kunit_test_suite(rcu_suite);
