/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A copy of the kernel's code in a module exports nothing: the kernel does.
 */
#include <linux/build_bug.h>
#include <linux/export.h>

#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(symbol)		static_assert(sizeof(typeof(symbol) *))
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(symbol)	EXPORT_SYMBOL(symbol)
