// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_kv: memory of any size, from goalloc or vmalloc(), and one free for both. */
#include <linux/delay.h>
#include <linux/vmalloc.h>

#include "kunit_util.h"

#define HUGE_SIZE	(2 * GOALLOC_MAX_SIZE + 100)

/* The compiler and fortify must not see what is done with these. */
static void *hidden(void *ptr)
{
	OPTIMIZER_HIDE_VAR(ptr);
	return ptr;
}

static void *kvalloc(struct kunit *test, size_t size)
{
	void *ptr = goalloc_kvalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	return hidden(ptr);
}

static bool is_mapped(const void *ptr)
{
	return vmalloc_to_page(ptr);
}

/* What was freed where it could not be freed at once is freed soon. */
static bool gets_unmapped(const void *ptr)
{
	unsigned int i;

	for (i = 0; i < 500 && is_mapped(ptr); i++)
		msleep(20);
	return !is_mapped(ptr);
}

/* Up to 4 MiB it is goalloc's memory, above vmalloc()'s; all of it can be used. */
static void kv_sizes(struct kunit *test)
{
	static const size_t sizes[] = { 1, 24, 4096, 4097, 32768, 100000, GOALLOC_MAX_SIZE,
					GOALLOC_MAX_SIZE + 1, HUGE_SIZE };
	unsigned long reports = debug_bad_frees();
	unsigned int i;
	void *ptr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ptr = kvalloc(test, sizes[i]);
		if (sizes[i] < SZ_1M)
			KUNIT_EXPECT_GE(test, goalloc_size(ptr), sizes[i]);
		if (sizes[i] > GOALLOC_MAX_SIZE)
			KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(ptr));
		util_fill(ptr, sizes[i], i);
		KUNIT_EXPECT_TRUE(test, util_filled(ptr, sizes[i], i));
		goalloc_kvfree(ptr);
		ptr = goalloc_kvzalloc(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_TRUE(test, util_is_zero(ptr, sizes[i]));
		goalloc_kvfree(ptr);
	}
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

static void kv_arrays(struct kunit *test)
{
	void *ptr = goalloc_kvalloc_array(3, SZ_2M, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	util_fill(ptr, 3 * SZ_2M, 1);
	goalloc_kvfree(ptr);
	ptr = goalloc_kvcalloc(100, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_TRUE(test, util_is_zero(ptr, 10000));
	goalloc_kvfree(ptr);
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc_array(SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_kvcalloc(SIZE_MAX / 2, 4, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, goalloc_kvcalloc(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
}

static void kv_nodes(struct kunit *test)
{
	int node = util_memory_node();
	void *ptr = goalloc_kvalloc_node(SZ_1K, GFP_KERNEL, node);

	KUNIT_EXPECT_NOT_NULL(test, ptr);
	goalloc_kvfree(ptr);
	ptr = goalloc_kvalloc_node(HUGE_SIZE, GFP_KERNEL, node);
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, page_to_nid(vmalloc_to_page(ptr)), node);
	goalloc_kvfree(ptr);
	ptr = goalloc_kvalloc_node(HUGE_SIZE, GFP_KERNEL | __GFP_ZERO, node);
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_TRUE(test, util_is_zero(ptr, HUGE_SIZE));
	goalloc_kvfree(ptr);
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc_node(SZ_1K, GFP_KERNEL, nr_node_ids));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc_node(HUGE_SIZE, GFP_KERNEL, nr_node_ids));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc_node(HUGE_SIZE, GFP_KERNEL, -2));
}

/* No memory: what cannot sleep above 4 MiB, what nobody can have, DMA. */
static void kv_limits(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, goalloc_kvalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_kvzalloc(0, GFP_ATOMIC), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(HUGE_SIZE, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(HUGE_SIZE, GFP_NOWAIT));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(INT_MAX + 1UL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(SZ_1K, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, goalloc_kvalloc(HUGE_SIZE, GFP_KERNEL | __GFP_DMA));
	goalloc_kvfree(NULL);
	goalloc_kvfree(ZERO_SIZE_PTR);
	goalloc_kvfree_sensitive(NULL, 0);
	goalloc_kvfree_sensitive(ZERO_SIZE_PTR, 10);
}

/* Without contiguous memory what may sleep gets vmalloc()'s, above a page. */
static void kv_falls_back(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	void *large, *nofail, *atomic, *page;

	scavenge_all();
	fault_attrs[FAULT_DRAW].verbose = 0;
	fault_attrs[FAULT_DRAW].interval = 1;
	atomic_set(&fault_attrs[FAULT_DRAW].times, -1);
	WRITE_ONCE(fault_attrs[FAULT_DRAW].probability, 100);
	large = goalloc_kvalloc(SZ_64K, GFP_KERNEL);
	nofail = goalloc_kvalloc(SZ_64K, GFP_KERNEL | __GFP_NOFAIL);
	atomic = goalloc_kvalloc(SZ_64K, GFP_ATOMIC);
	page = goalloc_kvalloc(SZ_1K, GFP_KERNEL);
	WRITE_ONCE(fault_attrs[FAULT_DRAW].probability, 0);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(large));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(nofail));
	KUNIT_EXPECT_NULL(test, atomic);
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(page));
	goalloc_kvfree(large);
	goalloc_kvfree(nofail);
	goalloc_kvfree(atomic);
	goalloc_kvfree(page);
#else
	kunit_skip(test, "no fault injection");
#endif
}

