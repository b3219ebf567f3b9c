// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_badinput: hand goalloc every kind of bad input, and then rely on it.
 *
 * What it promises: a bad pointer, size, flag or node is refused with the right
 * value returned, nothing that it points to is changed, and the allocations that
 * follow are correct.  What goalloc says about it is for test_badinput.sh to read
 * in the kernel log.
 *
 * THEORY OF OPERATION
 *
 * A case fills a table with live objects, hands in its bad input with these
 * around it, and then makes the next 10,000 allocations on the CPU that owns what
 * the bad input was about, and as many on another if that was involved: half of the
 * sizes that the bad input was about, half of all sizes.  Every object is filled to
 * its usable size when it is allocated, checked when it is freed, and must lie apart
 * from every other live object, so that an object that a bad free made free twice is
 * noticed when it is handed out twice.
 *
 * A bad pointer goes to every function that takes one, each called from a
 * function of its own name here, so that the reports' stacks can be told apart.
 *
 *	insmod goalloc_badinput.ko case=NAME		runs that case; fails if it fails
 *	insmod goalloc_badinput.ko			runs all of them
 *	insmod goalloc_badinput.ko case=none		runs none yet
 *	echo NAME > /sys/module/goalloc_badinput/parameters/case	runs one more
 *
 * goalloc reports at most 20 bad calls in 5 seconds and counts all; a case other
 * than "flood" makes at most 20.
 */
#define pr_fmt(fmt) "goalloc_badinput: " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/poison.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <linux/goalloc.h>

#include "hrtimer_compat.h"

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of the random numbers (default: random, printed)");

#define NEXT_ALLOCS	10000
#define NR_LIVE		256		/* objects that live around the bad input */
#define NR_VICTIMS	3		/* objects that the bad input is about */
#define NR_RETIRED	256
#define SPAN_SIZE	8192		/* of the tail case's class; also its alignment */

/**
 * struct object - one live object, or none
 * @ptr: where it is, or NULL
 * @usable: its goalloc_size()
 * @size: what was asked for
 * @noscan: it was asked for from the spans without pointers
 * @byte: what it is filled with
 */
struct object {
	u8 *ptr;
	size_t usable;
	size_t size;
	bool noscan;
	u8 byte;
};

/**
 * struct bad_case - one kind of bad input
 * @name: for the case parameter
 * @run: hands it in
 * @sizes: of the objects it is about, up to the first 0
 * @noscan: they come from the spans without pointers
 * @by_other: bit 0: the good free, bit 1: the bad calls are made by another CPU
 * @offsets: into the objects, up to the first 0
 * @alone: @run comes before there are live objects
 */
struct bad_case {
	const char *name;
	void (*run)(const struct bad_case *c);
	size_t sizes[NR_VICTIMS];
	bool noscan;
	unsigned int by_other;
	unsigned long offsets[3];
	bool alone;
};

#define GOOD_FREE	BIT(0)
#define BAD_CALLS	BIT(1)

/* The live objects first, then the victims; param_lock of the case parameter guards all. */
static struct object objects[NR_LIVE + NR_VICTIMS];
static struct object *const victims = objects + NR_LIVE;
static void *retired[NR_RETIRED];
static u8 module_data[64];

static int owner_cpu, other_cpu;
static unsigned long bad_calls, failures;
static u64 rng;

static void fail(const char *what, size_t size)
{
	if (++failures <= 10)
		pr_err("FAILED: %s (%zu bytes)\n", what, size);
}

static void expect(bool ok, const char *what)
{
	if (!ok)
		fail(what, 0);
}

static u32 rnd(void)
{
	rng ^= rng << 13;	/* xorshift64 */
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng >> 32;
}

