/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc's private header: the layers, what they share, and what each offers
 * to the one above it.
 *
 *	dropin		the front door under the kernel's names (dropin.h): the kmalloc()
 *			family, above it dropin_devm and dropin_cache; below it dropin_heap,
 *			a heap for each module
 *	region, stack	bump allocation; segments of a power of two
 *	string, owner	copies; what belongs to a device or a mempool
 *	rcu		what is freed after a grace period
 *	kv		contiguous or not
 *	realloc		an object of another size
 *	malloc, tiny	the front door: sizes and flags
 *	cache		the front door of objects of one size
 *	bulk		the front door for many objects at once
 *	heap		how a heap comes to be
 *	mcache_free	frees of what lies in no window of this CPU
 *	mcache		per CPU: spans to allocate from without a lock
 *	mcentral	per span class and node: spans that no CPU owns
 *	mheap		spans out of page runs
 *	mpagecache	per CPU: 64 pages to take short runs from without a lock
 *	mpagealloc	per node: which pages are free; address-ordered first fit
 *	arena		address -> arena -> span
 *	mem		the address-space states; the buddy allocator
 *	limit		how much may be drawn
 *
 * A miss goes down this list and a free comes back up to the layer that keeps
 * what was freed; no layer calls upward.  fixalloc serves metadata to all of
 * them.  mprof samples what is allocated, debug reports, kmemleak tells the kernel's
 * leak detector, trace whoever listens, fault makes them fail.  scavenge, mstats, named,
 * profile, proc and module look at them from above.
 *
 * LOCK ORDER
 *
 *	mcentral.lock, page_heap.lock, fixalloc.lock, arena_lock, mprof's lock
 *
 * None is taken while another is held, all are taken with interrupts off
 * (spin_lock_irqsave; sleeping locks on PREEMPT_RT, but for mprof's, which is raw),
 * and none is held across a call of the buddy allocator.  A CPU that marked a slot or
 * its page cache busy takes no lock before it has cleared the mark, because preemption
 * is off between.
 *
 * What is done to heaps as a whole is done by tasks, and sleeps:
 *
 *	named_mutex > cpus_read_lock() > scavenge_mutex > heap_lock
 *	name_mutex (dropin_heap.c) > heap_lock
 *	rate_mutex (mprof.c) > cpus_read_lock()
 *	limit_mutex (limit.c) > scavenge_mutex
 *	named_mutex > inherit_lock (mstats.c: a seqlock, under which sums are made and no more)
 *
 * Nothing allocates under scavenge_mutex, which the shrinker takes, and a draw that meets
 * memory_limit and may sleep; the locks above are taken under it, but not under heap_lock.
 * heap_list is read under rcu_read_lock() too, and mcentral.lock and those behind it are
 * taken there.
 */
#ifndef _GOALLOC_INTERNAL_H
#define _GOALLOC_INTERNAL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/topology.h>

#include <linux/goalloc.h>

#include "cache.h"
#include "compat.h"
#include "fault.h"
#include "mcache.h"
#include "mprof.h"
#include "mspan.h"
#include "sizeclasses.h"

#ifndef CONFIG_64BIT
#error "goalloc needs a 64-bit kernel"
#endif
#if PAGE_SHIFT > GOALLOC_PAGE_SHIFT
#error "goalloc needs kernel pages of at most 8 KiB"
#endif

/* A goalloc page is a buddy block of this order. */
#define PAGE_ORDER	(GOALLOC_PAGE_SHIFT - PAGE_SHIFT)

/* An arena is the window that one maximal buddy block fills: 512 pages, 4 MiB. */
#define ARENA_SHIFT	22
#define ARENA_SIZE	BIT(ARENA_SHIFT)
#define ARENA_PAGES	(ARENA_SIZE >> GOALLOC_PAGE_SHIFT)

static_assert(GOALLOC_MAX_SIZE == ARENA_SIZE);
static_assert(ARENA_PAGES == 512);

/*
 * What allocation of memory or metadata may use of the caller's flags.  The
 * rest asks for kinds of memory (DMA, highmem, compound, movable, accounted to a
 * memory cgroup) that span pages cannot be: they are shared by many callers.
 */
#define GOALLOC_GFP_MASK	(__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | \
				 __GFP_NOWARN | __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | \
				 __GFP_NORETRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC | \
				 __GFP_THISNODE)

