/* SPDX-License-Identifier: MIT */
/*
 * Accesses that the syndrome does not describe (ESR_EL2.ISV = 0, DDI 0487: write-back, pairs,
 * SIMD) where there is no memory to read or write. KVM ends KVM_RUN with ENOSYS, or with an
 * exit of its own if it is asked to.
 */
#ifndef TL_VMM_ARCH_ARM64_NISV_H
#define TL_VMM_ARCH_ARM64_NISV_H

struct tl_vcpu;

/* Asks for exits, where KVM (Linux 5.5) has them. Before the vCPUs run. */
void tl_nisv_setup(int vm_fd);

/*
 * Gives the guest a synchronous external abort for the access. On the vCPU's thread. Returns 0
 * or -errno.
 */
int tl_nisv_abort(const struct tl_vcpu *vcpu);

#endif
