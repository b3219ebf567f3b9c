// SPDX-License-Identifier: GPL-2.0
/*
 * view: the lines of goalloctop.
 *
 * From the top: how much and where it goes (graphs and a bar), who holds most and what
 * wastes most, what is wrong, and then the rows, most important first.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "view.h"

#define GRAPH_COLUMN	20	/* where the graphs begin */
#define ALARMS_SHOWN	3
#define HEAP_WIDTH	19	/* of 80 columns; a wider screen gives the names more */
#define HEAP_WIDTH_MAX	31
#define MODULE_WIDTH	13
#define TABLE_WIDTH	80

static const struct {
	char key;
	const char *name;
} sorts[NR_SORTS] = {
	[BY_HELD] = { 'h', "held" },
	[BY_LIVE] = { 'l', "live" },
	[BY_WASTE] = { 'w', "waste" },
	[BY_GROWTH] = { 'g', "growth" },
	[BY_OBJECTS] = { 'o', "objects" },
	[BY_ALLOCS] = { 'a', "allocs" },
	[BY_NAME] = { 'n', "name" },
};

char sort_key(enum sort sort)
{
	return sorts[sort].key;
}

const char *sort_name(enum sort sort)
{
	return sorts[sort].name;
}

/* ------------------------------------------------------------------ lines */

/* Cut at @width columns: a character is one, and begins with a byte that is no continuation. */
static void clip(char *s, unsigned int width)
{
	unsigned int columns = 0;

	for (; *s; s++)
		if ((*s & 0xc0) != 0x80 && ++columns > width)
			break;
	*s = '\0';
}

static void __printf(4, 5) add(struct screen *out, const struct view *v, enum look how,
			       const char *fmt, ...)
{
	struct line *line;
	va_list args;

	if (out->n == out->room) {
		line = realloc(out->lines, (out->room * 2 + 32) * sizeof(*line));
		if (!line)
			return;
		out->lines = line;
		out->room = out->room * 2 + 32;
	}
	line = &out->lines[out->n++];
	line->look = how;
	va_start(args, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, args);
	va_end(args);
	clip(line->text, v->width);
}

void screen_free(struct screen *out)
{
	free(out->lines);
	memset(out, 0, sizeof(*out));
}

/* ---------------------------------------------------------------- the top */

static void add_graph(struct screen *out, const struct view *v, const struct history *h,
		      const struct series *s, const char *name, const char *value)
{
	char line[HISTORY * 3 + 1], sign[TEXT_SIZE] = "";
	unsigned int cells = v->width > GRAPH_COLUMN ? v->width - GRAPH_COLUMN : 0;
	long long n;

	if (history_change(h, s, &n))
		size_change(sign, n);
	history_line(h, s, cells, v->utf8, line, sizeof(line));
	add(out, v, STRONG, "%-5s%6s %7s %s", name, value, sign, line);
}

static const char *const bar_utf8[] = { "█", "▒", "░", "·" };
static const char *const bar_ascii[] = { "#", "=", "-", "." };

/* One line as wide as the screen: live, free in spans, idle, metadata. */
static void add_bar(struct screen *out, const struct view *v, const struct memory *m)
{
	const char *const *cells = v->utf8 ? bar_utf8 : bar_ascii;
	u64 part[] = { m->live, m->free_in_spans, m->idle, m->metadata }, sum = 0;
	unsigned int width = v->width > 2 ? v->width - 2 : 0, i, column = 0;
	char bar[WIDTH_MAX * 3 + 1] = "", text[4][TEXT_SIZE];
	size_t len = 0;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		sum += part[i];
		size_short(text[i], part[i]);
		for (; column < (double)width * percent(sum, m->total) / 100 - 0.5; column++)
			len += (size_t)snprintf(bar + len, sizeof(bar) - len, "%s", cells[i]);
	}
	add(out, v, PLAIN, "[%s]", bar);
	add(out, v, PLAIN,
	    "%s live %s %.0f%%  %s free in spans %s %.0f%%  %s idle %s %.0f%%  %s metadata %s %.0f%%",
	    cells[0], text[0], percent(part[0], m->total),
	    cells[1], text[1], percent(part[1], m->total),
	    cells[2], text[2], percent(part[2], m->total),
	    cells[3], text[3], percent(part[3], m->total));
}

