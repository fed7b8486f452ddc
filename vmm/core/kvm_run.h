/* SPDX-License-Identifier: MIT */
/*
 * KVM_RUN, straight to the kernel: libc's ioctl() and its errno cost an exit more than a dozen
 * instructions. With TL_KVM_SEAM (unit tests), and where there is no arm64, by vmm/core/kvm.h.
 */
#ifndef TL_VMM_CORE_KVM_RUN_H
#define TL_VMM_CORE_KVM_RUN_H

#include <linux/kvm.h>
#include <sys/syscall.h>

#include "vmm/core/kvm.h"

/* Runs the vCPU until it exits. Returns what the kernel did, 0 or -errno. The vCPU's thread. */
static inline int tl_kvm_run(int vcpu_fd)
{
#if defined(__aarch64__) && !defined(TL_KVM_SEAM)
	/* The kernel's calling convention: number in x8, arguments in x0 to x2, result in x0. */
	register long x0 __asm__("x0") = vcpu_fd;
	register long x1 __asm__("x1") = KVM_RUN;
	register long x2 __asm__("x2") = 0;
	register long x8 __asm__("x8") = SYS_ioctl;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory", "cc");
	return (int)x0;
#else
	return tl_kvm_ioctl(vcpu_fd, KVM_RUN, 0);
#endif
}

#endif
