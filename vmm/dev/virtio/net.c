/* SPDX-License-Identifier: MIT */
/*
 * One worker carries frames both ways. The driver's buffers for frames are taken off the queue
 * ahead of them, so that a frame goes to the guest's memory at once, over several buffers if
 * the driver allows that (MRG_RXBUF). Interrupts are for a batch. What is slow makes the other
 * side wait: nothing is queued here.
 */
#include "vmm/dev/virtio/net.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "vmm/dev/virtio/net_backend.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID 1u
#define RX        0u
#define TX        1u

/* Feature bits: section 5.1.3. */
#define F_MTU       3
#define F_MAC       5
#define F_MRG_RXBUF 15
#define F_STATUS    16
#define STATUS_UP   1u

/* Fields of struct virtio_net_hdr. */
#define HEADER_NUM_BUFFERS 10u

/* Frames in a row, before the other direction or a reset has its turn. */
#define BATCH 64u
/* Fewer than one system call takes: the backend adds its own. */
#define SEGMENTS 1000u
/* Room for frames, as long as none was larger. */
#define SMALL_FRAME 2048u
/* After so many small ones in a row that is the room again. */
#define SMALL_AGAIN 256u
#define MTU_MIN     68u

/* Section 5.1.4. */
struct config {
	uint8_t mac[TL_NET_MAC];
	uint16_t status, max_virtqueue_pairs, mtu;
} __attribute__((packed));

/* One buffer of the driver's that waits for a frame. */
struct buffer {
	uint16_t head;
	uint16_t segments;
	uint32_t bytes;
};

struct net {
	struct tl_virtio virtio;
	struct tl_net_backend *backend;
	bool gone;     /* the backend has ended: the link is down */
	bool starved;  /* a frame waits for buffers */
	bool tx_waits; /* chain is a frame that the backend would not take yet */
	short watched;

	struct buffer held[TL_VQ_SIZE_MAX];
	struct iovec iov[SEGMENTS]; /* theirs */
	unsigned int held_count, iov_count;
	size_t room;
	size_t wanted; /* room to have before a frame is asked for */
	unsigned int small_frames;

	struct tl_vq_chain chain;
};

void tl_net_put(const struct iovec *iov, int count, size_t at, const void *from, size_t size)
{
	for (int i = 0; i < count && size; i++) {
		size_t n = iov[i].iov_len;

		if (at >= n) {
			at -= n;
			continue;
		}
		n = n - at < size ? n - at : size;
		memcpy((char *)iov[i].iov_base + at, from, n);
		from = (const char *)from + n;
		size -= n;
		at = 0;
	}
}

/* Waits for what the backend has, unless there is no place, and until it takes a frame. */
static void watch(struct net *net)
{
	short events = 0;

	if (!net->gone && tl_virtio_works(&net->virtio))
		events = (short)((net->starved ? 0 : POLLIN) |
				 (net->tx_waits || net->backend->holds ? POLLOUT : 0));
	if (events != net->watched)
		(void)tl_virtio_watch(&net->virtio, 0, net->backend->fd, events);
	net->watched = events;
}

static void link_down(struct net *net, int err)
{
	const uint16_t status = 0;

	net->gone = true;
	net->backend->ops->fail(net->backend, err);
	tl_virtio_set_config(
		&net->virtio, offsetof(struct config, status), &status, sizeof(status));
}

static void interrupt(struct net *net, unsigned int queue)
{
	if (tl_vq_must_interrupt(&net->virtio.queues[queue]))
		tl_virtio_interrupt(&net->virtio);
}

/* Takes buffers off the queue until there is room, if there are any. Returns 0 or -EPROTO. */
static int hold_buffers(struct net *net, size_t room)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_vq *vq = &net->virtio.queues[RX];
	bool several = tl_virtio_has(&net->virtio, F_MRG_RXBUF);
	int ret = 1;

	while (net->room < room && (several || !net->held_count) && net->held_count < vq->size &&
		net->iov_count + TL_VQ_SEGMENTS <= SEGMENTS) {
		ret = tl_vq_pop(vq, &chain);
		if (ret <= 0)
			break;
		/* Section 5.1.6.3.1: at least the header. */
		if (chain.in_bytes < TL_NET_HEADER)
			return -EPROTO;
		net->held[net->held_count++] =
			(struct buffer){chain.head, (uint16_t)chain.in, (uint32_t)chain.in_bytes};
		memcpy(net->iov + net->iov_count, chain.iov + chain.out,
			chain.in * sizeof(chain.iov[0]));
		net->iov_count += chain.in;
		net->room += chain.in_bytes;
	}
	return ret < 0 ? ret : 0;
}

