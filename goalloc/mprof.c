// SPDX-License-Identifier: GPL-2.0
/*
 * mprof: the sampled heap profile, as Go has it.
 *
 * THEORY OF OPERATION
 *
 * Each CPU counts down the bytes until its next sample, for all heaps together.  Who
 * allocates subtracts what was asked for (of an object cache: the size of its objects),
 * and looks at the sign: that is all that the fast paths do, and they do it whether the
 * profile is on or not.  A fast path that finds the count negative gives up, with
 * nothing taken, and whoever allocates in its place counts the object and ends here.  A bulk
 * request subtracts all its bytes at once if that leaves the count above 0, and else those
 * of each object by itself.  Once it is negative, the count starts anew:
 *
 *	off	at a number that it takes 2^62 bytes to count down
 *	on	at a random one, exponentially distributed about the rate, so that every
 *		byte has the same chance of being sampled, whatever came before:
 *		an object of n bytes is with probability 1 - exp(-n / rate)
 *	rate 1	at 0: each object is sampled
 *
 * A sampled object has a record, in a hash table by address, and its record a bucket,
 * by stack, size and span class, which counts.  Buckets are a table of a fixed length; what
 * finds no place in it goes to the first one, which has no stack.  Stacks are in the
 * kernel's depot, without goalloc's own frames.
 *
 * WHO FREES A SAMPLED OBJECT
 *
 * The fast path of free has no instruction for this.  A span with a sampled object has
 * free_limit 0, as a span of tiny objects always has: every free into it takes the
 * general way, which goes by mspan_limit(), and looks for a record while s->sampled is
 * not 0.  The span gets its limit back with the last of its records.  A free on
 * another CPU sees what the allocation stored (the record, s->sampled, free_limit)
 * because it has the object's address from there; and if it reads the limit at the moment
 * when it changes for the sake of another object, either way is right for its own.
 *
 * The record goes before the object is freed: then the address may be anybody's.  A free
 * that is refused never gets here, but for one that races with the free that is not.
 *
 * CLAIMS
 *
 * Who ends a record takes its address away by a cmpxchg.  Records are never freed while
 * somebody may look at them, but used again, and the ends of the chains say which chain
 * it was (list_nulls.h), so that one is found without the lock.  NMI, where the lock may
 * be held by whom it interrupted, leaves a claimed record on a list, which the next
 * holder of the lock settles.  Until then the span has free_limit 0 for nothing; before
 * it is unmade mprof_forget() looks.
 *
 * CONTEXT: any.  Without memory, and where none can be asked for (NMI; on PREEMPT_RT with
 * preemption off), a record that was used before is used again; without one, the sample
 * is counted as lost.  Nothing here allocates from goalloc.
 *
 * LOCKS: profile_lock, a raw one, guards buckets, spare records, changes of the chains,
 * s->sampled, and free_limit of spans that have an object in use.  rate_mutex: one change
 * of the rate at a time.
 * INVARIANT, under the lock: s->sampled is the number of records in the chains that have
 * that span; free_limit of a span that is not DEAD is 0 if and only if that is not 0, or
 * the span is tiny.
 */
#include <linux/cpu.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/rculist_nulls.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "internal.h"

#define NEVER		(LONG_MAX / 2)
#define HASH_BITS	14
#define BUCKET_BITS	13
#define NR_BUCKETS	BIT(BUCKET_BITS)
#define PROBES		32	/* places that a bucket may have */

/**
 * struct mprof_record - a sampled object
 * @node: link of its chain
 * @link: of the deferred or the spare records
 * @addr: the object; 0: claimed
 * @span: the span that it lies in
 * @bucket: where it is counted
 * @size: bytes of the request
 */
struct mprof_record {
	struct hlist_nulls_node node;
	struct llist_node link;
	unsigned long addr;
	struct mspan *span;
	struct mprof_bucket *bucket;
	u32 size;
};

#define BUCKETS_SIZE	(NR_BUCKETS * sizeof(struct mprof_bucket))
#define CHAINS_SIZE	(BIT(HASH_BITS) * sizeof(struct hlist_nulls_head))

DEFINE_PER_CPU(long, mprof_left);
static DEFINE_PER_CPU(struct rnd_state, random_states);

static DEFINE_RAW_SPINLOCK(profile_lock);
static DEFINE_MUTEX(rate_mutex);
static LLIST_HEAD(deferred);
static struct llist_node *spares;
static struct hlist_nulls_head *chains;	/* once the profile was on */
static struct mprof_bucket *buckets;	/* likewise */
static unsigned long profile_rate;
static unsigned long nr_records;
static atomic_long_t lost;

