/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mspan: a run of pages cut into objects of one size.
 *
 * THEORY OF OPERATION
 *
 * Which objects of a span are free is written down in two places:
 *
 *   free_bits	the shared map, one bit an object, 1 = free.  Anybody sets bits
 *		in it, with atomic operations.
 *   window	at most 64 bits that the owner took out of the map to allocate
 *		from.  They lie in the owner's mcache slot; only the owner, with
 *		its slot marked busy, writes them, with plain stores.
 *
 * An object is free when its bit is 1 in either, and in use when it is 0 in
 * both.  No free-list pointer ever lies in an object.
 *
 *	alloc		lowest bit of the window, cleared
 *	local free	bit of the window, set: the owner frees what lies in it
 *	remote free	test_and_set_bit() in free_bits: everybody else
 *	refill		the next word of free_bits with a bit becomes the window
 *	move		the word that an object is freed into becomes the window
 *
 * (Go's sweep turns mark bits into the next allocation bitmap; here the freed
 * bits become it.)
 *
 * STATES
 *
 * The state says who may find the span, and so who must act when it gains free
 * objects.  A transition that two parties can try at once is a cmpxchg.
 *
 *   OWNED	held by one mcache, or by one slow path on its way to one
 *   FULL	held by nobody, no free object known, on no list
 *   QUEUED	on its central's llist, waiting for whoever next holds its lock
 *   PARTIAL	on its central's list, with free objects
 *   DEAD	struct not in use; its pages belong to the page heap, or will when
 *		their RCU readers are gone
 *
 *   OWNED   -> FULL	owner: no bit found
 *   FULL    -> OWNED	owner, cmpxchg: a bit came after all (see below); or a freeing
 *		CPU, cmpxchg: before it frees, to move its window there; or after,
 *		to keep the span as a spare, or let go of it
 *   OWNED   -> QUEUED	owner: lets go of a span without taking any lock
 *   PARTIAL -> QUEUED	a freeing CPU, cmpxchg; its free made the span empty
 *   QUEUED  -> FULL, PARTIAL, DEAD	drainer, central lock held
 *   PARTIAL -> OWNED	refill, cmpxchg, central lock held
 *   QUEUED  -> OWNED	refill, central lock held, when it comes off the llist
 *   PARTIAL -> DEAD	scavenger, cmpxchg, central lock held
 *
 * WHY NO FREE OBJECT IS LOST
 *
 * A freeing CPU sets the bit and then reads the state; test_and_set_bit() is a
 * full barrier between the two.  Whoever stores FULL or PARTIAL executes
 * smp_mb() and then reads the bits again.  This is Dekker's algorithm: in any
 * interleaving at least one of the two sees what the other did.  If the freeing
 * CPU sees FULL it takes the span; if it saw the older OWNED or QUEUED, then
 * the storer sees the bit and takes the span back or queues it.  If both see,
 * the cmpxchg picks one.  The same holds for "wholly free" and PARTIAL, where
 * of two CPUs setting the last bits in different words the later one sees both.
 *
 * WHY LOOKING AT A RETIRED SPAN IS SAFE
 *
 * After a CPU has set the last bit of a span, another may drain and retire the
 * span before the first reads its state.  mspan memory is type-stable: it is
 * never anything but a struct mspan of the same number of words.  So the read
 * is of *some* span's state, and the only thing the late CPU can do is to win a
 * cmpxchg on a stranger:
 *
 *   FULL -> OWNED	the stranger becomes the CPU's spare of the class that it is of
 *			now, or is pushed on the llist of the central that it belongs
 *			to *now* (read after the cmpxchg; OWNED keeps it there).  A
 *			refill or the drainer finds no bit and puts it back to FULL:
 *			the QUEUED -> FULL line above exists for this.
 *   PARTIAL -> QUEUED	it is pushed likewise; the drainer finds it partly free and
 *			puts it back where it was.
 *
 * (A window moves to a span before the object is freed, which keeps the span alive.  A bad
 * free has no object that does: after the cmpxchg it looks whether the span has the slot
 * that it came with, and lets it go if not.)
 * A bad free may reach any struct at any time; an index is checked against
 * free_limit, which never exceeds the words that this struct has.
 *
 * HOW A DOUBLE FREE IS CAUGHT
 *
 *   local free	the bit is set in the window or in free_bits
 *   remote free	the bit is set in the owner's window (read under the slot's
 *			sequence count), or test_and_set_bit() finds it set
 *
 * A refill copies a word of free_bits into the window *before* it clears it
 * there, so that a free object is visible in one of the two at every moment;
 * and the remote free looks at the window first.  What can escape: two frees of
 * one object that race each other within a store buffer's delay, one of them by
 * the owner, and a second free between whose two looks the owner completes a
 * whole refill, or the first free moves a window there.  A free that comes later than
 * that is caught.
 *
 * And: a second free whose index was found good, and whose span is retired and used again
 * before it goes on, may free an object of the new life.  So the front door and the bulk
 * frees have preemption off from the check of the index to the end; what remains is an
 * interrupt between the two that takes as long as all that, and the general way (what is
 * tiny, sampled, traced or to be cleared), which has preemption on.
 */
