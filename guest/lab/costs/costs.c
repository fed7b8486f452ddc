/* SPDX-License-Identifier: MIT */
/*
 * What exits cost, by the guest's own clock: a hundred of each kind, nearest handler first. Wants
 * a GICv3, and two CPUs for the line on interrupts between them.
 */
#include "base/hypercall.h"
#include "guest/classes/classes.h"
#include "guest/lab/lab.h"

#define N          100
#define BATCHES    4 /* of which the best one counts: the host has other work, too */
#define GICD_TYPER 0x08000004
#define RTCCR      0x0901000c
#define FRESH      UINT64_C(0x42000000)
#define BLOCK      UINT64_C(0x200000)
#define WORKAROUND 0x80008000 /* SMCCC_ARCH_WORKAROUND_1 (Arm DEN0070) */

static void nothing(uint64_t what, uint64_t i)
{
	(void)what;
	(void)i;
}

static void hvc(uint64_t function, uint64_t i)
{
	tl_smccc_hvc(function, i, 0, 0);
}

static void smc(uint64_t function, uint64_t i)
{
	register uint64_t x0 __asm__("x0") = function;

	(void)i;
	__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

static void sysreg(uint64_t what, uint64_t i)
{
	(void)what;
	(void)i;
	(void)tl_sysreg_read(id_aa64pfr0_el1);
}

static void read_at(uint64_t address, uint64_t i)
{
	(void)i;
	tl_mmio_read32(address);
}

/* Memory that nobody has touched, a block further each time. */
static void write_block(uint64_t first, uint64_t i)
{
	tl_mmio_write32(first + i * BLOCK, 1);
}

static const struct {
	const char *text;
	void (*once)(uint64_t what, uint64_t i);
	uint64_t what, n;
} kinds[] = {
	{"a loop that does nothing", nothing, 0, N},
	{"HVC that EL2 answers by itself", hvc, WORKAROUND, N},
	{"HVC that KVM answers", hvc, TL_PSCI_VERSION, N},
	{"SMC that KVM answers", smc, TL_PSCI_VERSION, N},
	{"system register (ID_AA64PFR0_EL1)", sysreg, 0, N},
	{"MMIO in the kernel (GICD_TYPER)", read_at, GICD_TYPER, N},
	{"HVC that the VMM answers", hvc, TL_HVC_VERSION, N},
	{"MMIO in user space (RTCCR)", read_at, RTCCR, N},
	{"stage-2 fault: a fresh block of 2 MiB", write_block, FRESH, 8},
};

int main(const void *dtb)
{
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		uint64_t n = kinds[kind].n, i = 0, best = UINT64_MAX;

		/* The first one brings code into the host's caches. */
		kinds[kind].once(kinds[kind].what, n);
		while (i < n) {
			uint64_t begin = lab_now(), end = i + n / BATCHES, ticks;

			while (i < end)
				kinds[kind].once(kinds[kind].what, i++);
			ticks = lab_now() - begin;
			best = ticks < best ? ticks : best;
		}
		lab_row(best, n / BATCHES, kinds[kind].text);
	}
	lab_waits(dtb, N);
	return 0;
}
