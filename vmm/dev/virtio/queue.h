/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues (virtio 1.2, section 2.7). All that the guest wrote is copied once,
 * checked, and the copy used: it may change at any time. Whatever is wrong with a ring or
 * a chain is -EPROTO, and the queue then stays stopped.
 * Not thread-safe: one thread at a time.
 */
#ifndef TL_VMM_VIRTIO_QUEUE_H
#define TL_VMM_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/core/mem.h"

/* Descriptors of one chain, indirect ones included. */
#define TL_VQ_SEGMENTS 130
#define TL_VQ_SIZE_MAX 256

struct tl_vq {
	const struct tl_mem *mem;
	/* As the driver set them (virtio 1.2, section 4.2.2); checked by tl_vq_start(). */
	uint32_t size;
	uint64_t desc, avail, used; /* guest physical */
	bool event_idx, indirect;   /* negotiated */

	bool running;
	uint16_t next_avail; /* the next entry of the available ring */
	uint16_t next_used;
	uint16_t told_used; /* next_used when the driver was last interrupted */
	void *desc_at, *avail_at, *used_at;
};

/* A request: what the device may read, then what it may write. */
struct tl_vq_chain {
	uint16_t head;
	unsigned int out,
		in; /* how many of iov are to be read, and how many follow to be written */
	uint64_t out_bytes, in_bytes;
	struct iovec iov[TL_VQ_SEGMENTS];
};

/* Begins with the rings at these addresses. Returns 0 or -EPROTO. */
int tl_vq_start(struct tl_vq *vq);

/* Back to the state before the driver set it up. */
void tl_vq_reset(struct tl_vq *vq);

/* The next request. Returns 1, 0 (there is none) or -EPROTO. */
int tl_vq_pop(struct tl_vq *vq, struct tl_vq_chain *chain);

/* Whether another request is there already. */
bool tl_vq_more(const struct tl_vq *vq);

/* Gives a request back, of which `written` bytes of the part to be written were written. */
void tl_vq_push(struct tl_vq *vq, uint16_t head, uint32_t written);

/*
 * The same for several that the driver is to see at once: fills in the one of the index,
 * counted from 0, then shows `count` of them.
 */
void tl_vq_fill(struct tl_vq *vq, unsigned int index, uint16_t head, uint32_t written);
void tl_vq_flush(struct tl_vq *vq, unsigned int count);

/* Whether the driver is to be interrupted for what was pushed since it last was. */
bool tl_vq_must_interrupt(struct tl_vq *vq);

/*
 * Asks the driver to notify of the next request. Returns whether one came meanwhile: then
 * there will be no notification.
 */
bool tl_vq_wait(struct tl_vq *vq);

/*
 * The next request; if there is none, asks to be notified of it. Returns 1, 0 or -EPROTO. Looks
 * twice, and not more often: the driver's index may go back and forth.
 */
int tl_vq_next(struct tl_vq *vq, struct tl_vq_chain *chain);

/*
 * What is between the byte `from` of a vector and `bytes` further on, in pieces of which `out`
 * has room for as many as the vector has. Returns how many they are.
 */
unsigned int tl_virtio_slice(const struct iovec *iov, unsigned int count, uint64_t from,
	uint64_t bytes, struct iovec *out);

/* Copies `size` bytes between a buffer and a request, from `offset` on. Returns how many. */
size_t tl_virtio_copy_out(
	const struct tl_vq_chain *chain, uint64_t offset, void *buffer, size_t size);
size_t tl_virtio_copy_in(
	const struct tl_vq_chain *chain, uint64_t offset, const void *buffer, size_t size);

#endif
