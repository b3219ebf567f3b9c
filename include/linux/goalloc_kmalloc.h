/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kmalloc() family of a source file, served by goalloc, without a change in it:
 *
 *	ccflags-y += -I$(GOALLOC)/include -include linux/goalloc_kmalloc.h
 *
 * or one #include of this header after those of the kernel.  What cannot work, and how
 * to see it coming, is in Documentation/porting.rst.
 *
 * Every name below stands for a function of the same signature and not for a macro with
 * arguments, so that it can be used as a function pointer (".free = kfree"), too.
 *
 * A kernel header that is included after this one has its inline functions routed as
 * well.  That is harmless where they free: every function here takes memory of both
 * allocators.  It is not where they allocate what the kernel frees; such headers are
 * included here first, as far as every kernel has them and they cost little.
 */
#ifndef _LINUX_GOALLOC_KMALLOC_H
#define _LINUX_GOALLOC_KMALLOC_H

#include <linux/cleanup.h>
#include <linux/generic-radix-tree.h>
#include <linux/nodemask.h>
#include <linux/textsearch.h>

#include <linux/goalloc.h>
#include <linux/goalloc_dropin.h>
#include <linux/goalloc_dropin_cache.h>
#include <linux/goalloc_dropin_devm.h>

/* One for the module: of those in its files the linker takes the first. */
#ifndef GOALLOC_NO_MODULE_HEAP
struct goalloc_heap goalloc_module_heap __weak = {
	.name = KBUILD_MODNAME,
	.owner = THIS_MODULE,
};
#endif

/* Free. */
#undef kfree
#define kfree			goalloc_dropin_kfree
#undef kfree_sensitive
#define kfree_sensitive		goalloc_dropin_kfree_sensitive
#undef kfree_const
#define kfree_const		goalloc_dropin_kfree_const
#undef kfree_bulk
#define kfree_bulk		goalloc_dropin_kfree_bulk
#undef kfree_nolock
#define kfree_nolock		goalloc_dropin_kfree_nolock
#undef kvfree
#define kvfree			goalloc_dropin_kvfree
#undef kvfree_atomic
#define kvfree_atomic		goalloc_dropin_kvfree
#undef kvfree_sensitive
#define kvfree_sensitive	goalloc_dropin_kvfree_sensitive

/* __free(kfree) and its like: __free_kfree is what __free() makes of it. */
DEFINE_FREE(goalloc_dropin_kfree, void *, if (!IS_ERR_OR_NULL(_T)) goalloc_dropin_kfree(_T))
#define __free_kfree		__free_goalloc_dropin_kfree
DEFINE_FREE(goalloc_dropin_kfree_sensitive, void *, if (_T) goalloc_dropin_kfree_sensitive(_T))
#define __free_kfree_sensitive	__free_goalloc_dropin_kfree_sensitive
DEFINE_FREE(goalloc_dropin_kvfree, void *, if (!IS_ERR_OR_NULL(_T)) goalloc_dropin_kvfree(_T))
#define __free_kvfree		__free_goalloc_dropin_kvfree
#define __free_kvfree_atomic	__free_goalloc_dropin_kvfree

/* Free after a grace period, by the name of the head in the object ("...") or without. */
#define goalloc_dropin_free_rcu_2(ptr, ...)						\
do {											\
	typeof(ptr) __goalloc_p = (ptr);						\
											\
	if (goalloc_owns(__goalloc_p))							\
		goalloc_dropin_kvfree_rcu(&__goalloc_p->__VA_ARGS__, __goalloc_p);	\
	else										\
		kvfree_rcu_arg_2(__goalloc_p, __VA_ARGS__);				\
} while (0)

#define goalloc_dropin_free_rcu_1(ptr)							\
do {											\
	typeof(ptr) __goalloc_p = (ptr);						\
											\
	if (goalloc_owns(__goalloc_p))							\
		goalloc_dropin_kvfree_rcu_mightsleep(__goalloc_p);			\
	else										\
		kvfree_rcu_arg_1(__goalloc_p);						\
} while (0)

