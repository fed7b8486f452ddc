/* SPDX-License-Identifier: MIT */
/*
 * Arm SP804 dual timer (DDI 0271): two counters that count down at 1 MHz, with one interrupt.
 */
#ifndef TL_VMM_DEV_SP804_H
#define TL_VMM_DEV_SP804_H

#include "vmm/dev/dev.h"

#define TL_SP804_SIZE 0x1000

/* Makes the device at `base`, with interrupt `spi`. Its fini releases it. Returns 0 or -errno. */
int tl_sp804_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
