/* SPDX-License-Identifier: MIT */
/*
 * Registers that turn the MMU on (DDI 0487, D23.2; for 32-bit vCPUs G8.2, whose registers KVM
 * keeps in those of AArch64 that the architecture maps them to).
 */
#include "vmm/lab/regs.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/vcpu.h"

#define CORE(field)      TL_VCPU_CORE_REG(offsetof(struct kvm_regs, field))
#define MAIR_EL1         ARM64_SYS_REG(3, 0, 10, 2, 0)
#define TCR_EL1          ARM64_SYS_REG(3, 0, 2, 0, 2)
#define TTBR0_EL1        ARM64_SYS_REG(3, 0, 2, 0, 0)
#define SCTLR_EL1        ARM64_SYS_REG(3, 0, 1, 0, 0)
#define ID_AA64MMFR0_EL1 ARM64_SYS_REG(3, 0, 0, 7, 0)

/* Normal memory, write-back and allocating; Device-nGnRnE. */
#define MAIR (UINT64_C(0xff) << 8 * TL_LAB_NORMAL | UINT64_C(0x00) << 8 * TL_LAB_DEVICE)

/* TCR_EL1: walks are cached as the memory itself is, and TTBR1_EL1 is not used. */
#define TCR_WALKS (UINT64_C(1) << 8 | UINT64_C(1) << 10 | UINT64_C(3) << 12)
#define TCR_EPD1  (UINT64_C(1) << 23)
#define TCR_TG0   14
#define TTBCR_EAE (UINT64_C(1) << 31)

#define SCTLR_M (UINT64_C(1) << 0)
#define SCTLR_C (UINT64_C(1) << 2)
#define SCTLR_I (UINT64_C(1) << 12)

static const struct tl_lab_field mair_fields[] = {
	{"Attr0", 7, 0, "0xff: Normal memory, write-back; for RAM"},
	{"Attr1", 15, 8, "0x00: Device-nGnRnE: each access as it is written; for the debug port"},
};

static const struct tl_lab_field tcr_fields[] = {
	{"T0SZ", 5, 0, "virtual addresses have 64 less so many bits"},
	{"EPD0", 7, 7, "0: TTBR0_EL1 is used"},
	{"IRGN0", 9, 8, "1: walks of the table are cached, write-back"},
	{"ORGN0", 11, 10, "1: the same of outer caches"},
	{"SH0", 13, 12, "3: inner shareable, coherent with other CPUs and this VMM"},
	{"TG0", 15, 14, "granule: 0 is 4 KiB, 1 is 64 KiB, 2 is 16 KiB"},
	{"EPD1", 23, 23, "1: TTBR1_EL1 is not used: high addresses fault"},
	{"IPS", 34, 32, "0: guest-physical addresses have 32 bits"},
};

static const struct tl_lab_field ttbcr_fields[] = {
	{"T0SZ", 2, 0, "virtual addresses have 32 less so many bits"},
	{"IRGN0", 9, 8, "1: walks of the table are cached, write-back"},
	{"ORGN0", 11, 10, "1: the same of outer caches"},
	{"SH0", 13, 12, "3: inner shareable, coherent with other CPUs and this VMM"},
	{"EPD1", 23, 23, "1: TTBR1 is not used"},
	{"EAE", 31, 31, "1: long descriptors, as AArch64 has them (LPAE)"},
};

static const struct tl_lab_field ttbr_fields[] = {
	{"ASID", 63, 48, "whose translations these are; there is one address space"},
	{"BADDR", 47, 1, "the table's address, without bit 0"},
	{"CnP", 0, 0, "0: CPUs do not share translations"},
};

static const struct tl_lab_field sctlr_fields[] = {
	{"M", 0, 0, "1: the MMU is on, from the first instruction"},
	{"A", 1, 1, "0: unaligned accesses are allowed"},
	{"C", 2, 2, "1: data are cached"},
	{"I", 12, 12, "1: instructions are cached"},
	{"WXN", 19, 19, "0: what can be written can be executed: code and answer share a block"},
	{"EE", 25, 25, "0: little-endian"},
};

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define NO_FIELDS     NULL, 0

static void make64(struct tl_lab_regs *regs, const struct tl_lab_start *start)
{
	unsigned int shift = start->format.granule_shift;
	uint64_t tg0 = shift == 12 ? 0 : shift == 16 ? 1 : 2;
	uint64_t tcr = (64 - start->format.va_bits) | TCR_WALKS | tg0 << TCR_TG0 | TCR_EPD1;
	uint64_t sctlr = start->sctlr | SCTLR_M | SCTLR_C | SCTLR_I;
	const struct tl_lab_reg all[] = {
		{"MAIR_EL1", MAIR_EL1, MAIR, "kinds of memory, by number", FIELDS(mair_fields)},
		{"TCR_EL1", TCR_EL1, tcr, "how to translate", FIELDS(tcr_fields)},
		{"TTBR0_EL1", TTBR0_EL1, start->table, "where the page table is",
			FIELDS(ttbr_fields)},
		{"SCTLR_EL1", SCTLR_EL1, sctlr, "system control, on top of what KVM has",
			FIELDS(sctlr_fields)},
		{"SP_EL1", CORE(sp_el1), start->sp, "the stack", NO_FIELDS},
		{"PC", CORE(regs.pc), start->pc, "the first instruction", NO_FIELDS},
		{"x0", CORE(regs.regs[0]), start->number, "the number of the vCPU", NO_FIELDS},
	};

	_Static_assert(sizeof(all) <= sizeof(regs->reg), "room for them");
	memcpy(regs->reg, all, sizeof(all));
	regs->count = sizeof(all) / sizeof(all[0]);
}

