/* SPDX-License-Identifier: MIT */
/*
 * The kernel carries the data: it takes the guest's notifications, and works on the queues by
 * itself (include/uapi/linux/vhost.h). Its interrupts come here, because a driver over MMIO
 * looks at InterruptStatus first. The queue of events is empty for ever: vhost has none.
 */
#include "vmm/dev/virtio/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/virtio.h"

#define DATA_QUEUES 2u /* that vhost works on */
#define VHOST_PATH  "/dev/vhost-vsock"

#define F_SEQPACKET 1

struct vsock {
	struct tl_virtio virtio;
	int vhost_fd;
	int call_fds[DATA_QUEUES]; /* vhost has used buffers */
	int err_fds[DATA_QUEUES];  /* a queue is broken */
	bool running;
	bool told; /* that the kernel does not take it: a driver may try again and again */
};

static int vhost(const struct vsock *vsock, unsigned long request, void *arg)
{
	return ioctl(vsock->vhost_fd, request, arg) ? -errno : 0;
}

static int give_memory(struct vsock *vsock)
{
	struct tl_mem_piece pieces[2];
	/* struct vhost_memory with room for its regions. */
	struct {
		uint32_t nregions, padding;
		struct vhost_memory_region regions[2];
	} table = {.nregions = tl_mem_pieces(vsock->virtio.env.mem, pieces)};

	_Static_assert(sizeof(table) == sizeof(struct vhost_memory) + sizeof(table.regions),
		"not as the kernel has it");
	for (unsigned int i = 0; i < table.nregions; i++)
		table.regions[i] = (struct vhost_memory_region){.guest_phys_addr = pieces[i].base,
			.memory_size = pieces[i].size,
			.userspace_addr = (uintptr_t)pieces[i].host};
	return vhost(vsock, VHOST_SET_MEM_TABLE, &table);
}

static int give_queue(struct vsock *vsock, unsigned int index)
{
	const struct tl_vq *vq = &vsock->virtio.queues[index];
	struct vhost_vring_state num = {index, vq->size}, next = {index, 0};
	struct vhost_vring_addr rings = {.index = index,
		.desc_user_addr = (uintptr_t)vq->desc_at,
		.avail_user_addr = (uintptr_t)vq->avail_at,
		.used_user_addr = (uintptr_t)vq->used_at};
	struct vhost_vring_file kick = {index, vsock->virtio.kick_fds[index]};
	struct vhost_vring_file call = {index, vsock->call_fds[index]};
	struct vhost_vring_file err = {index, vsock->err_fds[index]};
	int ret;

	if (!vq->running)
		return -EPROTO;
	ret = vhost(vsock, VHOST_SET_VRING_NUM, &num);
	ret = ret ? ret : vhost(vsock, VHOST_SET_VRING_BASE, &next);
	ret = ret ? ret : vhost(vsock, VHOST_SET_VRING_ADDR, &rings);
	ret = ret ? ret : vhost(vsock, VHOST_SET_VRING_ERR, &err);
	ret = ret ? ret : vhost(vsock, VHOST_SET_VRING_CALL, &call);
	return ret ? ret : vhost(vsock, VHOST_SET_VRING_KICK, &kick);
}

static void start(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;
	uint64_t features = virtio->driver_features;
	int on = 1, ret = vhost(vsock, VHOST_SET_FEATURES, &features);
	eventfd_t count;

	ret = ret ? ret : give_memory(vsock);
	for (unsigned int i = 0; i < DATA_QUEUES; i++) {
		/* What they say is of the time before the reset. */
		(void)eventfd_read(vsock->call_fds[i], &count);
		(void)eventfd_read(vsock->err_fds[i], &count);
		ret = ret ? ret : give_queue(vsock, i);
		(void)tl_virtio_watch(virtio, 0, vsock->call_fds[i], POLLIN);
		(void)tl_virtio_watch(virtio, 0, vsock->err_fds[i], POLLIN);
	}
	ret = ret ? ret : vhost(vsock, VHOST_VSOCK_SET_RUNNING, &on);
	vsock->running = !ret;
	if (ret && !vsock->told)
		tl_log_warn("virtio-vsock: the host's kernel does not take it: %s", strerror(-ret));
	vsock->told |= ret != 0;
}

