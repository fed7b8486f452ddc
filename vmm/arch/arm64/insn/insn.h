/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of A64, A32 and T32, taken apart: from the word of an instruction to what it
 * does with which registers at which address (DDI 0487, C4.1, F3.1 and F4.1). Pure functions over
 * tables, one line a form; what is not emulated has its line, too. docs/nisv.md has the tables in
 * words.
 */
#ifndef TL_VMM_ARCH_ARM64_INSN_INSN_H
#define TL_VMM_ARCH_ARM64_INSN_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tl_insn_set {
	TL_INSN_A64,
	TL_INSN_A32,
	TL_INSN_T32,
};
#define TL_INSN_SETS 3

enum tl_insn_kind {
	TL_INSN_NONE,    /* no load or store, or no instruction */
	TL_INSN_REFUSED, /* one that is not emulated */
	TL_INSN_HINT,    /* a prefetch: nothing happens */
	TL_INSN_ZERO,    /* DC ZVA: zeros over the whole block */
	TL_INSN_ACCESS,
};

/* What is done to the index register before it is added. */
enum tl_insn_extend {
	TL_INSN_LSL, /* of all bits that a register has */
	TL_INSN_LSR,
	TL_INSN_ASR,
	TL_INSN_ROR,
	TL_INSN_RRX,
	TL_INSN_UXTW,
	TL_INSN_SXTW,
};

#define TL_INSN_ELEMENTS 64
/* Registers besides the numbered ones. */
#define TL_INSN_SP    31 /* A64, as base only: as data and index it is the zero register */
#define TL_INSN_PC    32 /* A64, as base; in A32 and T32 it is 15 */
#define TL_INSN_PC_32 15

/* One piece of data: bytes [lane, lane + size) of a register. */
struct tl_insn_element {
	uint8_t reg; /* 0 to 31; of A32's S and D registers the V register that they are in */
	uint8_t lane;
};

struct tl_insn_access {
	enum tl_insn_kind kind;
	const char *name;    /* of its line in the table, or NULL */
	const char *why;     /* it is refused, or NULL */
	unsigned int length; /* bytes of the instruction: 2 or 4 */
	bool is_write;
	bool is_simd;         /* its registers are V0 to V31 */
	bool is_unprivileged; /* as EL0 would do it */

	/* Where: see tl_insn_address(). */
	uint8_t base;
	int32_t offset; /* from the base to the first byte */
	int32_t update; /* what write-back adds to the base */
	bool writeback;
	bool has_index;
	bool index_after; /* it only counts for the write-back */
	bool subtract;    /* the index */
	uint8_t index;
	enum tl_insn_extend extend;
	uint8_t shift;

	/* What: `count` elements of `size` bytes, side by side in memory. */
	uint8_t size, count;
	bool is_signed;
	uint8_t width;     /* bytes of a general-purpose register that a load sets */
	bool keeps;        /* a load leaves the rest of the V register */
	uint8_t replicate; /* a load fills so many bytes of the V register with it; or 0 */
	struct tl_insn_element elements[TL_INSN_ELEMENTS];
};

/* A form of instructions: those with (word & mask) == value that no form before it has. */
struct tl_insn_form {
	uint32_t mask, value;
	const char *name; /* NULL: no load or store */
	const char *why;  /* it is refused; NULL: it is emulated */
	/* Fills the access in. TL_INSN_NONE: such a word is not allocated, or unpredictable. */
	enum tl_insn_kind (*decode)(uint32_t word, struct tl_insn_access *access);
};

/*
 * `word`: of T32's long instructions the first half is above the second, its short ones have 16
 * bits. Thread-safe.
 */
void tl_insn_decode(enum tl_insn_set set, uint32_t word, struct tl_insn_access *access);

/* Whether a T32 instruction that begins with this half has another one. */
static inline bool tl_insn_t32_is_long(uint16_t first)
{
	return first >> 11 >= 0x1d;
}

/* Values that an address is made of. */
struct tl_insn_operands {
	uint64_t base, index;
	bool carry; /* of A32's RRX */
	bool is_32bit;
};

/* Where the access begins, and what the base register is afterwards (if access->writeback). */
void tl_insn_address(const struct tl_insn_access *access, const struct tl_insn_operands *operands,
	uint64_t *address, uint64_t *base);

/* The tables, of *count forms. */
const struct tl_insn_form *tl_insn_forms(enum tl_insn_set set, size_t *count);

#endif