#define goalloc_dropin_free_rcu(...)							\
	CONCATENATE(goalloc_dropin_free_rcu_, COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__)

#undef kfree_rcu
#define kfree_rcu		goalloc_dropin_free_rcu
#undef kvfree_rcu
#define kvfree_rcu		goalloc_dropin_free_rcu
#undef kfree_rcu_mightsleep
#define kfree_rcu_mightsleep	goalloc_dropin_free_rcu_1
#undef kvfree_rcu_mightsleep
#define kvfree_rcu_mightsleep	goalloc_dropin_free_rcu_1
#undef kvfree_rcu_barrier
#define kvfree_rcu_barrier()								\
do {											\
	goalloc_dropin_kvfree_rcu_barrier();						\
	(kvfree_rcu_barrier)();								\
} while (0)

/* Allocate. */
#undef kmalloc
#define kmalloc			goalloc_dropin_kmalloc
#undef kzalloc
#define kzalloc			goalloc_dropin_kzalloc
#undef kcalloc
#define kcalloc			goalloc_dropin_kcalloc
#undef kmalloc_array
#define kmalloc_array		goalloc_dropin_kmalloc_array
#undef kmalloc_node
#define kmalloc_node		goalloc_dropin_kmalloc_node
#undef kzalloc_node
#define kzalloc_node		goalloc_dropin_kzalloc_node
#undef kcalloc_node
#define kcalloc_node		goalloc_dropin_kcalloc_node
#undef kmalloc_array_node
#define kmalloc_array_node	goalloc_dropin_kmalloc_array_node
#undef kmalloc_track_caller
#define kmalloc_track_caller	goalloc_dropin_kmalloc
#undef kmalloc_node_track_caller
#define kmalloc_node_track_caller goalloc_dropin_kmalloc_node

#undef krealloc
#define krealloc		goalloc_dropin_krealloc
#undef krealloc_array
#define krealloc_array		goalloc_dropin_krealloc_array
#undef krealloc_node
#define krealloc_node		goalloc_dropin_krealloc_node

#undef kvmalloc
#define kvmalloc		goalloc_dropin_kvmalloc
#undef kvzalloc
#define kvzalloc		goalloc_dropin_kvzalloc
#undef kvcalloc
#define kvcalloc		goalloc_dropin_kvcalloc
#undef kvmalloc_array
#define kvmalloc_array		goalloc_dropin_kvmalloc_array
#undef kvmalloc_node
#define kvmalloc_node		goalloc_dropin_kvmalloc_node
#undef kvmalloc_node_align
#define kvmalloc_node_align	goalloc_dropin_kvmalloc_node_align
#undef kvzalloc_node
#define kvzalloc_node		goalloc_dropin_kvzalloc_node
#undef kvcalloc_node
#define kvcalloc_node		goalloc_dropin_kvcalloc_node
#undef kvmalloc_array_node
#define kvmalloc_array_node	goalloc_dropin_kvmalloc_array_node
#undef kvrealloc
#define kvrealloc		goalloc_dropin_kvrealloc

/* Sizes. */
#undef ksize
#define ksize			goalloc_dropin_ksize
#undef kmalloc_size_roundup
#define kmalloc_size_roundup	goalloc_dropin_kmalloc_size_roundup

/* Copies.  What kstrdup_const() copies is the kernel's, and kfree_const() knows it. */
#undef kmemdup
#define kmemdup			goalloc_dropin_kmemdup
#undef kmemdup_array
#define kmemdup_array		goalloc_dropin_kmemdup_array
#undef kmemdup_nul
#define kmemdup_nul		goalloc_dropin_kmemdup_nul
#undef kvmemdup
#define kvmemdup		goalloc_dropin_kvmemdup
#undef kstrdup
#define kstrdup			goalloc_dropin_kstrdup
#undef kstrndup
#define kstrndup		goalloc_dropin_kstrndup
#undef kasprintf
#define kasprintf		goalloc_dropin_kasprintf
#undef kvasprintf
#define kvasprintf		goalloc_dropin_kvasprintf

