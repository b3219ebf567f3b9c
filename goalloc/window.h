/* SPDX-License-Identifier: GPL-2.0 */
/*
 * window: how a slot's window opens, moves and closes, and how another CPU looks into it.
 *
 * THEORY OF OPERATION
 *
 * The window is what a CPU took out of one word of a span's map, to allocate from and
 * free into without a locked instruction (mcache.h).  Which span and word that is changes
 * here, by the CPU that the slot belongs to, with the slot marked busy.
 *
 * Another CPU, which frees an object of the span, must be able to ask whether that lies
 * free in the window: else a double free would go unseen.  It finds the slot by s->owner,
 * and reads word and window under the slot's sequence count, which is odd while they change
 * together.  They are stable while the window is merely allocated from.
 *
 * A free object is seen in the map or in the window at every moment: what goes into the
 * window is cleared in the map after that, and what goes back is set in the map before.
 * A CPU that finds no owner, or an owner with another word, therefore finds the bit in
 * the map.  Bits are cleared by an atomic operation, because others free objects of the
 * word meanwhile; but by a plain store if all of them are free, because then nobody has one.
 *
 * INVARIANT: of a slot that is not busy, slot->span is OWNED, and its owner is the slot.
 */
#ifndef _GOALLOC_WINDOW_H
#define _GOALLOC_WINDOW_H

#include "mcache.h"
#include "spare.h"

/*
 * Make @bits of word @w of span @s the window; what was there before has gone back.
 * @word: its address, which a free has already; @fresh: its objects were never handed out.
 */
static __always_inline void open_window(struct mcache_slot *slot, struct mspan *s,
					unsigned long *word, unsigned long w,
					unsigned long bits, bool fresh)
{
	u32 elemsize = s->elemsize, seq = slot->seq;

	WRITE_ONCE(slot->seq, seq + 1);
	smp_wmb();	/* odd before the window changes; pairs with window_bits() */
	WRITE_ONCE(slot->span, s);
	WRITE_ONCE(slot->word, word);
	WRITE_ONCE(slot->elemsize, elemsize);
	slot->base = s->base + w * BITS_PER_LONG * (unsigned long)elemsize;
	slot->fresh = fresh;
	WRITE_ONCE(slot->free, bits);
	smp_wmb();	/* even after it has changed */
	WRITE_ONCE(slot->seq, seq + 2);

	WRITE_ONCE(s->owner, slot);
	if (!bits)
		return;
	/* The window is visible before the map loses the bits. */
	if (bits == mspan_word_mask(s, w)) {
		smp_store_release(word, 0);	/* nobody has an object to free */
	} else {
		smp_mb__before_atomic();	/* as said */
		atomic_long_andnot(bits, (atomic_long_t *)word);
	}
}

/*
 * Put what is left of the window back into the map.  Then it is closed, or opened
 * elsewhere.  Return: the bits; the caller takes their number off what was taken.
 */
static inline u64 return_window(struct mcache_slot *slot)
{
	u64 bits = slot->free;

	if (bits) {
		atomic_long_or(bits, (atomic_long_t *)slot->word);
		smp_mb__after_atomic();	/* the map has them before the window loses them */
	}
	return bits;
}

/* What the window has left is FULL, or this CPU's spare; or it is returned, to be let go. */
static inline struct mspan *leave_span(struct mcache_slot *slot, struct mspan *s, bool keep)
{
	if (!keep && mspan_becomes_full(s))
		return NULL;
	if (!spare_has_room(slot, s))
		return s;
	spare_push(slot, s);
	return NULL;
}

/*
 * Open the window elsewhere, and count what it finds there.  @left: the span that it leaves,
 * NULL if there is none or it stays; @keep: that does not become FULL, because something is
 * free in its map, or is hoped for; @counts: mspan_counts() of both.
 * Return: @left if the caller must let go of it, else NULL.
 */
static __always_inline struct mspan *shift_window(struct mcache_slot *slot, struct mspan *s,
						  unsigned long *word, unsigned long w,
						  unsigned long bits, bool fresh,
						  struct mspan *left, bool keep,
						  struct mcache_counts __percpu *counts)
{
	/* before its state changes: the barriers of open_window() are between */
	if (left)
		WRITE_ONCE(left->owner, NULL);
	open_window(slot, s, word, w, bits, fresh);
	if (bits)
		this_cpu_add(counts->taken, hweight_long(bits));
	return left ? leave_span(slot, left, keep) : NULL;
}

/* Leave the slot without span and window; what was in the window is back in the map. */
static inline void close_window(struct mcache_slot *slot)
{
	WRITE_ONCE(slot->span->owner, NULL);
	WRITE_ONCE(slot->seq, slot->seq + 1);
	smp_wmb();	/* as in open_window() */
	WRITE_ONCE(slot->span, NULL);
	WRITE_ONCE(slot->word, NULL);
	WRITE_ONCE(slot->free, 0);
	smp_wmb();	/* likewise */
	WRITE_ONCE(slot->seq, slot->seq + 1);
}

/* The objects of a word of the span's map that lie free in their owner's window.  Any CPU. */
static inline unsigned long window_bits(const struct mspan *s, const unsigned long *word)
{
	struct mcache_slot *slot;
	unsigned long bits;
	unsigned int seq;

	do {
		slot = READ_ONCE(s->owner);
		if (!slot)
			return 0;
		seq = READ_ONCE(slot->seq);
		smp_rmb();	/* pairs with open_window() and close_window() */
		bits = READ_ONCE(slot->word) == word ? READ_ONCE(slot->free) : 0;
		smp_rmb();	/* likewise */
	} while (READ_ONCE(slot->seq) != seq);
	return seq & 1 ? 0 : bits;
}

/* Does the object lie free in its owner's window? */
static inline bool in_window(const struct mspan *s, const unsigned long *word, unsigned long nr)
{
	return window_bits(s, word) & BIT(nr % BITS_PER_LONG);
}

#endif /* _GOALLOC_WINDOW_H */
