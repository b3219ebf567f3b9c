// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mprof: the heap profile. */
#include <linux/kallsyms.h>
#include <linux/kmemleak.h>
#include <linux/sizes.h>

#include <linux/goalloc_cache.h>

#include "kunit_util.h"

#define SMALL_RATE	SZ_64K
#define SITE_BYTES	SZ_64M

/* Sums of the buckets of one request size, or of all. */
static struct mprof_bucket sum_of(struct kunit *test, size_t size)
{
	struct mprof_bucket sum = {};
	struct mprof_profile *p = mprof_read();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < p->nr; i++) {
		if (size && p->bucket[i].size != size)
			continue;
		sum.live += p->bucket[i].live;
		sum.live_bytes += p->bucket[i].live_bytes;
		sum.objects += p->bucket[i].objects;
		sum.bytes += p->bucket[i].bytes;
	}
	kvfree(p);
	return sum;
}

static void expect_sums(struct kunit *test, size_t size, unsigned long live, unsigned long objects)
{
	struct mprof_bucket sum = sum_of(test, size);

	KUNIT_EXPECT_EQ_MSG(test, sum.live, live, "live, %zu bytes", size);
	KUNIT_EXPECT_EQ_MSG(test, sum.live_bytes, live * size, "live, %zu bytes", size);
	KUNIT_EXPECT_EQ_MSG(test, sum.objects, objects, "ever, %zu bytes", size);
	KUNIT_EXPECT_EQ_MSG(test, sum.bytes, objects * size, "ever, %zu bytes", size);
}

static void begin(struct kunit *test, unsigned long rate)
{
	KUNIT_ASSERT_EQ(test, mprof_set_rate(rate), 0);
	KUNIT_ASSERT_EQ(test, mprof_get_rate(), rate);
}

static struct mspan *span(const void *ptr)
{
	return span_of((unsigned long)ptr);
}

static void every_object(struct kunit *test)
{
	static const size_t sizes[] = { 8, 24, 64, 77, 1153, 32768, 40001, SZ_1M, 4 * SZ_1M };
	static const size_t tiny[] = { 1, 2, 7, 9, 15 };
	void *objs[ARRAY_SIZE(sizes)][3], *small[ARRAY_SIZE(tiny)][3];
	unsigned int i, k;

	begin(test, 1);
	for (k = 0; k < 3; k++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			objs[i][k] = goalloc_alloc(sizes[i], GFP_KERNEL);
		for (i = 0; i < ARRAY_SIZE(tiny); i++)
			small[i][k] = goalloc_alloc_noscan(tiny[i], GFP_KERNEL);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_sums(test, sizes[i], 3, 3);
	for (i = 0; i < ARRAY_SIZE(tiny); i++)
		expect_sums(test, tiny[i], 3, 3);
	for (k = 0; k < 3; k++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			goalloc_free(objs[i][k]);
		for (i = 0; i < ARRAY_SIZE(tiny); i++)
			goalloc_free(small[i][k]);
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			expect_sums(test, sizes[i], 2 - k, 3);
		for (i = 0; i < ARRAY_SIZE(tiny); i++)
			expect_sums(test, tiny[i], 2 - k, 3);
	}
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).live, 0);
}

/* Sizes that the compiler knows, zeroed memory, and a node. */
static void every_front_door(struct kunit *test)
{
	void *objs[5];
	unsigned int i;

	begin(test, 1);
	objs[0] = goalloc_alloc(52, GFP_KERNEL);
	objs[1] = goalloc_zalloc(53, GFP_KERNEL);
	objs[2] = goalloc_alloc_noscan(54, GFP_KERNEL);
	objs[3] = goalloc_alloc_node(55, GFP_KERNEL, util_memory_node());
	objs[4] = goalloc_heap_alloc(&default_heap, 56, GFP_KERNEL | __GFP_ZERO);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		expect_sums(test, 52 + i, 1, 1);
		goalloc_free_sensitive(objs[i]);
		expect_sums(test, 52 + i, 0, 1);
	}
}

struct visit {
	void *objs[3];
};

static void visit_alloc(void *arg)
{
	struct visit *v = arg;

	v->objs[0] = goalloc_alloc(90, GFP_ATOMIC);
	v->objs[1] = goalloc_alloc(50000, GFP_ATOMIC);
	v->objs[2] = goalloc_alloc_noscan(5, GFP_ATOMIC);
}

static void visit_free(void *arg)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < 3; i++)
		goalloc_free(v->objs[i]);
}

