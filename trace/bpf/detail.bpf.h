/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an exit was for: its class, and its detail as trace/decode/detail.h has it.
 */
#ifndef TL_TRACE_BPF_DETAIL_BPF_H
#define TL_TRACE_BPF_DETAIL_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "trace/bpf/exits.h"
#include "trace/bpf/slots.bpf.h"
#include "trace/decode/detail.h"

/* arch/arm64/include/asm/kvm_asm.h, ARM_EXCEPTION_*; bit 31: an SError is pending too. */
#define RET_SERROR_PENDING (1u << 31)
#define RET_IRQ            0
#define RET_SERROR         1
#define RET_TRAP           2
#define RET_IL             3

#define EC_WFX   0x01
#define EC_HVC32 0x12
#define EC_SMC32 0x13
#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYS64 0x18
#define EC_IABT  0x20
#define EC_DABT  0x24

/* Of 32-bit guests */
#define EC_CP15_32 0x03
#define EC_CP15_64 0x04
#define EC_CP14_MR 0x05
#define EC_CP14_LS 0x06
#define EC_CP10_ID 0x08
#define EC_CP14_64 0x0c

static __always_inline int in_ram(__u64 ipa)
{
	for (__u32 i = 0; i < TL_BPF_RANGES; i++) {
		if (i >= config.ranges)
			break;
		if (ipa >= config.ram[i].base && ipa < config.ram[i].end)
			return 1;
	}
	return 0;
}

/* Without x0, a call has only its immediate: the kvm_hvc_arm64 event fills in the rest. */
static __always_inline __u64 detail_of(__u32 ec, __u64 esr, __u64 ipa, __u64 x0, __u64 x1)
{
	switch (ec) {
	case EC_SYS64:
		return esr & TL_DETAIL_SYS64_MASK;
	case EC_DABT:
		return tl_detail_of_abort(esr, ipa, in_ram(ipa));
	case EC_IABT:
		/* Never a write, whatever the bit says there. */
		return tl_detail_of_abort(
			esr & ~(__u64)(TL_ESR_WNR | TL_ESR_ISV), ipa, in_ram(ipa));
	case EC_WFX:
		return esr & TL_DETAIL_WFX_MASK;
	case EC_HVC32:
	case EC_HVC64:
	case EC_SMC32:
	case EC_SMC64:
		return tl_detail_of_call(esr, x0, x1);
	case EC_CP15_32:
	case EC_CP14_MR:
	case EC_CP10_ID:
		return esr & TL_DETAIL_CP32_MASK;
	case EC_CP15_64:
	case EC_CP14_64:
		return esr & TL_DETAIL_CP64_MASK;
	case EC_CP14_LS:
		return esr & TL_DETAIL_CP_LS_MASK;
	default:
		return 0;
	}
}

static __always_inline __u32 class_of(__u32 ret, __u32 ec)
{
	switch (ret & ~RET_SERROR_PENDING) {
	case RET_TRAP:
		return ec & 0x3f;
	case RET_IRQ:
		return TL_BPF_CLASS_IRQ;
	case RET_SERROR:
		return TL_BPF_CLASS_SERROR;
	case RET_IL:
		return TL_BPF_CLASS_IL;
	default:
		return TL_BPF_CLASS_OTHER;
	}
}

#endif