static void add_answer(struct screen *out, const struct view *v, const struct snapshot *s)
{
	const struct heap *heap = most_held(s);
	char size[TEXT_SIZE], of[64] = "";
	struct waste most;

	if (strcmp(heap->module, "-"))
		snprintf(of, sizeof(of), " of %.55s", heap->module);
	if (heap->held)
		add(out, v, STRONG, "Most is held by heap %s%s: %s, %.0f%% of all spans",
		    heap->heap, of, size_short(size, heap->held),
		    percent(heap->held, s->stats.ready));
	else
		add(out, v, PLAIN, "No heap holds memory");
	if (most_waste(s, &most))
		add(out, v, STRONG, "Most is wasted by %s: %s, %.0f%% used",
		    most.name, size_short(size, most.waste), percent(most.live, most.held));
	else
		add(out, v, PLAIN, "None wastes memory");
}

static double rate(u64 before, u64 now, double seconds)
{
	return now > before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

static void add_rates(struct screen *out, const struct view *v, const struct snapshot *now,
		      const struct snapshot *before)
{
	char buf[5][TEXT_SIZE];
	double seconds;
	u64 ignored;

	if (!before) {
		add(out, v, PLAIN, "(rates come with the second reading)");
		return;
	}
	seconds = now->time - before->time;
	add(out, v, PLAIN, "a second: %s allocs  %s frees  %s refills  %s drawn  %s returned",
	    count_short(buf[0], rate(before->stats.mallocs, now->stats.mallocs, seconds)),
	    count_short(buf[1], rate(before->stats.frees, now->stats.frees, seconds)),
	    count_short(buf[2], rate(snapshot_refills(before, &ignored),
				     snapshot_refills(now, &ignored), seconds)),
	    size_short(buf[3], (u64)rate(before->stats.pages_drawn * GOALLOC_PAGE,
					 now->stats.pages_drawn * GOALLOC_PAGE, seconds)),
	    size_short(buf[4], (u64)rate(before->stats.pages_returned * GOALLOC_PAGE,
					 now->stats.pages_returned * GOALLOC_PAGE, seconds)));
}

static void add_alarms(struct screen *out, const struct view *v, const struct snapshot *s,
		       const struct snapshot *before)
{
	struct alarm list[ALARMS_SHOWN];
	unsigned int i, n = alarms(s, before, list, ALARMS_SHOWN);

	for (i = 0; i < n; i++)
		add(out, v, ALARM, "! %s", list[i].text);
	if (!n && s->checks_failed)
		add(out, v, PLAIN, "no bad frees, no lost references, %u of %u checks off for now",
		    s->checks_failed, s->nchecks);
	else if (!n)
		add(out, v, PLAIN, "no bad frees, no lost references, all %u checks hold",
		    s->nchecks);
}

/* ------------------------------------------------------------------- rows */

/* A heap or a class. */
struct row {
	const struct heap *heap;
	const struct class *class;
	u64 objects, live, held, waste;
	long long growth;	/* of live, since a minute ago */
	double allocs;		/* a second */
};

static const struct heap *same_heap(const struct snapshot *s, const struct heap *h)
{
	unsigned int i;

	for (i = 0; s && i < s->nheaps; i++)
		if (!strcmp(s->heaps[i].heap, h->heap) && !strcmp(s->heaps[i].module, h->module))
			return &s->heaps[i];
	return NULL;
}

static const struct class *same_class(const struct snapshot *s, const struct class *c)
{
	unsigned int i;

	for (i = 0; s && i < s->nclasses; i++)
		if (s->classes[i].class == c->class && !strcmp(s->classes[i].kind, c->kind))
			return &s->classes[i];
	return NULL;
}

static double seconds_between(const struct snapshot *before, const struct snapshot *now)
{
	return before ? now->time - before->time : 0;
}

/* What was not there a minute ago has grown from nothing. */
static struct row heap_row(const struct readings *r, const struct heap *h)
{
	const struct heap *before = same_heap(r->before, h), *then = same_heap(r->then, h);

	return (struct row){
		.heap = h,
		.objects = h->objects,
		.live = h->bytes,
		.held = h->held,
		.waste = h->waste,
		.growth = r->then ? (long long)(h->bytes - (then ? then->bytes : 0)) : 0,
		.allocs = before ? rate(before->mallocs, h->mallocs,
					seconds_between(r->before, r->now)) : 0,
	};
}

static struct row class_row(const struct readings *r, const struct class *c)
{
	const struct class *before = same_class(r->before, c), *then = same_class(r->then, c);

	return (struct row){
		.class = c,
		.objects = c->inuse,
		.live = c->live,
		.held = c->held,
		.waste = c->waste,
		.growth = r->then ? (long long)(c->live - (then ? then->live : 0)) : 0,
		.allocs = before ? rate(before->mallocs, c->mallocs,
					seconds_between(r->before, r->now)) : 0,
	};
}

static struct row *make_rows(const struct readings *r, bool classes, unsigned int *n)
{
	struct row *rows;
	unsigned int i;

	*n = classes ? r->now->nclasses : r->now->nheaps;
	rows = calloc(*n + 1, sizeof(*rows));
	if (!rows)
		*n = 0;
	for (i = 0; i < *n; i++)
		rows[i] = classes ? class_row(r, &r->now->classes[i]) :
				    heap_row(r, &r->now->heaps[i]);
	return rows;
}

static int descending(double x, double y)
{
	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_name(const struct row *x, const struct row *y)
{
	int order;

	if (x->heap) {
		order = strcmp(x->heap->module, y->heap->module);
		if (!order)
			order = strcmp(x->heap->heap, y->heap->heap);
		return order ? order : x->heap < y->heap ? -1 : x->heap > y->heap;
	}
	return x->class < y->class ? -1 : x->class > y->class;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct view *v = arg;
	int order = 0;

	switch (v->sort) {
	case BY_LIVE:
		order = descending((double)x->live, (double)y->live);
		break;
	case BY_WASTE:
		order = descending((double)x->waste, (double)y->waste);
		break;
	case BY_GROWTH:
		order = descending((double)x->growth, (double)y->growth);
		break;
	case BY_OBJECTS:
		order = descending((double)x->objects, (double)y->objects);
		break;
	case BY_ALLOCS:
		order = descending(x->allocs, y->allocs);
		break;
	case BY_NAME:
	case NR_SORTS:
		break;
	case BY_HELD:
		order = descending((double)x->held, (double)y->held);
	}
	return order ? order : by_name(x, y);
}

/* A heading, with a star if the rows are sorted by it. */
static const char *head(char buf[TEXT_SIZE], const struct view *v, enum sort key, const char *name)
{
	snprintf(buf, TEXT_SIZE, "%s%s", name, v->sort == key ? "*" : "");
	return buf;
}

static unsigned int heap_width(const struct view *v)
{
	unsigned int more = v->width > TABLE_WIDTH ? v->width - TABLE_WIDTH : 0;

	return HEAP_WIDTH + more > HEAP_WIDTH_MAX ? HEAP_WIDTH_MAX : HEAP_WIDTH + more;
}

static unsigned int module_width(const struct view *v)
{
	unsigned int used = TABLE_WIDTH + heap_width(v) - HEAP_WIDTH;

	return MODULE_WIDTH + (v->width > used ? v->width - used : 0);
}

static void add_heading(struct screen *out, const struct view *v)
{
	char o[TEXT_SIZE], l[TEXT_SIZE], h[TEXT_SIZE], w[TEXT_SIZE], a[TEXT_SIZE], n[TEXT_SIZE];
	char g[TEXT_SIZE];
	int heap = (int)heap_width(v), module = (int)module_width(v);

	head(o, v, BY_OBJECTS, "OBJECTS");
	head(l, v, BY_LIVE, "LIVE");
	head(h, v, BY_HELD, "HELD");
	head(w, v, BY_WASTE, "WASTE");
	head(g, v, BY_GROWTH, "GROWTH");
	head(a, v, BY_ALLOCS, "ALLOC/S");
	if (v->classes)
		add(out, v, HEADING, "%6s %-6s %6s %6s %8s %6s %6s %6s %4s %7s %8s",
		    head(n, v, BY_NAME, "CLASS"), "KIND", "SIZE", "SPANS", o, h, l, w, "USED", g,
		    a);
	else
		add(out, v, HEADING, "%-*.*s %-*.*s %8s %6s %6s %6s %7s %8s", heap, heap, "HEAP",
		    module, module, head(n, v, BY_NAME, "MODULE"), o, h, l, w, g, a);
}

static void add_row(struct screen *out, const struct view *v, const struct row *r)
{
	char live[TEXT_SIZE], held[TEXT_SIZE], waste[TEXT_SIZE], allocs[TEXT_SIZE];
	char size[TEXT_SIZE], growth[TEXT_SIZE];
	int heap = (int)heap_width(v), module = (int)module_width(v);
	const struct class *c = r->class;

	size_short(live, r->live);
	size_short(held, r->held);
	size_short(waste, r->waste);
	size_change(growth, r->growth);
	count_short(allocs, r->allocs);
	if (c) {
		snprintf(size, sizeof(size), "%llu", c->size);
		add(out, v, PLAIN, "%6llu %-6.6s %6s %6llu %8llu %6s %6s %6s %3.0f%% %7s %8s",
		    c->class, c->kind, c->class ? size : ">32K", c->spans, c->inuse, held, live,
		    waste, percent(c->live, c->held), growth, allocs);
	} else {
		add(out, v, r->heap->refused ? STRONG : PLAIN,
		    "%-*.*s %-*.*s %8llu %6s %6s %6s %7s %8s", heap, heap, r->heap->heap,
		    module, module, r->heap->module, r->objects, held, live, waste, growth, allocs);
	}
}

/* Which rows are to be seen, below what is there and the heading. */
static unsigned int rows_that_fit(const struct screen *out, struct view *v, unsigned int n)
{
	unsigned int room = n;

	if (v->height)
		room = v->height > out->n + 1 ? v->height - out->n - 1 : 0;
	if (v->first + room > n)
		v->first = n > room ? n - room : 0;
	return n - v->first < room ? n - v->first : room;
}

static void add_title(struct line *line, const struct view *v, unsigned int shown, unsigned int n)
{
	time_t seconds = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	snprintf(line->text, sizeof(line->text),
		 "goalloctop %s, every %g s: %s by %s, %u-%u of %u   ? help", clock,
		 v->delay, v->classes ? "classes" : "heaps", sort_name(v->sort),
		 shown ? v->first + 1 : 0, v->first + shown, n);
	clip(line->text, v->width);
}

static void add_rows(struct screen *out, struct view *v, const struct readings *r)
{
	unsigned int n, i, shown;
	struct row *rows = make_rows(r, v->classes, &n);

	if (rows)
		qsort_r(rows, n, sizeof(*rows), compare, v);
	shown = rows_that_fit(out, v, n);
	if (out->n)
		add_title(&out->lines[0], v, shown, n);
	add_heading(out, v);
	for (i = 0; i < shown; i++)
		add_row(out, v, &rows[v->first + i]);
	free(rows);
}

/* The heap that grew most. */
static void add_growth(struct screen *out, const struct view *v, const struct readings *r)
{
	char size[TEXT_SIZE], of[64] = "";
	const struct row *most = NULL;
	struct row *rows;
	unsigned int i, n;

	rows = make_rows(r, false, &n);
	for (i = 0; i < n; i++)
		if (rows[i].growth > (most ? most->growth : 0))
			most = &rows[i];
	if (!most) {
		add(out, v, PLAIN, "No heap grew");
	} else {
		if (strcmp(most->heap->module, "-"))
			snprintf(of, sizeof(of), " of %.55s", most->heap->module);
		add(out, v, STRONG, "Most has grown heap %s%s: %s in %.0f s", most->heap->heap, of,
		    size_change(size, most->growth), seconds_between(r->then, r->now));
	}
	free(rows);
}

static void add_help(struct screen *out, const struct view *v)
{
	unsigned int i;

	add(out, v, HEADING, "Keys");
	add(out, v, PLAIN, "t       heaps, or size classes");
	add(out, v, PLAIN, "j k     down and up, also arrows and pages");
	for (i = 0; i < NR_SORTS; i++)
		add(out, v, PLAIN, "%c       sort by %s", sorts[i].key, sorts[i].name);
	add(out, v, PLAIN, "space   read now      ?  this help, and back      q  quit");
	add(out, v, PLAIN, "The graphs are the last minute, and the signed numbers what changed.");
	add(out, v, PLAIN, "held: all that goalloc has; in a row, its spans.  waste: held - live.");
	add(out, v, PLAIN, "growth: of live, in the last minute.");
}

void view_build(struct screen *out, struct view *v, const struct readings *r,
		const struct history *h, const char *message)
{
	const struct snapshot *now = r->now;
	char live[TEXT_SIZE] = "-", held[TEXT_SIZE] = "-";

	if (v->width > WIDTH_MAX)
		v->width = WIDTH_MAX;
	out->n = 0;
	add(out, v, PLAIN, "goalloctop, every %g s   ? help  q quit", v->delay);
	if (now) {
		size_short(live, now->memory.live);
		size_short(held, now->memory.total);
	}
	add_graph(out, v, h, &h->live, "live", live);
	add_graph(out, v, h, &h->held, "held", held);
	if (now) {
		add_bar(out, v, &now->memory);
		add_answer(out, v, now);
		add_growth(out, v, r);
		add_rates(out, v, now, r->before);
		add_alarms(out, v, now, r->before);
	} else {
		add(out, v, ALARM, "! %s", message);
		add(out, v, PLAIN, "Waiting for it.");
	}
	if (v->help)
		add_help(out, v);
	else if (now)
		add_rows(out, v, r);
}
