// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_fault: allocations that fail, at every fault point (goalloc/fault.h),
 * at every rate and at every single call.
 *
 * Promised each time: callers see NULL or an object that is right; what could not be
 * resized is as it was; nothing leaks, neither pages nor spans nor metadata; the
 * statistics add up; and when the faults stop, goalloc serves as before.
 */
#include <linux/mm.h>

#include "baseline.h"
#include "oracle.h"

#ifdef CONFIG_FAULT_INJECTION

#define NR_LIVE		300
#define BATCH		32	/* steps between two looks at the counters */
#define LEAST_BATCHES	50
#define MOST_BATCHES	20000
#define MOST_NTH	200
#define FEW_SPANS	32	/* less than a sixteenth of the 8 MiB of fault_reclaims() */
#define NR_WINDOWS	500	/* as many windows of 4 MiB as a small machine has */

static const char * const point_names[NR_FAULT_POINTS] = {
	[FAULT_DRAW] = "draw", [FAULT_META] = "meta", [FAULT_REFILL] = "refill",
};

static int fault_suite_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return 0;
}

static void fault_suite_exit(struct kunit *test)
{
	int point;

	for (point = 0; point < NR_FAULT_POINTS; point++)
		util_disarm(point, 0);
}

/* ------------------------------------------------------- at every rate */

static const unsigned int intervals[] = { 1000, 300, 100, 30, 10, 3, 1 };

/* Random steps until the fault point was called often enough, and it failed. */
static bool run_until(struct oracle *o, enum fault_point point, unsigned int interval)
{
	struct fault_attr *attr = &fault_attrs[point];
	struct hoard h = {};
	unsigned int batch, i;
	/* Structs that were drawn stay drawn: be modest. */
	unsigned int least = max(100 / interval, point == FAULT_META ? 1U : 3U);
	bool enough = false;

	for (batch = 0; batch < MOST_BATCHES && !enough; batch++) {
		/* Without these most calls would be served by what is cached or idle. */
		if (point == FAULT_META)
			hoard(&h);
		else
			scavenge_all();
		for (i = 0; i < BATCH; i++)
			oracle_step(o);
		enough = batch >= LEAST_BATCHES &&
			 MANY_TIMES - atomic_read(&attr->times) >= least;
	}
	unhoard(&h);
	return enough;
}

static void fault_rate(struct kunit *test, enum fault_point point, unsigned int interval)
{
	unsigned int i, faults, leaked, broken;
	struct baseline base;
	struct oracle o;
	bool met;

	oracle_init(test, &o, NR_LIVE, SZ_128K);
	take_baseline(&base);
	for (i = 0; i < NR_LIVE; i++)
		oracle_step(&o);
	KUNIT_EXPECT_EQ(test, o.nulls, 0);
	util_arm(point, interval, MANY_TIMES);
	met = run_until(&o, point, interval);
	oracle_clear(&o);
	faults = util_disarm(point, MANY_TIMES);
	oracle_exit(&o);
	leaked = leaks(test, &base);
	broken = util_check_identities(test);
	kunit_info(test, "%-6s each %4u. call: %6u faults, %7u tried, %6u NULL, %u bad, %u leaks, sums %s\n",
		   point_names[point], interval, faults, o.tried, o.nulls, o.bad, leaked,
		   broken ? "BROKEN" : "hold");
	KUNIT_EXPECT_TRUE_MSG(test, met, "the steps did not reach the fault point");
	KUNIT_EXPECT_EQ_MSG(test, o.bad, 0, "objects not intact");
	/* A draw of many pages is tried again with fewer: not every fault is seen above. */
	KUNIT_EXPECT_LE(test, o.nulls, faults);
	if (point == FAULT_REFILL)
		KUNIT_EXPECT_EQ(test, o.nulls, faults);
	if (interval == 1)
		KUNIT_EXPECT_GT(test, o.nulls, 0);
	util_check_allocator(test, 1000);
}