/* A size that the compiler does not know, so that it cannot warn of it. */
static noinline size_t hidden(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

/* ------------------------------------------------------------ good objects */

static bool overlaps(const struct object *o)
{
	const struct object *p;

	for (p = objects; p < objects + ARRAY_SIZE(objects); p++)
		if (p != o && p->ptr && o->ptr < p->ptr + p->usable && p->ptr < o->ptr + o->usable)
			return true;
	return false;
}

/* Check what was allocated for @o->size and fill it. */
static void object_fill(struct object *o)
{
	o->usable = goalloc_size(o->ptr);
	if (o->usable < o->size)
		fail("goalloc_size() is less than what was asked for", o->size);
	if (is_power_of_2(o->size) && !IS_ALIGNED((unsigned long)o->ptr, o->size))
		fail("a power of two is not aligned to itself", o->size);
	if (overlaps(o))
		fail("two live objects overlap", o->size);
	o->byte = 1 + rnd() % 255;
	memset(o->ptr, o->byte, o->usable);
}

static void object_alloc(struct object *o, gfp_t gfp)
{
	bool zero = rnd() % 4 == 0;

	if (zero)
		gfp |= __GFP_ZERO;
	o->ptr = o->noscan ? goalloc_alloc_noscan(o->size, gfp) : goalloc_alloc(o->size, gfp);
	if (!o->ptr) {
		fail("NULL for a good request", o->size);
		return;
	}
	if (zero && memchr_inv(o->ptr, 0, o->size))
		fail("zeroed memory is not zero", o->size);
	object_fill(o);
}

static void object_check(const struct object *o)
{
	if (o->ptr && memchr_inv(o->ptr, o->byte, o->usable))
		fail("a live object was overwritten", o->size);
}

static void object_free(struct object *o)
{
	object_check(o);
	goalloc_free(o->ptr);
	o->ptr = NULL;
}

/* Half the case's own sizes (less of large ones), half anything, mostly small. */
static void object_choose(struct object *o, const struct bad_case *c)
{
	u32 max = rnd() % 100, own_one_in = c->sizes[0] > SZ_32K ? 8 : 2;

	o->noscan = rnd() % 2;
	max = max < 30 ? 16 : max < 70 ? 256 : max < 90 ? SZ_4K : max < 99 ? SZ_32K : SZ_256K;
	o->size = 1 + rnd() % max;
	if (c->sizes[0] && rnd() % own_one_in == 0) {
		o->noscan = c->noscan;
		do {
			o->size = c->sizes[rnd() % NR_VICTIMS];
		} while (!o->size);
	}
}

static long fill_table(void *data)
{
	struct object *o;

	for (o = objects; o < objects + NR_LIVE; o++) {
		object_choose(o, data);
		object_alloc(o, GFP_KERNEL);
	}
	return 0;
}

static long next_allocs(void *data)
{
	unsigned int i;

	for (i = 0; i < NEXT_ALLOCS; i++) {
		struct object *o = &objects[rnd() % NR_LIVE];

		object_free(o);
		object_choose(o, data);
		object_alloc(o, i % 8 ? GFP_KERNEL : GFP_ATOMIC);
		cond_resched();
	}
	return 0;
}

static void empty_table(void)
{
	struct object *o;

	for (o = objects; o < objects + ARRAY_SIZE(objects); o++)
		if (o->ptr)
			object_free(o);
}

/* -------------------------------------------------------------- bad calls */

static noinline bool badinput_free(void *ptr)
{
	goalloc_free(ptr);
	return true;
}

static noinline bool badinput_free_sensitive(void *ptr)
{
	goalloc_free_sensitive(ptr);
	return true;
}

static noinline bool badinput_size(void *ptr)
{
	return !goalloc_size(ptr);
}

static noinline bool badinput_realloc(void *ptr)
{
	return !goalloc_realloc(ptr, 100, GFP_ATOMIC);
}

static noinline bool badinput_realloc_to_0(void *ptr)
{
	return goalloc_realloc(ptr, 0, GFP_ATOMIC) == ZERO_SIZE_PTR;
}

static bool (*const bad_functions[])(void *ptr) = {
	badinput_free, badinput_free_sensitive, badinput_size, badinput_realloc,
	badinput_realloc_to_0,
};

/* Hand a bad pointer to every function that takes one. */
static long bad_pointer(void *ptr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_functions); i++) {
		bad_calls++;
		if (!bad_functions[i](ptr))
			fail("a bad pointer was taken for an object by function", i);
	}
	return 0;
}

static void bad_address(unsigned long addr)
{
	bad_pointer((void *)addr);
}

/* ------------------------------------------------------ objects of goalloc */

static long victim_alloc(void *data)
{
	object_alloc(data, GFP_KERNEL);
	return 0;
}

static long victim_free(void *data)
{
	object_free(data);
	return 0;
}

static struct object *new_victim(const struct bad_case *c, unsigned int i)
{
	victims[i].size = c->sizes[i];
	victims[i].noscan = c->noscan;
	work_on_cpu(owner_cpu, victim_alloc, &victims[i]);
	return &victims[i];
}

static int choose_cpu(bool other)
{
	return other ? other_cpu : owner_cpu;
}

