/* SPDX-License-Identifier: MIT */
/*
 * The virtual timer (DDI 0487, D12.2): its interrupt goes to the host first, which
 * hands it on to the guest. Ending it there is what lets the next one come.
 */
#include "guest.h"

#include "classes.h"

#define US 100
/* To sleep: long, for a guest that is held up until then finds the interrupt there, and no WFI. */
#define SLEEP_US 1000

static uint64_t counter(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

static void set_timer(uint64_t us)
{
	uint64_t ticks = tl_sysreg_read(cntfrq_el0) * us / 1000000;

	__asm__ volatile("msr cntv_cval_el0, %0" : : "r"(counter() + ticks));
	__asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" : : "r"(1ul));
}

/* Stops the timer before its interrupt is ended, or that would come again. */
static int take(void)
{
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
	return classes_gic_take();
}

void classes_timer(uint64_t n)
{
	classes_gic_on(0, CLASSES_IRQ_VTIMER);
	while (n--) {
		set_timer(US);
		/* ISR_EL1: what is pending at this CPU, masked or not. */
		while (!tl_sysreg_read(isr_el1))
			;
		if (!take())
			tl_uart_puts("classes: a timer interrupt is missing\n");
	}
}

void classes_wfi(uint64_t n)
{
	classes_gic_on(0, CLASSES_IRQ_VTIMER);
	while (n--) {
		set_timer(SLEEP_US);
		do
			__asm__ volatile("wfi");
		while (!take());
	}
}
