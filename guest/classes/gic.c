/* SPDX-License-Identifier: MIT */
/*
 * As much of a GICv3 as it takes to receive interrupts without taking them (Arm
 * IHI 0069, sections 12.9 to 12.11): they stay masked at the CPU, WFI waits for a
 * pending one, and it is acknowledged by hand.
 */
#include "guest.h"

#include "classes.h"

#define GICD_BASE 0x08000000
#define GICR_BASE 0x080a0000
/* One redistributor has two frames of 64 KiB. */
#define GICR_STRIDE 0x20000

#define GICD_CTLR      0x0000
#define GICD_ENABLE    0x12 /* ARE and group 1 */
#define GICR_WAKER     0x0014
#define GICR_IGROUPR   0x10080
#define GICR_ISENABLER 0x10100

void classes_gic_on(uint64_t number, unsigned int irq)
{
	uint64_t redistributor = GICR_BASE + number * GICR_STRIDE;

	tl_mmio_write32(GICD_BASE + GICD_CTLR, GICD_ENABLE);
	tl_mmio_write32(redistributor + GICR_WAKER, 0);
	tl_mmio_write32(redistributor + GICR_IGROUPR, 0xffffffff);
	tl_mmio_write32(redistributor + GICR_ISENABLER, 1u << irq);
	__asm__ volatile("msr S3_0_C12_C12_5, %0\n\tisb" : : "r"(7ul)); /* ICC_SRE_EL1 */
	__asm__ volatile("msr S3_0_C4_C6_0, %0" : : "r"(0xfful));       /* ICC_PMR_EL1 */
	__asm__ volatile("msr S3_0_C12_C12_7, %0\n\tisb" : : "r"(1ul)); /* ICC_IGRPEN1_EL1 */
}

int classes_gic_take(void)
{
	uint64_t id;

	__asm__ volatile("mrs %0, S3_0_C12_C12_0" : "=r"(id)); /* ICC_IAR1_EL1 */
	if (id >= CLASSES_IRQ_SPURIOUS)
		return 0;
	__asm__ volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(id)); /* ICC_EOIR1_EL1 */
	return 1;
}
