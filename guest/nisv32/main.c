/* SPDX-License-Identifier: MIT */
/*
 * A32's and T32's loads and stores whose accesses the syndrome does not describe, each done to
 * RAM and to a device; see compare.h.
 */
#include <stdint.h>

struct state {
	uint32_t x[14]; /* the last one is SP */
	uint32_t flags, unused;
	uint64_t v[32];
};

#include "compare.h"

/* Where the base is: for those that must be aligned, and for those that need not. */
static const uint32_t aligned[] = {0x1400, 0xffc, 0xff4, 0x1ffc, 0x1ff0, 0x2ff8};
static const uint32_t any[] = {0x1400, 0x1483, 0xffd, 0x1fff, 0x2ffe};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Short descriptors (DDI 0487, G5.4). */
#define SECTION   2u
#define TABLE     1u
#define PAGE_DESC 2u
#define DEVICE    (1u << 2)                      /* of a section: B */
#define CACHED    (1u << 12 | 1u << 3 | 1u << 2) /* TEX = 1, C, B */
#define ACCESS    (3u << 10)
#define NO_EXEC   (1u << 4)
#define L2_CACHED (1u << 6 | 1u << 3 | 1u << 2)
#define L2_NORMAL (1u << 6)
#define L2_ACCESS (3u << 4)
#define SCTLR_ON  (1u << 0 | 1u << 2 | 1u << 12)
#define SCTLR_OFF (1u << 1) /* alignment is not checked */
#define CPACR_FP  (15u << 20)

static uint8_t pages[6][4096] __attribute__((aligned(4096)));
static uint32_t level1[4096] __attribute__((aligned(16384)));
static uint32_t level2[256] __attribute__((aligned(1024)));

static void map(uint32_t window, unsigned int page, uint32_t to, uint32_t attributes)
{
	level2[(window >> 12 & 255) + page] = to | attributes | L2_ACCESS | PAGE_DESC;
}

static void mmu_on(void)
{
	uint32_t sctlr;

	for (uint32_t mib = 0; mib < 0x400; mib++) {
		level1[mib] = mib << 20 | DEVICE | ACCESS | NO_EXEC | SECTION;
		level1[0x400 + mib] = (0x400 + mib) << 20 | CACHED | ACCESS | SECTION;
	}
	level1[DEVICE_WINDOW >> 20] = (uint32_t)level2 | TABLE;
	map(DEVICE_WINDOW, 0, (uint32_t)pages[0], L2_CACHED);
	map(DEVICE_WINDOW, 1, SCRATCH, L2_NORMAL);
	map(DEVICE_WINDOW, 2, SCRATCH + 0x1000, L2_NORMAL);
	map(DEVICE_WINDOW, 3, (uint32_t)pages[1], L2_CACHED);
	for (unsigned int i = 0; i < 4; i++)
		map(MEMORY_WINDOW, i, (uint32_t)pages[2 + i], L2_CACHED);
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(sctlr));
	sctlr = (sctlr | SCTLR_ON) & ~SCTLR_OFF;
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 2\n\t" /* TTBCR */
			 "mcr p15, 0, %1, c2, c0, 0\n\t" /* TTBR0 */
			 "mcr p15, 0, %2, c3, c0, 0\n\t" /* DACR: domain 0 is a client */
			 "mcr p15, 0, %4, c1, c0, 2\n\t" /* CPACR */
			 "isb\n\t"
			 "mcr p15, 0, %0, c8, c7, 0\n\t" /* TLBIALL */
			 "dsb sy\n\t"
			 "isb\n\t"
			 "mcr p15, 0, %3, c1, c0, 0\n\t"
			 "isb"
			 :
			 : "r"(0), "r"(level1), "r"(1), "r"(sctlr), "r"(CPACR_FP)
			 : "memory");
}

static void prepare(struct state *state, word base, word index)
{
	for (unsigned int i = 0; i < 13; i++)
		state->x[i] = 0x81828300u + i * 0x01010101u;
	for (unsigned int i = 0; i < 32; i++)
		state->v[i] = (uint64_t)pattern(i << 20) << 32 | pattern(i << 12);
	state->x[2] = state->x[13] = base;
	state->x[3] = index;
	state->flags = 0xa0000000;
}

int main(const void *dtb)
{
	unsigned int runs = 0;

	(void)dtb;
	mmu_on();
	for (unsigned int i = 0; i < COUNT(aligned); i++)
		fill(aligned[i]);
	for (unsigned int i = 0; i < COUNT(any); i++)
		fill(any[i] & ~3u);
	for (const struct nisv_case *c = nisv_cases; c < nisv_cases_end; c++) {
		const uint32_t *places = c->kind ? aligned : any;

		for (unsigned int i = 0; i < (c->kind ? COUNT(aligned) : COUNT(any)); i++) {
			try_case(c, places[i], 1ul << 2 | 1ul << 13, prepare);
			runs++;
		}
	}
	report("nisv32", runs);
	return 0;
}
