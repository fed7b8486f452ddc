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
/* The second range of redistributors on QEMU's virt board, unless RAM reaches as far. */
#define HIGH_REDISTS UINT64_C(0x4000000000)
#define HIGH_ALIGN   UINT64_C(0x4000000)
#define REGION_COUNT 52 /* KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: bits 63:52 */

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

static uint64_t high_redists(uint64_t ram_end)
{
	uint64_t behind = (ram_end + HIGH_ALIGN - 1) / HIGH_ALIGN * HIGH_ALIGN;

	return behind > HIGH_REDISTS ? behind : HIGH_REDISTS;
}

uint64_t tl_gic_address_end(const struct tl_gic_map *map, uint64_t ram_end, unsigned int vcpus)
{
	/* A machine may have no interrupt controller. */
	if (!map->redists || vcpus <= map->low_redists)
		return ram_end;
	return high_redists(ram_end) + (vcpus - map->low_redists) * TL_GIC_REDIST_SIZE;
}

static int create_its(struct tl_irqchip *gic)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_ITS, .fd = (__u32)-1};
	int ret = tl_kvm_ioctl_ptr(gic->vm_fd, KVM_CREATE_DEVICE, &device);

	if (ret && ret != -ENODEV) {
		tl_log_error("--msi on: cannot make the guest's ITS: %s", strerror(-ret));
		return ret;
	}
	if (ret) {
		tl_log_error("--msi on: this host cannot give guests an ITS: %s; try --gic 2",
			strerror(-ret));
		return -ENODEV;
	}
	gic->its_fd = (int)device.fd;
	return 0;
}

static int check_vcpus(const struct tl_irqchip *gic, unsigned int vcpus)
{
	unsigned int max = gic->kind == TL_GIC_V2 ? GIC_V2_MAX_VCPUS : TL_GIC_MAX_VCPUS;

	if (vcpus <= max)
		return 0;
	tl_log_error("--cpus %u: a GICv%d serves at most %u", vcpus, gic->kind == TL_GIC_V2 ? 2 : 3,
		max);
	return -ERANGE;
}

/* The kind that the machine is known for, or the other one. */
static int create_first(struct tl_irqchip *gic)
{
	bool v2 = gic->map->v2_first;
	int ret = create(gic, v2 ? TL_GIC_V2 : TL_GIC_V3);

	/* Any other error says nothing of the host's interrupt controller. */
	if (ret != -ENODEV)
		return ret;
	ret = create(gic, v2 ? TL_GIC_V3 : TL_GIC_V2);
	if (!ret && v2)
		tl_log_warn("this host has no GICv2 for guests: the machine gets a GICv3 at %#llx "
			    "instead, which the guest's kernel must know (--gic 3 says the same "
			    "without this warning, --gic 2 refuses)",
			(unsigned long long)gic->map->v3_dist.base);
	return ret;
}

int tl_gic_probe(struct tl_irqchip *gic, int vm_fd, const struct tl_gic_config *config)
{
	enum tl_gic_kind kind = config->kind;
	int ret;

	gic->map = config->map;
	gic->vm_fd = vm_fd;
	gic->kind = kind;
	if (kind == TL_GIC_NONE)
		return 0;
	if (kind == TL_GIC_AUTO)
		ret = create_first(gic);
	else
		ret = create(gic, kind);
	if (ret && ret != -ENODEV) {
		tl_log_error("cannot make the guest's interrupt controller: %s", strerror(-ret));
		return ret;
	}
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
	gic->msi = config->msi;
	gic->high_redists = high_redists(config->ram_end);
	ret = check_vcpus(gic, config->vcpus);
	if (!ret && gic->msi && gic->kind == TL_GIC_V3)
		ret = create_its(gic);
	return ret;
}

/* Two ranges where one has no room for all; the number in the low bits is the range's. */
static int place_redists(struct tl_irqchip *gic, unsigned int vcpus)
{
	unsigned int room = gic->map->low_redists;
	uint64_t low = gic->map->redists;
	uint64_t regions[] = {
		low | (uint64_t)room << REGION_COUNT,
		gic->high_redists | (uint64_t)(vcpus - room) << REGION_COUNT | 1,
	};
	int ret = 0;

	if (vcpus <= room)
		return tl_kvm_set_attr(
			gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &low);
	for (unsigned int i = 0; !ret && i < 2; i++)
		ret = tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR,
			KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION, &regions[i]);
	return ret;
}

