// SPDX-License-Identifier: GPL-2.0
/*
 * stat_people: a snapshot for a person, the answer first: how much, who, and what of it
 * is waste; the tables after it; what is wrong last, where the eye ends.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"
#include "text.h"

#define CLASSES_SHOWN	10	/* without --all */
#define ALARMS_SHOWN	20
#define NAME_WIDTH	21	/* of heaps and modules, at least */

static void memory_line(const char *name, u64 bytes, u64 total, const char *hint)
{
	char size[TEXT_SIZE], exact[TEXT_SIZE + 8];

	printf("  %-15s %10s %17s %6.1f %%%s%s\n", name, size_long(size, bytes),
	       grouped(exact, bytes), percent(bytes, total), *hint ? "  " : "", hint);
}

/* Of the classes that have samples in the heap profile, what was asked for. */
static void requested_line(const struct snapshot *s)
{
	char size[TEXT_SIZE], exact[TEXT_SIZE + 8], sampled[TEXT_SIZE];
	u64 requested = 0, live = 0;
	unsigned int i;

	for (i = 0; i < s->nclasses; i++)
		if (s->classes[i].requested) {
			requested += s->classes[i].requested;
			live += s->classes[i].live;
		}
	if (requested)
		printf("  %-15s %10s %17s %6.1f %%  of %s that were sampled\n", "  asked for",
		       size_long(size, requested), grouped(exact, requested),
		       percent(requested, live), size_long(sampled, live));
}

static void print_memory(const struct snapshot *s)
{
	const struct memory *m = &s->memory;
	char objects[TEXT_SIZE + 8], limit[TEXT_SIZE], hint[64];

	printf("Memory                                  bytes\n");
	snprintf(hint, sizeof(hint), "%s objects", grouped(objects, s->stats.heap_objects));
	memory_line("live", m->live, m->total, hint);
	requested_line(s);
	memory_line("free in spans", m->free_in_spans, m->total, "of partly used spans");
	memory_line("idle", m->idle, m->total, "goes back by itself");
	memory_line("metadata", m->metadata, m->total, "");
	memory_line("in all", m->total, m->total, "");
	if (s->stats.memory_limit)
		printf("  %-15s %10s %17s %6.1f %%  of it is held\n", "memory_limit",
		       size_long(limit, s->stats.memory_limit),
		       grouped(objects, s->stats.memory_limit),
		       percent(m->total, s->stats.memory_limit));
}

static void print_answer(const struct snapshot *s)
{
	const struct heap *heap = most_held(s);
	char size[TEXT_SIZE];
	struct waste most;

	if (!heap->held)
		return;
	printf("\n  Most is held by heap %s", heap->heap);
	if (strcmp(heap->module, "-"))
		printf(" of %s", heap->module);
	printf(": %s, %.0f %% of all spans.\n", size_long(size, heap->held),
	       percent(heap->held, s->stats.ready));
	if (most_waste(s, &most))
		printf("  Most is wasted by %s: %s, %.0f %% used.\n", most.name,
		       size_long(size, most.waste), percent(most.live, most.held));
}

/* ---------------------------------------------------------------- classes */

static int class_by_held(const void *a, const void *b)
{
	const struct class *x = *(const struct class *const *)a;
	const struct class *y = *(const struct class *const *)b;

	if (x->held != y->held)
		return x->held < y->held ? 1 : -1;
	return x < y ? -1 : x > y;
}

static void class_line(const struct class *c)
{
	char live[TEXT_SIZE], held[TEXT_SIZE], waste[TEXT_SIZE], size[TEXT_SIZE] = "-";

	if (c->class)
		snprintf(size, sizeof(size), "%llu", c->size);
	printf("  %5llu %-6s %5s %6llu %8llu %8llu %8s %8s %8s %3.0f %%\n", c->class, c->kind,
	       size, c->spans, c->inuse, c->free, size_long(held, c->held),
	       size_long(live, c->live), size_long(waste, c->waste), percent(c->live, c->held));
}

