/* SPDX-License-Identifier: MIT */
/*
 * DC CVAC over a range, a cache line at a time (DDI 0487, DC CVAC; CTR_EL0.DminLine).
 */
#include "vmm/arch/arm64/dcache.h"

#include <stdint.h>

void tl_dcache_clean(const void *start, size_t size)
{
	uintptr_t end = (uintptr_t)start + size, line;
	uint64_t ctr;

	/* DminLine, bits 19 to 16: log2 of the words in the smallest line. */
	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	line = (uintptr_t)4 << (ctr >> 16 & 15);
	for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
		__asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb sy" : : : "memory");
}
