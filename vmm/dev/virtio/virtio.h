/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices over MMIO (virtio 1.2, section 4.2; modern only): registers, features,
 * status, and a thread of the device's own that is notified by ioeventfd and interrupts by
 * irqfd, so that no vCPU's thread waits for a device. A kind of device is a struct
 * tl_virtio_ops and one file beside this one.
 *
 * A driver that breaks the rules gets DEVICE_NEEDS_RESET: the device does nothing more until
 * it is reset, and the rest of the VM goes on.
 */
#ifndef TL_VMM_VIRTIO_H
#define TL_VMM_VIRTIO_H

#include "vmm/dev/dev.h"
#include "vmm/dev/virtio/queue.h"

#define TL_VIRTIO_SIZE   0x200 /* of a transport's range, as on QEMU's virt */
#define TL_VIRTIO_QUEUES 1
#define TL_VIRTIO_CONFIG 64 /* bytes */

/* Feature bits of every device (section 6). */
#define TL_VIRTIO_F_INDIRECT  28
#define TL_VIRTIO_F_EVENT_IDX 29
#define TL_VIRTIO_F_VERSION_1 32

struct tl_virtio;

struct tl_virtio_ops {
	const char *name; /* of the device on the bus */
	uint32_t id;      /* section 5 */
	unsigned int queues;
	/*
	 * Carries out one request. Returns how many bytes it has written to it, or -EPROTO: the
	 * driver breaks the rules. On the device's own thread; may block.
	 */
	int64_t (*request)(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain);
	/* Releases what the kind of device has, and not the device itself. */
	void (*fini)(struct tl_virtio *virtio);
};

struct tl_virtio {
	struct tl_dev dev; /* its lock guards the registers */
	const struct tl_virtio_ops *ops;
	struct tl_dev_env env;
	uint64_t features; /* offered */
	uint8_t config[TL_VIRTIO_CONFIG];
	unsigned int config_size;

	/* Registers. */
	uint64_t driver_features;
	uint32_t features_sel, driver_features_sel, queue_sel;
	_Atomic uint32_t status;           /* also read by the thread */
	_Atomic uint32_t interrupt_status; /* set by the thread before it interrupts */
	bool queue_ready[TL_VIRTIO_QUEUES];

	/* The thread's, with `work` held; the lock is taken inside dev.lock, never outside. */
	pthread_mutex_t work;
	struct tl_vq queues[TL_VIRTIO_QUEUES];
	unsigned int broken; /* how often the driver broke the rules */
	pthread_t thread;
	bool has_thread;
	int kick_fds[TL_VIRTIO_QUEUES], irq_fd, stop_fd;
};

/*
 * Makes the transport at `base` with interrupt `spi` around `virtio`, which the caller has
 * allocated (zeroed), given its ops, features and config, and which the transport frees
 * when it is released. Starts its thread. Returns 0 or -errno (logged).
 */
int tl_virtio_init(struct tl_virtio *virtio, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi);

#endif