/* A share of all draws of pages fails. */
static void fault_draw_rates(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intervals); i++)
		fault_rate(test, FAULT_DRAW, intervals[i]);
}

/* A share of all draws of metadata fails. */
static void fault_meta_rates(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intervals); i++)
		fault_rate(test, FAULT_META, intervals[i]);
}

/* A share of all refills fails. */
static void fault_refill_rates(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intervals); i++)
		fault_rate(test, FAULT_REFILL, intervals[i]);
}

/* ------------------------------------------------- at each call in turn */

enum how { ALLOC, ZALLOC, NOSCAN, ZALLOC_NOSCAN, NODE, REALLOC };

/* What the n-th call is counted in: every way in, and every kind of span. */
static const struct step {
	enum how how;
	u32 size;
	unsigned int of;	/* REALLOC: the step whose object it is */
} steps[] = {
	{ ALLOC, 8 },
	{ ALLOC, 100 },
	{ ZALLOC, 2000 },
	{ NOSCAN, 5 },
	{ ZALLOC_NOSCAN, 11 },
	{ NOSCAN, 500 },
	{ NODE, 64 },
	{ NODE, 50000 },
	{ ALLOC, 32768 },
	{ ALLOC, 40000 },
	{ ZALLOC, SZ_1M },
	{ ALLOC, GOALLOC_MAX_SIZE },
	{ ALLOC, 24 },
	{ NOSCAN, 256 },
	{ ZALLOC_NOSCAN, 1024 },
	{ ALLOC, 4096 },
	{ ZALLOC, 10240 },
	{ NOSCAN, 100000 },
	{ NODE, 3000 },
	{ REALLOC, 5000, 1 },
	{ REALLOC, 300, 3 },
	{ REALLOC, 200000, 9 },
};

static void *step_alloc(const struct step *s, void *old, gfp_t gfp)
{
	switch (s->how) {
	case ALLOC:
		return goalloc_alloc(s->size, gfp);
	case ZALLOC:
		return goalloc_zalloc(s->size, gfp);
	case NOSCAN:
		return goalloc_alloc_noscan(s->size, gfp);
	case ZALLOC_NOSCAN:
		return goalloc_zalloc_noscan(s->size, gfp);
	case NODE:
		return goalloc_alloc_node(s->size, gfp | __GFP_THISNODE, util_memory_node());
	default:
		return goalloc_realloc(old, s->size, gfp);
	}
}

struct outcome {
	unsigned int nulls;
	unsigned int bad;
};

/* All steps whose size is at most @most, each checked; then free what there is. */
static struct outcome run_steps(gfp_t gfp, u32 most)
{
	void *objs[ARRAY_SIZE(steps)] = {};
	struct outcome out = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct step *s = &steps[i];
		bool re = s->how == REALLOC;
		void *ptr, *old = re ? objs[s->of] : NULL;

		if (s->size > most)
			continue;
		ptr = step_alloc(s, old, gfp);
		if (old)
			out.bad += !util_filled(ptr ?: old, rounddown(steps[s->of].size, 8), s->of);
		if (!ptr) {
			out.nulls++;
			continue;
		}
		if (re)
			objs[s->of] = NULL;
		objs[i] = ptr;
		out.bad += goalloc_size(ptr) < s->size;
		if (s->how == ZALLOC || s->how == ZALLOC_NOSCAN)
			out.bad += !util_is_zero(ptr, s->size);
		util_fill(ptr, rounddown(s->size, 8), i);
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!objs[i])
			continue;
		out.bad += !util_filled(objs[i], rounddown(steps[i].size, 8), i);
		if (i % 2)
			goalloc_free(objs[i]);
		else
			goalloc_free_sensitive(objs[i]);
	}
	return out;
}

