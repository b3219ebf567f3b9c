/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workloads of several CPUs: a crew of threads, each bound to a CPU of its own, that
 * start together.  What is reported is the time from the first start to the last
 * end, by operations of one CPU; nothing is subtracted, but what most
 * take by themselves is reported as well.
 */
#ifndef _GOALLOC_BENCH_CREW_H
#define _GOALLOC_BENCH_CREW_H

#include <linux/completion.h>
#include <linux/types.h>

#include "bench.h"

#define CREW_MAX	2

struct bench_crew;

/**
 * struct bench_worker - one thread of a crew
 * @crew: its crew
 * @index: which of the crew, from 0 on
 * @random: its own state for bench_random()
 * @operations: what it has done, for the report
 * @start: when it began
 * @end: when it ended
 * @done: it has
 */
struct bench_worker {
	struct bench_crew *crew;
	unsigned int index;
	u64 random;
	u64 operations;
	u64 start, end;
	struct completion done;
} ____cacheline_aligned;

/**
 * struct bench_crew - threads that do the same
 * @a: the allocator that they use
 * @n: how many there are
 * @size: bytes an object, where all have the same size
 * @work: what each does; returns false if it got no memory
 * @arrived: how many have come to the barrier
 * @phase: how often all have been there
 * @failed: one of them got no memory
 * @worker: the threads
 */
struct bench_crew {
	const struct bench_allocator *a;
	unsigned int n;
	size_t size;
	bool (*work)(struct bench_worker *w);
	atomic_t arrived;
	unsigned int phase;
	bool failed;
	struct bench_worker worker[CREW_MAX];
};

void bench_relax(void);
void bench_barrier(struct bench_crew *crew);
int bench_crew_run(const char *workload, struct bench_crew *crew);
int bench_crew_table(const char *workload, const struct bench_allocator *const *table,
		     unsigned int rows, unsigned int cpus, size_t size,
		     bool (*work)(struct bench_worker *w));
int bench_crew_alone(const char *workload, unsigned int cpus, size_t size,
		     bool (*work)(struct bench_worker *w));

/* Timing begins here, for all at once. */
static inline void bench_go(struct bench_worker *w)
{
	bench_barrier(w->crew);
	w->start = bench_now();
}

static inline void bench_done(struct bench_worker *w)
{
	w->end = bench_now();
}

#endif /* _GOALLOC_BENCH_CREW_H */
