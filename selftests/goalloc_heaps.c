// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_heaps: a client with heaps of its own.
 *
 * What it promises, by case:
 *
 *	hold	(default) while it is loaded, a heap that it defines holds the objects of
 *		held_rows below, one line each in the log says where, and a heap
 *		that it creates holds what its limit of 64 KiB allows of 1 KiB each.
 *		When it is unloaded it frees all that, but with leak=1 leaves the
 *		former behind.
 *	cache	while it is loaded, an object cache holds NR_CACHED objects of 200 bytes, a
 *		line each in the log says where.  When it is unloaded it frees them, but
 *		with leak=1 leaves them behind; the cache it leaves to goalloc
 *	free	frees the objects at free=ADDRESS,..., which an earlier load left
 *	destroy	destroys a heap with objects in it, both ways and once too often, and
 *		frees objects to other heaps than theirs: every call returns what it
 *		should, and no object is changed that was not to be freed
 *	stress	for seconds=N a thread a CPU creates heaps, allocates from them and
 *		from the default heap, and destroys them: contents stay intact, and no
 *		heap is found in use that is not
 *
 * What goalloc says about it is for test_heaps.sh to read.  Loading it fails when
 * something is not as promised.
 */
#define pr_fmt(fmt) "goalloc_heaps: " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <linux/goalloc.h>
#include <linux/goalloc_cache.h>

#define LIMIT		SZ_64K
#define FREE_MAX	16
#define THREADS_MAX	16
#define STRESS_OBJECTS	200
#define NR_CACHED	5

static char *what = "hold";
module_param_named(case, what, charp, 0444);
MODULE_PARM_DESC(case, "hold, cache, free, destroy or stress");

static bool leak;
module_param(leak, bool, 0444);
MODULE_PARM_DESC(leak, "do not free the objects of the defined heap or of the cache");

static unsigned long free[FREE_MAX];
static unsigned int nr_free;
module_param_array(free, ulong, &nr_free, 0444);
MODULE_PARM_DESC(free, "addresses of objects to free");

static unsigned int seconds = 5;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "of stress");

static DEFINE_GOALLOC_HEAP(heaps_defined);
static struct goalloc_heap *created;

static const struct {
	unsigned int size, count;
	bool noscan;
} held_rows[] = {
	{ 64, 5, false }, { 1100, 2, true }, { 15, 3, true }, { 100000, 1, false },
};

static void *held[FREE_MAX], *limited[LIMIT / SZ_1K];
static atomic_t failures;

static void expect(bool good, const char *promise)
{
	if (good)
		return;
	atomic_inc(&failures);
	pr_err("FAIL: %s\n", promise);
}

/* ------------------------------------------------------------ hold, free */

static void hold_defined(void)
{
	unsigned int row, i, n = 0;

	for (row = 0; row < ARRAY_SIZE(held_rows); row++)
		for (i = 0; i < held_rows[row].count; i++) {
			size_t size = held_rows[row].size;

			held[n] = held_rows[row].noscan ?
				  goalloc_heap_alloc_noscan(&heaps_defined, size, GFP_KERNEL) :
				  goalloc_heap_alloc(&heaps_defined, size, GFP_KERNEL);
			expect(held[n], "the defined heap gives an object");
			pr_info("held: 0x%lx\n", (unsigned long)held[n]);
			n++;
		}
}

static void hold_created(void)
{
	unsigned int n;

	created = goalloc_heap_create("heaps-created", 0);
	expect(created, "a heap can be created");
	if (!created)
		return;
	expect(!goalloc_heap_set_limit(created, LIMIT), "a heap can be limited");
	for (n = 0; n < ARRAY_SIZE(limited); n++)
		limited[n] = goalloc_heap_alloc(created, SZ_1K, GFP_KERNEL);
	expect(limited[n - 1], "a heap holds what its limit says");
	expect(!goalloc_heap_alloc(created, SZ_1K, GFP_KERNEL), "a heap holds no more");
}

static void let_go(void)
{
	unsigned int i;

	for (i = 0; !leak && i < ARRAY_SIZE(held); i++)
		goalloc_free(held[i]);
	for (i = 0; i < ARRAY_SIZE(limited); i++)
		goalloc_heap_free(created, limited[i]);
}

/* On one CPU: another would take spans of its own. */
static void run_hold(void)
{
	migrate_disable();
	hold_defined();
	hold_created();
	migrate_enable();
}

static void run_cache(void)
{
	struct goalloc_cache *cache = goalloc_cache_create("heaps-cache", 200, 0, 0, NULL);
	unsigned int i;

	expect(cache, "a cache can be created");
	migrate_disable();
	for (i = 0; cache && i < NR_CACHED; i++) {
		held[i] = goalloc_cache_alloc(cache, GFP_KERNEL);
		expect(held[i], "the cache gives an object");
		pr_info("held: 0x%lx\n", (unsigned long)held[i]);
	}
	migrate_enable();
}

static void run_free(void)
{
	unsigned int i;

	for (i = 0; i < nr_free; i++)
		goalloc_free((void *)free[i]);
}

/* --------------------------------------------------------------- destroy */

