/* SPDX-License-Identifier: MIT */
/*
 * What a CPU can do to itself: page tables and code in devices, and interrupts that do not end;
 * and an ITS with tables in all the wrong places (Arm IHI 0069, chapter 5).
 */
#include "hostile.h"

#define BLOCK     1ul
#define TABLE     3ul
#define ACCESSED  (1ul << 10)
#define ATTR_RAM  (1ul << 2)
#define STORM_US  300
#define GICD      0x08000000
#define GITS      0x08080000
#define GICR      0x080a0000
#define GICR_SGI  (GICR + 0x10000)
#define GICR_STEP 0x20000
#define RTC       0x09010000
#define RTC_SPI   2

/* Where a table or code may be thought to be: no RAM, but for one that is behind its end. */
static uint64_t nowhere(void)
{
	static const uint64_t places[] = {0, GICD, GICR, TL_UART_BASE, RTC, 0x09030000, VIRTIO_BASE,
		0x0c000000, 0xffff0000000, 0};
	uint64_t at = places[random_below(10)];

	return at ? at + (random_below(2) ? 0 : random_below(4) << 12) : ram_end;
}

static void map(uint64_t entry)
{
	level1[4] = entry;
	__asm__ volatile("dsb sy\n\ttlbi vmalle1\n\tdsb sy\n\tisb" : : : "memory");
}

#define VIEW (4ul << 30)

/* The level 2 or 3 of a translation is in a device. */
/* robust: mmio.page-tables */
const char *random_walk(void)
{
	static uint64_t level2[512] __attribute__((aligned(4096)));
	uint64_t at = nowhere() & ~0xffful, value = 0;

	if (random_below(2)) {
		map(at | TABLE);
	} else {
		level2[0] = at | TABLE;
		map(AT(level2) | TABLE);
	}
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t where = VIEW + (random_below(1ul << 21) & ~7ul);

		if (random_below(2))
			__asm__ volatile("ldr %0, [%1]" : "+r"(value) : "r"(where) : "memory");
		else
			__asm__ volatile("at s1e1r, %0" : : "r"(where) : "memory");
	}
	map(0);
	return NULL;
}

/* robust: mmio.execution mmio.beyond-ram */
const char *random_fetch(void)
{
	/* The first GiB, as code; behind RAM's end it is code as it is. */
	map(BLOCK | ACCESSED);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t at = nowhere();

		if (at < 1ul << 30)
			at += VIEW;
		((void (*)(void))(at & ~3ul))();
	}
	map(0);
	return NULL;
}

/* On this CPU. Returns whether it is one with system registers for its interrupts. */
static int interrupts_on(uint64_t cpu)
{
	uint64_t sgi = GICR_SGI + cpu * GICR_STEP;

	if (!(tl_sysreg_read(id_aa64pfr0_el1) >> 24 & 15))
		return 0;
	tl_mmio_write32(GICR + cpu * GICR_STEP + 0x14, 0); /* GICR_WAKER */
	tl_mmio_write32(GICD, 0x12);
	tl_mmio_write32(sgi + 0x080, ~0u);    /* GICR_IGROUPR0 */
	tl_mmio_write32(sgi + 0x100, 0xffff); /* GICR_ISENABLER0: the software-generated ones */
	__asm__ volatile("msr s3_0_c12_c12_5, %1\n\t" /* ICC_SRE_EL1 */
			 "isb\n\t"
			 "msr s3_0_c4_c6_0, %0\n\t"   /* ICC_PMR_EL1 */
			 "msr s3_0_c12_c12_7, %1\n\t" /* ICC_IGRPEN1_EL1 */
			 "isb\n\t"
			 "msr daifclr, #2"
			 :
			 : "r"(0xf0ul), "r"(1ul)
			 : "memory");
	return 1;
}

static void interrupts_off(void)
{
	__asm__ volatile("msr daifset, #2\n\tisb" : : : "memory");
}

static void send_sgis(void)
{
	for (uint64_t end = now() + ticks_of(STORM_US); now() < end;)
		__asm__ volatile("msr s3_0_c12_c11_5, %0" /* ICC_SGI1R_EL1: to CPUs 0 and 1 */
				 :
				 : "r"(3ul | (now() & 15) << 24)
				 : "memory");
}

static void second_storm(void)
{
	(void)interrupts_on(1);
	send_sgis();
	interrupts_off();
}

/* Each CPU interrupts both; and the clock's alarm, which nobody takes back. */
/* robust: storm.interrupts */
const char *random_interrupts(void)
{
	uint64_t before = interrupts;
	int both;

	if (!interrupts_on(0))
		return SKIP;
	both = race_begin(second_storm);
	if (random_below(2)) {
		tl_mmio_write32(GICD + 0x084, ~0u);           /* GICD_IGROUPR1 */
		tl_mmio_write32(GICD + 0x104, 1u << RTC_SPI); /* GICD_ISENABLER1 */
		tl_mmio_write32(RTC + 0x10, 1);
		tl_mmio_write32(RTC + 0x04, tl_mmio_read32(RTC));
	}
	/* Those that no device raises, too. */
	for (unsigned int i = 0; i < 20; i++)
		tl_mmio_write32(GICD + 0x204, (uint32_t)random_value()); /* GICD_ISPENDR1 */
	send_sgis();
	interrupts_off();
	if (both)
		race_end();
	tl_mmio_write32(RTC + 0x10, 0);
	tl_mmio_write32(RTC + 0x1c, 1);
	tl_mmio_write32(GICD + 0x184, ~0u);
	return interrupts == before ? "there was no interrupt" : NULL;
}

static void set_64(uint64_t at, uint64_t value)
{
	__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(at) : "memory");
}

/* Valid, with attributes of any kind, at a place of any kind. */
static uint64_t table_at(void)
{
	static uint64_t own[1024] __attribute__((aligned(4096)));

	for (unsigned int i = 0; i < 64; i++)
		own[i] = random_value();
	return 1ul << 63 | (random_value() & 0x7fff0000000000ff) |
	       ((random_below(2) ? AT(own) : nowhere()) & 0xfffffffff000);
}

/* robust: its.tables */
const char *random_its(void)
{
	/* GITS_PIDR2: the architecture's revision. */
	if ((tl_mmio_read32(GITS + 0xffe8) & 0xf0) < 0x30)
		return SKIP;
	tl_mmio_write32(GITS, 0);
	for (unsigned int i = 0; i < 8; i++)
		set_64(GITS + 0x100 + 8 * random_below(8), table_at()); /* GITS_BASERn */
	set_64(GITS + 0x80, table_at());                                /* GITS_CBASER */
	set_64(GICR + 0x70, table_at());                                /* GICR_PROPBASER */
	set_64(GICR + 0x78, table_at());                                /* GICR_PENDBASER */
	tl_mmio_write32(GITS, 1);
	tl_mmio_write32(GICR, 1); /* GICR_CTLR.EnableLPIs */
	for (unsigned int i = 0; i < 10; i++) {
		set_64(GITS + 0x88, random_below(2) ? random_below(256) << 5 : random_value());
		tl_mmio_write32(GITS + 0x10040, (uint32_t)random_value()); /* GITS_TRANSLATER */
	}
	tl_mmio_write32(GITS, 0);
	tl_mmio_write32(GICR, 0);
	return NULL;
}
