/* SPDX-License-Identifier: MIT */
/*
 * Prints what comes from the console until a 'q' or Ctrl-D: the receive side
 * of the UART, polled.
 */
#include "guest.h"

#define CTRL_D 4

int main(const void *dtb)
{
	(void)dtb;
	tl_uart_puts("echo: until q or Ctrl-D\n");
	for (;;) {
		char c = tl_uart_getc();

		if (c == 'q' || c == CTRL_D)
			break;
		tl_uart_putc(c);
	}
	tl_uart_puts("\necho: off\n");
	return 0;
}
