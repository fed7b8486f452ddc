/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng (virtio 1.2, section 5.4): random bytes of the host's kernel.
 */
#ifndef TL_VMM_VIRTIO_RNG_H
#define TL_VMM_VIRTIO_RNG_H

#include <stdint.h>

#include "vmm/dev/dev.h"

/* Makes the device at `base` with interrupt `spi`. Returns 0, -ENOMEM or -EIO (logged). */
int tl_virtio_rng_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);

#endif
