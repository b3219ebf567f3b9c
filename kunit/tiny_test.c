// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_tiny: several objects without pointers to a block, each freed by itself. */
#include "kunit_util.h"

#define NR_LIVE		1500

static int tiny_test_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return util_heap_init(test);
}

static void *alloc(struct kunit *test, size_t size)
{
	void *obj = tiny_alloc(util_heap(test), size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static struct mspan *span(const void *obj)
{
	return span_of((unsigned long)obj);
}

static unsigned long block(const void *obj)
{
	return (unsigned long)obj & ~(TINY_BLOCK_SIZE - 1UL);
}

static enum free_result check(const void *obj)
{
	size_t usable;

	return tiny_check(span(obj), (unsigned long)obj, &usable);
}

static size_t usable_of(struct kunit *test, const void *obj)
{
	size_t usable = 0;

	KUNIT_EXPECT_EQ(test, tiny_check(span(obj), (unsigned long)obj, &usable), FREE_OK);
	return usable;
}

static void leave_block(struct kunit *test)
{
	tiny_flush(get_cpu_ptr(util_heap(test)->cache));
	put_cpu_ptr(util_heap(test)->cache);
}

/* Blocks of the heap's tiny spans that are in use. */
static unsigned long blocks_inuse(struct kunit *test)
{
	struct class_stats st;

	mstats_class(util_heap(test), SPC_TINY, &st);
	return st.inuse;
}

/* Every size is aligned as C would align an object of it, to 2 at least, within one block. */
static void tiny_alignment(struct kunit *test)
{
	unsigned int size, align, round;
	void *obj;

	for (round = 0; round < 40; round++) {
		for (size = 1; size < TINY_BLOCK_SIZE; size++) {
			align = size % 8 == 0 ? 8 : size % 4 == 0 ? 4 : 2;
			obj = alloc(test, size);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, align));
			KUNIT_EXPECT_EQ(test, block(obj), block(obj + size - 1));
			KUNIT_EXPECT_EQ(test, span(obj)->spc, SPC_TINY);
			KUNIT_EXPECT_GE(test, usable_of(test, obj), size);
			KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
		}
	}
}

/* Small ones share a block: eight of 2 bytes, or 2 + 4 + 8 and what aligning costs. */
static void tiny_packing(struct kunit *test)
{
	void *objs[8], *two, *four, *eight;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		objs[i] = alloc(test, 2);
		KUNIT_EXPECT_PTR_EQ(test, objs[i], objs[0] + 2 * i);
	}
	KUNIT_EXPECT_EQ(test, (unsigned long)objs[0], block(objs[7]));
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 1);
	two = alloc(test, 2);
	KUNIT_EXPECT_NE_MSG(test, block(two), block(objs[0]), "the block was full");
	four = alloc(test, 4);
	KUNIT_EXPECT_PTR_EQ(test, four, two + 4);
	eight = alloc(test, 7);
	KUNIT_EXPECT_PTR_EQ(test, eight, two + 8);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 2);

	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 1);
	KUNIT_EXPECT_EQ(test, util_free(two), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(four), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(eight), FREE_OK);
}

/* An object ends where the next begins, or the gap before it, or the block. */
static void tiny_usable_size(struct kunit *test)
{
	void *two = alloc(test, 1), *four = alloc(test, 3), *last = alloc(test, 8);
	void *whole = alloc(test, 15);

	KUNIT_ASSERT_EQ(test, block(two), block(last));
	KUNIT_EXPECT_EQ(test, usable_of(test, two), 2);
	KUNIT_EXPECT_EQ(test, usable_of(test, four), 4);
	KUNIT_EXPECT_EQ(test, usable_of(test, last), 8);
	KUNIT_EXPECT_EQ(test, usable_of(test, whole), 16);
	KUNIT_EXPECT_EQ(test, util_free(four), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, usable_of(test, two), 2, "the neighbour's place is not its own");
	KUNIT_EXPECT_EQ(test, util_free(two), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(last), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(whole), FREE_OK);
}

/* Freeing one object leaves its neighbours alone, and its place is not used before they go. */
static void tiny_free_by_itself(struct kunit *test)
{
	void *a = alloc(test, 4), *b = alloc(test, 4), *c = alloc(test, 4), *d = alloc(test, 4);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, block(a), block(d));
	util_fill(a, 4, 1);
	util_fill(c, 4, 3);
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(d), FREE_OK);
	KUNIT_EXPECT_EQ(test, check(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, check(c), FREE_OK);
	for (i = 0; i < 600; i++) {
		void *obj = alloc(test, 15);

		KUNIT_EXPECT_NE(test, block(obj), block(a));
		util_set(obj, 0, 15);
		KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	}
	KUNIT_EXPECT_TRUE(test, util_filled(a, 4, 1) && util_filled(c, 4, 3));
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 1);
	KUNIT_EXPECT_EQ(test, util_free(c), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, blocks_inuse(test), 0, "the block goes with the last of them");
}

/* The block that a CPU allocates from stays, though all in it was freed; leaving it frees it. */
static void tiny_current_block(struct kunit *test)
{
	void *a = alloc(test, 2), *b;

	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 1);
	b = alloc(test, 2);
	KUNIT_EXPECT_PTR_EQ(test, b, a + 2);
	leave_block(test);
	KUNIT_EXPECT_EQ_MSG(test, blocks_inuse(test), 1, "an object in it is alive");
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 0);

	a = alloc(test, 2);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	leave_block(test);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 0);
}

