// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_limit: memory_limit holds, who is let through, and what clients are told. */
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>

#include "kunit_util.h"

#define ROOM		SZ_4M		/* under the limit, for the cases */
#define OBJ		SZ_64K
#define OBJS_MAX	(2 * ROOM / OBJ)
#define POLL_MS		10
#define POLLS		3000	/* a turn may be due only 20 s after the case before */

static unsigned long base;		/* bytes that count when a case begins */
static struct limit_stats at_first;
static unsigned int saved_interval, saved_retain;

static struct limit_stats now(void)
{
	struct limit_stats st;

	limit_get_stats(&st);
	return st;
}

/* Crossings without their ends: what one case leaves would be no crossing in the next. */
static atomic_t open_crossings;

static int heard(struct notifier_block *nb, unsigned long event, void *data)
{
	atomic_add(event == GOALLOC_LIMIT_CROSSED ? 1 : -1, &open_crossings);
	return NOTIFY_OK;
}

static struct notifier_block listener = { .notifier_call = heard };

static int limit_test_init(struct kunit *test)
{
	atomic_set(&open_crossings, 0);
	KUNIT_ASSERT_EQ(test, goalloc_register_limit_notifier(&listener), 0);
	saved_interval = goalloc_scavenge_interval;
	saved_retain = goalloc_scavenge_retain;
	util_settled(NULL, NULL);
	at_first = now();
	base = at_first.held;
	return 0;
}

static void limit_test_exit(struct kunit *test)
{
	unsigned int i;

	goalloc_scavenge_interval = saved_interval;
	goalloc_scavenge_retain = saved_retain;
	KUNIT_EXPECT_EQ(test, limit_set(0), 0);
	for (i = 0; i < POLLS && atomic_read(&open_crossings); i++)
		msleep(POLL_MS);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&open_crossings), 0, "the end is told of");
	KUNIT_EXPECT_EQ(test, goalloc_unregister_limit_notifier(&listener), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

static void **objs_new(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, OBJS_MAX, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	return objs;
}

/* Allocate until there is NULL.  Return: how many; after each the limit held. */
static unsigned int fill(struct kunit *test, void **objs, gfp_t gfp, unsigned long limit)
{
	unsigned int n = 0, above = 0;

	while (n < OBJS_MAX && (objs[n] = goalloc_alloc(OBJ, gfp))) {
		above += now().held > limit;
		n++;
	}
	KUNIT_EXPECT_LT_MSG(test, n, OBJS_MAX, "nothing was refused");
	KUNIT_EXPECT_EQ_MSG(test, above, 0, "more is held than the limit allows");
	return n;
}

static void free_objs(void **objs, unsigned int n)
{
	while (n--)
		goalloc_free(objs[n]);
}

/* --------------------------------------------------------------- a client */

struct client {
	struct notifier_block nb;
	struct mutex lock;		/* objs */
	void **objs;
	unsigned int n;
	atomic_t crossed, below, odd;
	unsigned long over;
	bool allocates;
};

/* What a callback allocates it does not wait for: only it can make room. */
static void allocate_meanwhile(struct client *c)
{
	unsigned int i, slow = 0;

	for (i = 0; i < 3; i++) {
		unsigned long start = jiffies;

		goalloc_free(goalloc_alloc(ROOM, GFP_KERNEL));
		slow += time_after_eq(jiffies, start + HZ / 10);
	}
	atomic_add(slow == 3, &c->odd);
}

static int client_told(struct notifier_block *nb, unsigned long event, void *data)
{
	struct client *c = container_of(nb, struct client, nb);
	struct goalloc_limit_info *info = data;

	mutex_lock(&c->lock);
	if (event == GOALLOC_LIMIT_CROSSED) {
		atomic_add(!info->over || info->limit != now().limit, &c->odd);
		c->over = info->over;
		if (c->allocates)
			allocate_meanwhile(c);
		free_objs(c->objs, c->n);
		c->n = 0;
		atomic_inc(&c->crossed);
	} else {
		atomic_add(event != GOALLOC_LIMIT_BELOW || info->over, &c->odd);
		atomic_inc(&c->below);
	}
	mutex_unlock(&c->lock);
	return NOTIFY_OK;
}

static struct client *client_new(struct kunit *test)
{
	struct client *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	mutex_init(&c->lock);
	c->nb.notifier_call = client_told;
	c->objs = objs_new(test);
	KUNIT_ASSERT_EQ(test, goalloc_register_limit_notifier(&c->nb), 0);
	return c;
}

static void client_gone(struct kunit *test, struct client *c)
{
	KUNIT_EXPECT_EQ(test, goalloc_unregister_limit_notifier(&c->nb), 0);
	KUNIT_EXPECT_EQ(test, goalloc_unregister_limit_notifier(&c->nb), -ENOENT);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&c->odd), 0, "odd calls");
	free_objs(c->objs, c->n);
}

