// SPDX-License-Identifier: GPL-2.0
/*
 * The patterns of mimalloc-bench that are not a stream from one CPU to another.
 *
 *	larson	a server: slots of objects of 8 to 1000 bytes, a random one replaced
 *		again and again; every so often the slots pass to the next CPU, so
 *		that objects outlive whoever allocated them
 *	mstress	objects of sizes that are mostly small, some kept to the end, some
 *		exchanged with the other CPU, the rest freed soon
 *	scratch	passive false sharing (cache-scratch): a CPU frees an object that
 *		another allocated, allocates one of its own, and writes into it
 *	thrash	active false sharing (cache-thrash): the same without the gift
 *
 * scratch and thrash cost what the writes cost, if the objects of two CPUs do not
 * share a cache line.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bench_crew.h"

#define SLOTS		1000
#define LARSON_ROUNDS	20
#define LARSON_EACH	5000

#define KEPT		10000
#define TRANSFER	1000
#define MSTRESS_EACH	100000

#define FALSE_SIZE	8
#define FALSE_EACH	20000
#define FALSE_WRITES	100

static void **slots[CREW_MAX];		/* larson's; mstress's kept objects */
static void **transfer;
static void *gift[CREW_MAX];

static void *filled(const struct bench_allocator *a, size_t size)
{
	u8 *object = a->alloc(size, GFP_KERNEL);

	if (object) {
		object[0] = 1;
		object[size - 1] = 1;
	}
	return object;
}

static void free_slots(const struct bench_allocator *a, void **of, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		a->free(of[i]);
		of[i] = NULL;
	}
}

static size_t larson_size(struct bench_worker *w)
{
	return 8 + bench_random_below(&w->random, 993);
}

static bool larson(struct bench_worker *w)
{
	const struct bench_allocator *a = w->crew->a;
	unsigned int i, round;

	for (i = 0; i < SLOTS; i++)
		slots[w->index][i] = filled(a, larson_size(w));
	bench_go(w);
	for (round = 0; round < LARSON_ROUNDS; round++) {
		void **of = slots[(w->index + round) % w->crew->n];

		for (i = 0; i < LARSON_EACH; i++) {
			void **slot = &of[bench_random_below(&w->random, SLOTS)];

			a->free(*slot);
			*slot = filled(a, larson_size(w));
		}
		w->operations += LARSON_EACH;
		bench_barrier(w->crew);
	}
	bench_done(w);
	free_slots(a, slots[w->index], SLOTS);
	return true;
}

static size_t mstress_size(struct bench_worker *w)
{
	size_t size = 8 + bench_random_below(&w->random, 8 << bench_random_below(&w->random, 8));

	return bench_random_below(&w->random, 100) ? size : size * 16;
}

static bool mstress(struct bench_worker *w)
{
	const struct bench_allocator *a = w->crew->a;
	void **kept = slots[w->index];
	unsigned int n, top = 0;

	bench_go(w);
	for (n = 0; n < MSTRESS_EACH; n++) {
		u32 chance = bench_random_below(&w->random, 100);

		if (top < KEPT && (chance < 60 || !top)) {
			kept[top++] = filled(a, mstress_size(w));
			w->operations++;
		}
		if (chance >= 40 && top) {
			u32 i = bench_random_below(&w->random, top);

			a->free(kept[i]);
			kept[i] = kept[--top];
		}
		if (chance % 4 == 0 && top) {
			u32 i = bench_random_below(&w->random, top);
			u32 t = bench_random_below(&w->random, TRANSFER);

			kept[i] = xchg(&transfer[t], kept[i]);
		}
	}
	free_slots(a, kept, top);
	bench_done(w);
	bench_barrier(w->crew);
	if (!w->index)
		free_slots(a, transfer, TRANSFER);
	return true;
}

static bool write_false(struct bench_worker *w)
{
	const struct bench_allocator *a = w->crew->a;
	unsigned int n, i;

	for (n = 0; n < FALSE_EACH; n++) {
		u8 *object = a->alloc(FALSE_SIZE, GFP_KERNEL);

		if (!object)
			return false;
		for (i = 0; i < FALSE_WRITES; i++)
			WRITE_ONCE(object[i % FALSE_SIZE], i);
		a->free(object);
		w->operations++;
	}
	bench_done(w);
	return true;
}

static bool scratch(struct bench_worker *w)
{
	unsigned int i;

	if (!w->index)
		for (i = 0; i < w->crew->n; i++)
			gift[i] = w->crew->a->alloc(FALSE_SIZE, GFP_KERNEL);
	bench_go(w);
	w->crew->a->free(gift[w->index]);
	return write_false(w);
}

static bool thrash(struct bench_worker *w)
{
	bench_go(w);
	return write_false(w);
}

static int run_mix(const char *name, bool (*work)(struct bench_worker *w), bool also_alone)
{
	unsigned int i, cpus;
	int err = 0;

	transfer = vzalloc(TRANSFER * sizeof(void *));
	for (i = 0; i < CREW_MAX; i++) {
		slots[i] = vzalloc(KEPT * sizeof(void *));
		if (!slots[i])
			err = -ENOMEM;
	}
	if (!transfer)
		err = -ENOMEM;
	for (cpus = 1; cpus <= CREW_MAX && !err; cpus++) {
		err = bench_crew_table(name, bench_allocators, NR_ALLOCATORS_ANY_SIZE, cpus, 0,
				       work);
		if (!err && also_alone)
			err = bench_crew_alone(name, cpus, 0, work);
	}
	for (i = 0; i < CREW_MAX; i++)
		vfree(slots[i]);
	vfree(transfer);
	return err;
}

int bench_run_larson(void)
{
	return run_mix("larson", larson, true);
}

int bench_run_mstress(void)
{
	return run_mix("mstress", mstress, true);
}

int bench_run_scratch(void)
{
	return run_mix("scratch", scratch, false);
}

int bench_run_thrash(void)
{
	return run_mix("thrash", thrash, false);
}
