// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_replay: ask of goalloc what a kernel once asked of kmalloc().
 *
 * THEORY OF OPERATION
 *
 * A trace (scripts/trace-record, Documentation/trace-format.rst) is read and
 * checked as a whole before the first allocation: what is damaged is refused and
 * nothing has happened.  Then a thread goes through the events.  Consecutive events
 * of the same CPU and context are a batch.  The thread moves to the CPU of the batch
 * and runs it there in the recorded context: itself for task context, in a tasklet
 * for softirq, in an irq_work for hardirq (and for NMI).  It waits for each batch, so
 * only one runs at a time and nothing here needs a lock; what is concurrent are
 * goalloc's own workers.
 *
 * On each CPU the order is the recorded one.  Events of different CPUs may change
 * places, within a window and never a free with its allocation, so that the thread
 * moves a few times a window and not at every twentieth event: under emulation on a
 * busy host a move can take as long as a thousand allocations.  window=1 keeps the
 * recorded order exactly.
 *
 * Each object is filled at its allocation, all bytes asked for, with a pattern
 * of its own, and checked when it is freed.
 *
 * With hold=1 the replay stops where most bytes are live and keeps the objects
 * until the module is removed, to look at /proc/goalloc while they live.  Removal
 * replays the rest.
 *
 * All that this module keeps for itself comes from vmalloc(), so that neither
 * goalloc nor kmalloc() is measured with it.
 */
#define pr_fmt(fmt) "goalloc_replay: " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <linux/goalloc.h>

#include "goalloc_trace.h"

static char *trace;
module_param(trace, charp, 0444);
MODULE_PARM_DESC(trace, "path of the trace to replay");

static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "stop at the peak and keep the objects until rmmod (default 0)");

static unsigned int loops = 1;
module_param(loops, uint, 0444);
MODULE_PARM_DESC(loops, "how many times to replay the trace (default 1)");

static unsigned int window = 256;
module_param(window, uint, 0444);
MODULE_PARM_DESC(window, "events of different CPUs this near may change places (default 256; 1: none)");

static bool noscan;
module_param(noscan, bool, 0444);
MODULE_PARM_DESC(noscan, "use goalloc_alloc_noscan(), and so tiny objects too (default 0)");

#define BATCH_EVENTS	256		/* in one go, perhaps with interrupts disabled */
#define BATCH_BYTES	SZ_256K		/* likewise, that are filled or checked */

/**
 * struct replay_object - what an allocation of the trace returned
 * @ptr: the object; NULL if it does not live, was too large, or could not be had
 * @size: bytes asked for
 */
struct replay_object {
	void *ptr;
	u32 size;
};

static struct trace recorded;		/* constant once it has been read */
static u32 peak_event;			/* the allocation after which most bytes are live */

/* The state of the replay: only the batch that runs touches it. */
static struct replay_object *objects;
static unsigned int loop;

static struct {
	unsigned long events[NR_CONTEXTS];	/* by the context they really ran in */
	unsigned long allocs, frees, freed_at_end, skipped;
	unsigned long overwritten, not_zero, misaligned, too_small, refused;
	unsigned long live, peak_live;
	u64 asked, goalloc, kmalloc;	/* bytes live: requested, given, and kmalloc() would give */
	u64 peak_asked, peak_goalloc, peak_kmalloc;
	u64 ns;
} stats;

/* --- The trace */

static void find_peak(void)
{
	u64 live = 0, peak = 0;
	u32 i;

	for (i = 0; i < recorded.nevents; i++) {
		const struct trace_event *e = &recorded.events[i];

		if (e->size > GOALLOC_MAX_SIZE)
			continue;
		if (!trace_is_alloc(e)) {
			live -= e->size;
			continue;
		}
		live += e->size;
		if (live > peak) {
			peak = live;
			peak_event = i;
		}
	}
}

static int read_trace(void)
{
	int err;

	if (!trace) {
		pr_err("which trace?  insmod goalloc_replay.ko trace=PATH\n");
		return -EINVAL;
	}
	err = trace_read(&recorded, trace);
	if (err)
		return err;
	objects = vzalloc(array_size(recorded.nobjects, sizeof(*objects)));
	if (!objects)
		return -ENOMEM;
	err = trace_regroup(&recorded, window);
	if (!err)
		find_peak();
	return err;
}

