// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_dropin: the kmalloc() family's names serve memory of both allocators.
 *
 * kmalloc(), kfree() and the others are goalloc's here, real_kmalloc() is the kernel's.
 */
#include "kunit_util.h"

/* The kernel's forms differ: with the old size or without; with an alignment or without. */
#ifdef kvrealloc
#define OLD_SIZE(size)
#else
#define OLD_SIZE(size)	size,
#endif
#ifdef kvmalloc_node_align
#define ALIGNED_TO_8	kvmalloc_node_align(100, 8, GFP_KERNEL, NUMA_NO_NODE)
#else
#define ALIGNED_TO_8	kvmalloc(100, GFP_KERNEL)
#endif

#include <linux/goalloc_kmalloc.h>

#define real_kmalloc	goalloc_real_kmalloc

struct headed {
	unsigned long before[5];
	struct rcu_head rcu;
	unsigned long after[3];
};

static void *new_headed(gfp_t gfp)
{
	return kcalloc(1, sizeof(struct headed), gfp);
}

/* Each allocation is goalloc's, as large as asked for, and zero if asked for. */
static void dropin_allocates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *obj[] = {
		kmalloc(100, GFP_KERNEL), kzalloc(100, GFP_KERNEL),
		kcalloc(10, 10, GFP_KERNEL), kmalloc_array(10, 10, GFP_KERNEL),
		kmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE),
		kzalloc_node(100, GFP_KERNEL, numa_mem_id()),
		kcalloc_node(10, 10, GFP_KERNEL, numa_mem_id()),
		kmalloc_array_node(10, 10, GFP_KERNEL, NUMA_NO_NODE),
		kmalloc_track_caller(100, GFP_KERNEL),
		kmalloc_node_track_caller(100, GFP_KERNEL, NUMA_NO_NODE),
		krealloc(NULL, 100, GFP_KERNEL), krealloc_array(NULL, 10, 10, GFP_KERNEL),
		kvmalloc(100, GFP_KERNEL), kvzalloc(100, GFP_KERNEL),
		kvcalloc(10, 10, GFP_KERNEL), kvmalloc_array(10, 10, GFP_KERNEL),
		kvmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE),
		kvzalloc_node(100, GFP_KERNEL, NUMA_NO_NODE),
		kvcalloc_node(10, 10, GFP_KERNEL, numa_mem_id()),
		kvmalloc_array_node(10, 10, GFP_KERNEL, NUMA_NO_NODE),
		krealloc_node(NULL, 100, GFP_KERNEL, numa_mem_id()), ALIGNED_TO_8,
	};
	static const u32 zeroed = BIT(1) | BIT(2) | BIT(5) | BIT(6) | BIT(13) | BIT(14) | BIT(17) |
				  BIT(18);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(obj[i]), "allocation %u", i);
		KUNIT_EXPECT_EQ(test, ksize(obj[i]), 112);
		if (zeroed & BIT(i))
			KUNIT_EXPECT_TRUE_MSG(test, util_is_zero(obj[i], 100), "number %u", i);
	}
	KUNIT_EXPECT_EQ(test, kmalloc_size_roundup(100), 112);
	KUNIT_EXPECT_NULL(test, kmalloc_array(SIZE_MAX / 2, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kvcalloc(SIZE_MAX / 2, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kvmalloc_array_node(SIZE_MAX / 2, 3, GFP_KERNEL, NUMA_NO_NODE));
	KUNIT_EXPECT_PTR_EQ(test, kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		(i & 1 ? kvfree : kfree)(obj[i]);
	util_expect_live(test, objects, reports);
}

/* A call site that is exempted gets the kernel's memory, which is freed as any other. */
static void dropin_exempts(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *obj[] = {
		goalloc_real_kmalloc(9, GFP_KERNEL), goalloc_real_kmalloc_array(3, 3, GFP_KERNEL),
		goalloc_real_kzalloc(9, GFP_KERNEL), goalloc_real_kcalloc(3, 3, GFP_KERNEL),
		goalloc_real_kvmalloc(9, GFP_KERNEL),
		goalloc_real_kmemdup("a string", 9, GFP_KERNEL),
		goalloc_real_kstrdup("a string", GFP_KERNEL),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_ASSERT_NOT_NULL(test, obj[i]);
		KUNIT_EXPECT_FALSE_MSG(test, goalloc_owns(obj[i]), "allocation %u", i);
		if (i == 2 || i == 3)
			KUNIT_EXPECT_TRUE(test, util_is_zero(obj[i], 9));
		if (i > 4)
			KUNIT_EXPECT_STREQ(test, obj[i], "a string");
		(i & 1 ? kvfree : kfree)(obj[i]);
	}
	util_expect_live(test, objects, reports);
}

/* What goalloc does not serve is the kernel's, and is freed as any other. */
static void dropin_falls_back(struct kunit *test)
{
	static void (* const frees[])(const void *) = { kfree, kvfree, kfree_sensitive };
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *ours = kmalloc(100, GFP_KERNEL);	/* so that goalloc has more of them at hand */
	void *account = kmalloc(100, GFP_KERNEL_ACCOUNT), *dma = kmalloc(100, GFP_KERNEL | GFP_DMA);
	void *large = kvmalloc(GOALLOC_MAX_SIZE + 1, GFP_KERNEL), *most, *real;
	unsigned int i;

	KUNIT_EXPECT_NOT_NULL(test, account);
	KUNIT_EXPECT_NOT_NULL(test, large);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(account));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(dma));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(large));
	KUNIT_EXPECT_GE(test, ksize(account), 100);
	most = kmalloc(SZ_1M, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, goalloc_owns(most));
	kfree(ours);
	kfree(account);
	kfree_sensitive(dma);
	kvfree(large);
	kvfree_sensitive(most, SZ_1M);
	real = real_kmalloc(100, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(real));
	kvfree(real);
	for (i = 0; i < ARRAY_SIZE(frees); i++) {
		frees[i](NULL);
		frees[i](ZERO_SIZE_PTR);
	}
	KUNIT_EXPECT_EQ(test, ksize(NULL), 0);
	util_expect_live(test, objects, reports);
}

