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
#include <string.h>

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

/* Function identifiers that KVM hands on. */
struct range {
	uint32_t base, count;
};

static int forward(int vm_fd, const struct range *ranges, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		struct kvm_smccc_filter filter = {
			.base = ranges[i].base,
			.nr_functions = ranges[i].count,
			.action = KVM_SMCCC_FILTER_FWD_TO_USER,
		};

		ret = tl_kvm_set_attr(
			vm_fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, &filter);
	}
	return ret;
}

int tl_smccc_setup(int vm_fd)
{
	static const struct range ours[] = {
		{VENDOR_HYP_32 + FIRST_OURS, FIRST_RESERVED - FIRST_OURS},
		{VENDOR_HYP_64 + FIRST_OURS, FIRST_RESERVED - FIRST_OURS},
	};
	int ret = tl_kvm_has_attr(vm_fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER);

	if (!ret)
		ret = forward(vm_fd, ours, 2);
	if (ret)
		tl_log_info(
			"this kernel has no SMCCC filter (Linux 6.4 and later have): Trapline's "
			"hypercalls are not available, guests get NOT_SUPPORTED");
	return ret;
}

int tl_smccc_forward_unknown(int vm_fd)
{
	/* DEN0028, table 6-2: yielding calls, and fast calls to owners that KVM has no service for:
	 * CPU, SiP and OEM, and what is behind vendor-specific hypervisor services. */
	static const struct range unknown[] = {
		{0x00000000, 0x80000000},
		{0x81000000, 0x03000000},
		{0x87000000, 0x39000000},
		{0xc1000000, 0x03000000},
		{0xc7000000, 0x39000000},
	};
	int ret = forward(vm_fd, unknown, sizeof(unknown) / sizeof(unknown[0]));

	if (ret)
		tl_log_error(
			"--unknown-calls stop: this host's KVM does not hand on hypercalls (Linux "
			"6.4 and later do): %s",
			strerror(-ret));
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

/* As base/hypercall.h has it. */
struct map_entry {
	uint64_t base, length;
	uint32_t type, zero;
};

_Static_assert(sizeof(struct map_entry) == TL_HVC_MAP_ENTRY, "not what guests know");

static int call_memory_map(struct tl_vcpu *vcpu, uint64_t *result)
{
	const struct tl_vm *vm = vcpu->vm;
	struct tl_mem_piece pieces[3];
	/* Flash is below RAM on every machine that has it. */
	unsigned int flash = tl_mem_pieces(&vm->flash, pieces);
	unsigned int count = flash + tl_mem_pieces(&vm->mem, pieces + flash);
	struct map_entry map[3];
	uint64_t table, room;
	int ret = tl_vcpu_regs_get_x(vcpu, 1, &table);

	if (!ret)
		ret = tl_vcpu_regs_get_x(vcpu, 2, &room);
	if (ret)
		return ret;
	*result = count;
	if (room < count)
		return 0;
	for (unsigned int i = 0; i < count; i++)
		map[i] = (struct map_entry){.base = pieces[i].base,
			.length = pieces[i].size,
			.type = i < flash ? TL_HVC_MAP_READONLY : TL_HVC_MAP_RAM};
	if (tl_mem_write(&vm->mem, table, map, count * sizeof(map[0])))
		*result = (uint64_t)TL_HVC_INVALID_PARAMETER;
	return 0;
}

static const struct {
	uint32_t function;
	unsigned int arguments;
	int (*handle)(struct tl_vcpu *vcpu, uint64_t *result);
} calls[] = {
	{TL_HVC_VERSION, 0, call_version},
	{TL_HVC_PUTCHAR, 1, call_putchar},
	{TL_HVC_MEMORY_MAP, 2, call_memory_map},
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
	size_t i = 0;

	while (i < sizeof(calls) / sizeof(calls[0]) && calls[i].function != function)
		i++;
	if (i < sizeof(calls) / sizeof(calls[0])) {
		int ret = calls[i].handle(vcpu, &result);

		if (ret)
			return ret;
	} else if (vcpu->vm->stop_unknown_calls) {
		return -ENOSYS;
	}
	return tl_vcpu_regs_set_x(vcpu, 0, result);
}
