// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mcache: windows, local and remote frees, refills and double frees. */
#include <linux/slab.h>

#include "kunit_util.h"

#define SPC_8		SPC(1, 0)	/* 1024 objects a span: sixteen windows */
#define SPC_128		SPC(10, 0)	/* 64 objects a span: one window */
#define SPC_4096	SPC(44, 0)	/* two objects a span */
#define SPC_9472	SPC(52, 0)	/* 7 pages a span */
#define NR_OBJS		1024

static int mcache_test_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return util_heap_init(test);
}

static void *alloc(struct kunit *test, unsigned int spc)
{
	void *obj = mcache_alloc(util_heap(test), spc, GFP_KERNEL, NULL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static struct mspan *span(void *obj)
{
	return span_of((unsigned long)obj);
}

static unsigned int index_of(void *obj)
{
	unsigned int index = 0;

	mspan_index(span(obj), (unsigned long)obj, &index);
	return index;
}

/* Where an object lies free, if it does. */
static bool in_map(void *obj)
{
	return test_bit(index_of(obj), span(obj)->free_bits);
}

static bool in_slot(struct kunit *test, void *obj)
{
	struct mcache_slot *slot = util_slot(util_heap(test), span(obj)->spc);

	return slot->word == &span(obj)->free_bits[index_of(obj) / BITS_PER_LONG] &&
	       slot->free & BIT(index_of(obj) % BITS_PER_LONG);
}

/* A slot's span is owned and says so; what is in the window is not in the map. */
static void check_slot(struct kunit *test, unsigned int spc)
{
	struct mcache_slot *slot = util_slot(util_heap(test), spc);
	struct mspan *s = slot->span;
	unsigned int first;

	KUNIT_EXPECT_EQ(test, slot->idle, 1);
	if (!s) {
		KUNIT_EXPECT_NULL(test, slot->word);
		KUNIT_EXPECT_EQ(test, slot->free, 0);
		return;
	}
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_OWNED);
	KUNIT_EXPECT_PTR_EQ(test, s->owner, slot);
	first = (slot->word - s->free_bits) * BITS_PER_LONG;
	KUNIT_EXPECT_LT(test, first, s->nelems);
	KUNIT_EXPECT_EQ(test, slot->elemsize, s->elemsize);
	KUNIT_EXPECT_EQ(test, slot->base, s->base + (unsigned long)first * s->elemsize);
	KUNIT_EXPECT_EQ(test, slot->free & *slot->word, 0);
	KUNIT_EXPECT_EQ(test, slot->seq % 2, 0);
}

/* Allocate @n objects, in order, into a new array. */
static void **alloc_many(struct kunit *test, unsigned int spc, unsigned int n)
{
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++)
		objs[i] = alloc(test, spc);
	return objs;
}

/* Free what is not free yet of @n objects. */
static void free_rest(struct kunit *test, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!mcache_is_free(span(objs[i]), index_of(objs[i])))
			KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

static unsigned long inuse(struct kunit *test, unsigned int spc)
{
	struct class_stats st;

	mstats_class(util_heap(test), spc, &st);
	KUNIT_EXPECT_EQ(test, st.inuse, st.mallocs - st.frees);
	return st.inuse;
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

static enum free_result free_on(struct kunit *test, unsigned int cpu, void *obj)
{
	struct remote_free r = { .obj = obj };

	util_call_on(test, cpu, remote_free_fn, &r);
	return r.res;
}

/* Windows open in address order, and objects come out of them in address order. */
static void mcache_windows_in_order(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct class_stats st;
	unsigned int i, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < NR_OBJS; i++) {
		objs[i] = alloc(test, SPC_8);
		bad += objs[i] != objs[0] + i * 8;
		if (i % 50 == 0)
			check_slot(test, SPC_8);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, (unsigned long)objs[0], span(objs[0])->base);
	mstats_class(util_heap(test), SPC_8, &st);
	KUNIT_EXPECT_EQ(test, st.refills, NR_OBJS / BITS_PER_LONG);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), NR_OBJS);
	for (i = 0; i < NR_OBJS; i++)
		KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_8), 0);
}

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
 * object there.  What it leaves is FULL, the CPU's spare, or queued.
 */
