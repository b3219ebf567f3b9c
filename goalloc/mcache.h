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

#include "mspan.h"

/**
 * struct mcache_slot - what one CPU allocates one span class from
 * @free: the window; 1 = free
 * @base: address of the window's first object
 * @span: the span that the window lies in, or NULL
 * @elemsize: bytes an object
 * @first: index of the window's first object, a multiple of 64
 * @fresh: no free object of the window was ever handed out: the pages were zero
 *	when the span was made, and nothing was freed into the window
 * @seq: odd while @span, @first and @free change together
 * @local_frees: objects freed into a window by their owner
 * @taken: objects moved from the shared maps into windows, less those moved
 *	back; so mallocs = @taken + @local_frees - weight(@free)
 * @spare: more spans that this CPU owns, linked by mspan.next
 *
 * One cache line.  Written by the owner with its cache marked busy; @span,
 * @first and @free are read by other CPUs under @seq.
 */
struct mcache_slot {
	u64 free;
	unsigned long base;
	struct mspan *span;
	u32 elemsize;
	u16 first;
	bool fresh;
	u32 seq;
	unsigned long local_frees;
	unsigned long taken;
	struct mspan *spare;
} ____cacheline_aligned;

static_assert(offsetofend(struct mcache_slot, spare) <= 64);

/**
 * struct mcache - one CPU's cache of one heap
 * @busy: someone on this CPU is in it: an interrupt that finds it set goes
 *	another way
 * @used: spans were taken since the scavenger's last turn
 * @holds: spans were taken since it was last flushed
 * @tiny: address of the current tiny block, or 0
 * @tiny_off: first free byte of it
 * @tiny_span: the span that it lies in
 * @tiny_mallocs: objects put into tiny blocks
 * @tiny_frees: objects taken out of tiny blocks
 * @large_bytes: bytes of large objects allocated, by noscan
 * @large_freed: bytes of large objects freed, by noscan
 * @slot: by span class
 * @remote_frees: objects freed through the shared map, by span class
 * @refills: windows taken, by span class
 *
 * The counters are sums over CPUs: one CPU's may be negative by itself.
 */
struct mcache {
	unsigned int busy;
	bool used;
	bool holds;
	u8 tiny_off;
	unsigned long tiny;
	struct mspan *tiny_span;
	unsigned long tiny_mallocs;
	unsigned long tiny_frees;
	unsigned long large_bytes[2];
	unsigned long large_freed[2];
	struct mcache_slot slot[NR_SPC];
	unsigned long remote_frees[NR_SPC];
	unsigned long refills[NR_SPC];
};

/* How a free ended, for the front door to report. */
enum free_result {
	FREE_OK,
	FREE_DOUBLE,		/* the object is already free */
	FREE_INTERIOR,		/* not the first byte of an object */
	FREE_NOT_IN_SPAN,	/* the page is goalloc's, but in no span */
	FREE_FOREIGN,		/* not goalloc's memory */
	FREE_TAIL,		/* behind the last object of the span */
};

/**
 * struct goalloc_heap - spans, caches and centrals under one owner
 * @cache: per CPU
 * @central: by node, then by span class
 * @name: for people
 */
struct goalloc_heap {
	struct mcache __percpu *cache;
	struct mcentral *central;
	const char *name;
};

extern struct goalloc_heap default_heap;

int mcache_heap_init(struct goalloc_heap *heap, const char *name);
void mcache_heap_exit(struct goalloc_heap *heap);
void *mcache_alloc(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero);
void *mcache_alloc_slow(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, bool *needzero);
void *mcache_alloc_node(struct goalloc_heap *heap, unsigned int spc, gfp_t gfp, int nid,
			bool *needzero);
void *mcache_alloc_large(struct goalloc_heap *heap, size_t size, unsigned int noscan, gfp_t gfp,
			 int nid, bool *needzero);
bool mcache_refill(struct mcache *c, struct mcache_slot *slot);
enum free_result mcache_free(struct mspan *s, unsigned int index);
enum free_result mcache_free_remote(struct mspan *s, unsigned int index);
bool mcache_is_free(struct mspan *s, unsigned int index);
void mcache_flush(struct mcache *c);

/*
 * THE FAST PATHS
 *
 * Preemption is off and the cache is marked busy while they run.  An interrupt
 * that comes between finds the mark and leaves the cache alone: it allocates
 * through mcache_alloc_slow() and frees through mcache_free_remote(), which are
 * right in any context.  So no interrupt is disabled and no locked instruction
 * executed here.
 *
 * They do one thing and give up on everything else, with nothing changed: the
 * caller then goes the general way from the start.  So they need no registers
 * but those that a function may clobber.
 */
static __always_inline bool mcache_enter(struct mcache __percpu *cache, struct mcache **c)
{
	preempt_disable();
	*c = raw_cpu_ptr(cache);
	if (unlikely((*c)->busy)) {
		preempt_enable();
		return false;
	}
	(*c)->busy = 1;
	barrier();
	return true;
}

static __always_inline void mcache_leave(struct mcache *c)
{
	barrier();
	c->busy = 0;
	preempt_enable();
}

/* By pointer: span classes come from tables, and a bounds check costs a frame. */
static __always_inline struct mcache_slot *mcache_slot(struct mcache *c, unsigned long spc)
{
	return c->slot + spc;
}

/*
 * The lowest object of a window that is not empty.  @needzero may be NULL; it is
 * set unless the object is known to be zero.
 */
static __always_inline void *mcache_take(struct mcache_slot *slot, bool *needzero)
{
	u64 bits = slot->free;
	unsigned long i = __ffs64(bits);

	WRITE_ONCE(slot->free, bits & (bits - 1));
	if (needzero)
		*needzero = !slot->fresh;
	return (void *)(slot->base + i * slot->elemsize);
}

/* An object from this CPU's window, or NULL. */
static __always_inline void *mcache_alloc_fast(struct goalloc_heap *heap, unsigned long spc,
					       bool *needzero)
{
	struct mcache_slot *slot;
	void *obj = NULL;
	struct mcache *c;

	if (!mcache_enter(heap->cache, &c))
		return NULL;
	slot = mcache_slot(c, spc);
	if (likely(slot->free))
		obj = mcache_take(slot, needzero);
	mcache_leave(c);
	return obj;
}

/*
 * Free an object into this CPU's window.  False: it does not lie there, or the
 * cache is busy, or the object is free already.
 */
static __always_inline bool mcache_free_fast(struct mspan *s, unsigned int index)
{
	struct mcache_slot *slot;
	struct mcache *c;
	unsigned int bit;
	bool done = false;

	if (!mcache_enter(s->cache, &c))
		return false;
	slot = mcache_slot(c, s->spc);
	bit = index - slot->first;
	if (likely(slot->span == s && bit < BITS_PER_LONG)) {
		u64 bits = slot->free;

		if (likely(!((bits | READ_ONCE(s->free_bits[index / BITS_PER_LONG])) & BIT(bit)))) {
			WRITE_ONCE(slot->free, bits | BIT(bit));
			slot->fresh = false;
			slot->local_frees++;
			done = true;
		}
	}
	mcache_leave(c);
	return done;
}

#endif /* _GOALLOC_MCACHE_H */
