/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a virtio-vsock with UNIX sockets (virtio 1.2, section 5.10), and
 * programs at their ends. In a folder of its own, where the device's socket is "v". Link
 * tests/unit/fake_vsock.c, fake_net.c and fake_log.c, and wrap poll.
 */
#ifndef TL_TESTS_FAKE_VSOCK_H
#define TL_TESTS_FAKE_VSOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/fake_net.h"
#include "vmm/dev/virtio/vsock_packet.h"

#define CID       77u
#define HOST_PORT (UINT32_C(1) << 30) /* of the first program that connects */
#define CREDIT    65536u              /* of the guest, on both sides, if a test says no other */

struct fake_vsock {
	uint32_t alloc, count; /* the guest's credit: buf_alloc and fwd_cnt of what it sends */
	uint64_t src, dst;     /* CIDs of that */
	uint16_t type;
	bool poor; /* the guest offers no room of its own accord */

	struct tl_vsock_packet got; /* the last packet of the device's, */
	const uint8_t *bytes;       /* and what is behind it */
};

extern struct fake_vsock fake_vsock;

/* For cmocka: the folder; RAM, and the device with its driver. */
int vsock_group_setup(void **state);
int vsock_group_teardown(void **state);
int vsock_setup(void **state);
int vsock_teardown(void **state);

/* From reset to DRIVER_OK. */
void vsock_start(void);
/* Room for so many packets of `size` bytes. */
void vsock_room(unsigned int count, uint32_t size);

/* The guest sends a packet, with bytes behind it; without: takes no care that they are there. */
void vsock_send(uint16_t op, uint32_t guest_port, uint32_t host_port, uint32_t flags);
void vsock_send_bytes(uint32_t guest_port, uint32_t host_port, const void *bytes, uint32_t size);
/* Waits until everything that the guest has sent came back. */
void vsock_wait_sent(void);

/* Waits for the next packet of the device's, which must be this one. */
void vsock_expect(uint16_t op, uint32_t guest_port, uint32_t host_port);
/* The same for those that carry all of these bytes. */
void vsock_expect_bytes(uint32_t guest_port, uint32_t host_port, const void *bytes, uint32_t size);
/* Waits for any. Returns its op. */
uint16_t vsock_expect_any(void);
bool vsock_has_packet(void);
/* There is none, and the device sleeps. */
void vsock_expect_calm(void);

/* A program listens at "v_<port>"; its descriptor. */
int vsock_listen(unsigned int port);
/* A program connects to "v", and says so. */
int vsock_connect(const char *hello);
/* All of it, and then the end. */
void vsock_expect_read(int fd, const void *bytes, size_t count);
void vsock_expect_end(int fd);

/* A connection of the guest's from `guest_port` to port 700: the program's end. */
int vsock_join(int listener, uint32_t guest_port);

#endif
