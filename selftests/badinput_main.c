// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_badinput: hand goalloc every kind of bad input, and then rely on it.
 *
 * What it promises: a bad pointer, size, flag or node is refused with the right
 * value returned, nothing that it points to is changed, and the allocations that
 * follow are correct.  What goalloc says about it is for test_badinput.sh to read
 * in the kernel log.
 *
 * THEORY OF OPERATION
 *
 * A case fills a table with live objects, hands in its bad input with these
 * around it, and then makes the next 10,000 allocations on the CPU that owns what
 * the bad input was about, and as many on another if that was involved: half of the
 * sizes that the bad input was about, half of all sizes.  Every object is filled to
 * its usable size when it is allocated, checked when it is freed, and must lie apart
 * from every other live object, so that an object that a bad free made free twice is
 * noticed when it is handed out twice.
 *
 * A bad pointer goes to every function that takes one, each called from a
 * function of its own name here, so that the reports' stacks can be told apart.
 *
 *	insmod goalloc_badinput.ko case=NAME		runs that case; fails if it fails
 *	insmod goalloc_badinput.ko			runs all of them
 *	insmod goalloc_badinput.ko case=none		runs none yet
 *	echo NAME > /sys/module/goalloc_badinput/parameters/case	runs one more
 *
 * goalloc reports at most 20 bad calls in 5 seconds and counts all; a case other
 * than "flood" makes at most 20.
 */
#include "badinput.h"

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the random numbers (default: random, printed)");

int owner_cpu, other_cpu;

/* A size that the compiler does not know, so that it cannot warn of it. */
static noinline size_t hidden(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

/* --------------------------------------------------- sizes, flags and nodes */

static void run_good_null(const struct bad_case *c)
{
	void *ptr = goalloc_realloc(NULL, 64, GFP_KERNEL);

	goalloc_free(NULL);
	goalloc_free(ZERO_SIZE_PTR);
	goalloc_free_sensitive(NULL);
	goalloc_free_sensitive(ZERO_SIZE_PTR);
	expect(!goalloc_size(NULL) && !goalloc_size(ZERO_SIZE_PTR), "the size of nothing is not 0");
	expect(ptr && goalloc_size(ptr) == 64, "realloc(NULL, 64) is not an allocation");
	expect(goalloc_realloc(ptr, 0, GFP_KERNEL) == ZERO_SIZE_PTR, "realloc(, 0)");
	expect(goalloc_alloc(0, GFP_KERNEL) == ZERO_SIZE_PTR, "alloc(0)");
	expect(goalloc_alloc_noscan(0, GFP_KERNEL) == ZERO_SIZE_PTR, "alloc_noscan(0)");
	expect(goalloc_alloc_array(0, SIZE_MAX, GFP_KERNEL) == ZERO_SIZE_PTR, "array(0, SIZE_MAX)");
}

static void run_size_max(const struct bad_case *c)
{
	struct object *o = &objects[0];
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 8191, (size_t)LONG_MAX + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = hidden(sizes[i]);

		expect(!goalloc_alloc(size, GFP_KERNEL), "alloc(SIZE_MAX)");
		expect(!goalloc_zalloc_noscan(size, GFP_ATOMIC), "zalloc_noscan(SIZE_MAX)");
		expect(!goalloc_alloc_node(size, GFP_KERNEL, 0), "alloc_node(SIZE_MAX)");
		expect(!goalloc_realloc(o->ptr, size, GFP_KERNEL), "realloc(SIZE_MAX)");
		expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOFAIL), "SIZE_MAX, __GFP_NOFAIL");
		expect(!goalloc_alloc_array(size, 3, GFP_KERNEL), "array(SIZE_MAX, 3)");
		expect(!goalloc_calloc(3, size, GFP_KERNEL), "calloc(3, SIZE_MAX)");
		expect(!goalloc_realloc_array(o->ptr, size, 3, GFP_KERNEL), "realloc_array");
		expect(goalloc_size_roundup(size) == size, "size_roundup(SIZE_MAX)");
	}
	/* Products that are small again after they have wrapped around. */
	expect(!goalloc_alloc_array(hidden(BIT(32)), BIT(32), GFP_KERNEL), "array wraps to 0");
	expect(!goalloc_calloc(hidden(SIZE_MAX / 8 + 2), 8, GFP_KERNEL), "array wraps to 8");
	expect(!goalloc_realloc_array(o->ptr, hidden(SIZE_MAX / 64 + 2), 64, GFP_KERNEL),
	       "realloc_array wraps to 64");
	object_check(o);
}

