// SPDX-License-Identifier: GPL-2.0
/*
 * trace: the tracepoints, and what they cost when nobody uses them: nothing.
 *
 * THEORY OF OPERATION
 *
 * The fast paths have one static branch each, and no other test of this kind:
 *
 *	alloc_watched	the event of an allocation is enabled, or all memory must be
 *			zeroed when it is allocated (init_on_alloc)
 *	free_watched	the event of a free is enabled, or all memory must be zeroed
 *			when it is freed (init_on_free)
 *
 * Where it is true, an allocation or a free leaves the fast path before it has begun, for
 * one that does what must be done.  The kernel's own switches for zeroing do not change
 * after boot, and are looked at when goalloc is loaded.  The branches count: an event
 * adds one when its first probe comes and takes it away when its last one has gone.
 *
 * Only the general paths emit events, the fast ones never do.  There is one place for an
 * object of a size, of a node, of a cache, and of a heap that is destroyed, and no object
 * passes two: what is built on other functions of goalloc's (copies, realloc, bulk, the
 * drop-in) leaves the event to those.
 *
 * AN EVENT THAT IS SWITCHED MEANWHILE
 *
 * Nothing in goalloc depends on an event, nor on the branch that leads to it.  A branch is
 * one instruction, so each allocation and each free takes one path or the other as a
 * whole, and both leave the object and the counters alike.  While a branch is true and its
 * event is not yet, or not any more, an object is cleared for nothing.
 *
 * What began on the fast path is not told of, and what ends on a general path is told of
 * once, if the event is enabled then.  So at the edges an object's allocation may be seen
 * without its free and the other way around, but neither twice.  The event of an
 * allocation is emitted before anybody else has the object, that of a free while nobody
 * else can: of one address they come in turn.  (A free that is found to be a second one
 * only after its event, because it raced the first, is told of by both events.)
 *
 * WHOSE CALL IT IS
 *
 * The fast paths know who called them.  If that was goalloc itself, on behalf of somebody
 * else, the stack tells who: the first return address outside of goalloc.  That takes
 * microseconds, and is done for nobody but a probe.
 *
 * LOCKS: none.  CONTEXT: any, NMI included.
 */
#include <linux/module.h>
#include <linux/stacktrace.h>

#include "front.h"

#define CREATE_TRACE_POINTS
#include <trace/events/goalloc.h>

#define DEPTH_MAX	16	/* of goalloc's own functions on the stack, and some more */

EXPORT_TRACEPOINT_SYMBOL_GPL(goalloc_alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(goalloc_free);

DEFINE_STATIC_KEY_FALSE(alloc_watched);
EXPORT_SYMBOL_FOR_KUNIT(alloc_watched);
DEFINE_STATIC_KEY_FALSE(free_watched);
EXPORT_SYMBOL_FOR_KUNIT(free_watched);

int trace_alloc_begin(void)
{
	static_branch_inc(&alloc_watched);
	return 0;
}

void trace_alloc_end(void)
{
	static_branch_dec(&alloc_watched);
}

int trace_free_begin(void)
{
	static_branch_inc(&free_watched);
	return 0;
}

void trace_free_end(void)
{
	static_branch_dec(&free_watched);
}

/**
 * trace_call_site() - whose call is it?
 * @ip: where a function of goalloc's returns to
 *
 * Return: @ip, or where the first of those that called each other returns to.
 */
unsigned long trace_call_site(unsigned long ip)
{
#ifdef CONFIG_STACKTRACE
	unsigned long entries[DEPTH_MAX];
	bool inside = false;
	unsigned int i, n;

	if (likely(!within_module(ip, THIS_MODULE)))
		return ip;
	n = stack_trace_save(entries, ARRAY_SIZE(entries), 0);
	for (i = 0; i < n; i++) {
		if (within_module(entries[i], THIS_MODULE))
			inside = true;
		else if (inside)
			return entries[i];
	}
#endif
	return ip;
}

/* Zeroing is decided when the kernel boots. */
void trace_init(void)
{
	if (want_init_on_alloc(0))
		static_branch_inc(&alloc_watched);
	if (want_init_on_free())
		static_branch_inc(&free_watched);
}
