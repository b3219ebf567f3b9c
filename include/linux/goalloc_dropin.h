/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc's functions with the signatures of the kmalloc() family.
 *
 * Each does what the kernel's function of the same name does, and takes memory of
 * both allocators: what is goalloc's goes to goalloc, everything else to the kernel's
 * function.  Requests that goalloc does not serve (__GFP_ACCOUNT, __GFP_DMA, more than
 * 4 MiB) are served by the kernel.
 *
 * <linux/goalloc_kmalloc.h> gives them the kernel's names.  Here are only functions:
 * this header changes the meaning of nothing.
 */
#ifndef _LINUX_GOALLOC_DROPIN_H
#define _LINUX_GOALLOC_DROPIN_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include <linux/goalloc.h>

bool goalloc_owns(const void *ptr);

void goalloc_dropin_kfree(const void *ptr);
void goalloc_dropin_kfree_sensitive(const void *ptr);
void goalloc_dropin_kfree_const(const void *ptr);
void goalloc_dropin_kvfree(const void *ptr);
void goalloc_dropin_kvfree_sensitive(const void *ptr, size_t len);
void goalloc_dropin_kvfree_rcu(void *head, const void *ptr);
void goalloc_dropin_kvfree_rcu_mightsleep(const void *ptr);
void goalloc_dropin_kvfree_rcu_barrier(void);

/*
 * What a module allocates lies in a heap of its own, a row of /proc/goalloc/heaps that has
 * its name; <linux/goalloc_kmalloc.h> defines the handle.  With GOALLOC_NO_MODULE_HEAP
 * defined it lies in the default heap, with what everybody else allocates.
 */
#ifdef GOALLOC_NO_MODULE_HEAP
#define GOALLOC_MODULE_HEAP	NULL
#else
extern struct goalloc_heap goalloc_module_heap;
#define GOALLOC_MODULE_HEAP	(&goalloc_module_heap)
#endif

void *goalloc_module_kmalloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __malloc;
void *goalloc_module_kmalloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
	__alloc_size(2) __malloc;
void *goalloc_module_krealloc(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;
void *goalloc_module_kvmalloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
	__alloc_size(2) __malloc;
void *goalloc_module_kvresize(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;

void *__goalloc_module_kmalloc_class(struct goalloc_heap *heap, size_t size, gfp_t gfp,
				     unsigned long slot) __alloc_size(2) __malloc;
void *__goalloc_module_kzalloc_class(struct goalloc_heap *heap, size_t size, gfp_t gfp,
				     unsigned long slot) __alloc_size(2) __malloc;

/* Where the compiler knows size and flags it looks up the class, as for goalloc_alloc(). */
static __always_inline __alloc_size(1) __malloc
void *goalloc_dropin_kmalloc(size_t size, gfp_t gfp)
{
	unsigned long slot;

	if (!__goalloc_is_known(size, gfp, 0) || gfp & __GFP_ACCOUNT)
		return goalloc_module_kmalloc(GOALLOC_MODULE_HEAP, size, gfp);
	slot = __goalloc_known_slot(size, 0);
	if (gfp & __GFP_ZERO)
		return __goalloc_module_kzalloc_class(GOALLOC_MODULE_HEAP, size, gfp, slot);
	return __goalloc_module_kmalloc_class(GOALLOC_MODULE_HEAP, size, gfp, slot);
}

static inline __alloc_size(1) __malloc
void *goalloc_dropin_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return goalloc_module_kmalloc_node(GOALLOC_MODULE_HEAP, size, gfp, node);
}

static inline __alloc_size(2) __must_check
void *goalloc_dropin_krealloc(const void *ptr, size_t size, gfp_t gfp)
{
	return goalloc_module_krealloc(GOALLOC_MODULE_HEAP, ptr, size, gfp);
}

static inline __alloc_size(1) __malloc
void *goalloc_dropin_kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	return goalloc_module_kvmalloc_node(GOALLOC_MODULE_HEAP, size, gfp, node);
}

static inline __alloc_size(2) __must_check
void *goalloc_dropin_kvresize(const void *ptr, size_t size, gfp_t gfp)
{
	return goalloc_module_kvresize(GOALLOC_MODULE_HEAP, ptr, size, gfp);
}

size_t goalloc_dropin_ksize(const void *ptr);
size_t goalloc_dropin_kmalloc_size_roundup(size_t size);

/* ------------------------------------- arrays and zeroes, as <linux/slab.h> has them */

static __always_inline __alloc_size(1) __malloc
void *goalloc_dropin_kzalloc(size_t size, gfp_t gfp)
{
	return goalloc_dropin_kmalloc(size, gfp | __GFP_ZERO);
}

static inline __alloc_size(1) __malloc
void *goalloc_dropin_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return goalloc_dropin_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

static __always_inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : goalloc_dropin_kmalloc(bytes, gfp);
}

static __always_inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_dropin_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return goalloc_dropin_kmalloc_node(bytes, gfp, node);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return goalloc_dropin_kmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

static inline __alloc_size(2, 3) __must_check
void *goalloc_dropin_krealloc_array(const void *ptr, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return goalloc_dropin_krealloc(ptr, bytes, gfp);
}

static inline __must_check
void *goalloc_dropin_krealloc_node(const void *ptr, size_t size, gfp_t gfp, int node)
{
	return goalloc_dropin_krealloc(ptr, size, gfp);	/* the node is only a wish */
}

static inline __alloc_size(1) __malloc void *goalloc_dropin_kvmalloc(size_t size, gfp_t gfp)
{
	return goalloc_dropin_kvmalloc_node(size, gfp, NUMA_NO_NODE);
}

