// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_badinput: cases about pointers that come from goalloc, and about the
 * contexts they are handed in from.
 */
#include "badinput.h"

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "hrtimer_compat.h"
#include "nmi_compat.h"

#define NR_RETIRED	256
#define SPAN_SIZE	8192		/* of the tail case's class; also its alignment */

static void *retired[NR_RETIRED];

/* ------------------------------------------------------ objects of goalloc */

static long victim_alloc(void *data)
{
	object_alloc(data, GFP_KERNEL);
	return 0;
}

static long victim_free(void *data)
{
	object_free(data);
	return 0;
}

static struct object *new_victim(const struct bad_case *c, unsigned int i)
{
	victims[i].size = c->sizes[i];
	victims[i].noscan = c->noscan;
	work_on_cpu(owner_cpu, victim_alloc, &victims[i]);
	return &victims[i];
}

static int choose_cpu(bool other)
{
	return other ? other_cpu : owner_cpu;
}

void run_double(const struct bad_case *c)
{
	unsigned int i;

	for (i = 0; i < NR_VICTIMS && c->sizes[i]; i++) {
		struct object *o = new_victim(c, i);
		void *ptr = o->ptr;

		work_on_cpu(choose_cpu(c->by_other & GOOD_FREE), victim_free, o);
		work_on_cpu(choose_cpu(c->by_other & BAD_CALLS), bad_pointer, ptr);
	}
}

void run_interior(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->offsets) && c->offsets[i]; i++)
		bad_pointer(o->ptr + c->offsets[i]);
}

void run_tail(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	void *span = PTR_ALIGN_DOWN(o->ptr, SPAN_SIZE);
	size_t used = rounddown(SPAN_SIZE, c->sizes[0]);

	bad_pointer(span + used);
	bad_pointer(span + used + 8);
	bad_pointer(span + SPAN_SIZE - 1);
}

/* An object whose whole span is freed; the script has it given back. */
void run_retired_free(const struct bad_case *c)
{
	unsigned int i;

	for (i = 0; i < NR_RETIRED; i++)
		retired[i] = goalloc_alloc(c->sizes[0], GFP_KERNEL);
	for (i = 0; i < NR_RETIRED; i++)
		goalloc_free(retired[i]);
}

void run_retired_again(const struct bad_case *c)
{
	expect(retired[0], "case retired_free comes first");
	bad_pointer(retired[0]);
	bad_pointer(retired[NR_RETIRED / 2]);
	bad_pointer(retired[NR_RETIRED - 1] + 1);
}

void run_flood(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	void *ptr = o->ptr;
	unsigned int i;

	object_free(o);
	for (i = 0; i < 20; i++)
		bad_pointer(ptr);
}

/*
 * Not a bad call of goalloc, but one that frees its memory behind its back: the
 * victim must stay, with its page's reference missing.
 */
void run_stray_put_page(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);

	put_page(virt_to_page(o->ptr));
}

void run_stray_kfree(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);

	kfree(o->ptr);
}

/* ----------------------------------------------------------- other contexts */

static struct {
	struct hrtimer timer;
	struct completion done;
	void *ptr;
} interrupt;

static enum hrtimer_restart in_interrupt_fn(struct hrtimer *timer)
{
	bad_pointer(interrupt.ptr);
	complete(&interrupt.done);
	return HRTIMER_NORESTART;
}

static void run_in_interrupt(const struct bad_case *c, enum hrtimer_mode mode)
{
	struct object *o = new_victim(c, 0);

	interrupt.ptr = o->ptr;
	object_free(o);
	init_completion(&interrupt.done);
	compat_hrtimer_setup(&interrupt.timer, in_interrupt_fn, mode);
	hrtimer_start(&interrupt.timer, ns_to_ktime(NSEC_PER_MSEC), mode);
	wait_for_completion(&interrupt.done);
	hrtimer_cancel(&interrupt.timer);
}

void run_softirq(const struct bad_case *c)
{
	run_in_interrupt(c, HRTIMER_MODE_REL_SOFT);
}

void run_hardirq(const struct bad_case *c)
{
	run_in_interrupt(c, HRTIMER_MODE_REL_HARD);
}

/* ------------------------------------------------------------------- in NMI */

static struct {
	void *ptr;
	int cpu;
	atomic_t due;
	struct completion done;
	struct irq_work complete;
} nmi;

static void nmi_complete(struct irq_work *work)
{
	complete(&nmi.done);
}

static bool in_nmi_fn(void)
{
	if (raw_smp_processor_id() != nmi.cpu || atomic_dec_if_positive(&nmi.due) < 0)
		return false;
	bad_pointer(nmi.ptr);
	irq_work_queue(&nmi.complete);
	return true;
}

/* Hand @ptr in from an NMI.  What does not come back in a minute never will. */
static void bad_pointer_in_nmi(void *ptr)
{
	if (compat_nmi_register(in_nmi_fn)) {
		pr_info("no NMI here: this machine has no local APIC that could send one\n");
		return;
	}
	nmi.ptr = ptr;
	nmi.cpu = owner_cpu;
	init_completion(&nmi.done);
	init_irq_work(&nmi.complete, nmi_complete);
	atomic_set(&nmi.due, 1);
	compat_nmi_send(nmi.cpu);
	if (!wait_for_completion_timeout(&nmi.done, 60 * HZ))
		fail("the NMI does not end", 0);
	compat_nmi_unregister();
	irq_work_sync(&nmi.complete);
}

void run_nmi(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	void *ptr = o->ptr;

	object_free(o);
	bad_pointer_in_nmi(ptr);
}

void run_nmi_foreign(const struct bad_case *c)
{
	static u8 data[64];

	memset(data, 0x5a, sizeof(data));
	bad_pointer_in_nmi(data);
	if (memchr_inv(data, 0x5a, sizeof(data)))
		fail("memory that is not goalloc's was changed", sizeof(data));
}
