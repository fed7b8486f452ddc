/* SPDX-License-Identifier: MIT */
/*
 * A network device: the input is which queue is notified when and what frames come, and the
 * guest's RAM with the rings in it. The backend is the target: it looks at all that is sent.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fake_virtio.h"
#include "vmm/dev/virtio/net_backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 32u

struct step {
	uint8_t what, frames;
	uint16_t size;
};

static struct {
	struct tl_net_backend backend;
	struct tl_net_backend_ops ops;
	unsigned int frames; /* to come, each of the size */
	size_t size;
	int send_result;
} net;

static uint8_t frame[TL_NET_FRAME_MAX];

static size_t check(const struct iovec *iov, int count)
{
	size_t bytes = 0;

	for (int i = 0; i < count; i++) {
		/* The sanitizer does not know where RAM ends. */
		if ((uint8_t *)iov[i].iov_base < fuzz_virtio->env.mem->host ||
			(uint8_t *)iov[i].iov_base + iov[i].iov_len >
				fuzz_virtio->env.mem->host + RAM_SIZE)
			abort();
		bytes += iov[i].iov_len;
	}
	return bytes;
}

static ssize_t receive(
	struct tl_net_backend *backend, const struct iovec *iov, int count, size_t room)
{
	(void)backend;
	if (check(iov, count) != room || room < TL_NET_HEADER)
		abort();
	if (!net.frames)
		return net.send_result == -EIO ? -EIO : -EAGAIN;
	/* One that is too large comes again, or is dropped. */
	if (net.size <= room) {
		net.frames--;
		tl_net_put(iov, count, 0, frame, net.size);
	}
	return (ssize_t)net.size;
}

static void drop(struct tl_net_backend *backend)
{
	(void)backend;
	net.frames -= net.frames != 0;
}

static int send(struct tl_net_backend *backend, const struct iovec *iov, int count)
{
	size_t bytes = check(iov, count);

	(void)backend;
	if (bytes < TL_NET_HEADER || bytes > TL_NET_FRAME_MAX)
		abort();
	return net.send_result;
}

static void fail(struct tl_net_backend *backend, int err)
{
	if (backend != &net.backend || err != EIO)
		abort();
}

static void destroy(struct tl_net_backend *backend)
{
	(void)backend;
}

int tl_net_tap_create(struct tl_net_backend **backend, const struct tl_net *options)
{
	(void)options;
	net.ops = (struct tl_net_backend_ops){
		.receive = receive, .drop = drop, .send = send, .fail = fail, .destroy = destroy};
	net.backend = (struct tl_net_backend){.ops = &net.ops, .fd = STDIN_FILENO};
	*backend = &net.backend;
	return 0;
}

int tl_net_user_create(struct tl_net_backend **backend, const struct tl_net *options)
{
	return tl_net_tap_create(backend, options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tl_net options = {0};
	struct tl_dev_env env = {0};
	struct step steps[STEPS];
	struct tl_dev *dev;

	if (size < sizeof(steps) + 1)
		return 0;
	memcpy(steps, data, sizeof(steps));
	env.mem = fuzz_ram(data + sizeof(steps) + 1, size - sizeof(steps) - 1);
	net.frames = 0;
	net.send_result = 0;
	if (tl_virtio_net_create(&dev, &env, 0, 0, &options, 0))
		abort();
	/* Buffers that may be merged (15), or not, and checksums (1). */
	fuzz_start((data[sizeof(steps)] & 1 ? 1u << 15 : 0) | (data[sizeof(steps)] & 2));
	for (unsigned int i = 0; i < STEPS; i++) {
		const struct step *step = &steps[i];

		net.frames = step->frames % 8;
		net.size = TL_NET_HEADER + (step->what & 64 ? step->size : step->size % 2000);
		net.send_result = step->what & 32 ? -EAGAIN : step->what > 250 ? -EIO : 0;
		if (step->what % 4 > 1 ? fuzz_ready() : fuzz_kick(step->what % 4))
			break;
	}
	fuzz_end();
	return 0;
}
