// SPDX-License-Identifier: GPL-2.0
/*
 * scavenge: gives idle memory back.
 *
 * THEORY OF OPERATION
 *
 * Memory becomes idle in four places, from the top down: a CPU's windows and
 * spares, the centrals' wholly free spans, the CPUs' page caches, the page
 * heaps.  A turn of the scavenger goes through them in that order, so that what
 * one gives up the next can give on:
 *
 *   background	a delayed work, each scavenge_interval_ms.  Empties the caches of
 *		CPUs that took no span since the last turn, takes from centrals
 *		their wholly free spans (half of them where somebody came
 *		since), and gives pages back, highest addresses first, until
 *		what is idle is scavenge_retain per cent of what is in use.
 *		It spends at most 1 % of its interval on giving back.
 *		When nothing is left to do it sets no timer; mem_kick() wakes it.
 *		With a memory_limit it also keeps a sixteenth of that free, if what
 *		is idle is as much
 *   pressure	a shrinker: trims everything and gives back what it is asked for
 *   limit	who meets memory_limit (limit.c): what must go, first of what is idle in
 *		the page heaps, then as under pressure
 *   on demand	scavenge_all(): everything, at once
 *
 * A cache is emptied on its own CPU, by an interrupt; that only touches what the
 * CPU owns and pushes spans on lock-free queues.  A slot that the interrupt finds
 * busy is left for the next turn.  A CPU that goes down has its cache emptied by
 * the CPU that takes it down.
 *
 * LOCKS: scavenge_mutex, above all others; nothing allocates under it, so that
 * the shrinker may take it.  Every step under a spinlock is bounded.
 *
 * What is done under the mutex ends, however fast others allocate and free: it is bounded
 * by what was idle when it began, or by what must go.  Who takes a CPU down waits for it,
 * and until then the timers of that CPU stand still: a task that sleeps on one could not
 * end the load.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include <trace/events/goalloc.h>

#include "internal.h"
#include "limit.h"

#define SCAVENGE_CPU_PERCENT	1
#define STEP_PAGES		64

unsigned int goalloc_scavenge_retain = 10;
EXPORT_SYMBOL_FOR_KUNIT(goalloc_scavenge_retain);
unsigned int goalloc_scavenge_interval = 1000;
EXPORT_SYMBOL_FOR_KUNIT(goalloc_scavenge_interval);

static DEFINE_MUTEX(scavenge_mutex);
static struct workqueue_struct *scavenge_wq;
static struct delayed_work scavenge_work;
struct shrinker *scavenge_shrinker;
EXPORT_SYMBOL_FOR_KUNIT(scavenge_shrinker);
static int scavenge_cpuhp;

static unsigned long pages_by_scavenger[NR_SCAVENGE_REASONS];	/* scavenge_mutex */

static void flush(struct goalloc_heap *heap, struct mcache *c)
{
	if (!heap_is_cache(heap))
		tiny_flush(c);
	mcache_flush(heap, c);
}

static void flush_cpu(int cpu)
{
	struct goalloc_heap *heap;

	rcu_read_lock();
	for_each_heap(heap) {
		struct mcache *c = per_cpu_ptr(heap->cache, cpu);

		if (READ_ONCE(c->holds))
			flush(heap, c);
	}
	rcu_read_unlock();
	mpagecache_detach(per_cpu_ptr(page_caches, cpu));
}

static void flush_this_cpu(void *unused)
{
	flush_cpu(smp_processor_id());
}

static bool cache_holds(int cpu)
{
	struct goalloc_heap *heap;
	bool holds = false;

	rcu_read_lock();
	for_each_heap(heap)
		holds |= READ_ONCE(per_cpu_ptr(heap->cache, cpu)->holds);
	rcu_read_unlock();
	return holds;
}

/* Were spans taken since this was last asked? */
static bool cache_used(int cpu)
{
	struct goalloc_heap *heap;
	bool used = false;

	rcu_read_lock();
	for_each_heap(heap) {
		struct mcache *c = per_cpu_ptr(heap->cache, cpu);

		used |= READ_ONCE(c->used);
		WRITE_ONCE(c->used, false);
	}
	rcu_read_unlock();
	return used;
}

/*
 * Does a CPU hold anything that it has not used since the last turn?  Forced, a page
 * cache without a free page counts: pages of centrals would stay in it.
 */
static bool cpu_is_idle(int cpu, void *force)
{
	struct page_cache *pc = per_cpu_ptr(page_caches, cpu);
	bool used = READ_ONCE(pc->used);

	if (!cache_holds(cpu) && !READ_ONCE(pc->pw.free) && !(force && READ_ONCE(pc->pw.arena)))
		return false;
	used |= cache_used(cpu);
	WRITE_ONCE(pc->used, false);
	return force || !used;
}

static void flush_caches(bool force)
{
	int cpu;

	on_each_cpu_cond_mask(cpu_is_idle, flush_this_cpu, force ? &scavenge_mutex : NULL, true,
			      cpu_online_mask);
	for_each_possible_cpu(cpu)
		mpagecache_put_detached(per_cpu_ptr(page_caches, cpu));
}

