// SPDX-License-Identifier: GPL-2.0
/*
 * string: copies of strings and of memory, in memory from goalloc.
 *
 * Strings hold no pointers: they come from goalloc_heap_alloc_noscan(), where the short
 * ones share blocks of 16 bytes.  Other copies may hold pointers and come from
 * goalloc_alloc().  A length that cannot be allocated, SIZE_MAX included, gives NULL.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dropin.h"

/* A string of @len characters in memory of a heap, or NULL. */
char *string_of(struct goalloc_heap *heap, const char *s, size_t len, gfp_t gfp)
{
	char *ptr = goalloc_heap_alloc_noscan(heap, size_add(len, 1), gfp);

	if (ptr) {
		memcpy(ptr, s, len);
		ptr[len] = '\0';
	}
	return ptr;
}

/* A formatted string in memory of a heap, or NULL. */
char *string_vformat(struct goalloc_heap *heap, gfp_t gfp, const char *fmt, va_list args)
{
	int len, written;
	va_list again;
	char *ptr;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	ptr = goalloc_heap_alloc_noscan(heap, len + 1UL, gfp);
	if (!ptr)
		return NULL;
	written = vsnprintf(ptr, len + 1UL, fmt, args);
	WARN(written != len, "goalloc: \"%s\": %d characters became %d\n", fmt, len, written);
	return ptr;
}

/**
 * goalloc_memdup() - copy memory
 * @src: the memory
 * @len: bytes of it
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the copy, %ZERO_SIZE_PTR for @len 0, or NULL.
 */
void *goalloc_memdup(const void *src, size_t len, gfp_t gfp)
{
	void *ptr = goalloc_alloc(len, gfp);

	if (ptr)
		memcpy(ptr, src, len);
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_memdup);

/**
 * goalloc_memdup_nul() - make a string of characters
 * @s: the characters, or NULL
 * @len: how many
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: a string of @len characters, or NULL; NULL for NULL.
 */
char *goalloc_memdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return s ? string_of(&default_heap, s, len, gfp) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_memdup_nul);

/**
 * goalloc_strdup() - copy a string
 * @s: the string, or NULL
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the copy, or NULL; NULL for NULL.
 */
char *goalloc_strdup(const char *s, gfp_t gfp)
{
	return s ? goalloc_memdup_nul(s, strlen(s), gfp) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_strdup);

/**
 * goalloc_strndup() - copy the beginning of a string
 * @s: the string, or NULL; of one that does not end only @max bytes are read
 * @max: characters to copy at most
 * @gfp: as for goalloc_alloc()
 *
 * Context: as goalloc_alloc().
 * Return: the copy, or NULL; NULL for NULL.
 */
char *goalloc_strndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? goalloc_memdup_nul(s, strnlen(s, max), gfp) : NULL;
}
EXPORT_SYMBOL_GPL(goalloc_strndup);

/**
 * goalloc_vasprintf() - format a string
 * @gfp: as for goalloc_alloc()
 * @fmt: as for printk()
 * @args: its arguments, which must not change meanwhile
 *
 * Context: as goalloc_alloc().
 * Return: the string, or NULL.
 */
char *goalloc_vasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	return string_vformat(&default_heap, gfp, fmt, args);
}
EXPORT_SYMBOL_GPL(goalloc_vasprintf);

/**
 * goalloc_asprintf() - format a string
 * @gfp: as for goalloc_alloc()
 * @fmt: as for printk()
 *
 * Context: as goalloc_alloc().
 * Return: the string, or NULL.
 */
char *goalloc_asprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *ptr;

	va_start(args, fmt);
	ptr = goalloc_vasprintf(gfp, fmt, args);
	va_end(args);
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_asprintf);

/**
 * goalloc_memdup_user() - copy memory from user space
 * @src: the memory
 * @len: bytes of it
 *
 * Context: task; may sleep.
 * Return: the copy, %ZERO_SIZE_PTR for @len 0, ERR_PTR(-ENOMEM), or ERR_PTR(-EFAULT).
 */
void *goalloc_memdup_user(const void __user *src, size_t len)
{
	void *ptr = goalloc_alloc(len, GFP_USER | __GFP_NOWARN);

	if (!ptr)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(ptr, src, len)) {
		goalloc_free(ptr);
		return ERR_PTR(-EFAULT);
	}
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_memdup_user);

/**
 * goalloc_strndup_user() - copy a string from user space
 * @s: the string
 * @n: its bytes at most, with its end
 *
 * Context: task; may sleep.
 * Return: the copy, which ends even if user space changed the string meanwhile;
 * ERR_PTR(-EINVAL) for a longer string, ERR_PTR(-ENOMEM), or ERR_PTR(-EFAULT).
 */
char *goalloc_strndup_user(const char __user *s, long n)
{
	long len = strnlen_user(s, n);
	char *ptr;

	if (!len)
		return ERR_PTR(-EFAULT);
	if (len > n)
		return ERR_PTR(-EINVAL);
	ptr = goalloc_memdup_user(s, len);
	if (!IS_ERR(ptr))
		ptr[len - 1] = '\0';
	return ptr;
}
EXPORT_SYMBOL_GPL(goalloc_strndup_user);