/* Whether the driver may yet make the buffers available that the frame needs. */
static bool may_get_room(const struct net *net, size_t size)
{
	if (!net->held_count)
		return true;
	return tl_virtio_has(&net->virtio, F_MRG_RXBUF) && size <= TL_NET_FRAME_MAX &&
	       net->held_count < net->virtio.queues[RX].size &&
	       net->iov_count + TL_VQ_SEGMENTS <= SEGMENTS;
}

/* Where a byte of the held buffers is. */
static uint8_t *held_byte(struct net *net, size_t at)
{
	unsigned int i = 0;

	while (at >= net->iov[i].iov_len)
		at -= net->iov[i++].iov_len;
	return (uint8_t *)net->iov[i].iov_base + at;
}

/* What only the device knows of the header: the number of buffers; and what was not agreed on. */
static void finish_header(struct net *net, unsigned int buffers)
{
	*held_byte(net, HEADER_NUM_BUFFERS) = (uint8_t)buffers;
	*held_byte(net, HEADER_NUM_BUFFERS + 1) = (uint8_t)(buffers >> 8);
	if (!tl_virtio_has(&net->virtio, TL_NET_F_GUEST_CSUM)) {
		*held_byte(net, 0) = 0; /* flags */
		*held_byte(net, 1) = 0; /* gso_type */
	}
}

/* A frame of the size is in the first of the held buffers: the driver gets them, at once. */
static void give_frame(struct net *net, size_t size)
{
	struct tl_vq *vq = &net->virtio.queues[RX];
	unsigned int buffers = 0, segments = 0;

	for (size_t bytes = 0; bytes < size; buffers++)
		bytes += net->held[buffers].bytes;
	finish_header(net, buffers);
	for (unsigned int i = 0; i < buffers; i++) {
		const struct buffer *held = &net->held[i];
		size_t written = size < held->bytes ? size : held->bytes;

		tl_vq_fill(vq, i, held->head, (uint32_t)written);
		size -= written;
		net->room -= held->bytes;
		segments += held->segments;
	}
	tl_vq_flush(vq, buffers);
	net->held_count -= buffers;
	net->iov_count -= segments;
	memmove(net->held, net->held + buffers, net->held_count * sizeof(net->held[0]));
	memmove(net->iov, net->iov + segments, net->iov_count * sizeof(net->iov[0]));
}

/* Room for 64 KiB takes many buffers, and they cost time with each small frame. */
static void learn_size(struct net *net, size_t size)
{
	if (size > SMALL_FRAME) {
		net->wanted = TL_NET_FRAME_MAX;
		net->small_frames = 0;
	} else if (++net->small_frames >= SMALL_AGAIN) {
		net->wanted = SMALL_FRAME;
	}
}

/*
 * One frame from the backend to the driver. Returns 1, 0 (there is none, or no room for it),
 * or -EPROTO.
 */
static int receive_frame(struct net *net)
{
	ssize_t n;
	int ret = hold_buffers(net, net->wanted);

	for (;;) {
		if (ret)
			return ret;
		if (!net->held_count) {
			net->starved = true;
			return 0;
		}
		n = net->backend->ops->receive(
			net->backend, net->iov, (int)net->iov_count, net->room);
		if (n == -EAGAIN)
			return 0;
		if (n < 0) {
			link_down(net, (int)-n);
			return 0;
		}
		learn_size(net, (size_t)n);
		if ((size_t)n <= net->room)
			break;
		ret = hold_buffers(net, (size_t)n);
		if (ret || (size_t)n <= net->room)
			continue;
		if (may_get_room(net, (size_t)n)) {
			net->starved = true;
			return 0;
		}
		net->backend->ops->drop(net->backend);
	}
	give_frame(net, (size_t)n);
	return 1;
}

static int receive(struct net *net)
{
	unsigned int frames = 0;
	int ret = 0;

	if (net->gone)
		return 0;
	do {
		net->starved = false;
		while (frames < BATCH && (ret = receive_frame(net)) > 0)
			frames++;
	} while (!ret && net->starved && tl_vq_wait(&net->virtio.queues[RX]));
	if (frames)
		interrupt(net, RX);
	if (frames == BATCH)
		tl_virtio_kick(&net->virtio, RX);
	return ret < 0 ? ret : 0;
}

/* The frame in net->chain. Returns 0, -EAGAIN or -EPROTO. */
static int send_frame(struct net *net)
{
	struct tl_vq_chain *chain = &net->chain;
	int ret;

	if (chain->out_bytes < TL_NET_HEADER || chain->out_bytes > TL_NET_FRAME_MAX)
		return -EPROTO;
	/* No cable, no error. */
	if (net->gone)
		return 0;
	ret = net->backend->ops->send(net->backend, chain->iov, (int)chain->out);
	if (ret && ret != -EAGAIN) {
		link_down(net, -ret);
		ret = 0;
	}
	return ret;
}