/* The family's functions can be pointed to and called through members of their names. */
static void dropin_is_functions(struct kunit *test)
{
	static const struct {
		void *(*kmalloc)(size_t size, gfp_t gfp);
		void (*kfree)(const void *ptr);
	} ops = { .kmalloc = kmalloc, .kfree = kfree };
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *obj = ops.kmalloc(10, GFP_KERNEL), *bulk[2];

	KUNIT_EXPECT_TRUE(test, goalloc_owns(obj));
	ops.kfree(obj);
	bulk[0] = kmalloc(10, GFP_KERNEL);
	bulk[1] = real_kmalloc(10, GFP_KERNEL);
	kfree_bulk(2, bulk);
#ifdef kmalloc_nolock
	kfree_nolock(kmalloc(10, GFP_KERNEL));
	kfree_nolock(kmalloc_nolock(10, 0, NUMA_NO_NODE));
#endif
	util_expect_live(test, objects, reports);
}

/* Memory grows where it is at home, and moves only when goalloc cannot serve the request. */
static void dropin_reallocates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *ours = kmalloc(100, GFP_KERNEL), *theirs = real_kmalloc(100, GFP_KERNEL);
	void *larger, *moved;

	util_fill(ours, 100, 1);
	util_fill(theirs, 100, 2);
	larger = krealloc(ours, 1000, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, goalloc_owns(larger));
	moved = krealloc(larger, 2000, GFP_KERNEL_ACCOUNT);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(moved));
	KUNIT_EXPECT_TRUE(test, util_filled(moved, 100, 1));
	kfree(moved);
	larger = krealloc(theirs, 1000, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(larger));
	KUNIT_EXPECT_TRUE(test, util_filled(larger, 100, 2));
	KUNIT_EXPECT_PTR_EQ(test, krealloc(larger, 0, GFP_KERNEL), ZERO_SIZE_PTR);

	ours = kvmalloc(100, GFP_KERNEL);
	util_fill(ours, 100, 4);
	ours = kvrealloc(ours, OLD_SIZE(100) 5000, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, goalloc_owns(ours));
	KUNIT_EXPECT_TRUE(test, util_filled(ours, 100, 4));
	kvfree(ours);
	theirs = goalloc_real_kvmalloc(100, GFP_KERNEL);
	util_fill(theirs, 100, 5);
	theirs = kvrealloc(theirs, OLD_SIZE(100) 5000, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(theirs));
	KUNIT_EXPECT_TRUE(test, util_filled(theirs, 100, 5));
	kvfree(theirs);

	ours = kvmalloc(100, GFP_KERNEL);
	util_fill(ours, 100, 3);
	ours = goalloc_dropin_kvresize(ours, GOALLOC_MAX_SIZE + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ours);
	KUNIT_EXPECT_FALSE(test, goalloc_owns(ours));
	KUNIT_EXPECT_TRUE(test, util_filled(ours, 100, 3));
	kvfree(ours);
	util_expect_live(test, objects, reports);
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

