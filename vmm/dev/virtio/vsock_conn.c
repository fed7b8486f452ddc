/* SPDX-License-Identifier: MIT */
/*
 * Whatever one side does that the other end or the state does not allow for ends the
 * connection, and nothing else: the guest gets a RST, the program on the host sees the end.
 */
#include "vmm/dev/virtio/vsock_conn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parse.h"

#define HELLO_WORD "CONNECT "
/* Room that the guest does not know of yet, before it is told without being asked. */
#define TELL_CREDIT (TL_VSOCK_BUFFER / 4)
/* Bytes of one packet, however large the guest's buffer is. */
#define PACKET_MAX 65536u

struct tl_vsock_conn *tl_vsock_conn_create(int fd, const struct tl_vsock_packet *request)
{
	struct tl_vsock_conn *conn = malloc(sizeof(*conn));

	if (!conn) {
		close(fd);
		return NULL;
	}
	/* The buffer's pages are touched when they are used. */
	memset(conn, 0, offsetof(struct tl_vsock_conn, buffer));
	conn->fd = fd;
	conn->state = TL_VSOCK_HELLO_WAITS;
	if (request) {
		conn->guest_port = request->src_port;
		conn->host_port = request->dst_port;
		conn->peer_alloc = request->buf_alloc;
		conn->peer_count = request->fwd_cnt;
		conn->state = TL_VSOCK_OPEN;
		conn->owes_response = true;
	}
	return conn;
}

/* How many bytes the guest has room for. */
static uint32_t credit(const struct tl_vsock_conn *conn)
{
	uint32_t waiting = conn->sent - conn->peer_count;

	return waiting < conn->peer_alloc ? conn->peer_alloc - waiting : 0;
}

static void close_host(struct tl_vsock_conn *conn, enum tl_vsock_state state)
{
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	conn->length = 0;
	conn->ended = conn->deaf = true;
	conn->state = state;
}

void tl_vsock_conn_destroy(struct tl_vsock_conn *conn)
{
	close_host(conn, TL_VSOCK_GONE);
	free(conn);
}

/* The host takes no more: what waits for it is taken from the guest, and lost. */
static void stop_writing(struct tl_vsock_conn *conn)
{
	conn->deaf = true;
	conn->count += (uint32_t)conn->length;
	conn->length = 0;
}

/* What follows from what both sides have said. */
static void settle(struct tl_vsock_conn *conn)
{
	if (conn->state != TL_VSOCK_OPEN)
		return;
	/* Section 5.10.6.4: a RST is the answer when nothing is left to be delivered. */
	if (conn->shutdown == TL_VSOCK_SHUTDOWN_BOTH && !conn->length)
		close_host(conn, conn->reset ? TL_VSOCK_GONE : TL_VSOCK_DEAD);
	else if (conn->ended && conn->deaf)
		close_host(conn, TL_VSOCK_LINGERS);
	else if ((conn->shutdown & TL_VSOCK_SHUTDOWN_SEND) && !conn->length && !conn->passed_on)
		/* Once: it is an event of the socket, which leads here again. */
		conn->passed_on = !shutdown(conn->fd, SHUT_WR);
}

/* Returns how many bytes the socket took, which may be none. */
static size_t write_some(struct tl_vsock_conn *conn, struct iovec *iov, unsigned int count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
	ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN)
		stop_writing(conn);
	return n < 0 ? 0 : (size_t)n;
}

/* What waits in the buffer. */
static void flush(struct tl_vsock_conn *conn)
{
	while (conn->length) {
		size_t first = TL_VSOCK_BUFFER - conn->head;
		struct iovec iov[2] = {{conn->buffer + conn->head, first}, {conn->buffer, 0}};
		size_t n;

		if (first >= conn->length)
			iov[0].iov_len = conn->length;
		else
			iov[1].iov_len = conn->length - first;
		n = write_some(conn, iov, 2);
		if (!n)
			return;
		conn->head = (conn->head + n) % TL_VSOCK_BUFFER;
		conn->length -= n;
		conn->count += (uint32_t)n;
	}
}

