/* SPDX-License-Identifier: MIT */
/*
 * Arm PL061 GPIO (DDI 0190): eight lines, of which line 3 is the power key, as on QEMU's
 * virt board.
 */
#ifndef TL_VMM_DEV_PL061_H
#define TL_VMM_DEV_PL061_H

#include "vmm/dev/dev.h"

#define TL_PL061_SIZE      0x1000
#define TL_PL061_POWER_KEY 3

/*
 * Makes the device at `base`, with interrupt `spi`, and connects env->power_key (may be NULL)
 * to its line. Its fini releases it. Returns 0 or -errno.
 */
int tl_pl061_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
