// SPDX-License-Identifier: GPL-2.0
/*
 * limit: how much of the machine's memory goalloc may have.
 *
 * THEORY OF OPERATION
 *
 * memory_limit is Go's GOMEMLIMIT.  What it bounds is Drawn + Metadata of
 * /proc/goalloc/stats: pages drawn, in spans or idle, and metadata.  They are counted here
 * once more, in one atomic counter, because sums over CPUs cannot be bounded.  mem
 * touches it when it goes to the buddy allocator, never on a hot path.
 *
 * Reserve, then draw: bytes are added to the counter, by a compare and exchange that
 * fails if they do not fit, before the buddy allocator is asked, and are taken out after
 * the pages went back.  So the bound is exact however many CPUs draw at once, because each
 * sees what the others have reserved.  A draw that does not fit
 *
 *	has idle memory given back, by its own task if it may sleep (a callback: the
 *	scavenger is above), and tries again;
 *	has clients told, unless they were, waits for them for a tenth of a second at
 *	most, has given back what they freed, and tries again;
 *	fails, and is counted.
 *
 * A larger block than needed, which mpagealloc asks for first, fails at once and silently.
 * A draw that cannot sleep leaves the first two steps to a work item.
 *
 * WHO IS LET THROUGH.  The limit is soft: what would do more harm if refused passes it, and
 * is counted.  As memory cgroups do it:
 *
 *	__GFP_NOFAIL		nobody looks at NULL; refusing would loop for ever
 *	__GFP_MEMALLOC, or a	it needs a little to free much: refused, the machine
 *	task that reclaims	could not write out what it swaps
 *	__GFP_HIGH (GFP_ATOMIC)	it cannot wait for idle memory to be given back, so the
 *				burden is on those that can; but, as the reserves of the
 *				buddy allocator, up to a sixteenth of the limit above it
 *
 * GFP_NOWAIT fails: who uses it has a way without.  Metadata of heaps and of the heap
 * profile, which tasks make now and then, is counted and not refused (limit_add).
 *
 * TELLING CLIENTS.  The limit is met when a draw does not fit after all idle memory
 * was given back.  That is found in any context, but callbacks are run by the work item
 * alone: a blocking chain, so that they may take mutexes and sleep, as freeing a cache
 * does.  Who allocates does not call them itself, because it may hold the very
 * lock that a callback takes; it waits, with a bound, and a callback that stands at its
 * lock costs it that tenth of a second and no deadlock.  The work item alone changes @told,
 * so each crossing is told once, and its end once: when so much is free again as
 * was missing (a sixteenth of the limit at least, half of it at most), lest every
 * object that comes and goes be a crossing.  The background scavenger gives back what
 * is idle beyond that.
 *
 * LOCKS: limit_mutex: the limit is set by one at a time, and not while all this ends.  The
 * scavenger's mutex is taken under it, and by draws that may sleep, as by any that
 * enters reclaim: the shrinker takes it too.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "limit.h"

#define SCAVENGE_TRIES	8		/* others may take the room that one has made */
#define CLIENTS_WAIT	(HZ / 10)	/* jiffies that an allocation waits for callbacks */

static unsigned long memory_limit;	/* bytes; 0: none */
static atomic_long_t held;		/* drawn, or about to be; metadata */
static atomic_long_t crossed, refused, passed;

/* Gives back so many idle bytes, if there are as many, and returns how many. */
static unsigned long (*give_back)(unsigned long bytes);
static DEFINE_MUTEX(limit_mutex);

static BLOCKING_NOTIFIER_HEAD(clients);
static struct workqueue_struct *limit_wq;
static struct irq_work limit_kick;
static struct work_struct limit_work;
static DECLARE_WAIT_QUEUE_HEAD(turn_ended);
static atomic_t turns_asked;
static int turns_done;
static struct task_struct *turning;	/* the task of the work item, while it runs */
static atomic_long_t wanted;		/* the largest draw that did not fit */
static unsigned long missing;		/* so much must be free again; see above */
static bool told;			/* clients know that the limit is met */

/* ------------------------------------------------------------ the account */

/* Reserve bytes if they fit, without anything else. */
bool limit_try(size_t bytes)
{
	return limit_charge(&held, bytes, READ_ONCE(give_back) ? READ_ONCE(memory_limit) : 0);
}
EXPORT_SYMBOL_FOR_KUNIT(limit_try);

/* What must go for @bytes more to fit. */
static unsigned long excess(size_t bytes)
{
	unsigned long limit = READ_ONCE(memory_limit), want = atomic_long_read(&held) + bytes;

	return limit && want > limit ? want - limit : 0;
}

static bool is_below(void)
{
	unsigned long limit = READ_ONCE(memory_limit);

	return !limit || atomic_long_read(&held) + min(READ_ONCE(missing), limit) <= limit;
}

