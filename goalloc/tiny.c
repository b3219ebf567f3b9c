// SPDX-License-Identifier: GPL-2.0
/*
 * tiny: objects under 16 bytes without pointers, several to a 16-byte block.
 *
 * THEORY OF OPERATION
 *
 * As in Go, each CPU has a current block and a bump offset in it.  Go never frees
 * such an object by itself; a kernel client must, so each block has a field of
 * 16 bits beside its span, by granules of two bytes:
 *
 *	bit 0..7	live: an object that is in use begins at this granule
 *	bit 8		current: some CPU still allocates from the block
 *	bit 9..15	edge: an object, or the rest of the block, begins at granule
 *			1..7; stays until the block is free
 *
 * Allocation sets live and the edges; free clears live with one atomic fetch.
 * The field is one atomic unit, so exactly one party, a free or the CPU that
 * leaves the block, takes the last of live and current away, and that one frees
 * the block as an ordinary object of the span.
 *
 * The edges say where an object ends, for goalloc_size() and for clearing.  A
 * free of an address that is no edge is an interior pointer; a free of one that
 * is not live is a double free.
 *
 * Four fields share a word, because 16-bit atomics are not portable.
 *
 * LOCKS: none.  The current block is changed with the slot of SPC_TINY busy.
 */
#include <trace/events/goalloc.h>

#include "internal.h"

#define GRANULE		2
#define FIELD_BITS	16
#define LIVE(g)		BIT(g)
#define LIVE_MASK	GENMASK(7, 0)
#define CURRENT		BIT(8)
#define EDGES		GENMASK(15, 9)
#define EDGE(g)		(BIT(8 + (g)) & EDGES)	/* there is always one at granule 0 */
#define FIELD_MASK	GENMASK(15, 0)

struct tiny_field {
	atomic_long_t *word;
	unsigned int shift;
};

static struct tiny_field tiny_field(struct mspan *s, unsigned long addr)
{
	unsigned int block = (addr - s->base) / TINY_BLOCK_SIZE;

	return (struct tiny_field) {
		.word = &(*mspan_tiny(s))[block / (BITS_PER_LONG / FIELD_BITS)],
		.shift = block % (BITS_PER_LONG / FIELD_BITS) * FIELD_BITS,
	};
}

static unsigned long field_read(struct tiny_field f)
{
	return atomic_long_read(f.word) >> f.shift & FIELD_MASK;
}

static void field_set(struct tiny_field f, unsigned long bits)
{
	atomic_long_or(bits << f.shift, f.word);
}

static unsigned long field_fetch_clear(struct tiny_field f, unsigned long bits)
{
	return atomic_long_fetch_andnot(bits << f.shift, f.word) >> f.shift & FIELD_MASK;
}

/*
 * Take @bits (one live bit, or current) away.  If nothing holds the block after
 * that, forget its edges and free it.  Return what the field was.
 */
static unsigned long tiny_put(struct mspan *s, unsigned long addr, unsigned long bits, bool remote)
{
	struct tiny_field f = tiny_field(s, addr);
	unsigned int block = (addr - s->base) / TINY_BLOCK_SIZE;
	unsigned long old = field_fetch_clear(f, bits);

	if ((old & bits) && (old & (LIVE_MASK | CURRENT)) == bits) {
		field_fetch_clear(f, FIELD_MASK);
		if (remote)
			mcache_free_remote(s, block);
		else
			mcache_free(s, block);
	}
	return old;
}

static unsigned int tiny_align(size_t size)
{
	return size % 8 == 0 ? 8 : size % 4 == 0 ? 4 : 2;
}

/* Cut an object out of the current block; the tiny slot is busy. */
static void *tiny_carve(struct mcache *c, unsigned int bytes, unsigned int align)
{
	unsigned int off = ALIGN(c->tiny_off, align), end = off + bytes;
	unsigned long obj = c->tiny + off, bits;
	struct tiny_field f;

	if (!c->tiny || end > TINY_BLOCK_SIZE)
		return NULL;
	f = tiny_field(c->tiny_span, c->tiny);
	bits = LIVE(off / GRANULE) | EDGE(off / GRANULE);
	if (end < TINY_BLOCK_SIZE)
		bits |= EDGE(end / GRANULE);
	field_set(f, bits);
	c->tiny_off = end;
	if (end == TINY_BLOCK_SIZE) {
		c->tiny = 0;
		field_fetch_clear(f, CURRENT);	/* not the last: the object is live */
	}
	return (void *)obj;
}

/* Start a block with its first object; it becomes current if it has more room left. */
static void *tiny_start(struct goalloc_heap *heap, unsigned int bytes, gfp_t gfp)
{
	unsigned long block, leave;
	struct mspan *s, *leave_span;
	struct mcache_slot *slot;

	block = (unsigned long)mcache_alloc(heap, SPC_TINY, gfp, NULL);
	if (!block)
		return NULL;
	s = span_of(block);
	if (bytes == TINY_BLOCK_SIZE) {
		field_set(tiny_field(s, block), LIVE(0));
		return (void *)block;
	}
	field_set(tiny_field(s, block), LIVE(0) | CURRENT | EDGE(bytes / GRANULE));
	leave = block;
	leave_span = s;
	if (mcache_enter(mcache_slots(heap, SPC_TINY), &slot)) {
		struct mcache *c = raw_cpu_ptr(heap->cache);

		if (!c->tiny || c->tiny_off > bytes) {
			leave = c->tiny;
			leave_span = c->tiny_span;
			c->tiny = block;
			c->tiny_off = bytes;
			c->tiny_span = s;
			WRITE_ONCE(c->holds, true);	/* it may have come here from another CPU */
		}
		mcache_leave(slot);
	}
	if (leave)
		tiny_put(leave_span, leave, CURRENT, false);
	return (void *)block;
}

