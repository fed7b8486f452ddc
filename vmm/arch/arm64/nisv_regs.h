/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's registers as its instructions name them: which of them is SP depends on the mode, and
 * 32-bit ones are in 64-bit ones. All functions are for the vCPU's own thread, and
 * return 0 or -errno.
 */
#ifndef TL_VMM_ARCH_ARM64_NISV_REGS_H
#define TL_VMM_ARCH_ARM64_NISV_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/insn/insn.h"

struct tl_vcpu;

struct tl_nisv_cpu {
	const struct tl_vcpu *vcpu;
	uint64_t pc, pstate;
	enum tl_insn_set set;
	bool is_user;    /* at EL0 */
	bool big_endian; /* its data */
};

/* `sctlr`: SCTLR_EL1, or SCTLR of a 32-bit EL1. */
int tl_nisv_cpu_init(struct tl_nisv_cpu *cpu, const struct tl_vcpu *vcpu, uint64_t sctlr);

/* As data and index: in A64, register 31 is zero; else register 15 is PC. */
int tl_nisv_get(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t *value);
int tl_nisv_set(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t value);

/* As base: in A64, TL_INSN_SP and TL_INSN_PC; else PC is that of a whole word. */
int tl_nisv_get_base(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t *value);
int tl_nisv_set_base(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t value);

/* V0 to V31, low byte first. */
int tl_nisv_get_v(const struct tl_nisv_cpu *cpu, unsigned int n, uint8_t value[16]);
int tl_nisv_set_v(const struct tl_nisv_cpu *cpu, unsigned int n, const uint8_t value[16]);

/* Goes on behind an instruction of `length` bytes. */
int tl_nisv_advance(const struct tl_nisv_cpu *cpu, unsigned int length);

/* The carry flag. */
static inline bool tl_nisv_carry(const struct tl_nisv_cpu *cpu)
{
	return cpu->pstate >> 29 & 1;
}

#endif
