/* SPDX-License-Identifier: MIT */
/*
 * Says where it is and what it was given: its own address, the device tree in x0 and
 * the one that QEMU's virt board has at the start of RAM. Programs for that board come as
 * flat binaries and as ELF files linked at RAM + 0x80000 or at the very start of RAM, and
 * look for the device tree in either place, or not at all.
 */
#include "guest.h"

#define FDT_MAGIC_LE 0xedfe0dd0 /* as a little-endian load sees it */

extern const char _start[];

static void say_tree(const char *where, const void *dtb)
{
	uint64_t mpidr[TL_CPUS_MAX];

	tl_uart_puts(where);
	if (*(const volatile uint32_t *)dtb != FDT_MAGIC_LE) {
		tl_uart_puts(": no device tree\n");
		return;
	}
	tl_uart_puts(": device tree, cpus ");
	tl_uart_putdec(tl_fdt_cpus(dtb, mpidr, TL_CPUS_MAX));
	tl_uart_puts(", bootargs '");
	tl_uart_puts(tl_fdt_bootargs(dtb));
	tl_uart_puts("'\n");
}

int main(const void *dtb)
{
	tl_uart_puts("entry: ");
	tl_uart_puthex((uint64_t)(uintptr_t)_start);
	tl_uart_putc('\n');
	if (dtb)
		say_tree("x0", dtb);
	else
		tl_uart_puts("x0: 0\n");
	say_tree("start of RAM", (const void *)TL_RAM_BASE);
	return 0;
}
