/* SPDX-License-Identifier: MIT */
/*
 * An arm64 vCPU's registers, and how it is initialised. All functions are for
 * the vCPU's own thread, or any while it does not run.
 */
#ifndef TL_VMM_ARCH_ARM64_VCPU_REGS_H
#define TL_VMM_ARCH_ARM64_VCPU_REGS_H

#include <stdint.h>

#include "vmm/arch/arm64/walk.h"

struct tl_vcpu;

/*
 * KVM_ARM_VCPU_INIT with the host's preferred target, PSCI and the features of
 * the VM's CPUs. vCPU 0 is powered on, the rest wait for PSCI CPU_ON. Also resets a vCPU that has
 * run. Returns 0 or -errno (logged).
 */
int tl_vcpu_regs_init(struct tl_vcpu *vcpu);

/*
 * The same for a vCPU that comes back from suspend to RAM: powered on, at pc with x0, as by
 * PSCI CPU_ON; its data stay as big-endian as they were, and bit 0 of a 32-bit pc is for Thumb.
 * Returns 0 or -errno (logged).
 */
int tl_vcpu_regs_restart(struct tl_vcpu *vcpu, uint64_t pc, uint64_t x0);

/*
 * Sets the registers that the boot protocols name (arm64/booting.rst, arm/booting.rst): pc, and
 * the device tree's guest physical address in x0; of a 32-bit vCPU r0 = 0, r1 = ~0, r2 = device
 * tree, Supervisor mode, and bit 0 of pc is for Thumb code. Returns 0 or -errno (logged).
 */
int tl_vcpu_regs_set_boot(struct tl_vcpu *vcpu, uint64_t pc, uint64_t fdt);

/*
 * Any register, by its number for KVM_SET_ONE_REG. Return 0 or -errno. TL_VCPU_CORE_REG: that of
 * the 64-bit member at this offset of struct kvm_regs; an index counts 32-bit words.
 */
#define TL_VCPU_CORE_REG(offset)                                                                   \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | ((offset) / sizeof(__u32)))
int tl_vcpu_regs_get(const struct tl_vcpu *vcpu, uint64_t id, uint64_t *value);
int tl_vcpu_regs_set(const struct tl_vcpu *vcpu, uint64_t id, uint64_t value);
/* The same for those of any size, which their numbers tell. */
int tl_vcpu_regs_read(const struct tl_vcpu *vcpu, uint64_t id, void *value);
int tl_vcpu_regs_write(const struct tl_vcpu *vcpu, uint64_t id, const void *value);

/* The guest program counter (of 32 bits where the guest is), or 0 if KVM does not tell. */
uint64_t tl_vcpu_regs_pc(const struct tl_vcpu *vcpu);

/*
 * General-purpose register n: x0 to x30, or of a 32-bit vCPU r0 to r14 of the mode that it is in,
 * as 32 bits. Return 0 or -errno.
 */
int tl_vcpu_regs_get_x(const struct tl_vcpu *vcpu, unsigned int n, uint64_t *value);
int tl_vcpu_regs_set_x(const struct tl_vcpu *vcpu, unsigned int n, uint64_t value);

/* What its addresses are translated by at this time. Returns 0 or -errno. */
int tl_vcpu_regs_walk(const struct tl_vcpu *vcpu, struct tl_walk_regs *regs);

/* The vCPU's affinity, as the device tree's cpu node has it (MPIDR_EL1 without flags). 0 or -errno.
 */
int tl_vcpu_regs_mpidr(const struct tl_vcpu *vcpu, uint64_t *mpidr);

#endif