/* What goes with a device.  What devm_kstrdup_const() copies is the kernel's. */
#undef devm_kmalloc
#define devm_kmalloc		goalloc_dropin_devm_kmalloc
#undef devm_kzalloc
#define devm_kzalloc		goalloc_dropin_devm_kzalloc
#undef devm_kmalloc_array
#define devm_kmalloc_array	goalloc_dropin_devm_kmalloc_array
#undef devm_kcalloc
#define devm_kcalloc		goalloc_dropin_devm_kcalloc
#undef devm_krealloc
#define devm_krealloc		goalloc_dropin_devm_krealloc
#undef devm_krealloc_array
#define devm_krealloc_array	goalloc_dropin_devm_krealloc_array
#undef devm_kmemdup
#define devm_kmemdup		goalloc_dropin_devm_kmemdup
#undef devm_kmemdup_array
#define devm_kmemdup_array	goalloc_dropin_devm_kmemdup_array
#undef devm_kstrdup
#define devm_kstrdup		goalloc_dropin_devm_kstrdup
#undef devm_kasprintf
#define devm_kasprintf		goalloc_dropin_devm_kasprintf
#undef devm_kvasprintf
#define devm_kvasprintf		goalloc_dropin_devm_kvasprintf
#undef devm_kfree
#define devm_kfree		goalloc_dropin_devm_kfree

/*
 * Object caches.  Where kmem_cache_create() and KMEM_CACHE() are macros, it is what they
 * stand for that is routed.
 */
#ifdef kmem_cache_create
#define __kmem_cache_create_args	goalloc_dropin_kmem_cache_create_args
#define __kmem_cache_default_args	goalloc_dropin_kmem_cache_default_args
#define __kmem_cache_create		goalloc_dropin_kmem_cache_create
#else
#define kmem_cache_create		goalloc_dropin_kmem_cache_create
#endif
#undef kmem_cache_create_usercopy
#define kmem_cache_create_usercopy	goalloc_dropin_kmem_cache_create_usercopy
#undef kmem_cache_destroy
#define kmem_cache_destroy		goalloc_dropin_kmem_cache_destroy
#undef kmem_cache_shrink
#define kmem_cache_shrink		goalloc_dropin_kmem_cache_shrink
#undef kmem_cache_size
#define kmem_cache_size			goalloc_dropin_kmem_cache_size
#undef kmem_cache_alloc
#define kmem_cache_alloc		goalloc_dropin_kmem_cache_alloc
#undef kmem_cache_zalloc
#define kmem_cache_zalloc		goalloc_dropin_kmem_cache_zalloc
#undef kmem_cache_alloc_node
#define kmem_cache_alloc_node		goalloc_dropin_kmem_cache_alloc_node
#undef kmem_cache_alloc_lru
#define kmem_cache_alloc_lru		goalloc_dropin_kmem_cache_alloc_lru
#undef kmem_cache_alloc_bulk
#define kmem_cache_alloc_bulk		goalloc_dropin_kmem_cache_alloc_bulk
#undef kmem_cache_free
#define kmem_cache_free			goalloc_dropin_kmem_cache_free
#undef kmem_cache_free_bulk
#define kmem_cache_free_bulk		goalloc_dropin_kmem_cache_free_bulk

