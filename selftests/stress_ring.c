// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_stress: producers and consumers.  Each CPU's producer allocates objects
 * and puts them into its ring; the consumer of that ring, on the next CPU, takes
 * them out, checks them and frees them.  All objects go one way, so one CPU's spans
 * are always emptied by another.
 *
 * A ring has one writer of @head, its producer, and one of @tail, its consumer.
 *
 * CONTEXT: process.
 */
#include "stress.h"

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>

#define RING_SIZE	256

struct ring {
	unsigned int head;
	unsigned int tail;
	struct slot slots[RING_SIZE];
};

static struct ring *rings;	/* by the producer's CPU */

static struct ring *ring_of(const struct actor *a)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (a == per_cpu_ptr(actors[a->kind], cpu))
			return &rings[cpu];
	return NULL;
}

static int producer(void *data)
{
	struct actor *a = data;
	struct ring *r = ring_of(a);

	while (!kthread_should_stop()) {
		struct slot *s = &r->slots[r->head % RING_SIZE];

		/* The consumer is done with the slot that @tail has passed. */
		if (r->head - smp_load_acquire(&r->tail) == RING_SIZE) {
			schedule_timeout_uninterruptible(1);
			continue;
		}
		slot_alloc(a, s);
		/* The object is complete before the consumer sees it. */
		if (s->ptr)
			smp_store_release(&r->head, r->head + 1); /* pairs with consumer() */
		if (r->head % OPS_PER_RESCHED == 0)
			cond_resched();
	}
	return 0;
}

/* Runs until it is stopped and the ring is empty; producers are stopped before. */
static int consumer(void *data)
{
	struct actor *a = data;
	struct ring *r = ring_of(a);

	for (;;) {
		bool stop = kthread_should_stop();

		/* What the producer wrote before it moved @head. */
		while (r->tail != smp_load_acquire(&r->head)) {
			slot_free(a, &r->slots[r->tail % RING_SIZE]);
			/* The slot is read before the producer writes it again. */
			smp_store_release(&r->tail, r->tail + 1);
			cond_resched();
		}
		if (stop)
			return 0;
		schedule_timeout_uninterruptible(1);
	}
}

/* With CPU hotplug held off. */
int start_rings(void)
{
	int cpu, next, err = 0;

	rings = kvcalloc(nr_cpu_ids, sizeof(*rings), GFP_KERNEL);
	if (!rings)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		next = cpumask_next(cpu, cpu_online_mask);
		if (next >= nr_cpu_ids)
			next = cpumask_first(cpu_online_mask);
		err = err ?: start_actor(consumer, per_cpu_ptr(actors[CONSUMER], cpu), next,
					 "consumer");
		err = err ?: start_actor(producer, per_cpu_ptr(actors[PRODUCER], cpu), cpu,
					 "producer");
	}
	return err;
}

static void stop_kind(enum actor_kind kind)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(actors[kind], cpu)->thread)
			kthread_stop(per_cpu_ptr(actors[kind], cpu)->thread);
}

void stop_rings(void)
{
	stop_kind(PRODUCER);
	stop_kind(CONSUMER);
	kvfree(rings);
}
