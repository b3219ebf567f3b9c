// SPDX-License-Identifier: GPL-2.0
/*
 * mpagecache: per CPU, one word of 64 pages.
 *
 * THEORY OF OPERATION
 *
 * Runs under 16 pages come from a word of 64 pages (512 KiB of an arena) whose free
 * pages this CPU has taken out of the page heap; 1 = free.  Allocating is a search
 * in the word, freeing sets its bits again if the pages lie in the word, and
 * neither meets the page heap's lock.  A word without a long enough run is
 * exchanged for one that has it.  Other CPUs' frees into the word's
 * pages go to the page heap, whose bits for them are untouched: a page is free
 * in at most one of the two.
 *
 * The word is changed with preemption off and the cache marked busy; an
 * interrupt that finds the mark goes to the page heap instead.  No lock is taken
 * while it is marked.
 *
 * For flushing, a word is first set aside on its own CPU (by an interrupt from
 * the flusher) and then put back by the flusher, which may take locks.
 *
 * LOCKS: none; stash is guarded by the scavenger's mutex.
 */
#include <linux/bitops.h>

#include "internal.h"

struct page_cache __percpu *page_caches;
EXPORT_SYMBOL_FOR_KUNIT(page_caches);

/**
 * find_free_run64() - find a run of ones in a word
 * @free: the word
 * @npages: length of the run, 1..64
 * @align: alignment of its start, a power of two
 *
 * After the loop a bit is 1 if a run of @npages begins there: shift-and with
 * doubling steps, as in Go's findBitRange64.
 *
 * Return: the lowest start, or 64.
 */
unsigned int find_free_run64(unsigned long free, unsigned int npages, unsigned int align)
{
	unsigned int left = npages - 1, step = 1;

	while (left && free) {
		step = min(step, left);
		free &= free >> step;
		left -= step;
		step *= 2;
	}
	free &= align < BITS_PER_LONG ? ~0UL / (BIT(align) - 1) : 1;
	return free ? __ffs(free) : BITS_PER_LONG;
}
EXPORT_SYMBOL_FOR_KUNIT(find_free_run64);

static struct page_cache *page_cache_enter(void)
{
	struct page_cache *pc;

	preempt_disable();
	pc = raw_cpu_ptr(page_caches);
	if (READ_ONCE(pc->busy)) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(pc->busy, 1);	/* who interrupted since has left again */
	barrier();
	return pc;
}

static void page_cache_leave(struct page_cache *pc)
{
	barrier();
	WRITE_ONCE(pc->busy, 0);
	preempt_enable();
}

static unsigned long run_mask(unsigned int bit, unsigned int npages)
{
	return GENMASK(bit + npages - 1, bit);
}

static bool page_word_take(struct page_word *pw, unsigned int npages, unsigned int align,
			   struct page_run *run)
{
	unsigned int bit = find_free_run64(pw->free, npages, align);
	unsigned long mask;

	if (bit >= BITS_PER_LONG)
		return false;
	mask = run_mask(bit, npages);
	WRITE_ONCE(pw->free, pw->free & ~mask);
	run->base = pw->arena->base +
		    ((unsigned long)(pw->word * BITS_PER_LONG + bit) << GOALLOC_PAGE_SHIFT);
	run->npages = npages;
	run->dirty = pw->dirty & mask;
	run->nid = pw->arena->heap->nid;
	return true;
}

/* No run in the word: take another word that has one, and put this one back. */
static bool page_cache_refill(int nid, unsigned int npages, unsigned int align,
			      struct page_run *run)
{
	struct page_word pw;
	struct page_cache *pc;

	if (!mpagealloc_take_word(nid, npages, &pw))
		return false;
	page_word_take(&pw, npages, align, run);
	pc = page_cache_enter();
	if (pc) {
		swap(pc->pw, pw);
		WRITE_ONCE(pc->used, true);
		page_cache_leave(pc);
	}
	mpagealloc_put_word(&pw);
	return true;
}