/* Wait until a counter is there, and a little, to see whether it goes beyond. */
static int await(atomic_t *counter, int value)
{
	unsigned int i;

	for (i = 0; i < POLLS && atomic_read(counter) < value; i++)
		msleep(POLL_MS);
	msleep(3 * POLL_MS);
	return atomic_read(counter);
}

/* So many crossings since the case began; one may be a moment late. */
static unsigned long crossings(unsigned long want)
{
	unsigned int i;

	for (i = 0; i < POLLS && now().crossed - at_first.crossed < want; i++)
		msleep(POLL_MS);
	return now().crossed - at_first.crossed;
}

/* ------------------------------------------------------------------ cases */

/* Below the limit nothing happens. */
static void limit_not_met(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_64M), 0);
	util_check_allocator(test, 1000);
	KUNIT_EXPECT_EQ(test, now().limit, base + SZ_64M);
	KUNIT_EXPECT_EQ(test, now().crossed, at_first.crossed);
	KUNIT_EXPECT_EQ(test, now().refused, at_first.refused);
	KUNIT_EXPECT_EQ(test, now().passed, at_first.passed);
}

/* What may fail fails at the limit, to the last page; what is freed serves again. */
static void limit_is_met(struct kunit *test)
{
	unsigned long limit = base + ROOM;
	void **objs = objs_new(test), *obj;
	unsigned int n;

	KUNIT_EXPECT_EQ(test, limit_set(limit), 0);
	n = fill(test, objs, GFP_KERNEL, limit);
	KUNIT_EXPECT_GT_MSG(test, now().held, limit - OBJ, "there was room for another");
	KUNIT_EXPECT_EQ(test, crossings(1), 1);
	KUNIT_EXPECT_GT(test, now().refused, at_first.refused);
	KUNIT_EXPECT_EQ(test, now().passed, at_first.passed);
	KUNIT_EXPECT_NULL(test, goalloc_alloc(OBJ, GFP_NOWAIT));
	goalloc_free(objs[--n]);	/* one is for metadata, if these pages go back first */
	goalloc_free(objs[--n]);
	obj = goalloc_alloc(OBJ, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "what was freed serves again");
	goalloc_free(obj);
	free_objs(objs, n);
	obj = goalloc_alloc(ROOM / 2, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "in another size too");
	goalloc_free(obj);
}

/* Without a limit, or with a higher one, service comes back at once. */
static void limit_raised(struct kunit *test)
{
	void **objs = objs_new(test), *obj;
	unsigned int n;

	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM), 0);
	n = fill(test, objs, GFP_KERNEL, base + ROOM);
	KUNIT_EXPECT_EQ(test, limit_set(base + 2 * ROOM), 0);
	obj = goalloc_alloc(OBJ, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, limit_set(0), 0);
	obj = goalloc_alloc(SZ_4M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	goalloc_free(obj);
	free_objs(objs, n);
}

struct contest {
	atomic_t won;
	atomic_t above;
	unsigned long limit;
};

static void contend(unsigned int cpu, void *arg)
{
	struct contest *c = arg;

	while (atomic_read(&c->won) < 2 * (SZ_1G / GOALLOC_PAGE_SIZE) &&
	       limit_try(GOALLOC_PAGE_SIZE)) {
		atomic_inc(&c->won);
		atomic_add(now().held > c->limit, &c->above);
	}
}

/* CPUs that come at once do not pass the limit together, nor leave a page unused. */
static void limit_is_exact(struct kunit *test)
{
	struct contest c = { .limit = base + SZ_1G };

	KUNIT_EXPECT_EQ(test, limit_set(c.limit), 0);
	util_run_on_all(test, contend, &c);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.above), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.won), SZ_1G / GOALLOC_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, now().held, c.limit);
	limit_add(-(long)(atomic_read(&c.won) * GOALLOC_PAGE_SIZE));
}

static void alloc_at_limit(unsigned int cpu, void *arg)
{
	struct contest *c = arg;
	unsigned int i, n;
	void *objs[64];

	for (i = 0; i < 8; i++) {
		for (n = 0; n < ARRAY_SIZE(objs); n++) {
			objs[n] = goalloc_alloc(SZ_16K + n * SZ_1K, GFP_KERNEL | __GFP_NORETRY);
			atomic_add(now().held > c->limit, &c->above);
			atomic_inc(&c->won);
		}
		free_objs(objs, n);
	}
}