static void run_too_large(const struct bad_case *c)
{
	size_t size = hidden(GOALLOC_MAX_SIZE + 1);
	struct object *o = &objects[0];

	expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOWARN), "alloc(4M + 1), no warning");
	pr_info("from here on goalloc may warn, once\n");
	expect(!goalloc_alloc(size, GFP_KERNEL), "alloc(4M + 1)");
	expect(!goalloc_alloc(hidden(SZ_1G), GFP_ATOMIC), "alloc(1G)");
	expect(!goalloc_zalloc_noscan(size, GFP_KERNEL), "zalloc_noscan(4M + 1)");
	expect(!goalloc_alloc_node(size, GFP_KERNEL, numa_mem_id()), "alloc_node(4M + 1)");
	expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOFAIL), "4M + 1, __GFP_NOFAIL");
	expect(!goalloc_alloc_array(hidden(2), GOALLOC_MAX_SIZE, GFP_KERNEL), "array(2, 4M)");
	expect(!goalloc_realloc(o->ptr, size, GFP_KERNEL), "realloc(4M + 1)");
	object_check(o);
}

/* Two of each, so that a second warning would show. */
static void served_in_spite_of(gfp_t odd)
{
	static const size_t sizes[NR_VICTIMS] = { 8, 64, 40000 };
	unsigned int i;

	for (i = 0; i < 2 * NR_VICTIMS; i++) {
		struct object *o = &victims[i % NR_VICTIMS];

		if (o->ptr)
			object_free(o);
		o->size = sizes[i % NR_VICTIMS];
		o->noscan = i % 2;
		object_alloc(o, GFP_KERNEL | odd);
	}
	object_free(&victims[0]);
	victims[0].ptr = goalloc_alloc_node(8, GFP_KERNEL | odd | __GFP_THISNODE, numa_mem_id());
	if (victims[0].ptr)
		object_fill(&victims[0]);
	else
		fail("NULL from goalloc_alloc_node()", 8);
}

static void run_highmem(const struct bad_case *c)
{
	served_in_spite_of(__GFP_HIGHMEM);
}

static void run_dma32(const struct bad_case *c)
{
	served_in_spite_of(__GFP_DMA32);
}

static void run_dma(const struct bad_case *c)
{
	struct object *o = &objects[0];
	gfp_t gfp = GFP_KERNEL | __GFP_DMA;

	expect(!goalloc_alloc(64, gfp), "alloc, __GFP_DMA");
	expect(!goalloc_alloc_noscan(8, gfp), "alloc_noscan, __GFP_DMA");
	expect(!goalloc_zalloc(40000, gfp), "zalloc, __GFP_DMA");
	expect(!goalloc_alloc_node(64, gfp | __GFP_THISNODE, numa_mem_id()), "node, __GFP_DMA");
	expect(!goalloc_realloc(o->ptr, o->usable + 1, gfp), "realloc, __GFP_DMA");
	expect(!goalloc_alloc(64, gfp | __GFP_HIGHMEM), "alloc, __GFP_DMA | __GFP_HIGHMEM");
	expect(!goalloc_alloc(64, gfp | __GFP_DMA32), "alloc, __GFP_DMA | __GFP_DMA32");
	object_check(o);
}

static void run_bad_node(const struct bad_case *c)
{
	expect(!goalloc_alloc_node(64, GFP_KERNEL, nr_node_ids), "node nr_node_ids");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, MAX_NUMNODES), "node MAX_NUMNODES");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, INT_MAX), "node INT_MAX");
	expect(!goalloc_alloc_node(40000, GFP_KERNEL, -2), "node -2");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, INT_MIN), "node INT_MIN");
}

static void run_nothing(const struct bad_case *c)
{
}

/* -------------------------------------------------------------- the cases */

