/* SPDX-License-Identifier: MIT */
/*
 * System registers, and cache and TLB instructions, by the syndrome of a trapped
 * access to them (DDI 0487, ISS encoding of an exception from MSR, MRS, or System
 * instruction execution). The names are made from the kernel's own descriptions.
 */
#ifndef TL_TRACE_SYSREG_H
#define TL_TRACE_SYSREG_H

#include <stddef.h>
#include <stdint.h>

/*
 * The name of what `iss` says was accessed; its Rt and direction do not matter. What
 * has no name here is written by its encoding, S3_0_C15_C2_0, into `buffer`, which
 * need not be used otherwise.
 */
const char *tl_sysreg_name(uint32_t iss, char *buffer, size_t size);

/* Whether the access was a read (MRS). */
static inline int tl_sysreg_is_read(uint32_t iss)
{
	return iss & 1;
}

#endif
