// SPDX-License-Identifier: GPL-2.0
/*
 * consistent: is each reading of /proc/goalloc right by itself, whatever happens meanwhile?
 *
 *	consistent DIR READS
 *
 * reads every file READS times.  Of each reading it asks what must be true under load too:
 * it is whole; sums are the sums of what is printed beside them; rows do not overlap and
 * leave no hole; what was counted never becomes less from one reading to the next.  A file
 * that never had a row is wrong too: something is to be alive meanwhile, or often is: then it
 * is read on, READS_MORE times as often at most.  It says so in KTAP, a result a file.  Exit
 * status 1: something was wrong.
 *
 * What depends on two numbers that were read at two moments is not asked here: test_proc.sh
 * does that while nothing moves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX	64
#define COMPLAINTS_MAX	5
#define READS_MORE	50

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

typedef unsigned long long u64;

/* A reading: its text, with NULs behind columns, and where rows and columns begin. */
struct row {
	char *column[COLUMNS_MAX];
	int columns;
};

static struct {
	const char *file;
	unsigned int number;
	char *text;
	size_t size, room;
	struct row *row;
	size_t rows, rows_room;
} reading;

/* What was counted so far. */
static struct counter {
	char *name;
	u64 value;
} *counters;
static size_t nr_counters, counters_room, next_counter;

static unsigned int complaints;

/* The beginning of a complaint.  False: there have been enough. */
static bool complaint(void)
{
	if (complaints++ >= COMPLAINTS_MAX)
		return false;
	printf("# %s, reading %u: ", reading.file, reading.number);
	return true;
}

#define complain(...)				\
	do {					\
		if (complaint()) {		\
			printf(__VA_ARGS__);	\
			putchar('\n');		\
		}				\
	} while (0)

static void *grown(void *array, size_t needed, size_t *room, size_t size)
{
	if (needed <= *room)
		return array;
	*room = needed * 2;
	array = realloc(array, *room * size);
	if (!array) {
		perror("consistent");
		exit(1);
	}
	return array;
}

/* ------------------------------------------------------------------ reading */

static void read_text(const char *dir)
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, reading.file);
	fd = open(path, O_RDONLY);
	reading.size = 0;
	do {
		reading.text = grown(reading.text, reading.size + 65536, &reading.room, 1);
		n = fd < 0 ? -1 : read(fd, reading.text + reading.size, 65535);
		if (n > 0)
			reading.size += n;
	} while (n > 0);
	if (n < 0)
		complain("%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	reading.text[reading.size] = '\0';
	if (reading.size && reading.text[reading.size - 1] != '\n')
		complain("the last line has no end");
}

static void split(void)
{
	char *line, *next, *word;
	struct row *row;

	reading.rows = 0;
	for (line = reading.text; (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		reading.row = grown(reading.row, reading.rows + 1, &reading.rows_room,
				    sizeof(*row));
		row = &reading.row[reading.rows++];
		row->columns = 0;
		for (word = strtok(line, " "); word; word = strtok(NULL, " "))
			if (row->columns < COLUMNS_MAX)
				row->column[row->columns++] = word;
	}
}

/* A number in a row; what is none is complained about. */
static u64 number(const struct row *row, int column)
{
	const char *s = column < row->columns ? row->column[column] : "";
	char *end;
	u64 n = strtoull(s, &end, 10);

	if (end == s || *end)
		complain("row %s: column %d is \"%s\"", row->columns ? row->column[0] : "",
			 column + 1, s);
	return n;
}

/* The rows below a heading; each must have as many columns. */
static struct row *table(size_t *rows)
{
	size_t i;

	*rows = 0;
	if (!reading.rows) {
		complain("there is no heading");
		return NULL;
	}
	for (i = 1; i < reading.rows; i++)
		if (reading.row[i].columns != reading.row[0].columns)
			complain("row %zu has %d columns, the heading %d", i,
				 reading.row[i].columns, reading.row[0].columns);
	if (!complaints)
		*rows = reading.rows - 1;
	return reading.row + 1;
}

static int column_of(const char *name)
{
	int i;

	for (i = 0; i < reading.row[0].columns; i++)
		if (!strcmp(reading.row[0].column[i], name))
			return i;
	complain("there is no column %s", name);
	return 0;
}

/* ----------------------------------------------------------------- counters */

/* Rows come in the same order mostly: look behind the last one that was found. */
static struct counter *counter(const char *name)
{
	size_t i, at;

	for (i = 0; i < nr_counters; i++) {
		at = (next_counter + i) % nr_counters;
		if (!strcmp(counters[at].name, name)) {
			next_counter = at + 1;
			return &counters[at];
		}
	}
	counters = grown(counters, nr_counters + 1, &counters_room, sizeof(*counters));
	counters[nr_counters].name = strdup(name);
	counters[nr_counters].value = 0;
	return &counters[nr_counters++];
}

/* WHAT of WHOSE has a value, which must not become less. */
static void counts(const char *whose, const char *what, u64 value)
{
	struct counter *c;
	char name[256];

	snprintf(name, sizeof(name), "%s %s", whose, what);
	c = counter(name);
	if (value < c->value)
		complain("%s went back from %llu to %llu", name, c->value, value);
	c->value = value;
}

/* -------------------------------------------------------------------- stats */

static u64 stat_of(const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < reading.rows; i++) {
		const struct row *row = &reading.row[i];

		if (row->columns == 2 && !strncmp(row->column[0], name, len) &&
		    !strcmp(row->column[0] + len, ":"))
			return number(row, 1);
	}
	complain("there is no %s", name);
	return 0;
}

