/* SPDX-License-Identifier: MIT */
/*
 * A VM as the VMM describes it to the profiler: all that the two halves know of
 * each other.
 */
#ifndef TL_BASE_VM_DESC_H
#define TL_BASE_VM_DESC_H

#include <stdint.h>
#include <sys/types.h>

#define TL_VM_REGIONS 80

/* Guest physical addresses, and what is there. */
struct tl_vm_region {
	char name[24]; /* RAM: "ram"; else the kind of device, as in trace/decode/device_regs.c */
	uint64_t base, size;
};

struct tl_vm_map {
	unsigned int count;
	struct tl_vm_region regions[TL_VM_REGIONS];
};

struct tl_vcpu_desc {
	unsigned int id; /* what KVM_CREATE_VCPU was given */
	pid_t tid;       /* the thread that calls KVM_RUN */
	int stats_fd;    /* from KVM_GET_STATS_FD on the vCPU; -1 if the kernel has none */
};

struct tl_vm_desc {
	pid_t pid; /* the process that created the VM */
	unsigned int vcpu_count;
	const struct tl_vcpu_desc *vcpus;
	const struct tl_vm_map *map; /* copied by who needs it */
	/* Or NULL: the first that each thread of the profiler's does in the VMM's process. */
	void (*on_thread)(void *opaque);
	void *opaque;
};

#endif
