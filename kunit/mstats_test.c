// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_mstats: the statistics add up, and count what was done. */
#include <linux/delay.h>
#include <linux/kthread.h>

#include "kunit_util.h"

#define NR_OBJS		2000

static void class_stats(unsigned int spc, struct class_stats *st)
{
	util_settled(NULL, NULL);
	mstats_class(&default_heap, spc, st);
}

/* They hold with nothing, with much, and again with nothing in use. */
static void mstats_identities(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	util_check_identities(test);
	for (i = 0; i < NR_OBJS; i++) {
		size_t size = util_size(&rnd, SZ_256K);

		objs[i] = i % 2 ? goalloc_alloc(size, GFP_KERNEL) :
				  goalloc_alloc_noscan(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		if (i % 200 == 0)
			util_check_identities(test);
	}
	for (i = 0; i < NR_OBJS; i++) {
		goalloc_free(objs[i]);
		if (i % 200 == 0)
			util_check_identities(test);
	}
	util_check_identities(test);
}

static unsigned long class_pages(unsigned int spc)
{
	unsigned long pages = 0;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		pages += atomic_long_read(&heap_central(&default_heap, nid, spc)->nr_pages);
	return pages;
}

/* Every class counts its own mallocs and frees, wherever they happen, and no other's. */
static void mstats_by_class(struct kunit *test)
{
	unsigned int sc, noscan, i, cpu = cpumask_first(cpu_online_mask);
	struct class_stats before, during, after;
	void *objs[40];

	for (sc = 1; sc < GOALLOC_NUM_SIZE_CLASSES; sc += 3) {
		for (noscan = sc < 3; noscan < 2; noscan++) {
			size_t size = goalloc_size_classes[sc].size;
			unsigned int spc = SPC(sc, noscan);

			if (noscan && size < TINY_BLOCK_SIZE)
				continue;
			class_stats(spc, &before);
			for (i = 0; i < ARRAY_SIZE(objs); i++) {
				objs[i] = noscan ? goalloc_alloc_noscan(size, GFP_KERNEL) :
						   goalloc_alloc(size, GFP_KERNEL);
				KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			}
			mstats_class(&default_heap, spc, &during);
			KUNIT_EXPECT_EQ(test, during.mallocs - before.mallocs, ARRAY_SIZE(objs));
			KUNIT_EXPECT_EQ(test, during.frees, before.frees);
			KUNIT_EXPECT_EQ(test, during.inuse - before.inuse, ARRAY_SIZE(objs));
			KUNIT_EXPECT_GE(test, class_pages(spc), during.spans);
			KUNIT_EXPECT_GE(test, class_pages(spc) << GOALLOC_PAGE_SHIFT,
					during.inuse * size);
			cpu = cpumask_next(cpu, cpu_online_mask);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(cpu_online_mask);
			util_pin(test, cpu);
			for (i = 0; i < ARRAY_SIZE(objs); i++)
				goalloc_free(objs[i]);
			class_stats(spc, &after);
			KUNIT_EXPECT_EQ(test, after.mallocs, during.mallocs);
			KUNIT_EXPECT_EQ(test, after.frees - before.frees, ARRAY_SIZE(objs));
			KUNIT_EXPECT_EQ(test, after.inuse, before.inuse);
			KUNIT_EXPECT_EQ(test, after.cached, 0);
		}
	}
}

/* Bytes are counted as they are used up: by class, by page, or by the tiny block. */
static void mstats_bytes(struct kunit *test)
{
	static const size_t sizes[] = { 8, 17, 1000, 1025, 32768, 32769, 100000, SZ_1M };
	struct mem_stats before, after;
	unsigned int i, noscan;

	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i / 2], bytes = goalloc_size_roundup(size);
		void *obj;

		noscan = i % 2 && size >= TINY_BLOCK_SIZE;
		util_settled(&before, NULL);
		obj = noscan ? goalloc_alloc_noscan(size, GFP_KERNEL) :
			       goalloc_alloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		util_settled(&after, NULL);
		KUNIT_EXPECT_EQ(test, after.alloc - before.alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.total_alloc - before.total_alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.mallocs - before.mallocs, 1);
		KUNIT_EXPECT_EQ(test, after.frees, before.frees);
		KUNIT_EXPECT_EQ(test, after.large_bytes - before.large_bytes,
				size > GOALLOC_MAX_SMALL_SIZE ? bytes : 0);
		goalloc_free(obj);
		util_settled(&after, NULL);
		KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
		KUNIT_EXPECT_EQ(test, after.total_alloc - before.total_alloc, bytes);
		KUNIT_EXPECT_EQ(test, after.frees - before.frees, 1);
		KUNIT_EXPECT_EQ(test, after.large_bytes, before.large_bytes);
	}
}

