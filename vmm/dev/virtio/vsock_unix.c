/* SPDX-License-Identifier: MIT */
/*
 * The queues, who may connect, and which packet is for whom. Nothing grows with what a guest
 * or a program does: there are so many connections, each with a buffer of its credit, and so
 * many answers to packets of none. When these are used up the queue is left where it is until
 * the guest takes what is for it (section 5.10.6.1). The queue of events is empty for ever: no
 * connection is lost but by a reset, after which the driver has none either.
 */
#include "vmm/dev/virtio/vsock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/unix_socket.h"
#include "vmm/dev/virtio/virtio.h"
#include "vmm/dev/virtio/vsock_conn.h"

#define RX 0u
#define TX 1u

#define HOST_CID 2u

#define CONNECTIONS 128u
#define RESETS      64u
/* Packets in a row, before the other direction or a reset of the device has its turn. */
#define SERVE_MAX 64u
#define EVENTS    16
/* Ports of programs that connect, as Firecracker has them: guests use lower ones. */
#define HOST_PORTS (UINT32_C(1) << 30)
/* "_4294967295" behind the path. */
#define SUFFIX_MAX 11u

/* Whom an event is of. */
#define ID_LISTENER 0u

/* A RST for which there is no connection. */
struct reset {
	uint32_t guest_port, host_port;
	uint16_t type;
};

struct vsock {
	struct tl_virtio virtio;
	uint64_t cid;
	struct tl_unix_listener listener;
	int epoll_fd; /* the worker waits for all sockets at once */
	bool listening;
	uint32_t next_id, next_port;

	struct tl_vsock_conn *conns[CONNECTIONS];
	unsigned int count, turn; /* whose turn it is to send to the guest */
	struct reset resets[RESETS];
	unsigned int reset_count;
	bool tx_waits; /* for room in there */

	struct tl_vq_chain in; /* what the next packet to the guest goes to, if there is one */
	bool has_in;
};

static struct tl_vsock_conn *find(
	const struct vsock *vsock, uint32_t guest_port, uint32_t host_port)
{
	for (unsigned int i = 0; i < vsock->count; i++) {
		struct tl_vsock_conn *conn = vsock->conns[i];

		if (conn->host_port == host_port && conn->guest_port == guest_port &&
			conn->state != TL_VSOCK_HELLO_WAITS)
			return conn;
	}
	return NULL;
}

static void drop(struct vsock *vsock, unsigned int index)
{
	/* Closing its socket takes it out of epoll. */
	tl_vsock_conn_destroy(vsock->conns[index]);
	vsock->conns[index] = vsock->conns[--vsock->count];
}

static void drop_gone(struct vsock *vsock)
{
	for (unsigned int i = vsock->count; i-- > 0;) {
		if (vsock->conns[i]->state == TL_VSOCK_GONE)
			drop(vsock, i);
	}
}

/* One that could make room for another; `count` if there is none. */
static unsigned int find_expendable(const struct vsock *vsock)
{
	unsigned int i = 0;

	while (i < vsock->count && !tl_vsock_conn_expendable(vsock->conns[i]))
		i++;
	return i;
}

static bool has_room(const struct vsock *vsock)
{
	return vsock->count < CONNECTIONS || find_expendable(vsock) < vsock->count;
}

/* Programs that cannot be taken now wait in the backlog. */
static void watch_listener(struct vsock *vsock)
{
	bool listen = has_room(vsock);
	struct epoll_event event = {listen ? EPOLLIN : 0, {.u32 = ID_LISTENER}};

	if (listen != vsock->listening)
		vsock->listening ^=
			!epoll_ctl(vsock->epoll_fd, EPOLL_CTL_MOD, vsock->listener.fd, &event);
}

/* Takes `fd` over. Returns NULL where there is no room. */
static struct tl_vsock_conn *add(struct vsock *vsock, int fd, const struct tl_vsock_packet *request)
{
	struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {0}};
	struct tl_vsock_conn *conn;

	if (vsock->count == CONNECTIONS && has_room(vsock))
		drop(vsock, find_expendable(vsock));
	if (vsock->count == CONNECTIONS) {
		close(fd);
		return NULL;
	}
	conn = tl_vsock_conn_create(fd, request);
	if (!conn)
		return NULL;
	do {
		event.data.u32 = conn->id = vsock->next_id++;
	} while (conn->id == ID_LISTENER);
	if (epoll_ctl(vsock->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		tl_vsock_conn_destroy(conn);
		return NULL;
	}
	vsock->conns[vsock->count++] = conn;
	return conn;
}

static bool is_taken(const struct vsock *vsock, uint32_t host_port)
{
	unsigned int i = 0;

	while (i < vsock->count && vsock->conns[i]->host_port != host_port)
		i++;
	return i < vsock->count;
}

