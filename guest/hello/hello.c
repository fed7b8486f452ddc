/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest: 14 characters and power off. Each character is one store
 * to the UART, which the VMM carries out: 14 exits to user space, and one for
 * PSCI SYSTEM_OFF makes 15. The board tests assert that number.
 */
#include "guest.h"

int main(const void *dtb)
{
	(void)dtb;
	tl_uart_puts("Hello, world!\n");
	return 0;
}
