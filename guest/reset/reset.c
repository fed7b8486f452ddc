/* SPDX-License-Identifier: MIT */
/*
 * Asks for PSCI SYSTEM_RESET at its first start and powers off at the second.
 * It knows them apart by a word in RAM outside of its image: like a warm reset
 * of hardware, a reset in place keeps what RAM held and loads the image anew.
 * Also checks that its own initialised data are what they were at first.
 */
#include "guest.h"

#define MARK_ADDRESS (TL_RAM_BASE + 0x02000000)
#define MARK         0x7472617072657365

static volatile uint64_t initialised = 1;

int main(const void *dtb)
{
	volatile uint64_t *mark = (volatile uint64_t *)MARK_ADDRESS;

	(void)dtb;
	if (*mark != MARK) {
		*mark = MARK;
		initialised = 2;
		tl_uart_puts("reset: first start\n");
		tl_psci_reset();
	}
	*mark = 0;
	tl_uart_puts(initialised == 1 ? "reset: second start\n"
				      : "reset: second start, but the image was not loaded anew\n");
	return 0;
}
