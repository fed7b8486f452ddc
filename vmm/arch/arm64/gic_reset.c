/* SPDX-License-Identifier: MIT */
/*
 * Resetting the in-kernel GIC: KVM has no call for it, so every register that
 * holds state is written back to its reset value through the interface made
 * for migration. Register offsets: Arm IHI 0048B (GICv2, sections 4.3 and 4.4)
 * and IHI 0069H (GICv3, chapter 12).
 */
#include <errno.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/core/kvm.h"

/* Distributor; the redistributor's SGI frame repeats them for the private interrupts. */
#define GICD_CTLR       0x0000
#define GICD_IGROUPR    0x0080 /* 1 bit an interrupt */
#define GICD_ICENABLER  0x0180
#define GICD_ISPENDR    0x0200
#define GICD_ICPENDR    0x0280
#define GICD_ICACTIVER  0x0380
#define GICD_IPRIORITYR 0x0400 /* 8 bits an interrupt */
#define GICD_ICFGR      0x0c00 /* 2 bits an interrupt */
#define GICD_IROUTER    0x6000 /* GICv3: 64 bits an interrupt */
#define GICR_CTLR       0x0000
#define GICR_SGI_FRAME  0x10000
#define GICC_CTLR       0x00
#define GICC_PMR        0x04
#define GICC_BPR        0x08
#define GICC_APR0       0xd0

#define ALL UINT32_C(0xffffffff)

/* A GICv3 CPU interface register that has a reset value of zero. */
#define ICC(op1, crn, crm, op2)                                                                    \
	((op1) << KVM_REG_ARM64_SYSREG_OP1_SHIFT | (crn) << KVM_REG_ARM64_SYSREG_CRN_SHIFT |       \
		(crm) << KVM_REG_ARM64_SYSREG_CRM_SHIFT |                                          \
		(op2) << KVM_REG_ARM64_SYSREG_OP2_SHIFT |                                          \
		UINT64_C(3) << KVM_REG_ARM64_SYSREG_OP0_SHIFT)

static const uint64_t icc_zeroed[] = {
	ICC(0, 4, 6, 0),   /* ICC_PMR_EL1 */
	ICC(0, 12, 8, 3),  /* ICC_BPR0_EL1 */
	ICC(0, 12, 8, 4),  /* ICC_AP0R0_EL1 */
	ICC(0, 12, 9, 0),  /* ICC_AP1R0_EL1 */
	ICC(0, 12, 12, 3), /* ICC_BPR1_EL1 */
	ICC(0, 12, 12, 6), /* ICC_IGRPEN0_EL1 */
	ICC(0, 12, 12, 7), /* ICC_IGRPEN1_EL1 */
};

/* One file of registers: which attribute group, and which CPU's. */
struct frame {
	const struct tl_irqchip *gic;
	uint32_t group;
	uint64_t cpu;    /* as the attribute wants it, shifted */
	uint64_t offset; /* added to every register's */
};

static int put(const struct frame *frame, uint64_t reg, uint32_t value)
{
	return tl_kvm_set_attr(
		frame->gic->fd, frame->group, frame->cpu | (frame->offset + reg), &value);
}

/* Writes `value` to the registers of interrupts [first, end) in a file of `bits` an interrupt. */
static int put_range(const struct frame *frame, uint64_t reg, unsigned int bits, unsigned int first,
	unsigned int end, uint32_t value)
{
	for (unsigned int irq = first; irq < end; irq += 32 / bits) {
		int ret = put(frame, reg + irq * bits / 8, value);

		if (ret)
			return ret;
	}
	return 0;
}

static int reset_irqs(const struct frame *frame, unsigned int first, unsigned int end)
{
	bool v3 = frame->gic->kind == TL_GIC_V3;
	int ret = put_range(frame, GICD_ICENABLER, 1, first, end, ALL);

	if (!ret)
		ret = put_range(frame, GICD_ICACTIVER, 1, first, end, ALL);
	/* On a GICv3, user space sets the whole pending state by one write to ISPENDR. */
	if (!ret)
		ret = v3 ? put_range(frame, GICD_ISPENDR, 1, first, end, 0)
			 : put_range(frame, GICD_ICPENDR, 1, first, end, ALL);
	if (!ret)
		ret = put_range(frame, GICD_IPRIORITYR, 8, first, end, 0);
	/* Configuration of SGIs and PPIs is fixed; the rest resets to level. */
	if (!ret && first >= 32)
		ret = put_range(frame, GICD_ICFGR, 2, first, end, 0);
	if (!ret)
		ret = put_range(frame, GICD_IGROUPR, 1, first, end, v3 ? ALL : 0);
	return ret;
}

static int reset_v3_cpu(const struct tl_irqchip *gic, unsigned int vcpu)
{
	/* Affinity 0 holds 16 vCPUs: vcpu_id 0x123 is Aff1 0x12, Aff0 0x3 (KVM's reset_mpidr()). */
	uint64_t affinity = (uint64_t)(vcpu & 0xf) | (uint64_t)(vcpu >> 4 & 0xff) << 8;
	uint64_t cpu = affinity << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;
	struct frame redist = {gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, cpu, 0};
	struct frame sgi = {gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, cpu, GICR_SGI_FRAME};
	/* A guest that finds LPIs enabled cannot say where its tables are (GICR_PROPBASER). */
	int ret = gic->its_fd < 0 ? 0 : put(&redist, GICR_CTLR, 0);

	if (!ret)
		ret = reset_irqs(&sgi, 0, 32);

	for (size_t i = 0; !ret && i < sizeof(icc_zeroed) / sizeof(icc_zeroed[0]); i++) {
		uint64_t zero = 0;

		ret = tl_kvm_set_attr(
			gic->fd, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, cpu | icc_zeroed[i], &zero);
	}
	return ret;
}

static int reset_v2_cpu(const struct tl_irqchip *gic, unsigned int vcpu)
{
	uint64_t cpu = (uint64_t)vcpu << KVM_DEV_ARM_VGIC_CPUID_SHIFT;
	struct frame dist = {gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, cpu, 0};
	struct frame iface = {gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, cpu, 0};
	int ret = reset_irqs(&dist, 0, 32);

	if (!ret)
		ret = put(&iface, GICC_CTLR, 0);
	if (!ret)
		ret = put(&iface, GICC_PMR, 0);
	if (!ret)
		ret = put(&iface, GICC_BPR, 0);
	if (!ret)
		ret = put(&iface, GICC_APR0, 0);
	return ret;
}

int tl_gic_reset(struct tl_irqchip *gic, unsigned int vcpus)
{
	struct frame dist = {gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, 0};
	int ret;

	if (gic->kind == TL_GIC_NONE)
		return 0;
	ret = put(&dist, GICD_CTLR, 0);
	if (!ret)
		ret = reset_irqs(&dist, 32, gic->irqs);
	for (unsigned int irq = 32; !ret && gic->kind == TL_GIC_V3 && irq < gic->irqs; irq++) {
		ret = put(&dist, GICD_IROUTER + irq * 8u, 0);
		if (!ret)
			ret = put(&dist, GICD_IROUTER + irq * 8u + 4, 0);
	}
	for (unsigned int i = 0; !ret && i < vcpus; i++)
		ret = gic->kind == TL_GIC_V3 ? reset_v3_cpu(gic, i) : reset_v2_cpu(gic, i);
	if (!ret && gic->its_fd >= 0)
		ret = tl_kvm_set_attr(
			gic->its_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, NULL);
	return ret;
}