#ifndef _GOALLOC_MSPAN_H
#define _GOALLOC_MSPAN_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/llist.h>
#include <linux/list.h>
#include <linux/types.h>

#include "sizeclasses.h"

struct goalloc_heap;
struct mcache;
struct mcache_slot;
struct mcentral;
struct page_heap;

/*
 * Span class = size class << 1 | noscan, as in Go: 1 means that the objects
 * hold no pointers.  Class 0 is large objects.  Tiny blocks have a class of
 * their own behind the others, because they are freed differently.  The objects
 * of a cache, all of its size, have one behind all classes that a heap has.
 */
#define SPC(sizeclass, noscan)	((sizeclass) << 1 | (noscan))
#define SPC_LARGE		SPC(0, 0)
#define SPC_LARGE_NOSCAN	SPC(0, 1)
#define SPC_TINY		SPC(GOALLOC_NUM_SIZE_CLASSES, 0)
#define NR_SPC			(SPC_TINY + 1)
#define SPC_CACHE		NR_SPC

#define TINY_BLOCK_SIZE		16
#define TINY_SIZE_CLASS		2	/* 16 bytes */

enum mspan_state {
	MSPAN_DEAD,
	MSPAN_OWNED,
	MSPAN_FULL,
	MSPAN_QUEUED,
	MSPAN_PARTIAL,
	NR_MSPAN_STATES,
};

/* Structs come in two sizes; one never turns into the other. */
#define MSPAN_WORDS_FEW		4	/* up to 256 objects: 32 bytes and above */
#define MSPAN_WORDS_MANY	16	/* up to 1024: 8, 16 and 24 bytes, and tiny */

/**
 * struct mspan - a run of pages holding objects of one size
 * @partial: link of the central's list; central lock.  (First: who looks at a span that is
 *	gone, whose first word fixalloc takes for a link, does not look at this)
 * @rcu: in its place while it is DEAD and waits for a grace period
 * @base: address of the first byte
 * @div_mul: index = (offset * div_mul) >> 32, for every offset of a small object
 * @elemsize: bytes an object
 * @free_limit: objects that the fast path may free by index: @nelems; 0 for tiny
 *	spans and those with a sampled object (mprof.c), so that their objects leave it,
 *	and 0 for dead ones.  (32 bits, so that a comparison takes it from memory)
 * @nelems: objects in the span
 * @npages: pages of 8 KiB
 * @slot: the slots of its span class in the per-CPU caches of its heap
 * @central: where it goes when no CPU owns it
 * @spc: span class
 * @needzero: the pages were not known to be zero when the span was made
 * @nmi_freed: an object was freed in NMI, and kmemleak could not be told
 * @empty_kept: central counts it as wholly free; central lock
 * @sampled: live objects that the heap profile has a record of; mprof.c
 * @state: enum mspan_state; see above for who writes it
 * @fresh: words of @free_bits that have not been taken yet, so that their
 *	objects have never been handed out; owner
 * @keeper: a hint which slot keeps it as a spare although nothing was free; owner
 * @owner: the slot whose window lies in this span, or NULL; written by the owner
 * @next: link of the private lists that pass spans on
 * @queue: link of the central's llist while QUEUED
 * @free_bits: the shared map; 1 = free and in no window
 *
 * The first cache line is read by every free, and written only when the span is made, by
 * the central, and when an object is sampled.  The second is written by who owns the span
 * and by remote frees.
 */
struct mspan {
	union {
		struct list_head partial;
		struct rcu_head rcu;
	};
	unsigned long base;
	u32 div_mul;
	u32 elemsize;
	u32 free_limit;
	u16 nelems;
	u16 npages;
	struct mcache_slot __percpu *slot;
	struct mcentral *central;
	u8 spc;
	bool needzero;
	bool nmi_freed;
	bool empty_kept;
	u16 sampled;

	u8 state __aligned(8);
	u16 fresh;
	u32 keeper;
	struct mcache_slot *owner;
	struct mspan *next;
	struct llist_node queue;
	unsigned long free_bits[];
};

#define MSPAN_SIZE(words)	(sizeof(struct mspan) + (words) * sizeof(unsigned long))

