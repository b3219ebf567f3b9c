// SPDX-License-Identifier: GPL-2.0
/*
 * arena: the map from an address to its arena and its span.
 *
 * THEORY OF OPERATION
 *
 * An arena is a 4-MiB window of the direct map.  Arenas are sparse: one exists
 * where the buddy allocator once gave a page, and lives until the module goes.
 * They are counted from arena_base, where the machine's memory begins.
 * The map has three levels (see internal.h): arena_map[4 GiB] -> l2[4 MiB] ->
 * spans[8 KiB].  What is absent is an empty table, or a span without objects, never
 * NULL, so that a lookup is three loads after one comparison.
 *
 * Whoever holds a run of pages writes its spans[] entries; nobody else does.  An
 * entry is published with release after the span is made, and cleared before
 * the pages can go to anybody else.  Readers take no lock.
 *
 * LOCKS: arena_lock guards insertion.  Entries only go from empty to filled.
 * INVARIANT: arenas[i] is set before biased[i] stops being the empty page.
 */
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/string.h>

#include "internal.h"

/* Room for memory that is plugged in later: 16 times the machine, at least 1 TiB. */
#define ARENA_MAP_HEADROOM	16
#define ARENA_MAP_MIN		(SZ_1T >> ARENA_SHIFT)

unsigned long arena_base __read_mostly;
EXPORT_SYMBOL_FOR_KUNIT(arena_base);
unsigned long arena_map_l1_size __read_mostly;
EXPORT_SYMBOL_FOR_KUNIT(arena_map_l1_size);
struct arena_l2 **arena_map __read_mostly;
EXPORT_SYMBOL_FOR_KUNIT(arena_map);

struct mspan arena_no_span __read_mostly;
EXPORT_SYMBOL_FOR_KUNIT(arena_no_span);

static struct arena_l2 *arena_empty_l2 __read_mostly;
static struct mspan **arena_empty_spans __read_mostly;
static DEFINE_SPINLOCK(arena_lock);
struct fixalloc arena_fixalloc;
EXPORT_SYMBOL_FOR_KUNIT(arena_fixalloc);

#define ARENA_EMPTY_L2_BYTES	offsetof(struct arena_l2, arenas)
#define ARENA_SPANS_BYTES	(ARENA_PAGES * sizeof(struct mspan *))

static unsigned long arena_map_l1_bytes(void)
{
	return arena_map_l1_size * sizeof(*arena_map);
}

/*
 * Where the direct map has the machine's memory.  That need not begin at PAGE_OFFSET:
 * an arm64 kernel for 52-bit addresses has it elsewhere on a CPU of 48.
 */
static void arena_machine(unsigned long *first, unsigned long *end)
{
	int nid;

	*first = ULONG_MAX;
	*end = 0;
	for_each_node_state(nid, N_MEMORY) {
		unsigned long start = (unsigned long)__va(PFN_PHYS(node_start_pfn(nid)));
		unsigned long stop = (unsigned long)__va(PFN_PHYS(node_end_pfn(nid)));

		*first = min(*first, start);
		*end = max(*end, stop);
	}
}

/* The entries for the pages of the arena at @index of its table. */
static struct mspan **arena_spans(const struct arena_l2 *l2, unsigned int index)
{
	return l2->biased[index] + index * ARENA_PAGES;
}

static struct mspan **arena_spans_alloc(gfp_t gfp)
{
	struct mspan **spans = sys_alloc(ARENA_SPANS_BYTES, MEM_ARENA, gfp);

	if (spans)
		memset_p((void **)spans, &arena_no_span, ARENA_PAGES);
	return spans;
}

static void arena_l2_init(struct arena_l2 *l2)
{
	unsigned int i;

	for (i = 0; i < ARENA_L2_SIZE; i++)
		l2->biased[i] = arena_empty_spans - i * ARENA_PAGES;
}

