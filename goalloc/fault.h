/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fault: places where an allocation can be made to fail, with the kernel's own
 * fault injection (Documentation/fault-injection.rst).
 *
 * A kernel without CONFIG_FAULT_INJECTION gets no instruction of it: fault_hits()
 * is a constant there, and fault.c is not built.
 */
#ifndef _GOALLOC_FAULT_H
#define _GOALLOC_FAULT_H

#include <linux/gfp.h>
#include <linux/types.h>

/**
 * enum fault_point - what can be made to fail
 * @FAULT_DRAW: a block of pages from the buddy allocator
 * @FAULT_META: memory for metadata, and what loading the module needs of the kernel
 * @FAULT_REFILL: a visit to a central, for a CPU whose cache cannot serve
 * @NR_FAULT_POINTS: how many there are
 */
enum fault_point {
	FAULT_DRAW,
	FAULT_META,
	FAULT_REFILL,
	NR_FAULT_POINTS,
};

#ifdef CONFIG_FAULT_INJECTION
#include <linux/fault-inject.h>

extern struct fault_attr fault_attrs[NR_FAULT_POINTS];

/*
 * Shall this call of a fault point fail?  @bytes are what it asks for, for "space";
 * 1 if nobody knows.  What must not fail does not: __GFP_NOFAIL would loop for ever.
 */
static inline bool fault_hits(enum fault_point point, gfp_t gfp, size_t bytes)
{
	return !(gfp & __GFP_NOFAIL) && should_fail(&fault_attrs[point], bytes);
}

void fault_init(void);
void fault_exit(void);
#else
static inline bool fault_hits(enum fault_point point, gfp_t gfp, size_t bytes)
{
	return false;
}

static inline void fault_init(void)
{
}

static inline void fault_exit(void)
{
}
#endif

/* A draw of metadata that does not come from sys_alloc(): its result, or NULL. */
#define fault_meta_gfp(gfp, draw)	(fault_hits(FAULT_META, gfp, 1) ? NULL : (draw))
#define fault_meta(draw)		fault_meta_gfp(GFP_KERNEL, draw)

#endif /* _GOALLOC_FAULT_H */
