// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_story: a small network stack that has what observability.rst tells of.
 *
 * What it promises: a word that is written to its parameter "run" does what the table
 * says, on the writer's CPU, always the same, so that what goalloc shows of it can
 * be compared.  It has sessions, packets, routes and records; each function that
 * allocates has a name that a reader of a profile understands, and is not inlined.
 *
 * When it is unloaded it frees everything but the labels that traffic() leaks.
 */
#define pr_fmt(fmt) "goalloc_story: " fmt

#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <linux/goalloc.h>
#include <linux/goalloc_cache.h>

#define NR_SESSIONS	1000
#define NR_OPEN		100	/* sessions that stay open while traffic passes */
#define TIMEOUT_EVERY	4	/* one in so many sessions is closed by a timeout */
#define LABEL_BYTES	40
#define ROUTE_BYTES	256
#define ROUTE_EVERY	32	/* one in so many packets brings a new route */
#define NR_ROUTES	1000
#define NR_RECORDS	1000
#define RECORD_BYTES	4096
#define RECORD_HEADER	8
#define PACKET_BYTES	1500
#define NR_PACKETS	5000	/* that pass, up to BATCH at once */
#define BATCH		50
#define NR_BURST	8000	/* that wait together */

struct session {
	char *label;
	char state[192];
};

static DEFINE_GOALLOC_HEAP(sessions);
static DEFINE_GOALLOC_HEAP(routes);
static struct goalloc_cache *record_cache, *packet_cache;

static DEFINE_MUTEX(lock);	/* guards what follows */
static struct session *session[NR_SESSIONS];
static void *route[NR_ROUTES], *record[NR_RECORDS];

/* --------------------------------------------------------------- sessions */

static noinline char *session_label(unsigned int id)
{
	char *label = goalloc_heap_alloc(&sessions, LABEL_BYTES, GFP_KERNEL);

	if (label)
		snprintf(label, LABEL_BYTES, "session %u", id);
	return label;
}

static noinline struct session *session_open(unsigned int id)
{
	struct session *s = goalloc_heap_zalloc(&sessions, sizeof(*s), GFP_KERNEL);

	if (s)
		s->label = session_label(id);
	return s;
}

static void session_close(struct session *s)
{
	if (s)
		goalloc_heap_free(&sessions, s->label);
	goalloc_heap_free(&sessions, s);
}

/* The mistake: the label is forgotten. */
static void session_timeout(struct session *s)
{
	goalloc_heap_free(&sessions, s);
}

/* Sessions come and go; a few are open at any time. */
static int traffic(void)
{
	unsigned int i;

	for (i = 0; i < NR_SESSIONS; i++) {
		struct session **s = &session[i % NR_OPEN];

		if (*s && i % TIMEOUT_EVERY == 0)
			session_timeout(*s);
		else
			session_close(*s);
		*s = session_open(i);
	}
	return 0;
}

static int open_sessions(void)
{
	unsigned int i;

	for (i = 0; i < NR_SESSIONS; i++)
		if (!session[i])
			session[i] = session_open(i);
	return 0;
}

static void close_sessions(void)
{
	unsigned int i;

	for (i = 0; i < NR_SESSIONS; i++) {
		session_close(session[i]);
		session[i] = NULL;
	}
}

/* ----------------------------------------------------------------- routes */

static noinline void *packet_clone(size_t size)
{
	void *packet = goalloc_alloc(size, GFP_KERNEL);

	if (packet)
		memset(packet, 0x70, size);
	return packet;
}

static noinline void *route_learn(struct goalloc_heap *heap)
{
	void *r = heap ? goalloc_heap_alloc(heap, ROUTE_BYTES, GFP_KERNEL) :
			 goalloc_alloc(ROUTE_BYTES, GFP_KERNEL);

	if (r)
		memset(r, 0x72, ROUTE_BYTES);
	return r;
}

static void forget_routes(void)
{
	unsigned int i;

	for (i = 0; i < NR_ROUTES; i++) {
		goalloc_free(route[i]);
		route[i] = NULL;
	}
}

/* Many packets pass, and every now and then one brings a route, which stays. */
static int learn_routes(struct goalloc_heap *heap)
{
	unsigned int i, n = NR_ROUTES * ROUTE_EVERY;
	void **packet = kvcalloc(n, sizeof(*packet), GFP_KERNEL);

	if (!packet)
		return -ENOMEM;
	forget_routes();
	for (i = 0; i < n; i++) {
		if (i % ROUTE_EVERY)
			packet[i] = packet_clone(ROUTE_BYTES);
		else
			route[i / ROUTE_EVERY] = route_learn(heap);
	}
	for (i = 0; i < n; i++)
		goalloc_free(packet[i]);
	kvfree(packet);
	return 0;
}

static int routes_among_packets(void)
{
	return learn_routes(NULL);
}

static int routes_apart(void)
{
	return learn_routes(&routes);
}