static void trim_heap(struct goalloc_heap *heap, bool force)
{
	struct mcentral *c;

	for (c = heap->central; c < heap_central_end(heap); c++) {
		unsigned long refills = READ_ONCE(c->refills);

		if (force || refills == c->refills_seen)
			mcentral_trim(c, 0);
		else
			mcentral_trim(c, READ_ONCE(c->nr_empty) / 2);
		c->refills_seen = refills;
		if (c->spc == heap->first_spc)
			cond_resched();
	}
}

/* (A heap leaves the list only under the mutex, so that giving way is no harm.) */
static void trim_centrals(bool force)
{
	struct goalloc_heap *heap;

	for_each_heap(heap, lockdep_is_held(&scavenge_mutex))
		trim_heap(heap, force);
}

/* Give back up to @pages, for at most @ns nanoseconds. */
static unsigned long release(unsigned long pages, u64 ns)
{
	unsigned long done = 0;
	u64 end = ktime_get_ns() + ns;
	int nid;

	for_each_online_node(nid) {
		while (done < pages) {
			unsigned int n = min_t(unsigned long, pages - done, STEP_PAGES);

			n = mpagealloc_release(&page_heaps[nid], n);
			if (!n)
				break;
			done += n;
			cond_resched();
			if (ktime_get_ns() > end)
				return done;
		}
	}
	return done;
}

/* Pages above what may stay idle. */
static unsigned long excess_pages(void)
{
	unsigned long keep, limit_pages = DIV_ROUND_UP(limit_excess(), GOALLOC_PAGE_SIZE);
	struct mem_counts m;

	mem_get_counts(&m);
	keep = m.ready * goalloc_scavenge_retain / 100;
	return max(m.prepared > keep ? m.prepared - keep : 0, min(m.prepared, limit_pages));
}

static bool centrals_have_idle(void)
{
	struct goalloc_heap *heap;
	bool idle = false;
	struct mcentral *c;

	rcu_read_lock();
	for_each_heap(heap)
		for (c = heap->central; c < heap_central_end(heap); c++)
			idle = idle || mcentral_has_idle(c);
	rcu_read_unlock();
	return idle;
}

/* Would another turn find something to do? */
static bool work_left(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cache_holds(cpu) || READ_ONCE(per_cpu_ptr(page_caches, cpu)->pw.free))
			return true;
	return centrals_have_idle() || excess_pages();
}

static void scavenge_arm(void)
{
	queue_delayed_work(scavenge_wq, &scavenge_work,
			   msecs_to_jiffies(goalloc_scavenge_interval));
}

static void released(unsigned long pages, enum scavenge_reason why)
{
	static const char * const names[NR_SCAVENGE_REASONS] = {
		[SCAVENGE_BACKGROUND] = "background",
		[SCAVENGE_PRESSURE] = "pressure",
		[SCAVENGE_DEMAND] = "demand",
		[SCAVENGE_LIMIT] = "limit",
	};

	pages_by_scavenger[why] += pages;
	if (pages)
		trace_goalloc_scavenge(pages, names[why]);
}

static void scavenge_turn(struct work_struct *work)
{
	u64 ns = (u64)goalloc_scavenge_interval * NSEC_PER_MSEC * SCAVENGE_CPU_PERCENT / 100;
	bool more;

	mutex_lock(&scavenge_mutex);
	flush_caches(false);
	trim_centrals(false);
	released(release(excess_pages(), ns), SCAVENGE_BACKGROUND);
	mutex_unlock(&scavenge_mutex);

	more = work_left();
	if (!more) {
		mem_kick_rearm();
		more = work_left();	/* what came before the kick was armed */
	}
	if (more)
		scavenge_arm();
}

static void scavenge_kicked(struct irq_work *work)
{
	scavenge_arm();
}

/* Up to @max pages of all that is idle now: what is freed meanwhile is for the next one. */
static unsigned long scavenge_everything(unsigned long max, int reason)
{
	unsigned long pages;
	struct mem_counts m;

	flush_caches(true);
	trim_centrals(true);
	mem_get_counts(&m);
	pages = release(min(max, m.prepared), KTIME_MAX / 2);
	released(pages, reason);
	return pages;
}

/**
 * scavenge_all() - give everything back that is not in use
 *
 * What is freed while it runs may stay.
 *
 * Context: task; may sleep.
 * Return: pages of 8 KiB given to the buddy allocator.
 */
unsigned long scavenge_all(void)
{
	unsigned long pages;

	mutex_lock(&scavenge_mutex);
	pages = scavenge_everything(ULONG_MAX, SCAVENGE_DEMAND);
	mutex_unlock(&scavenge_mutex);
	return pages;
}
EXPORT_SYMBOL_FOR_KUNIT(scavenge_all);

/*
 * Give back so many bytes of what is idle.  Without a look at the CPUs' caches and the
 * centrals if the page heaps have as many.  Return: bytes given back.
 */