/* The work item is to run.  Any context. */
static void kick(void)
{
	if (READ_ONCE(give_back))
		irq_work_queue(&limit_kick);
}

/* A draw did not fit; who knows this kicks. */
static void want(size_t bytes)
{
	long most = atomic_long_read(&wanted);

	while (most < (long)bytes && !atomic_long_try_cmpxchg(&wanted, &most, bytes))
		;
}

/* Count what was not asked for, or is gone. */
void limit_add(long bytes)
{
	/* fully ordered: before @told is read; cross() stores that before it looks */
	atomic_long_add_return(bytes, &held);
	if (bytes < 0 && unlikely(READ_ONCE(told)) && is_below())
		kick();
}
EXPORT_SYMBOL_FOR_KUNIT(limit_add);

/* ---------------------------------------------------------------- no room */

static unsigned long scavenge(unsigned long bytes)
{
	unsigned long (*fn)(unsigned long bytes) = READ_ONCE(give_back);

	return fn ? fn(bytes) : 0;
}

static bool scavenge_for(size_t bytes)
{
	unsigned int tries = SCAVENGE_TRIES;

	while (!limit_try(bytes)) {
		unsigned long over = excess(bytes);

		if (!tries-- || (over && !scavenge(over)))
			return false;
	}
	return true;
}

static bool is_reclaiming(gfp_t gfp)
{
	return in_task() && current->flags & PF_MEMALLOC && !(gfp & __GFP_NOMEMALLOC);
}

static bool may_wait(gfp_t gfp)
{
	return (gfp & (__GFP_IO | __GFP_FS | __GFP_NORETRY)) == (__GFP_IO | __GFP_FS) &&
	       !is_reclaiming(gfp) && READ_ONCE(turning) != current;
}

/* Wait until clients have been told and done what they can.  False: they have been before. */
static bool wait_for_clients(size_t bytes)
{
	int turn;

	if (READ_ONCE(told) && !READ_ONCE(turning))
		return false;
	want(bytes);	/* first: a turn looks at it after it has seen who asked */
	turn = atomic_inc_return(&turns_asked);
	kick();
	wait_event_timeout(turn_ended, READ_ONCE(turns_done) - turn >= 0, CLIENTS_WAIT);
	return true;
}

static bool make_room(size_t bytes, gfp_t gfp)
{
	return scavenge_for(bytes) ||
	       (may_wait(gfp) && wait_for_clients(bytes) && scavenge_for(bytes));
}

/* Let who must not fail pass the limit. */
static bool pass(size_t bytes, gfp_t gfp)
{
	unsigned long limit = READ_ONCE(memory_limit);

	if (gfp & (__GFP_NOFAIL | __GFP_MEMALLOC) || is_reclaiming(gfp))
		limit = 0;
	else if (gfp & __GFP_HIGH)
		limit += limit / LIMIT_FRACTION;
	else
		return false;
	if (!limit_charge(&held, bytes, limit))
		return false;
	atomic_long_inc(&passed);
	return true;
}

/**
 * limit_reserve() - reserve bytes that are about to be drawn
 * @bytes: how many
 * @gfp: the caller's flags: may it sleep, may it fail
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: false when they do not fit, which was counted; nothing is reserved then.
 */
bool limit_reserve(size_t bytes, gfp_t gfp)
{
	bool blocking = gfpflags_allow_blocking(gfp), passes;

	if (likely(limit_try(bytes)) || (blocking && make_room(bytes, gfp)))
		return true;
	passes = pass(bytes, gfp);
	if (!passes) {
		atomic_long_inc(&refused);
		want(bytes);
	}
	if (!blocking || !READ_ONCE(told))
		kick();
	return passes;
}
EXPORT_SYMBOL_FOR_KUNIT(limit_reserve);

/* -------------------------------------------------------------- a crossing */

static void tell(enum goalloc_limit_event event, unsigned long over)
{
	struct goalloc_limit_info info = {
		.limit = READ_ONCE(memory_limit),
		.held = atomic_long_read(&held),
		.over = over,
	};

	if (event == GOALLOC_LIMIT_CROSSED)
		pr_warn_ratelimited("memory_limit %lu is met: %lu bytes are held, and %lu more than fit are asked for\n",
				    info.limit, info.held, info.over);
	blocking_notifier_call_chain(&clients, event, &info);
}

static void cross(unsigned long bytes)
{
	unsigned long limit = READ_ONCE(memory_limit), over = excess(bytes);

	WRITE_ONCE(missing, clamp(bytes, limit / LIMIT_FRACTION, limit / 2));
	smp_store_mb(told, true);	/* before is_below() looks; see limit_add() */
	atomic_long_inc(&crossed);
	tell(GOALLOC_LIMIT_CROSSED, over);
}

