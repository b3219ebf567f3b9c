// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_stress: everything at once, on every CPU, from every context.
 *
 * THEORY OF OPERATION
 *
 * A table of slots holds objects.  On each CPU four actors take a random slot,
 * and whoever finds it taken tries another: a thread (task context), a soft
 * hrtimer (softirq), a hard hrtimer (hardirq) and an NMI, which another hrtimer
 * sends to a random CPU, so that it comes between any two instructions there, also
 * where interrupts are off.  The actor of an empty slot allocates an object of a
 * random size and kind and fills it with a pattern that depends on the slot's
 * cookie; the actor of a full one checks the pattern and then frees the object, or
 * reallocates it, or leaves it.  As slots are taken from all CPUs, most objects are
 * freed by another CPU and context than the one that allocated them.
 *
 * The first eighth of the slots keeps its objects long.  And each thread hands
 * objects to the next CPU's thread through a ring, where they are only freed.
 *
 * In NMI an allocation may find nothing: a NULL is counted, not an error.  Where
 * there is no local APIC there is no NMI actor, and the report says so.
 *
 * At the end all objects are checked and freed, and the books must be balanced.
 * What goalloc itself says about its books is for the script around this module
 * to read in /proc/goalloc/stats.
 *
 * Every random number comes from the seed, which is printed; with one CPU and
 * the same seed a thread does the same things in the same order.
 */
#define pr_fmt(fmt) "goalloc_stress: " fmt

#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include <linux/goalloc.h>

#include "hrtimer_compat.h"
#include "nmi_compat.h"

static unsigned int seconds = 10;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long to run (default 10)");

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the random numbers (default: random, printed)");

static unsigned int nslots = 8192;
module_param(nslots, uint, 0444);
MODULE_PARM_DESC(nslots, "objects that may live at once (default 8192)");

static unsigned long nmi_min;
module_param(nmi_min, ulong, 0444);
MODULE_PARM_DESC(nmi_min, "fail with fewer frees and allocation attempts in NMI (default 0)");

#define TIMER_NS	(200 * NSEC_PER_USEC)
#define OPS_PER_TIMER	8
#define OPS_PER_RESCHED	64
#define NMI_NAME	"goalloc_stress"
#define RETAINED	8		/* one of so many slots keeps its object long ... */
#define RETAINED_TURNS	64		/* ... one of so many operations touches it */
#define RING_SLOTS	64		/* objects under way from one CPU to the next */
#define ATOMIC_MAX	SZ_32K		/* largest object in interrupts */
#define PATTERN_EDGE	512		/* of a longer object only so much at each end is filled */

enum actor_kind { TASK, SOFTIRQ, HARDIRQ, NMI, NR_KINDS };

static const char * const kind_names[NR_KINDS] = { "task", "softirq", "hardirq", "nmi" };

/* One object.  Whoever sets bit 0 of @lock has the slot; nobody waits for it. */
struct slot {
	unsigned long lock;
	u8 *ptr;
	size_t size;
	u32 cookie;
	bool zeroed;
	u8 cpu;
};

struct actor {
	u64 rng;
	unsigned long allocs, frees, foreign, reallocs, nulls, bad;
	unsigned long runs, amid;	/* of an NMI: how many, how many amid the thread's call */
	unsigned int put, got;		/* where in the rings the thread is */
	bool busy;			/* the thread is at an object */
	struct hrtimer timer;
	struct task_struct *thread;
};

static struct slot *slots;		/* and after them each CPU's ring */
static struct actor __percpu *actors[NR_KINDS];
static bool stopping, have_nmi;

static u32 rnd(struct actor *a)
{
	a->rng ^= a->rng << 13;		/* xorshift64 */
	a->rng ^= a->rng >> 7;
	a->rng ^= a->rng << 17;
	return a->rng >> 32;
}

/* Mostly small, with a long tail. */
static size_t random_size(struct actor *a, enum actor_kind kind)
{
	static const struct {
		u8 percent;
		u32 max;
	} mix[] = { { 15, 16 }, { 40, 256 }, { 28, 4096 }, { 13, SZ_32K }, { 3, SZ_256K },
		    { 1, SZ_4M } };
	unsigned int i, p = rnd(a) % 100;

	for (i = 0; i < ARRAY_SIZE(mix) - 1 && p >= mix[i].percent; i++)
		p -= mix[i].percent;
	return 1 + rnd(a) % (kind == TASK ? mix[i].max : min_t(u32, mix[i].max, ATOMIC_MAX));
}

