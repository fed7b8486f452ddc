/* SPDX-License-Identifier: MIT */
/*
 * What one exit costs: many hypercalls that KVM answers without user space,
 * timed by the guest's own counter. On the deterministic board the figure is
 * instructions, not luck; run with and without a profile, the difference is
 * what profiling costs.
 */
#include "guest.h"

#define CALLS 10000

/* Orders the counter read after what came before it (DDI 0487, D12.1.2). */
static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

int main(const void *dtb)
{
	uint64_t frequency = tl_sysreg_read(cntfrq_el0);
	uint64_t begin, ns;

	(void)dtb;
	/* The first call brings code and data into the caches of the host. */
	tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
	begin = now();
	for (int i = 0; i < CALLS; i++)
		tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
	ns = (now() - begin) * 1000000000 / frequency;

	tl_uart_putdec(CALLS);
	tl_uart_puts(" hypercalls, ");
	tl_uart_putdec(ns / CALLS);
	tl_uart_puts(" ns each\n");
	return 0;
}
