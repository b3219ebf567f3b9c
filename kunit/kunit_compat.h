/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.6 KUnit ran a module's suites before the module's parameters were set. */
#ifndef _GOALLOC_KUNIT_COMPAT_H
#define _GOALLOC_KUNIT_COMPAT_H

#include <linux/module.h>
#include <linux/version.h>

/* What insmod was given, where the parameters may not have been set from it yet. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define compat_module_args()	(THIS_MODULE->args)
#else
#define compat_module_args()	NULL
#endif

#endif /* _GOALLOC_KUNIT_COMPAT_H */
