/* SPDX-License-Identifier: MIT */
/*
 * What one exit costs: many of a kind, timed by the guest's own counter. The
 * kernel command line chooses the kind: "hvc" (a hypercall that KVM answers; also
 * without a word), "gic" (a read of a register of the in-kernel GIC) or "mmio"
 * (of one that user space answers); "n=1000" how many. On the deterministic board
 * the figure is instructions, not luck; run with and without a profile, the
 * difference is what profiling costs.
 */
#include "guest.h"

#define DEFAULT_N  10000
#define GICD_TYPER 0x08000004
#define UARTFR     (TL_UART_BASE + 0x18)

static void do_hvc(void)
{
	tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
}

static void do_gic(void)
{
	tl_mmio_read32(GICD_TYPER);
}

static void do_mmio(void)
{
	tl_mmio_read32(UARTFR);
}

static const struct {
	const char *name, *what;
	void (*once)(void);
} kinds[] = {
	{"hvc", "hypercalls", do_hvc},
	{"gic", "reads in the GIC", do_gic},
	{"mmio", "reads in user space", do_mmio},
};

/* Orders the counter read after what came before it (DDI 0487, D12.1.2). */
static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

int main(const void *dtb)
{
	uint64_t frequency = tl_sysreg_read(cntfrq_el0);
	const char *args = tl_fdt_bootargs(dtb);
	uint64_t n = tl_args_number(args, "n=", DEFAULT_N);
	uint64_t begin, ns;
	size_t kind = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (tl_args_has(args, kinds[i].name))
			kind = i;
	}
	if (!n)
		return 0;
	/* The first one brings code and data into the caches of the host. */
	kinds[kind].once();
	begin = now();
	for (uint64_t i = 0; i < n; i++)
		kinds[kind].once();
	ns = (now() - begin) * 1000000000 / frequency;

	tl_uart_putdec(n);
	tl_uart_putc(' ');
	tl_uart_puts(kinds[kind].what);
	tl_uart_puts(", ");
	tl_uart_putdec(ns / n);
	tl_uart_puts(" ns each\n");
	return 0;
}
