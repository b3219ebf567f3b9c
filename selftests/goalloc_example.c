// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_example: the whole of a client.
 *
 * A client of your own needs two lines in its Kbuild file, to find the header and
 * goalloc's symbols, and goalloc.ko loaded before it:
 *
 *	ccflags-y := -I<goalloc>/include
 *	KBUILD_EXTRA_SYMBOLS := <goalloc>/build/<kernel release>/Module.symvers
 *
 * Load this one and watch:
 *
 *	insmod goalloc.ko && insmod goalloc_example.ko && dmesg | tail
 *
 * All functions are as kmalloc()'s: the same gfp flags, NULL when there is no
 * memory, and freeing NULL is fine.
 */
#define pr_fmt(fmt) "goalloc_example: " fmt

#include <linux/module.h>
#include <linux/string.h>

#include <linux/goalloc.h>

struct packet {
	struct packet *next;
	char payload[1088];		/* 1096 bytes in all: kmalloc() would take 2048 */
};

static int __init example_init(void)
{
	/* What may hold pointers: as kmalloc(). */
	struct packet *packet = goalloc_alloc(sizeof(*packet), GFP_KERNEL);
	/* What never will, here a zeroed name: small ones share a 16-byte block. */
	char *name = goalloc_zalloc_noscan(6, GFP_KERNEL);
	/* Arrays, zeroed; NULL if the product overflows. */
	u64 *counters = goalloc_calloc(10, sizeof(*counters), GFP_KERNEL);
	u64 *more;

	if (!packet || !name || !counters)
		goto out;
	strscpy(name, "hello", 6);
	pr_info("a packet of %zu bytes has room for %zu\n", sizeof(*packet), goalloc_size(packet));
	pr_info("a name of 6 bytes has room for %zu: %s\n", goalloc_size(name), name);

	/* On failure realloc returns NULL and the old array is as it was. */
	more = goalloc_realloc_array(counters, 1000, sizeof(*more), GFP_KERNEL);
	if (!more)
		goto out;
	counters = more;
	pr_info("1000 counters of 8 bytes have room for %zu\n", goalloc_size(counters));
	goalloc_free(counters);
	goalloc_free(name);
	goalloc_free(packet);
	return 0;
out:
	goalloc_free(counters);
	goalloc_free(name);
	goalloc_free(packet);
	return -ENOMEM;
}

static void __exit example_exit(void)
{
}

module_init(example_init);
module_exit(example_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What a client of goalloc looks like");
