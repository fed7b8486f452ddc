/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that user space answers. KVM forwards the vendor-specific range
 * (except what it serves itself) and a table of handlers does the rest.
 */
#ifndef TL_VMM_ARCH_ARM64_SMCCC_H
#define TL_VMM_ARCH_ARM64_SMCCC_H

#include <stdint.h>

struct tl_vcpu;

/*
 * Asks KVM to forward the vendor-specific hypervisor range. Returns 0, or
 * -errno where this kernel cannot (before 6.4); guests then get NOT_SUPPORTED.
 */
int tl_smccc_setup(int vm_fd);

/*
 * After tl_smccc_setup(): forwards all that KVM has no service for, too. Returns 0 or -errno
 * (logged).
 */
int tl_smccc_forward_unknown(int vm_fd);

/*
 * Answers the call `function` of this vCPU: arguments in x1 to x6, result in x0. What is unknown
 * gets NOT_SUPPORTED, or with vm->stop_unknown_calls -ENOSYS is returned. On the vCPU's thread. 0
 * or -errno.
 */
int tl_smccc_handle(struct tl_vcpu *vcpu, uint64_t function);

/* How many arguments, x1 and up, the function has; of one that is unknown, all of 6. */
unsigned int tl_smccc_arguments(uint64_t function);

#endif
