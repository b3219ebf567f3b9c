// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_cache: the objects of a cache are as large as asked for, apart from all
 * others, counted, and freed by whatever frees goalloc's objects; what is wrong is said.
 */
#include <linux/goalloc_cache.h>

#include "kunit_util.h"

#define NR_OBJS		700

/* Of a span, that may be left over: a twentieth, or what the worst size leaves. */
#define MOST_WASTE(bytes)	((bytes) / 20)
#define WORST_WASTE(bytes)	((bytes) / 15)
/* A shorter span has that many objects at least. */
#define LONG_PAGES		5
#define MANY_OBJECTS		32

static struct goalloc_cache *create(struct kunit *test, const char *name, size_t size)
{
	struct goalloc_cache *cache = goalloc_cache_create(name, size, 0, 0, NULL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static unsigned long live(struct goalloc_cache *cache)
{
	return mstats_class_objects(&cache->named.heap, SPC_CACHE);
}

static void **alloc_many(struct kunit *test, struct goalloc_cache *cache, unsigned int n)
{
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++) {
		objs[i] = goalloc_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		util_fill(objs[i], goalloc_size(objs[i]), i);
	}
	return objs;
}

static unsigned int count_bad(void **objs, unsigned int n)
{
	unsigned int i, bad = 0;

	for (i = 0; i < n; i++)
		bad += !util_filled(objs[i], goalloc_size(objs[i]), i);
	return bad;
}

static void free_many(struct goalloc_cache *cache, void **objs, unsigned int n)
{
	while (n--)
		goalloc_cache_free(cache, objs[n]);
}

/*
 * The shape of every size: at most a twentieth of a span is left over, in the fewest
 * pages of which that is true and that have more than a few objects; the struct has room
 * for its maps; and an address anywhere in it leads to the right object.
 */
static void cache_shapes(struct kunit *test)
{
	unsigned int n, i, bad_waste = 0, bad_fewest = 0, bad_fit = 0, bad_index = 0;
	struct goalloc_size_class c;
	size_t size, bytes, last;

	for (size = 8; size <= GOALLOC_CACHE_MAX_SIZE; size += 8) {
		cache_shape(&c, size);
		bytes = c.npages << GOALLOC_PAGE_SHIFT;
		bad_fit += c.size != size || !c.nelems || c.nelems * size > bytes ||
			   c.npages > CACHE_MAX_PAGES ||
			   c.nelems > MSPAN_WORDS_MANY * BITS_PER_LONG;
		bad_waste += bytes - c.nelems * size > WORST_WASTE(bytes);
		for (n = DIV_ROUND_UP(size, GOALLOC_PAGE_SIZE); n < c.npages; n++)
			bad_fewest += (n << GOALLOC_PAGE_SHIFT) % size <=
				      MOST_WASTE(n << GOALLOC_PAGE_SHIFT) &&
				      (n >= LONG_PAGES ||
				       (n << GOALLOC_PAGE_SHIFT) / size >= MANY_OBJECTS);
		bad_fit += c.npages < LONG_PAGES && c.nelems < MANY_OBJECTS;
		bytes = max_t(size_t, bytes, SZ_32K);	/* there are longer spans */
		for (i = 0; i * size < bytes; i++) {
			bad_index += (i * size * (u64)c.div_mul) >> 32 != i;
			last = min((i + 1) * size, bytes) - 1;
			bad_index += (last * (u64)c.div_mul) >> 32 != i;
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, bad_fit, 0, "sizes that do not fit");
	KUNIT_EXPECT_EQ_MSG(test, bad_waste, 0, "sizes that waste too much");
	KUNIT_EXPECT_EQ_MSG(test, bad_fewest, 0, "fewer pages would have done");
	KUNIT_EXPECT_EQ_MSG(test, bad_index, 0, "wrong indexes");
}

static const struct {
	size_t size, align;
	unsigned int flags;
	size_t wanted_size, wanted_align;
} layouts[] = {
	{ 1, 0, 0, 8, 8 },
	{ 24, 0, 0, 24, 8 },
	{ 100, 4, 0, 104, 8 },
	{ 200, 0, GOALLOC_CACHE_NOSCAN, 200, 8 },
	{ 1100, 0, 0, 1104, 8 },
	{ 1100, 256, 0, 1280, 256 },
	{ 100, PAGE_SIZE, 0, PAGE_SIZE, PAGE_SIZE },
	{ 5000, 32, 0, 5024, 32 },
	{ 22944, 0, 0, 22944, 8 },
	{ 32768, 0, 0, 32768, 8 },
	{ 10, 0, GOALLOC_CACHE_HWALIGN, 16, 16 },
	{ 33, 0, GOALLOC_CACHE_HWALIGN, 64, 64 },
	{ 100, 0, GOALLOC_CACHE_HWALIGN, 128, 64 },
	{ 10, 128, GOALLOC_CACHE_HWALIGN, 128, 128 },
};

/* Objects are of the size that was asked for, rounded up to their alignment alone. */
static void cache_layouts(struct kunit *test)
{
	struct goalloc_cache *cache;
	unsigned int i, n, bad;
	void **objs;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (layouts[i].flags & GOALLOC_CACHE_HWALIGN && cache_line_size() != 64)
			continue;
		cache = goalloc_cache_create("kunit-layout", layouts[i].size, layouts[i].align,
					     layouts[i].flags, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		KUNIT_EXPECT_EQ(test, goalloc_cache_size(cache), layouts[i].size);
		objs = alloc_many(test, cache, NR_OBJS);
		for (n = 0, bad = 0; n < NR_OBJS; n++) {
			bad += goalloc_size(objs[n]) != layouts[i].wanted_size;
			bad += !IS_ALIGNED((unsigned long)objs[n], layouts[i].wanted_align);
			bad += span_of((unsigned long)objs[n])->central->heap !=
			       &cache->named.heap;
		}
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "layout %u", i);
		KUNIT_EXPECT_EQ(test, count_bad(objs, NR_OBJS), 0);
		KUNIT_EXPECT_EQ(test, live(cache), NR_OBJS);
		free_many(cache, objs, NR_OBJS);
		KUNIT_EXPECT_EQ(test, live(cache), 0);
		KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	}
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

struct item {
	char text[60];
	struct rcu_head rcu;
};

/* What frees goalloc's objects frees a cache's. */
static void cache_freed_in_any_way(struct kunit *test)
{
	struct goalloc_cache *cache = GOALLOC_CACHE(item, 0);
	unsigned long reports = debug_bad_frees();
	struct item *objs[5];

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, 5, (void **)objs), 5);
	goalloc_free(objs[0]);
	goalloc_kvfree(objs[1]);
	goalloc_free_sensitive(objs[2]);
	goalloc_free_bulk(1, (void **)&objs[3]);
	goalloc_free_rcu(objs[4], rcu);
	goalloc_free_rcu_barrier();
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	goalloc_cache_free(cache, NULL);
	goalloc_cache_free(cache, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* An object that grows beyond its size moves to the default heap, as it is. */
static void cache_realloc(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-realloc", 200);
	void *obj = goalloc_cache_alloc(cache, GFP_KERNEL), *moved;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 200, 5);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 200, GFP_KERNEL), obj);
	moved = goalloc_realloc(obj, 300, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_EQ(test, span_of((unsigned long)moved)->central->heap, &default_heap);
	KUNIT_EXPECT_TRUE(test, util_filled(moved, 200, 5));
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	goalloc_free(moved);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* Zeroed objects are zero, all that may be used of them, however they were left. */
static void cache_zeroed(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-zero", 1100);
	unsigned int i, n, round, bad = 0;
	void *objs[40];

	for (round = 0; round < 6; round++) {
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			objs[i] = round % 3 ? goalloc_cache_zalloc(cache, GFP_KERNEL) :
				goalloc_cache_alloc_node(cache, GFP_KERNEL | __GFP_ZERO,
							 util_memory_node());
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		}
		if (round % 3 == 2) {
			goalloc_cache_free_bulk(cache, ARRAY_SIZE(objs), objs);
			n = goalloc_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO,
						     ARRAY_SIZE(objs), objs);
			KUNIT_ASSERT_EQ(test, n, ARRAY_SIZE(objs));
		}
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			bad += !util_is_zero(objs[i], 1104);
			util_set(objs[i], 0xff, 1104);
		}
		free_many(cache, objs, ARRAY_SIZE(objs));
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* A free of what is no object of the cache is reported, once, and changes nothing. */
static void cache_wrong_free(struct kunit *test)
{
	struct goalloc_cache *a = create(test, "kunit-a", 64), *b = create(test, "kunit-b", 64);
	struct goalloc_heap *heap = goalloc_heap_create("kunit-heap", 0);
	void *mine = goalloc_cache_alloc(a, GFP_KERNEL), *of_b = goalloc_cache_alloc(b, GFP_KERNEL);
	void *plain = goalloc_alloc(64, GFP_KERNEL), *foreign = kmalloc(64, GFP_KERNEL);
	void *kept[] = { of_b, plain, foreign, mine };
	unsigned long reports = debug_bad_frees();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		util_set(kept[i], i, 64);
	goalloc_cache_free(a, of_b);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "another cache's");
	goalloc_cache_free(a, plain);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "the default heap's");
	goalloc_heap_free(heap, mine);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 3, "a cache's to a heap");
	goalloc_cache_free(a, foreign);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 4, "kmalloc()'s");
	goalloc_cache_free(a, mine + 8);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 5, "an inner pointer");
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		KUNIT_EXPECT_TRUE(test, util_is(kept[i], i, 64));
	KUNIT_EXPECT_EQ(test, live(a), 1);
	KUNIT_EXPECT_EQ(test, live(b), 1);
	goalloc_cache_free(a, mine);
	goalloc_cache_free(a, mine);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 6, "a double free");
	goalloc_cache_free(b, of_b);
	goalloc_free(plain);
	kfree(foreign);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(a), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(b), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

