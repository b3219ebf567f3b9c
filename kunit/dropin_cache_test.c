// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_dropin_cache: the kmem_cache family's names serve caches and objects of
 * both allocators, and so do the mempools that stand on them.
 */
#include <linux/mempool.h>

#include "../goalloc/cache.h"
#include "kunit_util.h"

/* The kernel's, whose names are goalloc's below. */
static struct kmem_cache *real_cache_create(const char *name, unsigned int size)
{
	return kmem_cache_create(name, size, 0, 0, NULL);
}

#ifdef kmem_cache_create
#define HAS_CACHE_ARGS	/* it takes its arguments in a struct, too */
#endif

#include <linux/goalloc_kmalloc.h>

struct goalloc_dropin_object {
	unsigned long before[5];
	struct rcu_head rcu;
	char text[21];
};

static bool is_ours(const struct kmem_cache *cache)
{
	return goalloc_dropin_cache(cache);
}

static struct kmem_cache *new_cache(struct kunit *test, const char *name)
{
	struct kmem_cache *cache = kmem_cache_create(name, 100, 0, 0, NULL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_TRUE(test, is_ours(cache));
	return cache;
}

/* Every form of allocation gives an object of the cache, as large as it says. */
static void cache_allocates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache = new_cache(test, "dropin_test");
	void *obj[] = {
		kmem_cache_alloc(cache, GFP_KERNEL), kmem_cache_zalloc(cache, GFP_KERNEL),
		kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE),
		kmem_cache_alloc_node(cache, GFP_KERNEL, numa_mem_id()),
		kmem_cache_alloc_lru(cache, NULL, GFP_KERNEL),
		kmem_cache_alloc(cache, GFP_KERNEL_ACCOUNT),
	};
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, heap_name_in_use("dropin_test"));
	KUNIT_EXPECT_EQ(test, kmem_cache_size(cache), 100);
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, goalloc_owns(obj[i]), "allocation %u", i);
		KUNIT_EXPECT_EQ(test, ksize(obj[i]), 104);
	}
	KUNIT_EXPECT_TRUE(test, util_is_zero(obj[1], 100));
	KUNIT_EXPECT_EQ(test, util_live(), objects + ARRAY_SIZE(obj));
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		kmem_cache_free(cache, obj[i]);
	KUNIT_EXPECT_EQ(test, kmem_cache_shrink(cache), 0);
	kmem_cache_destroy(cache);
	kmem_cache_destroy(NULL);
	KUNIT_EXPECT_FALSE(test, heap_name_in_use("dropin_test"));
	util_expect_live(test, objects, reports);
}

/* Every form of creation makes a cache of goalloc's, with what it was told. */
static void cache_creates(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache[] = {
		KMEM_CACHE(goalloc_dropin_object, SLAB_HWCACHE_ALIGN),
		KMEM_CACHE_USERCOPY(goalloc_dropin_object, 0, text),
		kmem_cache_create_usercopy("dropin_usercopy", sizeof(struct goalloc_dropin_object),
					   cache_line_size(), SLAB_PANIC, 8, 16, NULL),
		kmem_cache_create("dropin_line", sizeof(struct goalloc_dropin_object),
				  cache_line_size(), SLAB_RECLAIM_ACCOUNT, NULL),
#ifdef HAS_CACHE_ARGS
		kmem_cache_create("dropin_default", sizeof(struct goalloc_dropin_object),
				  NULL, 0),
		kmem_cache_create("dropin_args", sizeof(struct goalloc_dropin_object),
				  &(struct kmem_cache_args) { .align = 256 }, 0),
#endif
	};
	size_t align[] = { cache_line_size(), 8, cache_line_size(), cache_line_size(), 8, 256 };
	unsigned int i;
	void *obj[2];

	for (i = 0; i < ARRAY_SIZE(cache); i++) {
		KUNIT_ASSERT_TRUE_MSG(test, is_ours(cache[i]), "cache %u", i);
		KUNIT_EXPECT_EQ(test, kmem_cache_size(cache[i]),
				sizeof(struct goalloc_dropin_object));
		obj[0] = kmem_cache_alloc(cache[i], GFP_KERNEL);
		obj[1] = kmem_cache_alloc(cache[i], GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj[0], align[i]));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj[1], align[i]));
		KUNIT_EXPECT_EQ_MSG(test, ksize(obj[0]),
				    round_up(sizeof(struct goalloc_dropin_object), align[i]),
				    "cache %u", i);
		kmem_cache_free(cache[i], obj[0]);
		kmem_cache_free(cache[i], obj[1]);
		kmem_cache_destroy(cache[i]);
	}
	util_expect_live(test, objects, reports);
}

