// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_pair: what one allocation and its free cost, beside kmalloc() and
 * kfree() in the same kernel and the same run.
 *
 * Booted in QEMU with -icount shift=0 on one CPU, guest time advances by one
 * nanosecond an instruction, so the nanoseconds printed are instructions and
 * repeat to 0.1 %.  On other machines they are time.
 *
 * The loop's own cost is measured with functions that do nothing and subtracted
 * from both.  Passes when the 64-byte pair costs less than kmalloc()'s.
 */
#define pr_fmt(fmt) "goalloc_pair: " fmt

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>

#include <linux/goalloc.h>

static unsigned int pairs = 10000;
module_param(pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "pairs to average over (default 10000)");

#define WARM_UP		100
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

static __always_inline u64 run(const struct engine *e, size_t size, unsigned int n)
{
	u64 start = ktime_get_ns();

	while (n--)
		e->free(e->alloc(size));
	return ktime_get_ns() - start;
}

/* Hundredths of a nanosecond a pair, without the loop. */
static u64 measure(const struct engine *e, size_t size)
{
	u64 loop, ns;

	run(e, size, WARM_UP);
	ns = run(e, size, pairs);
	loop = run(&nothing, size, pairs);
	cond_resched();
	return div_u64((ns > loop ? ns - loop : 0) * 100, pairs);
}

static int __init pair_init(void)
{
	bool pass = false;
	unsigned int i;

	if (!pairs) {
		pr_err("pairs must not be 0\n");
		return -EINVAL;
	}
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
