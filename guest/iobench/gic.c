/* SPDX-License-Identifier: MIT */
/*
 * As much of a GICv3 as it takes to wait for one SPI (Arm IHI 0069, sections 12.8 to 12.11): it
 * stays masked at the CPU, WFI waits for a pending one, and it is acknowledged by hand.
 */
#include "guest.h"

#include "iobench.h"

#define GICD_BASE      0x08000000
#define GICR_WAKER     0x080a0014
#define GICD_CTLR      0x0000
#define GICD_ENABLE    0x12 /* ARE and group 1 */
#define GICD_IGROUPR   0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICFGR     0x0c00
#define FIRST_SPI      32u
#define SPURIOUS       1020u

void iobench_gic_on(unsigned int spi)
{
	unsigned int id = FIRST_SPI + spi;

	tl_mmio_write32(GICD_BASE + GICD_CTLR, GICD_ENABLE);
	tl_mmio_write32(GICR_WAKER, 0);
	tl_mmio_write32(GICD_BASE + GICD_IGROUPR + id / 32 * 4, 0xffffffff);
	tl_mmio_write32(GICD_BASE + GICD_ICFGR + id / 16 * 4, 2u << id % 16 * 2);
	tl_mmio_write32(GICD_BASE + GICD_ISENABLER + id / 32 * 4, 1u << id % 32);
	__asm__ volatile("msr S3_0_C12_C12_5, %0\n\tisb" : : "r"(7ul)); /* ICC_SRE_EL1 */
	__asm__ volatile("msr S3_0_C4_C6_0, %0" : : "r"(0xfful));       /* ICC_PMR_EL1 */
	__asm__ volatile("msr S3_0_C12_C12_7, %0\n\tisb" : : "r"(1ul)); /* ICC_IGRPEN1_EL1 */
}

void iobench_gic_wait(void)
{
	uint64_t id;

	do {
		__asm__ volatile("dsb sy\n\twfi" : : : "memory");
		__asm__ volatile("mrs %0, S3_0_C12_C12_0" : "=r"(id)); /* ICC_IAR1_EL1 */
	} while (id >= SPURIOUS);
	__asm__ volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(id)); /* ICC_EOIR1_EL1 */
}