/* Mempools of them, and of kmalloc(). */
#undef mempool_alloc_slab
#define mempool_alloc_slab		goalloc_dropin_mempool_alloc_slab
#undef mempool_free_slab
#define mempool_free_slab		goalloc_dropin_mempool_free_slab
#undef mempool_init_slab_pool
#define mempool_init_slab_pool		goalloc_dropin_mempool_init_slab_pool
#undef mempool_create_slab_pool
#define mempool_create_slab_pool	goalloc_dropin_mempool_create_slab_pool
#undef mempool_kmalloc
#define mempool_kmalloc			goalloc_dropin_mempool_kmalloc
#undef mempool_kfree
#define mempool_kfree			goalloc_dropin_mempool_kfree
#undef mempool_init_kmalloc_pool
#define mempool_init_kmalloc_pool	goalloc_dropin_mempool_init_kmalloc_pool
#undef mempool_create_kmalloc_pool
#define mempool_create_kmalloc_pool	goalloc_dropin_mempool_create_kmalloc_pool

/* What is behind the kernel's macros since 6.10, for those who call it themselves. */
#undef kmalloc_noprof
#define kmalloc_noprof		goalloc_dropin_kmalloc
#undef kzalloc_noprof
#define kzalloc_noprof		goalloc_dropin_kzalloc
#undef kmalloc_array_noprof
#define kmalloc_array_noprof	goalloc_dropin_kmalloc_array
#undef kmalloc_node_noprof
#define kmalloc_node_noprof	goalloc_dropin_kmalloc_node
#undef kmalloc_array_node_noprof
#define kmalloc_array_node_noprof goalloc_dropin_kmalloc_array_node
#undef krealloc_noprof
#define krealloc_noprof		goalloc_dropin_krealloc
#undef krealloc_array_noprof
#define krealloc_array_noprof	goalloc_dropin_krealloc_array
#undef kvmalloc_noprof
#define kvmalloc_noprof		goalloc_dropin_kvmalloc
#undef kvmalloc_node_noprof
#define kvmalloc_node_noprof	goalloc_dropin_kvmalloc_node
#undef kvmalloc_node_align_noprof
#define kvmalloc_node_align_noprof goalloc_dropin_kvmalloc_node_align
#undef kvmalloc_array_noprof
#define kvmalloc_array_noprof	goalloc_dropin_kvmalloc_array
#undef kvmalloc_array_node_noprof
#define kvmalloc_array_node_noprof goalloc_dropin_kvmalloc_array_node
#undef kvcalloc_noprof
#define kvcalloc_noprof		goalloc_dropin_kvcalloc
#undef kvcalloc_node_noprof
#define kvcalloc_node_noprof	goalloc_dropin_kvcalloc_node
#undef kvrealloc_noprof
#define kvrealloc_noprof	goalloc_dropin_kvrealloc
#undef kmemdup_noprof
#define kmemdup_noprof		goalloc_dropin_kmemdup
#undef kmem_cache_alloc_noprof
#define kmem_cache_alloc_noprof	goalloc_dropin_kmem_cache_alloc
#undef kmem_cache_alloc_node_noprof
#define kmem_cache_alloc_node_noprof goalloc_dropin_kmem_cache_alloc_node
#undef kmem_cache_alloc_lru_noprof
#define kmem_cache_alloc_lru_noprof goalloc_dropin_kmem_cache_alloc_lru
#undef kmem_cache_alloc_bulk_noprof
#define kmem_cache_alloc_bulk_noprof goalloc_dropin_kmem_cache_alloc_bulk

/*
 * These take memory of the family and have no counterpart: a file that calls one does
 * not compile, instead of giving goalloc's memory to the kernel.
 */
#undef krealloc_node_align
#define krealloc_node_align	goalloc_dropin_has_no_krealloc_node_align
#undef kvrealloc_node_align
#define kvrealloc_node_align	goalloc_dropin_has_no_kvrealloc_node_align
#undef kfree_rcu_nolock
#define kfree_rcu_nolock	goalloc_dropin_has_no_kfree_rcu_nolock
#undef kmem_cache_charge
#define kmem_cache_charge	goalloc_dropin_has_no_kmem_cache_charge
#undef kmem_cache_prefill_sheaf
#define kmem_cache_prefill_sheaf goalloc_dropin_has_no_kmem_cache_prefill_sheaf

#endif /* _LINUX_GOALLOC_KMALLOC_H */
