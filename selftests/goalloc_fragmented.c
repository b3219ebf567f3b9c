// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_fragmented: what goalloc gives when the free memory is in small blocks.
 *
 * What it promises: it takes all free memory in blocks of the given order and frees
 * those of its pages that lie in the first half of each aligned piece of twice
 * keep KiB, so that what is free lies in blocks of that size, and none of them can
 * merge with its neighbour.  Then it allocates objects of one size until NULL,
 * frees them, and gives the pinned pages back, all before insmod ends: no process
 * could be started meanwhile.  It prints what was free and what goalloc gave of it.
 *
 * Loading it fails when goalloc gave less than least per cent, when it gave one
 * and least is 0, when contents changed, or when an object of the size cannot be had
 * after the pages are back.
 */
#define pr_fmt(fmt) "goalloc_fragmented: " fmt

#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include <linux/goalloc.h>

static unsigned int order = 1;
module_param(order, uint, 0444);
MODULE_PARM_DESC(order, "of the blocks to take the free memory in: 0 or 1");

static unsigned int keep = 8;
module_param(keep, uint, 0444);
MODULE_PARM_DESC(keep, "KiB of the blocks to leave free: 4 or 8");

static unsigned int size = 64;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "bytes of the objects");

static unsigned int least;
module_param(least, uint, 0444);
MODULE_PARM_DESC(least, "per cent of the free memory that goalloc must give at least; 0: none");

static LIST_HEAD(pinned);
static LIST_HEAD(loose);

/* Everything, whatever the watermarks say: nobody else runs on the guest's memory now. */
#define GFP_PIN		(__GFP_MEMALLOC | __GFP_NOWARN)

static bool is_pinned(const struct page *page)
{
	return page_to_pfn(page) & ((keep << 10) >> PAGE_SHIFT);
}

static void pin_all(void)
{
	struct page *page;
	unsigned int i;

	while ((page = alloc_pages(GFP_PIN, order))) {
		split_page(page, order);
		for (i = 0; i < 1U << order; i++)
			list_add(&page[i].lru, is_pinned(page + i) ? &pinned : &loose);
	}
}

/*
 * Blocks of twice keep KiB that the kernel gives up while memory is scarce: whoever
 * asks for one makes it give up more.  Until it has none.
 */
static void pin_strays(void)
{
	unsigned int larger = get_order(keep << 11), i;
	struct page *page;

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, larger))) {
		split_page(page, larger);
		for (i = 0; i < 1U << larger; i++)
			list_add(&page[i].lru, &pinned);
	}
}

static unsigned long unpin(struct list_head *list)
{
	struct page *page, *next;
	unsigned long pages = 0;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_page(page);
		pages++;
	}
	return pages;
}

/* Objects of @size until NULL; then they are freed.  Returns their usable bytes. */
static unsigned long fill_and_free(unsigned long *changed)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	unsigned long bytes = 0;
	void **held = NULL, **obj;

	while ((obj = goalloc_alloc(size, gfp))) {
		obj[0] = held;
		obj[size / sizeof(void *) - 1] = held;
		held = obj;
		bytes += goalloc_size(obj);
	}
	while (held) {
		obj = held;
		*changed += obj[0] != obj[size / sizeof(void *) - 1];
		held = obj[0];
		goalloc_free(obj);
	}
	return bytes;
}

static int __init fragmented_init(void)
{
	unsigned long given, free, changed = 0, pages, percent;
	void *obj;

	if (order > 1 || (keep != 4 && keep != 8) || size < 2 * sizeof(void *))
		return -EINVAL;
	pin_all();
	pages = unpin(&loose);
	free = pages << PAGE_SHIFT;
	if (!least)
		pin_strays();
	given = fill_and_free(&changed);
	pages = unpin(&pinned);
	percent = free ? div64_ul(given * 100, free) : 0;
	pr_info("%u-byte objects: %lu KiB of %lu KiB free in %u-KiB blocks, %lu %%; %lu KiB pinned\n",
		size, given >> 10, free >> 10, keep, percent, pages << (PAGE_SHIFT - 10));
	obj = goalloc_alloc(size, GFP_KERNEL);
	goalloc_free(obj);
	if (!obj || changed || !free || percent < least || (!least && given)) {
		pr_err("FAIL: %lu objects changed, afterwards %s\n", changed,
		       obj ? "memory" : "none");
		return -EIO;
	}
	return 0;
}

static void __exit fragmented_exit(void)
{
}

module_init(fragmented_init);
module_exit(fragmented_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("what goalloc gives when free memory is fragmented");
