// SPDX-License-Identifier: GPL-2.0
/*
 * table: read a file of /proc/goalloc/, refuse what is damaged.
 *
 * Every line ends with a newline, so one that does not was cut off.  A file may begin
 * with "# goalloc NAME VERSION"; a version that is not known is refused rather than
 * misread.  Other lines with a # are comments.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

#define FORMAT		"1"		/* of the files that is known */
#define FILE_FIRST	(16 << 10)	/* bytes to begin with */
#define FILE_MAX	(64 << 20)	/* bytes: more is no file of goalloc's */
#define COLUMNS_MAX	64
#define BLANKS		" \t"

bool failed(struct problem *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	return false;
}

static bool failed_call(struct problem *p, const char *path)
{
	p->error = errno;
	return failed(p, "%s: %s", path, strerror(errno));
}

static bool no_memory(struct problem *p)
{
	p->error = ENOMEM;
	return failed(p, "%s", strerror(ENOMEM));
}

/* Read until the end: files of /proc have no size. */
static char *read_all(int fd, const char *path, size_t *len, struct problem *p)
{
	size_t room = FILE_FIRST;
	char *buf = NULL, *more;
	ssize_t n = 0;

	*len = 0;
	do {
		*len += (size_t)n;
		if (*len + 1 >= room)
			room *= 2;
		more = room > FILE_MAX ? NULL : realloc(buf, room);
		if (!more) {
			failed(p, "%s: too large", path);
			free(buf);
			return NULL;
		}
		buf = more;
		n = read(fd, buf + *len, room - *len - 1);
	} while (n > 0);
	buf[*len] = '\0';
	if (!n)
		return buf;
	failed_call(p, path);
	free(buf);
	return NULL;
}

static bool printable(char *buf, size_t len, const char *path, struct problem *p)
{
	size_t i;

	if (!len)
		return failed(p, "%s: empty", path);
	for (i = 0; i < len; i++) {
		if (!buf[i])
			return failed(p, "%s: damaged: a byte 0 at offset %zu", path, i);
		if (buf[i] != '\n' && buf[i] != '\t' && (buf[i] < ' ' || buf[i] > '~'))
			buf[i] = '?';
	}
	if (buf[len - 1] != '\n')
		return failed(p, "%s: truncated: the last line has no end", path);
	return true;
}

static bool known_format(const struct lines *l, const char *name, struct problem *p)
{
	char first[128], what[64] = "", version[64] = "";

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(l->buf, "\n"), l->buf);
	if (strncmp(first, "# goalloc ", 10))
		return true;
	if (sscanf(first, "# goalloc %63s %63s", what, version) != 2 || strcmp(what, name))
		return failed(p, "%s: \"%s\" is not the first line of %s", l->path, first, name);
	if (strcmp(version, FORMAT))
		return failed(p, "%s: format %s, and only %s is known: use the module's own tools",
			      l->path, version, FORMAT);
	return true;
}

bool lines_open(struct lines *l, const char *dir, const char *name, struct problem *p)
{
	size_t len;
	int fd;

	memset(l, 0, sizeof(*l));
	snprintf(l->path, sizeof(l->path), "%s/%s", dir, name);
	fd = open(l->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed_call(p, l->path);
	l->buf = read_all(fd, l->path, &len, p);
	close(fd);
	l->next = l->buf;
	if (l->buf && printable(l->buf, len, l->path, p) && known_format(l, name, p))
		return true;
	free(l->buf);
	l->buf = NULL;
	return false;
}

char *lines_next(struct lines *l)
{
	char *line;

	do {
		line = l->next;
		if (!*line)
			return NULL;
		l->next = strchr(line, '\n');
		*l->next++ = '\0';
		l->number++;
	} while (*line == '#');
	return line;
}

bool parse_number(const char *s, u64 *value)
{
	u64 n = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned int digit = (unsigned char)*s - '0';

		if (digit > 9 || n > (~0ULL - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

/* Split in place.  More words than @max are counted and not kept. */
static unsigned int split(char *line, char **words, unsigned int max)
{
	char *save, *word;
	unsigned int n = 0;

	for (word = strtok_r(line, BLANKS, &save); word; word = strtok_r(NULL, BLANKS, &save), n++)
		if (n < max)
			words[n] = word;
	return n;
}

/* Which word of a row each column is; @nwords for one that is not there. */
struct layout {
	const struct column *columns;
	unsigned int ncolumns;
	unsigned int nwords;
	unsigned int word[COLUMNS_MAX];
};

static bool read_header(struct lines *l, struct layout *layout, struct problem *p)
{
	char *words[COLUMNS_MAX], *line = lines_next(l);
	unsigned int i, j;

	layout->nwords = line ? split(line, words, COLUMNS_MAX) : 0;
	if (!layout->nwords || layout->nwords > COLUMNS_MAX)
		return failed(p, "%s: no header of columns", l->path);
	for (i = 0; i < layout->ncolumns; i++) {
		for (j = 0; j < layout->nwords; j++)
			if (!strcmp(words[j], layout->columns[i].name))
				break;
		if (j == layout->nwords && !layout->columns[i].optional)
			return failed(p, "%s: no column \"%s\"", l->path, layout->columns[i].name);
		layout->word[i] = j;
	}
	return true;
}

static bool read_row(struct lines *l, char *line, const struct layout *layout, char *row,
		     struct problem *p)
{
	char *words[COLUMNS_MAX];
	unsigned int i, n = split(line, words, COLUMNS_MAX);

	if (n != layout->nwords)
		return failed(p, "%s:%u: damaged: %u columns instead of %u", l->path, l->number, n,
			      layout->nwords);
	for (i = 0; i < layout->ncolumns; i++) {
		const struct column *c = &layout->columns[i];
		char *word = layout->word[i] < n ? words[layout->word[i]] : NULL;

		if (!word)
			continue;
		if (c->text)
			*(const char **)(row + c->offset) = word;
		else if (!parse_number(word, (u64 *)(row + c->offset)))
			return failed(p, "%s:%u: damaged: %s is \"%s\", not a number", l->path,
				      l->number, c->name, word);
	}
	return true;
}

bool table_read(struct table *t, const char *dir, const char *name, const struct column *columns,
		unsigned int ncolumns, size_t row_size, struct problem *p)
{
	struct layout layout = { .columns = columns, .ncolumns = ncolumns };
	unsigned int room = 0;
	struct lines l;
	char *line;

	memset(t, 0, sizeof(*t));
	if (!lines_open(&l, dir, name, p))
		return false;
	t->buf = l.buf;
	if (!read_header(&l, &layout, p))
		goto fail;
	while ((line = lines_next(&l))) {
		if (t->nrows == room) {
			void *more = realloc(t->rows, (room = room * 2 + 64) * row_size);

			if (!more) {
				no_memory(p);
				goto fail;
			}
			t->rows = more;
		}
		memset((char *)t->rows + t->nrows * row_size, 0, row_size);
		if (!read_row(&l, line, &layout, (char *)t->rows + t->nrows * row_size, p))
			goto fail;
		t->nrows++;
	}
	return true;
fail:
	table_free(t);
	return false;
}

void table_free(struct table *t)
{
	free(t->rows);
	free(t->buf);
	memset(t, 0, sizeof(*t));
}
