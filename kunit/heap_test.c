// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_heap: heaps are apart, counted, limited, and go with all that is in them. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "kunit_util.h"

#define NR_OBJS		600

static DEFINE_GOALLOC_HEAP(kunit_static);
static DEFINE_GOALLOC_HEAP(kunit_atomic);

static struct goalloc_heap *create(struct kunit *test, const char *name)
{
	struct goalloc_heap *heap = goalloc_heap_create(name, 0);

	KUNIT_ASSERT_NOT_NULL(test, heap);
	return heap;
}

static struct goalloc_heap *heap_at(const void *ptr)
{
	return span_of((unsigned long)ptr)->central->heap;
}

/* Every path of the allocator, with contents; half of the sizes small. */
static void *alloc_one(struct goalloc_heap *heap, struct rnd_state *rnd, unsigned int i)
{
	size_t size = i % 5 ? util_size(rnd, SZ_64K) : 1 + i % 15;
	void *obj = i % 2 ? goalloc_heap_alloc_noscan(heap, size, GFP_KERNEL) :
			    goalloc_heap_zalloc(heap, size, GFP_KERNEL);

	if (obj)
		util_fill(obj, goalloc_size(obj), i);
	return obj;
}

static void alloc_many(struct kunit *test, struct goalloc_heap *heap, void **objs)
{
	struct rnd_state rnd;
	unsigned int i;

	util_seed(test, &rnd);
	for (i = 0; i < NR_OBJS; i++) {
		objs[i] = alloc_one(heap, &rnd, i);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
}

static unsigned long live(struct goalloc_heap *heap)
{
	unsigned long objects = 0;
	unsigned int spc;

	for (spc = 0; spc < NR_SPC; spc++)
		objects += mstats_class_objects(heap, spc);
	return objects;
}

/* What is allocated from a heap lies in spans of that heap, and is counted there. */
static void heap_is_apart(struct kunit *test)
{
	struct goalloc_heap *a = create(test, "kunit-a"), *b = create(test, "kunit-b");
	void **objs = kunit_kcalloc(test, 2 * NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned long others = live(&default_heap);
	unsigned int i, bad = 0, mixed = 0;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	alloc_many(test, a, objs);
	alloc_many(test, b, objs + NR_OBJS);
	for (i = 0; i < NR_OBJS; i++)
		mixed += heap_at(objs[i]) != a || heap_at(objs[NR_OBJS + i]) != b;
	KUNIT_EXPECT_EQ_MSG(test, mixed, 0, "objects in another heap's spans");
	KUNIT_EXPECT_EQ(test, live(a), NR_OBJS);
	KUNIT_EXPECT_EQ(test, live(b), NR_OBJS);
	KUNIT_EXPECT_EQ(test, live(&default_heap), others);
	for (i = 0; i < 2 * NR_OBJS; i++)
		bad += !util_filled(objs[i], goalloc_size(objs[i]), i % NR_OBJS);
	for (i = 0; i < NR_OBJS; i++) {
		goalloc_heap_free(a, objs[i]);
		goalloc_free(objs[NR_OBJS + i]);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, live(a), 0);
	KUNIT_EXPECT_EQ(test, live(b), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(a, GOALLOC_DESTROY_EMPTY), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(b, GOALLOC_DESTROY_EMPTY), 0);
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
}

/* An object that grows stays in its heap, whichever realloc is called. */
static void heap_realloc_stays(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-realloc");
	void *obj = goalloc_heap_realloc(heap, NULL, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	util_fill(obj, 100, 7);
	obj = goalloc_realloc(obj, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), heap);
	obj = goalloc_heap_realloc(heap, obj, 100000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), heap);
	KUNIT_EXPECT_TRUE(test, util_filled(obj, 100, 7));
	KUNIT_EXPECT_PTR_EQ(test, goalloc_heap_realloc(heap, obj, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, goalloc_heap_calloc(heap, SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, live(heap), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* A heap in which objects live stays, with all of them; when they are freed it goes. */
static void heap_destroy_in_use(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-in-use");
	void *obj = goalloc_heap_alloc(heap, 100, GFP_KERNEL);
	void *large = goalloc_heap_alloc(heap, SZ_1M, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_ASSERT_NOT_NULL(test, large);
	util_fill(obj, 100, 1);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), -EBUSY);
	KUNIT_EXPECT_TRUE(test, util_filled(obj, 100, 1));
	goalloc_heap_free(heap, obj);
	goalloc_free(large);
	obj = goalloc_heap_alloc(heap, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "the heap still serves");
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* With all that lives in it a heap goes at once: no page of it is left. */
static void heap_destroy_frees(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-frees");
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct mem_stats before, after;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_settled(&before, NULL);
	alloc_many(test, heap, objs);
	for (i = 0; i < NR_OBJS; i += 3)
		goalloc_free(objs[i]);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_FREE), 0);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.mem.ready, before.mem.ready);
	KUNIT_EXPECT_EQ(test, after.heap_objects, before.heap_objects);
	KUNIT_EXPECT_LT_MSG(test, after.mcache_sys, before.mcache_sys, "its caches");
	KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	util_check_allocator(test, 1000);
}

/* What was ever allocated and freed stays counted when a heap goes, either way. */
static void heap_counts_stay(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct mem_stats before, after;
	unsigned int how, i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (how = GOALLOC_DESTROY_EMPTY; how <= GOALLOC_DESTROY_FREE; how++) {
		unsigned int left = how == GOALLOC_DESTROY_FREE ? NR_OBJS / 2 : 0;
		struct goalloc_heap *heap = create(test, "kunit-counts");

		alloc_many(test, heap, objs);
		for (i = left; i < NR_OBJS; i++)
			goalloc_free(objs[i]);
		mstats_read(NULL, &before);
		KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, how), 0);
		mstats_read(NULL, &after);
		KUNIT_EXPECT_EQ(test, after.mallocs, before.mallocs);
		KUNIT_EXPECT_EQ(test, after.frees, before.frees + left);
		KUNIT_EXPECT_EQ(test, after.tiny_mallocs, before.tiny_mallocs);
		KUNIT_EXPECT_EQ(test, after.total_alloc, before.total_alloc);
		KUNIT_EXPECT_EQ(test, util_check_identities(test), 0);
	}
}