static u8 pattern(u32 cookie, size_t i)
{
	return (cookie + i * 7) ^ (cookie >> 8);
}

static void fill(struct slot *s)
{
	size_t i;

	for (i = 0; i < min_t(size_t, s->size, PATTERN_EDGE); i++)
		s->ptr[i] = pattern(s->cookie, i);
	for (i = max_t(size_t, PATTERN_EDGE, s->size - min_t(size_t, s->size, PATTERN_EDGE));
	     i < s->size; i++)
		s->ptr[i] = pattern(s->cookie, i);
}

/* Is the pattern there?  Only the first @size bytes, for after a realloc. */
static bool intact(const struct slot *s, size_t size)
{
	size_t i;

	for (i = 0; i < min_t(size_t, size, PATTERN_EDGE); i++)
		if (s->ptr[i] != pattern(s->cookie, i))
			return false;
	for (i = max_t(size_t, PATTERN_EDGE, s->size - min_t(size_t, s->size, PATTERN_EDGE));
	     i < size; i++)
		if (s->ptr[i] != pattern(s->cookie, i))
			return false;
	return true;
}

static void complain(struct actor *a, const struct slot *s, const char *what)
{
	a->bad++;
	pr_err_ratelimited("%s: object of %zu bytes, allocated on CPU %u\n", what, s->size, s->cpu);
}

