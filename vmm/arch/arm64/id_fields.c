/* SPDX-License-Identifier: MIT */
/*
 * The identification registers are in DDI 0487, chapters D19 (ID_AA64*) and G8
 * (those of AArch32, which 32-bit programs' features come from). A feature is a
 * line or, where several fields announce it, a few.
 */
#include "vmm/arch/arm64/id_fields.h"

#include <linux/kvm.h>
#include <string.h>

/* Op0 = 3, Op1 = 0 and CRn = 0 are the same for all of them. */
#define REG(crm, op2)    ARM64_SYS_REG(3, 0, 0, crm, op2)
#define ID_PFR0_EL1      REG(1, 0)
#define ID_ISAR5_EL1     REG(2, 5)
#define ID_ISAR6_EL1     REG(2, 7)
#define ID_PFR2_EL1      REG(3, 4)
#define ID_AA64PFR0_EL1  REG(4, 0)
#define ID_AA64PFR1_EL1  REG(4, 1)
#define ID_AA64ISAR0_EL1 REG(6, 0)
#define ID_AA64ISAR1_EL1 REG(6, 1)
#define ID_AA64ISAR2_EL1 REG(6, 2)
#define ID_AA64MMFR0_EL1 REG(7, 0)
#define ID_AA64MMFR1_EL1 REG(7, 1)
#define ID_AA64MMFR2_EL1 REG(7, 2)

#define FIELD(feature, reg, field, shift, off)                                                     \
	{                                                                                          \
		feature, #reg "." #field, reg, shift, off, false                                   \
	}
#define SIGNED(feature, reg, field, shift, off)                                                    \
	{                                                                                          \
		feature, #reg "." #field, reg, shift, off, true                                    \
	}

