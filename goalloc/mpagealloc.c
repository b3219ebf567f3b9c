// SPDX-License-Identifier: GPL-2.0
/*
 * mpagealloc: which pages of a node are free.
 *
 * THEORY OF OPERATION
 *
 * One page heap per NUMA node.  Every arena has three bitmaps of 512 pages:
 * present (drawn from the buddy allocator), busy (not free: in a span, in a page
 * cache, or not present) and dirty (not known to be zero).  A page is
 *
 *	Reserved	!present, busy
 *	Prepared	present, !busy; or present, busy and free in a page cache
 *	Ready		present, busy
 *
 * Allocation is address-ordered first fit, as in Go.  Go keeps a radix tree of
 * (start, max, end) summaries over one linear address space, because a run may
 * cross its chunks.  Here no run crosses an arena: an arena is as large as the
 * largest request and the largest buddy block.  So of the three only max is
 * needed, one number an arena, and the tree over the sparse arenas is the
 * kernel's augmented rbtree: by address, each node carrying the longest free run
 * of its subtree.  The leftmost arena with a run of n pages is found in O(log
 * arenas), the run in it by a scan of eight words.
 *
 * Growth draws one block.  Its size is a quarter of what the node holds already,
 * between 64 KiB and 256 KiB, so that a heap grows geometrically from a small
 * start, and no allocation pays for a block of thousands of pages, each of which
 * costs some.  The draw tries that order first without reclaim, warning or retry,
 * then the orders below, down to the one that the request needs; only that last
 * try carries the caller's flags, and none does for a span that could be shorter.
 * On a fragmented machine arenas simply stay partly Reserved.  The caller's run is
 * cut from the new block before anybody else can see it, so a grown request cannot
 * be starved.
 *
 * LOCKS: page_heap.lock; never held across the buddy allocator.
 * INVARIANTS: nfree of an arena is the number of zeros in busy; busy contains
 * the complement of present; the sum of npresent is prepared + ready.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>

#include <trace/events/goalloc.h>

#include "internal.h"

#define GROW_MIN_PAGES		8UL	/* 64 KiB */
#define GROW_MAX_PAGES		32UL	/* 256 KiB */
#define GROW_FRACTION		4
#define ALIGNED_TRIES		16	/* arenas to search for an aligned run */
#define RELEASE_RUN_MAX		64	/* pages given back in one step */

struct page_heap *page_heaps;
EXPORT_SYMBOL_FOR_KUNIT(page_heaps);

static inline u16 arena_longest(const struct arena *a)
{
	return a->longest;
}

#define arena_compute_longest(a)	arena_longest(a)
RB_DECLARE_CALLBACKS_MAX(static, arena_augment, struct arena, node, u16, subtree_longest,
			 arena_compute_longest)

static struct arena *arena_entry(struct rb_node *node)
{
	return rb_entry(node, struct arena, node);
}

static unsigned int subtree_longest(struct rb_node *node)
{
	return node ? arena_entry(node)->subtree_longest : 0;
}

/* The lowest arena of a subtree that has a run of @npages. */
static struct arena *leftmost_fit(struct rb_node *node, unsigned int npages)
{
	if (subtree_longest(node) < npages)
		return NULL;
	for (;;) {
		if (subtree_longest(node->rb_left) >= npages)
			node = node->rb_left;
		else if (arena_entry(node)->longest < npages)
			node = node->rb_right;
		else
			return arena_entry(node);
	}
}

/* The highest arena of the heap with a free page. */
static struct arena *rightmost_free(struct page_heap *h)
{
	struct rb_node *node = h->arenas.rb_node;

	if (!subtree_longest(node))
		return NULL;
	for (;;) {
		if (subtree_longest(node->rb_right))
			node = node->rb_right;
		else if (!arena_entry(node)->longest)
			node = node->rb_left;
		else
			return arena_entry(node);
	}
}

/* The next arena above @a that has a run of @npages. */
static struct arena *next_fit(struct arena *a, unsigned int npages)
{
	struct rb_node *node = &a->node, *parent;

	if (subtree_longest(node->rb_right) >= npages)
		return leftmost_fit(node->rb_right, npages);
	for (; (parent = rb_parent(node)); node = parent) {
		if (node != parent->rb_left)
			continue;
		if (arena_entry(parent)->longest >= npages)
			return arena_entry(parent);
		if (subtree_longest(parent->rb_right) >= npages)
			return leftmost_fit(parent->rb_right, npages);
	}
	return NULL;
}