static int transmit(struct net *net)
{
	struct tl_vq *vq = &net->virtio.queues[TX];
	unsigned int frames = 0;
	int ret = 0;

	do {
		while (frames < BATCH &&
			(net->tx_waits || (ret = tl_vq_pop(vq, &net->chain)) > 0)) {
			ret = send_frame(net);
			net->tx_waits = ret == -EAGAIN;
			if (ret)
				break;
			tl_vq_push(vq, net->chain.head, 0);
			frames++;
		}
	} while (!ret && frames < BATCH && tl_vq_wait(vq));
	if (frames)
		interrupt(net, TX);
	if (frames == BATCH)
		tl_virtio_kick(&net->virtio, TX);
	return ret == -EPROTO ? ret : 0;
}

static int kick(struct tl_virtio *virtio, unsigned int queue)
{
	struct net *net = (struct net *)virtio;
	int ret = queue == RX ? receive(net) : net->tx_waits ? 0 : transmit(net);

	watch(net);
	return ret;
}

/* The guest may have no other frame that would push it. */
static void flush(struct net *net)
{
	int ret = net->backend->ops->flush(net->backend);

	if (ret && ret != -EAGAIN)
		link_down(net, -ret);
}

static int ready(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct net *net = (struct net *)virtio;
	int ret = 0;

	(void)worker;
	(void)fd;
	if (tl_virtio_works(virtio)) {
		if (events & ~POLLOUT)
			ret = receive(net);
		if (!ret && net->tx_waits && (events & ~POLLIN))
			ret = transmit(net);
		if (!net->gone && net->backend->holds && (events & POLLOUT))
			flush(net);
	}
	watch(net);
	return ret;
}

static void start(struct tl_virtio *virtio)
{
	struct net *net = (struct net *)virtio;

	if (net->gone)
		return;
	if (net->backend->ops->start)
		net->backend->ops->start(net->backend, virtio->driver_features);
	watch(net);
}

static void stop(struct tl_virtio *virtio)
{
	struct net *net = (struct net *)virtio;

	net->held_count = net->iov_count = 0;
	net->room = 0;
	net->wanted = SMALL_FRAME;
	net->small_frames = 0;
	net->starved = net->tx_waits = false;
	net->watched = 0;
	net->backend->ops->drop(net->backend);
}

static void fini(struct tl_virtio *virtio)
{
	struct net *net = (struct net *)virtio;

	net->backend->ops->destroy(net->backend);
}

static const struct tl_virtio_ops net_ops = {.name = "virtio-net",
	.thread = TL_SANDBOX_NET,
	.id = DEVICE_ID,
	.queues = 2,
	.kick = kick,
	.ready = ready,
	.start = start,
	.stop = stop,
	.fini = fini};

/*
 * Locally administered, and the same each time: by the number, and for a TAP device, whose
 * network may have other guests, by its name and the host's (FNV-1a).
 */
static void choose_mac(const struct tl_net *net, unsigned int number, uint8_t *mac)
{
	const char *words[] = {net->tap ? net->tap : "", ""};
	struct utsname host;
	uint32_t hash = 2166136261u;

	if (net->tap && !uname(&host))
		words[1] = host.nodename;
	for (unsigned int i = 0; i < 2; i++) {
		for (const char *c = words[i]; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 16777619u;
	}
	mac[0] = 0x02;
	mac[1] = (uint8_t)(hash >> 24);
	mac[2] = (uint8_t)(hash >> 16);
	mac[3] = (uint8_t)(hash >> 8);
	mac[4] = (uint8_t)hash;
	mac[5] = (uint8_t)number;
}

static void set_config(struct net *net, const struct tl_net *options, unsigned int number)
{
	struct config config = {
		.status = STATUS_UP, .max_virtqueue_pairs = 1, .mtu = net->backend->mtu};

	if (options->has_mac)
		memcpy(config.mac, options->mac, sizeof(config.mac));
	else
		choose_mac(options, number, config.mac);
	memcpy(net->virtio.config, &config, sizeof(config));
	net->virtio.config_size = sizeof(config);
	net->virtio.features = net->backend->features | UINT64_C(1) << F_MAC |
			       UINT64_C(1) << F_STATUS | UINT64_C(1) << F_MRG_RXBUF;
	if (config.mtu >= MTU_MIN)
		net->virtio.features |= UINT64_C(1) << F_MTU;
}

int tl_virtio_net_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_net *options, unsigned int number)
{
	struct net *net = calloc(1, sizeof(*net));
	int ret;

	*dev = NULL;
	if (!net) {
		tl_log_error("--net: out of memory");
		return -ENOMEM;
	}
	ret = options->tap ? tl_net_tap_create(&net->backend, options)
			   : tl_net_user_create(&net->backend, options);
	if (ret) {
		free(net);
		return ret;
	}
	net->wanted = SMALL_FRAME;
	set_config(net, options, number);
	if (tl_virtio_init(&net->virtio, env, &net_ops, base, spi))
		return -EIO;
	*dev = &net->virtio.dev;
	return 0;
}
