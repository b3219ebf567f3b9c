// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mcache_free: local, remote and double frees, and where the window moves. */
#include <linux/slab.h>

#include "mcache_test.h"

/* The owner frees into its window, without touching the map, and allocates it next. */
static void mcache_local_free(struct kunit *test)
{
	void *a = alloc(test, SPC_128), *b = alloc(test, SPC_128);

	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_slot(test, a));
	KUNIT_EXPECT_FALSE(test, in_map(a));
	check_slot(test, SPC_128);
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_128), a);
	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
}

/* Another CPU frees into the map; the owner finds the object when its window is empty. */
static void mcache_remote_free(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id()), i;
	void *a = alloc(test, SPC_128), *objs[64];

	KUNIT_EXPECT_EQ(test, free_on(test, other, a), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_map(a));
	KUNIT_EXPECT_FALSE(test, in_slot(test, a));
	check_slot(test, SPC_128);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
	for (i = 0; i < 63; i++) {
		objs[i] = alloc(test, SPC_128);
		KUNIT_EXPECT_PTR_NE(test, objs[i], a);
	}
	objs[63] = alloc(test, SPC_128);
	KUNIT_EXPECT_PTR_EQ(test, objs[63], a);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

/* What the owner frees outside its window goes to the map and is refilled from there. */
static void mcache_free_outside_window(struct kunit *test)
{
	void *objs[65];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = alloc(test, SPC_8);
	KUNIT_EXPECT_EQ(test, util_free(objs[7]), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_map(objs[7]));
	KUNIT_EXPECT_EQ(test, util_free(objs[64]), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_slot(test, objs[64]));
	check_slot(test, SPC_8);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), ARRAY_SIZE(objs) - 2);
	for (i = 0; i < 64; i++)
		if (i != 7)
			KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

/* A second free is refused on every path, and changes nothing. */
static void mcache_double_free(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	void *keep = alloc(test, SPC_128), *in_window = alloc(test, SPC_128);
	void *remote = alloc(test, SPC_128);
	struct mspan *s = span(keep);

	KUNIT_ASSERT_EQ(test, util_free(in_window), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(in_window), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, free_on(test, other, in_window), FREE_DOUBLE);
	KUNIT_EXPECT_FALSE(test, in_map(in_window));

	KUNIT_ASSERT_EQ(test, free_on(test, other, remote), FREE_OK);
	KUNIT_EXPECT_EQ(test, free_on(test, other, remote), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, util_free(remote), FREE_DOUBLE);
	KUNIT_EXPECT_FALSE(test, in_slot(test, remote));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);

	/* The second free of an object whose span no CPU owns any more. */
	util_heap_flush(test);
	KUNIT_ASSERT_EQ(test, s->state, MSPAN_PARTIAL);
	KUNIT_EXPECT_EQ(test, util_free(in_window), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, free_on(test, other, remote), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, mspan_count_free(s), 63);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, util_free(keep), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/* Of several that are freed at once, those that are free already are refused. */
static void mcache_double_free_bits(struct kunit *test)
{
	void **objs = alloc_many(test, SPC_8, 192);
	struct mspan *s = span(objs[0]);

	KUNIT_EXPECT_EQ(test, util_free(objs[128]), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(objs[127]), FREE_OK);
	KUNIT_ASSERT_TRUE(test, in_slot(test, objs[128]) && in_map(objs[127]));
	KUNIT_EXPECT_EQ(test, mcache_free_bits(s, 1, BIT(63) | BIT(62)), BIT(63));
	KUNIT_EXPECT_EQ(test, mcache_free_bits(s, 2, BIT(0) | BIT(1)), BIT(0));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 188);
	free_rest(test, objs, 192);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 0);
}

/* Whether an object is free can be asked from any CPU, wherever it lies. */
static void mcache_knows_what_is_free(struct kunit *test)
{
	void *a = alloc(test, SPC_8), *b = alloc(test, SPC_8);
	struct mspan *s = span(a);
	unsigned int i, nfree = 0;

	KUNIT_ASSERT_EQ(test, mcache_free_remote(s, index_of(b)), FREE_OK);
	KUNIT_EXPECT_FALSE(test, mcache_is_free(s, index_of(a)));
	KUNIT_EXPECT_TRUE_MSG(test, mcache_is_free(s, index_of(b)), "in the map");
	KUNIT_EXPECT_TRUE_MSG(test, mcache_is_free(s, 2), "in the window");
	KUNIT_EXPECT_TRUE_MSG(test, mcache_is_free(s, 64), "in the map, never handed out");
	for (i = 0; i < s->nelems; i++)
		nfree += mcache_is_free(s, i);
	KUNIT_EXPECT_EQ(test, nfree, s->nelems - 1);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
}

/*
 * The window follows the first free into a full span, and the next allocation finds the
 * object there.  What it leaves is FULL, or a spare of the CPU.
 */
