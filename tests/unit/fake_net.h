/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a network device (virtio 1.2, section 5.1), or another whose first
 * queues are one to receive and one to send: these two, their buffers, and KVM, which keeps
 * the eventfds (it stands in for vmm/core/kvm.c). Link tests/unit/fake_net.c.
 */
#ifndef TL_TESTS_FAKE_NET_H
#define TL_TESTS_FAKE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/virtio/virtio.h"

#define RX         0u
#define TX         1u
#define QUEUE_SIZE 64u
#define HEADER     12u
#define VERSION1   (UINT64_C(1) << TL_VIRTIO_F_VERSION_1)
#define MRG_RXBUF  (UINT64_C(1) << 15)

struct fake_net {
	struct tl_dev *dev;
	int irq_fd, kick_fds[TL_VIRTIO_QUEUES];
	unsigned int heads[2]; /* descriptors that were used up, of each queue */
};

extern struct fake_net fake_net;

struct tl_dev_env fake_net_env(void);

/* RAM for all of it. Returns 0. */
int fake_net_setup(void);
void fake_net_teardown(void);

/* From reset to DRIVER_OK, with empty queues. */
void driver_start(uint64_t features);

uint64_t register_get(uint64_t offset);

/*
 * Makes a chain of these segments available, sizes up to 0. Returns the address of its bytes,
 * which follow each other, and notifies if it is
 * to be written to.
 */
uint8_t *driver_offer(unsigned int queue, const uint32_t *sizes);

/* The address of the next one's bytes. */
uint8_t *driver_next(unsigned int queue);

/* A frame to send: header and bytes, in one segment. */
void driver_send(const void *bytes, uint32_t size);

/* Waits until so many came back in all; the length of the last one. */
uint32_t driver_wait(unsigned int queue, uint16_t count);
uint16_t driver_used(unsigned int queue);

/* Waits until the device says that the driver broke it. */
void expect_needs_reset(void);

/* Waits until the link is down, and the driver was told. */
void expect_link_down(void);

#endif
