/* SPDX-License-Identifier: MIT */
/*
 * A64's loads and stores whose accesses the syndrome does not describe, each done to RAM and to a
 * device; see compare.h.
 */
#include <stdint.h>

struct state {
	uint64_t x[32]; /* the last one is SP */
	uint64_t flags, unused;
	uint64_t v[64];
};

#include "compare.h"

/* Where the base is. Only the first ones stay in a page. */
static const uint64_t places[] = {0x1400, 0x1483, 0xffc, 0xff3, 0x1fff, 0x1ff4, 0x2ffa};
#define PLACES (sizeof(places) / sizeof(places[0]))

#define PAGE_DESC 3ul
#define TABLE     3ul
#define BLOCK     1ul
#define ATTR(n)   ((uint64_t)(n) << 2)
#define USER      (1ul << 6) /* for LDTR */
#define INNER     (3ul << 8)
#define ACCESSED  (1ul << 10)
#define NO_EXEC   (3ul << 53)
#define TCR_T0SZ  25ul
#define TCR_CACHE (1ul << 8 | 1ul << 10 | 3ul << 12)
#define TCR_EPD1  (1ul << 23)
#define SCTLR_ON  (1ul << 0 | 1ul << 2 | 1ul << 12)
#define SCTLR_OFF (1ul << 1 | 1ul << 3) /* alignment, also of SP, is not checked */
#define CPACR_FP  (3ul << 20)

static uint8_t pages[6][4096] __attribute__((aligned(4096)));
static uint64_t level1[512] __attribute__((aligned(4096)));
static uint64_t level2[512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));

static void map(uint64_t window, unsigned int page, uint64_t to, uint64_t attr)
{
	level3[(window >> 12 & 511) + page] =
		to | ATTR(attr) | USER | INNER | ACCESSED | NO_EXEC | PAGE_DESC;
}

/* Attributes: 0 Device nGnRnE, 1 Normal write back, 2 Normal not cached, where nothing is aligned.
 */
static void mmu_on(void)
{
	uint64_t sctlr = (tl_sysreg_read(sctlr_el1) | SCTLR_ON) & ~SCTLR_OFF;

	level1[0] = BLOCK | ATTR(0) | ACCESSED | NO_EXEC;
	level1[1] = 0x40000000ul | BLOCK | ATTR(1) | INNER | ACCESSED;
	level1[2] = (uint64_t)level2 | TABLE;
	level2[0] = (uint64_t)level3 | TABLE;
	map(DEVICE_WINDOW, 0, (uint64_t)pages[0], 1);
	map(DEVICE_WINDOW, 1, SCRATCH, 2);
	map(DEVICE_WINDOW, 2, SCRATCH + 0x1000, 2);
	map(DEVICE_WINDOW, 3, (uint64_t)pages[1], 1);
	for (unsigned int i = 0; i < 4; i++)
		map(MEMORY_WINDOW, i, (uint64_t)pages[2 + i], 1);
	__asm__ volatile("msr mair_el1, %0\n\t"
			 "msr tcr_el1, %1\n\t"
			 "msr ttbr0_el1, %2\n\t"
			 "msr cpacr_el1, %4\n\t"
			 "isb\n\t"
			 "tlbi vmalle1\n\t"
			 "dsb sy\n\t"
			 "isb\n\t"
			 "msr sctlr_el1, %3\n\t"
			 "isb"
			 :
			 : "r"(0x44ff00ul), "r"(TCR_T0SZ | TCR_CACHE | TCR_EPD1), "r"(level1),
			 "r"(sctlr), "r"(CPACR_FP)
			 : "memory");
}

static void prepare(struct state *state, word base, word index)
{
	for (unsigned int i = 0; i < 31; i++)
		state->x[i] = 0x8182838485868700ul + i * 0x0101010101010101ul;
	for (unsigned int i = 0; i < 64; i++)
		state->v[i] = pattern(i << 20);
	state->x[2] = state->x[31] = base;
	state->x[3] = index;
	state->flags = 0xa0000000;
}

int main(const void *dtb)
{
	unsigned int runs = 0;

	(void)dtb;
	mmu_on();
	for (unsigned int i = 0; i < PLACES; i++)
		fill(places[i]);
	for (const struct nisv_case *c = nisv_cases; c < nisv_cases_end; c++) {
		for (unsigned int i = 0; i < (c->kind ? 1 : PLACES); i++) {
			try_case(c, places[i], 1ul << 2 | 1ul << 31, prepare);
			runs++;
		}
	}
	report("nisv64", runs);
	return 0;
}
