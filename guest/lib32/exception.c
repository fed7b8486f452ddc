/* SPDX-License-Identifier: MIT */
/*
 * The end of a 32-bit guest that took an exception: one line that says which and
 * where, then power off. Reached from the vectors in start.S; no guest continues.
 */
#include "guest.h"

_Noreturn void tl_exception_report(uint32_t vector, uint32_t lr);

static void put(const char *name, uint32_t value)
{
	tl_uart_puts(name);
	tl_uart_puthex(value);
}

void tl_exception_report(uint32_t vector, uint32_t lr)
{
	uint32_t dfsr, ifsr, dfar, ifar;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(dfsr));
	__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(ifsr));
	__asm__ volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(dfar));
	__asm__ volatile("mrc p15, 0, %0, c6, c0, 2" : "=r"(ifar));
	tl_uart_puts("guest: exception ");
	tl_uart_putdec(vector);
	put(" LR ", lr);
	put(" DFSR ", dfsr);
	put(" DFAR ", dfar);
	put(" IFSR ", ifsr);
	put(" IFAR ", ifar);
	tl_uart_putc('\n');
	tl_psci_off();
}
