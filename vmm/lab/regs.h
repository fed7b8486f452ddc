/* SPDX-License-Identifier: MIT */
/*
 * The registers that machine lab gives a vCPU before it starts, with what the fields of each are
 * for: one table for setting them and for explaining them.
 */
#ifndef TL_VMM_LAB_REGS_H
#define TL_VMM_LAB_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/arch/arm64/page_table.h"

struct tl_vcpu;

#define TL_LAB_REGS 8

struct tl_lab_field {
	const char *name;
	unsigned int high, low; /* bits */
	const char *says;       /* what its values mean */
};

struct tl_lab_reg {
	const char *name;
	uint64_t id;    /* for KVM_SET_ONE_REG */
	uint64_t value; /* that it was set to */
	const char *says;
	const struct tl_lab_field *fields; /* NULL: it has none */
	unsigned int field_count;
};

/* In the order in which they are set. */
struct tl_lab_regs {
	struct tl_lab_reg reg[TL_LAB_REGS];
	unsigned int count;
};

struct tl_lab_start {
	struct tl_pt_format format;
	uint64_t table; /* guest physical address of the page table */
	uint64_t pc, sp;
	uint64_t number; /* of the vCPU, for x0 */
	uint64_t sctlr;  /* what SCTLR_EL1 is after KVM_ARM_VCPU_INIT */
	bool aarch32;
};

/* Attributes of memory, by their place in MAIR_EL1. */
#define TL_LAB_NORMAL 0
#define TL_LAB_DEVICE 1

/* The registers and their values. Arithmetic only. */
void tl_lab_regs_make(struct tl_lab_regs *regs, const struct tl_lab_start *start);

/* Sets them on a vCPU that does not run. Returns 0 or -errno (logged). */
int tl_lab_regs_set(const struct tl_lab_regs *regs, const struct tl_vcpu *vcpu);

/* Whether those that say how to translate are still what they were set to. */
bool tl_lab_regs_unchanged(const struct tl_lab_regs *regs, const struct tl_vcpu *vcpu);

/* What SCTLR_EL1 is now. Returns 0 or -errno. */
int tl_lab_regs_sctlr(const struct tl_vcpu *vcpu, uint64_t *value);

/*
 * Whether the vCPU's MMU has a granule of 1 << shift bytes (ID_AA64MMFR0_EL1). Returns 0, -ENODEV
 * or another -errno (logged).
 */
int tl_lab_regs_check_granule(const struct tl_vcpu *vcpu, unsigned int shift);

/* The value of a field. */
uint64_t tl_lab_field_of(const struct tl_lab_field *field, uint64_t value);

#endif
