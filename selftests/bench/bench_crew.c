// SPDX-License-Identifier: GPL-2.0
/*
 * Crews: see bench_crew.h.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "bench_crew.h"

#define POOL_SIZE	SZ_64K		/* what a thousand objects of 64 bytes take */

/*
 * What a workload takes by itself: memory that each CPU hands out in turn, however often it
 * did before, and that nobody frees.
 */
static struct pool {
	unsigned int next;
	u8 memory[POOL_SIZE] __aligned(16);
} ____cacheline_aligned pools[CREW_MAX];

static noinline void *pool_of(size_t size, gfp_t gfp)
{
	struct pool *p = &pools[raw_smp_processor_id() % CREW_MAX];
	unsigned int at = p->next;

	if (size > POOL_SIZE)
		return NULL;
	if (at + size > POOL_SIZE)
		at = 0;
	p->next = at + ALIGN(size, 16);
	return p->memory + at;
}

/* While waiting for another CPU; where there is but one for all, it gets its turn. */
void bench_relax(void)
{
	cpu_relax();
	cond_resched();
}

/* Wait for all of the crew. */
void bench_barrier(struct bench_crew *crew)
{
	unsigned int phase = READ_ONCE(crew->phase);

	if (atomic_inc_return(&crew->arrived) == crew->n) {
		atomic_set(&crew->arrived, 0);
		smp_store_release(&crew->phase, phase + 1);	/* after all that came before */
		return;
	}
	while (smp_load_acquire(&crew->phase) == phase)	/* pairs with the release above */
		bench_relax();
}

static int thread(void *data)
{
	struct bench_worker *w = data;

	if (!w->crew->work(w))
		WRITE_ONCE(w->crew->failed, true);
	complete(&w->done);
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static int start_all(struct bench_crew *crew, struct task_struct **tasks)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < crew->n; i++) {
		tasks[i] = kthread_create(thread, &crew->worker[i], "bench/%u", i);
		if (IS_ERR(tasks[i])) {
			while (i--)
				kthread_stop(tasks[i]);	/* has not run yet */
			return -ENOMEM;
		}
		kthread_bind(tasks[i], cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	for (i = 0; i < crew->n; i++)
		wake_up_process(tasks[i]);
	return 0;
}

/* Run a crew once and report. */
int bench_crew_run(const char *workload, struct bench_crew *crew)
{
	struct task_struct *tasks[CREW_MAX];
	u64 start = U64_MAX, end = 0, operations = 0;
	unsigned int i;
	int err;

	for (i = 0; i < crew->n; i++) {
		crew->worker[i] = (struct bench_worker){
			.crew = crew, .index = i, .random = BENCH_SEED + i,
		};
		init_completion(&crew->worker[i].done);
	}
	err = start_all(crew, tasks);
	if (err)
		return err;
	for (i = 0; i < crew->n; i++) {
		wait_for_completion(&crew->worker[i].done);
		kthread_stop(tasks[i]);
	}
	if (crew->failed)
		return -ENOMEM;
	for (i = 0; i < crew->n; i++) {
		start = min(start, crew->worker[i].start);
		end = max(end, crew->worker[i].end);
		operations += crew->worker[i].operations;
	}
	bench_report_each(workload, crew->size, crew->a, (end - start) * crew->n, operations);
	return 0;
}

/* Each allocator of a table takes its turn, in every round. */
int bench_crew_table(const char *workload, const struct bench_allocator *const *table,
		     unsigned int rows, unsigned int cpus, size_t size,
		     bool (*work)(struct bench_worker *w))
{
	unsigned int n, round;
	char name[64];
	int err = 0;

	snprintf(name, sizeof(name), "%s-%u", workload, cpus);
	for (round = 0; round < bench_rounds && !err; round++) {
		for (n = 0; n < rows && !err; n++) {
			struct bench_crew crew = {
				.a = table[n], .n = cpus, .size = size, .work = work,
			};

			err = bench_crew_run(name, &crew);
		}
	}
	return err;
}

/* What the workload takes by itself.  (One that writes to one object only is slower in a pool.) */
int bench_crew_alone(const char *workload, unsigned int cpus, size_t size,
		     bool (*work)(struct bench_worker *w))
{
	const struct bench_allocator a = { bench_nothing.name, pool_of, bench_nothing.free };
	const struct bench_allocator *const table[] = { &a };

	return bench_crew_table(workload, table, ARRAY_SIZE(table), cpus, size, work);
}