/* A CPU counts anew: this one, with interrupts off, so that a new rate comes after; or none. */
static unsigned long restart(int cpu)
{
	unsigned long rate = READ_ONCE(profile_rate);

	per_cpu(mprof_left, cpu) = !rate ? NEVER :
		sampling_gap(rate, prandom_u32_state(per_cpu_ptr(&random_states, cpu)));
	return rate;
}

/* ------------------------------------------------------------ the records */

static unsigned int chain_of(unsigned long addr)
{
	return hash_long(addr, HASH_BITS);
}

/* The record of an object, which may be another's by the time the caller looks. */
static struct mprof_record *find_record(unsigned long addr)
{
	unsigned int chain = chain_of(addr);
	struct hlist_nulls_node *node;
	struct mprof_record *rec;

	do {
		hlist_nulls_for_each_entry_rcu(rec, node, &chains[chain], node)
			if (READ_ONCE(rec->addr) == addr)
				return rec;
	} while (get_nulls_value(node) != chain);	/* it led into another chain */
	return NULL;
}

static bool claim(struct mprof_record *rec, unsigned long addr)
{
	return addr && cmpxchg(&rec->addr, addr, 0) == addr;
}

static void put_spare(struct mprof_record *rec)
{
	rec->link.next = spares;
	spares = &rec->link;
}

static struct mprof_record *get_spare(void)
{
	struct llist_node *node = spares;

	if (!node)
		return NULL;
	spares = node->next;
	return llist_entry(node, struct mprof_record, link);
}

/* With a record or more the objects of a span leave the fast path of free. */
static void set_sampled(struct mspan *s, unsigned int n)
{
	if (s->spc != SPC_TINY)
		WRITE_ONCE(s->free_limit, n ? 0 : s->nelems);
	smp_store_release(&s->sampled, n);	/* pairs with mheap_free(), which sets the limit */
}

/* A claimed record has come to its end. */
static void settle(struct mprof_record *rec)
{
	struct mspan *s = rec->span;

	hlist_nulls_del_rcu(&rec->node);
	nr_records--;
	rec->bucket->live--;
	rec->bucket->live_bytes -= rec->size;
	set_sampled(s, s->sampled - 1);
	put_spare(rec);
}

static void settle_deferred(void)
{
	struct llist_node *node, *next;

	if (likely(llist_empty(&deferred)))
		return;
	llist_for_each_safe(node, next, llist_del_all(&deferred))
		settle(llist_entry(node, struct mprof_record, link));
}

/* False: not to be had, in NMI. */
static bool lock_profile(unsigned long *flags)
{
	if (!in_nmi()) {
		raw_spin_lock_irqsave(&profile_lock, *flags);
	} else {
		local_irq_save(*flags);
		if (!raw_spin_trylock(&profile_lock)) {
			local_irq_restore(*flags);
			return false;
		}
	}
	settle_deferred();
	__release(&profile_lock);	/* sparse knows no lock that may be held or not */
	return true;
}

static void unlock_profile(unsigned long flags)
{
	__acquire(&profile_lock);	/* see lock_profile() */
	raw_spin_unlock_irqrestore(&profile_lock, flags);
}

/**
 * mprof_freed() - an object of a span that has sampled ones is about to be freed
 * @s: the span
 * @ptr: a live object of it, sampled or not
 *
 * Context: any, NMI included.
 */
void mprof_freed(struct mspan *s, const void *ptr)
{
	unsigned long flags, addr = (unsigned long)ptr;
	struct mprof_record *rec;

	rcu_read_lock();
	rec = find_record(addr);
	if (rec && lock_profile(&flags)) {
		if (claim(rec, addr))
			settle(rec);
		unlock_profile(flags);
	} else if (rec && claim(rec, addr)) {
		llist_add(&rec->link, &deferred);
	}
	rcu_read_unlock();
}

/* End the records of @chain that are of @s, or all if that is NULL. */
static void end_chain(unsigned int chain, const struct mspan *s)
{
	struct hlist_nulls_node *node, *next;
	struct mprof_record *rec;

	for (node = chains[chain].first; !is_a_nulls(node); node = next) {
		next = node->next;
		rec = hlist_nulls_entry(node, struct mprof_record, node);
		if ((!s || rec->span == s) && claim(rec, READ_ONCE(rec->addr)))
			settle(rec);
	}
}

/**
 * mprof_forget() - a span that has records is going
 * @s: the span; DEAD, no object of it is in use
 *
 * What NMI has left to be done is done now.  There is nothing else, unless an object
 * was freed in a way that this file does not know.
 *
 * Context: any but NMI.
 */
