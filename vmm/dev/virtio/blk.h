/* SPDX-License-Identifier: MIT */
/*
 * virtio-blk (virtio 1.2, section 5.2): a raw file or a block device as a disk.
 */
#ifndef TL_VMM_VIRTIO_BLK_H
#define TL_VMM_VIRTIO_BLK_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/dev.h"

/* How a disk's requests are carried out. */
enum tl_disk_io {
	TL_DISK_IO_AUTO,  /* one alone by the worker, several by io_uring where the host has it */
	TL_DISK_IO_SYNC,  /* one after the other by the worker */
	TL_DISK_IO_URING, /* all by io_uring */
};

struct tl_disk {
	const char *path;
	bool read_only;
	enum tl_disk_io io;
};

/*
 * Opens and locks the disk (a second writer is refused) and makes the device at `base`
 * with interrupt `spi`. `number` counts the disks: it is in the serial number that the guest
 * sees. It has as many queues as the guest has `cpus`, up to 8. Returns 0 or -errno (logged):
 * -EINVAL and others of the file, -EIO of KVM.
 */
int tl_virtio_blk_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_disk *disk, unsigned int number, unsigned int cpus);

#endif
