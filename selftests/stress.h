/* SPDX-License-Identifier: GPL-2.0 */
/* goalloc_stress: what its files share.  stress_main.c says how it works. */
#ifndef _STRESS_H
#define _STRESS_H

#define pr_fmt(fmt) "goalloc_stress: " fmt

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>

enum actor_kind { TASK, SOFTIRQ, HARDIRQ, NMI, PRODUCER, CONSUMER, NR_KINDS };

#define ATOMIC_MAX	SZ_32K		/* largest object in interrupts */
#define OPS_PER_RESCHED	64

/* One object.  Whoever sets bit 0 of @lock has the slot; nobody waits for it. */
struct slot {
	unsigned long lock;
	u8 *ptr;
	size_t size;
	u32 cookie;
	bool zeroed;
	u8 cpu;
};

/**
 * struct actor - one that allocates and frees, on a CPU in a context
 * @kind: the context
 * @rng: state of its random numbers
 * @allocs: objects allocated
 * @frees: objects freed
 * @foreign: of these, allocated on another CPU
 * @reallocs: objects reallocated
 * @nulls: allocations and reallocations that failed
 * @bad: objects that were not as they must be
 * @timer: of the actors that timers drive; for NMI, what sends NMIs to others
 * @thread: of the actors that are threads
 * @send_rng: NMI: random numbers of the sender, who runs on another CPU
 * @due: NMI: how many were sent to this CPU and have not come
 * @sent: NMI: when the last was sent, in jiffies
 * @arrived: NMI: how many came
 * @rest: NMI: until when this CPU is left to others, in ns
 */
struct actor {
	enum actor_kind kind;
	u64 rng;
	unsigned long allocs, frees, foreign, reallocs, nulls, bad;
	struct hrtimer timer;
	struct task_struct *thread;
	u64 send_rng;
	atomic_t due;
	unsigned long sent;
	unsigned long arrived;
	u64 rest;
};

extern struct slot *slots;
extern unsigned int nslots;
extern struct actor __percpu *actors[NR_KINDS];

/* stress_object.c */
u32 xorshift(u64 *state);
u32 rnd(struct actor *a);
void slot_alloc(struct actor *a, struct slot *s);
void slot_free(struct actor *a, struct slot *s);
void one_op(struct actor *a);

/* stress_context.c */
bool nmi_present(void);
int start_actor(int (*fn)(void *), struct actor *a, int cpu, const char *name);
int start_contexts(void);
void stop_contexts(void);

/* stress_ring.c */
int start_rings(void);
void stop_rings(void);

#endif /* _STRESS_H */
