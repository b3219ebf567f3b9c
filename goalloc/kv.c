// SPDX-License-Identifier: GPL-2.0
/*
 * kv: contiguous memory where it can be had, vmalloc()'s where not.
 *
 * THEORY OF OPERATION
 *
 * Up to 4 MiB goalloc is asked, without great effort above a page, because there is
 * something to fall back on.  What it cannot give comes from vmalloc(), if the caller
 * may sleep.  A free tells the two apart by the address.
 *
 * vfree() checks little, and what it is handed may be anything.  So it gets only what
 * begins a page that is mapped and is not on this task's stack; vmalloc()'s memory
 * is unmapped when it is freed, which shows a second free.
 *
 * vfree() must not be called in NMI, nor where the caller may not sleep.  From there
 * the memory is put on a list, with a mark in its first bytes by which a second free is
 * seen, and a worker frees it.  An irq_work wakes the worker, because in NMI nothing
 * else can.
 *
 * LOCKS: none.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "front.h"

struct workqueue_struct *kv_wq;

static LLIST_HEAD(kv_waiting);
static struct irq_work kv_kick;
static struct work_struct kv_work;

/* How hard to try for contiguous memory: not very, unless the caller says otherwise. */
static gfp_t contiguous_gfp(gfp_t gfp)
{
	if (!(gfp & __GFP_RETRY_MAYFAIL))
		gfp |= __GFP_NORETRY;
	return (gfp | __GFP_NOWARN) & ~__GFP_NOFAIL;
}

/**
 * goalloc_kvalloc_node() - allocate memory from a NUMA node, contiguous or not
 * @size: bytes wanted, at most %INT_MAX
 * @gfp: as for goalloc_alloc(); what does not allow to sleep is never served by
 *	vmalloc().  __GFP_ACCOUNT is honoured by vmalloc() alone.
 * @node: the node, or %NUMA_NO_NODE.  Before Linux 6.15 vmalloc() takes it into
 *	account for GFP_KERNEL only.
 *
 * Memory above a page may come from vmalloc(), and above %GOALLOC_MAX_SIZE it does.
 * It is freed with goalloc_kvfree(), and is nothing for goalloc_size() and
 * goalloc_realloc().
 *
 * Context: as goalloc_alloc().
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_kvalloc_node(size_t size, gfp_t gfp, int node)
{
	void *ptr = NULL;

	if (size <= PAGE_SIZE)
		return goalloc_alloc_node(size, gfp, node);
	if (size <= GOALLOC_MAX_SIZE)
		ptr = goalloc_alloc_node(size, contiguous_gfp(gfp), node);
	if (ptr || !gfpflags_allow_blocking(gfp) || gfp & __GFP_DMA || !node_usable(node))
		return ptr;
	if (size > INT_MAX) {
		debug_too_large(size, INT_MAX, gfp);
		return NULL;
	}
	return compat_vmalloc(size, gfp & ~GFP_ODD, node);
}
EXPORT_SYMBOL_GPL(goalloc_kvalloc_node);

/* True when vmalloc() may have given @ptr; otherwise a report has been made. */
static bool vmalloc_check(const void *ptr, const char *op)
{
	const struct waiting *w = ptr;
	enum free_result res = FREE_OK;

	if (!PAGE_ALIGNED(ptr) || object_is_on_stack(ptr) || !vmalloc_to_page(ptr))
		res = FREE_NOT_VMALLOC;
	else if (READ_ONCE(w->mark) == waiting_mark(ptr))
		res = FREE_WAITING;
	if (likely(!res))
		return true;
	debug_bad_free(ptr, res, op);
	return false;
}

/**
 * kv_check() - is this a live object that goalloc_kvfree() could free?
 * @ptr: anything
 * @op: as for debug_bad_free()
 *
 * Return: true, or false when a report has been made.
 */
bool kv_check(const void *ptr, const char *op)
{
	size_t usable;

	return is_vmalloc_addr(ptr) ? vmalloc_check(ptr, op) : malloc_check(ptr, &usable, op);
}

static void kv_kick_fn(struct irq_work *work)
{
	queue_work(kv_wq, &kv_work);
}

static void kv_work_fn(struct work_struct *work)
{
	struct waiting *w, *next;

	llist_for_each_entry_safe(w, next, llist_del_all(&kv_waiting), link) {
		WRITE_ONCE(w->mark, 0);
		vfree(w);
		cond_resched();
	}
}

static void vmalloc_free(const void *ptr)
{
	struct waiting *w = (void *)ptr;

	if (preemptible() && !rcu_preempt_depth()) {
		vfree(ptr);
		return;
	}
	WRITE_ONCE(w->mark, waiting_mark(ptr));
	if (llist_add(&w->link, &kv_waiting))
		irq_work_queue(&kv_kick);
}

/**
 * goalloc_kvfree() - free memory, contiguous or not
 * @ptr: what an allocation of goalloc's or vmalloc() returned; NULL and
 *	%ZERO_SIZE_PTR are ignored
 *
 * Anything else is reported and left alone, as by goalloc_free().  What vmalloc()
 * gave is freed a little later where the caller may not sleep.
 *
 * Context: any, NMI included; sleeps only in preemptible task context, outside of RCU
 * readers, and only for what vmalloc() gave.
 */
void goalloc_kvfree(const void *ptr)
{
	if (likely(!is_vmalloc_addr(ptr)))
		goalloc_free(ptr);
	else if (vmalloc_check(ptr, "kvfree"))
		vmalloc_free(ptr);
}
EXPORT_SYMBOL_GPL(goalloc_kvfree);

/**
 * goalloc_kvfree_sensitive() - clear memory and free it, contiguous or not
 * @ptr: as for goalloc_kvfree()
 * @len: bytes to clear; of goalloc's own memory all usable bytes are cleared
 *
 * Context: as goalloc_kvfree().
 */
void goalloc_kvfree_sensitive(const void *ptr, size_t len)
{
	if (!is_vmalloc_addr(ptr)) {
		goalloc_free_sensitive(ptr);
	} else if (vmalloc_check(ptr, "kvfree_sensitive")) {
		memzero_explicit((void *)ptr, len);
		vmalloc_free(ptr);
	}
}
EXPORT_SYMBOL_GPL(goalloc_kvfree_sensitive);

/* Return: 0 or -ENOMEM. */
int kv_init(void)
{
	init_irq_work(&kv_kick, kv_kick_fn);
	INIT_WORK(&kv_work, kv_work_fn);
	kv_wq = fault_meta(alloc_workqueue("goalloc", WQ_UNBOUND | WQ_MEM_RECLAIM, 0));
	return kv_wq ? 0 : -ENOMEM;
}

/* Nobody frees any more; what waits is freed. */
void kv_exit(void)
{
	irq_work_sync(&kv_kick);
	destroy_workqueue(kv_wq);
}