static void run_double(const struct bad_case *c)
{
	unsigned int i;

	for (i = 0; i < NR_VICTIMS && c->sizes[i]; i++) {
		struct object *o = new_victim(c, i);
		void *ptr = o->ptr;

		work_on_cpu(choose_cpu(c->by_other & GOOD_FREE), victim_free, o);
		work_on_cpu(choose_cpu(c->by_other & BAD_CALLS), bad_pointer, ptr);
	}
}

static void run_interior(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->offsets) && c->offsets[i]; i++)
		bad_pointer(o->ptr + c->offsets[i]);
}

static void run_tail(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	void *span = PTR_ALIGN_DOWN(o->ptr, SPAN_SIZE);
	size_t used = rounddown(SPAN_SIZE, c->sizes[0]);

	bad_pointer(span + used);
	bad_pointer(span + used + 8);
	bad_pointer(span + SPAN_SIZE - 1);
}

/* An object whose whole span is freed; the script has it given back. */
static void run_retired_free(const struct bad_case *c)
{
	unsigned int i;

	for (i = 0; i < NR_RETIRED; i++)
		retired[i] = goalloc_alloc(c->sizes[0], GFP_KERNEL);
	for (i = 0; i < NR_RETIRED; i++)
		goalloc_free(retired[i]);
}

static void run_retired_again(const struct bad_case *c)
{
	expect(retired[0], "case retired_free comes first");
	bad_pointer(retired[0]);
	bad_pointer(retired[NR_RETIRED / 2]);
	bad_pointer(retired[NR_RETIRED - 1] + 1);
}

static void run_flood(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);
	void *ptr = o->ptr;
	unsigned int i;

	object_free(o);
	for (i = 0; i < 20; i++)
		bad_pointer(ptr);
}

/*
 * Not a bad call of goalloc, but one that frees its memory behind its back: the
 * victim must stay, with its page's reference missing.
 */
static void run_stray_put_page(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);

	put_page(virt_to_page(o->ptr));
}

static void run_stray_kfree(const struct bad_case *c)
{
	struct object *o = new_victim(c, 0);

	kfree(o->ptr);
}

/* ----------------------------------------------------------- other contexts */

static struct {
	struct hrtimer timer;
	struct completion done;
	void *ptr;
} interrupt;

static enum hrtimer_restart in_interrupt_fn(struct hrtimer *timer)
{
	bad_pointer(interrupt.ptr);
	complete(&interrupt.done);
	return HRTIMER_NORESTART;
}

static void run_in_interrupt(const struct bad_case *c, enum hrtimer_mode mode)
{
	struct object *o = new_victim(c, 0);

	interrupt.ptr = o->ptr;
	object_free(o);
	init_completion(&interrupt.done);
	compat_hrtimer_setup(&interrupt.timer, in_interrupt_fn, mode);
	hrtimer_start(&interrupt.timer, ns_to_ktime(NSEC_PER_MSEC), mode);
	wait_for_completion(&interrupt.done);
	hrtimer_cancel(&interrupt.timer);
}

static void run_softirq(const struct bad_case *c)
{
	run_in_interrupt(c, HRTIMER_MODE_REL_SOFT);
}

static void run_hardirq(const struct bad_case *c)
{
	run_in_interrupt(c, HRTIMER_MODE_REL_HARD);
}

/* -------------------------------------------------------- foreign pointers */

/* Memory that is somebody else's must be as it was. */
static void bad_memory(void *ptr, size_t size)
{
	memset(ptr, 0x5a, size);
	bad_pointer(ptr);
	bad_pointer(ptr + 8);
	if (memchr_inv(ptr, 0x5a, size))
		fail("memory that is not goalloc's was changed", size);
}

/* A whole arena window, so that goalloc cannot hold a page beside it. */
static void run_kmalloc(const struct bad_case *c)
{
	void *ptr = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);

	if (!ptr) {
		fail("no memory for the test", KMALLOC_MAX_SIZE);
		return;
	}
	bad_memory(ptr, KMALLOC_MAX_SIZE);
	kfree(ptr);
}

static void run_kmalloc_small(const struct bad_case *c)
{
	void *ptr = kmalloc(64, GFP_KERNEL);

	if (!ptr) {
		fail("no memory for the test", 64);
		return;
	}
	bad_memory(ptr, 64);
	kfree(ptr);
}

static void run_vmalloc(const struct bad_case *c)
{
	void *ptr = vmalloc(SZ_64K);

	if (!ptr) {
		fail("no memory for the test", SZ_64K);
		return;
	}
	bad_memory(ptr, SZ_64K);
	vfree(ptr);
}

