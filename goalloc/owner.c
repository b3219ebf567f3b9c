// SPDX-License-Identifier: GPL-2.0
/*
 * owner: memory that is freed by something else than its user: a device that its driver
 * leaves, or a mempool.
 *
 * A device keeps a record with a pointer to the object, so that the object itself has
 * nothing in front of it and keeps its class and its alignment.
 */
#include <linux/device.h>
#include <linux/export.h>

#include "dropin.h"

static void free_record(struct device *dev, void *res)
{
	goalloc_free(*(void **)res);
}

static int match_record(struct device *dev, void *res, void *ptr)
{
	return *(void **)res == ptr;
}

/* From now on an object, if it is one, goes with a device.  Without memory it goes now. */
void *owner_add(struct device *dev, void *ptr, gfp_t gfp)
{
	void **record;

	if (ZERO_OR_NULL_PTR(ptr))
		return ptr;
	record = devres_alloc(free_record, sizeof(*record), gfp);
	if (!record) {
		goalloc_free(ptr);
		return NULL;
	}
	*record = ptr;
	devres_add(dev, record);
	return ptr;
}

/**
 * goalloc_devm_alloc() - allocate memory that goes with a device
 * @dev: it is freed when the driver lets go of this device
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc(), but not in NMI.
 * Return: the memory, %ZERO_SIZE_PTR for size 0, or NULL.
 */
void *goalloc_devm_alloc(struct device *dev, size_t size, gfp_t gfp)
{
	return owner_add(dev, goalloc_alloc(size, gfp), gfp);
}
EXPORT_SYMBOL_GPL(goalloc_devm_alloc);

/**
 * goalloc_devm_free() - free memory that goes with a device, before the device does
 * @dev: the device
 * @ptr: what goalloc_devm_alloc() returned for it; NULL and %ZERO_SIZE_PTR are ignored
 *
 * Anything else, with memory that was freed before, is reported and left alone.
 *
 * Context: any but NMI; never sleeps.
 */
void goalloc_devm_free(struct device *dev, const void *ptr)
{
	if (ZERO_OR_NULL_PTR(ptr))
		return;
	if (devres_release(dev, free_record, match_record, (void *)ptr))
		debug_bad_free(ptr, FREE_OTHER_DEVICE, "devm_free");
}
EXPORT_SYMBOL_GPL(goalloc_devm_free);

/**
 * goalloc_devm_realloc() - change the size of memory that goes with a device
 * @dev: the device
 * @ptr: what goalloc_devm_alloc() returned for it; NULL or %ZERO_SIZE_PTR to allocate
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE; 0 to free
 * @gfp: as for goalloc_alloc()
 *
 * It keeps its turn among what is freed when the driver lets go of the device.
 *
 * Context: as goalloc_devm_alloc().
 * Return: as goalloc_realloc(); NULL, with a report, for what is not this device's.
 */
void *goalloc_devm_realloc(struct device *dev, const void *ptr, size_t size, gfp_t gfp)
{
	void **record, *new;

	if (ZERO_OR_NULL_PTR(ptr))
		return goalloc_devm_alloc(dev, size, gfp);
	if (!size) {
		goalloc_devm_free(dev, ptr);
		return ZERO_SIZE_PTR;
	}
	record = devres_find(dev, free_record, match_record, (void *)ptr);
	if (!record) {
		debug_bad_free(ptr, FREE_OTHER_DEVICE, "devm_realloc");
		return NULL;
	}
	new = goalloc_realloc(ptr, size, gfp);
	if (new)
		*record = new;
	return new;
}
EXPORT_SYMBOL_GPL(goalloc_devm_realloc);

/**
 * goalloc_mempool_alloc() - allocate an element of a mempool
 * @gfp: as for goalloc_alloc()
 * @pool_data: bytes an element, as a pointer
 *
 * For mempool_create(), whose last argument is then the size.
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_alloc().
 */
void *goalloc_mempool_alloc(gfp_t gfp, void *pool_data)
{
	return goalloc_alloc((size_t)pool_data, gfp);
}
EXPORT_SYMBOL_GPL(goalloc_mempool_alloc);

/**
 * goalloc_mempool_free() - free an element of a mempool
 * @element: what goalloc_mempool_alloc() returned
 * @pool_data: not looked at
 *
 * Context: as goalloc_free().
 */
void goalloc_mempool_free(void *element, void *pool_data)
{
	goalloc_free(element);
}
EXPORT_SYMBOL_GPL(goalloc_mempool_free);
