/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A copy of the XArray has nodes of its own: see own_nodes.c, which makes and ends their
 * cache, and runs the tests between.  Included before the kernel's files.
 */
#include <linux/cpuhotplug.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/radix-tree.h>
#include <linux/slab.h>

extern struct kmem_cache *radix_tree_node_cachep;
void radix_tree_init(void);
int own_tests(void);

/* There can be no second cache with the name of the kernel's. */
static inline struct kmem_cache *own_cache_create(const char *name, unsigned int size,
						  unsigned int align, slab_flags_t flags,
						  void (*ctor)(void *obj))
{
	return kmem_cache_create("client_xarray_node", size, align, flags, ctor);
}

#undef kmem_cache_create
#define kmem_cache_create		own_cache_create

/* The kernel has this state for its own nodes; a CPU that goes leaves none of these. */
static inline int own_cpuhp_state(enum cpuhp_state state, const char *name,
				  int (*up)(unsigned int cpu), int (*down)(unsigned int cpu))
{
	return 0;
}

#define cpuhp_setup_state_nocalls	own_cpuhp_state
