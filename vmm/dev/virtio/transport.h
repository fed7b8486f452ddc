/* SPDX-License-Identifier: MIT */
/*
 * What the registers (mmio.c) and the workers (virtio.c) of a virtio device have of each other.
 */
#ifndef TL_VMM_VIRTIO_TRANSPORT_H
#define TL_VMM_VIRTIO_TRANSPORT_H

#include "vmm/dev/virtio/virtio.h"

#define TL_VIRTIO_QUEUE_NOTIFY 0x050u

/* Device status (section 2.1). */
#define TL_VIRTIO_S_DRIVER_OK   4u
#define TL_VIRTIO_S_FEATURES_OK 8u
#define TL_VIRTIO_S_NEEDS_RESET 64u

/* The device's operations on the bus but fini. */
enum tl_mmio_result tl_virtio_mmio(struct tl_dev *dev, struct tl_mmio *access);
int tl_virtio_mmio_add_node(struct tl_dev *dev, void *fdt);

/* DRIVER_OK was set: the queues that are ready run. dev.lock is held. */
void tl_virtio_start(struct tl_virtio *virtio);

/*
 * Status 0 was written, or the machine is reset. Takes effect at once: what the workers are at
 * is finished first. dev.lock is held, or no vCPU runs.
 */
void tl_virtio_reset(struct tl_virtio *virtio);

#endif