const struct tl_id_field tl_id_fields[] = {
	/* 1: AArch64 only */
	FIELD("aarch32", ID_AA64PFR0_EL1, EL0, 0, 1),
	FIELD("aarch32", ID_AA64PFR0_EL1, EL1, 4, 1),
	FIELD("aarch32", ID_AA64PFR0_EL1, EL2, 8, 1),
	/* No guest can use it, but KVM shows it. */
	FIELD("el2", ID_AA64PFR0_EL1, EL2, 8, 0),
	/* These two count from -1, which is: not there. */
	SIGNED("fp", ID_AA64PFR0_EL1, FP, 16, -1),
	SIGNED("advsimd", ID_AA64PFR0_EL1, AdvSIMD, 20, -1),
	SIGNED("fp16", ID_AA64PFR0_EL1, FP, 16, 0),
	SIGNED("fp16", ID_AA64PFR0_EL1, AdvSIMD, 20, 0),
	FIELD("ras", ID_AA64PFR0_EL1, RAS, 28, 0),
	FIELD("ras", ID_PFR0_EL1, RAS, 28, 0),
	FIELD("dit", ID_AA64PFR0_EL1, DIT, 48, 0),
	FIELD("dit", ID_PFR0_EL1, DIT, 24, 0),
	FIELD("csv2", ID_AA64PFR0_EL1, CSV2, 56, 0),
	FIELD("csv2", ID_PFR0_EL1, CSV2, 16, 0),
	FIELD("csv3", ID_AA64PFR0_EL1, CSV3, 60, 0),
	FIELD("csv3", ID_PFR2_EL1, CSV3, 0, 0),
	FIELD("bti", ID_AA64PFR1_EL1, BT, 0, 0),
	FIELD("ssbs", ID_AA64PFR1_EL1, SSBS, 4, 0),
	FIELD("ssbs", ID_PFR2_EL1, SSBS, 4, 0),

	FIELD("aes", ID_AA64ISAR0_EL1, AES, 4, 0),
	FIELD("aes", ID_ISAR5_EL1, AES, 4, 0),
	FIELD("pmull", ID_AA64ISAR0_EL1, AES, 4, 1),
	FIELD("pmull", ID_ISAR5_EL1, AES, 4, 1),
	FIELD("sha1", ID_AA64ISAR0_EL1, SHA1, 8, 0),
	FIELD("sha1", ID_ISAR5_EL1, SHA1, 8, 0),
	FIELD("sha256", ID_AA64ISAR0_EL1, SHA2, 12, 0),
	FIELD("sha256", ID_ISAR5_EL1, SHA2, 12, 0),
	FIELD("sha512", ID_AA64ISAR0_EL1, SHA2, 12, 1),
	FIELD("crc32", ID_AA64ISAR0_EL1, CRC32, 16, 0),
	FIELD("crc32", ID_ISAR5_EL1, CRC32, 16, 0),
	FIELD("lse", ID_AA64ISAR0_EL1, Atomic, 20, 0),
	FIELD("lse128", ID_AA64ISAR0_EL1, Atomic, 20, 2),
	FIELD("rdm", ID_AA64ISAR0_EL1, RDM, 28, 0),
	FIELD("rdm", ID_ISAR5_EL1, RDM, 24, 0),
	FIELD("sha3", ID_AA64ISAR0_EL1, SHA3, 32, 0),
	FIELD("sm3", ID_AA64ISAR0_EL1, SM3, 36, 0),
	FIELD("sm4", ID_AA64ISAR0_EL1, SM4, 40, 0),
	FIELD("dotprod", ID_AA64ISAR0_EL1, DP, 44, 0),
	FIELD("dotprod", ID_ISAR6_EL1, DP, 4, 0),
	FIELD("fhm", ID_AA64ISAR0_EL1, FHM, 48, 0),
	FIELD("fhm", ID_ISAR6_EL1, FHM, 8, 0),
	FIELD("flagm", ID_AA64ISAR0_EL1, TS, 52, 0),
	FIELD("flagm2", ID_AA64ISAR0_EL1, TS, 52, 1),
	FIELD("tlbios", ID_AA64ISAR0_EL1, TLB, 56, 0),
	FIELD("tlbirange", ID_AA64ISAR0_EL1, TLB, 56, 1),
	FIELD("rng", ID_AA64ISAR0_EL1, RNDR, 60, 0),

	FIELD("dpb", ID_AA64ISAR1_EL1, DPB, 0, 0),
	FIELD("dpb2", ID_AA64ISAR1_EL1, DPB, 0, 1),
	FIELD("jscvt", ID_AA64ISAR1_EL1, JSCVT, 12, 0),
	FIELD("jscvt", ID_ISAR6_EL1, JSCVT, 0, 0),
	FIELD("fcma", ID_AA64ISAR1_EL1, FCMA, 16, 0),
	FIELD("fcma", ID_ISAR5_EL1, VCMA, 28, 0),
	FIELD("lrcpc", ID_AA64ISAR1_EL1, LRCPC, 20, 0),
	FIELD("lrcpc2", ID_AA64ISAR1_EL1, LRCPC, 20, 1),
	FIELD("lrcpc3", ID_AA64ISAR1_EL1, LRCPC, 20, 2),
	FIELD("frintts", ID_AA64ISAR1_EL1, FRINTTS, 32, 0),
	FIELD("sb", ID_AA64ISAR1_EL1, SB, 36, 0),
	FIELD("sb", ID_ISAR6_EL1, SB, 12, 0),
	FIELD("specres", ID_AA64ISAR1_EL1, SPECRES, 40, 0),
	FIELD("specres", ID_ISAR6_EL1, SPECRES, 16, 0),
	FIELD("bf16", ID_AA64ISAR1_EL1, BF16, 44, 0),
	FIELD("bf16", ID_ISAR6_EL1, BF16, 20, 0),
	FIELD("dgh", ID_AA64ISAR1_EL1, DGH, 48, 0),
	FIELD("i8mm", ID_AA64ISAR1_EL1, I8MM, 52, 0),
	FIELD("i8mm", ID_ISAR6_EL1, I8MM, 24, 0),
	FIELD("xs", ID_AA64ISAR1_EL1, XS, 56, 0),
	FIELD("ls64", ID_AA64ISAR1_EL1, LS64, 60, 0),
	FIELD("wfxt", ID_AA64ISAR2_EL1, WFxT, 0, 0),
	FIELD("rpres", ID_AA64ISAR2_EL1, RPRES, 4, 0),
	FIELD("mops", ID_AA64ISAR2_EL1, MOPS, 16, 0),
	FIELD("hbc", ID_AA64ISAR2_EL1, BC, 20, 0),
	FIELD("clrbhb", ID_AA64ISAR2_EL1, CLRBHB, 28, 0),
	FIELD("rprfm", ID_AA64ISAR2_EL1, RPRFM, 48, 0),
	FIELD("cssc", ID_AA64ISAR2_EL1, CSSC, 52, 0),

	FIELD("exs", ID_AA64MMFR0_EL1, ExS, 44, 0),
	FIELD("fgt", ID_AA64MMFR0_EL1, FGT, 56, 0),
	FIELD("ecv", ID_AA64MMFR0_EL1, ECV, 60, 0),
	FIELD("hafdbs", ID_AA64MMFR1_EL1, HAFDBS, 0, 0),
	FIELD("hpds", ID_AA64MMFR1_EL1, HPDS, 12, 0),
	FIELD("lor", ID_AA64MMFR1_EL1, LO, 16, 0),
	FIELD("pan", ID_AA64MMFR1_EL1, PAN, 20, 0),
	FIELD("pan2", ID_AA64MMFR1_EL1, PAN, 20, 1),
	FIELD("pan3", ID_AA64MMFR1_EL1, PAN, 20, 2),
	FIELD("ets2", ID_AA64MMFR1_EL1, ETS, 36, 1),
	FIELD("afp", ID_AA64MMFR1_EL1, AFP, 44, 0),
	FIELD("ntlbpa", ID_AA64MMFR1_EL1, nTLBPA, 48, 0),
	FIELD("tidcp1", ID_AA64MMFR1_EL1, TIDCP1, 52, 0),
	FIELD("cmow", ID_AA64MMFR1_EL1, CMOW, 56, 0),
	FIELD("ttcnp", ID_AA64MMFR2_EL1, CnP, 0, 0),
	FIELD("uao", ID_AA64MMFR2_EL1, UAO, 4, 0),
	FIELD("lsmaoc", ID_AA64MMFR2_EL1, LSM, 8, 0),
	FIELD("iesb", ID_AA64MMFR2_EL1, IESB, 12, 0),
	FIELD("lva", ID_AA64MMFR2_EL1, VARange, 16, 0),
	FIELD("ttst", ID_AA64MMFR2_EL1, ST, 28, 0),
	FIELD("lse2", ID_AA64MMFR2_EL1, AT, 32, 0),
	FIELD("ttl", ID_AA64MMFR2_EL1, TTL, 48, 0),
	FIELD("bbm", ID_AA64MMFR2_EL1, BBM, 52, 0),
	FIELD("evt", ID_AA64MMFR2_EL1, EVT, 56, 0),
	FIELD("e0pd", ID_AA64MMFR2_EL1, E0PD, 60, 0),
};

