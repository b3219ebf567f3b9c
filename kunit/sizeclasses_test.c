// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_sizeclasses: the generated tables against Go's and against arithmetic. */
#include <linux/log2.h>

#include "kunit_util.h"

/* class_to_size of Go's runtime/sizeclasses.go. */
static const u32 go_size[] = {
	0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288,
	320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536,
	1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192,
	9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576,
	27264, 28672, 32768,
};

/* class_to_allocnpages of the same. */
static const u8 go_pages[] = {
	0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3, 2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2,
	9, 7, 5, 8, 3, 10, 7, 4,
};

/* The classes are Go's: sizes and pages a span. */
static void sizeclasses_are_gos(struct kunit *test)
{
	unsigned int sc;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(go_size), GOALLOC_NUM_SIZE_CLASSES);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(go_pages), GOALLOC_NUM_SIZE_CLASSES);
	for (sc = 0; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		KUNIT_EXPECT_EQ(test, goalloc_size_classes[sc].size, go_size[sc]);
		KUNIT_EXPECT_EQ(test, goalloc_size_classes[sc].npages, go_pages[sc]);
	}
}

/* A span is cut into as many objects as fit; at most an eighth of it is lost behind them. */
static void sizeclasses_fill_spans(struct kunit *test)
{
	unsigned int sc;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *c = &goalloc_size_classes[sc];
		unsigned int bytes = c->npages << GOALLOC_PAGE_SHIFT;

		KUNIT_EXPECT_EQ(test, c->nelems, bytes / c->size);
		KUNIT_EXPECT_LE(test, bytes - c->nelems * c->size, bytes / 8);
		KUNIT_EXPECT_GT(test, c->size, c[-1].size);
		KUNIT_EXPECT_EQ(test, c->size % GOALLOC_SMALL_SIZE_DIV, 0);
	}
}

/* The shared maps that spans have room for hold all objects of every class. */
static void sizeclasses_fit_span_maps(struct kunit *test)
{
	unsigned int sc, words;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *c = &goalloc_size_classes[sc];

		words = class_has_many(c) ? MSPAN_WORDS_MANY : MSPAN_WORDS_FEW;
		KUNIT_EXPECT_LE(test, BITS_TO_LONGS(c->nelems), words);
	}
}

/* Every size gets the smallest class that holds it. */
static void sizeclasses_lookup(struct kunit *test)
{
	unsigned int size, sc = 1, bad = 0;

	for (size = 1; size <= GOALLOC_MAX_SMALL_SIZE; size++) {
		if (size > goalloc_size_classes[sc].size)
			sc++;
		bad += goalloc_size_class(size) != sc;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, sc, GOALLOC_NUM_SIZE_CLASSES - 1);
}

/* The multiplication gives the object's index for every offset of every span. */
static void sizeclasses_div_mul(struct kunit *test)
{
	unsigned int sc;

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *c = &goalloc_size_classes[sc];
		unsigned long off, bad = 0;

		for (off = 0; off < c->npages << GOALLOC_PAGE_SHIFT; off++)
			bad += (off * c->div_mul) >> 32 != off / c->size;
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "class %u of %u bytes", sc, c->size);
	}
}

/* Powers of two are classes of their own, and a span's alignment gives them theirs. */
static void sizeclasses_align(struct kunit *test)
{
	unsigned int size, sc;

	for (size = GOALLOC_SMALL_SIZE_DIV; size <= GOALLOC_MAX_SMALL_SIZE; size *= 2)
		KUNIT_EXPECT_EQ(test, goalloc_size_classes[goalloc_size_class(size)].size, size);
	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc++) {
		const struct goalloc_size_class *c = &goalloc_size_classes[sc];

		KUNIT_EXPECT_TRUE(test, is_power_of_2(c->align_pages));
		if (is_power_of_2(c->size))
			KUNIT_EXPECT_EQ(test, (c->align_pages << GOALLOC_PAGE_SHIFT) % c->size, 0);
		else
			KUNIT_EXPECT_EQ(test, c->align_pages, 1);
	}
}

static struct kunit_case sizeclasses_cases[] = {
	KUNIT_CASE(sizeclasses_are_gos),
	KUNIT_CASE(sizeclasses_fill_spans),
	KUNIT_CASE(sizeclasses_fit_span_maps),
	KUNIT_CASE(sizeclasses_lookup),
	KUNIT_CASE(sizeclasses_div_mul),
	KUNIT_CASE(sizeclasses_align),
	{}
};

static struct kunit_suite sizeclasses_suite = {
	.name = "goalloc_sizeclasses",
	.test_cases = sizeclasses_cases,
};

kunit_test_suite(sizeclasses_suite);
