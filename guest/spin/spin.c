/* SPDX-License-Identifier: MIT */
/*
 * Never ends and never exits by itself: what --timeout and the signals are
 * tested with. One line first, so that a test knows that it runs.
 */
#include "guest.h"

int main(const void *dtb)
{
	(void)dtb;
	tl_uart_puts("spin: for ever\n");
	for (;;)
		__asm__ volatile("");
}
