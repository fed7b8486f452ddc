/* SPDX-License-Identifier: MIT */
/*
 * System registers, and cache and TLB operations, of 32-bit guests, by the syndrome of
 * a trapped access (DDI 0487, ISS encodings of MCR and MRC, MCRR and MRRC, LDC and STC,
 * VMRS). `detail` is that syndrome; Rt and the condition in it do not matter.
 */
#ifndef TL_TRACE_CP_H
#define TL_TRACE_CP_H

#include <stddef.h>
#include <stdint.h>

#include "trace/decode/esr.h"

/* The exit classes that have a name here. */
#define TL_CLASS_CP15_32 (TL_CLASS_EC + 0x03)
#define TL_CLASS_CP15_64 (TL_CLASS_EC + 0x04)
#define TL_CLASS_CP14_MR (TL_CLASS_EC + 0x05)
#define TL_CLASS_CP14_LS (TL_CLASS_EC + 0x06)
#define TL_CLASS_CP10_ID (TL_CLASS_EC + 0x08)
#define TL_CLASS_CP14_64 (TL_CLASS_EC + 0x0c)

/*
 * The name of what was accessed. What has no name here is written by its encoding, as an
 * assembler would, "p15, 0, c15, c2, 0", into `buffer`; so are registers with a number.
 * Otherwise `buffer` need not be used. "" for another class.
 */
const char *tl_cp_name(unsigned int exit_class, uint64_t detail, char *buffer, size_t size);

/* Whether the register was read. LDC, whose direction is "read" for memory, writes it. */
static inline int tl_cp_is_read(unsigned int exit_class, uint64_t detail)
{
	return (detail & 1) == (exit_class != TL_CLASS_CP14_LS);
}

/*
 * Whether it is an operation on caches, TLBs or addresses, or a barrier, which has no
 * direction: all of CRn 7 and 8 but c7, c4, where PAR is.
 */
static inline int tl_cp_is_operation(unsigned int exit_class, uint64_t detail)
{
	unsigned int crn = detail >> 10 & 15, crm = detail >> 1 & 15;

	return exit_class == TL_CLASS_CP15_32 && ((crn == 7 && crm != 4) || crn == 8);
}

#endif
