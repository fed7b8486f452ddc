/* SPDX-License-Identifier: MIT */
/*
 * What an exit was for, in one number, by exit class: the same in the BPF program,
 * in the profile and in a report.
 */
#ifndef TL_TRACE_DETAIL_H
#define TL_TRACE_DETAIL_H

/* SYS64: the bits of ESR_ELx.ISS that name the register and the direction (DDI 0487, ISS encoding
 * of MSR, MRS): Op0, Op2, Op1, CRn, CRm, and 1 for a read; Rt is left out. */
#define TL_DETAIL_SYS64_MASK 0x3ffc1fu

/* The same of 32-bit guests (DDI 0487, ISS encodings of these); 0: it is not known. MCR, MRC, and
 * VMRS: Opc2, Opc1, CRn, CRm. MCRR, MRRC: Opc1, CRm. LDC, STC only access one register for each
 * direction; ESR_ELx.IL, which is always 1, tells STC from 0. */
#define TL_DETAIL_CP32_MASK  0xffc1fu
#define TL_DETAIL_CP64_MASK  0xf001fu
#define TL_DETAIL_CP_LS_MASK (1u << 25 | 1u)

/* Aborts: an IPA, and in the upper bits what the access was. */
#define TL_DETAIL_WRITE     (1ull << 63)
#define TL_DETAIL_RAM       (1ull << 62) /* a stage-2 fault: instead of an IPA, DFSC */
#define TL_DETAIL_ISV       (1ull << 61) /* the size is known */
#define TL_DETAIL_SIZE(log) ((unsigned long long)(log) << 58) /* log2 of bytes, 2 bits */
#define TL_DETAIL_IPA       ((1ull << 56) - 1)

/* HVC, SMC: the function id in w0, and the immediate where it is not 0. */
#define TL_DETAIL_IMM(imm) ((unsigned long long)(imm) << 32)
/* PSCI CPU_ON, also: which CPU, 1 more than Aff1:Aff0 with 4 bits of Aff0, as KVM numbers them. */
#define TL_DETAIL_CPU(mpidr)                                                                       \
	((((unsigned long long)(mpidr) >> 4 & 0xff0) + ((unsigned long long)(mpidr)&0xf) + 1) << 48)
#define TL_DETAIL_CPU_OF(detail) ((unsigned int)((detail) >> 48))
#define TL_SMCCC_64              0x40000000u /* SMC64 or HVC64: DEN0028, 2.5 */
#define TL_PSCI_CPU_ON           0x84000003u /* DEN0022, 5.1.4 */

/* IRQ: the host interrupt that caused it, 1 more than its number in Linux; 0: not known. */
#define TL_DETAIL_IRQ(irq) ((unsigned long long)(irq) + 1)

/* WFx: ESR_ELx.ISS.TI: 0 WFI, 1 WFE, 2 WFIT, 3 WFET. */
#define TL_DETAIL_WFX_MASK 3u

/* ESR_ELx.ISS of an abort (DDI 0487). */
#define TL_ESR_WNR (1u << 6)
#define TL_ESR_ISV (1u << 24)
#define TL_ESR_FSC 0x3fu

#define TL_DETAIL_INLINE static inline __attribute__((always_inline))

/* Of a data abort at `ipa`, which is in RAM or not. An instruction abort has neither WnR nor ISV.
 */
TL_DETAIL_INLINE unsigned long long tl_detail_of_abort(
	unsigned long long esr, unsigned long long ipa, int in_ram)
{
	unsigned long long detail = esr & TL_ESR_WNR ? TL_DETAIL_WRITE : 0;

	if (in_ram)
		return detail | TL_DETAIL_RAM | (esr & TL_ESR_FSC);
	if (esr & TL_ESR_ISV)
		detail |= TL_DETAIL_ISV | TL_DETAIL_SIZE(esr >> 22 & 3);
	return detail | (ipa & TL_DETAIL_IPA);
}

/* Of HVC and SMC. Without x0 there is only the immediate. */
TL_DETAIL_INLINE unsigned long long tl_detail_of_call(
	unsigned int imm, unsigned long long x0, unsigned long long x1)
{
	unsigned long long detail = TL_DETAIL_IMM(imm & 0xffff) | (unsigned int)x0;

	if (((unsigned int)x0 & ~TL_SMCCC_64) == TL_PSCI_CPU_ON && x1 != ~0ull)
		detail |= TL_DETAIL_CPU(x1);
	return detail;
}

#ifndef __bpf__
#include <stddef.h>
#include <stdint.h>

struct tl_vm_map;

/*
 * What an exit of `exit_class` was for, in a few words: "CTR_EL0 read", "pl011 UARTFR
 * read", "stage-2 write fault, level 2". "" where there is nothing to add to the class.
 * `map` tells devices apart; NULL: none is known. Returns `buffer`.
 */
const char *tl_detail_text(char *buffer, size_t size, unsigned int exit_class, uint64_t detail,
	const struct tl_vm_map *map);
#endif

#endif
