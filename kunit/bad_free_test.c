// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_bad_free: each mistake that a client can make with a pointer is
 * caught and reported once, and changes nothing.
 *
 * Each parameter is one mistake.  The report is read back from the kernel log.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kmsg_dump.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kunit_util.h"

/* The rate limit of debug.c: so many reports in so many seconds. */
#define REPORT_BURST	20
#define REPORT_SECONDS	5

#define ALLOCATIONS	10000

/**
 * struct mistake - one way to hand goalloc a bad pointer
 * @name: of the case
 * @make: does it, once, and leaves nothing allocated behind
 * @op: the function that reports it, without goalloc_
 * @title: what the report calls it
 * @detail: what else it must say
 */
struct mistake {
	const char *name;
	void (*make)(struct kunit *test);
	const char *op;
	const char *title;
	const char *detail;
};

static void *alloc(struct kunit *test, size_t size)
{
	void *obj = goalloc_alloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

/* The checks of the compiler and of fortify must not see these pointers. */
static void *hidden(void *ptr)
{
	OPTIMIZER_HIDE_VAR(ptr);
	return ptr;
}

static void free_fn(void *obj)
{
	goalloc_free(obj);
}

static void double_free_local(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	goalloc_free(obj);
}

static void double_free_after_remote(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	void *obj = hidden(alloc(test, 64));

	util_call_on(test, other, free_fn, obj);
	goalloc_free(obj);
}

static void double_free_remote(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	util_call_on(test, other, free_fn, obj);
}

static void double_free_flushed(struct kunit *test)
{
	void *keep = alloc(test, 64), *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	scavenge_all();
	goalloc_free(obj);
	goalloc_free(keep);
}

static void double_free_retired(struct kunit *test)
{
	void *obj = hidden(alloc(test, 27264));

	goalloc_free(obj);
	scavenge_all();
	scavenge_all();
	goalloc_free(obj);
}

static void double_free_large(struct kunit *test)
{
	void *obj = hidden(alloc(test, 100000));

	goalloc_free(obj);
	goalloc_free(obj);
}

/* Larger than what a CPU keeps: the span is gone at once. */
static void double_free_huge(struct kunit *test)
{
	void *obj = hidden(alloc(test, SZ_2M));

	goalloc_free(obj);
	goalloc_free(obj);
}

static void double_free_tiny(struct kunit *test)
{
	void *keep = goalloc_alloc_noscan(4, GFP_KERNEL);
	void *obj = hidden(goalloc_alloc_noscan(4, GFP_KERNEL));

	goalloc_free(obj);
	goalloc_free(obj);
	goalloc_free(keep);
}

static void double_free_sensitive(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	goalloc_free_sensitive(obj);
}

static void interior(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj + 8);
	goalloc_free(obj);
}

static void interior_odd(struct kunit *test)
{
	void *obj = hidden(alloc(test, 3000));

	goalloc_free(obj + 1);
	goalloc_free(obj);
}

static void interior_large(struct kunit *test)
{
	void *obj = hidden(alloc(test, 100000));

	goalloc_free(obj + GOALLOC_PAGE_SIZE);
	goalloc_free(obj);
}

static void interior_tiny(struct kunit *test)
{
	void *obj = hidden(goalloc_alloc_noscan(8, GFP_KERNEL));

	goalloc_free(obj + 4);
	goalloc_free(obj);
}

static void interior_sensitive(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	util_fill(obj, 64, 7);
	goalloc_free_sensitive(obj + 16);
	KUNIT_EXPECT_TRUE_MSG(test, util_filled(obj, 64, 7), "it was cleared all the same");
	goalloc_free(obj);
}

/* Seven objects of 1152 bytes leave 128 bytes of a span over. */
static void behind_the_last_object(struct kunit *test)
{
	void *obj = hidden(alloc(test, 1152));

	goalloc_free((void *)span_of((unsigned long)obj)->base + 7 * 1152);
	goalloc_free(obj);
}

static void free_page_in_no_span(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));
	unsigned long addr = arena_of((unsigned long)obj)->base;

	while (span_of(addr))
		addr += GOALLOC_PAGE_SIZE;
	goalloc_free((void *)addr);
	goalloc_free(obj);
}

/*
 * Memory of the kernel's, which may lie in a window where goalloc had pages: there
 * it cannot be told from memory that was freed and given back, and the report says
 * so.  The mistake leaves the address here to say which text is right.
 */
static const void *given;

