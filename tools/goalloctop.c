// SPDX-License-Identifier: GPL-2.0
/*
 * goalloctop: who holds goalloc's memory, and what of it is waste, while it happens.
 *
 * Reads, builds the lines (view.c), draws them, waits for a key or for the time of the
 * next reading.  When /proc/goalloc/ goes or cannot be understood the screen says so, and
 * the next reading tries again.  Whatever ends the program, the terminal is as it was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "view.h"

#define DELAY		1	/* seconds, unless told */
#define BATCH_WIDTH	80
#define PAST		7	/* readings that are kept for a minute, */
#define PAST_SECONDS	10	/* so far apart */
#define OPTION_DIR	256
#define OPTION_ASCII	257

struct top {
	const char *dir;
	bool batch, ascii;
	unsigned long iterations;	/* 0: no end */
	struct view view;
	struct history history;
	struct screen screen;
	struct snapshot snapshots[2];
	struct snapshot *now, *before;	/* of these two, or NULL */
	struct snapshot past[PAST];	/* of the last minute, oldest first */
	unsigned int npast;
	struct problem problem;		/* why now is NULL */
};

static atomic_bool ended;	/* by a signal, or by a key */

static const char usage[] =
	"Usage: goalloctop [OPTION]...\n"
	"Show what the kernel module goalloc holds, as it changes.\n\n"
	"  -c, --classes          begin with size classes, not heaps\n"
	"  -s, --sort KEY         by held, live, waste, growth, objects, allocs or name\n"
	"  -d, --delay SECONDS    between readings (1)\n"
	"  -n, --iterations N     end after N readings\n"
	"  -b, --batch            print to standard output, all rows, no terminal needed\n"
	"      --ascii            no characters but ASCII\n"
	"      --dir DIR          read DIR, such as a copy, instead of " PROC_DIR "\n"
	"  -h, --help             this text\n"
	"  -V, --version          the version\n\n"
	"goalloctop(8) says what the columns mean.\n";

static const struct option long_options[] = {
	{ "classes", no_argument, NULL, 'c' },
	{ "sort", required_argument, NULL, 's' },
	{ "delay", required_argument, NULL, 'd' },
	{ "iterations", required_argument, NULL, 'n' },
	{ "batch", no_argument, NULL, 'b' },
	{ "ascii", no_argument, NULL, OPTION_ASCII },
	{ "dir", required_argument, NULL, OPTION_DIR },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/* ---------------------------------------------------------------- options */

static enum sort parse_sort(const char *s)
{
	unsigned int i;

	for (i = 0; i < NR_SORTS; i++)
		if (!strcmp(s, sort_name(i)))
			return i;
	die("--sort: held, live, waste, growth, objects, allocs or name, not \"%s\"", s);
}

static void say_and_exit(const char *text)
{
	fputs(text, stdout);
	check_output();
	exit(0);
}

static void parse_option(struct top *t, int option)
{
	switch (option) {
	case 'c':
		t->view.classes = true;
		break;
	case 's':
		t->view.sort = parse_sort(optarg);
		break;
	case 'd':
		t->view.delay = parse_seconds("--delay", optarg);
		break;
	case 'n':
		t->iterations = parse_count("--iterations", optarg);
		break;
	case 'b':
		t->batch = true;
		break;
	case OPTION_ASCII:
		t->ascii = true;
		break;
	case OPTION_DIR:
		t->dir = optarg;
		break;
	case 'h':
		say_and_exit(usage);
		break;
	case 'V':
		say_and_exit("goalloctop " TOOLS_VERSION "\n");
		break;
	default:
		exit(1);	/* getopt said why */
	}
}

static void parse_options(struct top *t, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "cs:d:n:bhV", long_options, NULL)) != -1)
		parse_option(t, option);
	if (optind < argc)
		die("unexpected argument \"%s\"; --help tells the options", argv[optind]);
}

/* ---------------------------------------------------------------- reading */

static void forget_oldest(struct top *t)
{
	snapshot_free(&t->past[0]);
	memmove(&t->past[0], &t->past[1], --t->npast * sizeof(t->past[0]));
}

/* Growth is measured against the oldest that is at most a minute old, of the same module. */
static void keep_past(struct top *t)
{
	struct problem p;

	while (t->npast && (!t->now || t->now->time - t->past[0].time > HISTORY ||
			    t->now->stats.mallocs < t->past[0].stats.mallocs))
		forget_oldest(t);
	if (!t->now || (t->npast && t->now->time - t->past[t->npast - 1].time < PAST_SECONDS))
		return;
	if (t->npast == PAST)
		forget_oldest(t);
	t->npast += snapshot_read(&t->past[t->npast], t->dir, &p);
}

static void take_reading(struct top *t)
{
	struct snapshot *next = t->now == &t->snapshots[0] ? &t->snapshots[1] : &t->snapshots[0];
	struct timespec ts;

	if (t->before)
		snapshot_free(t->before);
	t->before = t->now;
	t->now = snapshot_read(next, t->dir, &t->problem) ? next : NULL;
	keep_past(t);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	history_add(&t->history, (double)ts.tv_sec, t->now, t->now ? t->now->memory.live : 0,
		    t->now ? t->now->memory.total : 0);
}

