// SPDX-License-Identifier: GPL-2.0
/*
 * garbage: what the tools make of files that are not what they should be.
 *
 *	garbage DIR SCRATCH [SEED]
 *
 * Copies the files of DIR to SCRATCH, and reads them there with one of them cut off after
 * each of its bytes, and with bytes of it replaced at random.  What is cut off within a
 * line must be refused, and what is read must be printed in every form, with numbers
 * of any size.  Built with -fsanitize=address,undefined it also shows that nothing is
 * read or written that is not there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stat.h"
#include "text.h"
#include "view.h"

#define FILE_BYTES	(1024 * 1024)
#define DAMAGES		2000	/* a file */
#define BYTES_MAX	8	/* replaced at once, at most */
#define PRINT_EVERY	16	/* cuts: most of them look alike */

static const char *const names[] = { "stats", "sizeclasses", "heaps", "mcache", "arenas" };

static const char *scratch;
static unsigned long accepted, refused;

static size_t load(const char *dir, const char *name, char *buf)
{
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		die("%s: %s", path, strerror(errno));
	len = fread(buf, 1, FILE_BYTES, f);
	fclose(f);
	return len;
}

static void store(const char *name, const char *buf, size_t len)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, buf, len) != (ssize_t)len || ftruncate(fd, (off_t)len))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void show(const struct snapshot *s)
{
	struct view v = { .utf8 = true, .width = 80, .height = 24, .delay = 1 };
	struct history h = {};
	struct screen screen = {};

	print_people(s, true);
	print_json(s);
	print_prometheus(s);
	print_rates(s, s, 0);
	history_add(&h, s->time, true, s->memory.live, s->memory.total);
	for (v.sort = 0; v.sort < NR_SORTS; v.sort++) {
		v.classes = v.sort & 1;
		view_build(&screen, &v, &(struct readings){ s, v.sort ? s : NULL, s }, &h, "");
	}
	screen_free(&screen);
}

/* True if the files can be read, as they are now. */
static bool try_read(bool print)
{
	struct snapshot s;
	struct problem p;

	if (snapshot_read(&s, scratch, &p)) {
		accepted++;
		if (print)
			show(&s);
		snapshot_free(&s);
		return true;
	}
	refused++;
	if (!*p.text || strchr(p.text, '\n'))
		die("refused without a line of why: \"%s\"", p.text);
	return false;
}

static void truncations(const char *name, const char *buf, size_t len)
{
	size_t to;

	for (to = 0; to < len; to++) {
		store(name, buf, to);
		if (try_read(to % PRINT_EVERY == 0) && (!to || buf[to - 1] != '\n'))
			die("%s cut off within a line, at byte %zu, is read", name, to);
	}
}

static void damage(const char *name, const char *buf, char *work, size_t len)
{
	unsigned int i, n, round;

	for (round = 0; round < DAMAGES; round++) {
		memcpy(work, buf, len);
		n = 1 + (unsigned int)random() % BYTES_MAX;
		for (i = 0; i < n; i++)		/* half of them digits: these are read more often */
			work[(size_t)random() % len] = random() & 1 ? (char)random() :
						       (char)('0' + random() % 10);
		store(name, work, len);
		try_read(true);
	}
}

/* Readings at every rhythm, from the moment that the machine starts. */
static void fill_history(void)
{
	char line[HISTORY * 3 + 1];
	struct history h = {};
	long long change;
	double time = 0;

	while (time < 1000) {
		bool known = random() % 8;

		history_add(&h, time, known, (u64)random(), (u64)random());
		history_line(&h, &h.live, HISTORY, true, line, sizeof(line));
		if (history_change(&h, &h.held, &change) != known || (known && !*line))
			die("no line for what is known at %g s", time);
		time += (double)(random() % 100) / (1 + random() % 300);
		time += random() % 50 ? 0 : 90;
	}
}

int main(int argc, char **argv)
{
	char *buf = malloc(FILE_BYTES), *work = malloc(FILE_BYTES);
	unsigned int seed, i;
	size_t len;

	if (argc < 3 || !buf || !work)
		die("usage: garbage DIR SCRATCH [SEED]");
	scratch = argv[2];
	seed = argc > 3 ? (unsigned int)atol(argv[3]) : 1;
	srandom(seed);
	fill_history();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		store(names[i], buf, load(argv[1], names[i], buf));
	if (!try_read(true))
		die("the files of %s are not read", argv[1]);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		len = load(argv[1], names[i], buf);
		truncations(names[i], buf, len);
		damage(names[i], buf, work, len);
		store(names[i], buf, len);
	}
	fprintf(stderr, "%lu refused, %lu read, seed %u\n", refused, accepted, seed);
	free(buf);
	free(work);
	return 0;
}
