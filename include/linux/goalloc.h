/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc: Go's memory allocator for kernel modules.
 *
 * This header is all that most clients need; <linux/goalloc_region.h> has regions
 * and stacks, <linux/goalloc_kmalloc.h> the drop-in.  The functions mirror the kmalloc()
 * family: the same gfp flags, the same %ZERO_SIZE_PTR for a size of zero, the
 * same permission to free NULL.  What differs is written beside each function.
 *
 * Context, for all of them: allocation works wherever kmalloc() works with the
 * same gfp flags; in NMI it succeeds only when this CPU's cache can serve it
 * and otherwise returns NULL.  Freeing works in any context, NMI included, and
 * never sleeps.
 *
 * Alignment, for all of them: a size that is a power of two is aligned to
 * itself; every other size is aligned to %ARCH_KMALLOC_MINALIGN at least.
 * Sizes under that (a few bytes without pointers) are aligned as C would align
 * an object of that size.
 *
 * Sizes are in bytes.  One request may be at most %GOALLOC_MAX_SIZE.
 */
#ifndef _LINUX_GOALLOC_H
#define _LINUX_GOALLOC_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler_attributes.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#include <linux/goalloc_classes.h>

struct device;

/* The largest request, 4 MiB: one arena, the buddy allocator's largest block. */
#define GOALLOC_MAX_SIZE	(4UL << 20)

void goalloc_free(const void *ptr);
void goalloc_free_sensitive(const void *ptr);

void *goalloc_alloc(size_t size, gfp_t gfp)
	__alloc_size(1) __assume_kmalloc_alignment __malloc;
void *goalloc_alloc_noscan(size_t size, gfp_t gfp) __alloc_size(1) __malloc;
void *goalloc_alloc_node(size_t size, gfp_t gfp, int node)
	__alloc_size(1) __assume_kmalloc_alignment __malloc;

void *__goalloc_alloc_class(size_t size, gfp_t gfp, unsigned long slot)
	__alloc_size(1) __malloc;
void *__goalloc_zalloc_class(size_t size, gfp_t gfp, unsigned long slot)
	__alloc_size(1) __malloc;

/*
 * Where the compiler knows size and flags it looks up the class, as it does for
 * kmalloc().  The functions behind the macros are those of these names.  Clients have the
 * table of classes compiled in: it is Go's, and does not change.
 */
#define __GOALLOC_SLOT_SIZE	64
#define __GOALLOC_TINY_SIZE	16	/* below, objects without pointers share blocks */
#define __GOALLOC_GFP_ODD	(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

static __always_inline bool __goalloc_is_known(size_t size, gfp_t gfp, unsigned int noscan)
{
	return __builtin_constant_p(size) && __builtin_constant_p(gfp) &&
	       size >= (noscan ? __GOALLOC_TINY_SIZE : 1) && size <= __GOALLOC_CLASS_MAX &&
	       !(gfp & __GOALLOC_GFP_ODD);
}

/* Where in a CPU's cache the slot of its class lies. */
static __always_inline unsigned long __goalloc_known_slot(size_t size, unsigned int noscan)
{
	unsigned long spc = __goalloc_class(round_up(size, ARCH_KMALLOC_MINALIGN)) << 1 | noscan;

	return spc * __GOALLOC_SLOT_SIZE;
}

static __always_inline __alloc_size(1)
void *__goalloc_alloc_of_known(size_t size, gfp_t gfp, unsigned int noscan)
{
	unsigned long slot = __goalloc_known_slot(size, noscan);

	if (gfp & __GFP_ZERO)
		return __goalloc_zalloc_class(size, gfp, slot);
	return __goalloc_alloc_class(size, gfp, slot);
}

static __always_inline __alloc_size(1) __assume_kmalloc_alignment __malloc
void *__goalloc_alloc(size_t size, gfp_t gfp)
{
	return __goalloc_is_known(size, gfp, 0) ? __goalloc_alloc_of_known(size, gfp, 0) :
						  goalloc_alloc(size, gfp);
}

static __always_inline __alloc_size(1) __malloc
void *__goalloc_alloc_noscan(size_t size, gfp_t gfp)
{
	return __goalloc_is_known(size, gfp, 1) ? __goalloc_alloc_of_known(size, gfp, 1) :
						  goalloc_alloc_noscan(size, gfp);
}