/* Tiny objects are counted one by one, their bytes by blocks. */
static void mstats_tiny(struct kunit *test)
{
	struct mem_stats before, during, after;
	void *objs[64];
	unsigned int i;

	util_pin(test, cpumask_first(cpu_online_mask));
	util_settled(&before, NULL);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = goalloc_alloc_noscan(4, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	util_settled(&during, NULL);
	KUNIT_EXPECT_EQ(test, during.tiny_mallocs - before.tiny_mallocs, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, during.mallocs - before.mallocs, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, during.heap_objects - before.heap_objects, ARRAY_SIZE(objs));
	/* The scavenger may come between and make a CPU leave a block half used. */
	KUNIT_EXPECT_GE(test, during.alloc - before.alloc, 4 * ARRAY_SIZE(objs));
	KUNIT_EXPECT_LE(test, during.alloc - before.alloc, 5 * ARRAY_SIZE(objs));
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		goalloc_free(objs[i]);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, after.tiny_frees - before.tiny_frees, ARRAY_SIZE(objs));
	KUNIT_EXPECT_EQ(test, after.heap_objects, before.heap_objects);
	KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
}

/* Objects that lie free in a CPU's window are not in use, and the walk sees them. */
static void mstats_cached(struct kunit *test)
{
	unsigned int spc = SPC(goalloc_size_class(64), 0);
	struct class_stats st, before;
	struct mcache_slot *slot;
	struct span_walk walk;
	unsigned int free;
	void *obj;

	util_pin(test, cpumask_first(cpu_online_mask));
	slot = util_slot(&default_heap, spc);
	class_stats(spc, &before);
	obj = goalloc_alloc(64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* The scavenger leaves a slot alone that is busy; until then it may empty it. */
	do {
		goalloc_free(goalloc_alloc(64, GFP_KERNEL));
		preempt_disable();
		KUNIT_EXPECT_TRUE(test, mcache_mark_busy(slot));
		free = hweight64(slot->free);
		if (!free)
			mcache_mark_idle(slot);
		preempt_enable();
	} while (!free);
	mstats_class(&default_heap, spc, &st);
	mstats_walk(&walk);
	mcache_mark_idle(slot);
	KUNIT_EXPECT_GT(test, free, 0);
	KUNIT_EXPECT_EQ(test, st.cached, free);
	KUNIT_EXPECT_GE(test, walk.cached, free);
	KUNIT_EXPECT_EQ(test, walk.objects, walk.free + walk.cached + walk.inuse);
	KUNIT_EXPECT_EQ(test, st.inuse - before.inuse, 1);
	goalloc_free(obj);
}

static void alloc_all(struct kunit *test, void **objs, unsigned int n, size_t size)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		objs[i] = goalloc_alloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
}

static void free_all(void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		goalloc_free(objs[i]);
}

