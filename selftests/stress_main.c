// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_stress: everything at once, on every CPU, from every context.
 *
 * THEORY OF OPERATION
 *
 * A table of slots holds objects.  On each CPU four actors take a random slot,
 * and whoever finds it taken tries another: a thread (task context), a soft
 * hrtimer (softirq), a hard hrtimer (hardirq) and an NMI handler.  The actor of an empty slot
 * allocates an object of a random size and kind and fills it with a pattern that
 * depends on the slot's cookie; the actor of a full one checks the pattern and
 * then frees the object, or reallocates it, or leaves it.  As slots are taken
 * from all CPUs, most objects are freed by another CPU and context than the one
 * that allocated them.  One slot in eight keeps its object 64 times longer.
 *
 * NMIs are sent by IPI from one more hard hrtimer on each CPU to a random other
 * CPU, so that they come at any instruction there, where interrupts are off too.
 * An allocation in NMI may return NULL, which is counted.  Where there is no local
 * APIC this actor is left out, and the report says so.
 *
 * Besides, each CPU has a thread that allocates objects and puts them into a ring
 * (producer), and another CPU one that takes them out and frees them (consumer).
 *
 * At the end all objects are checked and freed, and the books must be balanced.
 * What goalloc itself says about its books is for the script around this module
 * to read in /proc/goalloc/stats.
 *
 * Every random number comes from the seed, which is printed; each actor draws the
 * same numbers in the same order whenever the seed is the same.
 */
#include "stress.h"

#include <linux/cpu.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

static unsigned int seconds = 10;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long to run (default 10)");

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the random numbers (default: random, printed)");

unsigned int nslots = 8192;
module_param(nslots, uint, 0444);
MODULE_PARM_DESC(nslots, "objects that may live at once (default 8192)");

#define NMI_OPS_MINUTE	100000	/* in a minute or more; fewer mean nothing */
#define PATIENCE	4	/* times as long as told, until there are as many */

static const char * const kind_names[NR_KINDS] = {
	"task", "softirq", "hardirq", "nmi", "producer", "consumer",
};

struct slot *slots;
struct actor __percpu *actors[NR_KINDS];

static void free_rest(void)
{
	struct actor *a = raw_cpu_ptr(actors[TASK]);
	unsigned int i;

	for (i = 0; i < nslots; i++)
		if (slots[i].ptr)
			slot_free(a, &slots[i]);
}

/* Frees and attempts to allocate in NMI, until now. */
static unsigned long nmi_ops(void)
{
	unsigned long ops = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct actor *a = per_cpu_ptr(actors[NMI], cpu);

		ops += READ_ONCE(a->frees) + READ_ONCE(a->allocs) + READ_ONCE(a->reallocs) +
		       READ_ONCE(a->nulls);
	}
	return ops;
}

/* How many of them the time demands. */
static unsigned long nmi_demand(void)
{
	return nmi_present() ? mult_frac((unsigned long)NMI_OPS_MINUTE, min(seconds, 60U), 60) : 0;
}

/* Let it run for as long as told, and on a slow machine until there were enough NMIs. */
static void let_run(void)
{
	unsigned long end = jiffies + PATIENCE * seconds * HZ;

	schedule_timeout_idle(seconds * HZ);	/* no hung task, however long */
	while (nmi_ops() < nmi_demand() && time_before(jiffies, end))
		schedule_timeout_idle(HZ);
}

static bool enough_in_nmi(unsigned long nmis)
{
	if (!nmi_present()) {
		pr_info("no NMI actor: this machine has no local APIC that could send NMIs\n");
		return true;
	}
	pr_info("%lu NMIs; %lu frees and allocation attempts in NMI, at least %lu demanded\n",
		nmis, nmi_ops(), nmi_demand());
	return nmi_ops() >= nmi_demand();
}

/* Print a row per context.  True: all is well. */
static bool report(void)
{
	struct actor sum[NR_KINDS] = { };
	unsigned long allocs = 0, frees = 0, bad = 0, nmis = 0;
	int kind, cpu;

	pr_info("%-8s %12s %12s %12s %10s %8s %5s\n", "context", "allocs", "frees", "cross-cpu",
		"reallocs", "NULLs", "bad");
	for (kind = 0; kind < NR_KINDS; kind++) {
		for_each_possible_cpu(cpu) {
			struct actor *a = per_cpu_ptr(actors[kind], cpu);

			sum[kind].allocs += a->allocs;
			sum[kind].frees += a->frees;
			sum[kind].foreign += a->foreign;
			sum[kind].reallocs += a->reallocs;
			sum[kind].nulls += a->nulls;
			sum[kind].bad += a->bad;
			nmis += a->arrived;
		}
		pr_info("%-8s %12lu %12lu %12lu %10lu %8lu %5lu\n", kind_names[kind],
			sum[kind].allocs, sum[kind].frees, sum[kind].foreign, sum[kind].reallocs,
			sum[kind].nulls, sum[kind].bad);
		allocs += sum[kind].allocs;
		frees += sum[kind].frees;
		bad += sum[kind].bad;
	}
	return enough_in_nmi(nmis) && allocs && allocs == frees && !bad;
}

static void free_all(void)
{
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		free_percpu(actors[kind]);
	vfree(slots);
}

static int setup(void)
{
	int kind, cpu;

	slots = vzalloc(array_size(nslots, sizeof(*slots)));
	if (!slots)
		return -ENOMEM;
	for (kind = 0; kind < NR_KINDS; kind++) {
		actors[kind] = alloc_percpu(struct actor);
		if (!actors[kind])
			return -ENOMEM;
		for_each_possible_cpu(cpu) {
			struct actor *a = per_cpu_ptr(actors[kind], cpu);

			a->kind = kind;
			a->rng = (seed + 1) * 0x9e3779b97f4a7c15ULL + cpu * NR_KINDS + kind;
			a->send_rng = a->rng * 0xbf58476d1ce4e5b9ULL;
		}
	}
	return 0;
}

static int __init stress_init(void)
{
	int err;

	if (!nslots || !seconds) {
		pr_err("nslots and seconds must not be 0\n");
		return -EINVAL;
	}
	if (!seed)
		seed = get_random_u32();
	pr_info("seed=%lu, %u seconds, %u slots, %u CPUs\n", seed, seconds, nslots,
		num_online_cpus());
	err = setup();
	if (err)
		goto out;
	cpus_read_lock();
	err = start_contexts() ?: start_rings();
	cpus_read_unlock();
	if (!err)
		let_run();
	stop_rings();
	stop_contexts();
	free_rest();
	if (!err && !report())
		err = -EIO;
out:
	free_all();
	pr_info("%s\n", err ? "FAIL" : "PASS");
	return err;
}

static void __exit stress_exit(void)
{
}

module_init(stress_init);
module_exit(stress_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc under stress from task, softirq, hardirq and NMI context");