static void *foreign_object(struct kunit *test)
{
	void *obj = kunit_kmalloc(test, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	given = obj;
	return hidden(obj);
}

static void foreign_kmalloc(struct kunit *test)
{
	goalloc_free(foreign_object(test));
}

static void foreign_vmalloc(struct kunit *test)
{
	void *obj = hidden(vmalloc(64));

	goalloc_free(obj);
	vfree(obj);
}

static void foreign_stack(struct kunit *test)
{
	unsigned long on_stack = 0;

	given = &on_stack;
	goalloc_free(hidden(&on_stack));
}

static void foreign_text(struct kunit *test)
{
	goalloc_free(hidden(foreign_text));
}

static void foreign_user(struct kunit *test)
{
	goalloc_free(hidden((void *)0x400000));
}

static void foreign_null_page(struct kunit *test)
{
	goalloc_free(hidden((void *)0x40));
}

static void foreign_non_canonical(struct kunit *test)
{
	goalloc_free(hidden((void *)(1UL << 63)));
}

static void foreign_error(struct kunit *test)
{
	goalloc_free(hidden(ERR_PTR(-ENOMEM)));
}

/* An address of the direct map behind the last memory of the machine. */
static void foreign_hole(struct kunit *test)
{
	goalloc_free(hidden((void *)arena_base + (arena_map_size() << ARENA_SHIFT) - SZ_64K));
}

static void realloc_freed(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	KUNIT_EXPECT_NULL(test, goalloc_realloc(obj, 128, GFP_KERNEL));
}

static void realloc_interior(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	KUNIT_EXPECT_NULL(test, goalloc_realloc(obj + 16, 128, GFP_KERNEL));
	goalloc_free(obj);
}

static void realloc_foreign(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, goalloc_realloc(foreign_object(test), 128, GFP_KERNEL));
}

static void realloc_freed_to_nothing(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_realloc(obj, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

static void size_of_freed(struct kunit *test)
{
	void *obj = hidden(alloc(test, 64));

	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, goalloc_size(obj), 0);
}

static void size_of_foreign(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, goalloc_size(foreign_object(test)), 0);
}

#define MISTAKE(fn, op, title, detail)	{ #fn, fn, op, title, detail }

static const struct mistake mistakes[] = {
	MISTAKE(double_free_local, "free", "double free", "size class 6 scan, 64 bytes an object"),
	MISTAKE(double_free_after_remote, "free", "double free", "the object is free already"),
	MISTAKE(double_free_remote, "free", "double free", "in hardirq context"),
	MISTAKE(double_free_flushed, "free", "double free", "128 objects, partial"),
	MISTAKE(double_free_retired, "free", "freed span memory", "the page holds no object"),
	MISTAKE(double_free_large, "free", "double free", "the object is free already"),
	MISTAKE(double_free_huge, "free", "freed span memory", "the page holds no object"),
	MISTAKE(double_free_tiny, "free", "double free", " tiny, 16 bytes an object"),
	MISTAKE(double_free_sensitive, "free_sensitive", "double free", "free already"),
	MISTAKE(interior, "free", "interior pointer", "8 bytes into object"),
	MISTAKE(interior_odd, "free", "interior pointer", "1 bytes into object"),
	MISTAKE(interior_large, "free", "interior pointer", "8192 bytes into object 0"),
	MISTAKE(interior_tiny, "free", "interior pointer", "inside an object, not its start"),
	MISTAKE(interior_sensitive, "free_sensitive", "interior pointer", "16 bytes into object"),
	MISTAKE(behind_the_last_object, "free", "interior pointer", "behind its last object"),
	MISTAKE(free_page_in_no_span, "free", "freed span memory", "the page holds no object"),
	MISTAKE(foreign_kmalloc, "free", "foreign pointer", "use kfree()"),
	MISTAKE(foreign_vmalloc, "free", "foreign pointer", "use vfree()"),
	MISTAKE(foreign_stack, "free", "foreign pointer", "stack"),
	MISTAKE(foreign_text, "free", "foreign pointer", "it is"),
	MISTAKE(foreign_user, "free", "foreign pointer", "a user space address"),
	MISTAKE(foreign_null_page, "free", "foreign pointer", "an address in the NULL page"),
	MISTAKE(foreign_non_canonical, "free", "foreign pointer", "not the address of any memory"),
	MISTAKE(foreign_error, "free", "foreign pointer", "an error pointer"),
	MISTAKE(foreign_hole, "free", "foreign pointer", "not the address of any memory"),
	MISTAKE(realloc_freed, "realloc", "double free", "free already"),
	MISTAKE(realloc_interior, "realloc", "interior pointer", "16 bytes into object"),
	MISTAKE(realloc_foreign, "realloc", "foreign pointer", "use kfree()"),
	MISTAKE(realloc_freed_to_nothing, "free", "double free", "free already"),
	MISTAKE(size_of_freed, "size", "double free", "free already"),
	MISTAKE(size_of_foreign, "size", "foreign pointer", "use kfree()"),
};

