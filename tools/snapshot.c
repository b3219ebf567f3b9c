// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot: read the directory, derive what the files do not say themselves.
 *
 * stats, sizeclasses and heaps are for everybody and must be there.  mcache and arenas
 * are root's: without them less is shown.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snapshot.h"

#define CHECKS_MIN	6	/* that format 1 has at least */

static const struct {
	const char *name;
	size_t offset;
	bool optional;		/* an older kernel module has none: 0 */
} stats_lines[] = {
	{ "Alloc", offsetof(struct stats, alloc), false },
	{ "TotalAlloc", offsetof(struct stats, total_alloc), false },
	{ "Mallocs", offsetof(struct stats, mallocs), false },
	{ "Frees", offsetof(struct stats, frees), false },
	{ "HeapObjects", offsetof(struct stats, heap_objects), false },
	{ "LargeAlloc", offsetof(struct stats, large_alloc), false },
	{ "Prepared", offsetof(struct stats, prepared), false },
	{ "Ready", offsetof(struct stats, ready), false },
	{ "Metadata", offsetof(struct stats, metadata), false },
	{ "PagesDrawn", offsetof(struct stats, pages_drawn), false },
	{ "PagesReturned", offsetof(struct stats, pages_returned), false },
	{ "DrawsFailed", offsetof(struct stats, draws_failed), false },
	{ "LostReferences", offsetof(struct stats, lost_references), false },
	{ "ScavengedBackground", offsetof(struct stats, scavenged_background), false },
	{ "ScavengedPressure", offsetof(struct stats, scavenged_pressure), false },
	{ "ScavengedDemand", offsetof(struct stats, scavenged_demand), false },
	{ "BadFrees", offsetof(struct stats, bad_frees), false },
	{ "MemoryLimit", offsetof(struct stats, memory_limit), true },
	{ "LimitCrossed", offsetof(struct stats, limit_crossed), true },
	{ "LimitRefused", offsetof(struct stats, limit_refused), true },
	{ "LimitPassed", offsetof(struct stats, limit_passed), true },
	{ "ScavengedLimit", offsetof(struct stats, scavenged_limit), true },
};

#define NUMBER(type, field)		{ #field, offsetof(struct type, field), false, false }
#define NAMED(type, field, name)	{ name, offsetof(struct type, field), false, false }
#define TEXT(type, field)		{ #field, offsetof(struct type, field), true, false }
#define OPTIONAL(type, field)		{ #field, offsetof(struct type, field), false, true }

static const struct column heap_columns[] = {
	TEXT(heap, heap), TEXT(heap, module), NUMBER(heap, objects), NUMBER(heap, bytes),
	NUMBER(heap, held), NUMBER(heap, mallocs), NUMBER(heap, frees), NUMBER(heap, limit),
	NUMBER(heap, refused), NUMBER(heap, size),
};

static const struct column class_columns[] = {
	NUMBER(class, class), TEXT(class, kind), NUMBER(class, size), NUMBER(class, span),
	NUMBER(class, objects), NUMBER(class, spans), NUMBER(class, inuse), NUMBER(class, free),
	NUMBER(class, mallocs), NUMBER(class, frees), NUMBER(class, refills),
	NUMBER(class, central), NAMED(class, tail, "waste"), OPTIONAL(class, requested),
};

static const struct column cpu_columns[] = {
	NUMBER(cpu, cpu), TEXT(cpu, online), NUMBER(cpu, spans), NUMBER(cpu, objects),
	NUMBER(cpu, bytes), NUMBER(cpu, refills), NUMBER(cpu, pages), NUMBER(cpu, pagehits),
	NUMBER(cpu, pagemisses),
};

static const struct column arena_columns[] = {
	NUMBER(arena, node), NUMBER(arena, reserved), NUMBER(arena, prepared),
	NUMBER(arena, ready), NUMBER(arena, longest),
};

/* ------------------------------------------------------------------ stats */

