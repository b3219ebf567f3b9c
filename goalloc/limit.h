/* SPDX-License-Identifier: GPL-2.0 */
/*
 * limit: how much may be drawn, as mem asks it and as it is shown.
 */
#ifndef _GOALLOC_LIMIT_H
#define _GOALLOC_LIMIT_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Of the limit: what atomic allocations may have above it, and what is kept free below. */
#define LIMIT_FRACTION	16

/**
 * struct limit_stats - the limit, and what became of it
 * @limit: bytes, or 0
 * @held: bytes that count: drawn, and metadata
 * @crossed: how often it was met, and clients told
 * @refused: draws that did not fit and failed
 * @passed: those that were let through
 */
struct limit_stats {
	unsigned long limit;
	unsigned long held;
	unsigned long crossed;
	unsigned long refused;
	unsigned long passed;
};

/*
 * Add @n to what is held, unless that would pass @limit; 0 for no limit.  Exact, however many
 * CPUs come at once: who adds has seen what all others added.
 */
static inline bool limit_charge(atomic_long_t *held, unsigned long n, unsigned long limit)
{
	long before = atomic_long_read(held);

	do {
		if (limit && before + n > limit)
			return false;
	} while (!atomic_long_try_cmpxchg(held, &before, before + n));
	return true;
}

bool limit_try(size_t bytes);
bool limit_reserve(size_t bytes, gfp_t gfp);
void limit_add(long bytes);
unsigned long limit_excess(void);
int limit_set(unsigned long bytes);
void limit_get_stats(struct limit_stats *st);
int limit_init(unsigned long (*scavenge)(unsigned long bytes));
void limit_exit(void);

#endif /* _GOALLOC_LIMIT_H */
