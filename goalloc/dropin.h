/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dropin: what the drop-in's files share, and what those above and below have of it.
 */
#ifndef _GOALLOC_DROPIN_H
#define _GOALLOC_DROPIN_H

#include "internal.h"

/* --------------------------------------------------------- string.c, owner.c */

struct device;

char *string_of(struct goalloc_heap *heap, const char *s, size_t len, gfp_t gfp);
__printf(3, 0)
char *string_vformat(struct goalloc_heap *heap, gfp_t gfp, const char *fmt, va_list args);
void *owner_add(struct device *dev, void *ptr, gfp_t gfp);

/* ---------------------------------------------------------- dropin_heap.c */

void dropin_name_begin(char name[GOALLOC_HEAP_NAME_MAX], const char *wanted);
void dropin_name_end(void);
void dropin_heap_settle(void);
struct goalloc_heap *dropin_heap_make(struct goalloc_heap *handle, gfp_t gfp);

/* The heap for a request of the module that has this handle, if any. */
static __always_inline struct goalloc_heap *dropin_heap(struct goalloc_heap *handle, gfp_t gfp)
{
	if (likely(handle && smp_load_acquire(&handle->cache)))	/* pairs with heap_add() */
		return handle;
	return dropin_heap_make(handle, gfp);
}

/* --------------------------------------------------------------- dropin.c */

/* Whether a request of the kmalloc() family is goalloc's, or the kernel's. */
static inline bool dropin_serves(size_t size, gfp_t gfp)
{
	return likely(!(gfp & (__GFP_ACCOUNT | __GFP_DMA)) && size <= GOALLOC_MAX_SIZE);
}

void dropin_exit(void);

#endif /* _GOALLOC_DROPIN_H */
