/* SPDX-License-Identifier: MIT */
/*
 * virtio-net (virtio 1.2, section 5.1): a network interface of the guest, connected to a TAP
 * device of the host or to passt.
 */
#ifndef TL_VMM_VIRTIO_NET_H
#define TL_VMM_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/dev.h"

#define TL_NET_FORWARDS 16
#define TL_NET_MAC      6

/* A port of the host that leads to one of the guest. */
struct tl_net_forward {
	bool udp;
	const char *address; /* of the host; NULL: all of them */
	uint16_t host, guest;
};

struct tl_net {
	const char *tap; /* name of the interface; NULL: user networking */
	uint8_t mac[TL_NET_MAC];
	bool has_mac; /* else tl_virtio_net_create() chooses */
	struct tl_net_forward forwards[TL_NET_FORWARDS];
	unsigned int forward_count;
};

/*
 * Opens the TAP device or starts passt, and makes the device at `base` with interrupt `spi`.
 * `number` counts the interfaces; the MAC address is chosen by it. `net` outlives the device.
 * Returns 0 or -errno (logged): -EIO of KVM, others of the interface.
 */
int tl_virtio_net_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_net *net, unsigned int number);

#endif
