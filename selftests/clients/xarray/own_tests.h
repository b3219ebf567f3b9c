/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests are called by own_nodes.c, and not by the loading of the module.
 */
#include "own_nodes.h"

#undef module_init
#define module_init(tests)	__alias(tests) int own_tests(void)
#undef module_exit
#define module_exit(end)	static_assert(sizeof(typeof(end) *))
