/* SPDX-License-Identifier: MIT */
/*
 * T32's loads and stores, of 16 and of 32 bits (DDI 0487, F3.1).
 */
#include "vmm/arch/arm64/insn/forms.h"

#define bits tl_insn_bits
#define bit  tl_insn_bit

#define SP 13

static enum tl_insn_kind short_literal(uint32_t word, struct tl_insn_access *access)
{
	access->base = TL_INSN_PC_32;
	access->offset = (int32_t)bits(word, 7, 0) * 4;
	return tl_insn_a32_registers(access, true, bits(word, 10, 8), 1, 4);
}

static enum tl_insn_kind short_register(uint32_t word, struct tl_insn_access *access)
{
	/* STR, STRH, STRB, LDRSB, LDR, LDRH, LDRB, LDRSH */
	static const uint8_t sizes[] = {4, 2, 1, 1, 4, 2, 1, 2};
	unsigned int op = bits(word, 11, 9);

	access->base = (uint8_t)bits(word, 5, 3);
	access->has_index = true;
	access->index = (uint8_t)bits(word, 8, 6);
	access->is_signed = op == 3 || op == 7;
	return tl_insn_a32_registers(access, op >= 3, bits(word, 2, 0), 1, sizes[op]);
}

static enum tl_insn_kind short_offset(
	uint32_t word, struct tl_insn_access *access, unsigned int size)
{
	access->base = (uint8_t)bits(word, 5, 3);
	access->offset = (int32_t)(bits(word, 10, 6) * size);
	return tl_insn_a32_registers(access, bit(word, 11), bits(word, 2, 0), 1, size);
}

static enum tl_insn_kind short_word_or_byte(uint32_t word, struct tl_insn_access *access)
{
	return short_offset(word, access, bit(word, 12) ? 1 : 4);
}

static enum tl_insn_kind short_halfword(uint32_t word, struct tl_insn_access *access)
{
	return short_offset(word, access, 2);
}

static enum tl_insn_kind short_stack(uint32_t word, struct tl_insn_access *access)
{
	access->base = SP;
	access->offset = (int32_t)bits(word, 7, 0) * 4;
	return tl_insn_a32_registers(access, bit(word, 11), bits(word, 10, 8), 1, 4);
}

/* PUSH may have LR in its list, POP PC. */
static enum tl_insn_kind push_pop(uint32_t word, struct tl_insn_access *access)
{
	bool is_load = bit(word, 11);
	uint32_t more = bit(word, 8) ? 1u << (is_load ? 15 : 14) : 0;

	access->base = SP;
	access->writeback = true;
	return tl_insn_a32_list(access, is_load, bits(word, 7, 0) | more, is_load, !is_load);
}

static enum tl_insn_kind short_multiple(uint32_t word, struct tl_insn_access *access)
{
	bool is_load = bit(word, 11);

	access->base = (uint8_t)bits(word, 10, 8);
	access->writeback = !is_load || !bit(word, access->base);
	return tl_insn_a32_list(access, is_load, bits(word, 7, 0), true, false);
}

static enum tl_insn_kind multiple(uint32_t word, struct tl_insn_access *access)
{
	bool up = bit(word, 23);

	access->base = (uint8_t)bits(word, 19, 16);
	access->writeback = bit(word, 21);
	/* SP is never in the list, nor is PC in that of a store. */
	if (bit(word, SP) || (!bit(word, 20) && bit(word, TL_INSN_PC_32)))
		return TL_INSN_NONE;
	return tl_insn_a32_list(access, bit(word, 20), bits(word, 15, 0), up, !up);
}

static enum tl_insn_kind dual(uint32_t word, struct tl_insn_access *access)
{
	bool before = bit(word, 24), is_load = bit(word, 20);
	int32_t offset = (int32_t)bits(word, 7, 0) * (bit(word, 23) ? 4 : -4);
	unsigned int first = bits(word, 15, 12), second = bits(word, 11, 8);

	access->base = (uint8_t)bits(word, 19, 16);
	access->offset = before ? offset : 0;
	access->writeback = bit(word, 21);
	access->update = access->writeback ? offset : 0;
	if (access->base == TL_INSN_PC_32 && (access->writeback || !is_load))
		return TL_INSN_NONE;
	if (first == 13 || first == 15 || second == 13 || second == 15)
		return TL_INSN_NONE;
	(void)tl_insn_a32_registers(access, is_load, first, 1, 4);
	return tl_insn_a32_registers(access, is_load, second, 1, 4);
}

static enum tl_insn_kind ordered(uint32_t word, struct tl_insn_access *access)
{
	unsigned int size = bits(word, 5, 4);

	access->base = (uint8_t)bits(word, 19, 16);
	if (size == 3 || access->base == TL_INSN_PC_32)
		return TL_INSN_NONE;
	return tl_insn_a32_registers(access, bit(word, 20), bits(word, 15, 12), 1, 1u << size);
}

