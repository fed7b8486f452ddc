/* SPDX-License-Identifier: MIT */
/*
 * What a virtio device lives on, for unit tests: KVM, which keeps the eventfds it is given
 * (it stands in for vmm/core/kvm.c); a kind of device that turns what it is given upside
 * down; and the driver's way through the registers (virtio 1.2, section 4.2).
 */
#ifndef TL_TESTS_FAKE_VIRTIO_H
#define TL_TESTS_FAKE_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/virtio/virtio.h"

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
#define CONFIG              0x100

#define FEATURES_OK 8u
#define RUNNING     15u
#define NEEDS_RESET 64u

#define PLACE    UINT64_C(0x0a000200)
#define SPI      17u
#define OFFERED  (UINT64_C(1) << 5 | UINT64_C(1) << 35)
#define VERSION1 (UINT64_C(1) << TL_VIRTIO_F_VERSION_1)

struct fake_virtio {
	/* Set by the test. */
	unsigned long fail; /* this ioctl fails with EPERM */
	int64_t answer;     /* of the device to a request, instead of its own, if not 0 */
	bool slow;          /* it takes 50 ms */

	/* Set by the fake. */
	int irq_fd, kick_fds[TL_VIRTIO_QUEUES];
	unsigned int requests; /* that were begun; atomic */
	bool done;             /* a slow one was; atomic */
	unsigned int bad_calls, finis;
};

extern struct fake_virtio fake_virtio;

/* A board at PLACE with SPI, and this RAM. */
struct tl_dev_env fake_virtio_env(const struct tl_mem *mem);

/* Forgets everything, and makes the kind of device. Returns what tl_virtio_init() does. */
int fake_virtio_make(struct tl_virtio **virtio, const struct tl_mem *mem);

/* Both halves of a register of 64 bits. */
void set64(struct tl_dev *dev, uint64_t offset, uint64_t value);

/* From reset to FEATURES_OK (section 3.1.1). Returns whether the device took the features. */
bool negotiate(struct tl_dev *dev, uint64_t features);

/* A queue of `size`; the device must have none yet. */
void set_queue(struct tl_dev *dev, uint32_t size, uint64_t desc, uint64_t avail, uint64_t used);

/* Another than the first one. */
void set_queue_of(struct tl_dev *dev, unsigned int queue, uint32_t size, uint64_t desc,
	uint64_t avail, uint64_t used);

/* Notifies. */
void kick(void);

/* The device interrupts, for this reason; the driver acknowledges. */
void expect_interrupt(struct tl_dev *dev, uint64_t why);

/* It does not, nor does it begin with a request. */
void expect_quiet(struct tl_dev *dev);

#endif
