/* SPDX-License-Identifier: MIT */
/*
 * Prints the identification registers as a guest sees them, and every
 * redistributor of a GICv3 up to the last one, by its CPU's affinity. With the
 * word "reset" it does so twice, with a reset in place between.
 */
#include "guest.h"

#define MARK_ADDRESS (TL_RAM_BASE + 0x02000000)
#define MARK         0x6964726567732121

/* GICv3 (IHI 0069H, 12.10): two frames of 64 KiB a CPU. */
#define REDIST_LOW  UINT64_C(0x080a0000)
#define REDIST_HIGH UINT64_C(0x4000000000)
#define LOW_COUNT   123
#define FRAMES      0x20000
#define GICR_TYPER  0x8
#define TYPER_LAST  (1u << 4)

#define SHOW(name) show(#name, tl_sysreg_read(name))

static void show(const char *name, uint64_t value)
{
	tl_uart_puts(name);
	tl_uart_putc(' ');
	tl_uart_puthex(value);
	tl_uart_putc('\n');
}

/* A range of redistributors; the last of it says so. */
static unsigned int walk(uint64_t base, unsigned int max)
{
	unsigned int count = 0;

	while (count < max) {
		uint64_t frame = base + (uint64_t)count++ * FRAMES;

		if (tl_mmio_read32(frame + GICR_TYPER) & TYPER_LAST) {
			show("last redistributor of affinity",
				tl_mmio_read32(frame + GICR_TYPER + 4));
			break;
		}
	}
	return count;
}

static void redistributors(uint64_t cpus)
{
	unsigned int count = walk(REDIST_LOW, LOW_COUNT);

	if (cpus > LOW_COUNT)
		count += walk(REDIST_HIGH, (unsigned int)cpus - LOW_COUNT);
	tl_uart_puts("redistributors ");
	tl_uart_putdec(count);
	tl_uart_putc('\n');
}

int main(const void *dtb)
{
	volatile uint64_t *mark = (volatile uint64_t *)MARK_ADDRESS;
	const char *args = tl_fdt_bootargs(dtb);

	SHOW(id_aa64pfr0_el1);
	SHOW(id_aa64pfr1_el1);
	SHOW(id_aa64dfr0_el1);
	SHOW(id_aa64isar0_el1);
	SHOW(id_aa64isar1_el1);
	SHOW(id_aa64isar2_el1);
	SHOW(id_aa64mmfr0_el1);
	SHOW(id_aa64mmfr1_el1);
	SHOW(id_aa64mmfr2_el1);
	SHOW(id_isar5_el1);
	if (tl_args_number(args, "cpus=", 0))
		redistributors(tl_args_number(args, "cpus=", 0));
	if (tl_args_has(args, "reset") && *mark != MARK) {
		*mark = MARK;
		tl_uart_puts("again\n");
		tl_psci_reset();
	}
	return 0;
}
