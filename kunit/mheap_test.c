// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mheap: spans, the map from address to span, and the states of pages. */
#include <linux/vmalloc.h>

#include "kunit_util.h"

#define NR_SPANS	300

static struct mspan *make(struct kunit *test, unsigned int spc, unsigned int npages,
			  unsigned int align)
{
	struct mcentral *c = heap_central(util_heap(test), util_memory_node(), spc);
	struct mspan *s = mheap_alloc(c, npages, align, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	atomic_long_add(s->npages, &c->heap->pages);	/* as mcentral does */
	return s;
}

static void unmake(struct mspan *s)
{
	WRITE_ONCE(s->state, MSPAN_DEAD);
	mheap_free(s);
}

static unsigned long end_of(const struct mspan *s)
{
	return s->base + ((unsigned long)s->npages << GOALLOC_PAGE_SHIFT);
}

/* Every byte of a span finds the span; the bytes before and behind it do not. */
static void mheap_every_byte(struct kunit *test)
{
	static const unsigned int pages[] = { 1, 2, 3, 10 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		struct mspan *s = make(test, SPC_LARGE, pages[i], 1);
		unsigned long addr, bad = 0;

		for (addr = s->base; addr < end_of(s); addr++)
			bad += span_of(addr) != s;
		KUNIT_EXPECT_EQ(test, bad, 0);
		KUNIT_EXPECT_PTR_NE(test, span_of(s->base - 1), s);
		KUNIT_EXPECT_PTR_NE(test, span_of(end_of(s)), s);
		unmake(s);
	}
}

/* Every byte of an object has its index; only the first is accepted as the object. */
static void mheap_every_index(struct kunit *test)
{
	unsigned int sc;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *c = &goalloc_size_classes[sc];
		struct mspan *s = make(test, SPC(sc, 1), c->npages, c->align_pages);
		unsigned long off, bad = 0;
		unsigned int index;

		for (off = 0; off < end_of(s) - s->base; off++) {
			bool first = off % c->size == 0 && off / c->size < c->nelems;

			bad += mspan_index(s, s->base + off, &index) != first;
			bad += index != off / c->size;
		}
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "class %u of %u bytes", sc, c->size);
		unmake(s);
	}
}

/* The same for large objects, which are one object of any number of pages. */
static void mheap_large_index(struct kunit *test)
{
	unsigned int npages, index, accepted = 0, wrong = 0;

	for (npages = 5; npages <= ARENA_PAGES; npages++) {
		struct mspan *s = make(test, SPC_LARGE, npages, 1);

		KUNIT_EXPECT_EQ(test, s->nelems, 1);
		KUNIT_EXPECT_TRUE(test, mspan_index(s, s->base, &index));
		KUNIT_EXPECT_EQ(test, index, 0);
		accepted += mspan_index(s, s->base + 1, &index);
		wrong += index;
		accepted += mspan_index(s, s->base + GOALLOC_PAGE_SIZE, &index);
		wrong += index;
		accepted += mspan_index(s, end_of(s) - 1, &index);
		wrong += index;
		unmake(s);
	}
	KUNIT_EXPECT_EQ_MSG(test, accepted, 0, "addresses inside taken for objects");
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "addresses inside said to be behind the object");
}

/* Addresses that are not goalloc's are nobody's, and looking costs nothing. */
static void mheap_foreign_addresses(struct kunit *test)
{
	void *slab = kunit_kmalloc(test, 64, GFP_KERNEL), *virt = vmalloc(64);
	unsigned long addrs[] = {
		0, 1, PAGE_SIZE, SZ_1G, TASK_SIZE_MAX - 1, 1UL << 63, arena_base - 1,
		arena_base + (arena_map_size() << ARENA_SHIFT) - 1,
		arena_base + (arena_map_size() << ARENA_SHIFT), ~0UL, -EINVAL,
		(unsigned long)slab, (unsigned long)virt, (unsigned long)&addrs,
		(unsigned long)mheap_foreign_addresses,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addrs); i++)
		KUNIT_EXPECT_NULL_MSG(test, span_of(addrs[i]), "address %lx", addrs[i]);
	KUNIT_EXPECT_NULL(test, arena_of(0));
	KUNIT_EXPECT_NULL(test, arena_of(arena_base - 1));
	KUNIT_EXPECT_NULL(test, arena_of(~0UL));
	vfree(virt);
}

/* A retired span is found nowhere and refuses every index to who still looks at it. */
static void mheap_retired(struct kunit *test)
{
	struct mspan *s = make(test, SPC(10, 0), 1, 1);
	unsigned long base = s->base;
	unsigned int index;

	unmake(s);
	KUNIT_EXPECT_NULL(test, span_of(base));
	KUNIT_EXPECT_NOT_NULL_MSG(test, arena_of(base), "the arena stays");
	KUNIT_EXPECT_FALSE(test, mspan_index(s, base, &index));
	KUNIT_EXPECT_EQ(test, s->state, MSPAN_DEAD);
}

/* Structs come in two sizes, and one never becomes the other. */
static void mheap_struct_sizes(struct kunit *test)
{
	struct mspan *few, *many, *few_again, *many_again;

	few = make(test, SPC(67, 0), 4, 1);
	many = make(test, SPC(1, 0), 1, 1);
	unmake(few);
	unmake(many);
	few_again = make(test, SPC(4, 0), 1, 1);
	many_again = make(test, SPC(2, 1), 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, few_again, few);
	KUNIT_EXPECT_PTR_EQ(test, many_again, many);
	KUNIT_EXPECT_EQ(test, mspan_count_free(few_again), 256);
	KUNIT_EXPECT_EQ(test, mspan_count_free(many_again), 512);
	unmake(few_again);
	unmake(many_again);
}

