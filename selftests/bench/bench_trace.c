// SPDX-License-Identifier: GPL-2.0
/*
 * replay, memory-trace: a recorded trace of kmalloc() calls, on one CPU and in task
 * context, with the recorded sizes and zeroing.
 *
 * replay reports what an event costs, allocation or free, all of the trace being
 * played a second time: warm.  memory-trace stops where most bytes are live and
 * reports what is held, as bench_memory.c does for random sizes.
 */
#define pr_fmt(fmt) "goalloc_bench: " fmt

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include <linux/goalloc.h>

#include "goalloc_trace.h"

#include "bench.h"

#define PIECE	1000		/* events that are timed together */

static struct trace recorded;
static void **objects;		/* by the trace's numbers */

static void event(const struct bench_allocator *a, const struct trace_event *e)
{
	gfp_t gfp = BENCH_GFP | (e->op & OP_ZERO ? __GFP_ZERO : 0);

	if (e->size > GOALLOC_MAX_SIZE)
		return;
	if (trace_is_alloc(e)) {
		objects[e->object] = a->alloc(e->size, gfp);
	} else {
		a->free(objects[e->object]);
		objects[e->object] = NULL;
	}
}

/* Returns the time that the events took. */
static u64 play(const struct bench_allocator *a, u32 from, u32 to)
{
	struct bench_timer timer;
	u64 sum = 0;
	u32 i, end;

	while (from < to) {
		end = min(from + PIECE, to);
		bench_start(&timer);
		for (i = from; i < end; i++)
			event(a, &recorded.events[i]);
		sum += bench_stop(&timer);
		cond_resched();
		from = end;
	}
	return sum;
}

static void free_live(const struct bench_allocator *a)
{
	u32 i;

	for (i = 0; i < recorded.nobjects; i++) {
		if (objects[i])
			a->free(objects[i]);
		objects[i] = NULL;
		if (i % SZ_1K == 0)
			cond_resched();
	}
}

static int start(void)
{
	int err = bench_trace ? trace_read(&recorded, bench_trace) : -EINVAL;

	if (err)
		return err;
	objects = vzalloc(array_size(recorded.nobjects, sizeof(*objects)));
	if (objects)
		return 0;
	trace_free(&recorded);
	return -ENOMEM;
}

static void end(void)
{
	vfree(objects);
	trace_free(&recorded);
}

int bench_run_replay(void)
{
	unsigned int n, round;
	u64 time, loop;
	int err = start();

	if (err)
		return err;
	for (round = 0; round < bench_rounds; round++) {
		for (n = 0; n < NR_ALLOCATORS_ANY_SIZE; n++) {
			const struct bench_allocator *a = bench_allocators[n];

			play(a, 0, recorded.nevents);
			free_live(a);
			time = play(a, 0, recorded.nevents);
			free_live(a);
			loop = play(&bench_nothing, 0, recorded.nevents);
			free_live(&bench_nothing);
			bench_report_each("replay", 0, a, time - loop, recorded.nevents);
		}
	}
	end();
	return 0;
}

/* The number of events up to where most bytes are live. */
static u32 peak(u64 *requested)
{
	u64 live = 0, most = 0;
	u32 i, at = 0;

	for (i = 0; i < recorded.nevents; i++) {
		const struct trace_event *e = &recorded.events[i];

		if (e->size > GOALLOC_MAX_SIZE)
			continue;
		live += trace_is_alloc(e) ? e->size : -(u64)e->size;
		if (live > most) {
			most = live;
			at = i + 1;
		}
	}
	*requested = most;
	return at;
}

static u64 rounded(const struct bench_allocator *a, u32 to)
{
	u64 sum = 0, size;
	u32 i;

	for (i = 0; i < to; i++) {
		const struct trace_event *e = &recorded.events[i];

		if (e->size > GOALLOC_MAX_SIZE)
			continue;
		size = bench_rounded(a, e->size);
		sum += trace_is_alloc(e) ? size : -size;
	}
	return sum;
}

int bench_run_memory_trace(void)
{
	struct bench_usage before;
	u64 requested;
	unsigned int n;
	int err = start();
	u32 to;

	if (err)
		return err;
	to = peak(&requested);
	for (n = 0; n < NR_ALLOCATORS_ANY_SIZE && !err; n++) {
		const struct bench_allocator *a = bench_allocators[n];

		err = bench_usage_read(a, &before);
		if (err)
			break;
		play(a, 0, to);
		bench_report_peak("trace", a, &before, requested, rounded(a, to));
		play(a, to, recorded.nevents);
		free_live(a);
		err = bench_report_after("trace", a, &before, requested);
	}
	end();
	return err;
}