/* A second free, and a free of what was never allocated, is refused and changes nothing. */
static void tiny_double_free(struct kunit *test)
{
	void *a = alloc(test, 4), *b = alloc(test, 4), *rest = b + 4;

	KUNIT_ASSERT_EQ(test, block(a), block(rest));
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_DOUBLE);
	KUNIT_EXPECT_EQ_MSG(test, util_free(rest), FREE_DOUBLE, "never allocated");
	KUNIT_EXPECT_EQ(test, check(b), FREE_OK);
	leave_block(test);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 1);
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, util_free(a), FREE_DOUBLE, "the whole block is free");
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 0);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(util_heap(test)->cache)->tiny_frees, 2);
}

/* An address inside an object is refused, whether it is odd, even or beside its start. */
static void tiny_interior(struct kunit *test)
{
	void *a = alloc(test, 8), *b = alloc(test, 6);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, block(a), block(b));
	for (i = 1; i < 8; i++)
		KUNIT_EXPECT_EQ(test, util_free(a + i), FREE_INTERIOR);
	for (i = 1; i < 6; i++)
		KUNIT_EXPECT_EQ(test, util_free(b + i), FREE_INTERIOR);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
}

/* A free that clears zeroes the object and not a byte beside it. */
static void tiny_clear(struct kunit *test)
{
	void *a = alloc(test, 4), *b = alloc(test, 4), *c = alloc(test, 4);

	util_set(a, 0x11, 4);
	util_set(b, 0x22, 4);
	util_set(c, 0x33, 4);
	KUNIT_EXPECT_EQ(test, tiny_free(span(b), (unsigned long)b, true), FREE_OK);
	KUNIT_EXPECT_TRUE(test, util_is(a, 0x11, 4));
	KUNIT_EXPECT_TRUE(test, util_is(b, 0, 4));
	KUNIT_EXPECT_TRUE(test, util_is(c, 0x33, 4));
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(c), FREE_OK);
}

struct remote_free {
	void *obj;
	enum free_result res;
};

static void remote_free_fn(void *arg)
{
	struct remote_free *r = arg;

	r->res = util_free(r->obj);
}

/* Another CPU can free an object, of the current block too, and a second free is caught there. */
static void tiny_remote_free(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	void *a = alloc(test, 4), *b = alloc(test, 4);
	struct remote_free r = { .obj = a };

	util_call_on(test, other, remote_free_fn, &r);
	KUNIT_EXPECT_EQ(test, r.res, FREE_OK);
	util_call_on(test, other, remote_free_fn, &r);
	KUNIT_EXPECT_EQ(test, r.res, FREE_DOUBLE);
	leave_block(test);
	r.obj = b;
	util_call_on(test, other, remote_free_fn, &r);
	KUNIT_EXPECT_EQ(test, r.res, FREE_OK);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 0);
}

/* Zeroed memory is zero though the block held something before. */
static void tiny_zero(struct kunit *test)
{
	unsigned int i, size, bad = 0;
	void *obj;

	for (i = 0; i < 2000; i++) {
		size = 1 + i % 15;
		obj = tiny_alloc(util_heap(test), size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad += !util_is_zero(obj, size);
		util_set(obj, 0xff, usable_of(test, obj));
		KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

struct live {
	void *obj;
	u32 size;
};

/* A random walk over all CPUs: contents stay, nothing overlaps, the counts are exact. */
static void tiny_random(struct kunit *test)
{
	struct live *live = kunit_kcalloc(test, NR_LIVE, sizeof(*live), GFP_KERNEL);
	struct goalloc_heap *heap = util_heap(test);
	unsigned int step, bad = 0, n = 0, cpu = 0;
	unsigned long mallocs = 0, frees = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	util_seed(test, &rnd);
	for (step = 0; step < 60000; step++) {
		struct live *l = &live[util_below(&rnd, NR_LIVE)];

		if (step % 2000 == 0) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			util_pin(test, cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask));
		}
		if (l->obj) {
			bad += !util_filled(l->obj, usable_of(test, l->obj), l - live);
			bad += util_free(l->obj) != FREE_OK;
			bad += util_free(l->obj) == FREE_OK;
			l->obj = NULL;
			n--;
		} else {
			l->size = 1 + util_below(&rnd, 15);
			l->obj = alloc(test, l->size);
			bad += usable_of(test, l->obj) < l->size;
			util_fill(l->obj, usable_of(test, l->obj), l - live);
			n++;
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects not intact, not freed or freed twice");
	for_each_possible_cpu(cpu) {
		mallocs += per_cpu_ptr(heap->cache, cpu)->tiny_mallocs;
		frees += per_cpu_ptr(heap->cache, cpu)->tiny_frees;
	}
	KUNIT_EXPECT_EQ(test, mallocs - frees, n);
	for (step = 0; step < NR_LIVE; step++)
		if (live[step].obj)
			KUNIT_EXPECT_EQ(test, util_free(live[step].obj), FREE_OK);
	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, blocks_inuse(test), 0);
}

static struct kunit_case tiny_cases[] = {
	KUNIT_CASE(tiny_alignment),
	KUNIT_CASE(tiny_packing),
	KUNIT_CASE(tiny_usable_size),
	KUNIT_CASE(tiny_free_by_itself),
	KUNIT_CASE(tiny_current_block),
	KUNIT_CASE(tiny_double_free),
	KUNIT_CASE(tiny_interior),
	KUNIT_CASE(tiny_clear),
	KUNIT_CASE(tiny_remote_free),
	KUNIT_CASE(tiny_zero),
	KUNIT_CASE(tiny_random),
	{}
};

static struct kunit_suite tiny_suite = {
	.name = "goalloc_tiny",
	.init = tiny_test_init,
	.exit = util_heap_exit,
	.test_cases = tiny_cases,
};

kunit_test_suite(tiny_suite);