/* Each layer counts what came down to it. */
static void mstats_by_layer(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	unsigned int spans = DIV_ROUND_UP(NR_OBJS, goalloc_size_classes[6].nelems);
	struct layer_stats none, first, again;
	struct mem_counts before, after;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_pin(test, cpumask_first(cpu_online_mask));
	util_settled(NULL, NULL);
	mstats_layers(&none);
	mem_get_counts(&before);
	alloc_all(test, objs, NR_OBJS, 64);
	mstats_layers(&first);
	mem_get_counts(&after);
	KUNIT_EXPECT_GE(test, first.refills - none.refills, NR_OBJS / 64);
	KUNIT_EXPECT_GE(test, first.spans_made - none.spans_made, spans);
	KUNIT_EXPECT_LE(test, first.spans_made - none.spans_made, 2 * spans);
	KUNIT_EXPECT_GE(test, first.page_hits + first.page_misses,
			none.page_hits + none.page_misses + spans);
	KUNIT_EXPECT_GT(test, first.page_hits, none.page_hits);
	KUNIT_EXPECT_GT(test, first.page_misses, none.page_misses);
	KUNIT_EXPECT_GT(test, after.draws, before.draws);
	KUNIT_EXPECT_LE(test, after.draws - before.draws, after.drawn - before.drawn);

	free_all(objs, NR_OBJS / 2);	/* of each span some stay, but for those in between */
	alloc_all(test, objs, NR_OBJS / 2, 64);
	free_all(objs + 1, NR_OBJS - 1);
	util_settled(NULL, NULL);
	mstats_layers(&again);
	goalloc_free(goalloc_alloc(64, GFP_KERNEL));
	mstats_layers(&first);
	KUNIT_EXPECT_EQ_MSG(test, first.central_hits - again.central_hits, 1,
			    "the span of the object that stayed");
	KUNIT_EXPECT_EQ(test, first.spans_given - again.spans_given, 1);
	KUNIT_EXPECT_EQ(test, first.spans_made, again.spans_made);
	goalloc_free(objs[0]);
}

/* What a heap's layers have counted stays when it goes. */
static void mstats_layers_stay(struct kunit *test)
{
	struct goalloc_cache *cache = goalloc_cache_create("layers", 64, 0, 0, NULL);
	struct layer_stats before, after;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	goalloc_cache_free(cache, goalloc_cache_alloc(cache, GFP_KERNEL));
	mstats_layers(&before);
	KUNIT_EXPECT_EQ(test, goalloc_cache_destroy(cache), 0);
	mstats_layers(&after);
	KUNIT_EXPECT_GE(test, after.refills, before.refills);
	KUNIT_EXPECT_GE(test, after.spans_made, before.spans_made);
}

/* The longest run can be had, and no longer one. */
static void mstats_longest(struct kunit *test)
{
	struct page_heap *h = &page_heaps[util_memory_node()];
	unsigned int longest, tries = 10;
	struct page_run run, longer;
	bool found, found_longer;
	struct layer_stats st;
	unsigned long flags;

	do {	/* the scavenger may come between */
		goalloc_free(goalloc_alloc(SZ_4M, GFP_KERNEL));
		spin_lock_irqsave(&h->lock, flags);
		longest = mpagealloc_longest(h);
		found_longer = longest < ARENA_PAGES &&
			       mpagealloc_find(h, longest + 1, 1, &longer);
		found = longest && mpagealloc_find(h, longest, 1, &run);
		spin_unlock_irqrestore(&h->lock, flags);
		KUNIT_EXPECT_FALSE(test, found_longer);
		KUNIT_EXPECT_EQ(test, found, longest > 0);
		if (found)
			mpagealloc_free(&run);
	} while (!longest && --tries);
	KUNIT_EXPECT_GT(test, longest, 0);
	mstats_layers(&st);
	KUNIT_EXPECT_LE(test, st.longest, ARENA_PAGES);
	util_settled(NULL, NULL);
	mstats_layers(&st);
	KUNIT_EXPECT_EQ_MSG(test, st.longest, 0, "all pages went back");
}

#define ROUNDS	6

