/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the supported kernels (6.1, 6.12, 7.3), and nothing
 * else.  No other file looks at LINUX_VERSION_CODE.
 */
#ifndef _GOALLOC_COMPAT_H
#define _GOALLOC_COMPAT_H

#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

/* The buddy allocator's largest order: exclusive, then inclusive, then renamed. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define COMPAT_MAX_ORDER	(MAX_ORDER - 1)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define COMPAT_MAX_ORDER	MAX_ORDER
#else
#define COMPAT_MAX_ORDER	MAX_PAGE_ORDER
#endif

/* Shrinkers were registered in place before 6.7, and are allocated since. */
typedef unsigned long (*compat_shrink_fn)(struct shrinker *shrinker, struct shrink_control *sc);

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static struct shrinker compat_the_shrinker __maybe_unused;

static inline struct shrinker *compat_shrinker_register(compat_shrink_fn count,
							compat_shrink_fn scan, const char *name)
{
	compat_the_shrinker.count_objects = count;
	compat_the_shrinker.scan_objects = scan;
	compat_the_shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&compat_the_shrinker, "%s", name) ? NULL : &compat_the_shrinker;
}

static inline void compat_shrinker_unregister(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
}
#else
static inline struct shrinker *compat_shrinker_register(compat_shrink_fn count,
							compat_shrink_fn scan, const char *name)
{
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
}

static inline void compat_shrinker_unregister(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#endif

/* Before 6.15 vmalloc() takes a node or flags, not both. */
static inline void *compat_vmalloc(size_t size, gfp_t gfp, int node)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	if (node == NUMA_NO_NODE || (gfp | __GFP_ZERO) != (GFP_KERNEL | __GFP_ZERO))
		return vmalloc_huge(size, gfp);
	return gfp & __GFP_ZERO ? vzalloc_node(size, node) : vmalloc_node(size, node);
#else
	return vmalloc_huge_node(size, gfp, node);
#endif
}

/* Before 7.3 a fault attribute holds a reference to its directory in debugfs. */
#ifdef CONFIG_FAULT_INJECTION
static inline void compat_fault_attr_put(struct fault_attr *attr)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
	dput(attr->dname);
#endif
}
#endif

/*
 * Internal functions are visible to the KUnit module, where the kernel has
 * KUnit, in the namespace that <kunit/visibility.h> uses on kernels that have
 * it.  A namespace was a token before 6.13 and is a string since.
 */
#if !IS_ENABLED(CONFIG_KUNIT)
#define EXPORT_SYMBOL_FOR_KUNIT(sym)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_FOR_KUNIT(sym)	EXPORT_SYMBOL_NS_GPL(sym, EXPORTED_FOR_KUNIT_TESTING)
#define IMPORT_SYMBOLS_FOR_KUNIT()	MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING)
#else
#define EXPORT_SYMBOL_FOR_KUNIT(sym)	EXPORT_SYMBOL_NS_GPL(sym, "EXPORTED_FOR_KUNIT_TESTING")
#define IMPORT_SYMBOLS_FOR_KUNIT()	MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING")
#endif

/* Before 6.10 a tracepoint names a string twice: the field, and the parameter of the same name. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define compat_assign_str(str)	__assign_str(str, str)
#else
#define compat_assign_str(str)	__assign_str(str)
#endif

/* Tell the reclaimer that pages came back: it sees only those of slabs by itself. */
static inline void compat_account_reclaimed_pages(unsigned long pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
#else
	mm_account_reclaimed_pages(pages);
#endif
}

/*
 * Subtract from a per-CPU variable, and say whether it is negative then.  On x86 these
 * are a subtraction and a branch; this_cpu_sub_return() would be an exchange.
 */
#ifdef __percpu_arg
#ifndef __my_cpu_var		/* 6.1 has none */
#define __my_cpu_var(var)	(var)
#endif

#define compat_this_cpu_sub_negative(var, val)					\
({										\
	bool negative__;							\
										\
	asm volatile("subq %[n], " __percpu_arg([v])				\
		     : "=@ccs" (negative__), [v] "+m" (__my_cpu_var(var))	\
		     : [n] "re" ((unsigned long)(val)));			\
	negative__;								\
})
#else
#define compat_this_cpu_sub_negative(var, val)	(this_cpu_sub_return(var, val) < 0)
#endif

#endif /* _GOALLOC_COMPAT_H */
