/* SPDX-License-Identifier: MIT */
/*
 * virtio-balloon (virtio 1.2, section 5.5): memory that the guest gives back, because it is
 * asked to (the balloon) or because it does not use it (free page reporting).
 */
#ifndef TL_VMM_VIRTIO_BALLOON_H
#define TL_VMM_VIRTIO_BALLOON_H

#include <stdint.h>

#include "vmm/dev/dev.h"

/*
 * Makes the device at `base` with interrupt `spi`; the guest is asked to give back `bytes` at
 * first. Returns 0, -ENOMEM or -EIO (logged).
 */
int tl_virtio_balloon_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint64_t bytes);

/* Asks the guest to have given back so many bytes. Any thread. */
void tl_virtio_balloon_ask(struct tl_dev *dev, uint64_t bytes);

struct tl_balloon_state {
	uint64_t asked, given; /* bytes; `given` is what the guest says */
	uint64_t inflated;     /* bytes that were taken from the guest so far, deflated or not */
	uint64_t reported;     /* bytes of free pages that were reported so far, again and again */
};

/* How things are. Any thread. */
struct tl_balloon_state tl_virtio_balloon_state(struct tl_dev *dev);

#endif
