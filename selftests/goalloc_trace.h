/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a trace of kmalloc() calls: Documentation/trace-format.rst in C.
 *
 * trace_read() reads the file, checks all of it, and expands it into an array of
 * events, so that who replays it meets only events that make sense: every free is
 * of an object that lives, and nothing in an interrupt may sleep.  In the file an
 * object has the number of a slot, which others had before; here each has its
 * own.
 *
 * trace_regroup() lets a replay move between CPUs less often.
 *
 * It is a header because its users, goalloc_replay.c and bench/bench_trace.c, are
 * modules of their own.
 */
#ifndef _GOALLOC_TRACE_H
#define _GOALLOC_TRACE_H

#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/kernel_read_file.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define TRACE_MAGIC	"GOTRACE1"
#define TRACE_RECENT	16		/* the last allocations, of which a free says the age */
#define TRACE_MAX_BYTES	SZ_256M

struct trace_header {
	u8 magic[8];
	__le32 crc32;			/* of all that follows */
	__le32 header_bytes;
	__le64 body_bytes;
	__le32 nevents;
	__le32 nslots;
	__le32 ncpus;
	__le32 unseen;
	__le64 lost;
	char release[64];
} __packed;

static_assert(sizeof(struct trace_header) == 112);

/* An event's first byte. */
#define OP_ALLOC	BIT(0)
#define OP_CONTEXT	GENMASK(2, 1)
#define OP_OTHER_CPU	BIT(3)
#define OP_GFP		GENMASK(6, 4)
#define OP_ZERO		BIT(7)
#define OP_AGE		GENMASK(7, 4)	/* of a free; 0: the slot follows */

enum trace_context { CTX_TASK, CTX_SOFTIRQ, CTX_HARDIRQ, CTX_NMI, NR_CONTEXTS };

static const gfp_t trace_gfp_kinds[] = {
	GFP_KERNEL, GFP_KERNEL_ACCOUNT, GFP_NOFS, GFP_NOIO, GFP_ATOMIC, GFP_NOWAIT,
};

/**
 * struct trace_event - an allocation or a free
 * @object: which allocation of the trace made the object, from 0 on
 * @size: bytes asked for, of a free as well
 * @cpu: the CPU as recorded
 * @op: the event's first byte in the trace
 */
struct trace_event {
	u32 object;
	u32 size;
	u16 cpu;
	u8 op;
};

/**
 * struct trace - a trace in memory
 * @events: all events; from vmalloc()
 * @nevents: how many there are
 * @nobjects: how many of them are allocations
 * @nslots: objects that live at the same time, at most
 * @ncpus: CPUs of the machine it was recorded on
 * @release: the kernel it was recorded on
 */
struct trace {
	struct trace_event *events;
	u32 nevents, nobjects, nslots, ncpus;
	char release[64];
};

static inline bool trace_is_alloc(const struct trace_event *e)
{
	return e->op & OP_ALLOC;
}

static inline enum trace_context trace_context(const struct trace_event *e)
{
	return FIELD_GET(OP_CONTEXT, e->op);
}

/* --- Events.  The functions return NULL, or what is wrong. */

struct trace_slot {
	u32 next;			/* slot freed before this one, or NO_SLOT or LIVE */
	u32 object;			/* what lives here, if LIVE */
	u32 size;
};

#define NO_SLOT	U32_MAX
#define LIVE	(U32_MAX - 1)

struct trace_parser {
	struct trace *trace;
	const u8 *at, *end;
	struct trace_slot *slots;
	u32 used;			/* slots that were ever taken */
	u32 free;			/* slot freed last, or NO_SLOT */
	u32 recent[TRACE_RECENT];
	u32 allocs;
	u32 cpu;
};

static const char *parse_number(struct trace_parser *p, u32 *value)
{
	unsigned int shift = 0;
	u64 v = 0;
	u8 byte;

	do {
		if (p->at == p->end)
			return "the trace ends inside an event";
		byte = *p->at++;
		v |= (u64)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && shift < 35);
	if ((byte & 0x80) || v > U32_MAX)
		return "a number is too large";
	*value = v;
	return NULL;
}

