/* SPDX-License-Identifier: MIT */
/*
 * Creating and driving the in-kernel GIC (Documentation/virt/kvm/devices/
 * arm-vgic.rst and arm-vgic-v3.rst).
 */
#include "vmm/arch/arm64/gic.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/kvm.h"

#define GIC_V2_MAX_VCPUS 8
#define PRIVATE_IRQS     32
/* The fewest that KVM takes, private ones included. */
#define MIN_IRQS 64

static int create(struct tl_irqchip *gic, enum tl_gic_kind kind)
{
	struct kvm_create_device device = {
		.type = kind == TL_GIC_V3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2,
		.fd = (__u32)-1,
	};
	int ret = tl_kvm_ioctl_ptr(gic->vm_fd, KVM_CREATE_DEVICE, &device);

	if (ret)
		return ret;
	gic->fd = (int)device.fd;
	gic->kind = kind;
	return 0;
}

int tl_gic_probe(struct tl_irqchip *gic, int vm_fd, enum tl_gic_kind kind, unsigned int vcpus)
{
	int ret = -ENODEV;

	gic->vm_fd = vm_fd;
	if (kind != TL_GIC_V2)
		ret = create(gic, TL_GIC_V3);
	if (ret && kind != TL_GIC_V3)
		ret = create(gic, TL_GIC_V2);
	if (ret) {
		tl_log_error("this host cannot give guests a %s: %s; %s",
			kind == TL_GIC_V2   ? "GICv2"
			: kind == TL_GIC_V3 ? "GICv3"
					    : "GICv3 or GICv2",
			strerror(-ret),
			kind == TL_GIC_AUTO
				? "its own interrupt controller has no virtual CPU interface"
				: "try --gic auto");
		return -ENODEV;
	}
	if (gic->kind == TL_GIC_V2 && vcpus > GIC_V2_MAX_VCPUS) {
		tl_log_error("--cpus %u: a GICv2 serves at most %u", vcpus, GIC_V2_MAX_VCPUS);
		return -ERANGE;
	}
	if (vcpus > TL_GIC_MAX_REDISTS) {
		tl_log_error("--cpus %u: machine virt has room for %u", vcpus, TL_GIC_MAX_REDISTS);
		return -ERANGE;
	}
	return 0;
}

static int place(struct tl_irqchip *gic)
{
	bool v3 = gic->kind == TL_GIC_V3;
	uint64_t dist = TL_GIC_DIST_BASE;
	uint64_t second = v3 ? TL_GIC_REDIST_BASE : TL_GIC_CPU_BASE;
	int ret = tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR,
		v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST, &dist);

	if (ret)
		return ret;
	return tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR,
		v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU, &second);
}

int tl_gic_init(struct tl_irqchip *gic, unsigned int vcpus, unsigned int spis)
{
	uint32_t irqs = PRIVATE_IRQS + (spis + 31) / 32 * 32;
	int ret;

	(void)vcpus;
	/* No more lines than the devices need: a guest's driver sets up each of them, by exits. */
	gic->irqs = irqs < MIN_IRQS ? MIN_IRQS : irqs;
	ret = place(gic);
	if (!ret)
		ret = tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &gic->irqs);
	if (!ret)
		ret = tl_kvm_set_attr(
			gic->fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	if (ret)
		tl_log_error("cannot initialise the guest's GICv%d: %s",
			gic->kind == TL_GIC_V3 ? 3 : 2, strerror(-ret));
	return ret;
}

void tl_gic_fini(struct tl_irqchip *gic)
{
	if (gic->fd >= 0)
		close(gic->fd);
	*gic = TL_IRQCHIP_INIT;
}

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	struct kvm_irq_level line = {
		.irq = (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT) | (spi + PRIVATE_IRQS),
		.level = level,
	};

	return tl_kvm_ioctl_ptr(gic->vm_fd, KVM_IRQ_LINE, &line);
}