/* --- Objects */

/* The bytes of a live object are words of a sequence that no other object has. */
static u64 pattern(const struct replay_object *o, size_t offset)
{
	u64 seed = (u64)loop << 32 | (o - objects);

	return (seed + offset / sizeof(u64)) * 0x9e3779b97f4a7c15ULL;	/* 2^64 / golden ratio */
}

static u8 pattern_byte(const struct replay_object *o, size_t offset)
{
	return pattern(o, offset) >> 8 * (offset % sizeof(u64));
}

static void fill(const struct replay_object *o)
{
	u8 *bytes = o->ptr;
	__le64 word;
	size_t i;

	for (i = 0; i + sizeof(word) <= o->size; i += sizeof(word)) {
		word = cpu_to_le64(pattern(o, i));
		memcpy(bytes + i, &word, sizeof(word));
	}
	for (; i < o->size; i++)
		bytes[i] = pattern_byte(o, i);
}

/* Is the pattern there?  If not, says from where on. */
static bool intact(const struct replay_object *o)
{
	const u8 *bytes = o->ptr;
	__le64 word;
	size_t i;

	for (i = 0; i + sizeof(word) <= o->size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));	/* small ones may be unaligned */
		if (le64_to_cpu(word) != pattern(o, i))
			break;
	}
	for (; i < o->size; i++)
		if (bytes[i] != pattern_byte(o, i))
			break;
	if (likely(i == o->size))
		return true;
	pr_err_ratelimited("overwritten: object %zu, %u bytes at %p: byte %zu is %02x, was %02x\n",
			   o - objects, o->size, o->ptr, i, bytes[i], pattern_byte(o, i));
	return false;
}

/* A fault of a new object. */
static void complain(const struct replay_object *o, unsigned long *count,
		     const char *what)
{
	++*count;
	pr_err_ratelimited("%s: object %zu, %u bytes at %p, goalloc_size %zu\n", what,
			   o - objects, o->size, o->ptr, goalloc_size(o->ptr));
}

static void check_new(const struct replay_object *o, size_t given, bool zero)
{
	if (given < o->size)
		complain(o, &stats.too_small, "too small");
	if (zero && memchr_inv(o->ptr, 0, given))
		complain(o, &stats.not_zero, "not zero");
	if (is_power_of_2(o->size) && !IS_ALIGNED((unsigned long)o->ptr, o->size))
		complain(o, &stats.misaligned, "misaligned");
}

static void account_alloc(u32 size, size_t given)
{
	stats.allocs++;
	stats.live++;
	stats.asked += size;
	stats.goalloc += given;
	stats.kmalloc += kmalloc_size_roundup(size);
	if (stats.asked <= stats.peak_asked)
		return;
	stats.peak_asked = stats.asked;
	stats.peak_live = stats.live;
	stats.peak_goalloc = stats.goalloc;
	stats.peak_kmalloc = stats.kmalloc;
}

static void account_free(u32 size, size_t given)
{
	stats.frees++;
	stats.live--;
	stats.asked -= size;
	stats.goalloc -= given;
	stats.kmalloc -= kmalloc_size_roundup(size);
}

static void replay_alloc(const struct trace_event *e)
{
	struct replay_object *o = &objects[e->object];
	gfp_t gfp = trace_gfp_kinds[FIELD_GET(OP_GFP, e->op)];
	bool zero = e->op & OP_ZERO;
	size_t given;

	if (e->size > GOALLOC_MAX_SIZE) {
		stats.skipped++;
		return;
	}
	if (zero)
		gfp |= __GFP_ZERO;
	o->size = e->size;
	o->ptr = noscan ? goalloc_alloc_noscan(o->size, gfp) : goalloc_alloc(o->size, gfp);
	if (!o->ptr) {
		stats.refused++;
		pr_err_ratelimited("no memory: %u bytes, gfp %pGg\n", o->size, &gfp);
		return;
	}
	given = goalloc_size(o->ptr);
	check_new(o, given, zero);
	fill(o);
	account_alloc(o->size, given);
}

static void free_object(struct replay_object *o)
{
	if (!o->ptr)
		return;
	account_free(o->size, goalloc_size(o->ptr));
	if (!intact(o))
		stats.overwritten++;
	goalloc_free(o->ptr);
	o->ptr = NULL;
}

