/* SPDX-License-Identifier: MIT */
/*
 * The life of a CPU by PSCI (Arm DEN0022): which calls there are, a second CPU that is turned on,
 * sleeps until its timer fires and turns itself off, and the end of the machine.
 */
#include "guest/classes/classes.h"
#include "guest/lab/lab.h"

#define CPU_SUSPEND   0xC4000001
#define AFFINITY_INFO 0xC4000004
#define FEATURES      0x8400000A
#define STANDBY       0 /* power_state (5.4.2): keeps its registers */

static volatile uint64_t slept;

static int64_t say(const char *what, int64_t value)
{
	tl_uart_puts(what);
	if (value < 0)
		tl_uart_putc('-');
	tl_uart_putdec((uint64_t)(value < 0 ? -value : value));
	tl_uart_putc('\n');
	return value;
}

static int64_t state_of(uint64_t mpidr)
{
	return tl_smccc_hvc(AFFINITY_INFO, mpidr, 0, 0);
}

/* The second CPU: it is here by CPU_ON, and goes by CPU_OFF when it returns. */
void tl_secondary_main(uint64_t number)
{
	uint64_t ticks = tl_sysreg_read(cntfrq_el0) / 1000;

	classes_gic_on(number, CLASSES_IRQ_VTIMER);
	__asm__ volatile("msr cntv_tval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb"
			 :
			 : "r"(ticks), "r"(1ul));
	tl_smccc_hvc(CPU_SUSPEND, STANDBY, 0, 0);
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
	classes_gic_take();
	slept = 1;
}

int main(const void *dtb)
{
	uint64_t mpidr[2];
	int64_t version = tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);

	say("PSCI version, major: ", version >> 16);
	say("              minor: ", version & 0xffff);
	say("CPU_SUSPEND is there (0: yes): ", tl_smccc_hvc(FEATURES, CPU_SUSPEND, 0, 0));
	say("function 0x84000099 is there:  ", tl_smccc_hvc(FEATURES, 0x84000099, 0, 0));
	if (tl_fdt_cpus(dtb, mpidr, 2) < 2)
		return 0;
	say("CPU 1 is (0: on, 1: off): ", state_of(mpidr[1]));
	say("CPU_ON of CPU 1:          ", tl_psci_cpu_on(mpidr[1], 1));
	say("CPU_ON once more:         ", tl_psci_cpu_on(mpidr[1], 1));
	say("CPU_ON of no CPU:         ", tl_psci_cpu_on(0xff00, 1));
	while (!slept)
		__asm__ volatile("yield");
	while (state_of(mpidr[1]) == 0)
		__asm__ volatile("yield");
	say("CPU 1 has slept, and is:  ", state_of(mpidr[1]));
	return 0;
}