static void ctor_nothing(void *obj)
{
}

/* What no cache can be is refused. */
static void cache_bad_create(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-bad", 64);

	KUNIT_EXPECT_NULL(test, goalloc_cache_create(NULL, 64, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("", 64, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("two words", 64, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("a-name-of-thirty-two-characters-", 64, 0, 0,
						     NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-bad", 64, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("kunit-bad", 0));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", 0, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", 32769, 0, 0, ctor_nothing));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", SIZE_MAX, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", 64, 24, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", 64, 2 * PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create("kunit-x", 64, 0, BIT(31), NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create_usercopy("kunit-x", 64, 0, 0, 65, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create_usercopy("kunit-x", 64, 0, 0, 32, 33, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create_usercopy("kunit-x", 64, 0, 0, 8, 0, NULL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_create_usercopy("kunit-x", 64, 0, 0, 8, SIZE_MAX,
							      NULL));
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	cache = goalloc_cache_create_usercopy("kunit-x", 64, 0, 0, 32, 32, NULL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, cache, "a part of the object");
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* A cache in which objects live stays; what is none, or is gone, is refused. */
static void cache_bad_destroy(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-destroy", 300);
	struct goalloc_heap *heap = goalloc_heap_create("kunit-heap", 0);
	void *obj = goalloc_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, heap);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 300, 1);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(NULL), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(heap_cache(heap)), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&cache->named.heap, GOALLOC_DESTROY_FREE),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), -EBUSY);
	KUNIT_EXPECT_TRUE(test, util_filled(obj, 300, 1));
	goalloc_cache_free(cache, obj);
	obj = goalloc_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "it still serves");
	goalloc_cache_free(cache, obj);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	KUNIT_EXPECT_EQ_MSG(test, goalloc_cache_destroy(cache), -EINVAL, "twice");
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* What is counted of size classes, and so not of caches. */
static unsigned long of_classes(void)
{
	struct class_stats st;
	unsigned long sum = 0;
	unsigned int spc;

	for (spc = 0; spc < NR_SPC; spc++) {
		mstats_class(NULL, spc, &st);
		sum += st.spans + st.mallocs + st.refills + st.cached;
	}
	return sum;
}

/* A cache's objects are in the sums of all heaps, while it is there and after; its memory not. */
static void cache_counted(struct kunit *test)
{
	struct mem_stats before, during, after;
	struct goalloc_cache *cache;
	unsigned long classes;
	void **objs;

	util_settled(&before, NULL);
	classes = of_classes();
	cache = create(test, "kunit-counts", 1000);
	objs = alloc_many(test, cache, NR_OBJS);
	mstats_read(NULL, &during);
	KUNIT_EXPECT_EQ(test, during.heap_objects, before.heap_objects + NR_OBJS);
	KUNIT_EXPECT_EQ(test, during.alloc, before.alloc + NR_OBJS * 1000);
	KUNIT_EXPECT_EQ(test, of_classes(), classes);
	KUNIT_EXPECT_EQ(test, during.mcache_sys - before.mcache_sys,
			num_possible_cpus() * MCACHE_ONE_SIZE);
	mstats_read(&cache->named.heap, &during);
	KUNIT_EXPECT_EQ(test, during.alloc, NR_OBJS * 1000);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	free_many(cache, objs, NR_OBJS);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.mallocs, before.mallocs + NR_OBJS);
	KUNIT_EXPECT_EQ(test, after.frees, before.frees + NR_OBJS);
	KUNIT_EXPECT_EQ(test, after.total_alloc, before.total_alloc + NR_OBJS * 1000);
	KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
	KUNIT_EXPECT_EQ(test, after.mcache_sys, before.mcache_sys);
	KUNIT_EXPECT_EQ(test, after.other_sys, before.other_sys);
	KUNIT_EXPECT_EQ(test, after.mem.ready, before.mem.ready);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* A limit holds; what is idle is not in the way, and can be let go of. */
static void cache_limit_and_shrink(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-limit", 1024);
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_pin(test, raw_smp_processor_id());	/* another CPU would take spans of its own */
	KUNIT_EXPECT_EQ(test, goalloc_cache_set_limit(cache, 100), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_cache_set_limit(cache, SZ_256K), 0);
	for (n = 0; n < NR_OBJS; n++) {
		objs[n] = goalloc_cache_alloc(cache, GFP_KERNEL);
		if (!objs[n])
			break;
	}
	KUNIT_EXPECT_EQ(test, n, SZ_256K / 1024);
	KUNIT_EXPECT_EQ(test, goalloc_cache_shrink(cache), 1);
	free_many(cache, objs, n);
	KUNIT_EXPECT_GT(test, atomic_long_read(&cache->named.heap.pages), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_shrink(cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->named.heap.pages), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* From a node that is there, and from none that is not. */
static void cache_nodes(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, "kunit-node", 100);
	unsigned int bad = 0;
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		void *obj = goalloc_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE, nid);

		bad += !obj || span_of((unsigned long)obj)->central->nid != nid;
		goalloc_cache_free(cache, obj);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_NULL(test, goalloc_cache_alloc_node(cache, GFP_KERNEL, nr_node_ids));
	KUNIT_EXPECT_NULL(test, goalloc_cache_alloc_node(cache, GFP_KERNEL | __GFP_DMA, 0));
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* Where no run of pages is as long as a span of a cache wants it, shorter ones serve. */
static void cache_fragmented(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	struct goalloc_cache *cache = create(test, "kunit-short", 1100);
	struct mcentral *pages = heap_central(&default_heap, util_memory_node(),
					      SPC(goalloc_size_class(SZ_8K), 0));
	void **list = NULL, **other = NULL, **next, *obj;
	struct fault_attr *draw = &fault_attrs[FAULT_DRAW];
	unsigned int i;

	KUNIT_ASSERT_GT(test, cache->shape.npages, 1);
	util_pin(test, raw_smp_processor_id());
	util_settled(NULL, NULL);
	for (i = 0; i < SZ_2M / SZ_8K; i++) {
		next = goalloc_alloc(SZ_8K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, next);
		*next = i % 2 ? list : other;
		*(i % 2 ? &list : &other) = next;
	}
	draw->verbose = 0;
	draw->interval = 1;
	atomic_set(&draw->times, -1);
	WRITE_ONCE(draw->probability, 100);
	while ((next = goalloc_alloc(SZ_8K, GFP_KERNEL))) {	/* no other page is left */
		*next = other;
		other = next;
	}
	while ((next = list)) {
		list = *next;
		goalloc_free(next);
	}
	preempt_disable();
	mcache_flush(&default_heap, raw_cpu_ptr(default_heap.cache));
	preempt_enable();
	mcentral_trim(pages, 0);
	obj = goalloc_cache_alloc(cache, GFP_KERNEL);
	WRITE_ONCE(draw->probability, 0);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	if (obj)
		KUNIT_EXPECT_EQ(test, span_of((unsigned long)obj)->nelems,
				GOALLOC_PAGE_SIZE / 1104);
	goalloc_cache_free(cache, obj);
	while ((next = other)) {
		other = *next;
		goalloc_free(next);
	}
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
#else
	kunit_skip(test, "this kernel has no fault injection");
#endif
}

struct crowd {
	struct goalloc_cache *cache;
	void *shared[64];
	atomic_t bad;
};

/* Allocate, fill, hand over to whoever comes by, check and free what was handed over. */
static void crowd_there(unsigned int cpu, void *arg)
{
	struct crowd *crowd = arg;
	struct rnd_state rnd;
	unsigned int i;
	void *obj;

	prandom_seed_state(&rnd, cpu + 1);
	for (i = 0; i < 10000; i++) {
		unsigned int at = util_below(&rnd, ARRAY_SIZE(crowd->shared));

		obj = goalloc_cache_alloc(crowd->cache, GFP_KERNEL);
		if (obj)
			util_fill(obj, 208, at);
		obj = xchg(&crowd->shared[at], obj);
		if (obj && !util_filled(obj, 208, at))
			atomic_inc(&crowd->bad);
		if (i % 2)
			goalloc_cache_free(crowd->cache, obj);
		else
			goalloc_free(obj);
		if (i % 2000 == 0)
			goalloc_cache_shrink(crowd->cache);
	}
}

/* On all CPUs at once, freed where they were not allocated: each is one's own. */
static void cache_all_cpus(struct kunit *test)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	unsigned long reports = debug_bad_frees();

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->cache = create(test, "kunit-crowd", 208);
	util_run_on_all(test, crowd_there, crowd);
	KUNIT_EXPECT_EQ(test, atomic_read(&crowd->bad), 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	goalloc_cache_free_bulk(crowd->cache, ARRAY_SIZE(crowd->shared), crowd->shared);
	KUNIT_EXPECT_EQ(test, live(crowd->cache), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(crowd->cache), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(cache_shapes),
	KUNIT_CASE(cache_layouts),
	KUNIT_CASE(cache_freed_in_any_way),
	KUNIT_CASE(cache_realloc),
	KUNIT_CASE(cache_zeroed),
	KUNIT_CASE(cache_wrong_free),
	KUNIT_CASE(cache_bad_create),
	KUNIT_CASE(cache_bad_destroy),
	KUNIT_CASE(cache_counted),
	KUNIT_CASE(cache_limit_and_shrink),
	KUNIT_CASE(cache_nodes),
	KUNIT_CASE(cache_fragmented),
	KUNIT_CASE(cache_all_cpus),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "goalloc_cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