static void run_stack(const struct bad_case *c)
{
	u8 on_stack[64];

	bad_memory(on_stack, sizeof(on_stack));
}

static void run_module_data(const struct bad_case *c)
{
	bad_memory(module_data, sizeof(module_data));
}

static void run_user(const struct bad_case *c)
{
	bad_address(PAGE_SIZE);
	bad_address(0x7fff12345678);
	bad_address(current->mm ? current->mm->start_code : SZ_4M);
}

static void run_noncanonical(const struct bad_case *c)
{
	bad_address(0x8000000000000000);
	bad_address(0x0100000000001000);
	bad_address((unsigned long)LIST_POISON1);
}

static void run_null_page(const struct bad_case *c)
{
	bad_address(0x11);	/* ZERO_SIZE_PTR is 0x10 */
	bad_address(0x20);
	bad_address(PAGE_SIZE - 1);
}

static void run_error_pointer(const struct bad_case *c)
{
	bad_pointer(ERR_PTR(-ENOMEM));
	bad_pointer(ERR_PTR(-MAX_ERRNO));
	bad_address(ULONG_MAX);
}

/* Addresses of the direct map that no memory answers to. */
static void run_hole(const struct bad_case *c)
{
	unsigned long addr = ALIGN_DOWN((unsigned long)objects[0].ptr, SZ_4M);

	while (virt_addr_valid(addr))
		addr += SZ_4M;
	bad_address(addr);
	bad_address(addr + SZ_1M + 8);
	bad_address(PAGE_OFFSET + SZ_1T - 8);
}

/* --------------------------------------------------- sizes, flags and nodes */

static void run_good_null(const struct bad_case *c)
{
	void *ptr = goalloc_realloc(NULL, 64, GFP_KERNEL);

	goalloc_free(NULL);
	goalloc_free(ZERO_SIZE_PTR);
	goalloc_free_sensitive(NULL);
	goalloc_free_sensitive(ZERO_SIZE_PTR);
	expect(!goalloc_size(NULL) && !goalloc_size(ZERO_SIZE_PTR), "the size of nothing is not 0");
	expect(ptr && goalloc_size(ptr) == 64, "realloc(NULL, 64) is not an allocation");
	expect(goalloc_realloc(ptr, 0, GFP_KERNEL) == ZERO_SIZE_PTR, "realloc(, 0)");
	expect(goalloc_alloc(0, GFP_KERNEL) == ZERO_SIZE_PTR, "alloc(0)");
	expect(goalloc_alloc_noscan(0, GFP_KERNEL) == ZERO_SIZE_PTR, "alloc_noscan(0)");
	expect(goalloc_alloc_array(0, SIZE_MAX, GFP_KERNEL) == ZERO_SIZE_PTR, "array(0, SIZE_MAX)");
}

static void run_size_max(const struct bad_case *c)
{
	struct object *o = &objects[0];
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 8191, (size_t)LONG_MAX + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = hidden(sizes[i]);

		expect(!goalloc_alloc(size, GFP_KERNEL), "alloc(SIZE_MAX)");
		expect(!goalloc_zalloc_noscan(size, GFP_ATOMIC), "zalloc_noscan(SIZE_MAX)");
		expect(!goalloc_alloc_node(size, GFP_KERNEL, 0), "alloc_node(SIZE_MAX)");
		expect(!goalloc_realloc(o->ptr, size, GFP_KERNEL), "realloc(SIZE_MAX)");
		expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOFAIL), "SIZE_MAX, __GFP_NOFAIL");
		expect(!goalloc_alloc_array(size, 3, GFP_KERNEL), "array(SIZE_MAX, 3)");
		expect(!goalloc_calloc(3, size, GFP_KERNEL), "calloc(3, SIZE_MAX)");
		expect(!goalloc_realloc_array(o->ptr, size, 3, GFP_KERNEL), "realloc_array");
		expect(goalloc_size_roundup(size) == size, "size_roundup(SIZE_MAX)");
	}
	/* Products that are small again after they have wrapped around. */
	expect(!goalloc_alloc_array(hidden(BIT(32)), BIT(32), GFP_KERNEL), "array wraps to 0");
	expect(!goalloc_calloc(hidden(SIZE_MAX / 8 + 2), 8, GFP_KERNEL), "array wraps to 8");
	expect(!goalloc_realloc_array(o->ptr, hidden(SIZE_MAX / 64 + 2), 64, GFP_KERNEL),
	       "realloc_array wraps to 64");
	object_check(o);
}