static void expect_visit(struct kunit *test, unsigned long live, unsigned long objects)
{
	expect_sums(test, 90, live, objects);
	expect_sums(test, 50000, live, objects);
	expect_sums(test, 5, live, objects);
}

static void other_cpu_and_irq(struct kunit *test)
{
	struct visit v;
	unsigned int cpu;

	util_skip_on_rt(test);
	util_pin(test, 0);
	cpu = util_other_cpu(test, 0);
	begin(test, 1);
	visit_alloc(&v);
	util_call_on(test, cpu, visit_free, &v);
	expect_visit(test, 0, 1);
	util_call_on(test, cpu, visit_alloc, &v);
	expect_visit(test, 1, 2);
	visit_free(&v);
	expect_visit(test, 0, 2);
	util_call_on(test, 0, visit_alloc, &v);
	util_call_on(test, 0, visit_free, &v);
	expect_visit(test, 0, 3);
}

static void bulk(struct kunit *test)
{
	void *objs[200];

	begin(test, 1);
	KUNIT_ASSERT_EQ(test, goalloc_alloc_bulk(72, GFP_KERNEL, 200, objs), 200);
	expect_sums(test, 72, 200, 200);
	goalloc_free_bulk(100, objs);
	expect_sums(test, 72, 100, 200);
	goalloc_free_bulk(100, objs + 100);
	expect_sums(test, 72, 0, 200);
	KUNIT_ASSERT_EQ(test, goalloc_alloc_bulk(50000, GFP_KERNEL, 3, objs), 3);
	expect_sums(test, 50000, 3, 3);
	goalloc_free_bulk(3, objs);
	expect_sums(test, 50000, 0, 3);
}

static void constructor(void *obj)
{
	memset(obj, 0x5c, 120);
}

static void cache_of(struct kunit *test, const char *name, unsigned int flags, void (*ctor)(void *))
{
	struct goalloc_cache *cache;
	void *objs[50], *one;

	cache = goalloc_cache_create(name, 120, 8, flags, ctor);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	begin(test, 1);
	one = goalloc_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, !ctor || util_is(one, 0x5c, 120));
	expect_sums(test, 120, 1, 1);
	KUNIT_ASSERT_EQ(test, goalloc_cache_alloc_bulk(cache, GFP_KERNEL, 50, objs), 50);
	expect_sums(test, 120, 51, 51);
	goalloc_cache_free(cache, one);
	expect_sums(test, 120, 50, 51);
	goalloc_free(objs[0]);
	goalloc_cache_free_bulk(cache, 49, objs + 1);
	expect_sums(test, 120, 0, 51);
	one = goalloc_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, !ctor || util_is(one, 0x5c, 120));
	goalloc_cache_free(cache, one);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	expect_sums(test, 120, 0, 52);
}

static void caches(struct kunit *test)
{
	cache_of(test, "mprof", 0, NULL);
	cache_of(test, "mprof-ctor", 0, constructor);
	cache_of(test, "mprof-rcu", GOALLOC_CACHE_TYPESAFE_BY_RCU, NULL);
}

/* Of the default heap, or of a cache. */
static void fill(struct kunit *test, struct goalloc_cache *cache, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		objs[i] = cache ? goalloc_cache_alloc(cache, GFP_KERNEL) :
				  goalloc_alloc(600, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
}

static void expect_all_counted(struct kunit *test, struct goalloc_cache *cache)
{
	void *objs[200];

	KUNIT_ASSERT_EQ(test, mprof_set_rate(0), 0);
	fill(test, cache, objs, ARRAY_SIZE(objs));
	goalloc_free_bulk(ARRAY_SIZE(objs), objs);
	begin(test, 1);
	fill(test, cache, objs, ARRAY_SIZE(objs));
	expect_sums(test, 600, ARRAY_SIZE(objs), ARRAY_SIZE(objs));
	goalloc_free_bulk(ARRAY_SIZE(objs), objs);
	expect_sums(test, 600, 0, ARRAY_SIZE(objs));
}

/* Objects for which a window opens in what this CPU has are counted as well. */
static void windows_that_open(struct kunit *test)
{
	struct goalloc_cache *cache = goalloc_cache_create("mprof-window", 600, 8, 0, NULL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	expect_all_counted(test, NULL);
	expect_all_counted(test, cache);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
}

static void heap_with_objects(struct kunit *test)
{
	struct goalloc_heap *heap = goalloc_heap_create("mprof-heap", 0);

	KUNIT_ASSERT_NOT_NULL(test, heap);
	begin(test, 1);
	goalloc_heap_free(heap, goalloc_heap_alloc(heap, 60, GFP_KERNEL));
	expect_sums(test, 60, 0, 1);
	KUNIT_ASSERT_NOT_NULL(test, goalloc_heap_alloc(heap, 60, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, goalloc_heap_alloc(heap, 70000, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, goalloc_heap_alloc_noscan(heap, 6, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).live, 3);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_FREE), 0);
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).live, 0);
}

