/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine: its KVM file descriptors, memory, bus, interrupt
 * controller and vCPUs, and how it stops. The main thread owns it; vCPU
 * threads (vcpu.h) use it while they run.
 */
#ifndef TL_VMM_CORE_VM_H
#define TL_VMM_CORE_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/cpu_features.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/core/bus.h"
#include "vmm/core/coalesced.h"
#include "vmm/core/loop.h"
#include "vmm/core/mem.h"
#include "vmm/core/vcpu.h"

struct tl_exit_trace;
struct tl_gate;

/* Why a VM does not run (any more). */
enum tl_stop_kind {
	TL_STOP_NONE,
	TL_STOP_POWEROFF, /* PSCI SYSTEM_OFF */
	TL_STOP_RESET,    /* PSCI SYSTEM_RESET: the VM is to be restarted in place */
	TL_STOP_SUSPEND,  /* PSCI SYSTEM_SUSPEND: tl_suspend_enter(), and on */
	TL_STOP_CRASH,    /* the guest said that it crashed */
	TL_STOP_ERROR,    /* the VM cannot go on */
};

struct tl_stop {
	enum tl_stop_kind kind;
	unsigned int vcpu; /* the vCPU that caused it */
	uint64_t pc;       /* its guest program counter */
	char why[256];     /* one line; empty where the kind says it all */
};

/* What the vCPU threads are to do. */
enum tl_vm_phase {
	TL_PHASE_PARK,
	TL_PHASE_RUN,
	TL_PHASE_QUIT,
};

struct tl_vm {
	const unsigned int *pins; /* see struct tl_vm_config */
	unsigned int pin_count;
	int kvm_fd;
	int vm_fd;
	size_t run_size;     /* bytes of a struct kvm_run mapping */
	struct tl_mem mem;   /* RAM */
	struct tl_mem flash; /* memory that the guest cannot write; not there with size 0 */
	struct tl_bus bus;
	struct tl_coalesced coalesced; /* writes to it that come without an exit */
	struct tl_irqchip irqchip;
	struct tl_suspend suspend;
	struct tl_cpu_features cpu;
	struct tl_loop *loop;       /* not owned; woken when the VM stops */
	struct tl_console *console; /* not owned; for hypercalls */
	bool smccc_filter;          /* whether hypercalls reach us at all */
	bool stop_unknown_calls;    /* what nobody knows ends the VM */
	/* tl_vcpu_run_guest(), or before the threads run, with `trace`, tl_vcpu_run_traced(). */
	void (*run_guest)(struct tl_vcpu *vcpu);
	struct tl_exit_trace *trace; /* not owned; lines of `--trace-exits`, or NULL */
	struct tl_gate *gate;        /* not owned; each thread passes it; or NULL */

	struct tl_vcpu *vcpus; /* owned */
	unsigned int vcpu_count;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	enum tl_vm_phase phase;
	struct tl_stop stop;
	/* Mirrors phase != RUN, so that the run loop need not lock: set with release by
	 * whoever leaves RUN, read with acquire by tl_vcpu's loop. */
	_Atomic bool halt;
};

/* A state that tl_vm_fini() accepts. */
void tl_vm_blank(struct tl_vm *vm);

struct tl_vm_config {
	unsigned int vcpus;
	uint64_t ram_base;        /* guest physical */
	uint64_t ram_size;        /* bytes */
	uint64_t hole, hole_size; /* in RAM, guest physical; size 0: none */
	enum tl_mem_backing backing;
	uint64_t flash_base, flash_size; /* size 0: none; else outside of RAM */
	enum tl_gic_kind gic;
	const struct tl_gic_map *gic_map; /* the machine's; it stays the caller's */
	bool msi;          /* message-signalled interrupts: an ITS or a GICv2m frame */
	unsigned int spis; /* shared interrupts that the machine's devices need */
	const unsigned int
		*pins;          /* CPUs of the host for the vCPUs, in turn; it stays the caller's */
	unsigned int pin_count; /* 0: they run anywhere */
	const struct tl_cpu_choices *cpu; /* NULL: nothing was said */
	bool aarch32;                     /* the CPUs run 32-bit code */
	bool stop_unknown_calls;
};

/*
 * Creates VM, memory, vCPUs (initialised, not started) and interrupt
 * controller. Logs what fails. Returns 0 or -errno; after either, call
 * tl_vm_fini(). Main thread, as everything below unless it says otherwise.
 */
int tl_vm_init(struct tl_vm *vm, const struct tl_vm_config *config);
void tl_vm_fini(struct tl_vm *vm);

/* Starts the vCPU threads, parked, and waits until each knows its thread id. 0 or -errno. */
int tl_vm_start_threads(struct tl_vm *vm);

/* Lets the parked vCPUs run, after freezing the bus. */
void tl_vm_resume(struct tl_vm *vm);

/* Stops all vCPUs and waits until each is parked. */
void tl_vm_pause(struct tl_vm *vm);

/* Why the VM stopped, if it did (TL_STOP_NONE: it did not). Any thread. */
struct tl_stop tl_vm_stop_reason(struct tl_vm *vm);

/* The reason has been dealt with, though the VM does not run yet. All vCPUs are parked. */
void tl_vm_clear_stop(struct tl_vm *vm);

/*
 * Asks for a stop; the first reason counts, but any other more than SUSPEND. Returns at once: the
 * loop is woken, and the main thread pauses the rest. Any thread.
 */
void tl_vm_request_stop(struct tl_vm *vm, const struct tl_stop *stop);

/*
 * Back to the state after power-on: vCPUs, interrupt controller, devices. RAM
 * is left alone (as by a warm reset). All vCPUs are parked. Returns 0 or -errno.
 */
int tl_vm_reset(struct tl_vm *vm);

#endif
