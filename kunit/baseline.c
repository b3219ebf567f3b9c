// SPDX-License-Identifier: GPL-2.0
/* baseline: see baseline.h. */
#include <linux/mm.h>

#include "baseline.h"

#define NR_SPAN_KINDS	3	/* the first of them: arenas never go */

static struct fixalloc * const metadata[NR_METADATA] = {
	&mspan_few, &mspan_many, &tiny_maps, &arena_fixalloc,
};

void hoard(struct hoard *h)
{
	unsigned int i;

	for (i = 0; i < NR_METADATA; i++) {
		struct fixalloc *f = metadata[i];

		while (READ_ONCE(f->list) || READ_ONCE(f->nbump)) {
			void **obj = fixalloc_alloc(f, GFP_KERNEL);

			*obj = h->objs[i];
			h->objs[i] = obj;
			h->n[i]++;
		}
	}
}

void unhoard(struct hoard *h)
{
	unsigned int i;

	for (i = 0; i < NR_METADATA; i++) {
		while (h->objs[i]) {
			void **obj = h->objs[i];

			h->objs[i] = *obj;
			fixalloc_free(metadata[i], obj);
		}
		h->n[i] = 0;
	}
}

static unsigned long count_arenas(void)
{
	unsigned long index = 0, arenas = 0;

	while (arena_next(&index))
		arenas++;
	return arenas;
}

/* Second-level tables of the arena map; the last of all is the empty one. */
static unsigned long count_tables(void)
{
	unsigned long i, last = arena_map_l1_size - 1, tables = 0;

	for (i = 0; i < last; i++)
		tables += arena_map[i] != arena_map[last];
	return tables;
}

/* Bytes of metadata of a kind that no chunk of structs and no table explains. */
static unsigned long unexplained(const struct mem_stats *st, enum mem_kind kind)
{
	unsigned long bytes = st->mem.meta[kind];
	unsigned int i;

	for (i = 0; i < NR_METADATA; i++)
		if (metadata[i]->kind == kind)
			bytes -= metadata[i]->nchunks * FIXALLOC_CHUNK_SIZE;
	if (kind == MEM_ARENA)
		bytes -= count_arenas() * ARENA_PAGES * sizeof(struct mspan *) +
			 count_tables() * PAGE_ALIGN(sizeof(struct arena_l2));
	return bytes;
}

void take_baseline(struct baseline *b)
{
	unsigned int i;

	util_settled(&b->st, NULL);
	for (i = 0; i < NR_METADATA; i++)
		b->structs[i] = metadata[i]->inuse;
	for (i = 0; i < NR_MEM_KINDS; i++)
		b->bytes[i] = unexplained(&b->st, i);
	b->reports = debug_bad_frees();
}

static unsigned int grew(struct kunit *test, const char *what, unsigned long before,
			 unsigned long after)
{
	KUNIT_EXPECT_EQ_MSG(test, after, before, "%s", what);
	return after != before;
}

unsigned int leaks(struct kunit *test, const struct baseline *b)
{
	struct baseline now;
	unsigned int n, i;

	take_baseline(&now);
	n = grew(test, "pages in spans", b->st.mem.ready, now.st.mem.ready);
	n += grew(test, "idle pages", b->st.mem.prepared, now.st.mem.prepared);
	n += grew(test, "pages drawn", b->st.mem.drawn - b->st.mem.returned,
		  now.st.mem.drawn - now.st.mem.returned);
	n += grew(test, "objects", b->st.heap_objects, now.st.heap_objects);
	n += grew(test, "bytes", b->st.alloc, now.st.alloc);
	n += grew(test, "bad frees", b->reports, now.reports);
	n += grew(test, "lost references", b->st.mem.lost_refs, now.st.mem.lost_refs);
	for (i = 0; i < NR_SPAN_KINDS; i++)
		n += grew(test, "structs of spans", b->structs[i], now.structs[i]);
	n += grew(test, "structs of arenas", count_arenas(), arena_fixalloc.inuse);
	for (i = 0; i < NR_MEM_KINDS; i++)
		n += grew(test, "bytes of metadata", b->bytes[i], now.bytes[i]);
	return n;
}