static void mcache_window_follows(struct kunit *test)
{
	unsigned int other = util_other_cpu(test, raw_smp_processor_id());
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	void **objs = alloc_many(test, SPC_128, 3 * 64 + 10);
	struct mspan *a = span(objs[0]), *b = span(objs[64]), *c = span(objs[128]);
	struct mspan *last = span(objs[192]);

	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	raw_cpu_write(util_heap(test)->cache->holds, false);
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_TRUE_MSG(test, raw_cpu_read(util_heap(test)->cache->holds),
			      "for the scavenger");
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
	KUNIT_EXPECT_EQ_MSG(test, b->state, MSPAN_QUEUED, "there is a spare");
	KUNIT_EXPECT_EQ(test, mspan_count_free(b), 2);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 3 * 64 + 7);

	/* One whose window is empty, but that another CPU freed into. */
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_128), objs[129]);
	KUNIT_EXPECT_EQ(test, free_on(test, other, objs[130]), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(objs[2]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->span, a);
	KUNIT_EXPECT_EQ_MSG(test, c->state, MSPAN_QUEUED, "it is not lost");
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 3 * 64 + 6);
	free_rest(test, objs, 3 * 64 + 10);
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

/*
 * To a span of two objects no window moves: it becomes the spare of the CPU that frees, if
 * that has none, and serves its next refill; the next such span is queued.
 */
static void mcache_adopts(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcache_slot *slot = util_slot(heap, SPC_4096);
	void **objs = alloc_many(test, SPC_4096, 6), *more[2];
	struct mspan *a = span(objs[0]), *b = span(objs[2]), *c = span(objs[4]);

	more[0] = alloc(test, SPC_4096);
	while (slot->spare) {	/* they came with it */
		struct mspan *s = slot->spare;

		slot->spare = s->next;
		mcentral_let_go(s);
	}
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->spare, a);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_OWNED);
	KUNIT_EXPECT_TRUE(test, in_map(objs[1]));
	KUNIT_EXPECT_EQ(test, util_free(objs[1]), FREE_DOUBLE);
	KUNIT_EXPECT_EQ(test, util_free(objs[2]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ_MSG(test, slot->spare, a, "it has one");
	KUNIT_EXPECT_EQ(test, b->state, MSPAN_QUEUED);

	more[1] = alloc(test, SPC_4096);
	KUNIT_ASSERT_EQ(test, slot->free, 0);
	KUNIT_EXPECT_PTR_EQ(test, alloc(test, SPC_4096), objs[1]);
	KUNIT_EXPECT_NULL(test, slot->spare);

	KUNIT_EXPECT_EQ(test, util_free(objs[4]), FREE_OK);
	KUNIT_EXPECT_PTR_EQ(test, slot->spare, c);
	mcache_flush(heap, get_cpu_ptr(heap->cache));
	put_cpu_ptr(heap->cache);
	KUNIT_EXPECT_NULL(test, slot->spare);
	KUNIT_EXPECT_EQ(test, c->state, MSPAN_QUEUED);
	free_rest(test, more, ARRAY_SIZE(more));
	free_rest(test, objs, 6);
}

/* A spare that is full again when its turn comes is left as such. */
static void mcache_full_spare(struct kunit *test)
{
	struct mcache_slot *slot = util_slot(util_heap(test), SPC_128);
	void **objs = alloc_many(test, SPC_128, 2 * 64), *obj;
	struct mspan *a = span(objs[0]);

	KUNIT_ASSERT_TRUE(test, mspan_cas_state(a, MSPAN_FULL, MSPAN_OWNED));
	a->next = NULL;
	slot->spare = a;
	obj = alloc(test, SPC_128);
	KUNIT_EXPECT_PTR_NE(test, span(obj), a);
	KUNIT_EXPECT_EQ(test, a->state, MSPAN_FULL);
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	free_rest(test, objs, 2 * 64);
}

/* A flush leaves nothing in the cache and loses no object. */
static void mcache_flush_lets_go(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *small = alloc(test, SPC_128), *big = alloc(test, SPC_9472);
	struct mspan *s = span(small);
	struct mcache *c = get_cpu_ptr(heap->cache);

	mcache_flush(heap, c);
	put_cpu_ptr(heap->cache);
	KUNIT_EXPECT_NULL(test, util_slot(heap, SPC_128)->span);
	KUNIT_EXPECT_EQ(test, util_slot(heap, SPC_128)->free, 0);
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_QUEUED);
	KUNIT_EXPECT_NULL(test, s->owner);
	KUNIT_EXPECT_EQ_MSG(test, mspan_count_free(s), 63, "the window is back in the map");
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_9472), 1);
	KUNIT_EXPECT_FALSE(test, c->holds);

	/* The next allocation comes from the span that was let go. */
	KUNIT_EXPECT_PTR_EQ(test, span(alloc(test, SPC_128)), s);
	KUNIT_EXPECT_EQ(test, util_free(small + 128), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(small), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(big), FREE_OK);
}

