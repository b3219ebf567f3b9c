// SPDX-License-Identifier: GPL-2.0
/*
 * mheap: spans out of page runs.
 *
 * THEORY OF OPERATION
 *
 * A span is made of a run of pages and a struct mspan, and unmade into the same.
 * The structs come from fixalloc, so they are type-stable (mspan.h says what
 * rests on it), in two sizes by the number of words in the shared map.
 *
 * Making: fill the struct in, publish it in the arena map, and only then store
 * its state; a stale look before that finds DEAD.  Unmaking: the caller has made
 * it DEAD; take it out of the arena map before the pages can go to anybody else.
 *
 * When the run that a class wants cannot be had, because memory is fragmented,
 * a span of as few pages as hold one object is made instead.
 *
 * heap_list has every heap whose spans are to be seen from outside.  heap.c adds and
 * removes; who reads holds rcu_read_lock(), or the scavenger's mutex.
 *
 * A heap's pages are counted by who asks for a span, before it is made (mcentral.c), and
 * here when it is unmade.
 *
 * LOCKS: none of its own.
 */
#include <trace/events/goalloc.h>

#include "internal.h"

#define TINY_MAP_BYTES	(GOALLOC_PAGE_SIZE / TINY_BLOCK_SIZE * sizeof(u16))

struct fixalloc mspan_few;	/* MSPAN_WORDS_FEW */
EXPORT_SYMBOL_FOR_KUNIT(mspan_few);
struct fixalloc mspan_many;	/* MSPAN_WORDS_MANY, and mspan_tiny() */
EXPORT_SYMBOL_FOR_KUNIT(mspan_many);
struct fixalloc tiny_maps;
EXPORT_SYMBOL_FOR_KUNIT(tiny_maps);

LIST_HEAD(heap_list);
EXPORT_SYMBOL_FOR_KUNIT(heap_list);

static const struct goalloc_size_class *central_class(const struct mcentral *c)
{
	return heap_class(c->heap, c->spc);
}

static struct fixalloc *mspan_fixalloc(const struct mcentral *c)
{
	return class_has_many(central_class(c)) ? &mspan_many : &mspan_few;
}

/* (Readers of /proc/goalloc may still look at the struct's last life.) */
static void mspan_set_objects(struct mspan *s, struct mcentral *c)
{
	unsigned int bytes = s->npages << GOALLOC_PAGE_SHIFT;

	s->spc = c->spc;
	WRITE_ONCE(s->elemsize, mspan_is_large(s) ? bytes : central_class(c)->size);
	/* 1 for large ones, whose only index is 0: the quotient is not exact up there */
	s->div_mul = mspan_is_large(s) ? 1 : U32_MAX / s->elemsize + 1;
	WRITE_ONCE(s->nelems, bytes / s->elemsize);
	WRITE_ONCE(s->free_limit, c->spc == SPC_TINY ? 0 : s->nelems);
	s->fresh = U16_MAX;
	bitmap_zero(s->free_bits, s->nelems);
	if (!mspan_is_large(s))
		bitmap_set(s->free_bits, 0, s->nelems);
}

static struct mspan *mspan_new(struct mcentral *c, gfp_t gfp)
{
	struct mspan *s = fixalloc_alloc(mspan_fixalloc(c), gfp);
	atomic_long_t *tiny;

	if (!s || c->spc != SPC_TINY)
		return s;
	tiny = fixalloc_alloc(&tiny_maps, gfp);
	if (!tiny) {
		fixalloc_free(&mspan_many, s);
		return NULL;
	}
	memset(tiny, 0, TINY_MAP_BYTES);
	*mspan_tiny(s) = tiny;
	return s;
}

static void mspan_delete(struct mspan *s, const struct mcentral *c)
{
	if (c->spc == SPC_TINY)
		fixalloc_free(&tiny_maps, *mspan_tiny(s));
	fixalloc_free(mspan_fixalloc(c), s);
}

/* (Who asks has looked at what this CPU's page cache has of that length, but not of @least.) */
static bool mheap_alloc_run(struct mcentral *c, unsigned int npages, unsigned int align, gfp_t gfp,
			    struct page_run *run)
{
	unsigned int least = npages;

	if (c->spc > SPC_LARGE_NOSCAN)
		least = DIV_ROUND_UP(central_class(c)->size, GOALLOC_PAGE_SIZE);
	if (least == npages)
		return mpagealloc_alloc(c->nid, npages, align, gfp, run);
	return mpagealloc_alloc(c->nid, npages, align,
				(gfp & ~__GFP_NOFAIL) | __GFP_NOWARN | __GFP_NORETRY, run) ||
	       mpagecache_alloc(c->nid, least, align, gfp, run);
}

/*
 * A new span of a cache whose objects keep their contents: what lay there before is no
 * more to be seen by who allocates them than zeroing at allocation would let it.
 */
static void construct(struct mspan *s, const struct goalloc_cache *cache)
{
	unsigned int i;

	if (s->needzero && want_init_on_alloc(0)) {
		memset((void *)s->base, 0, s->npages << GOALLOC_PAGE_SHIFT);
		s->needzero = false;
	}
	for (i = 0; cache->ctor && i < s->nelems; i++)
		cache->ctor((void *)s->base + (unsigned long)i * s->elemsize);
}