/* The rest of a packet, from the byte `from` of the request on, of which there is room. */
static void keep(
	struct tl_vsock_conn *conn, const struct tl_vq_chain *chain, size_t from, size_t size)
{
	while (size) {
		size_t tail = (conn->head + conn->length) % TL_VSOCK_BUFFER;
		size_t n = TL_VSOCK_BUFFER - tail < size ? TL_VSOCK_BUFFER - tail : size;

		(void)tl_virtio_copy_out(chain, from, conn->buffer + tail, n);
		conn->length += n;
		from += n;
		size -= n;
	}
}

static void take_bytes(struct tl_vsock_conn *conn, const struct tl_vsock_packet *packet,
	const struct tl_vq_chain *chain)
{
	static _Thread_local struct iovec iov[TL_VQ_SEGMENTS];
	size_t n = 0;

	/* More than its credit, or after it said that there would be no more. */
	if (packet->len > TL_VSOCK_BUFFER - conn->length ||
		(conn->shutdown & TL_VSOCK_SHUTDOWN_SEND)) {
		close_host(conn, TL_VSOCK_DEAD);
		return;
	}
	if (!conn->deaf && !conn->length && packet->len)
		n = write_some(conn, iov,
			tl_virtio_slice(chain->iov, chain->out, TL_VSOCK_HEADER, packet->len, iov));
	if (conn->deaf)
		n = packet->len;
	conn->count += (uint32_t)n;
	keep(conn, chain, TL_VSOCK_HEADER + n, packet->len - n);
	settle(conn);
}

/* The guest takes the connection that a program on the host has asked for. */
static void take_response(struct tl_vsock_conn *conn)
{
	char line[32];
	int length = snprintf(line, sizeof(line), "OK %" PRIu32 "\n", conn->host_port);
	struct iovec iov = {line, (size_t)length};

	conn->state = TL_VSOCK_OPEN;
	/* The first bytes that it gets: there is room, or it has gone. */
	if (!conn->deaf && write_some(conn, &iov, 1) != (size_t)length)
		stop_writing(conn);
	settle(conn);
}

static void take_shutdown(struct tl_vsock_conn *conn, uint32_t flags)
{
	/* "These hints are permanent once sent." */
	conn->shutdown |= flags & TL_VSOCK_SHUTDOWN_BOTH;
	if (conn->state == TL_VSOCK_LINGERS && conn->shutdown == TL_VSOCK_SHUTDOWN_BOTH)
		conn->state = TL_VSOCK_DEAD;
	if (conn->state != TL_VSOCK_OPEN)
		return;
	if ((conn->shutdown & TL_VSOCK_SHUTDOWN_RCV) && !conn->ended) {
		conn->ended = true;
		/* Who writes to it learns that. */
		(void)shutdown(conn->fd, SHUT_RD);
	}
	settle(conn);
}

/* For one whose host's end is closed, or not there yet. */
static void take_closed(struct tl_vsock_conn *conn, const struct tl_vsock_packet *packet)
{
	/* The guest may have sent these before it knew. */
	if (packet->op == TL_VSOCK_OP_SHUTDOWN && conn->state == TL_VSOCK_LINGERS)
		take_shutdown(conn, packet->flags);
	else if (packet->op == TL_VSOCK_OP_RESPONSE && conn->state == TL_VSOCK_ASKED &&
		 !conn->owes_request)
		take_response(conn);
	else if (conn->state == TL_VSOCK_ASKED || packet->op == TL_VSOCK_OP_REQUEST)
		close_host(conn, TL_VSOCK_DEAD);
}

/*
 * Linux also sends it when it has waited some seconds for ours after a SHUTDOWN, because the
 * program on the host is slow: what we have taken is still for that.
 */