static void run_too_large(const struct bad_case *c)
{
	size_t size = hidden(GOALLOC_MAX_SIZE + 1);
	struct object *o = &objects[0];

	expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOWARN), "alloc(4M + 1), no warning");
	pr_info("from here on goalloc may warn, once\n");
	expect(!goalloc_alloc(size, GFP_KERNEL), "alloc(4M + 1)");
	expect(!goalloc_alloc(hidden(SZ_1G), GFP_ATOMIC), "alloc(1G)");
	expect(!goalloc_zalloc_noscan(size, GFP_KERNEL), "zalloc_noscan(4M + 1)");
	expect(!goalloc_alloc_node(size, GFP_KERNEL, numa_mem_id()), "alloc_node(4M + 1)");
	expect(!goalloc_alloc(size, GFP_KERNEL | __GFP_NOFAIL), "4M + 1, __GFP_NOFAIL");
	expect(!goalloc_alloc_array(hidden(2), GOALLOC_MAX_SIZE, GFP_KERNEL), "array(2, 4M)");
	expect(!goalloc_realloc(o->ptr, size, GFP_KERNEL), "realloc(4M + 1)");
	object_check(o);
}

/* Two of each, so that a second warning would show. */
static void served_in_spite_of(gfp_t odd)
{
	static const size_t sizes[NR_VICTIMS] = { 8, 64, 40000 };
	unsigned int i;

	for (i = 0; i < 2 * NR_VICTIMS; i++) {
		struct object *o = &victims[i % NR_VICTIMS];

		if (o->ptr)
			object_free(o);
		o->size = sizes[i % NR_VICTIMS];
		o->noscan = i % 2;
		object_alloc(o, GFP_KERNEL | odd);
	}
	object_free(&victims[0]);
	victims[0].ptr = goalloc_alloc_node(8, GFP_KERNEL | odd | __GFP_THISNODE, numa_mem_id());
	if (victims[0].ptr)
		object_fill(&victims[0]);
	else
		fail("NULL from goalloc_alloc_node()", 8);
}

static void run_highmem(const struct bad_case *c)
{
	served_in_spite_of(__GFP_HIGHMEM);
}

static void run_dma32(const struct bad_case *c)
{
	served_in_spite_of(__GFP_DMA32);
}

static void run_dma(const struct bad_case *c)
{
	struct object *o = &objects[0];
	gfp_t gfp = GFP_KERNEL | __GFP_DMA;

	expect(!goalloc_alloc(64, gfp), "alloc, __GFP_DMA");
	expect(!goalloc_alloc_noscan(8, gfp), "alloc_noscan, __GFP_DMA");
	expect(!goalloc_zalloc(40000, gfp), "zalloc, __GFP_DMA");
	expect(!goalloc_alloc_node(64, gfp | __GFP_THISNODE, numa_mem_id()), "node, __GFP_DMA");
	expect(!goalloc_realloc(o->ptr, o->usable + 1, gfp), "realloc, __GFP_DMA");
	expect(!goalloc_alloc(64, gfp | __GFP_HIGHMEM), "alloc, __GFP_DMA | __GFP_HIGHMEM");
	expect(!goalloc_alloc(64, gfp | __GFP_DMA32), "alloc, __GFP_DMA | __GFP_DMA32");
	object_check(o);
}

static void run_bad_node(const struct bad_case *c)
{
	expect(!goalloc_alloc_node(64, GFP_KERNEL, nr_node_ids), "node nr_node_ids");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, MAX_NUMNODES), "node MAX_NUMNODES");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, INT_MAX), "node INT_MAX");
	expect(!goalloc_alloc_node(40000, GFP_KERNEL, -2), "node -2");
	expect(!goalloc_alloc_node(64, GFP_KERNEL, INT_MIN), "node INT_MIN");
}

static void run_nothing(const struct bad_case *c)
{
}

/* -------------------------------------------------------------- the cases */