/*
 * Take a lock of a slow path with interrupts off, and count, under it, whether somebody
 * else had it; who waits long counts once.  Return: what spin_unlock_irqrestore() wants.
 */
static inline unsigned long lock_counted(spinlock_t *lock, unsigned long *contended)
	__acquires(lock)
{
	unsigned long flags;

	if (!spin_trylock_irqsave(lock, flags)) {
		spin_lock_irqsave(lock, flags);
		WRITE_ONCE(*contended, *contended + 1);
	}
	return flags;
}

/* ------------------------------------------------------------------ mem.c */

/* Kinds of metadata, by the MemStats line that shows them. */
enum mem_kind {
	MEM_MSPAN,
	MEM_MCACHE,
	MEM_ARENA,
	MEM_OTHER,
	NR_MEM_KINDS,
};

/**
 * struct mem_counts - pages and bytes by address-space state
 * @reserved: pages of arena windows that the buddy allocator holds
 * @prepared: pages drawn and idle in the page heaps
 * @ready: pages in spans
 * @draws: blocks that the buddy allocator gave
 * @drawn: pages ever drawn
 * @returned: pages ever given back
 * @draw_failed: draws that the buddy allocator refused for good
 * @lost_refs: pages found without the reference that goalloc took: a stray
 *	kfree() or put_page() hit them
 * @meta: bytes of metadata by kind
 */
struct mem_counts {
	unsigned long reserved;
	unsigned long prepared;
	unsigned long ready;
	unsigned long draws;
	unsigned long drawn;
	unsigned long returned;
	unsigned long draw_failed;
	unsigned long lost_refs;
	unsigned long meta[NR_MEM_KINDS];
};

void *sys_alloc(size_t bytes, enum mem_kind kind, gfp_t gfp);
void sys_free(void *ptr, size_t bytes, enum mem_kind kind);
void mem_account(enum mem_kind kind, long bytes);
void sys_reserve(unsigned int npages);
void sys_unreserve(unsigned int npages);
struct page *sys_map_easy(int node, unsigned int order, gfp_t gfp, bool *zeroed);
struct page *sys_map(int node, unsigned int order, gfp_t gfp, bool *zeroed);
void sys_used(unsigned int npages);
void sys_unused(unsigned int npages);
void sys_fault(unsigned long addr, unsigned int npages);
void mem_get_counts(struct mem_counts *counts);
void sys_map_failed(void);
int sys_source_node(int nid);
void mem_kick_init(void (*fn)(struct irq_work *work));
void mem_kick_exit(void);
void mem_kick_rearm(void);
void mem_kick(void);

/* ------------------------------------------------------------- fixalloc.c */

/**
 * struct fixalloc - allocator of fixed-size metadata
 * @lock: guards everything below
 * @size: bytes an object
 * @kind: what its memory counts as
 * @list: free objects, linked through their first word
 * @bump: next object of the newest chunk that was never handed out
 * @nbump: how many of them there are
 * @chunks: all chunks, linked through their first word
 * @inuse: objects handed out
 * @nchunks: chunks drawn
 */
struct fixalloc {
	spinlock_t lock;	/* everything below */
	size_t size;
	enum mem_kind kind;
	void *list;
	void *bump;
	unsigned int nbump;
	void *chunks;
	unsigned long inuse;
	unsigned long nchunks;
};

#define FIXALLOC_CHUNK_SIZE	GOALLOC_PAGE_SIZE

void fixalloc_init(struct fixalloc *f, size_t size, enum mem_kind kind);
void *fixalloc_alloc(struct fixalloc *f, gfp_t gfp);
void fixalloc_free(struct fixalloc *f, void *obj);
void fixalloc_destroy(struct fixalloc *f);

/* ---------------------------------------------------------------- arena.c */

/**
 * struct arena - a 4 MiB window of the direct map
 * @node: link of the page heap's tree, by address
 * @base: address of the first byte
 * @heap: the page heap whose pages these are
 * @longest: longest run of free pages; page_heap.lock
 * @subtree_longest: the same over the subtree of @node
 * @npresent: pages drawn from the buddy allocator
 * @nfree: pages free to be allocated
 * @busy: 1 = page is not free: in a span, in a page cache, or not drawn
 * @present: 1 = page is drawn
 * @dirty: 1 = page was used since it was drawn, or came without being zeroed
 *
 * Guarded by page_heap.lock, but for @base and @heap, which never change.
 * Arena structs live as long as the module.
 */
