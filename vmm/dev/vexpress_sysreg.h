/* SPDX-License-Identifier: MIT */
/*
 * System registers of the Versatile Express motherboard (Arm DUI 0447): what the board is, LEDs,
 * flags, two counters, and the way to its configuration controller, which turns it off.
 */
#ifndef TL_VMM_DEV_VEXPRESS_SYSREG_H
#define TL_VMM_DEV_VEXPRESS_SYSREG_H

#include "vmm/dev/dev.h"

#define TL_VEXPRESS_SYSREG_SIZE 0x1000

/*
 * Makes the device at `base`; it has no interrupt. It stops env->vm when the guest turns the
 * board off or resets it. Its fini releases it. Returns 0 or -errno.
 */
int tl_vexpress_sysreg_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
