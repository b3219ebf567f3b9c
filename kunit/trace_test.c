// SPDX-License-Identifier: GPL-2.0
/*
 * Suite goalloc_trace: while the events are enabled each object is told of once when it is
 * allocated and once when it is freed, with its user's call site, whichever way it goes.
 */
#include "kunit_util.h"

#include <linux/device.h>
#include <linux/module.h>

#include <linux/goalloc_dropin.h>
#include <linux/goalloc_region.h>
#include <trace/events/goalloc.h>

#define MAX_EVENTS	512
#define MANY		50

struct event {
	bool alloc;
	const void *ptr;
	unsigned long call_site;
	size_t req;
	size_t given;
	char heap[GOALLOC_HEAP_NAME_MAX];
	int node;
};

static struct event events[MAX_EVENTS];
static atomic_t nr_events;
static struct goalloc_heap handle = { .name = "trace_test", .owner = THIS_MODULE };
static void *ptrs[MANY];

static struct event *next_event(void)
{
	return &events[min_t(unsigned int, atomic_inc_return(&nr_events), MAX_EVENTS) - 1];
}

static void on_alloc(void *data, const void *ptr, unsigned long call_site, size_t bytes_req,
		     size_t bytes_alloc, gfp_t gfp, const char *heap, int node)
{
	struct event *e = next_event();

	*e = (struct event) { true, ptr, call_site, bytes_req, bytes_alloc, .node = node };
	strscpy(e->heap, heap, sizeof(e->heap));
}

static void on_free(void *data, const void *ptr, unsigned long call_site)
{
	*next_event() = (struct event) { false, ptr, call_site };
}

static void disable(void)
{
	unregister_trace_goalloc_alloc(on_alloc, NULL);
	unregister_trace_goalloc_free(on_free, NULL);
	tracepoint_synchronize_unregister();
}

static void enable(struct kunit *test)
{
	atomic_set(&nr_events, 0);
	KUNIT_ASSERT_EQ(test, register_trace_goalloc_alloc(on_alloc, NULL), 0);
	KUNIT_ASSERT_EQ(test, register_trace_goalloc_free(on_free, NULL), 0);
}

/* --- ways that an object can go: each returns how many went */

/* Neither the compiler nor the header must know it. */
static noinline size_t unknown(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

static unsigned int by_size(void)
{
	static const size_t sizes[] = { 1, 64, 1000, 1100, SZ_32K, SZ_32K + 1, SZ_1M };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		goalloc_free(goalloc_alloc(unknown(sizes[i]), GFP_KERNEL));
		goalloc_free(goalloc_zalloc(unknown(sizes[i]), GFP_KERNEL));
		goalloc_free(goalloc_zalloc_noscan(unknown(sizes[i]), GFP_KERNEL));
	}
	return 3 * ARRAY_SIZE(sizes);
}

static unsigned int by_known_size(void)
{
	goalloc_free(goalloc_alloc(64, GFP_KERNEL));
	goalloc_free(goalloc_zalloc(64, GFP_KERNEL));
	goalloc_free(goalloc_alloc_noscan(64, GFP_KERNEL));
	goalloc_free_sensitive(goalloc_zalloc_noscan(64, GFP_KERNEL));
	return 4;
}

static unsigned int tiny(void)
{
	unsigned int i;

	for (i = 0; i < 15; i++)
		ptrs[i] = goalloc_alloc_noscan(unknown(i + 1), GFP_KERNEL);
	for (i = 0; i < 15; i++)
		goalloc_free(ptrs[i]);
	return 15;
}

static unsigned int of_a_node(void)
{
	int node = util_memory_node();

	goalloc_free(goalloc_alloc_node(100, GFP_KERNEL, NUMA_NO_NODE));
	goalloc_free(goalloc_alloc_node(100, GFP_KERNEL, node));
	goalloc_free(goalloc_alloc_node(100, GFP_KERNEL | __GFP_THISNODE, node));
	goalloc_free(goalloc_alloc_node(SZ_64K, GFP_KERNEL | __GFP_THISNODE, node));
	return 4;
}

