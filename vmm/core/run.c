/* SPDX-License-Identifier: MIT */
/*
 * The run loop: into the guest, count what it came back with, have that handled.
 */
#include "vmm/core/run_loop.h"

void tl_vcpu_run_guest(struct tl_vcpu *vcpu)
{
	struct tl_vm *vm = vcpu->vm;
	struct kvm_run *run = vcpu->run;

	while (tl_run_wanted(vm)) {
		int ret = tl_kvm_run(vcpu->fd);

		if (ret < 0) {
			if (tl_run_again(vcpu, ret))
				continue;
			return;
		}
		tl_run_handle(vcpu, run);
	}
}
