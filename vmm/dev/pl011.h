/* SPDX-License-Identifier: MIT */
/*
 * Arm PL011 UART, revision r1p5 (DDI 0183): the console of machine virt.
 */
#ifndef TL_VMM_DEV_PL011_H
#define TL_VMM_DEV_PL011_H

#include "vmm/dev/dev.h"

#define TL_PL011_SIZE 0x1000

/*
 * Makes the device at `base`, with interrupt `spi`, and connects it to
 * env->console in both directions. Its fini releases it. Returns 0 or -errno.
 */
int tl_pl011_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
