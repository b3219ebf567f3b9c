/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NMIs of a module's own: sent by IPI where there is a local APIC.  The field
 * apic->send_IPI is in all kernels; the static calls that replaced it inside the
 * kernel in 6.6 are not exported.  Elsewhere registering fails with -ENODEV.
 *
 * The function that is registered runs in every NMI on every CPU and says whether
 * the NMI was its own.
 */
#ifndef _NMI_COMPAT_H
#define _NMI_COMPAT_H

#include <linux/errno.h>
#include <linux/types.h>

#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/irq_vectors.h>
#include <asm/nmi.h>

static bool (*compat_nmi_fn)(void);

static int compat_nmi_handler(unsigned int type, struct pt_regs *regs)
{
	return compat_nmi_fn() ? NMI_HANDLED : NMI_DONE;
}

static inline int compat_nmi_register(bool (*fn)(void))
{
	if (!boot_cpu_has(X86_FEATURE_APIC))
		return -ENODEV;
	compat_nmi_fn = fn;
	return register_nmi_handler(NMI_LOCAL, compat_nmi_handler, 0, KBUILD_MODNAME);
}

static inline void compat_nmi_unregister(void)
{
	unregister_nmi_handler(NMI_LOCAL, KBUILD_MODNAME);
}

static inline void compat_nmi_send(int cpu)
{
	apic->send_IPI(cpu, NMI_VECTOR);
}
#else
static inline int compat_nmi_register(bool (*fn)(void))
{
	return -ENODEV;
}

static inline void compat_nmi_unregister(void)
{
}

static inline void compat_nmi_send(int cpu)
{
}
#endif

#endif /* _NMI_COMPAT_H */
