// SPDX-License-Identifier: GPL-2.0
/* What the suites share; see kunit_util.h. */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "../selftests/hrtimer_compat.h"
#include "kunit_compat.h"
#include "kunit_util.h"

#define DEFAULT_SEED	1009

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised cases (default 1009)");

static unsigned long early_seed(void)
{
	const char *args = compat_module_args();
	const char *arg = args ? strstr(args, "seed=") : NULL;

	return arg ? memparse(arg + strlen("seed="), NULL) : 0;
}

void util_seed(struct kunit *test, struct rnd_state *rnd)
{
	unsigned long use = seed ?: early_seed() ?: DEFAULT_SEED;

	kunit_info(test, "seed=%lu", use);
	prandom_seed_state(rnd, use);
}

size_t util_size(struct rnd_state *rnd, size_t most)
{
	unsigned int bits = 3 + util_below(rnd, ilog2(most) - 1);

	if (util_below(rnd, 4))
		bits = min(bits, 10U);
	return min_t(size_t, 1 + util_below(rnd, 1U << bits), most);
}

static u64 pattern(u32 key, size_t word)
{
	u64 x = ((u64)key << 32 | (u32)~key) + word * 0x9e3779b97f4a7c15ULL;

	return (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ULL;
}

void util_fill(void *ptr, size_t bytes, u32 key)
{
	size_t word, rest = bytes % sizeof(u64);
	u64 last = pattern(key, bytes / sizeof(u64));

	for (word = 0; word < bytes / sizeof(u64); word++) {
		u64 x = pattern(key, word);

		memcpy(ptr + word * sizeof(x), &x, sizeof(x));
	}
	memcpy(ptr + bytes - rest, &last, rest);
}

bool util_filled(const void *ptr, size_t bytes, u32 key)
{
	size_t word, rest = bytes % sizeof(u64);
	u64 last = pattern(key, bytes / sizeof(u64));

	for (word = 0; word < bytes / sizeof(u64); word++) {
		u64 x = pattern(key, word);

		if (memcmp(ptr + word * sizeof(x), &x, sizeof(x)))
			return false;
	}
	return !memcmp(ptr + bytes - rest, &last, rest);
}

void util_set(void *ptr, u8 byte, size_t bytes)
{
	memset(ptr, byte, bytes);
}

bool util_is(const void *ptr, u8 byte, size_t bytes)
{
	return !memchr_inv(ptr, byte, bytes);
}

void util_pin(struct kunit *test, unsigned int cpu)
{
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
}

unsigned int util_other_cpu(struct kunit *test, unsigned int cpu)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);

	if (other >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return other;
}

/* An idle CPU answers smp_call_function_single() as a task; a timer always interrupts. */
struct irq_call {
	struct hrtimer timer;
	struct completion done;
	void (*fn)(void *arg);
	void *arg;
};

static enum hrtimer_restart irq_call_run(struct hrtimer *timer)
{
	struct irq_call *call = container_of(timer, struct irq_call, timer);

	call->fn(call->arg);
	complete(&call->done);
	return HRTIMER_NORESTART;
}

static void irq_call_start(void *arg)
{
	struct irq_call *call = arg;

	hrtimer_start(&call->timer, ns_to_ktime(NSEC_PER_USEC), HRTIMER_MODE_REL_PINNED_HARD);
}

static void irq_call_left(void *unused)
{
}

void util_call_on(struct kunit *test, unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct irq_call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->fn = fn;
	call->arg = arg;
	init_completion(&call->done);
	compat_hrtimer_setup(&call->timer, irq_call_run, HRTIMER_MODE_REL_PINNED_HARD);
	KUNIT_ASSERT_EQ(test, smp_call_function_single(cpu, irq_call_start, call, 1), 0);
	wait_for_completion(&call->done);
	/* it answers when the timer's interrupt is over: who asks before races with its end */
	KUNIT_EXPECT_EQ(test, smp_call_function_single(cpu, irq_call_left, NULL, 1), 0);
	hrtimer_cancel(&call->timer);
}

struct cpu_work {
	struct work_struct work;
	void (*fn)(unsigned int cpu, void *arg);
	void *arg;
	unsigned int cpu;
};

static void cpu_work_run(struct work_struct *work)
{
	struct cpu_work *w = container_of(work, struct cpu_work, work);

	w->fn(w->cpu, w->arg);
}