/* Give back idle memory, as much as must go, for those that could not do it themselves. */
static void relieve(unsigned long bytes)
{
	unsigned long over = excess(bytes);

	if (over)
		scavenge(over);
}

static void limit_turn(struct work_struct *work)
{
	int turn = atomic_read(&turns_asked);
	unsigned long bytes = atomic_long_xchg(&wanted, 0);

	WRITE_ONCE(turning, current);
	relieve(bytes);
	if (!told && excess(bytes)) {
		cross(bytes);
		relieve(bytes);
	}
	if (told && is_below()) {
		WRITE_ONCE(told, false);
		tell(GOALLOC_LIMIT_BELOW, 0);
	}
	WRITE_ONCE(turning, NULL);
	WRITE_ONCE(turns_done, turn);
	wake_up_all(&turn_ended);
}

static void limit_kicked(struct irq_work *work)
{
	queue_work(limit_wq, &limit_work);
}

/**
 * goalloc_register_limit_notifier() - be told when memory_limit is met
 * @nb: its callback gets an enum goalloc_limit_event and a &struct goalloc_limit_info
 *
 * %GOALLOC_LIMIT_CROSSED: a draw did not fit after all idle memory was given back.  Free
 * what can be had again, @over bytes or more: allocations that wait for it are served
 * then, and keep small.  %GOALLOC_LIMIT_BELOW: there is room again.  Each comes once for a
 * crossing, one after the other; who registers in between is told of the end alone.
 *
 * The callback is called by a task, without locks, and may sleep.  It may allocate, but
 * that does not make room.  An allocation waits for it a tenth of a second at most, so a lock
 * held across allocations may be taken; if it is taken late, memory comes late.
 *
 * Context: task; may sleep.
 * Return: 0, or -EEXIST when it is registered.
 */
int goalloc_register_limit_notifier(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&clients, nb);
}
EXPORT_SYMBOL_GPL(goalloc_register_limit_notifier);

/**
 * goalloc_unregister_limit_notifier() - be told no more
 * @nb: what was registered
 *
 * When it returns the callback does not run, and will not.
 *
 * Context: task; may sleep.  Not in the callback.
 * Return: 0, or -ENOENT when it is not registered.
 */
int goalloc_unregister_limit_notifier(struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&clients, nb);
}
EXPORT_SYMBOL_GPL(goalloc_unregister_limit_notifier);

/* ----------------------------------------------------------- from outside */

/**
 * limit_set() - set the limit
 * @bytes: at least a page; 0 for no limit
 *
 * If more is held idle memory is given back at once; what then is still above stays, and
 * draws fail until enough was freed.
 *
 * Context: task; may sleep.
 * Return: 0, or -EINVAL, and nothing is changed.
 */
int limit_set(unsigned long bytes)
{
	if (bytes && (bytes < GOALLOC_PAGE_SIZE || bytes > LONG_MAX))
		return -EINVAL;
	mutex_lock(&limit_mutex);
	WRITE_ONCE(memory_limit, bytes);
	relieve(0);
	kick();
	mutex_unlock(&limit_mutex);
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(limit_set);

/* Bytes that the background scavenger should give back, so that a draw finds room. */
unsigned long limit_excess(void)
{
	return excess(READ_ONCE(told) ? READ_ONCE(missing) :
			READ_ONCE(memory_limit) / LIMIT_FRACTION);
}

void limit_get_stats(struct limit_stats *st)
{
	st->limit = READ_ONCE(memory_limit);
	st->held = atomic_long_read(&held);
	st->crossed = atomic_long_read(&crossed);
	st->refused = atomic_long_read(&refused);
	st->passed = atomic_long_read(&passed);
}
EXPORT_SYMBOL_FOR_KUNIT(limit_get_stats);

/* From now on the limit holds, and @scavenge gives back what is idle. */
int limit_init(unsigned long (*scavenge)(unsigned long bytes))
{
	limit_wq = fault_meta(alloc_workqueue("goalloc_limit", WQ_UNBOUND, 1));
	if (!limit_wq)
		return -ENOMEM;
	INIT_WORK(&limit_work, limit_turn);
	init_irq_work(&limit_kick, limit_kicked);
	smp_store_release(&give_back, scavenge);	/* who sees it may kick */
	return 0;
}

/*
 * Nothing is refused any more, and nobody told.  The turn that runs may have kicked
 * before it saw that, and the kick have queued another turn.
 */
void limit_exit(void)
{
	mutex_lock(&limit_mutex);
	WRITE_ONCE(give_back, NULL);
	mutex_unlock(&limit_mutex);
	cancel_work_sync(&limit_work);
	irq_work_sync(&limit_kick);
	destroy_workqueue(limit_wq);
}
