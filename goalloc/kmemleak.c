// SPDX-License-Identifier: GPL-2.0
/*
 * kmemleak: tells the kernel's leak detector about objects.
 *
 * THEORY OF OPERATION
 *
 * kmemleak knows an object from its allocation to its free.  It takes a lock that
 * NMI must not take, so it does not hear of an object that is freed there, and the
 * span remembers that such an object was in it (nmi_freed).  kmemleak is told
 * before its memory can be anything else: when an object of that span is allocated
 * again, or when the span is unmade.  An object that kmemleak does not know, such as
 * one that was allocated in NMI, may be freed to it: it says nothing.
 *
 * It is not told of tiny objects: they hold no pointers, and share blocks whose next
 * objects begin elsewhere.
 *
 * LOCKS: none.  CONTEXT: any, NMI included.  Built where the kernel has kmemleak.
 */
#include <linux/kmemleak.h>

#include "internal.h"

/**
 * leak_alloc() - an object is in use
 * @ptr: the object, or NULL
 * @size: bytes that it has of a span
 * @noscan: whether it holds no pointers
 * @gfp: for kmemleak's metadata
 */
void leak_alloc(const void *ptr, size_t size, unsigned int noscan, gfp_t gfp)
{
	const struct mspan *s;

	if (!ptr || in_nmi())
		return;
	s = span_of((unsigned long)ptr);
	if (s->spc == SPC_TINY)
		return;
	if (READ_ONCE(s->nmi_freed))
		kmemleak_free(ptr);
	kmemleak_alloc(ptr, size, 1, gfp & GOALLOC_GFP_MASK);
	if (noscan)
		kmemleak_no_scan(ptr);
}

/* The object at @ptr, of span @s, is about to be freed. */
void leak_free(struct mspan *s, const void *ptr)
{
	if (s->spc == SPC_TINY)
		return;
	if (in_nmi())
		WRITE_ONCE(s->nmi_freed, true);
	else
		kmemleak_free(ptr);
}

/* A span is unmade, and no object of it is in use. */
void leak_retire(const struct mspan *s)
{
	unsigned int i;

	if (!READ_ONCE(s->nmi_freed))
		return;
	for (i = 0; i < s->nelems; i++)
		kmemleak_free((void *)(s->base + (unsigned long)i * s->elemsize));
}