void mprof_forget(struct mspan *s)
{
	unsigned long flags;
	unsigned int i;

	lock_profile(&flags);
	for (i = 0; s->sampled && i < BIT(HASH_BITS); i++)
		end_chain(i, s);
	unlock_profile(flags);
}

/* ------------------------------------------------------------ the samples */

/* Can memory be asked for, without sleeping? */
static bool may_allocate(void)
{
	return !in_nmi() && (!IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible());
}

#ifdef CONFIG_STACKDEPOT
static depot_stack_handle_t save_stack(void)
{
	unsigned long frames[MPROF_FRAMES];
	unsigned int n, own = 0;

	if (!may_allocate())
		return 0;
	n = stack_trace_save(frames, ARRAY_SIZE(frames), 0);
	while (own < n && within_module(frames[own], THIS_MODULE))
		own++;
	return own < n ? stack_depot_save(frames + own, n - own, GFP_NOWAIT | __GFP_NOWARN) : 0;
}

/* The frames of a stack, the innermost first.  Return: how many. */
unsigned int mprof_stack(depot_stack_handle_t stack, unsigned long **frames)
{
	return stack ? stack_depot_fetch(stack, frames) : 0;
}
#else
static depot_stack_handle_t save_stack(void)
{
	return 0;
}

unsigned int mprof_stack(depot_stack_handle_t stack, unsigned long **frames)
{
	return 0;
}
#endif
EXPORT_SYMBOL_FOR_KUNIT(mprof_stack);

static_assert(GOALLOC_MAX_SIZE < BIT(24) && SPC_CACHE < BIT(8));	/* as in the bucket */

static struct mprof_bucket *find_bucket(depot_stack_handle_t stack, u32 size, u8 spc)
{
	unsigned int i, start = hash_64((u64)stack << 32 | size, BUCKET_BITS);
	struct mprof_bucket *b;

	for (i = 0; i < PROBES; i++) {
		b = &buckets[(start + i) % NR_BUCKETS];
		if (b == buckets)
			continue;
		if (!b->size) {
			b->stack = stack;
			b->size = size;
			b->spc = spc;
		}
		if (b->stack == stack && b->size == size && b->spc == spc)
			return b;
	}
	return buckets;
}

/* Under the lock. */
static void add_record(struct mprof_record *rec, const void *ptr, u32 size,
		       depot_stack_handle_t stack)
{
	struct mspan *s = span_of((unsigned long)ptr);
	struct mprof_bucket *b = find_bucket(stack, size, s->spc);

	b->live++;
	b->live_bytes += size;
	b->objects++;
	b->bytes += size;
	rec->size = size;
	rec->span = s;
	rec->bucket = b;
	WRITE_ONCE(rec->addr, (unsigned long)ptr);
	hlist_nulls_add_head_rcu(&rec->node, &chains[chain_of((unsigned long)ptr)]);
	nr_records++;
	set_sampled(s, s->sampled + 1);
}

static struct mprof_record *new_record(void)
{
	struct mprof_record *rec = kmalloc(sizeof(*rec), GFP_NOWAIT | __GFP_NOWARN);

	if (rec)
		mem_account(MEM_OTHER, sizeof(*rec));
	return rec;
}

/* Record an object, unless the rate has changed. */
static bool record(const void *ptr, size_t size, unsigned long rate, depot_stack_handle_t stack)
{
	bool may = may_allocate();
	struct mprof_record *rec;
	unsigned long flags;

	if (!lock_profile(&flags))
		return false;
	rec = get_spare();
	if (!rec && may) {
		unlock_profile(flags);
		rec = new_record();
		lock_profile(&flags);	/* it is no NMI */
	}
	if (rec && rate == profile_rate)
		add_record(rec, ptr, size, stack);
	else if (rec)
		put_spare(rec);
	unlock_profile(flags);
	return rec;
}

/**
 * mprof_sample() - an object was allocated, and a sample was due
 * @ptr: the object
 * @size: bytes
 *
 * Context: any, NMI included.
 */
noinline void mprof_sample(const void *ptr, size_t size)
{
	unsigned long flags, rate;

	local_irq_save(flags);
	rate = restart(smp_processor_id());
	local_irq_restore(flags);
	if (!rate || ZERO_OR_NULL_PTR(ptr))
		return;
	if (!record(ptr, size, rate, save_stack()))
		atomic_long_inc(&lost);
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_sample);

/* @n objects of @size bytes were, and a sample is due among them: count each by itself. */
noinline void mprof_sample_bulk(size_t n, void **ptrs, size_t size)
{
	size_t i;

	for (i = 0; i < n; i++)
		mprof_alloc(ptrs[i], size);
}

/* --------------------------------------------------------------- the rate */

unsigned long mprof_get_rate(void)
{
	return READ_ONCE(profile_rate);
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_get_rate);

