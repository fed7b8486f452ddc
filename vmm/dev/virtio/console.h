/* SPDX-License-Identifier: MIT */
/*
 * virtio-console (virtio 1.2, section 5.3) with several ports: port 0 may be the console (hvc0
 * in Linux), the others are UNIX sockets of the host (/dev/virtio-ports/NAME).
 */
#ifndef TL_VMM_VIRTIO_CONSOLE_H
#define TL_VMM_VIRTIO_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/dev.h"

/* Besides the console. */
#define TL_PORTS_MAX 6

struct tl_port {
	const char *path; /* of the socket, at which others connect */
	const char *name; /* for the guest */
};

/*
 * Makes the device at `base` with interrupt `spi`: with the console (env->console), or without,
 * and so many ports, whose sockets it makes and removes. Returns 0 or -errno (logged): -EIO of
 * KVM, others of the sockets.
 */
int tl_virtio_console_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, bool has_console, const struct tl_port *ports, unsigned int count);

#endif
