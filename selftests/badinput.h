/* SPDX-License-Identifier: GPL-2.0 */
/* goalloc_badinput: what its files share.  badinput_main.c says how it works. */
#ifndef _BADINPUT_H
#define _BADINPUT_H

#define pr_fmt(fmt) "goalloc_badinput: " fmt

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <linux/goalloc.h>

#define NR_LIVE		256		/* objects that live around the bad input */
#define NR_VICTIMS	3		/* objects that the bad input is about */

/**
 * struct object - one live object, or none
 * @ptr: where it is, or NULL
 * @usable: its goalloc_size()
 * @size: what was asked for
 * @noscan: it was asked for from the spans without pointers
 * @byte: what it is filled with
 */
struct object {
	u8 *ptr;
	size_t usable;
	size_t size;
	bool noscan;
	u8 byte;
};

/**
 * struct bad_case - one kind of bad input
 * @name: for the case parameter
 * @run: hands it in
 * @sizes: of the objects it is about, up to the first 0
 * @noscan: they come from the spans without pointers
 * @by_other: bit 0: the good free, bit 1: the bad calls are made by another CPU
 * @offsets: into the objects, up to the first 0
 * @alone: @run comes before there are live objects
 */
struct bad_case {
	const char *name;
	void (*run)(const struct bad_case *c);
	size_t sizes[NR_VICTIMS];
	bool noscan;
	unsigned int by_other;
	unsigned long offsets[3];
	bool alone;
};

#define GOOD_FREE	BIT(0)
#define BAD_CALLS	BIT(1)

extern struct object objects[NR_LIVE + NR_VICTIMS];
extern struct object *const victims;
extern int owner_cpu, other_cpu;
extern unsigned long bad_calls, failures;
extern u64 rng;

/* badinput_object.c */
void fail(const char *what, size_t size);
void expect(bool ok, const char *what);
void object_fill(struct object *o);
void object_alloc(struct object *o, gfp_t gfp);
void object_check(const struct object *o);
void object_free(struct object *o);
long fill_table(void *data);
long next_allocs(void *data);
void empty_table(void);
long bad_pointer(void *ptr);
void bad_address(unsigned long addr);

/* badinput_pointer.c: cases about pointers of goalloc; badinput_foreign.c: others' */
void run_double(const struct bad_case *c);
void run_interior(const struct bad_case *c);
void run_tail(const struct bad_case *c);
void run_retired_free(const struct bad_case *c);
void run_retired_again(const struct bad_case *c);
void run_flood(const struct bad_case *c);
void run_stray_put_page(const struct bad_case *c);
void run_stray_kfree(const struct bad_case *c);
void run_softirq(const struct bad_case *c);
void run_hardirq(const struct bad_case *c);
void run_nmi(const struct bad_case *c);
void run_nmi_foreign(const struct bad_case *c);
void run_kmalloc(const struct bad_case *c);
void run_kmalloc_small(const struct bad_case *c);
void run_vmalloc(const struct bad_case *c);
void run_stack(const struct bad_case *c);
void run_module_data(const struct bad_case *c);
void run_user(const struct bad_case *c);
void run_noncanonical(const struct bad_case *c);
void run_null_page(const struct bad_case *c);
void run_error_pointer(const struct bad_case *c);
void run_hole(const struct bad_case *c);

#endif /* _BADINPUT_H */