void util_run_on_all(struct kunit *test, void (*fn)(unsigned int cpu, void *arg), void *arg)
{
	struct cpu_work *works = kunit_kcalloc(test, nr_cpu_ids, sizeof(*works), GFP_KERNEL);
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, works);
	for_each_online_cpu(cpu) {
		INIT_WORK(&works[cpu].work, cpu_work_run);
		works[cpu].fn = fn;
		works[cpu].arg = arg;
		works[cpu].cpu = cpu;
		schedule_work_on(cpu, &works[cpu].work);
	}
	for_each_possible_cpu(cpu)
		if (works[cpu].fn)
			flush_work(&works[cpu].work);
}

int util_heap_init(struct kunit *test)
{
	struct goalloc_heap *heap = kzalloc(sizeof(*heap), GFP_KERNEL);

	if (!heap)
		return -ENOMEM;
	test->priv = heap;
	return mcache_heap_init(heap, "kunit", GFP_KERNEL);
}

static void heap_flush_cpu(void *arg)
{
	struct goalloc_heap *heap = arg;
	struct mcache *c = this_cpu_ptr(heap->cache);

	tiny_flush(c);
	mcache_flush(heap, c);
}

void util_heap_flush(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcentral *c;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, heap_flush_cpu, heap, 1);
	for (c = heap->central; c < heap_central_end(heap); c++)
		mcentral_trim(c, 0);
}

unsigned int util_heap_spans(struct goalloc_heap *heap)
{
	unsigned int spans = 0;
	struct mcentral *c;

	for (c = heap->central; c < heap_central_end(heap); c++)
		spans += atomic_read(&c->nr_spans);
	return spans;
}

/* A heap with spans left cannot go: their structs point to it. */
void util_heap_exit(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	unsigned int spans;

	if (!heap || !heap->cache || !heap->central)
		return;
	util_heap_flush(test);
	spans = util_heap_spans(heap);
	KUNIT_EXPECT_EQ_MSG(test, spans, 0, "spans could not be given back");
	if (spans)
		return;
	mcache_heap_exit(heap);
	kfree(heap);
	test->priv = NULL;
}

enum free_result util_free(const void *ptr)
{
	struct mspan *s = span_of((unsigned long)ptr);
	unsigned int index;

	if (!s)
		return FREE_NOT_IN_SPAN;
	if (s->spc == SPC_TINY)
		return tiny_free(s, (unsigned long)ptr, false);
	return mspan_index(s, (unsigned long)ptr, &index) ? mcache_free(s, index) : FREE_INTERIOR;
}

void util_settled(struct mem_stats *st, struct span_walk *walk)
{
	struct mem_stats ignored;
	struct span_walk unused;

	/* A cache that is busy when the first turn comes is emptied by the second. */
	scavenge_all();
	scavenge_all();
	mstats_read(NULL, st ?: &ignored);
	mstats_walk(walk ?: &unused);
}

unsigned long util_live(void)
{
	struct mem_stats st;

	util_settled(&st, NULL);
	return st.heap_objects;
}

