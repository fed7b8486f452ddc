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
	/* Stock kernels tell in events of their own what an exit was for. */
	TL_EVENT_SYSREG,
	TL_EVENT_CALL,  /* HVC */
	TL_EVENT_FAULT, /* stage-2 fault or MMIO */
	TL_EVENT_WFX,
	TL_EVENT_SWITCH, /* a thread takes another one's place on a CPU */
	TL_EVENT_WAKE,   /* a thread may run again */
	TL_EVENT_IRQ,    /* a host interrupt is handled */
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
	int has_exits;   /* `vm`, `vcpu` and `exits` are known: the kernel is patched */
	uint32_t vm;     /* the process that created the VM */
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

	/* Exit: only with the whole series, else all are 0. `esr`, `far`, `ipa` also of a fault. */
	int has_syndrome; /* the next four are known */
	uint64_t esr;     /* exit by an exception: ESR_EL2; also of a system register */
	uint64_t far;     /* abort or watchpoint: FAR_EL2 */
	uint64_t ipa;     /* abort: where the guest's access went */
	uint32_t mode;    /* SPSR.M, the guest's exception level */
	uint64_t counter; /* entry and exit: the system counter, free of host interrupts */
	uint64_t entered; /* exit: the same when the guest was entered; 0: not known */
	uint64_t x0, x1;  /* HVC and SMC: the guest's, where the kernel tells; also of a call */
	uint32_t imm;     /* call: the immediate; WFX: 1 for WFE */

	pid_t other_tid;   /* SWITCH: the thread that comes; WAKE: that wakes up */
	int preempted;     /* SWITCH: the one that goes could have gone on */
	uint32_t irq;      /* IRQ: its number in Linux */
	const char *label; /* IRQ: its name, in the record; NULL: not known */
};

#endif
