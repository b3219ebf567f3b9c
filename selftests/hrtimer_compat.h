/* SPDX-License-Identifier: GPL-2.0 */
/* hrtimer_init() and the function became hrtimer_setup() in 6.13. */
#ifndef _HRTIMER_COMPAT_H
#define _HRTIMER_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>

static inline void compat_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*fn)(struct hrtimer *),
					enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#else
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, mode);
#endif
}

#endif /* _HRTIMER_COMPAT_H */
