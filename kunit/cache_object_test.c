// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_cache_object: what a constructor made is found at every allocation, what
 * RCU readers may look at stays an object of its cache, and many objects come and go in
 * one trip, or not at all.
 */
#include <linux/delay.h>
#include <linux/goalloc_cache.h>

#include "kunit_util.h"

#define NR_OBJS		500
#define MAGIC		0x60a110c5

struct item {
	u32 magic;
	u32 constructed;
	u32 used;
	u32 in_use;
	char more[184];
};

static atomic_t constructed;

static void item_ctor(void *obj)
{
	struct item *it = obj;

	it->magic = MAGIC;
	it->constructed = atomic_inc_return(&constructed);
	it->used = 0;
	it->in_use = 0;
}

static struct goalloc_cache *create(struct kunit *test, unsigned int flags, void (*ctor)(void *obj))
{
	struct goalloc_cache *cache;

	atomic_set(&constructed, 0);
	cache = goalloc_cache_create("kunit-item", sizeof(struct item), 0, flags, ctor);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static unsigned long live(struct goalloc_cache *cache)
{
	return mstats_class_objects(&cache->named.heap, SPC_CACHE);
}

static unsigned long pages(struct goalloc_cache *cache)
{
	return atomic_long_read(&cache->named.heap.pages);
}

static void **array(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	return objs;
}

/* Allocate many, look at each and leave a mark in it, free them.  Return: marks found. */
static unsigned int one_turn(struct kunit *test, struct goalloc_cache *cache, void **objs)
{
	unsigned int i, bad = 0, marks = 0;

	for (i = 0; i < NR_OBJS; i++) {
		struct item *it = goalloc_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, it);
		bad += it->magic != MAGIC || !it->constructed;
		marks += it->used;
		it->used = 1;
		objs[i] = it;
	}
	while (i--)
		goalloc_cache_free(cache, objs[i]);
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects that were not constructed");
	return marks;
}

/*
 * Every object was constructed when its memory became the cache's, and is found as it
 * was left: a second turn finds what the first one wrote, and constructs nothing.  (When
 * the scavenger comes between two turns they are taken again.)
 */
static void cache_ctor_once(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, 0, item_ctor);
	unsigned int first, marks, round = 0;
	void **objs = array(test);

	util_pin(test, raw_smp_processor_id());
	do {
		one_turn(test, cache, objs);
		first = atomic_read(&constructed);
		marks = one_turn(test, cache, objs);
	} while (atomic_read(&constructed) != first && ++round < 10);
	KUNIT_EXPECT_GE(test, first, NR_OBJS);
	KUNIT_EXPECT_EQ(test, first % cache->shape.nelems, 0);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&constructed), first, "constructed again");
	KUNIT_EXPECT_GE_MSG(test, marks + cache->shape.nelems, NR_OBJS,
			    "all but those of a span that nobody had");
	KUNIT_EXPECT_EQ(test, goalloc_cache_shrink(cache), 0);
	objs[0] = goalloc_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_EQ_MSG(test, ((struct item *)objs[0])->used, 0, "new memory");
	KUNIT_EXPECT_EQ(test, atomic_read(&constructed), first + cache->shape.nelems);
	goalloc_free(objs[0]);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* To be zero and to be as constructed cannot both be had. */
static void cache_ctor_and_zero(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, 0, item_ctor);
	void *objs[4];

	KUNIT_EXPECT_NULL(test, goalloc_cache_zalloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_zalloc(cache, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NULL(test, goalloc_cache_alloc_node(cache, GFP_KERNEL | __GFP_ZERO,
							 util_memory_node()));
	KUNIT_EXPECT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 4, objs), 0);
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* Let go of every span that holds nothing, on this CPU, without sleeping. */
static void unmake_spans(struct goalloc_cache *cache)
{
	struct goalloc_heap *heap = &cache->named.heap;
	struct mcentral *c;

	preempt_disable();
	mcache_flush(heap, raw_cpu_ptr(heap->cache));
	preempt_enable();
	for (c = heap->central; c < heap_central_end(heap); c++)
		mcentral_trim(c, 0);
}

/*
 * While a reader looks at objects, they are free but nothing else: as they were left, in
 * a span of their cache, and a second free of one is seen.  Then their pages go.
 */
