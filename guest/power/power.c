/* SPDX-License-Identifier: MIT */
/*
 * Waits for the power key, which is line 3 of the GPIO (PL061, Arm DDI 0190), and powers off.
 * `deaf` on the command line: it hears the key and stays. Polled, with the interrupt enabled at
 * the GPIO: that is by what a VMM knows that somebody listens.
 */
#include "guest.h"

#define GPIO     0x09030000
#define GPIOIBE  (GPIO + 0x408)
#define GPIOIE   (GPIO + 0x410)
#define GPIOMIS  (GPIO + 0x418)
#define GPIOIC   (GPIO + 0x41c)
#define KEY      (1u << 3)
#define KEY_DATA (GPIO + (KEY << 2))

static void wait_for_edge(void)
{
	while (!(tl_mmio_read32(GPIOMIS) & KEY))
		__asm__ volatile("yield");
	tl_mmio_write32(GPIOIC, KEY);
}

int main(const void *dtb)
{
	int deaf = tl_args_has(tl_fdt_bootargs(dtb), "deaf");

	tl_mmio_write32(GPIOIBE, KEY);
	tl_mmio_write32(GPIOIE, KEY);
	tl_uart_puts("power: waits for the key\n");
	do {
		wait_for_edge();
		tl_uart_puts(tl_mmio_read32(KEY_DATA) ? "power: pressed\n" : "power: released\n");
	} while (deaf);
	return 0;
}
