/* SPDX-License-Identifier: MIT */
/*
 * What guests of the laboratories share: the clock, and a line of a table.
 */
#ifndef TL_GUEST_LAB_H
#define TL_GUEST_LAB_H

#include "guest.h"

/* Orders the counter read after what came before it (DDI 0487, D12.1.2). */
static inline uint64_t lab_now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

/* Right-aligned nanoseconds for each of n, and what took them. */
static inline void lab_row(uint64_t ticks, uint64_t n, const char *what)
{
	uint64_t ns = ticks * 1000000000 / tl_sysreg_read(cntfrq_el0) / n;

	for (uint64_t width = 10000000; width > 1 && ns < width; width /= 10)
		tl_uart_putc(' ');
	tl_uart_putdec(ns);
	tl_uart_puts(" ns  ");
	tl_uart_puts(what);
	tl_uart_putc('\n');
}

/* guest/lab/costs/waits.c: the lines of exits with a wait in them, n of each. */
void lab_waits(const void *dtb, uint64_t n);

#endif
