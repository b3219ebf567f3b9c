// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_pair: what one allocation and its free cost, beside kmalloc() and
 * kfree() in the same kernel and the same run.
 *
 * Booted in QEMU with -icount shift=0 on one CPU, the cycle counter counts
 * instructions, and repeats to 0.1 %.  (The kernel's clock need not: how it is
 * calibrated against that counter differs between kernels.)  Elsewhere the figures
 * are cycles.
 *
 * What is printed is the cheapest of many short runs: one that no interrupt fell
 * into, with everything warm.  The loop's own cost is measured with functions that
 * do nothing, and subtracted from both.  Passes when the 64-byte pair costs less
 * than kmalloc()'s.
 */
#define pr_fmt(fmt) "goalloc_pair: " fmt

#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/timex.h>

#include <linux/goalloc.h>

#define PAIRS		200	/* timed together: short enough to fall between two ticks */
#define BATCHES		20	/* of which the cheapest counts: no interrupt came */
#define BATCHES_LARGE	3	/* clearing large objects takes its time in QEMU */
#define JUDGED_SIZE	64

static const size_t sizes[] = { 8, 16, 24, 32, 48, 64, 96, 100, 128, 192, 256, 512, 1000, 1024,
				1100, 2048, 4096, 8192, 9000, 16384, 20000, 32768, 33000, 65536,
				100000, 262144, 1048576 };

struct engine {
	void *(*alloc)(size_t size);
	void (*free)(void *ptr);
};

static noinline void *alloc_nothing(size_t size)
{
	return (void *)size;
}

static noinline void free_nothing(void *ptr)
{
	barrier_data(ptr);
}

static noinline void *alloc_goalloc(size_t size)
{
	return goalloc_alloc(size, GFP_KERNEL);
}

static noinline void free_goalloc(void *ptr)
{
	goalloc_free(ptr);
}

static noinline void *alloc_kmalloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static noinline void free_kmalloc(void *ptr)
{
	kfree(ptr);
}

static const struct engine nothing = { alloc_nothing, free_nothing };
static const struct engine with_goalloc = { alloc_goalloc, free_goalloc };
static const struct engine with_kmalloc = { alloc_kmalloc, free_kmalloc };

static u64 run(const struct engine *e, size_t size)
{
	cycles_t start = get_cycles();
	unsigned int n;

	for (n = 0; n < PAIRS; n++)
		e->free(e->alloc(size));
	return get_cycles() - start;
}

static u64 cheapest(const struct engine *e, size_t size)
{
	unsigned int n = size > SZ_32K ? BATCHES_LARGE : BATCHES;
	u64 least = U64_MAX;

	while (n--) {
		least = min(least, run(e, size));
		cond_resched();
	}
	return least;
}

/* Hundredths of a cycle a pair, without the loop. */
static u64 measure(const struct engine *e, size_t size)
{
	u64 pair = cheapest(e, size), loop = cheapest(&nothing, size);

	return div_u64((pair > loop ? pair - loop : 0) * 100, PAIRS);
}

static int __init pair_init(void)
{
	bool pass = false;
	unsigned int i;

	pr_info("%8s %12s %12s %8s\n", "size", "goalloc", "kmalloc", "ratio");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 g = measure(&with_goalloc, sizes[i]), k = measure(&with_kmalloc, sizes[i]);
		u64 ratio = div64_u64(g * 1000, k ?: 1);

		pr_info("%8zu %9llu.%02llu %9llu.%02llu %4llu.%03llu\n", sizes[i], g / 100, g % 100,
			k / 100, k % 100, ratio / 1000, ratio % 1000);
		if (sizes[i] == JUDGED_SIZE)
			pass = g < k;
	}
	pr_info("%s: the %u-byte pair costs %s than kmalloc's\n", pass ? "PASS" : "FAIL",
		JUDGED_SIZE, pass ? "less" : "no less");
	return pass ? 0 : -EIO;
}

static void __exit pair_exit(void)
{
}

module_init(pair_init);
module_exit(pair_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Cost of goalloc_alloc() and goalloc_free() beside kmalloc() and kfree()");
