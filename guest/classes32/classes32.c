/* SPDX-License-Identifier: MIT */
/*
 * What `classes` does, in 32-bit: exits of one class, a number that is known, as the
 * kernel command line says, such as "setway n=1000". It prints nothing. Registers that
 * KVM does not have end in an undefined instruction, which the vectors skip.
 */
#include "guest.h"

#define DEFAULT_N 100

/* A hole of machine virt's map, where no device answers. */
#define HOLE 0x0b000000

/* Calls function(n) in User mode, on a stack below the caller's (vectors.S). */
void classes_in_user_mode(void (*function)(uint64_t n), uint64_t n);

#define READ(instruction)                                                                          \
	({                                                                                         \
		uint32_t value_;                                                                   \
		__asm__ volatile("mrc " instruction : "=r"(value_));                               \
		value_;                                                                            \
	})
#define WRITE(instruction, value) __asm__ volatile("mcr " instruction : : "r"(value) : "memory")
#define READ_PAIR(instruction)                                                                     \
	({                                                                                         \
		uint32_t low_, high_;                                                              \
		__asm__ volatile("mrrc " instruction : "=r"(low_), "=r"(high_));                   \
		low_;                                                                              \
	})
#define WRITE_PAIR(instruction, low, high)                                                         \
	__asm__ volatile("mcrr " instruction : : "r"(low), "r"(high) : "memory")

static void do_none(uint64_t n)
{
	(void)n;
}

static void do_hvc(uint64_t n)
{
	while (n--)
		tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
}

static void do_smc(uint64_t n)
{
	register uint32_t r0 __asm__("r0");

	while (n--) {
		r0 = TL_PSCI_VERSION;
		__asm__ volatile(".arch_extension sec\n\tsmc #0"
				 : "+r"(r0)
				 :
				 : "r1", "r2", "r3", "memory");
	}
}

static void do_dcisw(uint64_t n)
{
	while (n--)
		WRITE("p15, 0, %0, c7, c6, 2", 0);
}

static void do_dccsw(uint64_t n)
{
	while (n--)
		WRITE("p15, 0, %0, c7, c10, 2", 0);
}

static void do_dccisw(uint64_t n)
{
	while (n--)
		WRITE("p15, 0, %0, c7, c14, 2", 0);
}

static void do_actlr(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c1, c0, 1");
}

/* The same in Thumb code. */
__attribute__((target("thumb"), noinline)) static void do_thumb(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c1, c0, 1");
}

static void do_id(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c0, c1, 0"); /* ID_PFR0 */
}

static void do_cacheid(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c0, c0, 1"); /* CTR */
}

/* A Cortex-A57's L2CTLR, which is its own. */
static void do_impdef(uint64_t n)
{
	while (n--)
		READ("p15, 1, %0, c9, c0, 2");
}

static void do_pmu(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c9, c12, 0"); /* PMCR */
}

static void do_pmccntr(uint64_t n)
{
	while (n--)
		READ_PAIR("p15, 0, %0, %1, c9");
}

static void do_ptimer(uint64_t n)
{
	while (n--)
		READ("p15, 0, %0, c14, c2, 1"); /* CNTP_CTL */
}

/* To this CPU itself, which does not listen. */
static void do_sgi(uint64_t n)
{
	while (n--)
		WRITE_PAIR("p15, 0, %0, %1, c12", 1, 0);
}

static void do_dbgdrar(uint64_t n)
{
	while (n--)
		READ("p14, 0, %0, c1, c0, 0");
}

static void do_dbgdrar64(uint64_t n)
{
	while (n--)
		READ_PAIR("p14, 0, %0, %1, c1");
}

/* DBGOSLAR: any other value than the key unlocks. */
static void do_dbgoslar(uint64_t n)
{
	while (n--)
		WRITE("p14, 0, %0, c1, c0, 4", 0);
}

/* DBGDTRRXint to memory. */
static void do_dbgdtr(uint64_t n)
{
	uint32_t word;

	while (n--)
		__asm__ volatile("stc p14, c5, [%0]" : : "r"(&word) : "memory");
}

static void do_vmrs(uint64_t n)
{
	/* CPACR: cp10 and cp11 for everybody. */
	WRITE("p15, 0, %0, c1, c0, 2", 0xf << 20);
	__asm__ volatile("isb");
	/* vmrs value, mvfr0 */
	while (n--)
		READ("p10, 7, %0, c7, c0, 0");
}

static void do_mmio(uint64_t n)
{
	while (n--)
		tl_mmio_read32(HOLE);
}

static void do_user(uint64_t n)
{
	classes_in_user_mode(do_mmio, n);
}

/* Of three, the first takes the event that SEVL leaves. */
static void do_wfe(uint64_t n)
{
	while (n--)
		__asm__ volatile(".inst 0xe320f005\n\twfe\n\twfe" : : : "memory");
}

static const struct section {
	const char *name;
	void (*run)(uint64_t n);
} sections[] = {
	{"none", do_none},
	{"hvc", do_hvc},
	{"smc", do_smc},
	{"dcisw", do_dcisw},
	{"dccsw", do_dccsw},
	{"dccisw", do_dccisw},
	{"actlr", do_actlr},
	{"thumb", do_thumb},
	{"id", do_id},
	{"cacheid", do_cacheid},
	{"impdef", do_impdef},
	{"pmu", do_pmu},
	{"pmccntr", do_pmccntr},
	{"ptimer", do_ptimer},
	{"sgi", do_sgi},
	{"dbgdrar", do_dbgdrar},
	{"dbgdrar64", do_dbgdrar64},
	{"dbgoslar", do_dbgoslar},
	{"dbgdtr", do_dbgdtr},
	{"vmrs", do_vmrs},
	{"mmio", do_mmio}, /* n reads where no device is: user space answers */
	{"user", do_user}, /* the same, in User mode */
	{"wfe", do_wfe},
};

int main(const void *dtb)
{
	const char *bootargs = tl_fdt_bootargs(dtb);
	uint64_t n = tl_args_number(bootargs, "n=", DEFAULT_N);

	/* "all" does one after the other. */
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (tl_args_has(bootargs, sections[i].name) || tl_args_has(bootargs, "all"))
			sections[i].run(n);
	}
	return 0;
}
