/* SPDX-License-Identifier: MIT */
/*
 * The three kinds of interrupts of a GICv3, and what each step of one costs: a software-generated
 * one (SGI 0), the timer's (PPI 27) and one of a device (SPI 10, INTID 42). Interrupts stay masked
 * at the CPU; the guest acknowledges and ends them by hand.
 */
#include "guest/lab/lab.h"

#define N 50

/* Arm IHI 0069, 12.9 and 12.11: the distributor, and the redistributor of CPU 0. */
#define GICD_CTLR       0x08000000ul
#define GICD_IGROUPR1   0x08000084ul
#define GICD_ISENABLER1 0x08000104ul
#define GICD_ISPENDR1   0x08000204ul
#define GICR_WAKER      0x080a0014ul
#define GICR_IGROUPR0   0x080b0080ul
#define GICR_ISENABLER0 0x080b0100ul

#define SPI_BIT   (1u << 10)
#define TIMER_BIT (1u << 27)

/* ICC_ registers by their encoding, for assemblers that do not know them. */
#define WRITE(reg, value) __asm__ volatile("msr " reg ", %0\n\tisb" : : "r"((uint64_t)(value)))
#define PMR               "S3_0_C4_C6_0"
#define SGI1R             "S3_0_C12_C11_5"
#define IAR1              "S3_0_C12_C12_0"
#define EOIR1             "S3_0_C12_C12_1"
#define SRE               "S3_0_C12_C12_5"
#define IGRPEN1           "S3_0_C12_C12_7"

/* Ticks of each step: raising it, acknowledging it, ending it. */
static uint64_t raised, taken, ended;

static void cycle(void (*raise)(void), uint64_t expected)
{
	uint64_t begin = lab_now(), id;

	raise();
	raised += lab_now() - begin;
	while (!tl_sysreg_read(isr_el1))
		;
	begin = lab_now();
	__asm__ volatile("mrs %0, " IAR1 : "=r"(id));
	taken += lab_now() - begin;
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
	begin = lab_now();
	WRITE(EOIR1, id);
	ended += lab_now() - begin;
	if (id != expected)
		tl_uart_puts("not the interrupt that was expected\n");
}

static void raise_sgi(void)
{
	WRITE(SGI1R, 1);
}

static void raise_timer(void)
{
	__asm__ volatile("msr cntv_tval_el0, xzr\n\tmsr cntv_ctl_el0, %0\n\tisb" : : "r"(1ul));
}

static void raise_spi(void)
{
	tl_mmio_write32(GICD_ISPENDR1, SPI_BIT);
}

static void show(const char *what, void (*raise)(void), uint64_t id)
{
	raised = taken = ended = 0;
	tl_uart_puts(what);
	for (int i = 0; i < N; i++)
		cycle(raise, id);
	lab_row(raised, N, "raise");
	lab_row(taken, N, "acknowledge (ICC_IAR1_EL1)");
	lab_row(ended, N, "end (ICC_EOIR1_EL1)");
}

int main(const void *dtb)
{
	(void)dtb;
	tl_mmio_write32(GICD_CTLR, 0x12); /* affinity routing, group 1 */
	tl_mmio_write32(GICR_WAKER, 0);
	tl_mmio_write32(GICR_IGROUPR0, 0xffffffff);
	tl_mmio_write32(GICR_ISENABLER0, TIMER_BIT | 1);
	tl_mmio_write32(GICD_IGROUPR1, SPI_BIT);
	tl_mmio_write32(GICD_ISENABLER1, SPI_BIT);
	WRITE(SRE, 7);
	WRITE(PMR, 0xff);
	WRITE(IGRPEN1, 1);
	show("SGI 0, by ICC_SGI1R_EL1\n", raise_sgi, 0);
	show("PPI 27, by the virtual timer\n", raise_timer, 27);
	show("SPI 10, by GICD_ISPENDR1\n", raise_spi, 42);
	return 0;
}
