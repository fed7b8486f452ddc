/* SPDX-License-Identifier: MIT */
/*
 * The MMIO transport: registers by virtio 1.2, section 4.2.2, and the device's thread.
 */
#include "vmm/dev/virtio/virtio.h"

#include <errno.h>
#include <libfdt.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/kvm.h"

#define MAGIC               0x000
#define VERSION             0x004
#define DEVICE_ID           0x008
#define VENDOR_ID           0x00c
#define DEVICE_FEATURES     0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES     0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL           0x030
#define QUEUE_NUM_MAX       0x034
#define QUEUE_NUM           0x038
#define QUEUE_READY         0x044
#define QUEUE_NOTIFY        0x050
#define INTERRUPT_STATUS    0x060
#define INTERRUPT_ACK       0x064
#define STATUS              0x070
#define QUEUE_DESC_LOW      0x080
#define QUEUE_DESC_HIGH     0x084
#define QUEUE_DRIVER_LOW    0x090
#define QUEUE_DRIVER_HIGH   0x094
#define QUEUE_DEVICE_LOW    0x0a0
#define QUEUE_DEVICE_HIGH   0x0a4
#define SHM_LEN_LOW         0x0b0
#define SHM_BASE_HIGH       0x0bc
#define CONFIG_GENERATION   0x0fc
#define CONFIG              0x100

#define MAGIC_VALUE  0x74726976u /* "virt" */
#define VENDOR_VALUE 0x4c545254u /* "TRTL" */

/* How often a device says that its driver broke the rules. */
#define BROKEN_LOGGED 8u

#define STATUS_FEATURES_OK 8u
#define STATUS_DRIVER_OK   4u
#define STATUS_NEEDS_RESET 64u

#define INTERRUPT_USED   1u
#define INTERRUPT_CONFIG 2u

static void interrupt(struct tl_virtio *virtio, uint32_t why)
{
	const uint64_t one = 1;

	atomic_fetch_or_explicit(&virtio->interrupt_status, why, memory_order_seq_cst);
	if (write(virtio->irq_fd, &one, sizeof(one)) < 0)
		tl_log_warn("%s: interrupt: %s", virtio->ops->name, strerror(errno));
}

/* The driver breaks the rules: nothing more until it resets the device. */
static void needs_reset(struct tl_virtio *virtio, const char *why)
{
	uint32_t old = atomic_fetch_or(&virtio->status, STATUS_NEEDS_RESET);

	for (unsigned int i = 0; i < TL_VIRTIO_QUEUES; i++)
		virtio->queues[i].running = false;
	if (old & STATUS_NEEDS_RESET)
		return;
	/* A guest may do it again and again. */
	if (virtio->broken++ < BROKEN_LOGGED)
		tl_log_warn("%s at %#llx: the guest's driver %s; the device is down until it is "
			    "reset",
			virtio->ops->name, (unsigned long long)virtio->dev.base, why);
	interrupt(virtio, INTERRUPT_CONFIG);
}

/* All requests that are there; `work` is held. */
static void serve(struct tl_virtio *virtio, unsigned int index)
{
	struct tl_vq *vq = &virtio->queues[index];
	static _Thread_local struct tl_vq_chain chain;
	int ret;

	do {
		while ((ret = tl_vq_pop(vq, &chain)) > 0) {
			int64_t written = virtio->ops->request(virtio, index, &chain);

			if (written < 0) {
				needs_reset(virtio, "made a request that is none");
				return;
			}
			tl_vq_push(vq, chain.head, (uint32_t)written);
			/* At once: the next request may take long. */
			if (tl_vq_must_interrupt(vq))
				interrupt(virtio, INTERRUPT_USED);
		}
		if (ret < 0) {
			needs_reset(virtio, "broke its queue");
			return;
		}
	} while (tl_vq_wait(vq));
}

static void *work(void *arg)
{
	struct tl_virtio *virtio = arg;
	struct pollfd polls[TL_VIRTIO_QUEUES + 1];
	uint64_t count;

	for (unsigned int i = 0; i < TL_VIRTIO_QUEUES; i++)
		polls[i] = (struct pollfd){.fd = virtio->kick_fds[i], .events = POLLIN};
	polls[TL_VIRTIO_QUEUES] = (struct pollfd){.fd = virtio->stop_fd, .events = POLLIN};
	for (;;) {
		if (poll(polls, TL_VIRTIO_QUEUES + 1, -1) < 0 && errno != EINTR)
			break;
		if (polls[TL_VIRTIO_QUEUES].revents)
			break;
		for (unsigned int i = 0; i < virtio->ops->queues; i++) {
			if (!polls[i].revents ||
				read(virtio->kick_fds[i], &count, sizeof(count)) < 0)
				continue;
			pthread_mutex_lock(&virtio->work);
			serve(virtio, i);
			pthread_mutex_unlock(&virtio->work);
		}
	}
	return NULL;
}

