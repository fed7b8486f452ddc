/* SPDX-License-Identifier: MIT */
/*
 * Cleans and invalidates the data caches as kernels did in 2014 (v7_flush_dcache_all): by set and
 * way, level by level, with the geometry that CCSIDR_EL1 tells. With the word "a15" in its command
 * line the geometry is that of the Cortex-A15 board of that time, whatever KVM shows. rounds=N
 * does it so often, as that kernel did at its start and for each CPU.
 */
#include "guest.h"

/* CLIDR_EL1.Ctype (DDI 0487, D23.2.28): 2 data only, 3 data and instructions apart, 4 unified. */
#define CTYPE_DATA 2

struct cache {
	uint32_t sets, ways, line_shift;
};

/* Cortex-A15 MPCore: L1 of 32 KiB with 2 ways, L2 of 1 MiB with 16, lines of 64 bytes. */
static const struct cache a15[] = {{256, 2, 6}, {1024, 16, 6}};

/* What the CPU, or KVM in its place, tells of the data cache of a level (from 0). */
static struct cache shown(uint64_t level)
{
	uint64_t ccsidr;

	__asm__ volatile("msr csselr_el1, %0\n\tisb" : : "r"(level << 1));
	ccsidr = tl_sysreg_read(ccsidr_el1);
	/* Without FEAT_CCIDX: LineSize is log2 of words less 2, the others are less 1. */
	return (struct cache){(uint32_t)(ccsidr >> 13 & 0x7fff) + 1,
		(uint32_t)(ccsidr >> 3 & 0x3ff) + 1, (uint32_t)(ccsidr & 7) + 4};
}

/* DC CISW (DDI 0487, C5.3.3): the way is in the highest bits, as few as number it. */
static uint64_t flush(uint64_t level, struct cache cache)
{
	unsigned int way_shift = cache.ways > 1 ? (unsigned int)__builtin_clz(cache.ways - 1) : 31;
	uint64_t done = 0;

	for (uint64_t way = 0; way < cache.ways; way++) {
		for (uint64_t set = 0; set < cache.sets; set++, done++) {
			uint64_t which = way << way_shift | set << cache.line_shift | level << 1;

			__asm__ volatile("dc cisw, %0" : : "r"(which) : "memory");
		}
	}
	return done;
}

static void tell(uint64_t level, struct cache cache)
{
	tl_uart_puts("L");
	tl_uart_putdec(level + 1);
	tl_uart_puts(": ");
	tl_uart_putdec(cache.sets);
	tl_uart_puts(" sets, ");
	tl_uart_putdec(cache.ways);
	tl_uart_puts(" ways\n");
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);
	uint64_t rounds = tl_args_number(args, "rounds=", 1), clidr = tl_sysreg_read(clidr_el1);
	uint64_t done = 0;
	int fixed = tl_args_has(args, "a15");

	for (uint64_t round = 0; round < rounds; round++) {
		for (uint64_t level = 0; level < 7; level++) {
			struct cache cache;

			if (fixed ? level >= sizeof(a15) / sizeof(a15[0])
				  : (clidr >> 3 * level & 7) < CTYPE_DATA)
				break;
			cache = fixed ? a15[level] : shown(level);
			if (!round)
				tell(level, cache);
			done += flush(level, cache);
		}
	}
	tl_uart_puts("by set and way: ");
	tl_uart_putdec(done);
	tl_uart_puts(" times\n");
	return 0;
}
