/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc_cache: object caches, the counterpart of kmem_cache.
 *
 * A cache serves objects of one size, exactly as large as asked for: rounded up to
 * their alignment and no more.  It has spans, counters and a row in
 * /proc/goalloc/heaps of its own, and belongs to the module that makes it.
 *
 * Whatever takes an object of goalloc's takes one of a cache: goalloc_free(),
 * goalloc_size(), goalloc_free_bulk(), goalloc_free_rcu().  goalloc_realloc() moves one
 * that grows out of its cache.  goalloc_free_sensitive() clears it, with what a
 * constructor has made.
 */
#ifndef _LINUX_GOALLOC_CACHE_H
#define _LINUX_GOALLOC_CACHE_H

#include <linux/goalloc.h>

struct goalloc_cache;

/* Flags of a cache. */
#define GOALLOC_CACHE_PANIC		GOALLOC_HEAP_PANIC	/* panic when it cannot be made */
#define GOALLOC_CACHE_HWALIGN		BIT(1)	/* no two objects in a cache line, if large */
#define GOALLOC_CACHE_TYPESAFE_BY_RCU	BIT(2)	/* pages go back after a grace period */
#define GOALLOC_CACHE_NOSCAN		BIT(3)	/* the objects hold no pointers */

/* The largest object of a cache. */
#define GOALLOC_CACHE_MAX_SIZE		(32UL << 10)

/**
 * struct goalloc_cache_args - what goalloc_cache_create() is told
 * @name: of the cache
 * @size: bytes an object
 * @align: alignment
 * @flags: GOALLOC_CACHE_*
 * @useroffset: first byte of an object that is copied to and from user space
 * @usersize: bytes of it
 * @ctor: constructor
 * @owner: the module
 */
struct goalloc_cache_args {
	const char *name;
	size_t size;
	size_t align;
	unsigned int flags;
	size_t useroffset;
	size_t usersize;
	void (*ctor)(void *obj);
	struct module *owner;
};

struct goalloc_cache *__goalloc_cache_create(const struct goalloc_cache_args *args);

/**
 * goalloc_cache_create_usercopy() - make a cache of objects that user space sees a part of
 * @cache_name: as for goalloc_cache_create()
 * @obj_size: as for goalloc_cache_create()
 * @obj_align: as for goalloc_cache_create()
 * @cache_flags: as for goalloc_cache_create()
 * @user_offset: first byte of that part
 * @user_size: bytes of it; 0 if there is none, and @user_offset too then
 * @obj_ctor: as for goalloc_cache_create()
 *
 * The part must lie inside the object, and is not enforced: the kernel's checks of
 * copies to and from user space see goalloc's objects as plain pages.
 *
 * Context: task; may sleep.
 * Return: as goalloc_cache_create().
 */
#define goalloc_cache_create_usercopy(cache_name, obj_size, obj_align, cache_flags, user_offset, \
				      user_size, obj_ctor)				\
	__goalloc_cache_create(&(const struct goalloc_cache_args) {			\
		.name = (cache_name),							\
		.size = (obj_size),							\
		.align = (obj_align),							\
		.flags = (cache_flags),							\
		.useroffset = (user_offset),						\
		.usersize = (user_size),						\
		.ctor = (obj_ctor),							\
		.owner = THIS_MODULE,							\
	})

/**
 * goalloc_cache_create() - make a cache
 * @cache_name: printable, without spaces, shorter than %GOALLOC_HEAP_NAME_MAX, and no
 *	other cache's or heap's
 * @obj_size: bytes an object, at most %GOALLOC_CACHE_MAX_SIZE
 * @obj_align: alignment of the objects: 0 for 8, or a power of two up to %PAGE_SIZE
 * @cache_flags: of these, or 0:
 *	%GOALLOC_CACHE_HWALIGN: aligned to cache lines as well; small objects to the least
 *	part of one that holds them, halving it;
 *	%GOALLOC_CACHE_TYPESAFE_BY_RCU: memory of an object that was freed stays an object
 *	of this cache, free or in use again, until a grace period has passed, and nothing
 *	is written into it between its free and its next allocation;
 *	%GOALLOC_CACHE_NOSCAN: leak detectors do not search the objects for pointers;
 *	%GOALLOC_CACHE_PANIC: panic when the cache cannot be made
 * @obj_ctor: called once for each object when its memory becomes the cache's, and not
 *	again when it is allocated: it is freed as it is to be found.  In the context of an
 *	allocation; it must not sleep.  Or NULL.
 *
 * Context: task; may sleep.
 * Return: the cache, or NULL, with a report unless it was for want of memory.
 */
#define goalloc_cache_create(cache_name, obj_size, obj_align, cache_flags, obj_ctor)	\
	goalloc_cache_create_usercopy(cache_name, obj_size, obj_align, cache_flags, 0, 0, obj_ctor)

/**
 * GOALLOC_CACHE() - make a cache of structs, under the struct's name
 * @type: the struct, without "struct"
 * @cache_flags: as for goalloc_cache_create()
 *
 * Context: task; may sleep.
 * Return: as goalloc_cache_create().
 */
#define GOALLOC_CACHE(type, cache_flags)						\
	goalloc_cache_create(#type, sizeof(struct type), __alignof__(struct type),	\
			     cache_flags, NULL)

int goalloc_cache_destroy(struct goalloc_cache *cache);
int goalloc_cache_shrink(struct goalloc_cache *cache);
int goalloc_cache_set_limit(struct goalloc_cache *cache, size_t bytes);
size_t goalloc_cache_size(const struct goalloc_cache *cache);

void *goalloc_cache_alloc(struct goalloc_cache *cache, gfp_t gfp) __malloc;
void *goalloc_cache_alloc_node(struct goalloc_cache *cache, gfp_t gfp, int node) __malloc;
void goalloc_cache_free(struct goalloc_cache *cache, const void *ptr);
size_t goalloc_cache_alloc_bulk(struct goalloc_cache *cache, gfp_t gfp, size_t n, void **ptrs);
void goalloc_cache_free_bulk(struct goalloc_cache *cache, size_t n, void **ptrs);

/**
 * goalloc_cache_zalloc() - allocate a zeroed object
 * @cache: the cache; without a constructor
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_cache_alloc(), zero up to goalloc_size().
 */
static inline __malloc void *goalloc_cache_zalloc(struct goalloc_cache *cache, gfp_t gfp)
{
	return goalloc_cache_alloc(cache, gfp | __GFP_ZERO);
}

#endif /* _LINUX_GOALLOC_CACHE_H */
