/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc's functions with the signatures of the devm_kmalloc() family: memory that is
 * freed when a driver lets go of its device.
 *
 * As in <linux/goalloc_dropin.h>, each takes memory of both allocators, and requests that
 * goalloc does not serve are served by the kernel.
 */
#ifndef _LINUX_GOALLOC_DROPIN_DEVM_H
#define _LINUX_GOALLOC_DROPIN_DEVM_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>

#include <linux/goalloc_dropin.h>

void *goalloc_module_devm_kmalloc(struct goalloc_heap *heap, struct device *dev, size_t size,
				  gfp_t gfp) __alloc_size(3) __malloc;
void *goalloc_module_devm_krealloc(struct goalloc_heap *heap, struct device *dev, void *ptr,
				   size_t size, gfp_t gfp) __alloc_size(4) __must_check;
__printf(4, 0) __malloc
char *goalloc_module_devm_kvasprintf(struct goalloc_heap *heap, struct device *dev, gfp_t gfp,
				     const char *fmt, va_list args);
void goalloc_dropin_devm_kfree(struct device *dev, const void *ptr);

static inline __alloc_size(2) __malloc
void *goalloc_dropin_devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return goalloc_module_devm_kmalloc(GOALLOC_MODULE_HEAP, dev, size, gfp);
}

static inline __alloc_size(3) __must_check
void *goalloc_dropin_devm_krealloc(struct device *dev, void *ptr, size_t size, gfp_t gfp)
{
	return goalloc_module_devm_krealloc(GOALLOC_MODULE_HEAP, dev, ptr, size, gfp);
}

static inline __alloc_size(3)
void *goalloc_dropin_devm_kmemdup(struct device *dev, const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_dropin_devm_kmalloc(dev, len, gfp);

	return ptr ? memcpy(ptr, src, len) : NULL;
}

static inline __printf(3, 0) __malloc
char *goalloc_dropin_devm_kvasprintf(struct device *dev, gfp_t gfp, const char *fmt, va_list args)
{
	return goalloc_module_devm_kvasprintf(GOALLOC_MODULE_HEAP, dev, gfp, fmt, args);
}

static inline __printf(3, 4) __malloc
char *goalloc_dropin_devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = goalloc_dropin_devm_kvasprintf(dev, gfp, fmt, args);
	va_end(args);
	return str;
}

static inline __alloc_size(2) __malloc
void *goalloc_dropin_devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return goalloc_dropin_devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static inline __alloc_size(2, 3) __malloc
void *goalloc_dropin_devm_kmalloc_array(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return goalloc_dropin_devm_kmalloc(dev, bytes, gfp);
}

static inline __alloc_size(2, 3) __malloc
void *goalloc_dropin_devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	return goalloc_dropin_devm_kmalloc_array(dev, n, size, gfp | __GFP_ZERO);
}

static inline __alloc_size(3, 4) __must_check
void *goalloc_dropin_devm_krealloc_array(struct device *dev, void *ptr, size_t n, size_t size,
					 gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return goalloc_dropin_devm_krealloc(dev, ptr, bytes, gfp);
}

static inline __alloc_size(3, 4)
void *goalloc_dropin_devm_kmemdup_array(struct device *dev, const void *src, size_t n,
					size_t size, gfp_t gfp)
{
	return goalloc_dropin_devm_kmemdup(dev, src, size_mul(n, size), gfp);
}

static inline char *goalloc_dropin_devm_kstrdup(struct device *dev, const char *src, gfp_t gfp)
{
	return src ? goalloc_dropin_devm_kmemdup(dev, src, strlen(src) + 1, gfp) : NULL;
}

#endif /* _LINUX_GOALLOC_DROPIN_DEVM_H */
