/* SPDX-License-Identifier: GPL-2.0 */
/* What the two suites of the mcache share: where an object lies, and what a slot promises. */
#ifndef _GOALLOC_MCACHE_TEST_H
#define _GOALLOC_MCACHE_TEST_H

#include "kunit_util.h"
#include "../goalloc/spare.h"

#define SPC_8		SPC(1, 0)	/* 1024 objects a span: sixteen windows */
#define SPC_128		SPC(10, 0)	/* 64 objects a span: one window */

static inline int mcache_test_init(struct kunit *test)
{
	util_pin(test, cpumask_first(cpu_online_mask));
	return util_heap_init(test);
}

static inline void *alloc(struct kunit *test, unsigned int spc)
{
	void *obj = mcache_alloc(util_heap(test), spc, GFP_KERNEL, NULL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static inline struct mspan *span(void *obj)
{
	return span_of((unsigned long)obj);
}

static inline unsigned int index_of(void *obj)
{
	unsigned int index = 0;

	mspan_index(span(obj), (unsigned long)obj, &index);
	return index;
}

/* Where an object lies free, if it does. */
static inline bool in_map(void *obj)
{
	return test_bit(index_of(obj), span(obj)->free_bits);
}

static inline bool in_slot(struct kunit *test, void *obj)
{
	struct mcache_slot *slot = util_slot(util_heap(test), span(obj)->spc);

	return slot->word == &span(obj)->free_bits[index_of(obj) / BITS_PER_LONG] &&
	       slot->free & BIT(index_of(obj) % BITS_PER_LONG);
}

/* A slot's span is owned and says so; what is in the window is not in the map. */
static inline void check_slot(struct kunit *test, unsigned int spc)
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

static inline unsigned long inuse(struct kunit *test, unsigned int spc)
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

static inline void remote_free_fn(void *arg)
{
	struct remote_free *r = arg;

	r->res = util_free(r->obj);
}

static inline enum free_result free_on(struct kunit *test, unsigned int cpu, void *obj)
{
	struct remote_free r = { .obj = obj };

	util_call_on(test, cpu, remote_free_fn, &r);
	return r.res;
}

/* Allocate @n objects, in order, into a new array. */
static inline void **alloc_many(struct kunit *test, unsigned int spc, unsigned int n)
{
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++)
		objs[i] = alloc(test, spc);
	return objs;
}

/* Free what is not free yet of @n objects. */
static inline void free_rest(struct kunit *test, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!mcache_is_free(span(objs[i]), index_of(objs[i])))
			KUNIT_EXPECT_EQ(test, util_free(objs[i]), FREE_OK);
}

/* Leave a slot without spares. */
static inline void let_go_spares(struct mcache_slot *slot)
{
	struct mspan *s;

	while ((s = spare_pop(slot)))
		mcentral_let_go(s);
}

#endif /* _GOALLOC_MCACHE_TEST_H */
