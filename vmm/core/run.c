/* SPDX-License-Identifier: MIT */
/*
 * The run loop: into the guest, count what it came back with, have that handled. An access to
 * a device is answered here, without a call but the device's own: what a VMM adds to each exit
 * is what is in this file and in the headers that it draws in.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "vmm/core/kvm.h"
#include "vmm/core/kvm_run.h"
#include "vmm/core/vm.h"

/* Both are little-endian, and the bytes beyond its size are not looked at. */
static inline uint64_t written(const struct kvm_run *run, unsigned int size)
{
	uint64_t value;

	memcpy(&value, run->mmio.data, sizeof(value));
	return value & UINT64_MAX >> (64 - 8 * size);
}

static inline void serve_mmio(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	uint64_t gpa = run->mmio.phys_addr;
	struct tl_mmio *access = &vcpu->access;

	/* 1 to 8, whatever the kernel says. */
	access->size = ((run->mmio.len - 1) & 7) + 1;
	access->is_write = run->mmio.is_write;
	access->value = access->is_write ? written(run, access->size) : 0;
	if (!tl_bus_access(&vcpu->vm->bus, gpa, access))
		tl_exit_unhandled_mmio(vcpu, gpa, access);
	/* Of a write nobody looks at it again. */
	memcpy(run->mmio.data, &access->value, sizeof(access->value));
}

void tl_vcpu_run_guest(struct tl_vcpu *vcpu)
{
	struct tl_vm *vm = vcpu->vm;
	struct kvm_run *run = vcpu->run;

	/* Pairs with the releases in vm.c. */
	while (!atomic_load_explicit(&vm->halt, memory_order_acquire)) {
		int ret = tl_kvm_run(vcpu->fd);
		uint32_t reason;

		/* After a failed KVM_RUN exit_reason is stale: it is not looked at. */
		if (ret < 0) {
			if (ret == -EINTR || ret == -EAGAIN)
				continue;
			tl_exit_run_failed(vcpu, -ret);
			return;
		}
		reason = run->exit_reason;
		vcpu->exits[reason < TL_EXIT_REASONS ? reason : TL_EXIT_REASONS - 1]++;
		/* What the guest wrote before it exited comes first. */
		if (tl_coalesced_pending(&vm->coalesced))
			tl_coalesced_drain(&vm->coalesced);
		if (reason == KVM_EXIT_MMIO)
			serve_mmio(vcpu, run);
		else
			tl_exit_dispatch(vcpu);
	}
}
