/* SPDX-License-Identifier: MIT */
/*
 * A64's loads and stores (DDI 0487, C4.1.94), but for structures (a64_simd.c).
 */
#include "vmm/arch/arm64/insn/forms.h"

#define bits tl_insn_bits
#define bit  tl_insn_bit

/* Fields that many forms have in the same place. */
static unsigned int rt(uint32_t word)
{
	return bits(word, 4, 0);
}

static void set_base(uint32_t word, struct tl_insn_access *access)
{
	access->base = (uint8_t)bits(word, 9, 5);
}

/*
 * One register, by size (31:30), V (26) and opc (23:22), as most forms have them. Returns
 * TL_INSN_HINT for PRFM.
 */
static enum tl_insn_kind one_register(uint32_t word, struct tl_insn_access *access)
{
	unsigned int size = bits(word, 31, 30);
	unsigned int opc = bits(word, 23, 22);

	set_base(word, access);
	access->is_simd = bit(word, 26);
	access->is_write = opc == 0;
	access->size = (uint8_t)(1 << size);
	access->width = 8;
	if (access->is_simd) {
		if (opc & 2) {
			if (size)
				return TL_INSN_NONE;
			access->size = 16;
		}
		access->is_write = !(opc & 1);
	} else if (opc & 2) {
		if (size == 3)
			return opc == 2 ? TL_INSN_HINT : TL_INSN_NONE;
		if (opc == 3 && size == 2)
			return TL_INSN_NONE;
		access->is_signed = true;
		access->width = opc == 2 ? 8 : 4;
	} else if (size < 3) {
		access->width = 4;
	}
	tl_insn_add(access, rt(word), 0);
	return TL_INSN_ACCESS;
}

static enum tl_insn_kind unsigned_offset(uint32_t word, struct tl_insn_access *access)
{
	enum tl_insn_kind kind = one_register(word, access);

	access->offset = (int32_t)(bits(word, 21, 10) * access->size);
	return kind;
}

static enum tl_insn_kind unscaled(uint32_t word, struct tl_insn_access *access)
{
	access->offset = tl_insn_signed(word, 20, 12);
	return one_register(word, access);
}

static enum tl_insn_kind unprivileged(uint32_t word, struct tl_insn_access *access)
{
	access->is_unprivileged = true;
	return !bit(word, 26) && unscaled(word, access) == TL_INSN_ACCESS ? TL_INSN_ACCESS
									  : TL_INSN_NONE;
}

static enum tl_insn_kind post_index(uint32_t word, struct tl_insn_access *access)
{
	access->update = tl_insn_signed(word, 20, 12);
	access->writeback = true;
	return one_register(word, access) == TL_INSN_ACCESS ? TL_INSN_ACCESS : TL_INSN_NONE;
}

static enum tl_insn_kind pre_index(uint32_t word, struct tl_insn_access *access)
{
	access->offset = tl_insn_signed(word, 20, 12);
	return post_index(word, access);
}

static enum tl_insn_kind register_offset(uint32_t word, struct tl_insn_access *access)
{
	enum tl_insn_kind kind = one_register(word, access);
	unsigned int option = bits(word, 15, 13);

	access->has_index = true;
	access->index = (uint8_t)bits(word, 20, 16);
	access->extend = option == 2 ? TL_INSN_UXTW : option == 6 ? TL_INSN_SXTW : TL_INSN_LSL;
	for (access->shift = 0; bit(word, 12) && 1u << access->shift < access->size;)
		access->shift++;
	return option & 2 ? kind : TL_INSN_NONE;
}

static enum tl_insn_kind literal(uint32_t word, struct tl_insn_access *access)
{
	unsigned int opc = bits(word, 31, 30);

	access->base = TL_INSN_PC;
	access->offset = tl_insn_signed(word, 23, 5) * 4;
	access->is_simd = bit(word, 26);
	if (opc == 3)
		return access->is_simd ? TL_INSN_NONE : TL_INSN_HINT;
	access->size = (uint8_t)(access->is_simd ? 4 << opc : opc == 1 ? 8 : 4);
	access->is_signed = !access->is_simd && opc == 2;
	access->width = opc == 0 ? 4 : 8;
	tl_insn_add(access, rt(word), 0);
	return TL_INSN_ACCESS;
}

/* LDAR, STLR, LDAPR and their kin: opc only says the direction, and there is no offset. */
static enum tl_insn_kind ordered(uint32_t word, struct tl_insn_access *access)
{
	set_base(word, access);
	access->is_write = !bit(word, 22);
	access->size = (uint8_t)(1 << bits(word, 31, 30));
	access->width = access->size == 8 ? 8 : 4;
	tl_insn_add(access, rt(word), 0);
	return TL_INSN_ACCESS;
}

static enum tl_insn_kind load_acquire_rcpc(uint32_t word, struct tl_insn_access *access)
{
	return ordered(word | 1u << 22, access);
}

static enum tl_insn_kind ordered_unscaled(uint32_t word, struct tl_insn_access *access)
{
	return unscaled(word, access) == TL_INSN_ACCESS ? TL_INSN_ACCESS : TL_INSN_NONE;
}

static enum tl_insn_kind pair(uint32_t word, struct tl_insn_access *access)
{
	unsigned int opc = bits(word, 31, 30);
	unsigned int mode = bits(word, 24, 23);
	int32_t offset;

