/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: the filter that brings them here and the table of those that we
 * know. A new one costs a number in base/hypercall.h, a function and a line.
 * Calling convention: Arm DEN0028 (SMCCC 1.4), sections 2.5 and 6.
 */
#include "vmm/arch/arm64/smccc.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/hypercall.h"
#include "base/log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/console.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

/* DEN0028, table 6-2: fast calls of owner 6, 32- and 64-bit. */
#define VENDOR_HYP_32 UINT32_C(0x86000000)
#define VENDOR_HYP_64 UINT32_C(0xc6000000)
/*
 * KVM answers numbers below 0x100 (features, PTP, ...) and the identification calls from
 * 0xff00 on; guests find KVM by them, so they stay with it.
 */
#define FIRST_OURS     0x100
#define FIRST_RESERVED 0xff00

#define NOT_SUPPORTED UINT64_MAX

static int forward(int vm_fd, uint32_t base)
{
	struct kvm_smccc_filter filter = {
		.base = base + FIRST_OURS,
		.nr_functions = FIRST_RESERVED - FIRST_OURS,
		.action = KVM_SMCCC_FILTER_FWD_TO_USER,
	};

	return tl_kvm_set_attr(vm_fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, &filter);
}

int tl_smccc_setup(int vm_fd)
{
	int ret = tl_kvm_has_attr(vm_fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER);

	if (!ret)
		ret = forward(vm_fd, VENDOR_HYP_32);
	if (!ret)
		ret = forward(vm_fd, VENDOR_HYP_64);
	if (ret)
		tl_log_info(
			"this kernel has no SMCCC filter (Linux 6.4 and later have): Trapline's "
			"hypercalls are not available, guests get NOT_SUPPORTED");
	return ret;
}

static int call_version(struct tl_vcpu *vcpu, uint64_t *result)
{
	(void)vcpu;
	*result = TL_HVC_VERSION_VALUE;
	return 0;
}

static int call_putchar(struct tl_vcpu *vcpu, uint64_t *result)
{
	uint64_t character;
	uint8_t byte;
	int ret = tl_vcpu_regs_get_x(vcpu, 1, &character);

	if (ret)
		return ret;
	byte = (uint8_t)character;
	tl_console_tx(vcpu->vm->console, &byte, 1);
	*result = 0;
	return 0;
}

static const struct {
	uint32_t function;
	unsigned int arguments;
	int (*handle)(struct tl_vcpu *vcpu, uint64_t *result);
} calls[] = {
	{TL_HVC_VERSION, 0, call_version},
	{TL_HVC_PUTCHAR, 1, call_putchar},
};

unsigned int tl_smccc_arguments(uint64_t function)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].function == function)
			return calls[i].arguments;
	}
	return 6;
}

int tl_smccc_handle(struct tl_vcpu *vcpu, uint64_t function)
{
	uint64_t result = NOT_SUPPORTED;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].function == function) {
			int ret = calls[i].handle(vcpu, &result);

			if (ret)
				return ret;
			break;
		}
	}
	return tl_vcpu_regs_set_x(vcpu, 0, result);
}