static void make32(struct tl_lab_regs *regs, const struct tl_lab_start *start)
{
	uint64_t ttbcr = (32 - start->format.va_bits) | TCR_WALKS | TCR_EPD1 | TTBCR_EAE;
	uint64_t sctlr = start->sctlr | SCTLR_M | SCTLR_C | SCTLR_I;
	const struct tl_lab_reg all[] = {
		{"MAIR0", MAIR_EL1, MAIR, "kinds of memory, by number", FIELDS(mair_fields)},
		{"TTBCR", TCR_EL1, ttbcr, "how to translate", FIELDS(ttbcr_fields)},
		{"TTBR0", TTBR0_EL1, start->table, "where the page table is", FIELDS(ttbr_fields)},
		{"SCTLR", SCTLR_EL1, sctlr, "system control, on top of what KVM has",
			FIELDS(sctlr_fields)},
		/* DDI 0487, D1.19.1: where AArch64 sees it. */
		{"SP_svc", CORE(regs.regs[19]), start->sp, "the stack (AArch64's X19)", NO_FIELDS},
		{"PC", CORE(regs.pc), start->pc, "the first instruction", NO_FIELDS},
		{"r0", CORE(regs.regs[0]), start->number, "the number of the vCPU", NO_FIELDS},
	};

	_Static_assert(sizeof(all) <= sizeof(regs->reg), "room for them");
	memcpy(regs->reg, all, sizeof(all));
	regs->count = sizeof(all) / sizeof(all[0]);
}

void tl_lab_regs_make(struct tl_lab_regs *regs, const struct tl_lab_start *start)
{
	if (start->aarch32)
		make32(regs, start);
	else
		make64(regs, start);
}

int tl_lab_regs_set(const struct tl_lab_regs *regs, const struct tl_vcpu *vcpu)
{
	for (unsigned int i = 0; i < regs->count; i++) {
		int ret = tl_vcpu_regs_set(vcpu, regs->reg[i].id, regs->reg[i].value);

		if (ret) {
			tl_log_error("cannot set %s of vCPU %u: %s", regs->reg[i].name, vcpu->id,
				strerror(-ret));
			return ret;
		}
	}
	return 0;
}

bool tl_lab_regs_unchanged(const struct tl_lab_regs *regs, const struct tl_vcpu *vcpu)
{
	for (unsigned int i = 0; i < regs->count; i++) {
		uint64_t id = regs->reg[i].id, now;

		if ((id == TCR_EL1 || id == SCTLR_EL1) &&
			(tl_vcpu_regs_get(vcpu, id, &now) || now != regs->reg[i].value))
			return false;
	}
	return true;
}

int tl_lab_regs_sctlr(const struct tl_vcpu *vcpu, uint64_t *value)
{
	return tl_vcpu_regs_get(vcpu, SCTLR_EL1, value);
}

int tl_lab_regs_check_granule(const struct tl_vcpu *vcpu, unsigned int shift)
{
	uint64_t mmfr0 = 0;
	int ret = tl_vcpu_regs_get(vcpu, ID_AA64MMFR0_EL1, &mmfr0);
	/* DDI 0487, ID_AA64MMFR0_EL1: of TGran4 and TGran64 15 is "none", of TGran16 0. */
	bool has4 = (mmfr0 >> 28 & 15) != 15, has16 = mmfr0 >> 20 & 15;
	bool has64 = (mmfr0 >> 24 & 15) != 15;

	if (ret) {
		tl_log_error("cannot read ID_AA64MMFR0_EL1: %s", strerror(-ret));
		return ret;
	}
	if (shift == 12 ? has4 : shift == 14 ? has16 : has64)
		return 0;
	tl_log_error(
		"--lab granule=%uk: this CPU has no such granule (ID_AA64MMFR0_EL1 is %#llx); it has%s%s%s",
		1u << (shift - 10), (unsigned long long)mmfr0, has4 ? " 4k" : "",
		has16 ? " 16k" : "", has64 ? " 64k" : "");
	return -ENODEV;
}

uint64_t tl_lab_field_of(const struct tl_lab_field *field, uint64_t value)
{
	return value >> field->low & (UINT64_MAX >> (63 - (field->high - field->low)));
}