static void cache_rcu_waits(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, GOALLOC_CACHE_TYPESAFE_BY_RCU, NULL);
	unsigned int i, bad = 0, alive = 0;
	unsigned long held, reports;
	void **objs = array(test);
	struct mem_stats before;

	util_pin(test, raw_smp_processor_id());
	util_settled(&before, NULL);
	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, NR_OBJS, objs), NR_OBJS);
	for (i = 0; i < NR_OBJS; i++)
		util_fill(objs[i], sizeof(struct item), i);
	held = pages(cache);
	reports = debug_bad_frees();
	rcu_read_lock();
	goalloc_cache_free_bulk(cache, NR_OBJS, objs);
	unmake_spans(cache);
	mdelay(200);
	for (i = 0; i < NR_OBJS; i++) {
		struct mspan *s = span_of((unsigned long)objs[i]);

		alive += !s || s->state != MSPAN_DEAD || s->central->heap != &cache->named.heap;
		bad += !util_filled(objs[i], sizeof(struct item), i);
	}
	KUNIT_EXPECT_EQ(test, pages(cache), held);
	goalloc_cache_free(cache, objs[7]);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 1, "a double free is seen");
	rcu_read_unlock();
	KUNIT_EXPECT_EQ_MSG(test, alive, 0, "spans that do not wait");
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects that were written to");
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, pages(cache), 0);
	KUNIT_EXPECT_NULL(test, span_of((unsigned long)objs[0]));
	goalloc_cache_free(cache, objs[7]);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 2, "and now too");
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	objs[0] = goalloc_cache_zalloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_TRUE(test, util_is_zero(objs[0], sizeof(struct item)));
	goalloc_cache_free(cache, objs[0]);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* Callbacks that keep a CPU's spans waiting when a grace period is long over. */
static struct rcu_head slow_calls[100];

static void slow_call(struct rcu_head *head)
{
	mdelay(1);
}

/* More spans than RCU calls back for at once, and on one CPU late. */
static void many_spans_there(unsigned int cpu, void *cache)
{
	unsigned int i;
	void **objs = kvcalloc(20 * NR_OBJS, sizeof(*objs), GFP_KERNEL);

	if (objs && goalloc_cache_alloc_bulk(cache, GFP_KERNEL, 20 * NR_OBJS, objs))
		goalloc_cache_free_bulk(cache, 20 * NR_OBJS, objs);
	kvfree(objs);
	for (i = 0; cpu == cpumask_last(cpu_online_mask) && i < ARRAY_SIZE(slow_calls); i++)
		call_rcu(&slow_calls[i], slow_call);
	unmake_spans(cache);
}

/* To destroy it is to wait for the spans that wait; the sums hold meanwhile. */
static void cache_rcu_destroy(struct kunit *test)
{
	struct goalloc_cache *cache;
	void **objs = array(test);
	unsigned int round;

	util_pin(test, cpumask_first(cpu_online_mask));
	for (round = 0; round < 5; round++) {
		cache = create(test, GOALLOC_CACHE_TYPESAFE_BY_RCU, item_ctor);
		KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, NR_OBJS, objs),
				NR_OBJS);
		goalloc_cache_free_bulk(cache, NR_OBJS, objs);
		unmake_spans(cache);
		if (round % 2)
			KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
		else
			util_run_on_all(test, many_spans_there, cache);
		KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
		rcu_barrier();
	}
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

#define NR_SHARED	64

struct readers {
	struct goalloc_cache *cache;
	struct item *shared[NR_SHARED];
	atomic_t stale;
	atomic_t failed;
};

/*
 * Look at an object that anybody may free meanwhile; replace another; and let memory
 * change hands between the cache and the default heap.
 */
static void readers_there(unsigned int cpu, void *arg)
{
	struct readers *r = arg;
	struct item *it, *old;
	struct rnd_state rnd;
	unsigned int i;
	void *other;

	prandom_seed_state(&rnd, cpu + 1);
	for (i = 0; i < 5000; i++) {
		rcu_read_lock();
		it = READ_ONCE(r->shared[util_below(&rnd, NR_SHARED)]);
		if (it && READ_ONCE(it->magic) != MAGIC)
			atomic_inc(&r->stale);
		if (i % 500 == 0)
			mdelay(1);
		if (it && READ_ONCE(it->magic) != MAGIC)
			atomic_inc(&r->stale);
		rcu_read_unlock();

		it = goalloc_cache_alloc(r->cache, GFP_KERNEL);
		if (!it || it->magic != MAGIC || xchg(&it->in_use, 1))
			atomic_inc(&r->failed);
		old = xchg(&r->shared[util_below(&rnd, NR_SHARED)], it);
		if (old) {
			xchg(&old->in_use, 0);
			goalloc_cache_free(r->cache, old);
		}
		if (i % 20 == 0)
			unmake_spans(r->cache);
		other = goalloc_alloc(SZ_8K, GFP_KERNEL);
		if (other)
			util_set(other, 0x5a, SZ_8K);
		goalloc_free(other);
	}
}

