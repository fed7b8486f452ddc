/* SPDX-License-Identifier: MIT */
/*
 * A table of the functions that have a name, by the document that gives it.
 */
#include "trace/decode/smccc.h"

#include <stdio.h>

#include "base/hypercall.h"

/* Bit 30: the 64-bit form of the same function. */
#define SMC64 0x40000000u
#define FAST  0x80000000u

static const struct {
	uint32_t function; /* the 32-bit form where there are both */
	const char *name;
} functions[] = {
	/* Arm DEN0070: SMCCC itself, and CPU errata */
	{0x80000000, "SMCCC VERSION"},
	{0x80000001, "SMCCC ARCH_FEATURES"},
	{0x80000002, "SMCCC ARCH_SOC_ID"},
	{0x80003fff, "SMCCC ARCH_WORKAROUND_3"},
	{0x80007fff, "SMCCC ARCH_WORKAROUND_2"},
	{0x80008000, "SMCCC ARCH_WORKAROUND_1"},
	/* Arm DEN0022: PSCI */
	{0x84000000, "PSCI VERSION"},
	{0x84000001, "PSCI CPU_SUSPEND"},
	{0x84000002, "PSCI CPU_OFF"},
	{0x84000003, "PSCI CPU_ON"},
	{0x84000004, "PSCI AFFINITY_INFO"},
	{0x84000005, "PSCI MIGRATE"},
	{0x84000006, "PSCI MIGRATE_INFO_TYPE"},
	{0x84000007, "PSCI MIGRATE_INFO_UP_CPU"},
	{0x84000008, "PSCI SYSTEM_OFF"},
	{0x84000009, "PSCI SYSTEM_RESET"},
	{0x8400000a, "PSCI PSCI_FEATURES"},
	{0x8400000b, "PSCI CPU_FREEZE"},
	{0x8400000c, "PSCI CPU_DEFAULT_SUSPEND"},
	{0x8400000d, "PSCI NODE_HW_STATE"},
	{0x8400000e, "PSCI SYSTEM_SUSPEND"},
	{0x8400000f, "PSCI SET_SUSPEND_MODE"},
	{0x84000010, "PSCI STAT_RESIDENCY"},
	{0x84000011, "PSCI STAT_COUNT"},
	{0x84000012, "PSCI SYSTEM_RESET2"},
	{0x84000013, "PSCI MEM_PROTECT"},
	{0x84000014, "PSCI MEM_PROTECT_CHECK_RANGE"},
	/* Arm DEN0098: true random numbers */
	{0x84000050, "TRNG VERSION"},
	{0x84000051, "TRNG FEATURES"},
	{0x84000052, "TRNG GET_UUID"},
	{0x84000053, "TRNG RND"},
	/* Arm DEN0057: paravirtualized time */
	{0x85000020, "PV_TIME_FEATURES"},
	{0x85000021, "PV_TIME_ST"},
	/* KVM's own: Documentation/virt/kvm/arm/hypercalls.rst */
	{0x86000000, "KVM FEATURES"},
	{0x86000001, "KVM PTP"},
	{0x8600ff01, "KVM CALL_UID"},
	{TL_HVC_VERSION & ~SMC64, "Trapline VERSION"},
	{TL_HVC_PUTCHAR & ~SMC64, "Trapline PUTCHAR"},
	{TL_HVC_MEMORY_MAP & ~SMC64, "Trapline MEMORY_MAP"},
};

/* Bits 29:24 of a function id (DEN0028, 2.5). */
static const char *owner_name(uint32_t function)
{
	static const char *const owners[] = {
		"SMCCC arch", "CPU", "SiP", "OEM", "standard", "standard hyp", "vendor hyp"};
	unsigned int owner = function >> 24 & 0x3f;

	return owner < sizeof(owners) / sizeof(owners[0]) ? owners[owner] : "other";
}

const char *tl_smccc_name(uint32_t function, char *buffer, size_t size)
{
	if (function & FAST) {
		for (unsigned int i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
			if ((function & ~SMC64) == functions[i].function)
				return functions[i].name;
		}
		snprintf(buffer, size, "%s 0x%08x", owner_name(function), function);
	} else {
		snprintf(buffer, size, "function 0x%08x", function);
	}
	return buffer;
}