static void build(struct top *t)
{
	struct readings readings = { t->now, t->before, t->npast ? &t->past[0] : NULL };

	view_build(&t->screen, &t->view, &readings, &t->history, t->problem.text);
}

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ batch */

static void run_batch(struct top *t)
{
	unsigned long done;
	unsigned int i;

	t->view.width = BATCH_WIDTH;
	for (done = 0; !ended; ) {
		if (!t->now)
			die("%s", t->problem.text);
		build(t);
		for (i = 0; i < t->screen.n; i++)
			puts(t->screen.lines[i].text);
		check_output();
		if (++done == t->iterations)
			break;
		poll(NULL, 0, (int)(t->view.delay * 1000));
		putchar('\n');
		take_reading(t);
	}
}

/* --------------------------------------------------------------- terminal */

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = end };	/* and poll() ends */
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static SCREEN *open_terminal(void)
{
	const char *type = getenv("TERM");
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		die("not a terminal: use --batch");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		die("the terminal's type is not known: TERM=%s", type ? type : "");
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(ALARM, COLOR_RED, -1);
	}
	return screen;
}

static attr_t attributes(enum look look)
{
	switch (look) {
	case STRONG:
		return A_BOLD;
	case HEADING:
		return A_REVERSE;
	case ALARM:
		return A_BOLD | (has_colors() ? COLOR_PAIR(ALARM) : A_STANDOUT);
	case PLAIN:
		break;
	}
	return A_NORMAL;
}

static void draw(struct top *t)
{
	int row, rows = getmaxy(stdscr), columns = getmaxx(stdscr);

	t->view.width = (unsigned int)columns;
	t->view.height = (unsigned int)rows;
	build(t);
	erase();
	for (row = 0; row < rows && row < (int)t->screen.n; row++) {
		const struct line *line = &t->screen.lines[row];

		attrset(attributes(line->look));
		if (line->look == HEADING)
			mvhline(row, 0, ' ', columns);
		mvaddstr(row, 0, line->text);
	}
	attrset(A_NORMAL);
	refresh();
}

static void scroll_by(struct view *v, int rows)
{
	v->first = rows < 0 && v->first < (unsigned int)-rows ? 0 : v->first + (unsigned int)rows;
}

static void sort_by_key(struct view *v, int key)
{
	unsigned int i;

	for (i = 0; i < NR_SORTS; i++)
		if (sort_key(i) == key) {
			v->sort = i;
			v->first = 0;
		}
}

/* True if it is time to read. */
static bool take_key(struct view *v, int key)
{
	int page = (int)v->height / 2;

	switch (key) {
	case 'q':
		ended = 1;
		break;
	case ' ':
		return true;
	case '?':
		v->help = !v->help;
		break;
	case 't':
	case '\t':
		v->classes = !v->classes;
		v->first = 0;
		break;
	case 'j':
	case KEY_DOWN:
		scroll_by(v, 1);
		break;
	case 'k':
	case KEY_UP:
		scroll_by(v, -1);
		break;
	case KEY_NPAGE:
		scroll_by(v, page);
		break;
	case KEY_PPAGE:
		scroll_by(v, -page);
		break;
	default:
		sort_by_key(v, key);
	}
	return false;
}

/* Draw for each key, and for a new size, until it is time to read again. */
static void wait_for_keys(struct top *t, double until)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	double left;
	int key;

	while (!ended && (left = until - seconds_now()) > 0) {
		if (poll(&in, 1, (int)(left * 1000) + 1) < 0 && errno != EINTR)
			ended = 1;
		if (in.revents & (POLLHUP | POLLERR | POLLNVAL))
			ended = 1;
		in.revents = 0;
		while ((key = getch()) != ERR)		/* a resize is a key */
			if (take_key(&t->view, key))
				return;
		draw(t);
	}
}

static void run_terminal(struct top *t)
{
	SCREEN *screen = open_terminal();
	unsigned long done;

	for (done = 0; !ended; ) {
		draw(t);
		if (++done == t->iterations)
			break;
		wait_for_keys(t, seconds_now() + t->view.delay);
		take_reading(t);
	}
	endwin();
	delscreen(screen);
}

int main(int argc, char **argv)
{
	struct top t = { .dir = PROC_DIR, .view.delay = DELAY };
	unsigned int i;

	setlocale(LC_CTYPE, "");
	parse_options(&t, argc, argv);
	t.view.utf8 = !t.ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
	take_reading(&t);
	if (!t.now)
		die("%s", t.problem.text);
	catch_signals();
	if (t.batch)
		run_batch(&t);
	else
		run_terminal(&t);
	for (i = 0; i < ARRAY_SIZE(t.snapshots); i++)
		snapshot_free(&t.snapshots[i]);
	while (t.npast)
		forget_oldest(&t);
	screen_free(&t.screen);
	return 0;
}
