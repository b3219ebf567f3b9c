// SPDX-License-Identifier: GPL-2.0
/*
 * debug: what goalloc says when it is handed something wrong.
 *
 * A report says what was done, to which address, what goalloc knows of that
 * address, who did it, and what to do next.  It never changes anything: the
 * object is left as it is.  Reports are rate-limited and counted.
 *
 * CONTEXT: any, NMI included.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/mm.h>

#include <trace/events/goalloc.h>

#include "internal.h"

#define REPORT_INTERVAL	(5 * HZ)
#define REPORT_BURST	20

bool goalloc_panic_on_bad_free;

static DEFINE_RATELIMIT_STATE(report_limit, REPORT_INTERVAL, REPORT_BURST);
static atomic_long_t bad_frees;

static const char * const state_names[NR_MSPAN_STATES] = {
	[MSPAN_DEAD] = "dead",
	[MSPAN_OWNED] = "owned",
	[MSPAN_FULL] = "full",
	[MSPAN_QUEUED] = "queued",
	[MSPAN_PARTIAL] = "partial",
};

const char *debug_state_name(int state)
{
	return state >= 0 && state < NR_MSPAN_STATES ? state_names[state] : "?";
}

const char *debug_spc_name(unsigned int spc)
{
	if (spc >= SPC_TINY)
		return spc == SPC_TINY ? "tiny" : "cache";
	return spc & 1 ? "noscan" : "scan";
}

unsigned long debug_bad_frees(void)
{
	return atomic_long_read(&bad_frees);
}
EXPORT_SYMBOL_FOR_KUNIT(debug_bad_frees);

/* What kind of address it is, for one that goalloc does not know. */
static const char *describe_foreign(unsigned long addr)
{
	if (addr < PAGE_SIZE)
		return "an address in the NULL page";
	if (IS_ERR_VALUE(addr))
		return "an error pointer";
	if (addr < TASK_SIZE_MAX)
		return "a user space address";
	if (object_is_on_stack((void *)addr))
		return "on this task's stack";
	if (is_vmalloc_addr((void *)addr))
		return "a vmalloc address: if it came from vmalloc(), use vfree()";
	if (virt_addr_valid(addr))
		return "memory that goalloc does not hold: if it came from kmalloc(), use kfree()";
	return "not the address of any memory";
}

/*
 * A module's heap, or a cache; unless it may be gone: it is not freed while a span of it is
 * not DEAD.  (The default heap has no module, and need not be named.)
 */
static void describe_heap(const struct mspan *s)
{
	const struct goalloc_heap *heap;

	rcu_read_lock();
	if (smp_load_acquire(&s->state) != MSPAN_DEAD) {	/* as in /proc/goalloc/spans */
		heap = s->central->heap;
		if (heap->owner || heap_is_cache(heap))
			pr_err("  of %s %s\n", heap_is_cache(heap) ? "cache" : "heap", heap->name);
	}
	rcu_read_unlock();
}

static void describe_span(unsigned long addr, enum free_result why)
{
	struct mspan *s = span_of(addr);
	unsigned long off, end;
	unsigned int index;

	if (!s)
		return;
	off = addr - s->base;
	end = s->base + ((unsigned long)s->npages << GOALLOC_PAGE_SHIFT);
	mspan_object(s, addr, &index);
	pr_err("  span %p-%p, size class %u %s, %u bytes an object, %u objects, %s\n",
	       (void *)s->base, (void *)end, spc_size_class(s->spc), debug_spc_name(s->spc),
	       s->elemsize, s->nelems, debug_state_name(READ_ONCE(s->state)));
	describe_heap(s);
	if (why == FREE_TAIL)
		pr_err("  %lu bytes into the span, behind its last object\n", off);
	else if (s->elemsize)
		pr_err("  %lu bytes into object %u\n", off - (unsigned long)index * s->elemsize,
		       index);
}

static const char *describe(enum free_result why)
{
	switch (why) {
	case FREE_DOUBLE:
		return "the object is free already (double free)";
	case FREE_INTERIOR:
		return "the address is inside an object, not its start (interior pointer)";
	case FREE_TAIL:
		return "no object lies there";
	case FREE_OTHER_SIZE:
		return "the object has another size";
	case FREE_OTHER_HEAP:
		return "the object belongs to another heap";
	case FREE_OTHER_DEVICE:
		return "the device does not hold it, or not any more (double free)";
	case FREE_NOT_VMALLOC:
		return "nothing from vmalloc() begins there, or it is free already (double free)";
	case FREE_WAITING:
		return "it waits to be freed already (double free)";
	case FREE_OVERWRITTEN:
		return "its rcu_head was written to; it is kept, and what waits behind it";
	case FREE_NOT_IN_SPAN:
		return "the page holds no object: all were freed (double free), or none ever was";
	default:
		return "not memory from goalloc (foreign pointer)";
	}
}

