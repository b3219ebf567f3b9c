// SPDX-License-Identifier: GPL-2.0
/*
 * rcu: memory that is freed when no reader can see it any more.
 *
 * THEORY OF OPERATION
 *
 * An object is checked when it is handed over, while its user is on the stack, and
 * then waits on a list of this CPU's.  When the list's turn comes all of it waits for
 * one grace period together, and a worker frees it, object by object, through
 * goalloc_kvfree(), which checks it again.
 *
 *	goalloc_free_rcu()	pending
 *	q->busy 0 -> 1		pending -> batch, and a grace period begins
 *	worker			batch is freed; busy -> 0; if pending: again
 *
 * Who sets busy owns the batch and the work until the worker clears it, so the batch
 * never gains an object after its grace period has begun.  A CPU puts an object on the
 * list and then tries to set busy, the worker clears busy and then looks at the list,
 * both with full barriers between: one of the two sees the other.
 *
 * The rcu_head in the object is not RCU's but this file's: it links the list and holds
 * a mark, the object's own address, complemented.  So a second free is seen while the
 * first waits (a copy of the object carries the mark of another address), and
 * the worker sees when somebody wrote over it.  Nothing depends on where in the object
 * it lies.
 *
 * Memory without an rcu_head is waited for by a note, an object of this file's; without
 * memory for a note the caller waits itself.
 *
 * LOCKS: none.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "internal.h"

/**
 * struct free_rcu_queue - what a CPU has handed over
 * @pending: no grace period has begun for these
 * @batch: one has begun for these; whoever set @busy
 * @busy: a grace period is awaited, or the worker runs
 * @batches: how many were freed
 * @work: runs when it has ended
 */
struct free_rcu_queue {
	struct llist_head pending;
	struct llist_node *batch;
	atomic_t busy;
	unsigned long batches;
	struct rcu_work work;
};

/* What waits in place of memory that has no room for it. */
struct note {
	struct waiting wait;
	const void *target;
};

static DEFINE_PER_CPU(struct free_rcu_queue, free_rcu_queues);

static_assert(sizeof(struct waiting) <= sizeof(struct rcu_head));

/* No object has an odd address: the lowest bit of the mark is 0 for notes alone. */
static unsigned long note_mark(const struct note *note)
{
	return waiting_mark(note) & ~1UL;
}

static void *marked_object(unsigned long mark)
{
	return (void *)~(mark | 1);
}

/* Is it as it was left?  What is overwritten is hardly an address shortly before it. */
static bool is_intact(const struct waiting *w)
{
	if (is_vmalloc_addr(w) && !vmalloc_to_page(w))
		return false;
	return (unsigned long)w - (unsigned long)marked_object(READ_ONCE(w->mark)) <= INT_MAX;
}

static void free_waiting(struct waiting *w)
{
	void *obj = marked_object(w->mark);
	bool is_note = !(w->mark & 1);

	WRITE_ONCE(w->mark, 0);
	if (is_note)
		goalloc_kvfree(((struct note *)obj)->target);
	goalloc_kvfree(obj);
}

static void free_batch(struct llist_node *node)
{
	struct waiting *w;

	while (node) {
		w = llist_entry(node, struct waiting, link);
		if (!is_intact(w)) {
			debug_bad_free(w, FREE_OVERWRITTEN, "free_rcu");
			return;
		}
		node = node->next;
		free_waiting(w);
		cond_resched();
	}
}

/* If there is something to wait for and nobody does, begin to. */
static void free_rcu_begin(struct free_rcu_queue *q)
{
	if (llist_empty(&q->pending) || atomic_xchg(&q->busy, 1))
		return;
	q->batch = llist_del_all(&q->pending);
	queue_rcu_work(kv_wq, &q->work);
}

static void free_rcu_work(struct work_struct *work)
{
	struct free_rcu_queue *q = container_of(to_rcu_work(work), struct free_rcu_queue, work);

	free_batch(q->batch);
	WRITE_ONCE(q->batches, q->batches + 1);
	atomic_set_release(&q->busy, 0);
	smp_mb();	/* busy before pending; llist_add() has the other one */
	free_rcu_begin(q);
}

static void wait_for_readers(struct waiting *w)
{
	struct free_rcu_queue *q = raw_cpu_ptr(&free_rcu_queues);

	llist_add(&w->link, &q->pending);
	free_rcu_begin(q);
}

void __goalloc_free_rcu(const void *ptr, size_t offset)
{
	struct waiting *w = (void *)ptr + offset;

	if (ZERO_OR_NULL_PTR(ptr) || !kv_check(ptr, "free_rcu"))
		return;
	if (xchg(&w->mark, waiting_mark(ptr)) == waiting_mark(ptr))
		debug_bad_free(ptr, FREE_WAITING, "free_rcu");
	else
		wait_for_readers(w);
}
EXPORT_SYMBOL_GPL(__goalloc_free_rcu);

/**
 * goalloc_free_rcu_mightsleep() - free memory without an rcu_head after a grace period
 * @ptr: as for goalloc_kvfree()
 *
 * As goalloc_free_rcu().  A second free that comes while the first waits is reported
 * when the grace period has ended.
 *
 * Context: task; may sleep.
 */
void goalloc_free_rcu_mightsleep(const void *ptr)
{
	struct note *note;

	might_sleep();
	if (ZERO_OR_NULL_PTR(ptr) || !kv_check(ptr, "free_rcu_mightsleep"))
		return;
	note = goalloc_alloc(sizeof(*note), GFP_NOWAIT | __GFP_NOWARN);
	if (!note) {
		synchronize_rcu();
		goalloc_kvfree(ptr);
		return;
	}
	note->target = ptr;
	note->wait.mark = note_mark(note);
	wait_for_readers(&note->wait);
}
EXPORT_SYMBOL_GPL(goalloc_free_rcu_mightsleep);

/* What leaves the list has made the queue busy before: so the list is looked at first. */
static bool is_idle(struct free_rcu_queue *q)
{
	if (!llist_empty(&q->pending))
		return false;
	smp_rmb();	/* pending before busy; free_rcu_begin() has the other one */
	return !atomic_read(&q->busy);
}

/* What waits at this moment waits through at most two batches. */
static void wait_for_queue(struct free_rcu_queue *q)
{
	unsigned long start = READ_ONCE(q->batches);

	while (!is_idle(q) && READ_ONCE(q->batches) - start < 2)
		if (!flush_rcu_work(&q->work))
			schedule_timeout_uninterruptible(1);
}

/**
 * goalloc_free_rcu_barrier() - wait until what was handed over before is freed
 *
 * No module needs it to unload, and no heap to be destroyed.
 *
 * Context: task; may sleep.
 */
void goalloc_free_rcu_barrier(void)
{
	int cpu;

	might_sleep();
	for_each_possible_cpu(cpu)
		wait_for_queue(per_cpu_ptr(&free_rcu_queues, cpu));
}
EXPORT_SYMBOL_GPL(goalloc_free_rcu_barrier);

void free_rcu_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_RCU_WORK(&per_cpu_ptr(&free_rcu_queues, cpu)->work, free_rcu_work);
}
