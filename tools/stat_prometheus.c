// SPDX-License-Identifier: GPL-2.0
/*
 * stat_prometheus: a snapshot in Prometheus's text format, for the textfile collector of
 * node_exporter.
 *
 * A metric is a HELP line, a TYPE line and its samples, all together; counters end in
 * _total, and bytes are the unit.  The collector refuses a whole file in which two
 * samples have the same labels, so heaps without a module, of which two can have one
 * name, are added up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"
#include "text.h"

static void metric(const char *name, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void sample(const char *name, u64 value)
{
	printf("%s %llu\n", name, value);
}

static void single(const char *name, const char *type, const char *help, u64 value)
{
	metric(name, type, help);
	sample(name, value);
}

static void quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

/* ------------------------------------------------------------------ stats */

static void print_memory(const struct snapshot *s)
{
	const struct memory *m = &s->memory;

	metric("goalloc_memory_bytes", "gauge",
	       "Memory that goalloc has, by what it is used for; the states add up.");
	sample("goalloc_memory_bytes{state=\"live\"}", m->live);
	sample("goalloc_memory_bytes{state=\"free_in_spans\"}", m->free_in_spans);
	sample("goalloc_memory_bytes{state=\"idle\"}", m->idle);
	sample("goalloc_memory_bytes{state=\"metadata\"}", m->metadata);
}

static void print_stats(const struct snapshot *s)
{
	const struct stats *st = &s->stats;

	single("goalloc_objects", "gauge", "Objects in use.", st->heap_objects);
	single("goalloc_large_live_bytes", "gauge", "Bytes in live objects above 32 KiB.",
	       st->large_alloc);
	single("goalloc_allocations_total", "counter", "Objects ever allocated.", st->mallocs);
	single("goalloc_frees_total", "counter", "Objects ever freed.", st->frees);
	single("goalloc_allocated_bytes_total", "counter",
	       "Bytes ever allocated, rounded up to size classes.", st->total_alloc);
	single("goalloc_drawn_bytes_total", "counter", "Bytes ever drawn from the kernel.",
	       st->pages_drawn * GOALLOC_PAGE);
	single("goalloc_returned_bytes_total", "counter", "Bytes ever given back to the kernel.",
	       st->pages_returned * GOALLOC_PAGE);
	metric("goalloc_scavenged_bytes_total", "counter",
	       "Bytes given back by the scavenger, by what made it run.");
	sample("goalloc_scavenged_bytes_total{reason=\"background\"}",
	       st->scavenged_background * GOALLOC_PAGE);
	sample("goalloc_scavenged_bytes_total{reason=\"pressure\"}",
	       st->scavenged_pressure * GOALLOC_PAGE);
	sample("goalloc_scavenged_bytes_total{reason=\"demand\"}",
	       st->scavenged_demand * GOALLOC_PAGE);
	sample("goalloc_scavenged_bytes_total{reason=\"limit\"}",
	       st->scavenged_limit * GOALLOC_PAGE);
	single("goalloc_memory_limit_bytes", "gauge",
	       "What memory_limit allows goalloc to have, or 0 for no limit.", st->memory_limit);
	single("goalloc_limit_crossed_total", "counter", "Times that memory_limit was met.",
	       st->limit_crossed);
	single("goalloc_limit_refused_total", "counter",
	       "Draws of memory that memory_limit refused.", st->limit_refused);
	single("goalloc_limit_passed_total", "counter",
	       "Draws of memory that must not fail and passed memory_limit.", st->limit_passed);
	single("goalloc_draws_failed_total", "counter", "Times the kernel had no memory to give.",
	       st->draws_failed);
	single("goalloc_lost_references_total", "counter",
	       "Pages that a stray kfree() or put_page() hit.", st->lost_references);
	single("goalloc_bad_frees_total", "counter", "Bad frees that were caught.", st->bad_frees);
	single("goalloc_checks", "gauge", "Sums that goalloc checks when it is asked.", s->nchecks);
	single("goalloc_checks_failed", "gauge", "Of these, the ones that were wrong.",
	       s->checks_failed);
}

/* ----------------------------------------------------------------- tables */

/* A column as a metric: a u64 at @offset of each row. */
struct row_metric {
	const char *name, *type, *help;
	size_t offset;
};

static u64 field(const void *row, size_t offset)
{
	return *(const u64 *)((const char *)row + offset);
}

