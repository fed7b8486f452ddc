/* SPDX-License-Identifier: MIT */
/*
 * Software-generated interrupts between two CPUs.
 */
#include "guest.h"

#include "classes.h"

static volatile uint64_t ready, answered, wanted;

/* The receiver. */
void tl_secondary_main(uint64_t number)
{
	classes_gic_on(number, CLASSES_IRQ_SGI);
	ready = 1;
	while (answered != wanted) {
		__asm__ volatile("wfi" : : : "memory");
		if (classes_gic_take())
			answered = answered + 1;
	}
}

void classes_ipi(const void *dtb, uint64_t n)
{
	uint64_t mpidr[TL_CPUS_MAX];

	if (tl_fdt_cpus(dtb, mpidr, TL_CPUS_MAX) < 2) {
		tl_uart_puts("classes: ipi needs --cpus 2\n");
		return;
	}
	wanted = n;
	if (tl_psci_cpu_on(mpidr[1], 1)) {
		tl_uart_puts("classes: the second CPU does not start\n");
		return;
	}
	while (!ready)
		__asm__ volatile("yield");
	for (uint64_t i = 0; i < n; i++) {
		/* ICC_SGI1R_EL1: interrupt 0 to the CPU whose Aff0 is 1 */
		__asm__ volatile("dsb sy\n\tmsr S3_0_C12_C11_5, %0\n\tisb" : : "r"(2ul) : "memory");
		while (answered != i + 1)
			__asm__ volatile("yield");
	}
}
