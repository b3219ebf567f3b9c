// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_memory: goalloc when memory is scarce.
 *
 * What one load does is up to what=:
 *
 *	idle		allocate mb MiB and free them, so that goalloc has idle pages
 *	exhaust		allocate large and small objects until there is NULL for every
 *			size, free all, and ask for the same sizes again
 *	fragment	take all free memory and free every other 8-KiB block, so that no
 *			larger block is free; serve small objects from that; ask for
 *			large ones until NULL; undo it all
 *
 * Objects are kept in lists through their first word, the test's own pages too, so that
 * the test needs no memory besides.
 */
#define pr_fmt(fmt) "goalloc_memory: " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <linux/goalloc.h>

static char *what = "idle";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "idle, exhaust or fragment");

static unsigned int mb = 64;
module_param(mb, uint, 0444);
MODULE_PARM_DESC(mb, "idle: how many MiB (default 64)");

#define GFP_TRY		(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)
#define BLOCK_ORDER	1			/* goalloc's page */
#define SERVED_WANTED	SZ_2M			/* of each small size */
#define LARGE_ALLOWED	SZ_8M			/* what may be left in larger blocks */

struct item {
	struct item *next;
};

static void push(struct item **list, void *ptr)
{
	struct item *item = ptr;

	item->next = *list;
	*list = item;
}

/* Allocate objects of @size until NULL or @max bytes.  Return: how many. */
static unsigned long take(struct item **list, size_t size, unsigned long max)
{
	unsigned long n;
	void *ptr;

	for (n = 0; n < max / size; n++) {
		ptr = goalloc_alloc(size, GFP_TRY);
		if (!ptr)
			break;
		push(list, ptr);
		cond_resched();
	}
	return n;
}

/* Free the objects.  Return: how many. */
static unsigned long give(struct item **list)
{
	unsigned long n;

	for (n = 0; *list; n++) {
		struct item *item = *list;

		*list = item->next;
		goalloc_free(item);
		cond_resched();
	}
	return n;
}

static int make_idle(void)
{
	struct item *list = NULL;
	unsigned long bytes = mb * (unsigned long)SZ_1M, n = take(&list, SZ_1K, bytes);

	give(&list);
	pr_info("%lu KiB were allocated and freed\n", n);
	return n == bytes / SZ_1K ? 0 : -ENOMEM;
}

static int exhaust(void)
{
	static const size_t sizes[] = { SZ_1M, SZ_64K, SZ_8K, SZ_1K, 64, 16 };
	unsigned long n[ARRAY_SIZE(sizes)], taken = 0, bytes = 0, given;
	struct item *list = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n[i] = take(&list, sizes[i], ULONG_MAX);
		taken += n[i];
		bytes += n[i] * sizes[i];
	}
	given = give(&list);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		pr_info("%7zu bytes: %lu objects until NULL\n", sizes[i], n[i]);
	pr_info("%lu bytes in %lu objects, %lu freed\n", bytes, taken, given);
	if (given != taken || bytes < SZ_16M)
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (take(&list, sizes[i], SZ_1M) != SZ_1M / sizes[i]) {
			pr_err("%zu bytes: no service after all was freed\n", sizes[i]);
			give(&list);
			return -EIO;
		}
	give(&list);
	return 0;
}

static unsigned long pin_all(struct item **pinned, unsigned int order)
{
	unsigned long n, addr;

	for (n = 0; (addr = __get_free_pages(GFP_TRY, order)); n++) {
		push(pinned, (void *)addr);
		cond_resched();
	}
	return n;
}

static void unpin(struct item **pinned, unsigned int order)
{
	while (*pinned) {
		struct item *item = *pinned;

		*pinned = item->next;
		free_pages((unsigned long)item, order);
		cond_resched();
	}
}

/* Of each pair of buddies free the lower one. */
static unsigned long free_every_other(struct item **pinned, unsigned int order)
{
	struct item *item = *pinned, *next;
	unsigned long n = 0;

	*pinned = NULL;
	for (; item; item = next) {
		next = item->next;
		if ((unsigned long)item & (PAGE_SIZE << order)) {
			push(pinned, item);
		} else {
			free_pages((unsigned long)item, order);
			n++;
		}
		cond_resched();
	}
	return n;
}

static int serve_fragmented(void)
{
	static const size_t small[] = { 8, 16, 64, 320, 1024, 1152, 3072, 4096, 8192 };
	struct item *list = NULL;
	unsigned long bytes = 0, n;
	unsigned int i;
	int err = 0;

	n = take(&list, SZ_64K, LARGE_ALLOWED);
	pr_info("%lu bytes in objects of 64 KiB until NULL\n", n * SZ_64K);
	if (n == LARGE_ALLOWED / SZ_64K) {
		pr_err("memory is not fragmented\n");
		err = -EIO;
	}
	for (i = 0; i < ARRAY_SIZE(small); i++) {
		n = take(&list, small[i], SERVED_WANTED);
		bytes += n * small[i];
		pr_info("%7zu bytes: %lu bytes served\n", small[i], n * small[i]);
		if (n != SERVED_WANTED / small[i])
			err = -EIO;
	}
	pr_info("%lu bytes of small objects served from fragmented memory\n", bytes);
	give(&list);
	return err;
}

static int fragment(void)
{
	struct item *blocks = NULL, *pages = NULL, *list = NULL;
	unsigned long nblocks, nfree;
	int err;

	nblocks = pin_all(&blocks, BLOCK_ORDER);
	pin_all(&pages, 0);
	nfree = free_every_other(&blocks, BLOCK_ORDER);
	pr_info("%lu blocks of 8 KiB taken, %lu of them freed again\n", nblocks, nfree);
	err = serve_fragmented();
	unpin(&pages, 0);
	unpin(&blocks, BLOCK_ORDER);
	if (take(&list, SZ_1M, SZ_16M) != SZ_16M / SZ_1M) {
		pr_err("no large objects after all was freed\n");
		err = -EIO;
	}
	give(&list);
	return err;
}

static int __init memory_init(void)
{
	int err = -EINVAL;

	if (!strcmp(what, "idle"))
		err = make_idle();
	else if (!strcmp(what, "exhaust"))
		err = exhaust();
	else if (!strcmp(what, "fragment"))
		err = fragment();
	pr_info("%s: %s\n", what, err ? "FAIL" : "PASS");
	return err;
}

static void __exit memory_exit(void)
{
}

module_init(memory_init);
module_exit(memory_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc with little, and with fragmented memory");