static gfp_t actor_gfp(enum actor_kind kind)
{
	return (kind == TASK ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
}

static void *random_alloc(struct actor *a, struct slot *s, gfp_t gfp)
{
	u32 how = rnd(a) % 10;
	size_t elems = 1 + rnd(a) % 8;

	s->zeroed = how >= 6 && how != 9;
	if (how >= 8)
		s->size = roundup(s->size, elems);
	if (how < 3)
		return goalloc_alloc(s->size, gfp);
	if (how < 5)
		return goalloc_alloc_noscan(s->size, gfp);
	if (how == 5)
		return goalloc_alloc_node(s->size, gfp, numa_mem_id());
	if (how == 8)
		return goalloc_calloc(elems, s->size / elems, gfp);
	if (how == 9)
		return goalloc_alloc_array(elems, s->size / elems, gfp);
	return how == 6 ? goalloc_zalloc(s->size, gfp) : goalloc_zalloc_noscan(s->size, gfp);
}

static void slot_alloc(struct actor *a, struct slot *s, enum actor_kind kind)
{
	s->size = random_size(a, kind);
	s->cookie = rnd(a);
	s->cpu = raw_smp_processor_id();
	s->ptr = random_alloc(a, s, actor_gfp(kind));
	if (!s->ptr) {
		a->nulls++;
		return;
	}
	a->allocs++;
	if (goalloc_size(s->ptr) < s->size)
		complain(a, s, "too small");
	if (s->zeroed && memchr_inv(s->ptr, 0, min_t(size_t, s->size, SZ_32K)))
		complain(a, s, "not zero");
	fill(s);
}

static void slot_free(struct actor *a, struct slot *s)
{
	if (!intact(s, s->size))
		complain(a, s, "overwritten");
	a->foreign += s->cpu != raw_smp_processor_id();
	if (s->cookie % 16)
		goalloc_free(s->ptr);
	else
		goalloc_free_sensitive(s->ptr);
	s->ptr = NULL;
	a->frees++;
}

static void slot_realloc(struct actor *a, struct slot *s, enum actor_kind kind)
{
	size_t size = random_size(a, kind), common = min(size, s->size);
	u8 *ptr = goalloc_realloc(s->ptr, size, actor_gfp(kind));

	if (!ptr) {
		a->nulls++;
		return;
	}
	s->ptr = ptr;
	if (!intact(s, common))
		complain(a, s, "not kept by realloc");
	s->size = size;
	fill(s);
	a->reallocs++;
}

static void one_op(struct actor *a, enum actor_kind kind)
{
	u32 i = rnd(a) % nslots, what = rnd(a) % 16;
	struct slot *s = &slots[i];

	if (i < nslots / RETAINED && READ_ONCE(s->ptr) && rnd(a) % RETAINED_TURNS)
		return;
	if (test_and_set_bit_lock(0, &s->lock))
		return;
	if (!s->ptr)
		slot_alloc(a, s, kind);
	else if (kind != TASK && s->size > ATOMIC_MAX)
		;
	else if (what < 12)
		slot_free(a, s);
	else if (what < 14)
		slot_realloc(a, s, kind);
	clear_bit_unlock(0, &s->lock);
}

static struct slot *ring_slot(int cpu, unsigned int i)
{
	return &slots[nslots + cpu * RING_SLOTS + i % RING_SLOTS];
}

/* Hand an object to the next CPU, free one that the previous CPU handed over. */
static void ring_op(struct actor *a, int cpu)
{
	struct slot *s = ring_slot(cpu, a->put);

	if (!test_and_set_bit_lock(0, &s->lock)) {
		if (!s->ptr)
			slot_alloc(a, s, TASK);
		a->put += !!s->ptr;
		clear_bit_unlock(0, &s->lock);
	}
	s = ring_slot((cpu + nr_cpu_ids - 1) % nr_cpu_ids, a->got);
	if (!test_and_set_bit_lock(0, &s->lock)) {
		if (s->ptr) {
			slot_free(a, s);
			a->got++;
		}
		clear_bit_unlock(0, &s->lock);
	}
}

static int stress_thread(void *data)
{
	struct actor *a = data;
	int cpu = smp_processor_id();
	unsigned long n = 0;

	while (!kthread_should_stop()) {
		WRITE_ONCE(a->busy, true);
		if (n % 8)
			one_op(a, TASK);
		else
			ring_op(a, cpu);
		WRITE_ONCE(a->busy, false);
		if (++n % OPS_PER_RESCHED == 0)
			cond_resched();
	}
	return 0;
}

static int stress_nmi(unsigned int type, struct pt_regs *regs)
{
	struct actor *a = this_cpu_ptr(actors[NMI]);
	unsigned long before = a->allocs + a->nulls + a->frees;
	int i;

	for (i = 0; i < OPS_PER_TIMER; i++)
		one_op(a, NMI);
	a->runs++;
	if (READ_ONCE(this_cpu_ptr(actors[TASK])->busy))
		a->amid += a->allocs + a->nulls + a->frees - before;
	return NMI_HANDLED;
}

/* Send an NMI: to this CPU or to any other. */
static enum hrtimer_restart send_nmi(struct hrtimer *t)
{
	u64 now = ktime_get_ns();
	int cpu = (now >> 4) % nr_cpu_ids;

	if (READ_ONCE(stopping))
		return HRTIMER_NORESTART;
	compat_nmi_send(cpu_online(cpu) ? cpu : raw_smp_processor_id());
	hrtimer_forward_now(t, ns_to_ktime(TIMER_NS + now % TIMER_NS));
	return HRTIMER_RESTART;
}

static enum hrtimer_restart stress_timer(struct hrtimer *t, enum actor_kind kind)
{
	struct actor *a = container_of(t, struct actor, timer);
	int i;

	for (i = 0; i < OPS_PER_TIMER; i++)
		one_op(a, kind);
	if (READ_ONCE(stopping))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(t, ns_to_ktime(TIMER_NS + rnd(a) % TIMER_NS));
	return HRTIMER_RESTART;
}

static enum hrtimer_restart stress_soft(struct hrtimer *t)
{
	return stress_timer(t, SOFTIRQ);
}

static enum hrtimer_restart stress_hard(struct hrtimer *t)
{
	return stress_timer(t, HARDIRQ);
}

static void start_timers(void *unused)
{
	hrtimer_start(&this_cpu_ptr(actors[SOFTIRQ])->timer, ns_to_ktime(TIMER_NS),
		      HRTIMER_MODE_REL_PINNED_SOFT);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))	/* where kmalloc() cannot be called either */
		hrtimer_start(&this_cpu_ptr(actors[HARDIRQ])->timer, ns_to_ktime(TIMER_NS),
			      HRTIMER_MODE_REL_PINNED_HARD);
	if (have_nmi)
		hrtimer_start(&this_cpu_ptr(actors[NMI])->timer, ns_to_ktime(TIMER_NS),
			      HRTIMER_MODE_REL_PINNED_HARD);
}

