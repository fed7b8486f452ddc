/* SPDX-License-Identifier: MIT */
/*
 * The PSCI calls of the bare-metal guests, which turn CPUs and the machine on and off.
 */
#include "guest.h"

void tl_start_secondary(void);

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
