// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_context: where kmalloc() works, goalloc works; free works in more places. */
#include <linux/bottom_half.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/smp.h>

#include "kunit_util.h"

static const size_t sizes[] = { 1, 8, 24, 64, 500, 1152, 5000, 9472, 32768, 40000, SZ_128K };

#define NR_SIZES	ARRAY_SIZE(sizes)

/* What a callback did; it cannot assert where it runs. */
struct visit {
	void *objs[2 * NR_SIZES];
	unsigned int bad;
	bool hardirq, softirq, done;
	struct irq_work work;
	struct tasklet_struct tasklet;
};

static void visit_alloc(struct visit *v)
{
	unsigned int i;

	for (i = 0; i < 2 * NR_SIZES; i++) {
		size_t size = sizes[i / 2];

		v->objs[i] = i % 2 ? goalloc_alloc_noscan(size, GFP_ATOMIC) :
				     goalloc_alloc(size, GFP_ATOMIC);
		if (v->objs[i])
			util_fill(v->objs[i], size, i);
		else
			v->bad++;
	}
}

static void visit_free(struct visit *v)
{
	unsigned int i;

	for (i = 0; i < 2 * NR_SIZES; i++) {
		v->bad += !v->objs[i] || !util_filled(v->objs[i], sizes[i / 2], i);
		goalloc_free(v->objs[i]);
		v->objs[i] = NULL;
	}
}

static void visit_both(struct visit *v)
{
	unsigned int i;

	v->hardirq = in_hardirq();
	v->softirq = in_serving_softirq();
	for (i = 0; i < 20; i++) {
		visit_alloc(v);
		visit_free(v);
	}
	smp_store_release(&v->done, true);	/* pairs with the acquire of who waits */
}

static struct visit *visit(struct kunit *test)
{
	struct visit *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	return v;
}

/* With interrupts, softirqs or preemption off. */
static void context_atomic_task(struct kunit *test)
{
	struct visit *v = visit(test);
	unsigned long flags;

	util_skip_on_rt(test);
	local_irq_save(flags);
	visit_both(v);
	local_irq_restore(flags);
	local_bh_disable();
	visit_both(v);
	local_bh_enable();
	preempt_disable();
	visit_both(v);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, v->bad, 0);
}

static void irq_work_visit(struct irq_work *work)
{
	visit_both(container_of(work, struct visit, work));
}

/* In hard interrupt context. */
static void context_hardirq(struct kunit *test)
{
	struct visit *v = visit(test);

	util_skip_on_rt(test);
	init_irq_work(&v->work, irq_work_visit);
	irq_work_queue(&v->work);
	irq_work_sync(&v->work);
	KUNIT_EXPECT_TRUE(test, v->done);
	KUNIT_EXPECT_TRUE(test, v->hardirq);
	KUNIT_EXPECT_EQ(test, v->bad, 0);
}

static void tasklet_visit(struct tasklet_struct *t)
{
	visit_both(from_tasklet((struct visit *)NULL, t, tasklet));
}

/* In softirq context. */
static void context_softirq(struct kunit *test)
{
	struct visit *v = visit(test);

	tasklet_setup(&v->tasklet, tasklet_visit);
	tasklet_schedule(&v->tasklet);
	tasklet_kill(&v->tasklet);
	KUNIT_EXPECT_TRUE(test, v->done);
	KUNIT_EXPECT_TRUE(test, v->softirq);
	KUNIT_EXPECT_EQ(test, v->bad, 0);
}

static void call_alloc(void *arg)
{
	visit_alloc(arg);
}

static void call_free(void *arg)
{
	visit_free(arg);
}

/* What one CPU allocates another frees, task and interrupt either way round. */
static void context_cross_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), other = util_other_cpu(test, cpu), i;
	struct visit *v = visit(test);

	util_skip_on_rt(test);
	util_pin(test, cpu);
	for (i = 0; i < 200; i++) {
		visit_alloc(v);
		util_call_on(test, other, call_free, v);
		util_call_on(test, other, call_alloc, v);
		visit_free(v);
	}
	KUNIT_EXPECT_EQ(test, v->bad, 0);
}

static void irq_work_alloc_free(struct irq_work *work)
{
	struct visit *v = container_of(work, struct visit, work);

	visit_free(v);
	visit_alloc(v);
	smp_store_release(&v->done, true);	/* pairs with the acquire of who waits */
}

/*
 * An interrupt that comes in the middle of the fast path, with this CPU's slot
 * marked busy, allocates and frees all the same, and the fast path goes on with
 * the window as it was.
 */
