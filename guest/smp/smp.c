/* SPDX-License-Identifier: MIT */
/*
 * Every CPU of the device tree comes up, says its MPIDR and turns itself off;
 * the first one waits for the others and says how many there were.
 * All are started at once, then they speak in turn: with the MMU off, exclusive
 * accesses are not guaranteed to work (DDI 0487, B2.17), so a ticket that only
 * its holder passes on takes the place of a lock.
 */
#include "guest.h"

static volatile uint64_t turn;

static void wait_for_turn(uint64_t number)
{
	while (turn != number)
		__asm__ volatile("wfe");
}

static void pass_turn(void)
{
	turn = turn + 1;
	__asm__ volatile("dsb sy\n\tsev" : : : "memory");
}

static void speak(uint64_t number)
{
	wait_for_turn(number);
	tl_uart_puts("cpu ");
	tl_uart_putdec(number);
	tl_uart_puts(": MPIDR ");
	tl_uart_puthex(tl_mpidr());
	tl_uart_putc('\n');
	pass_turn();
}

void tl_secondary_main(uint64_t number)
{
	speak(number);
}

int main(const void *dtb)
{
	uint64_t mpidr[TL_CPUS_MAX];
	size_t n = tl_fdt_cpus(dtb, mpidr, TL_CPUS_MAX);
	uint64_t up = 1;

	if (!n)
		tl_uart_puts("smp: no device tree, so no other CPUs are known\n");
	for (size_t i = 1; i < n; i++) {
		int64_t error = tl_psci_cpu_on(mpidr[i], up);

		if (!error) {
			up++;
			continue;
		}
		/* Nobody else speaks before turn 0 has passed. */
		tl_uart_puts("smp: CPU_ON of ");
		tl_uart_puthex(mpidr[i]);
		tl_uart_puts(" failed: -");
		tl_uart_putdec((uint64_t)-error);
		tl_uart_putc('\n');
	}
	speak(0);
	wait_for_turn(up);
	tl_uart_putdec(up);
	tl_uart_puts(up == 1 ? " cpu up\n" : " cpus up\n");
	return 0;
}