/* The slot freed last is taken first; without one, the next that was never used. */
static const char *take_slot(struct trace_parser *p, u32 *slot)
{
	if (p->free != NO_SLOT) {
		*slot = p->free;
		p->free = p->slots[*slot].next;
	} else if (p->used < p->trace->nslots) {
		*slot = p->used++;
	} else {
		return "more objects live than the header says";
	}
	return NULL;
}

static const char *parse_alloc(struct trace_parser *p, struct trace_event *e)
{
	unsigned int kind = FIELD_GET(OP_GFP, e->op);
	const char *error = parse_number(p, &e->size);
	u32 slot;

	if (!error && kind >= ARRAY_SIZE(trace_gfp_kinds))
		error = "unknown kind of gfp";
	if (!error && trace_context(e) != CTX_TASK &&
	    (trace_gfp_kinds[kind] & __GFP_DIRECT_RECLAIM))
		error = "an allocation in an interrupt may sleep";
	if (!error)
		error = take_slot(p, &slot);
	if (error)
		return error;
	p->recent[p->allocs % TRACE_RECENT] = slot;
	e->object = p->allocs++;
	p->slots[slot] = (struct trace_slot){ .next = LIVE, .object = e->object, .size = e->size };
	return NULL;
}

static const char *parse_free(struct trace_parser *p, struct trace_event *e)
{
	u32 slot, age = FIELD_GET(OP_AGE, e->op);
	const char *error;

	if (age > p->allocs)
		return "free of an object before the first";
	if (age) {
		slot = p->recent[(p->allocs - age) % TRACE_RECENT];
	} else {
		error = parse_number(p, &slot);
		if (error)
			return error;
	}
	if (slot >= p->used || p->slots[slot].next != LIVE)
		return "free of an object that does not live";
	e->object = p->slots[slot].object;
	e->size = p->slots[slot].size;
	p->slots[slot].next = p->free;
	p->free = slot;
	return NULL;
}

static const char *parse_event(struct trace_parser *p, struct trace_event *e)
{
	const char *error;

	if (p->at == p->end)
		return "the trace ends too early";
	e->op = *p->at++;
	if (e->op & OP_OTHER_CPU) {
		error = parse_number(p, &p->cpu);
		if (error)
			return error;
		if (p->cpu >= p->trace->ncpus)
			return "a CPU that the header does not know";
	}
	e->cpu = p->cpu;
	return trace_is_alloc(e) ? parse_alloc(p, e) : parse_free(p, e);
}

/* --- The file */

static int parse_body(struct trace *t, const u8 *body, size_t bytes, const char *path)
{
	struct trace_parser p = { .trace = t, .at = body, .end = body + bytes, .free = NO_SLOT };
	const char *error = NULL;
	u32 i;

	p.slots = vzalloc(array_size(t->nslots, sizeof(*p.slots)));
	if (!p.slots)
		return -ENOMEM;
	for (i = 0; i < t->nevents; i++) {
		error = parse_event(&p, &t->events[i]);
		if (error)
			break;
		if (i % SZ_64K == 0)
			cond_resched();
	}
	vfree(p.slots);
	t->nobjects = p.allocs;
	if (!error && p.at != p.end)
		error = "bytes follow the last event";
	if (!error && !t->nobjects)
		error = "there is no allocation in it";
	if (!error)
		return 0;
	pr_err("%s: event %u of %u, byte %zu of %zu: %s\n", path, i, t->nevents, p.at - body,
	       bytes, error);
	return -EINVAL;
}