/* The addressing of the single ones, by what is in the second half. */
static bool addressing(uint32_t word, struct tl_insn_access *access)
{
	int32_t imm8 = (int32_t)bits(word, 7, 0) * (bit(word, 9) ? 1 : -1);
	bool before = bit(word, 10);

	if (access->base == TL_INSN_PC_32) {
		access->offset = (int32_t)bits(word, 11, 0) * (bit(word, 23) ? 1 : -1);
		return bit(word, 20);
	}
	if (bit(word, 23)) {
		access->offset = (int32_t)bits(word, 11, 0);
		return true;
	}
	if (bit(word, 11)) {
		access->writeback = bit(word, 8);
		access->offset = before ? imm8 : 0;
		access->update = access->writeback ? imm8 : 0;
		access->is_unprivileged = bits(word, 10, 8) == 6;
		return before || access->writeback;
	}
	access->has_index = true;
	access->index = (uint8_t)bits(word, 3, 0);
	access->shift = (uint8_t)bits(word, 5, 4);
	return bits(word, 10, 6) == 0 && access->index != SP && access->index != TL_INSN_PC_32;
}

static enum tl_insn_kind single(uint32_t word, struct tl_insn_access *access)
{
	unsigned int size = bits(word, 22, 21), reg = bits(word, 15, 12);
	bool is_load = bit(word, 20);

	access->base = (uint8_t)bits(word, 19, 16);
	access->is_signed = bit(word, 24);
	if (size == 3 || (size == 2 && access->is_signed) || !addressing(word, access))
		return TL_INSN_NONE;
	if (is_load && reg == TL_INSN_PC_32 && size < 2)
		return access->writeback || access->is_unprivileged ? TL_INSN_NONE : TL_INSN_HINT;
	if (!is_load && reg == TL_INSN_PC_32)
		return TL_INSN_NONE;
	return tl_insn_a32_registers(access, is_load, reg, 1, 1u << size);
}

const struct tl_insn_form tl_insn_forms_t32[] = {
	{0xfffff800, 0x00004800, "LDR (literal, 16 bits)", NULL, short_literal},
	{0xfffff000, 0x00005000,
		"LDR, STR, LDRB, STRB, LDRH, STRH, LDRSB, LDRSH (register, 16 bits)", NULL,
		short_register},
	{0xffffe000, 0x00006000, "LDR, STR, LDRB, STRB (immediate, 16 bits)", NULL,
		short_word_or_byte},
	{0xfffff000, 0x00008000, "LDRH, STRH (immediate, 16 bits)", NULL, short_halfword},
	{0xfffff000, 0x00009000, "LDR, STR (SP-relative, 16 bits)", NULL, short_stack},
	{0xfffff600, 0x0000b400, "POP, PUSH (16 bits)", NULL, push_pop},
	{0xfffff000, 0x0000c000, "LDM, STM (16 bits)", NULL, short_multiple},
	{0xffc00000, 0xe8800000, "LDM, STM (IA)", NULL, multiple},
	{0xffc00000, 0xe9000000, "LDMDB, STMDB, PUSH", NULL, multiple},
	{0xff100000, 0xf9000000, "VLD1 to VLD4, VST1 to VST4", tl_insn_large, NULL},
	{0xfe000000, 0xf8000000,
		"LDR, STR, LDRB, STRB, LDRH, STRH, LDRSB, LDRSH, unprivileged too, PLD, PLDW, PLI",
		NULL, single},
	{0xffe000c0, 0xe8c00080, "LDA, LDAB, LDAH, STL, STLB, STLH", NULL, ordered},
	{0xfff000e0, 0xe8d00000, "TBB, TBH", tl_insn_pc, NULL},
	{0xffe00000, 0xe8400000, "LDREX, STREX", tl_insn_atomic, NULL},
	{0xffe00000, 0xe8c00000, "LDREXB, STREXB, LDAEX, STLEX and the like", tl_insn_atomic, NULL},
	{0xfe400000, 0xe8400000, "LDRD, STRD", NULL, dual},
	{0xffe00000, 0xec400000, NULL, NULL, NULL},
	{0xfe000e00, 0xec000a00, "VLDR, VSTR, VLDM, VSTM, VPOP, VPUSH", NULL, tl_insn_a32_vfp},
	{0xee000000, 0xec000000, "LDC, STC", tl_insn_large, NULL},
	{0xffc00000, 0xe8000000, "RFE, SRS (DB)", tl_insn_mode, NULL},
	{0xffc00000, 0xe9800000, "RFE, SRS (IA)", tl_insn_mode, NULL},
};
const size_t tl_insn_count_t32 = sizeof(tl_insn_forms_t32) / sizeof(tl_insn_forms_t32[0]);