static void context_interrupted_fast_path(struct kunit *test)
{
	struct visit *v = visit(test);
	u64 before = 0, after = 1;
	bool entered, owned;
	struct mcache_slot *slot;

	util_skip_on_rt(test);
	init_irq_work(&v->work, irq_work_alloc_free);
	visit_alloc(v);
	entered = mcache_enter(mcache_slots(&default_heap, SPC(goalloc_size_class(64), 0)), &slot);
	if (entered) {
		before = slot->free;
		irq_work_queue(&v->work);
		while (!smp_load_acquire(&v->done))	/* pairs with the release */
			cpu_relax();
		after = slot->free;
		owned = !slot->span || slot->span->owner == slot;
		mcache_leave(slot);
	}
	irq_work_sync(&v->work);
	KUNIT_ASSERT_TRUE(test, entered);
	KUNIT_EXPECT_EQ(test, before, after);
	KUNIT_EXPECT_TRUE(test, owned);
	visit_free(v);
	KUNIT_EXPECT_EQ(test, v->bad, 0);
	util_check_allocator(test, 2000);
}

/* In NMI an object of this CPU's window can be had, and anything can be freed. */
static void context_nmi(struct kunit *test)
{
	void *small, *large, *tiny, *from_nmi, *no_large;
	unsigned long flags, reports = debug_bad_frees();
	struct mem_stats st;
	unsigned long objects;

	util_skip_on_rt(test);
	large = goalloc_alloc(100000, GFP_KERNEL);
	tiny = goalloc_alloc_noscan(3, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_ASSERT_NOT_NULL(test, tiny);
	util_settled(&st, NULL);
	objects = st.heap_objects;
	util_pin(test, cpumask_first(cpu_online_mask));
	local_irq_save(flags);
	small = goalloc_alloc(64, GFP_ATOMIC);
	goalloc_free(goalloc_alloc(64, GFP_ATOMIC));
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	from_nmi = goalloc_alloc(64, GFP_NOWAIT);
	no_large = goalloc_alloc(100000, GFP_NOWAIT);
	goalloc_free(small);
	goalloc_free(large);
	goalloc_free(tiny);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
	KUNIT_EXPECT_NOT_NULL(test, from_nmi);
	KUNIT_EXPECT_NULL(test, no_large);
	goalloc_free(from_nmi);
	util_settled(&st, NULL);
	KUNIT_EXPECT_EQ_MSG(test, st.heap_objects, objects - 2, "the scavenger gets what waited");
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

#define STORM_CALLS	1000

struct storm {
	unsigned int target;
	bool over;
	atomic_t bad;
	atomic_t calls;
};

static void storm_call(void *arg)
{
	struct storm *s = arg;
	void *small = goalloc_alloc(64, GFP_ATOMIC), *tiny = goalloc_alloc_noscan(6, GFP_ATOMIC);

	if (small && tiny) {
		util_fill(small, 64, 1);
		util_fill(tiny, 6, 2);
		if (!util_filled(small, 64, 1) || !util_filled(tiny, 6, 2))
			atomic_inc(&s->bad);
	} else {
		atomic_inc(&s->bad);
	}
	goalloc_free(small);
	goalloc_free(tiny);
	atomic_inc(&s->calls);
}

static void storm_on_cpu(unsigned int cpu, void *arg)
{
	struct storm *s = arg;
	void *held[16] = {};
	unsigned int i;

	if (cpu != s->target) {
		for (i = 0; i < STORM_CALLS; i++)
			smp_call_function_single(s->target, storm_call, s, 1);
		WRITE_ONCE(s->over, true);
		return;
	}
	for (i = 0; !READ_ONCE(s->over); i++) {
		void **obj = &held[i % ARRAY_SIZE(held)];

		if (*obj && !util_filled(*obj, i & 1 ? 64 : 6, i % ARRAY_SIZE(held)))
			atomic_inc(&s->bad);
		goalloc_free(*obj);
		*obj = i & 1 ? goalloc_alloc(64, GFP_KERNEL) : goalloc_alloc_noscan(6, GFP_KERNEL);
		if (*obj)
			util_fill(*obj, i & 1 ? 64 : 6, i % ARRAY_SIZE(held));
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		goalloc_free(held[i]);
}

/* Interrupts that allocate and free come at any instruction of a task that does the same. */
static void context_interrupt_storm(struct kunit *test)
{
	struct storm *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct span_walk walk;
	struct mem_stats st;
	unsigned long objects;

	util_skip_on_rt(test);
	KUNIT_ASSERT_NOT_NULL(test, s);
	s->target = cpumask_first(cpu_online_mask);
	util_other_cpu(test, s->target);
	util_settled(&st, NULL);
	objects = st.heap_objects;
	util_run_on_all(test, storm_on_cpu, s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->bad), 0);
	KUNIT_EXPECT_GE(test, atomic_read(&s->calls), STORM_CALLS);
	util_settled(&st, &walk);
	KUNIT_EXPECT_EQ(test, st.heap_objects, objects);
	KUNIT_EXPECT_EQ(test, walk.inuse + st.tiny_mallocs - st.tiny_frees, objects);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE(context_atomic_task),
	KUNIT_CASE(context_hardirq),
	KUNIT_CASE(context_softirq),
	KUNIT_CASE(context_cross_cpu),
	KUNIT_CASE(context_interrupted_fast_path),
	KUNIT_CASE(context_nmi),
	KUNIT_CASE(context_interrupt_storm),
	{}
};

static struct kunit_suite context_suite = {
	.name = "goalloc_context",
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