static void is_sum(const char *sum, const char *const parts[])
{
	u64 n = 0;
	int i;

	for (i = 0; parts[i]; i++)
		n += stat_of(parts[i]);
	if (n != stat_of(sum))
		complain("%s is %llu, its parts are %llu", sum, stat_of(sum), n);
}

#define IS_SUM(sum, ...)	is_sum(sum, (const char *const[]){ __VA_ARGS__, NULL })

static void check_stats(void)
{
	static const char *const counted[] = {
		"TotalAlloc", "Mallocs", "Frees", "TinyMallocs", "TinyFrees", "PagesDrawn",
		"PagesReturned", "DrawsFailed", "LostReferences", "ScavengedBackground",
		"ScavengedPressure", "ScavengedDemand", "BadFrees", "Refills", "CentralHits",
		"CentralContended", "SpansGiven", "SpansMade", "PageCacheHits",
		"PageCacheMisses", "PageHeapContended", "Draws",
	};
	u64 objects = stat_of("HeapObjects");
	u64 mallocs = stat_of("Mallocs"), frees = stat_of("Frees");
	unsigned int i, checks = 0;

	IS_SUM("Sys", "HeapSys", "Metadata");
	IS_SUM("Metadata", "MSpanSys", "MCacheSys", "GCSys", "OtherSys");
	IS_SUM("HeapSys", "HeapInuse", "HeapIdle");
	IS_SUM("HeapIdle", "Prepared", "Reserved");
	IS_SUM("Drawn", "Prepared", "Ready");
	IS_SUM("HeapInuse", "Ready");
	IS_SUM("HeapReleased", "Reserved");
	IS_SUM("HeapAlloc", "Alloc");
	if (objects != (mallocs > frees ? mallocs - frees : 0))
		complain("HeapObjects is %llu, Mallocs - Frees %llu - %llu", objects, mallocs,
			 frees);
	for (i = 0; i < ARRAY_SIZE(counted); i++)
		counts("", counted[i], stat_of(counted[i]));
	for (i = 0; i < reading.rows; i++)
		checks += reading.row[i].columns && !strcmp(reading.row[i].column[0], "Check");
	if (checks != 6)
		complain("there are %u checks", checks);
}

/* ------------------------------------------------------------------- tables */

static void check_objects(const struct row *row, const char *whose, const char *column)
{
	u64 inuse = number(row, column_of(column));
	u64 mallocs = number(row, column_of("mallocs")), frees = number(row, column_of("frees"));

	if (inuse != (mallocs > frees ? mallocs - frees : 0))
		complain("%s: %s is %llu, of %llu mallocs and %llu frees", whose, column, inuse,
			 mallocs, frees);
	counts(whose, "mallocs", mallocs);
	counts(whose, "frees", frees);
}

static void check_sizeclasses(void)
{
	struct row *row;
	char whose[64];
	size_t rows;

	for (row = table(&rows); rows; row++, rows--) {
		snprintf(whose, sizeof(whose), "%s %s", row->column[0], row->column[1]);
		check_objects(row, whose, "inuse");
		counts(whose, "refills", number(row, column_of("refills")));
		counts(whose, "central", number(row, column_of("central")));
	}
}

/* Heaps that go may have the name of one that comes: only the default heap stays. */
static void check_heaps(void)
{
	bool found = false;
	struct row *row;
	size_t rows;

	for (row = table(&rows); rows; row++, rows--)
		if (!strcmp(row->column[0], "default")) {
			found = true;
			check_objects(row, "default", "objects");
		}
	if (!found)
		complain("there is no default heap");
}

static void check_spans(void)
{
	u64 start, end, last = 0;
	struct row *row;
	char *minus;
	size_t rows;

	for (row = table(&rows); rows; row++, rows--, last = end) {
		start = strtoull(row->column[0], &minus, 16);
		end = strtoull(minus + (*minus == '-'), NULL, 16);
		if (*minus != '-' || end <= start || start < last)
			complain("pages %s overlap those before", row->column[0]);
		if (number(row, column_of("inuse")) > number(row, column_of("total")))
			complain("pages %s: more objects in use than there are", row->column[0]);
	}
}

static void check_arenas(void)
{
	struct row *row;
	size_t rows;
	u64 pages;

	for (row = table(&rows); rows; row++, rows--) {
		pages = number(row, column_of("reserved")) + number(row, column_of("prepared")) +
			number(row, column_of("ready"));
		if (pages != 512)
			complain("%s has %llu pages", row->column[0], pages);
	}
}

