// SPDX-License-Identifier: GPL-2.0
/*
 * proc: /proc/goalloc/, what goalloc holds, for people and for tools.
 *
 *	stats		one "Name: value" a line: MemStats, the address-space states,
 *			and the identities that must hold
 *	sizeclasses	a row per span class in use
 *	heaps		a row per heap and object cache
 *	spans		a row per span (root)
 *	arenas		a row per 4-MiB window (root)
 *	pagemap		a row per run of pages that are alike (root)
 *	mcache		a row per CPU (root)
 *	scavenge	write anything: give everything back that is not in use (root)
 *	version		what tools can rely on of each of them
 *
 * and those of the heap profile (profile.c).
 *
 * Readers take no lock.  Spans and arenas are walked through the arena map; a
 * span that is retired meanwhile is safe to look at (mspan.h), and a row of it
 * shows a moment between two lives at worst.  So no reader ever delays an
 * allocation, but one that is sampled (profile_fill()).
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "limit.h"
#include "mstats.h"

static struct proc_dir_entry *proc_dir;

static void show_value(struct seq_file *m, const char *name, unsigned long value)
{
	seq_printf(m, "%s: %lu\n", name, value);
}

/* An identity: what is claimed, whether it holds, and both sides. */
static void show_check(struct seq_file *m, const char *claim, unsigned long a, unsigned long b)
{
	if (a == b)
		seq_printf(m, "Check %s: ok\n", claim);
	else
		seq_printf(m, "Check %s: off by %ld (%lu, %lu)\n", claim, (long)(a - b), a, b);
}

static void show_memstats(struct seq_file *m, const struct mem_stats *st)
{
	show_value(m, "Alloc", st->alloc);
	show_value(m, "TotalAlloc", st->total_alloc);
	show_value(m, "Sys", st->sys);
	show_value(m, "Mallocs", st->mallocs);
	show_value(m, "Frees", st->frees);
	show_value(m, "HeapAlloc", st->heap_alloc);
	show_value(m, "HeapSys", st->heap_sys);
	show_value(m, "HeapIdle", st->heap_idle);
	show_value(m, "HeapInuse", st->heap_inuse);
	show_value(m, "HeapReleased", st->heap_released);
	show_value(m, "HeapObjects", st->heap_objects);
	show_value(m, "MSpanInuse", st->mspan_inuse);
	show_value(m, "MSpanSys", st->mspan_sys);
	show_value(m, "MCacheInuse", st->mcache_inuse);
	show_value(m, "MCacheSys", st->mcache_sys);
	show_value(m, "GCSys", st->gc_sys);
	show_value(m, "OtherSys", st->other_sys);
	show_value(m, "TinyMallocs", st->tiny_mallocs);
	show_value(m, "TinyFrees", st->tiny_frees);
	show_value(m, "LargeAlloc", st->large_bytes);
}

static void show_states(struct seq_file *m, const struct mem_stats *st)
{
	show_value(m, "Reserved", st->mem.reserved << GOALLOC_PAGE_SHIFT);
	show_value(m, "Prepared", st->mem.prepared << GOALLOC_PAGE_SHIFT);
	show_value(m, "Ready", st->mem.ready << GOALLOC_PAGE_SHIFT);
	show_value(m, "Drawn", (st->mem.prepared + st->mem.ready) << GOALLOC_PAGE_SHIFT);
	show_value(m, "Metadata", st->metadata);
	show_value(m, "PagesDrawn", st->mem.drawn);
	show_value(m, "PagesReturned", st->mem.returned);
	show_value(m, "DrawsFailed", st->mem.draw_failed);
	show_value(m, "LostReferences", st->mem.lost_refs);
	show_value(m, "ScavengedBackground", scavenge_pages(SCAVENGE_BACKGROUND));
	show_value(m, "ScavengedPressure", scavenge_pages(SCAVENGE_PRESSURE));
	show_value(m, "ScavengedDemand", scavenge_pages(SCAVENGE_DEMAND));
	show_value(m, "BadFrees", debug_bad_frees());
}

static void show_layers(struct seq_file *m, const struct mem_stats *st)
{
	struct layer_stats layers;

	mstats_layers(&layers);
	show_value(m, "Refills", layers.refills);
	show_value(m, "CentralHits", layers.central_hits);
	show_value(m, "CentralContended", layers.central_contended);
	show_value(m, "SpansGiven", layers.spans_given);
	show_value(m, "SpansMade", layers.spans_made);
	show_value(m, "PageCacheHits", layers.page_hits);
	show_value(m, "PageCacheMisses", layers.page_misses);
	show_value(m, "PageHeapContended", layers.heap_contended);
	show_value(m, "LargestFree", layers.longest << GOALLOC_PAGE_SHIFT);
	show_value(m, "Draws", st->mem.draws);
}