/* Takes effect at once: what the thread is at is finished first. */
static void reset(struct tl_virtio *virtio)
{
	pthread_mutex_lock(&virtio->work);
	for (unsigned int i = 0; i < TL_VIRTIO_QUEUES; i++) {
		tl_vq_reset(&virtio->queues[i]);
		virtio->queue_ready[i] = false;
	}
	atomic_store(&virtio->status, 0);
	atomic_store(&virtio->interrupt_status, 0);
	pthread_mutex_unlock(&virtio->work);
	virtio->driver_features = 0;
	virtio->features_sel = virtio->driver_features_sel = virtio->queue_sel = 0;
}

static void start_queues(struct tl_virtio *virtio)
{
	pthread_mutex_lock(&virtio->work);
	for (unsigned int i = 0; i < virtio->ops->queues; i++) {
		struct tl_vq *vq = &virtio->queues[i];

		vq->event_idx = virtio->driver_features >> TL_VIRTIO_F_EVENT_IDX & 1;
		vq->indirect = virtio->driver_features >> TL_VIRTIO_F_INDIRECT & 1;
		if (virtio->queue_ready[i] && tl_vq_start(vq))
			needs_reset(virtio, "placed a queue where none can be");
	}
	pthread_mutex_unlock(&virtio->work);
	/* What was made available before DRIVER_OK is not notified again. */
	for (unsigned int i = 0; i < virtio->ops->queues; i++)
		(void)eventfd_write(virtio->kick_fds[i], 1);
}

static void write_status(struct tl_virtio *virtio, uint32_t value)
{
	uint32_t old = atomic_load(&virtio->status);

	if (!value) {
		reset(virtio);
		return;
	}
	/* Bits are only ever added; NEEDS_RESET is ours (section 2.1.1). */
	value = (value & 0xff & ~STATUS_NEEDS_RESET) | old;
	if ((value & STATUS_FEATURES_OK) && !(old & STATUS_FEATURES_OK) &&
		((virtio->driver_features & ~virtio->features) ||
			!(virtio->driver_features >> TL_VIRTIO_F_VERSION_1 & 1)))
		value &= ~STATUS_FEATURES_OK;
	if ((value & STATUS_DRIVER_OK) && !(value & STATUS_FEATURES_OK))
		value &= ~STATUS_DRIVER_OK;
	atomic_fetch_or(&virtio->status, value);
	if ((value & STATUS_DRIVER_OK) && !(old & STATUS_DRIVER_OK))
		start_queues(virtio);
}

/* The queue that is selected; NULL: there is no such, or it runs and is not to be changed. */
static struct tl_vq *selected(struct tl_virtio *virtio)
{
	if (virtio->queue_sel >= virtio->ops->queues ||
		(atomic_load(&virtio->status) & STATUS_DRIVER_OK))
		return NULL;
	return &virtio->queues[virtio->queue_sel];
}

static void set_half(uint64_t *value, uint32_t half, bool high)
{
	*value = high ? (*value & UINT32_MAX) | (uint64_t)half << 32
		      : (*value & ~(uint64_t)UINT32_MAX) | half;
}

static bool write_queue(struct tl_virtio *virtio, uint64_t offset, uint32_t value)
{
	struct tl_vq *vq = selected(virtio);

	if (!vq)
		return offset == QUEUE_NUM || offset == QUEUE_READY ||
		       (offset >= QUEUE_DESC_LOW && offset <= QUEUE_DEVICE_HIGH);
	switch (offset) {
	case QUEUE_NUM:
		vq->size = value;
		return true;
	case QUEUE_READY:
		virtio->queue_ready[virtio->queue_sel] = value & 1;
		return true;
	case QUEUE_DESC_LOW:
	case QUEUE_DESC_HIGH:
		set_half(&vq->desc, value, offset == QUEUE_DESC_HIGH);
		return true;
	case QUEUE_DRIVER_LOW:
	case QUEUE_DRIVER_HIGH:
		set_half(&vq->avail, value, offset == QUEUE_DRIVER_HIGH);
		return true;
	case QUEUE_DEVICE_LOW:
	case QUEUE_DEVICE_HIGH:
		set_half(&vq->used, value, offset == QUEUE_DEVICE_HIGH);
		return true;
	default:
		return false;
	}
}

