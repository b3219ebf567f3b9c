// SPDX-License-Identifier: GPL-2.0
/*
 * fault: the fault points' attributes, as directories in debugfs and as module
 * parameters.
 *
 * The attributes lie in the module, so that debugfs cannot reach what happens while
 * the module is loaded: the parameters can.  Only built where the kernel has fault
 * injection.
 */
#include <linux/debugfs.h>
#include <linux/moduleparam.h>

#include "internal.h"

struct fault_attr fault_attrs[NR_FAULT_POINTS] = {
	[0 ... NR_FAULT_POINTS - 1] = FAULT_ATTR_INITIALIZER,
};
EXPORT_SYMBOL_FOR_KUNIT(fault_attrs);

static const char * const fault_names[NR_FAULT_POINTS] = {
	[FAULT_DRAW] = "fail_goalloc_draw",
	[FAULT_META] = "fail_goalloc_meta",
	[FAULT_REFILL] = "fail_goalloc_refill",
};

static struct dentry *fault_dirs[NR_FAULT_POINTS];

static int fault_param_set(const char *val, const struct kernel_param *kp)
{
	return setup_fault_attr(kp->arg, (char *)val) ? 0 : -EINVAL;
}

static const struct kernel_param_ops fault_param_ops = {
	.set = fault_param_set,
};

module_param_cb(fail_goalloc_draw, &fault_param_ops, &fault_attrs[FAULT_DRAW], 0);
MODULE_PARM_DESC(fail_goalloc_draw,
		 "make draws of pages fail: interval,probability,space,times");
module_param_cb(fail_goalloc_meta, &fault_param_ops, &fault_attrs[FAULT_META], 0);
MODULE_PARM_DESC(fail_goalloc_meta,
		 "make draws of metadata fail: interval,probability,space,times");
module_param_cb(fail_goalloc_refill, &fault_param_ops, &fault_attrs[FAULT_REFILL], 0);
MODULE_PARM_DESC(fail_goalloc_refill,
		 "make refills of the CPUs' caches fail: interval,probability,space,times");

void fault_init(void)
{
	int i;

	for (i = 0; i < NR_FAULT_POINTS; i++)
		fault_dirs[i] = fault_create_debugfs_attr(fault_names[i], NULL, &fault_attrs[i]);
}

void fault_exit(void)
{
	int i;

	for (i = 0; i < NR_FAULT_POINTS; i++) {
		debugfs_remove(fault_dirs[i]);
		compat_fault_attr_put(&fault_attrs[i]);
	}
}
