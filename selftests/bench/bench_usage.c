// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocator holds of the machine's memory: at a peak, and after everything
 * has been freed.
 *
 * goalloc says it itself, in /proc/goalloc/stats: all of it counts, from the moment
 * it was loaded.  SLUB's is the kernel's count of slab pages, large kmalloc() objects
 * included, less what they were before: the rest of the kernel lives there as well.
 * (What others left free in those slabs is a present to kmalloc().)
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/goalloc.h>

#include "bench.h"

#define WAIT_MS		10000		/* for memory to be given back unasked */

/* The value of a line "@name: value". */
static u64 field(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	u64 value = 0;

	if (line && sscanf(line + strlen(name), ": %llu", &value) != 1)
		value = 0;
	return value;
}

static int read_goalloc(struct bench_usage *u)
{
	struct file *file = filp_open("/proc/goalloc/stats", O_RDONLY, 0);
	char *text;
	ssize_t n;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	text = kzalloc(PAGE_SIZE, GFP_KERNEL);
	n = text ? kernel_read(file, text, PAGE_SIZE - 1, &pos) : -ENOMEM;
	filp_close(file, NULL);
	if (n > 0) {
		u->drawn = field(text, "\nDrawn");
		u->metadata = field(text, "\nMetadata");
	}
	kfree(text);
	return n < 0 ? n : 0;
}

/* A node's count, with what its CPUs have not added to it yet. */
static s64 node_pages(pg_data_t *node, enum node_stat_item item)
{
	s64 pages = 0;
	int cpu;

	for_each_online_cpu(cpu)
		pages += per_cpu_ptr(node->per_cpu_nodestats, cpu)->vm_node_stat_diff[item];
	return pages + atomic_long_read(&node->vm_stat[item]);
}

static void read_slub(struct bench_usage *u)
{
	s64 pages = 0;
	int nid;

	for_each_online_node(nid) {
		pages += node_pages(NODE_DATA(nid), NR_SLAB_RECLAIMABLE_B);
		pages += node_pages(NODE_DATA(nid), NR_SLAB_UNRECLAIMABLE_B);
	}
	u->drawn = pages << PAGE_SHIFT;
	u->metadata = 0;
}

/* All of goalloc's, and of SLUB's: who asks wants a difference. */
int bench_usage_read(const struct bench_allocator *a, struct bench_usage *u)
{
	if (a == &bench_goalloc)
		return read_goalloc(u);
	read_slub(u);
	return 0;
}

/* Ask for all idle memory to be given back; SLUB cannot be asked. */
int bench_give_back(const struct bench_allocator *a)
{
	char *argv[4] = { "/bin/sh", "-c", "echo 1 >/proc/goalloc/scavenge", NULL };
	char *envp[2] = { "PATH=/bin", NULL };

	if (a != &bench_goalloc)
		return 0;
	return call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
}

/* What a request of @size occupies. */
size_t bench_rounded(const struct bench_allocator *a, size_t size)
{
	return a == &bench_goalloc ? goalloc_size_roundup(size) : kmalloc_size_roundup(size);
}

/* What is held now beyond what was @before. */
static u64 held(const struct bench_allocator *a, const struct bench_usage *before, u64 *metadata)
{
	struct bench_usage now = { 0 };
	s64 drawn;

	if (bench_usage_read(a, &now))
		return 0;
	drawn = now.drawn - (a == &bench_goalloc ? 0 : before->drawn);
	*metadata = now.metadata;
	return max(drawn, 0LL);
}

static void report_bytes(const char *prefix, const char *what, const struct bench_allocator *a,
			 u64 requested, u64 bytes)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", prefix, what);
	bench_report(name, requested, "bytes", a, bytes * 100);
}

/**
 * bench_report_peak() - report what is held while much is live
 * @what: the mix of sizes
 * @a: whose
 * @before: what was held before the first allocation
 * @requested: bytes asked for and live
 * @rounded: the same with each object rounded up
 */
void bench_report_peak(const char *what, const struct bench_allocator *a,
		       const struct bench_usage *before, u64 requested, u64 rounded)
{
	u64 metadata = 0, drawn = held(a, before, &metadata);

	report_bytes("footprint", what, a, requested, drawn + metadata);
	report_bytes("waste", what, a, requested, rounded - requested);
}

/* Report what is held when nothing is live any more: at once, later, when asked. */
int bench_report_after(const char *what, const struct bench_allocator *a,
		       const struct bench_usage *before, u64 requested)
{
	u64 metadata;
	int err;

	report_bytes("kept-at-once", what, a, requested, held(a, before, &metadata));
	msleep(WAIT_MS);
	report_bytes("kept-10s", what, a, requested, held(a, before, &metadata));
	err = bench_give_back(a);
	report_bytes("kept-demand", what, a, requested, held(a, before, &metadata));
	return err;
}