static int place(struct tl_irqchip *gic, unsigned int vcpus)
{
	bool v3 = gic->kind == TL_GIC_V3;
	uint64_t dist = tl_gic_dist(gic->map, gic->kind)->base;
	uint64_t cpu = gic->map->v2_cpu.base;
	int ret = tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR,
		v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST, &dist);

	if (ret)
		return ret;
	return v3 ? place_redists(gic, vcpus)
		  : tl_kvm_set_attr(
			    gic->fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU, &cpu);
}

static int init_its(struct tl_irqchip *gic)
{
	uint64_t base = gic->map->its;
	int ret;

	if (gic->its_fd < 0)
		return 0;
	ret = tl_kvm_set_attr(
		gic->its_fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, &base);
	if (!ret)
		ret = tl_kvm_set_attr(
			gic->its_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	if (ret)
		tl_log_error("cannot initialise the guest's ITS: %s", strerror(-ret));
	return ret;
}

int tl_gic_init(struct tl_irqchip *gic, const struct tl_gic_config *config)
{
	unsigned int spis = config->spis;
	uint32_t irqs;
	int ret;

	if (gic->kind == TL_GIC_NONE)
		return 0;
	if (gic->msi && gic->kind == TL_GIC_V2 && spis < TL_GICV2M_SPI + TL_GICV2M_SPIS)
		spis = TL_GICV2M_SPI + TL_GICV2M_SPIS;
	/* No more lines than the devices need: a guest's driver sets up each of them, by exits. */
	irqs = PRIVATE_IRQS + (spis + 31) / 32 * 32;
	gic->irqs = irqs < MIN_IRQS ? MIN_IRQS : irqs;
	ret = place(gic, config->vcpus);
	if (!ret)
		ret = tl_kvm_set_attr(gic->fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &gic->irqs);
	if (!ret)
		ret = tl_kvm_set_attr(
			gic->fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	if (ret)
		tl_log_error("cannot initialise the guest's GICv%d: %s",
			gic->kind == TL_GIC_V3 ? 3 : 2, strerror(-ret));
	return ret ? ret : init_its(gic);
}

void tl_gic_fini(struct tl_irqchip *gic)
{
	if (gic->its_fd >= 0)
		close(gic->its_fd);
	if (gic->fd >= 0)
		close(gic->fd);
	*gic = TL_IRQCHIP_INIT;
}

static int drive(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	struct kvm_irq_level line = {
		.irq = (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT) | (spi + PRIVATE_IRQS),
		.level = level,
	};

	return tl_kvm_ioctl_ptr(gic->vm_fd, KVM_IRQ_LINE, &line);
}

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	uint32_t bit = UINT32_C(1) << spi % 32;
	int ret;

	if (spi >= TL_GIC_SPIS)
		return -EINVAL;
	tl_lock_acquire(&gic->lock);
	ret = drive(gic, spi, level);
	if (level)
		gic->up[spi / 32] |= bit;
	else
		gic->up[spi / 32] &= ~bit;
	tl_lock_release(&gic->lock);
	return ret;
}

void tl_gic_raise_again(struct tl_irqchip *gic)
{
	tl_lock_acquire(&gic->lock);
	for (unsigned int spi = 0; spi < TL_GIC_SPIS; spi++) {
		if (!(gic->up[spi / 32] >> spi % 32 & 1))
			continue;
		(void)drive(gic, spi, false);
		(void)drive(gic, spi, true);
	}
	tl_lock_release(&gic->lock);
}

static bool is_in(uint64_t gpa, uint64_t base, uint64_t size)
{
	return gpa >= base && gpa - base < size;
}

bool tl_gic_answers(const struct tl_irqchip *gic, uint64_t gpa)
{
	const struct tl_gic_map *map = gic->map;

	switch (gic->kind) {
	case TL_GIC_V2:
		return is_in(gpa, map->v2_dist.base, map->v2_dist.size) ||
		       is_in(gpa, map->v2_cpu.base, map->v2_cpu.size);
	case TL_GIC_V3:
		/* Behind the redistributors that are behind RAM there is nothing. */
		return is_in(gpa, map->v3_dist.base, map->v3_dist.size) ||
		       is_in(gpa, map->redists, map->low_redists * TL_GIC_REDIST_SIZE) ||
		       gpa >= gic->high_redists ||
		       (gic->its_fd >= 0 && is_in(gpa, map->its, TL_GIC_ITS_SIZE));
	default:
		return false;
	}
}
