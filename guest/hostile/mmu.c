/* SPDX-License-Identifier: MIT */
/*
 * A flat map of three blocks of 1 GiB: devices, RAM with caches, and the devices once more as
 * Normal memory, where unaligned accesses are no fault of the guest's own (DDI 0487, D8.3 and
 * B2.10).
 */
#include "hostile.h"

#define BLOCK     1ul
#define ATTR(n)   ((uint64_t)(n) << 2)
#define INNER     (3ul << 8)
#define ACCESSED  (1ul << 10)
#define NO_EXEC   (3ul << 53)
#define TCR_T0SZ  25ul /* 39 bits: the first level has blocks of 1 GiB */
#define TCR_CACHE (1ul << 8 | 1ul << 10 | 3ul << 12)
#define TCR_EPD1  (1ul << 23)
#define SCTLR_ON  (1ul << 0 | 1ul << 2 | 1ul << 12)
#define SCTLR_A   (1ul << 1)

uint64_t level1[512] __attribute__((aligned(4096))) = {
	[0] = BLOCK | ATTR(0) | ACCESSED | NO_EXEC,
	[1] = 0x40000000ul | BLOCK | ATTR(1) | INNER | ACCESSED,
	[3] = BLOCK | ATTR(2) | ACCESSED | NO_EXEC,
};

void mmu_on(void)
{
	/* Device nGnRnE; Normal, write back; Normal, not cached. */
	const uint64_t mair = 0x44ff00, tcr = TCR_T0SZ | TCR_CACHE | TCR_EPD1;
	uint64_t sctlr = (tl_sysreg_read(sctlr_el1) | SCTLR_ON) & ~SCTLR_A;

	__asm__ volatile("msr mair_el1, %0\n\t"
			 "msr tcr_el1, %1\n\t"
			 "msr ttbr0_el1, %2\n\t"
			 "isb\n\t"
			 "tlbi vmalle1\n\t"
			 "dsb sy\n\t"
			 "isb\n\t"
			 "msr sctlr_el1, %3\n\t"
			 "isb"
			 :
			 : "r"(mair), "r"(tcr), "r"(AT(level1)), "r"(sctlr)
			 : "memory");
}