/* Two CPUs that want one lock; the first of them holds it when the second comes. */
struct crowd {
	atomic_t here;
	atomic_t held;
	atomic_t comes;
	unsigned int hold_ms;	/* how long for, once the second is about to want it */
	spinlock_t *lock;	/* that both want */
	void (*take)(struct crowd *crowd);
	struct mcentral *central;
};

static void take_span(struct crowd *crowd)
{
	mcentral_let_go(mcentral_take(crowd->central, 1, GFP_KERNEL | __GFP_NOFAIL));
}

static void take_pages(struct crowd *crowd)
{
	struct page_run run;

	if (mpagealloc_reuse(crowd->central->nid, ARENA_PAGES, 1, &run))
		mpagealloc_free(&run);
}

static void crowd_in(unsigned int cpu, void *arg)
{
	unsigned int first = cpumask_first(cpu_online_mask);
	struct crowd *crowd = arg;
	unsigned long flags;

	if (cpu == first) {
		while (!atomic_read(&crowd->here))
			usleep_range(100, 1000);
		spin_lock_irqsave(crowd->lock, flags);
		atomic_set(&crowd->held, 1);
		while (!atomic_read(&crowd->comes))
			cpu_relax();
		mdelay(crowd->hold_ms);
		spin_unlock_irqrestore(crowd->lock, flags);
	} else if (cpu == cpumask_next(first, cpu_online_mask)) {
		atomic_set(&crowd->here, 1);
		while (!atomic_read(&crowd->held))
			cond_resched();
		atomic_set(&crowd->comes, 1);
		crowd->take(crowd);
	}
}

/*
 * Who finds a lock taken is counted; who finds it free is not.  A virtual CPU may not
 * run for a while just before it wants the lock: it is held longer and longer.
 */
static void expect_counted(struct kunit *test, struct mcentral *central, spinlock_t *lock,
			   unsigned long *contended, void (*take)(struct crowd *crowd))
{
	struct crowd crowd = { .central = central, .take = take };
	unsigned long before = READ_ONCE(*contended);
	unsigned int i;

	for (i = 0; i < 100; i++)
		take(&crowd);
	KUNIT_EXPECT_LT(test, READ_ONCE(*contended) - before, 100);
	before = READ_ONCE(*contended);
	for (i = 0; i < ROUNDS && READ_ONCE(*contended) == before; i++) {
		atomic_set(&crowd.here, 0);
		atomic_set(&crowd.held, 0);
		atomic_set(&crowd.comes, 0);
		crowd.hold_ms = 50 << i;
		crowd.lock = lock;
		util_run_on_all(test, crowd_in, &crowd);
	}
	KUNIT_EXPECT_GT(test, READ_ONCE(*contended), before);
	util_settled(NULL, NULL);
}

static void mstats_contended(struct kunit *test)
{
	int nid = util_memory_node();	/* one, though this thread may move */
	struct mcentral *c = heap_central(&default_heap, nid, SPC(20, 0));
	struct page_heap *h = &page_heaps[nid];

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "who waits for a lock there sleeps, and may not while it spins");
	util_other_cpu(test, cpumask_first(cpu_online_mask));
	expect_counted(test, c, &c->lock, &c->contended, take_span);
	expect_counted(test, c, &h->lock, &h->contended, take_pages);
}

#define FILL_CLASS	33	/* 1152 bytes, 7 objects a span */
#define FILL_OBJS	700

