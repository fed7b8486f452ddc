/* SPDX-License-Identifier: MIT */
/*
 * An arm64 vCPU's registers (Documentation/virt/kvm/api.rst, 4.68 KVM_SET_ONE_REG
 * and 4.82 KVM_ARM_VCPU_INIT).
 */
#include "vmm/arch/arm64/vcpu_regs.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

#define REG_PC        TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.pc))
#define REG_PSTATE    TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.pstate))
#define REG_X(n)      TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.regs) + (n) * sizeof(__u64))
#define REG_MPIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 5)
#define REG_SCTLR_EL1 ARM64_SYS_REG(3, 0, 1, 0, 0)
#define REG_TTBR0_EL1 ARM64_SYS_REG(3, 0, 2, 0, 0)
#define REG_TTBR1_EL1 ARM64_SYS_REG(3, 0, 2, 0, 1)
#define REG_TCR_EL1   ARM64_SYS_REG(3, 0, 2, 0, 2)

/* MPIDR_EL1: Aff3 in bits 39:32, Aff2 to Aff0 in 23:0 (DDI 0487). */
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)
/* SCTLR_EL1.EE: data of this exception level is big-endian. */
#define SCTLR_EE (UINT64_C(1) << 25)

/*
 * PSTATE of an AArch32 vCPU (DDI 0487, SPSR_EL2, exception from AArch32), and how it starts: in
 * Supervisor mode with A, I and F masked.
 */
#define PSTATE_T     (UINT64_C(1) << 5)
#define PSTATE_E     (UINT64_C(1) << 9)
#define PSTATE_START UINT64_C(0x1d3)
enum { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT = 7, MODE_UND = 11, MODE_SYS = 15 };

/* arm/booting.rst, section 5: r1 of a kernel that has a device tree. */
#define MACHINE_TYPE_NONE UINT64_C(0xffffffff)

int tl_vcpu_regs_read(const struct tl_vcpu *vcpu, uint64_t id, void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return tl_kvm_ioctl_ptr(vcpu->fd, KVM_GET_ONE_REG, &reg);
}

int tl_vcpu_regs_write(const struct tl_vcpu *vcpu, uint64_t id, const void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_ONE_REG, &reg);
}

int tl_vcpu_regs_get(const struct tl_vcpu *vcpu, uint64_t id, uint64_t *value)
{
	return tl_vcpu_regs_read(vcpu, id, value);
}

int tl_vcpu_regs_set(const struct tl_vcpu *vcpu, uint64_t id, uint64_t value)
{
	return tl_vcpu_regs_write(vcpu, id, &value);
}

static int init_vcpu(struct tl_vcpu *vcpu, bool off)
{
	struct kvm_vcpu_init init = {0};
	int ret = tl_kvm_ioctl_ptr(vcpu->vm->vm_fd, KVM_ARM_PREFERRED_TARGET, &init);

	if (ret) {
		tl_log_error("KVM names no CPU model for guests on this host: %s", strerror(-ret));
		return ret;
	}
	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2 | vcpu->vm->cpu.init;
	if (off)
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	ret = tl_kvm_ioctl_ptr(vcpu->fd, KVM_ARM_VCPU_INIT, &init);
	if (ret)
		tl_log_error("cannot initialise vCPU %u (target %u): %s", vcpu->id, init.target,
			strerror(-ret));
	return ret;
}

int tl_vcpu_regs_init(struct tl_vcpu *vcpu)
{
	return init_vcpu(vcpu, vcpu->id > 0);
}

static int report_set(const struct tl_vcpu *vcpu, int ret)
{
	tl_log_error("cannot set the registers of vCPU %u: %s", vcpu->id, strerror(-ret));
	return ret;
}

/* Where a vCPU starts; in AArch32 as BX would go there: bit 0 says Thumb. */
static int set_start(const struct tl_vcpu *vcpu, uint64_t pc, bool big_endian)
{
	uint64_t thumb = pc & 1;
	int ret;

	if (!vcpu->vm->cpu.aarch32)
		return tl_vcpu_regs_set(vcpu, REG_PC, pc);
	ret = tl_vcpu_regs_set(vcpu, REG_PSTATE,
		PSTATE_START | (thumb ? PSTATE_T : 0) | (big_endian ? PSTATE_E : 0));
	return ret ? ret : tl_vcpu_regs_set(vcpu, REG_PC, pc - thumb);
}

