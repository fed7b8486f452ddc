/* SPDX-License-Identifier: MIT */
/*
 * A32's loads and stores (DDI 0487, F4.1), and what T32 has the same way. Whether the condition
 * held is no question: an instruction that faults was executed.
 */
#include "vmm/arch/arm64/insn/forms.h"

#define bits tl_insn_bits
#define bit  tl_insn_bit

enum tl_insn_kind tl_insn_a32_registers(struct tl_insn_access *access, bool is_load,
	unsigned int reg, unsigned int count, unsigned int size)
{
	access->is_write = !is_load;
	access->size = (uint8_t)size;
	access->width = 4;
	for (unsigned int i = 0; i < count; i++) {
		if (is_load && reg + i == TL_INSN_PC_32) {
			access->why = tl_insn_pc;
			return TL_INSN_REFUSED;
		}
		if (reg + i > 15)
			return TL_INSN_NONE;
		tl_insn_add(access, reg + i, 0);
	}
	return TL_INSN_ACCESS;
}

enum tl_insn_kind tl_insn_a32_list(
	struct tl_insn_access *access, bool is_load, uint32_t list, bool up, bool before)
{
	int32_t bytes = 4 * __builtin_popcount(list & 0xffff);

	access->is_write = !is_load;
	access->size = access->width = 4;
	access->offset = up ? 0 : -bytes;
	if (up == before)
		access->offset += 4;
	access->update = up ? bytes : -bytes;
	for (unsigned int reg = 0; reg < 16; reg++) {
		if (bit(list, reg))
			tl_insn_add(access, reg, 0);
	}
	if (bytes == 0 || access->base == TL_INSN_PC_32)
		return TL_INSN_NONE;
	if (is_load && bit(list, TL_INSN_PC_32)) {
		access->why = tl_insn_pc;
		return TL_INSN_REFUSED;
	}
	return TL_INSN_ACCESS;
}

enum tl_insn_kind tl_insn_a32_vfp(uint32_t word, struct tl_insn_access *access)
{
	bool before = bit(word, 24), up = bit(word, 23), update = bit(word, 21);
	unsigned int size = bits(word, 9, 8) == 3 ? 8 : 4;
	unsigned int imm8 = bits(word, 7, 0), count = 1;
	/* Vd:D of S registers, D:Vd of D registers. */
	unsigned int reg = size == 4 ? bits(word, 15, 12) << 1 | bit(word, 22)
				     : (unsigned int)bit(word, 22) << 4 | bits(word, 15, 12);
	int32_t offset = (int32_t)imm8 * (up ? 4 : -4);

	access->is_simd = access->keeps = true;
	access->is_write = !bit(word, 20);
	access->base = (uint8_t)bits(word, 19, 16);
	access->size = (uint8_t)size;
	access->offset = up && !before ? 0 : offset;
	/* VLDR and VSTR; else a list, whose length is imm8, and which FLDMX counts by one too much.
	 */
	if (!before || update) {
		count = imm8 * 4 / size;
		access->writeback = update;
		access->update = offset;
		if (before == up || count == 0 || (update && access->base == TL_INSN_PC_32))
			return TL_INSN_NONE;
	}
	if (bits(word, 9, 8) < 2 || reg + count > 32 || count > 16 * 8 / size)
		return TL_INSN_NONE;
	for (unsigned int i = reg; i < reg + count; i++)
		tl_insn_add(access, i * size / 16, i * size % 16);
	return TL_INSN_ACCESS;
}

/* P, U and W (24, 23, 21), as all forms with an offset have them. */
static enum tl_insn_kind addressing(
	uint32_t word, struct tl_insn_access *access, uint32_t imm, bool is_index)
{
	bool before = bit(word, 24), up = bit(word, 23), w = bit(word, 21);
	int32_t offset = up ? (int32_t)imm : -(int32_t)imm;

	access->base = (uint8_t)bits(word, 19, 16);
	access->writeback = !before || w;
	access->is_unprivileged = !before && w;
	if (is_index) {
		access->has_index = true;
		access->index_after = !before;
		access->index = (uint8_t)bits(word, 3, 0);
		access->subtract = !up;
		if (access->index == TL_INSN_PC_32)
			return TL_INSN_NONE;
	} else {
		access->offset = before ? offset : 0;
		access->update = access->writeback ? offset : 0;
	}
	return access->writeback && access->base == TL_INSN_PC_32 ? TL_INSN_NONE : TL_INSN_ACCESS;
}

static enum tl_insn_kind word_or_byte(uint32_t word, struct tl_insn_access *access)
{
	return tl_insn_a32_registers(
		access, bit(word, 20), bits(word, 15, 12), 1, bit(word, 22) ? 1 : 4);
}

static enum tl_insn_kind immediate(uint32_t word, struct tl_insn_access *access)
{
	if (addressing(word, access, bits(word, 11, 0), false) == TL_INSN_NONE)
		return TL_INSN_NONE;
	return word_or_byte(word, access);
}

/* An immediate shift by 0 is another one (F2.6.4, DecodeImmShift). */
static enum tl_insn_kind scaled_register(uint32_t word, struct tl_insn_access *access)
{
	unsigned int type = bits(word, 6, 5), n = bits(word, 11, 7);