static void mistake_desc(const struct mistake *m, char *desc)
{
	strscpy(desc, m->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mistake, mistakes, mistake_desc);

/* What a report must say: what, the title, the detail, by whom, and the stack. */
#define NR_TEXTS	5

static unsigned int reports;
static unsigned long reports_since;

/* Wait until the rate limit lets one more report through. */
static void await_report(void)
{
	unsigned long until = reports_since + (REPORT_SECONDS + 1) * HZ;

	if (reports == REPORT_BURST) {
		if (time_before(jiffies, until))
			msleep(jiffies_to_msecs(until - jiffies));
		reports = 0;
	}
	if (!reports++)
		reports_since = jiffies;
}

/* If earlier reports were made, their time must pass first. */
static int bad_free_suite_init(struct kunit_suite *suite)
{
	reports = debug_bad_frees() ? REPORT_BURST : 0;
	reports_since = jiffies;
	return 0;
}

static int bad_free_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return 0;
}

static void log_skip(struct kmsg_dump_iter *log)
{
	static char line[256];

	kmsg_dump_rewind(log);
	while (kmsg_dump_get_line(log, false, line, sizeof(line), NULL))
		;
}

/* Look through what was logged since for lines that hold the given texts. */
static void log_find(struct kmsg_dump_iter *log, const char * const *texts, bool *found,
		     unsigned int n)
{
	static char line[256];
	unsigned int i;
	size_t len;

	while (kmsg_dump_get_line(log, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		for (i = 0; i < n; i++)
			found[i] |= !!strstr(line, texts[i]);
	}
}

/*
 * The mistake is counted once and reported with what, where and by whom; nothing
 * is lost or gained; and the next ten thousand allocations are right.
 */
static void bad_free_reported(struct kunit *test)
{
	const struct mistake *m = test->param_value;
	const char *texts[NR_TEXTS];
	bool found[NR_TEXTS] = {};
	struct kmsg_dump_iter log;
	char what[48];
	struct mem_stats before, after;
	unsigned long count;
	unsigned int i;

	snprintf(what, sizeof(what), "goalloc: bad goalloc_%s(", m->op);
	texts[0] = what;
	texts[1] = m->title;
	texts[2] = m->detail;
	/* On the other CPU it is by whoever was interrupted. */
	texts[3] = m->make == double_free_remote ? "on CPU " : "by kunit_try_catch/";
	texts[4] = "Call ";
	given = NULL;
	await_report();
	util_settled(&before, NULL);
	log_skip(&log);
	count = debug_bad_frees();
	m->make(test);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), count + 1);
	if (given && arena_of((unsigned long)given)) {
		texts[1] = "freed span memory";
		texts[2] = "the page holds no object";
	}
	log_find(&log, texts, found, NR_TEXTS);
	for (i = 0; i < NR_TEXTS; i++)
		KUNIT_EXPECT_TRUE_MSG(test, found[i], "the report does not say '%s'", texts[i]);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.heap_objects, before.heap_objects);
	KUNIT_EXPECT_EQ(test, after.heap_alloc, before.heap_alloc);
	KUNIT_EXPECT_EQ(test, after.mem.ready, before.mem.ready);

	util_check_allocator(test, ALLOCATIONS);
}

/* Each of many wrong frees is counted, also those that are not printed any more. */
static void bad_free_random(struct kunit *test)
{
	unsigned long count, bad = 0;
	struct rnd_state rnd;
	unsigned int i;

	util_seed(test, &rnd);
	for (i = 0; i < 3000; i++) {
		size_t size = util_size(&rnd, SZ_128K), usable;
		void *obj = hidden(i % 2 ? alloc(test, size) :
					   goalloc_alloc_noscan(size, GFP_KERNEL));

		KUNIT_ASSERT_NOT_NULL(test, obj);
		usable = goalloc_size(obj);
		util_fill(obj, usable, i);
		count = debug_bad_frees();
		if (usable > 1)
			goalloc_free(obj + 1 + util_below(&rnd, usable - 1));
		bad += !util_filled(obj, usable, i);
		goalloc_free(obj);
		goalloc_free(obj);
		KUNIT_ASSERT_EQ(test, debug_bad_frees(), count + 2);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	util_check_allocator(test, ALLOCATIONS);
}

static struct kunit_case bad_free_cases[] = {
	KUNIT_CASE_PARAM(bad_free_reported, mistake_gen_params),
	KUNIT_CASE(bad_free_random),
	{}
};

static struct kunit_suite bad_free_suite = {
	.name = "goalloc_bad_free",
	.suite_init = bad_free_suite_init,
	.init = bad_free_init,
	.test_cases = bad_free_cases,
};

kunit_test_suite(bad_free_suite);