/* What other CPUs' caches hold of it goes as well. */
static void alloc_and_free_there(unsigned int cpu, void *arg)
{
	void *objs[50];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = goalloc_heap_alloc(arg, 8 + 8 * i, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		goalloc_free(objs[i]);
}

static void heap_destroy_all_cpus(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-cpus");

	util_run_on_all(test, alloc_and_free_there, heap);
	KUNIT_EXPECT_GT(test, atomic_long_read(&heap->pages), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* A heap holds no more than its limit; what is idle in it is not in the way. */
static void heap_limit(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-limit");
	void **objs = kunit_kcalloc(test, SZ_1M / SZ_1K, sizeof(*objs), GFP_KERNEL);
	unsigned int i, n;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_pin(test, cpumask_first(cpu_online_mask));	/* another CPU would keep a window */
	KUNIT_EXPECT_EQ(test, goalloc_heap_set_limit(heap, 100), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_heap_set_limit(heap, SZ_512K), 0);
	for (n = 0; n < SZ_1M / SZ_1K; n++) {
		objs[n] = goalloc_heap_alloc(heap, SZ_1K, GFP_KERNEL);
		if (!objs[n])
			break;
	}
	KUNIT_EXPECT_EQ(test, n, SZ_512K / SZ_1K);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->pages), SZ_512K >> GOALLOC_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->refused), 1);
	KUNIT_EXPECT_NULL(test, goalloc_heap_alloc(heap, SZ_64K, GFP_KERNEL));
	obj = goalloc_heap_alloc(heap, SZ_64K, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "what must not fail does not");
	goalloc_free(obj);
	for (i = 0; i < n; i++)
		goalloc_free(objs[i]);
	obj = goalloc_heap_alloc(heap, SZ_256K, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "what was freed in one size serves another");
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_set_limit(heap, 0), 0);
	obj = goalloc_heap_alloc(heap, SZ_2M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

struct limit_contest {
	struct goalloc_heap *heap;
	atomic_t n, above;
	void *objs[NR_OBJS];
};

static void alloc_to_limit(unsigned int cpu, void *arg)
{
	struct limit_contest *c = arg;
	unsigned int n;

	while ((n = atomic_inc_return(&c->n) - 1) < NR_OBJS) {
		c->objs[n] = goalloc_heap_alloc(c->heap, SZ_8K, GFP_KERNEL);
		if (!c->objs[n])
			break;
		atomic_add(atomic_long_read(&c->heap->pages) > c->heap->limit, &c->above);
	}
}

/* CPUs that come at once do not pass a heap's limit together. */
static void heap_limit_is_exact(struct kunit *test)
{
	struct limit_contest *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->heap = create(test, "kunit-exact");
	KUNIT_EXPECT_EQ(test, goalloc_heap_set_limit(c->heap, SZ_4M), 0);
	util_run_on_all(test, alloc_to_limit, c);
	for (i = 0, n = 0; i < NR_OBJS; i++)
		n += !!c->objs[i];
	KUNIT_EXPECT_EQ(test, n, SZ_4M / SZ_8K);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->above), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->heap->pages), SZ_4M >> GOALLOC_PAGE_SHIFT);
	for (i = 0; i < NR_OBJS; i++)
		goalloc_free(c->objs[i]);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(c->heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* What a heap could not get does not count: its limit is all there for the next. */
static void heap_limit_uncharged(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-uncharged");
	struct limit_stats st;
	void *obj;

	util_settled(NULL, NULL);
	limit_get_stats(&st);
	KUNIT_EXPECT_EQ(test, goalloc_heap_set_limit(heap, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, limit_set(st.held + SZ_128K), 0);
	KUNIT_EXPECT_NULL(test, goalloc_heap_alloc(heap, SZ_2M, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->pages), 0);
	KUNIT_EXPECT_EQ_MSG(test, atomic_long_read(&heap->refused), 0, "it was not this limit");
	KUNIT_EXPECT_EQ(test, limit_set(0), 0);
	obj = goalloc_heap_alloc(heap, SZ_2M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	goalloc_free(obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

/* A heap that was defined is made by its first user, and can be made again. */
static void heap_defined(struct kunit *test)
{
	unsigned int round;
	void *obj;

	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&kunit_static, 0), -EINVAL);
		obj = goalloc_heap_zalloc(&kunit_static, 100, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), kunit_static.real);
		KUNIT_EXPECT_STREQ(test, heap_at(obj)->name, "kunit_static");
		KUNIT_EXPECT_PTR_EQ(test, heap_at(obj)->owner, THIS_MODULE);
		obj = goalloc_heap_realloc(&kunit_static, obj, SZ_1M, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		goalloc_heap_free(&kunit_static, obj);
		KUNIT_EXPECT_EQ(test, live(kunit_static.real), 0);
		KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&kunit_static, 0), 0);
	}
}

