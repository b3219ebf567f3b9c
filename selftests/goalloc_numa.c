// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_numa: memory comes from the node that was asked for.
 *
 * THEORY OF OPERATION
 *
 * Each online node is asked for objects of sizes of every kind: tiny-sized, small,
 * the largest small one, large.  On a node with memory each must lie on the node.  On
 * a node without, each must lie where the buddy allocator's own fallback lies, and
 * %__GFP_THISNODE must give NULL.  Node numbers that are none give NULL,
 * %NUMA_NO_NODE gives memory.
 *
 * Asked again and again for small objects, a node without memory must share spans as
 * any other: what is drawn for them is bounded.
 *
 * With hold=NODE it then keeps hold_mb MiB of small and large objects of the node
 * until it is unloaded, for goalloc's and the kernel's figures per node to be
 * compared.  All must lie on the node, if it has memory.
 */
#define pr_fmt(fmt) "goalloc_numa: " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include <linux/goalloc.h>

static int hold = NUMA_NO_NODE;
module_param(hold, int, 0444);
MODULE_PARM_DESC(hold, "node whose memory is kept until unloading (default: none)");

static unsigned int hold_mb = 16;
module_param(hold_mb, uint, 0444);
MODULE_PARM_DESC(hold_mb, "how much of it, in MiB (default 16)");

#define OBJECTS		64
#define HELD_SMALL	1024
#define HELD_LARGE	SZ_64K

static const size_t sizes[] = { 1, 8, 15, 64, 1000, 8192, 32768, 32769, 100000, SZ_1M };
static void *objects[OBJECTS];
static void **held;
static unsigned long nheld, failures;

static void fail(int nid, size_t size, const char *what, int got)
{
	failures++;
	pr_err("FAILED: node %d, %zu bytes: %s (%d)\n", nid, size, what, got);
}

static int nid_of(const void *ptr)
{
	return page_to_nid(virt_to_page(ptr));
}

/* Where the kernel itself goes when it is asked for a node's memory. */
static int kernel_nid(int nid)
{
	struct page *page = alloc_pages_node(nid, GFP_KERNEL, 0);
	int got = NUMA_NO_NODE;

	if (page) {
		got = page_to_nid(page);
		__free_page(page);
	}
	return got;
}

static void free_objects(void)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		goalloc_free(objects[i]);
		objects[i] = NULL;
	}
}

/* Objects of @size from @nid must lie on @wanted, or not be there if it is no node. */
static void try_size(int nid, size_t size, gfp_t gfp, int wanted)
{
	unsigned int i, n = size > SZ_64K ? 8 : OBJECTS;

	for (i = 0; i < n; i++) {
		objects[i] = goalloc_alloc_node(size, gfp, nid);
		if (!objects[i] && wanted != NUMA_NO_NODE)
			fail(nid, size, "NULL", wanted);
		if (objects[i] && nid_of(objects[i]) != wanted)
			fail(nid, size, "is on another node", nid_of(objects[i]));
		if (objects[i])
			memset(objects[i], nid, size);
	}
	free_objects();
}

static void try_node(int nid)
{
	bool memory = node_state(nid, N_MEMORY);
	int wanted = kernel_nid(nid);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		try_size(nid, sizes[i], GFP_KERNEL, wanted);
		try_size(nid, sizes[i], GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN,
			 memory ? nid : NUMA_NO_NODE);
		try_size(nid, sizes[i], GFP_ATOMIC | __GFP_ZERO, wanted);
	}
	pr_info("node %d %s memory: %zu sizes of goalloc_alloc_node() on node %d\n", nid,
		memory ? "with" : "without", ARRAY_SIZE(sizes), wanted);
}

static void try_no_node(void)
{
	void *ptr = goalloc_alloc_node(64, GFP_KERNEL, NUMA_NO_NODE);

	if (!ptr)
		fail(NUMA_NO_NODE, 64, "NULL", 0);
	goalloc_free(ptr);
	if (goalloc_alloc_node(64, GFP_KERNEL, nr_node_ids))
		fail(nr_node_ids, 64, "not NULL", 0);
	if (goalloc_alloc_node(SZ_64K, GFP_KERNEL, MAX_NUMNODES))
		fail(MAX_NUMNODES, SZ_64K, "not NULL", 0);
	if (goalloc_alloc_node(64, GFP_KERNEL, -2))
		fail(-2, 64, "not NULL", 0);
}

/* Keep half of @hold_mb in small, half in large objects. */
static int hold_memory(void)
{
	unsigned long half = (unsigned long)hold_mb * SZ_1M / 2, i;
	unsigned long nsmall = half / HELD_SMALL, n = nsmall + half / HELD_LARGE;

	held = vcalloc(n, sizeof(*held));
	if (!held)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		size_t size = i < nsmall ? HELD_SMALL : HELD_LARGE;

		held[i] = goalloc_alloc_node(size, GFP_KERNEL, hold);
		nheld = i + 1;
		if (!held[i])
			fail(hold, size, "NULL", hold);
		else if (node_state(hold, N_MEMORY) && nid_of(held[i]) != hold)
			fail(hold, size, "is on another node", nid_of(held[i]));
		if (failures)
			return -EIO;
	}
	pr_info("%u MiB of node %d are held in %lu objects\n", hold_mb, hold, n);
	return 0;
}

static void free_held(void)
{
	unsigned long i;

	for (i = 0; i < nheld; i++)
		goalloc_free(held[i]);
	vfree(held);
}

static int __init numa_init(void)
{
	int nid, err = 0;

	if (hold == NUMA_NO_NODE) {
		for_each_online_node(nid)
			try_node(nid);
		try_no_node();
	} else if (hold < 0 || hold >= nr_node_ids || !node_online(hold)) {
		return -EINVAL;
	}
	if (hold != NUMA_NO_NODE)
		err = hold_memory();
	if (failures) {
		free_held();
		return -EIO;
	}
	return err;
}

static void __exit numa_exit(void)
{
	free_held();
}

module_init(numa_init);
module_exit(numa_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("goalloc serves from the node that was asked for");
