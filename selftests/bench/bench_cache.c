// SPDX-License-Identifier: GPL-2.0
/*
 * cache: an object cache beside a kmem_cache of the same size: one allocation and its
 * free at once, and 64 objects in one trip and back.
 *
 * goalloc's column is goalloc_cache_alloc() and its like.  kmalloc() is beside it in
 * pairs, for what a cache saves.  Everything is warm.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/goalloc_cache.h>

#include "bench.h"

static struct goalloc_cache *cache;
static void *objects[BENCH_TRIP_MOST];

static const size_t sizes[] = { 64, 200, 256, SZ_1K, 1100 };

static noinline void *cache_of(size_t size, gfp_t gfp)
{
	return goalloc_cache_alloc(cache, gfp);
}

static noinline void cache_back(void *ptr)
{
	goalloc_cache_free(cache, ptr);
}

static noinline size_t cache_many(size_t size, size_t n)
{
	return goalloc_cache_alloc_bulk(cache, BENCH_GFP, n, objects);
}

static noinline void cache_many_back(size_t n)
{
	goalloc_cache_free_bulk(cache, n, objects);
}

static const struct bench_trip cache_trip = { &bench_goalloc, cache_many, cache_many_back };
static const struct bench_trip *const trips[] = { &cache_trip, &bench_kmem_cache_trip };

static int pairs_of(size_t size)
{
	const struct bench_allocator own = { bench_goalloc.name, cache_of, cache_back };

	bench_report_pairs("pair-cache", size, &own);
	return 0;
}

static int trips_of(size_t size)
{
	unsigned int i;
	u64 alloc, free;

	for (i = 0; i < ARRAY_SIZE(trips); i++) {
		if (!bench_trips(trips[i], size, BENCH_TRIP_MOST, &alloc, &free))
			return -ENOMEM;
		bench_report_each("bulk-cache-alloc", size, trips[i]->name, alloc, BENCH_TRIP_MOST);
		bench_report_each("bulk-cache-free", size, trips[i]->name, free, BENCH_TRIP_MOST);
	}
	return 0;
}

static int one_size(size_t size, int (*run)(size_t size))
{
	unsigned int round;
	int err;

	err = bench_cache_create(size);
	cache = goalloc_cache_create("goalloc_bench", size, 0, 0, NULL);
	if (!cache)
		err = -ENOMEM;
	for (round = 0; round < bench_rounds && !err; round++)
		err = run(size);
	if (goalloc_cache_destroy(cache))
		err = -EBUSY;
	bench_cache_destroy();
	return err;
}

static int all_sizes(int (*run)(size_t size))
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++)
		err = one_size(sizes[i], run);
	return err;
}

int bench_run_pair_cache(void)
{
	return all_sizes(pairs_of);
}

int bench_run_bulk_cache(void)
{
	return all_sizes(trips_of);
}
