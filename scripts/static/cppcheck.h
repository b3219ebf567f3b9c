/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For cppcheck, which is not given the kernel's headers: macros that it cannot
 * guess the syntax of.
 */
#define BITS_PER_LONG			64
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
#define for_each_node(node)		for ((node) = 0; (node) < nr_node_ids; (node)++)
#define for_each_online_node(node)	for_each_node(node)
#define for_each_node_state(node, s)	for_each_node(node)
#define list_for_each_entry_rcu(pos, head, member, ...) \
	for ((pos) = first_of(head); (pos); (pos) = next_of(pos))
#define list_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = first_of(head); (n) = next_of(pos), (pos); (pos) = (n))
#define DEFINE_FREE(name, type, free)	static type name
#define RB_DECLARE_CALLBACKS_MAX(...)	static int callbacks
#define MODULE_LICENSE(s)