/* One that was not made yet returns NULL where it may not sleep, until it is prepared. */
static void heap_defined_atomic(struct kunit *test)
{
	void *obj;

	KUNIT_EXPECT_NULL(test, goalloc_heap_alloc(&kunit_atomic, 100, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, goalloc_heap_prepare(&kunit_atomic), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_prepare(&kunit_atomic), 0);
	obj = goalloc_heap_alloc_noscan(&kunit_atomic, 5, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	goalloc_heap_free(&kunit_atomic, obj);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&kunit_atomic, 0), 0);
}

static void prepare_there(unsigned int cpu, void *arg)
{
	void *obj = goalloc_heap_alloc(arg, 64, GFP_KERNEL);

	goalloc_heap_free(arg, obj);
}

/* Memory of a node is the heap's too, however large, and of a node that there is. */
static void heap_of_nodes(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit_nodes");
	static const size_t sizes[] = { 1, 100, SZ_32K, SZ_32K + 1, SZ_1M };
	int node = util_memory_node();
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		gfp_t gfp = GFP_KERNEL | (i % 2 ? __GFP_THISNODE : __GFP_ZERO);

		obj = goalloc_heap_alloc_node(heap, sizes[i], gfp, node);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_PTR_EQ(test, heap_at(obj), heap);
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(obj)), node);
		if (gfp & __GFP_ZERO)
			KUNIT_EXPECT_TRUE(test, util_is_zero(obj, goalloc_size(obj)));
		goalloc_heap_free(heap, obj);
	}
	KUNIT_EXPECT_NULL(test, goalloc_heap_alloc_node(heap, 100, GFP_KERNEL, MAX_NUMNODES));
	KUNIT_EXPECT_NULL(test, goalloc_heap_alloc_node(&kunit_atomic, 100, GFP_ATOMIC, node));
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, 0), 0);
}

