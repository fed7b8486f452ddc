/* SPDX-License-Identifier: MIT */
/*
 * The steps of the run loop, inlined into the two that there are: run.c, and with a line for
 * each exit, run_traced.c. An access to a device is answered here, without a call but the
 * device's own: what a VMM adds to each exit is what is in these files and in the headers that
 * they draw in.
 */
#ifndef TL_VMM_CORE_RUN_LOOP_H
#define TL_VMM_CORE_RUN_LOOP_H

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "vmm/core/kvm.h"
#include "vmm/core/kvm_run.h"
#include "vmm/core/vm.h"

#define TL_RUN_STEP static inline __attribute__((always_inline))

/* Both are little-endian, and the bytes beyond its size are not looked at. */
TL_RUN_STEP uint64_t tl_run_written(const struct kvm_run *run, unsigned int size)
{
	uint64_t value;

	memcpy(&value, run->mmio.data, sizeof(value));
	return value & UINT64_MAX >> (64 - 8 * size);
}

TL_RUN_STEP void tl_run_serve_mmio(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	uint64_t gpa = run->mmio.phys_addr;
	struct tl_mmio *access = &vcpu->access;

	/* 1 to 8, whatever the kernel says. */
	access->size = ((run->mmio.len - 1) & 7) + 1;
	access->is_write = run->mmio.is_write;
	access->value = access->is_write ? tl_run_written(run, access->size) : 0;
	if (!tl_bus_access(&vcpu->vm->bus, gpa, access))
		tl_exit_unhandled_mmio(vcpu, gpa, access);
	/* Of a write nobody looks at it again. */
	memcpy(run->mmio.data, &access->value, sizeof(access->value));
}

/* Whether the guest is to run (on). */
TL_RUN_STEP bool tl_run_wanted(struct tl_vm *vm)
{
	/* Pairs with the releases in vm.c. */
	return !atomic_load_explicit(&vm->halt, memory_order_acquire);
}

/*
 * KVM_RUN has failed, so exit_reason is stale and is not looked at. Returns whether it was no
 * more than an interruption; else the VM has been told to stop.
 */
TL_RUN_STEP bool tl_run_again(struct tl_vcpu *vcpu, int ret)
{
	if (ret == -EINTR || ret == -EAGAIN)
		return true;
	tl_exit_run_failed(vcpu, -ret);
	return false;
}

/* Counts an exit, and has it handled. */
TL_RUN_STEP void tl_run_handle(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	struct tl_vm *vm = vcpu->vm;
	uint32_t reason = run->exit_reason;
	_Atomic uint64_t *count =
		&vcpu->exits[reason < TL_EXIT_REASONS ? reason : TL_EXIT_REASONS - 1];

	/* Nobody else writes, so it need not be one operation; readers see whole numbers. */
	atomic_store_explicit(
		count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
	/* What the guest wrote before it exited comes first. */
	if (tl_coalesced_pending(&vm->coalesced))
		tl_coalesced_drain(&vm->coalesced);
	if (reason == KVM_EXIT_MMIO)
		tl_run_serve_mmio(vcpu, run);
	else
		tl_exit_dispatch(vcpu);
}

#endif