static unsigned long scavenge_for_limit(unsigned long bytes)
{
	unsigned long pages, max = DIV_ROUND_UP(bytes, GOALLOC_PAGE_SIZE);

	mutex_lock(&scavenge_mutex);
	pages = release(max, KTIME_MAX / 2);
	released(pages, SCAVENGE_LIMIT);
	if (pages < max)
		pages += scavenge_everything(max - pages, SCAVENGE_LIMIT);
	mutex_unlock(&scavenge_mutex);
	return pages << GOALLOC_PAGE_SHIFT;
}

static void flush_heap_here(void *arg)
{
	struct goalloc_heap *heap = arg;

	flush(heap, raw_cpu_ptr(heap->cache));
}

/**
 * scavenge_heap() - unmake all spans of a heap that hold nothing
 * @heap: the heap
 *
 * A CPU that is going down can be interrupted no more, and its caches are not emptied
 * yet: wait until it is gone.
 *
 * Context: task; may sleep.  Not in a callback of CPU hotplug.
 */
void scavenge_heap(struct goalloc_heap *heap)
{
	cpus_read_lock();
	mutex_lock(&scavenge_mutex);
	on_each_cpu(flush_heap_here, heap, true);
	trim_heap(heap, true);
	mutex_unlock(&scavenge_mutex);
	cpus_read_unlock();
}

/* From now on the scavenger does not know the heap. */
void scavenge_remove_heap(struct goalloc_heap *heap)
{
	mutex_lock(&scavenge_mutex);
	heap_remove(heap);
	mutex_unlock(&scavenge_mutex);
}

unsigned long scavenge_pages(enum scavenge_reason reason)
{
	return READ_ONCE(pages_by_scavenger[reason]);
}
EXPORT_SYMBOL_FOR_KUNIT(scavenge_pages);

/**
 * scavenge_idle_pages() - pages that pressure could bring
 *
 * Return: pages idle in the page heaps and in wholly free spans.
 */
unsigned long scavenge_idle_pages(void)
{
	struct goalloc_heap *heap;
	unsigned long pages;
	struct mem_counts m;
	struct mcentral *c;

	mem_get_counts(&m);
	pages = m.prepared;
	rcu_read_lock();
	for_each_heap(heap)
		for (c = heap->central; c < heap_central_end(heap); c++)
			pages += mcentral_idle_pages(c);
	rcu_read_unlock();
	return pages;
}
EXPORT_SYMBOL_FOR_KUNIT(scavenge_idle_pages);

static unsigned long shrink_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return (scavenge_idle_pages() << PAGE_ORDER) ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long pages;

	mutex_lock(&scavenge_mutex);	/* who gave up here would have the OOM killer called */
	pages = scavenge_everything(DIV_ROUND_UP(sc->nr_to_scan, 1UL << PAGE_ORDER),
				    SCAVENGE_PRESSURE);
	mutex_unlock(&scavenge_mutex);
	compat_account_reclaimed_pages(pages << PAGE_ORDER);
	return pages ? pages << PAGE_ORDER : SHRINK_STOP;
}

static int scavenge_cpu_dead(unsigned int cpu)
{
	mutex_lock(&scavenge_mutex);
	flush_cpu(cpu);
	mpagecache_put_detached(per_cpu_ptr(page_caches, cpu));
	mutex_unlock(&scavenge_mutex);
	return 0;
}

int scavenge_init(void)
{
	scavenge_wq = fault_meta(alloc_workqueue("goalloc", WQ_UNBOUND | WQ_FREEZABLE, 1));
	if (!scavenge_wq)
		return -ENOMEM;
	INIT_DELAYED_WORK(&scavenge_work, scavenge_turn);
	scavenge_cpuhp = -ENOMEM;
	if (!fault_hits(FAULT_META, GFP_KERNEL, 1))
		scavenge_cpuhp = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "goalloc:dead",
							   NULL, scavenge_cpu_dead);
	if (scavenge_cpuhp < 0)
		goto no_cpuhp;
	scavenge_shrinker = fault_meta(compat_shrinker_register(shrink_count, shrink_scan,
								"goalloc"));
	if (!scavenge_shrinker)
		goto no_shrinker;
	if (limit_init(scavenge_for_limit))
		goto no_limit;
	mem_kick_init(scavenge_kicked);
	return 0;

no_limit:
	compat_shrinker_unregister(scavenge_shrinker);
no_shrinker:
	cpuhp_remove_state_nocalls(scavenge_cpuhp);
no_cpuhp:
	destroy_workqueue(scavenge_wq);
	return -ENOMEM;
}

/* Stop all that runs by itself. */
void scavenge_exit(void)
{
	compat_shrinker_unregister(scavenge_shrinker);
	cpuhp_remove_state_nocalls(scavenge_cpuhp);
	limit_exit();
	mem_kick_exit();
	cancel_delayed_work_sync(&scavenge_work);
	destroy_workqueue(scavenge_wq);
}