static unsigned int in_bulk(void)
{
	unsigned int n = goalloc_alloc_bulk(100, GFP_KERNEL, MANY, ptrs);

	goalloc_free_bulk(n, ptrs);
	return n;
}

static unsigned int of_a_cache(void)
{
	struct goalloc_cache *cache = goalloc_cache_create("trace_cache", 100, 0, 0, NULL);
	unsigned int n;

	goalloc_cache_free(cache, goalloc_cache_alloc(cache, GFP_KERNEL));
	goalloc_cache_free(cache, goalloc_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO));
	goalloc_free(goalloc_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE,
					      util_memory_node()));
	n = goalloc_cache_alloc_bulk(cache, GFP_KERNEL, MANY, ptrs);
	goalloc_cache_free_bulk(cache, n, ptrs);
	goalloc_cache_destroy(cache);
	return 3 + n;
}

static unsigned int of_a_heap(void)
{
	struct goalloc_heap *heap = goalloc_heap_create("trace_heap", 0);

	goalloc_heap_free(heap, goalloc_heap_alloc(heap, 100, GFP_KERNEL));
	goalloc_heap_free(heap, goalloc_heap_alloc_noscan(heap, 5, GFP_KERNEL));
	goalloc_free(goalloc_heap_alloc_node(heap, SZ_64K, GFP_KERNEL | __GFP_THISNODE,
					     util_memory_node()));
	goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY);
	return 3;
}

static unsigned int with_their_heap(void)
{
	struct goalloc_heap *heap = goalloc_heap_create("trace_heap", 0);
	static const size_t sizes[] = { 3, 5, 100, 100, SZ_64K };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ptrs[i] = goalloc_heap_alloc_noscan(heap, sizes[i], GFP_KERNEL);
	goalloc_heap_destroy(heap, GOALLOC_DESTROY_FREE);
	return ARRAY_SIZE(sizes);
}

static unsigned int by_the_dropin(void)
{
	unsigned long slot = __goalloc_known_slot(64, 0);
	void *ptr;

	goalloc_dropin_kfree(goalloc_module_kmalloc(&handle, 100, GFP_KERNEL));
	goalloc_dropin_kfree(goalloc_module_kmalloc(&handle, 100, GFP_KERNEL | __GFP_ZERO));
	goalloc_dropin_kfree(__goalloc_module_kmalloc_class(&handle, 64, GFP_KERNEL, slot));
	goalloc_dropin_kfree(__goalloc_module_kzalloc_class(&handle, 64, GFP_KERNEL, slot));
	goalloc_dropin_kvfree(goalloc_module_kvmalloc_node(&handle, SZ_64K, GFP_KERNEL,
							   NUMA_NO_NODE));
	ptr = goalloc_module_kmalloc_node(&handle, 100, GFP_KERNEL, NUMA_NO_NODE);
	ptr = goalloc_module_krealloc(&handle, ptr, 1000, GFP_KERNEL);
	goalloc_dropin_kfree_sensitive(ptr);
	return 7;
}

static unsigned int built_on_others(void)
{
	struct goalloc_region region = GOALLOC_REGION_INIT;
	void *ptr = goalloc_alloc(unknown(100), GFP_KERNEL);

	ptr = goalloc_realloc(ptr, 5000, GFP_KERNEL);
	goalloc_free(goalloc_realloc(ptr, 0, GFP_KERNEL));	/* ZERO_SIZE_PTR */
	goalloc_free(goalloc_strdup("a string", GFP_KERNEL));
	goalloc_free(goalloc_memdup("a string", 9, GFP_KERNEL));
	goalloc_free(goalloc_asprintf(GFP_KERNEL, "%d", 12345));
	goalloc_kvfree(goalloc_kvalloc(SZ_64K, GFP_KERNEL));
	goalloc_kvfree(goalloc_kvalloc(SZ_8M, GFP_KERNEL));	/* vmalloc()'s: no object */
	goalloc_region_alloc(&region, 100, GFP_KERNEL);
	goalloc_region_alloc(&region, 100, GFP_KERNEL);
	goalloc_region_free(&region);				/* one chunk */
	return 7;
}