/* --- Batches and contexts */

static struct {
	const struct trace_event *event, *end;
	struct completion done;
} batch;

static enum trace_context context_now(void)
{
	return in_nmi() ? CTX_NMI : in_hardirq() ? CTX_HARDIRQ :
	       in_serving_softirq() ? CTX_SOFTIRQ : CTX_TASK;
}

static void run_batch(void)
{
	stats.events[context_now()] += batch.end - batch.event;
	for (; batch.event < batch.end; batch.event++) {
		if (trace_is_alloc(batch.event))
			replay_alloc(batch.event);
		else
			free_object(&objects[batch.event->object]);
	}
	complete(&batch.done);
}

static void batch_in_softirq(struct tasklet_struct *t)
{
	run_batch();
}

static void batch_in_hardirq(struct irq_work *w)
{
	run_batch();
}

static DECLARE_TASKLET(batch_tasklet, batch_in_softirq);
static struct irq_work batch_irq_work;

/* The end of the batch that begins at @event. */
static const struct trace_event *batch_end(const struct trace_event *event,
					   const struct trace_event *last)
{
	const struct trace_event *e = event;
	size_t bytes = 0;

	do
		bytes += e++->size;
	while (e < last && e < event + BATCH_EVENTS && bytes + e->size <= BATCH_BYTES &&
	       e->cpu == event->cpu && trace_context(e) == trace_context(event));
	return e;
}

/* The recorded CPU, or the one that stands for it. */
static unsigned int online_cpu(unsigned int recorded)
{
	unsigned int cpu, n = recorded % num_online_cpus();

	for_each_online_cpu(cpu)
		if (!n--)
			return cpu;
	return raw_smp_processor_id();		/* a CPU went offline meanwhile */
}

static void start_batch(enum trace_context context)
{
	switch (context) {
	case CTX_TASK:
		run_batch();
		break;
	case CTX_SOFTIRQ:
		local_bh_disable();
		tasklet_schedule(&batch_tasklet);
		local_bh_enable();		/* runs it, if ksoftirqd does not */
		break;
	default:
		irq_work_queue(&batch_irq_work);
	}
}

struct replay_range {
	const struct trace_event *from, *to;
	struct completion done;
	bool stop;
};

/* Replays a range of events.  One thread at a time. */
static int replay_thread(void *data)
{
	struct replay_range *range = data;
	const struct trace_event *event = range->from;
	unsigned int cpu, here = nr_cpu_ids;

	while (event < range->to && !READ_ONCE(range->stop)) {
		batch.event = event;
		batch.end = batch_end(event, range->to);
		cpu = online_cpu(event->cpu);
		/* It may be going offline: then anywhere will do. */
		if (cpu != here && !set_cpus_allowed_ptr(current, cpumask_of(cpu)))
			here = cpu;
		reinit_completion(&batch.done);
		start_batch(trace_context(event));
		event = batch.end;
		wait_for_completion(&batch.done);
		cond_resched();
	}
	complete(&range->done);
	return event < range->to ? -EINTR : 0;
}

/* Replay events and wait for it; a fatal signal ends it at the next batch. */
static int replay(u32 from, u32 to)
{
	struct replay_range range = {
		.from = recorded.events + from,
		.to = recorded.events + to,
	};
	struct task_struct *thread;
	u64 start = ktime_get_ns();
	int err;

	init_completion(&range.done);
	thread = kthread_create(replay_thread, &range, "goalloc_replay");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	get_task_struct(thread);
	wake_up_process(thread);
	if (wait_for_completion_killable(&range.done)) {
		WRITE_ONCE(range.stop, true);
		wait_for_completion(&range.done);
	}
	err = kthread_stop(thread);
	put_task_struct(thread);
	stats.ns += ktime_get_ns() - start;
	return err;
}

static void free_live(void)
{
	unsigned long before = stats.frees;
	u32 i;

	for (i = 0; i < recorded.nobjects; i++) {
		free_object(&objects[i]);
		if (i % BATCH_EVENTS == 0)
			cond_resched();
	}
	stats.freed_at_end += stats.frees - before;
}

/* --- The report */

static void report_waste(const char *who, const char *how, u64 given)
{
	u64 percent = div64_u64((given - stats.peak_asked) * 10000, given ?: 1);

	pr_info("%-12s %s %llu bytes for them: %llu.%02llu %% unused\n", who, how, given,
		percent / 100, percent % 100);
}