/* The same with real draws, while others give back and metadata grows. */
static void limit_from_all_cpus(struct kunit *test)
{
	struct contest c = { .limit = base + SZ_2M };

	KUNIT_EXPECT_EQ(test, limit_set(c.limit), 0);
	util_run_on_all(test, alloc_at_limit, &c);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.above), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&c.won), 0);
}

static void alloc_there(unsigned int cpu, void *arg)
{
	void *objs[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = goalloc_alloc(SZ_1K, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		goalloc_free(objs[i]);
}

/* What is idle, in page heaps, centrals and all CPUs' caches, is no reason to fail. */
static void limit_idle_is_given_back(struct kunit *test)
{
	unsigned long pages = scavenge_pages(SCAVENGE_LIMIT);
	unsigned int n = ROOM / OBJ;
	void **objs = objs_new(test), *obj;

	goalloc_scavenge_interval = 20000;
	scavenge_all();
	while (n--)
		objs[n] = goalloc_alloc(OBJ, GFP_KERNEL);
	free_objs(objs, ROOM / OBJ);
	util_run_on_all(test, alloc_there, NULL);
	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_2M + SZ_128K), 0);
	KUNIT_EXPECT_LE_MSG(test, now().held, now().limit, "setting it gives back what is idle");
	obj = goalloc_alloc(SZ_2M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_GT(test, scavenge_pages(SCAVENGE_LIMIT), pages);
	KUNIT_EXPECT_EQ(test, now().refused, at_first.refused);
	KUNIT_EXPECT_EQ_MSG(test, now().crossed, at_first.crossed, "it was not met");
	goalloc_free(obj);
}

/* An atomic draw cannot give back; it has it done, and not when the background comes. */
static void limit_atomic_has_it_done(struct kunit *test)
{
	void **objs = objs_new(test), *obj;
	unsigned int i, n = ROOM / OBJ;
	unsigned long pages;

	goalloc_scavenge_interval = 20000;
	scavenge_all();
	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM + SZ_256K), 0);
	for (i = 0; i < n; i++)
		objs[i] = goalloc_alloc(OBJ, GFP_KERNEL);
	free_objs(objs, n);
	pages = scavenge_pages(SCAVENGE_LIMIT);
	obj = goalloc_alloc(SZ_4M, GFP_NOWAIT);
	for (i = 0; !obj && i < POLLS; i++) {
		msleep(POLL_MS);
		obj = goalloc_alloc(SZ_4M, GFP_NOWAIT);
	}
	KUNIT_EXPECT_NOT_NULL(test, obj);
	if (i)
		KUNIT_EXPECT_GT(test, scavenge_pages(SCAVENGE_LIMIT), pages);
	KUNIT_EXPECT_LE(test, now().held, now().limit);
	goalloc_free(obj);
}