static void arena_insert(struct page_heap *h, struct arena *a)
{
	struct rb_node **link = &h->arenas.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = a->base < arena_entry(parent)->base ? &parent->rb_left : &parent->rb_right;
	}
	a->subtree_longest = a->longest;
	rb_link_node(&a->node, parent, link);
	arena_augment.propagate(parent, NULL);
	rb_insert_augmented(&a->node, &h->arenas, &arena_augment);
	h->narenas++;
}

static void arena_set_longest(struct arena *a, unsigned int longest)
{
	if (a->longest == longest)
		return;
	WRITE_ONCE(a->longest, longest);
	arena_augment.propagate(&a->node, NULL);
}

/* Look for the longest run anew. */
static void arena_update(struct arena *a)
{
	unsigned int start, end, longest = 0;

	for_each_clear_bitrange(start, end, a->busy, ARENA_PAGES)
		longest = max(longest, end - start);
	arena_set_longest(a, longest);
}

/* A run became free: only what it is part of now may be longer than what was the longest. */
static void arena_update_freed(struct arena *a, unsigned int page, unsigned int npages)
{
	unsigned int start, end = find_next_bit(a->busy, ARENA_PAGES, page + npages);

	start = find_last_bit(a->busy, page);
	start = start < page ? start + 1 : 0;
	arena_set_longest(a, max_t(unsigned int, a->longest, end - start));
}

/* Is a free run that begins at @page, with nothing free before it, shorter than the longest? */
static bool arena_is_shorter(const struct arena *a, unsigned int page)
{
	return page && test_bit(page - 1, a->busy) &&
	       find_next_bit(a->busy, ARENA_PAGES, page) - page < a->longest;
}

static void arena_set_busy(struct page_heap *h, struct arena *a, unsigned int page,
			   unsigned int npages)
{
	bitmap_set(a->busy, page, npages);
	a->nfree -= npages;
	h->nfree -= npages;
}

static void arena_set_free(struct page_heap *h, struct arena *a, unsigned int page,
			   unsigned int npages)
{
	bitmap_clear(a->busy, page, npages);
	a->nfree += npages;
	h->nfree += npages;
}

static void arena_fill_run(struct arena *a, unsigned int page, unsigned int npages,
			   struct page_run *run)
{
	run->base = a->base + ((unsigned long)page << GOALLOC_PAGE_SHIFT);
	run->npages = npages;
	run->dirty = find_next_bit(a->dirty, page + npages, page) < page + npages;
	run->nid = a->heap->nid;
}

static bool arena_find(struct page_heap *h, struct arena *a, unsigned int npages,
		       unsigned int align, struct page_run *run)
{
	unsigned long page = bitmap_find_next_zero_area(a->busy, ARENA_PAGES, 0, npages, align - 1);
	bool shorter;

	if (page + npages > ARENA_PAGES)
		return false;
	shorter = arena_is_shorter(a, page);
	arena_set_busy(h, a, page, npages);
	if (!shorter)
		arena_update(a);
	arena_fill_run(a, page, npages, run);
	return true;
}

/**
 * mpagealloc_find() - first fit among the pages that are drawn already
 * @h: the page heap, locked
 * @npages: length of the run
 * @align: its alignment in pages, a power of two
 * @run: filled in
 *
 * A run of @npages may exist without an aligned one in it.  After some arenas
 * that disappoint, look for one so long that it must contain it.
 *
 * Return: whether there was one.
 */
bool mpagealloc_find(struct page_heap *h, unsigned int npages, unsigned int align,
		     struct page_run *run)
{
	struct arena *a = leftmost_fit(h->arenas.rb_node, npages);
	unsigned int tries = ALIGNED_TRIES;

	for (; a && tries--; a = next_fit(a, npages))
		if (arena_find(h, a, npages, align, run))
			return true;
	a = leftmost_fit(h->arenas.rb_node, npages + align - 1);
	return a && arena_find(h, a, npages, align, run);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_find);

static unsigned int grow_order(struct page_heap *h, unsigned int min_order)
{
	unsigned long pages = READ_ONCE(h->npresent) / GROW_FRACTION;

	pages = clamp(pages, GROW_MIN_PAGES, GROW_MAX_PAGES);
	return clamp((unsigned int)(PAGE_ORDER + ilog2(pages)), min_order,
		     max_t(unsigned int, min_order, COMPAT_MAX_ORDER));
}

/* Draw a block of at least @min_order; see the theory of operation.  @easy: only at no cost. */
static struct page *grow_draw(struct page_heap *h, unsigned int min_order, gfp_t gfp, bool easy,
			      unsigned int *order, bool *zeroed)
{
	struct page *page;

	if (min_order > COMPAT_MAX_ORDER) {
		sys_map_failed();
		return NULL;
	}
	for (*order = grow_order(h, min_order); *order > min_order; (*order)--) {
		page = sys_map_easy(h->nid, *order, gfp, zeroed);
		if (page)
			return page;
	}
	return easy ? sys_map_easy(h->nid, min_order, gfp, zeroed) :
		      sys_map(h->nid, min_order, gfp, zeroed);
}

