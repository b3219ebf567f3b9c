/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot: what /proc/goalloc/ said at one moment, as numbers.
 *
 * The names of the fields are those of the files (Documentation/proc.rst).  Files are
 * read one after the other, so their sums differ by what happened in between; what
 * is derived here is never negative.
 */
#ifndef GOALLOC_TOOLS_SNAPSHOT_H
#define GOALLOC_TOOLS_SNAPSHOT_H

#include "table.h"

#define PROC_DIR	"/proc/goalloc"
#define GOALLOC_PAGE	8192		/* bytes of a page, as the files count pages */

/* The lines of stats that are used here.  All must be there, but for those of memory_limit. */
struct stats {
	u64 alloc, total_alloc, mallocs, frees, heap_objects, large_alloc;
	u64 prepared, ready, metadata;
	u64 pages_drawn, pages_returned, draws_failed, lost_references;
	u64 scavenged_background, scavenged_pressure, scavenged_demand;
	u64 bad_frees;
	u64 memory_limit, limit_crossed, limit_refused, limit_passed, scavenged_limit;
};

/* A line of stats, whether it is known here or not. */
struct value {
	const char *name;
	u64 value;
};

struct check {
	const char *claim;
	const char *result;
	bool ok;
};

/* A row of heaps. */
struct heap {
	const char *heap, *module;
	u64 objects, bytes, held, mallocs, frees, limit, refused, size;
	u64 waste;		/* held - bytes */
};

/*
 * A row of sizeclasses.  The two rows of large objects are one here, of class 0 and
 * kind "large", because stats has their bytes together.
 */
struct class {
	u64 class;
	const char *kind;
	u64 size, span, objects, spans, inuse, free, mallocs, frees, refills, central, tail;
	u64 requested;		/* bytes of live that were asked for; 0: not known */
	u64 live;		/* bytes of the objects in use */
	u64 held;		/* bytes of the spans */
	u64 waste;		/* held - live */
};

/* A row of mcache. */
struct cpu {
	u64 cpu;
	const char *online;
	u64 spans, objects, bytes, refills, pages, pagehits, pagemisses;
};

/* A row of arenas. */
struct arena {
	u64 node, reserved, prepared, ready, longest;
};

/* All that goalloc has of the machine's memory, in bytes. */
struct memory {
	u64 live;		/* in objects */
	u64 free_in_spans;	/* free objects, ends of spans */
	u64 idle;		/* in no span */
	u64 metadata;
	u64 total;
};

struct snapshot {
	double time;		/* seconds, of the monotonic clock */
	struct stats stats;
	struct memory memory;
	unsigned int nvalues, nchecks, checks_failed;
	struct value *values;
	struct check *checks;
	unsigned int nheaps, nclasses, ncpus, narenas;
	struct heap *heaps;
	struct class *classes;
	struct cpu *cpus;
	struct arena *arenas;
	bool cpus_known, arenas_known;	/* mcache and arenas are root's to read */
	char *stats_buf;
	struct table heap_table, class_table, cpu_table, arena_table;
};

/* False, with one line on what is wrong, and nothing to free. */
bool snapshot_read(struct snapshot *s, const char *dir, struct problem *p);
void snapshot_free(struct snapshot *s);

/* The refills of all classes that have windows, and the allocations that they served. */
u64 snapshot_refills(const struct snapshot *s, u64 *mallocs);

/* a - b, or 0. */
static inline u64 minus(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static inline double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

#endif