static const struct bad_case bad_cases[] = {
	{ "churn", run_nothing },
	{ "double_same_cpu", run_double, { 64, 1152, 32768 } },
	{ "double_noscan", run_double, { 16, 24, 64 }, true },
	{ "double_tiny", run_double, { 2, 8, 12 }, true },
	{ "double_large", run_double, { 40000, 65536, 131072 } },
	{ "double_owner_then_other", run_double, { 64, 1152, 32768 }, false, BAD_CALLS },
	{ "double_other_then_owner", run_double, { 64, 1152, 32768 }, false, GOOD_FREE },
	{ "double_other_twice", run_double, { 64, 1152, 32768 }, false, GOOD_FREE | BAD_CALLS },
	{ "double_tiny_other", run_double, { 2, 8, 12 }, true, BAD_CALLS },
	{ "double_huge_other", run_double, { SZ_1M + 1, SZ_2M, SZ_4M }, false, BAD_CALLS },
	{ "retired_free", run_retired_free, { 512 }, .alone = true },
	{ "retired_again", run_retired_again, { 512 }, .alone = true },
	{ "interior_small", run_interior, { 64 }, .offsets = { 1, 8, 63 } },
	{ "interior_large", run_interior, { 40000 }, .offsets = { 8, 8192, 40959 } },
	{ "interior_tiny", run_interior, { 8 }, true, .offsets = { 1, 2, 7 } },
	{ "tail", run_tail, { 48 } },
	{ "softirq", run_softirq, { 64 } },
	{ "hardirq", run_hardirq, { 64 } },
	{ "kmalloc", run_kmalloc },
	{ "kmalloc_small", run_kmalloc_small },
	{ "vmalloc", run_vmalloc },
	{ "stack", run_stack },
	{ "module_data", run_module_data },
	{ "user", run_user },
	{ "noncanonical", run_noncanonical },
	{ "null_page", run_null_page },
	{ "error_pointer", run_error_pointer },
	{ "hole", run_hole },
	{ "good_null", run_good_null },
	{ "size_max", run_size_max },
	{ "too_large", run_too_large },
	{ "highmem", run_highmem },
	{ "dma32", run_dma32 },
	{ "dma", run_dma },
	{ "bad_node", run_bad_node },
	{ "flood", run_flood, { 64 } },
	{ "stray_put_page", run_stray_put_page, { 4096 } },
	{ "stray_put_page_large", run_stray_put_page, { 40000 } },
	{ "stray_kfree", run_stray_kfree, { 4096 } },
};

static int run_case(const struct bad_case *c)
{
	bad_calls = 0;
	failures = 0;
	pr_info("begin %s\n", c->name);
	if (c->alone)
		c->run(c);
	work_on_cpu(owner_cpu, fill_table, (void *)c);
	if (!c->alone)
		c->run(c);
	work_on_cpu(owner_cpu, next_allocs, (void *)c);
	if (c->by_other)
		work_on_cpu(other_cpu, next_allocs, (void *)c);
	empty_table();
	pr_info("end %s: %lu bad calls: %s\n", c->name, bad_calls, failures ? "FAILED" : "ok");
	return failures ? -EIO : 0;
}

/* Run case @name, or all when it is empty; the strays only when they are asked for. */
static int run_named(const char *name)
{
	unsigned int i, found = 0;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		bool stray = strstarts(bad_cases[i].name, "stray");

		if (*name ? strcmp(name, bad_cases[i].name) : stray)
			continue;
		found++;
		if (run_case(&bad_cases[i]))
			err = -EIO;
	}
	if (!found && strcmp(name, "none")) {
		pr_err("there is no case %s\n", name);
		return -EINVAL;
	}
	return err;
}

static char case_name[32];
static bool loaded;

/* Before the module is initialised this only remembers; later it runs. */
static int case_set(const char *val, const struct kernel_param *kp)
{
	if (strscpy(case_name, val, sizeof(case_name)) < 0)
		return -EINVAL;
	strim(case_name);
	if (!loaded)
		return 0;
	return run_named(case_name);
}

static int case_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%s\n", case_name);
}

static const struct kernel_param_ops case_ops = {
	.set = case_set,
	.get = case_get,
};

module_param_cb(case, &case_ops, NULL, 0600);
MODULE_PARM_DESC(case, "the case to run, or none (default: all)");

static int __init badinput_init(void)
{
	int err;

	owner_cpu = cpumask_first(cpu_online_mask);
	other_cpu = cpumask_next(owner_cpu, cpu_online_mask);
	if (other_cpu >= nr_cpu_ids)
		other_cpu = owner_cpu;
	if (!seed)
		seed = get_random_u32();
	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	pr_info("seed=%lu\n", seed);
	kernel_param_lock(THIS_MODULE);
	err = run_named(case_name);
	loaded = !err;
	kernel_param_unlock(THIS_MODULE);
	return err;
}

static void __exit badinput_exit(void)
{
}

module_init(badinput_init);
module_exit(badinput_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc is handed bad input");
