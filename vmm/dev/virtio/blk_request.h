/* SPDX-License-Identifier: MIT */
/*
 * Requests of a disk (virtio 1.2, section 5.2.6): what they ask for, copied and checked once,
 * and carried out on the caller's thread.
 */
#ifndef TL_VMM_VIRTIO_BLK_REQUEST_H
#define TL_VMM_VIRTIO_BLK_REQUEST_H

#include "vmm/dev/virtio/blk_file.h"
#include "vmm/dev/virtio/queue.h"

#define TL_BLK_SECTOR 512u

/* Types, and what the status byte says. */
#define TL_BLK_T_IN           0u
#define TL_BLK_T_OUT          1u
#define TL_BLK_T_FLUSH        4u
#define TL_BLK_T_GET_ID       8u
#define TL_BLK_T_DISCARD      11u
#define TL_BLK_T_WRITE_ZEROES 13u
#define TL_BLK_S_OK           0u
#define TL_BLK_S_IOERR        1u
#define TL_BLK_S_UNSUPP       2u

/* Of one DISCARD or WRITE_ZEROES. */
#define TL_BLK_RANGE_SECTORS (1u << 20)
#define TL_BLK_RANGES        16u

struct tl_blk_request {
	const struct tl_vq_chain *chain;
	uint32_t type;
	uint8_t *status; /* in the guest's memory */
	/* IN and OUT: what part of the file, and of the chain. */
	uint64_t at, bytes;
};

/*
 * Checks it. Returns 1: it is to be carried out; 0: it is refused, and its status says so;
 * or -EPROTO: it cannot even be answered.
 */
int tl_blk_request_parse(struct tl_blk_request *request, const struct tl_blk_file *file,
	const struct tl_vq_chain *chain);

/* The memory that IN and OUT are about: at most TL_VQ_SEGMENTS. Returns how many. */
unsigned int tl_blk_request_data(const struct tl_blk_request *request, struct iovec *iov);

/* Carries it out and sets its status. Returns how many bytes were written to the chain. */
uint32_t tl_blk_request_do(
	const struct tl_blk_request *request, struct tl_blk_file *file, unsigned int number);

#endif