static bool write_register(struct tl_virtio *virtio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DEVICE_FEATURES_SEL:
		virtio->features_sel = value;
		return true;
	case DRIVER_FEATURES_SEL:
		virtio->driver_features_sel = value;
		return true;
	case DRIVER_FEATURES:
		/* Once they are agreed on, they stay. */
		if (virtio->driver_features_sel < 2 &&
			!(atomic_load(&virtio->status) & STATUS_FEATURES_OK))
			set_half(&virtio->driver_features, value, virtio->driver_features_sel);
		return true;
	case QUEUE_SEL:
		virtio->queue_sel = value;
		return true;
	case QUEUE_NOTIFY:
		/* Mostly by ioeventfd; this is for numbers that are no queue's. */
		return true;
	case INTERRUPT_ACK:
		atomic_fetch_and(&virtio->interrupt_status, ~value);
		return true;
	case STATUS:
		write_status(virtio, value);
		return true;
	default:
		return write_queue(virtio, offset, value);
	}
}

static uint32_t offered(const struct tl_virtio *virtio)
{
	if (virtio->features_sel > 1)
		return 0;
	return (uint32_t)(virtio->features >> (virtio->features_sel * 32));
}

static bool read_register(struct tl_virtio *virtio, uint64_t offset, uint32_t *value)
{
	switch (offset) {
	case MAGIC:
		*value = MAGIC_VALUE;
		return true;
	case VERSION:
		*value = 2;
		return true;
	case DEVICE_ID:
		*value = virtio->ops->id;
		return true;
	case VENDOR_ID:
		*value = VENDOR_VALUE;
		return true;
	case DEVICE_FEATURES:
		*value = offered(virtio);
		return true;
	case QUEUE_NUM_MAX:
		*value = virtio->queue_sel < virtio->ops->queues ? TL_VQ_SIZE_MAX : 0;
		return true;
	case QUEUE_READY:
		*value = virtio->queue_sel < virtio->ops->queues &&
			 virtio->queue_ready[virtio->queue_sel];
		return true;
	case INTERRUPT_STATUS:
		*value = atomic_load(&virtio->interrupt_status);
		return true;
	case STATUS:
		*value = atomic_load(&virtio->status);
		return true;
	case CONFIG_GENERATION:
		*value = 0; /* no configuration here ever changes */
		return true;
	default:
		/* Shared memory regions: there are none, which is all ones (section 4.2.2). */
		*value = UINT32_MAX;
		return offset >= SHM_LEN_LOW && offset <= SHM_BASE_HIGH;
	}
}

static enum tl_mmio_result mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;
	uint32_t value = 0;
	bool known;

	if (access->offset >= CONFIG) {
		uint64_t at = access->offset - CONFIG;

		/* Nothing in a configuration is for the driver to write. */
		if (at + access->size > virtio->config_size)
			return TL_MMIO_UNHANDLED;
		access->value = 0;
		if (!access->is_write)
			memcpy(&access->value, virtio->config + at, access->size);
		return TL_MMIO_HANDLED;
	}
	if (access->size != 4 || access->offset % 4)
		return TL_MMIO_ERROR;
	if (access->is_write) {
		known = write_register(virtio, access->offset, (uint32_t)access->value);
	} else {
		known = read_register(virtio, access->offset, &value);
		access->value = value;
	}
	return known ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

/* Documentation/devicetree/bindings/virtio/mmio.yaml */
static int add_node(struct tl_dev *dev, void *fdt)
{
	const fdt64_t reg[2] = {cpu_to_fdt64(dev->base), cpu_to_fdt64(dev->size)};
	/* Shared, its number, rising edge: an irqfd has no level. */
	const fdt32_t interrupts[3] = {cpu_to_fdt32(0), cpu_to_fdt32(dev->spi), cpu_to_fdt32(1)};
	char name[40];
	int node, err;

	snprintf(name, sizeof(name), "virtio_mmio@%llx", (unsigned long long)dev->base);
	node = fdt_add_subnode(fdt, 0, name);
	err = node < 0 ? node : fdt_setprop_empty(fdt, node, "dma-coherent");
	err = err ? err : fdt_setprop(fdt, node, "interrupts", interrupts, sizeof(interrupts));
	err = err ? err : fdt_setprop(fdt, node, "reg", reg, sizeof(reg));
	err = err ? err : fdt_setprop_string(fdt, node, "compatible", "virtio,mmio");
	return err ? -ENOSPC : 0;
}

