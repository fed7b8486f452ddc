/* SPDX-License-Identifier: MIT */
/*
 * KVM's statistics of VMs that other processes have: a folder for each, PID-FD, in debugfs,
 * with a file for each statistic that has the sum over its vCPUs
 * (Documentation/virt/kvm/api.rst tells the binary form, which only the VMM itself can ask for).
 */
#ifndef TL_TRACE_KVM_DEBUGFS_H
#define TL_TRACE_KVM_DEBUGFS_H

#include <stdint.h>
#include <sys/types.h>

#define TL_KVM_DEBUGFS "/sys/kernel/debug/kvm"

/* Calls `each` for every VM in the folder `dir`. Returns 0 or -errno: -ENOENT, -EACCES. */
int tl_kvm_debugfs_each(
	const char *dir, void (*each)(void *ctx, pid_t process, const char *vm), void *ctx);

/* A statistic of that VM. Returns 0 or -errno: it may end at any time. */
int tl_kvm_debugfs_value(const char *dir, const char *vm, const char *stat, uint64_t *value);

#endif