/**
 * mpagecache_reuse() - allocate a run of pages that were drawn before
 * @nid: their node
 * @npages: length of the run, at most ARENA_PAGES
 * @align: its alignment in pages: 1, or a power of two not above @npages
 * @run: filled in
 *
 * Context: any but NMI.
 * Return: whether there was one.
 */
bool mpagecache_reuse(int nid, unsigned int npages, unsigned int align, struct page_run *run)
{
	struct page_cache *pc;
	bool found = false;

	if (npages >= PAGECACHE_MAX_RUN || nid != heap_node(numa_mem_id()))
		return mpagealloc_reuse(nid, npages, align, run);
	pc = page_cache_enter();
	if (pc) {
		found = page_word_take(&pc->pw, npages, align, run);
		WRITE_ONCE(pc->hits, pc->hits + found);
		WRITE_ONCE(pc->misses, pc->misses + !found);
		page_cache_leave(pc);
	}
	return found || page_cache_refill(nid, npages, align, run) ||
	       mpagealloc_reuse(nid, npages, align, run);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagecache_reuse);

/**
 * mpagecache_alloc() - allocate a run of pages
 * @nid: node to prefer
 * @npages: length of the run, at most ARENA_PAGES
 * @align: its alignment in pages: 1, or a power of two not above @npages
 * @gfp: for drawing from the buddy allocator
 * @run: filled in
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: whether there was one, or memory to draw.
 */
bool mpagecache_alloc(int nid, unsigned int npages, unsigned int align, gfp_t gfp,
		      struct page_run *run)
{
	return mpagecache_reuse(nid, npages, align, run) ||
	       mpagealloc_alloc(nid, npages, align, gfp, run);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagecache_alloc);

/**
 * mpagecache_free() - free a run of pages
 * @run: its base and length
 *
 * Context: any but NMI.
 */
void mpagecache_free(const struct page_run *run)
{
	unsigned int page = arena_page(run->base), bit = page % BITS_PER_LONG;
	struct page_cache *pc;
	bool kept = false;

	pc = bit + run->npages <= BITS_PER_LONG ? page_cache_enter() : NULL;
	if (pc) {
		struct page_word *pw = &pc->pw;

		if (pw->arena && pw->word == page / BITS_PER_LONG &&
		    pw->arena->base == (run->base & ~(ARENA_SIZE - 1))) {
			WRITE_ONCE(pw->free, pw->free | run_mask(bit, run->npages));
			pw->dirty |= run_mask(bit, run->npages);
			kept = true;
		}
		page_cache_leave(pc);
	}
	if (!kept)
		mpagealloc_free(run);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagecache_free);

/**
 * mpagecache_detach() - set this CPU's pages aside for mpagecache_put_detached()
 * @pc: this CPU's cache, or that of a CPU that is dead
 *
 * Context: interrupts off, on the cache's CPU; or the CPU is dead.
 */
void mpagecache_detach(struct page_cache *pc)
{
	if (READ_ONCE(pc->busy) || pc->stash.free)
		return;
	pc->stash = pc->pw;
	memset(&pc->pw, 0, sizeof(pc->pw));
	WRITE_ONCE(pc->used, false);
}
EXPORT_SYMBOL_FOR_KUNIT(mpagecache_detach);

/* Put what was set aside back into the page heaps. */
void mpagecache_put_detached(struct page_cache *pc)
{
	mpagealloc_put_word(&pc->stash);
	memset(&pc->stash, 0, sizeof(pc->stash));
}
EXPORT_SYMBOL_FOR_KUNIT(mpagecache_put_detached);

int mpagecache_init(void)
{
	page_caches = fault_meta(alloc_percpu(struct page_cache));
	if (!page_caches)
		return -ENOMEM;
	mem_account(MEM_MCACHE, num_possible_cpus() * sizeof(struct page_cache));
	return 0;
}

void mpagecache_exit(void)
{
	free_percpu(page_caches);
}
