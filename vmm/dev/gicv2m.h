/* SPDX-License-Identifier: MIT */
/*
 * GICv2m: a frame of registers that turns writes into shared interrupts, which
 * is how a machine with a GICv2 has message-signalled interrupts.
 */
#ifndef TL_VMM_DEV_GICV2M_H
#define TL_VMM_DEV_GICV2M_H

#include "vmm/dev/dev.h"

/*
 * Makes the frame, where the machine's map has it, for the interrupts TL_GICV2M_SPI and on
 * (vmm/arch/arm64/gic.h). Its node is a child of the GIC's (vmm/boot/fdt.c).
 * Its fini releases it. Returns 0 or -errno.
 */
int tl_gicv2m_create(struct tl_dev **dev, const struct tl_dev_env *env);

#endif