static void on_reset(struct tl_dev *dev)
{
	reset((struct tl_virtio *)dev);
}

static void fini(struct tl_dev *dev)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;

	if (virtio->has_thread) {
		(void)eventfd_write(virtio->stop_fd, 1);
		pthread_join(virtio->thread, NULL);
	}
	for (unsigned int i = 0; i < TL_VIRTIO_QUEUES; i++) {
		if (virtio->kick_fds[i] >= 0)
			close(virtio->kick_fds[i]);
	}
	if (virtio->irq_fd >= 0)
		close(virtio->irq_fd);
	if (virtio->stop_fd >= 0)
		close(virtio->stop_fd);
	if (virtio->ops->fini)
		virtio->ops->fini(virtio);
	pthread_mutex_destroy(&virtio->work);
	pthread_mutex_destroy(&virtio->dev.lock);
	free(virtio);
}

static int connect_fds(struct tl_virtio *virtio)
{
	int vm_fd = virtio->env.irqchip->vm_fd, ret = 0;
	struct kvm_irqfd irqfd = {.gsi = virtio->dev.spi};

	virtio->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	virtio->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (virtio->irq_fd < 0 || virtio->stop_fd < 0)
		return -errno;
	irqfd.fd = (uint32_t)virtio->irq_fd;
	ret = tl_kvm_ioctl(vm_fd, KVM_IRQFD, (unsigned long)&irqfd);
	for (unsigned int i = 0; i < virtio->ops->queues && ret >= 0; i++) {
		struct kvm_ioeventfd notify = {.datamatch = i,
			.addr = virtio->dev.base + QUEUE_NOTIFY,
			.len = 4,
			.flags = KVM_IOEVENTFD_FLAG_DATAMATCH};

		virtio->kick_fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (virtio->kick_fds[i] < 0)
			return -errno;
		notify.fd = virtio->kick_fds[i];
		ret = tl_kvm_ioctl(vm_fd, KVM_IOEVENTFD, (unsigned long)&notify);
	}
	return ret < 0 ? ret : 0;
}

static int start_thread(struct tl_virtio *virtio)
{
	sigset_t all, old;
	int ret;

	/* Signals are the main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&virtio->thread, NULL, work, virtio);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return -ret;
	virtio->has_thread = true;
	pthread_setname_np(virtio->thread, virtio->ops->name);
	return 0;
}

static const struct tl_dev_ops *ops_of(const struct tl_virtio_ops *kind)
{
	static const struct tl_dev_ops ops = {.name = "virtio-mmio",
		.mmio = mmio,
		.fdt = add_node,
		.reset = on_reset,
		.fini = fini};

	(void)kind;
	return &ops;
}

int tl_virtio_init(struct tl_virtio *virtio, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi)
{
	int ret;

	virtio->dev = (struct tl_dev){
		.ops = ops_of(ops), .base = base, .size = TL_VIRTIO_SIZE, .spi = spi};
	virtio->ops = ops;
	virtio->env = *env;
	virtio->features |= UINT64_C(1) << TL_VIRTIO_F_VERSION_1 |
			    UINT64_C(1) << TL_VIRTIO_F_INDIRECT |
			    UINT64_C(1) << TL_VIRTIO_F_EVENT_IDX;
	virtio->irq_fd = virtio->stop_fd = -1;
	for (unsigned int i = 0; i < TL_VIRTIO_QUEUES; i++) {
		virtio->kick_fds[i] = -1;
		virtio->queues[i].mem = env->mem;
	}
	pthread_mutex_init(&virtio->dev.lock, NULL);
	pthread_mutex_init(&virtio->work, NULL);
	ret = connect_fds(virtio);
	ret = ret ? ret : start_thread(virtio);
	if (ret) {
		tl_log_error("%s: cannot connect it to KVM: %s", ops->name, strerror(-ret));
		fini(&virtio->dev);
	}
	return ret;
}