/* A limit below what is in use: what lives stays, draws fail until enough was freed. */
static void limit_below_use(struct kunit *test)
{
	unsigned int i, bad = 0, n = ROOM / OBJ;
	void **objs = objs_new(test), *obj;
	struct mem_counts m;

	for (i = 0; i < n; i++) {
		objs[i] = goalloc_alloc(OBJ, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		util_fill(objs[i], OBJ, i);
	}
	obj = goalloc_alloc(SZ_4M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM / 2), 0);
	mem_get_counts(&m);
	KUNIT_EXPECT_EQ_MSG(test, m.prepared, 0, "what is idle goes");
	KUNIT_EXPECT_NULL(test, goalloc_alloc(OBJ, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, now().refused, at_first.refused);
	KUNIT_EXPECT_EQ(test, crossings(1), 1);
	for (i = 0; i < n; i++)
		bad += !util_filled(objs[i], OBJ, i);
	KUNIT_EXPECT_EQ(test, bad, 0);
	free_objs(objs + n / 4, n - n / 4);
	obj = goalloc_alloc(SZ_1M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	scavenge_all();		/* it was served from what is idle, which may be above the limit */
	KUNIT_EXPECT_LE(test, now().held, now().limit);
	goalloc_free(obj);
	free_objs(objs, n / 4);
}

/* What must not fail passes the limit, and is counted. */
static void limit_lets_through(struct kunit *test)
{
	unsigned long limit = base + ROOM, passed;
	void **objs = objs_new(test), *must[3];
	unsigned int i, flags, n;

	KUNIT_EXPECT_EQ(test, limit_set(limit), 0);
	n = fill(test, objs, GFP_KERNEL, limit);
	passed = now().passed;
	must[0] = goalloc_alloc(SZ_1M, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_GE(test, now().passed, passed + 1);
	must[1] = goalloc_alloc(SZ_1M, GFP_KERNEL | __GFP_MEMALLOC);
	flags = memalloc_noreclaim_save();
	must[2] = goalloc_alloc(SZ_1M, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, goalloc_alloc(SZ_1M, GFP_KERNEL | __GFP_NOMEMALLOC));
	memalloc_noreclaim_restore(flags);
	KUNIT_EXPECT_GE(test, now().passed, passed + 3);
	for (i = 0; i < ARRAY_SIZE(must); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, must[i], "number %u", i);
	KUNIT_EXPECT_GT(test, now().held, limit);
	KUNIT_EXPECT_NULL_MSG(test, goalloc_alloc(OBJ, GFP_KERNEL), "who may fail does");
	free_objs(must, ARRAY_SIZE(must));
	free_objs(objs, n);
}

/* Atomic ones have a sixteenth of the limit above it, and no more. */
static void limit_atomic_reserve(struct kunit *test)
{
	unsigned long limit = base + ROOM, most = limit + limit / LIMIT_FRACTION;
	void **objs = objs_new(test), **high = objs_new(test);
	unsigned int n, m;

	KUNIT_EXPECT_EQ(test, limit_set(limit), 0);
	n = fill(test, objs, GFP_KERNEL, limit);
	KUNIT_EXPECT_NULL_MSG(test, goalloc_alloc(OBJ, GFP_NOWAIT), "who has a way without");
	m = fill(test, high, GFP_ATOMIC, most);
	KUNIT_EXPECT_GE(test, m, 2);
	KUNIT_EXPECT_GT(test, now().held, limit);
	KUNIT_EXPECT_GT(test, now().held, most - 2 * OBJ);
	KUNIT_EXPECT_GE(test, now().passed, at_first.passed + m - 1);
	free_objs(high, m);
	free_objs(objs, n);
}

/* Each crossing is told once, and its end once. */
static void limit_told_once(struct kunit *test)
{
	struct client *c = client_new(test);
	void **objs = objs_new(test);
	unsigned int i, n, round;

	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM), 0);
	for (round = 1; round <= 2; round++) {
		n = fill(test, objs, GFP_KERNEL, base + ROOM);
		for (i = 0; i < 5; i++)
			KUNIT_EXPECT_NULL(test, goalloc_alloc(OBJ, i & 1 ? GFP_KERNEL :
								       GFP_NOWAIT));
		KUNIT_EXPECT_EQ(test, await(&c->crossed, round), round);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->below), round - 1);
		KUNIT_EXPECT_GT(test, c->over, 0);
		KUNIT_EXPECT_LE(test, c->over, OBJ);
		goalloc_free(objs[--n]);
		scavenge_all();
		msleep(5 * POLL_MS);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&c->below), round - 1,
				    "one object is not room");
		free_objs(objs, n);
		scavenge_all();
		KUNIT_EXPECT_EQ(test, await(&c->below, round), round);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->crossed), round);
	}
	KUNIT_EXPECT_EQ(test, now().crossed, at_first.crossed + 2);
	client_gone(test, c);
}

/* A limit that is lowered is a crossing, and one that is raised the end of it. */
static void limit_set_is_told(struct kunit *test)
{
	struct client *c = client_new(test);
	void *obj = goalloc_alloc(SZ_4M, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, await(&c->crossed, 1), 1);
	KUNIT_EXPECT_GE(test, c->over, SZ_4M - SZ_1M);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->below), 0);
	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_16M), 0);
	KUNIT_EXPECT_EQ(test, await(&c->below, 1), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->crossed), 1);
	goalloc_free(obj);
	client_gone(test, c);
}

/* A client that drops its cache when it is told makes room for others. */
static void limit_cache_is_dropped(struct kunit *test)
{
	struct client *c = client_new(test);
	void *obj = NULL;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM), 0);
	mutex_lock(&c->lock);
	for (c->n = 0; c->n < ROOM * 3 / 4 / OBJ; c->n++) {
		c->objs[c->n] = goalloc_alloc(OBJ, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, c->objs[c->n]);
	}
	mutex_unlock(&c->lock);
	/* at once, but on a machine so busy that the callback takes long */
	for (i = 0; i < POLLS && !obj; i++)
		obj = goalloc_alloc(SZ_2M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_LT(test, i, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->crossed), 1);
	KUNIT_EXPECT_EQ(test, c->n, 0);
	goalloc_free(obj);
	client_gone(test, c);
}