/**
 * mpagealloc_add() - hand a drawn block to its arena, but for a run at its start
 * @a: the arena
 * @page: first page
 * @npages: length of the block
 * @zeroed: its pages are known to be zero
 * @keep: pages at its start that stay busy, for the caller
 * @run: filled in with these, if there are any
 */
void mpagealloc_add(struct arena *a, unsigned int page, unsigned int npages, bool zeroed,
		    unsigned int keep, struct page_run *run)
{
	struct page_heap *h = a->heap;
	unsigned long flags;

	flags = lock_counted(&h->lock, &h->contended);
	if (RB_EMPTY_NODE(&a->node))
		arena_insert(h, a);
	bitmap_set(a->present, page, npages);
	if (zeroed)
		bitmap_clear(a->dirty, page, npages);
	else
		bitmap_set(a->dirty, page, npages);
	a->npresent += npages;
	WRITE_ONCE(h->npresent, h->npresent + npages);
	arena_set_free(h, a, page, npages);
	if (keep) {
		arena_set_busy(h, a, page, keep);
		arena_fill_run(a, page, keep, run);
	}
	arena_update(a);
	spin_unlock_irqrestore(&h->lock, flags);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_add);

static bool mpagealloc_grow(struct page_heap *h, unsigned int npages, gfp_t gfp, bool easy,
			    struct page_run *run)
{
	unsigned int order, min_order = PAGE_ORDER + order_base_2(npages);
	struct page *page;
	unsigned long addr;
	struct arena *a;
	bool zeroed;

	page = grow_draw(h, min_order, gfp, easy, &order, &zeroed);
	if (!page)
		return false;
	addr = (unsigned long)page_address(page);
	a = arena_create(addr, &page_heaps[page_to_nid(page)], gfp);
	if (!a) {
		sys_fault(addr, 1U << (order - PAGE_ORDER));
		return false;
	}
	mpagealloc_add(a, arena_page(addr), 1U << (order - PAGE_ORDER), zeroed, npages, run);
	trace_goalloc_grow(PAGE_SIZE << order, a->heap->nid);
	return true;
}

/**
 * mpagealloc_reuse() - allocate a run of pages that were drawn before
 * @nid: their node
 * @npages: length of the run, at most ARENA_PAGES
 * @align: its alignment in pages: 1, or a power of two not above @npages
 * @run: filled in
 *
 * Context: any but NMI.
 * Return: whether there was one.
 */
bool mpagealloc_reuse(int nid, unsigned int npages, unsigned int align, struct page_run *run)
{
	struct page_heap *h = &page_heaps[nid];
	unsigned long flags;
	bool found;

	flags = lock_counted(&h->lock, &h->contended);
	found = mpagealloc_find(h, npages, align, run);
	spin_unlock_irqrestore(&h->lock, flags);
	return found;
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_reuse);

/**
 * mpagealloc_alloc() - allocate a run of pages
 * @nid: node to prefer
 * @npages: length of the run, at most ARENA_PAGES
 * @align: its alignment in pages: 1, or a power of two not above @npages
 * @gfp: for drawing from the buddy allocator
 * @run: filled in
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: whether there was one, or memory to draw.
 */
bool mpagealloc_alloc(int nid, unsigned int npages, unsigned int align, gfp_t gfp,
		      struct page_run *run)
{
	return mpagealloc_reuse(nid, npages, align, run) ||
	       mpagealloc_grow(&page_heaps[nid], npages, gfp, false, run);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_alloc);

/**
 * mpagealloc_draw() - draw a run of pages, if that costs nothing
 * @nid: node to prefer
 * @npages: length of the run, at most a word's
 * @gfp: for metadata, and for the pages, which are drawn without reclaim, reserves or a
 *	warning, and only within the limit
 * @run: filled in
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: whether there was memory to draw.
 */
bool mpagealloc_draw(int nid, unsigned int npages, gfp_t gfp, struct page_run *run)
{
	return mpagealloc_grow(&page_heaps[nid], npages, gfp, true, run);
}

/**
 * mpagealloc_free() - free a run of pages
 * @run: its base and length
 *
 * Context: any but NMI.
 */
void mpagealloc_free(const struct page_run *run)
{
	struct arena *a = arena_of(run->base);
	unsigned int page = arena_page(run->base);
	struct page_heap *h = a->heap;
	unsigned long flags;

	flags = lock_counted(&h->lock, &h->contended);
	bitmap_set(a->dirty, page, run->npages);
	arena_set_free(h, a, page, run->npages);
	arena_update_freed(a, page, run->npages);
	spin_unlock_irqrestore(&h->lock, flags);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_free);

