/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oracle: a table of what was allocated (address, size, class, and a key from
 * which every byte of the contents follows), and random steps that allocate, resize
 * and free by every function of the front door and check all that it promises.
 *
 * NULL is an answer like others: it is counted, an object that could not be resized
 * must be as it was, and whether there may be any is for the suite to say.
 */
#ifndef _GOALLOC_KUNIT_ORACLE_H
#define _GOALLOC_KUNIT_ORACLE_H

#include "kunit_util.h"

struct live {
	void *ptr;
	u32 size;
	u32 key;
	bool noscan;
};

/**
 * struct oracle - live objects and what is wrong with them
 * @rnd: where the steps come from
 * @live: the table
 * @n: entries of it
 * @nlive: entries with an object
 * @largest: largest size to ask for
 * @tried: allocations and resizings asked for
 * @nulls: those that were answered with NULL
 * @bad: objects not intact, not zero or too small
 * @key: of the next object
 */
struct oracle {
	struct rnd_state rnd;
	struct live *live;
	unsigned int n;
	unsigned int nlive;
	u32 largest;
	unsigned int tried;
	unsigned int nulls;
	unsigned int bad;
	u32 key;
};

void oracle_init(struct kunit *test, struct oracle *o, unsigned int n, u32 largest);
void oracle_exit(struct oracle *o);
/* Allocate, resize or free an object. */
void oracle_step(struct oracle *o);
/* Free all. */
void oracle_clear(struct oracle *o);

#endif /* _GOALLOC_KUNIT_ORACLE_H */