static void check_pagemap(void)
{
	u64 page, count, next = 0;
	const char *state;
	struct row *row;
	size_t rows;

	for (row = table(&rows); rows; row++, rows--, next = page + count) {
		page = number(row, 0);
		count = number(row, 1);
		state = row->column[2];
		if (page < next || (page != next && (page % 512 || next % 512)))
			complain("page %llu comes behind page %llu", page, next);
		if (!count || page % 512 + count > 512)
			complain("page %llu: %llu pages, which is not in one arena", page, count);
		if (strcmp(state, "reserved") && strcmp(state, "prepared") &&
		    strcmp(state, "cached") && strcmp(state, "ready"))
			complain("page %llu is \"%s\"", page, state);
	}
	if (next % 512)
		complain("the last arena ends at page %llu", next);
}

static void check_mcache(void)
{
	struct row *row;
	size_t rows;
	u64 cpu;

	for (row = table(&rows), cpu = 0; rows; row++, rows--, cpu++) {
		if (number(row, 0) != cpu)
			complain("CPU %llu has the row of CPU %s", cpu, row->column[0]);
		counts(row->column[0], "pagehits", number(row, column_of("pagehits")));
		counts(row->column[0], "pagemisses", number(row, column_of("pagemisses")));
	}
	if ((long)cpu != sysconf(_SC_NPROCESSORS_CONF))
		complain("there are %llu rows", cpu);
}

/* "N: BYTES [N: BYTES] @ ...": four numbers. */
static void four(const struct row *row, int first, u64 n[4])
{
	int i;

	for (i = 0; i < 4; i++)
		n[i] = first + i < row->columns ?
			strtoull(row->column[first + i] + (row->column[first + i][0] == '['),
				 NULL, 10) : 0;
}

static void check_heap_profile(void)
{
	u64 sum[4] = {}, n[4], head[4];
	size_t i;
	int k;

	if (reading.rows < 4 || !reading.row[0].columns ||
	    reading.row[reading.rows - 1].columns != 1 ||
	    strcmp(reading.row[reading.rows - 1].column[0], "MAPPED_LIBRARIES:")) {
		complain("it is not whole");
		return;
	}
	four(&reading.row[0], 2, head);
	for (i = 1; i < reading.rows; i++) {
		if (reading.row[i].columns < 5 || reading.row[i].column[0][0] == '#')
			continue;
		four(&reading.row[i], 0, n);
		for (k = 0; k < 4; k++)
			sum[k] += n[k];
		if (n[0] > n[2] || n[1] > n[3])
			complain("more live than there ever were: %s %s",
				 reading.row[i].column[0], reading.row[i].column[1]);
	}
	for (k = 0; k < 4; k++)
		if (sum[k] != head[k])
			complain("number %d of the first line is %llu, the sum %llu", k + 1,
				 head[k], sum[k]);
	counts("sampled", "objects", head[2]);
	counts("sampled", "bytes", head[3]);
}

/* The rate, a heading, then rows, the largest first. */
static void check_callers(void)
{
	u64 bytes, last = ~0ULL;
	size_t i;

	if (!reading.rows || reading.row[0].columns < 3 ||
	    strcmp(reading.row[0].column[1], "profile_rate"))
		complain("it does not begin with the rate");
	for (i = 0; i < reading.rows; i++) {
		const struct row *row = &reading.row[i];

		if (row->columns < 3 || row->column[0][0] < '0' || row->column[0][0] > '9')
			continue;
		bytes = number(row, 0);
		if (bytes > last)
			complain("%llu bytes come behind %llu", bytes, last);
		last = bytes;
	}
}

static const struct {
	const char *name;
	void (*check)(void);
	unsigned int headings;
} files[] = {
	{ "stats", check_stats, 0 },
	{ "sizeclasses", check_sizeclasses, 1 },
	{ "heaps", check_heaps, 1 },
	{ "spans", check_spans, 1 },
	{ "arenas", check_arenas, 1 },
	{ "pagemap", check_pagemap, 1 },
	{ "mcache", check_mcache, 1 },
	{ "heap_profile", check_heap_profile, 4 },
	{ "callers", check_callers, 2 },
};

int main(int argc, char **argv)
{
	unsigned int i, reads = argc == 3 ? atoi(argv[2]) : 0, failed = 0;

	if (!reads) {
		fprintf(stderr, "usage: consistent DIR READS\n");
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		size_t rows = 0, headings = 0;

		complaints = 0;
		reading.file = files[i].name;
		nr_counters = 0;		/* they were of another file */
		next_counter = 0;
		reading.number = 0;
		while (!complaints && (reading.number < reads ||
				       (rows == headings && reading.number < reads * READS_MORE))) {
			reading.number++;
			read_text(argv[1]);
			split();
			files[i].check();
			rows += reading.rows;
			headings += files[i].headings;
		}
		if (!complaints && rows <= headings)
			complain("it never had a row");
		printf("%sok %u - %s: each of %u readings by itself, %zu lines\n",
		       complaints ? "not " : "", i + 1, files[i].name, reading.number, rows);
		fflush(stdout);
		failed += !!complaints;
	}
	return !!failed;
}