/* What goalloc does not serve is a cache of the kernel's, for the same functions. */
static void cache_falls_back(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache[] = {
		kmem_cache_create("dropin_large", 40000, 0, 0, NULL),
		kmem_cache_create("dropin_dma", 100, 0, SLAB_CACHE_DMA, NULL),
		real_cache_create("dropin_real", 100),
		IS_ENABLED(CONFIG_MEMCG) ?
			kmem_cache_create("dropin_account", 100, 0, SLAB_ACCOUNT, NULL) :
			real_cache_create("dropin_account", 100),
	};
	void *obj[4], *bulk[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cache); i++) {
		KUNIT_ASSERT_NOT_NULL(test, cache[i]);
		KUNIT_EXPECT_FALSE_MSG(test, is_ours(cache[i]), "cache %u", i);
		obj[0] = kmem_cache_alloc(cache[i], GFP_KERNEL);
		obj[1] = kmem_cache_zalloc(cache[i], GFP_KERNEL);
		obj[2] = kmem_cache_alloc_node(cache[i], GFP_KERNEL, NUMA_NO_NODE);
		obj[3] = kmem_cache_alloc_lru(cache[i], NULL, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, kmem_cache_alloc_bulk(cache[i], GFP_KERNEL, 2, bulk), 2);
		KUNIT_EXPECT_FALSE(test, goalloc_owns(obj[0]));
		KUNIT_EXPECT_GE(test, kmem_cache_size(cache[i]), 100);
		KUNIT_EXPECT_TRUE(test, util_is_zero(obj[1], 100));
		kmem_cache_free(cache[i], obj[0]);
		kfree(obj[1]);
		kmem_cache_free_bulk(cache[i], 2, obj + 2);
		kmem_cache_free_bulk(cache[i], 2, bulk);
		kmem_cache_shrink(cache[i]);
		kmem_cache_destroy(cache[i]);
	}
	util_expect_live(test, objects, reports);
}

/* Names that goalloc refuses, and names that are in use, become such as it takes. */
static void cache_names(struct kunit *test)
{
	static const char * const wanted[] = {
		"dropin test", "dropin test", "dropin_test", "",
		"a_name_that_is_much_longer_than_goalloc_takes",
		"a_name_that_is_much_longer_than_goalloc_takes",
	}, * const given[] = {
		"dropin_test", "dropin_test:2", "dropin_test:3", "_",
		"a_name_that_is_much_longer_than", "a_name_that_is_much_longer_th:2",
	};
	struct kmem_cache *cache[ARRAY_SIZE(wanted)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		KUNIT_EXPECT_FALSE_MSG(test, heap_name_in_use(given[i]), "%s", given[i]);
		cache[i] = new_cache(test, wanted[i]);
		KUNIT_EXPECT_TRUE_MSG(test, heap_name_in_use(given[i]), "%s", given[i]);
	}
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		kmem_cache_destroy(cache[i]);
		KUNIT_EXPECT_FALSE_MSG(test, heap_name_in_use(given[i]), "%s", given[i]);
	}
}

/* Many at once are all or none of the cache, and without a cache of either allocator. */
static void cache_bulk(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache = new_cache(test, "dropin_test");
	void *obj[100], *any[3];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, kmem_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(obj), obj),
			ARRAY_SIZE(obj));
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		KUNIT_EXPECT_EQ(test, ksize(obj[i]), 104);
		util_fill(obj[i], 100, i);
	}
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		KUNIT_EXPECT_TRUE_MSG(test, util_filled(obj[i], 100, i), "object %u", i);
	KUNIT_EXPECT_EQ(test, util_live(), objects + ARRAY_SIZE(obj));
	kmem_cache_free_bulk(cache, ARRAY_SIZE(obj), obj);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	any[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	any[1] = kmalloc(100, GFP_KERNEL);
	any[2] = goalloc_real_kmalloc(100, GFP_KERNEL);
	kmem_cache_free_bulk(NULL, ARRAY_SIZE(any), any);
	kmem_cache_destroy(cache);
	util_expect_live(test, objects, reports);
}

