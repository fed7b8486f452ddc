/* SPDX-License-Identifier: MIT */
/*
 * One stream between a port of the guest and a UNIX socket of the host: the states of virtio
 * 1.2, section 5.10.6, and the credit of both sides. What the guest sends and the socket does
 * not take yet waits here, in a buffer whose size is the guest's credit; what the socket has
 * for the guest stays in the socket until the guest has room. Nothing blocks. One thread.
 */
#ifndef TL_VMM_VIRTIO_VSOCK_CONN_H
#define TL_VMM_VIRTIO_VSOCK_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/dev/virtio/queue.h"
#include "vmm/dev/virtio/vsock_packet.h"

#define TL_VSOCK_BUFFER 65536u
#define TL_VSOCK_HELLO  32u /* bytes of "CONNECT <port>", at most */

enum tl_vsock_state {
	TL_VSOCK_HELLO_WAITS, /* the program on the host has yet to say for which port it is */
	TL_VSOCK_ASKED,       /* the guest is asked whether it takes the connection */
	TL_VSOCK_OPEN,
	TL_VSOCK_LINGERS, /* the host's end is closed; the guest knows, and has yet to agree */
	TL_VSOCK_DEAD,    /* the host's end is closed; the guest is to be told by a RST */
	TL_VSOCK_GONE,    /* nobody has anything more to say: to be destroyed */
};

struct tl_vsock_conn {
	uint32_t id; /* the owner's */
	uint32_t guest_port, host_port;
	enum tl_vsock_state state;
	int fd; /* -1: closed */

	/* Of the host. */
	bool readable; /* as far as is known */
	bool ended;    /* it sends no more */
	bool deaf;     /* it takes no more */
	char hello[TL_VSOCK_HELLO];
	size_t hello_length;

	/* Of the guest. */
	unsigned int shutdown;           /* flags that it has sent */
	bool passed_on;                  /* to the host: that it sends no more */
	bool reset;                      /* it has forgotten the connection: see take_reset() */
	uint32_t peer_alloc, peer_count; /* its buf_alloc, and its fwd_cnt */
	uint32_t sent;                   /* bytes to it, ever */
	bool asked;                      /* for credit, since there was some */

	/* What it is to be told. */
	bool owes_request, owes_response, owes_credit;
	unsigned int told_shutdown;
	uint32_t count, told_count; /* our fwd_cnt, and the one that it knows */

	size_t head, length; /* in the buffer: what waits for the socket */
	uint8_t buffer[TL_VSOCK_BUFFER];
};

/*
 * A connection whose end on the host is `fd`, which it takes over: in HELLO_WAITS, or, where the
 * guest has asked by this packet, OPEN. NULL: no memory, and fd is closed.
 */
struct tl_vsock_conn *tl_vsock_conn_create(int fd, const struct tl_vsock_packet *request);
void tl_vsock_conn_destroy(struct tl_vsock_conn *conn);

/* The socket has `events` of epoll(7), edge-triggered. */
void tl_vsock_conn_ready(struct tl_vsock_conn *conn, uint32_t events);

/* A packet of the guest's for it, whose bytes are behind the header in `chain`, len of them. */
void tl_vsock_conn_take(struct tl_vsock_conn *conn, const struct tl_vsock_packet *packet,
	const struct tl_vq_chain *chain);

/* Whether it seems to have a packet for the guest. */
bool tl_vsock_conn_has_packet(const struct tl_vsock_conn *conn);

/*
 * The next packet for the guest: the header but for the CIDs, and its bytes in `room`, of at
 * least one byte. Returns false: there is none after all.
 */
bool tl_vsock_conn_give(struct tl_vsock_conn *conn, struct tl_vsock_packet *packet,
	const struct iovec *room, unsigned int count);

/* Whether only the guest's farewell is missing, which another connection need not wait for. */
bool tl_vsock_conn_expendable(const struct tl_vsock_conn *conn);

#endif