static void mcache_window_follows(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	void **objs = alloc_many(test, SPC_128, 3 * 64 + 10);
	struct mspan *a = span(objs[0]), *b = span(objs[64]), *c = span(objs[128]);
	struct mspan *last = span(objs[192]);

	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, a);
	KUNIT_EXPECT_TRUE(test, in_slot(test, objs[1]));
	check_slot(test, SPC_128);
	KUNIT_EXPECT_PTR_EQ_MSG(test, slot->spare, last, "it had free objects");
	KUNIT_EXPECT_EQ(test, last->state, MSPAN_OWNED);
	KUNIT_EXPECT_NULL(test, last->owner);
	KUNIT_EXPECT_EQ(test, mspan_count_free(last), 54);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 3 * 64 + 9);
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, free_on(test, other, objs[1]), FREE_DOUBLE);
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_128), objs[1]);

	KUNIT_EXPECT_EQ(test, util_free(objs[65]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, b);
	KUNIT_EXPECT_EQ_MSG(test, a->state, MSPAN_FULL, "it had none");
	KUNIT_EXPECT_NULL(test, a->owner);
	KUNIT_EXPECT_EQ(test, util_free(objs[70]), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_slot(test, objs[70]));

	KUNIT_EXPECT_EQ(test, util_free(objs[129]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, c);
	KUNIT_EXPECT_PTR_EQ_MSG(test, slot->spare, b, "there is room");
	KUNIT_EXPECT_EQ(test, b->state, MSPAN_OWNED);
	KUNIT_EXPECT_EQ(test, mspan_count_free(b), 2);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 3 * 64 + 7);

	/* One whose window is empty, but that another CPU freed into. */
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_128), objs[129]);
	KUNIT_EXPECT_EQ(test, free_on(test, other, objs[130]), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(objs[2]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, a);
	KUNIT_EXPECT_PTR_EQ_MSG(test, slot->spare, c, "it is not lost");
	KUNIT_EXPECT_EQ(test, c->state, MSPAN_OWNED);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 3 * 64 + 6);
	free_rest(test, objs, 3 * 64 + 10);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/* A CPU that held nothing holds what its window moves to: the scavenger comes for it. */
static void mcache_moved_is_held(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	void **objs = alloc_many(test, SPC_128, 2 * 64);

	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, span(objs[0])->state, MSPAN_FULL);
	KUNIT_EXPECT_NULL(test, slot->span);
	KUNIT_EXPECT_FALSE(test, raw_cpu_read(util_heap(test)->cache->holds));
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, span(objs[1]));
	KUNIT_EXPECT_TRUE(test, raw_cpu_read(util_heap(test)->cache->holds));
	util_heap_flush(test);
	KUNIT_EXPECT_NULL(test, slot->span);
	free_rest(test, objs, 2 * 64);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/* As a free does that finds its object in no window. */
static const void *free_beside(struct mcache_slot __percpu *slots, struct mspan *s,
			       unsigned int w, unsigned int nr)
{
	preempt_disable();
	return mcache_free_beside(s->free_bits + w, s, raw_cpu_ptr(slots), nr);
}

/* A bad free may come so late that its span is a large object's by now: that stays. */
static void mcache_late_into_large(struct kunit *test)
{
	struct mspan *s;
	bool needzero;
	void *obj;

	obj = mcache_alloc_large(util_heap(test), SZ_64K, 0, GFP_KERNEL, numa_mem_id(), &needzero);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	s = span(obj);
	KUNIT_EXPECT_PTR_EQ(test, free_beside(s->slot, s, 0, 1), obj + SZ_64K);
	KUNIT_EXPECT_PTR_EQ(test, free_beside(s->slot, s, 1, 0), obj + BITS_PER_LONG * SZ_64K);
	KUNIT_EXPECT_FALSE(test, mcache_is_free(s, 0));
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
}

/*
 * A bad free may come so late that its span is one of another class by now: it is refused,
 * this CPU's window does not move there, and the span is found by others.
 */
static void mcache_moves_within_class(struct kunit *test)
{
	void **objs = alloc_many(test, SPC_128, 2 * 64);
	struct mcache_slot *slot = util_slot(util_heap(test), SPC(10, 1));
	struct mspan *s = span(objs[0]);

	KUNIT_EXPECT_EQ(test, s->state, MSPAN_FULL);
	KUNIT_EXPECT_PTR_EQ(test, free_beside(util_heap(test)->cache->slot + SPC(10, 1), s, 0, 1),
			    objs[1]);
	KUNIT_EXPECT_NULL(test, slot->span);
	KUNIT_EXPECT_EQ(test, slot->idle, 1);
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_QUEUED);
	KUNIT_EXPECT_EQ_MSG(test, mspan_count_free(s), 0, "nothing of it was freed");
	free_rest(test, objs, 2 * 64);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/* Within its span the window moves when it is done: all of its objects are free, or none. */
