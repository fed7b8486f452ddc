/* SPDX-License-Identifier: MIT */
/*
 * What one exit costs: many of a kind, timed by the guest's own counter. The
 * kernel command line chooses the kind: "hvc" (a hypercall that KVM answers; also
 * without a word), "gic" (a read of a register of the in-kernel GIC) or "mmio"
 * (of one of the clock, which user space answers); "n=1000" how many. The average has the host's
 * ticks in it, the best of many batches has not. On the deterministic board these
 * are instructions, not luck; run with and without a profile, the difference is
 * what profiling costs.
 */
#include "guest.h"

#define DEFAULT_N  10000
#define BATCH      50
#define GICD_TYPER 0x08000004
#define RTCCR      0x0901000c

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
	tl_mmio_read32(RTCCR);
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

/* n exits of the kind; returns the ticks of the best batch. */
static uint64_t repeat(size_t kind, uint64_t n)
{
	uint64_t best = UINT64_MAX;

	while (n) {
		uint64_t batch = n < BATCH ? n : BATCH, begin = now(), ticks;

		for (uint64_t i = 0; i < batch; i++)
			kinds[kind].once();
		ticks = now() - begin;
		if (batch == BATCH && ticks < best)
			best = ticks;
		n -= batch;
	}
	return best;
}

static void print_ns(uint64_t ticks, uint64_t n)
{
	tl_uart_puts(", ");
	tl_uart_putdec(ticks * 1000000000 / tl_sysreg_read(cntfrq_el0) / n);
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);
	uint64_t n = tl_args_number(args, "n=", DEFAULT_N);
	uint64_t begin, ticks, best;
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
	best = repeat(kind, n);
	ticks = now() - begin;

	tl_uart_putdec(n);
	tl_uart_putc(' ');
	tl_uart_puts(kinds[kind].what);
	print_ns(ticks, n);
	tl_uart_puts(" ns each");
	if (n >= BATCH) {
		print_ns(best, BATCH);
		tl_uart_puts(" at best");
	}
	tl_uart_putc('\n');
	return 0;
}