static void show_limit(struct seq_file *m)
{
	struct limit_stats st;

	limit_get_stats(&st);
	show_value(m, "MemoryLimit", st.limit);
	show_value(m, "LimitHeld", st.held);
	show_value(m, "LimitCrossed", st.crossed);
	show_value(m, "LimitRefused", st.refused);
	show_value(m, "LimitPassed", st.passed);
	show_value(m, "ScavengedLimit", scavenge_pages(SCAVENGE_LIMIT));
}

static void show_checks(struct seq_file *m, const struct mem_stats *st)
{
	unsigned long index = 0, arenas = 0, objects;
	struct span_walk w;

	while (arena_next(&index))
		arenas++;
	mstats_walk(&w);
	objects = (st->mallocs - st->tiny_mallocs) - (st->frees - st->tiny_frees);
	show_check(m, "HeapSys = HeapInuse + HeapIdle", st->heap_sys,
		   st->heap_inuse + st->heap_idle);
	show_check(m, "Sys = HeapSys + MSpanSys + MCacheSys + GCSys + OtherSys", st->sys,
		   st->heap_sys + st->mspan_sys + st->mcache_sys + st->gc_sys + st->other_sys);
	show_check(m, "Reserved + Prepared + Ready = arenas * 4 MiB",
		   st->mem.reserved + st->mem.prepared + st->mem.ready, arenas * ARENA_PAGES);
	show_check(m, "PagesDrawn - PagesReturned = (Prepared + Ready) / 8 KiB",
		   st->mem.drawn - st->mem.returned, st->mem.prepared + st->mem.ready);
	show_check(m, "Ready = pages of all spans", st->mem.ready, w.pages);
	show_check(m, "Mallocs - Frees = objects in use in all spans (without tiny)", objects,
		   w.inuse);
}

static int stats_show(struct seq_file *m, void *v)
{
	struct mem_stats st;

	mstats_read(NULL, &st);
	show_memstats(m, &st);
	show_states(m, &st);
	show_layers(m, &st);
	show_limit(m);
	show_checks(m, &st);
	return 0;
}

/*
 * Of @bytes in use, those that were asked for: by the share of what was sampled, which
 * varies less than the sum of samples.  Tiny objects have no bytes of their own.
 */
static unsigned long requested(const struct class_fill *fill, unsigned int spc,
			       unsigned long bytes)
{
	const unsigned int shift = 24;		/* asked is below 2^40 */
	u64 share;

	if (spc == SPC_TINY || !fill->given)
		return min(fill->asked, bytes);
	share = DIV_ROUND_CLOSEST((u64)fill->asked << shift, fill->given);
	return DIV_ROUND_CLOSEST(mul_u64_u64_shr(bytes, share, shift - 1), 2);
}

static void show_fill(struct seq_file *m, const struct class_fill *fill, unsigned long asked)
{
	unsigned int i;

	for (i = 0; i < NR_DECILES; i++)
		seq_printf(m, " %6lu", fill->spans[i]);
	seq_printf(m, " %10lu %10lu\n", fill->sparse, asked);
}

static void show_class(struct seq_file *m, unsigned int spc, const struct class_fill *fill)
{
	unsigned int sc = spc_size_class(spc);
	const struct goalloc_size_class *c = &goalloc_size_classes[sc];
	unsigned long used = c->size ? fill->objects * c->size : fill->bytes;
	struct class_stats st;

	mstats_class(NULL, spc, &st);
	if (!st.spans && !st.mallocs)
		return;
	seq_printf(m, "%5u %-6s %8u %8u %7u %8lu %10lu %10lu %12lu %12lu %8lu %8lu %8lu",
		   sc, debug_spc_name(spc), c->size, c->npages << GOALLOC_PAGE_SHIFT, c->nelems,
		   st.spans, st.inuse, fill->objects > st.inuse ? fill->objects - st.inuse : 0,
		   st.mallocs, st.frees, st.refills, st.central,
		   fill->bytes - min(used, fill->bytes));
	show_fill(m, fill, requested(fill, spc, mstats_class_bytes(NULL, spc, st.inuse)));
}