static_assert(offsetof(struct mspan, state) == 64);
static_assert(MSPAN_SIZE(MSPAN_WORDS_FEW) == 128);
static_assert(SPC_CACHE <= U8_MAX);

/*
 * Where a tiny span has its pointer to what lies in each block, 16 bits a block (tiny.c):
 * behind the map, because no other span has one.
 */
static inline atomic_long_t **mspan_tiny(struct mspan *s)
{
	return (atomic_long_t **)&s->free_bits[MSPAN_WORDS_MANY];
}

static inline bool mspan_is_large(const struct mspan *s)
{
	return s->spc <= SPC_LARGE_NOSCAN;
}

/* The size class of a span class, as people count them; a cache's has none, and 0. */
static inline unsigned int spc_size_class(unsigned int spc)
{
	if (spc >= SPC_TINY)
		return spc == SPC_TINY ? TINY_SIZE_CLASS : 0;
	return spc >> 1;
}

/* Which of the two sizes has a struct for spans of these objects? */
static inline bool class_has_many(const struct goalloc_size_class *c)
{
	return c->nelems > MSPAN_WORDS_FEW * BITS_PER_LONG;
}

static inline unsigned int mspan_words(const struct mspan *s)
{
	return BITS_TO_LONGS(s->nelems);
}

/* The bits of word @w that stand for objects. */
static inline unsigned long mspan_word_mask(const struct mspan *s, unsigned int w)
{
	unsigned int left = s->nelems - w * BITS_PER_LONG;

	return left >= BITS_PER_LONG ? ~0UL : BIT(left) - 1;
}

static inline unsigned long mspan_bits(const struct mspan *s, unsigned int w)
{
	return READ_ONCE(s->free_bits[w]);
}

static inline unsigned int mspan_count_free(const struct mspan *s)
{
	unsigned int w, n = 0;

	for (w = 0; w < mspan_words(s); w++)
		n += hweight_long(mspan_bits(s, w));
	return n;
}

static inline bool mspan_all_free(const struct mspan *s)
{
	unsigned int w;

	for (w = 0; w < mspan_words(s); w++)
		if (mspan_bits(s, w) != mspan_word_mask(s, w))
			return false;
	return true;
}

static inline bool mspan_any_free(const struct mspan *s)
{
	const unsigned long *word = s->free_bits, *end = word + mspan_words(s);
	unsigned long bits = 0;

	do
		bits |= READ_ONCE(*word);
	while (++word < end);
	return bits;
}

static inline bool mspan_cas_state(struct mspan *s, int from, int to)
{
	return cmpxchg(&s->state, from, to) == from;
}

/*
 * The owner found no free object: store FULL.  False: one came in between after all, and
 * the span is still its owner's; see "why no free object is lost".
 */
static inline bool mspan_becomes_full(struct mspan *s)
{
	WRITE_ONCE(s->state, MSPAN_FULL);
	smp_mb();	/* pairs with test_and_set_bit() in free_shared() */
	return !mspan_any_free(s) || !mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED);
}

/*
 * True when @addr, which lies in the span's pages, is the first byte of an object that
 * can be freed by index, which is set then.  (Addresses far outside may look
 * like one: 32 GiB from an object of 8 bytes the product is the same.)
 *
 * One multiplication tells both: with div_mul = ceil(2^32 / elemsize) the upper half of
 * the product is the quotient, and the lower half is below div_mul if and only if there
 * is no remainder (Lemire, Kaser, Kurz: Faster remainder by direct computation, 2019).
 * scripts/mksizeclasses proves both for every offset of every class.
 */
static __always_inline bool mspan_index(const struct mspan *s, unsigned long addr,
					unsigned int *index)
{
	u64 div_mul = s->div_mul, product = (u64)(addr - s->base) * div_mul;

	if (unlikely((u32)product >= (u32)div_mul))
		return false;
	*index = product >> 32;
	/* data_race: it may change for the sake of another object, see mprof.c */
	return likely(*index < data_race(s->free_limit));
}

/* How many objects can be freed by index, on the fast path or not. */
static inline unsigned int mspan_limit(const struct mspan *s)
{
	unsigned int limit = READ_ONCE(s->free_limit);

	if (limit || s->spc == SPC_TINY || READ_ONCE(s->state) == MSPAN_DEAD)
		return limit;
	return s->nelems;	/* one of them is sampled, or was a moment ago */
}

/* As mspan_index(), also of a span with a sampled object. */
static inline bool mspan_object(const struct mspan *s, unsigned long addr, unsigned int *index)
{
	u64 product = (u64)(addr - s->base) * s->div_mul;

	*index = product >> 32;
	return (u32)product < s->div_mul && *index < mspan_limit(s);
}

#endif /* _GOALLOC_MSPAN_H */