/* A reader never finds anything but an object of the cache. */
static void cache_rcu_readers(struct kunit *test)
{
	struct readers *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->cache = create(test, GOALLOC_CACHE_TYPESAFE_BY_RCU, item_ctor);
	util_run_on_all(test, readers_there, r);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&r->stale), 0, "looks at what is no object");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&r->failed), 0, "objects that are none, or in use");
	for (i = 0; i < NR_SHARED; i++)
		goalloc_cache_free(r->cache, r->shared[i]);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(r->cache), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* Many at once are many objects, each its own; none and NULL are no objects. */
static void cache_bulk(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, 0, NULL);
	unsigned long reports = debug_bad_frees();
	void **objs = array(test);
	unsigned int i, bad = 0;

	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, NR_OBJS, objs), NR_OBJS);
	KUNIT_EXPECT_EQ(test, live(cache), NR_OBJS);
	for (i = 0; i < NR_OBJS; i++)
		util_fill(objs[i], sizeof(struct item), i);
	for (i = 0; i < NR_OBJS; i++)
		bad += !util_filled(objs[i], sizeof(struct item), i);
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, 0, NULL), 0);
	goalloc_cache_free_bulk(cache, 0, NULL);
	goalloc_cache_free(cache, objs[3]);
	objs[3] = NULL;
	goalloc_free(objs[100]);
	objs[100] = ZERO_SIZE_PTR;
	goalloc_cache_free_bulk(cache, NR_OBJS / 2, objs);
	goalloc_cache_free_bulk(NULL, NR_OBJS / 2, objs + NR_OBJS / 2);
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

/* Among many that are freed, what is not the cache's is reported, and the others go. */
static void cache_bulk_wrong(struct kunit *test)
{
	struct goalloc_cache *cache = create(test, 0, NULL);
	struct goalloc_cache *b = goalloc_cache_create("kunit-b", sizeof(struct item), 0, 0, NULL);
	unsigned long reports = debug_bad_frees();
	void *objs[8], *others[4];

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, 8, objs), 8);
	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(b, GFP_KERNEL, 4, others), 4);
	goalloc_cache_free_bulk(cache, 4, others);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 4, "four of another cache");
	KUNIT_EXPECT_EQ(test, live(b), 4);
	goalloc_cache_free_bulk(b, 4, others);
	goalloc_cache_free_bulk(b, 4, others);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 8, "four double frees");
	KUNIT_EXPECT_EQ(test, live(cache), 8);
	goalloc_cache_free_bulk(cache, 8, objs);
	KUNIT_EXPECT_EQ(test, live(cache), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(b), 0);
}

#ifdef CONFIG_FAULT_INJECTION
static void arm(enum fault_point point, unsigned int interval)
{
	fault_attrs[point].verbose = 0;
	fault_attrs[point].interval = interval;
	fault_attrs[point].count = 0;
	atomic_set(&fault_attrs[point].times, 1);
	WRITE_ONCE(fault_attrs[point].probability, 100);
}

static void disarm(enum fault_point point)
{
	WRITE_ONCE(fault_attrs[point].probability, 0);
}
#endif

/* All or nothing, wherever it fails; the same of making a cache. */
static void cache_faults(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	struct goalloc_cache *cache = create(test, 0, item_ctor);
	struct mem_stats before, after;
	void **objs = array(test);
	unsigned int nth;
	size_t got;

	for (nth = 1; nth <= 3; nth++) {
		goalloc_cache_shrink(cache);
		arm(FAULT_REFILL, nth);
		got = goalloc_cache_alloc_bulk(cache, GFP_KERNEL, NR_OBJS, objs);
		disarm(FAULT_REFILL);
		KUNIT_EXPECT_EQ(test, got, 0);
		KUNIT_EXPECT_EQ(test, live(cache), 0);
	}
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	util_settled(&before, NULL);
	for (nth = 1; nth <= 3; nth++) {
		arm(FAULT_META, nth);
		cache = goalloc_cache_create("kunit-fault", 64, 0, 0, NULL);
		disarm(FAULT_META);
		KUNIT_EXPECT_NULL(test, cache);
	}
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ_MSG(test, after.metadata, before.metadata, "no part of it stays");
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
#else
	kunit_skip(test, "this kernel has no fault injection");
#endif
}

static struct kunit_case cache_object_cases[] = {
	KUNIT_CASE(cache_ctor_once),
	KUNIT_CASE(cache_ctor_and_zero),
	KUNIT_CASE(cache_rcu_waits),
	KUNIT_CASE(cache_rcu_destroy),
	KUNIT_CASE(cache_rcu_readers),
	KUNIT_CASE(cache_bulk),
	KUNIT_CASE(cache_bulk_wrong),
	KUNIT_CASE(cache_faults),
	{}
};

static struct kunit_suite cache_object_suite = {
	.name = "goalloc_cache_object",
	.test_cases = cache_object_cases,
};

kunit_test_suite(cache_object_suite);