#define goalloc_alloc(size, gfp)	__goalloc_alloc(size, gfp)
#define goalloc_alloc_noscan(size, gfp)	__goalloc_alloc_noscan(size, gfp)

void *goalloc_realloc(const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(2) __must_check;

size_t goalloc_size(const void *ptr);
size_t goalloc_size_roundup(size_t size);

/**
 * goalloc_zalloc() - allocate zeroed memory
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, zero up to goalloc_size(), %ZERO_SIZE_PTR for size 0,
 * or NULL.
 */
static __always_inline __alloc_size(1) __malloc void *goalloc_zalloc(size_t size, gfp_t gfp)
{
	return goalloc_alloc(size, gfp | __GFP_ZERO);
}

/**
 * goalloc_zalloc_noscan() - allocate zeroed memory that will hold no pointers
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_zalloc().
 */
static __always_inline __alloc_size(1) __malloc
void *goalloc_zalloc_noscan(size_t size, gfp_t gfp)
{
	return goalloc_alloc_noscan(size, gfp | __GFP_ZERO);
}

/**
 * goalloc_alloc_array() - allocate an array
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, or NULL also when @n * @size overflows.
 */
static __always_inline __alloc_size(1, 2) __malloc
void *goalloc_alloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_alloc(bytes, gfp);
}

/**
 * goalloc_calloc() - allocate a zeroed array
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, or NULL also when @n * @size overflows.
 */
static __always_inline __alloc_size(1, 2) __malloc
void *goalloc_calloc(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_alloc_array(n, size, gfp | __GFP_ZERO);
}

/**
 * goalloc_realloc_array() - change the number of elements of an array
 * @ptr: the array, or NULL
 * @n: new number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_realloc(); NULL, with @ptr untouched, also when
 * @n * @size overflows.
 */
static inline __alloc_size(2, 3) __must_check
void *goalloc_realloc_array(const void *ptr, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_realloc(ptr, bytes, gfp);
}

/* -------------------------------------------------- contiguous memory or not */

void goalloc_kvfree(const void *ptr);
void goalloc_kvfree_sensitive(const void *ptr, size_t len);
void *goalloc_kvalloc_node(size_t size, gfp_t gfp, int node) __alloc_size(1) __malloc;

/**
 * goalloc_kvalloc() - allocate memory, contiguous or not
 * @size: bytes wanted, at most %INT_MAX
 * @gfp: as for goalloc_kvalloc_node()
 *
 * Context: as goalloc_alloc().
 * Return: the memory, for goalloc_kvfree(), %ZERO_SIZE_PTR for size 0, or NULL.
 */
static inline __alloc_size(1) __malloc void *goalloc_kvalloc(size_t size, gfp_t gfp)
{
	return goalloc_kvalloc_node(size, gfp, NUMA_NO_NODE);
}

/**
 * goalloc_kvzalloc() - allocate zeroed memory, contiguous or not
 * @size: bytes wanted, at most %INT_MAX
 * @gfp: as for goalloc_kvalloc_node()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_kvalloc().
 */
static inline __alloc_size(1) __malloc void *goalloc_kvzalloc(size_t size, gfp_t gfp)
{
	return goalloc_kvalloc(size, gfp | __GFP_ZERO);
}

/**
 * goalloc_kvalloc_array() - allocate an array, contiguous or not
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_kvalloc_node()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_kvalloc(), or NULL also when @n * @size overflows.
 */
static inline __alloc_size(1, 2) __malloc
void *goalloc_kvalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_kvalloc(bytes, gfp);
}

/**
 * goalloc_kvcalloc() - allocate a zeroed array, contiguous or not
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_kvalloc_node()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_kvalloc_array().
 */
static inline __alloc_size(1, 2) __malloc
void *goalloc_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return goalloc_kvalloc_array(n, size, gfp | __GFP_ZERO);
}

/* ------------------------------------------------------------------ copies */

void *goalloc_memdup(const void *src, size_t len, gfp_t gfp) __realloc_size(2);
char *goalloc_memdup_nul(const char *s, size_t len, gfp_t gfp) __malloc;
char *goalloc_strdup(const char *s, gfp_t gfp) __malloc;
char *goalloc_strndup(const char *s, size_t max, gfp_t gfp) __malloc;
__printf(2, 3) __malloc char *goalloc_asprintf(gfp_t gfp, const char *fmt, ...);
__printf(2, 0) __malloc char *goalloc_vasprintf(gfp_t gfp, const char *fmt, va_list args);
void *goalloc_memdup_user(const void __user *src, size_t len) __realloc_size(2);
char *goalloc_strndup_user(const char __user *s, long n);

