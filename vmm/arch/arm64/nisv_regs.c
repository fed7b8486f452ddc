/* SPDX-License-Identifier: MIT */
/*
 * KVM's view of them is the 64-bit one (Documentation/virt/kvm/api.rst, 4.68; DDI 0487, D1.20.2,
 * mapping of the general-purpose registers between the Execution states).
 */
#include "vmm/arch/arm64/nisv_regs.h"

#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>

#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/vm.h"

#define REG_PC     TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.pc))
#define REG_PSTATE TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.pstate))
#define REG_SP_EL0 TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.sp))
#define REG_SP_EL1 TL_VCPU_CORE_REG(offsetof(struct kvm_regs, sp_el1))
#define REG_V0                                                                                     \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(fp_regs.vregs))
/* A vCPU with SVE has its V registers in the Z registers. */
#define Z_BYTES 256

/* PSTATE and SCTLR_EL1 (DDI 0487, SPSR_EL2 and SCTLR_EL1). */
#define PSTATE_SP      (UINT64_C(1) << 0)
#define PSTATE_AARCH32 (UINT64_C(1) << 4)
#define PSTATE_T       (UINT64_C(1) << 5)
#define PSTATE_E       (UINT64_C(1) << 9)
#define PSTATE_BTYPE   (UINT64_C(3) << 10)
#define PSTATE_SS      (UINT64_C(1) << 21)
#define PSTATE_IT_7_2  (UINT64_C(0x3f) << 10)
#define PSTATE_IT_1_0  (UINT64_C(3) << 25)
#define SCTLR_E0E      (UINT64_C(1) << 24)
#define SCTLR_EE       (UINT64_C(1) << 25)

int tl_nisv_cpu_init(struct tl_nisv_cpu *cpu, const struct tl_vcpu *vcpu, uint64_t sctlr)
{
	int ret = tl_vcpu_regs_get(vcpu, REG_PC, &cpu->pc);

	cpu->vcpu = vcpu;
	if (!ret)
		ret = tl_vcpu_regs_get(vcpu, REG_PSTATE, &cpu->pstate);
	if (ret)
		return ret;
	cpu->is_user = (cpu->pstate & 0xf) == 0;
	if (cpu->pstate & PSTATE_AARCH32) {
		cpu->set = cpu->pstate & PSTATE_T ? TL_INSN_T32 : TL_INSN_A32;
		cpu->big_endian = cpu->pstate & PSTATE_E;
		cpu->pc = (uint32_t)cpu->pc;
	} else {
		cpu->set = TL_INSN_A64;
		cpu->big_endian = sctlr & (cpu->is_user ? SCTLR_E0E : SCTLR_EE);
	}
	return 0;
}

int tl_nisv_get(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t *value)
{
	int ret;

	if (cpu->set == TL_INSN_A64) {
		*value = 0;
		return n == 31 ? 0 : tl_vcpu_regs_get_x(cpu->vcpu, n, value);
	}
	if (n == TL_INSN_PC_32) {
		*value = (uint32_t)(cpu->pc + (cpu->set == TL_INSN_T32 ? 4 : 8));
		return 0;
	}
	ret = tl_vcpu_regs_get_x(cpu->vcpu, n, value);
	*value = (uint32_t)*value;
	return ret;
}

int tl_nisv_set(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t value)
{
	if (cpu->set == TL_INSN_A64)
		return n == 31 ? 0 : tl_vcpu_regs_set_x(cpu->vcpu, n, value);
	return tl_vcpu_regs_set_x(cpu->vcpu, n, (uint32_t)value);
}

static uint64_t stack_pointer(const struct tl_nisv_cpu *cpu)
{
	return cpu->is_user || !(cpu->pstate & PSTATE_SP) ? REG_SP_EL0 : REG_SP_EL1;
}

int tl_nisv_get_base(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t *value)
{
	int ret;

	if (cpu->set != TL_INSN_A64) {
		ret = tl_nisv_get(cpu, n, value);
		if (n == TL_INSN_PC_32)
			*value &= ~UINT64_C(3);
		return ret;
	}
	if (n == TL_INSN_PC) {
		*value = cpu->pc;
		return 0;
	}
	return n == TL_INSN_SP ? tl_vcpu_regs_get(cpu->vcpu, stack_pointer(cpu), value)
			       : tl_nisv_get(cpu, n, value);
}

int tl_nisv_set_base(const struct tl_nisv_cpu *cpu, unsigned int n, uint64_t value)
{
	if (cpu->set == TL_INSN_A64 && n == TL_INSN_SP)
		return tl_vcpu_regs_set(cpu->vcpu, stack_pointer(cpu), value);
	return tl_nisv_set(cpu, n, value);
}

static bool has_sve(const struct tl_nisv_cpu *cpu)
{
	return cpu->vcpu->vm->cpu.on[TL_CPU_SVE];
}

int tl_nisv_get_v(const struct tl_nisv_cpu *cpu, unsigned int n, uint8_t value[16])
{
	uint8_t z[Z_BYTES] = {0};
	int ret;

	if (!has_sve(cpu))
		return tl_vcpu_regs_read(cpu->vcpu, REG_V0 + 4 * n, value);
	ret = tl_vcpu_regs_read(cpu->vcpu, KVM_REG_ARM64_SVE_ZREG(n, 0), z);
	memcpy(value, z, 16);
	return ret;
}

int tl_nisv_set_v(const struct tl_nisv_cpu *cpu, unsigned int n, const uint8_t value[16])
{
	uint8_t z[Z_BYTES] = {0};

	if (!has_sve(cpu))
		return tl_vcpu_regs_write(cpu->vcpu, REG_V0 + 4 * n, value);
	/* A write to V zeroes the rest of Z (DDI 0487, B1.2.2). */
	memcpy(z, value, 16);
	return tl_vcpu_regs_write(cpu->vcpu, KVM_REG_ARM64_SVE_ZREG(n, 0), z);
}

/* ITAdvance() (DDI 0487, shared/functions/system): of an IT block, what is left. */
static uint64_t next_in_block(uint64_t pstate)
{
	uint64_t it = (pstate >> 8 & 0xfc) | (pstate >> 25 & 3);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (pstate & ~(PSTATE_IT_7_2 | PSTATE_IT_1_0)) | (it & 0xfc) << 8 | (it & 3) << 25;
}

int tl_nisv_advance(const struct tl_nisv_cpu *cpu, unsigned int length)
{
	uint64_t pc = cpu->pc + length;
	uint64_t pstate = cpu->pstate & ~PSTATE_SS;
	int ret;

	if (cpu->set == TL_INSN_A64)
		pstate &= ~PSTATE_BTYPE;
	else if (cpu->set == TL_INSN_T32)
		pstate = next_in_block(pstate);
	if (cpu->set != TL_INSN_A64)
		pc = (uint32_t)pc;
	ret = tl_vcpu_regs_set(cpu->vcpu, REG_PC, pc);
	return ret || pstate == cpu->pstate ? ret : tl_vcpu_regs_set(cpu->vcpu, REG_PSTATE, pstate);
}