struct arena {
	struct rb_node node;
	unsigned long base;
	struct page_heap *heap;
	u16 longest;
	u16 subtree_longest;
	u16 npresent;
	u16 nfree;
	DECLARE_BITMAP(busy, ARENA_PAGES);
	DECLARE_BITMAP(present, ARENA_PAGES);
	DECLARE_BITMAP(dirty, ARENA_PAGES);
};

/*
 * The arena map is sparse and has three levels: 4 GiB, 4 MiB, 8 KiB.  The first
 * level is sized for the machine when the module is loaded.  The tables that are
 * looked through for every free have no holes: what is absent is an empty table
 * at the first level and an empty page of spans at the second, so that
 * span_of() needs one comparison and no NULL check before its result.
 *
 * An address of the direct map is an offset from its start: the upper 32 bits
 * are the index of the first level, and the lower 32 bits, shifted, are the
 * indexes of the other two.  To be indexed by page number within 4 GiB, without
 * a mask, a page of spans is pointed to as if the 4 GiB's entries began there.
 */
#define ARENA_L1_SHIFT	32
#define ARENA_L2_SHIFT	(ARENA_L1_SHIFT - ARENA_SHIFT)
#define ARENA_L2_SIZE	BIT(ARENA_L2_SHIFT)

struct arena_l2 {
	struct mspan **biased[ARENA_L2_SIZE];	/* spans - index * ARENA_PAGES */
	struct arena *arenas[ARENA_L2_SIZE];	/* absent in the empty table */
};

extern unsigned long arena_base;	/* address where the direct map has the first page */
extern unsigned long arena_map_l1_size;
extern struct arena_l2 **arena_map;
extern struct mspan arena_no_span;	/* what the map has where there is no span */
extern struct fixalloc arena_fixalloc;

static __always_inline unsigned long arena_index(unsigned long addr)
{
	return (addr - arena_base) >> ARENA_SHIFT;
}

static __always_inline unsigned int arena_page(unsigned long addr)
{
	return ((addr - arena_base) >> GOALLOC_PAGE_SHIFT) & (ARENA_PAGES - 1);
}

/* How many arenas the map can hold. */
static inline unsigned long arena_map_size(void)
{
	return arena_map_l1_size << ARENA_L2_SHIFT;
}

/*
 * The span that @addr lies in, or arena_no_span, of which no address is an object: who
 * asks for the object's index next need not ask whether there is a span.  @addr may be
 * anything: user space, a vmalloc or non-canonical address becomes an index beyond the
 * map.
 */
static __always_inline struct mspan *span_or_none(unsigned long addr)
{
	unsigned long off = addr - arena_base;
	struct mspan **spans, *s;
	u32 low = off;

	if (unlikely(off >> ARENA_L1_SHIFT >= arena_map_l1_size))
		return &arena_no_span;
	/* a table is replaced at most once, and an old one is as right as the new */
	spans = data_race(data_race(arena_map[off >> ARENA_L1_SHIFT])->biased[low >> ARENA_SHIFT]);
	s = data_race(spans[low >> GOALLOC_PAGE_SHIFT]);	/* a span, or none */
	OPTIMIZER_HIDE_VAR(s);		/* one load, and in one instruction */
	return s;
}

/* The same, or NULL. */
static __always_inline struct mspan *span_of(unsigned long addr)
{
	struct mspan *s = span_or_none(addr);

	return s == &arena_no_span ? NULL : s;
}

int arena_map_init(void);
void arena_map_exit(void);
struct arena *arena_of(unsigned long addr);
struct arena *arena_create(unsigned long addr, struct page_heap *heap, gfp_t gfp);
void arena_set_spans(unsigned long addr, unsigned int npages, struct mspan *s);
struct arena *arena_next(unsigned long *index);
struct mspan *arena_next_span(unsigned long *pageno);

/* ----------------------------------------------------------- mpagealloc.c */

/* A run of pages of one arena. */
struct page_run {
	unsigned long base;
	unsigned int npages;
	int nid;
	bool dirty;
};