static unsigned int count_lines(const char *buf)
{
	unsigned int n = 0;

	for (; *buf; buf++)
		n += *buf == '\n';
	return n;
}

/* What is neither a number nor a check is of a newer kernel, and skipped. */
static void stats_line(struct snapshot *s, char *line)
{
	char *colon = strstr(line, ": ");
	struct check *c;
	struct value *v;

	if (!colon)
		return;
	*colon = '\0';
	if (!strncmp(line, "Check ", 6)) {
		c = &s->checks[s->nchecks++];
		c->claim = line + 6;
		c->result = colon + 2;
		c->ok = !strcmp(c->result, "ok");
		s->checks_failed += !c->ok;
		return;
	}
	v = &s->values[s->nvalues];
	v->name = line;
	s->nvalues += parse_number(colon + 2, &v->value);
}

static bool stats_value(struct snapshot *s, const char *name, bool optional, u64 *value,
			const char *path, struct problem *p)
{
	unsigned int i, found = 0;

	for (i = 0; i < s->nvalues; i++)
		if (!strcmp(s->values[i].name, name)) {
			*value = s->values[i].value;
			found++;
		}
	if (found == 1 || (!found && optional))
		return true;
	return failed(p, "%s: truncated or damaged: %s number \"%s\"", path,
		      found ? "more than one" : "no", name);
}

static bool stats_fields(struct snapshot *s, const char *path, struct problem *p)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stats_lines); i++)
		if (!stats_value(s, stats_lines[i].name, stats_lines[i].optional,
				 (u64 *)((char *)&s->stats + stats_lines[i].offset), path, p))
			return false;
	if (s->nchecks < CHECKS_MIN)
		return failed(p, "%s: truncated: %u lines of checks, not %u", path, s->nchecks,
			      CHECKS_MIN);
	return true;
}

static bool read_stats(struct snapshot *s, const char *dir, struct problem *p)
{
	struct lines l;
	unsigned int n;
	char *line;

	if (!lines_open(&l, dir, "stats", p))
		return false;
	s->stats_buf = l.buf;
	n = count_lines(l.buf);
	s->values = calloc(n, sizeof(*s->values));
	s->checks = calloc(n, sizeof(*s->checks));
	if (!s->values || !s->checks)
		return failed(p, "%s", strerror(ENOMEM));
	while ((line = lines_next(&l)))
		stats_line(s, line);
	return stats_fields(s, l.path, p);
}

/* ----------------------------------------------------------------- tables */

/* One that only root may read, or that a copy of the directory does not have, may be missing. */
static bool read_optional(struct table *t, const char *dir, const char *name,
			  const struct column *columns, unsigned int ncolumns, size_t row_size,
			  struct problem *p)
{
	p->error = 0;
	if (table_read(t, dir, name, columns, ncolumns, row_size, p))
		return true;
	return p->error == EACCES || p->error == EPERM || p->error == ENOENT;
}

static bool read_tables(struct snapshot *s, const char *dir, struct problem *p)
{
	return table_read(&s->heap_table, dir, "heaps", heap_columns, ARRAY_SIZE(heap_columns),
			  sizeof(struct heap), p) &&
	       table_read(&s->class_table, dir, "sizeclasses", class_columns,
			  ARRAY_SIZE(class_columns), sizeof(struct class), p) &&
	       read_optional(&s->cpu_table, dir, "mcache", cpu_columns, ARRAY_SIZE(cpu_columns),
			     sizeof(struct cpu), p) &&
	       read_optional(&s->arena_table, dir, "arenas", arena_columns,
			     ARRAY_SIZE(arena_columns), sizeof(struct arena), p);
}

/* ---------------------------------------------------------------- derived */

