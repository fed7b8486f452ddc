/* SPDX-License-Identifier: MIT */
/*
 * The exits that have a wait in them: how late the timer's interrupt is for a guest that runs and
 * for one that sleeps in WFI, and the way of an interrupt to another CPU and its answer back.
 */
#include "guest/classes/classes.h"
#include "guest/lab/lab.h"

#define US 200

static volatile uint64_t ready, answered, wanted;

/* The other CPU: sleeps, and answers each interrupt. */
void tl_secondary_main(uint64_t number)
{
	classes_gic_on(number, CLASSES_IRQ_SGI);
	ready = 1;
	while (answered != wanted) {
		__asm__ volatile("wfi" : : : "memory");
		if (classes_gic_take())
			answered = answered + 1;
	}
}

/* Ticks from when the timer was to fire until it is seen. */
static uint64_t late(int sleep)
{
	uint64_t due = lab_now() + tl_sysreg_read(cntfrq_el0) * US / 1000000, seen;

	__asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb"
			 :
			 : "r"(due), "r"(1ul));
	/* ISR_EL1: an interrupt is pending, though it is masked. */
	while (!tl_sysreg_read(isr_el1)) {
		if (sleep)
			__asm__ volatile("wfi");
	}
	seen = lab_now();
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
	classes_gic_take();
	return seen - due;
}

void lab_waits(const void *dtb, uint64_t n)
{
	uint64_t mpidr[2], ticks[2] = {0}, begin;

	classes_gic_on(0, CLASSES_IRQ_VTIMER);
	for (uint64_t i = 0; i < 2 * n; i++)
		ticks[i & 1] += late(i & 1);
	lab_row(ticks[0], n, "timer: how late it interrupts a guest that runs");
	lab_row(ticks[1], n, "WFI: how late it wakes one that sleeps");
	if (tl_fdt_cpus(dtb, mpidr, 2) < 2)
		return;
	wanted = n;
	tl_psci_cpu_on(mpidr[1], 1);
	while (!ready)
		__asm__ volatile("yield");
	begin = lab_now();
	for (uint64_t i = 0; i < n; i++) {
		/* ICC_SGI1R_EL1: interrupt 0 to the CPU whose Aff0 is 1 */
		__asm__ volatile("dsb sy\n\tmsr S3_0_C12_C11_5, %0\n\tisb" : : "r"(2ul) : "memory");
		while (answered != i + 1)
			__asm__ volatile("yield");
	}
	lab_row(lab_now() - begin, n, "IPI: to a CPU that sleeps, and its answer");
}
