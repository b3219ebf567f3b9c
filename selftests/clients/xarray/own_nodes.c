// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel makes the cache of the XArray's nodes when it boots and keeps it.  That of
 * a copy is made before its tests run and goes with the module.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "own_nodes.h"

static void own_exit(void)
{
	rcu_barrier();	/* nodes are freed after a grace period */
	kmem_cache_destroy(radix_tree_node_cachep);
}

static int __init own_init(void)
{
	int err;

	radix_tree_init();
	err = own_tests();
	if (err)
		own_exit();
	return err;
}

module_init(own_init);
module_exit(own_exit);
