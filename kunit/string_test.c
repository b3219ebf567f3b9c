// SPDX-License-Identifier: GPL-2.0
/* Suite goalloc_string: copies are equal, end where they should, and are goalloc's. */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "kunit_util.h"

/* The process that loads the suites, whose memory stands for a user's. */
static struct mm_struct *user_mm;

/* The compiler and fortify must not see what is asked for. */
static size_t hidden(size_t n)
{
	OPTIMIZER_HIDE_VAR(n);
	return n;
}

/* The copy is @want and not the original, and is freed. */
static void expect_string(struct kunit *test, char *copy, const char *want, const char *from)
{
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_STREQ(test, copy, want);
	KUNIT_EXPECT_PTR_NE(test, (const char *)copy, from);
	KUNIT_EXPECT_GT(test, goalloc_size(copy), strlen(want));
	goalloc_free(copy);
}

static void string_copies(struct kunit *test)
{
	static const char text[] = "a string that is longer than sixteen bytes";
	char open[4] = { 'o', 'p', 'e', 'n' };
	unsigned long reports = debug_bad_frees();

	expect_string(test, goalloc_strdup(text, GFP_KERNEL), text, text);
	expect_string(test, goalloc_strdup("", GFP_ATOMIC), "", NULL);
	expect_string(test, goalloc_strndup(text, 8, GFP_KERNEL), "a string", text);
	expect_string(test, goalloc_strndup(text, 1000, GFP_KERNEL), text, text);
	expect_string(test, goalloc_strndup(text, 0, GFP_KERNEL), "", text);
	expect_string(test, goalloc_strndup(open, 4, GFP_KERNEL), "open", open);
	expect_string(test, goalloc_memdup_nul(open, 4, GFP_KERNEL), "open", open);
	expect_string(test, goalloc_memdup_nul(open, 0, GFP_KERNEL), "", open);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

static void string_memdup(struct kunit *test)
{
	char *src = kunit_kzalloc(test, 5000, GFP_KERNEL), *copy;

	KUNIT_ASSERT_NOT_NULL(test, src);
	util_fill(src, 5000, 1);
	copy = goalloc_memdup(src, 5000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_TRUE(test, util_filled(copy, 5000, 1));
	goalloc_free(copy);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_memdup(src, hidden(0), GFP_KERNEL), ZERO_SIZE_PTR);
}

/* NULL gives NULL; what cannot be allocated too, and nothing is read. */
static void string_bad_input(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, goalloc_strdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_strndup(NULL, 10, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_memdup_nul(NULL, 10, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_memdup_nul("x", hidden(SIZE_MAX), GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, goalloc_memdup_nul("x", hidden(GOALLOC_MAX_SIZE),
						   GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, goalloc_memdup("x", hidden(SIZE_MAX), GFP_KERNEL));
}

static __printf(1, 2) char *format(const char *fmt, ...)
{
	va_list args;
	char *res;

	va_start(args, fmt);
	res = goalloc_vasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	return res;
}

static void string_format(struct kunit *test)
{
	char *res = goalloc_asprintf(GFP_KERNEL, "%s", "");

	expect_string(test, res, "", NULL);
	expect_string(test, goalloc_asprintf(GFP_ATOMIC, "%d %s %#lx", -7, "words", 0x10UL),
		      "-7 words 0x10", NULL);
	expect_string(test, format("%3d|%-5s|%c", 42, "ab", 'x'), " 42|ab   |x", NULL);
	res = goalloc_asprintf(GFP_KERNEL, "%5000d", 1);
	KUNIT_ASSERT_NOT_NULL(test, res);
	KUNIT_EXPECT_EQ(test, strlen(res), 5000);
	goalloc_free(res);
}

static int string_suite_init(struct kunit_suite *suite)
{
	user_mm = get_task_mm(current);
	return 0;
}

static void string_suite_exit(struct kunit_suite *suite)
{
	if (user_mm)
		mmput(user_mm);
	user_mm = NULL;
}

static void check_user(struct kunit *test, char __user *user)
{
	unsigned long reports = debug_bad_frees();
	struct mem_stats before, after;
	char *copy;

	KUNIT_ASSERT_EQ(test, copy_to_user(user, "of a user", 10), 0);
	copy = goalloc_memdup_user(user, 10);
	KUNIT_ASSERT_FALSE(test, IS_ERR(copy));
	expect_string(test, copy, "of a user", NULL);
	copy = goalloc_strndup_user(user, 10);
	KUNIT_ASSERT_FALSE(test, IS_ERR(copy));
	expect_string(test, copy, "of a user", NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_strndup_user(user, 9)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_strndup_user(user, 0)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_strndup_user(user, -1)), -EFAULT);
	KUNIT_EXPECT_PTR_EQ(test, goalloc_memdup_user(user, 0), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_memdup_user(user, hidden(SIZE_MAX))), -ENOMEM);
	util_settled(&before, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_memdup_user(user, PAGE_SIZE + 1)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_memdup_user(NULL, 10)), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(goalloc_strndup_user(NULL, 10)), -EFAULT);
	util_settled(&after, NULL);
	KUNIT_EXPECT_EQ(test, before.heap_objects, after.heap_objects);
	KUNIT_EXPECT_EQ(test, debug_bad_frees(), reports);
}

/* What user space has is copied, what it has not is an error, and nothing is left behind. */
static void string_user(struct kunit *test)
{
	unsigned long addr;

	if (!user_mm)
		kunit_skip(test, "no process");
	kthread_use_mm(user_mm);
	addr = vm_mmap(NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE,
		       0);
	if (!IS_ERR_VALUE(addr)) {
		vm_munmap(addr + PAGE_SIZE, PAGE_SIZE);
		check_user(test, (char __user *)addr);
		vm_munmap(addr, PAGE_SIZE);
	}
	kthread_unuse_mm(user_mm);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
}

static struct kunit_case string_cases[] = {
	KUNIT_CASE(string_copies),
	KUNIT_CASE(string_memdup),
	KUNIT_CASE(string_bad_input),
	KUNIT_CASE(string_format),
	KUNIT_CASE(string_user),
	{}
};

static struct kunit_suite string_suite = {
	.name = "goalloc_string",
	.suite_init = string_suite_init,
	.suite_exit = string_suite_exit,
	.test_cases = string_cases,
};

kunit_test_suite(string_suite);