void util_expect_live(struct kunit *test, unsigned long objects, unsigned long reports)
{
	KUNIT_EXPECT_EQ(test, util_live(), objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

#ifdef CONFIG_FAULT_INJECTION
void util_arm(enum fault_point point, unsigned long interval, int times)
{
	struct fault_attr *attr = &fault_attrs[point];

	attr->verbose = 0;
	attr->interval = interval;
	attr->count = 0;
	atomic_set(&attr->space, 0);
	atomic_set(&attr->times, times);
	WRITE_ONCE(attr->probability, 100);
}

unsigned int util_disarm(enum fault_point point, int times)
{
	WRITE_ONCE(fault_attrs[point].probability, 0);
	return times - atomic_read(&fault_attrs[point].times);
}
#endif

/* Without the module, which on Linux 6.1 has no kobject yet when the suites run. */
struct device *util_device(struct kunit *test, const char *name)
{
	struct device *dev = __root_device_register(name, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	return dev;
}

static unsigned int off(struct kunit *test, const char *claim, unsigned long a, unsigned long b)
{
	KUNIT_EXPECT_EQ_MSG(test, a, b, "%s", claim);
	return a != b;
}

unsigned int util_check_identities(struct kunit *test)
{
	unsigned long spans, before, bytes, index = 0, arenas = 0;
	unsigned int n = 0, tries = 10;
	struct limit_stats limit;
	struct span_walk walk;
	struct mem_stats st;

	/* Spans that wait for a grace period go whenever it ends: then look again. */
	do {
		mheap_span_stats(&before, &bytes);
		util_settled(&st, &walk);
		mheap_span_stats(&spans, &bytes);
	} while (spans != before && --tries);
	n += off(test, "Sys = HeapSys + Metadata", st.sys, st.heap_sys + st.metadata);
	n += off(test, "HeapSys = HeapInuse + HeapIdle", st.heap_sys,
		 st.heap_inuse + st.heap_idle);
	n += off(test, "HeapInuse = Ready", st.heap_inuse, st.mem.ready << GOALLOC_PAGE_SHIFT);
	n += off(test, "HeapReleased = Reserved", st.heap_released,
		 st.mem.reserved << GOALLOC_PAGE_SHIFT);
	n += off(test, "HeapIdle = HeapReleased", st.heap_idle, st.heap_released);
	n += off(test, "Metadata = MSpanSys + MCacheSys + GCSys + OtherSys", st.metadata,
		 st.mspan_sys + st.mcache_sys + st.gc_sys + st.other_sys);
	n += off(test, "HeapObjects = Mallocs - Frees", st.heap_objects, st.mallocs - st.frees);
	n += off(test, "HeapAlloc = Alloc", st.heap_alloc, st.alloc);
	n += off(test, "Alloc <= HeapInuse", st.alloc <= st.heap_inuse, 1);
	n += off(test, "Alloc <= TotalAlloc", st.alloc <= st.total_alloc, 1);
	n += off(test, "MSpanInuse <= MSpanSys", st.mspan_inuse <= st.mspan_sys, 1);
	limit_get_stats(&limit);
	n += off(test, "Drawn + Metadata = what counts under the limit", limit.held,
		 ((st.mem.prepared + st.mem.ready) << GOALLOC_PAGE_SHIFT) + st.metadata);
	n += off(test, "PagesDrawn - PagesReturned = Prepared + Ready",
		 st.mem.drawn - st.mem.returned, st.mem.prepared + st.mem.ready);
	while (arena_next(&index))
		arenas++;
	n += off(test, "Reserved + Prepared + Ready = arenas * 4 MiB",
		 st.mem.reserved + st.mem.prepared + st.mem.ready, arenas * ARENA_PAGES);

	/* What looking at every span finds. */
	n += off(test, "spans found = structs in use", walk.spans, spans);
	n += off(test, "pages of all spans = Ready", walk.pages, st.mem.ready);
	n += off(test, "nothing is cached", walk.cached, 0);
	n += off(test, "objects in use in all spans = Mallocs - Frees (without tiny)",
		 walk.inuse, st.heap_objects - (st.tiny_mallocs - st.tiny_frees));
	n += off(test, "objects of all spans = free + in use", walk.objects,
		 walk.free + walk.inuse);
	return n;
}

#define CHECK_LIVE	256	/* objects alive at a time */

static void *check_alloc(unsigned int n, size_t size)
{
	switch (n % 3) {
	case 0:
		return goalloc_alloc(size, GFP_KERNEL);
	case 1:
		return goalloc_alloc_noscan(size, GFP_KERNEL);
	default:
		return goalloc_zalloc(size, GFP_KERNEL);
	}
}

void util_check_allocator(struct kunit *test, unsigned int n)
{
	void **live = kunit_kcalloc(test, CHECK_LIVE, sizeof(*live), GFP_KERNEL);
	u32 *sizes = kunit_kcalloc(test, CHECK_LIVE, sizeof(*sizes), GFP_KERNEL);
	unsigned int i, bad = 0, reports = debug_bad_frees();
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	KUNIT_ASSERT_NOT_NULL(test, sizes);
	prandom_seed_state(&rnd, n);
	for (i = 0; i < n + CHECK_LIVE; i++) {
		unsigned int slot = i % CHECK_LIVE;

		if (live[slot])
			bad += !util_filled(live[slot], sizes[slot], i - CHECK_LIVE);
		goalloc_free(live[slot]);
		live[slot] = NULL;
		if (i >= n)
			continue;
		sizes[slot] = util_size(&rnd, SZ_64K);
		live[slot] = check_alloc(i, sizes[slot]);
		bad += !live[slot] || (i % 3 == 2 && !util_is_zero(live[slot], sizes[slot]));
		if (live[slot])
			util_fill(live[slot], sizes[slot], i);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects that were NULL or not intact");
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports, "good frees were reported as bad");
	kunit_kfree(test, sizes);
	kunit_kfree(test, live);
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of goalloc");
IMPORT_SYMBOLS_FOR_KUNIT();