/**
 * tiny_alloc() - allocate an object that holds no pointers
 * @heap: the heap
 * @size: bytes, 1..15
 * @gfp: for drawing memory; __GFP_ZERO is honoured
 *
 * Context: any; may sleep if @gfp says so.
 * Return: the object, aligned as C would align an object of @size, but to 2 at
 * least; or NULL.
 */
void *tiny_alloc(struct goalloc_heap *heap, size_t size, gfp_t gfp)
{
	unsigned int bytes = round_up(size, GRANULE);
	struct mcache_slot *slot;
	void *obj = NULL;

	if (mcache_enter(mcache_slots(heap, SPC_TINY), &slot)) {
		obj = tiny_carve(raw_cpu_ptr(heap->cache), bytes, tiny_align(size));
		mcache_leave(slot);
	}
	if (!obj)
		obj = tiny_start(heap, bytes, gfp);
	if (!obj)
		return NULL;
	this_cpu_inc(heap->cache->tiny_mallocs);
	if (want_init_on_alloc(gfp))
		memset(obj, 0, bytes);
	return obj;
}
EXPORT_SYMBOL_FOR_KUNIT(tiny_alloc);

/**
 * tiny_check() - is there a live object at an address?
 * @s: the tiny span that it lies in
 * @addr: the address
 * @usable: set to the object's bytes
 *
 * Return: %FREE_OK if there is, or what is wrong with the address.
 */
enum free_result tiny_check(struct mspan *s, unsigned long addr, size_t *usable)
{
	unsigned int off = addr % TINY_BLOCK_SIZE, g = off / GRANULE, end;
	unsigned long field = field_read(tiny_field(s, addr));

	if (off % GRANULE || (field && g && !(field & EDGE(g))))
		return FREE_INTERIOR;
	if (!(field & LIVE(g)))
		return FREE_DOUBLE;
	for (end = g + 1; end < TINY_BLOCK_SIZE / GRANULE; end++)
		if (field & EDGE(end))
			break;
	*usable = (end - g) * GRANULE;
	return FREE_OK;
}
EXPORT_SYMBOL_FOR_KUNIT(tiny_check);

/**
 * tiny_free() - free a tiny object
 * @s: the tiny span that it lies in
 * @addr: the object
 * @clear: zero it first
 *
 * Context: any, NMI included.
 * Return: %FREE_OK, or what is wrong with the address.
 */
enum free_result tiny_free(struct mspan *s, unsigned long addr, bool clear)
{
	struct mcache __percpu *cache = mspan_cache(s);
	unsigned int g = addr % TINY_BLOCK_SIZE / GRANULE;
	enum free_result res;
	size_t usable;

	res = tiny_check(s, addr, &usable);
	if (res)
		return res;
	if (clear)
		memzero_explicit((void *)addr, usable);
	mprof_free(s, (void *)addr);
	this_cpu_inc(cache->tiny_frees);	/* when its last object is freed, a heap may go */
	if (tiny_put(s, addr, LIVE(g), false) & LIVE(g))
		return FREE_OK;
	this_cpu_dec(cache->tiny_frees);
	return FREE_DOUBLE;
}
EXPORT_SYMBOL_FOR_KUNIT(tiny_free);

/* The first live object of a span at @addr or behind it, or @end. */
static unsigned long tiny_next_live(struct mspan *s, unsigned long addr, unsigned long end)
{
	size_t usable;

	while (addr < end && tiny_check(s, addr, &usable))
		addr += GRANULE;
	return addr;
}

/* Free every object of a span, which may be anybody's, or nobody's, after the last. */
void tiny_free_span(struct mspan *s)
{
	unsigned long end = s->base + ((unsigned long)s->npages << GOALLOC_PAGE_SHIFT);
	unsigned long addr, next;

	for (addr = tiny_next_live(s, s->base, end); addr < end; addr = next) {
		next = tiny_next_live(s, addr + GRANULE, end);
		if (trace_goalloc_free_enabled())
			trace_goalloc_free((void *)addr, trace_call_site(_THIS_IP_));
		tiny_free(s, addr, false);
	}
}

/**
 * tiny_flush() - leave the current block
 * @c: this CPU's cache, with preemption off; or that of a CPU that is dead
 */
void tiny_flush(struct mcache *c)
{
	struct mcache_slot *slot = &c->slot[SPC_TINY];
	unsigned long block;
	struct mspan *s;

	if (!mcache_mark_busy(slot))
		return;
	block = c->tiny;
	s = c->tiny_span;
	c->tiny = 0;
	mcache_mark_idle(slot);
	if (block)
		tiny_put(s, block, CURRENT, true);
}
EXPORT_SYMBOL_FOR_KUNIT(tiny_flush);
