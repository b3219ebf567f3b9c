// SPDX-License-Identifier: GPL-2.0
/*
 * fixalloc: a free-list allocator for metadata of one fixed size.
 *
 * THEORY OF OPERATION
 *
 * Go's FixAlloc.  An object comes from the free list, else from the part of the
 * newest chunk that was never handed out (the bump), else from a new chunk.
 * Chunks are never returned while the module is loaded, so the memory is
 * type-stable: once an object of this kind, always an object of this kind.  The
 * lock-free paths of mspan.h rest on that.
 *
 * Only the first word of a free object is overwritten, by the list's link; the
 * rest keeps its value until it is handed out again.  Before an object is handed out
 * for the first time it is zeroed: object by object, so that no allocation pays for a
 * whole chunk, but one that another CPU overtook with a chunk of its own.  (Go's runs a
 * callback then as well, which nothing here needs.)
 *
 * LOCKS: fixalloc.lock; dropped while a chunk is drawn.
 * INVARIANT: inuse + listed + nbump == nchunks * objects a chunk.
 */
#include <linux/string.h>

#include "internal.h"

struct fixalloc_chunk {
	struct fixalloc_chunk *next;
};

static unsigned int fixalloc_per_chunk(const struct fixalloc *f)
{
	return (FIXALLOC_CHUNK_SIZE - f->size) / f->size;
}

/**
 * fixalloc_init() - set up an allocator
 * @f: the allocator
 * @size: bytes an object, a multiple of a word
 * @kind: what its memory counts as
 */
void fixalloc_init(struct fixalloc *f, size_t size, enum mem_kind kind)
{
	memset(f, 0, sizeof(*f));
	spin_lock_init(&f->lock);
	f->size = size;
	f->kind = kind;
}
EXPORT_SYMBOL_FOR_KUNIT(fixalloc_init);

static void fixalloc_push(struct fixalloc *f, void *obj)
{
	*(void **)obj = f->list;
	f->list = obj;
}

static void *fixalloc_bump(struct fixalloc *f)
{
	void *obj = f->bump;

	f->bump += f->size;
	f->nbump--;
	memset_l(obj, 0, f->size / sizeof(long));
	return obj;
}

static void *fixalloc_pop(struct fixalloc *f)
{
	void *obj = f->list;

	if (obj)
		f->list = *(void **)obj;
	else if (f->nbump)
		obj = fixalloc_bump(f);
	else
		return NULL;
	WRITE_ONCE(f->inuse, f->inuse + 1);
	return obj;
}

/*
 * The chunk's first object's place holds its link, so that objects of a power of
 * two stay aligned to their size.  Another CPU may have brought a chunk
 * meanwhile: what it left of the bump goes to the list.
 */
static void fixalloc_add_chunk(struct fixalloc *f, struct fixalloc_chunk *chunk)
{
	while (f->nbump)
		fixalloc_push(f, fixalloc_bump(f));
	chunk->next = f->chunks;
	f->chunks = chunk;
	f->nchunks++;
	f->bump = (void *)chunk + f->size;
	f->nbump = fixalloc_per_chunk(f);
}

/**
 * fixalloc_alloc() - allocate an object
 * @f: the allocator
 * @gfp: for the chunk, if one must be drawn
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: the object, as it was when it was freed but for its first word, or
 * NULL.
 */
void *fixalloc_alloc(struct fixalloc *f, gfp_t gfp)
{
	unsigned long flags;
	void *obj, *chunk;

	spin_lock_irqsave(&f->lock, flags);
	obj = fixalloc_pop(f);
	spin_unlock_irqrestore(&f->lock, flags);
	if (likely(obj))
		return obj;

	chunk = sys_alloc(FIXALLOC_CHUNK_SIZE, f->kind, gfp);
	if (!chunk)
		return NULL;
	spin_lock_irqsave(&f->lock, flags);
	fixalloc_add_chunk(f, chunk);
	obj = fixalloc_pop(f);
	spin_unlock_irqrestore(&f->lock, flags);
	return obj;
}
EXPORT_SYMBOL_FOR_KUNIT(fixalloc_alloc);

/**
 * fixalloc_free() - free an object
 * @f: the allocator that it came from
 * @obj: the object
 *
 * Context: any but NMI.
 */
void fixalloc_free(struct fixalloc *f, void *obj)
{
	unsigned long flags;

	spin_lock_irqsave(&f->lock, flags);
	fixalloc_push(f, obj);
	WRITE_ONCE(f->inuse, f->inuse - 1);
	spin_unlock_irqrestore(&f->lock, flags);
}
EXPORT_SYMBOL_FOR_KUNIT(fixalloc_free);

/* Give all chunks back.  Nobody may look at an object of them any more. */
void fixalloc_destroy(struct fixalloc *f)
{
	struct fixalloc_chunk *chunk, *next;

	for (chunk = f->chunks; chunk; chunk = next) {
		next = chunk->next;
		sys_free(chunk, FIXALLOC_CHUNK_SIZE, f->kind);
	}
	f->chunks = NULL;
	f->list = NULL;
	f->nbump = 0;
}
EXPORT_SYMBOL_FOR_KUNIT(fixalloc_destroy);
