/* SPDX-License-Identifier: MIT */
/*
 * The exception classes by name. Every one of the 64 values has an entry, so
 * that an exit of a class that is allocated tomorrow is still told from others.
 */
#include "trace/decode/esr.h"

/* arch/arm64/include/asm/kvm_asm.h, ARM_EXCEPTION_*. */
#define RET_IRQ            0
#define RET_SERROR         1
#define RET_TRAP           2
#define RET_IL             3
#define RET_HYP_GONE       0x0badca11
#define RET_SERROR_PENDING (UINT32_C(1) << 31)

struct class_entry {
	const char *name;
	const char *text;
};

#define EC(number)   [TL_CLASS_EC + (number)]
#define FREE(number) [TL_CLASS_EC + (number)] = {"EC_" #number, "unallocated"}

static const struct class_entry classes[TL_CLASS_COUNT] = {
	[TL_CLASS_IRQ] = {"IRQ", "host interrupt"},
	[TL_CLASS_SERROR] = {"SERROR_EL1", "SError in the guest"},
	[TL_CLASS_IL] = {"IL", "illegal return to the guest"},
	[TL_CLASS_HYP_GONE] = {"HYP_GONE", "EL2 was shut down"},
	[TL_CLASS_OTHER] = {"OTHER", "a code unknown here"},
	EC(0x00) = {"UNKNOWN", "undefined instruction"},
	EC(0x01) = {"WFx", "wait for interrupt or event"},
	FREE(0x02),
	EC(0x03) = {"CP15_32", "system register, 32-bit"},
	EC(0x04) = {"CP15_64", "system register, 32-bit"},
	EC(0x05) = {"CP14_MR", "debug register, 32-bit"},
	EC(0x06) = {"CP14_LS", "debug register, 32-bit"},
	EC(0x07) = {"FP_ASIMD", "FP or SIMD use"},
	EC(0x08) = {"CP10_ID", "FP ID register, 32-bit"},
	EC(0x09) = {"PAC", "pointer authentication"},
	EC(0x0a) = {"LS64", "64-byte load or store"},
	FREE(0x0b),
	EC(0x0c) = {"CP14_64", "debug register, 32-bit"},
	EC(0x0d) = {"BTI", "branch target"},
	EC(0x0e) = {"ILL", "illegal execution state"},
	FREE(0x0f),
	FREE(0x10),
	EC(0x11) = {"SVC32", "system call, 32-bit"},
	EC(0x12) = {"HVC32", "hypervisor call, 32-bit"},
	EC(0x13) = {"SMC32", "secure monitor call, 32-bit"},
	EC(0x14) = {"SYS128", "128-bit system register"},
	EC(0x15) = {"SVC64", "system call"},
	EC(0x16) = {"HVC64", "hypervisor call"},
	EC(0x17) = {"SMC64", "secure monitor call"},
	EC(0x18) = {"SYS64", "system register"},
	EC(0x19) = {"SVE", "SVE use"},
	EC(0x1a) = {"ERET", "exception return (nested)"},
	EC(0x1b) = {"TSTART", "transactional memory"},
	EC(0x1c) = {"FPAC", "pointer authentication"},
	EC(0x1d) = {"SME", "SME use"},
	EC(0x1e) = {"GPC", "granule protection check"},
	EC(0x1f) = {"IMP_DEF", "implementation defined"},
	EC(0x20) = {"IABT_LOW", "instruction abort"},
	EC(0x21) = {"IABT_CUR", "instruction abort at EL2"},
	EC(0x22) = {"PC_ALIGN", "PC alignment"},
	FREE(0x23),
	EC(0x24) = {"DABT_LOW", "data abort: MMIO, stage 2"},
	EC(0x25) = {"DABT_CUR", "data abort at EL2"},
	EC(0x26) = {"SP_ALIGN", "SP alignment"},
	EC(0x27) = {"MOPS", "memory copy or set"},
	EC(0x28) = {"FP_EXC32", "FP exception, 32-bit"},
	FREE(0x29),
	FREE(0x2a),
	FREE(0x2b),
	EC(0x2c) = {"FP_EXC64", "FP exception"},
	EC(0x2d) = {"GCS", "guarded control stack"},
	FREE(0x2e),
	EC(0x2f) = {"SERROR", "SError at EL2"},
	EC(0x30) = {"BREAKPT_LOW", "breakpoint"},
	EC(0x31) = {"BREAKPT_CUR", "breakpoint at EL2"},
	EC(0x32) = {"SOFTSTP_LOW", "single step"},
	EC(0x33) = {"SOFTSTP_CUR", "single step at EL2"},
	EC(0x34) = {"WATCHPT_LOW", "watchpoint"},
	EC(0x35) = {"WATCHPT_CUR", "watchpoint at EL2"},
	FREE(0x36),
	FREE(0x37),
	EC(0x38) = {"BKPT32", "BKPT instruction, 32-bit"},
	FREE(0x39),
	EC(0x3a) = {"VECTOR32", "vector catch, 32-bit"},
	FREE(0x3b),
	EC(0x3c) = {"BRK64", "BRK instruction"},
	EC(0x3d) = {"PMU", "performance monitor"},
	FREE(0x3e),
	FREE(0x3f),
};

unsigned int tl_esr_class(uint32_t ret, uint32_t ec)
{
	switch (ret & ~RET_SERROR_PENDING) {
	case RET_IRQ:
		return TL_CLASS_IRQ;
	case RET_SERROR:
		return TL_CLASS_SERROR;
	case RET_IL:
		return TL_CLASS_IL;
	case RET_HYP_GONE:
		return TL_CLASS_HYP_GONE;
	case RET_TRAP:
		return ec < TL_ESR_EC_COUNT ? TL_CLASS_EC + ec : TL_CLASS_OTHER;
	default:
		return TL_CLASS_OTHER;
	}
}

const char *tl_esr_class_name(unsigned int exit_class)
{
	return classes[exit_class < TL_CLASS_COUNT ? exit_class : TL_CLASS_OTHER].name;
}

const char *tl_esr_class_text(unsigned int exit_class)
{
	return classes[exit_class < TL_CLASS_COUNT ? exit_class : TL_CLASS_OTHER].text;
}
