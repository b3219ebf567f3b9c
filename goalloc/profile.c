// SPDX-License-Identifier: GPL-2.0
/*
 * profile: the heap profile in /proc/goalloc/.
 *
 *	heap_profile	for pprof: its legacy text format, as sampled (root)
 *	callers		for people: who holds how much, the largest first (root)
 *	profile_rate	mean bytes between samples; write a number to begin anew (root)
 *
 * Who opens one of the first two gets a copy of the profile, so that the sums in its
 * first line are those of the lines that follow.  The addresses are as they are, not
 * hashed: nothing could be made of them otherwise.  So it takes CAP_SYSLOG.
 */
#define pr_fmt(fmt) "goalloc: " fmt

#include <linux/capability.h>
#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sort.h>

#include "mstats.h"

/* A line of callers: what was allocated from one place, and lives. */
struct caller {
	unsigned long addr;
	unsigned long objects;
	unsigned long bytes;
};

struct callers {
	unsigned long rate;
	unsigned long lost;
	unsigned long sampled;
	unsigned int nr;
	struct caller row[];
};

static int open_copy(struct file *file, const struct seq_operations *ops, void *copy)
{
	int err = copy ? seq_open(file, ops) : -ENOMEM;

	if (err)
		kvfree(copy);
	else
		((struct seq_file *)file->private_data)->private = copy;
	return err;
}

static int release_copy(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

/* Line @pos of one heading, @nr rows and @more lines; none is NULL. */
static void *line_at(loff_t pos, unsigned int nr, unsigned int more)
{
	return pos <= nr + more ? (void *)(unsigned long)(pos + 1) : NULL;
}

static unsigned long line_number(void *v)
{
	return (unsigned long)v - 1;
}

static void copy_stop(struct seq_file *m, void *v)
{
}

/* ------------------------------------------------------------ heap_profile */

static void *heap_start(struct seq_file *m, loff_t *pos)
{
	const struct mprof_profile *p = m->private;

	return line_at(*pos, p->nr, 1);
}

static void *heap_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return heap_start(m, pos);
}

static void show_counts(struct seq_file *m, const struct mprof_bucket *b)
{
	seq_printf(m, "%lu: %lu [%lu: %lu] @", b->live, b->live_bytes, b->objects, b->bytes);
}

static void show_heading(struct seq_file *m, const struct mprof_profile *p)
{
	struct mprof_bucket sum = {};
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		sum.live += p->bucket[i].live;
		sum.live_bytes += p->bucket[i].live_bytes;
		sum.objects += p->bucket[i].objects;
		sum.bytes += p->bucket[i].bytes;
	}
	seq_puts(m, "heap profile: ");
	show_counts(m, &sum);
	seq_printf(m, " heap_v2/%lu\n# lost: %lu\n", p->rate, p->lost);
}

static int heap_show(struct seq_file *m, void *v)
{
	const struct mprof_profile *p = m->private;
	unsigned long line = line_number(v), *frames;
	unsigned int i, n;

	if (!line) {
		show_heading(m, p);
	} else if (line > p->nr) {
		seq_puts(m, "\nMAPPED_LIBRARIES:\n");
	} else {
		show_counts(m, &p->bucket[line - 1]);
		n = mprof_stack(p->bucket[line - 1].stack, &frames);
		for (i = 0; i < n; i++)
			seq_printf(m, " 0x%lx", frames[i]);
		seq_putc(m, '\n');
	}
	return 0;
}

static const struct seq_operations heap_ops = {
	.start = heap_start,
	.next = heap_next,
	.stop = copy_stop,
	.show = heap_show,
};

static int heap_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYSLOG) ? open_copy(file, &heap_ops, mprof_read()) : -EPERM;
}

static const struct proc_ops heap_proc_ops = {
	.proc_open = heap_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = release_copy,
};

/* ----------------------------------------------------------------- callers */