static const struct row_metric class_metrics[] = {
	{ "goalloc_class_spans", "gauge", "Spans of the size class.",
	  offsetof(struct class, spans) },
	{ "goalloc_class_objects", "gauge", "Objects in use of the size class.",
	  offsetof(struct class, inuse) },
	{ "goalloc_class_free_objects", "gauge", "Free objects in spans of the size class.",
	  offsetof(struct class, free) },
	{ "goalloc_class_requested_bytes", "gauge",
	  "Of live bytes of the size class those that were asked for; 0: no heap profile is on.",
	  offsetof(struct class, requested) },
	{ "goalloc_class_live_bytes", "gauge", "Bytes of objects in use of the size class.",
	  offsetof(struct class, live) },
	{ "goalloc_class_held_bytes", "gauge", "Bytes of spans of the size class.",
	  offsetof(struct class, held) },
	{ "goalloc_class_tail_bytes", "gauge", "Bytes at the ends of spans that no object can use.",
	  offsetof(struct class, tail) },
	{ "goalloc_class_allocations_total", "counter", "Objects ever allocated of the size class.",
	  offsetof(struct class, mallocs) },
	{ "goalloc_class_frees_total", "counter", "Objects ever freed of the size class.",
	  offsetof(struct class, frees) },
	{ "goalloc_class_refills_total", "counter", "Windows that CPUs took of the size class.",
	  offsetof(struct class, refills) },
	{ "goalloc_class_central_visits_total", "counter",
	  "Times a CPU came to the central of the size class, with its lock.",
	  offsetof(struct class, central) },
};

static void print_classes(const struct snapshot *s)
{
	const struct row_metric *m;
	unsigned int i;

	for (m = class_metrics; m < class_metrics + ARRAY_SIZE(class_metrics); m++) {
		metric(m->name, m->type, m->help);
		for (i = 0; i < s->nclasses; i++) {
			const struct class *c = &s->classes[i];

			printf("%s{class=\"%llu\",kind=", m->name, c->class);
			quoted(c->kind);
			printf(",size=\"%llu\"} %llu\n", c->size, field(c, m->offset));
		}
	}
}

static const struct row_metric heap_metrics[] = {
	{ "goalloc_heap_objects", "gauge", "Objects in use of the heap.",
	  offsetof(struct heap, objects) },
	{ "goalloc_heap_live_bytes", "gauge", "Bytes of objects in use of the heap.",
	  offsetof(struct heap, bytes) },
	{ "goalloc_heap_held_bytes", "gauge", "Bytes of spans of the heap.",
	  offsetof(struct heap, held) },
	{ "goalloc_heap_limit_bytes", "gauge", "What the heap may hold, or 0 for no limit.",
	  offsetof(struct heap, limit) },
	{ "goalloc_heap_allocations_total", "counter", "Objects ever allocated from the heap.",
	  offsetof(struct heap, mallocs) },
	{ "goalloc_heap_frees_total", "counter", "Objects ever freed of the heap.",
	  offsetof(struct heap, frees) },
	{ "goalloc_heap_refused_total", "counter", "Allocations refused because of the limit.",
	  offsetof(struct heap, refused) },
};

static bool same_labels(const struct heap *a, const struct heap *b)
{
	return !strcmp(a->heap, b->heap) && !strcmp(a->module, b->module);
}

static void print_heap(const struct snapshot *s, unsigned int row, const struct row_metric *m)
{
	const struct heap *h = &s->heaps[row];
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < s->nheaps; i++) {
		if (!same_labels(&s->heaps[i], h))
			continue;
		if (i < row)
			return;
		sum += field(&s->heaps[i], m->offset);
	}
	printf("%s{heap=", m->name);
	quoted(h->heap);
	fputs(",module=", stdout);
	quoted(h->module);
	printf("} %llu\n", sum);
}

static void print_heaps(const struct snapshot *s)
{
	const struct row_metric *m;
	unsigned int i;

	for (m = heap_metrics; m < heap_metrics + ARRAY_SIZE(heap_metrics); m++) {
		metric(m->name, m->type, m->help);
		for (i = 0; i < s->nheaps; i++)
			print_heap(s, i, m);
	}
}

static const struct row_metric cpu_metrics[] = {
	{ "goalloc_cpu_cached_bytes", "gauge", "Bytes of free objects in the CPU's windows.",
	  offsetof(struct cpu, bytes) },
	{ "goalloc_cpu_refills_total", "counter", "Windows that the CPU took.",
	  offsetof(struct cpu, refills) },
	{ "goalloc_cpu_page_cache_hits_total", "counter",
	  "Runs of pages that the CPU's page cache served.", offsetof(struct cpu, pagehits) },
	{ "goalloc_cpu_page_cache_misses_total", "counter",
	  "Runs of pages that it did not serve.", offsetof(struct cpu, pagemisses) },
};

static void print_cpus(const struct snapshot *s)
{
	const struct row_metric *m;
	unsigned int i;

	for (m = cpu_metrics; s->cpus_known && m < cpu_metrics + ARRAY_SIZE(cpu_metrics); m++) {
		metric(m->name, m->type, m->help);
		for (i = 0; i < s->ncpus; i++)
			printf("%s{cpu=\"%llu\"} %llu\n", m->name, s->cpus[i].cpu,
			       field(&s->cpus[i], m->offset));
	}
}

void print_prometheus(const struct snapshot *s)
{
	print_memory(s);
	print_stats(s);
	print_classes(s);
	print_heaps(s);
	print_cpus(s);
}
