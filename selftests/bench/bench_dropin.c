// SPDX-License-Identifier: GPL-2.0
/*
 * pair-dropin: what kmalloc() and kfree() cost in a file that has the drop-in, beside what
 * they cost in one that has not; once with a size that the compiler does not know, and
 * once with one that it does.
 */
#include <linux/kernel.h>

#include "bench.h"

#include <linux/goalloc_kmalloc.h>

static noinline void *dropin_of(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static noinline void *dropin_of_64(size_t size, gfp_t gfp)
{
	return kmalloc(64, GFP_KERNEL);
}

static noinline void *dropin_of_1100(size_t size, gfp_t gfp)
{
	return kmalloc(1100, GFP_KERNEL);
}

static noinline void dropin_back(void *ptr)
{
	kfree(ptr);
}

static const struct {
	size_t size;
	void *(*known)(size_t size, gfp_t gfp);
} rows[] = { { 64, dropin_of_64 }, { 1100, dropin_of_1100 } };

static void one_size(size_t size, void *(*known)(size_t size, gfp_t gfp))
{
	const struct bench_allocator variable = { bench_goalloc.name, dropin_of, dropin_back };
	const struct bench_allocator constant = { bench_goalloc.name, known, dropin_back };
	unsigned int round;

	for (round = 0; round < bench_rounds; round++) {
		bench_report_pairs("pair-dropin", size, &variable);
		bench_report_pairs("pair-dropin-constant", size, &constant);
	}
}

int bench_run_pair_dropin(void)
{
	unsigned int i;
	int err;

	kfree(kmalloc(1, GFP_KERNEL));	/* makes the module's heap */
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err = bench_cache_create(rows[i].size);
		if (err)
			return err;
		one_size(rows[i].size, rows[i].known);
		bench_cache_destroy();
	}
	return 0;
}
