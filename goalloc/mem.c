// SPDX-License-Identifier: GPL-2.0
/*
 * mem: the address-space states, and the only file that calls the buddy
 * allocator for pages.
 *
 * THEORY OF OPERATION
 *
 * The direct map has an address for every page of memory, so a state does not
 * say what is mapped; it says who holds a page of an arena's 4-MiB window:
 *
 *   None		no arena there: not ours, and a bad free if it meets us
 *   Reserved	the arena has metadata, the page is the buddy allocator's
 *   Prepared	drawn from the buddy allocator, idle in the page heap
 *   Ready	in a span
 *
 *   sys_reserve	None -> Reserved		sys_unreserve	Reserved -> None
 *   sys_map	Reserved -> Prepared	sys_fault	Prepared -> Reserved
 *   sys_used	Prepared -> Ready	sys_unused	Ready -> Prepared
 *   sys_alloc, sys_free	metadata, outside the arenas
 *
 * The names and the transitions are those of Go's mem.go.  Pages in each state
 * are counted per CPU, with plain increments, so that the short cuts above stay
 * without shared cache lines; the sums are exact when nothing is on its way.
 *
 * Every block drawn is split, so that any page of it can go back alone, and
 * every page carries one reference more than the buddy allocator gave it.  A
 * stray kfree() or put_page() on a goalloc object then takes that reference
 * instead of freeing memory under its user, and sys_fault() finds it missing.
 *
 * What is drawn is reserved under memory_limit first, and taken out when it has gone
 * back (limit.c).
 *
 * mem is also where the layers above knock when they have made memory idle
 * (mem_kick): the scavenger sleeps until then.
 *
 * LOCKS: none.  CONTEXT: sys_map() and sys_alloc() may sleep as their gfp
 * says; mem_kick() works in any context, NMI included.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/ratelimit.h>

#include "internal.h"
#include "limit.h"

struct mem_pcpu {
	long reserved;
	long prepared;
	long ready;
	unsigned long draws;
	unsigned long drawn;
	unsigned long returned;
};

static DEFINE_PER_CPU(struct mem_pcpu, mem_pcpu);
static atomic_long_t mem_meta[NR_MEM_KINDS];
static atomic_long_t mem_draw_failed;
static atomic_long_t mem_lost_refs;

static struct irq_work mem_kick_work;
static int mem_kick_armed = 1;

/*
 * What the buddy allocator gets of the caller's flags.  It warns of __GFP_NOFAIL for
 * more than two pages; there the front door tries again instead.
 */
static gfp_t buddy_gfp(gfp_t gfp, unsigned int order)
{
	return order > 1 ? gfp & ~__GFP_NOFAIL : gfp;
}

/**
 * sys_alloc() - memory for metadata
 * @bytes: rounded up to kernel pages
 * @kind: what it counts as
 * @gfp: the caller's flags; only those that say how to allocate are used
 *
 * Return: memory that is not zeroed, or NULL.  Each NULL is counted: as LimitRefused if
 * memory_limit forbids more, else as DrawsFailed.
 */
void *sys_alloc(size_t bytes, enum mem_kind kind, gfp_t gfp)
{
	void *ptr = NULL;

	gfp &= GOALLOC_GFP_MASK & ~__GFP_THISNODE;
	bytes = PAGE_ALIGN(bytes);
	if (!limit_reserve(bytes, gfp))
		return NULL;
	if (!fault_hits(FAULT_META, gfp, bytes))
		ptr = alloc_pages_exact(bytes, buddy_gfp(gfp, get_order(bytes)));
	if (ptr) {
		atomic_long_add(bytes, &mem_meta[kind]);
	} else {
		limit_add(-(long)bytes);
		sys_map_failed();
	}
	return ptr;
}

void sys_free(void *ptr, size_t bytes, enum mem_kind kind)
{
	if (!ptr)
		return;
	bytes = PAGE_ALIGN(bytes);
	free_pages_exact(ptr, bytes);
	mem_account(kind, -(long)bytes);
}

