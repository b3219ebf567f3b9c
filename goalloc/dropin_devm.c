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

#include "dropin.h"

/**
 * goalloc_module_devm_kmalloc() - devm_kmalloc(), from goalloc if it serves the request
 * @heap: the module's heap, or NULL for the default heap
 * @dev: it is freed when the driver lets go of this device
 * @size: bytes wanted
 * @gfp: as for devm_kmalloc()
 *
 * Context: as devm_kmalloc().
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_module_devm_kmalloc(struct goalloc_heap *heap, struct device *dev, size_t size,
				  gfp_t gfp)
{
	if (!dropin_serves(size, gfp))
		return devm_kmalloc(dev, size, gfp);
	return owner_add(dev, goalloc_heap_alloc(dropin_heap(heap, gfp), size, gfp), gfp);
}
EXPORT_SYMBOL_GPL(goalloc_module_devm_kmalloc);

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
 * goalloc_module_devm_krealloc() - devm_krealloc(), of memory of either allocator
 * @heap: the module's heap, or NULL for the default heap
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
void *goalloc_module_devm_krealloc(struct goalloc_heap *heap, struct device *dev, void *ptr,
				   size_t size, gfp_t gfp)
{
	size_t usable;
	void *new;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_module_devm_kmalloc(heap, dev, size, gfp);
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
EXPORT_SYMBOL_GPL(goalloc_module_devm_krealloc);

/**
 * goalloc_module_devm_kvasprintf() - devm_kvasprintf(), into memory of goalloc if it serves it
 * @heap: the module's heap, or NULL for the default heap
 * @dev: the device
 * @gfp: as for devm_kmalloc()
 * @fmt: the format
 * @args: its arguments
 *
 * Context: as devm_kmalloc().
 * Return: the string, or NULL.
 */
char *goalloc_module_devm_kvasprintf(struct goalloc_heap *heap, struct device *dev, gfp_t gfp,
				     const char *fmt, va_list args)
{
	if (!dropin_serves(0, gfp))
		return devm_kvasprintf(dev, gfp, fmt, args);
	return owner_add(dev, string_vformat(dropin_heap(heap, gfp), gfp, fmt, args), gfp);
}
EXPORT_SYMBOL_GPL(goalloc_module_devm_kvasprintf);
