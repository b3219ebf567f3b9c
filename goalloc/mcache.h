/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mcache: the per-CPU caches, and the fast paths of allocation and free, which are
 * inlined into the front door.  mcache.c has the theory of operation.
 */
#ifndef _GOALLOC_MCACHE_H
#define _GOALLOC_MCACHE_H

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/stddef.h>

#include <linux/goalloc.h>

#include "mprof.h"
#include "mspan.h"

/**
 * struct mcache_slot - what one CPU allocates one span class from
 * @free: the window; 1 = free
 * @word: the word of the span's shared map that the window was taken from, or
 *	NULL; it says which span and which of its objects in one pointer
 * @base: address of the window's first object
 * @span: the span that the window lies in, or NULL
 * @spare: the last of more spans that this CPU owns, a ring linked by mspan.next, or
 *	NULL (spare.h); of a large class the one that it keeps for the next request
 * @local_frees: objects freed into a window by their owner
 * @elemsize: bytes an object
 * @seq: odd while @span, @word and @free change together
 * @idle: 1 = nobody is in this slot; an interrupt that finds less goes another way
 * @fresh: no free object of the window was ever handed out: the pages were zero
 *	when the span was made, and nothing was freed into the window
 * @spares: how many spans are in the ring
 * @hope: how many spans may be kept in which nothing is free (spare.h)
 *
 * One cache line.  Written by its CPU with the slot marked busy; @span,
 * @word and @free are read by other CPUs under @seq.
 */
struct mcache_slot {
	u64 free;
	unsigned long *word;
	unsigned long base;
	struct mspan *span;
	struct mspan *spare;
	unsigned long local_frees;
	u32 elemsize;
	u32 seq;
	s8 idle;
	bool fresh;
	u8 spares;
	u8 hope;
} ____cacheline_aligned;

static_assert(offsetofend(struct mcache_slot, hope) <= 64);
static_assert(sizeof(struct mcache_slot) == __GOALLOC_SLOT_SIZE);

/**
 * struct mcache_counts - what one CPU counts of one span class beside its slot
 * @remote_frees: objects freed through the shared map
 * @refills: windows taken
 * @taken: objects moved from the shared maps into windows, less those moved
 *	back; so mallocs = @taken + slot.local_frees - weight(slot.free)
 *
 * (Aligned so that mspan_counts() has one product less.)
 */
struct mcache_counts {
	unsigned long remote_frees;
	unsigned long refills;
	unsigned long taken;
} __aligned(32);

/**
 * struct mcache - one CPU's cache of one heap
 * @slot: by span class
 * @used: spans were taken since the scavenger's last turn
 * @holds: spans were taken since it was last flushed
 * @counts: by span class, the last one first
 * @tiny: address of the current tiny block, or 0
 * @tiny_off: first free byte of it
 * @tiny_span: the span that it lies in
 * @tiny_mallocs: objects put into tiny blocks
 * @tiny_frees: objects taken out of tiny blocks
 * @large_bytes: bytes of large objects allocated, by noscan
 * @large_freed: bytes of large objects freed, by noscan
 *
 * The counters are sums over CPUs: one CPU's may be negative by itself.
 *
 * The heap of an object cache has one class, %SPC_CACHE, and of this struct only the
 * middle, from that class's slot to its counters, which lie next to each other.  It is
 * pointed to as if the rest were there.
 */
struct mcache {
	struct mcache_slot slot[NR_SPC + 1];
	bool used;
	bool holds;
	struct mcache_counts counts[NR_SPC + 1];
	u8 tiny_off;
	unsigned long tiny;
	struct mspan *tiny_span;
	unsigned long tiny_mallocs;
	unsigned long tiny_frees;
	unsigned long large_bytes[2];
	unsigned long large_freed[2];
};

/* What an object cache has of it. */
#define MCACHE_ONE_START	offsetof(struct mcache, slot[SPC_CACHE])
#define MCACHE_ONE_SIZE		(offsetof(struct mcache, counts[1]) - MCACHE_ONE_START)

static_assert(MCACHE_ONE_SIZE <= 128);

/* How a free ended, for the front door to report. */
enum free_result {
	FREE_OK,
	FREE_DOUBLE,		/* the object is already free */
	FREE_INTERIOR,		/* not the first byte of an object */
	FREE_NOT_IN_SPAN,	/* the page is goalloc's, but in no span */
	FREE_FOREIGN,		/* not goalloc's memory */
	FREE_TAIL,		/* behind the last object of the span */
	FREE_OTHER_SIZE,	/* an object, but of another size than the caller says */
	FREE_OTHER_HEAP,	/* an object, but of another heap than the caller says */
	FREE_OTHER_DEVICE,	/* not this device's */
	FREE_NOT_VMALLOC,	/* a vmalloc address, but not of anything that vfree() takes */
	FREE_WAITING,		/* it waits to be freed already */
	FREE_OVERWRITTEN,	/* somebody wrote to it while it waited */
};

