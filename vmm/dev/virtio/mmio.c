/* SPDX-License-Identifier: MIT */
/*
 * The MMIO transport's registers: virtio 1.2, section 4.2.2.
 */
#include <errno.h>
#include <libfdt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "vmm/dev/virtio/transport.h"

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
#define QUEUE_NOTIFY        TL_VIRTIO_QUEUE_NOTIFY
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

static void write_status(struct tl_virtio *virtio, uint32_t value)
{
	uint32_t old = atomic_load(&virtio->status);

	if (!value) {
		tl_virtio_reset(virtio);
		return;
	}
	/* Bits are only ever added; NEEDS_RESET is ours (section 2.1.1). */
	value = (value & 0xff & ~TL_VIRTIO_S_NEEDS_RESET) | old;
	if ((value & TL_VIRTIO_S_FEATURES_OK) && !(old & TL_VIRTIO_S_FEATURES_OK) &&
		((virtio->driver_features & ~virtio->features) ||
			!(virtio->driver_features >> TL_VIRTIO_F_VERSION_1 & 1)))
		value &= ~TL_VIRTIO_S_FEATURES_OK;
	if ((value & TL_VIRTIO_S_DRIVER_OK) && !(value & TL_VIRTIO_S_FEATURES_OK))
		value &= ~TL_VIRTIO_S_DRIVER_OK;
	atomic_fetch_or(&virtio->status, value);
	if ((value & TL_VIRTIO_S_DRIVER_OK) && !(old & TL_VIRTIO_S_DRIVER_OK))
		tl_virtio_start(virtio);
}

/* The queue that is selected; NULL: there is no such, or it runs and is not to be changed. */
static struct tl_vq *selected(struct tl_virtio *virtio)
{
	if (virtio->queue_sel >= virtio->queue_count ||
		(atomic_load(&virtio->status) & TL_VIRTIO_S_DRIVER_OK))
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
			!(atomic_load(&virtio->status) & TL_VIRTIO_S_FEATURES_OK))
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
		*value = virtio->queue_sel < virtio->queue_count ? TL_VQ_SIZE_MAX : 0;
		return true;
	case QUEUE_READY:
		*value = virtio->queue_sel < virtio->queue_count &&
			 virtio->queue_ready[virtio->queue_sel];
		return true;
	case INTERRUPT_STATUS:
		*value = atomic_load(&virtio->interrupt_status);
		return true;
	case STATUS:
		*value = atomic_load(&virtio->status);
		return true;
	case CONFIG_GENERATION:
		pthread_mutex_lock(&virtio->config_lock);
		*value = virtio->config_generation;
		pthread_mutex_unlock(&virtio->config_lock);
		return true;
	default:
		/* Shared memory regions: there are none, which is all ones (section 4.2.2). */
		*value = UINT32_MAX;
		return offset >= SHM_LEN_LOW && offset <= SHM_BASE_HIGH;
	}
}

static enum tl_mmio_result mmio_config(struct tl_virtio *virtio, struct tl_mmio *access)
{
	uint64_t at = access->offset - CONFIG;
	bool handled = true;

	if (at + access->size > virtio->config_size)
		return TL_MMIO_UNHANDLED;
	if (access->is_write) {
		handled = virtio->ops->write_config && access->size <= 4 &&
			  virtio->ops->write_config(virtio, at, access->size, access->value);
	} else {
		access->value = 0;
		pthread_mutex_lock(&virtio->config_lock);
		memcpy(&access->value, virtio->config + at, access->size);
		pthread_mutex_unlock(&virtio->config_lock);
	}
	/* A driver that writes what is not to be written is none the wiser. */
	return handled || !virtio->ops->write_config ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

enum tl_mmio_result tl_virtio_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;
	uint32_t value = 0;
	bool known;

	if (access->offset >= CONFIG)
		return mmio_config(virtio, access);
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
int tl_virtio_mmio_add_node(struct tl_dev *dev, void *fdt)
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
