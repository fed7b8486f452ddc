/* SPDX-License-Identifier: MIT */
/*
 * A disk's requests by io_uring: several at a time, of one queue. Requests are added, then
 * submitted together; what has been carried out is taken in together. Not thread-safe: the
 * caller holds the lock of the queue's worker.
 */
#ifndef TL_VMM_VIRTIO_BLK_RING_H
#define TL_VMM_VIRTIO_BLK_RING_H

#include "vmm/dev/virtio/blk_request.h"

struct tl_blk_ring;

/* A request is done, its status set; so many bytes were written to its chain. */
typedef void tl_blk_done_fn(void *opaque, uint16_t head, uint32_t written);

/* Returns 0 or -errno: the host has no io_uring for us. */
int tl_blk_ring_create(
	struct tl_blk_ring **ring, struct tl_blk_file *file, tl_blk_done_fn *done, void *opaque);

/* Waits for what is in flight, as tl_blk_ring_drain(). NULL is allowed. */
void tl_blk_ring_destroy(struct tl_blk_ring *ring);

/* Readable when something is there for tl_blk_ring_reap(). The ring's. */
int tl_blk_ring_fd(const struct tl_blk_ring *ring);

/* Requests that were added and are not done. */
unsigned int tl_blk_ring_in_flight(const struct tl_blk_ring *ring);

/* Adds an IN, OUT or FLUSH. Returns 0 or -ENOMEM: then it is the caller's to carry out. */
int tl_blk_ring_add(struct tl_blk_ring *ring, const struct tl_blk_request *request);

/*
 * Hands over what was added. Returns 0 or -errno: the kernel takes no more, the ring is of no
 * further use, and what it did not take has been carried out here.
 */
int tl_blk_ring_submit(struct tl_blk_ring *ring);

/* Calls done() for all that is, and submits what is left of short transfers. As above. */
int tl_blk_ring_reap(struct tl_blk_ring *ring);

/* Waits for all that is in flight, and calls nothing. Any thread with the lock. */
void tl_blk_ring_drain(struct tl_blk_ring *ring);

#endif