static void print_classes(const struct snapshot *s, bool all)
{
	const struct class **sorted = calloc(s->nclasses + 1, sizeof(*sorted));
	unsigned int i, n = s->nclasses;

	if (!sorted)
		die("no memory");
	for (i = 0; i < n; i++)
		sorted[i] = &s->classes[i];
	qsort(sorted, n, sizeof(*sorted), class_by_held);
	if (!all && n > CLASSES_SHOWN)
		n = CLASSES_SHOWN;
	printf("\nSize classes by memory held, %u of %u (object caches are among the heaps)\n", n,
	       s->nclasses);
	printf("  %5s %-6s %5s %6s %8s %8s %8s %8s %8s %5s\n", "class", "kind", "size", "spans",
	       "in use", "free", "held", "live", "waste", "used");
	for (i = 0; i < n; i++)
		class_line(sorted[i]);
	free(sorted);
}

/* ------------------------------------------------------------------ heaps */

/* What one module's heaps are together. */
struct module {
	const char *name;
	struct heap sum;
	unsigned int heaps;
};

static int module_by_held(const void *a, const void *b)
{
	const struct module *x = a, *y = b;

	if (x->sum.held != y->sum.held)
		return x->sum.held < y->sum.held ? 1 : -1;
	return strcmp(x->name, y->name);
}

static unsigned int sum_modules(const struct snapshot *s, struct module *modules)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < s->nheaps; i++) {
		const struct heap *h = &s->heaps[i];

		for (j = 0; j < n && strcmp(modules[j].name, h->module); j++)
			;
		n += j == n;
		modules[j].name = h->module;
		modules[j].heaps++;
		modules[j].sum.objects += h->objects;
		modules[j].sum.bytes += h->bytes;
		modules[j].sum.held += h->held;
		modules[j].sum.waste += h->waste;
		modules[j].sum.refused += h->refused;
	}
	qsort(modules, n, sizeof(*modules), module_by_held);
	return n;
}

static void heap_line(int width, const char *indent, const char *name, const struct heap *h)
{
	char live[TEXT_SIZE], held[TEXT_SIZE], waste[TEXT_SIZE], limit[TEXT_SIZE] = "-";

	if (h->limit)
		size_long(limit, h->limit);
	printf("%s%-*s %7llu %8s %8s %8s %3.0f %% %8s %7llu\n", indent,
	       width - (int)strlen(indent), name, h->objects, size_long(held, h->held),
	       size_long(live, h->bytes), size_long(waste, h->waste), percent(h->bytes, h->held),
	       limit, h->refused);
}

/* Columns for the names, with what heaps are indented by. */
static int name_width(const struct snapshot *s)
{
	size_t width = NAME_WIDTH;
	unsigned int i;

	for (i = 0; i < s->nheaps; i++) {
		if (strlen(s->heaps[i].heap) + 4 > width)
			width = strlen(s->heaps[i].heap) + 4;
		if (strlen(s->heaps[i].module) + 2 > width)
			width = strlen(s->heaps[i].module) + 2;
	}
	return (int)width;
}

static void print_heaps(const struct snapshot *s)
{
	struct module *modules = calloc(s->nheaps, sizeof(*modules));
	unsigned int i, j, n;
	int width = name_width(s);

	if (!modules)
		die("no memory");
	n = sum_modules(s, modules);
	printf("\nHeaps and object caches by module (-: the default heap, or none any more)\n");
	printf("%-*s %7s %8s %8s %8s %5s %8s %7s\n", width, "  module, heap", "objects", "held",
	       "live", "waste", "used", "limit", "refused");
	for (i = 0; i < n; i++) {
		heap_line(width, "  ", modules[i].name, &modules[i].sum);
		for (j = 0; j < s->nheaps; j++)
			if (!strcmp(s->heaps[j].module, modules[i].name))
				heap_line(width, "    ", s->heaps[j].heap, &s->heaps[j]);
	}
	free(modules);
}

/* --------------------------------------------------------------- counters */

static void counter(const char *name, u64 n, const char *hint)
{
	char number[TEXT_SIZE + 8];

	printf("  %-26s %15s%s%s\n", name, grouped(number, n), *hint ? "  " : "", hint);
}

static void print_page_caches(const struct snapshot *s)
{
	u64 hits = 0, all = 0, objects = 0, bytes = 0;
	char hint[64], size[TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < s->ncpus; i++) {
		hits += s->cpus[i].pagehits;
		all += s->cpus[i].pagehits + s->cpus[i].pagemisses;
		objects += s->cpus[i].objects;
		bytes += s->cpus[i].bytes;
	}
	snprintf(hint, sizeof(hint), "%.1f %% of %llu runs of pages", percent(hits, all), all);
	counter("page cache hits", hits, hint);
	snprintf(hint, sizeof(hint), "%s free in %u CPUs' windows", size_long(size, bytes),
		 s->ncpus);
	counter("objects cached", objects, hint);
}