static int sizeclasses_show(struct seq_file *m, void *v)
{
	struct class_fill *fill = kvcalloc(NR_SPC + 1, sizeof(*fill), GFP_KERNEL);
	unsigned int i;

	if (!fill)
		return -ENOMEM;
	mstats_fill(fill);
	profile_fill(fill);
	seq_printf(m, "%5s %-6s %8s %8s %7s %8s %10s %10s %12s %12s %8s %8s %8s", "class",
		   "kind", "size", "span", "objects", "spans", "inuse", "free", "mallocs", "frees",
		   "refills", "central", "waste");
	for (i = 0; i < NR_DECILES; i++)
		seq_printf(m, "    %u0%%", i);
	seq_printf(m, " %10s %10s\n", "sparse", "requested");
	for (i = 0; i < NR_SPC; i++)
		show_class(m, i, &fill[i]);
	kvfree(fill);
	return 0;
}

/* Where the row of spans ends that was shown last, and the one before it. */
struct spans_state {
	unsigned long end;
	unsigned long last_end;
};

/* Spans and arenas: a row's position is the number behind its last page, or behind its arena. */
static void *spans_at(loff_t *pos, unsigned long pageno)
{
	struct mspan *s = arena_next_span(&pageno);

	*pos = s ? pageno : pageno + 1;		/* seq_file wants it to move at the end too */
	return s;
}

/* Start at the row that ends there, so that a row that did not fit is shown again. */
static void *spans_start(struct seq_file *m, loff_t *pos)
{
	loff_t p = *pos;

	if (!p)
		return SEQ_START_TOKEN;
	return span_of(arena_base + ((p - 1) << GOALLOC_PAGE_SHIFT)) ?: spans_at(pos, p);
}

static void *spans_next(struct seq_file *m, void *v, loff_t *pos)
{
	return spans_at(pos, *pos);
}

static void nothing_stop(struct seq_file *m, void *v)
{
}

static int slot_cpu(const struct mspan *s, const struct mcache_slot *owner)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (owner == per_cpu_ptr(s->slot, cpu))
			return cpu;
	return -1;
}

/*
 * Is a span where this row's position says, and behind the row before?  It may have
 * become another meanwhile.
 */
static bool in_order(struct seq_file *m, unsigned long base, unsigned int npages)
{
	unsigned long page = (base - arena_base) >> GOALLOC_PAGE_SHIFT;
	struct spans_state *st = m->private;

	if (st->end != m->index) {	/* or it is shown again, because it did not fit */
		st->last_end = st->end;
		st->end = m->index;
	}
	return page >= st->last_end && page + npages == m->index;
}

/*
 * Under rcu_read_lock(): a span that is not DEAD belongs to a heap that is not freed
 * before the lock is dropped.
 */
static int show_span(struct seq_file *m, const struct mspan *s)
{
	int state = smp_load_acquire(&s->state);	/* before the rest; see mspan_publish() */
	unsigned int npages = READ_ONCE(s->npages), nelems = READ_ONCE(s->nelems);
	unsigned long base = READ_ONCE(s->base);
	const struct mcache_slot *owner;
	int cpu = -1;

	if (!in_order(m, base, npages) || state == MSPAN_DEAD)
		return SEQ_SKIP;
	owner = READ_ONCE(s->owner);
	if (owner)
		cpu = slot_cpu(s, owner);
	seq_printf(m, "%pK-%pK %5u %5u %-6s %-7s %5d %5u %6u %6u\n", (void *)base,
		   (void *)(base + ((unsigned long)npages << GOALLOC_PAGE_SHIFT)), npages,
		   spc_size_class(s->spc), debug_spc_name(s->spc), debug_state_name(state), cpu,
		   s->central->nid, min(mstats_span_inuse(s), nelems), nelems);
	return 0;
}

static int spans_show(struct seq_file *m, void *v)
{
	int res;

	if (v == SEQ_START_TOKEN) {
		*(struct spans_state *)m->private = (struct spans_state) {};
		seq_printf(m, "%-33s %5s %5s %-6s %-7s %5s %5s %6s %6s\n", "pages", "count",
			   "class", "kind", "state", "cpu", "node", "inuse", "total");
		return 0;
	}
	rcu_read_lock();
	res = show_span(m, v);
	rcu_read_unlock();
	return res;
}

static const struct seq_operations spans_ops = {
	.start = spans_start,
	.next = spans_next,
	.stop = nothing_stop,
	.show = spans_show,
};

static void *arenas_start(struct seq_file *m, loff_t *pos)
{
	unsigned long index = *pos - 1;
	struct arena *a;

	if (!*pos)
		return SEQ_START_TOKEN;
	a = arena_next(&index);
	*pos = index;
	return a;
}