static void mcache_window_moves_on(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_8);
	void **objs = alloc_many(test, SPC_8, 192), **more;
	struct mspan *s = span(objs[0]);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, util_free(objs[128]), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(objs[127]), FREE_OK);
	KUNIT_EXPECT_TRUE_MSG(test, in_map(objs[127]), "the window has some in use");
	for (i = 129; i < 192; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
	for (i = 127; i-- > 64; ) {
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
		KUNIT_EXPECT_TRUE(test, in_slot(test, objs[i]));
	}
	KUNIT_EXPECT_TRUE_MSG(test, in_slot(test, objs[127]), "the window took it along");
	check_slot(test, SPC_8);
	KUNIT_EXPECT_EQ_MSG(test, mspan_bits(s, 2), ~0UL, "back in the map");
	KUNIT_EXPECT_EQ(test, util_free(objs[127]), FREE_DOUBLE);
	KUNIT_EXPECT_EQ_MSG(test, util_free(objs[128]), FREE_DOUBLE, "the window came for it");
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 64);
	check_slot(test, SPC_8);

	/* An empty one. */
	more = alloc_many(test, SPC_8, 64);
	KUNIT_EXPECT_PTR_EQ(test, more[0], objs[128]);
	KUNIT_EXPECT_EQ(test, slot->free, 0);
	KUNIT_EXPECT_EQ(test, util_free(objs[7]), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_slot(test, objs[7]));
	check_slot(test, SPC_8);
	KUNIT_EXPECT_EQ(test, util_free(objs[7]), FREE_DOUBLE);
	free_rest(test, more, 64);
	free_rest(test, objs, 128);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 0);
}

/* A bad free may bring the window to objects that were never handed out: these are now. */
static void mcache_moved_not_fresh(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_8);
	void **objs = alloc_many(test, SPC_8, 64);
	struct mspan *s = span(objs[0]);

	KUNIT_EXPECT_TRUE(test, s->fresh & BIT(2));
	KUNIT_EXPECT_EQ(test, util_free(objs[0] + 128 * 8), FREE_DOUBLE);
	KUNIT_EXPECT_PTR_EQ(test, slot->word, &s->free_bits[2]);
	KUNIT_EXPECT_FALSE(test, slot->fresh);
	KUNIT_EXPECT_FALSE_MSG(test, s->fresh & BIT(2), "when the next window comes there");
	KUNIT_EXPECT_TRUE(test, s->fresh & BIT(1));
	free_rest(test, objs, 64);
}

/* Spans of two objects and three pages, which is as long as they get; so many have room. */
#define SPC_12K		SPC(56, 0)
#define ADOPTED		DIV_ROUND_UP(SPARE_PAGES, 3)

/*
 * To a span of two objects no window moves: it becomes a spare of the CPU that frees, while
 * there is room, and serves a refill in its turn; the next such span is queued.
 */
static void mcache_adopts(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcache_slot *slot = util_slot(heap, SPC_12K);
	void **objs = alloc_many(test, SPC_12K, 2 * (ADOPTED + 1)), *more[3];
	struct mspan *a = span(objs[0]), *last = span(objs[2 * ADOPTED]);
	unsigned int i;

	more[0] = alloc(test, SPC_12K);
	let_go_spares(slot);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->spare, a);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_OWNED);
	KUNIT_EXPECT_TRUE(test, in_map(objs[1]));
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_DOUBLE);
	for (i = 1; i < ADOPTED; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[2 * i]), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->spares, ADOPTED);
	KUNIT_EXPECT_EQ(test, util_free(objs[2 * ADOPTED]), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, slot->spares, ADOPTED, "there is no room");
	KUNIT_EXPECT_EQ(test, last->state, MSPAN_QUEUED);

	more[1] = alloc(test, SPC_12K);
	KUNIT_ASSERT_EQ(test, slot->free, 0);
	more[2] = alloc(test, SPC_12K);
	KUNIT_EXPECT_PTR_EQ(test, more[2], objs[1]);
	KUNIT_EXPECT_EQ(test, slot->spares, ADOPTED - 1);

	mcache_flush(heap, get_cpu_ptr(heap->cache));
	put_cpu_ptr(heap->cache);
	KUNIT_EXPECT_NULL(test, slot->spare);
	KUNIT_EXPECT_EQ(test, slot->spares, 0);
	KUNIT_EXPECT_EQ(test, span(objs[2])->state, MSPAN_QUEUED);
	free_rest(test, more, ARRAY_SIZE(more));
	free_rest(test, objs, 2 * (ADOPTED + 1));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_12K), 0);
}

static struct kunit_case mcache_free_cases[] = {
	KUNIT_CASE(mcache_local_free),
	KUNIT_CASE(mcache_remote_free),
	KUNIT_CASE(mcache_free_outside_window),
	KUNIT_CASE(mcache_double_free),
	KUNIT_CASE(mcache_double_free_bits),
	KUNIT_CASE(mcache_knows_what_is_free),
	KUNIT_CASE(mcache_window_follows),
	KUNIT_CASE(mcache_moved_is_held),
	KUNIT_CASE(mcache_moves_within_class),
	KUNIT_CASE(mcache_late_into_large),
	KUNIT_CASE(mcache_window_moves_on),
	KUNIT_CASE(mcache_moved_not_fresh),
	KUNIT_CASE(mcache_adopts),
	{}
};

static struct kunit_suite mcache_free_suite = {
	.name = "goalloc_mcache_free",
	.init = mcache_test_init,
	.exit = util_heap_exit,
	.test_cases = mcache_free_cases,
};

kunit_test_suite(mcache_free_suite);
