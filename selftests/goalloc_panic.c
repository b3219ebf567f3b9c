// SPDX-License-Identifier: GPL-2.0
/*
 * goalloc_panic: does a bad free panic when panic_on_bad_free says so?
 *
 * A kprobe catches panic() at its first instruction and sends the task elsewhere: to
 * say that it was here, and to end.  (panic() does not return, so there is nowhere to go
 * back to.)  Loading fails when panic() is not reached.
 */
#define pr_fmt(fmt) "goalloc_panic: " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include <linux/goalloc.h>

#define PANIC_SECONDS	10

static DECLARE_COMPLETION(panicked);

/* Where panic() goes instead. */
static void __noreturn end_task(void)
{
	pr_info("panic() was called\n");
	kthread_complete_and_exit(&panicked, 0);
}

static int at_panic(struct kprobe *p, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)end_task);
	return 1;	/* regs were changed */
}

/* With this one the probe is not optimised into a jump, which would ignore regs. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "panic",
	.pre_handler = at_panic,
	.post_handler = after,
};

static int free_badly(void *unused)
{
	char *obj = goalloc_alloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(obj);
	goalloc_free(obj + 8);
	pr_err("the bad free returned\n");
	goalloc_free(obj);
	return 0;
}

static int __init panic_init(void)
{
	struct task_struct *task;
	int err = register_kprobe(&probe);

	if (err)
		return err;
	task = kthread_run(free_badly, NULL, "goalloc_panic");
	if (IS_ERR(task))
		err = PTR_ERR(task);
	else if (!wait_for_completion_timeout(&panicked, PANIC_SECONDS * HZ))
		err = -ETIMEDOUT;
	unregister_kprobe(&probe);
	return err;
}

static void __exit panic_exit(void)
{
}

module_init(panic_init);
module_exit(panic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("catches goalloc's panic");