/*
 * An interrupt that finds a slot busy is served past it and leaves it alone; other
 * slots serve it as ever.  A flush leaves the busy slot for the next one.
 */
static void mcache_busy(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	struct mcache_slot before, *slot;
	void *a, *past = NULL, *other, *next = NULL;
	enum free_result res = FREE_FOREIGN, again = FREE_OK;
	bool same = false, holds = false;

	util_skip_on_rt(test);
	a = alloc(test, SPC_128);
	other = alloc(test, SPC_8);
	if (mcache_enter(mcache_slots(heap, SPC_128), &slot)) {
		before = *slot;
		past = mcache_alloc(heap, SPC_128, GFP_NOWAIT, NULL);
		res = util_free(a);
		again = util_free(a);
		next = mcache_alloc(heap, SPC_8, GFP_NOWAIT, NULL);
		mcache_flush(heap, raw_cpu_ptr(heap->cache));
		holds = raw_cpu_read(heap->cache->holds);
		same = slot->free == before.free && slot->span == before.span;
		mcache_leave(slot);
	}
	KUNIT_ASSERT_NOT_NULL(test, past);
	KUNIT_EXPECT_PTR_NE(test, span(past), span(a));
	KUNIT_EXPECT_EQ(test, res, FREE_OK);
	KUNIT_EXPECT_EQ(test, again, FREE_DOUBLE);
	KUNIT_EXPECT_TRUE_MSG(test, same, "a busy slot was changed");
	KUNIT_EXPECT_TRUE_MSG(test, holds, "the next flush would not come here");
	KUNIT_EXPECT_PTR_EQ_MSG(test, next, other + 8, "another slot was not used");
	KUNIT_EXPECT_EQ(test, util_free(other), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(next), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, util_free(past), FREE_OK);
}

/* An object of a given node comes past the cache, from a span that stays with the central. */
static void mcache_alloc_from_node(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	bool needzero = false;
	void *obj = mcache_alloc_node(heap, SPC_128, GFP_KERNEL, util_memory_node(), &needzero);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, needzero);
	KUNIT_EXPECT_NULL(test, util_slot(heap, SPC_128)->span);
	KUNIT_EXPECT_FALSE(test, in_map(obj));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 1);
	KUNIT_EXPECT_EQ(test, util_free(obj), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_128), 0);
}

/*
 * The last large span freed on a CPU stays with it, counts as free, and serves the
 * next request of its length and kind, if it is aligned as that wants; a flush
 * gives it up.
 */
static void mcache_large_kept(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	int nid = util_memory_node();
	void *a, *b, *noscan, *other;
	bool needzero = false;

	a = mcache_alloc_large(heap, 100000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_OK);
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_LARGE), 0);
	KUNIT_EXPECT_EQ(test, util_heap_spans(heap), 1);
	KUNIT_EXPECT_EQ(test, util_free(a), FREE_DOUBLE);

	noscan = mcache_alloc_large(heap, 100000, 1, GFP_KERNEL, nid, &needzero);
	other = mcache_alloc_large(heap, 40000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_EXPECT_PTR_NE(test, noscan, a);
	KUNIT_EXPECT_PTR_NE(test, other, a);
	needzero = false;
	b = mcache_alloc_large(heap, 99000, 0, GFP_KERNEL, nid, &needzero);
	KUNIT_EXPECT_PTR_EQ(test, b, a);
	KUNIT_EXPECT_TRUE_MSG(test, needzero, "it holds what was in it before");
	KUNIT_EXPECT_FALSE(test, mcache_is_free(span(b), 0));
	KUNIT_EXPECT_EQ(test, inuse(test, SPC_LARGE), 2);

	KUNIT_EXPECT_EQ(test, util_free(b), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(other), FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(noscan), FREE_OK);
	KUNIT_EXPECT_EQ_MSG(test, util_heap_spans(heap), 2, "one of each kind is kept");
	util_heap_flush(test);
	KUNIT_EXPECT_EQ(test, util_heap_spans(heap), 0);
}

