/* SPDX-License-Identifier: GPL-2.0 */
/* What goallocstat writes: one snapshot to standard output, in three forms, or rates. */
#ifndef GOALLOC_TOOLS_STAT_H
#define GOALLOC_TOOLS_STAT_H

#include "snapshot.h"

void print_people(const struct snapshot *s, bool all);
void print_json(const struct snapshot *s);
void print_prometheus(const struct snapshot *s);

/* Line number @line of levels and rates, under a heading now and then. */
void print_rates(const struct snapshot *before, const struct snapshot *now, unsigned long line);

#endif
