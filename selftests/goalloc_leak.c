// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_leak: hold a known number of objects, and leak them or not.
 *
 * What it promises: while it is loaded it holds counts[i] objects of sizes[i]
 * bytes, without pointers if noscan[i], and nothing else of goalloc; those of
 * KNOWN_SIZE bytes are asked for by a size that the compiler knows.  When it is
 * unloaded it frees them, or with leak=1 leaves them behind.  It prints where the
 * first object of each size lies, so that after goalloc was unloaded and loaded
 * again
 *
 *	insmod goalloc_leak.ko verify=ADDRESS,... sizes=SIZE,...
 *
 * can say whether what lies there was touched; it then holds nothing.
 */
#define pr_fmt(fmt) "goalloc_leak: " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/goalloc.h>

#define ROWS_MAX	16
#define KNOWN_SIZE	72	/* bytes */

static unsigned int sizes[ROWS_MAX], nr_sizes;
module_param_array(sizes, uint, &nr_sizes, 0444);
MODULE_PARM_DESC(sizes, "bytes of the objects, by row");

static unsigned int counts[ROWS_MAX];
module_param_array(counts, uint, NULL, 0444);
MODULE_PARM_DESC(counts, "number of objects, by row");

static bool noscan[ROWS_MAX];
module_param_array(noscan, bool, NULL, 0444);
MODULE_PARM_DESC(noscan, "the objects hold no pointers, by row");

static unsigned long verify[ROWS_MAX];
static unsigned int nr_verify;
module_param_array(verify, ulong, &nr_verify, 0444);
MODULE_PARM_DESC(verify, "addresses of leaked objects to look at, by row");

static bool leak;
module_param(leak, bool, 0444);
MODULE_PARM_DESC(leak, "do not free the objects");

static void **held[ROWS_MAX];

static u8 pattern(unsigned int size)
{
	return 0xa5 ^ size ^ (size >> 8);
}

static void free_row(unsigned int row)
{
	unsigned int i;

	for (i = 0; held[row] && i < counts[row]; i++)
		goalloc_free(held[row][i]);
	kvfree(held[row]);
	held[row] = NULL;
}

static void *alloc(unsigned int size, bool nopointers)
{
	if (nopointers)
		return goalloc_alloc_noscan(size, GFP_KERNEL);
	if (size == KNOWN_SIZE)
		return goalloc_alloc(KNOWN_SIZE, GFP_KERNEL);
	return goalloc_alloc(size, GFP_KERNEL);
}

/* Not inlined into what is gone after init: a heap profile shall name it. */
static noinline int hold_row(unsigned int row)
{
	unsigned int i, size = sizes[row];

	held[row] = kvcalloc(counts[row], sizeof(void *), GFP_KERNEL);
	if (!held[row])
		return -ENOMEM;
	for (i = 0; i < counts[row]; i++) {
		void *ptr = alloc(size, noscan[row]);

		if (!ptr)
			return -ENOMEM;
		memset(ptr, pattern(size), size);
		held[row][i] = ptr;
		cond_resched();
	}
	if (counts[row])
		pr_info("held: %u objects of %u bytes at 0x%lx\n", counts[row], size,
			(unsigned long)held[row][0]);
	return 0;
}

static int verify_row(unsigned int row)
{
	if (!virt_addr_valid(verify[row]) ||
	    memchr_inv((void *)verify[row], pattern(sizes[row]), sizes[row])) {
		pr_err("the object of %u bytes at 0x%lx was touched\n", sizes[row], verify[row]);
		return -EIO;
	}
	pr_info("the object of %u bytes at 0x%lx is intact\n", sizes[row], verify[row]);
	return 0;
}

static int __init leak_init(void)
{
	unsigned int row;
	int err = 0;

	for (row = 0; row < nr_sizes; row++)
		err = err ?: nr_verify > row ? verify_row(row) : hold_row(row);
	for (row = 0; err && row < nr_sizes; row++)
		free_row(row);
	return err;
}

static void __exit leak_exit(void)
{
	unsigned int row;

	for (row = 0; row < nr_sizes; row++) {
		if (leak)
			kvfree(held[row]);
		else
			free_row(row);
	}
}

module_init(leak_init);
module_exit(leak_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a client of goalloc that holds objects, and may leak them");
