// SPDX-License-Identifier: GPL-2.0
/*
 * goallocstat: what goalloc holds, once or at intervals.
 *
 * Reads /proc/goalloc/ and needs no rights; as root it also shows what CPUs' caches hold.
 * Whatever goes wrong is one line on standard error and exit status 1.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stat.h"
#include "text.h"

#define TRIES		5
#define TRY_SECONDS	0.1

enum { OPTION_DIR = 256 };

struct options {
	const char *dir;
	enum { PEOPLE, JSON, PROMETHEUS } form;
	bool all;
	double watch;		/* seconds, or 0 for one shot */
	unsigned long count;	/* of lines; 0 for no end */
};

static const char usage[] =
	"Usage: goallocstat [OPTION]...\n"
	"Show what the kernel module goalloc holds, once.\n\n"
	"  -a, --all          all size classes, not the ten that hold most\n"
	"  -j, --json         as JSON\n"
	"  -p, --prometheus   as Prometheus's text format, for node_exporter's textfile collector\n"
	"  -w, --watch N      a line of rates every N seconds\n"
	"  -n, --count N      with --watch: end after N lines\n"
	"      --dir DIR      read DIR, such as a copy, instead of " PROC_DIR "\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n\n"
	"goallocstat(8) says what the columns mean.\n";

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "prometheus", no_argument, NULL, 'p' },
	{ "watch", required_argument, NULL, 'w' },
	{ "count", required_argument, NULL, 'n' },
	{ "dir", required_argument, NULL, OPTION_DIR },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void say_and_exit(const char *text)
{
	fputs(text, stdout);
	check_output();
	exit(0);
}

static void choose_form(struct options *o, int form)
{
	if (o->form != PEOPLE && (int)o->form != form)
		die("--json and --prometheus exclude each other");
	o->form = form;
}

static void parse_option(struct options *o, int option)
{
	switch (option) {
	case 'a':
		o->all = true;
		break;
	case 'j':
		choose_form(o, JSON);
		break;
	case 'p':
		choose_form(o, PROMETHEUS);
		break;
	case 'w':
		o->watch = parse_seconds("--watch", optarg);
		break;
	case 'n':
		o->count = parse_count("--count", optarg);
		break;
	case OPTION_DIR:
		o->dir = optarg;
		break;
	case 'h':
		say_and_exit(usage);
		break;
	case 'V':
		say_and_exit("goallocstat " TOOLS_VERSION "\n");
		break;
	default:
		exit(1);	/* getopt said why */
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "ajpw:n:hV", long_options, NULL)) != -1)
		parse_option(o, option);
	if (optind < argc)
		die("unexpected argument \"%s\"; --help tells the options", argv[optind]);
	if (o->watch > 0 && o->form != PEOPLE)
		die("--watch writes lines for people: not with --json or --prometheus");
	if (o->count && !(o->watch > 0))
		die("--count is for --watch");
}

static void must_read(struct snapshot *s, const char *dir)
{
	struct problem p;

	if (!snapshot_read(s, dir, &p))
		die("%s", p.text);
}

static void sleep_seconds(double seconds)
{
	struct timespec ts;

	ts.tv_sec = (time_t)seconds;
	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

/* Sums may be off while memory is allocated: look a few times for a moment when they hold. */
static void read_quiet(struct snapshot *s, const char *dir)
{
	unsigned int try;

	must_read(s, dir);
	for (try = 1; try < TRIES && s->checks_failed; try++) {
		snapshot_free(s);
		sleep_seconds(TRY_SECONDS);
		must_read(s, dir);
	}
}

static void watch(const struct options *o)
{
	struct snapshot before, now;
	unsigned long line;

	must_read(&before, o->dir);
	for (line = 0; !o->count || line < o->count; line++) {
		sleep_seconds(o->watch);
		must_read(&now, o->dir);
		print_rates(&before, &now, line);
		check_output();
		snapshot_free(&before);
		before = now;
	}
	snapshot_free(&before);
}

int main(int argc, char **argv)
{
	struct options o = { .dir = PROC_DIR };
	struct snapshot s;

	parse_options(&o, argc, argv);
	if (o.watch > 0) {
		watch(&o);
		return 0;
	}
	read_quiet(&s, o.dir);
	if (o.form == JSON)
		print_json(&s);
	else if (o.form == PROMETHEUS)
		print_prometheus(&s);
	else
		print_people(&s, o.all);
	check_output();
	snapshot_free(&s);
	return 0;
}
