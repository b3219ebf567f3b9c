// SPDX-License-Identifier: GPL-2.0
/*
 * batch: 4000 objects are allocated, all live at once, and then freed, in the order
 * in which they came, reversed, or shuffled.  What an allocation and what a free
 * cost is reported each for itself.
 *
 * Here the per-CPU caches run empty and full again and again, so that this is the
 * price of the fast path with its share of everything below it.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define OBJECTS		4000
#define BATCHES		(BENCH_NATIVE ? 1 : 3)	/* of which the cheapest counts */

static const size_t sizes[] = {
#define SIZE(size)	size,
#include "bench_sizes.h"
};

enum order { IN_ORDER, REVERSED, SHUFFLED, NR_ORDERS };

static const char *const workload_alloc[NR_ORDERS] = {
	"batch-alloc-inorder", "batch-alloc-reversed", "batch-alloc-shuffled",
};

static const char *const workload_free[NR_ORDERS] = {
	"batch-free-inorder", "batch-free-reversed", "batch-free-shuffled",
};

static void **objects;
static u32 *orders[NR_ORDERS];

struct cost {
	u64 alloc, free;
};

/* Objects are freed as @order says.  Returns whether all could be had. */
static noinline bool batch(const struct bench_allocator *a, size_t size, const u32 *order,
			   struct cost *cost)
{
	struct bench_timer timer;
	bool complete = true;
	unsigned int n;

	bench_start(&timer);
	for (n = 0; n < OBJECTS; n++)
		objects[n] = a->alloc(size, BENCH_GFP);
	cost->alloc = bench_stop(&timer);
	for (n = 0; n < OBJECTS; n++)
		complete &= !!objects[n];
	bench_start(&timer);
	for (n = 0; n < OBJECTS; n++)
		a->free(objects[order[n]]);
	cost->free = bench_stop(&timer);
	cond_resched();
	return complete;
}

static bool cheapest(const struct bench_allocator *a, size_t size, const u32 *order,
		     struct cost *least)
{
	unsigned int n;
	struct cost cost;

	*least = (struct cost){ U64_MAX, U64_MAX };
	for (n = 0; n < BATCHES; n++) {
		if (!batch(a, size, order, &cost))
			return false;
		least->alloc = min(least->alloc, cost.alloc);
		least->free = min(least->free, cost.free);
	}
	return true;
}

static int one_size(size_t size)
{
	struct cost cost, none;
	unsigned int n, o;

	for (o = 0; o < NR_ORDERS; o++) {
		for (n = 0; n < NR_ALLOCATORS; n++) {
			const struct bench_allocator *a = bench_allocators[n];

			if (!cheapest(a, size, orders[o], &cost) ||
			    !cheapest(&bench_nothing, size, orders[o], &none))
				return -ENOMEM;
			bench_report_each(workload_alloc[o], size, a, cost.alloc - none.alloc,
					  OBJECTS);
			bench_report_each(workload_free[o], size, a, cost.free - none.free,
					  OBJECTS);
		}
	}
	return 0;
}

static void fill_orders(void)
{
	u64 random = BENCH_SEED;
	unsigned int n, other;

	for (n = 0; n < OBJECTS; n++) {
		orders[IN_ORDER][n] = n;
		orders[REVERSED][n] = OBJECTS - 1 - n;
		orders[SHUFFLED][n] = n;
	}
	for (n = OBJECTS - 1; n; n--) {
		other = bench_random_below(&random, n + 1);
		swap(orders[SHUFFLED][n], orders[SHUFFLED][other]);
	}
}

int bench_run_batch(void)
{
	unsigned int i, round;
	int err = -ENOMEM;

	objects = vmalloc(array_size(OBJECTS, sizeof(*objects)));
	for (i = 0; i < NR_ORDERS; i++)
		orders[i] = vmalloc(array_size(OBJECTS, sizeof(u32)));
	if (!objects || !orders[IN_ORDER] || !orders[REVERSED] || !orders[SHUFFLED])
		goto out;
	fill_orders();
	err = 0;
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
		err = bench_cache_create(sizes[i]);
		for (round = 0; round < bench_rounds && !err; round++)
			err = one_size(sizes[i]);
		bench_cache_destroy();
	}
out:
	for (i = 0; i < NR_ORDERS; i++)
		vfree(orders[i]);
	vfree(objects);
	return err;
}
