// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_badinput: cases about pointers that were never goalloc's.
 */
#include "badinput.h"

#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

static u8 module_data[64];

/* -------------------------------------------------------- foreign pointers */

/* Memory that is somebody else's must be as it was. */
static void bad_memory(void *ptr, size_t size)
{
	memset(ptr, 0x5a, size);
	bad_pointer(ptr);
	bad_pointer(ptr + 8);
	if (memchr_inv(ptr, 0x5a, size))
		fail("memory that is not goalloc's was changed", size);
}

/* A whole arena window, so that goalloc cannot hold a page beside it. */
void run_kmalloc(const struct bad_case *c)
{
	void *ptr = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);

	if (!ptr) {
		fail("no memory for the test", KMALLOC_MAX_SIZE);
		return;
	}
	bad_memory(ptr, KMALLOC_MAX_SIZE);
	kfree(ptr);
}

void run_kmalloc_small(const struct bad_case *c)
{
	void *ptr = kmalloc(64, GFP_KERNEL);

	if (!ptr) {
		fail("no memory for the test", 64);
		return;
	}
	bad_memory(ptr, 64);
	kfree(ptr);
}

void run_vmalloc(const struct bad_case *c)
{
	void *ptr = vmalloc(SZ_64K);

	if (!ptr) {
		fail("no memory for the test", SZ_64K);
		return;
	}
	bad_memory(ptr, SZ_64K);
	vfree(ptr);
}

void run_stack(const struct bad_case *c)
{
	u8 on_stack[64];

	bad_memory(on_stack, sizeof(on_stack));
}

void run_module_data(const struct bad_case *c)
{
	bad_memory(module_data, sizeof(module_data));
}

void run_user(const struct bad_case *c)
{
	bad_address(PAGE_SIZE);
	bad_address(0x7fff12345678);
	bad_address(current->mm ? current->mm->start_code : SZ_4M);
}

void run_noncanonical(const struct bad_case *c)
{
	bad_address(0x8000000000000000);
	bad_address(0x0100000000001000);
	bad_address((unsigned long)LIST_POISON1);
}

void run_null_page(const struct bad_case *c)
{
	bad_address(0x11);	/* ZERO_SIZE_PTR is 0x10 */
	bad_address(0x20);
	bad_address(PAGE_SIZE - 1);
}

void run_error_pointer(const struct bad_case *c)
{
	bad_pointer(ERR_PTR(-ENOMEM));
	bad_pointer(ERR_PTR(-MAX_ERRNO));
	bad_address(ULONG_MAX);
}

/* Addresses of the direct map that no memory answers to. */
void run_hole(const struct bad_case *c)
{
	unsigned long addr = ALIGN_DOWN((unsigned long)objects[0].ptr, SZ_4M);

	while (virt_addr_valid(addr))
		addr += SZ_4M;
	bad_address(addr);
	bad_address(addr + SZ_1M + 8);
	bad_address(PAGE_OFFSET + SZ_1T - 8);
}