static void run_destroy(void)
{
	struct goalloc_heap *heap = goalloc_heap_create("heaps-destroyed", 0);
	void *objs[7], *large, *other = goalloc_alloc(64, GFP_KERNEL);
	unsigned int i;

	expect(heap && other, "a heap, and an object of the default heap");
	if (!heap || !other)
		return;
	expect(!goalloc_heap_prepare(&heaps_defined), "a defined heap can be prepared");
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = goalloc_heap_zalloc(heap, 64, GFP_KERNEL);
		expect(objs[i], "the heap gives an object");
	}
	large = goalloc_heap_zalloc(heap, 40000, GFP_KERNEL);
	expect(large, "the heap gives a large object");
	memset(other, 0, 64);

	goalloc_heap_free(heap, other);
	goalloc_heap_free(&heaps_defined, objs[0]);
	expect(!goalloc_heap_realloc(&heaps_defined, large, 50000, GFP_KERNEL),
	       "another heap's object cannot be reallocated");

	expect(goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY) == -EBUSY,
	       "a heap with objects is not destroyed as empty");
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		expect(goalloc_size(objs[i]) == 64 && !memchr_inv(objs[i], 0, 64),
		       "its objects are as they were");
	expect(goalloc_size(large) == 40960 && !memchr_inv(large, 0, 40000), "the large one too");
	expect(goalloc_size(other) == 64 && !memchr_inv(other, 0, 64), "and that of another heap");

	expect(!goalloc_heap_destroy(heap, GOALLOC_DESTROY_FREE), "it can be freed with them");
	expect(goalloc_heap_destroy(heap, GOALLOC_DESTROY_FREE) == -EINVAL, "but not twice");
	expect(!goalloc_heap_destroy(&heaps_defined, GOALLOC_DESTROY_EMPTY), "an empty heap goes");
	expect(goalloc_heap_destroy(&heaps_defined, GOALLOC_DESTROY_EMPTY) == -EINVAL,
	       "but not twice either");
	expect(!goalloc_size(objs[0]), "an object that went with its heap is none");
	expect(goalloc_size(other) == 64, "that of another heap still is");
	goalloc_free(other);
}

/* ---------------------------------------------------------------- stress */

/* Sizes of every path: tiny, small, large. */
static size_t stress_size(unsigned int i)
{
	return i % 3 == 0 ? 1 + i % 15 : i % 40 == 1 ? SZ_32K + i * 256 : 16 + i * 37 % 4096;
}

static void *stress_alloc(struct goalloc_heap *heap, unsigned int i, u8 key)
{
	size_t size = stress_size(i);
	void *obj = i % 3 == 0 ? goalloc_heap_alloc_noscan(heap, size, GFP_KERNEL) :
				 goalloc_heap_alloc(heap, size, GFP_KERNEL);

	expect(obj, "a heap under stress gives an object");
	if (obj)
		memset(obj, key + i, size);
	return obj;
}

/* What others of the default heap want: pages, so that idle spans of all heaps go. */
static void stress_default(void)
{
	void *objs[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = goalloc_alloc(SZ_8K << i % 5, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		goalloc_free(objs[i]);
}

/* One heap's life.  Every eighth goes with objects in it, few, because they are reported. */
static void stress_round(const char *name, void **objs, unsigned int round)
{
	struct goalloc_heap *heap = goalloc_heap_create(name, 0);
	bool full = round % 8 == 0;
	unsigned int i;

	expect(heap, "a heap can be created under stress");
	if (!heap)
		return;
	for (i = 0; i < STRESS_OBJECTS; i++)
		objs[i] = stress_alloc(heap, i, round);
	stress_default();
	for (i = full ? 3 : 0; i < STRESS_OBJECTS; i++) {
		if (!objs[i])
			continue;
		expect(!memchr_inv(objs[i], (u8)(round + i), stress_size(i)),
		       "contents stay intact");
		goalloc_heap_free(heap, objs[i]);
	}
	expect(!goalloc_heap_destroy(heap, full ? GOALLOC_DESTROY_FREE : GOALLOC_DESTROY_EMPTY),
	       "a heap that is not in use can be destroyed");
}

static int stress_thread(void *arg)
{
	void **objs = kvcalloc(STRESS_OBJECTS, sizeof(*objs), GFP_KERNEL);
	unsigned int round;
	char name[32];

	snprintf(name, sizeof(name), "stress-%lu", (unsigned long)arg);
	for (round = 0; objs && !kthread_should_stop(); round++) {
		stress_round(name, objs, round);
		cond_resched();
	}
	pr_info("%s lived %u times\n", name, round);
	kvfree(objs);
	return 0;
}

static void run_stress(void)
{
	struct task_struct *threads[THREADS_MAX];
	unsigned long i, n = min_t(unsigned long, num_online_cpus(), THREADS_MAX);

	for (i = 0; i < n; i++) {
		threads[i] = kthread_run(stress_thread, (void *)i, "heaps-stress/%lu", i);
		expect(!IS_ERR(threads[i]), "a thread can be started");
	}
	msleep(seconds * MSEC_PER_SEC);
	for (i = 0; i < n; i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "hold", run_hold }, { "cache", run_cache }, { "free", run_free },
	{ "destroy", run_destroy }, { "stress", run_stress },
};

static int __init heaps_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strcmp(what, cases[i].name))
			break;
	if (i == ARRAY_SIZE(cases))
		return -EINVAL;
	cases[i].run();
	if (!atomic_read(&failures)) {
		pr_info("case %s: ok\n", what);
		return 0;
	}
	let_go();
	return -EIO;
}

static void __exit heaps_exit(void)
{
	let_go();
}

module_init(heaps_init);
module_exit(heaps_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a client of goalloc with heaps of its own");
