// SPDX-License-Identifier: GPL-2.0
/*
 * stat_json: a snapshot as one JSON object.  Documentation/tools.rst has the names;
 * they stay, and new ones may come.  Bytes and counts are integers.
 */
#include <stdio.h>

#include "stat.h"
#include "text.h"

#define JSON_VERSION	1

/* What the file says is printable ASCII (table.h). */
static void string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		if (*s == '\t')
			fputs("\\t", stdout);
		else
			putchar(*s);
	}
	putchar('"');
}

/* A member, the first of its object or another. */
static void name(const char *s, bool first)
{
	if (!first)
		fputs(", ", stdout);
	string(s);
	fputs(": ", stdout);
}

static void number(const char *s, u64 value, bool first)
{
	name(s, first);
	printf("%llu", value);
}

static void text(const char *s, const char *value, bool first)
{
	name(s, first);
	string(value);
}

static void begin_list(const char *s)
{
	printf(",\n  ");
	string(s);
	fputs(": [", stdout);
}

static void begin_row(unsigned int i)
{
	printf("%s\n    {", i ? "," : "");
}

static void print_values(const struct snapshot *s)
{
	const struct memory *m = &s->memory;
	unsigned int i;

	fputs(",\n  \"memory\": {", stdout);
	number("live_bytes", m->live, true);
	number("free_in_spans_bytes", m->free_in_spans, false);
	number("idle_bytes", m->idle, false);
	number("metadata_bytes", m->metadata, false);
	number("total_bytes", m->total, false);
	fputs("},\n  \"stats\": {", stdout);
	for (i = 0; i < s->nvalues; i++)
		number(s->values[i].name, s->values[i].value, !i);
	putchar('}');
	begin_list("checks");
	for (i = 0; i < s->nchecks; i++) {
		begin_row(i);
		text("claim", s->checks[i].claim, true);
		name("ok", false);
		fputs(s->checks[i].ok ? "true" : "false", stdout);
		text("result", s->checks[i].result, false);
		putchar('}');
	}
	putchar(']');
}

static void print_classes(const struct snapshot *s)
{
	unsigned int i;

	begin_list("classes");
	for (i = 0; i < s->nclasses; i++) {
		const struct class *c = &s->classes[i];

		begin_row(i);
		number("class", c->class, true);
		text("kind", c->kind, false);
		number("size_bytes", c->size, false);
		number("span_bytes", c->span, false);
		number("objects_per_span", c->objects, false);
		number("spans", c->spans, false);
		number("inuse", c->inuse, false);
		number("free", c->free, false);
		number("mallocs", c->mallocs, false);
		number("frees", c->frees, false);
		number("refills", c->refills, false);
		number("central", c->central, false);
		number("tail_bytes", c->tail, false);
		number("requested_bytes", c->requested, false);
		number("live_bytes", c->live, false);
		number("held_bytes", c->held, false);
		number("waste_bytes", c->waste, false);
		putchar('}');
	}
	putchar(']');
}

static void print_heaps(const struct snapshot *s)
{
	unsigned int i;

	begin_list("heaps");
	for (i = 0; i < s->nheaps; i++) {
		const struct heap *h = &s->heaps[i];

		begin_row(i);
		text("heap", h->heap, true);
		text("module", h->module, false);
		number("objects", h->objects, false);
		number("live_bytes", h->bytes, false);
		number("held_bytes", h->held, false);
		number("waste_bytes", h->waste, false);
		number("limit_bytes", h->limit, false);
		number("size_bytes", h->size, false);
		number("mallocs", h->mallocs, false);
		number("frees", h->frees, false);
		number("refused", h->refused, false);
		putchar('}');
	}
	putchar(']');
}

static void print_cpus(const struct snapshot *s)
{
	unsigned int i;

	if (!s->cpus_known) {
		fputs(",\n  \"cpus\": null", stdout);
		return;
	}
	begin_list("cpus");
	for (i = 0; i < s->ncpus; i++) {
		const struct cpu *c = &s->cpus[i];

		begin_row(i);
		number("cpu", c->cpu, true);
		text("online", c->online, false);
		number("spans", c->spans, false);
		number("cached_objects", c->objects, false);
		number("cached_bytes", c->bytes, false);
		number("refills", c->refills, false);
		number("pages", c->pages, false);
		number("page_hits", c->pagehits, false);
		number("page_misses", c->pagemisses, false);
		putchar('}');
	}
	putchar(']');
}

static void print_arenas(const struct snapshot *s)
{
	unsigned int i;

	if (!s->arenas_known) {
		fputs(",\n  \"arenas\": null", stdout);
		return;
	}
	begin_list("arenas");
	for (i = 0; i < s->narenas; i++) {
		const struct arena *a = &s->arenas[i];

		begin_row(i);
		number("node", a->node, true);
		number("reserved_pages", a->reserved, false);
		number("prepared_pages", a->prepared, false);
		number("ready_pages", a->ready, false);
		number("longest_free_run_pages", a->longest, false);
		putchar('}');
	}
	putchar(']');
}

void print_json(const struct snapshot *s)
{
	printf("{\n  \"goallocstat\": %d", JSON_VERSION);
	print_values(s);
	print_classes(s);
	print_heaps(s);
	print_cpus(s);
	print_arenas(s);
	printf("\n}\n");
}
