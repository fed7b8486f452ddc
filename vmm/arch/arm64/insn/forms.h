/* SPDX-License-Identifier: MIT */
/*
 * What the decoders share. For insn.c and the files beside it only.
 */
#ifndef TL_VMM_ARCH_ARM64_INSN_FORMS_H
#define TL_VMM_ARCH_ARM64_INSN_FORMS_H

#include "vmm/arch/arm64/insn/insn.h"

/* Bits [hi:lo] of a word, and a single one. */
static inline uint32_t tl_insn_bits(uint32_t word, unsigned int hi, unsigned int lo)
{
	return word >> lo & (UINT32_MAX >> (31 - (hi - lo)));
}

static inline bool tl_insn_bit(uint32_t word, unsigned int n)
{
	return word >> n & 1;
}

/* The same as a signed number. */
static inline int32_t tl_insn_signed(uint32_t word, unsigned int hi, unsigned int lo)
{
	return (int32_t)(word << (31 - hi)) >> (31 - hi + lo);
}

static inline void tl_insn_add(struct tl_insn_access *access, unsigned int reg, unsigned int lane)
{
	struct tl_insn_element *element = &access->elements[access->count++];

	element->reg = (uint8_t)reg;
	element->lane = (uint8_t)lane;
}

extern const struct tl_insn_form tl_insn_forms_a64[], tl_insn_forms_a32[], tl_insn_forms_t32[];
extern const size_t tl_insn_count_a64, tl_insn_count_a32, tl_insn_count_t32;

/* a64_simd.c: LD1 to LD4 and ST1 to ST4. */
enum tl_insn_kind tl_insn_a64_structures(uint32_t word, struct tl_insn_access *access);
enum tl_insn_kind tl_insn_a64_lane(uint32_t word, struct tl_insn_access *access);

/*
 * a32.c, also for T32. A register of `size` bytes, or two; LDM and STM of a list from the base,
 * upwards or downwards, `before` the base is changed.
 */
enum tl_insn_kind tl_insn_a32_registers(struct tl_insn_access *access, bool is_load,
	unsigned int reg, unsigned int count, unsigned int size);
enum tl_insn_kind tl_insn_a32_list(
	struct tl_insn_access *access, bool is_load, uint32_t list, bool up, bool before);
/* VLDR, VSTR, VLDM, VSTM: both sets have the same bits. */
enum tl_insn_kind tl_insn_a32_vfp(uint32_t word, struct tl_insn_access *access);

/* Reasons for a refusal. */
extern const char tl_insn_atomic[], tl_insn_tags[], tl_insn_pc[], tl_insn_mode[], tl_insn_large[];

#endif
