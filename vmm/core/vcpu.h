/* SPDX-License-Identifier: MIT */
/*
 * A vCPU and its thread. The run loop (run.c) enters the guest; the dispatch
 * table (exit.c) handles what it comes back with.
 */
#ifndef TL_VMM_CORE_VCPU_H
#define TL_VMM_CORE_VCPU_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/dev/dev.h"

struct kvm_run;
struct tl_vm;

/* Exit reasons that are counted one by one; any above share the last slot. */
#define TL_EXIT_REASONS 48

struct tl_vcpu {
	struct tl_vm *vm;
	unsigned int id;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread;
	bool parked;                             /* under vm->lock */
	pid_t tid;                               /* 0 until the thread runs; under vm->lock */
	_Atomic uint64_t exits[TL_EXIT_REASONS]; /* written by its thread only, read by others */
	/* The one at work. Its thread's; on the stack it would cost each exit a guard's check. */
	struct tl_mmio access;

	/* The last instruction that was emulated, or refused (arch/arm64/nisv.h). */
	uint32_t insn;
	const char *insn_name; /* NULL: it could not be read, or is no load or store */

	/* Suspend to RAM (arch/arm64/suspend.h); its thread's, or the main thread's if parked. */
	bool suspend_asked;    /* the guest has made the call, which is not answered */
	uint64_t resume_entry; /* where it goes on, and with what in x0 */
	uint64_t resume_context;
	_Atomic bool suspended; /* sleeps; others only look */
};

/* Creates the vCPU's file descriptor and run area. Returns 0 or -errno (logged). */
int tl_vcpu_init(struct tl_vcpu *vcpu, struct tl_vm *vm, unsigned int id);
void tl_vcpu_fini(struct tl_vcpu *vcpu);

/* Starts the thread, parked. Returns 0 or -errno (logged). Main thread. */
int tl_vcpu_start_thread(struct tl_vcpu *vcpu);

/* Keeps its thread on a CPU of the host. Returns 0 or -errno (logged). Main thread. */
int tl_vcpu_pin(struct tl_vcpu *vcpu, unsigned int cpu);

/*
 * Makes a KVM_RUN that is under way, or the next one, return with EINTR. Any
 * thread but the vCPU's own.
 */
void tl_vcpu_kick(struct tl_vcpu *vcpu);

/*
 * Lets KVM complete an access or hypercall whose answer is in the run area,
 * without entering the guest. No thread may be in KVM_RUN. Main thread.
 */
void tl_vcpu_complete(struct tl_vcpu *vcpu);

/* Prepares the process for tl_vcpu_kick(): its signal gets a handler that does nothing. */
int tl_vcpu_setup_kick(void);

/* Runs the guest until the VM is to halt, and handles its exits. The vCPU's thread. */
void tl_vcpu_run_guest(struct tl_vcpu *vcpu);

/* The same, with a line for each exit to vm->trace (run_traced.c). */
void tl_vcpu_run_traced(struct tl_vcpu *vcpu);

/*
 * Handles the exit that vcpu->run describes, if it is no access to a device: the dispatch
 * table. On the vCPU's thread, directly after a KVM_RUN that returned 0.
 */
void tl_exit_dispatch(struct tl_vcpu *vcpu);

/* An access at `gpa` that no device handled: it reads as zero, and is logged once. As above. */
void tl_exit_unhandled_mmio(struct tl_vcpu *vcpu, uint64_t gpa, struct tl_mmio *access);

/*
 * Stops the VM because KVM_RUN on this vCPU failed with `err` (positive errno).
 * On the vCPU's thread.
 */
void tl_exit_run_failed(struct tl_vcpu *vcpu, int err);

/* The name of an exit reason ("KVM_EXIT_MMIO"), or NULL if it has none. Thread-safe. */
const char *tl_exit_reason_name(uint32_t reason);

#endif
