/* SPDX-License-Identifier: MIT */
/*
 * A VM as the VMM describes it to the profiler: all that the two halves know of
 * each other. Only what the profile needs today; the memory map and the devices
 * with their address ranges come as further members.
 */
#ifndef TL_BASE_VM_DESC_H
#define TL_BASE_VM_DESC_H

#include <sys/types.h>

struct tl_vcpu_desc {
	unsigned int id; /* what KVM_CREATE_VCPU was given */
	pid_t tid;       /* the thread that calls KVM_RUN */
	int stats_fd;    /* from KVM_GET_STATS_FD on the vCPU; -1 if the kernel has none */
};

struct tl_vm_desc {
	pid_t pid; /* the process that created the VM */
	unsigned int vcpu_count;
	const struct tl_vcpu_desc *vcpus;
};

#endif
