/* SPDX-License-Identifier: MIT */
/*
 * Instructions whose accesses the syndrome does not describe, each done to RAM and to a device
 * that keeps what is written (trapline run --scratch): registers, flags and bytes must be the same
 * afterwards. Two windows of four pages have the same bytes; in one of them the two in the middle
 * are devices, so that accesses cross from RAM into a device, into another one, and back.
 */
#include "guest.h"

#define DEVICE_WINDOW 0x80000000ul
#define MEMORY_WINDOW 0x80010000ul
#define SCRATCH       0x0b000000ul

/* What cases.S knows the layout of. */
struct state {
	uint64_t x[31], sp, nzcv, unused;
	uint64_t v[64];
};
struct nisv_case {
	const void *code;
	const char *name;
	uint64_t index, plain;
};
extern const struct nisv_case nisv_cases[], nisv_cases_end[];
void run_case(struct state *state, const void *code);

/* Where the base is. Only the first two stay in a page. */
static const uint64_t places[] = {0x1400, 0x1483, 0xffc, 0xff3, 0x1fff, 0x1ff4, 0x2ffa};
#define PLACES (sizeof(places) / sizeof(places[0]))
/* So far around it accesses go. */
#define BELOW 96
#define ABOVE 256

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

static uint64_t pattern(uint64_t offset)
{
	return (offset + 0x123) * 0x9e3779b97f4a7c15ul ^ offset << 7;
}

static volatile uint64_t *word_at(uint64_t window, uint64_t offset)
{
	return (volatile uint64_t *)(window + offset);
}

/* Whole words around the place, in both windows. */
static void fill(uint64_t place)
{
	for (uint64_t at = (place - BELOW) & ~7ul; at < place + ABOVE; at += 8) {
		*word_at(MEMORY_WINDOW, at) = pattern(at);
		*word_at(DEVICE_WINDOW, at) = pattern(at);
	}
}

static void prepare(struct state *state, const struct nisv_case *c, uint64_t base)
{
	for (unsigned int i = 0; i < 31; i++)
		state->x[i] = 0x8182838485868700ul + i * 0x0101010101010101ul;
	for (unsigned int i = 0; i < 64; i++)
		state->v[i] = pattern(i << 20);
	state->x[2] = state->sp = base;
	state->x[3] = c->index;
	state->nzcv = 0xa0000000;
}

static unsigned int complaints;

static void complain(const struct nisv_case *c, uint64_t place, const char *what, uint64_t number,
	uint64_t is, uint64_t must_be)
{
	if (complaints++ >= 40)
		return;
	tl_uart_puts("not ok: ");
	tl_uart_puts(c->name);
	tl_uart_puts(" at ");
	tl_uart_puthex(place);
	tl_uart_puts(what);
	tl_uart_putdec(number);
	tl_uart_puts(" is ");
	tl_uart_puthex(is);
	tl_uart_puts(", must be ");
	tl_uart_puthex(must_be);
	tl_uart_putc('\n');
}

static void compare_states(const struct nisv_case *c, uint64_t place, const struct state *device,
	const struct state *memory)
{
	uint64_t apart = MEMORY_WINDOW - DEVICE_WINDOW;

	for (unsigned int i = 0; i < 30; i++) {
		uint64_t is = device->x[i] + (i == 2 ? apart : 0);

		if (is != memory->x[i])
			complain(c, place, ": x", i, is, memory->x[i]);
	}
	if (device->sp + apart != memory->sp)
		complain(c, place, ": sp ", 0, device->sp + apart, memory->sp);
	if (device->nzcv != memory->nzcv)
		complain(c, place, ": nzcv ", 0, device->nzcv, memory->nzcv);
	for (unsigned int i = 0; i < 64; i++) {
		if (device->v[i] != memory->v[i])
			complain(c, place, i & 1 ? ": upper half of v" : ": lower half of v", i / 2,
				device->v[i], memory->v[i]);
	}
}

/* The words that were stored to, and one beside them on each side: each is an exit. */
static void compare_bytes(const struct nisv_case *c, uint64_t place)
{
	uint64_t first = ~0ul, last = 0;

	for (uint64_t at = (place - BELOW) & ~7ul; at < place + ABOVE; at += 8) {
		if (*word_at(MEMORY_WINDOW, at) == pattern(at))
			continue;
		first = first < at ? first : at;
		last = at;
	}
	if (!last)
		return;
	for (uint64_t at = first - 8; at <= last + 8; at += 8) {
		uint64_t is = *word_at(DEVICE_WINDOW, at), must_be = *word_at(MEMORY_WINDOW, at);

		if (is != must_be)
			complain(c, place, ": bytes at ", at, is, must_be);
		if (is != pattern(at))
			*word_at(DEVICE_WINDOW, at) = pattern(at);
		*word_at(MEMORY_WINDOW, at) = pattern(at);
	}
}

static void try_case(const struct nisv_case *c, uint64_t place)
{
	static struct state device, memory;

	prepare(&memory, c, MEMORY_WINDOW + place);
	run_case(&memory, c->code);
	prepare(&device, c, DEVICE_WINDOW + place);
	run_case(&device, c->code);
	compare_states(c, place, &device, &memory);
	compare_bytes(c, place);
}

int main(const void *dtb)
{
	unsigned int runs = 0;

	(void)dtb;
	mmu_on();
	for (unsigned int i = 0; i < PLACES; i++)
		fill(places[i]);
	for (const struct nisv_case *c = nisv_cases; c < nisv_cases_end; c++) {
		for (unsigned int i = 0; i < (c->plain ? 1 : PLACES); i++) {
			try_case(c, places[i]);
			runs++;
		}
	}
	tl_uart_puts("nisv64: ");
	tl_uart_putdec((uint64_t)(nisv_cases_end - nisv_cases));
	tl_uart_puts(" instructions, ");
	tl_uart_putdec(runs);
	tl_uart_puts(" runs, ");
	tl_uart_putdec(complaints);
	tl_uart_puts(" differences\n");
	return 0;
}