/* A client that allocates under the lock that its callback takes waits, but not for ever. */
static void limit_under_callbacks_lock(struct kunit *test)
{
	struct client *c = client_new(test);
	unsigned int n;

	KUNIT_EXPECT_EQ(test, limit_set(base + ROOM), 0);
	mutex_lock(&c->lock);
	n = fill(test, c->objs, GFP_KERNEL, base + ROOM);
	KUNIT_EXPECT_GE(test, n, ROOM / OBJ / 2);
	c->n = n;
	mutex_unlock(&c->lock);
	KUNIT_EXPECT_EQ(test, await(&c->crossed, 1), 1);
	KUNIT_EXPECT_EQ_MSG(test, c->n, 0, "the cache was dropped afterwards");
	client_gone(test, c);
}

/* A callback may allocate; that neither waits for itself nor tells anybody again. */
static void limit_callback_allocates(struct kunit *test)
{
	struct client *c = client_new(test);
	void *obj = goalloc_alloc(SZ_4M, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	c->allocates = true;
	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, await(&c->crossed, 1), 1);
	goalloc_free(obj);
	scavenge_all();
	KUNIT_EXPECT_EQ(test, await(&c->below, 1), 1);
	client_gone(test, c);
}

/* In the background a sixteenth of the limit is kept free of what is idle. */
static void limit_background(struct kunit *test)
{
	unsigned int i, n = ROOM / OBJ;
	void **objs = objs_new(test);
	unsigned long limit;

	for (i = 0; i < n; i++)
		objs[i] = goalloc_alloc(OBJ, GFP_KERNEL);
	goalloc_scavenge_interval = 20;
	goalloc_scavenge_retain = 100;		/* all of it may stay, but for the limit */
	limit = now().held;
	KUNIT_EXPECT_EQ(test, limit_set(limit), 0);
	free_objs(objs + n / 2, n / 2);
	for (i = 0; i < POLLS && now().held > limit - limit / LIMIT_FRACTION; i++)
		msleep(POLL_MS);
	KUNIT_EXPECT_LE(test, now().held, limit - limit / LIMIT_FRACTION);
	free_objs(objs, n / 2);
}

/* Metadata counts, and is refused as pages are. */
static void limit_metadata(struct kunit *test)
{
	struct mem_counts before, after;
	struct fixalloc f;
	void *obj;

	fixalloc_init(&f, 64, MEM_OTHER);
	mem_get_counts(&before);
	KUNIT_EXPECT_EQ(test, limit_set(base + FIXALLOC_CHUNK_SIZE - 1), 0);
	KUNIT_EXPECT_NULL(test, fixalloc_alloc(&f, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, now().refused, at_first.refused + 1);
	mem_get_counts(&after);
	KUNIT_EXPECT_EQ_MSG(test, after.draw_failed, before.draw_failed, "the kernel had some");
	KUNIT_EXPECT_EQ(test, limit_set(base + FIXALLOC_CHUNK_SIZE), 0);
	obj = fixalloc_alloc(&f, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, now().held, base + FIXALLOC_CHUNK_SIZE);
	fixalloc_destroy(&f);
	KUNIT_EXPECT_EQ(test, now().held, base);
}

/* What is no limit is refused, and changes nothing. */
static void limit_bad_values(struct kunit *test)
{
	static const unsigned long bad[] = { 1, SZ_4K, GOALLOC_PAGE_SIZE - 1, LONG_MAX + 1UL,
					     ULONG_MAX };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, limit_set(base + SZ_64M), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, limit_set(bad[i]), -EINVAL);
		KUNIT_EXPECT_EQ(test, now().limit, base + SZ_64M);
	}
	KUNIT_EXPECT_EQ(test, limit_set(LONG_MAX), 0);
	util_check_allocator(test, 300);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(limit_not_met),
	KUNIT_CASE(limit_is_met),
	KUNIT_CASE(limit_raised),
	KUNIT_CASE(limit_is_exact),
	KUNIT_CASE(limit_from_all_cpus),
	KUNIT_CASE(limit_idle_is_given_back),
	KUNIT_CASE(limit_atomic_has_it_done),
	KUNIT_CASE(limit_below_use),
	KUNIT_CASE(limit_lets_through),
	KUNIT_CASE(limit_atomic_reserve),
	KUNIT_CASE(limit_told_once),
	KUNIT_CASE(limit_set_is_told),
	KUNIT_CASE(limit_cache_is_dropped),
	KUNIT_CASE(limit_under_callbacks_lock),
	KUNIT_CASE(limit_callback_allocates),
	KUNIT_CASE(limit_background),
	KUNIT_CASE(limit_metadata),
	KUNIT_CASE(limit_bad_values),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "goalloc_limit",
	.init = limit_test_init,
	.exit = limit_test_exit,
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);