extern struct goalloc_heap default_heap;

int mcache_heap_init(struct goalloc_heap *heap, const char *name, gfp_t gfp);
void mcache_heap_exit(struct goalloc_heap *heap);
void *mcache_alloc(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero);
void *mcache_alloc_spans(struct goalloc_heap *heap, unsigned int spc, unsigned int nspans,
			 gfp_t gfp, bool *needzero);
void *mcache_alloc_owned(struct goalloc_heap *heap, unsigned int spc, bool *needzero);
void *mcache_alloc_slow(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero);
void *mcache_alloc_node(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, int nid,
			bool *needzero);
void *mcache_alloc_large(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp,
			 int nid, bool *needzero);
bool mcache_refill(struct mcache_slot *slot);
void *mcache_alloc_refilled(struct mcache_slot *slot);
enum free_result mcache_free(struct mspan *s, unsigned int index);
const void *mcache_free_beside(unsigned long *word, struct mspan *s, struct mcache_slot *slot,
			       unsigned long nr);
enum free_result mcache_free_remote(struct mspan *s, unsigned int index);
unsigned long mcache_free_bits(struct mspan *s, unsigned int w, unsigned long bits);
bool mcache_is_free(struct mspan *s, unsigned int index);
void mcache_flush(struct goalloc_heap *heap, struct mcache *c);

/*
 * For the scavenger, which looks from another CPU and takes no lock: what it misses it sees
 * at its next turn.  With the slot busy, so that this CPU stays.
 */
static inline void mcache_mark_used(struct mcache *c)
{
	WRITE_ONCE(c->used, true);
	WRITE_ONCE(c->holds, true);
}

/* The caches that a span's objects go to: @slot is the member of them for its class. */
static inline struct mcache __percpu *mspan_cache(const struct mspan *s)
{
	return (struct mcache __percpu *)(s->slot - s->spc);
}

static_assert(offsetof(struct mcache, slot) == 0);

/* The counters beside them: mspan_cache(s)->counts + SPC_CACHE - s->spc, in one product. */
static inline struct mcache_counts __percpu *mspan_counts(const struct mspan *s)
{
	struct mcache __percpu *c = (void __percpu *)s->slot -
		s->spc * (sizeof(struct mcache_slot) + sizeof(struct mcache_counts));

	return &c->counts[SPC_CACHE];
}

/*
 * THE FAST PATHS
 *
 * Preemption is off and the slot is marked busy while they run.  An interrupt that
 * comes between finds the mark and leaves the slot alone: it allocates through
 * mcache_alloc_slow() and frees through the shared map, which are right in
 * any context.  So no interrupt is disabled and no locked instruction executed
 * here.  (That the mark is counted down by a load and a store is enough: an
 * interrupt between the two has put back what it found before it returns.)
 *
 * They do one thing and give up on everything else, with nothing changed: the
 * caller then goes the general way from the start; but who found the window empty takes
 * the slot along, busy, and who found it elsewhere all but the mark.  So they need no registers
 * but those that a function may clobber.
 */
static __always_inline bool mcache_mark_busy(struct mcache_slot *slot)
{
	/* data_race: with interrupts of this CPU, see above */
	if (likely(!data_race(--slot->idle))) {
		barrier();
		return true;
	}
	barrier();
	data_race(slot->idle++);	/* likewise */
	return false;
}

static __always_inline void mcache_mark_idle(struct mcache_slot *slot)
{
	barrier();
	WRITE_ONCE(slot->idle, 1);
}

static __always_inline bool mcache_enter(struct mcache_slot __percpu *slots,
					 struct mcache_slot **slot)
{
	preempt_disable();
	*slot = raw_cpu_ptr(slots);
	if (likely(mcache_mark_busy(*slot)))
		return true;
	preempt_enable();
	return false;
}

static __always_inline void mcache_leave(struct mcache_slot *slot)
{
	mcache_mark_idle(slot);
	preempt_enable();
}

/* By pointer: span classes come from tables, and a bounds check costs a frame. */
static __always_inline struct mcache_slot __percpu *mcache_slots(struct goalloc_heap *heap,
								 unsigned long spc)
{
	return heap->cache->slot + spc;
}

/*
 * The lowest object of a window that was read, and is not empty.  @needzero may be NULL; it
 * is set unless the object is known to be zero.
 */