/*
 * Copies say what the original says and are goalloc's, but where the request is not for
 * it; constants are left alone.
 */
static void dropin_copies(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	void *str[] = {
		kstrdup("a string", GFP_KERNEL), kstrndup("a string, cut", 8, GFP_KERNEL),
		kmemdup("a string", 9, GFP_KERNEL), kmemdup_nul("a string, cut", 8, GFP_KERNEL),
		kasprintf(GFP_KERNEL, "%c %s", 'a', "string"), kvmemdup("a string", 9, GFP_KERNEL),
		kmemdup_array("a string", 3, 3, GFP_KERNEL), formatted("a %s", "string"),
	};
	void *theirs[] = {
		kstrdup("charged", GFP_KERNEL_ACCOUNT), kstrndup("charged", 9, GFP_KERNEL_ACCOUNT),
		kmemdup("charged", 8, GFP_KERNEL_ACCOUNT),
		kmemdup_nul("charged", 7, GFP_KERNEL_ACCOUNT),
		kasprintf(GFP_KERNEL_ACCOUNT, "%s", "charged"),
	};
	size_t huge = SIZE_MAX / 2;
	unsigned int i;

	OPTIMIZER_HIDE_VAR(huge);
	for (i = 0; i < ARRAY_SIZE(str); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(str[i]), "copy %u", i);
		KUNIT_EXPECT_STREQ(test, str[i], "a string");
	}
	KUNIT_EXPECT_NULL(test, kstrdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kstrndup(NULL, 5, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kmemdup_array("", huge, 3, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, kmemdup_nul("", huge * 2 + 1, GFP_KERNEL | __GFP_NOWARN));
	for (i = 0; i < ARRAY_SIZE(str); i++)
		kfree_const(str[i]);
	kfree_const(kstrdup_const("neither", GFP_KERNEL));
	kfree_const(NULL);
	for (i = 0; i < ARRAY_SIZE(theirs); i++) {
		KUNIT_EXPECT_FALSE_MSG(test, goalloc_owns(theirs[i]), "copy %u", i);
		KUNIT_EXPECT_STREQ(test, theirs[i], "charged");
		kfree(theirs[i]);
	}
	util_expect_live(test, objects, reports);
}

#ifdef kmalloc_obj
/* The forms that take a type are goalloc's like those that they stand for. */
static void dropin_allocates_types(struct kunit *test)
{
	struct flexible {
		size_t n;
		u32 element[] __counted_by(n);
	};
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct flexible *flex = kzalloc_flex(*flex, element, 10);
	void *obj[] = {
		flex, kmalloc_obj(struct headed), kzalloc_obj(struct headed, GFP_ATOMIC),
		kmalloc_objs(struct headed, 2), kzalloc_objs(struct headed, 2),
		kmalloc_flex(*flex, element, 10), kvmalloc_obj(struct headed),
		kvzalloc_obj(struct headed), kvmalloc_objs(struct headed, 2),
		kvzalloc_objs(struct headed, 2), kvmalloc_flex(*flex, element, 10),
		kvzalloc_flex(*flex, element, 10),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(obj); i++)
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(obj[i]), "allocation %u", i);
	KUNIT_EXPECT_GE(test, ksize(obj[1]), sizeof(struct headed));
	KUNIT_EXPECT_GE(test, ksize(obj[3]), 2 * sizeof(struct headed));
	KUNIT_EXPECT_TRUE(test, util_is_zero(obj[2], sizeof(struct headed)));
	KUNIT_EXPECT_TRUE(test, util_is_zero(obj[4], 2 * sizeof(struct headed)));
	KUNIT_EXPECT_GE(test, ksize(flex), struct_size(flex, element, 10));
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		kvfree(obj[i]);
	util_expect_live(test, objects, reports);
}
#endif

#ifdef __free
/* A variable's cleanup frees what its allocator gave. */
static void dropin_cleans_up(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	unsigned int i;

	for (i = 0; i < 10; i++) {
		void *ours __free(kfree) = kmalloc(100, GFP_KERNEL);
		void *theirs __free(kfree) = real_kmalloc(100, GFP_KERNEL);
		void *virtual __free(kvfree) = kvmalloc(GOALLOC_MAX_SIZE + 1, GFP_KERNEL);
		void *none __free(kfree) = ERR_PTR(-EINVAL);

		KUNIT_EXPECT_TRUE(test, ours && theirs && virtual && none);
	}
	util_expect_live(test, objects, reports);
}
#endif

