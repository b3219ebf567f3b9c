// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_memory: goalloc when memory is scarce.
 *
 * What one load does is up to what=:
 *
 *	idle		allocate mb MiB and free them, so that goalloc has idle pages
 *	exhaust		allocate large and small objects until there is NULL for every
 *			size, free all, and ask for the same sizes again
 *	cache		hold mb MiB, and drop them when memory_limit is met
 *
 * Objects are kept in lists through their first word, so that the test needs no memory
 * besides.
 */
#define pr_fmt(fmt) "goalloc_memory: " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <linux/goalloc.h>

static char *what = "idle";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "idle, exhaust or cache");

static unsigned int mb = 64;
module_param(mb, uint, 0444);
MODULE_PARM_DESC(mb, "idle, cache: how many MiB (default 64)");

static bool atomic;
module_param(atomic, bool, 0444);
MODULE_PARM_DESC(atomic, "with GFP_ATOMIC instead of GFP_KERNEL");

static unsigned int largest = SZ_1M;
module_param(largest, uint, 0444);
MODULE_PARM_DESC(largest, "exhaust: bytes of the largest objects (default 1 MiB)");

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
	gfp_t gfp = (atomic ? GFP_ATOMIC : GFP_KERNEL | __GFP_NORETRY) | __GFP_NOWARN;
	unsigned long n;
	void *ptr;

	for (n = 0; n < max / size; n++) {
		ptr = goalloc_alloc(size, gfp);
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
		n[i] = sizes[i] > largest ? 0 : take(&list, sizes[i], ULONG_MAX);
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

static struct item *cache;
static DEFINE_MUTEX(cache_mutex);

static void drop_cache(void)
{
	mutex_lock(&cache_mutex);
	give(&cache);
	mutex_unlock(&cache_mutex);
}

static int limit_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct goalloc_limit_info *info = data;

	if (event == GOALLOC_LIMIT_CROSSED) {
		pr_info("the limit is met, %lu bytes are to be freed: the cache is dropped\n",
			info->over);
		drop_cache();
	} else {
		pr_info("below the limit again\n");
	}
	return NOTIFY_OK;
}

static struct notifier_block limit_notifier = { .notifier_call = limit_event };

static int make_cache(void)
{
	unsigned long bytes = mb * (unsigned long)SZ_1M, n;
	int err;

	mutex_lock(&cache_mutex);
	n = take(&cache, SZ_1K, bytes);
	mutex_unlock(&cache_mutex);
	err = n == bytes / SZ_1K ? goalloc_register_limit_notifier(&limit_notifier) : -ENOMEM;
	if (err)
		drop_cache();
	return err;
}

static int __init memory_init(void)
{
	int err = -EINVAL;

	if (!strcmp(what, "idle"))
		err = make_idle();
	else if (!strcmp(what, "exhaust"))
		err = exhaust();
	else if (!strcmp(what, "cache"))
		err = make_cache();
	pr_info("%s: %s\n", what, err ? "FAIL" : "PASS");
	return err;
}

static void __exit memory_exit(void)
{
	if (strcmp(what, "cache"))
		return;
	goalloc_unregister_limit_notifier(&limit_notifier);
	drop_cache();
}

module_init(memory_init);
module_exit(memory_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc when memory is scarce");