static void fault_each_call(struct kunit *test, enum fault_point point)
{
	unsigned int n, hit = 1, nulls = 0, leaked = 0, broken = 0;
	struct baseline base;
	struct outcome out;

	for (n = 0; hit && n < MOST_NTH; nulls += out.nulls) {
		struct hoard h = {};

		take_baseline(&base);
		if (point == FAULT_META)
			hoard(&h);
		util_arm(point, ++n, 1);
		out = run_steps(GFP_KERNEL, GOALLOC_MAX_SIZE);
		hit = util_disarm(point, 1);
		unhoard(&h);
		KUNIT_EXPECT_EQ_MSG(test, out.bad, 0, "call %u: objects not intact", n);
		KUNIT_EXPECT_LE_MSG(test, out.nulls, hit, "call %u", n);
		if (point == FAULT_REFILL)
			KUNIT_EXPECT_EQ_MSG(test, out.nulls, hit, "call %u", n);
		leaked += leaks(test, &base);
		broken += util_check_identities(test);
		util_check_allocator(test, 1000);
	}
	kunit_info(test, "%-6s each of %u calls failed once: %u NULL, %u leaks, sums %s\n",
		   point_names[point], n - 1, nulls, leaked, broken ? "BROKEN" : "hold");
	KUNIT_EXPECT_FALSE_MSG(test, hit, "more calls than %u", MOST_NTH);
	/* (a span whose metadata was refused is tried again, of pages to be drawn) */
	if (point != FAULT_META)
		KUNIT_EXPECT_GT_MSG(test, nulls, 2, "no caller noticed");
}

/* Each draw of pages of a fixed workload fails once. */
static void fault_draw_each(struct kunit *test)
{
	fault_each_call(test, FAULT_DRAW);
}

/* Each draw of metadata of a fixed workload fails once. */
static void fault_meta_each(struct kunit *test)
{
	fault_each_call(test, FAULT_META);
}

/* Each refill of a fixed workload fails once. */
static void fault_refill_each(struct kunit *test)
{
	fault_each_call(test, FAULT_REFILL);
}

/*
 * An arena of which a part cannot be had is not made, and what was had goes back.
 * The windows lie far behind the machine's memory.
 */
static void fault_arena_each(struct kunit *test)
{
	unsigned long addr, first = arena_map_size() / 2;
	struct baseline base;
	unsigned int n, hit;
	struct arena *a;

	for (n = 1, hit = 1; hit && n < 10; n++) {
		struct hoard h = {};

		addr = arena_base + ((first + n * ARENA_L2_SIZE) << ARENA_SHIFT);
		take_baseline(&base);
		hoard(&h);
		util_arm(FAULT_META, n, 1);
		a = arena_create(addr, &page_heaps[0], GFP_KERNEL);
		hit = util_disarm(FAULT_META, 1);
		unhoard(&h);
		KUNIT_EXPECT_EQ(test, !a, hit);
		KUNIT_EXPECT_PTR_EQ(test, arena_of(addr), a);
		KUNIT_EXPECT_EQ(test, leaks(test, &base), 0);
		KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	}
	KUNIT_EXPECT_EQ_MSG(test, n - 2, 3, "a table, a struct, a page of spans");
}

/* Pages of a window whose arena cannot be made go back, and the caller sees NULL. */
static void fault_new_window(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_WINDOWS, sizeof(*objs), GFP_KERNEL);
	unsigned int i, faults;
	struct baseline base;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	take_baseline(&base);
	/* Windows that had an arena before are taken up until the next one is new. */
	util_arm(FAULT_META, 1, MANY_TIMES);
	for (i = 0; i < NR_WINDOWS; i++) {
		objs[i] = goalloc_alloc(GOALLOC_MAX_SIZE, GFP_KERNEL | __GFP_NORETRY);
		if (!objs[i])
			break;
	}
	faults = util_disarm(FAULT_META, MANY_TIMES);
	KUNIT_EXPECT_GT_MSG(test, faults, 0, "%u windows of 4 MiB and none was new", i);
	while (i--)
		goalloc_free(objs[i]);
	KUNIT_EXPECT_EQ(test, leaks(test, &base), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	util_check_allocator(test, 1000);
}

