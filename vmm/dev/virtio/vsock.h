/* SPDX-License-Identifier: MIT */
/*
 * virtio-vsock (virtio 1.2, section 5.10): sockets between the guest and the host. What is at
 * the host's end is AF_VSOCK, by the host kernel's vhost-vsock (vsock.c), or UNIX sockets, by
 * nobody but ourselves (vsock_unix.c).
 */
#ifndef TL_VMM_VIRTIO_VSOCK_H
#define TL_VMM_VIRTIO_VSOCK_H

#include <stdint.h>

#include "vmm/dev/dev.h"

/* Context identifiers that a guest can have: 0 to 2 are not for guests, the last is "any". */
#define TL_VSOCK_CID_MIN 3u
#define TL_VSOCK_CID_MAX (UINT32_MAX - 1)

/* Of both kinds of device: receive, transmit, events. */
#define TL_VSOCK_DEVICE_ID 19u
#define TL_VSOCK_QUEUES    3u

/*
 * Makes the device at `base` with interrupt `spi` for a guest of this CID. Returns 0 or -errno
 * (logged): -EADDRINUSE where another VM has the CID, -EIO where the host cannot do it.
 */
int tl_virtio_vsock_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint32_t cid);

/*
 * The same with UNIX sockets. A program that connects to `path`, which is made, sends
 * "CONNECT <port>\n" and, when somebody in the guest has taken the connection, gets
 * "OK <port>\n"; a connection of the guest's to port N of the host goes to the socket
 * `path`_N. `path` is the caller's, and stays. Returns 0 or -errno (logged).
 */
int tl_virtio_vsock_unix_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint32_t cid, const char *path);

#endif
