/* SPDX-License-Identifier: MIT */
/*
 * Sleeps for ever: WFI with no interrupt enabled, so the vCPU blocks inside
 * KVM_RUN. A VMM that is told to stop has to get it out of there.
 */
#include "guest.h"

int main(const void *dtb)
{
	(void)dtb;
	tl_uart_puts("idle: for ever\n");
	for (;;)
		__asm__ volatile("wfi");
}