/* The object is free after the grace period, found by the head inside it, and not before. */
static void dropin_frees_after_grace_period(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct headed *obj, *first, *large;
	unsigned long period;
	unsigned int i;

	rcu_read_lock();
	first = new_headed(GFP_ATOMIC | __GFP_NOWARN);
	if (first) {
		util_fill(first->after, sizeof(first->after), 7);
		kfree_rcu(first, rcu);
		KUNIT_EXPECT_TRUE(test, util_filled(first->after, sizeof(first->after), 7));
		KUNIT_EXPECT_NE(test, ksize(first), 0);
	}
	rcu_read_unlock();
	for (i = 0; i < 1000; i++) {
		obj = new_headed(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		kfree_rcu(obj, rcu);
	}
	large = kvmalloc(SZ_64K, GFP_KERNEL);
	kvfree_rcu(large, rcu);
	obj = real_kmalloc(sizeof(*obj), GFP_KERNEL);
	kfree_rcu(obj, rcu);
	obj = NULL;
	kfree_rcu(obj, rcu);
	obj = new_headed(GFP_KERNEL);
	kvfree_rcu_mightsleep(obj);
	goalloc_dropin_kvfree_rcu_barrier();

	obj = new_headed(GFP_KERNEL);
	period = get_state_synchronize_rcu();
	kfree_rcu(obj, rcu);
	goalloc_dropin_kvfree_rcu_barrier();
	KUNIT_EXPECT_TRUE(test, poll_state_synchronize_rcu(period));
	util_expect_live(test, objects, reports);
}

/* A bad free of goalloc's memory is goalloc's to report, whatever its page is. */
static void dropin_reports(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct headed *obj = new_headed(GFP_KERNEL);
	struct headed *inside = (void *)&obj->before[1], *large;

	kfree(inside);
	kfree_rcu(inside, rcu);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	kfree(obj);
	kfree(obj);
	kfree_rcu(obj, rcu);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 4);
	large = kmalloc(SZ_64K, GFP_KERNEL);
	kfree(large);
	kfree(large);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 5);
	goalloc_dropin_kvfree_rcu_barrier();
	util_expect_live(test, objects, reports + 5);
}

/* Addresses of all kinds: only drawn pages are goalloc's, in a span or not, and no longer. */
static void dropin_owns(struct kunit *test)
{
	void *obj, *real = real_kmalloc(100, GFP_KERNEL);
	bool needzero;

	obj = mcache_alloc_large(util_heap(test), SZ_64K, 0, GFP_KERNEL, util_memory_node(),
				 &needzero);
	KUNIT_ASSERT_NOT_NULL(test, obj);

	KUNIT_EXPECT_TRUE(test, goalloc_owns(obj));
	KUNIT_EXPECT_TRUE(test, goalloc_owns(obj + SZ_64K - 1));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(real));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(NULL));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(test));
	KUNIT_EXPECT_FALSE(test, goalloc_owns(dropin_owns));
	KUNIT_EXPECT_FALSE(test, goalloc_owns((void *)1000));
	KUNIT_EXPECT_FALSE(test, goalloc_owns((void *)ULONG_MAX));
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	util_heap_flush(test);
	KUNIT_EXPECT_NULL(test, span_of((unsigned long)obj));
	KUNIT_EXPECT_TRUE(test, goalloc_owns(obj));
	scavenge_all();
	KUNIT_EXPECT_FALSE(test, goalloc_owns(obj));
	kfree(real);
}

static struct kunit_case dropin_cases[] = {
	KUNIT_CASE(dropin_allocates),
	KUNIT_CASE(dropin_exempts),
	KUNIT_CASE(dropin_falls_back),
	KUNIT_CASE(dropin_is_functions),
	KUNIT_CASE(dropin_reallocates),
	KUNIT_CASE(dropin_copies),
#ifdef kmalloc_obj
	KUNIT_CASE(dropin_allocates_types),
#endif
#ifdef __free
	KUNIT_CASE(dropin_cleans_up),
#endif
	KUNIT_CASE(dropin_frees_after_grace_period),
	KUNIT_CASE(dropin_reports),
	KUNIT_CASE(dropin_owns),
	{}
};

static struct kunit_suite dropin_suite = {
	.name = "goalloc_dropin",
	.init = util_heap_init,
	.exit = util_heap_exit,
	.test_cases = dropin_cases,
};

kunit_test_suite(dropin_suite);