static void take_reset(struct tl_vsock_conn *conn)
{
	if (conn->state != TL_VSOCK_OPEN || !conn->length) {
		close_host(conn, TL_VSOCK_GONE);
		return;
	}
	conn->reset = true;
	conn->shutdown = TL_VSOCK_SHUTDOWN_BOTH;
}

void tl_vsock_conn_take(struct tl_vsock_conn *conn, const struct tl_vsock_packet *packet,
	const struct tl_vq_chain *chain)
{
	if (packet->op == TL_VSOCK_OP_RST) {
		take_reset(conn);
		return;
	}
	/* Another connection of these ports, or nonsense. */
	if (conn->reset) {
		conn->reset = false;
		close_host(conn, TL_VSOCK_DEAD);
		return;
	}
	/* Section 5.10.6.3: every packet says it. */
	conn->peer_alloc = packet->buf_alloc;
	conn->peer_count = packet->fwd_cnt;
	/* One answer to one question: else two who are stuck would ask each other for ever. */
	conn->asked &= !credit(conn);
	if (conn->state != TL_VSOCK_OPEN) {
		take_closed(conn, packet);
		return;
	}
	switch (packet->op) {
	case TL_VSOCK_OP_RW:
		take_bytes(conn, packet, chain);
		break;
	case TL_VSOCK_OP_SHUTDOWN:
		take_shutdown(conn, packet->flags);
		break;
	case TL_VSOCK_OP_CREDIT_REQUEST:
		conn->owes_credit = true;
		break;
	case TL_VSOCK_OP_CREDIT_UPDATE:
		break;
	default:
		close_host(conn, TL_VSOCK_DEAD);
	}
}

/* "CONNECT <port>\n", a byte at a time: what is behind it is for the guest. */
static void read_hello(struct tl_vsock_conn *conn)
{
	const size_t word = strlen(HELLO_WORD);
	uint64_t port;
	char byte = 0;

	while (byte != '\n') {
		ssize_t n = recv(conn->fd, &byte, 1, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || conn->hello_length == sizeof(conn->hello)) {
			close_host(conn, TL_VSOCK_GONE);
			return;
		}
		conn->hello[conn->hello_length++] = byte;
	}
	conn->hello[conn->hello_length - 1] = 0;
	if (strncmp(conn->hello, HELLO_WORD, word) != 0 ||
		tl_parse_u64(conn->hello + word, 0, UINT32_MAX, &port)) {
		close_host(conn, TL_VSOCK_GONE);
		return;
	}
	conn->guest_port = (uint32_t)port;
	conn->state = TL_VSOCK_ASKED;
	conn->owes_request = true;
}

void tl_vsock_conn_ready(struct tl_vsock_conn *conn, uint32_t events)
{
	if (conn->fd < 0)
		return;
	if (conn->state == TL_VSOCK_HELLO_WAITS)
		read_hello(conn);
	if (conn->fd < 0)
		return;
	/* Edges: each is reported once. That there is nothing, or no end, reading will tell. */
	conn->readable |= (events & ~(uint32_t)EPOLLOUT) != 0;
	if (events & EPOLLHUP)
		stop_writing(conn);
	if (!conn->deaf)
		flush(conn);
	settle(conn);
}

static unsigned int shutdown_flags(const struct tl_vsock_conn *conn)
{
	return (conn->ended ? TL_VSOCK_SHUTDOWN_SEND : 0) |
	       (conn->deaf ? TL_VSOCK_SHUTDOWN_RCV : 0);
}

/* Those of them that say something: nobody need hear that there is no more of what he refused. */
static unsigned int news(const struct tl_vsock_conn *conn)
{
	unsigned int refused =
		(conn->shutdown & TL_VSOCK_SHUTDOWN_RCV ? TL_VSOCK_SHUTDOWN_SEND : 0) |
		(conn->shutdown & TL_VSOCK_SHUTDOWN_SEND ? TL_VSOCK_SHUTDOWN_RCV : 0);

	return shutdown_flags(conn) & ~conn->told_shutdown & ~refused;
}

