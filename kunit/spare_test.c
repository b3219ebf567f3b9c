// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_spare: the spans that a CPU owns beside its window's, and which it keeps. */
#include "mcache_test.h"

#define SPC_1024	SPC(32, 0)	/* 8 objects a span */
#define SPC_4096	SPC(44, 0)	/* two */
#define VISIT		8		/* spans that a visit to the central brings of 1024 */

/* Let a visit to the central bring VISIT spans, by allocating an object of the first. */
static void *visit(struct kunit *test)
{
	void **objs = alloc_many(test, SPC_1024, VISIT * 8), *obj;

	free_rest(test, objs, VISIT * 8);
	mcache_flush(util_heap(test), get_cpu_ptr(util_heap(test)->cache));
	put_cpu_ptr(util_heap(test)->cache);
	util_slot(util_heap(test), SPC_1024)->hope = 0;
	obj = alloc(test, SPC_1024);
	KUNIT_ASSERT_EQ(test, util_slot(util_heap(test), SPC_1024)->spares, VISIT - 1);
	return obj;
}

/* Own a FULL span. */
static struct mspan *own(struct kunit *test, void *obj)
{
	struct mspan *s = span(obj);

	KUNIT_ASSERT_TRUE(test, mspan_cas_state(s, MSPAN_FULL, MSPAN_OWNED));
	return s;
}

/* The oldest comes first, whatever goes in between. */
static void spare_oldest_first(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_1024);
	void **objs = alloc_many(test, SPC_1024, 3 * 8);
	struct mspan *a, *b, *c;

	util_heap_flush(test);
	a = own(test, objs[0]);
	b = own(test, objs[8]);
	c = own(test, objs[16]);
	spare_push(slot, a);
	spare_push(slot, b);
	KUNIT_EXPECT_EQ(test, slot->spares, 2);
	KUNIT_EXPECT_PTR_EQ(test, spare_pop(slot), a);
	spare_push(slot, c);
	spare_push(slot, a);
	KUNIT_EXPECT_PTR_EQ(test, spare_pop(slot), b);
	KUNIT_EXPECT_PTR_EQ(test, spare_pop(slot), c);
	KUNIT_EXPECT_PTR_EQ(test, spare_pop(slot), a);
	KUNIT_EXPECT_NULL(test, spare_pop(slot));
	KUNIT_EXPECT_NULL(test, slot->spare);
	KUNIT_EXPECT_EQ(test, slot->spares, 0);
	mcentral_let_go(a);
	mcentral_let_go(b);
	mcentral_let_go(c);
	free_rest(test, objs, 3 * 8);
}

/* There is room for two windows of objects, or four spans, but not for many pages. */
static void spare_room(struct kunit *test)
{
	static const struct {
		u16 nelems, npages, room;
	} cases[] = {
		{ 1024, 1, 4 }, { 64, 1, 4 }, { 32, 1, 4 }, { 16, 1, 8 }, { 8, 1, 16 },
		{ 2, 1, 16 }, { 1, 1, 16 }, { 1, 3, 6 }, { 1, 4, 4 }, { 3, 10, 2 }, { 1, 16, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mspan s = { .nelems = cases[i].nelems, .npages = cases[i].npages };
		struct mcache_slot slot = {};

		while (slot.spares < U8_MAX && spare_has_room(&slot, &s))
			slot.spares++;
		KUNIT_EXPECT_EQ_MSG(test, slot.spares, cases[i].room, "%u objects, %u pages",
				    cases[i].nelems, cases[i].npages);
	}
}

/* A span that a window leaves with something free, and for which there is no room, is let go. */
static void spare_no_room(struct kunit *test)
{
	void **objs = alloc_many(test, SPC_128, (SPARE_SPANS + 2) * 64);
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	unsigned int i;

	util_heap_flush(test);
	for (i = 0; i <= SPARE_SPANS; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i * 64]), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->spares, SPARE_SPANS);
	KUNIT_EXPECT_EQ(test, util_free(objs[i * 64]), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->spares, SPARE_SPANS);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, span(objs[i * 64]));
	KUNIT_EXPECT_EQ(test, span(objs[(i - 1) * 64])->state, MSPAN_QUEUED);
	free_rest(test, objs, (SPARE_SPANS + 2) * 64);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/*
 * A span that a refill leaves is kept, if there is hope: what is freed into it meanwhile is
 * found when its turn comes, and one that has nothing becomes FULL then.
 */