/* --------------------------------------------------------------------- RCU */

void __goalloc_free_rcu(const void *ptr, size_t offset);
void goalloc_free_rcu_mightsleep(const void *ptr);
void goalloc_free_rcu_barrier(void);

/**
 * goalloc_free_rcu() - free an object when no RCU reader can see it any more
 * @ptr: the object, a pointer to a struct, as for goalloc_kvfree(); NULL is ignored
 * @rhf: the name of the struct's member of type struct rcu_head, at any offset
 *
 * The object is checked at once, and again when the grace period has ended.  What is
 * no live object, and what waits already, is reported and left alone.
 *
 * The freeing is goalloc's: the caller's module needs no rcu_barrier() to unload.
 *
 * Context: any but NMI; never sleeps.
 */
#define goalloc_free_rcu(ptr, rhf) do {							\
	typeof(ptr) __goalloc_ptr = (ptr);						\
	struct rcu_head *__goalloc_rhf = NULL;						\
											\
	/* the member's offset, with the check of its type that container_of() makes */	\
	__goalloc_free_rcu(__goalloc_ptr, (void *)__goalloc_rhf -			\
			   (void *)container_of(__goalloc_rhf, typeof(*__goalloc_ptr), rhf)); \
} while (0)

/* ------------------------------------- what belongs to a device, a pool, a scope */

void *goalloc_devm_alloc(struct device *dev, size_t size, gfp_t gfp) __alloc_size(2) __malloc;
void goalloc_devm_free(struct device *dev, const void *ptr);
void *goalloc_devm_realloc(struct device *dev, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;

/**
 * goalloc_devm_zalloc() - allocate zeroed memory that goes with a device
 * @dev: it is freed when the driver lets go of this device
 * @size: bytes wanted, at most %GOALLOC_MAX_SIZE
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_devm_alloc().
 * Return: as goalloc_devm_alloc().
 */
static inline __alloc_size(2) __malloc
void *goalloc_devm_zalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return goalloc_devm_alloc(dev, size, gfp | __GFP_ZERO);
}

void *goalloc_mempool_alloc(gfp_t gfp, void *pool_data);
void goalloc_mempool_free(void *element, void *pool_data);

/*
 * char *p __free(goalloc_free) = goalloc_alloc(...); where the kernel has <linux/cleanup.h>,
 * which <linux/slab.h> includes then.
 */
#ifdef DEFINE_FREE
DEFINE_FREE(goalloc_free, void *, IS_ERR_OR_NULL(_T) ? (void)0 : goalloc_free(_T))
DEFINE_FREE(goalloc_kvfree, void *, IS_ERR_OR_NULL(_T) ? (void)0 : goalloc_kvfree(_T))
#endif

/* ------------------------------------------------------------------- bulk */

size_t goalloc_alloc_bulk(size_t size, gfp_t gfp, size_t n, void **ptrs);
void goalloc_free_bulk(size_t n, void **ptrs);

/* ------------------------------------------------------------ named heaps */

#define GOALLOC_HEAP_NAME_MAX	32	/* bytes of a name, with its end */

/* Flags of a heap. */
#define GOALLOC_HEAP_PANIC	BIT(0)	/* panic when it cannot be made */

/* How to destroy a heap. */
#define GOALLOC_DESTROY_EMPTY	0	/* only if nothing lives in it */
#define GOALLOC_DESTROY_FREE	1	/* and free what does */

/**
 * struct goalloc_heap - spans, caches and counters of their own
 * @cache: per CPU
 * @central: by node, then by span class
 * @first_spc: its first span class
 * @end_spc: the one behind its last
 * @inherited: it is going, and the default heap has its numbers
 * @real: the heap itself; of a DEFINE_GOALLOC_HEAP() the one made for it
 * @name: for people
 * @owner: the module that it belongs to
 * @flags: GOALLOC_HEAP_*
 * @limit: pages of 8 KiB that its spans may have; 0: no limit
 * @handle: of one that was made for a DEFINE_GOALLOC_HEAP(): that
 * @list: all heaps
 * @pages: pages in its spans
 * @refused: allocations that the limit refused
 *
 * All of it is goalloc's.
 */
