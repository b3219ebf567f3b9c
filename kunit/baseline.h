/* SPDX-License-Identifier: GPL-2.0 */
/* What must be as it was before faults were injected: pages, spans, structs and bytes. */
#ifndef _GOALLOC_BASELINE_H
#define _GOALLOC_BASELINE_H

#include "kunit_util.h"

#define NR_METADATA	4	/* allocators of structs */

/* Structs taken out of the allocators of metadata, so that the next one needs a draw. */
struct hoard {
	void *objs[NR_METADATA];
	unsigned long n[NR_METADATA];
};

void hoard(struct hoard *h);
void unhoard(struct hoard *h);

struct baseline {
	struct mem_stats st;
	unsigned long structs[NR_METADATA];
	unsigned long bytes[NR_MEM_KINDS];
	unsigned long reports;
};

void take_baseline(struct baseline *b);
/* How many of the figures are not what they were; each is a failed expectation too. */
unsigned int leaks(struct kunit *test, const struct baseline *b);

#endif /* _GOALLOC_BASELINE_H */