/* The window is empty now and then, and objects come back through the shared map. */
static unsigned int slowly(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		ptrs[i] = goalloc_alloc(unknown(4096), GFP_KERNEL);
	for (i = 0; i < MANY; i++)
		goalloc_free(ptrs[i]);
	return MANY;
}

/* Nothing that is no object, or that was not allocated, is told of. */
static unsigned int nothing(void)
{
	void *ptr = goalloc_alloc(unknown(0), GFP_KERNEL);

	goalloc_free(ptr);
	goalloc_free(NULL);
	goalloc_free(goalloc_alloc(unknown(SZ_8M), GFP_KERNEL | __GFP_NOWARN));
	goalloc_free(ptrs + 1);
	goalloc_free_bulk(2, (void *[]) { ptrs, NULL });
	return 0;
}

/* --- what the probes must have seen */

static unsigned int count(bool alloc, const void *ptr)
{
	unsigned int i, n = 0;

	for (i = 0; i < min_t(unsigned int, atomic_read(&nr_events), MAX_EVENTS); i++)
		n += events[i].alloc == alloc && (!ptr || events[i].ptr == ptr);
	return n;
}

/* Each object's events take turns: allocated, freed, allocated, ... freed. */
static void expect_turns(struct kunit *test, const char *what, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		for (j = i + 1; j < nr && events[j].ptr != events[i].ptr; j++)
			;
		KUNIT_EXPECT_TRUE_MSG(test, j == nr ? !events[i].alloc :
				      events[j].alloc != events[i].alloc,
				      "%s: event %u and %u", what, i, j);
	}
}

static void expect_call_sites(struct kunit *test, const char *what, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE_MSG(test, within_module(events[i].call_site, THIS_MODULE),
				      "%s: event %u, call site %pS", what, i,
				      (void *)events[i].call_site);
}

static unsigned int watch(struct kunit *test, const char *what, unsigned int (*way)(void))
{
	unsigned int objects, nr;

	enable(test);
	objects = way();
	disable();
	nr = atomic_read(&nr_events);
	KUNIT_EXPECT_EQ_MSG(test, count(true, NULL), objects, "%s: allocated", what);
	KUNIT_EXPECT_EQ_MSG(test, count(false, NULL), objects, "%s: freed", what);
	KUNIT_ASSERT_EQ_MSG(test, nr, 2 * objects, "%s", what);
	expect_turns(test, what, nr);
	return nr;
}

static void told(struct kunit *test, const char *what, unsigned int (*way)(void))
{
	expect_call_sites(test, what, watch(test, what, way));
}

#define expect_told(test, way)	told(test, #way, way)

static void trace_tells_of_each(struct kunit *test)
{
	unsigned long objects = util_live();

	KUNIT_ASSERT_EQ(test, goalloc_heap_prepare(&handle), 0);
	expect_told(test, by_size);
	expect_told(test, by_known_size);
	expect_told(test, tiny);
	expect_told(test, of_a_node);
	expect_told(test, in_bulk);
	expect_told(test, of_a_cache);
	expect_told(test, of_a_heap);
	expect_told(test, with_their_heap);
	expect_told(test, by_the_dropin);
	expect_told(test, built_on_others);
	expect_told(test, slowly);
	expect_told(test, nothing);
	goalloc_heap_destroy(&handle, GOALLOC_DESTROY_EMPTY);
	KUNIT_EXPECT_EQ(test, util_live(), objects);
}

struct headed {
	struct rcu_head rcu;
	char text[50];
};

static unsigned int later(void)
{
	struct headed *first = goalloc_alloc(unknown(sizeof(*first)), GFP_KERNEL);

	goalloc_free_rcu(first, rcu);
	goalloc_free_rcu_mightsleep(goalloc_alloc(unknown(100), GFP_KERNEL));	/* and a note */
	goalloc_free_rcu_barrier();
	return 3;
}

static struct device *device;

static unsigned int with_a_device(void)
{
	goalloc_devm_alloc(device, 100, GFP_KERNEL);
	root_device_unregister(device);
	return 1;
}

/* What is freed later is told of when it is freed, by whoever frees it. */
static void trace_tells_later(struct kunit *test)
{
	device = util_device(test, "goalloc-kunit");
	watch(test, "later", later);
	watch(test, "with_a_device", with_a_device);
}