/* Put the rows of large objects into one, which is the first. */
static void join_large(struct snapshot *s)
{
	struct class *to = NULL;
	unsigned int i, n = 0;

	for (i = 0; i < s->nclasses; i++) {
		struct class *c = &s->classes[i];

		if (c->class || !to) {
			s->classes[n++] = *c;
			if (!c->class) {
				to = &s->classes[n - 1];
				to->kind = "large";
			}
			continue;
		}
		to->spans += c->spans;
		to->inuse += c->inuse;
		to->free += c->free;
		to->mallocs += c->mallocs;
		to->frees += c->frees;
		to->refills += c->refills;
		to->central += c->central;
		to->requested += c->requested;
	}
	s->nclasses = n;
}

/* Its spans' bytes, of which some may be longer than others; of large objects none. */
static u64 class_held(const struct class *c)
{
	return (c->inuse + c->free) * c->size + c->tail;
}

/* Of large objects: what no class and no object cache holds of all spans. */
static u64 large_held(const struct snapshot *s)
{
	u64 small = 0;
	unsigned int i;

	for (i = 0; i < s->nclasses; i++)
		small += class_held(&s->classes[i]);
	for (i = 0; i < s->nheaps; i++)
		small += s->heaps[i].size ? s->heaps[i].held : 0;
	small = minus(s->stats.ready, small);
	return small > s->stats.large_alloc ? small : s->stats.large_alloc;
}

static void derive(struct snapshot *s)
{
	struct memory *m = &s->memory;
	unsigned int i;

	join_large(s);
	for (i = 0; i < s->nclasses; i++) {
		struct class *c = &s->classes[i];

		c->live = c->class ? c->inuse * c->size : s->stats.large_alloc;
		c->held = c->class ? class_held(c) : c->spans ? large_held(s) : 0;
		c->waste = minus(c->held, c->live);
	}
	for (i = 0; i < s->nheaps; i++)
		s->heaps[i].waste = minus(s->heaps[i].held, s->heaps[i].bytes);
	m->live = s->stats.alloc;
	m->free_in_spans = minus(s->stats.ready, s->stats.alloc);
	m->idle = s->stats.prepared;
	m->metadata = s->stats.metadata;
	m->total = m->live + m->free_in_spans + m->idle + m->metadata;
}

u64 snapshot_refills(const struct snapshot *s, u64 *mallocs)
{
	u64 refills = 0;
	unsigned int i;

	*mallocs = 0;
	for (i = 0; i < s->nclasses; i++)
		if (s->classes[i].class) {
			refills += s->classes[i].refills;
			*mallocs += s->classes[i].mallocs;
		}
	return refills;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool find_dir(const char *dir, struct problem *p)
{
	if (!access(dir, F_OK))
		return true;
	p->error = errno;
	if (errno == ENOENT && !strcmp(dir, PROC_DIR))
		return failed(p, "no " PROC_DIR ": the module goalloc is not loaded");
	return failed(p, "%s: %s", dir, strerror(errno));
}

bool snapshot_read(struct snapshot *s, const char *dir, struct problem *p)
{
	memset(s, 0, sizeof(*s));
	memset(p, 0, sizeof(*p));
	s->time = now();
	if (!find_dir(dir, p) || !read_stats(s, dir, p) || !read_tables(s, dir, p)) {
		snapshot_free(s);
		return false;
	}
	if (!s->heap_table.nrows) {
		snapshot_free(s);
		return failed(p, "%s/heaps: truncated: no row", dir);
	}
	s->nheaps = s->heap_table.nrows;
	s->heaps = s->heap_table.rows;
	s->nclasses = s->class_table.nrows;
	s->classes = s->class_table.rows;
	s->ncpus = s->cpu_table.nrows;
	s->cpus = s->cpu_table.rows;
	s->narenas = s->arena_table.nrows;
	s->arenas = s->arena_table.rows;
	s->cpus_known = s->cpu_table.buf;
	s->arenas_known = s->arena_table.buf;
	derive(s);
	return true;
}

void snapshot_free(struct snapshot *s)
{
	free(s->stats_buf);
	free(s->values);
	free(s->checks);
	table_free(&s->heap_table);
	table_free(&s->class_table);
	table_free(&s->cpu_table);
	table_free(&s->arena_table);
	memset(s, 0, sizeof(*s));
}