static void stop(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;
	int off = 0;

	/* It waits for what the kernel is at. */
	if (vsock->running)
		(void)vhost(vsock, VHOST_VSOCK_SET_RUNNING, &off);
	vsock->running = false;
}

/* Nothing to do: nobody but the driver uses the queue of events. */
static int kick(struct tl_virtio *virtio, unsigned int queue)
{
	(void)virtio;
	(void)queue;
	return 0;
}

static int ready(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct vsock *vsock = (struct vsock *)virtio;
	eventfd_t count;

	(void)worker;
	(void)events;
	if (eventfd_read(fd, &count))
		return 0;
	for (unsigned int i = 0; i < DATA_QUEUES; i++) {
		if (fd == vsock->err_fds[i])
			return -EPROTO;
	}
	tl_virtio_interrupt(virtio);
	return 0;
}

static void fini(struct tl_virtio *virtio)
{
	struct vsock *vsock = (struct vsock *)virtio;

	stop(virtio);
	for (unsigned int i = 0; i < DATA_QUEUES; i++) {
		if (vsock->call_fds[i] >= 0)
			close(vsock->call_fds[i]);
		if (vsock->err_fds[i] >= 0)
			close(vsock->err_fds[i]);
	}
	if (vsock->vhost_fd >= 0)
		close(vsock->vhost_fd);
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

static int fail(int ret, const char *why)
{
	tl_log_error("--vsock: %s", why);
	return ret;
}

/* Opens vhost and claims the CID. Returns 0 or -errno (logged). */
static int open_vhost(struct vsock *vsock, uint32_t cid)
{
	uint64_t guest_cid = cid, features;
	int ret;

	vsock->vhost_fd = open(VHOST_PATH, O_RDWR | O_CLOEXEC);
	if (vsock->vhost_fd < 0)
		return fail(
			-EIO, errno == EACCES || errno == EPERM
				      ? VHOST_PATH
				      ": no permission: run as root, or join the group that owns it"
				      : "this host has no " VHOST_PATH
					": its kernel needs CONFIG_VHOST_VSOCK (modprobe "
					"vhost_vsock); --vsock CID,PATH does without");
	for (unsigned int i = 0; i < DATA_QUEUES; i++) {
		vsock->call_fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		vsock->err_fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (vsock->call_fds[i] < 0 || vsock->err_fds[i] < 0)
			return fail(-EIO, strerror(errno));
	}
	ret = vhost(vsock, VHOST_SET_OWNER, NULL);
	ret = ret ? ret : vhost(vsock, VHOST_GET_FEATURES, &features);
	if (ret)
		return fail(-EIO, strerror(-ret));
	ret = vhost(vsock, VHOST_VSOCK_SET_GUEST_CID, &guest_cid);
	if (ret)
		return fail(ret == -EADDRINUSE ? ret : -EIO,
			ret == -EADDRINUSE ? "another VM has this CID" : strerror(-ret));
	vsock->virtio.features = features & UINT64_C(1) << F_SEQPACKET;
	return 0;
}

int tl_virtio_vsock_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint32_t cid)
{
	struct vsock *vsock = calloc(1, sizeof(*vsock));
	const uint64_t guest_cid = cid;
	int ret;

	*dev = NULL;
	if (!vsock)
		return fail(-ENOMEM, "out of memory");
	vsock->vhost_fd = -1;
	for (unsigned int i = 0; i < DATA_QUEUES; i++)
		vsock->call_fds[i] = vsock->err_fds[i] = -1;
	ret = open_vhost(vsock, cid);
	if (ret) {
		fini(&vsock->virtio);
		free(vsock);
		return ret;
	}
	vsock->virtio.kernel_queues = (1u << DATA_QUEUES) - 1;
	memcpy(vsock->virtio.config, &guest_cid, sizeof(guest_cid));
	vsock->virtio.config_size = sizeof(guest_cid);
	if (tl_virtio_init(&vsock->virtio, env, &vsock_ops, base, spi))
		return -EIO;
	*dev = &vsock->virtio.dev;
	return 0;
}
