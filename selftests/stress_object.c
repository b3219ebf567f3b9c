// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_stress: objects.  Each is filled with a pattern that depends on its
 * cookie, and checked before it is freed and after it is reallocated.
 *
 * CONTEXT: any, NMI included.
 */
#include "stress.h"

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/topology.h>

#include <linux/goalloc.h>

#define PATTERN_EDGE	512		/* of a longer object only so much at each end is filled */
#define RETAINED_ONE_IN	8		/* one slot in so many keeps its object ... */
#define RETAINED_TIMES	64		/* ... so many times longer than the others */

u32 xorshift(u64 *state)
{
	*state ^= *state << 13;		/* xorshift64 */
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 32;
}

u32 rnd(struct actor *a)
{
	return xorshift(&a->rng);
}

static bool may_sleep(const struct actor *a)
{
	return a->kind == TASK || a->kind == PRODUCER || a->kind == CONSUMER;
}

/* Mostly small, many tiny, with a long tail. */
static size_t random_size(struct actor *a)
{
	static const struct {
		u8 percent;
		u32 max;
	} mix[] = { { 25, 16 }, { 36, 256 }, { 25, 4096 }, { 10, SZ_32K }, { 3, SZ_256K },
		    { 1, SZ_4M } };
	unsigned int i, p = rnd(a) % 100;

	for (i = 0; i < ARRAY_SIZE(mix) - 1 && p >= mix[i].percent; i++)
		p -= mix[i].percent;
	return 1 + rnd(a) % (may_sleep(a) ? mix[i].max : min_t(u32, mix[i].max, ATOMIC_MAX));
}

static u8 pattern(u32 cookie, size_t i)
{
	return (cookie + i * 7) ^ (cookie >> 8);
}

static void fill(struct slot *s)
{
	size_t i;

	for (i = 0; i < min_t(size_t, s->size, PATTERN_EDGE); i++)
		s->ptr[i] = pattern(s->cookie, i);
	for (i = max_t(size_t, PATTERN_EDGE, s->size - min_t(size_t, s->size, PATTERN_EDGE));
	     i < s->size; i++)
		s->ptr[i] = pattern(s->cookie, i);
}

/* Is the pattern there?  Only the first @size bytes, for after a realloc. */
static bool intact(const struct slot *s, size_t size)
{
	size_t i;

	for (i = 0; i < min_t(size_t, size, PATTERN_EDGE); i++)
		if (s->ptr[i] != pattern(s->cookie, i))
			return false;
	for (i = max_t(size_t, PATTERN_EDGE, s->size - min_t(size_t, s->size, PATTERN_EDGE));
	     i < size; i++)
		if (s->ptr[i] != pattern(s->cookie, i))
			return false;
	return true;
}

static void complain(struct actor *a, const struct slot *s, const char *what)
{
	a->bad++;
	pr_err_ratelimited("%s: object of %zu bytes, allocated on CPU %u\n", what, s->size, s->cpu);
}

static gfp_t actor_gfp(const struct actor *a)
{
	return (may_sleep(a) ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
}

static void *random_alloc(struct actor *a, struct slot *s, gfp_t gfp)
{
	u32 how = rnd(a) % 10, elem = 1 << rnd(a) % 4;

	if (how >= 8)
		s->size = round_up(s->size, elem);
	s->zeroed = how == 6 || how == 7 || how == 9;
	switch (how) {
	case 0: case 1: case 2:
		return goalloc_alloc(s->size, gfp);
	case 3: case 4:
		return goalloc_alloc_noscan(s->size, gfp);
	case 5:
		return goalloc_alloc_node(s->size, gfp, numa_mem_id());
	case 6:
		return goalloc_zalloc(s->size, gfp);
	case 7:
		return goalloc_zalloc_noscan(s->size, gfp);
	case 8:
		return goalloc_alloc_array(s->size / elem, elem, gfp);
	default:
		return goalloc_calloc(s->size / elem, elem, gfp);
	}
}

/* Put a new object into an empty slot, or leave it empty and count that. */
void slot_alloc(struct actor *a, struct slot *s)
{
	s->size = random_size(a);
	s->cookie = rnd(a);
	s->cpu = raw_smp_processor_id();
	s->ptr = random_alloc(a, s, actor_gfp(a));
	if (!s->ptr) {
		a->nulls++;
		return;
	}
	a->allocs++;
	if (goalloc_size(s->ptr) < s->size)
		complain(a, s, "too small");
	if (s->zeroed && memchr_inv(s->ptr, 0, min_t(size_t, s->size, SZ_32K)))
		complain(a, s, "not zero");
	fill(s);
}

void slot_free(struct actor *a, struct slot *s)
{
	if (!intact(s, s->size))
		complain(a, s, "overwritten");
	a->foreign += s->cpu != raw_smp_processor_id();
	if (s->cookie % 16)
		goalloc_free(s->ptr);
	else
		goalloc_free_sensitive(s->ptr);
	s->ptr = NULL;
	a->frees++;
}

static void slot_realloc(struct actor *a, struct slot *s)
{
	size_t size = round_up(random_size(a), 8), common = min(size, s->size);
	u8 *ptr;

	if (rnd(a) % 2)
		ptr = goalloc_realloc(s->ptr, size, actor_gfp(a));
	else
		ptr = goalloc_realloc_array(s->ptr, size / 8, 8, actor_gfp(a));
	if (!ptr) {
		a->nulls++;
		return;
	}
	s->ptr = ptr;
	if (!intact(s, common))
		complain(a, s, "not kept by realloc");
	s->size = size;
	fill(s);
	a->reallocs++;
}

/* Do something with the object of a random slot, or put one into it. */
void one_op(struct actor *a)
{
	unsigned int i = rnd(a) % nslots;
	struct slot *s = &slots[i];
	u32 what = rnd(a) % 16;

	if (test_and_set_bit_lock(0, &s->lock))
		return;
	if (!s->ptr)
		slot_alloc(a, s);
	else if (!may_sleep(a) && s->size > ATOMIC_MAX)
		;
	else if (i % RETAINED_ONE_IN == 0 && rnd(a) % RETAINED_TIMES)
		;
	else if (what < 12)
		slot_free(a, s);
	else if (what < 14)
		slot_realloc(a, s);
	clear_bit_unlock(0, &s->lock);
}
