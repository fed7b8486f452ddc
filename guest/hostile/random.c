/* SPDX-License-Identifier: MIT */
/*
 * Cases that are made up: "cases=" so many of them, from "seed=". The same seed makes the same
 * cases; only where two CPUs are at work does time have a say. A case ends well if the guest and
 * both disks go on.
 */
#include "hostile.h"

#define ACCESSES 64u
#define CALLS    50u
#define UART_DR  (TL_UART_BASE + 0x000)
#define UART_CR  (TL_UART_BASE + 0x030)
#define GICD     0x08000000
#define RTC_DR   0x09010000

volatile uint64_t interrupts;

static uint64_t state;

uint64_t random_below(uint64_t n)
{
	return tl_random(&state) % n;
}

uint64_t random_value(void)
{
	return tl_random_value(&state);
}

/* Behind RAM's end the map has 1 GiB and not more; 0 stands for there. */
static const struct {
	uint64_t base, size;
} places[] = {
	{0x00000000, 0x08000000},                /* flash, or nothing */
	{GICD, 0x10000},                         /* distributor */
	{0x08010000, 0x2000},                    /* GICv2's CPU interface */
	{0x08020000, 0x1000},                    /* GICv2m */
	{0x08080000, 0x20000},                   /* ITS */
	{0x080a0000, 0x40000},                   /* redistributors */
	{TL_UART_BASE, 0x1000},                  /* pl011 */
	{0x09010000, 0x1000},                    /* pl031 */
	{0x09030000, 0x1000},                    /* pl061 */
	{VIRTIO_BASE, VIRTIO_SIZE},              /* the first disk */
	{VIRTIO_BASE + 2 * VIRTIO_SIZE, 0x1c00}, /* the other devices, but for the second disk */
	{0x0c000000, 0x1000000},                 /* nothing */
	{0, 0x10000},                            /* behind RAM */
};

static void touch(uint64_t at, unsigned int size_shift, int writes, uint64_t value)
{
	if (size_shift == 0 && writes)
		__asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(at) : "memory");
	else if (size_shift == 0)
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
	else if (size_shift == 1 && writes)
		__asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(at) : "memory");
	else if (size_shift == 1)
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
	else if (size_shift == 2 && writes)
		__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(at) : "memory");
	else if (size_shift == 2)
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
	else if (writes)
		__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(at) : "memory");
	else
		__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
}

/* What a case has done to the UART's registers, so that what we print gets out. */
static void uart_back(void)
{
	tl_mmio_write32(UART_CR, 0x301);
	tl_mmio_write32(TL_UART_BASE + 0x38, 0);
	tl_mmio_write32(TL_UART_BASE + 0x48, 0);
}

/* robust: mmio.sizes mmio.unaligned mmio.unmapped mmio.beyond-ram gic.nonsense */
static const char *accesses(void)
{
	unsigned int place = (unsigned int)random_below(sizeof(places) / sizeof(places[0]));
	int is_last = place == sizeof(places) / sizeof(places[0]) - 1;
	uint64_t base = is_last ? ram_end : places[place].base, alias = is_last ? 0 : UNALIGNED;

	for (unsigned int i = 0; i < ACCESSES; i++) {
		unsigned int shift = (unsigned int)random_below(4);
		uint64_t room = places[place].size - (1ul << shift) + 1;
		/* Most registers are at the beginning of a page. */
		uint64_t offset = random_below(2) ? random_below(room) : random_below(0x200) % room;
		int writes = (int)random_below(2);

		if (random_below(2))
			offset &= -1ul << shift;
		/* What is printed is for the test. */
		if (base == TL_UART_BASE && offset < 4 && writes)
			continue;
		touch((random_below(2) ? alias : 0) + base + offset, shift, writes, random_value());
	}
	uart_back();
	return NULL;
}

/* robust: smccc.reserved smccc.conduits */
static const char *calls(void)
{
	for (unsigned int i = 0; i < CALLS; i++)
		tl_random_call(&state);
	return NULL;
}

static void one_exit(uint64_t kind)
{
	switch (kind) {
	case 0:
		tl_smccc_hvc(TL_PSCI_VERSION, 0, 0, 0);
		break;
	case 1:
		tl_mmio_read32(RTC_DR);
		break;
	case 2:
		tl_mmio_read32(GICD + 4);
		break;
	case 3:
		/* A console's carriage return, which the test leaves out. */
		tl_mmio_write32(UART_DR, '\r');
		break;
	case 4:
		set(&disk, R_NOTIFY, 0);
		break;
	default:
		(void)tl_sysreg_read(id_aa64pfr0_el1);
		break;
	}
}

#define EXITS 300u

static volatile uint64_t second_kind;

static void many_exits(void)
{
	for (unsigned int i = 0; i < EXITS; i++)
		one_exit(second_kind);
}

/* robust: storm.uart transport.storm */
static const char *exits(void)
{
	uint64_t kind = random_below(6);
	int both;

	second_kind = random_below(6);
	both = race_begin(many_exits);
	for (unsigned int i = 0; i < EXITS; i++)
		one_exit(kind);
	if (both)
		race_end();
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(void);
} families[] = {
	{"accesses", accesses},
	{"ring", random_ring},
	{"reset", random_reset},
	{"accesses", accesses},
	{"calls", calls},
	{"walk", random_walk},
	{"ring", random_ring},
	{"fetch", random_fetch},
	{"interrupts", random_interrupts},
	{"exits", exits},
	{"its", random_its},
	{"instructions", random_insn},
};

/* "ring-17" */
static void name_case(char *to, const char *family, uint64_t number)
{
	char digits[20];
	unsigned int count = 0;

	while (*family)
		*to++ = *family++;
	*to++ = '-';
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count)
		*to++ = digits[--count];
	*to = '\0';
}

void random_tests(uint64_t seed, uint64_t cases)
{
	char name[40];

	tl_uart_puts("seed ");
	tl_uart_putdec(seed);
	tl_uart_putc('\n');
	survive_faults();
	for (uint64_t i = 0; i < cases; i++) {
		/* Each has its own numbers, so that "case=" makes one of them alone. */
		state = seed + i * 0x9e3779b97f4a7c15;
		(void)tl_random(&state);
		name_case(name, families[i % (sizeof(families) / sizeof(families[0]))].name, i);
		run_test(name, families[i % (sizeof(families) / sizeof(families[0]))].run);
	}
}