/* Spans are sorted by the tenths of their objects that are in use. */
static void mstats_fills(struct kunit *test)
{
	struct class_fill *fill = kunit_kcalloc(test, NR_SPC + 1, sizeof(*fill), GFP_KERNEL);
	void **objs = kunit_kcalloc(test, FILL_OBJS, sizeof(*objs), GFP_KERNEL);
	const struct goalloc_size_class *c = &goalloc_size_classes[FILL_CLASS];
	unsigned int i, j, n, inuse, spc = SPC(FILL_CLASS, 0);
	struct class_fill wanted = {};
	struct class_stats st;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, fill);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	util_seed(test, &rnd);
	class_stats(spc, &st);
	KUNIT_ASSERT_EQ(test, st.spans, 0);
	alloc_all(test, objs, FILL_OBJS, c->size);
	for (i = n = 0; i < FILL_OBJS; i++) {	/* fewer and fewer of them */
		if (util_below(&rnd, FILL_OBJS) < i)
			goalloc_free(objs[i]);
		else
			objs[n++] = objs[i];
	}
	class_stats(spc, &st);
	for (i = 0; i < n; i++) {
		struct mspan *s = span_of((unsigned long)objs[i]);

		for (inuse = j = 0; j < n; j++) {
			if (span_of((unsigned long)objs[j]) != s)
				continue;
			if (j < i)
				break;
			inuse++;
		}
		if (j < n)
			continue;	/* it was looked at before */
		wanted.spans[min(inuse * 10 / s->nelems, 9U)]++;
		wanted.objects += s->nelems;
		wanted.bytes += s->npages << GOALLOC_PAGE_SHIFT;
		if (inuse * 8 < s->nelems)
			wanted.sparse += s->npages << GOALLOC_PAGE_SHIFT;
	}
	mstats_fill(fill);
	for (i = 0; i < NR_DECILES; i++)
		KUNIT_EXPECT_EQ_MSG(test, fill[spc].spans[i], wanted.spans[i], "tenth %u", i);
	KUNIT_EXPECT_EQ(test, fill[spc].objects, wanted.objects);
	KUNIT_EXPECT_EQ(test, fill[spc].bytes, wanted.bytes);
	KUNIT_EXPECT_EQ(test, fill[spc].sparse, wanted.sparse);
	free_all(objs, n);
}

/* A span of 128 objects of which one is in use is nearly empty; of which 16 are, it is not. */
static void mstats_sparse(struct kunit *test)
{
	struct class_fill *fill = kunit_kcalloc(test, NR_SPC + 1, sizeof(*fill), GFP_KERNEL);
	unsigned int spc = SPC(goalloc_size_class(64), 0);
	struct class_stats st;
	void *objs[16];

	KUNIT_ASSERT_NOT_NULL(test, fill);
	util_pin(test, cpumask_first(cpu_online_mask));
	class_stats(spc, &st);
	KUNIT_ASSERT_EQ(test, st.spans, 0);
	alloc_all(test, objs, ARRAY_SIZE(objs), 64);
	mstats_fill(fill);
	KUNIT_EXPECT_EQ(test, fill[spc].sparse, 0);
	KUNIT_EXPECT_EQ(test, fill[spc].spans[1], 1);
	goalloc_free(objs[15]);
	memset(fill, 0, (NR_SPC + 1) * sizeof(*fill));
	mstats_fill(fill);
	KUNIT_EXPECT_EQ(test, fill[spc].sparse, GOALLOC_PAGE_SIZE);
	free_all(objs, 15);
}

/* Windows are opened, used up, given into and flushed all the while, and heaps go. */
static int come_and_go(void *unused)
{
	struct goalloc_heap *heap = NULL;
	void *objs[80] = {};
	unsigned int i, n = 0;

	while (!kthread_should_stop()) {
		for (i = 0; i < ARRAY_SIZE(objs); i++)
			objs[i] = heap ? goalloc_heap_alloc(heap, 96, GFP_KERNEL) :
					 goalloc_alloc(96, GFP_KERNEL);
		for (i = 0; i < ARRAY_SIZE(objs); i++)
			goalloc_free(objs[i]);
		if (heap)
			goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY);
		heap = n++ % 64 ? NULL : goalloc_heap_create("kunit-comes", 0);
		cond_resched();
	}
	if (heap)
		goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY);
	return 0;
}

/* Who destroys a heap has left its numbers behind, and waits for the scavenger's mutex. */
static int hold_up(void *unused)
{
	while (!kthread_should_stop()) {
		scavenge_all();
		cond_resched();
	}
	return 0;
}

