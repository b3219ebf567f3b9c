// SPDX-License-Identifier: GPL-2.0
/*
 * module: loads, checks its parameters, unloads.
 *
 * The only file that knows all the others.  Loading goes from the bottom layer
 * up and draws nothing but metadata; the first allocation draws the first pages.
 *
 * Unloading goes from the top down.  No client can be loaded any more, so an
 * object that is still in use was leaked by one.  It is reported, and its pages
 * are kept from the buddy allocator: somebody may hold a pointer into them, and
 * a leak is better than a use after free.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "dropin.h"
#include "limit.h"
#include "mstats.h"

#define SCAVENGE_INTERVAL_MIN	10
#define SCAVENGE_INTERVAL_MAX	(60 * 1000)

static unsigned int goalloc_profile_rate;

module_param_named(panic_on_bad_free, goalloc_panic_on_bad_free, bool, 0644);
MODULE_PARM_DESC(panic_on_bad_free, "panic when a bad free is caught, instead of reporting it");

module_param_named(scavenge_retain, goalloc_scavenge_retain, uint, 0444);
MODULE_PARM_DESC(scavenge_retain,
		 "idle memory kept, in per cent of the memory in use: 0..100 (default 10)");

module_param_named(scavenge_interval_ms, goalloc_scavenge_interval, uint, 0444);
MODULE_PARM_DESC(scavenge_interval_ms,
		 "milliseconds between turns of the scavenger: 10..60000 (default 1000)");

module_param_named(profile_rate, goalloc_profile_rate, uint, 0444);
MODULE_PARM_DESC(profile_rate,
		 "bytes allocated between two samples of the heap profile: 0 (off, the default)..1073741824");

static int limit_param_set(const char *val, const struct kernel_param *kp)
{
	unsigned long bytes;

	if (kstrtoul(val, 0, &bytes) || limit_set(bytes)) {
		pr_err("memory_limit: not 0, nor a number of bytes from %lu to %ld: nothing was changed\n",
		       GOALLOC_PAGE_SIZE, LONG_MAX);
		return -EINVAL;
	}
	return 0;
}

static int limit_param_get(char *buffer, const struct kernel_param *kp)
{
	struct limit_stats st;

	limit_get_stats(&st);
	return scnprintf(buffer, PAGE_SIZE, "%lu\n", st.limit);
}

static const struct kernel_param_ops limit_param_ops = {
	.set = limit_param_set,
	.get = limit_param_get,
};

module_param_cb(memory_limit, &limit_param_ops, NULL, 0644);
MODULE_PARM_DESC(memory_limit,
		 "bytes that goalloc may have of the machine's memory: 0 (no limit, the default), or at least 8192");

static bool param_in_range(const char *name, unsigned int value, unsigned int least,
			   unsigned int most)
{
	if (value >= least && value <= most)
		return true;
	pr_err("parameter %s=%u is out of range: %u..%u\n", name, value, least, most);
	return false;
}

static bool params_valid(void)
{
	return param_in_range("scavenge_retain", goalloc_scavenge_retain, 0, 100) &&
	       param_in_range("scavenge_interval_ms", goalloc_scavenge_interval,
			      SCAVENGE_INTERVAL_MIN, SCAVENGE_INTERVAL_MAX) &&
	       param_in_range("profile_rate", goalloc_profile_rate, 0, MPROF_RATE_MAX);
}

/* Give the metadata back, bottom layer last.  Everything above has stopped. */
static void free_metadata(void)
{
	heap_exit();
	mheap_exit();
	mpagecache_exit();
	mpagealloc_exit();
	arena_map_exit();
}

static void report_leak(struct goalloc_heap *heap, unsigned int spc)
{
	struct class_stats st;

	mstats_class(heap, spc, &st);
	if (st.spans)
		debug_leak(heap, spc, mstats_class_objects(heap, spc),
			   mstats_class_bytes(heap, spc, st.inuse), st.spans);
}

static void report_leaks(void)
{
	struct goalloc_heap *heap;
	unsigned int spc;

	for (spc = 0; spc < NR_SPC; spc++)
		report_leak(NULL, spc);
	rcu_read_lock();
	for_each_heap(heap)
		if (heap_is_cache(heap))
			report_leak(heap, SPC_CACHE);
	rcu_read_unlock();
}

static int __init goalloc_init(void)
{
	int err;

	if (!params_valid())
		return -EINVAL;
	fault_init();
	trace_init();
	err = arena_map_init() ?: mpagealloc_init() ?: mpagecache_init() ?: mheap_init() ?:
	      heap_init();
	if (err)
		goto fail;
	free_rcu_init();
	err = mprof_init(goalloc_profile_rate);
	if (err)
		goto fail_mprof;
	err = kv_init();
	if (err)
		goto fail_mprof;
	err = scavenge_init();
	if (err)
		goto fail_kv;
	err = named_init();
	if (err)
		goto fail_scavenge;
	err = proc_init();
	if (err)
		goto fail_named;
	pr_info("loaded: %d size classes, %d node(s), see /proc/goalloc/\n",
		GOALLOC_NUM_SIZE_CLASSES - 1, nr_node_ids);
	return 0;

fail_named:
	named_exit();
fail_scavenge:
	scavenge_exit();
fail_kv:
	kv_exit();
fail_mprof:
	mprof_exit();
fail:
	free_metadata();
	fault_exit();
	pr_err("not loaded: error %d\n", err);
	return err;
}

static void __exit goalloc_exit(void)
{
	dropin_exit();
	proc_exit();
	named_exit();
	goalloc_free_rcu_barrier();
	kv_exit();
	scavenge_all();		/* while CPUs that go down are still looked after */
	scavenge_exit();
	rcu_barrier();	/* spans whose readers were waited for */
	scavenge_all();
	report_leaks();
	mprof_exit();
	free_metadata();
	fault_exit();
	pr_info("unloaded\n");
}

module_init(goalloc_init);
module_exit(goalloc_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Go's memory allocator for kernel modules");
