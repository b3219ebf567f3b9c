// SPDX-License-Identifier: GPL-2.0
/*
 * dropin_devm: the devm_kmalloc() family, for source files that know nothing of goalloc.
 *
 * As in dropin.c, a request that goalloc serves is goalloc's, others are the kernel's,
 * and whose memory it is tells its address.
 */
#include <linux/export.h>

#include <linux/goalloc_dropin.h>
#include <linux/goalloc_dropin_devm.h>

#include "internal.h"

/**
 * goalloc_dropin_devm_kmalloc() - devm_kmalloc(), from goalloc if it serves the request
 * @dev: it is freed when the driver lets go of this device
 * @size: bytes wanted
 * @gfp: as for devm_kmalloc()
 *
 * Context: as devm_kmalloc().
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_dropin_devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return dropin_serves(size, gfp) ? goalloc_devm_alloc(dev, size, gfp) :
					  devm_kmalloc(dev, size, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_kmalloc);

/**
 * goalloc_dropin_devm_kfree() - devm_kfree(), of memory of either allocator
 * @dev: the device
 * @ptr: the memory, a constant of the kernel, NULL or %ZERO_SIZE_PTR
 *
 * Context: as devm_kfree().
 */
void goalloc_dropin_devm_kfree(struct device *dev, const void *ptr)
{
	if (goalloc_owns(ptr))
		goalloc_devm_free(dev, ptr);
	else if (!ZERO_OR_NULL_PTR(ptr))
		devm_kfree(dev, ptr);
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_kfree);

/**
 * goalloc_dropin_devm_krealloc() - devm_krealloc(), of memory of either allocator
 * @dev: the device
 * @ptr: its memory, or NULL
 * @size: bytes wanted; 0 to free
 * @gfp: as for devm_krealloc()
 *
 * The kernel's memory stays the kernel's.
 *
 * Context: as devm_krealloc().
 * Return: as devm_krealloc().
 */
void *goalloc_dropin_devm_krealloc(struct device *dev, void *ptr, size_t size, gfp_t gfp)
{
	size_t usable;
	void *new;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_dropin_devm_kmalloc(dev, size, gfp);
	if (!goalloc_owns(ptr))
		return devm_krealloc(dev, ptr, size, gfp);
	if (dropin_serves(size, gfp) || !size)
		return goalloc_devm_realloc(dev, ptr, size, gfp);
	usable = goalloc_size(ptr);
	new = usable ? devm_kmalloc(dev, size, gfp) : NULL;
	if (new) {
		memcpy(new, ptr, min(usable, size));
		goalloc_devm_free(dev, ptr);
	}
	return new;
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_krealloc);

/**
 * goalloc_dropin_devm_kmemdup() - devm_kmemdup(), into memory of goalloc if it serves it
 * @dev: the device
 * @src: what to copy
 * @len: bytes of it
 * @gfp: as for devm_kmalloc()
 *
 * Context: as devm_kmalloc().
 * Return: the copy, or NULL.
 */
void *goalloc_dropin_devm_kmemdup(struct device *dev, const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_dropin_devm_kmalloc(dev, len, gfp);

	return ptr ? memcpy(ptr, src, len) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_kmemdup);

/**
 * goalloc_dropin_devm_kvasprintf() - devm_kvasprintf(), into memory of goalloc if it serves it
 * @dev: the device
 * @gfp: as for devm_kmalloc()
 * @fmt: the format
 * @args: its arguments
 *
 * Context: as devm_kmalloc().
 * Return: the string, or NULL.
 */
char *goalloc_dropin_devm_kvasprintf(struct device *dev, gfp_t gfp, const char *fmt, va_list args)
{
	char *str, *own = NULL;

	if (!dropin_serves(0, gfp))
		return devm_kvasprintf(dev, gfp, fmt, args);
	str = goalloc_vasprintf(gfp, fmt, args);
	if (str)
		own = goalloc_dropin_devm_kmemdup(dev, str, strlen(str) + 1, gfp);
	goalloc_free(str);
	return own;
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_kvasprintf);

/**
 * goalloc_dropin_devm_kasprintf() - devm_kasprintf(), into memory of goalloc
 * @dev: the device
 * @gfp: as for devm_kmalloc()
 * @fmt: the format, then its arguments
 *
 * Context: as devm_kmalloc().
 * Return: the string, or NULL.
 */
char *goalloc_dropin_devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *str;

	va_start(args, fmt);
	str = goalloc_dropin_devm_kvasprintf(dev, gfp, fmt, args);
	va_end(args);
	return str;
}
EXPORT_SYMBOL_GPL(goalloc_dropin_devm_kasprintf);
