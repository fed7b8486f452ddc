/* SPDX-License-Identifier: MIT */
/*
 * Output in bursts, for the UART that gathers characters without exits to user space. The
 * kernel command line chooses: "silent" prints 64 lines and spins for ever without an exit;
 * "order" lets two CPUs take turns, the UART's and the hypercall's; "input" answers each
 * character up to a 'q' by a line; "reset" resets the machine in the midst of a burst, once;
 * "late" prints for "ms=" milliseconds a line each, with the time at which it was written.
 */
#include "base/hypercall.h"
#include "guest.h"

#define MARK_ADDRESS (TL_RAM_BASE + 0x02000000)
#define MARK         0x7472617072657365
#define ROUNDS       200

static volatile uint64_t turn;

static void putchar_by_call(char c)
{
	tl_smccc_hvc(TL_HVC_PUTCHAR, (unsigned char)c, 0, 0);
}

static void print_lines(const char *what, uint64_t count)
{
	for (uint64_t i = 1; i <= count; i++) {
		tl_uart_puts(what);
		tl_uart_putdec(i);
		tl_uart_putc('\n');
	}
}

static void do_silent(void)
{
	print_lines("silent ", 64);
	for (;;)
		__asm__ volatile("");
}

static void wait_for_turn(uint64_t number)
{
	while (turn != number)
		__asm__ volatile("yield");
	__asm__ volatile("dsb sy" : : : "memory");
}

static void pass_turn(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
	turn = turn + 1;
}

void tl_secondary_main(uint64_t number)
{
	(void)number;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		wait_for_turn(2 * i + 1);
		tl_uart_putc('c');
		tl_uart_putc('d');
		pass_turn();
	}
}

/* Lines of "abcd", but each tenth has its end by hypercall, which is no write to the UART. */
static void do_order(const void *dtb)
{
	uint64_t mpidr[2];

	if (tl_fdt_cpus(dtb, mpidr, 2) < 2 || tl_psci_cpu_on(mpidr[1], 1)) {
		tl_uart_puts("order: there is no second CPU\n");
		return;
	}
	for (uint64_t i = 0; i < ROUNDS; i++) {
		wait_for_turn(2 * i);
		if (i > 0)
			(i % 10 ? tl_uart_putc : putchar_by_call)('\n');
		tl_uart_putc('a');
		tl_uart_putc('b');
		pass_turn();
	}
	wait_for_turn(2 * ROUNDS);
	tl_uart_putc('\n');
}

static void do_input(void)
{
	char c;

	do {
		c = tl_uart_getc();
		tl_uart_puts("got ");
		tl_uart_putc(c);
		tl_uart_puts(", one of many characters\n");
	} while (c != 'q');
}

static void do_reset(void)
{
	volatile uint64_t *mark = (volatile uint64_t *)MARK_ADDRESS;

	if (*mark != MARK) {
		*mark = MARK;
		print_lines("first ", 100);
		tl_psci_reset();
	}
	*mark = 0;
	print_lines("second ", 100);
}

static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

/* A short line each 3 ms, so that many of them fit into what gathers: its time, in ns. */
static void do_late(const char *args)
{
	uint64_t ms = tl_args_number(args, "ms=", 1000), hz = tl_sysreg_read(cntfrq_el0);
	uint64_t start = now(), at;

	for (uint64_t i = 0; i < ms; i += 3) {
		while ((at = now()) - start < i * hz / 1000)
			__asm__ volatile("yield");
		tl_uart_puts("t ");
		tl_uart_putdec(at * 1000000000 / hz);
		tl_uart_putc('\n');
	}
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);

	if (tl_args_has(args, "silent"))
		do_silent();
	else if (tl_args_has(args, "order"))
		do_order(dtb);
	else if (tl_args_has(args, "input"))
		do_input();
	else if (tl_args_has(args, "reset"))
		do_reset();
	else if (tl_args_has(args, "late"))
		do_late(args);
	else
		tl_uart_puts("uart: silent, order, input, reset or late?\n");
	return 0;
}
