/* SPDX-License-Identifier: GPL-2.0 */
/*
 * goalloc's tracepoints: Documentation/observability.rst says what they tell and how to
 * use them, goalloc/trace.c what they cost.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM goalloc

#if !defined(_TRACE_GOALLOC_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_GOALLOC_H

#include <linux/tracepoint.h>
#include <linux/types.h>
#include <trace/events/mmflags.h>

/* They are called when the first probe comes and when the last one has gone. */
int trace_alloc_begin(void);
void trace_alloc_end(void);
int trace_free_begin(void);
void trace_free_end(void);

/* An object was allocated, and only its user knows of it yet. */
TRACE_EVENT_FN(goalloc_alloc,

	TP_PROTO(const void *ptr, unsigned long call_site, size_t bytes_req, size_t bytes_alloc,
		 gfp_t gfp, const char *heap, int node),

	TP_ARGS(ptr, call_site, bytes_req, bytes_alloc, gfp, heap, node),

	TP_STRUCT__entry(
		__field(const void *, ptr)
		__field(unsigned long, call_site)
		__field(size_t, bytes_req)
		__field(size_t, bytes_alloc)
		__field(unsigned long, gfp_flags)
		__string(heap, heap)
		__field(int, node)
	),

	TP_fast_assign(
		__entry->ptr = ptr;
		__entry->call_site = call_site;
		__entry->bytes_req = bytes_req;
		__entry->bytes_alloc = bytes_alloc;
		__entry->gfp_flags = (__force unsigned long)gfp;
		compat_assign_str(heap);
		__entry->node = node;
	),

	TP_printk("call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s heap=%s node=%d",
		  (void *)__entry->call_site, __entry->ptr, __entry->bytes_req,
		  __entry->bytes_alloc, show_gfp_flags(__entry->gfp_flags), __get_str(heap),
		  __entry->node),

	trace_alloc_begin, trace_alloc_end
);

/* An object is about to be free: nobody else can have it yet. */
TRACE_EVENT_FN(goalloc_free,

	TP_PROTO(const void *ptr, unsigned long call_site),

	TP_ARGS(ptr, call_site),

	TP_STRUCT__entry(
		__field(const void *, ptr)
		__field(unsigned long, call_site)
	),

	TP_fast_assign(
		__entry->ptr = ptr;
		__entry->call_site = call_site;
	),

	TP_printk("call_site=%pS ptr=%p", (void *)__entry->call_site, __entry->ptr),

	trace_free_begin, trace_free_end
);

/* A CPU opened a window of free objects of a class. */
TRACE_EVENT(goalloc_refill,

	TP_PROTO(unsigned int class, unsigned int size, unsigned int objects),

	TP_ARGS(class, size, objects),

	TP_STRUCT__entry(
		__field(unsigned int, class)
		__field(unsigned int, size)
		__field(unsigned int, objects)
	),

	TP_fast_assign(
		__entry->class = class;
		__entry->size = size;
		__entry->objects = objects;
	),

	TP_printk("class=%u size=%u objects=%u", __entry->class, __entry->size, __entry->objects)
);

DECLARE_EVENT_CLASS(goalloc_span,

	TP_PROTO(unsigned long base, unsigned int pages, unsigned int class),

	TP_ARGS(base, pages, class),

	TP_STRUCT__entry(
		__field(unsigned long, base)
		__field(unsigned int, pages)
		__field(unsigned int, class)
	),

	TP_fast_assign(
		__entry->base = base;
		__entry->pages = pages;
		__entry->class = class;
	),

	TP_printk("base=%p pages=%u class=%u", (void *)__entry->base, __entry->pages,
		  __entry->class)
);

/* A span was made; class 0 is a large object's, or an object cache's. */
DEFINE_EVENT(goalloc_span, goalloc_span_alloc,
	TP_PROTO(unsigned long base, unsigned int pages, unsigned int class),
	TP_ARGS(base, pages, class)
);

/* A span is unmade. */
DEFINE_EVENT(goalloc_span, goalloc_span_free,
	TP_PROTO(unsigned long base, unsigned int pages, unsigned int class),
	TP_ARGS(base, pages, class)
);

/* Memory was drawn from the buddy allocator. */
TRACE_EVENT(goalloc_grow,

	TP_PROTO(size_t bytes, int node),

	TP_ARGS(bytes, node),

	TP_STRUCT__entry(
		__field(size_t, bytes)
		__field(int, node)
	),

	TP_fast_assign(
		__entry->bytes = bytes;
		__entry->node = node;
	),

	TP_printk("bytes=%zu node=%d", __entry->bytes, __entry->node)
);

/* Pages of 8 KiB were given back to it. */
TRACE_EVENT(goalloc_scavenge,

	TP_PROTO(unsigned long pages, const char *why),

	TP_ARGS(pages, why),

	TP_STRUCT__entry(
		__field(unsigned long, pages)
		__string(why, why)
	),

	TP_fast_assign(
		__entry->pages = pages;
		compat_assign_str(why);
	),

	TP_printk("pages=%lu why=%s", __entry->pages, __get_str(why))
);

/* A bad free was caught; the kernel log has the report, unless there were too many. */
TRACE_EVENT(goalloc_bad_free,

	TP_PROTO(const void *ptr, const char *op, const char *reason),

	TP_ARGS(ptr, op, reason),

	TP_STRUCT__entry(
		__field(const void *, ptr)
		__string(op, op)
		__string(reason, reason)
	),

	TP_fast_assign(
		__entry->ptr = ptr;
		compat_assign_str(op);
		compat_assign_str(reason);
	),

	TP_printk("ptr=%p op=%s reason=%s", __entry->ptr, __get_str(op), __get_str(reason))
);

#endif /* _TRACE_GOALLOC_H */

/* Out of the kernel's tree as in it: found by -I of the directory above trace/. */
#include <trace/define_trace.h>