int arena_map_init(void)
{
	unsigned long i, first, end, arenas;

	arena_machine(&first, &end);
	arena_base = round_down(first, ARENA_SIZE);
	arenas = arena_index(end - 1) + 1;
	arenas = max(arenas * ARENA_MAP_HEADROOM, (unsigned long)ARENA_MAP_MIN);
	arena_map_l1_size = DIV_ROUND_UP(arenas, ARENA_L2_SIZE);
	fixalloc_init(&arena_fixalloc, sizeof(struct arena), MEM_ARENA);

	arena_empty_spans = arena_spans_alloc(GFP_KERNEL);
	arena_empty_l2 = sys_alloc(ARENA_EMPTY_L2_BYTES, MEM_ARENA, GFP_KERNEL);
	if (!arena_empty_spans || !arena_empty_l2)
		return -ENOMEM;
	arena_l2_init(arena_empty_l2);
	arena_map = sys_alloc(arena_map_l1_bytes(), MEM_ARENA, GFP_KERNEL);
	if (!arena_map)
		return -ENOMEM;
	for (i = 0; i < arena_map_l1_size; i++)
		arena_map[i] = arena_empty_l2;
	return 0;
}

static void arena_free_l2(struct arena_l2 *l2)
{
	unsigned int i;

	for (i = 0; i < ARENA_L2_SIZE; i++) {
		if (!l2->arenas[i])
			continue;
		sys_unreserve(ARENA_PAGES);
		sys_free(arena_spans(l2, i), ARENA_SPANS_BYTES, MEM_ARENA);
	}
	sys_free(l2, sizeof(*l2), MEM_ARENA);
}

void arena_map_exit(void)
{
	unsigned long i;

	for (i = 0; arena_map && i < arena_map_l1_size; i++)
		if (arena_map[i] != arena_empty_l2)
			arena_free_l2(arena_map[i]);
	sys_free(arena_map, arena_map_l1_bytes(), MEM_ARENA);
	sys_free(arena_empty_l2, ARENA_EMPTY_L2_BYTES, MEM_ARENA);
	sys_free(arena_empty_spans, ARENA_SPANS_BYTES, MEM_ARENA);
	fixalloc_destroy(&arena_fixalloc);
}

/* The arena that @addr lies in, or NULL.  @addr may be anything. */
struct arena *arena_of(unsigned long addr)
{
	unsigned long ai = arena_index(addr);
	struct arena_l2 *l2;

	if (ai >= arena_map_size())
		return NULL;
	l2 = READ_ONCE(arena_map[ai >> ARENA_L2_SHIFT]);
	return l2 == arena_empty_l2 ? NULL : READ_ONCE(l2->arenas[ai & (ARENA_L2_SIZE - 1)]);
}
EXPORT_SYMBOL_FOR_KUNIT(arena_of);

/* The second-level table for arena @ai, made if it is missing. */
static struct arena_l2 *arena_get_l2(unsigned long ai, gfp_t gfp)
{
	struct arena_l2 **slot = &arena_map[ai >> ARENA_L2_SHIFT], *l2 = READ_ONCE(*slot);
	unsigned long flags;

	if (l2 != arena_empty_l2)
		return l2;
	l2 = sys_alloc(sizeof(*l2), MEM_ARENA, gfp);
	if (!l2)
		return NULL;
	arena_l2_init(l2);
	memset(l2->arenas, 0, sizeof(l2->arenas));

	spin_lock_irqsave(&arena_lock, flags);
	if (*slot == arena_empty_l2) {
		/* the table is filled before a reader finds it */
		smp_store_release(slot, l2);
		l2 = NULL;
	}
	spin_unlock_irqrestore(&arena_lock, flags);
	sys_free(l2, sizeof(*l2), MEM_ARENA);
	return READ_ONCE(*slot);
}

static struct arena *arena_new(unsigned long base, struct page_heap *heap, gfp_t gfp)
{
	struct arena *a = fixalloc_alloc(&arena_fixalloc, gfp);

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	RB_CLEAR_NODE(&a->node);
	a->base = base;
	a->heap = heap;
	bitmap_fill(a->busy, ARENA_PAGES);
	return a;
}

