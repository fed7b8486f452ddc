/* SPDX-License-Identifier: MIT */
/*
 * What carries a network device's frames on the host. Each frame is behind a struct
 * virtio_net_hdr_v1 of 12 bytes (virtio 1.2, section 5.1.6). Nothing here blocks. One thread
 * at a time: the device's worker, or who starts and stops it.
 */
#ifndef TL_VMM_VIRTIO_NET_BACKEND_H
#define TL_VMM_VIRTIO_NET_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "vmm/dev/virtio/net.h"

#define TL_NET_HEADER 12u
/* Header and frame: 64 KiB of IP, an Ethernet header and its tags. */
#define TL_NET_FRAME_MAX (TL_NET_HEADER + 65535u + 14u + 8u)

/* Feature bits: section 5.1.3. */
#define TL_NET_F_CSUM       0
#define TL_NET_F_GUEST_CSUM 1
#define TL_NET_F_GUEST_TSO4 7
#define TL_NET_F_GUEST_TSO6 8
#define TL_NET_F_GUEST_ECN  9
#define TL_NET_F_HOST_TSO4  11
#define TL_NET_F_HOST_TSO6  12
#define TL_NET_F_HOST_ECN   13

struct tl_net_backend;

struct tl_net_backend_ops {
	/* The driver accepted these of the offered features: it takes frames such as these. */
	void (*start)(struct tl_net_backend *backend, uint64_t features);
	/*
	 * Puts the next frame to `iov`, of `room` bytes. Returns its size, -EAGAIN or, when
	 * nothing will come any more, another -errno. A frame larger than `room` comes again
	 * with the next call, whose iov begins with the same memory, unless drop() is called.
	 */
	ssize_t (*receive)(
		struct tl_net_backend *backend, const struct iovec *iov, int count, size_t room);
	void (*drop)(struct tl_net_backend *backend);
	/*
	 * Sends a frame or loses it. Returns 0, -EAGAIN (it is to come again when the descriptor
	 * can be written to) or, when nothing can be sent any more, another -errno.
	 */
	int (*send)(struct tl_net_backend *backend, const struct iovec *iov, int count);
	/* Sends what it holds. Returns what send() does. NULL where it never holds anything. */
	int (*flush)(struct tl_net_backend *backend);
	/* Ends it, after the error: one line about it is logged. */
	void (*fail)(struct tl_net_backend *backend, int err);
	void (*destroy)(struct tl_net_backend *backend);
};

struct tl_net_backend {
	const struct tl_net_backend_ops *ops;
	int fd;            /* to wait for */
	uint64_t features; /* of those above, what it can do */
	uint16_t mtu;      /* 0: it does not say */
	bool holds; /* the end of a frame, to be flushed when the descriptor can be written to */
};

/* Copies to a vector, from its byte `at` on; what does not fit is left out. */
void tl_net_put(const struct iovec *iov, int count, size_t at, const void *from, size_t size);

/* Return 0 or -errno (logged). */
int tl_net_tap_create(struct tl_net_backend **backend, const struct tl_net *net);
int tl_net_user_create(struct tl_net_backend **backend, const struct tl_net *net);

#endif