static void report(void)
{
	const unsigned long *in = stats.events;

	pr_info("%-12s %s\n", "trace", trace);
	pr_info("%-12s Linux %s, %u CPUs; replayed on %u%s\n", "recorded on", recorded.release,
		recorded.ncpus, num_online_cpus(), noscan ? ", noscan" : "");
	pr_info("%-12s %lu: %lu in task, %lu in softirq, %lu in hardirq context\n", "events",
		in[CTX_TASK] + in[CTX_SOFTIRQ] + in[CTX_HARDIRQ], in[CTX_TASK], in[CTX_SOFTIRQ],
		in[CTX_HARDIRQ]);
	pr_info("%-12s %lu; skipped %lu above %lu MiB\n", "allocations", stats.allocs,
		stats.skipped, GOALLOC_MAX_SIZE / SZ_1M);
	pr_info("%-12s %lu, of which %lu outlived the trace\n", "frees", stats.frees,
		stats.freed_at_end);
	pr_info("%-12s %lu objects, %llu bytes requested\n", "peak live", stats.peak_live,
		stats.peak_asked);
	report_waste("goalloc", "gave", stats.peak_goalloc);
	report_waste("kmalloc", "would give", stats.peak_kmalloc);
	pr_info("%-12s %lu overwritten, %lu not zero, %lu misaligned, %lu too small, %lu refused\n",
		"failures", stats.overwritten, stats.not_zero, stats.misaligned, stats.too_small,
		stats.refused);
	pr_info("%-12s %llu ms\n", "time", div_u64(stats.ns, NSEC_PER_MSEC));
}

/* NULL, or why the replay failed. */
static const char *verdict(void)
{
	if (stats.overwritten)
		return "objects were overwritten while they lived";
	if (stats.not_zero)
		return "objects that should be zero were not";
	if (stats.misaligned)
		return "objects were not aligned to their size";
	if (stats.too_small)
		return "objects were smaller than asked for";
	if (stats.refused)
		return "allocations returned NULL";
	return NULL;
}

/* Print all and judge.  @err is what the replay itself returned. */
static int finish(int err)
{
	const char *why = err == -EINTR ? "interrupted" : err ? "no thread" : verdict();

	free_live();
	why = why ?: verdict();
	if (!why && (stats.live || stats.allocs != stats.frees))
		why = "allocations and frees differ";
	report();
	if (!why)
		pr_info("PASS\n");
	else
		pr_err("FAIL: %s\n", why);
	return why ? -EIO : 0;
}

static void say_held(void)
{
	report();
	pr_info("PASS so far: holding %lu objects, %llu bytes, at event %u of %u; rmmod goalloc_replay replays the rest\n",
		stats.live, stats.asked, peak_event + 1, recorded.nevents);
}

/* --- The module */

static void release_all(void)
{
	tasklet_kill(&batch_tasklet);
	irq_work_sync(&batch_irq_work);
	vfree(objects);
	trace_free(&recorded);
}

/* True in @held: objects were kept for replay_exit(). */
static int replay_loops(bool *held)
{
	int err = 0;

	for (loop = 1; loop <= loops && !err; loop++) {
		*held = hold && loop == loops;
		err = replay(0, *held ? peak_event + 1 : recorded.nevents);
		if (*held)
			break;			/* the pattern depends on the loop */
		free_live();
	}
	if (err || verdict())
		*held = false;
	return err;
}

static int __init replay_init(void)
{
	bool held = false;
	int err;

	init_completion(&batch.done);
	init_irq_work(&batch_irq_work, batch_in_hardirq);
	if (!loops || !window) {
		pr_err("loops and window must not be 0\n");
		return -EINVAL;
	}
	err = read_trace();
	if (err)
		goto out;
	err = replay_loops(&held);
	if (held) {
		say_held();
		return 0;
	}
	err = finish(err);
	if (!err)
		return 0;
out:
	release_all();
	return err;
}

static void __exit replay_exit(void)
{
	if (hold)
		finish(replay(peak_event + 1, recorded.nevents));
	release_all();
}

module_init(replay_init);
module_exit(replay_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Replays a recorded kmalloc trace on goalloc");