	access->extend = (enum tl_insn_extend)(TL_INSN_LSL + type);
	access->shift = (uint8_t)n;
	if (n == 0 && type == 3)
		access->extend = TL_INSN_RRX;
	else if (n == 0 && type != 0)
		access->shift = 32;
	if (addressing(word, access, 0, true) == TL_INSN_NONE)
		return TL_INSN_NONE;
	return word_or_byte(word, access);
}

/* The extra ones have 8 bits in two places, or a register. */
static enum tl_insn_kind extra(uint32_t word, struct tl_insn_access *access, bool is_load,
	unsigned int count, unsigned int size)
{
	uint32_t imm = bits(word, 11, 8) << 4 | bits(word, 3, 0);
	unsigned int reg = bits(word, 15, 12);

	if (addressing(word, access, imm, !bit(word, 22)) == TL_INSN_NONE)
		return TL_INSN_NONE;
	if (count == 2 && (reg % 2 || reg == 14 || access->is_unprivileged))
		return TL_INSN_NONE;
	return tl_insn_a32_registers(access, is_load, reg, count, size);
}

static enum tl_insn_kind halfword(uint32_t word, struct tl_insn_access *access)
{
	return extra(word, access, bit(word, 20), 1, 2);
}

static enum tl_insn_kind signed_byte(uint32_t word, struct tl_insn_access *access)
{
	access->is_signed = true;
	return extra(word, access, true, 1, 1);
}

static enum tl_insn_kind signed_halfword(uint32_t word, struct tl_insn_access *access)
{
	access->is_signed = true;
	return extra(word, access, true, 1, 2);
}

/* Bit 5 says which, instead of the bit that does elsewhere. */
static enum tl_insn_kind dual(uint32_t word, struct tl_insn_access *access)
{
	return extra(word, access, !bit(word, 5), 2, 4);
}

static enum tl_insn_kind multiple(uint32_t word, struct tl_insn_access *access)
{
	access->base = (uint8_t)bits(word, 19, 16);
	access->writeback = bit(word, 21);
	return tl_insn_a32_list(
		access, bit(word, 20), bits(word, 15, 0), bit(word, 23), bit(word, 24));
}

static enum tl_insn_kind ordered(uint32_t word, struct tl_insn_access *access)
{
	static const uint8_t sizes[] = {4, 0, 1, 2};
	bool is_load = bit(word, 20);
	unsigned int size = sizes[bits(word, 22, 21)];

	access->base = (uint8_t)bits(word, 19, 16);
	if (!size || access->base == TL_INSN_PC_32)
		return TL_INSN_NONE;
	return tl_insn_a32_registers(
		access, is_load, is_load ? bits(word, 15, 12) : bits(word, 3, 0), 1, size);
}

static enum tl_insn_kind hint(uint32_t word, struct tl_insn_access *access)
{
	(void)word;
	(void)access;
	return TL_INSN_HINT;
}

const struct tl_insn_form tl_insn_forms_a32[] = {
	{0xfc30f000, 0xf410f000, "PLD, PLDW, PLI", NULL, hint},
	{0xff100000, 0xf4000000, "VLD1 to VLD4, VST1 to VST4", tl_insn_large, NULL},
	{0xfe000000, 0xf8000000, "RFE, SRS", tl_insn_mode, NULL},
	{0xf0000000, 0xf0000000, NULL, NULL, NULL},
	{0x0e000000, 0x04000000, "LDR, STR, LDRB, STRB, LDRT, STRT, LDRBT, STRBT (immediate)", NULL,
		immediate},
	{0x0e000010, 0x06000000, "LDR, STR, LDRB, STRB, LDRT, STRT, LDRBT, STRBT (register)", NULL,
		scaled_register},
	{0x0e0000f0, 0x000000b0, "LDRH, STRH, LDRHT, STRHT", NULL, halfword},
	{0x0e1000f0, 0x001000d0, "LDRSB, LDRSBT", NULL, signed_byte},
	{0x0e1000f0, 0x001000f0, "LDRSH, LDRSHT", NULL, signed_halfword},
	{0x0e1000d0, 0x000000d0, "LDRD, STRD", NULL, dual},
	{0x0e400000, 0x08000000, "LDM, STM (IA, IB, DA, DB), POP, PUSH", NULL, multiple},
	{0x0e400000, 0x08400000, "LDM, STM of user registers, LDM (exception return)", tl_insn_mode,
		NULL},
	{0x0fe00000, 0x0c400000, NULL, NULL, NULL},
	{0x0e000e00, 0x0c000a00, "VLDR, VSTR, VLDM, VSTM, VPOP, VPUSH", NULL, tl_insn_a32_vfp},
	{0x0e000000, 0x0c000000, "LDC, STC", tl_insn_large, NULL},
	{0x0f800ff0, 0x01800c90, "LDA, LDAB, LDAH, STL, STLB, STLH", NULL, ordered},
	{0x0f8000f0, 0x01800090, "LDREX, STREX, LDAEX, STLEX and the like", tl_insn_atomic, NULL},
	{0x0fb000f0, 0x01000090, "SWP, SWPB", tl_insn_atomic, NULL},
};
const size_t tl_insn_count_a32 = sizeof(tl_insn_forms_a32) / sizeof(tl_insn_forms_a32[0]);
