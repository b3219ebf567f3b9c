// SPDX-License-Identifier: GPL-2.0
/*
 * The table of allocators, the table of workloads, and the parameters that choose
 * among them.  bench.h has the theory of operation.
 *
 * Loading the module runs what run= names, in that order, and then succeeds.
 */
#define pr_fmt(fmt) "goalloc_bench: " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/goalloc.h>

#include "bench.h"

static char *run = "pair";
module_param(run, charp, 0444);
MODULE_PARM_DESC(run, "the workloads to run, with commas between (default pair)");

unsigned int bench_rounds = BENCH_NATIVE ? 9 : 1;
module_param_named(rounds, bench_rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how often each allocator takes its turn (default 1; native 9)");

bool bench_quick;
module_param_named(quick, bench_quick, bool, 0444);
MODULE_PARM_DESC(quick, "a smaller amount of everything that takes long (default 0)");

char *bench_trace;
module_param_named(trace, bench_trace, charp, 0444);
MODULE_PARM_DESC(trace, "path of a recorded trace, for the workloads that replay one");

unsigned int bench_heap_mib = 1024;
module_param_named(heap_mib, bench_heap_mib, uint, 0444);
MODULE_PARM_DESC(heap_mib, "the largest page heap, in MiB (default 1024)");

/* --- Allocators.  Not inlined: each is called in the same way. */

struct kmem_cache *bench_slab;

static noinline void *goalloc_of(size_t size, gfp_t gfp)
{
	return goalloc_alloc(size, gfp);
}

static noinline void goalloc_back(void *ptr)
{
	goalloc_free(ptr);
}

static noinline void *kmalloc_of(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static noinline void kmalloc_back(void *ptr)
{
	kfree(ptr);
}

static noinline void *kmem_cache_of(size_t size, gfp_t gfp)
{
	return kmem_cache_alloc(bench_slab, gfp);
}

static noinline void kmem_cache_back(void *ptr)
{
	kmem_cache_free(bench_slab, ptr);
}

static noinline void *nothing_of(size_t size, gfp_t gfp)
{
	return (void *)size;
}

static noinline void nothing_back(void *ptr)
{
	barrier_data(ptr);
}

const struct bench_allocator bench_goalloc = { "goalloc", goalloc_of, goalloc_back };
const struct bench_allocator bench_kmalloc = { "kmalloc", kmalloc_of, kmalloc_back };
const struct bench_allocator bench_kmem_cache = { "kmem_cache", kmem_cache_of, kmem_cache_back };
const struct bench_allocator bench_nothing = { "nothing", nothing_of, nothing_back };

const struct bench_allocator *const bench_allocators[NR_ALLOCATORS] = {
	&bench_goalloc, &bench_kmalloc, &bench_kmem_cache,
};

/* Makes bench_slab, which bench_kmem_cache allocates from until bench_cache_destroy(). */
int bench_cache_create(size_t size)
{
	bench_slab = kmem_cache_create("goalloc_bench", size, 0, 0, NULL);
	return bench_slab ? 0 : -ENOMEM;
}

void bench_cache_destroy(void)
{
	kmem_cache_destroy(bench_slab);
	bench_slab = NULL;
}

/* --- Results */

void bench_report(const char *workload, size_t size, const char *unit,
		  const struct bench_allocator *a, s64 hundredths)
{
	u64 value = max(hundredths, 0LL);
	u32 rest;

	value = div_u64_rem(value, 100, &rest);
	pr_info("result %s %zu %s %s %llu.%02u\n", workload, size, unit, a->name, value, rest);
}

/* Report @time, as bench_now() has it, of so many operations. */
void bench_report_each(const char *workload, size_t size, const struct bench_allocator *a,
		       s64 time, u64 operations)
{
	bench_report(workload, size, BENCH_UNIT, a, div64_s64(time * 100, operations));
}

/* --- Workloads */

static const struct bench_workload {
	const char *name;
	int (*run)(void);
} workloads[] = {
	{ "pair", bench_run_pair },
	{ "batch", bench_run_batch },
	{ "bulk", bench_run_bulk },
	{ "pair-dropin", bench_run_pair_dropin },
	{ "pair-cache", bench_run_pair_cache },
	{ "bulk-cache", bench_run_bulk_cache },
	{ "live", bench_run_live },
	{ "heap", bench_run_heap },
	{ "worst", bench_run_worst },
	{ "memory-uniform", bench_run_memory_uniform },
	{ "memory-exponential", bench_run_memory_exponential },
	{ "memory-pow2plus1", bench_run_memory_pow2plus1 },
	{ "memory-trace", bench_run_memory_trace },
	{ "metadata", bench_run_metadata },
	{ "replay", bench_run_replay },
	{ "ring", bench_run_ring },
	{ "xmalloc", bench_run_xmalloc },
	{ "larson", bench_run_larson },
	{ "mstress", bench_run_mstress },
	{ "scratch", bench_run_scratch },
	{ "thrash", bench_run_thrash },
};

static int run_one(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		if (!strcmp(name, workloads[i].name))
			return workloads[i].run();
	pr_err("no such workload: %s\n", name);
	return -EINVAL;
}

static int __init bench_init(void)
{
	char *names, *rest, *name;
	int err = 0;

	names = kstrdup(run, GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	rest = names;
	while (!err && (name = strsep(&rest, ",")))
		err = run_one(name);
	kfree(names);
	if (err)
		pr_err("FAIL: %d\n", err);
	else
		pr_info("PASS\n");
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc measured beside SLUB");