/* What is allocated and freed in NMI is told of there. */
static unsigned int in_nmi_context(void)
{
	void *obj;

	local_irq_disable();
	obj = goalloc_alloc(unknown(64), GFP_ATOMIC);
	goalloc_free(goalloc_alloc(unknown(64), GFP_ATOMIC));
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	goalloc_free(obj);
	obj = goalloc_alloc(unknown(64), GFP_NOWAIT);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	local_irq_enable();
	goalloc_free(obj);
	return 3;
}

static void trace_in_nmi(struct kunit *test)
{
	util_skip_on_rt(test);
	expect_told(test, in_nmi_context);
}

static void expect_fields(struct kunit *test, const void *ptr, size_t req, size_t given,
			  const char *heap)
{
	const struct event *e = &events[0];

	goalloc_free(ptr);
	disable();
	KUNIT_ASSERT_EQ(test, atomic_read(&nr_events), 2);
	KUNIT_EXPECT_PTR_EQ(test, e->ptr, ptr);
	KUNIT_EXPECT_EQ(test, e->req, req);
	KUNIT_EXPECT_EQ(test, e->given, given);
	KUNIT_EXPECT_STREQ(test, e->heap, heap);
	KUNIT_EXPECT_EQ(test, e->node, util_memory_node());
	KUNIT_EXPECT_PTR_EQ(test, events[1].ptr, ptr);
}

static void trace_fields(struct kunit *test)
{
	struct goalloc_cache *cache = goalloc_cache_create("trace_cache", 100, 0, 0, NULL);
	struct goalloc_heap *heap = goalloc_heap_create("trace_heap", 0);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, heap);
	util_pin(test, cpumask_first(cpu_online_mask));
	enable(test);
	expect_fields(test, goalloc_alloc(1100, GFP_KERNEL), 1100, 1152, "default");
	enable(test);
	expect_fields(test, goalloc_alloc_noscan(5, GFP_KERNEL), 5, 6, "default");
	enable(test);
	expect_fields(test, goalloc_alloc(100000, GFP_KERNEL), 100000, 106496, "default");
	enable(test);
	expect_fields(test, goalloc_cache_alloc(cache, GFP_KERNEL), 100, 104, "trace_cache");
	enable(test);
	expect_fields(test, goalloc_heap_alloc(heap, 33, GFP_KERNEL), 33, 48, "trace_heap");
	goalloc_cache_destroy(cache);
	goalloc_heap_destroy(heap, GOALLOC_DESTROY_EMPTY);
}

/* The fast path is left while an event is enabled, and taken again afterwards. */
static void trace_off(struct kunit *test)
{
	bool alloc = static_key_enabled(&alloc_watched), free = static_key_enabled(&free_watched);

	KUNIT_EXPECT_EQ(test, alloc, want_init_on_alloc(0));
	KUNIT_EXPECT_EQ(test, free, want_init_on_free());
	enable(test);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&alloc_watched));
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&free_watched));
	disable();
	KUNIT_EXPECT_EQ(test, static_key_enabled(&alloc_watched), alloc);
	KUNIT_EXPECT_EQ(test, static_key_enabled(&free_watched), free);
	slowly();
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_events), 0);
}

/* What must be zero is, watched or not. */
static void trace_zeroed(struct kunit *test)
{
	unsigned int i;

	enable(test);
	for (i = 0; i < 10; i++) {
		char *obj = goalloc_zalloc(unknown(200), GFP_KERNEL);

		KUNIT_EXPECT_TRUE(test, util_is_zero(obj, 200));
		util_set(obj, 0xff, 200);
		goalloc_free(obj);
	}
	disable();
}

static int trace_init_case(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "the kernel has no tracepoints");
	return 0;
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(trace_tells_of_each),
	KUNIT_CASE(trace_tells_later),
	KUNIT_CASE(trace_in_nmi),
	KUNIT_CASE(trace_fields),
	KUNIT_CASE(trace_off),
	KUNIT_CASE(trace_zeroed),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "goalloc_trace",
	.init = trace_init_case,
	.test_cases = trace_cases,
};

kunit_test_suite(trace_suite);
