// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_fixalloc: metadata that is type-stable, counted and handed out once. */
#include <linux/sort.h>

#include "kunit_util.h"

#define NR_OBJECTS	1000
#define OBJECT_SIZE	96

struct object {
	void *link;		/* fixalloc's while the object is free */
	u32 key;
	u8 contents[];
};

#define CONTENTS	(OBJECT_SIZE - sizeof(struct object))

static void **alloc_all(struct kunit *test, struct fixalloc *f, unsigned int n)
{
	void **objs = kunit_kcalloc(test, n, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < n; i++) {
		objs[i] = fixalloc_alloc(f, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	return objs;
}

static void free_all(struct fixalloc *f, void **objs, unsigned int n)
{
	while (n--)
		fixalloc_free(f, objs[n]);
}

static unsigned long listed(struct fixalloc *f)
{
	unsigned long n = 0;
	void *obj;

	for (obj = f->list; obj; obj = *(void **)obj)
		n++;
	return n;
}

/* Every object of every chunk is in use, on the list or not yet handed out. */
static void check_counts(struct kunit *test, struct fixalloc *f, unsigned long inuse)
{
	unsigned long per_chunk = (FIXALLOC_CHUNK_SIZE - f->size) / f->size;

	KUNIT_EXPECT_EQ(test, f->inuse, inuse);
	KUNIT_EXPECT_EQ(test, f->inuse + listed(f) + f->nbump, f->nchunks * per_chunk);
}

/* Objects are zero when they are handed out first, whatever was in their chunk before. */
static void fixalloc_fresh_is_zero(struct kunit *test)
{
	unsigned int i, n, bad = 0;
	struct fixalloc f;
	void **objs;

	fixalloc_init(&f, OBJECT_SIZE, MEM_OTHER);
	objs = alloc_all(test, &f, 1);
	n = f.nbump;
	KUNIT_EXPECT_GT(test, n, 0);
	memset(f.bump, 0xff, n * OBJECT_SIZE);
	fixalloc_free(&f, objs[0]);
	objs = alloc_all(test, &f, 1 + n);
	for (i = 1; i <= n; i++)
		bad += !util_is_zero(objs[i], OBJECT_SIZE);
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ_MSG(test, f.nchunks, 1, "not of the chunk that was soiled");
	free_all(&f, objs, 1 + n);
	fixalloc_destroy(&f);
}

/* A freed object keeps everything but its first word until it is handed out again. */
static void fixalloc_type_stable(struct kunit *test)
{
	unsigned int i, bad = 0;
	struct fixalloc f;
	unsigned long chunks;
	struct object *o;
	void **objs;

	fixalloc_init(&f, OBJECT_SIZE, MEM_OTHER);
	objs = alloc_all(test, &f, NR_OBJECTS);
	chunks = f.nchunks;
	for (i = 0; i < NR_OBJECTS; i++) {
		o = objs[i];
		o->key = i;
		util_fill(o->contents, CONTENTS, i);
	}
	free_all(&f, objs, NR_OBJECTS);
	for (i = 0; i < NR_OBJECTS; i++) {
		o = objs[i];
		bad += o->key != i || !util_filled(o->contents, CONTENTS, i);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "freed objects lost their contents");

	objs = alloc_all(test, &f, NR_OBJECTS);
	for (i = 0; i < NR_OBJECTS; i++) {
		o = objs[i];
		bad += o->key >= NR_OBJECTS || !util_filled(o->contents, CONTENTS, o->key);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "objects were handed out with other contents");
	KUNIT_EXPECT_EQ_MSG(test, f.nchunks, chunks, "freed objects were not used again");
	free_all(&f, objs, NR_OBJECTS);
	fixalloc_destroy(&f);
}

static int by_address(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static const size_t sizes[] = { 8, 16, 24, 96, 128, 256, 1024, 1032, 2048, 4096 };

static void size_desc(const size_t *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu bytes", *size);
}

KUNIT_ARRAY_PARAM(fixalloc_size, sizes, size_desc);

/* Objects of any size do not overlap, and those of a power of two are aligned to it. */
static void fixalloc_disjoint(struct kunit *test)
{
	size_t size = *(const size_t *)test->param_value;
	unsigned int i, n = 3 * FIXALLOC_CHUNK_SIZE / size, bad = 0;
	struct fixalloc f;
	void **objs;

	fixalloc_init(&f, size, MEM_OTHER);
	objs = alloc_all(test, &f, n);
	for (i = 0; i < n; i++)
		util_fill(objs[i], size, i);
	for (i = 0; i < n; i++) {
		bad += !util_filled(objs[i], size, i);
		bad += is_power_of_2(size) && !IS_ALIGNED((unsigned long)objs[i], size);
	}
	sort(objs, n, sizeof(*objs), by_address, NULL);
	for (i = 1; i < n; i++)
		bad += objs[i] < objs[i - 1] + size;
	KUNIT_EXPECT_EQ(test, bad, 0);
	check_counts(test, &f, n);
	free_all(&f, objs, n);
	fixalloc_destroy(&f);
}

/* The counts hold after every step of a random walk. */
static void fixalloc_counts_random(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJECTS, sizeof(*objs), GFP_KERNEL);
	unsigned int step, n = 0;
	struct rnd_state rnd;
	struct fixalloc f;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	fixalloc_init(&f, OBJECT_SIZE, MEM_OTHER);
	for (step = 0; step < 4000; step++) {
		if (n && (n == NR_OBJECTS || util_below(&rnd, 5) < 2)) {
			unsigned int victim = util_below(&rnd, n);

			fixalloc_free(&f, objs[victim]);
			objs[victim] = objs[--n];
		} else {
			objs[n] = fixalloc_alloc(&f, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[n]);
			n++;
		}
		if (step % 16 == 0)
			check_counts(test, &f, n);
	}
	check_counts(test, &f, n);
	free_all(&f, objs, n);
	check_counts(test, &f, 0);
	fixalloc_destroy(&f);
}

/* The memory is counted under its kind while it is held, and all goes back. */
static void fixalloc_destroy_gives_back(struct kunit *test)
{
	struct mem_counts before, during, after;
	struct fixalloc f;
	void **objs;

	fixalloc_init(&f, OBJECT_SIZE, MEM_OTHER);
	mem_get_counts(&before);
	objs = alloc_all(test, &f, NR_OBJECTS);
	mem_get_counts(&during);
	KUNIT_EXPECT_EQ(test, during.meta[MEM_OTHER] - before.meta[MEM_OTHER],
			f.nchunks * FIXALLOC_CHUNK_SIZE);
	free_all(&f, objs, NR_OBJECTS);
	mem_get_counts(&after);
	KUNIT_EXPECT_EQ_MSG(test, after.meta[MEM_OTHER], during.meta[MEM_OTHER],
			    "chunks went back before the end");
	fixalloc_destroy(&f);
	mem_get_counts(&after);
	KUNIT_EXPECT_EQ(test, after.meta[MEM_OTHER], before.meta[MEM_OTHER]);
}

struct race {
	struct fixalloc f;
	unsigned int steps;
	atomic_t bad;
};

/* Each CPU holds a few objects at a time and knows them by their contents. */
static void race_on_cpu(unsigned int cpu, void *arg)
{
	struct race *r = arg;
	struct object *held[8] = {};
	unsigned int i;

	for (i = 0; i < r->steps; i++) {
		struct object **o = &held[i % ARRAY_SIZE(held)];

		if (*o && !util_filled((*o)->contents, CONTENTS, (*o)->key))
			atomic_inc(&r->bad);
		if (*o)
			fixalloc_free(&r->f, *o);
		*o = fixalloc_alloc(&r->f, GFP_KERNEL);
		if (!*o) {
			atomic_inc(&r->bad);
			continue;
		}
		(*o)->key = cpu << 16 | i;
		util_fill((*o)->contents, CONTENTS, (*o)->key);
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i])
			fixalloc_free(&r->f, held[i]);
}

static void race(struct kunit *test, size_t size, unsigned int steps)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	fixalloc_init(&r->f, size, MEM_OTHER);
	r->steps = steps;
	util_run_on_all(test, race_on_cpu, r);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->bad), 0);
	check_counts(test, &r->f, 0);
	fixalloc_destroy(&r->f);
	kunit_kfree(test, r);
}

/* CPUs that race for objects never get the same one, and lose none. */
static void fixalloc_race(struct kunit *test)
{
	race(test, OBJECT_SIZE, 8000);
}

/* Nor do they lose any when they all draw a chunk at once, of two objects each. */
static void fixalloc_race_for_chunks(struct kunit *test)
{
	unsigned int round;

	for (round = 0; round < 100; round++)
		race(test, FIXALLOC_CHUNK_SIZE / 3 / 8 * 8, 16);
}

static struct kunit_case fixalloc_cases[] = {
	KUNIT_CASE(fixalloc_fresh_is_zero),
	KUNIT_CASE(fixalloc_type_stable),
	KUNIT_CASE_PARAM(fixalloc_disjoint, fixalloc_size_gen_params),
	KUNIT_CASE(fixalloc_counts_random),
	KUNIT_CASE(fixalloc_destroy_gives_back),
	KUNIT_CASE(fixalloc_race),
	KUNIT_CASE(fixalloc_race_for_chunks),
	{}
};

static struct kunit_suite fixalloc_suite = {
	.name = "goalloc_fixalloc",
	.test_cases = fixalloc_cases,
};

kunit_test_suite(fixalloc_suite);