/* Count metadata that came from elsewhere (alloc_percpu). */
void mem_account(enum mem_kind kind, long bytes)
{
	atomic_long_add(bytes, &mem_meta[kind]);
	limit_add(bytes);
}

void sys_reserve(unsigned int npages)
{
	this_cpu_add(mem_pcpu.reserved, npages);
}

void sys_unreserve(unsigned int npages)
{
	this_cpu_sub(mem_pcpu.reserved, npages);
}

void sys_used(unsigned int npages)
{
	this_cpu_sub(mem_pcpu.prepared, npages);
	this_cpu_add(mem_pcpu.ready, npages);
}

void sys_unused(unsigned int npages)
{
	this_cpu_sub(mem_pcpu.ready, npages);
	this_cpu_add(mem_pcpu.prepared, npages);
}

/* Draw a block that was reserved.  Return: its first page, or NULL, and no reservation. */
static struct page *map_reserved(int node, unsigned int order, gfp_t gfp, bool *zeroed)
{
	unsigned int npages = 1U << (order - PAGE_ORDER);
	struct page *page = NULL, *each, *end;

	if (!fault_hits(FAULT_DRAW, gfp, PAGE_SIZE << order))
		page = alloc_pages_node(node, buddy_gfp(gfp, order), order);
	if (!page) {
		limit_add(-(long)(PAGE_SIZE << order));
		return NULL;
	}
	split_page(page, order);
	end = page + (1UL << order);	/* get_page() would look for the head of each */
	for (each = page; each < end; each++)
		page_ref_inc(each);
	*zeroed = want_init_on_alloc(gfp);
	this_cpu_sub(mem_pcpu.reserved, npages);
	this_cpu_add(mem_pcpu.prepared, npages);
	this_cpu_add(mem_pcpu.drawn, npages);
	this_cpu_inc(mem_pcpu.draws);
	return page;
}

/**
 * sys_map_easy() - draw a block that is larger than needed, if that costs nothing
 * @node: NUMA node to draw from
 * @order: block order, in kernel pages
 * @gfp: the caller's flags; without reclaim, reserves, warning or retry
 * @zeroed: set when the block is known to be zero
 *
 * Return: as sys_map().
 */
struct page *sys_map_easy(int node, unsigned int order, gfp_t gfp, bool *zeroed)
{
	gfp &= GOALLOC_GFP_MASK & ~(__GFP_RECLAIM | __GFP_HIGH | __GFP_NOFAIL |
				    __GFP_RETRY_MAYFAIL);
	if (!limit_try(PAGE_SIZE << order))
		return NULL;
	gfp |= __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC;
	return map_reserved(node, order, gfp, zeroed);
}

/**
 * sys_map() - draw a block from the buddy allocator
 * @node: NUMA node to draw from
 * @order: block order, in kernel pages; at least PAGE_ORDER
 * @gfp: how hard to try; __GFP_ZERO is honoured
 * @zeroed: set when the block is known to be zero
 *
 * The block is naturally aligned, split, and carries the extra references.
 *
 * Return: the first page, or NULL, counted as that of sys_alloc().
 */
struct page *sys_map(int node, unsigned int order, gfp_t gfp, bool *zeroed)
{
	struct page *page;

	gfp &= GOALLOC_GFP_MASK | __GFP_ZERO;
	if (!limit_reserve(PAGE_SIZE << order, gfp))
		return NULL;
	page = map_reserved(node, order, gfp, zeroed);
	if (!page)
		sys_map_failed();
	return page;
}

/* The node that the buddy allocator serves requests for @nid from. */
int sys_source_node(int nid)
{
	struct page *page = alloc_pages_node(nid, GFP_KERNEL, 0);
	int source = nid;

	if (page) {
		source = page_to_nid(page);
		__free_page(page);
	}
	return source;
}