/* NULL, or what is wrong. */
static const char *parse_header(struct trace *t, const struct trace_header *h, size_t bytes)
{
	size_t from = offsetofend(struct trace_header, crc32);
	u64 header_bytes, body_bytes;

	if (bytes < sizeof(*h) || memcmp(h->magic, TRACE_MAGIC, sizeof(h->magic)))
		return "not a trace: it does not begin with " TRACE_MAGIC;
	header_bytes = le32_to_cpu(h->header_bytes);
	body_bytes = le64_to_cpu(h->body_bytes);
	if (header_bytes < sizeof(*h) || header_bytes > bytes || body_bytes != bytes - header_bytes)
		return "truncated, or longer than its header says";
	if (~crc32_le(~0, (const u8 *)h + from, bytes - from) != le32_to_cpu(h->crc32))
		return "damaged: the checksum is wrong";
	t->nevents = le32_to_cpu(h->nevents);
	t->nslots = le32_to_cpu(h->nslots);
	t->ncpus = le32_to_cpu(h->ncpus);
	if (!t->nevents || !t->nslots || t->nevents > body_bytes || t->nslots > t->nevents)
		return "damaged: its header counts more events or objects than it has bytes for";
	if (!t->ncpus || t->ncpus > U16_MAX)
		return "damaged: no number of CPUs";
	strscpy(t->release, h->release, sizeof(t->release));
	return NULL;
}

static int parse_file(struct trace *t, const void *file, size_t bytes, const char *path)
{
	const struct trace_header *h = file;
	const char *error = parse_header(t, h, bytes);

	if (error) {
		pr_err("%s: %s\n", path, error);
		return -EINVAL;
	}
	t->events = vzalloc(array_size(t->nevents, sizeof(*t->events)));
	if (!t->events)
		return -ENOMEM;
	return parse_body(t, file + le32_to_cpu(h->header_bytes), le64_to_cpu(h->body_bytes), path);
}

/* Free what trace_read() made; also after it failed. */
static void trace_free(struct trace *t)
{
	vfree(t->events);
	t->events = NULL;
}

/* 0, or an error that has been printed if it is the file's. */
static int trace_read(struct trace *t, const char *path)
{
	void *file = NULL;
	ssize_t bytes;
	int err;

	/* Data for a driver: firmware comes nearest.  READING_UNKNOWN makes IPE warn. */
	bytes = kernel_read_file_from_path(path, 0, &file, TRACE_MAX_BYTES, NULL,
					   READING_FIRMWARE);
	if (bytes < 0) {
		pr_err("%s: cannot be read (%pe)\n", path, ERR_PTR(bytes));
		return bytes;
	}
	err = parse_file(t, file, bytes, path);
	vfree(file);
	return err;
}

/* --- Fewer moves between CPUs */

struct trace_regroup {
	struct trace_event *out;
	unsigned long *taken;		/* a bit for each event */
	unsigned long *born;		/* a bit for each object */
	u32 n;
};

/* Take what the CPU of the first event left did in the window that begins there. */
static inline void take_one_cpu(const struct trace *t, struct trace_regroup *r, u32 pos, u32 window)
{
	u32 i, end = min_t(u64, t->nevents, (u64)pos + window);

	for (i = pos; i < end; i++) {
		const struct trace_event *e = &t->events[i];

		if (e->cpu != t->events[pos].cpu || test_bit(i, r->taken))
			continue;
		if (trace_is_alloc(e))
			__set_bit(e->object, r->born);
		else if (!test_bit(e->object, r->born))
			break;			/* another CPU has to allocate it first */
		__set_bit(i, r->taken);
		r->out[r->n++] = *e;
	}
}

/*
 * Let events of different CPUs that are less than @window apart change places, but
 * never a free with its allocation, so that what one CPU does comes together.  The
 * first event left can always be taken: what it may have to wait for came before.
 */
static inline int trace_regroup(struct trace *t, u32 window)
{
	struct trace_regroup r = {
		.out = vmalloc(array_size(t->nevents, sizeof(*r.out))),
		.taken = vzalloc(BITS_TO_LONGS(t->nevents) * sizeof(long)),
		.born = vzalloc(BITS_TO_LONGS(t->nobjects) * sizeof(long)),
	};
	int err = -ENOMEM;
	u32 pos = 0;

	if (r.out && r.taken && r.born) {
		while (pos < t->nevents) {
			take_one_cpu(t, &r, pos, window);
			pos = find_next_zero_bit(r.taken, t->nevents, pos);
			cond_resched();
		}
		swap(t->events, r.out);
		err = 0;
	}
	vfree(r.out);
	vfree(r.taken);
	vfree(r.born);
	return err;
}

#endif /* _GOALLOC_TRACE_H */
