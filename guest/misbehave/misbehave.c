/* SPDX-License-Identifier: MIT */
/*
 * Uses the back door of build/arm64/trapline-misbehave (tests/misbehave/misbehave.c): "act=N" is
 * what the VMM is to do, "on=0|4|8" the register, which stands for the thread. That it comes
 * back is all that it tells.
 */
#include "guest.h"

#define DOOR 0x0b000000
#define DONE 12

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);

	tl_uart_puts("Knocking.\n");
	tl_mmio_write32(
		DOOR + tl_args_number(args, "on=", 0), (uint32_t)tl_args_number(args, "act=", 0));
	while (!tl_mmio_read32(DOOR + DONE))
		;
	tl_uart_puts("It was done.\n");
	return 0;
}