/*
 * Take the free pages of a word, for a page cache: of the first word that has a run
 * of @npages aligned to a power of two not below @npages, which so crosses no word.
 */
bool mpagealloc_take_word(int nid, unsigned int npages, struct page_word *pw)
{
	struct page_heap *h = &page_heaps[nid];
	unsigned long flags, page = ARENA_PAGES;
	struct arena *a;
	bool taken;

	flags = lock_counted(&h->lock, &h->contended);
	a = leftmost_fit(h->arenas.rb_node, npages);
	if (a)
		page = bitmap_find_next_zero_area(a->busy, ARENA_PAGES, 0, npages,
						  roundup_pow_of_two(npages) - 1);
	taken = page + npages <= ARENA_PAGES;
	if (taken) {
		pw->arena = a;
		pw->word = page / BITS_PER_LONG;
		WRITE_ONCE(pw->free, ~a->busy[pw->word]);
		pw->dirty = a->dirty[pw->word];
		a->busy[pw->word] = ~0UL;
		a->nfree -= hweight_long(pw->free);
		h->nfree -= hweight_long(pw->free);
		arena_update(a);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return taken;
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_take_word);

/* Put a page cache's pages back. */
void mpagealloc_put_word(const struct page_word *pw)
{
	struct arena *a = pw->arena;
	unsigned long flags;

	if (!pw->free)
		return;
	flags = lock_counted(&a->heap->lock, &a->heap->contended);
	a->busy[pw->word] &= ~pw->free;
	a->dirty[pw->word] = (a->dirty[pw->word] & ~pw->free) | (pw->dirty & pw->free);
	a->nfree += hweight_long(pw->free);
	a->heap->nfree += hweight_long(pw->free);
	arena_update(a);
	spin_unlock_irqrestore(&a->heap->lock, flags);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_put_word);

/* Detach the highest free run of the heap, cut to @max pages, from its arena. */
static bool release_detach(struct page_heap *h, unsigned int max, struct page_run *run)
{
	struct arena *a = rightmost_free(h);
	unsigned int start, end, first = 0, last = 0;

	if (!a)
		return false;
	for_each_clear_bitrange(start, end, a->busy, ARENA_PAGES) {
		first = start;
		last = end;
	}
	if (last - first > max)
		first = last - max;
	arena_set_busy(h, a, first, last - first);
	bitmap_clear(a->present, first, last - first);
	a->npresent -= last - first;
	WRITE_ONCE(h->npresent, h->npresent - (last - first));
	arena_update(a);
	arena_fill_run(a, first, last - first, run);
	return true;
}

/**
 * mpagealloc_release() - give free pages back to the buddy allocator
 * @h: the page heap
 * @max: at most so many
 *
 * One bounded step, highest addresses first.  The lock is dropped before the
 * pages go.
 *
 * Return: pages given back; 0 when none is free.
 */
unsigned int mpagealloc_release(struct page_heap *h, unsigned int max)
{
	struct page_run run;
	unsigned long flags;
	bool found;

	flags = lock_counted(&h->lock, &h->contended);
	found = release_detach(h, min_t(unsigned int, max, RELEASE_RUN_MAX), &run);
	spin_unlock_irqrestore(&h->lock, flags);
	if (!found)
		return 0;
	sys_fault(run.base, run.npages);
	return run.npages;
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_release);

/* The longest run that is free, without its lock: arenas are never removed. */
unsigned int mpagealloc_longest(const struct page_heap *h)
{
	return subtree_longest(READ_ONCE(h->arenas.rb_node));
}
EXPORT_SYMBOL_FOR_KUNIT(mpagealloc_longest);

void page_heap_init(struct page_heap *h, int nid)
{
	memset(h, 0, sizeof(*h));
	spin_lock_init(&h->lock);
	h->nid = nid;
	h->source = nid;
	h->arenas = RB_ROOT;
}
EXPORT_SYMBOL_FOR_KUNIT(page_heap_init);

int mpagealloc_init(void)
{
	int nid;

	page_heaps = fault_meta(kcalloc(nr_node_ids, sizeof(*page_heaps), GFP_KERNEL));
	if (!page_heaps)
		return -ENOMEM;
	mem_account(MEM_OTHER, nr_node_ids * sizeof(*page_heaps));
	for (nid = 0; nid < nr_node_ids; nid++) {
		page_heap_init(&page_heaps[nid], nid);
		if (node_online(nid) && !node_state(nid, N_MEMORY))
			page_heaps[nid].source = sys_source_node(nid);
	}
	return 0;
}

void mpagealloc_exit(void)
{
	kfree(page_heaps);
}