static int by_address(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int by_bytes(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static void fill_row(struct caller *row, const struct mprof_bucket *b, unsigned long rate)
{
	u64 scale = sampling_scale(b->live_bytes / b->live, rate);
	unsigned long *frames;

	row->addr = mprof_stack(b->stack, &frames) ? frames[0] : 0;
	row->objects = mul_u64_u64_shr(b->live, scale, SAMPLING_SHIFT);
	row->bytes = mul_u64_u64_shr(b->live_bytes, scale, SAMPLING_SHIFT);
}

/* Rows with one address become one. */
static void merge_rows(struct callers *c)
{
	unsigned int i, n = 0;

	sort(c->row, c->nr, sizeof(*c->row), by_address, NULL);
	for (i = 0; i < c->nr; i++) {
		if (n && c->row[n - 1].addr == c->row[i].addr) {
			c->row[n - 1].objects += c->row[i].objects;
			c->row[n - 1].bytes += c->row[i].bytes;
		} else {
			c->row[n++] = c->row[i];
		}
	}
	c->nr = n;
	sort(c->row, c->nr, sizeof(*c->row), by_bytes, NULL);
}

static struct callers *callers_of(const struct mprof_profile *p)
{
	struct callers *c = NULL;
	unsigned int i;

	if (p)
		c = kvzalloc(struct_size(c, row, p->nr), GFP_KERNEL);
	if (!c)
		return NULL;
	c->rate = p->rate;
	c->lost = p->lost;
	for (i = 0; i < p->nr; i++) {
		if (!p->bucket[i].live)
			continue;
		c->sampled += p->bucket[i].live;
		fill_row(&c->row[c->nr++], &p->bucket[i], p->rate);
	}
	merge_rows(c);
	return c;
}

static void *callers_start(struct seq_file *m, loff_t *pos)
{
	const struct callers *c = m->private;

	return line_at(*pos, c->nr, 0);
}

static void *callers_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return callers_start(m, pos);
}

static void show_callers_heading(struct seq_file *m, const struct callers *c)
{
	seq_printf(m, "# profile_rate %lu: ", c->rate);
	if (!c->rate)
		seq_puts(m, "off\n");
	else if (c->rate == 1)
		seq_printf(m, "every object, %lu live, %lu lost\n", c->sampled, c->lost);
	else
		seq_printf(m, "estimated from %lu sampled objects, %lu lost\n", c->sampled,
			   c->lost);
	seq_printf(m, "%12s %10s caller\n", "bytes", "objects");
}

static int callers_show(struct seq_file *m, void *v)
{
	const struct callers *c = m->private;
	unsigned long line = line_number(v);
	const struct caller *row = &c->row[line - 1];

	if (!line)
		show_callers_heading(m, c);
	else if (row->addr)
		seq_printf(m, "%12lu %10lu %pS\n", row->bytes, row->objects, (void *)row->addr);
	else
		seq_printf(m, "%12lu %10lu (unknown)\n", row->bytes, row->objects);
	return 0;
}

static const struct seq_operations callers_ops = {
	.start = callers_start,
	.next = callers_next,
	.stop = copy_stop,
	.show = callers_show,
};

static int callers_open(struct inode *inode, struct file *file)
{
	struct mprof_profile *p;
	struct callers *c;

	if (!capable(CAP_SYSLOG))
		return -EPERM;
	p = mprof_read();
	c = callers_of(p);
	kvfree(p);
	return open_copy(file, &callers_ops, c);
}

static const struct proc_ops callers_proc_ops = {
	.proc_open = callers_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = release_copy,
};

/* ----------------------------------------------------------- by span class */

/* Bytes of the object that a request of a bucket got, but for what shares tiny blocks. */
static unsigned long bytes_given(const struct mprof_bucket *b)
{
	unsigned int size = goalloc_size_classes[spc_size_class(b->spc)].size;

	return size ?: round_up((unsigned int)b->size, GOALLOC_PAGE_SIZE);
}

/**
 * profile_fill() - what was asked for, and what was given, by span class
 * @fill: NR_SPC + 1 of them: to the sums of samples that live what they stand for is added
 *
 * Without a profile, or memory to look at it, nothing is.
 *
 * Context: task; may sleep.
 */
void profile_fill(struct class_fill *fill)
{
	struct mprof_profile *p = mprof_get_rate() ? mprof_read() : NULL;
	unsigned int i;

	for (i = 0; p && i < p->nr; i++) {
		const struct mprof_bucket *b = &p->bucket[i];
		u64 scale = b->size ? sampling_scale(b->size, p->rate) : 0;

		fill[b->spc].asked += mul_u64_u64_shr(b->live_bytes, scale, SAMPLING_SHIFT);
		fill[b->spc].given += mul_u64_u64_shr(b->live * bytes_given(b), scale,
						      SAMPLING_SHIFT);
	}
	kvfree(p);
}
EXPORT_SYMBOL_FOR_KUNIT(profile_fill);

/* ------------------------------------------------------------ profile_rate */

static int rate_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\n", mprof_get_rate());
	return 0;
}

static int rate_open(struct inode *inode, struct file *file)
{
	return single_open(file, rate_show, NULL);
}

static ssize_t rate_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	unsigned long rate;
	int err;

	if (kstrtoul_from_user(buf, len, 10, &rate) || rate > MPROF_RATE_MAX) {
		pr_err("profile_rate: not a number from 0 to %lu: nothing was changed\n",
		       MPROF_RATE_MAX);
		return -EINVAL;
	}
	err = mprof_set_rate(rate);
	return err ?: len;
}

static const struct proc_ops rate_proc_ops = {
	.proc_open = rate_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = rate_write,
};

int profile_proc_init(struct proc_dir_entry *dir)
{
	if (fault_meta(proc_create("heap_profile", 0400, dir, &heap_proc_ops)) &&
	    fault_meta(proc_create("callers", 0400, dir, &callers_proc_ops)) &&
	    fault_meta(proc_create("profile_rate", 0600, dir, &rate_proc_ops)))
		return 0;
	return -ENOMEM;
}
