/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices (virtio 1.2; modern only). A kind of device is a struct tl_virtio_ops and
 * one file beside this one. Its work is done by workers, threads of the device's own that are
 * notified by ioeventfd and interrupt by irqfd, so that no vCPU's thread waits for a device.
 * Its registers are in mmio.c.
 *
 * A driver that breaks the rules gets DEVICE_NEEDS_RESET: the device does nothing more until
 * it is reset, and the rest of the VM goes on.
 */
#ifndef TL_VMM_VIRTIO_H
#define TL_VMM_VIRTIO_H

#include "vmm/dev/dev.h"
#include "vmm/dev/virtio/queue.h"
#include "vmm/sandbox/gate.h"

#define TL_VIRTIO_SIZE    0x200 /* of a transport's range, as on QEMU's virt */
#define TL_VIRTIO_QUEUES  16
#define TL_VIRTIO_WATCHES 8   /* file descriptors of its own that a worker waits for */
#define TL_VIRTIO_CONFIG  256 /* bytes */

/* Feature bits of every device (section 6). */
#define TL_VIRTIO_F_INDIRECT  28
#define TL_VIRTIO_F_EVENT_IDX 29
#define TL_VIRTIO_F_VERSION_1 32

struct tl_virtio;

/*
 * A kind of device. Of request and kick there is one. All but write_config and fini run with
 * the lock of the worker (stop: of all workers) held, so the queues hold still.
 */
struct tl_virtio_ops {
	const char *name; /* of the device on the bus */
	uint32_t id;      /* section 5 */
	unsigned int queues;
	bool worker_per_queue;         /* else one for all of them */
	enum tl_sandbox_thread thread; /* what its workers are to the sandbox */

	/*
	 * Carries out one request. Returns how many bytes it has written to it, or -EPROTO: the
	 * driver breaks the rules. On the worker's thread; may block.
	 */
	int64_t (*request)(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain);
	/*
	 * The driver has made requests available, which the device takes off the queue and gives
	 * back (tl_virtio_push) when it likes. Takes as many as it can, ends with tl_vq_wait().
	 * Returns 0 or -EPROTO. On the worker's thread.
	 */
	int (*kick)(struct tl_virtio *virtio, unsigned int queue);
	/* A watched descriptor has `events`. Returns 0 or -EPROTO. On the worker's thread. */
	int (*ready)(struct tl_virtio *virtio, unsigned int worker, int fd, short events);
	/* The driver is there (DRIVER_OK): driver_features holds. On a vCPU's thread. Or NULL. */
	void (*start)(struct tl_virtio *virtio);
	/* Reset: after it nothing touches the guest's memory. On a vCPU's thread. Or NULL. */
	void (*stop)(struct tl_virtio *virtio);
	/*
	 * The driver writes its configuration: size is 1, 2 or 4. Returns whether that is allowed.
	 * On a vCPU's thread, dev.lock held. Or NULL: nothing can be written.
	 */
	bool (*write_config)(
		struct tl_virtio *virtio, uint64_t offset, unsigned int size, uint64_t value);
	/* Releases what the kind of device has, and not the device itself. No worker runs. */
	void (*fini)(struct tl_virtio *virtio);
};

struct tl_virtio_worker {
	struct tl_virtio *virtio;
	unsigned int index, first_queue, queues; /* which it serves */
	pthread_mutex_t lock; /* held while it serves; taken inside dev.lock, never outside */
	pthread_t thread;
	bool has_thread;
	int wake_fd; /* eventfd: look at `quit` and the watches again */
	_Atomic bool quit;
	bool changed; /* the thread itself has changed the watches; its own */
	struct {
		int fd; /* -1: none; not owned */
		short events;
	} watches[TL_VIRTIO_WATCHES];
};

struct tl_virtio {
	struct tl_dev dev; /* its lock guards the registers */
	const struct tl_virtio_ops *ops;
	struct tl_dev_env env;
	unsigned int queue_count; /* ops->queues, unless set before tl_virtio_init() */
	uint64_t features;        /* offered */
	/* Of these queues the kernel takes the notifications (vhost): bit N is queue N. */
	uint32_t kernel_queues;

	/* Also changed by tl_virtio_set_config(). */
	pthread_mutex_t config_lock; /* innermost */
	uint8_t config[TL_VIRTIO_CONFIG];
	unsigned int config_size;
	uint32_t config_generation;

	/* Registers. */
	uint64_t driver_features;
	uint32_t features_sel, driver_features_sel, queue_sel;
	_Atomic uint32_t status;           /* also read and changed by the workers */
	_Atomic uint32_t interrupt_status; /* set by the workers before they interrupt */
	bool queue_ready[TL_VIRTIO_QUEUES];

	/* A queue is its worker's, with the worker's lock held. */
	struct tl_vq queues[TL_VIRTIO_QUEUES];
	struct tl_virtio_worker workers[TL_VIRTIO_QUEUES];
	unsigned int worker_count;
	_Atomic unsigned int broken; /* how often the driver broke the rules */
	int kick_fds[TL_VIRTIO_QUEUES], irq_fd;
};

/*
 * Makes the transport at `base` with interrupt `spi` around `virtio`, which the caller has
 * allocated (zeroed), given its ops, features and config, and which the transport frees
 * when it is released. Starts its workers. Returns 0 or -errno (logged).
 */
int tl_virtio_init(struct tl_virtio *virtio, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi);

/* Whether the driver has accepted the feature of this number. */
bool tl_virtio_has(const struct tl_virtio *virtio, unsigned int feature);

/* Whether the driver is there and has broken no rule. Any thread. */
bool tl_virtio_works(struct tl_virtio *virtio);

/* Gives a request back, and interrupts if the driver wants that. The worker's lock is held. */
void tl_virtio_push(struct tl_virtio *virtio, unsigned int queue, uint16_t head, uint32_t written);

/* Interrupts for used buffers, unasked: where the kernel (vhost) has pushed them. Any thread. */
void tl_virtio_interrupt(struct tl_virtio *virtio);

/*
 * Has the worker of the number wait for `events` of `fd` (poll(2)), which stays the caller's;
 * events of 0: not any more, and nothing after a reset, before ops->start() sets it up again.
 * Called with the worker's lock held. Returns 0 or -ENOSPC.
 */
int tl_virtio_watch(struct tl_virtio *virtio, unsigned int worker, int fd, short events);

/* Has a queue looked at as if the driver had notified. Any thread. */
void tl_virtio_kick(struct tl_virtio *virtio, unsigned int queue);

/* Changes the configuration and tells the driver so. Any thread, with no config_lock held. */
void tl_virtio_set_config(
	struct tl_virtio *virtio, uint64_t offset, const void *bytes, unsigned int size);

#endif