/* A kept span that does not lie on a multiple of a power of two is not one. */
static void mcache_large_aligned(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *odd[16], *p, *shift;
	bool needzero;
	int i;

	shift = mcache_alloc_large(heap, 40000, 0, GFP_KERNEL, util_memory_node(), &needzero);
	KUNIT_ASSERT_NOT_NULL(test, shift);
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		odd[i] = mcache_alloc_large(heap, SZ_64K - 1, 0, GFP_KERNEL, util_memory_node(),
					    &needzero);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		KUNIT_ASSERT_NOT_NULL(test, odd[i]);
		KUNIT_EXPECT_EQ(test, util_free(odd[i]), FREE_OK);
		p = mcache_alloc_large(heap, SZ_64K, 0, GFP_KERNEL, util_memory_node(), &needzero);
		KUNIT_EXPECT_TRUE(test, p && IS_ALIGNED((unsigned long)p, SZ_64K));
		KUNIT_EXPECT_EQ(test, util_free(p), FREE_OK);
	}
	KUNIT_EXPECT_EQ(test, util_free(shift), FREE_OK);
}

/* In NMI the cache serves what it has; what would need a lock gets NULL. */
static void mcache_nmi(struct kunit *test)
{
	struct goalloc_heap *heap = util_heap(test);
	void *a = alloc(test, SPC_128), *from_cache, *slow, *node, *large;
	enum free_result res, res_past;
	void *past = mcache_alloc_node(heap, SPC_8, GFP_KERNEL, util_memory_node(), NULL);
	unsigned long flags;
	bool needzero;

	KUNIT_ASSERT_NOT_NULL(test, past);
	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	from_cache = mcache_alloc(heap, SPC_128, GFP_NOWAIT, NULL);
	slow = mcache_alloc(heap, SPC(12, 0), GFP_NOWAIT, NULL);
	node = mcache_alloc_node(heap, SPC_128, GFP_NOWAIT, util_memory_node(), &needzero);
	large = mcache_alloc_large(heap, SZ_64K, 0, GFP_NOWAIT, util_memory_node(), &needzero);
	res = util_free(a);
	res_past = util_free(past);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_restore(flags);
	KUNIT_EXPECT_NOT_NULL(test, from_cache);
	KUNIT_EXPECT_NULL(test, slow);
	KUNIT_EXPECT_NULL(test, node);
	KUNIT_EXPECT_NULL(test, large);
	KUNIT_EXPECT_EQ(test, res, FREE_OK);
	KUNIT_EXPECT_EQ(test, res_past, FREE_OK);
	KUNIT_EXPECT_EQ(test, util_free(from_cache), FREE_OK);
}

static const unsigned int zero_classes[] = { SPC_8, SPC_128, SPC(32, 0), SPC_9472, SPC(60, 0) };

