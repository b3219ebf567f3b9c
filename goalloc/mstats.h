/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mstats: what is counted, summed.
 */
#ifndef _GOALLOC_MSTATS_H
#define _GOALLOC_MSTATS_H

#include "internal.h"

/**
 * struct class_stats - one span class of one heap, summed over CPUs and nodes
 * @mallocs: objects allocated
 * @frees: objects freed
 * @inuse: the difference
 * @cached: free objects in windows
 * @refills: windows taken
 * @central: visits to the centrals
 * @spans: spans
 */
struct class_stats {
	unsigned long mallocs;
	unsigned long frees;
	unsigned long inuse;
	unsigned long cached;
	unsigned long refills;
	unsigned long central;
	unsigned long spans;
};

/*
 * struct mem_stats - Go's MemStats, as far as an allocator without a collector
 *	has them; names as there
 * @metadata: the sum of all but HeapSys
 * @tiny_mallocs: of @mallocs, tiny objects
 * @tiny_frees: of @frees, tiny objects
 * @large_bytes: of @alloc, large objects
 * @mem: the address-space states
 */
struct mem_stats {
	unsigned long alloc, total_alloc, sys, mallocs, frees;
	unsigned long heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects;
	unsigned long mspan_inuse, mspan_sys, mcache_inuse, mcache_sys, gc_sys, other_sys;
	unsigned long metadata;
	unsigned long tiny_mallocs, tiny_frees, large_bytes;
	struct mem_counts mem;
};

/**
 * struct layer_stats - how far down requests had to go, since goalloc was loaded
 * @refills: windows that CPUs opened, in spans that they had or got
 * @central_hits: visits to the centrals that found spans there
 * @spans_given: how many
 * @spans_made: spans made of pages
 * @central_contended: waits for a central's lock
 * @page_hits: runs of pages from CPUs' page caches
 * @page_misses: those for which they had to go to the page heap
 * @heap_contended: waits for a page heap's lock
 * @longest: pages in the longest free run of the page heaps, now
 */
struct layer_stats {
	unsigned long refills;
	unsigned long central_hits;
	unsigned long spans_given;
	unsigned long spans_made;
	unsigned long central_contended;
	unsigned long page_hits;
	unsigned long page_misses;
	unsigned long heap_contended;
	unsigned long longest;
};

#define NR_DECILES	10
#define SPARSE_FRACTION	8	/* less than this part of a span in use: it is nearly empty */

/**
 * struct class_fill - how full the spans of one class are, of all heaps
 * @spans: by tenths of their objects that are in use: under one, ..., nine and more
 * @objects: in all of them, in use and free
 * @bytes: of all of them
 * @sparse: bytes of spans that are nearly empty
 * @asked: bytes of the requests that live, estimated by profile_fill()
 * @given: bytes of the objects that they got, likewise
 */
struct class_fill {
	unsigned long spans[NR_DECILES];
	unsigned long objects;
	unsigned long bytes;
	unsigned long sparse;
	unsigned long asked;
	unsigned long given;
};

/**
 * struct span_walk - what looking at every span finds
 * @spans: spans, also those that wait to be unmade
 * @pages: their pages
 * @objects: their objects, in use and free; tiny spans' are left out here and
 *	below, because their blocks are not objects
 * @free: objects free in the shared maps
 * @cached: objects free in windows
 * @inuse: the rest
 */
struct span_walk {
	unsigned long spans;
	unsigned long pages;
	unsigned long objects;
	unsigned long free;
	unsigned long cached;
	unsigned long inuse;
};

/* A heap that goes has left its numbers to the default heap: they are counted there. */
static inline bool heap_is_counted(const struct goalloc_heap *heap)
{
	return !READ_ONCE(heap->inherited);
}

void mstats_class(struct goalloc_heap *heap, unsigned int spc, struct class_stats *st);
unsigned long mstats_class_bytes(struct goalloc_heap *heap, unsigned int spc,
				 unsigned long objects);
unsigned long mstats_class_objects(struct goalloc_heap *heap, unsigned int spc);
void mstats_read(struct goalloc_heap *heap, struct mem_stats *st);
void mstats_inherit(struct goalloc_heap *heap);
void mstats_walk(struct span_walk *w);
void mstats_layers(struct layer_stats *st);
void mstats_fill(struct class_fill fill[NR_SPC + 1]);
unsigned int mstats_span_inuse(const struct mspan *s);

#endif /* _GOALLOC_MSTATS_H */
