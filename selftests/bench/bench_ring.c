// SPDX-License-Identifier: GPL-2.0
/*
 * ring, xmalloc: what one CPU allocates another frees.
 *
 * ring hands objects over one by one through a ring: one CPU allocates, the other
 * frees (ring), or both do both (ring-both).  An operation is an object.
 *
 * xmalloc is the pattern of xmalloc-test: each CPU allocates a batch of objects of
 * various sizes, leaves it to the next CPU, takes one that was left to it, and frees
 * it.  With one CPU that is its own.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "bench_crew.h"

#define RING		1024
#define HANDED		100000
#define BATCH		120
#define BATCHES		1000

struct ring {
	unsigned long head ____cacheline_aligned;	/* written by who puts in */
	unsigned long tail ____cacheline_aligned;	/* written by who takes out */
	void *objects[RING] ____cacheline_aligned;
};

static struct ring *rings;

static bool put(struct ring *r, void *object)
{
	unsigned long head = r->head;

	if (head - smp_load_acquire(&r->tail) == RING)	/* pairs with get()'s release */
		return false;
	r->objects[head % RING] = object;
	smp_store_release(&r->head, head + 1);	/* the object comes first */
	return true;
}

static void *get(struct ring *r)
{
	unsigned long tail = r->tail;
	void *object;

	if (smp_load_acquire(&r->head) == tail)	/* pairs with put()'s release */
		return NULL;
	object = r->objects[tail % RING];
	smp_store_release(&r->tail, tail + 1);	/* the place is free after the look */
	return object;
}

static bool produce(struct bench_worker *w, struct ring *r)
{
	void *object = w->crew->a->alloc(w->crew->size, GFP_KERNEL);

	if (!object)
		return false;
	*(u8 *)object = 1;
	while (!put(r, object))
		bench_relax();
	w->operations++;
	return true;
}

static bool one_way(struct bench_worker *w)
{
	unsigned int n;

	bench_go(w);
	for (n = 0; n < HANDED; n++) {
		void *object;

		if (!w->index) {
			if (!produce(w, rings))
				return false;
			continue;
		}
		while (!(object = get(rings)))
			bench_relax();
		w->crew->a->free(object);
	}
	bench_done(w);
	return true;
}

static bool both_ways(struct bench_worker *w)
{
	struct ring *mine = &rings[w->index], *theirs = &rings[1 - w->index];
	unsigned int sent = 0, received = 0;
	void *object;

	bench_go(w);
	while (sent < HANDED || received < HANDED) {
		if (sent < HANDED && mine->head - READ_ONCE(mine->tail) < RING) {
			if (!produce(w, mine))
				return false;
			sent++;
		}
		object = get(theirs);
		if (object) {
			w->crew->a->free(object);
			received++;
		} else {
			bench_relax();
		}
	}
	bench_done(w);
	return true;
}

int bench_run_ring(void)
{
	static const size_t sizes[] = { 64, 256, 1024 };
	unsigned int i;
	int err = 0;

	rings = vzalloc(CREW_MAX * sizeof(*rings));
	if (!rings)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
		err = bench_cache_create(sizes[i]);
		if (!err)
			err = bench_crew_table("ring", bench_allocators, NR_ALLOCATORS, 2,
					       sizes[i], one_way);
		if (!err)
			err = bench_crew_table("ring-both", bench_allocators, NR_ALLOCATORS, 2,
					       sizes[i], both_ways);
		bench_cache_destroy();
		if (!err)
			err = bench_crew_alone("ring", 2, sizes[i], one_way);
		if (!err)
			err = bench_crew_alone("ring-both", 2, sizes[i], both_ways);
	}
	vfree(rings);
	return err;
}

/* --- xmalloc */

struct batch {
	void *objects[BATCH];
};

/* Batches wait in the rings; the structs are the test's own, and are used again. */
static bool xmalloc(struct bench_worker *w)
{
	static const u16 sizes[] = { 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512 };
	struct ring *to = &rings[(w->index + 1) % w->crew->n], *from = &rings[w->index];
	struct batch *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	unsigned int n, i;

	if (!b)
		return false;
	bench_go(w);
	for (n = 0; n < BATCHES; n++) {
		for (i = 0; i < BATCH; i++) {
			size_t size = sizes[bench_random_below(&w->random, ARRAY_SIZE(sizes))];

			b->objects[i] = w->crew->a->alloc(size, GFP_KERNEL);
			if (b->objects[i])
				*(u8 *)b->objects[i] = i;
		}
		while (!put(to, b))
			bench_relax();
		while (!(b = get(from)))
			bench_relax();
		for (i = 0; i < BATCH; i++)
			w->crew->a->free(b->objects[i]);
		w->operations += BATCH;
	}
	bench_done(w);
	kvfree(b);
	return true;
}

int bench_run_xmalloc(void)
{
	unsigned int cpus;
	int err = 0;

	rings = vzalloc(CREW_MAX * sizeof(*rings));
	if (!rings)
		return -ENOMEM;
	for (cpus = 1; cpus <= 2 && !err; cpus++) {
		err = bench_crew_table("xmalloc", bench_allocators, NR_ALLOCATORS_ANY_SIZE, cpus,
				       0, xmalloc);
		if (!err)
			err = bench_crew_alone("xmalloc", cpus, 0, xmalloc);
	}
	vfree(rings);
	return err;
}
