/* SPDX-License-Identifier: MIT */
/*
 * Loads that the syndrome does not describe (ESR_EL2.ISV = 0, DDI 0487, ISS encoding of a Data
 * Abort), with the MMU off: with write-back, where no device is, which the VMM can do; and an
 * exclusive one, which is an abort.
 */
#include "guest.h"

int main(const void *dtb)
{
	uint64_t address = 0x0f000000;
	uint64_t value;

	(void)dtb;
	tl_uart_puts("nisv: load with write-back from a hole\n");
	__asm__ volatile("ldr %0, [%1], #8" : "=r"(value), "+r"(address) : : "memory");
	tl_uart_puts("nisv: it went on with ");
	tl_uart_puthex(value);
	tl_uart_puts(" at ");
	tl_uart_puthex(address);
	tl_uart_puts("\nnisv: exclusive load from a hole\n");
	__asm__ volatile("ldxr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	tl_uart_puts("nisv: it went on\n");
	return 0;
}