static inline __alloc_size(1) __malloc void *goalloc_dropin_kvzalloc(size_t size, gfp_t gfp)
{
	return goalloc_dropin_kvmalloc(size, gfp | __GFP_ZERO);
}

static inline __alloc_size(1) __malloc
void *goalloc_dropin_kvzalloc_node(size_t size, gfp_t gfp, int node)
{
	return goalloc_dropin_kvmalloc_node(size, gfp | __GFP_ZERO, node);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kvmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return goalloc_dropin_kvmalloc_node(bytes, gfp, node);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_dropin_kvmalloc_array_node(n, size, gfp, NUMA_NO_NODE);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kvcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return goalloc_dropin_kvmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_dropin_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_dropin_kvcalloc_node(n, size, gfp, NUMA_NO_NODE);
}

#ifdef kvmalloc_node_align	/* with an alignment since 6.18 */
static inline __alloc_size(1) __malloc
void *goalloc_dropin_kvmalloc_node_align(size_t size, unsigned long align, gfp_t gfp, int node)
{
	if (align > ARCH_KMALLOC_MINALIGN)
		return kvmalloc_node_align(size, align, gfp, node);
	return goalloc_dropin_kvmalloc_node(size, gfp, node);
}
#endif

/* The old size is an argument where kvrealloc() is a function, and not where it is a macro. */
#ifdef kvrealloc
static inline __must_check
void *goalloc_dropin_kvrealloc(const void *ptr, size_t size, gfp_t gfp)
{
	if (ZERO_OR_NULL_PTR(ptr) || goalloc_owns(ptr))
		return goalloc_dropin_kvresize(ptr, size, gfp);
	return kvrealloc(ptr, size, gfp);
}
#else
static inline __must_check
void *goalloc_dropin_kvrealloc(const void *ptr, size_t oldsize, size_t size, gfp_t gfp)
{
	if (ZERO_OR_NULL_PTR(ptr) || goalloc_owns(ptr))
		return goalloc_dropin_kvresize(ptr, size, gfp);
	return kvrealloc(ptr, oldsize, size, gfp);
}
#endif

static inline void goalloc_dropin_kfree_bulk(size_t n, void **ptrs)
{
	while (n--)
		goalloc_dropin_kfree(ptrs[n]);
}

#ifdef kmalloc_nolock	/* for any context, as goalloc's frees are; since 6.18 */
static inline void goalloc_dropin_kfree_nolock(const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_dropin_kfree(ptr);
	else
		kfree_nolock(ptr);
}
#endif

/* ------------------------------------------------------------------- copies */

char *goalloc_module_kmemdup_nul(struct goalloc_heap *heap, const char *src, size_t len,
				 gfp_t gfp) __malloc;
__printf(3, 0) __malloc
char *goalloc_module_kvasprintf(struct goalloc_heap *heap, gfp_t gfp, const char *fmt,
				va_list args);

static inline __realloc_size(2)
void *goalloc_dropin_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_dropin_kmalloc(len, gfp);

	return ptr ? memcpy(ptr, src, len) : NULL;
}

static inline __malloc char *goalloc_dropin_kmemdup_nul(const char *src, size_t len, gfp_t gfp)
{
	return goalloc_module_kmemdup_nul(GOALLOC_MODULE_HEAP, src, len, gfp);
}

static inline __malloc char *goalloc_dropin_kstrdup(const char *src, gfp_t gfp)
{
	return src ? goalloc_dropin_kmemdup_nul(src, strlen(src), gfp) : NULL;
}

static inline __malloc char *goalloc_dropin_kstrndup(const char *src, size_t max, gfp_t gfp)
{
	return src ? goalloc_dropin_kmemdup_nul(src, strnlen(src, max), gfp) : NULL;
}

static inline __printf(2, 0) __malloc
char *goalloc_dropin_kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	return goalloc_module_kvasprintf(GOALLOC_MODULE_HEAP, gfp, fmt, args);
}

static inline __printf(2, 3) __malloc
char *goalloc_dropin_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = goalloc_dropin_kvasprintf(gfp, fmt, args);
	va_end(args);
	return str;
}

static inline __realloc_size(2, 3)
void *goalloc_dropin_kmemdup_array(const void *src, size_t n, size_t size, gfp_t gfp)
{
	return goalloc_dropin_kmemdup(src, size_mul(n, size), gfp);
}

static inline __realloc_size(2)
void *goalloc_dropin_kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_dropin_kvmalloc(len, gfp);

	return ptr ? memcpy(ptr, src, len) : NULL;
}

/* ------------------------------------------------ the kernel's, for exempted call sites */

static inline __alloc_size(1) __malloc void *goalloc_real_kmalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static inline __alloc_size(1) __malloc void *goalloc_real_kzalloc(size_t size, gfp_t gfp)
{
	return kzalloc(size, gfp);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_real_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kcalloc(n, size, gfp);
}

static inline __alloc_size(1, 2) __malloc
void *goalloc_real_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp);
}

static inline __alloc_size(1) __malloc void *goalloc_real_kvmalloc(size_t size, gfp_t gfp)
{
	return kvmalloc(size, gfp);
}

static inline void *goalloc_real_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	return kmemdup(src, len, gfp);
}

static inline char *goalloc_real_kstrdup(const char *src, gfp_t gfp)
{
	return kstrdup(src, gfp);
}

#endif /* _LINUX_GOALLOC_DROPIN_H */