/* A port of the host's that no connection has: there are more ports than connections. */
static uint32_t choose_port(struct vsock *vsock)
{
	uint32_t port;

	do {
		port = HOST_PORTS | vsock->next_port++;
	} while (is_taken(vsock, port));
	return port;
}

static void take_program(struct vsock *vsock)
{
	int fd = tl_unix_accept(&vsock->listener, NULL);
	struct tl_vsock_conn *conn = fd < 0 ? NULL : add(vsock, fd, NULL);

	if (conn)
		conn->host_port = choose_port(vsock);
}

/* The guest asks for a connection to a port of the host. Returns whether there is one now. */
static bool connect_guest(struct vsock *vsock, const struct tl_vsock_packet *packet)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + SUFFIX_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s_%u", vsock->listener.path, packet->dst_port);
	fd = tl_unix_connect_now(path);
	return fd >= 0 && add(vsock, fd, packet);
}

static void add_reset(struct vsock *vsock, const struct tl_vsock_packet *packet)
{
	if (packet->op != TL_VSOCK_OP_RST)
		vsock->resets[vsock->reset_count++] =
			(struct reset){packet->src_port, packet->dst_port, packet->type};
}

/* There is room for a RST. */
static void take_packet(
	struct vsock *vsock, const struct tl_vsock_packet *packet, const struct tl_vq_chain *chain)
{
	struct tl_vsock_conn *conn;

	/* Nobody's: section 5.10.6.2 has no answer to it. */
	if (packet->src_cid != vsock->cid || packet->dst_cid != HOST_CID)
		return;
	conn = packet->type == TL_VSOCK_TYPE_STREAM
		       ? find(vsock, packet->src_port, packet->dst_port)
		       : NULL;
	if (conn) {
		tl_vsock_conn_take(conn, packet, chain);
		if (conn->state == TL_VSOCK_GONE)
			drop_gone(vsock);
		return;
	}
	/* Section 5.10.6.4.2: "a RST reply MUST be sent if a packet is received with an unknown
	 * type value". */
	if (packet->type != TL_VSOCK_TYPE_STREAM || packet->op != TL_VSOCK_OP_REQUEST ||
		!connect_guest(vsock, packet))
		add_reset(vsock, packet);
}

/* A packet for the guest, with bytes behind its header. Returns whether there is one. */
static bool make_packet(struct vsock *vsock, struct tl_vsock_packet *packet)
{
	static _Thread_local struct iovec room[TL_VQ_SEGMENTS];
	unsigned int pieces = tl_virtio_slice(
		vsock->in.iov + vsock->in.out, vsock->in.in, TL_VSOCK_HEADER, UINT64_MAX, room);

	if (vsock->reset_count) {
		const struct reset *reset = &vsock->resets[--vsock->reset_count];

		*packet = (struct tl_vsock_packet){.src_port = reset->host_port,
			.dst_port = reset->guest_port,
			.type = reset->type,
			.op = TL_VSOCK_OP_RST};
		return true;
	}
	for (unsigned int i = 0; i < vsock->count; i++) {
		struct tl_vsock_conn *conn = vsock->conns[vsock->turn++ % vsock->count];

		if (tl_vsock_conn_give(conn, packet, room, pieces))
			return true;
	}
	return false;
}

static bool has_packet(const struct vsock *vsock)
{
	bool has = vsock->reset_count != 0;

	for (unsigned int i = 0; i < vsock->count && !has; i++)
		has = tl_vsock_conn_has_packet(vsock->conns[i]);
	return has;
}

/* What is for the guest, as far as it has offered room. Returns 0 or -EPROTO. */
static int send_packets(struct vsock *vsock)
{
	struct tl_vsock_packet packet;

	for (unsigned int done = 0; done < SERVE_MAX; done++) {
		if (!has_packet(vsock))
			return 0;
		if (!vsock->has_in) {
			int ret = tl_vq_next(&vsock->virtio.queues[RX], &vsock->in);

			if (ret <= 0)
				return ret;
			/* For a header and more, else a stream would never get any further. */
			if (vsock->in.in_bytes <= TL_VSOCK_HEADER)
				return -EPROTO;
			vsock->has_in = true;
		}
		if (!make_packet(vsock, &packet))
			continue;
		packet.src_cid = HOST_CID;
		packet.dst_cid = vsock->cid;
		(void)tl_virtio_copy_in(&vsock->in, 0, &packet, sizeof(packet));
		vsock->has_in = false;
		tl_virtio_push(&vsock->virtio, RX, vsock->in.head,
			(uint32_t)(sizeof(packet) + packet.len));
	}
	tl_virtio_kick(&vsock->virtio, RX);
	return 0;
}

