// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_malloc: the front door, for every size. */
#include <linux/slab.h>

#include "kunit_util.h"

#define NR_OBJS		64

/* Sizes around every class, every power of two and many page counts. */
static unsigned int edge_sizes(u32 *sizes)
{
	unsigned int sc, n = 0, pages;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		sizes[n++] = goalloc_size_classes[sc].size - 1;
		sizes[n++] = goalloc_size_classes[sc].size;
		sizes[n++] = goalloc_size_classes[sc].size + 1;
	}
	for (pages = 5; pages <= ARENA_PAGES; pages += pages < 40 ? 1 : 59) {
		sizes[n++] = (pages << GOALLOC_PAGE_SHIFT) - 1;
		sizes[n++] = pages << GOALLOC_PAGE_SHIFT;
	}
	sizes[n++] = GOALLOC_MAX_SIZE;
	return n;
}

#define MAX_EDGES	300

static u32 edges[MAX_EDGES];
static unsigned int nr_edges;

static int malloc_suite_init(struct kunit_suite *suite)
{
	nr_edges = edge_sizes(edges);
	return nr_edges <= MAX_EDGES ? 0 : -EINVAL;
}

/* No bytes are no memory: ZERO_SIZE_PTR, which can be freed, as can NULL. */
static void malloc_zero_size(struct kunit *test)
{
	unsigned long reports = debug_bad_frees();

	KUNIT_EXPECT_PTR_EQ(test, goalloc_alloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_zalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_alloc_noscan(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_alloc_node(0, GFP_KERNEL, numa_mem_id()), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_calloc(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_alloc_array(8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	goalloc_free(ZERO_SIZE_PTR);
	goalloc_free(NULL);
	goalloc_free_sensitive(ZERO_SIZE_PTR);
	goalloc_free_sensitive(NULL);
	KUNIT_EXPECT_EQ(test, goalloc_size(NULL), 0);
	KUNIT_EXPECT_EQ(test, goalloc_size(ZERO_SIZE_PTR), 0);
	KUNIT_EXPECT_EQ(test, goalloc_size_roundup(0), 0);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports, "none of these is a mistake");
}

/* What can never be served gets NULL. */
static void malloc_too_large(struct kunit *test)
{
	static const size_t sizes[] = {
		GOALLOC_MAX_SIZE + 1, GOALLOC_MAX_SIZE * 2, SZ_1G, LONG_MAX,
		(size_t)LONG_MAX + 1, SIZE_MAX - PAGE_SIZE, SIZE_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		OPTIMIZER_HIDE_VAR(size);
		KUNIT_EXPECT_NULL(test, goalloc_alloc(size, GFP_KERNEL | __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, goalloc_zalloc(size, GFP_KERNEL | __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_noscan(size, GFP_KERNEL | __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_node(size, GFP_KERNEL | __GFP_NOWARN,
							   numa_mem_id()));
		KUNIT_EXPECT_NULL(test, goalloc_alloc(size, GFP_ATOMIC | __GFP_NOWARN));
		KUNIT_EXPECT_EQ(test, goalloc_size_roundup(size), size);
	}
}

/* An array whose bytes do not fit a size_t is refused, not made short. */
static void malloc_array_overflow(struct kunit *test)
{
	static const size_t n[] = { SIZE_MAX, SIZE_MAX / 2 + 1, 1UL << 33, 1UL << 60, 3 };
	static const size_t size[] = { 2, 2, 1UL << 31, 17, SIZE_MAX / 3 + 1 };
	void *array = goalloc_alloc_array(4, 32, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, array);
	util_fill(array, 128, 1);
	for (i = 0; i < ARRAY_SIZE(n); i++) {
		size_t count = n[i], bytes = size[i];

		OPTIMIZER_HIDE_VAR(count);
		OPTIMIZER_HIDE_VAR(bytes);
		KUNIT_EXPECT_NULL(test, goalloc_alloc_array(count, bytes, GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, goalloc_calloc(count, bytes, GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, goalloc_realloc_array(array, count, bytes, GFP_KERNEL));
	}
	KUNIT_EXPECT_TRUE(test, util_filled(array, 128, 1));
	goalloc_free(array);
}

/* Is @ptr as aligned as kmalloc() would have it? */
static bool aligned(const void *ptr, size_t size)
{
	size_t align = is_power_of_2(size) ? size : ARCH_KMALLOC_MINALIGN;

	return IS_ALIGNED((unsigned long)ptr, max_t(size_t, align, ARCH_KMALLOC_MINALIGN));
}

/* For every small size: alignment, and the usable size is what was foretold. */
static void malloc_every_size(struct kunit *test)
{
	size_t size, bad_align = 0, bad_size = 0;

	for (size = 1; size <= GOALLOC_MAX_SMALL_SIZE; size++) {
		void *obj = goalloc_alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad_align += !aligned(obj, size);
		bad_size += goalloc_size(obj) != goalloc_size_roundup(size);
		bad_size += goalloc_size(obj) < size;
		goalloc_free(obj);
		obj = goalloc_alloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad_align += size >= 16 && !aligned(obj, size);
		bad_size += goalloc_size(obj) < size;
		goalloc_free(obj);
	}
	KUNIT_EXPECT_EQ(test, bad_align, 0);
	KUNIT_EXPECT_EQ(test, bad_size, 0);
}

/* The same for large sizes, up to the largest, with the whole memory written. */
static void malloc_every_page_count(struct kunit *test)
{
	size_t size, bad = 0;

	for (size = GOALLOC_MAX_SMALL_SIZE + 1; size <= GOALLOC_MAX_SIZE;
	     size += size % GOALLOC_PAGE_SIZE ? GOALLOC_PAGE_SIZE - 1 : 1) {
		void *obj = goalloc_alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad += !aligned(obj, size);
		bad += goalloc_size(obj) != goalloc_size_roundup(size);
		bad += goalloc_size(obj) != round_up(size, GOALLOC_PAGE_SIZE);
		goalloc_free(obj);
	}
	for (size = 1; size <= GOALLOC_MAX_SIZE; size *= 2) {
		void *obj = goalloc_alloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad += !aligned(obj, size);
		util_set(obj, 0xff, size);
		goalloc_free(obj);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Objects of every size keep what was written to all of their usable bytes. */
static void malloc_contents(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, 2 * MAX_EDGES, sizeof(*objs), GFP_KERNEL);
	unsigned int i, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < 2 * nr_edges; i++) {
		size_t size = edges[i / 2];

		if (size > SZ_2M)
			continue;
		objs[i] = i % 2 ? goalloc_alloc(size, GFP_KERNEL) :
				  goalloc_alloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		util_fill(objs[i], goalloc_size(objs[i]), i);
	}
	for (i = 0; i < 2 * nr_edges; i++)
		if (objs[i])
			bad += !util_filled(objs[i], goalloc_size(objs[i]), i);
	for (i = 0; i < 2 * nr_edges; i++)
		goalloc_free(objs[i]);
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects that overlap");
}

static void *zeroed(size_t size, unsigned int how)
{
	switch (how % 5) {
	case 0:
		return goalloc_zalloc(size, GFP_KERNEL);
	case 1:
		return goalloc_calloc(1, size, GFP_KERNEL);
	case 2:
		return goalloc_alloc_node(size, GFP_KERNEL | __GFP_ZERO, numa_mem_id());
	case 3:
		return goalloc_alloc_node(size, GFP_KERNEL | __GFP_ZERO | __GFP_THISNODE,
					  util_memory_node());
	default:
		return goalloc_zalloc(size, GFP_ATOMIC);
	}
}

/* Zeroed memory is zero to the last usable byte, however dirty its memory was left. */
static void malloc_zalloc_is_zero(struct kunit *test)
{
	unsigned int i, n, round, bad = 0;
	void *objs[NR_OBJS];

	for (i = 0; i < nr_edges; i++) {
		size_t size = edges[i];

		n = clamp_t(unsigned int, SZ_128K / size, 2, NR_OBJS);
		for (round = 0; round < 2; round++) {
			unsigned int o;

			for (o = 0; o < n; o++) {
				objs[o] = round ? zeroed(size, o) : goalloc_alloc(size, GFP_KERNEL);
				KUNIT_ASSERT_NOT_NULL(test, objs[o]);
				if (round)
					bad += !util_is_zero(objs[o], goalloc_size(objs[o]));
				util_set(objs[o], 0xa5, goalloc_size(objs[o]));
			}
			for (o = 0; o < n; o++)
				goalloc_free(objs[o]);
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* The same for memory without pointers, tiny ones among it. */
static void malloc_zalloc_noscan_is_zero(struct kunit *test)
{
	unsigned int i, bad = 0;
	size_t size;

	for (i = 0; i < 3000; i++) {
		void *obj;

		size = i % 4 ? 1 + i % 15 : edges[i % nr_edges];
		obj = goalloc_zalloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		bad += !util_is_zero(obj, size);
		util_set(obj, 0xa5, goalloc_size(obj));
		goalloc_free(obj);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Objects that may hold pointers and those that hold none never share a span. */
static void malloc_noscan_apart(struct kunit *test)
{
	unsigned int i, bad = 0;

	for (i = 0; i < nr_edges; i++) {
		void *scan = goalloc_alloc(edges[i], GFP_KERNEL);
		void *noscan = goalloc_alloc_noscan(edges[i], GFP_KERNEL);
		struct mspan *s, *n;

		KUNIT_ASSERT_NOT_NULL(test, scan);
		KUNIT_ASSERT_NOT_NULL(test, noscan);
		s = span_of((unsigned long)scan);
		n = span_of((unsigned long)noscan);
		bad += s == n || s->spc == SPC_TINY || s->spc & 1;
		bad += n->spc != SPC_TINY && !(n->spc & 1);
		bad += (edges[i] < 16) != (n->spc == SPC_TINY);
		goalloc_free(scan);
		goalloc_free(noscan);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Are these objects of one size and kind?  They are freed. */
static bool alike(void *known, void *unknown)
{
	struct mspan *s = span_of((unsigned long)known);
	bool same = s && s->spc == span_of((unsigned long)unknown)->spc;

	util_fill(known, s ? s->elemsize : 0, 0xa5);
	goalloc_free(known);
	goalloc_free(unknown);
	return same;
}

/*
 * A size and flags that the compiler knows get what they get otherwise, zeroed if asked
 * for: each second object here was filled and freed by the one before.
 */
static __always_inline void expect_known(struct kunit *test, size_t size)
{
	size_t hidden = size;
	void *zeroed;

	OPTIMIZER_HIDE_VAR(hidden);
	KUNIT_EXPECT_TRUE(test, alike(goalloc_alloc(size, GFP_KERNEL),
				      goalloc_alloc(hidden, GFP_KERNEL)));
	KUNIT_EXPECT_TRUE(test, alike(goalloc_alloc_noscan(size, GFP_KERNEL),
				      goalloc_alloc_noscan(hidden, GFP_KERNEL)));
	zeroed = goalloc_zalloc(size, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, memchr_inv(zeroed, 0, goalloc_size(zeroed)));
	KUNIT_EXPECT_TRUE(test, alike(zeroed, goalloc_zalloc(hidden, GFP_KERNEL)));
	zeroed = goalloc_zalloc_noscan(size, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, memchr_inv(zeroed, 0, goalloc_size(zeroed)));
	KUNIT_EXPECT_TRUE(test, alike(zeroed, goalloc_zalloc_noscan(hidden, GFP_KERNEL)));
}

static void malloc_known_sizes(struct kunit *test)
{
	expect_known(test, 1);
	expect_known(test, 8);
	expect_known(test, 15);
	expect_known(test, 16);
	expect_known(test, 17);
	expect_known(test, 100);
	expect_known(test, 1024);
	expect_known(test, 1025);
	expect_known(test, 16384);
	expect_known(test, 32767);
	expect_known(test, 32768);
	expect_known(test, 32769);
	expect_known(test, SZ_1M);
	KUNIT_EXPECT_NULL(test, goalloc_alloc(64, GFP_DMA | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, goalloc_zalloc(64, GFP_DMA | __GFP_NOWARN));
}

/* Flags that goalloc cannot serve are refused or ignored, as kmalloc() would; the rest work. */
static void malloc_gfp(struct kunit *test)
{
	static const gfp_t good[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_USER,
		GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_COMP, GFP_KERNEL | __GFP_NOFAIL,
		GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_KERNEL | __GFP_DMA32, GFP_KERNEL | __GFP_HIGHMEM, GFP_HIGHUSER_MOVABLE,
	};
	static const size_t sizes[] = { 1, 8, 100, 5000, 32768, 50000, SZ_256K };
	unsigned int i, j;

	for (j = 0; j < ARRAY_SIZE(sizes); j++) {
		for (i = 0; i < ARRAY_SIZE(good); i++) {
			void *obj = goalloc_alloc(sizes[j], good[i]);

			KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "%zu bytes, flags %x", sizes[j],
						  (__force u32)good[i]);
			if (obj)
				util_fill(obj, sizes[j], i);
			goalloc_free(obj);
		}
		KUNIT_EXPECT_NULL(test, goalloc_alloc(sizes[j], GFP_KERNEL | __GFP_DMA));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_noscan(sizes[j], GFP_ATOMIC | __GFP_DMA));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_node(sizes[j], GFP_DMA | __GFP_THISNODE,
							   numa_mem_id()));
	}
}

/* A node that has memory serves; one that there is not gets NULL. */
static void malloc_node(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 5000, 50000, SZ_1M };
	unsigned int i;
	int nid;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *any = goalloc_alloc_node(sizes[i], GFP_KERNEL, NUMA_NO_NODE);

		KUNIT_EXPECT_NOT_NULL(test, any);
		goalloc_free(any);
		for_each_node_state(nid, N_MEMORY) {
			void *obj = goalloc_alloc_node(sizes[i], GFP_KERNEL | __GFP_THISNODE, nid);

			KUNIT_ASSERT_NOT_NULL(test, obj);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(obj)), nid);
			KUNIT_EXPECT_EQ(test, goalloc_size(obj), goalloc_size_roundup(sizes[i]));
			goalloc_free(obj);
		}
		KUNIT_EXPECT_NULL(test, goalloc_alloc_node(sizes[i], GFP_KERNEL, nr_node_ids));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_node(sizes[i], GFP_KERNEL, INT_MAX));
		KUNIT_EXPECT_NULL(test, goalloc_alloc_node(sizes[i], GFP_KERNEL, -2));
	}
}

/* What was sensitive is gone when the free returns, to the last usable byte. */
static void malloc_free_sensitive(struct kunit *test)
{
	unsigned int i, bad = 0, retain = goalloc_scavenge_retain;

	goalloc_scavenge_retain = UINT_MAX;	/* what was freed stays goalloc's */
	for (i = 0; i < nr_edges; i++) {
		/* The neighbour keeps the span, where objects share one. */
		void *neighbour = goalloc_alloc(edges[i], GFP_KERNEL);
		void *obj = goalloc_alloc(edges[i], GFP_KERNEL);
		unsigned long flags;
		size_t usable;

		KUNIT_ASSERT_NOT_NULL(test, neighbour);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		usable = goalloc_size(obj);
		util_set(obj, 0x5a, usable);
		util_set(neighbour, 0xc3, edges[i]);
		local_irq_save(flags);
		goalloc_free_sensitive(obj);
		bad += !util_is_zero(obj, usable);
		local_irq_restore(flags);
		bad += !util_is(neighbour, 0xc3, edges[i]);
		goalloc_free_sensitive(neighbour);
	}
	goalloc_scavenge_retain = retain;
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case malloc_cases[] = {
	KUNIT_CASE(malloc_zero_size),
	KUNIT_CASE(malloc_too_large),
	KUNIT_CASE(malloc_array_overflow),
	KUNIT_CASE(malloc_every_size),
	KUNIT_CASE(malloc_every_page_count),
	KUNIT_CASE(malloc_contents),
	KUNIT_CASE(malloc_zalloc_is_zero),
	KUNIT_CASE(malloc_zalloc_noscan_is_zero),
	KUNIT_CASE(malloc_noscan_apart),
	KUNIT_CASE(malloc_known_sizes),
	KUNIT_CASE(malloc_gfp),
	KUNIT_CASE(malloc_node),
	KUNIT_CASE(malloc_free_sensitive),
	{}
};

static struct kunit_suite malloc_suite = {
	.name = "goalloc_malloc",
	.suite_init = malloc_suite_init,
	.test_cases = malloc_cases,
};

kunit_test_suite(malloc_suite);