static void print_limit(const struct stats *st)
{
	counter("scavenged for the limit", st->scavenged_limit, "pages");
	counter("memory_limit met", st->limit_crossed, "times");
	counter("refused by the limit", st->limit_refused, "draws");
	counter("let pass the limit", st->limit_passed, "draws");
}

static void print_counters(const struct snapshot *s)
{
	const struct stats *st = &s->stats;
	u64 mallocs, refills = snapshot_refills(s, &mallocs);
	char hint[64];

	printf("\nCounters since goalloc was loaded\n");
	counter("allocations", st->mallocs, "");
	counter("frees", st->frees, "");
	snprintf(hint, sizeof(hint), "%.1f %% of small ones",
		 percent(minus(mallocs, refills), mallocs));
	counter("hits of a CPU's window", minus(mallocs, refills), hint);
	counter("refills", refills, "");
	if (s->cpus_known)
		print_page_caches(s);
	counter("pages drawn", st->pages_drawn, "of 8 KiB");
	counter("pages returned", st->pages_returned, "");
	counter("scavenged in background", st->scavenged_background, "pages");
	counter("scavenged under pressure", st->scavenged_pressure, "pages");
	counter("scavenged on demand", st->scavenged_demand, "pages");
	if (st->memory_limit || st->limit_refused || st->limit_passed)
		print_limit(st);
	counter("draws failed", st->draws_failed, "");
	counter("lost references", st->lost_references, "");
	counter("bad frees", st->bad_frees, "");
	if (!s->cpus_known)
		printf("  (mcache cannot be read: it is root's)\n");
}

static void print_alarms(const struct snapshot *s)
{
	struct alarm list[ALARMS_SHOWN];
	unsigned int i, n = alarms(s, NULL, list, ALARMS_SHOWN);

	printf("\nChecks: ");
	if (s->checks_failed)
		printf("%u of %u are off; a bug if they stay so while nothing allocates\n",
		       s->checks_failed, s->nchecks);
	else
		printf("all %u hold\n", s->nchecks);
	for (i = 0; i < s->nchecks; i++)
		if (!s->checks[i].ok)
			printf("  ! %s: %s\n", s->checks[i].claim, s->checks[i].result);
	for (i = 0; i < n; i++)
		printf("  ! %s\n", list[i].text);
}

void print_people(const struct snapshot *s, bool all)
{
	print_memory(s);
	print_answer(s);
	print_classes(s, all);
	print_heaps(s);
	print_counters(s);
	print_alarms(s);
}

/* ------------------------------------------------------------------ rates */

#define HEADING_EVERY	20

/* Of a counter, a second; "-" if goalloc was loaded anew meanwhile. */
static const char *rate(char buf[TEXT_SIZE], u64 before, u64 now, double seconds)
{
	if (now < before || !(seconds > 0))
		return "-";
	return count_short(buf, (double)(now - before) / seconds);
}

void print_rates(const struct snapshot *before, const struct snapshot *now, unsigned long line)
{
	const struct stats *a = &before->stats, *b = &now->stats;
	double seconds = now->time - before->time;
	char live[TEXT_SIZE], held[TEXT_SIZE], idle[TEXT_SIZE], buf[6][TEXT_SIZE];
	u64 ignored;

	if (line % HEADING_EVERY == 0)
		printf("%7s %7s %7s | %9s %9s %9s %9s %9s %7s  (a second)\n", "live", "held",
		       "idle", "allocs", "frees", "refills", "drawn", "returned", "bad");
	printf("%7s %7s %7s | %9s %9s %9s %9s %9s %7s\n", size_short(live, now->memory.live),
	       size_short(held, now->memory.total), size_short(idle, now->memory.idle),
	       rate(buf[0], a->mallocs, b->mallocs, seconds),
	       rate(buf[1], a->frees, b->frees, seconds),
	       rate(buf[2], snapshot_refills(before, &ignored), snapshot_refills(now, &ignored),
		    seconds),
	       rate(buf[3], a->pages_drawn, b->pages_drawn, seconds),
	       rate(buf[4], a->pages_returned, b->pages_returned, seconds),
	       rate(buf[5], a->bad_frees, b->bad_frees, seconds));
}
