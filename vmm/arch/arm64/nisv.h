/* SPDX-License-Identifier: MIT */
/*
 * Accesses that the syndrome does not describe (ESR_EL2.ISV = 0, DDI 0487: write-back, pairs,
 * SIMD) where there is no memory to read or write. KVM ends KVM_RUN with ENOSYS, or with an
 * exit of its own if it is asked to: then the instruction is read, taken apart and done here.
 */
#ifndef TL_VMM_ARCH_ARM64_NISV_H
#define TL_VMM_ARCH_ARM64_NISV_H

#include <stdint.h>

struct tl_vcpu;

/* Asks for exits, where KVM (Linux 5.5) has them. Before the vCPUs run. */
void tl_nisv_setup(int vm_fd);

/*
 * Does what the instruction at PC is to do, whose access to `gpa` brought the vCPU here. One
 * that is not emulated gets a synchronous external abort, and a line in the log. On the vCPU's
 * thread. Returns 0 or -errno: KVM keeps a register to itself.
 */
int tl_nisv_emulate(struct tl_vcpu *vcpu, uint64_t gpa);

#endif
