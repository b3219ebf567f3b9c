/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NMIs that a module sends itself, on x86 with a local APIC.  All three kernels export
 * the APIC driver; what wraps its calls is not exported by all.
 *
 * While a handler is registered it claims every NMI: two that were sent may arrive as
 * one, so that nobody can tell whose it was.  A test machine can bear that.
 */
#ifndef _NMI_COMPAT_H
#define _NMI_COMPAT_H

#include <linux/cpumask.h>
#include <linux/delay.h>

#ifdef CONFIG_X86_LOCAL_APIC

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/irq_vectors.h>
#include <asm/nmi.h>

/* A macro, because register_nmi_handler() is one that makes a name from @fn. */
#define compat_nmi_register(fn, name)						\
	(boot_cpu_has(X86_FEATURE_APIC) ?					\
	 register_nmi_handler(NMI_LOCAL, fn, 0, name) : -ENODEV)

/* With interrupts off, so that @cpu does not go offline before it is hit. */
static inline void compat_nmi_send(int cpu)
{
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
}

/* After the last one was sent: the ones under way arrive first. */
static inline void compat_nmi_unregister(const char *name)
{
	msleep(100);
	unregister_nmi_handler(NMI_LOCAL, name);
}

#else

struct pt_regs;
#define NMI_HANDLED 1

typedef int (*compat_nmi_handler_t)(unsigned int, struct pt_regs *);

static inline int compat_nmi_register(compat_nmi_handler_t fn, const char *name)
{
	return -ENODEV;
}

static inline void compat_nmi_send(int cpu)
{
}

static inline void compat_nmi_unregister(const char *name)
{
}

#endif

#endif /* _NMI_COMPAT_H */
