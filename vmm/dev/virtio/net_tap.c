/* SPDX-License-Identifier: MIT */
/*
 * A TAP device of the host (Documentation/networking/tuntap.rst). The kernel reads and writes
 * the guest's memory itself, and takes and gives frames that are yet to be cut or summed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/net_backend.h"

#define DEVICE   "/dev/net/tun"
#define SEGMENTS 1024 /* of one system call: IOV_MAX */
/* Frames that waited for a driver that is no more. */
#define STALE_MAX 4096u

#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)

#define FEATURES                                                                                   \
	(UINT64_C(1) << TL_NET_F_CSUM | UINT64_C(1) << TL_NET_F_GUEST_CSUM |                       \
		UINT64_C(1) << TL_NET_F_GUEST_TSO4 | UINT64_C(1) << TL_NET_F_GUEST_TSO6 |          \
		UINT64_C(1) << TL_NET_F_GUEST_ECN | UINT64_C(1) << TL_NET_F_HOST_TSO4 |            \
		UINT64_C(1) << TL_NET_F_HOST_TSO6 | UINT64_C(1) << TL_NET_F_HOST_ECN)

struct tap {
	struct tl_net_backend backend;
	const char *name;
	/* A frame that was larger than the room for it: the size of all, and its end. */
	size_t kept, kept_room;
	struct iovec iov[SEGMENTS];
	unsigned char rest[TL_NET_FRAME_MAX];
};

static void start(struct tl_net_backend *backend, uint64_t features)
{
	struct tap *tap = (struct tap *)backend;
	static const struct {
		unsigned int feature, offload;
	} table[] = {{TL_NET_F_GUEST_CSUM, TUN_F_CSUM}, {TL_NET_F_GUEST_TSO4, TUN_F_TSO4},
		{TL_NET_F_GUEST_TSO6, TUN_F_TSO6}, {TL_NET_F_GUEST_ECN, TUN_F_TSO_ECN}};
	unsigned long offloads = 0;

	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		offloads |= features >> table[i].feature & 1 ? table[i].offload : 0;
	/* What means nothing without the other is refused. */
	if (!(offloads & (TUN_F_TSO4 | TUN_F_TSO6)))
		offloads &= ~(unsigned long)TUN_F_TSO_ECN;
	if (!(offloads & TUN_F_CSUM))
		offloads = 0;
	if (ioctl(backend->fd, TUNSETOFFLOAD, offloads))
		tl_log_warn("--net tap:%s: offloads: %s", tap->name, strerror(errno));
	/* What waits was made for the driver before. */
	for (unsigned int i = 0; i < STALE_MAX; i++) {
		if (read(backend->fd, tap->rest, sizeof(tap->rest)) < 0)
			break;
	}
}

static ssize_t receive(
	struct tl_net_backend *backend, const struct iovec *iov, int count, size_t room)
{
	struct tap *tap = (struct tap *)backend;
	ssize_t n;

	if (tap->kept) {
		n = (ssize_t)tap->kept;
		if (room >= tap->kept) {
			/* Its beginning is there. */
			tl_net_put(
				iov, count, tap->kept_room, tap->rest, tap->kept - tap->kept_room);
			tap->kept = 0;
		}
		return n;
	}
	if (count >= SEGMENTS)
		return -EINVAL;
	memcpy(tap->iov, iov, (size_t)count * sizeof(*iov));
	tap->iov[count] = (struct iovec){tap->rest, sizeof(tap->rest)};
	do
		n = readv(backend->fd, tap->iov, count + 1);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ENODEV;
	if ((size_t)n > room) {
		tap->kept = (size_t)n;
		tap->kept_room = room;
	}
	return n;
}

static void drop(struct tl_net_backend *backend)
{
	((struct tap *)backend)->kept = 0;
}

static int send_frame(struct tl_net_backend *backend, const struct iovec *iov, int count)
{
	ssize_t n;

	do
		n = writev(backend->fd, iov, count);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EBADFD || errno == ENODEV))
		return -errno;
	/* What the kernel does not take (EINVAL), or not now (EIO: the interface is down). */
	return 0;
}

static void fail(struct tl_net_backend *backend, int err)
{
	const struct tap *tap = (const struct tap *)backend;

	tl_log_warn("--net tap:%s: the interface is gone (%s): the guest's link is down", tap->name,
		strerror(err));
}

static void destroy(struct tl_net_backend *backend)
{
	if (backend->fd >= 0)
		close(backend->fd);
	free(backend);
}

static const struct tl_net_backend_ops tap_ops = {.start = start,
	.receive = receive,
	.drop = drop,
	.send = send_frame,
	.fail = fail,
	.destroy = destroy};

static int refuse(const struct tap *tap, int err, const char *why)
{
	tl_log_error("--net tap:%s: %s", tap->name, why);
	return -err;
}

static const char *open_error(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "the host's kernel has no " DEVICE;
	case EACCES:
	case EPERM:
		return "no permission for " DEVICE;
	default:
		return strerror(err);
	}
}

static const char *attach_error(int err)
{
	switch (err) {
	case EBUSY:
		return "is in use by another program";
	case EPERM:
		return "belongs to another user; 'ip tuntap add NAME mode tap user USER' makes one";
	case EINVAL:
		return "is not a TAP device, or one of several queues";
	default:
		return strerror(err);
	}
}

/* The interface must be there: a name mistyped would be a new one that leads nowhere. */
static int attach(struct tap *tap)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int header = TL_NET_HEADER;

	strncpy(request.ifr_name, tap->name, sizeof(request.ifr_name) - 1);
	if (!if_nametoindex(tap->name))
		return refuse(tap, ENODEV,
			"no such interface; 'ip tuntap add NAME mode tap user USER' makes one");
	tap->backend.fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tap->backend.fd < 0)
		return refuse(tap, errno, open_error(errno));
	if (ioctl(tap->backend.fd, TUNSETIFF, &request))
		return refuse(tap, errno, attach_error(errno));
	if (ioctl(tap->backend.fd, TUNSETVNETHDRSZ, &header))
		return refuse(tap, errno, strerror(errno));
	if (!ioctl(tap->backend.fd, TUNSETOFFLOAD, (unsigned long)OFFLOADS))
		tap->backend.features = FEATURES;
	return 0;
}

static uint16_t interface_mtu(const char *name)
{
	struct ifreq request = {.ifr_mtu = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &request))
		mtu = request.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu > 0 && mtu <= UINT16_MAX ? (uint16_t)mtu : 0;
}

int tl_net_tap_create(struct tl_net_backend **backend, const struct tl_net *net)
{
	struct tap *tap = calloc(1, sizeof(*tap));
	int ret;

	*backend = NULL;
	if (!tap) {
		tl_log_error("--net tap:%s: out of memory", net->tap);
		return -ENOMEM;
	}
	tap->backend = (struct tl_net_backend){.ops = &tap_ops, .fd = -1};
	tap->name = net->tap;
	ret = attach(tap);
	if (ret) {
		destroy(&tap->backend);
		return ret;
	}
	tap->backend.mtu = interface_mtu(tap->name);
	*backend = &tap->backend;
	return 0;
}
