// SPDX-License-Identifier: GPL-2.0
/*
 * live, heap: does an operation cost more when more is live?
 *
 * live holds 10^3 to 10^7 objects of 64 bytes and replaces one at random, again and
 * again: a free somewhere, and an allocation.  What is reported is the price of the
 * two, by the number of live objects.
 *
 * heap holds 64 MiB to 16 GiB of objects of 33 to 256 KiB, which are spans of
 * goalloc's page heap and whole pages of the buddy allocator to kmalloc(), and
 * replaces one at random by one of another size.  By MiB.  Without zeroing the memory
 * itself is never touched.
 */
#define pr_fmt(fmt) "goalloc_bench: " fmt

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define LIVE_SIZE	64
#define LIVE_MAX	10000000
#define LIVE_MAX_QUICK	100000
#define REPLACED	2000		/* timed together */
#define TURNS		10

#define SPAN_LEAST	(33 * SZ_1K)
#define SPAN_MOST	SZ_256K
#define SPAN_MEAN	((SPAN_LEAST + SPAN_MOST) / 2)

struct live {
	const struct bench_allocator *a;
	void **objects;
	u32 number;
	u32 least, most;	/* bytes an object */
	u64 random;
};

static noinline size_t random_size(struct live *l)
{
	if (l->least == l->most)
		return l->least;
	return l->least + bench_random_below(&l->random, l->most - l->least);
}

static bool fill(struct live *l)
{
	u32 n;

	for (n = 0; n < l->number; n++) {
		l->objects[n] = l->a->alloc(random_size(l), GFP_KERNEL | __GFP_NOWARN);
		if (!l->objects[n]) {
			l->number = n;
			return false;
		}
		if (n % SZ_1K == 0)
			cond_resched();
	}
	return true;
}

static void drain(struct live *l)
{
	u32 n;

	for (n = 0; n < l->number; n++) {
		l->a->free(l->objects[n]);
		if (n % SZ_1K == 0)
			cond_resched();
	}
}

static noinline u64 replace(struct live *l)
{
	struct bench_timer timer;
	unsigned int n;

	bench_start(&timer);
	for (n = 0; n < REPLACED; n++) {
		void **object = &l->objects[bench_random_below(&l->random, l->number)];

		l->a->free(*object);
		*object = l->a->alloc(random_size(l), BENCH_GFP);
	}
	return bench_stop(&timer);
}

/* The mean of many turns: replacements differ, and so do turns. */
static u64 replace_often(struct live *l)
{
	unsigned int n;
	u64 sum = 0;

	l->random = BENCH_SEED;
	for (n = 0; n < TURNS; n++) {
		replace(l);		/* the heap comes to its steady state */
		cond_resched();
	}
	for (n = 0; n < TURNS; n++) {
		sum += replace(l);
		cond_resched();
	}
	return sum;
}

/* Where an allocator cannot hold as much in this machine, nothing is reported. */
static int one(const char *workload, struct live *l, size_t reported)
{
	struct live none = *l;
	u64 time, loop;
	bool full;

	none.a = &bench_nothing;
	l->random = BENCH_SEED;
	l->objects = vmalloc(array_size(l->number, sizeof(*l->objects)));
	none.objects = l->objects;
	if (!l->objects)
		return -ENOMEM;
	full = fill(l);
	time = full ? replace_often(l) : 0;
	drain(l);
	if (full) {
		loop = replace_often(&none);
		bench_report_each(workload, reported, l->a, time - loop, TURNS * REPLACED);
	} else {
		pr_info("%s %zu: not enough memory for %s\n", workload, reported, l->a->name);
	}
	vfree(l->objects);
	return 0;
}

int bench_run_live(void)
{
	u32 number, most = bench_quick ? LIVE_MAX_QUICK : LIVE_MAX;
	unsigned int n;
	int err = 0;

	for (number = 1000; number <= most && !err; number *= 10) {
		err = bench_cache_create(LIVE_SIZE);
		for (n = 0; n < NR_ALLOCATORS && !err; n++) {
			struct live l = {
				.a = bench_allocators[n], .number = number,
				.least = LIVE_SIZE, .most = LIVE_SIZE,
			};

			err = one("live", &l, number);
		}
		bench_cache_destroy();
	}
	return err;
}

int bench_run_heap(void)
{
	unsigned int mib, n;
	int err = 0;

	for (mib = 64; mib <= bench_heap_mib && !err; mib *= 4) {
		for (n = 0; n < NR_ALLOCATORS_ANY_SIZE && !err; n++) {
			struct live l = {
				.a = bench_allocators[n], .number = (u64)mib * SZ_1M / SPAN_MEAN,
				.least = SPAN_LEAST, .most = SPAN_MOST,
			};

			err = one("heap", &l, mib);
		}
	}
	return err;
}
