/* SPDX-License-Identifier: MIT */
/*
 * Packets of a virtio-vsock (virtio 1.2, section 5.10.6): a header, and the bytes of a stream
 * behind it. Little endian, as all machines here are.
 */
#ifndef TL_VMM_VIRTIO_VSOCK_PACKET_H
#define TL_VMM_VIRTIO_VSOCK_PACKET_H

#include <stdint.h>

struct tl_vsock_packet {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port;
	uint32_t len; /* of what is behind it */
	uint16_t type, op;
	uint32_t flags;
	uint32_t buf_alloc, fwd_cnt; /* the sender's credit: section 5.10.6.3 */
} __attribute__((packed));

#define TL_VSOCK_HEADER sizeof(struct tl_vsock_packet)

#define TL_VSOCK_TYPE_STREAM 1u

#define TL_VSOCK_OP_INVALID        0u
#define TL_VSOCK_OP_REQUEST        1u
#define TL_VSOCK_OP_RESPONSE       2u
#define TL_VSOCK_OP_RST            3u
#define TL_VSOCK_OP_SHUTDOWN       4u
#define TL_VSOCK_OP_RW             5u
#define TL_VSOCK_OP_CREDIT_UPDATE  6u
#define TL_VSOCK_OP_CREDIT_REQUEST 7u

/* Flags of SHUTDOWN: what the sender will not do any more. */
#define TL_VSOCK_SHUTDOWN_RCV  1u
#define TL_VSOCK_SHUTDOWN_SEND 2u
#define TL_VSOCK_SHUTDOWN_BOTH 3u

#endif