/* An object of a cache is what kfree(), kfree_rcu() and krealloc() take. */
static void cache_objects(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache = KMEM_CACHE(goalloc_dropin_object, 0);
	struct goalloc_dropin_object *obj, *larger;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	obj = kmem_cache_alloc(cache, GFP_KERNEL);
	kfree(obj);
	obj = kmem_cache_alloc(cache, GFP_KERNEL);
	kvfree(obj);
	obj = kmem_cache_alloc(cache, GFP_KERNEL);
	kfree_sensitive(obj);
	obj = kmem_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, sizeof(*obj), 1);
	larger = krealloc(obj, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, larger);
	KUNIT_EXPECT_TRUE(test, util_filled(larger, sizeof(*obj), 1));
	kfree(larger);
	for (i = 0; i < 1000; i++) {
		obj = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		kfree_rcu(obj, rcu);
	}
	kmem_cache_destroy(cache);	/* waits for them */
	KUNIT_EXPECT_FALSE(test, heap_name_in_use("goalloc_dropin_object"));
	util_expect_live(test, objects, reports);
}

static void make_object(void *obj)
{
	*(u32 *)obj = 0xc0ffee;
}

/* What a constructor made, an object has whenever it is allocated; and readers are heeded. */
static void cache_constructs(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache;
	unsigned int i;
	u32 *obj;

	cache = kmem_cache_create("dropin_test", 100, 0, SLAB_TYPESAFE_BY_RCU, make_object);
	KUNIT_ASSERT_TRUE(test, is_ours(cache));
	KUNIT_EXPECT_TRUE(test, heap_waits_for_readers(&goalloc_dropin_cache(cache)->named.heap));
	for (i = 0; i < 100; i++) {
		obj = kmem_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, *obj, 0xc0ffee);
		obj[1] = i;
		kmem_cache_free(cache, obj);
		KUNIT_EXPECT_EQ(test, *obj, 0xc0ffee);
	}
	kmem_cache_destroy(cache);
	util_expect_live(test, objects, reports);
}

/* Mempools get their elements from where their data says, by each of their makers. */
static void cache_mempools(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *ours = new_cache(test, "dropin_test");
	struct kmem_cache *real = real_cache_create("dropin_real", 100);
	mempool_t inside[2] = {}, *pool[] = {
		mempool_create_slab_pool(2, ours),
		mempool_create(2, mempool_alloc_slab, mempool_free_slab, ours),
		mempool_create_kmalloc_pool(2, 100),
		mempool_create(2, mempool_kmalloc, mempool_kfree, (void *)100),
		mempool_create_slab_pool(2, real),
	};
	void *obj[3];
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, util_live(), objects + 2 * 4);
	for (i = 0; i < ARRAY_SIZE(pool); i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, pool[i], "pool %u", i);
		for (j = 0; j < ARRAY_SIZE(obj); j++) {
			obj[j] = mempool_alloc(pool[i], GFP_KERNEL);
			KUNIT_EXPECT_EQ_MSG(test, goalloc_owns(obj[j]), i < 4, "pool %u", i);
			util_fill(obj[j], 100, j);
		}
		for (j = 0; j < ARRAY_SIZE(obj); j++) {
			KUNIT_EXPECT_TRUE(test, util_filled(obj[j], 100, j));
			mempool_free(obj[j], pool[i]);
		}
		mempool_destroy(pool[i]);
	}
	KUNIT_EXPECT_EQ(test, mempool_init_slab_pool(&inside[0], 2, ours), 0);
	KUNIT_EXPECT_EQ(test, mempool_init_kmalloc_pool(&inside[1], 2, 100), 0);
	KUNIT_EXPECT_EQ(test, util_live(), objects + 4);
	mempool_exit(&inside[0]);
	mempool_exit(&inside[1]);
	kmem_cache_destroy(ours);
	kmem_cache_destroy(real);
	util_expect_live(test, objects, reports);
}

/* A cache that is in use stays, and an object of another cache is left alone; both is said. */
static void cache_reports(struct kunit *test)
{
	unsigned long objects = util_live(), reports = debug_bad_frees();
	struct kmem_cache *cache = new_cache(test, "dropin_test");
	struct kmem_cache *other = new_cache(test, "dropin_other");
	void *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(other, obj);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	kmem_cache_destroy(cache);
	KUNIT_EXPECT_TRUE(test, heap_name_in_use("dropin_test"));
	util_expect_live(test, objects + 1, reports + 1);
	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, obj);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	kmem_cache_destroy(cache);
	kmem_cache_destroy(other);
	KUNIT_EXPECT_FALSE(test, heap_name_in_use("dropin_test"));
	util_expect_live(test, objects, reports + 2);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(cache_allocates),
	KUNIT_CASE(cache_creates),
	KUNIT_CASE(cache_falls_back),
	KUNIT_CASE(cache_names),
	KUNIT_CASE(cache_bulk),
	KUNIT_CASE(cache_objects),
	KUNIT_CASE(cache_constructs),
	KUNIT_CASE(cache_mempools),
	KUNIT_CASE(cache_reports),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "goalloc_dropin_cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