/* Fill in a span of these pages, and publish it. */
static void mspan_publish(struct mspan *s, struct mcentral *c, const struct page_run *run)
{
	if (run->nid != c->nid)
		c = heap_central(c->heap, run->nid, c->spc);
	WRITE_ONCE(s->base, run->base);
	WRITE_ONCE(s->npages, run->npages);
	s->needzero = run->dirty;
	s->nmi_freed = false;
	WRITE_ONCE(s->sampled, 0);
	s->slot = mcache_slots(c->heap, c->spc);
	s->central = c;
	WRITE_ONCE(s->owner, NULL);
	INIT_LIST_HEAD(&s->partial);
	s->empty_kept = false;
	WRITE_ONCE(s->keeper, 0);
	mspan_set_objects(s, c);
	if (heap_keeps_contents(c->heap))
		construct(s, heap_cache(c->heap));
	atomic_inc(&c->nr_spans);
	atomic_long_add(run->npages, &c->nr_pages);
	atomic_long_inc(&c->made);
	sys_used(run->npages);
	arena_set_spans(run->base, run->npages, s);
	trace_goalloc_span_alloc(run->base, run->npages, spc_size_class(c->spc));
	/* DEAD until everything else is there, for CPUs that still look at the last life */
	smp_store_release(&s->state, MSPAN_OWNED);
}

/* A span of these pages; or NULL without metadata, and they are free again. */
static struct mspan *span_of_run(struct mcentral *c, const struct page_run *run, gfp_t gfp)
{
	struct mspan *s = mspan_new(c, gfp & ~__GFP_ZERO);

	if (s)
		mspan_publish(s, c, run);
	else
		mpagecache_free(run);
	return s;
}

/**
 * mheap_reuse() - make a span of pages that were drawn before
 * @c: the central that asks
 * @npages: length
 * @align: alignment in pages
 * @gfp: for metadata
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: the span, OWNED by the caller, all objects free; or NULL.
 */
struct mspan *mheap_reuse(struct mcentral *c, unsigned int npages, unsigned int align, gfp_t gfp)
{
	struct page_run run;

	if (!mpagecache_reuse(c->nid, npages, align, &run))
		return NULL;
	return span_of_run(c, &run, gfp);
}

/**
 * mheap_draw() - make a span of pages drawn, if that costs nothing
 * @c: the central that asks
 * @npages: length
 * @gfp: for pages and metadata; pages without reclaim, reserves or a warning, and only if no
 *	limit is in the way
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: as mheap_reuse().
 */
struct mspan *mheap_draw(struct mcentral *c, unsigned int npages, gfp_t gfp)
{
	struct page_run run;

	if (!mpagealloc_draw(c->nid, npages, gfp, &run))
		return NULL;
	return span_of_run(c, &run, gfp);
}

/**
 * mheap_alloc() - make a span
 * @c: the central that asks; the span belongs to the central of the same class
 *	on the node that its pages came from
 * @npages: length
 * @align: alignment in pages
 * @gfp: for pages and metadata
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: the span, OWNED by the caller, all objects free; or NULL.
 */
struct mspan *mheap_alloc(struct mcentral *c, unsigned int npages, unsigned int align, gfp_t gfp)
{
	struct page_run run;
	struct mspan *s = mspan_new(c, gfp & ~__GFP_ZERO);

	if (!s)
		return NULL;
	if (!mheap_alloc_run(c, npages, align, gfp, &run)) {
		mspan_delete(s, c);
		return NULL;
	}
	mspan_publish(s, c, &run);
	return s;
}
EXPORT_SYMBOL_FOR_KUNIT(mheap_alloc);

static void unmake(struct mspan *s)
{
	struct page_run run = { .base = s->base, .npages = s->npages };
	struct mcentral *c = s->central;

	leak_retire(s);
	trace_goalloc_span_free(run.base, run.npages, spc_size_class(s->spc));
	WRITE_ONCE(s->free_limit, 0);
	arena_set_spans(run.base, run.npages, NULL);
	atomic_dec(&c->nr_spans);
	atomic_long_sub(run.npages, &c->nr_pages);
	mspan_delete(s, c);
	atomic_long_sub(run.npages, &c->heap->pages);	/* last: with its last span a heap may go */
	sys_unused(run.npages);
	mpagecache_free(&run);
	mem_kick();
}

static void unmake_rcu(struct rcu_head *rcu)
{
	struct mspan *s = container_of(rcu, struct mspan, rcu);

	unmake(s);
}

/**
 * mheap_free() - unmake a span, at once or when its readers are gone
 * @s: the span; DEAD, on no list
 *
 * Context: any but NMI.
 */
void mheap_free(struct mspan *s)
{
	if (unlikely(smp_load_acquire(&s->sampled)))	/* pairs with set_sampled() */
		mprof_forget(s);
	if (heap_waits_for_readers(s->central->heap))
		call_rcu(&s->rcu, unmake_rcu);
	else
		unmake(s);
}
EXPORT_SYMBOL_FOR_KUNIT(mheap_free);

/* Structs in use, and their bytes. */
void mheap_span_stats(unsigned long *inuse, unsigned long *bytes)
{
	unsigned long few = READ_ONCE(mspan_few.inuse), many = READ_ONCE(mspan_many.inuse);

	*inuse = few + many;
	*bytes = few * mspan_few.size + many * mspan_many.size +
		 READ_ONCE(tiny_maps.inuse) * tiny_maps.size;
}
EXPORT_SYMBOL_FOR_KUNIT(mheap_span_stats);

int mheap_init(void)
{
	fixalloc_init(&mspan_few, MSPAN_SIZE(MSPAN_WORDS_FEW), MEM_MSPAN);
	fixalloc_init(&mspan_many, MSPAN_SIZE(MSPAN_WORDS_MANY + 1), MEM_MSPAN);
	fixalloc_init(&tiny_maps, TINY_MAP_BYTES, MEM_MSPAN);
	return 0;
}

void mheap_exit(void)
{
	fixalloc_destroy(&mspan_few);
	fixalloc_destroy(&mspan_many);
	fixalloc_destroy(&tiny_maps);
}