const unsigned int tl_id_field_count = sizeof(tl_id_fields) / sizeof(tl_id_fields[0]);

int tl_id_fields_find(const char *name, size_t length)
{
	for (unsigned int i = 0; i < tl_id_field_count; i++) {
		const char *feature = tl_id_fields[i].feature;

		if (strlen(feature) == length && !memcmp(feature, name, length))
			return (int)i;
	}
	return -1;
}

unsigned int tl_id_fields_of(unsigned int index)
{
	unsigned int count = 1;

	while (index + count < tl_id_field_count &&
		!strcmp(tl_id_fields[index + count].feature, tl_id_fields[index].feature))
		count++;
	return count;
}

static int value_of(const struct tl_id_field *field, uint64_t value)
{
	int bits = (int)(value >> field->shift & 0xf);

	return field->is_signed && bits >= 8 ? bits - 16 : bits;
}

bool tl_id_field_on(const struct tl_id_field *field, uint64_t value)
{
	return value_of(field, value) > field->off;
}

uint64_t tl_id_field_mask(const struct tl_id_field *field)
{
	return UINT64_C(0xf) << field->shift;
}

uint64_t tl_id_field_hide(const struct tl_id_field *field, uint64_t value)
{
	if (!tl_id_field_on(field, value))
		return value;
	return (value & ~tl_id_field_mask(field)) | (uint64_t)((unsigned int)field->off & 0xf)
							    << field->shift;
}
