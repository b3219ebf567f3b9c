/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc_bench: goalloc measured beside SLUB, in the same kernel and the same run.
 *
 * THEORY OF OPERATION
 *
 * A workload is one piece of code that is run over a table of allocators: goalloc,
 * kmalloc(), and a kmem_cache of exactly the size asked for.  What it finds goes to
 * the kernel log, a value a line, and scripts/bench reads it there:
 *
 *	goalloc_bench: result WORKLOAD SIZE UNIT ALLOCATOR VALUE
 *
 * A workload that is timed runs once more with an allocator that does nothing, and
 * what that takes is subtracted: it is the workload's own loop, calls included.  Of
 * crews it is not subtracted, and of most of them reported (bench_crew.c).
 *
 * There are two clocks.  In QEMU with -icount shift=0 on one CPU the cycle counter
 * counts instructions and repeats.  What is timed runs with interrupts off there,
 * because they would be counted.  User-mode Linux runs at the machine's own speed,
 * where other things run too: there each allocator takes its turn in every round, and
 * every round is reported.
 */
#ifndef _GOALLOC_BENCH_H
#define _GOALLOC_BENCH_H

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/timex.h>
#include <linux/types.h>

/**
 * struct bench_allocator - a row of the table
 * @name: goalloc, kmalloc, kmem_cache, or nothing
 * @alloc: allocate; of a kmem_cache, what bench_cache_create() was told
 * @free: free
 */
struct bench_allocator {
	const char *name;
	void *(*alloc)(size_t size, gfp_t gfp);
	void (*free)(void *ptr);
};

extern const struct bench_allocator bench_goalloc, bench_kmalloc, bench_kmem_cache;
extern const struct bench_allocator bench_nothing;
extern struct kmem_cache *bench_slab;

/* For each allocator of a workload whose objects all have the same size. */
#define NR_ALLOCATORS	3
/* For each allocator of a workload with objects of many sizes. */
#define NR_ALLOCATORS_ANY_SIZE	2

extern const struct bench_allocator *const bench_allocators[NR_ALLOCATORS];

#define BENCH_NATIVE	IS_ENABLED(CONFIG_UML)

extern unsigned int bench_rounds;
extern bool bench_quick;
extern char *bench_trace;
extern unsigned int bench_heap_mib;

/* Nothing that is timed may sleep where interrupts are off. */
#define BENCH_GFP	(BENCH_NATIVE ? GFP_KERNEL : GFP_ATOMIC)

/* Instructions, or nanoseconds. */
static inline u64 bench_now(void)
{
	return BENCH_NATIVE ? ktime_get_ns() : get_cycles();
}

/**
 * struct bench_timer - from bench_start() to bench_stop()
 * @start: when it was started
 * @flags: whether interrupts were on
 */
struct bench_timer {
	u64 start;
	unsigned long flags;
};

static inline void bench_start(struct bench_timer *t)
{
	if (!BENCH_NATIVE)
		local_irq_save(t->flags);
	t->start = bench_now();
}

/* What has passed; interrupts are on again. */
static inline u64 bench_stop(struct bench_timer *t)
{
	u64 passed = bench_now() - t->start;

	if (!BENCH_NATIVE)
		local_irq_restore(t->flags);
	return passed;
}

#define BENCH_UNIT	(BENCH_NATIVE ? "ns" : "instructions")

/* Pseudo-random numbers that are the same in every run: xorshift. */
static inline u64 bench_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

/* Below @limit; not quite uniform, which matters to nobody here. */
static inline u32 bench_random_below(u64 *state, u32 limit)
{
	return ((bench_random(state) & U32_MAX) * limit) >> 32;
}

#define BENCH_SEED	0x9e3779b97f4a7c15ULL

int bench_cache_create(size_t size);
void bench_cache_destroy(void);
void bench_report(const char *workload, size_t size, const char *unit,
		  const struct bench_allocator *a, s64 hundredths);
void bench_report_each(const char *workload, size_t size, const struct bench_allocator *a,
		       s64 time, u64 operations);

int bench_run_pair(void);
int bench_run_batch(void);
int bench_run_bulk(void);
int bench_run_pair_dropin(void);
int bench_run_pair_cache(void);
int bench_run_bulk_cache(void);
int bench_run_live(void);
int bench_run_heap(void);
int bench_run_worst(void);
int bench_run_memory_uniform(void);
int bench_run_memory_exponential(void);
int bench_run_memory_pow2plus1(void);
int bench_run_memory_trace(void);
int bench_run_metadata(void);
int bench_run_replay(void);
int bench_run_ring(void);
int bench_run_xmalloc(void);
int bench_run_larson(void);
int bench_run_mstress(void);
int bench_run_scratch(void);
int bench_run_thrash(void);

/* Many objects of one size, to be allocated in one trip and freed in another. */
struct bench_trip {
	const struct bench_allocator *name;
	size_t (*alloc)(size_t size, size_t n);
	void (*free)(size_t n);
};

#define BENCH_TRIP_MOST	64

extern const struct bench_trip bench_kmem_cache_trip;

bool bench_trips(const struct bench_trip *t, size_t size, size_t n, u64 *alloc, u64 *free);
void bench_report_pairs(const char *workload, size_t size, const struct bench_allocator *own);

/* What an allocator holds of the machine's memory, in bytes. */
struct bench_usage {
	u64 drawn;		/* where objects lie, and what waits for some */
	u64 metadata;		/* beside it, if it is known apart */
};

int bench_usage_read(const struct bench_allocator *a, struct bench_usage *u);
int bench_give_back(const struct bench_allocator *a);
void bench_report_peak(const char *what, const struct bench_allocator *a,
		       const struct bench_usage *before, u64 requested, u64 rounded);
int bench_report_after(const char *what, const struct bench_allocator *a,
		       const struct bench_usage *before, u64 requested);
size_t bench_rounded(const struct bench_allocator *a, size_t size);

#endif /* _GOALLOC_BENCH_H */
