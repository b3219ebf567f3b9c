// SPDX-License-Identifier: GPL-2.0
/*
 * pair: one allocation and its free at once, everything warm: the price of the
 * fast paths.
 *
 * Once with a size that the compiler does not know, and once with one that it does:
 * kmalloc() then finds its cache when it is compiled.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/goalloc.h>

#include "bench.h"

/* So many pairs are timed at once; the cheapest of so many batches counts. */
struct shape {
	unsigned int pairs, batches;
};

/* The pairs of one size, constant or not.  */
static noinline u64 loop(const struct bench_allocator *a, size_t size, unsigned int pairs)
{
	struct bench_timer timer;

	bench_start(&timer);
	while (pairs--)
		a->free(a->alloc(size, BENCH_GFP));
	return bench_stop(&timer);
}

/* Clearing large objects takes its time under -icount. */
static struct shape shape_of(size_t size)
{
	if (BENCH_NATIVE)
		return (struct shape){ .pairs = size > SZ_8K ? 2000 : 20000, .batches = 1 };
	if (size > SZ_32K)
		return (struct shape){ .pairs = 25, .batches = 4 };
	return (struct shape){ .pairs = 200, .batches = 5 };
}

static u64 cheapest(const struct bench_allocator *a, size_t size)
{
	struct shape shape = shape_of(size);
	u64 least = U64_MAX;

	while (shape.batches--) {
		least = min(least, loop(a, size, shape.pairs));
		cond_resched();
	}
	return least;
}

static void measure(const char *workload, const struct bench_allocator *a,
		    const struct bench_allocator *nothing, size_t size)
{
	u64 time = cheapest(a, size);

	bench_report_each(workload, size, a, time - cheapest(nothing, size), shape_of(size).pairs);
}

/* --- Sizes that the compiler knows: a function for each */

#define GOALLOC_OF(size)							\
static noinline void *goalloc_of_##size(size_t unused, gfp_t gfp)		\
{										\
	return goalloc_alloc(size, BENCH_GFP);					\
}

#define KMALLOC_OF(size)							\
static noinline void *kmalloc_of_##size(size_t unused, gfp_t gfp)		\
{										\
	return kmalloc(size, BENCH_GFP);					\
}

#define SIZE		GOALLOC_OF
#define LARGE_SIZE	GOALLOC_OF
#include "bench_sizes.h"
#define SIZE		KMALLOC_OF
#define LARGE_SIZE	KMALLOC_OF
#include "bench_sizes.h"

#define ROW(size)		{ size, goalloc_of_##size, kmalloc_of_##size }

static const struct {
	size_t size;
	void *(*goalloc)(size_t size, gfp_t gfp);
	void *(*kmalloc)(size_t size, gfp_t gfp);
} sizes[] = {
#define SIZE(size)		ROW(size),
#define LARGE_SIZE(size)	ROW(size),
#include "bench_sizes.h"
};

static void one_size(unsigned int i)
{
	size_t size = sizes[i].size;
	const struct bench_allocator constant[] = {
		{ bench_goalloc.name, sizes[i].goalloc, bench_goalloc.free },
		{ bench_kmalloc.name, sizes[i].kmalloc, bench_kmalloc.free },
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(bench_allocators); n++)
		measure("pair", bench_allocators[n], &bench_nothing, size);
	for (n = 0; n < ARRAY_SIZE(constant); n++)
		measure("pair-constant", &constant[n], &bench_nothing, size);
	measure("pair-constant", &bench_kmem_cache, &bench_nothing, size);
}

int bench_run_pair(void)
{
	unsigned int i, round;
	int err;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		err = bench_cache_create(sizes[i].size);
		if (err)
			return err;
		for (round = 0; round < bench_rounds; round++)
			one_size(i);
		bench_cache_destroy();
	}
	return 0;
}
