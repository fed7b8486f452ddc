/* SPDX-License-Identifier: MIT */
/*
 * A load that the syndrome does not describe (ESR_EL2.ISV = 0, DDI 0487, ISS
 * encoding of a Data Abort): with write-back, where no device is. KVM cannot
 * emulate it, so the VM cannot go on.
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
	tl_uart_putc('\n');
	return 0;
}
