/* SPDX-License-Identifier: MIT */
/*
 * Runs an instruction on RAM and on a device that keeps what is written (trapline run --scratch),
 * and compares registers, flags and bytes. Two windows of four pages have the same bytes; in one
 * of them the two in the middle are devices, so that accesses cross from RAM into a device, into
 * another one, and back. For the guests nisv64 and nisv32, each of which includes it once, behind
 * struct state and the windows' mapping.
 */
#ifndef TL_GUEST_COMPARE_H
#define TL_GUEST_COMPARE_H

#include "guest.h"

#define DEVICE_WINDOW 0x80000000ul
#define MEMORY_WINDOW 0x80010000ul
#define SCRATCH       0x0b000000ul

/* As wide as a register: an access that the syndrome describes. */
typedef unsigned long word;

/* What cases.S knows the layout of. */
struct nisv_case {
	const void *code;
	const char *name;
	word index;
	word kind; /* which places may be tried */
};
extern const struct nisv_case nisv_cases[], nisv_cases_end[];
void run_case(struct state *state, const void *code);

/* So far around its base an access goes. */
#define BELOW 96
#define ABOVE 256

static unsigned int complaints;

static word pattern(word offset)
{
	return (offset + 0x123) * (word)0x9e3779b97f4a7c15ull ^ offset << 7;
}

static volatile word *word_at(word window, word offset)
{
	return (volatile word *)(window + offset);
}

static word first_word(word place)
{
	return (place - BELOW) & ~(word)(sizeof(word) - 1);
}

/* Whole words around the place, in both windows. */
static void fill(word place)
{
	for (word at = first_word(place); at < place + ABOVE; at += sizeof(word)) {
		*word_at(MEMORY_WINDOW, at) = pattern(at);
		*word_at(DEVICE_WINDOW, at) = pattern(at);
	}
}

static void complain(const struct nisv_case *c, word place, const char *what, word number,
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

/* x: `moved` has a bit for each that may be where the windows differ. */
static void compare_states(const struct nisv_case *c, word place, const struct state *device,
	const struct state *memory, word moved)
{
	for (unsigned int i = 0; i < sizeof(device->x) / sizeof(word); i++) {
		word is = device->x[i];

		/* Unless it was loaded. */
		if (moved >> i & 1 && is != memory->x[i])
			is += MEMORY_WINDOW - DEVICE_WINDOW;
		if (is != memory->x[i])
			complain(c, place, ": register ", i, is, memory->x[i]);
	}
	if (device->flags != memory->flags)
		complain(c, place, ": flags ", 0, device->flags, memory->flags);
	for (unsigned int i = 0; i < sizeof(device->v) / sizeof(uint64_t); i++) {
		if (device->v[i] != memory->v[i])
			complain(c, place, ": d", i, device->v[i], memory->v[i]);
	}
}

/* The words that were stored to, and one beside them on each side: each is an exit. */
static void compare_bytes(const struct nisv_case *c, word place)
{
	word first = ~(word)0, last = 0;

	for (word at = first_word(place); at < place + ABOVE; at += sizeof(word)) {
		if (*word_at(MEMORY_WINDOW, at) == pattern(at))
			continue;
		first = first < at ? first : at;
		last = at;
	}
	if (!last)
		return;
	for (word at = first - sizeof(word); at <= last + sizeof(word); at += sizeof(word)) {
		word is = *word_at(DEVICE_WINDOW, at), must_be = *word_at(MEMORY_WINDOW, at);

		if (is != must_be)
			complain(c, place, ": bytes at ", at, is, must_be);
		if (is != pattern(at))
			*word_at(DEVICE_WINDOW, at) = pattern(at);
		*word_at(MEMORY_WINDOW, at) = pattern(at);
	}
}

/* `prepare` sets all registers, with the base where the second argument says. */
static void try_case(const struct nisv_case *c, word place, word moved,
	void (*prepare)(struct state *state, word base, word index))
{
	static struct state device, memory;

	prepare(&memory, MEMORY_WINDOW + place, c->index);
	run_case(&memory, c->code);
	prepare(&device, DEVICE_WINDOW + place, c->index);
	run_case(&device, c->code);
	compare_states(c, place, &device, &memory, moved);
	compare_bytes(c, place);
}

static void report(const char *name, unsigned int runs)
{
	tl_uart_puts(name);
	tl_uart_puts(": ");
	tl_uart_putdec((uint64_t)(nisv_cases_end - nisv_cases));
	tl_uart_puts(" instructions, ");
	tl_uart_putdec(runs);
	tl_uart_puts(" runs, ");
	tl_uart_putdec(complaints);
	tl_uart_puts(" differences\n");
}

#endif