static int start_cpu(int cpu)
{
	struct actor *task = per_cpu_ptr(actors[TASK], cpu);

	compat_hrtimer_setup(&per_cpu_ptr(actors[SOFTIRQ], cpu)->timer, stress_soft,
			     HRTIMER_MODE_REL_PINNED_SOFT);
	compat_hrtimer_setup(&per_cpu_ptr(actors[HARDIRQ], cpu)->timer, stress_hard,
			     HRTIMER_MODE_REL_PINNED_HARD);
	compat_hrtimer_setup(&per_cpu_ptr(actors[NMI], cpu)->timer, send_nmi,
			     HRTIMER_MODE_REL_PINNED_HARD);
	task->thread = kthread_create_on_node(stress_thread, task, cpu_to_node(cpu),
					      "goalloc_stress/%d", cpu);
	if (IS_ERR(task->thread)) {
		int err = PTR_ERR(task->thread);

		task->thread = NULL;
		return err;
	}
	kthread_bind(task->thread, cpu);
	wake_up_process(task->thread);
	return 0;
}

static void stop_all(void)
{
	int cpu;

	WRITE_ONCE(stopping, true);
	for_each_possible_cpu(cpu) {
		struct actor *task = per_cpu_ptr(actors[TASK], cpu);

		if (!task->thread)
			continue;
		kthread_stop(task->thread);
		hrtimer_cancel(&per_cpu_ptr(actors[SOFTIRQ], cpu)->timer);
		hrtimer_cancel(&per_cpu_ptr(actors[HARDIRQ], cpu)->timer);
		hrtimer_cancel(&per_cpu_ptr(actors[NMI], cpu)->timer);
	}
	if (have_nmi)
		compat_nmi_unregister(NMI_NAME);
}

static void free_rest(void)
{
	struct actor *a = raw_cpu_ptr(actors[TASK]);
	unsigned int i;

	for (i = 0; i < nslots + nr_cpu_ids * RING_SLOTS; i++)
		if (slots[i].ptr)
			slot_free(a, &slots[i]);
}

/* Say how much the NMI actor did.  True: enough. */
static bool report_nmi(const struct actor *sum)
{
	unsigned long ops = sum->frees + sum->allocs + sum->nulls;

	if (!have_nmi) {
		pr_info("no NMI actor: there is no local APIC\n");
		return true;
	}
	pr_info("%lu frees and allocation attempts in %lu NMIs, %lu of them amid a thread's operation\n",
		ops, sum->runs, sum->amid);
	return ops >= nmi_min;
}

/* Print a row per context.  True: all is well. */
static bool report(void)
{
	struct actor sum[NR_KINDS] = { };
	unsigned long allocs = 0, frees = 0, bad = 0;
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
			sum[kind].runs += a->runs;
			sum[kind].amid += a->amid;
		}
		pr_info("%-8s %12lu %12lu %12lu %10lu %8lu %5lu\n", kind_names[kind],
			sum[kind].allocs, sum[kind].frees, sum[kind].foreign, sum[kind].reallocs,
			sum[kind].nulls, sum[kind].bad);
		allocs += sum[kind].allocs;
		frees += sum[kind].frees;
		bad += sum[kind].bad;
	}
	return report_nmi(&sum[NMI]) && allocs && allocs == frees && !bad;
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

	slots = vzalloc(array_size(nslots + nr_cpu_ids * RING_SLOTS, sizeof(*slots)));
	if (!slots)
		return -ENOMEM;
	for (kind = 0; kind < NR_KINDS; kind++) {
		actors[kind] = alloc_percpu(struct actor);
		if (!actors[kind])
			return -ENOMEM;
		for_each_possible_cpu(cpu)
			per_cpu_ptr(actors[kind], cpu)->rng =
				(seed + 1) * 0x9e3779b97f4a7c15ULL + cpu * NR_KINDS + kind;
	}
	return 0;
}

static int __init stress_init(void)
{
	int err, cpu;

	if (!nslots || !seconds) {
		pr_err("nslots and seconds must not be 0\n");
		return -EINVAL;
	}
	if (!seed)
		seed = get_random_u32();
	pr_info("seed=%lu, %u seconds, %u slots, %u CPUs\n", seed, seconds, nslots,
		num_online_cpus());
	err = setup();
	have_nmi = !err && !compat_nmi_register(stress_nmi, NMI_NAME);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		err = err ?: start_cpu(cpu);
	if (!err)
		on_each_cpu(start_timers, NULL, 1);
	cpus_read_unlock();
	if (!err)
		schedule_timeout_uninterruptible(seconds * HZ);
	if (actors[NR_KINDS - 1]) {	/* the last of what setup() makes */
		stop_all();
		free_rest();
		if (!err && !report())
			err = -EIO;
	}
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