static void moved_by_realloc(struct kunit *test)
{
	void *obj, *moved;

	begin(test, 1);
	obj = goalloc_alloc(61, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 64, GFP_KERNEL), obj);
	expect_sums(test, 61, 1, 1);
	moved = goalloc_realloc(obj, 6100, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, moved, obj);
	expect_sums(test, 61, 0, 1);
	expect_sums(test, 6100, 1, 1);
	goalloc_free(moved);
	expect_sums(test, 6100, 0, 1);
}

/* A free that is refused leaves the record; a second free is still seen as one. */
static void bad_frees(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *obj, *tiny;

	begin(test, 1);
	obj = goalloc_alloc(1100, GFP_KERNEL);
	tiny = goalloc_alloc_noscan(4, GFP_KERNEL);
	goalloc_free(obj + 8);
	goalloc_free(tiny + 1);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	expect_sums(test, 1100, 1, 1);
	expect_sums(test, 4, 1, 1);
	KUNIT_EXPECT_GE(test, goalloc_size(obj), 1100);
	goalloc_free(obj);
	goalloc_free(tiny);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	goalloc_free(obj);
	goalloc_free(tiny);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 4);
	expect_sums(test, 1100, 0, 1);
	expect_sums(test, 4, 0, 1);
}

/* Objects beside a sampled one; the span is as before when that is free. */
static void neighbours(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();
	void *objs[8], *one;
	unsigned int i;

	util_pin(test, 0);
	begin(test, MPROF_RATE_MAX);
	for (i = 0; i < 8; i++)
		objs[i] = goalloc_alloc(2048, GFP_KERNEL);
	one = objs[3];
	KUNIT_ASSERT_GT(test, span(one)->free_limit, 0);
	mprof_sample(one, 2048);
	expect_sums(test, 2048, 1, 1);
	KUNIT_EXPECT_EQ(test, span(one)->free_limit, 0);
	KUNIT_EXPECT_EQ(test, span(one)->sampled, 1);
	KUNIT_EXPECT_EQ(test, goalloc_size(objs[4]), 2048);
	goalloc_free(objs[2]);
	goalloc_free(objs[2]);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
	expect_sums(test, 2048, 1, 1);
	goalloc_free_bulk(2, objs);
	goalloc_free(one);
	KUNIT_EXPECT_EQ(test, span(objs[4])->free_limit, span(objs[4])->nelems);
	KUNIT_EXPECT_EQ(test, span(objs[4])->sampled, 0);
	goalloc_free_bulk(4, objs + 4);
	expect_sums(test, 2048, 0, 1);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 1);
}

/* A span whose record outlived its objects is not unmade with it. */
static void forgotten(struct kunit *test)
{
	struct goalloc_cache *cache = goalloc_cache_create("mprof-forget", 200, 8, 0, NULL);
	unsigned int index;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	begin(test, 1);
	obj = goalloc_cache_alloc(cache, GFP_KERNEL);
	mspan_object(span(obj), (unsigned long)obj, &index);
	kmemleak_free(obj);		/* behind everybody's back, but not behind its */
	KUNIT_EXPECT_EQ(test, mcache_free(span(obj), index), FREE_OK);
	expect_sums(test, 200, 1, 1);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	expect_sums(test, 200, 0, 1);
}

static void off(struct kunit *test)
{
	struct mprof_profile *p;

	util_pin(test, 0);
	begin(test, 1);
	begin(test, 0);
	KUNIT_EXPECT_GT(test, mprof_expire(), LONG_MAX / 4);
	goalloc_free(goalloc_alloc(64, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, mprof_expire(), LONG_MAX / 4);
	goalloc_free(goalloc_alloc(100000, GFP_KERNEL));
	p = mprof_read();
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, p->nr, 0);
	KUNIT_EXPECT_EQ(test, p->rate, 0);
	KUNIT_EXPECT_EQ(test, p->lost, 0);
	kvfree(p);
}

