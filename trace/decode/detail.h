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

/* Aborts: an IPA, and in the upper bits what the access was. */
#define TL_DETAIL_WRITE     (1ull << 63)
#define TL_DETAIL_RAM       (1ull << 62) /* a stage-2 fault: instead of an IPA, DFSC */
#define TL_DETAIL_ISV       (1ull << 61) /* the size is known */
#define TL_DETAIL_SIZE(log) ((unsigned long long)(log) << 58) /* log2 of bytes, 2 bits */
#define TL_DETAIL_IPA       ((1ull << 56) - 1)

/* HVC, SMC: the function id in w0, and the immediate where it is not 0. */
#define TL_DETAIL_IMM(imm) ((unsigned long long)(imm) << 32)

/* WFx: ESR_ELx.ISS.TI: 0 WFI, 1 WFE, 2 WFIT, 3 WFET. */
#define TL_DETAIL_WFX_MASK 3u

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