static uint16_t next_op(const struct tl_vsock_conn *conn)
{
	bool has_bytes = conn->state == TL_VSOCK_OPEN && conn->readable && !conn->ended;

	if (conn->state == TL_VSOCK_GONE || conn->reset)
		return TL_VSOCK_OP_INVALID;
	if (conn->state == TL_VSOCK_DEAD)
		return TL_VSOCK_OP_RST;
	if (conn->owes_request)
		return TL_VSOCK_OP_REQUEST;
	if (conn->owes_response)
		return TL_VSOCK_OP_RESPONSE;
	if (conn->state != TL_VSOCK_OPEN && conn->state != TL_VSOCK_LINGERS)
		return TL_VSOCK_OP_INVALID;
	if (has_bytes && credit(conn))
		return TL_VSOCK_OP_RW;
	if (news(conn))
		return TL_VSOCK_OP_SHUTDOWN;
	if (conn->owes_credit || conn->count - conn->told_count >= TELL_CREDIT)
		return TL_VSOCK_OP_CREDIT_UPDATE;
	return has_bytes && !conn->asked ? TL_VSOCK_OP_CREDIT_REQUEST : TL_VSOCK_OP_INVALID;
}

bool tl_vsock_conn_has_packet(const struct tl_vsock_conn *conn)
{
	return next_op(conn) != TL_VSOCK_OP_INVALID;
}

/* Returns how many bytes of the host's there were for the guest; 0: see again what is to do. */
static uint32_t read_some(struct tl_vsock_conn *conn, const struct iovec *room, unsigned int count)
{
	static _Thread_local struct iovec iov[TL_VQ_SEGMENTS];
	uint32_t most = credit(conn) < PACKET_MAX ? credit(conn) : PACKET_MAX;
	ssize_t n = readv(conn->fd, iov, (int)tl_virtio_slice(room, count, 0, most, iov));

	if (n < 0 && errno == EAGAIN) {
		conn->readable = false;
	} else if (n <= 0) {
		conn->ended = true;
		settle(conn);
	}
	return n > 0 ? (uint32_t)n : 0;
}

bool tl_vsock_conn_give(struct tl_vsock_conn *conn, struct tl_vsock_packet *packet,
	const struct iovec *room, unsigned int count)
{
	uint32_t bytes = 0;
	uint16_t op;

	do {
		op = next_op(conn);
		if (op == TL_VSOCK_OP_RW)
			bytes = read_some(conn, room, count);
	} while (op == TL_VSOCK_OP_RW && !bytes);
	if (op == TL_VSOCK_OP_INVALID)
		return false;
	*packet = (struct tl_vsock_packet){.src_port = conn->host_port,
		.dst_port = conn->guest_port,
		.len = bytes,
		.type = TL_VSOCK_TYPE_STREAM,
		.op = op,
		.flags = op == TL_VSOCK_OP_SHUTDOWN ? shutdown_flags(conn) : 0,
		.buf_alloc = TL_VSOCK_BUFFER,
		.fwd_cnt = conn->count};
	conn->sent += bytes;
	conn->told_count = conn->count;
	conn->owes_credit = false;
	conn->owes_request &= op != TL_VSOCK_OP_REQUEST;
	conn->owes_response &= op != TL_VSOCK_OP_RESPONSE;
	conn->asked |= op == TL_VSOCK_OP_CREDIT_REQUEST;
	conn->told_shutdown |= packet->flags;
	if (op == TL_VSOCK_OP_RST)
		conn->state = TL_VSOCK_GONE;
	return true;
}

bool tl_vsock_conn_expendable(const struct tl_vsock_conn *conn)
{
	return (conn->state == TL_VSOCK_LINGERS && !tl_vsock_conn_has_packet(conn)) ||
	       (conn->state == TL_VSOCK_ASKED && conn->deaf);
}
