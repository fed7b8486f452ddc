/* SPDX-License-Identifier: MIT */
/*
 * virtio-9p (device 9 of virtio 1.2, section 5): a folder of the host that the guest mounts,
 * by the tag in the device's configuration.
 */
#ifndef TL_VMM_VIRTIO_P9_H
#define TL_VMM_VIRTIO_P9_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/dev.h"

/* As long as a tag can be for QEMU's users. */
#define TL_SHARE_TAG 32

struct tl_share {
	const char *dir;
	const char *tag; /* 1 to TL_SHARE_TAG bytes */
	bool read_only;
};

/*
 * Opens the folder and makes the device at `base` with interrupt `spi`. `shares` is how many there
 * are in all, among which the process's file descriptors are divided; the process's limit of them
 * is raised as far as it may. Returns 0 or -errno (logged): of the folder, -EIO of KVM or a kernel
 * that is too old.
 */
int tl_virtio_p9_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_share *share, unsigned int shares);

#endif
