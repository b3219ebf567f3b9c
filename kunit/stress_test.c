// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_stress: thousands of live objects against an oracle (oracle.h). */
#include <linux/mm.h>

#include "oracle.h"

#define NR_LIVE		6000
#define NR_STEPS	120000

/* The statistics, and a look at every span, count what the oracle has. */
static void check_counts(struct kunit *test, unsigned long base, unsigned long live)
{
	struct span_walk walk;
	struct mem_stats st;

	util_settled(&st, &walk);
	KUNIT_EXPECT_EQ(test, st.mallocs - st.frees, base + live);
	KUNIT_EXPECT_EQ(test, walk.inuse + st.tiny_mallocs - st.tiny_frees, base + live);
	KUNIT_EXPECT_EQ(test, walk.pages, st.mem.ready);
	KUNIT_EXPECT_EQ(test, st.mem.prepared, 0);
}

/* One task that wanders over the CPUs: all contents stay, all counts are exact. */
static void stress_random(struct kunit *test)
{
	unsigned int step, cpu = cpumask_first(cpu_online_mask);
	unsigned long reports = debug_bad_frees();
	struct mem_stats before, after;
	struct oracle o;

	oracle_init(test, &o, NR_LIVE, SZ_128K);
	util_settled(&before, NULL);
	for (step = 0; step < NR_STEPS; step++) {
		if (step % 1500 == 0) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(cpu_online_mask);
			util_pin(test, cpu);
		}
		oracle_step(&o);
		if (step % 20000 == 19999)
			check_counts(test, before.heap_objects, o.nlive);
	}
	oracle_clear(&o);
	oracle_exit(&o);
	KUNIT_EXPECT_EQ(test, o.nulls, 0);
	KUNIT_EXPECT_EQ(test, o.bad, 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	check_counts(test, before.heap_objects, 0);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ_MSG(test, after.mem.ready, before.mem.ready, "pages did not come back");
}

#define NR_SHARED	512

struct exchange {
	void *slot[NR_SHARED];	/* objects that carry their size and key */
	atomic_t bad;
};

struct header {
	u32 size;
	u32 key;
};

static void *exchange_alloc(struct rnd_state *rnd)
{
	u32 size = sizeof(struct header) + util_size(rnd, SZ_32K), key = prandom_u32_state(rnd);
	void *obj = key % 2 ? goalloc_alloc(size, GFP_KERNEL) :
			      goalloc_alloc_noscan(size, GFP_ATOMIC);
	struct header *h = obj;

	if (!obj)
		return NULL;
	h->size = size;
	h->key = key;
	util_fill(h + 1, size - sizeof(*h), key);
	return obj;
}

static bool exchange_intact(void *obj)
{
	struct header *h = obj;

	return h->size <= goalloc_size(obj) && util_filled(h + 1, h->size - sizeof(*h), h->key);
}

/* Put an object of this CPU's into a slot; free what another has put there. */
static void exchange_on_cpu(unsigned int cpu, void *arg)
{
	struct exchange *x = arg;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, cpu + 1);
	for (i = 0; i < 60000; i++) {
		void *obj = util_below(&rnd, 2) ? exchange_alloc(&rnd) : NULL;

		obj = xchg(&x->slot[util_below(&rnd, NR_SHARED)], obj);
		if (!obj)
			continue;
		if (!exchange_intact(obj))
			atomic_inc(&x->bad);
		goalloc_free(obj);
		cond_resched();
	}
}

/* All CPUs at once free each other's objects: contents stay, and nothing is lost. */
static void stress_exchange(struct kunit *test)
{
	struct exchange *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);
	unsigned long live = 0, reports = debug_bad_frees();
	struct mem_stats before, after;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, x);
	util_settled(&before, NULL);
	util_run_on_all(test, exchange_on_cpu, x);
	for (i = 0; i < NR_SHARED; i++)
		live += !!x->slot[i];
	check_counts(test, before.heap_objects, live);
	for (i = 0; i < NR_SHARED; i++)
		goalloc_free(x->slot[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&x->bad), 0);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
	check_counts(test, before.heap_objects, 0);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ_MSG(test, after.mem.ready, before.mem.ready, "pages did not come back");
}

/* All objects of a class are allocated before any is freed, class after class. */
static void stress_tides(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, 3000, sizeof(*objs), GFP_KERNEL);
	struct mem_stats before, after;
	unsigned int sc, i, n, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_settled(&before, NULL);
	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		size_t size = goalloc_size_classes[sc].size;

		n = clamp_t(unsigned int, SZ_2M / size, 64, 3000);
		for (i = 0; i < n; i++) {
			objs[i] = goalloc_alloc(size, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			*(unsigned long *)objs[i] = sc << 16 | i;
		}
		for (i = 0; i < n; i++) {
			/* Every other first, so that spans are partly free for a while. */
			unsigned int o = i < (n + 1) / 2 ? 2 * i : 2 * (i - (n + 1) / 2) + 1;

			bad += *(unsigned long *)objs[o] != (sc << 16 | o);
			goalloc_free(objs[o]);
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	check_counts(test, before.heap_objects, 0);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.mem.ready, before.mem.ready);
}

static struct kunit_case stress_cases[] = {
	KUNIT_CASE(stress_tides),
	KUNIT_CASE(stress_random),
	KUNIT_CASE(stress_exchange),
	{}
};

static struct kunit_suite stress_suite = {
	.name = "goalloc_stress",
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);