static void spare_kept(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_1024);
	void *first = visit(test), **objs, **more, *obj;
	struct mspan *a = span(first), *b;

	slot->hope = 2;
	objs = alloc_many(test, SPC_1024, 8);
	b = span(objs[7]);
	KUNIT_ASSERT_PTR_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_OWNED);
	KUNIT_EXPECT_NULL(test, a->owner);
	KUNIT_EXPECT_EQ(test, a->keeper, spare_keeper(slot));
	KUNIT_EXPECT_PTR_EQ(test, slot->spare, a);
	KUNIT_EXPECT_EQ(test, slot->spares, VISIT - 1);
	KUNIT_EXPECT_EQ(test, slot->hope, 1);

	KUNIT_EXPECT_EQ(test, util_free(objs[3]), FREE_OK);
	KUNIT_EXPECT_TRUE(test, in_map(objs[3]));
	KUNIT_EXPECT_PTR_EQ_MSG(test, slot->span, b, "the window stays");
	KUNIT_EXPECT_EQ(test, util_free(objs[3]), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, slot->hope, HOPE_MOST);

	more = alloc_many(test, SPC_1024, (VISIT - 1) * 8 - 1);
	KUNIT_EXPECT_EQ(test, b->keeper, spare_keeper(slot));
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_1024), objs[3]);
	KUNIT_EXPECT_EQ(test, a->keeper, 0);
	check_slot(test, SPC_1024);
	KUNIT_EXPECT_EQ(test, b->state, MSPAN_OWNED);
	obj = alloc(test, SPC_1024);
	KUNIT_EXPECT_EQ_MSG(test, b->state, MSPAN_FULL, "its turn came");
	KUNIT_EXPECT_EQ(test, b->keeper, 0);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_1024), 1 + 8 + (VISIT - 1) * 8 - 1 + 1);
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(first), FREE_OK);
	free_rest(test, objs, 8);
	free_rest(test, more, (VISIT - 1) * 8 - 1);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_1024), 0);
}

/* Without hope the span that a refill leaves becomes FULL; a visit to the central brings some. */
static void spare_without_hope(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcache_slot *slot = util_slot(heap, SPC_1024);
	void *first = visit(test), **objs, *two;

	KUNIT_EXPECT_EQ_MSG(test, slot->hope, 1, "for a try");
	slot->hope = 0;
	objs = alloc_many(test, SPC_1024, 8);
	KUNIT_EXPECT_EQ(test, span(first)->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, slot->hope, 0);
	slot->hope = 5;
	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, util_free(alloc(test, SPC_1024)), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, slot->hope, 5, "it had some");
	two = alloc(test, SPC_4096);
	KUNIT_EXPECT_EQ_MSG(test, util_slot(heap, SPC_4096)->hope, 0, "two objects a span");
	KUNIT_EXPECT_EQ(test, util_free(two), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(first), FREE_OK);
	free_rest(test, objs, 8);
}

/* Hope is for spans of few objects, while there is room. */
static void spare_hopes_for_few(struct kunit *test)
{
	struct mspan few = { .nelems = KEPT_MOST, .npages = 1 };
	struct mspan many = { .nelems = KEPT_MOST + 1, .npages = 1 };
	struct mcache_slot slot = { .hope = 3 };

	KUNIT_EXPECT_FALSE(test, spare_hopes(&slot, &many));
	KUNIT_EXPECT_TRUE(test, spare_hopes(&slot, &few));
	KUNIT_EXPECT_EQ(test, slot.hope, 2);
	slot.spares = SPARE_SPANS;
	KUNIT_EXPECT_FALSE(test, spare_hopes(&slot, &few));
	KUNIT_EXPECT_EQ(test, slot.hope, 2);
}

/* Only a free by the CPU that keeps a span brings hope, and only if it has little. */
static void spare_hope_is_own(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_1024), *others;
	void *first = visit(test), **objs;

	others = &per_cpu_ptr(util_heap(test)->cache, other)->slot[SPC_1024];
	objs = alloc_many(test, SPC_1024, 8);
	KUNIT_ASSERT_EQ(test, span(first)->keeper, spare_keeper(slot));
	KUNIT_EXPECT_EQ(test, slot->hope, 0);
	KUNIT_EXPECT_EQ(test, free_on(test, other, first), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->hope, 0);
	KUNIT_EXPECT_EQ(test, others->hope, 0);
	KUNIT_EXPECT_EQ(test, util_free(objs[7]), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, slot->hope, 0, "in the window");
	slot->hope = HOPE_LITTLE;
	KUNIT_EXPECT_EQ(test, util_free(objs[0]), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->hope, HOPE_LITTLE);
	slot->hope = HOPE_LITTLE - 1;
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_EQ(test, slot->hope, HOPE_MOST);
	free_rest(test, objs, 8);
}

/* A spare that is full again when its turn comes is left as such. */
static void spare_full_again(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	void **objs = alloc_many(test, SPC_128, 2 * 64), *obj;
	struct mspan *a = own(test, objs[0]);

	spare_push(slot, a);
	obj = alloc(test, SPC_128);
	KUNIT_EXPECT_PTR_NE(test, span(obj), a);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	free_rest(test, objs, 2 * 64);
}

static struct kunit_case spare_cases[] = {
	KUNIT_CASE(spare_oldest_first),
	KUNIT_CASE(spare_room),
	KUNIT_CASE(spare_no_room),
	KUNIT_CASE(spare_kept),
	KUNIT_CASE(spare_without_hope),
	KUNIT_CASE(spare_hopes_for_few),
	KUNIT_CASE(spare_hope_is_own),
	KUNIT_CASE(spare_full_again),
	{}
};

static struct kunit_suite spare_suite = {
	.name = "goalloc_spare",
	.init = mcache_test_init,
	.exit = util_heap_exit,
	.test_cases = spare_cases,
};

kunit_test_suite(spare_suite);