/* The arena of an address is the 4-MiB window that it lies in. */
static void mheap_arena_of(struct kunit *test)
{
	struct mspan *s = make(test, SPC_LARGE, 8, 1);
	struct arena *a = arena_of(s->base);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(a->base - arena_base, ARENA_SIZE));
	KUNIT_EXPECT_EQ(test, a->base, s->base & ~(ARENA_SIZE - 1));
	KUNIT_EXPECT_PTR_EQ(test, arena_of(end_of(s) - 1), a);
	KUNIT_EXPECT_PTR_EQ(test, arena_create(s->base, NULL, GFP_KERNEL), a);
	KUNIT_EXPECT_EQ(test, arena_page(s->base), (s->base - a->base) >> GOALLOC_PAGE_SHIFT);
	unmake(s);
}

/* Spans that the walk finds in address order, each once; those of this heap only. */
static unsigned int walk(struct kunit *test)
{
	unsigned long pageno = 0, last = 0;
	unsigned int n = 0;
	struct mspan *s;

	while ((s = arena_next_span(&pageno))) {
		KUNIT_EXPECT_GT(test, s->base, last);
		last = end_of(s) - 1;
		n += mspan_cache(s) == util_heap(test)->cache;
	}
	return n;
}

/* The walks see all arenas and all spans, each once, in address order. */
static void mheap_walks(struct kunit *test)
{
	unsigned long index = 0, last = 0;
	unsigned int i, pages = 0;
	struct mspan *spans[40];
	struct mem_counts m;
	struct arena *a;

	for (i = 0; i < ARRAY_SIZE(spans); i++)
		spans[i] = make(test, SPC_LARGE, 1 + i % 30, 1);
	KUNIT_EXPECT_EQ(test, walk(test), ARRAY_SIZE(spans));
	for (i = 0; i < ARRAY_SIZE(spans); i += 2)
		unmake(spans[i]);
	KUNIT_EXPECT_EQ(test, walk(test), ARRAY_SIZE(spans) / 2);

	while ((a = arena_next(&index))) {
		KUNIT_EXPECT_GT(test, a->base, last);
		KUNIT_EXPECT_PTR_EQ(test, arena_of(a->base), a);
		last = a->base;
		pages += ARENA_PAGES;
	}
	mem_get_counts(&m);
	KUNIT_EXPECT_EQ(test, m.reserved + m.prepared + m.ready, pages);
	for (i = 1; i < ARRAY_SIZE(spans); i += 2)
		unmake(spans[i]);
	KUNIT_EXPECT_EQ(test, walk(test), 0);
}

/* Pages that the arenas say are there are those that were drawn and not given back. */
static void check_states(struct kunit *test, unsigned long ready)
{
	unsigned long index = 0, present = 0;
	struct mem_counts m;
	struct arena *a;

	mem_get_counts(&m);
	while ((a = arena_next(&index)))
		present += bitmap_weight(a->present, ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, m.ready, ready);
	KUNIT_EXPECT_EQ(test, m.drawn - m.returned, m.prepared + m.ready);
	KUNIT_EXPECT_EQ(test, present, m.prepared + m.ready);
}

/* Pages are in exactly one state at any time, and the sums say so. */
static void mheap_states(struct kunit *test)
{
	struct mspan **spans = kunit_kcalloc(test, NR_SPANS, sizeof(*spans), GFP_KERNEL);
	unsigned long ready;
	unsigned int step, i;
	struct mem_counts m;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, spans);
	util_seed(test, &rnd);
	scavenge_all();
	mem_get_counts(&m);
	ready = m.ready;
	for (step = 0; step < 3000; step++) {
		struct mspan **s = &spans[util_below(&rnd, NR_SPANS)];

		if (*s) {
			ready -= (*s)->npages;
			unmake(*s);
			*s = NULL;
		} else {
			unsigned int most = 1 << util_below(&rnd, 7);

			*s = make(test, SPC_LARGE, 1 + util_below(&rnd, most), 1);
			ready += (*s)->npages;
		}
		if (step % 100 == 99) {
			scavenge_all();
			check_states(test, ready);
		}
	}
	for (i = 0; i < NR_SPANS; i++) {
		if (!spans[i])
			continue;
		ready -= spans[i]->npages;
		unmake(spans[i]);
	}
	scavenge_all();
	check_states(test, ready);
	mem_get_counts(&m);
	KUNIT_EXPECT_EQ(test, m.prepared, 0);
	KUNIT_EXPECT_EQ(test, m.lost_refs, 0);
}

static struct kunit_case mheap_cases[] = {
	KUNIT_CASE(mheap_every_byte),
	KUNIT_CASE(mheap_every_index),
	KUNIT_CASE(mheap_large_index),
	KUNIT_CASE(mheap_foreign_addresses),
	KUNIT_CASE(mheap_retired),
	KUNIT_CASE(mheap_struct_sizes),
	KUNIT_CASE(mheap_arena_of),
	KUNIT_CASE(mheap_walks),
	KUNIT_CASE(mheap_states),
	{}
};

static struct kunit_suite mheap_suite = {
	.name = "goalloc_mheap",
	.init = util_heap_init,
	.exit = util_heap_exit,
	.test_cases = mheap_cases,
};

kunit_test_suite(mheap_suite);
