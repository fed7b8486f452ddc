/* SPDX-License-Identifier: MIT */
/*
 * PSCI and SMCCC (Arm DEN0022, DEN0028) as nobody should use them. The word on the command line
 * says what is done:
 *   calls          "cases=" random calls from "seed=", by both conduits, and CPUs that are none
 *   misaligned     a CPU that starts at an odd address, and faults for ever
 *   all-off        no CPU is left on
 *   off-and-reset  two CPUs ask for different ends at once
 *   reset-loop     "n=" resets, with both CPUs at work
 */
#include "guest.h"

#define INVALID_PARAMETERS (-2)
#define ALREADY_ON         (-4)
#define ON_PENDING         (-5)
#define AFFINITY_INFO      0xC4000004
#define IS_OFF             1
#define VERSION_MIN        0x10000

/* RAM keeps it over a reset; the mark tells that it was written at all. */
#define STARTS_AT (TL_RAM_BASE + 0x02000000)
#define MARK      0x50534349

static volatile int second_is_there, go, second_resets, second_works;
static uint64_t mpidr[TL_CPUS_MAX];
static size_t cpus;

static void fail(const char *what, int64_t value)
{
	tl_uart_puts("psci: not ok: ");
	tl_uart_puts(what);
	tl_uart_putc(' ');
	tl_uart_puthex((uint64_t)value);
	tl_uart_putc('\n');
	tl_psci_off();
}

void tl_secondary_main(uint64_t number)
{
	uint64_t state = number;

	second_is_there = 1;
	while (second_works)
		tl_random_call(&state);
	while (!go)
		__asm__ volatile("yield");
	if (second_resets > 0)
		tl_psci_reset();
	if (second_resets < 0)
		tl_psci_off();
}

static void start_second(void)
{
	int64_t ret;

	second_is_there = 0;
	do
		ret = tl_psci_cpu_on(mpidr[1], 1);
	while (ret == ALREADY_ON);
	if (ret)
		fail("CPU_ON", ret);
	while (!second_is_there)
		__asm__ volatile("yield");
}

static void stop_second(void)
{
	go = 1;
	while (tl_smccc_hvc(AFFINITY_INFO, mpidr[1], 0, 0) != IS_OFF)
		__asm__ volatile("yield");
	go = 0;
}

static void want(const char *what, int64_t value, int64_t expected)
{
	if (value != expected)
		fail(what, value);
}

/* CPUs that there are not, and those that are on. */
static void bad_cpus(void)
{
	static const uint64_t none[] = {TL_CPUS_MAX, 15, 0x100, 0xff, 0xff00, 0x10000, 0xff000000,
		0x80000000, 1ul << 32, 0xff00000000, 1ul << 63, -1ul};
	uint64_t entry = (uintptr_t)bad_cpus;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		for (unsigned int conduit = 0; conduit < 2; conduit++) {
			want("CPU_ON of none",
				tl_smccc_call(conduit, TL_PSCI_CPU_ON, none[i], entry, 0),
				INVALID_PARAMETERS);
			want("AFFINITY_INFO of none",
				tl_smccc_call(conduit, AFFINITY_INFO, none[i], 0, 0),
				INVALID_PARAMETERS);
		}
	}
	want("CPU_ON of oneself", tl_psci_cpu_on(mpidr[0], 1), ALREADY_ON);
	if (cpus < 2)
		return;
	for (int round = 0; round < 20; round++) {
		int64_t again;

		start_second();
		again = tl_smccc_call(round & 1, TL_PSCI_CPU_ON, mpidr[1], entry, (uint64_t)round);
		if (again != ALREADY_ON && again != ON_PENDING)
			fail("CPU_ON twice", again);
		stop_second();
	}
}

static void calls(const char *args)
{
	uint64_t seed = tl_args_number(args, "seed=", 1), state = seed, made = 0;
	uint64_t cases = tl_args_number(args, "cases=", 1000);

	bad_cpus();
	if (cpus > 1) {
		second_works = 1;
		start_second();
	}
	for (uint64_t i = 0; i < cases; i++)
		made += (uint64_t)tl_random_call(&state);
	second_works = 0;
	if (cpus > 1)
		stop_second();
	if (tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0) < VERSION_MIN)
		fail("PSCI_VERSION", tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0));
	tl_uart_puts("psci: ");
	tl_uart_putdec(made);
	tl_uart_puts(" calls from seed ");
	tl_uart_putdec(seed);
	tl_uart_putc('\n');
}

static void misaligned(void)
{
	want("CPU_ON", tl_smccc_hvc(TL_PSCI_CPU_ON, mpidr[1], (uintptr_t)misaligned + 2, 0), 0);
	/* It has started, and faults again and again. */
	for (unsigned int i = 0; i < 500; i++)
		want("AFFINITY_INFO", tl_smccc_hvc(AFFINITY_INFO, mpidr[1], 0, 0), 0);
	tl_uart_puts("psci: the other one is astray\n");
}

static void all_off(void)
{
	start_second();
	stop_second();
	tl_uart_puts("psci: nobody is left\n");
	tl_psci_cpu_off();
}

/* How often this program has been started. */
static uint32_t starts(void)
{
	uint32_t count = 0;

	if (tl_mmio_read32(STARTS_AT) == MARK)
		count = tl_mmio_read32(STARTS_AT + 4);
	tl_mmio_write32(STARTS_AT + 4, ++count);
	tl_mmio_write32(STARTS_AT, MARK);
	return count;
}

static void end_together(uint32_t start)
{
	second_resets = start & 1 ? 1 : -1;
	start_second();
	if (start > 20) {
		tl_uart_puts("psci: resets only\n");
		tl_psci_off();
	}
	go = 1;
	if (second_resets < 0)
		tl_psci_reset();
	tl_psci_off();
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);

	cpus = tl_fdt_cpus(dtb, mpidr, TL_CPUS_MAX);
	if (tl_args_has(args, "misaligned")) {
		misaligned();
	} else if (tl_args_has(args, "all-off")) {
		all_off();
	} else if (tl_args_has(args, "off-and-reset")) {
		end_together(starts());
	} else if (tl_args_has(args, "reset-loop")) {
		uint32_t start = starts();

		second_works = 1;
		start_second();
		if (start < tl_args_number(args, "n=", 50))
			tl_psci_reset();
		tl_uart_puts("psci: starts ");
		tl_uart_putdec(start);
		tl_uart_putc('\n');
	} else {
		calls(args);
	}
	return 0;
}
