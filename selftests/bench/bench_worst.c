// SPDX-License-Identifier: GPL-2.0
/*
 * worst: how long the slowest allocation and the slowest free take, each timed for
 * itself, GFP_ATOMIC.  The maximum, the 99.99th percentile and the median.
 *
 * Cold: 20,000 objects of random sizes up to 8 KiB are allocated where there was
 * nothing, and freed down to nothing.  Warm: random ones of them are replaced, and
 * every so often a thousand are freed and a thousand others allocated at once.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define OBJECTS		20000
#define WARM		200000
#define BURST		1000

struct series {
	u32 *times;
	u32 n;
};

static void **objects;
static struct series allocs, frees;
static u64 random_state;

static u64 timed_alloc(const struct bench_allocator *a, unsigned int i)
{
	/* most objects are small, as in life: uniform in the logarithm */
	size_t most = SZ_16 << bench_random_below(&random_state, 10);
	size_t size = 1 + bench_random_below(&random_state, most);
	struct bench_timer timer;

	bench_start(&timer);
	objects[i] = a->alloc(size, GFP_ATOMIC);
	return bench_stop(&timer);
}

static u64 timed_free(const struct bench_allocator *a, unsigned int i)
{
	struct bench_timer timer;

	bench_start(&timer);
	a->free(objects[i]);
	return bench_stop(&timer);
}

static void add(struct series *s, u64 time)
{
	s->times[s->n++] = min_t(u64, time, U32_MAX);
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* @loop is what timing nothing takes. */
static void report(const char *what, const struct bench_allocator *a, struct series *s, u32 loop)
{
	char name[64];

	sort(s->times, s->n, sizeof(u32), compare, NULL);
	snprintf(name, sizeof(name), "worst-%s-max", what);
	bench_report_each(name, 0, a, (s64)s->times[s->n - 1] - loop, 1);
	snprintf(name, sizeof(name), "worst-%s-p9999", what);
	bench_report_each(name, 0, a, (s64)s->times[s->n - 1 - s->n / 10000] - loop, 1);
	snprintf(name, sizeof(name), "worst-%s-median", what);
	bench_report_each(name, 0, a, (s64)s->times[s->n / 2] - loop, 1);
	s->n = 0;
}

static void fill(const struct bench_allocator *a)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		add(&allocs, timed_alloc(a, i));
		if (i % SZ_1K == 0)
			cond_resched();
	}
}

static void drain(const struct bench_allocator *a)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		add(&frees, timed_free(a, i));
		if (i % SZ_1K == 0)
			cond_resched();
	}
}

static void burst(const struct bench_allocator *a)
{
	unsigned int i, from = bench_random_below(&random_state, OBJECTS - BURST);

	for (i = from; i < from + BURST; i++)
		add(&frees, timed_free(a, i));
	for (i = from; i < from + BURST; i++)
		add(&allocs, timed_alloc(a, i));
	cond_resched();
}

static void churn(const struct bench_allocator *a, unsigned int operations)
{
	unsigned int i;

	while (allocs.n + BURST < operations) {
		for (i = 0; i < BURST; i++) {
			unsigned int o = bench_random_below(&random_state, OBJECTS);

			add(&frees, timed_free(a, o));
			add(&allocs, timed_alloc(a, o));
		}
		burst(a);
	}
}

static u32 cost_of_timing(void)
{
	u64 least = U64_MAX;
	unsigned int i;

	for (i = 0; i < 100; i++)
		least = min(least, timed_alloc(&bench_nothing, 0));
	return least;
}

static void one(const struct bench_allocator *a)
{
	u32 loop = cost_of_timing();

	random_state = BENCH_SEED;
	fill(a);
	report("alloc-cold", a, &allocs, loop);
	churn(a, bench_quick ? WARM / 4 : WARM);
	report("alloc-warm", a, &allocs, loop);
	report("free-warm", a, &frees, loop);
	drain(a);
	report("free-drain", a, &frees, loop);
}

int bench_run_worst(void)
{
	unsigned int n;
	int err = -ENOMEM;

	objects = vmalloc(array_size(OBJECTS, sizeof(*objects)));
	allocs.times = vmalloc(array_size(WARM + OBJECTS, sizeof(u32)));
	frees.times = vmalloc(array_size(WARM + OBJECTS, sizeof(u32)));
	if (objects && allocs.times && frees.times) {
		for (n = 0; n < NR_ALLOCATORS_ANY_SIZE; n++)
			one(bench_allocators[n]);
		err = 0;
	}
	vfree(frees.times);
	vfree(allocs.times);
	vfree(objects);
	return err;
}
