/* SPDX-License-Identifier: MIT */
/*
 * Suspends to RAM (PSCI SYSTEM_SUSPEND, Arm DEN0022 section 5.20), is woken, and says whether it
 * came back as it has to: where and with what it said, and with its memory. Before that, the
 * calls that are to be refused, one of them because of a second CPU if there is one. `console` on
 * the command line: it waits for input; otherwise for the alarm of its clock, in `seconds=` (1).
 */
#include "guest.h"

#define SYSTEM_SUSPEND 0xC400000E
#define PSCI_FEATURES  0x8400000A
#define AFFINITY_INFO  0xC4000004
#define IS_OFF         1
#define MARK           0x7375737065

#define RTC         0x09010000
#define RTC_DR      (RTC + 0x00)
#define RTC_MR      (RTC + 0x04)
#define RTC_IMSC    (RTC + 0x10)
#define RTC_RIS     (RTC + 0x14)
#define UART_DR     (TL_UART_BASE + 0x00)
#define UART_CR     (TL_UART_BASE + 0x30)
#define UART_IMSC   (TL_UART_BASE + 0x38)
#define UART_RIS    (TL_UART_BASE + 0x3c)
#define UART_RX     0x50 /* receive, receive timeout */
#define UART_SPI    1
#define RTC_SPI     2
#define GICD        0x08000000
#define GICD_CTLR   (GICD + 0x000)
#define GICD_ISEN   (GICD + 0x104) /* of SPI 0 to 31 */
#define GICD_GROUP  (GICD + 0x084)
#define GICD_PRIO   (GICD + 0x420)
#define GICD_TARGET (GICD + 0x820)
#define GICC_CTLR   0x08010000
#define GICC_PMR    0x08010004

static volatile uint64_t survives;
static volatile uint64_t second_may_go;

void resume(void);

/*
 * Where it goes on, as after CPU_ON: x0 is the context, the stack and the vectors are lost.
 * The first CPU's stack is taken anew: nobody else uses it.
 */
__asm__(".globl resume\n"
	"resume:\n"
	"	adrp	x1, tl_stacks\n"
	"	add	x1, x1, :lo12:tl_stacks\n"
	"	add	sp, x1, #1 << 12\n"
	"	b	resumed\n");

void resumed(uint64_t context);

static void print(const char *what, uint64_t value)
{
	tl_uart_puts(what);
	tl_uart_puthex(value);
	tl_uart_putc('\n');
}

void resumed(uint64_t context)
{
	uint64_t sctlr = tl_sysreg_read(sctlr_el1);

	tl_uart_puts(
		context == MARK ? "suspend: resumed\n" : "suspend: resumed with another context\n");
	if (survives != MARK)
		tl_uart_puts("suspend: RAM was lost\n");
	if (sctlr & 1)
		tl_uart_puts("suspend: the MMU is on\n");
	if (tl_mmio_read32(RTC_RIS))
		tl_uart_puts("suspend: by the clock\n");
	if (tl_mmio_read32(UART_RIS) & UART_RX)
		tl_uart_puts("suspend: by the console\n");
	tl_psci_off();
}

/* Lets an interrupt through to this CPU: it wakes, though DAIF masks it. */
static void enable(unsigned int spi)
{
	/* ID_AA64PFR0_EL1.GIC: the CPU interface is one of system registers. */
	if (tl_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) {
		tl_mmio_write32(GICD_CTLR, 0x12); /* affinity routing, group 1 */
		tl_mmio_write32(GICD_GROUP, ~0u);
		__asm__ volatile("msr s3_0_c4_c6_0, %0\n\t"   /* ICC_PMR_EL1 */
				 "msr s3_0_c12_c12_7, %1\n\t" /* ICC_IGRPEN1_EL1 */
				 "isb"
				 :
				 : "r"(UINT64_C(0xf0)), "r"(UINT64_C(1)));
	} else {
		tl_mmio_write32(GICD_CTLR, 1);
		tl_mmio_write32(GICC_PMR, 0xf0);
		tl_mmio_write32(GICC_CTLR, 1);
		tl_mmio_write32(GICD_TARGET, 0x01010101);
	}
	tl_mmio_write32(GICD_PRIO, 0x80808080);
	tl_mmio_write32(GICD_ISEN, 1u << spi);
}

void tl_secondary_main(uint64_t number)
{
	(void)number;
	while (!second_may_go)
		__asm__ volatile("yield");
}

/* While another CPU is on, the call is denied; afterwards that one is off. */
static void try_with_second(const void *dtb)
{
	uint64_t mpidr[2];

	if (tl_fdt_cpus(dtb, mpidr, 2) < 2 || tl_psci_cpu_on(mpidr[1], 1))
		return;
	print("suspend: not alone: ",
		(uint64_t)tl_smccc_hvc(SYSTEM_SUSPEND, (uintptr_t)resume, MARK, 0));
	second_may_go = 1;
	while (tl_smccc_hvc(AFFINITY_INFO, mpidr[1], 0, 0) != IS_OFF)
		__asm__ volatile("yield");
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);
	uint64_t entry = (uintptr_t)resume;

	if (tl_smccc_hvc(PSCI_FEATURES, SYSTEM_SUSPEND, 0, 0)) {
		tl_uart_puts("suspend: this host does not let guests\n");
		return 0;
	}
	print("suspend: unaligned: ", (uint64_t)tl_smccc_hvc(SYSTEM_SUSPEND, entry + 2, MARK, 0));
	print("suspend: outside: ", (uint64_t)tl_smccc_hvc(SYSTEM_SUSPEND, TL_UART_BASE, MARK, 0));
	print("suspend: wraps: ", (uint64_t)tl_smccc_hvc(SYSTEM_SUSPEND, ~UINT64_C(3), MARK, 0));
	try_with_second(dtb);
	survives = MARK;
	if (tl_args_has(args, "console")) {
		enable(UART_SPI);
		tl_mmio_write32(UART_CR, 0x301);
		tl_mmio_write32(UART_IMSC, UART_RX);
	} else {
		enable(RTC_SPI);
		tl_mmio_write32(RTC_IMSC, 1);
		tl_mmio_write32(RTC_MR,
			tl_mmio_read32(RTC_DR) + (uint32_t)tl_args_number(args, "seconds=", 1));
	}
	tl_uart_puts("suspend: asleep\n");
	print("suspend: refused: ", (uint64_t)tl_smccc_hvc(SYSTEM_SUSPEND, entry, MARK, 0));
	return 0;
}