/* What the guest sends. Returns 0 or -EPROTO. */
static int take_packets(struct vsock *vsock)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_vq *vq = &vsock->virtio.queues[TX];
	unsigned int done = 0;
	int ret = 0;

	while (done < SERVE_MAX && vsock->reset_count < RESETS &&
		(ret = tl_vq_next(vq, &chain)) > 0) {
		struct tl_vsock_packet packet;

		/* Copied once: the guest may write to it at any time. */
		if (tl_virtio_copy_out(&chain, 0, &packet, sizeof(packet)) != sizeof(packet) ||
			packet.len > chain.out_bytes - sizeof(packet))
			return -EPROTO;
		take_packet(vsock, &packet, &chain);
		tl_virtio_push(&vsock->virtio, TX, chain.head, 0);
		done++;
	}
	vsock->tx_waits = vsock->reset_count == RESETS;
	if (done == SERVE_MAX)
		tl_virtio_kick(&vsock->virtio, TX);
	return ret < 0 ? ret : 0;
}

/* To the guest, whatever happened, and what that makes possible. */
static int finish(struct vsock *vsock, int ret)
{
	if (!ret)
		ret = send_packets(vsock);
	drop_gone(vsock);
	watch_listener(vsock);
	if (vsock->tx_waits && vsock->reset_count < RESETS)
		tl_virtio_kick(&vsock->virtio, TX);
	return ret;
}

static int kick(struct tl_virtio *virtio, unsigned int queue)
{
	struct vsock *vsock = (struct vsock *)virtio;

	if (queue > TX)
		return 0;
	return finish(vsock, queue == TX ? take_packets(vsock) : 0);
}

static int ready(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct vsock *vsock = (struct vsock *)virtio;
	struct epoll_event happened[EVENTS];
	int n = epoll_wait(fd, happened, EVENTS, 0);

	(void)worker;
	(void)events;
	for (int i = 0; i < n; i++) {
		/* One that was dropped meanwhile is not found. */
		for (unsigned int c = 0; c < vsock->count; c++) {
			if (vsock->conns[c]->id == happened[i].data.u32)
				tl_vsock_conn_ready(vsock->conns[c], happened[i].events);
		}
		if (happened[i].data.u32 == ID_LISTENER)
			take_program(vsock);
	}
	return finish(vsock, 0);
}

static void start(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;

	(void)tl_virtio_watch(virtio, 0, vsock->epoll_fd, POLLIN);
	watch_listener(vsock);
}

static void stop(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;

	while (vsock->count)
		drop(vsock, 0);
	vsock->reset_count = 0;
	vsock->tx_waits = vsock->has_in = false;
}

static void fini(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;

	stop(virtio);
	tl_unix_unlisten(&vsock->listener);
	if (vsock->epoll_fd >= 0)
		close(vsock->epoll_fd);
}

static const struct tl_virtio_ops vsock_ops = {.name = "virtio-vsock",
	.thread = TL_SANDBOX_VSOCK,
	.id = TL_VSOCK_DEVICE_ID,
	.queues = TL_VSOCK_QUEUES,
	.kick = kick,
	.ready = ready,
	.start = start,
	.stop = stop,
	.fini = fini};

/* Returns 0 or -errno (logged). */
static int listen_at(struct vsock *vsock, const char *path)
{
	struct epoll_event event = {0, {.u32 = ID_LISTENER}};
	int ret;

	/* Else the guest could not connect to every port. */
	if (strlen(path) + SUFFIX_MAX >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		tl_log_error(
			"--vsock '%s': the path has at most 96 characters: '_PORT' follows", path);
		return -ENAMETOOLONG;
	}
	ret = tl_unix_listen(&vsock->listener, "--vsock", path);
	if (ret)
		return ret;
	vsock->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (vsock->epoll_fd >= 0 &&
		!epoll_ctl(vsock->epoll_fd, EPOLL_CTL_ADD, vsock->listener.fd, &event))
		return 0;
	tl_log_error("--vsock '%s': %s", path, strerror(errno));
	return -EIO;
}

int tl_virtio_vsock_unix_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint32_t cid, const char *path)
{
	struct vsock *vsock = calloc(1, sizeof(*vsock));
	int ret;

	*dev = NULL;
	if (!vsock) {
		tl_log_error("--vsock: out of memory");
		return -ENOMEM;
	}
	vsock->cid = cid;
	vsock->listener.fd = vsock->listener.spare_fd = vsock->epoll_fd = -1;
	ret = listen_at(vsock, path);
	if (ret) {
		fini(&vsock->virtio);
		free(vsock);
		return ret;
	}
	memcpy(vsock->virtio.config, &vsock->cid, sizeof(vsock->cid));
	vsock->virtio.config_size = sizeof(vsock->cid);
	if (tl_virtio_init(&vsock->virtio, env, &vsock_ops, base, spi))
		return -EIO;
	*dev = &vsock->virtio.dev;
	return 0;
}
