/* SPDX-License-Identifier: MIT */
/*
 * The end of a bare-metal guest that took an exception: one line that says
 * which and where, then power off. Reached from the vectors in start.S, on
 * whatever stack was in use; no guest continues after an exception.
 */
#include "guest.h"

_Noreturn void tl_exception_report(uint64_t vector);

void tl_exception_report(uint64_t vector)
{
	tl_uart_puts("guest: exception ");
	tl_uart_putdec(vector);
	tl_uart_puts(" ESR ");
	tl_uart_puthex(tl_sysreg_read(esr_el1));
	tl_uart_puts(" ELR ");
	tl_uart_puthex(tl_sysreg_read(elr_el1));
	tl_uart_puts(" FAR ");
	tl_uart_puthex(tl_sysreg_read(far_el1));
	tl_uart_putc('\n');
	tl_psci_off();
}
