/* SPDX-License-Identifier: MIT */
/*
 * The seam between the VMM and the kernel: the only functions that reach KVM.
 * kvm.c is the real one; unit tests link a fake in its place.
 * KVM's interface: Documentation/virt/kvm/api.rst in the kernel source.
 */
#ifndef TL_VMM_CORE_KVM_H
#define TL_VMM_CORE_KVM_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens /dev/kvm and checks the API version. Returns the file descriptor, which
 * the caller closes, or -errno after having logged what to do about it.
 */
int tl_kvm_open(void);

/* ioctl(2) with `arg` passed as it is. Returns what the kernel did, or -errno. Thread-safe. */
int tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg);

/* tl_kvm_ioctl() for requests that take a pointer. */
int tl_kvm_ioctl_ptr(int fd, unsigned long request, void *arg);

/* Maps a vCPU's struct kvm_run (`size` bytes). Returns 0 or -errno; the caller unmaps. */
int tl_kvm_map_run(int vcpu_fd, size_t size, struct kvm_run **run);

/* Undoes tl_kvm_map_run(). */
void tl_kvm_unmap_run(struct kvm_run *run, size_t size);

/* KVM_CHECK_EXTENSION on /dev/kvm or a VM. 0 (also on error) means: not there. */
int tl_kvm_check(int fd, long capability);

/* Sets an attribute (KVM_SET_DEVICE_ATTR) of a VM, vCPU or device. 0 or -errno. */
int tl_kvm_set_attr(int fd, uint32_t group, uint64_t attr, const void *value);

/* 0 where the object has this attribute (KVM_HAS_DEVICE_ATTR), else -errno. */
int tl_kvm_has_attr(int fd, uint32_t group, uint64_t attr);

#endif
