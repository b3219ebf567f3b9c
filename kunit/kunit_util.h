/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: seeded random numbers, contents that can be checked,
 * moving between CPUs, and a private heap that nobody else touches.
 */
#ifndef _GOALLOC_KUNIT_UTIL_H
#define _GOALLOC_KUNIT_UTIL_H

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../goalloc/internal.h"
#include "../goalloc/limit.h"
#include "../goalloc/mstats.h"

/* A seed, printed, so that a failure can be repeated: insmod goalloc_kunit.ko seed=... */
void util_seed(struct kunit *test, struct rnd_state *rnd);

static inline u32 util_below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

/* A size as clients ask for them: mostly small, now and then up to @most. */
size_t util_size(struct rnd_state *rnd, size_t most);

/* Contents that depend on the key and the place, so that no two objects look alike. */
void util_fill(void *ptr, size_t bytes, u32 key);
bool util_filled(const void *ptr, size_t bytes, u32 key);
/*
 * Contents of one byte.  Not inlined: usable bytes beyond the size that was asked
 * for are no concern of FORTIFY_SOURCE here.
 */
void util_set(void *ptr, u8 byte, size_t bytes);
bool util_is(const void *ptr, u8 byte, size_t bytes);

static inline bool util_is_zero(const void *ptr, size_t bytes)
{
	return util_is(ptr, 0, bytes);
}

/* The node that serves this CPU: its own, unless that has no memory. */
static inline int util_memory_node(void)
{
	return heap_node(numa_mem_id());
}

/* For a case that allocates where on PREEMPT_RT kmalloc() cannot be called either. */
static inline void util_skip_on_rt(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no allocation in atomic context on PREEMPT_RT");
}

/* Stay on one CPU until the case ends; each case has a thread of its own. */
void util_pin(struct kunit *test, unsigned int cpu);
/* A CPU that is not @cpu; skips the case on a machine that has none. */
unsigned int util_other_cpu(struct kunit *test, unsigned int cpu);
/* Call @fn in hard interrupt context on @cpu and wait. */
void util_call_on(struct kunit *test, unsigned int cpu, void (*fn)(void *arg), void *arg);
/* Run @fn in a worker of each online CPU, all at once, and wait. */
void util_run_on_all(struct kunit *test, void (*fn)(unsigned int cpu, void *arg), void *arg);

/*
 * A heap of the case's own, in test->priv: the scavenger does not know it, so
 * that its spans move only when the case moves them.  For .init and .exit of a
 * suite.  The exit checks that every span can be given back.
 */
int util_heap_init(struct kunit *test);
void util_heap_exit(struct kunit *test);
/* Empty all its caches and centrals. */
void util_heap_flush(struct kunit *test);
/* Spans that it has in any state. */
unsigned int util_heap_spans(struct goalloc_heap *heap);

static inline struct goalloc_heap *util_heap(struct kunit *test)
{
	return test->priv;
}

/* Its central of a span class, on the node that util_memory_node() says. */
static inline struct mcentral *util_central(struct kunit *test, unsigned int spc)
{
	return heap_central(util_heap(test), util_memory_node(), spc);
}

static inline struct mcache_slot *util_slot(struct goalloc_heap *heap, unsigned int spc)
{
	return &raw_cpu_ptr(heap->cache)->slot[spc];
}

/* Free an object of a private heap, as the front door would. */
enum free_result util_free(const void *ptr);

/* The statistics of the default heap when nothing is cached and nothing idle. */
void util_settled(struct mem_stats *st, struct span_walk *walk);

/* Objects of the default heap that are in use when nothing is cached. */
unsigned long util_live(void);
/* So many are in use, and so many bad frees were reported since the module was loaded. */
void util_expect_live(struct kunit *test, unsigned long objects, unsigned long reports);

#ifdef CONFIG_FAULT_INJECTION
#define MANY_TIMES	1000000	/* faults that no case comes near */
/* From now on each @interval-th call of @point fails, @times times. */
void util_arm(enum fault_point point, unsigned long interval, int times);
/* Returns how many faults there were since util_arm(). */
unsigned int util_disarm(enum fault_point point, int times);
#endif

/* A device, for root_device_unregister(). */
struct device *util_device(struct kunit *test, const char *name);

/*
 * The identities that hold whenever nothing is on its way.  How many do not: each
 * is a failed expectation as well.
 */
unsigned int util_check_identities(struct kunit *test);

/*
 * Allocate and free @n objects of all kinds on the default heap, with their
 * contents checked: the allocator still works.
 */
void util_check_allocator(struct kunit *test, unsigned int n);

#endif /* _GOALLOC_KUNIT_UTIL_H */