/* Users that come at once make one heap. */
static void heap_defined_at_once(struct kunit *test)
{
	struct goalloc_heap *heap;
	unsigned int n = 0;

	util_run_on_all(test, prepare_there, &kunit_static);
	rcu_read_lock();
	for_each_heap(heap)
		n += !strcmp(heap->name, "kunit_static");
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, n, 1);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&kunit_static, 0), 0);
}

/* Names and flags that cannot be are refused; so is what is no heap. */
static void heap_bad_input(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-bad"), none = {};

	KUNIT_EXPECT_NULL(test, goalloc_heap_create(NULL, 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("", 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("two words", 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("a-name-of-thirty-two-characters-", 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("kunit-bad", 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("default", 0));
	KUNIT_EXPECT_NULL(test, goalloc_heap_create("kunit-flags", BIT(31)));
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&none, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(&default_heap, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, 0), 0);
	KUNIT_EXPECT_EQ_MSG(test, goalloc_heap_destroy(heap, 0), -EINVAL, "twice");
}

/* An object freed to another heap than its own is reported and stays. */
static void heap_wrong_heap(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-wrong");
	void *own = goalloc_heap_alloc(heap, 100, GFP_KERNEL);
	void *other = goalloc_alloc(100, GFP_KERNEL);
	unsigned long reports = debug_bad_frees();

	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_ASSERT_NOT_NULL(test, other);
	util_fill(other, 100, 3);
	goalloc_heap_free(heap, other);
	KUNIT_EXPECT_NULL(test, goalloc_heap_realloc(heap, other, 1000, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 2);
	KUNIT_EXPECT_TRUE(test, util_filled(other, 100, 3));
	KUNIT_EXPECT_EQ(test, goalloc_size(other), 112);
	goalloc_heap_free(heap, own);
	goalloc_heap_free(heap, own);
	KUNIT_EXPECT_EQ_MSG(test, debug_bad_frees(), reports + 3, "a double free");
	goalloc_heap_free(heap, NULL);
	goalloc_heap_free(heap, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports + 3);
	goalloc_free(other);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, 0), 0);
}

/* The scavenger empties heaps as it does the default heap. */
static void heap_is_scavenged(struct kunit *test)
{
	struct goalloc_heap *heap = create(test, "kunit-scavenge");

	util_run_on_all(test, alloc_and_free_there, heap);
	util_settled(NULL, NULL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->pages), 0);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, 0), 0);
}

