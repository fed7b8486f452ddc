/* SPDX-License-Identifier: MIT */
/*
 * A trace event after decoding: what the profile consumes, whoever collected it.
 */
#ifndef TL_TRACE_EVENT_H
#define TL_TRACE_EVENT_H

#include <stdint.h>
#include <sys/types.h>

enum tl_event_kind {
	TL_EVENT_ENTRY,     /* the vCPU goes back to its guest */
	TL_EVENT_EXIT,      /* the vCPU came out of its guest */
	TL_EVENT_USER_EXIT, /* KVM_RUN returned */
	/*
	 * Events were lost on one CPU between LOST_BEGIN and LOST_END; how many is in
	 * `lost` of the first (0: unknown). Events of other CPUs may lie between.
	 */
	TL_EVENT_LOST_BEGIN,
	TL_EVENT_LOST_END,
};

#define TL_EVENT_NO_VCPU UINT32_MAX

struct tl_event {
	enum tl_event_kind kind;
	int has_exits;   /* `exits` is known: the kernel is patched */
	uint32_t vcpu;   /* KVM's vCPU id, or TL_EVENT_NO_VCPU */
	pid_t tid;       /* the thread that was running */
	uint64_t ts;     /* ns, CLOCK_MONOTONIC */
	uint64_t exits;  /* the vCPU's exit count, this exit included */
	uint64_t pc;     /* entry and exit: the guest's PC */
	uint32_t ret;    /* exit: ARM_EXCEPTION_* */
	uint32_t ec;     /* exit: ESR_EL2.EC */
	uint32_t reason; /* user exit: KVM_EXIT_* */
	int error;       /* user exit: what KVM_RUN returned, 0 or -errno */
	uint64_t lost;   /* LOST_BEGIN */

	/* Only with the whole series; else all are 0. */
	int has_syndrome; /* exit: the next four are known */
	uint64_t esr;     /* exit by an exception: ESR_EL2 */
	uint64_t far;     /* abort or watchpoint: FAR_EL2 */
	uint64_t ipa;     /* abort: where the guest's access went */
	uint32_t mode;    /* exit: SPSR_EL2.M, the guest's exception level */
	uint64_t counter; /* entry and exit: the system counter, free of host interrupts */
};

#endif
