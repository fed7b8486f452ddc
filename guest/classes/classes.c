/* SPDX-License-Identifier: MIT */
/*
 * Causes exits of one class on purpose, a number that is known: the kernel
 * command line says which and how many, such as "smc n=1000" (see the table at
 * the end). It prints nothing, so that the difference to a run with "none" is
 * exactly what was asked for.
 */
#include "guest.h"

#include "classes.h"

#define GICD_TYPER UINT64_C(0x08000004)
/* A page between the virtio transports and PCIe, where no device is. */
#define HOLE UINT64_C(0x0f000000)
/* Memory that nothing has touched yet, a block after the other. */
#define FRESH UINT64_C(0x42000000)
#define BLOCK UINT64_C(0x200000)

#define DEFAULT_N 100

static void do_none(uint64_t n)
{
	(void)n;
}

static void do_hvc(uint64_t n)
{
	while (n--)
		tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
}

/* SMCCC_ARCH_WORKAROUND_1 (Arm DEN0070): EL2 answers it in a few instructions. */
static void do_workaround(uint64_t n)
{
	while (n--)
		tl_smccc_hvc(0x80008000, 0, 0, 0);
}

static void do_smc(uint64_t n)
{
	while (n--) {
		register uint64_t x0 __asm__("x0") = TL_PSCI_VERSION;

		__asm__ volatile("smc #0"
				 : "+r"(x0)
				 :
				 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",
				 "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	}
}

/* HCR_EL2.TID3: KVM shows its own values of the ID registers. */
static void do_sysreg(uint64_t n)
{
	while (n--)
		(void)tl_sysreg_read(id_aa64pfr0_el1);
}

/* What old code does to whole caches. */
static void do_setway(uint64_t n)
{
	while (n--)
		__asm__ volatile("dc cisw, xzr" : : : "memory");
}

/* HCR_EL2.TID2. */
static void do_cacheid(uint64_t n)
{
	while (n--)
		(void)tl_sysreg_read(clidr_el1);
}

/* Without a PMU it is undefined: the vectors go on behind it. */
static void do_pmu(uint64_t n)
{
	while (n--)
		__asm__ volatile("adr x30, 1f\n\tmrs x0, pmcr_el0\n1:" : : : "x0", "x30");
}

static void do_ptimer(uint64_t n)
{
	while (n--)
		(void)tl_sysreg_read(cntp_ctl_el0);
}

static void do_uartpoll(uint64_t n)
{
	while (n--)
		tl_mmio_read32(TL_UART_BASE + 0x18);
}

static void do_uartout(uint64_t n)
{
	while (n--)
		tl_uart_putc('.');
}

/* Where a virtio device would be told of its queue. */
static void do_notify(uint64_t n)
{
	while (n--)
		tl_mmio_write32(0x0a000050, 0);
}

/* Loads that the syndrome does not describe. */
static void do_nisv(uint64_t n)
{
	uint64_t address, value;

	while (n--) {
		address = HOLE;
		__asm__ volatile("ldr %0, [%1], #8" : "=r"(value), "+r"(address) : : "memory");
	}
}

static void do_gic(uint64_t n)
{
	while (n--)
		tl_mmio_read32(GICD_TYPER);
}

static void do_mmio(uint64_t n)
{
	while (n--)
		tl_mmio_read32(HOLE);
}

static void do_el0(uint64_t n)
{
	classes_at_el0(do_mmio, n);
}

static void do_memory(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		tl_mmio_write32(FRESH + i * BLOCK, 1);
}

/* The same, page by page. */
static void do_pages(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		tl_mmio_write32(FRESH + i * 4096, 1);
}

/* What is there is no code: the vectors return from it. */
static void do_fetch(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		__asm__ volatile("blr %0" : : "r"(FRESH + i * BLOCK) : "x30", "memory");
	}
}

/* Each time that it was in user space, the vCPU has lost its FP registers. */
static void do_fp(uint64_t n)
{
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"(3ul << 20));
	while (n--) {
		tl_mmio_read32(HOLE);
		/* fmov d0, xzr: the compiler is not to use these registers. */
		__asm__ volatile(".inst 0x9e6703e0");
	}
}

/* Of three, the first takes the event that SEVL leaves. */
static void do_wfe(uint64_t n)
{
	while (n--)
		__asm__ volatile("sevl\n\twfe\n\twfe" : : : "memory");
}

static const struct section {
	const char *name;
	void (*run)(uint64_t n);
} sections[] = {
	{"none", do_none}, {"hvc", do_hvc}, /* n hypercalls that KVM answers */
	{"workaround", do_workaround},      /* n that EL2 answers */
	{"smc", do_smc}, {"sysreg", do_sysreg}, {"setway", do_setway}, {"cacheid", do_cacheid},
	{"pmu", do_pmu}, {"ptimer", do_ptimer}, {"uartpoll", do_uartpoll}, {"uartout", do_uartout},
	{"notify", do_notify}, {"nisv", do_nisv},
	{"gic", do_gic},                /* n reads in the GIC's distributor */
	{"mmio", do_mmio},              /* n reads where no device is: user space answers */
	{"el0", do_el0},                /* the same, from EL0 */
	{"memory", do_memory},          /* n blocks of 2 MiB written to, from RAM + 32 MiB on */
	{"pages", do_pages},            /* n pages of 4 KiB */
	{"fetch", do_fetch},            /* n of them jumped into */
	{"fp", do_fp},                  /* n times mmio, then an FP instruction */
	{"timer", classes_timer},       /* and 4 accesses to the GIC to set it up */
	{"wfi", classes_wfi},           /* the same */
	{"wfe", do_wfe}, {"ipi", NULL}, /* between two CPUs */
};

int main(const void *dtb)
{
	const char *bootargs = tl_fdt_bootargs(dtb);
	uint64_t n = tl_args_number(bootargs, "n=", DEFAULT_N);

	__asm__ volatile("msr vbar_el1, %0\n\tisb" : : "r"(classes_vectors));
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!tl_args_has(bootargs, sections[i].name))
			continue;
		if (sections[i].run)
			sections[i].run(n);
		else
			classes_ipi(dtb, n);
		return 0;
	}
	tl_uart_puts("classes: say which in --append, such as 'smc n=1000'; there are:");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		tl_uart_putc(' ');
		tl_uart_puts(sections[i].name);
	}
	tl_uart_putc('\n');
	return 0;
}