static void *arenas_next(struct seq_file *m, void *v, loff_t *pos)
{
	unsigned long index = *pos;
	struct arena *a = arena_next(&index);

	*pos = a ? index : index + 1;		/* seq_file wants it to move at the end too */
	return a;
}

static int arenas_show(struct seq_file *m, void *v)
{
	const struct arena *a = v;
	unsigned int page, ready = 0, present;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%-16s %5s %9s %9s %9s %9s\n", "arena", "node", "reserved",
			   "prepared", "ready", "longest");
		return 0;
	}
	for (page = 0; page < ARENA_PAGES; page++)
		ready += !!span_of(a->base + ((unsigned long)page << GOALLOC_PAGE_SHIFT));
	present = bitmap_weight(a->present, ARENA_PAGES);
	ready = min(ready, present);		/* they were looked at one after the other */
	seq_printf(m, "%pK %5d %9lu %9u %9u %9u\n", (void *)a->base, a->heap->nid,
		   ARENA_PAGES - present, present - ready, ready, READ_ONCE(a->longest));
	return 0;
}

/* What a page of an arena is, beside being in a span. */
static const char *page_state(const struct arena *a, unsigned int page)
{
	if (!test_bit(page, a->present))
		return "reserved";
	return test_bit(page, a->busy) ? "cached" : "prepared";
}

/* The pages from @page on that are in no span and alike. */
static unsigned int idle_run(const struct arena *a, unsigned int page, const char *state)
{
	unsigned int n = 1;

	while (page + n < ARENA_PAGES && page_state(a, page + n) == state &&
	       !span_of(a->base + ((unsigned long)(page + n) << GOALLOC_PAGE_SHIFT)))
		n++;
	return n;
}

/* Under rcu_read_lock(), as show_span().  Return: pages in the row. */
static unsigned int show_run(struct seq_file *m, const struct arena *a, unsigned int page)
{
	unsigned long addr = a->base + ((unsigned long)page << GOALLOC_PAGE_SHIFT);
	unsigned long number = (addr - arena_base) >> GOALLOC_PAGE_SHIFT;
	const char *state = page_state(a, page);
	struct mspan *s = span_of(addr);
	unsigned int n;

	if (!s || smp_load_acquire(&s->state) == MSPAN_DEAD) {	/* as in show_span() */
		n = s ? 1 : idle_run(a, page, state);
		seq_printf(m, "%10lu %5u %-8s %5s %6s\n", number, n, s ? "ready" : state, "-", "-");
		return n;
	}
	n = clamp_t(unsigned int, READ_ONCE(s->npages), 1, ARENA_PAGES - page);
	seq_printf(m, "%10lu %5u %-8s %5u %6u\n", number, n, "ready", spc_size_class(s->spc),
		   mstats_span_inuse(s));
	return n;
}

static int pagemap_show(struct seq_file *m, void *v)
{
	const struct arena *a = v;
	unsigned int page = 0;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%10s %5s %-8s %5s %6s\n", "page", "count", "state", "class",
			   "inuse");
		return 0;
	}
	rcu_read_lock();
	while (page < ARENA_PAGES)
		page += show_run(m, a, page);
	rcu_read_unlock();
	return 0;
}

static const struct seq_operations pagemap_ops = {
	.start = arenas_start,
	.next = arenas_next,
	.stop = nothing_stop,
	.show = pagemap_show,
};

static const struct seq_operations arenas_ops = {
	.start = arenas_start,
	.next = arenas_next,
	.stop = nothing_stop,
	.show = arenas_show,
};

/* What one CPU's caches hold, of all heaps. */
struct cpu_sums {
	unsigned long spans;
	unsigned long objects;
	unsigned long bytes;
	unsigned long refills;
};

static void add_cache(struct cpu_sums *sums, const struct goalloc_heap *heap,
		      const struct mcache *c)
{
	unsigned int spc;

	for (spc = heap->first_spc; spc < heap->end_spc; spc++) {
		const struct mcache_slot *slot = &c->slot[spc];
		unsigned int n = hweight64(READ_ONCE(slot->free));

		sums->spans += !!READ_ONCE(slot->span);
		sums->objects += n;
		sums->bytes += (unsigned long)n * READ_ONCE(slot->elemsize);
		sums->refills += READ_ONCE(c->counts[SPC_CACHE - spc].refills);
	}
}