struct goalloc_heap {
	struct mcache __percpu *cache;
	struct mcentral *central;
	unsigned short first_spc;
	unsigned short end_spc;
	bool inherited;
	struct goalloc_heap *real;
	const char *name;
	struct module *owner;
	unsigned int flags;
	unsigned long limit;
	struct goalloc_heap *handle;
	struct list_head list;
	atomic_long_t pages ____cacheline_aligned;
	atomic_long_t refused;
};

/**
 * DEFINE_GOALLOC_HEAP() - define a heap
 * @var: its name, as a variable and in reports; put "static" in front
 *
 * It is made by the first allocation from it that may sleep (others return NULL
 * until then), or by goalloc_heap_prepare(), and goes with the module.
 */
#define DEFINE_GOALLOC_HEAP(var) \
	struct goalloc_heap var = { .name = #var, .owner = THIS_MODULE }

struct goalloc_heap *__goalloc_heap_create(const char *name, unsigned int flags,
					   struct module *owner);
int goalloc_heap_prepare(struct goalloc_heap *heap);
int goalloc_heap_destroy(struct goalloc_heap *heap, unsigned int how);
int goalloc_heap_set_limit(struct goalloc_heap *heap, size_t bytes);

/**
 * goalloc_heap_create() - make a heap
 * @name: what reports and /proc/goalloc/heaps call it: printable, without
 *	spaces, shorter than %GOALLOC_HEAP_NAME_MAX, and no other heap's
 * @flags: 0, or %GOALLOC_HEAP_PANIC
 *
 * Its objects lie in spans of their own, are counted by themselves, and can be freed
 * all at once.  It belongs to the calling module.
 *
 * Context: task; may sleep.
 * Return: the heap, or NULL, with a report unless it was for want of memory.
 */
#define goalloc_heap_create(name, flags)	__goalloc_heap_create(name, flags, THIS_MODULE)

void *goalloc_heap_alloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __assume_kmalloc_alignment __malloc;
void *goalloc_heap_alloc_noscan(struct goalloc_heap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __malloc;
void *goalloc_heap_alloc_node(struct goalloc_heap *heap, size_t size, gfp_t gfp, int node)
	__alloc_size(2) __assume_kmalloc_alignment __malloc;
void *goalloc_heap_realloc(struct goalloc_heap *heap, const void *ptr, size_t size, gfp_t gfp)
	__alloc_size(3) __must_check;
void goalloc_heap_free(struct goalloc_heap *heap, const void *ptr);

/**
 * goalloc_heap_zalloc() - allocate zeroed memory from a heap
 * @heap: the heap
 * @size: bytes wanted
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_alloc(), zero up to goalloc_size().
 */
static inline __alloc_size(2) __malloc
void *goalloc_heap_zalloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	return goalloc_heap_alloc(heap, size, gfp | __GFP_ZERO);
}

/**
 * goalloc_heap_calloc() - allocate a zeroed array from a heap
 * @heap: the heap
 * @n: number of elements
 * @size: bytes an element
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: as goalloc_heap_zalloc(), or NULL also when @n * @size overflows.
 */
static inline __alloc_size(2, 3) __malloc
void *goalloc_heap_calloc(struct goalloc_heap *heap, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return goalloc_heap_zalloc(heap, bytes, gfp);
}

/* ------------------------------------------------------- memory_limit is met */

/**
 * enum goalloc_limit_event - what became of the parameter memory_limit
 * @GOALLOC_LIMIT_CROSSED: a draw did not fit, and nothing is idle: free what you can
 * @GOALLOC_LIMIT_BELOW: there is room again
 */
enum goalloc_limit_event {
	GOALLOC_LIMIT_CROSSED = 1,
	GOALLOC_LIMIT_BELOW,
};

/**
 * struct goalloc_limit_info - what a callback is told
 * @limit: the limit in bytes, or 0 when there is none any more
 * @held: bytes that goalloc has, with its metadata
 * @over: of %GOALLOC_LIMIT_CROSSED: bytes to free, at least
 */
struct goalloc_limit_info {
	unsigned long limit;
	unsigned long held;
	unsigned long over;
};

int goalloc_register_limit_notifier(struct notifier_block *nb);
int goalloc_unregister_limit_notifier(struct notifier_block *nb);

#endif /* _LINUX_GOALLOC_H */
