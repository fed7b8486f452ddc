/* SPDX-License-Identifier: MIT */
/*
 * What a guest's notification leads to: from an IPI that a vCPU sends to the guest's next run
 * on the vCPU that it woke or made exit; from a virtio QueueNotify to the read of that device's
 * InterruptStatus. Fed in the order of time. Its memory has a bound.
 */
#ifndef TL_TRACE_PERFETTO_FLOW_H
#define TL_TRACE_PERFETTO_FLOW_H

#include "trace/profile/profile.h"

/* Notifications of one device that wait for one interrupt. */
#define TL_FLOW_WAITING 16
#define TL_FLOW_DEVICES 64

/* All zero is empty. */
struct tl_flow_vcpu {
	uint64_t ipi;      /* the flow that its last IPI began, 0: none, or it has its end */
	uint64_t from, to; /* when that was handled */
	uint64_t answers;  /* the flow that ends when its guest runs next, or 0 */
};

struct tl_flow_device {
	uint64_t base; /* of its registers, guest physical; 0: the place is free */
	unsigned int count;
	uint64_t waiting[TL_FLOW_WAITING];
};

struct tl_flow {
	struct tl_flow_vcpu *vcpus; /* as many as the profile has, in that order; the caller's */
	unsigned int vcpu_count;
	uint64_t *next_id; /* ids are of the whole trace */
	struct tl_flow_device devices[TL_FLOW_DEVICES];
};

/* Flows that begin with a slice, and that end with it; 0: none. */
struct tl_flow_ends {
	uint64_t begins;
	unsigned int end_count;
	uint64_t ends[TL_FLOW_WAITING];
};

/* The handling of an exit of that vCPU (its place among the profile's). */
void tl_flow_exit(struct tl_flow *flow, const struct tl_vm_map *map, unsigned int vcpu,
	const struct tl_profile_detail *exit, uint64_t from, uint64_t to, struct tl_flow_ends *out);

/* It runs its guest. */
void tl_flow_guest(struct tl_flow *flow, unsigned int vcpu, struct tl_flow_ends *out);

/* The thread of one vCPU wakes that of another one. */
void tl_flow_wake(struct tl_flow *flow, unsigned int waker, unsigned int woken, uint64_t ts);

#endif
