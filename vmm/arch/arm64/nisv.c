/* SPDX-License-Identifier: MIT */
/*
 * KVM's side of them (Documentation/virt/kvm/api.rst, 4.31 KVM_GET_VCPU_EVENTS and
 * KVM_EXIT_ARM_NISV).
 */
#include "vmm/arch/arm64/nisv.h"

#include "vmm/core/kvm.h"
#include "vmm/core/vcpu.h"

void tl_nisv_setup(int vm_fd)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};

	/* Without the answer the question is of no use. */
	if (tl_kvm_check(vm_fd, KVM_CAP_ARM_INJECT_EXT_DABT) > 0 &&
		tl_kvm_check(vm_fd, KVM_CAP_ARM_NISV_TO_USER) > 0)
		(void)tl_kvm_ioctl_ptr(vm_fd, KVM_ENABLE_CAP, &cap);
}

int tl_nisv_abort(const struct tl_vcpu *vcpu)
{
	struct kvm_vcpu_events events = {0};
	int ret = tl_kvm_ioctl_ptr(vcpu->fd, KVM_GET_VCPU_EVENTS, &events);

	/* A pending SError stays. */
	events.exception.ext_dabt_pending = 1;
	return ret ? ret : tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_VCPU_EVENTS, &events);
}
