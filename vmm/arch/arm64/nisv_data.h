/* SPDX-License-Identifier: MIT */
/*
 * The data of an access that is emulated: between registers and what is at its addresses, which
 * are devices and, where it crosses into them, memory. On the vCPU's thread.
 */
#ifndef TL_VMM_ARCH_ARM64_NISV_DATA_H
#define TL_VMM_ARCH_ARM64_NISV_DATA_H

#include <stdint.h>

struct tl_insn_access;
struct tl_nisv_cpu;
struct tl_vcpu;

struct tl_nisv_data {
	struct tl_vcpu *vcpu;
	const struct tl_nisv_cpu *cpu;
	const struct tl_insn_access *access;
	uint64_t bytes;  /* all of it */
	uint64_t first;  /* so many at gpa[0], the others at gpa[1]: each in a page of its own */
	uint64_t gpa[2]; /* guest physical */
};

/* Return 0 or -errno: KVM keeps a register to itself. */
int tl_nisv_data_store(const struct tl_nisv_data *data);
int tl_nisv_data_load(const struct tl_nisv_data *data);
int tl_nisv_data_zero(const struct tl_nisv_data *data);

/* What DC ZVA fills, in bytes: a power of two, at most a page. */
uint64_t tl_nisv_zero_bytes(void);

#endif