/* Sixty-four pages of an arena as a word; 1 = free. */
struct page_word {
	struct arena *arena;
	unsigned int word;
	unsigned long free;
	unsigned long dirty;
};

/**
 * struct page_heap - the pages of one NUMA node
 * @lock: guards everything below and the arenas' maps
 * @nid: the node
 * @source: while the node has no memory: the node that the kernel takes instead
 * @arenas: by address, augmented with the longest free run of the subtree
 * @narenas: how many
 * @npresent: pages drawn from the buddy allocator
 * @nfree: pages in the maps' free runs
 * @contended: how often @lock was somebody else's
 */
struct page_heap {
	spinlock_t lock;	/* everything below, and the arenas' maps */
	int nid;
	int source;
	struct rb_root arenas;
	unsigned long narenas;
	unsigned long npresent;
	unsigned long nfree;
	unsigned long contended;
};

extern struct page_heap *page_heaps;	/* nr_node_ids of them */

/*
 * The node whose heap and centrals serve requests for @nid.  A node without memory
 * has none of its own: every request would draw anew, and what is freed would go
 * where the next request does not look.
 */
static inline int heap_node(int nid)
{
	return likely(node_state(nid, N_MEMORY)) ? nid : page_heaps[nid].source;
}

int mpagealloc_init(void);
void mpagealloc_exit(void);
void page_heap_init(struct page_heap *h, int nid);
bool mpagealloc_find(struct page_heap *h, unsigned int npages, unsigned int align,
		     struct page_run *run);
bool mpagealloc_reuse(int nid, unsigned int npages, unsigned int align, struct page_run *run);
bool mpagealloc_alloc(int nid, unsigned int npages, unsigned int align, gfp_t gfp,
		      struct page_run *run);
bool mpagealloc_draw(int nid, unsigned int npages, gfp_t gfp, struct page_run *run);
void mpagealloc_add(struct arena *a, unsigned int page, unsigned int npages, bool zeroed,
		    unsigned int keep, struct page_run *run);
bool mpagealloc_take_word(int nid, unsigned int npages, struct page_word *pw);
void mpagealloc_put_word(const struct page_word *pw);
void mpagealloc_free(const struct page_run *run);
unsigned int mpagealloc_release(struct page_heap *h, unsigned int max);
unsigned int mpagealloc_longest(const struct page_heap *h);

/* ----------------------------------------------------------- mpagecache.c */

#define PAGECACHE_MAX_RUN	16	/* longer runs go to the page heap */

/**
 * struct page_cache - one CPU's short cut to the page heap
 * @busy: someone on this CPU is in it
 * @used: since the scavenger's last turn
 * @pw: the pages
 * @stash: pages set aside by mpagecache_detach()
 * @hits: runs served from it
 * @misses: runs that the page heap had to serve
 */
struct page_cache {
	unsigned int busy;
	bool used;
	struct page_word pw;
	struct page_word stash;
	unsigned long hits;
	unsigned long misses;
};

extern struct page_cache __percpu *page_caches;

int mpagecache_init(void);
void mpagecache_exit(void);
bool mpagecache_reuse(int nid, unsigned int npages, unsigned int align, struct page_run *run);
bool mpagecache_alloc(int nid, unsigned int npages, unsigned int align, gfp_t gfp,
		      struct page_run *run);
void mpagecache_free(const struct page_run *run);
void mpagecache_detach(struct page_cache *pc);
void mpagecache_put_detached(struct page_cache *pc);
unsigned int find_free_run64(unsigned long free, unsigned int npages, unsigned int align);

/* ---------------------------------------------------------------- mheap.c */

extern struct fixalloc mspan_few, mspan_many, tiny_maps;
extern struct list_head heap_list;