	set_base(word, access);
	access->is_simd = bit(word, 26);
	access->is_write = !bit(word, 22);
	/* LDPSW has no form without allocation. */
	if (opc == 3 || (!access->is_simd && opc == 1 && (access->is_write || mode == 0)))
		return TL_INSN_NONE;
	access->size = (uint8_t)(access->is_simd ? 4 << opc : opc == 2 ? 8 : 4);
	access->is_signed = !access->is_simd && opc == 1;
	access->width = opc == 0 ? 4 : 8;
	offset = tl_insn_signed(word, 21, 15) * access->size;
	access->writeback = mode & 1;
	access->update = access->writeback ? offset : 0;
	access->offset = mode == 1 ? 0 : offset;
	tl_insn_add(access, rt(word), 0);
	tl_insn_add(access, bits(word, 14, 10), 0);
	return TL_INSN_ACCESS;
}

static enum tl_insn_kind zero(uint32_t word, struct tl_insn_access *access)
{
	/* Its address is in Rt, which may be the zero register. */
	access->has_index = true;
	access->index = (uint8_t)rt(word);
	access->is_write = true;
	return TL_INSN_ZERO;
}

const struct tl_insn_form tl_insn_forms_a64[] = {
	{0x3f000000, 0x39000000,
		"LDR, STR, LDRB, STRB, LDRH, STRH, LDRSB, LDRSH, LDRSW, PRFM (unsigned offset)",
		NULL, unsigned_offset},
	{0x3f000000, 0x3d000000, "LDR, STR of SIMD&FP registers (unsigned offset)", NULL,
		unsigned_offset},
	{0x3b200c00, 0x38000400, "LDR, STR and the like, general and SIMD&FP (post-index)", NULL,
		post_index},
	{0x3b200c00, 0x38000c00, "LDR, STR and the like, general and SIMD&FP (pre-index)", NULL,
		pre_index},
	{0x3b200c00, 0x38200800,
		"LDR, STR and the like, general and SIMD&FP, PRFM (register offset)", NULL,
		register_offset},
	{0x3b200c00, 0x38000000,
		"LDUR, STUR and the like, general and SIMD&FP, PRFUM (unscaled offset)", NULL,
		unscaled},
	{0x3b200c00, 0x38000800, "LDTR, STTR and the like (unprivileged)", NULL, unprivileged},
	{0xfe400000, 0x68000000, "STGP", tl_insn_tags, NULL},
	{0x3b800000, 0x29000000, "LDP, STP, LDPSW, general and SIMD&FP (signed offset)", NULL,
		pair},
	{0x3b800000, 0x28800000, "LDP, STP, LDPSW, general and SIMD&FP (post-index)", NULL, pair},
	{0x3b800000, 0x29800000, "LDP, STP, LDPSW, general and SIMD&FP (pre-index)", NULL, pair},
	{0x3b800000, 0x28000000, "LDNP, STNP, general and SIMD&FP", NULL, pair},
	{0x3b000000, 0x18000000, "LDR, LDRSW, PRFM (literal)", NULL, literal},
	{0xbfbf0000, 0x0c000000, "LD1 to LD4, ST1 to ST4 (multiple structures)", NULL,
		tl_insn_a64_structures},
	{0xbfa00000, 0x0c800000, "LD1 to LD4, ST1 to ST4 (multiple structures, post-index)", NULL,
		tl_insn_a64_structures},
	{0xbf9f0000, 0x0d000000, "LD1 to LD4, ST1 to ST4, LD1R to LD4R (single structure)", NULL,
		tl_insn_a64_lane},
	{0xbf800000, 0x0d800000,
		"LD1 to LD4, ST1 to ST4, LD1R to LD4R (single structure, post-index)", NULL,
		tl_insn_a64_lane},
	{0x3fa00000, 0x08800000, "LDAR, STLR, LDLAR, STLLR and the like", NULL, ordered},
	{0x3ffffc00, 0x38bfc000, "LDAPR, LDAPRB, LDAPRH", NULL, load_acquire_rcpc},
	{0x3f200c00, 0x19000000, "LDAPUR, STLUR and the like", NULL, ordered_unscaled},
	{0xffffffe0, 0xd50b7420, "DC ZVA", NULL, zero},
	{0xffffffe0, 0xd50b7460, "DC GVA", tl_insn_tags, NULL},
	{0xffffffe0, 0xd50b7480, "DC GZVA", tl_insn_tags, NULL},
	{0x3fa00000, 0x08000000, "LDXR, STXR, LDAXR, STLXR and the like", tl_insn_atomic, NULL},
	{0xbfa00000, 0x88200000, "LDXP, STXP, LDAXP, STLXP", tl_insn_atomic, NULL},
	{0xbfa00000, 0x08200000, "CASP and the like", tl_insn_atomic, NULL},
	{0x3fa00000, 0x08a00000, "CAS and the like", tl_insn_atomic, NULL},
	{0x3f200c00, 0x38200000,
		"SWP, LDADD, LDCLR, LDEOR, LDSET, LDSMAX and the like, LD64B, ST64B",
		tl_insn_atomic, NULL},
	{0xff200400, 0xf8200400, "LDRAA, LDRAB", "the address is signed with a key of the guest's",
		NULL},
	{0xff200000, 0xd9200000, "STG, STZG, ST2G, LDG and the like", tl_insn_tags, NULL},
	{0xfb200c00, 0x19000400, "CPYP, CPYM, CPYE, SETP, SETM, SETE and the like", tl_insn_large,
		NULL},
	{0x3b200c00, 0x19000800, "LDIAPP, STILP, and LDAPUR, STLUR of SIMD&FP registers",
		tl_insn_large, NULL},
	{0x9e000000, 0x84000000, "loads and stores of SVE", tl_insn_large, NULL},
	{0xfe000000, 0xe0000000, "loads and stores of SME", tl_insn_large, NULL},
};
const size_t tl_insn_count_a64 = sizeof(tl_insn_forms_a64) / sizeof(tl_insn_forms_a64[0]);
