/* SPDX-License-Identifier: MIT */
/*
 * Arm PL031 real-time clock (DDI 0224): the host's UTC, and an alarm.
 */
#ifndef TL_VMM_DEV_PL031_H
#define TL_VMM_DEV_PL031_H

#include "vmm/dev/dev.h"

#define TL_PL031_SIZE 0x1000

/* Makes the device at `base`, with interrupt `spi`. Its fini releases it. Returns 0 or -errno. */
int tl_pl031_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
