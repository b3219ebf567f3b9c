// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_stress: the actors that share the slots, one per CPU and context.
 *
 * An NMI that came without being due would be one that the kernel does not know
 * and complains of.  So whoever sends one first makes it due, and sends none while
 * one is due; the handler takes it off.  A CPU that goes offline swallows what is
 * due: after a second without an answer one more is sent.
 *
 * CONTEXT: process, but for what is done in each actor's own.
 */
#include "stress.h"

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

#include "hrtimer_compat.h"
#include "nmi_compat.h"

#define TIMER_NS	(200 * NSEC_PER_USEC)
#define OPS_PER_TIMER	8
#define OPS_PER_NMI	32		/* senders are rarer than timers: hotplug herds them */

static bool stopping, nmi_registered;

bool nmi_present(void)
{
	return nmi_registered;
}

static int stress_thread(void *data)
{
	struct actor *a = data;
	unsigned long n = 0;

	while (!kthread_should_stop()) {
		one_op(a);
		if (++n % OPS_PER_RESCHED == 0)
			cond_resched();
	}
	return 0;
}

/*
 * What a timer took since @start it leaves to the others.  Else a timer whose
 * operations take longer than its interval, on a slow machine, would leave nothing to
 * the tasks: with PREEMPT_RT the soft ones are run by a real-time thread.
 */
static enum hrtimer_restart again(struct hrtimer *t, ktime_t start, u32 random)
{
	ktime_t now = ktime_get();
	s64 took = ktime_to_ns(ktime_sub(now, start));

	if (READ_ONCE(stopping))
		return HRTIMER_NORESTART;
	hrtimer_set_expires(t, ktime_add_ns(now, TIMER_NS + random % TIMER_NS + took));
	return HRTIMER_RESTART;
}

/* Softirq and hardirq. */
static enum hrtimer_restart stress_timer(struct hrtimer *t)
{
	struct actor *a = container_of(t, struct actor, timer);
	ktime_t start = ktime_get();
	int i;

	for (i = 0; i < OPS_PER_TIMER; i++)
		one_op(a);
	return again(t, start, rnd(a));
}

static bool stress_nmi(void)
{
	struct actor *a = this_cpu_ptr(actors[NMI]);
	u64 start = ktime_get_mono_fast_ns();
	int i;

	if (atomic_dec_if_positive(&a->due) < 0)
		return false;
	a->arrived++;
	for (i = 0; i < OPS_PER_NMI; i++)
		one_op(a);
	WRITE_ONCE(a->rest, 2 * ktime_get_mono_fast_ns() - start);
	return true;
}

static void send_nmi(int cpu)
{
	struct actor *to = per_cpu_ptr(actors[NMI], cpu);
	unsigned long sent = READ_ONCE(to->sent);

	if (ktime_get_mono_fast_ns() < READ_ONCE(to->rest))	/* as the timers do */
		return;
	if (atomic_cmpxchg(&to->due, 0, 1)) {
		if (time_before(jiffies, sent + HZ) || cmpxchg(&to->sent, sent, jiffies) != sent)
			return;
		atomic_inc(&to->due);
	}
	WRITE_ONCE(to->sent, jiffies);
	compat_nmi_send(cpu);
}

static enum hrtimer_restart stress_sender(struct hrtimer *t)
{
	struct actor *a = container_of(t, struct actor, timer);
	int cpu = xorshift(&a->send_rng) % nr_cpu_ids;
	ktime_t start = ktime_get();

	if (cpu_online(cpu) && (cpu != raw_smp_processor_id() || num_online_cpus() == 1))
		send_nmi(cpu);
	return again(t, start, xorshift(&a->send_rng));
}

static void start_timer(enum actor_kind kind, enum hrtimer_mode mode)
{
	hrtimer_start(&this_cpu_ptr(actors[kind])->timer, ns_to_ktime(TIMER_NS), mode);
}

static void start_timers(void *unused)
{
	start_timer(SOFTIRQ, HRTIMER_MODE_REL_PINNED_SOFT);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))	/* where kmalloc() cannot be called either */
		start_timer(HARDIRQ, HRTIMER_MODE_REL_PINNED_HARD);
	if (nmi_registered)
		start_timer(NMI, HRTIMER_MODE_REL_PINNED_HARD);
}

/* Run @fn on @cpu with @a as its data. */
int start_actor(int (*fn)(void *), struct actor *a, int cpu, const char *name)
{
	struct task_struct *thread = kthread_create_on_node(fn, a, cpu_to_node(cpu),
							    "stress_%s/%d", name, cpu);

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, cpu);
	a->thread = thread;
	wake_up_process(thread);
	return 0;
}

static void setup_timer(int cpu, enum actor_kind kind, enum hrtimer_restart (*fn)(struct hrtimer *),
			enum hrtimer_mode mode)
{
	compat_hrtimer_setup(&per_cpu_ptr(actors[kind], cpu)->timer, fn, mode);
}

/* With CPU hotplug held off. */
int start_contexts(void)
{
	int cpu, err = 0;

	for_each_possible_cpu(cpu) {
		setup_timer(cpu, SOFTIRQ, stress_timer, HRTIMER_MODE_REL_PINNED_SOFT);
		setup_timer(cpu, HARDIRQ, stress_timer, HRTIMER_MODE_REL_PINNED_HARD);
		setup_timer(cpu, NMI, stress_sender, HRTIMER_MODE_REL_PINNED_HARD);
	}
	nmi_registered = !compat_nmi_register(stress_nmi);
	for_each_online_cpu(cpu)
		err = err ?: start_actor(stress_thread, per_cpu_ptr(actors[TASK], cpu), cpu,
					 "task");
	if (!err)
		on_each_cpu(start_timers, NULL, 1);
	return err;
}

/* Let the NMIs that were sent come while the handler is there. */
static void stop_nmis(void)
{
	int cpu, i;

	if (!nmi_registered)
		return;
	for_each_online_cpu(cpu)
		for (i = 0; i < 50 && atomic_read(&per_cpu_ptr(actors[NMI], cpu)->due); i++)
			msleep(20);
	compat_nmi_unregister();
}

void stop_contexts(void)
{
	int cpu;

	WRITE_ONCE(stopping, true);
	for_each_possible_cpu(cpu) {
		struct actor *task = per_cpu_ptr(actors[TASK], cpu);

		if (task->thread)
			kthread_stop(task->thread);
		hrtimer_cancel(&per_cpu_ptr(actors[SOFTIRQ], cpu)->timer);
		hrtimer_cancel(&per_cpu_ptr(actors[HARDIRQ], cpu)->timer);
		hrtimer_cancel(&per_cpu_ptr(actors[NMI], cpu)->timer);
	}
	stop_nmis();
}
