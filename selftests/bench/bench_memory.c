// SPDX-License-Identifier: GPL-2.0
/*
 * memory: how much of the machine an allocator takes for what it is asked for.
 *
 * Objects of random sizes are allocated up to 64 MiB, and what is held is compared
 * with what was asked for.  Once more after they have been replaced at random, by
 * others of random sizes, as often as there are objects ("churned"), so that
 * fragmentation has its chance; and once more after everything has been freed.
 *
 *	uniform		1 byte to 32 KiB
 *	exponential	mean 512 bytes, as kernels tend to ask
 *	pow2plus1	a power of two from 32 to 16384, and one more
 *
 * metadata holds 1 GiB of 64-byte objects, and of uniform ones, and reports what
 * goalloc keeps beside them.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define PEAK		SZ_64M
#define PEAK_QUICK	SZ_16M
#define PEAK_METADATA	SZ_1G

struct object {
	void *ptr;
	u32 size;
};

struct mix {
	const char *name;
	u32 (*size)(u64 *random);
	u32 mean;
};

struct heap {
	const struct bench_allocator *a;
	const struct mix *mix;
	struct object *objects;
	u32 most, number;		/* objects there is room for, and live ones */
	u64 requested, rounded;
	u64 random;
};

static u32 size_uniform(u64 *random)
{
	return 1 + bench_random_below(random, SZ_32K);
}

/*
 * Exponential: the number of times a coin comes up heads, and a uniform rest; within
 * a twelfth of -ln(x) everywhere.
 */
static u32 size_exponential(u64 *random)
{
	u32 halvings = __builtin_ctzll(bench_random(random) | 1ULL << 20);

	return 1 + halvings * 355 + bench_random_below(random, 355);	/* 512 * ln 2 */
}

static u32 size_pow2plus1(u64 *random)
{
	return (32U << bench_random_below(random, 10)) + 1;
}

static u32 size_64(u64 *random)
{
	return 64;
}

static const struct mix uniform = { "uniform", size_uniform, SZ_16K };
static const struct mix exponential = { "exponential", size_exponential, 512 };
static const struct mix pow2plus1 = { "pow2plus1", size_pow2plus1, 3274 };
static const struct mix all_64 = { "64", size_64, 64 };

static bool new_object(struct heap *h, struct object *o)
{
	o->size = h->mix->size(&h->random);
	o->ptr = h->a->alloc(o->size, GFP_KERNEL);
	if (!o->ptr)
		return false;
	h->requested += o->size;
	h->rounded += bench_rounded(h->a, o->size);
	return true;
}

static void end_object(struct heap *h, struct object *o)
{
	h->a->free(o->ptr);
	h->requested -= o->size;
	h->rounded -= bench_rounded(h->a, o->size);
}

static bool fill(struct heap *h, u64 peak)
{
	while (h->number < h->most && h->requested < peak) {
		if (!new_object(h, &h->objects[h->number]))
			return false;
		if (++h->number % SZ_1K == 0)
			cond_resched();
	}
	return true;
}

static bool churn(struct heap *h)
{
	u32 n;

	for (n = 0; n < h->number; n++) {
		struct object *o = &h->objects[bench_random_below(&h->random, h->number)];

		end_object(h, o);
		if (!new_object(h, o)) {
			*o = h->objects[--h->number];
			return false;
		}
		if (n % SZ_1K == 0)
			cond_resched();
	}
	return true;
}

static void drain(struct heap *h)
{
	while (h->number) {
		end_object(h, &h->objects[--h->number]);
		if (h->number % SZ_1K == 0)
			cond_resched();
	}
}

static int heap_init(struct heap *h, const struct bench_allocator *a, const struct mix *mix,
		     u64 peak)
{
	*h = (struct heap){ .a = a, .mix = mix, .random = BENCH_SEED };
	h->most = div_u64(peak, mix->mean) / 4 * 5;	/* as the mean is not exact */
	h->objects = vmalloc(array_size(h->most, sizeof(*h->objects)));
	return h->objects ? 0 : -ENOMEM;
}

static int one(const struct bench_allocator *a, const struct mix *mix)
{
	struct bench_usage before;
	char name[64];
	u64 requested;
	struct heap h;
	bool complete;
	int err;

	err = heap_init(&h, a, mix, bench_quick ? PEAK_QUICK : PEAK);
	if (!err)
		err = bench_usage_read(a, &before);
	if (err)
		goto out;
	complete = fill(&h, bench_quick ? PEAK_QUICK : PEAK);
	if (complete)
		bench_report_peak(mix->name, a, &before, h.requested, h.rounded);
	complete = complete && churn(&h);
	requested = h.requested;
	if (complete) {
		snprintf(name, sizeof(name), "%s-churned", mix->name);
		bench_report_peak(name, a, &before, requested, h.rounded);
	}
	drain(&h);
	err = complete ? bench_report_after(mix->name, a, &before, requested) : -ENOMEM;
out:
	vfree(h.objects);
	return err;
}

static int run_mix(const struct mix *mix)
{
	unsigned int n;
	int err = 0;

	for (n = 0; n < NR_ALLOCATORS_ANY_SIZE && !err; n++)
		err = one(bench_allocators[n], mix);
	return err;
}

int bench_run_memory_uniform(void)
{
	return run_mix(&uniform);
}

int bench_run_memory_exponential(void)
{
	return run_mix(&exponential);
}

int bench_run_memory_pow2plus1(void)
{
	return run_mix(&pow2plus1);
}

static int one_metadata(const struct mix *mix)
{
	struct bench_usage now;
	struct heap h;
	char name[64];
	int err;

	err = heap_init(&h, &bench_goalloc, mix, PEAK_METADATA);
	if (err)
		return err;
	err = fill(&h, PEAK_METADATA) ? bench_usage_read(h.a, &now) : -ENOMEM;
	if (!err) {
		snprintf(name, sizeof(name), "metadata-%s", mix->name);
		bench_report(name, h.requested, "percent", h.a,
			     div64_u64(now.metadata * 10000, h.requested));
	}
	drain(&h);
	bench_give_back(h.a);
	vfree(h.objects);
	return err;
}

/* Uniform first: structures of spans are kept for reuse. */
int bench_run_metadata(void)
{
	return one_metadata(&uniform) ?: one_metadata(&all_64);
}
