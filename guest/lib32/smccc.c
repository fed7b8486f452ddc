/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of 32-bit guests: SMCCC by HVC (Arm DEN0028, section 2.4).
 */
#include "guest.h"

int64_t tl_smccc_hvc(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint32_t r0 __asm__("r0") = (uint32_t)function;
	register uint32_t r1 __asm__("r1") = (uint32_t)a1;
	register uint32_t r2 __asm__("r2") = (uint32_t)a2;
	register uint32_t r3 __asm__("r3") = (uint32_t)a3;

	__asm__ volatile(".arch_extension virt\n\thvc #0"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
			 :
			 : "cc", "memory");
	return (int32_t)r0;
}