/* Take a CPU down and up again until told to stop. */
static int down_and_up(void *cpu)
{
	int err = 0;

	while (!err && !kthread_should_stop()) {
		err = remove_cpu((unsigned long)cpu) ?: add_cpu((unsigned long)cpu);
		schedule_timeout_interruptible(1);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return err;
}

static void alloc_and_free_irq(void *heap)
{
	goalloc_free(goalloc_heap_alloc(heap, 64, GFP_ATOMIC));
}

/* A heap goes also while a CPU goes down whose caches hold something of it. */
static void heap_destroy_cpu_down(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), other = util_other_cpu(test, cpu);
	unsigned long end = jiffies + 3 * HZ;
	unsigned int round, in_use = 0;
	struct task_struct *thread;
	struct goalloc_heap *heap;

	util_skip_on_rt(test);
	thread = kthread_run(down_and_up, (void *)(unsigned long)other, "goalloc-hotplug");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (round = 0; time_before(jiffies, end); round++) {
		heap = goalloc_heap_create("kunit-hotplug", 0);
		if (!heap)
			break;
		smp_call_function_single(other, alloc_and_free_irq, heap, true);
		if (!goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY))
			continue;
		in_use++;
		msleep(500);	/* the CPU is down, and its caches are empty */
		if (goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY))
			break;
	}
	if (kthread_stop(thread))
		kunit_skip(test, "no CPU can be taken down");
	KUNIT_EXPECT_EQ_MSG(test, in_use, 0, "heaps of %u that are in use with no object", round);
	KUNIT_EXPECT_TRUE_MSG(test, time_after_eq(jiffies, end), "a heap cannot be made or stays");
}

struct tiny_work {
	struct work_struct work;
	struct goalloc_heap *heap;
	unsigned int forgotten;
	bool stop;
};

/* Objects of two bytes, and a look at the cache after each. */
static void tiny_worker(struct work_struct *work)
{
	struct tiny_work *w = container_of(work, struct tiny_work, work);
	struct mcache *c = raw_cpu_ptr(w->heap->cache);
	unsigned int i, n = 0;
	unsigned long flags;
	void *objs[64];

	while (!READ_ONCE(w->stop)) {
		objs[n++] = goalloc_heap_alloc_noscan(w->heap, 2, GFP_KERNEL);
		local_irq_save(flags);
		w->forgotten += c->tiny && !c->holds;
		local_irq_restore(flags);
		for (i = 0; n == ARRAY_SIZE(objs) && i < n; i++)
			goalloc_free(objs[i]);
		n %= ARRAY_SIZE(objs);
		cond_resched();
	}
	while (n)
		goalloc_free(objs[--n]);
}

/* A CPU that has a tiny block is known to hold it, whenever its caches were emptied. */
static void heap_tiny_is_known(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), other = util_other_cpu(test, cpu);
	struct tiny_work w = { .heap = create(test, "kunit-tiny") };
	unsigned long end = jiffies + 2 * HZ;

	util_pin(test, cpu);
	INIT_WORK_ONSTACK(&w.work, tiny_worker);
	schedule_work_on(other, &w.work);
	while (time_before(jiffies, end))
		scavenge_all();
	WRITE_ONCE(w.stop, true);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	KUNIT_EXPECT_EQ_MSG(test, w.forgotten, 0, "blocks of caches that hold nothing");
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(w.heap, GOALLOC_DESTROY_EMPTY), 0);
}

static struct kunit_case heap_cases[] = {
	KUNIT_CASE(heap_is_apart),
	KUNIT_CASE(heap_realloc_stays),
	KUNIT_CASE(heap_destroy_in_use),
	KUNIT_CASE(heap_destroy_frees),
	KUNIT_CASE(heap_counts_stay),
	KUNIT_CASE(heap_destroy_all_cpus),
	KUNIT_CASE(heap_limit),
	KUNIT_CASE(heap_limit_is_exact),
	KUNIT_CASE(heap_limit_uncharged),
	KUNIT_CASE(heap_defined),
	KUNIT_CASE(heap_defined_atomic),
	KUNIT_CASE(heap_of_nodes),
	KUNIT_CASE(heap_defined_at_once),
	KUNIT_CASE(heap_bad_input),
	KUNIT_CASE(heap_wrong_heap),
	KUNIT_CASE(heap_is_scavenged),
	KUNIT_CASE(heap_destroy_cpu_down),
	KUNIT_CASE(heap_tiny_is_known),
	{}
};

static struct kunit_suite heap_suite = {
	.name = "goalloc_heap",
	.test_cases = heap_cases,
};

kunit_test_suite(heap_suite);