/**
 * arena_create() - the arena of an address, made if it is missing
 * @addr: any address in it
 * @heap: the page heap that it belongs to if it is new
 * @gfp: for its metadata
 *
 * Return: the arena, or NULL without memory or beyond the map.
 */
struct arena *arena_create(unsigned long addr, struct page_heap *heap, gfp_t gfp)
{
	unsigned long flags, ai = arena_index(addr);
	struct arena *a = arena_of(addr), *new;
	struct mspan **spans;
	struct arena_l2 *l2;
	unsigned int i = ai & (ARENA_L2_SIZE - 1);

	if (a)
		return a;
	if (ai >= arena_map_size()) {
		sys_map_failed();
		return NULL;
	}
	l2 = arena_get_l2(ai, gfp);
	new = arena_new(arena_base + (ai << ARENA_SHIFT), heap, gfp);
	spans = arena_spans_alloc(gfp);
	if (l2 && new && spans) {
		spin_lock_irqsave(&arena_lock, flags);
		if (!l2->arenas[i]) {
			sys_reserve(ARENA_PAGES);
			/* the struct is filled before a reader finds it ... */
			smp_store_release(&l2->arenas[i], new);
			/* ... and the arena is found before any span of it */
			smp_store_release(&l2->biased[i], spans - i * ARENA_PAGES);
			new = NULL;
			spans = NULL;
		}
		a = l2->arenas[i];
		spin_unlock_irqrestore(&arena_lock, flags);
	}
	if (new)
		fixalloc_free(&arena_fixalloc, new);
	sys_free(spans, ARENA_SPANS_BYTES, MEM_ARENA);
	return a;
}
EXPORT_SYMBOL_FOR_KUNIT(arena_create);

/* Enter @s (or NULL) as the span of @npages pages, which the caller holds. */
void arena_set_spans(unsigned long addr, unsigned int npages, struct mspan *s)
{
	unsigned long off = addr - arena_base;
	u32 low = off;
	struct mspan **p = &arena_map[off >> ARENA_L1_SHIFT]
			->biased[low >> ARENA_SHIFT][low >> GOALLOC_PAGE_SHIFT];

	s = s ?: &arena_no_span;
	while (npages--)
		smp_store_release(p++, s);	/* filled in before a free finds it */
}

/**
 * arena_next() - walk all arenas in address order
 * @index: where to begin; set behind the arena that is returned
 *
 * Takes no lock: arenas are never removed.
 *
 * Return: the arena, or NULL behind the last one.
 */
struct arena *arena_next(unsigned long *index)
{
	while (*index < arena_map_size()) {
		struct arena_l2 *l2 = READ_ONCE(arena_map[*index >> ARENA_L2_SHIFT]);
		struct arena *a;

		if (l2 == arena_empty_l2) {
			*index = round_up(*index + 1, ARENA_L2_SIZE);
			continue;
		}
		a = READ_ONCE(l2->arenas[(*index)++ & (ARENA_L2_SIZE - 1)]);
		if (a)
			return a;
	}
	return NULL;
}
EXPORT_SYMBOL_FOR_KUNIT(arena_next);

/**
 * arena_next_span() - walk all spans in address order
 * @pageno: page number in the direct map to begin at; set behind the span
 *
 * Takes no lock: the span may be retired while the caller looks at it, which is
 * safe (mspan.h) but may show a struct between two lives.
 *
 * Return: the span, or NULL behind the last one.
 */
struct mspan *arena_next_span(unsigned long *pageno)
{
	unsigned long index = *pageno / ARENA_PAGES;
	struct arena *a;

	while ((a = arena_next(&index))) {
		unsigned long first = (index - 1) * ARENA_PAGES;

		*pageno = max(*pageno, first);
		while (*pageno < first + ARENA_PAGES) {
			unsigned long addr = arena_base + (*pageno << GOALLOC_PAGE_SHIFT);
			struct mspan *s = span_of(addr);
			unsigned int n = s ? READ_ONCE(s->npages) : 1;

			*pageno += max(n, 1U);
			if (s)
				return s;
		}
	}
	return NULL;
}
EXPORT_SYMBOL_FOR_KUNIT(arena_next_span);
