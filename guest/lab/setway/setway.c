/* SPDX-License-Identifier: MIT */
/*
 * Cleans and invalidates the data caches by set and way, as kernels did it in 2014: a loop over
 * the geometry that the CPU tells of, or with "a15" that of a Cortex-A15, whatever this CPU says.
 * With "va" it does what kernels do today instead: a range of addresses, line by line.
 */
#include "guest/lab/lab.h"

#define LINE 64

static uint64_t operations, ticks;

/* The operand of DC CISW (DDI 0487, C5.3.18): way at the top, set above the line, level. */
static void flush(unsigned int level, unsigned int sets, unsigned int ways, unsigned int line)
{
	int shift = ways > 1 ? __builtin_clz(ways - 1) : 0;
	uint64_t begin;

	tl_uart_puts("level ");
	tl_uart_putdec(level + 1);
	tl_uart_puts(": sets ");
	tl_uart_putdec(sets);
	tl_uart_puts(", ways ");
	tl_uart_putdec(ways);
	tl_uart_putc('\n');
	begin = lab_now();
	for (uint64_t way = 0; way < ways; way++) {
		for (uint64_t set = 0; set < sets; set++) {
			__asm__ volatile("dc cisw, %0"
					 :
					 : "r"(way << shift | set << line | level << 1)
					 : "memory");
			operations++;
		}
	}
	__asm__ volatile("dsb sy" : : : "memory");
	ticks += lab_now() - begin;
}

/* CLIDR_EL1 has three bits a level: 2 and more is a cache for data. CCSIDR_EL1 has its size. */
static void flush_all(void)
{
	uint64_t clidr = tl_sysreg_read(clidr_el1);

	for (unsigned int level = 0; level < 7; level++) {
		uint64_t ccsidr;

		if ((clidr >> (3 * level) & 7) < 2)
			continue;
		__asm__ volatile("msr csselr_el1, %0\n\tisb" : : "r"((uint64_t)level << 1));
		ccsidr = tl_sysreg_read(ccsidr_el1);
		flush(level, (ccsidr >> 13 & 0x7fff) + 1, (ccsidr >> 3 & 0x3ff) + 1,
			(ccsidr & 7) + 4);
	}
}

/* All of 1 MiB. */
static void by_address(void)
{
	uint64_t begin = lab_now();

	for (uint64_t at = TL_RAM_BASE; at < TL_RAM_BASE + 0x100000; at += LINE) {
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
		operations++;
	}
	__asm__ volatile("dsb sy" : : : "memory");
	ticks += lab_now() - begin;
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);

	if (tl_args_has(args, "va")) {
		by_address();
	} else if (tl_args_has(args, "a15")) {
		flush(0, 256, 2, 6);
		flush(1, 1024, 16, 6);
	} else {
		flush_all();
	}
	tl_uart_putdec(operations);
	tl_uart_puts(" operations\n");
	lab_row(ticks, operations ? operations : 1, "each");
	return 0;
}
