/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of the bare-metal guests: SMCCC by HVC, and on top of it the PSCI
 * calls that turn CPUs and the machine on and off.
 */
#include "guest.h"

void tl_start_secondary(void);

int64_t tl_smccc_hvc(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	/* SMCCC 1.0 lets the callee change x4 to x17. */
	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			 "x15", "x16", "x17", "cc", "memory");
	return (int64_t)x0;
}

/* Where the call came back although it must not: there is nothing left to do. */
static _Noreturn void stop(void)
{
	for (;;)
		__asm__ volatile("wfi");
}

void tl_psci_off(void)
{
	tl_smccc_hvc(TL_PSCI_SYSTEM_OFF, 0, 0, 0);
	stop();
}

void tl_psci_reset(void)
{
	tl_smccc_hvc(TL_PSCI_SYSTEM_RESET, 0, 0, 0);
	stop();
}

void tl_psci_cpu_off(void)
{
	tl_smccc_hvc(TL_PSCI_CPU_OFF, 0, 0, 0);
	stop();
}

int64_t tl_psci_cpu_on(uint64_t mpidr, uint64_t number)
{
	return tl_smccc_hvc(TL_PSCI_CPU_ON, mpidr, (uintptr_t)tl_start_secondary, number);
}
