/* SPDX-License-Identifier: MIT */
/*
 * The non-secure MSI frame of Arm's Server Base System Architecture (DEN0029
 * version 3, appendix E). It keeps no state: a write pulses the line, and the
 * guest has the interrupt's type set to edge.
 */
#include "vmm/dev/gicv2m.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/arch/arm64/gic.h"

#define MSI_TYPER     0x008 /* the first INTID in bits 25:16, how many in 9:0 */
#define MSI_SETSPI_NS 0x040 /* the INTID in bits 9:0 */
#define MSI_IIDR      0xfcc /* implementer in bits 11:0, product in 31:20 */

#define FIRST_INTID (TL_GICV2M_SPI + 32)
/* What QEMU's frame says; drivers know chips that need more care by other numbers. */
#define IIDR 0

struct gicv2m {
	struct tl_dev dev; /* first: the bus knows only this */
	struct tl_irqchip *irqchip;
};

static void set_spi(struct gicv2m *frame, uint32_t value)
{
	uint32_t intid = value & 0x3ff;

	if (intid < FIRST_INTID || intid >= FIRST_INTID + TL_GICV2M_SPIS)
		return;
	/* KVM refuses no line that it has. */
	(void)tl_gic_set_spi(frame->irqchip, intid - 32, true);
	(void)tl_gic_set_spi(frame->irqchip, intid - 32, false);
}

static enum tl_mmio_result gicv2m_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct gicv2m *frame = (struct gicv2m *)dev;

	if (access->size != 4)
		return TL_MMIO_UNHANDLED;
	switch (access->offset) {
	case MSI_SETSPI_NS:
		if (access->is_write)
			set_spi(frame, (uint32_t)access->value);
		else
			access->value = 0;
		return TL_MMIO_HANDLED;
	case MSI_TYPER:
		access->value = FIRST_INTID << 16 | TL_GICV2M_SPIS;
		return TL_MMIO_HANDLED;
	case MSI_IIDR:
		access->value = IIDR;
		return TL_MMIO_HANDLED;
	default:
		return TL_MMIO_UNHANDLED;
	}
}

static void gicv2m_fini(struct tl_dev *dev)
{
	free(dev);
}

static const struct tl_dev_ops gicv2m_ops = {
	.name = "gicm", /* as in trace/decode/device_regs.c */
	.mmio = gicv2m_mmio,
	.fini = gicv2m_fini,
};

int tl_gicv2m_create(struct tl_dev **dev, const struct tl_dev_env *env)
{
	struct gicv2m *frame = calloc(1, sizeof(*frame));

	if (!frame)
		return -ENOMEM;
	frame->dev.ops = &gicv2m_ops;
	frame->dev.base = env->irqchip->map->gicv2m;
	frame->dev.size = TL_GICV2M_SIZE;
	frame->dev.spi = TL_GICV2M_SPI;
	frame->irqchip = env->irqchip;
	*dev = &frame->dev;
	return 0;
}