/* Each heap that is known; under rcu_read_lock(), or what @held says. */
#define for_each_heap(heap, held...) \
	list_for_each_entry_rcu(heap, &heap_list, list, ##held)

int mheap_init(void);
void mheap_exit(void);
struct mspan *mheap_reuse(struct mcentral *c, unsigned int npages, unsigned int align, gfp_t gfp);
struct mspan *mheap_draw(struct mcentral *c, unsigned int npages, gfp_t gfp);
struct mspan *mheap_alloc(struct mcentral *c, unsigned int npages, unsigned int align, gfp_t gfp);
void mheap_free(struct mspan *s);
void mheap_span_stats(unsigned long *inuse, unsigned long *bytes);

/* ------------------------------------------------------------- mcentral.c */

#define MCENTRAL_IDLE_WORDS	BITS_TO_LONGS(NR_SPC)

/**
 * struct mcentral - the spans of one class on one node that no CPU owns
 * @lock: guards the lists and the drainer's side of the span states
 * @spc: span class
 * @nid: node
 * @heap: the heap that the spans belong to
 * @queue: spans pushed by whoever made them worth looking at
 * @pending: what was taken off @queue and is not settled yet
 * @partial: spans with some free objects, fuller ones in front
 * @empty: wholly free spans
 * @nr_empty: how many
 * @empty_pages: their pages
 * @nr_spans: spans of this class and node in any state
 * @nr_pages: their pages
 * @refills: how often a cache came for spans and found some
 * @given: how many it found
 * @made: spans that were made for it; whoever makes one
 * @contended: how often @lock was somebody else's
 * @refills_seen: the same at the scavenger's last turn
 * @told: of the first node's: what readers were told of the class's mallocs (mstats.c)
 * @idle_word: the word of the first class's @idle that has this class
 * @idle_mask: and its bit there
 * @idle: of a node's first class: those behind it that may have wholly free spans
 * @trim_next: of a node's first class: the one behind it where the next trim begins
 * @draw_next: of a node's first class: the last look at them found little
 */
struct mcentral {
	spinlock_t lock;	/* the lists, and the drainer's side of the states */
	u8 spc;
	u16 nid;
	struct goalloc_heap *heap;
	struct llist_node *pending;
	struct list_head partial;
	struct list_head empty;
	unsigned int nr_empty;
	atomic_t nr_spans;
	unsigned long empty_pages;
	atomic_long_t nr_pages;
	unsigned long refills;
	unsigned long given;
	atomic_long_t made;
	unsigned long contended;
	unsigned long refills_seen;
	unsigned long told;
	struct llist_head queue ____cacheline_aligned;
	unsigned long *idle_word;
	unsigned long idle_mask;
	unsigned long idle[MCENTRAL_IDLE_WORDS];
	unsigned int trim_next;
	bool draw_next;
};

static inline struct mcentral *heap_central(struct goalloc_heap *heap, int nid, unsigned int spc)
{
	return &heap->central[nid * heap_nr_spc(heap) + spc - heap->first_spc];
}

/* Behind the last one of all nodes. */
static inline struct mcentral *heap_central_end(struct goalloc_heap *heap)
{
	return heap_central(heap, nr_node_ids, heap->first_spc);
}

void mcentral_init(struct mcentral *c, struct goalloc_heap *heap, unsigned int spc, int nid);
struct mspan *mcentral_take(struct mcentral *c, unsigned int max, gfp_t gfp);
void mcentral_queue(struct mspan *s);
void mcentral_let_go(struct mspan *s);
unsigned long mcentral_trim(struct mcentral *c, unsigned int keep);
bool mcentral_has_idle(struct mcentral *c);
unsigned long mcentral_idle_pages(struct mcentral *c);
struct mspan *mcentral_alloc_large(struct mcentral *c, size_t size, gfp_t gfp);
void mcentral_free_large(struct mspan *s);

/* ----------------------------------------------------------------- heap.c */

/**
 * struct heap_args - what a heap is made of
 * @name: its name
 * @flags: GOALLOC_HEAP_*, or of an object cache GOALLOC_CACHE_*
 * @owner: the module that it belongs to
 * @handle: the DEFINE_GOALLOC_HEAP() that it is made for, or NULL
 * @like: an object cache: one with its size, its shape and its constructor; or NULL
 * @problem: why it cannot be made, or NULL
 */
struct heap_args {
	const char *name;
	unsigned int flags;
	struct module *owner;
	struct goalloc_heap *handle;
	const struct goalloc_cache *like;
	const char *problem;
};

struct goalloc_heap *heap_create(const struct heap_args *args, gfp_t gfp);
struct goalloc_heap *heap_behind(struct goalloc_heap *heap, gfp_t gfp);
bool heap_name_in_use(const char *name);
struct goalloc_heap *heap_find(const struct goalloc_heap *wanted);
void heap_orphan(struct goalloc_heap *heap);
void heap_remove(struct goalloc_heap *heap);
void heap_delete(struct goalloc_heap *heap);
int heap_init(void);
void heap_exit(void);

/* --------------------------------------------------------------- malloc.c */

bool malloc_check(const void *ptr, size_t *usable, const char *op);

/* ------------------------------------------------------------------- kv.c */

/*
 * What an object that waits to be freed has in it.  The mark tells that it waits, and
 * which object it is.
 */
struct waiting {
	struct llist_node link;
	unsigned long mark;
};

/* The complement of an address is no address, and hardly ever lies there by chance. */
static inline unsigned long waiting_mark(const void *obj)
{
	return ~(unsigned long)obj;
}

extern struct workqueue_struct *kv_wq;

int kv_init(void);
void kv_exit(void);
bool kv_check(const void *ptr, const char *op);

/* ------------------------------------------------------------------ rcu.c */

void free_rcu_init(void);

/* ----------------------------------------------------------------- tiny.c */

void *tiny_alloc(struct goalloc_heap *heap, size_t size, gfp_t gfp);
enum free_result tiny_free(struct mspan *s, unsigned long addr, bool clear);
void tiny_free_span(struct mspan *s);
enum free_result tiny_check(struct mspan *s, unsigned long addr, size_t *usable);
void tiny_flush(struct mcache *c);

/* ---------------------------------------------------------------- trace.c */

DECLARE_STATIC_KEY_FALSE(alloc_watched);
DECLARE_STATIC_KEY_FALSE(free_watched);

unsigned long trace_call_site(unsigned long ip);
void trace_init(void);

/* ------------------------------------------------------------- kmemleak.c */

#ifdef CONFIG_DEBUG_KMEMLEAK
void leak_alloc(const void *ptr, size_t size, unsigned int noscan, gfp_t gfp);
void leak_free(struct mspan *s, const void *ptr);
void leak_retire(const struct mspan *s);
#else
static inline void leak_alloc(const void *ptr, size_t size, unsigned int noscan, gfp_t gfp)
{
}

static inline void leak_free(struct mspan *s, const void *ptr)
{
}

static inline void leak_retire(const struct mspan *s)
{
}
#endif

/* ---------------------------------------------------------------- debug.c */

extern bool goalloc_panic_on_bad_free;

void debug_bad_free(const void *ptr, enum free_result why, const char *op);
void debug_bad_gfp(gfp_t gfp);
void debug_zero_constructed(const struct goalloc_heap *heap);
void debug_leak(const struct goalloc_heap *cache, unsigned int spc, unsigned long objects,
		unsigned long bytes, unsigned long spans);
const char *debug_state_name(int state);
const char *debug_spc_name(unsigned int spc);
void debug_too_large(size_t size, size_t limit, gfp_t gfp);
unsigned long debug_bad_frees(void);

/* ------------------------------------------------------------- scavenge.c */

extern unsigned int goalloc_scavenge_retain;
extern unsigned int goalloc_scavenge_interval;
extern struct shrinker *scavenge_shrinker;

/* Why pages were given back. */
enum scavenge_reason {
	SCAVENGE_BACKGROUND,
	SCAVENGE_PRESSURE,
	SCAVENGE_DEMAND,
	SCAVENGE_LIMIT,
	NR_SCAVENGE_REASONS,
};

int scavenge_init(void);
void scavenge_exit(void);
unsigned long scavenge_all(void);
void scavenge_heap(struct goalloc_heap *heap);
void scavenge_remove_heap(struct goalloc_heap *heap);
unsigned long scavenge_idle_pages(void);
unsigned long scavenge_pages(enum scavenge_reason reason);

/* ---------------------------------------------------------------- named.c */

int named_init(void);
void named_exit(void);

/* -------------------------------------------------------------- profile.c */

struct class_fill;
struct proc_dir_entry;

void profile_fill(struct class_fill *fill);
int profile_proc_init(struct proc_dir_entry *dir);

/* ----------------------------------------------------------------- proc.c */

int proc_init(void);
void proc_exit(void);

#endif /* _GOALLOC_INTERNAL_H */
