// SPDX-License-Identifier: GPL-2.0
/*
 * dropin_heap: a heap for each module that uses the drop-in, so that what its kmalloc()
 * holds is a row of /proc/goalloc/heaps, and what it leaves behind is reported when it is
 * unloaded.
 *
 * <linux/goalloc_kmalloc.h> defines a handle in every file; the linker leaves one of them
 * to the module.  The first request that may sleep and reclaim makes the heap behind it
 * (heap.c).  A request that may not, and comes before, is served by the default heap, and
 * asks a work to make the module's: a module may have only such requests.  Of several
 * modules that ask at once one is heard; the others ask again with their next request.
 *
 * The work looks at the handle, which is the module's memory: when a module goes, whoever
 * is told so (named.c) waits for the work.  By then the module asks for nothing any more.
 *
 * NAMES
 *
 * The kernel takes any name for a cache, twice as well; goalloc's are unique words of
 * limited length, because they are a column of /proc/goalloc/heaps.  So what cannot be in
 * one becomes '_', a long one is cut, and the second of a name gets ":2" behind it.
 *
 * LOCKS: name_mutex, from the choice of a name to the heap that has it.  It is taken where
 * the caller could have called kmem_cache_create(), and never in reclaim.
 */
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "dropin.h"

#define KIND	":kmalloc"	/* behind the module's name */

static DEFINE_MUTEX(name_mutex);

/* A name that goalloc takes and nobody has, as near to @wanted as can be. */
static void choose_name(char name[GOALLOC_HEAP_NAME_MAX], const char *wanted)
{
	size_t len, base;
	char suffix[12];
	unsigned int n;
	char *c;

	strscpy(name, wanted && *wanted ? wanted : "_", GOALLOC_HEAP_NAME_MAX);
	for (c = name; *c; c++)
		if (!isgraph(*c))
			*c = '_';
	base = c - name;
	for (n = 2; heap_name_in_use(name); n++) {
		len = scnprintf(suffix, sizeof(suffix), ":%u", n);
		strscpy(name + min(base, GOALLOC_HEAP_NAME_MAX - 1 - len), suffix, len + 1);
	}
}

/* Choose a name; nobody else chooses one until dropin_name_end(). */
void dropin_name_begin(char name[GOALLOC_HEAP_NAME_MAX], const char *wanted)
{
	mutex_lock(&name_mutex);
	choose_name(name, wanted);
}

void dropin_name_end(void)
{
	mutex_unlock(&name_mutex);
}

/* Return: the heap behind the handle, or NULL without memory. */
static struct goalloc_heap *make(struct goalloc_heap *handle)
{
	char wanted[GOALLOC_HEAP_NAME_MAX], name[GOALLOC_HEAP_NAME_MAX];
	struct heap_args args = { .name = name, .owner = handle->owner, .handle = handle };
	struct goalloc_heap *heap;

	snprintf(wanted, sizeof(wanted), "%.*s" KIND, (int)(sizeof(wanted) - sizeof(KIND)),
		 handle->name);
	dropin_name_begin(name, wanted);
	heap = READ_ONCE(handle->real) ?: heap_create(&args, GFP_KERNEL | __GFP_NOWARN);
	dropin_name_end();
	return heap;
}

static struct goalloc_heap *wanted;	/* a handle that asks, until its heap is made */

static void make_wanted(struct work_struct *work)
{
	make(READ_ONCE(wanted));
	smp_store_release(&wanted, NULL);	/* pairs with cmpxchg() in ask() */
}

static DECLARE_WORK(make_work, make_wanted);

static void queue_make(struct irq_work *irq_work)
{
	schedule_work(&make_work);
}

/* Works cannot be queued in every context that allocates. */
static struct irq_work make_irq_work = IRQ_WORK_INIT(queue_make);

static void ask(struct goalloc_heap *handle)
{
	if (!READ_ONCE(wanted) && !cmpxchg(&wanted, NULL, handle))
		irq_work_queue(&make_irq_work);
}

/* From now on nobody looks at a handle that is not used any more.  May sleep. */
void dropin_heap_settle(void)
{
	irq_work_sync(&make_irq_work);
	flush_work(&make_work);
}
EXPORT_SYMBOL_FOR_KUNIT(dropin_heap_settle);

/* May this request wait for whatever the making of a heap waits for? */
static bool may_make(gfp_t gfp)
{
	return !in_nmi() && !(current->flags & PF_MEMALLOC) &&
	       (current_gfp_context(gfp) & GFP_KERNEL) == GFP_KERNEL;
}

/**
 * dropin_heap_make() - the heap for a request of a module that has none yet
 * @handle: the module's, or NULL for the default heap
 * @gfp: the request's
 *
 * Return: the module's heap, or the default heap as long as there is none.
 */
struct goalloc_heap *dropin_heap_make(struct goalloc_heap *handle, gfp_t gfp)
{
	struct goalloc_heap *heap = NULL;

	if (handle && may_make(gfp))
		heap = make(handle);
	else if (handle)
		ask(handle);
	return heap ?: &default_heap;
}