static const struct bad_case bad_cases[] = {
	{ "churn", run_nothing },
	{ "double_same_cpu", run_double, { 64, 1152, 32768 } },
	{ "double_noscan", run_double, { 16, 24, 64 }, true },
	{ "double_tiny", run_double, { 2, 8, 12 }, true },
	{ "double_large", run_double, { 40000, 65536, 131072 } },
	{ "double_owner_then_other", run_double, { 64, 1152, 32768 }, false, BAD_CALLS },
	{ "double_other_then_owner", run_double, { 64, 1152, 32768 }, false, GOOD_FREE },
	{ "double_other_twice", run_double, { 64, 1152, 32768 }, false, GOOD_FREE | BAD_CALLS },
	{ "double_tiny_other", run_double, { 2, 8, 12 }, true, BAD_CALLS },
	{ "double_huge_other", run_double, { SZ_1M + 1, SZ_2M, SZ_4M }, false, BAD_CALLS },
	{ "retired_free", run_retired_free, { 512 }, .alone = true },
	{ "retired_again", run_retired_again, { 512 }, .alone = true },
	{ "interior_small", run_interior, { 64 }, .offsets = { 1, 8, 63 } },
	{ "interior_large", run_interior, { 40000 }, .offsets = { 8, 8192, 40959 } },
	{ "interior_tiny", run_interior, { 8 }, true, .offsets = { 1, 2, 7 } },
	{ "tail", run_tail, { 48 } },
	{ "softirq", run_softirq, { 64 } },
	{ "hardirq", run_hardirq, { 64 } },
	{ "nmi", run_nmi, { 64 } },
	{ "nmi_foreign", run_nmi_foreign },
	{ "kmalloc", run_kmalloc },
	{ "kmalloc_small", run_kmalloc_small },
	{ "vmalloc", run_vmalloc },
	{ "stack", run_stack },
	{ "module_data", run_module_data },
	{ "user", run_user },
	{ "noncanonical", run_noncanonical },
	{ "null_page", run_null_page },
	{ "error_pointer", run_error_pointer },
	{ "hole", run_hole },
	{ "good_null", run_good_null },
	{ "size_max", run_size_max },
	{ "too_large", run_too_large },
	{ "highmem", run_highmem },
	{ "dma32", run_dma32 },
	{ "dma", run_dma },
	{ "bad_node", run_bad_node },
	{ "flood", run_flood, { 64 } },
	{ "stray_put_page", run_stray_put_page, { 4096 } },
	{ "stray_put_page_large", run_stray_put_page, { 40000 } },
	{ "stray_kfree", run_stray_kfree, { 4096 } },
};

static int run_case(const struct bad_case *c)
{
	bad_calls = 0;
	failures = 0;
	pr_info("begin %s\n", c->name);
	if (c->alone)
		c->run(c);
	work_on_cpu(owner_cpu, fill_table, (void *)c);
	if (!c->alone)
		c->run(c);
	work_on_cpu(owner_cpu, next_allocs, (void *)c);
	if (c->by_other)
		work_on_cpu(other_cpu, next_allocs, (void *)c);
	empty_table();
	pr_info("end %s: %lu bad calls: %s\n", c->name, bad_calls, failures ? "FAILED" : "ok");
	return failures ? -EIO : 0;
}

/* Run case @name, or all when it is empty; the strays only when they are asked for. */
static int run_named(const char *name)
{
	unsigned int i, found = 0;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		bool stray = strstarts(bad_cases[i].name, "stray");

		if (*name ? strcmp(name, bad_cases[i].name) : stray)
			continue;
		found++;
		if (run_case(&bad_cases[i]))
			err = -EIO;
	}
	if (!found && strcmp(name, "none")) {
		pr_err("there is no case %s\n", name);
		return -EINVAL;
	}
	return err;
}

static char case_name[32];
static bool loaded;

/* Before the module is initialised this only remembers; later it runs. */
static int case_set(const char *val, const struct kernel_param *kp)
{
	if (strscpy(case_name, val, sizeof(case_name)) < 0)
		return -EINVAL;
	strim(case_name);
	if (!loaded)
		return 0;
	return run_named(case_name);
}

static int case_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%s\n", case_name);
}

static const struct kernel_param_ops case_ops = {
	.set = case_set,
	.get = case_get,
};

module_param_cb(case, &case_ops, NULL, 0600);
MODULE_PARM_DESC(case, "the case to run, or none (default: all)");

static int __init badinput_init(void)
{
	int err;

	owner_cpu = cpumask_first(cpu_online_mask);
	other_cpu = cpumask_next(owner_cpu, cpu_online_mask);
	if (other_cpu >= nr_cpu_ids)
		other_cpu = owner_cpu;
	if (!seed)
		seed = get_random_u32();
	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	pr_info("seed=%lu\n", seed);
	kernel_param_lock(THIS_MODULE);
	err = run_named(case_name);
	loaded = !err;
	kernel_param_unlock(THIS_MODULE);
	return err;
}

static void __exit badinput_exit(void)
{
}

module_init(badinput_init);
module_exit(badinput_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc is handed bad input");