/* Each mistake is reported once, and changes nothing. */
static void kv_bad_pointers(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *small = kvalloc(test, 100), *huge = kvalloc(test, HUGE_SIZE);
	void *kmalloced = hidden(kunit_kmalloc(test, 100, GFP_KERNEL));
	int on_stack;

	util_fill(huge, HUGE_SIZE, 5);
	goalloc_kvfree(small + 8);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_kvfree(kmalloced);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_kvfree(hidden(&on_stack));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_kvfree(hidden(PTR_ALIGN_DOWN((void *)&on_stack, PAGE_SIZE)));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_kvfree(huge + 64);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_kvfree_sensitive(huge + 64, 64);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), ++reports);
	goalloc_free(huge);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), ++reports, "no kvfree");
	KUNIT_EXPECT_TRUE(test, util_filled(huge, HUGE_SIZE, 5));
	goalloc_kvfree(huge);
	goalloc_kvfree(small);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	goalloc_kvfree(huge);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), ++reports, "double, from vmalloc()");
	goalloc_kvfree(small);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), ++reports, "double, from goalloc");
}

/* vmalloc()'s own memory can be freed as with kvfree(). */
static void kv_frees_vmalloc(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *ptr = vmalloc(100);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	goalloc_kvfree(ptr);
	KUNIT_EXPECT_TRUE(test, gets_unmapped(ptr));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* Where nobody may sleep the memory is freed all the same, a little later. */
static void free_fn(void *ptr)
{
	goalloc_kvfree(ptr);
}

static void kv_atomic_free(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *irq = kvalloc(test, HUGE_SIZE), *locked = kvalloc(test, HUGE_SIZE);
	void *reader = kvalloc(test, HUGE_SIZE), *bh = kvalloc(test, HUGE_SIZE);
	static DEFINE_SPINLOCK(lock);

	util_call_on(test, raw_smp_processor_id(), free_fn, irq);
	spin_lock(&lock);
	goalloc_kvfree(locked);
	spin_unlock(&lock);
	rcu_read_lock();
	goalloc_kvfree(reader);
	rcu_read_unlock();
	local_bh_disable();
	goalloc_kvfree_sensitive(bh, HUGE_SIZE);
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, gets_unmapped(irq));
	KUNIT_EXPECT_TRUE(test, gets_unmapped(locked));
	KUNIT_EXPECT_TRUE(test, gets_unmapped(reader));
	KUNIT_EXPECT_TRUE(test, gets_unmapped(bh));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* A second free before the first was carried out is reported as well. */
static void kv_atomic_double_free(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *ptr = kvalloc(test, HUGE_SIZE);

	local_irq_disable();
	goalloc_kvfree(ptr);
	goalloc_kvfree(ptr);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	KUNIT_EXPECT_TRUE(test, gets_unmapped(ptr));
}

/* Nothing is left to read in memory that was freed as sensitive. */
static void kv_sensitive(struct kunit *test)
{
	void *small = kvalloc(test, 100), *huge = kvalloc(test, HUGE_SIZE);
	struct page *page = vmalloc_to_page(huge);

	get_page(page);
	util_set(small, 0xa5, 100);
	util_set(huge, 0xa5, HUGE_SIZE);
	goalloc_kvfree_sensitive(huge, HUGE_SIZE);
	KUNIT_EXPECT_TRUE(test, gets_unmapped(huge));
	KUNIT_EXPECT_TRUE(test, util_is_zero(page_address(page) + 16, PAGE_SIZE - 16));
	put_page(page);
	goalloc_kvfree_sensitive(small, 1);
	KUNIT_EXPECT_TRUE_MSG(test, util_is_zero(small, 100), "all of it, whatever the length");
}

#ifdef DEFINE_FREE
static void *freed_at_end(struct kunit *test)
{
	char *small __free(goalloc_free) = goalloc_alloc(100, GFP_KERNEL);
	char *huge __free(goalloc_kvfree) = goalloc_kvalloc(HUGE_SIZE, GFP_KERNEL);
	char *error __free(goalloc_free) = ERR_PTR(-ENOMEM);
	char *none __free(goalloc_kvfree) = NULL;
	char *kept __free(goalloc_free) = goalloc_alloc(100, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, small);
	KUNIT_EXPECT_NOT_NULL(test, huge);
	KUNIT_EXPECT_TRUE(test, IS_ERR(error) && !none);
	return_ptr(kept);
}

static unsigned long live(void)
{
	struct mem_stats st;

	util_settled(&st, NULL);
	return st.heap_objects;
}

/* What a scope owns is freed when it ends, but not errors, and not what it gives away. */
static void kv_scopes(struct kunit *test)
{
	unsigned long objects = live(), reports = debug_bad_frees();
	void *kept = freed_at_end(test);

	KUNIT_EXPECT_EQ(test, live(), objects + 1);
	goalloc_free(kept);
	KUNIT_EXPECT_EQ(test, live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}
#else
static void kv_scopes(struct kunit *test)
{
	kunit_skip(test, "no cleanup.h");
}
#endif

static struct kunit_case kv_cases[] = {
	KUNIT_CASE(kv_sizes),
	KUNIT_CASE(kv_arrays),
	KUNIT_CASE(kv_nodes),
	KUNIT_CASE(kv_limits),
	KUNIT_CASE(kv_falls_back),
	KUNIT_CASE(kv_bad_pointers),
	KUNIT_CASE(kv_frees_vmalloc),
	KUNIT_CASE(kv_atomic_free),
	KUNIT_CASE(kv_atomic_double_free),
	KUNIT_CASE(kv_sensitive),
	KUNIT_CASE(kv_scopes),
	{}
};

static struct kunit_suite kv_suite = {
	.name = "goalloc_kv",
	.test_cases = kv_cases,
};

kunit_test_suite(kv_suite);