static void begun_anew(struct kunit *test)
{
	void *obj, *tiny;

	begin(test, 1);
	obj = goalloc_alloc(90, GFP_KERNEL);
	tiny = goalloc_alloc_noscan(3, GFP_KERNEL);
	begin(test, 1);
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).objects, 0);
	KUNIT_EXPECT_EQ(test, span(obj)->sampled, 0);
	KUNIT_EXPECT_EQ(test, span(obj)->free_limit, span(obj)->nelems);
	KUNIT_EXPECT_EQ(test, span(tiny)->free_limit, 0);
	goalloc_free(obj);
	goalloc_free(tiny);
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).live, 0);
}

/* More sizes than there are buckets: nothing is missing from the sums. */
static void many_buckets(struct kunit *test)
{
	unsigned long bytes = 0;
	struct mprof_profile *p;
	struct mprof_bucket sum;
	unsigned int size;

	begin(test, 1);
	for (size = 1; size <= 10000; size++) {
		goalloc_free(goalloc_alloc(size, GFP_KERNEL));
		bytes += size;
	}
	sum = sum_of(test, 0);
	KUNIT_EXPECT_EQ(test, sum.objects, 10000);
	KUNIT_EXPECT_EQ(test, sum.bytes, bytes);
	KUNIT_EXPECT_EQ(test, sum.live, 0);
	KUNIT_EXPECT_EQ(test, sum.live_bytes, 0);
	p = mprof_read();
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, (u32)p->bucket[0].size, 0);
	KUNIT_EXPECT_GT(test, p->bucket[0].objects, 1000);
	kvfree(p);
}

static noinline void site_small(unsigned long n)
{
	while (n--)
		goalloc_free(goalloc_alloc(256, GFP_KERNEL));
}

static noinline void site_medium(unsigned long n)
{
	while (n--)
		goalloc_free(goalloc_alloc(4000, GFP_KERNEL));
}

static noinline void site_large(unsigned long n)
{
	while (n--)
		goalloc_free(goalloc_alloc(100000, GFP_KERNEL));
}

/* The un-sampled bytes are those that were allocated; the stack begins where that was. */
static void expect_site(struct kunit *test, size_t size, const char *name)
{
	long wanted = SITE_BYTES / size * size, estimate;
	struct mprof_profile *p = mprof_read();
	char symbol[KSYM_SYMBOL_LEN] = "";
	unsigned long *frames;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < p->nr; i++)
		if (p->bucket[i].size == size && mprof_stack(p->bucket[i].stack, &frames))
			snprintf(symbol, sizeof(symbol), "%ps", (void *)frames[0]);
	kvfree(p);
	KUNIT_EXPECT_EQ_MSG(test, strncmp(symbol, name, strlen(name)), 0, "%s", symbol);
	estimate = mul_u64_u64_shr(sum_of(test, size).bytes, sampling_scale(size, SMALL_RATE), 20);
	kunit_info(test, "%s: %ld estimated of %ld", name, estimate, wanted);
	KUNIT_EXPECT_LE(test, abs(estimate - wanted), wanted / 20);
}

static void known_mix(struct kunit *test)
{
	util_pin(test, 0);
	mprof_seed(1009);
	begin(test, SMALL_RATE);
	site_small(SITE_BYTES / 256);
	site_medium(SITE_BYTES / 4000);
	site_large(SITE_BYTES / 100000);
	expect_site(test, 256, "site_small");
	expect_site(test, 4000, "site_medium");
	expect_site(test, 100000, "site_large");
	KUNIT_EXPECT_EQ(test, sum_of(test, 0).live, 0);
}

/* Their mean, their median, and the ends. */
static void gaps(struct kunit *test)
{
	unsigned long sum = 0, below_half = 0, below_mean = 0, gap;
	struct rnd_state rnd;
	unsigned int i;

	util_seed(test, &rnd);
	for (i = 0; i < 100000; i++) {
		gap = sampling_gap(SZ_512K, prandom_u32_state(&rnd));
		sum += gap;
		below_half += gap < 363409;		/* 512 KiB * ln 2 */
		below_mean += gap < SZ_512K;
	}
	KUNIT_EXPECT_LE(test, abs((long)(sum / i) - SZ_512K), SZ_512K / 50);
	KUNIT_EXPECT_LE(test, abs((long)below_half - 50000), 1000);
	KUNIT_EXPECT_LE(test, abs((long)below_mean - 63212), 1000);
	KUNIT_EXPECT_EQ(test, sampling_gap(SZ_512K, 0), 0);
	KUNIT_EXPECT_EQ(test, sampling_gap(SZ_512K, U32_MAX), 0);
	/* 1 MiB * 32 ln 2, and * ln 2 */
	KUNIT_EXPECT_LE(test, abs((long)sampling_gap(SZ_1M, 1) - 23258160), 64);
	KUNIT_EXPECT_LE(test, abs((long)sampling_gap(SZ_1M, 1U << 31) - 726817), 2);
	KUNIT_EXPECT_EQ(test, sampling_gap(1, 1), 0);
}