static const char *title(enum free_result why)
{
	switch (why) {
	case FREE_DOUBLE:
	case FREE_WAITING:
		return "double free";
	case FREE_INTERIOR:
	case FREE_TAIL:
		return "interior pointer";
	case FREE_OTHER_SIZE:
		return "wrong size";
	case FREE_OTHER_HEAP:
		return "wrong heap";
	case FREE_OTHER_DEVICE:
		return "wrong device";
	case FREE_OVERWRITTEN:
		return "use after free";
	case FREE_NOT_IN_SPAN:
		return "freed span memory";
	default:
		return "foreign pointer";
	}
}

/**
 * debug_bad_free() - report that a function was handed a bad pointer
 * @ptr: the pointer
 * @why: what is wrong with it
 * @op: "free", "realloc", ...: goalloc_<op>() was called
 */
void debug_bad_free(const void *ptr, enum free_result why, const char *op)
{
	unsigned long addr = (unsigned long)ptr;

	atomic_long_inc(&bad_frees);
	trace_goalloc_bad_free(ptr, op, title(why));
	if (!goalloc_panic_on_bad_free && !__ratelimit(&report_limit))
		return;
	pr_err("bad goalloc_%s(%p): %s\n", op, ptr, title(why));
	pr_err("  %s\n", describe(why));
	if (why == FREE_NOT_IN_SPAN)
		pr_err("  or it was given back and is kmalloc()'s now: then use kfree()\n");
	if (why == FREE_FOREIGN)
		pr_err("  it is %s\n", describe_foreign(addr));
	else
		describe_span(addr, why);
	pr_err("  by %s/%d on CPU %d in %s context; nothing was changed; the caller is:\n",
	       current->comm, task_pid_nr(current), raw_smp_processor_id(),
	       in_nmi() ? "NMI" : in_hardirq() ? "hardirq" : in_serving_softirq() ? "softirq" :
	       "task");
	dump_stack();
	if (goalloc_panic_on_bad_free)
		panic("goalloc: bad goalloc_%s() and panic_on_bad_free is set\n", op);
}

/* Warn of memory zones that goalloc does not have, once each. */
void debug_bad_gfp(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		pr_warn_once("__GFP_DMA refused: goalloc has no DMA zone; use kmalloc(), or dma_alloc_coherent()\n");
	else if (gfp & __GFP_DMA32)
		pr_warn_once("__GFP_DMA32 ignored, as kmalloc() would: fix the caller\n");
	else
		pr_warn_once("__GFP_HIGHMEM ignored, as kmalloc() would: fix the caller\n");
}

/* Complain of a request for zeroes where a constructor's work is to be found, once. */
void debug_zero_constructed(const struct goalloc_heap *heap)
{
	pr_err_once("__GFP_ZERO of cache %s, which has a constructor: NULL returned: fix the caller\n",
		    heap->name);
}

/* Warn of a request that can never succeed, once, unless the caller expects it. */
void debug_too_large(size_t size, size_t limit, gfp_t gfp)
{
	if (gfp & __GFP_NOWARN)
		return;
	if (size <= LONG_MAX)
		pr_warn_once("request of %zu bytes is above the limit of %zu: NULL returned\n",
			     size, limit);
}

/* Report objects that outlive the module: of an object cache, or of one class of all heaps. */
void debug_leak(const struct goalloc_heap *cache, unsigned int spc, unsigned long objects,
		unsigned long bytes, unsigned long spans)
{
	char name[GOALLOC_HEAP_NAME_MAX + sizeof("cache ")];

	if (cache)
		snprintf(name, sizeof(name), "cache %s", cache->name);
	else
		snprintf(name, sizeof(name), "size class %u %s", spc_size_class(spc),
			 debug_spc_name(spc));
	pr_err("leak: %lu objects, %lu bytes, %s, in %lu spans: their pages are kept for their users\n",
	       objects, bytes, name, spans);
}