/* ------------------------------------------------------------- the rest */

/* What must not fail does not, though everything fails that may; and without a warning. */
static void fault_nofail(struct kunit *test)
{
	struct baseline base;
	struct outcome may, must;
	struct hoard h = {};
	int point;

	take_baseline(&base);
	hoard(&h);
	for (point = 0; point < NR_FAULT_POINTS; point++)
		util_arm(point, 1, MANY_TIMES);
	may = run_steps(GFP_KERNEL, GOALLOC_MAX_SIZE);
	must = run_steps(GFP_KERNEL | __GFP_NOFAIL, GOALLOC_MAX_SIZE);
	for (point = 0; point < NR_FAULT_POINTS; point++)
		util_disarm(point, MANY_TIMES);
	unhoard(&h);
	KUNIT_EXPECT_GT(test, may.nulls, 0);
	KUNIT_EXPECT_EQ(test, may.bad, 0);
	KUNIT_EXPECT_EQ(test, must.nulls, 0);
	KUNIT_EXPECT_EQ(test, must.bad, 0);
	KUNIT_EXPECT_EQ(test, leaks(test, &base), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

static DEFINE_GOALLOC_HEAP(kunit_nofail);

/* That its heap has to be made first is no reason for NULL either. */
static void fault_nofail_heap(struct kunit *test)
{
	void *may, *must;

	util_arm(FAULT_META, 1, MANY_TIMES);
	may = goalloc_heap_alloc(&kunit_nofail, 100, GFP_KERNEL);
	must = goalloc_heap_alloc(&kunit_nofail, 100, GFP_KERNEL | __GFP_NOFAIL);
	util_disarm(FAULT_META, MANY_TIMES);
	KUNIT_EXPECT_NULL(test, may);
	KUNIT_EXPECT_NOT_NULL(test, must);
	goalloc_heap_free(&kunit_nofail, must);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&kunit_nofail, GOALLOC_DESTROY_EMPTY), 0);
}

/* Objects of @size linked through their first word, until NULL or @max of them. */
static unsigned int take(void **list, size_t size, unsigned int max)
{
	unsigned int n;
	void **ptr;

	for (n = 0; n < max; n++) {
		ptr = goalloc_alloc(size, GFP_KERNEL);
		if (!ptr)
			break;
		*ptr = *list;
		*list = ptr;
	}
	return n;
}

static void give(void **list)
{
	void **ptr;

	while (*list) {
		ptr = *list;
		*list = *ptr;
		goalloc_free(ptr);
	}
}

/*
 * Without memory to draw an allocation fails only when no span is wholly free: what was
 * freed in one size serves another.
 */