static __always_inline void *mcache_take_of(struct mcache_slot *slot, u64 bits, bool *needzero)
{
	u32 i = __ffs64(bits);

	WRITE_ONCE(slot->free, bits & ~BIT_ULL(i % 64));
	if (needzero)
		*needzero = !slot->fresh;
	return (void *)(slot->base + i * slot->elemsize);
}

static __always_inline void *mcache_take(struct mcache_slot *slot, bool *needzero)
{
	return mcache_take_of(slot, slot->free, needzero);
}

/* What a request counts as in the heap profile, where all objects have one size. */
#define ELEMSIZE	SIZE_MAX

enum take_fast {
	TAKE_FAST_DONE,
	TAKE_FAST_EMPTY,	/* the window; the slot stays busy */
	TAKE_FAST_OTHER,	/* the slot was busy, or the heap profile wants to see this one */
};

/*
 * An object from this CPU's window, of @slot, for @size bytes.  If a sample is due, who goes the
 * general way counts the bytes again, which matters no more (mprof.c).
 */
static __always_inline enum take_fast mcache_take_fast(struct mcache_slot __percpu *slots,
						       size_t size, void **obj, bool *needzero,
						       struct mcache_slot **slot)
{
	u64 bits;

	if (!mcache_enter(slots, slot))
		return TAKE_FAST_OTHER;
	bits = (*slot)->free;		/* before the count: it is not read twice */
	if (__builtin_constant_p(size) && size == ELEMSIZE)
		size = (*slot)->elemsize;
	if (unlikely(!bits))
		return TAKE_FAST_EMPTY;
	if (unlikely(mprof_due(size))) {
		mcache_leave(*slot);
		return TAKE_FAST_OTHER;
	}
	*obj = mcache_take_of(*slot, bits, needzero);
	mcache_leave(*slot);
	return TAKE_FAST_DONE;
}

/* The same for those that go the general way with an empty window as well. */
static __always_inline bool mcache_take_or_leave(struct mcache_slot __percpu *slots, size_t size,
						 void **obj, bool *needzero)
{
	struct mcache_slot *slot;
	enum take_fast res = mcache_take_fast(slots, size, obj, needzero, &slot);

	if (unlikely(res == TAKE_FAST_EMPTY))
		mcache_leave(slot);
	return res == TAKE_FAST_DONE;
}

/*
 * Count objects freed into a window, after it has them: who reads both never counts more
 * allocations than there were (mstats.c).  On x86 stores are seen in order, and one
 * instruction does it.
 */
static __always_inline void mcache_count_free(struct mcache_slot *slot, unsigned long n)
{
	if (IS_ENABLED(CONFIG_X86)) {
		barrier();
		data_race(slot->local_frees += n);	/* others only read it, as a whole */
	} else {
		/* behind the bit's store: pairs with slot_mallocs() */
		smp_store_release(&slot->local_frees, slot->local_frees + n);
	}
}

enum free_fast {
	FREE_FAST_DONE,
	FREE_FAST_MISSED,	/* not there, or free already */
	FREE_FAST_BUSY,		/* the slot was busy: this is an interrupt */
};

/*
 * Free the object of a @bit of a @word of the span's map into this CPU's window, of @slot.
 * If MISSED, mcache_free_beside() goes on.  Preemption is off since before the object's index
 * was found good, and on again unless MISSED (mspan.h says why).
 *
 * The window is looked at before the slot is marked, and again after it: an interrupt may have
 * moved it.  What another CPU's objects are freed into lies elsewhere, and who frees many of
 * those would else write to a line that the other, which does the same, reads each time.
 */
static __always_inline enum free_fast mcache_free_fast(const unsigned long *word, struct mspan *s,
						       u8 bit, struct mcache_slot **slot)
{
	unsigned long bits;

	*slot = raw_cpu_ptr(s->slot);
	if (unlikely(data_race((*slot)->word != word)))	/* with interrupts of this CPU */
		return FREE_FAST_MISSED;
	if (unlikely(!mcache_mark_busy(*slot))) {
		preempt_enable();
		return FREE_FAST_BUSY;
	}
	if (unlikely((*slot)->word != word))
		goto missed;
	bits = (*slot)->free;
	if (unlikely((bits | READ_ONCE(*word)) & 1UL << bit))
		goto missed;
	WRITE_ONCE((*slot)->free, bits | 1UL << bit);
	(*slot)->fresh = false;
	mcache_count_free(*slot, 1);
	mcache_leave(*slot);
	return FREE_FAST_DONE;
missed:
	mcache_mark_idle(*slot);
	return FREE_FAST_MISSED;
}

#endif /* _GOALLOC_MCACHE_H */
