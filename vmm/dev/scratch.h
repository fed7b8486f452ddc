/* SPDX-License-Identifier: MIT */
/*
 * A device whose registers keep what is written to them, whatever the size: accesses to a
 * device can be compared with the same ones to memory.
 */
#ifndef TL_VMM_DEV_SCRATCH_H
#define TL_VMM_DEV_SCRATCH_H

#include "vmm/dev/dev.h"

#define TL_SCRATCH_BASE UINT64_C(0x0b000000) /* where no machine has anything */
#define TL_SCRATCH_SIZE UINT64_C(0x1000)
#define TL_SCRATCHES    2 /* side by side */

/* Returns 0 or -ENOMEM. */
int tl_scratch_create(struct tl_dev **dev, uint64_t base);

#endif
