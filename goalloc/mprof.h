/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mprof: the sampled heap profile.  mprof.c has the theory of operation.
 */
#ifndef _GOALLOC_MPROF_H
#define _GOALLOC_MPROF_H

#include <linux/percpu.h>
#include <linux/stackdepot.h>
#include <linux/types.h>

#include "compat.h"
#include "mspan.h"

#define MPROF_RATE_MAX	BIT(30)
#define MPROF_FRAMES	32	/* of a stack */

/**
 * struct mprof_bucket - what was sampled of one size from one stack
 * @stack: handle of the stack; 0 where it could not be saved
 * @size: bytes of each request; 0 of the bucket of those that found no bucket
 * @spc: their span class
 * @live: objects allocated and not freed
 * @live_bytes: their bytes
 * @objects: objects ever allocated
 * @bytes: their bytes
 */
struct mprof_bucket {
	depot_stack_handle_t stack;
	u32 size : 24;
	u32 spc : 8;
	unsigned long live;
	unsigned long live_bytes;
	unsigned long objects;
	unsigned long bytes;
};

/**
 * struct mprof_profile - the buckets at some moment
 * @rate: mean bytes between samples; 1: everything is sampled; 0: off
 * @lost: samples for which there was no memory or no lock
 * @nr: buckets
 * @bucket: those that ever had an object
 */
struct mprof_profile {
	unsigned long rate;
	unsigned long lost;
	unsigned int nr;
	struct mprof_bucket bucket[];
};

#define SAMPLING_SHIFT	20

unsigned long sampling_gap(unsigned long rate, u32 random);
u64 sampling_scale(u64 size, unsigned long rate);

DECLARE_PER_CPU(long, mprof_left);

int mprof_init(unsigned long rate);
void mprof_exit(void);
int mprof_set_rate(unsigned long rate);
unsigned long mprof_get_rate(void);
void mprof_seed(u64 seed);
long mprof_expire(void);
struct mprof_profile *mprof_read(void);
unsigned int mprof_stack(depot_stack_handle_t stack, unsigned long **frames);
void mprof_sample(const void *ptr, size_t size);
void mprof_sample_bulk(size_t n, void **ptrs, size_t size);
void mprof_freed(struct mspan *s, const void *ptr);
void mprof_forget(struct mspan *s);

/* Count bytes that are allocated.  True: a sample is due. */
static __always_inline bool mprof_due(size_t bytes)
{
	return unlikely(compat_this_cpu_sub_negative(mprof_left, bytes));
}

/* An object, or NULL, was allocated past the fast path. */
static __always_inline void mprof_alloc(const void *ptr, size_t size)
{
	if (likely(ptr) && mprof_due(size))
		mprof_sample(ptr, size);
}

/*
 * Several were.  An interrupt between the two looks at the count, or a move to another CPU,
 * may delay a sample by these bytes.
 */
static __always_inline void mprof_alloc_bulk(size_t n, void **ptrs, size_t size)
{
	if (likely(this_cpu_read(mprof_left) >= (long)(n * size)))
		this_cpu_sub(mprof_left, n * size);
	else
		mprof_sample_bulk(n, ptrs, size);
}

/* A live object is about to be freed past the fast path. */
static __always_inline void mprof_free(struct mspan *s, const void *ptr)
{
	if (unlikely(READ_ONCE(s->sampled)))
		mprof_freed(s, ptr);
}

#endif /* _GOALLOC_MPROF_H */