static void scales(struct kunit *test)
{
	static const struct {
		unsigned long size, rate;
		unsigned long scale;		/* 2^20 / (1 - exp(-size / rate)) */
	} known[] = {
		{ 8, 1073741824, 140737488879616 },
		{ 64, 524288, 8590458891 },
		{ 256, 65536, 268960085 },
		{ 4000, 65536, 17709490 },
		{ 65535, 65536, 1658838 },
		{ 65536, 65536, 1658823 },
		{ 100000, 65536, 1339913 },
		{ 1048576, 65536, 1048576 },
		{ 4194304, 65536, 1048576 },
		{ 64, 1, 1048576 },
		{ 64, 0, 1048576 },
		{ 4194304, 1073741824, 268960085 },
	};
	unsigned int i;
	long scale;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		scale = sampling_scale(known[i].size, known[i].rate);
		KUNIT_EXPECT_LE_MSG(test, abs(scale - (long)known[i].scale),
				    known[i].scale / 10000 + 1, "%lu at %lu: %ld", known[i].size,
				    known[i].rate, scale);
	}
}

static void expect_fill(struct kunit *test, unsigned int spc, unsigned long asked,
			unsigned long given)
{
	struct class_fill *fill = kunit_kcalloc(test, NR_SPC + 1, sizeof(*fill), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fill);
	profile_fill(fill);
	KUNIT_EXPECT_EQ_MSG(test, fill[spc].asked, asked, "span class %u", spc);
	KUNIT_EXPECT_EQ_MSG(test, fill[spc].given, given, "span class %u", spc);
	kunit_kfree(test, fill);
}

/* What was asked for and what was given, of each span class by itself; only of what lives. */
static void by_class(struct kunit *test)
{
	struct goalloc_cache *cache = goalloc_cache_create("asked", 700, 8, 0, NULL);
	void *objs[6];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	begin(test, 1);
	for (i = 0; i < 6; i++)		/* from one place, of one size */
		objs[i] = i < 2 ? goalloc_alloc(1100, GFP_KERNEL) :
			  i < 5 ? goalloc_alloc_noscan(i < 4 ? 1100 : 100000, GFP_KERNEL) :
				  goalloc_cache_alloc(cache, GFP_KERNEL);
	expect_fill(test, SPC(goalloc_size_class(1100), 0), 2 * 1100, 2 * 1152);
	expect_fill(test, SPC(goalloc_size_class(1100), 1), 2 * 1100, 2 * 1152);
	expect_fill(test, SPC_LARGE_NOSCAN, 100000, 106496);
	expect_fill(test, SPC(goalloc_size_class(700), 0), 0, 0);
	goalloc_free(objs[0]);
	expect_fill(test, SPC(goalloc_size_class(1100), 0), 1100, 1152);
	for (i = 1; i < 5; i++)
		goalloc_free(objs[i]);
	goalloc_cache_free(cache, objs[5]);
	expect_fill(test, SPC(goalloc_size_class(1100), 1), 0, 0);
	expect_fill(test, SPC_LARGE_NOSCAN, 0, 0);
	goalloc_cache_destroy(cache);
}

static void mprof_exit_case(struct kunit *test)
{
	mprof_set_rate(0);
	util_check_identities(test);
}

static struct kunit_case mprof_cases[] = {
	KUNIT_CASE(every_object),
	KUNIT_CASE(every_front_door),
	KUNIT_CASE(other_cpu_and_irq),
	KUNIT_CASE(bulk),
	KUNIT_CASE(caches),
	KUNIT_CASE(windows_that_open),
	KUNIT_CASE(heap_with_objects),
	KUNIT_CASE(moved_by_realloc),
	KUNIT_CASE(bad_frees),
	KUNIT_CASE(neighbours),
	KUNIT_CASE(forgotten),
	KUNIT_CASE(off),
	KUNIT_CASE(by_class),
	KUNIT_CASE(begun_anew),
	KUNIT_CASE(many_buckets),
	KUNIT_CASE(known_mix),
	KUNIT_CASE(gaps),
	KUNIT_CASE(scales),
	{}
};

static struct kunit_suite mprof_suite = {
	.name = "goalloc_mprof",
	.exit = mprof_exit_case,
	.test_cases = mprof_cases,
};

kunit_test_suite(mprof_suite);