static bool fell(unsigned long *last, unsigned long value)
{
	bool res = value < *last;

	*last = value;
	return res;
}

/* Whoever reads while others allocate never sees a counter fall, and in the end the truth. */
static void mstats_never_less(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), spc = SPC(goalloc_size_class(96), 0);
	unsigned long end = jiffies + 2 * HZ, last[6] = {}, falls = 0;
	struct task_struct *thread, *scavenger;
	struct class_stats st;
	struct mem_stats all;

	util_pin(test, cpu);
	thread = kthread_create(come_and_go, NULL, "goalloc-come-and-go");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	kthread_bind(thread, util_other_cpu(test, cpu));
	wake_up_process(thread);
	scavenger = kthread_run(hold_up, NULL, "goalloc-hold-up");
	while (time_before(jiffies, end)) {
		mstats_class(NULL, spc, &st);
		falls += fell(&last[0], st.mallocs) + fell(&last[1], st.frees);
		mstats_class(&default_heap, spc, &st);
		falls += fell(&last[2], st.mallocs) + fell(&last[3], st.frees);
		mstats_read(NULL, &all);
		falls += fell(&last[4], all.mallocs) + fell(&last[5], all.frees);
		cond_resched();
	}
	if (!IS_ERR(scavenger))
		kthread_stop(scavenger);
	kthread_stop(thread);
	KUNIT_EXPECT_EQ(test, falls, 0);
	class_stats(spc, &st);
	KUNIT_EXPECT_EQ(test, st.mallocs, st.frees);
	KUNIT_EXPECT_GE(test, st.mallocs, last[2]);
}

/* What a reader saw of a slot in the middle of a change is not told. */
static void mstats_told(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), spc = SPC(goalloc_size_class(96), 0);
	struct goalloc_heap *heap = goalloc_heap_create("kunit-told", 0);
	struct class_stats before, during;
	struct mcache_counts *counts;
	struct mcache_slot *slot;
	u64 free;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	util_pin(test, cpu);
	slot = per_cpu_ptr(heap->cache, cpu)->slot + spc;
	counts = per_cpu_ptr(heap->cache, cpu)->counts + SPC_CACHE - spc;
	goalloc_free(goalloc_heap_alloc(heap, 96, GFP_KERNEL));
	mstats_class(heap, spc, &before);
	KUNIT_EXPECT_EQ(test, before.mallocs, 1);
	counts->taken--;		/* as if a window were there, and not counted yet */
	mstats_class(heap, spc, &during);
	KUNIT_EXPECT_EQ(test, during.mallocs, before.mallocs);
	counts->taken++;
	free = slot->free;		/* as if it were just closed, and no more counted */
	slot->free = 0;
	slot->seq++;
	mstats_class(heap, spc, &during);
	KUNIT_EXPECT_EQ(test, during.mallocs, before.mallocs);
	slot->free = free;
	slot->seq++;
	mstats_class(heap, spc, &during);
	KUNIT_EXPECT_EQ(test, during.mallocs, before.mallocs);
	KUNIT_EXPECT_EQ(test, goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY), 0);
}

static struct kunit_case mstats_cases[] = {
	KUNIT_CASE(mstats_identities),
	KUNIT_CASE(mstats_by_class),
	KUNIT_CASE(mstats_bytes),
	KUNIT_CASE(mstats_tiny),
	KUNIT_CASE(mstats_cached),
	KUNIT_CASE(mstats_by_layer),
	KUNIT_CASE(mstats_layers_stay),
	KUNIT_CASE(mstats_longest),
	KUNIT_CASE(mstats_contended),
	KUNIT_CASE(mstats_fills),
	KUNIT_CASE(mstats_sparse),
	KUNIT_CASE(mstats_never_less),
	KUNIT_CASE(mstats_told),
	{}
};

static struct kunit_suite mstats_suite = {
	.name = "goalloc_mstats",
	.test_cases = mstats_cases,
};

kunit_test_suite(mstats_suite);