/* An object that is said to need no zeroing is zero, whatever became of its neighbours. */
static void mcache_needzero(struct kunit *test)
{
	unsigned int i, step, known_zero = 0, bad = 0, cpu = raw_smp_processor_id();
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	scavenge_all();
	for (step = 0; step < 20000; step++) {
		unsigned int spc = zero_classes[util_below(&rnd, ARRAY_SIZE(zero_classes))];
		unsigned int most = spc == SPC_8 ? NR_OBJS : 64;
		bool needzero;

		i = util_below(&rnd, most);
		if (objs[i] && other < nr_cpu_ids && util_below(&rnd, 4) == 0) {
			KUNIT_ASSERT_EQ(test, free_on(test, other, objs[i]), FREE_OK);
			objs[i] = NULL;
		} else if (objs[i]) {
			KUNIT_ASSERT_EQ(test, util_free(objs[i]), FREE_OK);
			objs[i] = NULL;
		} else {
			objs[i] = mcache_alloc(util_heap(test), spc, GFP_KERNEL | __GFP_ZERO,
					       &needzero);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			if (!needzero)
				bad += !util_is_zero(objs[i], span(objs[i])->elemsize);
			known_zero += !needzero;
			util_set(objs[i], 0xa5, span(objs[i])->elemsize);
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_GT_MSG(test, known_zero, 0, "the case showed nothing");
	for (i = 0; i < NR_OBJS; i++)
		if (objs[i])
			KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

struct live {
	void *obj;
	unsigned int spc;
};

/* The objects that a span does not have free are those that are live. */
static void check_spans(struct kunit *test, struct live *live, unsigned int spc)
{
	unsigned long pageno = 0, used = 0, n = 0;
	struct mspan *s;
	unsigned int i;

	while ((s = arena_next_span(&pageno)))
		if (mspan_cache(s) == util_heap(test)->cache && s->spc == spc)
			used += s->nelems - mspan_count_free(s);
	for (i = 0; i < NR_OBJS; i++)
		n += live[i].obj && live[i].spc == spc;
	KUNIT_EXPECT_EQ(test, used, n);
	KUNIT_EXPECT_EQ(test, inuse(test, spc), n);
}

/* Random allocations and frees on all CPUs: contents stay, and the counts are exact. */
static void mcache_random(struct kunit *test)
{
	struct live *live = kunit_kcalloc(test, NR_OBJS, sizeof(*live), GFP_KERNEL);
	unsigned int step, i, bad = 0, cpu = raw_smp_processor_id();
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	util_seed(test, &rnd);
	for (step = 0; step < 40000; step++) {
		struct live *l = &live[util_below(&rnd, NR_OBJS)];

		if (step % 1000 == 0) {
			cpu = cpumask_next(cpu, cpu_online_mask);
			util_pin(test, cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask));
		}
		if (l->obj) {
			bad += !util_filled(l->obj, span(l->obj)->elemsize, l - live);
			bad += util_free(l->obj) != FREE_OK;
			l->obj = NULL;
		} else {
			l->spc = SPC(1 + util_below(&rnd, 40), util_below(&rnd, 2));
			l->obj = alloc(test, l->spc);
			util_fill(l->obj, span(l->obj)->elemsize, l - live);
		}
		if (step % 10000 == 9999) {
			util_heap_flush(test);
			for (i = SPC(1, 0); i <= SPC(40, 1); i++)
				check_spans(test, live, i);
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects not intact, or not freed");
	for (i = 0; i < NR_OBJS; i++)
		if (live[i].obj)
			KUNIT_EXPECT_EQ(test, util_free(live[i].obj), FREE_OK);
}

static struct kunit_case mcache_cases[] = {
	KUNIT_CASE(mcache_windows_in_order),
	KUNIT_CASE(mcache_local_free),
	KUNIT_CASE(mcache_remote_free),
	KUNIT_CASE(mcache_free_outside_window),
	KUNIT_CASE(mcache_double_free),
	KUNIT_CASE(mcache_double_free_bits),
	KUNIT_CASE(mcache_knows_what_is_free),
	KUNIT_CASE(mcache_window_follows),
	KUNIT_CASE(mcache_window_moves_on),
	KUNIT_CASE(mcache_moved_not_fresh),
	KUNIT_CASE(mcache_adopts),
	KUNIT_CASE(mcache_full_spare),
	KUNIT_CASE(mcache_flush_lets_go),
	KUNIT_CASE(mcache_busy),
	KUNIT_CASE(mcache_alloc_from_node),
	KUNIT_CASE(mcache_large_kept),
	KUNIT_CASE(mcache_large_aligned),
	KUNIT_CASE(mcache_nmi),
	KUNIT_CASE(mcache_needzero),
	KUNIT_CASE(mcache_random),
	{}
};

static struct kunit_suite mcache_suite = {
	.name = "goalloc_mcache",
	.init = mcache_test_init,
	.exit = util_heap_exit,
	.test_cases = mcache_cases,
};

kunit_test_suite(mcache_suite);
