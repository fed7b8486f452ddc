/* SPDX-License-Identifier: MIT */
/*
 * The two hypercalls that Trapline itself serves (base/hypercall.h): asks for
 * the version and prints it, every character by a hypercall, none by the UART.
 * Only where the calls are not served does the UART say so.
 */
#include "base/hypercall.h"
#include "guest.h"

static void put(char c)
{
	tl_smccc_hvc(TL_HVC_PUTCHAR, (unsigned char)c, 0, 0);
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

/* Versions are small: one or two digits. */
static void put_number(uint64_t value)
{
	if (value >= 10)
		put((char)('0' + value / 10 % 10));
	put((char)('0' + value % 10));
}

int main(const void *dtb)
{
	int64_t version = tl_smccc_hvc(TL_HVC_VERSION, 0, 0, 0);

	(void)dtb;
	if (version < 0) {
		tl_uart_puts("hvc: the VMM does not serve Trapline's hypercalls\n");
		return 0;
	}
	put_string("Trapline hypercalls, version ");
	put_number((uint64_t)version >> 16);
	put('.');
	put_number((uint64_t)version & 0xffff);
	put('\n');
	return 0;
}
