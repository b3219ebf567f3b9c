// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_badinput: the good objects around the bad input, and the functions that
 * hand a bad pointer in.
 */
#include "badinput.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>

#define NEXT_ALLOCS	10000

/* The live objects first, then the victims; param_lock of the case parameter guards all. */
struct object objects[NR_LIVE + NR_VICTIMS];
struct object *const victims = objects + NR_LIVE;
unsigned long bad_calls, failures;
u64 rng;

void fail(const char *what, size_t size)
{
	if (++failures <= 10)
		pr_err("FAILED: %s (%zu bytes)\n", what, size);
}

void expect(bool ok, const char *what)
{
	if (!ok)
		fail(what, 0);
}

static u32 rnd(void)
{
	rng ^= rng << 13;	/* xorshift64 */
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng >> 32;
}

/* ------------------------------------------------------------ good objects */

static bool overlaps(const struct object *o)
{
	const struct object *p;

	for (p = objects; p < objects + ARRAY_SIZE(objects); p++)
		if (p != o && p->ptr && o->ptr < p->ptr + p->usable && p->ptr < o->ptr + o->usable)
			return true;
	return false;
}

/* Check what was allocated for @o->size and fill it. */
void object_fill(struct object *o)
{
	o->usable = goalloc_size(o->ptr);
	if (o->usable < o->size)
		fail("goalloc_size() is less than what was asked for", o->size);
	if (is_power_of_2(o->size) && !IS_ALIGNED((unsigned long)o->ptr, o->size))
		fail("a power of two is not aligned to itself", o->size);
	if (overlaps(o))
		fail("two live objects overlap", o->size);
	o->byte = 1 + rnd() % 255;
	memset(o->ptr, o->byte, o->usable);
}

void object_alloc(struct object *o, gfp_t gfp)
{
	bool zero = rnd() % 4 == 0;

	if (zero)
		gfp |= __GFP_ZERO;
	o->ptr = o->noscan ? goalloc_alloc_noscan(o->size, gfp) : goalloc_alloc(o->size, gfp);
	if (!o->ptr) {
		fail("NULL for a good request", o->size);
		return;
	}
	if (want_init_on_alloc(gfp) && memchr_inv(o->ptr, 0, o->size))
		fail("zeroed memory is not zero", o->size);
	object_fill(o);
}

void object_check(const struct object *o)
{
	if (o->ptr && memchr_inv(o->ptr, o->byte, o->usable))
		fail("a live object was overwritten", o->size);
}

void object_free(struct object *o)
{
	object_check(o);
	goalloc_free(o->ptr);
	o->ptr = NULL;
}

/*
 * Half the case's own sizes, half anything, mostly small.  Less of large ones, and of
 * huge ones much less: every byte is written and looked at.
 */
static void object_choose(struct object *o, const struct bad_case *c)
{
	u32 max = rnd() % 100, own_one_in = 2;

	if (c->sizes[0] > SZ_32K)
		own_one_in = c->sizes[0] > SZ_1M ? 100 : 16;
	o->noscan = rnd() % 2;
	max = max < 30 ? 16 : max < 70 ? 256 : max < 90 ? SZ_4K : max < 99 ? SZ_32K : SZ_256K;
	o->size = 1 + rnd() % max;
	if (c->sizes[0] && rnd() % own_one_in == 0) {
		o->noscan = c->noscan;
		do {
			o->size = c->sizes[rnd() % NR_VICTIMS];
		} while (!o->size);
	}
}

long fill_table(void *data)
{
	struct object *o;

	for (o = objects; o < objects + NR_LIVE; o++) {
		object_choose(o, data);
		object_alloc(o, GFP_KERNEL);
	}
	return 0;
}

long next_allocs(void *data)
{
	unsigned int i;

	for (i = 0; i < NEXT_ALLOCS; i++) {
		struct object *o = &objects[rnd() % NR_LIVE];

		object_free(o);
		object_choose(o, data);
		object_alloc(o, i % 8 ? GFP_KERNEL : GFP_ATOMIC);
		cond_resched();
	}
	return 0;
}

void empty_table(void)
{
	struct object *o;

	for (o = objects; o < objects + ARRAY_SIZE(objects); o++)
		if (o->ptr)
			object_free(o);
}

/* -------------------------------------------------------------- bad calls */

static noinline bool badinput_free(void *ptr)
{
	goalloc_free(ptr);
	return true;
}

static noinline bool badinput_free_sensitive(void *ptr)
{
	goalloc_free_sensitive(ptr);
	return true;
}

static noinline bool badinput_size(void *ptr)
{
	return !goalloc_size(ptr);
}

static noinline bool badinput_realloc(void *ptr)
{
	return !goalloc_realloc(ptr, 100, GFP_ATOMIC);
}

static noinline bool badinput_realloc_to_0(void *ptr)
{
	return goalloc_realloc(ptr, 0, GFP_ATOMIC) == ZERO_SIZE_PTR;
}

static bool (*const bad_functions[])(void *ptr) = {
	badinput_free, badinput_free_sensitive, badinput_size, badinput_realloc,
	badinput_realloc_to_0,
};

/* Hand a bad pointer to every function that takes one. */
long bad_pointer(void *ptr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_functions); i++) {
		bad_calls++;
		if (!bad_functions[i](ptr))
			fail("a bad pointer was taken for an object by function", i);
	}
	return 0;
}

void bad_address(unsigned long addr)
{
	bad_pointer((void *)addr);
}