static int make_tables(void)
{
	unsigned int i;

	if (chains)
		return 0;
	buckets = buckets ?: fault_meta(kvzalloc(BUCKETS_SIZE, GFP_KERNEL));
	if (!buckets || stack_depot_init())
		return -ENOMEM;
	chains = fault_meta(kvmalloc(CHAINS_SIZE, GFP_KERNEL));
	if (!chains)
		return -ENOMEM;
	mem_account(MEM_OTHER, BUCKETS_SIZE + CHAINS_SIZE);
	for (i = 0; i < BIT(HASH_BITS); i++)
		INIT_HLIST_NULLS_HEAD(&chains[i], i);
	return 0;
}

/* End all records: some may be claimed, by an NMI that will defer them at once. */
static void drop_records(void)
{
	unsigned long flags, left;
	unsigned int i;

	for (i = 0; i < BIT(HASH_BITS); i++) {
		lock_profile(&flags);
		end_chain(i, NULL);
		unlock_profile(flags);
		cond_resched();
	}
	do {
		lock_profile(&flags);
		left = nr_records;
		unlock_profile(flags);
		cond_resched();
	} while (left);
}

/* Give the spare records back to the kernel, when nobody looks at them any more. */
static void free_spares(void)
{
	struct llist_node *node, *next;
	unsigned long flags;

	lock_profile(&flags);
	node = spares;
	spares = NULL;
	unlock_profile(flags);
	synchronize_rcu();
	llist_for_each_safe(node, next, node) {
		mem_account(MEM_OTHER, -(long)sizeof(struct mprof_record));
		kfree(llist_entry(node, struct mprof_record, link));
	}
}

static void restart_this(void *unused)
{
	restart(smp_processor_id());
}

static void restart_all(void)
{
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			restart(cpu);
	on_each_cpu(restart_this, NULL, 1);
	cpus_read_unlock();
}

/**
 * mprof_set_rate() - begin a new profile
 * @rate: mean bytes between samples, at most %MPROF_RATE_MAX; 0: no profile
 *
 * What was recorded is forgotten.
 *
 * Context: task; may sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int mprof_set_rate(unsigned long rate)
{
	unsigned long flags;
	int err = 0;

	mutex_lock(&rate_mutex);
	if (rate)
		err = make_tables();
	if (!err && chains) {
		lock_profile(&flags);
		WRITE_ONCE(profile_rate, 0);
		unlock_profile(flags);
		drop_records();
		free_spares();
		lock_profile(&flags);
		memset(buckets, 0, BUCKETS_SIZE);
		atomic_long_set(&lost, 0);
		WRITE_ONCE(profile_rate, rate);
		unlock_profile(flags);
		restart_all();
	}
	mutex_unlock(&rate_mutex);
	return err;
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_set_rate);

/* This CPU's next allocation shall be sampled.  Return: after how many bytes one would have. */
long mprof_expire(void)
{
	return this_cpu_xchg(mprof_left, 0);
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_expire);

/* From now on, if the rate is set again, each CPU's gaps are known. */
void mprof_seed(u64 seed)
{
	int cpu;

	for_each_possible_cpu(cpu)
		prandom_seed_state(per_cpu_ptr(&random_states, cpu), seed + cpu);
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_seed);

/**
 * mprof_read() - copy the profile
 *
 * Each bucket is as it was at one moment.
 *
 * Context: task; may sleep.
 * Return: the copy, for kvfree(); or NULL without memory.
 */
struct mprof_profile *mprof_read(void)
{
	struct mprof_profile *p;
	unsigned long flags;
	unsigned int i;

	p = kvzalloc(struct_size(p, bucket, NR_BUCKETS), GFP_KERNEL);
	if (!p)
		return NULL;
	mutex_lock(&rate_mutex);
	p->rate = profile_rate;
	for (i = 0; buckets && i < NR_BUCKETS; i++) {
		lock_profile(&flags);
		p->bucket[p->nr] = buckets[i];
		unlock_profile(flags);
		p->nr += !!p->bucket[p->nr].objects;
	}
	p->lost = atomic_long_read(&lost);
	mutex_unlock(&rate_mutex);
	return p;
}
EXPORT_SYMBOL_FOR_KUNIT(mprof_read);

int mprof_init(unsigned long rate)
{
	prandom_seed_full_state(&random_states);
	restart_all();
	return rate ? mprof_set_rate(rate) : 0;
}

void mprof_exit(void)
{
	mprof_set_rate(0);
	if (chains)
		mem_account(MEM_OTHER, -(long)(BUCKETS_SIZE + CHAINS_SIZE));
	kvfree(chains);
	kvfree(buckets);
}
