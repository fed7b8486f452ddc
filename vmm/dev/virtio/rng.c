/* SPDX-License-Identifier: MIT */
/*
 * Each request is filled from getrandom(2), up to a limit: a request may be of any length, and
 * the device's thread is not to be kept busy for as long as the guest likes.
 */
#include "vmm/dev/virtio/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID   4u
#define REQUEST_MAX 65536u /* bytes */

static int64_t request(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain)
{
	uint8_t bytes[256]; /* never less than is asked for, and never interrupted: getrandom(2) */
	uint64_t wanted = chain->in_bytes < REQUEST_MAX ? chain->in_bytes : REQUEST_MAX;
	uint64_t at = 0;

	(void)virtio;
	(void)queue;
	/* Section 5.4.6.1: all of a request is for the device to write. */
	if (chain->out || !chain->in_bytes)
		return -EPROTO;
	while (at < wanted) {
		size_t n = wanted - at < sizeof(bytes) ? wanted - at : sizeof(bytes);

		if (getrandom(bytes, n, 0) != (ssize_t)n)
			break;
		tl_virtio_copy_in(chain, at, bytes, n);
		at += n;
	}
	return (int64_t)at;
}

static const struct tl_virtio_ops rng_ops = {.name = "virtio-rng",
	.thread = TL_SANDBOX_RNG,
	.id = DEVICE_ID,
	.queues = 1,
	.request = request};

int tl_virtio_rng_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct tl_virtio *virtio = calloc(1, sizeof(*virtio));

	*dev = NULL;
	if (!virtio) {
		tl_log_error("--rng: out of memory");
		return -ENOMEM;
	}
	if (tl_virtio_init(virtio, env, &rng_ops, base, spi))
		return -EIO;
	*dev = &virtio->dev;
	return 0;
}
