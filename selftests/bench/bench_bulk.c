// SPDX-License-Identifier: GPL-2.0
/*
 * bulk: 16 or 64 objects in one trip, and back, beside kmem_cache_alloc_bulk(); and the
 * pair from a named heap beside that of a kmem_cache.
 *
 * kmalloc() has no bulk allocation: its column is one by one, and kfree_bulk() back.
 * Everything is warm: it is the trips that are measured.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/goalloc.h>

#include "bench.h"

#define TRIPS		20
#define BATCHES		5

static void *objects[BENCH_TRIP_MOST];
static struct goalloc_heap *heap;

static const size_t sizes[] = { 64, 256, SZ_1K };
static const size_t counts[] = { 16, BENCH_TRIP_MOST };
static const char * const workload_alloc[] = { "bulk-alloc-16", "bulk-alloc-64" };
static const char * const workload_free[] = { "bulk-free-16", "bulk-free-64" };

static noinline size_t goalloc_many(size_t size, size_t n)
{
	return goalloc_alloc_bulk(size, BENCH_GFP, n, objects);
}

static noinline void goalloc_many_back(size_t n)
{
	goalloc_free_bulk(n, objects);
}

static noinline size_t kmalloc_many(size_t size, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		objects[i] = kmalloc(size, BENCH_GFP);
		if (!objects[i])
			break;
	}
	return i;
}

static noinline void kmalloc_many_back(size_t n)
{
	kfree_bulk(n, objects);
}

static noinline size_t kmem_cache_many(size_t size, size_t n)
{
	/* how many; from 7.0 on only whether */
	return kmem_cache_alloc_bulk(bench_slab, BENCH_GFP, n, objects) ? n : 0;
}

static noinline void kmem_cache_many_back(size_t n)
{
	kmem_cache_free_bulk(bench_slab, n, objects);
}

const struct bench_trip bench_kmem_cache_trip = {
	&bench_kmem_cache, kmem_cache_many, kmem_cache_many_back,
};

static const struct bench_trip goalloc_trip = { &bench_goalloc, goalloc_many, goalloc_many_back };
static const struct bench_trip kmalloc_trip = { &bench_kmalloc, kmalloc_many, kmalloc_many_back };

static const struct bench_trip *const trips[] = {
	&goalloc_trip, &kmalloc_trip, &bench_kmem_cache_trip,
};

/* The cheapest of some trips there and back. */
bool bench_trips(const struct bench_trip *t, size_t size, size_t n, u64 *alloc, u64 *free)
{
	struct bench_timer timer;
	unsigned int i;
	size_t got;
	u64 time;

	*alloc = U64_MAX;
	*free = U64_MAX;
	for (i = 0; i < TRIPS * BATCHES; i++) {
		bench_start(&timer);
		got = t->alloc(size, n);
		time = bench_stop(&timer);
		if (got != n)
			return false;
		*alloc = min(*alloc, time);
		bench_start(&timer);
		t->free(n);
		*free = min(*free, bench_stop(&timer));
	}
	cond_resched();
	return true;
}

static int one_trip(const struct bench_trip *t, size_t size, unsigned int c)
{
	u64 alloc, free;

	if (!bench_trips(t, size, counts[c], &alloc, &free))
		return -ENOMEM;
	bench_report_each(workload_alloc[c], size, t->name, alloc, counts[c]);
	bench_report_each(workload_free[c], size, t->name, free, counts[c]);
	return 0;
}

static noinline void *heap_of(size_t size, gfp_t gfp)
{
	return goalloc_heap_alloc(heap, size, gfp);
}

static noinline void heap_back(void *ptr)
{
	goalloc_heap_free(heap, ptr);
}

/* A pair of @own, which stands for goalloc, and those of the others. */
void bench_report_pairs(const char *workload, size_t size, const struct bench_allocator *own)
{
	const struct bench_allocator *const all[] = { own, &bench_kmalloc, &bench_kmem_cache };
	struct bench_timer timer;
	unsigned int n, i;
	u64 least, none;

	for (n = 0; n < ARRAY_SIZE(all); n++) {
		const struct bench_allocator *a = all[n];

		for (least = U64_MAX, none = U64_MAX, i = 0; i < TRIPS; i++) {
			bench_start(&timer);
			a->free(a->alloc(size, BENCH_GFP));
			least = min(least, bench_stop(&timer));
			bench_start(&timer);
			bench_nothing.free(bench_nothing.alloc(size, BENCH_GFP));
			none = min(none, bench_stop(&timer));
		}
		bench_report_each(workload, size, a, least - none, 1);
	}
}

static int one_size(size_t size)
{
	const struct bench_allocator own = { bench_goalloc.name, heap_of, heap_back };
	unsigned int c, i, round;
	int err = 0;

	for (round = 0; round < bench_rounds; round++) {
		for (c = 0; c < ARRAY_SIZE(counts); c++)
			for (i = 0; i < ARRAY_SIZE(trips) && !err; i++)
				err = one_trip(trips[i], size, c);
		bench_report_pairs("pair-heap", size, &own);
	}
	return err;
}

int bench_run_bulk(void)
{
	unsigned int i;
	int err = 0;

	heap = goalloc_heap_create("goalloc_bench", 0);
	if (!heap)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
		err = bench_cache_create(sizes[i]);
		err = err ?: one_size(sizes[i]);
		bench_cache_destroy();
	}
	return goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY) ?: err;
}