/* A draw failed for good, and not for a limit's sake: the caller will see NULL. */
void sys_map_failed(void)
{
	atomic_long_inc(&mem_draw_failed);
}

static void mem_report_lost_ref(struct page *page, int refs)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	atomic_long_inc(&mem_lost_refs);
	if (!__ratelimit(&rs))
		return;
	pr_err("lost page reference: page %p has %d of the 2 references that goalloc holds\n",
	       page_address(page), refs);
	pr_err("  a kfree() or put_page() hit memory that came from goalloc_alloc() while the page\n");
	pr_err("  was in use; look for an object of this page that was not freed with goalloc_free()\n");
}

static void mem_fault_page(struct page *page)
{
	int refs = page_ref_count(page);

	if (unlikely(refs < 2)) {
		mem_report_lost_ref(page, refs);
		if (refs == 1)
			__free_page(page);
		return;
	}
	page_ref_dec(page);
	__free_page(page);
}

/**
 * sys_fault() - give pages back to the buddy allocator
 * @addr: address of the first page
 * @npages: pages of 8 KiB
 */
void sys_fault(unsigned long addr, unsigned int npages)
{
	struct page *page = virt_to_page((void *)addr);
	unsigned int i;

	for (i = 0; i < npages << PAGE_ORDER; i++)
		mem_fault_page(page + i);
	this_cpu_sub(mem_pcpu.prepared, npages);
	this_cpu_add(mem_pcpu.reserved, npages);
	this_cpu_add(mem_pcpu.returned, npages);
	limit_add(-((long)npages << GOALLOC_PAGE_SHIFT));
}

/**
 * mem_get_counts() - sum the counters
 * @counts: filled in
 *
 * Prepared and ready change together when a span is made, on one CPU but not in
 * one instruction: under load a sum may be off by what is on its way.
 */
void mem_get_counts(struct mem_counts *counts)
{
	long reserved = 0, prepared = 0, ready = 0;
	int cpu, kind;

	memset(counts, 0, sizeof(*counts));
	for_each_possible_cpu(cpu) {
		const struct mem_pcpu *p = per_cpu_ptr(&mem_pcpu, cpu);

		reserved += READ_ONCE(p->reserved);
		prepared += READ_ONCE(p->prepared);
		ready += READ_ONCE(p->ready);
		counts->draws += READ_ONCE(p->draws);
		counts->drawn += READ_ONCE(p->drawn);
		counts->returned += READ_ONCE(p->returned);
	}
	counts->reserved = max(reserved, 0L);
	counts->prepared = max(prepared, 0L);
	counts->ready = max(ready, 0L);
	counts->draw_failed = atomic_long_read(&mem_draw_failed);
	counts->lost_refs = atomic_long_read(&mem_lost_refs);
	for (kind = 0; kind < NR_MEM_KINDS; kind++)
		counts->meta[kind] = atomic_long_read(&mem_meta[kind]);
}
EXPORT_SYMBOL_FOR_KUNIT(mem_get_counts);

/* Arm the kick: @fn runs in interrupt context after memory has become idle. */
void mem_kick_init(void (*fn)(struct irq_work *work))
{
	init_irq_work(&mem_kick_work, fn);
	mem_kick_rearm();
}

/* From here on a kick does nothing; one that is under way has ended. */
void mem_kick_exit(void)
{
	WRITE_ONCE(mem_kick_armed, 1);
	irq_work_sync(&mem_kick_work);
}

/* The scavenger is about to sleep without a timer: the next kick wakes it. */
void mem_kick_rearm(void)
{
	smp_store_mb(mem_kick_armed, 0);	/* before the caller looks for work again */
}

/* Memory became idle.  Cheap when the scavenger is already awake. */
void mem_kick(void)
{
	if (!READ_ONCE(mem_kick_armed) && !xchg(&mem_kick_armed, 1))
		irq_work_queue(&mem_kick_work);
}