int tl_vcpu_regs_restart(struct tl_vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	uint64_t sctlr = 0;
	int ret = tl_vcpu_regs_get(vcpu, REG_SCTLR_EL1, &sctlr);
	bool big_endian = sctlr & SCTLR_EE;

	if (!ret)
		ret = init_vcpu(vcpu, false);
	if (!ret && big_endian)
		ret = tl_vcpu_regs_get(vcpu, REG_SCTLR_EL1, &sctlr);
	if (!ret && big_endian)
		ret = tl_vcpu_regs_set(vcpu, REG_SCTLR_EL1, sctlr | SCTLR_EE);
	if (!ret)
		ret = set_start(vcpu, pc, big_endian);
	if (!ret)
		ret = tl_vcpu_regs_set(vcpu, REG_X(0), x0);
	return ret ? report_set(vcpu, ret) : 0;
}

int tl_vcpu_regs_set_boot(struct tl_vcpu *vcpu, uint64_t pc, uint64_t fdt)
{
	bool aarch32 = vcpu->vm->cpu.aarch32;
	int ret = set_start(vcpu, pc, false);

	if (!ret)
		ret = tl_vcpu_regs_set(vcpu, REG_X(0), aarch32 ? 0 : fdt);
	if (!ret && aarch32)
		ret = tl_vcpu_regs_set(vcpu, REG_X(1), MACHINE_TYPE_NONE);
	if (!ret && aarch32)
		ret = tl_vcpu_regs_set(vcpu, REG_X(2), fdt);
	return ret ? report_set(vcpu, ret) : 0;
}

uint64_t tl_vcpu_regs_pc(const struct tl_vcpu *vcpu)
{
	uint64_t pc = 0;

	if (tl_vcpu_regs_get(vcpu, REG_PC, &pc))
		return 0;
	return vcpu->vm->cpu.aarch32 ? (uint32_t)pc : pc;
}

/* DDI 0487, D1.20.1: where AArch64 has r8, r13 and r14 of AArch32's modes, by PSTATE.M[3:0]. */
static const struct {
	uint8_t r8, r13, r14;
} banks[16] = {
	[MODE_USR] = {8, 13, 14},
	[MODE_FIQ] = {24, 29, 30},
	[MODE_IRQ] = {8, 17, 16},
	[MODE_SVC] = {8, 19, 18},
	[MODE_ABT] = {8, 21, 20},
	[MODE_UND] = {8, 23, 22},
	[MODE_SYS] = {8, 13, 14},
};

/* Which register of AArch64 register n of this vCPU is, in the mode that it is in. */
static int find_x(const struct tl_vcpu *vcpu, unsigned int *n)
{
	uint64_t pstate = 0;
	unsigned int mode;
	int ret;

	if (!vcpu->vm->cpu.aarch32)
		return *n > 30 ? -EINVAL : 0;
	if (*n > 14)
		return -EINVAL;
	if (*n < 8)
		return 0;
	ret = tl_vcpu_regs_get(vcpu, REG_PSTATE, &pstate);
	mode = pstate & 0xf;
	if (ret || !banks[mode].r8)
		return ret ? ret : -EINVAL;
	*n = *n == 14 ? banks[mode].r14 : *n == 13 ? banks[mode].r13 : banks[mode].r8 + (*n - 8);
	return 0;
}

int tl_vcpu_regs_get_x(const struct tl_vcpu *vcpu, unsigned int n, uint64_t *value)
{
	int ret = find_x(vcpu, &n);

	if (!ret)
		ret = tl_vcpu_regs_get(vcpu, REG_X(n), value);
	if (!ret && vcpu->vm->cpu.aarch32)
		*value = (uint32_t)*value;
	return ret;
}

int tl_vcpu_regs_set_x(const struct tl_vcpu *vcpu, unsigned int n, uint64_t value)
{
	int ret = find_x(vcpu, &n);

	return ret ? ret
		   : tl_vcpu_regs_set(
			     vcpu, REG_X(n), vcpu->vm->cpu.aarch32 ? (uint32_t)value : value);
}

int tl_vcpu_regs_walk(const struct tl_vcpu *vcpu, struct tl_walk_regs *regs)
{
	int ret = tl_vcpu_regs_get(vcpu, REG_SCTLR_EL1, &regs->sctlr);

	/* A 32-bit EL1 has its registers in the same places (DDI 0487, G8.2). */
	regs->el1_32bit = vcpu->vm->cpu.aarch32;
	if (!ret)
		ret = tl_vcpu_regs_get(vcpu, REG_TCR_EL1, &regs->tcr);
	if (!ret)
		ret = tl_vcpu_regs_get(vcpu, REG_TTBR0_EL1, &regs->ttbr0);
	return ret ? ret : tl_vcpu_regs_get(vcpu, REG_TTBR1_EL1, &regs->ttbr1);
}

int tl_vcpu_regs_mpidr(const struct tl_vcpu *vcpu, uint64_t *mpidr)
{
	int ret = tl_vcpu_regs_get(vcpu, REG_MPIDR_EL1, mpidr);

	*mpidr &= MPIDR_AFFINITY;
	return ret;
}
