/* SPDX-License-Identifier: MIT */
/*
 * The console of the bare-metal guests: PL011 (Arm DDI 0183, section 3.3)
 * without interrupts. Output never looks at the flag register, since the
 * emulated transmitter is always ready: a character costs exactly one exit.
 */
#include "guest.h"

#define UARTDR      (TL_UART_BASE + 0x00)
#define UARTFR      (TL_UART_BASE + 0x18)
#define UARTFR_RXFE (1u << 4)

void tl_uart_putc(char c)
{
	tl_mmio_write32(UARTDR, (unsigned char)c);
}

void tl_uart_puts(const char *s)
{
	while (*s)
		tl_uart_putc(*s++);
}

void tl_uart_puthex(uint64_t value)
{
	tl_uart_puts("0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		tl_uart_putc("0123456789abcdef"[value >> shift & 15]);
}

void tl_uart_putdec(uint64_t value)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		tl_uart_putc(digits[--n]);
}

char tl_uart_getc(void)
{
	while (tl_mmio_read32(UARTFR) & UARTFR_RXFE)
		__asm__ volatile("yield");
	return (char)tl_mmio_read32(UARTDR);
}
