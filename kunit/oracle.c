// SPDX-License-Identifier: GPL-2.0
/* Random allocations that are checked; see oracle.h. */
#include <linux/mm.h>

#include "oracle.h"

void oracle_init(struct kunit *test, struct oracle *o, unsigned int n, u32 largest)
{
	memset(o, 0, sizeof(*o));
	o->n = n;
	o->largest = largest;
	o->live = kvcalloc(n, sizeof(*o->live), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o->live);
	util_seed(test, &o->rnd);
}

void oracle_exit(struct oracle *o)
{
	kvfree(o->live);
}

static gfp_t some_gfp(struct oracle *o)
{
	return util_below(&o->rnd, 3) ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN;
}

/* Enter what a function returned: an object, or NULL, which changes nothing. */
static bool set(struct oracle *o, struct live *l, void *ptr, u32 size)
{
	o->tried++;
	if (!ptr) {
		o->nulls++;
		return false;
	}
	l->ptr = ptr;
	l->size = size;
	l->key = o->key++;
	o->bad += goalloc_size(ptr) < size;
	util_fill(ptr, goalloc_size(ptr), l->key);
	return true;
}

static void oracle_alloc(struct oracle *o, struct live *l)
{
	u32 size = util_size(&o->rnd, o->largest);
	gfp_t gfp = some_gfp(o);
	unsigned int how = util_below(&o->rnd, 6);
	void *ptr;

	l->noscan = how & 1;
	if (how < 2)
		ptr = l->noscan ? goalloc_zalloc_noscan(size, gfp) : goalloc_zalloc(size, gfp);
	else if (how < 5)
		ptr = l->noscan ? goalloc_alloc_noscan(size, gfp) : goalloc_alloc(size, gfp);
	else
		ptr = goalloc_alloc_node(size, gfp | __GFP_THISNODE, util_memory_node());
	if (how == 5)
		l->noscan = false;
	if (ptr && how < 2)
		o->bad += !util_is_zero(ptr, size);
	o->nlive += set(o, l, ptr, size);
}

static void oracle_check(struct oracle *o, struct live *l)
{
	o->bad += !util_filled(l->ptr, goalloc_size(l->ptr), l->key);
}

static void oracle_free(struct oracle *o, struct live *l)
{
	oracle_check(o, l);
	if (util_below(&o->rnd, 8))
		goalloc_free(l->ptr);
	else
		goalloc_free_sensitive(l->ptr);
	l->ptr = NULL;
	o->nlive--;
}

static void oracle_realloc(struct oracle *o, struct live *l)
{
	u32 size = util_size(&o->rnd, o->largest);
	void *ptr = goalloc_realloc(l->ptr, size, some_gfp(o));

	if (ptr)
		o->bad += !util_filled(ptr, rounddown(min(l->size, size), 8), l->key);
	else
		oracle_check(o, l);
	set(o, l, ptr, size);
}

void oracle_step(struct oracle *o)
{
	struct live *l = &o->live[util_below(&o->rnd, o->n)];

	if (!l->ptr)
		oracle_alloc(o, l);
	else if (util_below(&o->rnd, 8) == 0)
		oracle_realloc(o, l);
	else
		oracle_free(o, l);
}

void oracle_clear(struct oracle *o)
{
	unsigned int i;

	for (i = 0; i < o->n; i++)
		if (o->live[i].ptr)
			oracle_free(o, &o->live[i]);
}
