/* SPDX-License-Identifier: MIT */
/*
 * Jumps to where there is neither memory nor a device. KVM answers with an
 * abort in the guest, whose handler prints it and powers off.
 */
#include "guest.h"

int main(const void *dtb)
{
	void (*nowhere)(void) = (void (*)(void))0x0f000000;

	(void)dtb;
	tl_uart_puts("fault: into nowhere\n");
	nowhere();
	tl_uart_puts("fault: came back\n");
	return 0;
}