static void show_cpu(struct seq_file *m, int cpu)
{
	const struct page_cache *pc = per_cpu_ptr(page_caches, cpu);
	struct goalloc_heap *heap;
	struct cpu_sums sums = {};

	rcu_read_lock();
	for_each_heap(heap)
		add_cache(&sums, heap, per_cpu_ptr(heap->cache, cpu));
	rcu_read_unlock();
	seq_printf(m, "%4d %6s %7lu %9lu %10lu %10lu %6u %10lu %10lu\n", cpu,
		   str_yes_no(cpu_online(cpu)), sums.spans, sums.objects, sums.bytes, sums.refills,
		   (unsigned int)hweight_long(READ_ONCE(pc->pw.free)), READ_ONCE(pc->hits),
		   READ_ONCE(pc->misses));
}

static int mcache_show(struct seq_file *m, void *v)
{
	int cpu;

	seq_printf(m, "%4s %6s %7s %9s %10s %10s %6s %10s %10s\n", "cpu", "online", "spans",
		   "objects", "bytes", "refills", "pages", "pagehits", "pagemisses");
	for_each_possible_cpu(cpu)
		show_cpu(m, cpu);
	return 0;
}

/* Under rcu_read_lock(), which the heap outlives, and the module that it belongs to now. */
static void show_heap(struct seq_file *m, struct goalloc_heap *heap)
{
	const struct module *owner = READ_ONCE(heap->owner);
	struct mem_stats st;

	mstats_read(heap, &st);
	seq_printf(m, "%-31s %-20s %10lu %12lu %12lu %12lu %12lu %12lu %8lu %6u\n", heap->name,
		   owner ? owner->name : "-", st.heap_objects, st.alloc,
		   atomic_long_read(&heap->pages) << GOALLOC_PAGE_SHIFT, st.mallocs, st.frees,
		   READ_ONCE(heap->limit) << GOALLOC_PAGE_SHIFT, atomic_long_read(&heap->refused),
		   heap_is_cache(heap) ? heap_class(heap, SPC_CACHE)->size : 0);
}

static int heaps_show(struct seq_file *m, void *v)
{
	struct goalloc_heap *heap;

	seq_printf(m, "%-31s %-20s %10s %12s %12s %12s %12s %12s %8s %6s\n", "heap", "module",
		   "objects", "bytes", "held", "mallocs", "frees", "limit", "refused", "size");
	rcu_read_lock();
	for_each_heap(heap)
		if (heap_is_counted(heap))
			show_heap(m, heap);
	rcu_read_unlock();
	return 0;
}

/*
 * A file's version changes when a reader of the last one would misread it: when a line or
 * a column goes or means something else, not when one comes behind those there were.
 */
static int version_show(struct seq_file *m, void *v)
{
	seq_puts(m, "stats 1\nsizeclasses 1\nheaps 1\nspans 1\narenas 1\npagemap 1\nmcache 1\n"
		 "heap_profile 1\ncallers 1\n");
	return 0;
}

static ssize_t scavenge_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	unsigned long pages = scavenge_all();

	pr_info("scavenge: %lu KiB given back\n", pages << (GOALLOC_PAGE_SHIFT - 10));
	return len;
}

static const struct proc_ops scavenge_proc_ops = {
	.proc_write = scavenge_write,
};

int proc_init(void)
{
	proc_dir = fault_meta(proc_mkdir("goalloc", NULL));
	if (!proc_dir)
		return -ENOMEM;
	if (fault_meta(proc_create_single("stats", 0444, proc_dir, stats_show)) &&
	    fault_meta(proc_create_single("sizeclasses", 0444, proc_dir, sizeclasses_show)) &&
	    fault_meta(proc_create_single("heaps", 0444, proc_dir, heaps_show)) &&
	    fault_meta(proc_create_seq_private("spans", 0400, proc_dir, &spans_ops,
					       sizeof(struct spans_state), NULL)) &&
	    fault_meta(proc_create_seq("arenas", 0400, proc_dir, &arenas_ops)) &&
	    fault_meta(proc_create_seq("pagemap", 0400, proc_dir, &pagemap_ops)) &&
	    fault_meta(proc_create_single("version", 0444, proc_dir, version_show)) &&
	    fault_meta(proc_create_single("mcache", 0400, proc_dir, mcache_show)) &&
	    fault_meta(proc_create("scavenge", 0200, proc_dir, &scavenge_proc_ops)) &&
	    !profile_proc_init(proc_dir))
		return 0;
	proc_exit();
	return -ENOMEM;
}

void proc_exit(void)
{
	proc_remove(proc_dir);
}