static void fault_reclaims(struct kunit *test)
{
	struct mcentral *first = heap_central(&default_heap, util_memory_node(),
					      default_heap.first_spc);
	void *list = NULL, *few = NULL;
	unsigned long idle = 0;
	unsigned int retain = goalloc_scavenge_retain;
	struct baseline base;
	unsigned int n, spc;

	goalloc_scavenge_retain = UINT_MAX;	/* however long it takes */
	take_baseline(&base);
	take(&few, SZ_1K, FEW_SPANS * (GOALLOC_PAGE_SIZE / SZ_1K));
	KUNIT_EXPECT_EQ(test, take(&list, SZ_1K, SZ_8M / SZ_1K), SZ_8M / SZ_1K);
	give(&list);
	util_arm(FAULT_DRAW, 1, MANY_TIMES);
	n = take(&list, SZ_32K, SZ_256M / SZ_32K);
	for (spc = 0; spc < NR_SPC; spc++)
		idle += mcentral_idle_pages(heap_central(&default_heap, util_memory_node(), spc));
	/* also for who is to draw without a look at it */
	while (take(&list, SZ_8K, 1))
		;
	give(&few);
	WRITE_ONCE(first->draw_next, true);
	KUNIT_EXPECT_GE(test, take(&list, SZ_8K, FEW_SPANS), FEW_SPANS - 8);
	util_disarm(FAULT_DRAW, MANY_TIMES);
	give(&list);
	goalloc_scavenge_retain = retain;
	KUNIT_EXPECT_LT(test, n, SZ_256M / SZ_32K);
	KUNIT_EXPECT_GE_MSG(test, n, SZ_8M / SZ_32K - 12, "all but what a CPU keeps");
	KUNIT_EXPECT_EQ_MSG(test, idle, 0, "idle pages when there was NULL");
	KUNIT_EXPECT_EQ(test, leaks(test, &base), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

static unsigned long draws_failed(void)
{
	struct mem_counts c;

	mem_get_counts(&c);
	return c.draw_failed;
}

/* DrawsFailed counts each NULL that a caller sees once, be it pages or metadata that fail. */
static void fault_counted(struct kunit *test)
{
	unsigned long before = draws_failed();
	struct fixalloc f;
	void *list = NULL;

	fixalloc_init(&f, 64, MEM_OTHER);
	util_arm(FAULT_META, 1, 1);
	KUNIT_EXPECT_NULL(test, fixalloc_alloc(&f, GFP_KERNEL));
	util_disarm(FAULT_META, 1);
	KUNIT_EXPECT_EQ(test, draws_failed(), before + 1);

	util_arm(FAULT_DRAW, 1, MANY_TIMES);
	while (take(&list, GOALLOC_MAX_SIZE, 1))
		;
	util_disarm(FAULT_DRAW, MANY_TIMES);
	give(&list);
	KUNIT_EXPECT_EQ(test, draws_failed(), before + 2);
}

static void steps_in_irq(void *arg)
{
	*(struct outcome *)arg = run_steps(GFP_ATOMIC, SZ_32K);
}

/* In hard interrupts too. */
static void fault_in_irq(struct kunit *test)
{
	unsigned int cpu = util_other_cpu(test, raw_smp_processor_id());
	struct baseline base;
	struct outcome out;
	int point;

	util_skip_on_rt(test);
	for (point = 0; point < NR_FAULT_POINTS; point++) {
		take_baseline(&base);
		util_arm(point, 2, MANY_TIMES);
		util_call_on(test, cpu, steps_in_irq, &out);
		util_disarm(point, MANY_TIMES);
		KUNIT_EXPECT_EQ(test, out.bad, 0);
		if (point == FAULT_REFILL)
			KUNIT_EXPECT_GT(test, out.nulls, 0);
		KUNIT_EXPECT_EQ(test, leaks(test, &base), 0);
		KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	}
	util_check_allocator(test, 1000);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_draw_rates),
	KUNIT_CASE(fault_meta_rates),
	KUNIT_CASE(fault_refill_rates),
	KUNIT_CASE(fault_draw_each),
	KUNIT_CASE(fault_meta_each),
	KUNIT_CASE(fault_refill_each),
	KUNIT_CASE(fault_arena_each),
	KUNIT_CASE(fault_new_window),
	KUNIT_CASE(fault_nofail),
	KUNIT_CASE(fault_nofail_heap),
	KUNIT_CASE(fault_reclaims),
	KUNIT_CASE(fault_counted),
	KUNIT_CASE(fault_in_irq),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "goalloc_fault",
	.init = fault_suite_init,
	.exit = fault_suite_exit,
	.test_cases = fault_cases,
};

#else /* !CONFIG_FAULT_INJECTION */

static void fault_injection(struct kunit *test)
{
	kunit_skip(test, "the kernel has no fault injection");
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_injection),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "goalloc_fault",
	.test_cases = fault_cases,
};

#endif

kunit_test_suite(fault_suite);
