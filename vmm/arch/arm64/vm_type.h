/* SPDX-License-Identifier: MIT */
/*
 * Creating a VM on arm64: the size of its guest physical address space (IPA).
 */
#ifndef TL_VMM_ARCH_ARM64_VM_TYPE_H
#define TL_VMM_ARCH_ARM64_VM_TYPE_H

#include <stdint.h>

/*
 * KVM_CREATE_VM with an address space that reaches up to guest physical address
 * `end` (exclusive). Returns the file descriptor (the caller's), or -errno
 * after logging; -ERANGE: the host's address space is too small.
 */
int tl_vm_type_create(int kvm_fd, uint64_t end);

#endif