/* ---------------------------------------------------------------- records */

static noinline void *record_make(struct goalloc_cache *cache, size_t size)
{
	void *r = cache ? goalloc_cache_alloc(cache, GFP_KERNEL) :
			  goalloc_alloc(size, GFP_KERNEL);

	if (r)
		memset(r, 0x61, size);
	return r;
}

static void drop_records(void)
{
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		goalloc_free(record[i]);
		record[i] = NULL;
	}
}

static int make_records(struct goalloc_cache *cache, size_t size)
{
	unsigned int i;

	drop_records();
	for (i = 0; i < NR_RECORDS; i++)
		record[i] = record_make(cache, size);
	return 0;
}

static int records_with_header(void)
{
	return make_records(NULL, RECORD_BYTES + RECORD_HEADER);
}

static int records_in_cache(void)
{
	if (!record_cache)
		record_cache = goalloc_cache_create("record", RECORD_BYTES + RECORD_HEADER, 0, 0,
						    NULL);
	return record_cache ? make_records(record_cache, RECORD_BYTES + RECORD_HEADER) : -ENOMEM;
}

static int records_of_4096(void)
{
	return make_records(NULL, RECORD_BYTES);
}

/* ---------------------------------------------------------------- packets */

struct batch {
	unsigned int n;
	void *packet[BATCH];
};

static noinline void *packet_clone_cached(struct goalloc_cache *cache)
{
	void *packet = goalloc_cache_alloc(cache, GFP_KERNEL);

	if (packet)
		memset(packet, 0x70, PACKET_BYTES);
	return packet;
}

static noinline void packets_done(void *data)
{
	struct batch *b = data;
	unsigned int i;

	for (i = 0; i < b->n; i++)
		goalloc_free(b->packet[i]);
}

/* @n at a time come here, and are done on that CPU. */
static int packets_pass(struct goalloc_cache *cache, unsigned int n, int cpu)
{
	struct batch *b = kzalloc(sizeof(*b), GFP_KERNEL);
	unsigned int i, done;

	if (!b)
		return -ENOMEM;
	b->n = n;
	for (done = 0; done < NR_PACKETS; done += n) {
		for (i = 0; i < n; i++)
			b->packet[i] = cache ? packet_clone_cached(cache) :
					       packet_clone(PACKET_BYTES);
		smp_call_function_single(cpu, packets_done, b, true);
	}
	kfree(b);
	return 0;
}

/* Than this one, if there is another. */
static int other_cpu(void)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	return cpu < nr_cpu_ids ? cpu : raw_smp_processor_id();
}

static int packets(void)
{
	return packets_pass(NULL, BATCH, other_cpu());
}

static int packets_in_cache(void)
{
	if (!packet_cache)
		packet_cache = goalloc_cache_create("packet", PACKET_BYTES, 0, 0, NULL);
	return packet_cache ? packets_pass(packet_cache, BATCH, other_cpu()) : -ENOMEM;
}

static int packets_done_here(void)
{
	return packets_pass(NULL, 1, raw_smp_processor_id());
}

static int burst(void)
{
	void **packet = kvcalloc(NR_BURST, sizeof(*packet), GFP_KERNEL);
	unsigned int i;

	if (!packet)
		return -ENOMEM;
	for (i = 0; i < NR_BURST; i++)
		packet[i] = packet_clone(PACKET_BYTES);
	for (i = 0; i < NR_BURST; i++)
		goalloc_free(packet[i]);
	kvfree(packet);
	return 0;
}

/* -------------------------------------------------------------------- run */

static const struct {
	const char *name;
	int (*happens)(void);
} events[] = {
	{ "traffic", traffic },
	{ "open_sessions", open_sessions },
	{ "routes_among_packets", routes_among_packets },
	{ "routes_apart", routes_apart },
	{ "records_with_header", records_with_header },
	{ "records_in_cache", records_in_cache },
	{ "records_of_4096", records_of_4096 },
	{ "packets", packets },
	{ "packets_done_here", packets_done_here },
	{ "packets_in_cache", packets_in_cache },
	{ "burst", burst },
};

static int run_set(const char *value, const struct kernel_param *kp)
{
	unsigned int i;
	int err = -EINVAL;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!sysfs_streq(value, events[i].name))
			continue;
		mutex_lock(&lock);
		err = events[i].happens();
		mutex_unlock(&lock);
	}
	return err;
}

static const struct kernel_param_ops run_ops = {
	.set = run_set,
};

module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "what shall happen now");

static int __init story_init(void)
{
	return 0;
}

static void __exit story_exit(void)
{
	close_sessions();
	forget_routes();
	drop_records();
	goalloc_cache_destroy(record_cache);
	goalloc_cache_destroy(packet_cache);
}

module_init(story_init);
module_exit(story_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a client of goalloc that leaks, fragments, wastes, and is busy, on demand");
