/* SPDX-License-Identifier: MIT */
/*
 * Ports of a virtio-console: the input is the guest's RAM with the rings in it, and which queue
 * is notified when, or what a client does. The device's work is done here, without threads.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/dev/virtio/console.h"
#include "vmm/dev/virtio/virtio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE     UINT64_C(0x40000000)
#define RAM_SIZE 0x10000u
#define QUEUES   6u /* of two ports */
#define STEPS    16u
#define RING     0x800u /* bytes of RAM from one queue's rings to the next one's */

static struct tl_virtio *virtio;
static char path[64];

/* The worker's part, but for its thread. */
int tl_virtio_init(struct tl_virtio *made, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi)
{
	(void)base;
	(void)spi;
	virtio = made;
	virtio->ops = ops;
	virtio->env = *env;
	return 0;
}

bool tl_virtio_has(const struct tl_virtio *device, unsigned int feature)
{
	return device->driver_features >> feature & 1;
}

void tl_virtio_push(struct tl_virtio *device, unsigned int queue, uint16_t head, uint32_t written)
{
	if (queue >= QUEUES || head >= device->queues[queue].size)
		abort();
	tl_vq_push(&device->queues[queue], head, written);
	(void)tl_vq_must_interrupt(&device->queues[queue]);
}

int tl_virtio_watch(struct tl_virtio *device, unsigned int worker, int fd, short events)
{
	(void)device;
	(void)events;
	if (worker || fd < 0)
		abort();
	return 0;
}

void tl_virtio_kick(struct tl_virtio *device, unsigned int queue)
{
	if (device != virtio || queue >= QUEUES)
		abort();
}

void tl_console_set_sink(struct tl_console *console, const struct tl_console_sink *sink)
{
	(void)console;
	(void)sink;
}

void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count)
{
	(void)console;
	if (count > 4096 || (count && bytes[0] + bytes[count - 1] > 2 * UINT8_MAX))
		abort();
}

bool tl_console_tx_full(struct tl_console *console)
{
	(void)console;
	return false;
}

void tl_loop_wake(struct tl_loop *loop)
{
	(void)loop;
}

static void make(const struct tl_mem *mem)
{
	struct tl_port port = {path, "port"};
	struct tl_dev_env env = {.mem = mem, .console = (void *)path};
	struct tl_dev *dev;

	snprintf(path, sizeof(path), "/dev/shm/trapline-fuzz-%d", (int)getpid());
	if (tl_virtio_console_create(&dev, &env, 0, 0, true, &port, 1))
		abort();
}

/* From reset to DRIVER_OK; rings in good places, as most inputs would else not even start. */
static void start(const struct tl_mem *mem, bool multiport)
{
	virtio->ops->stop(virtio);
	virtio->driver_features = (uint64_t)multiport << 1;
	for (unsigned int i = 0; i < QUEUES; i++) {
		uint64_t rings = BASE + RING * (uint64_t)i;

		virtio->queues[i] = (struct tl_vq){.mem = mem,
			.size = 16,
			.desc = rings,
			.avail = rings + 0x100,
			.used = rings + 0x200,
			.indirect = true};
		if (tl_vq_start(&virtio->queues[i]))
			abort();
	}
	virtio->ops->start(virtio);
}

/* Returns 0, or what the device says of its driver. */
static int step(uint8_t what, int *client)
{
	if (what % 16 < QUEUES)
		return virtio->ops->kick(virtio, what % 16);
	if (what % 16 == 8 && *client < 0)
		*client = tl_unix_connect(path);
	if (what % 16 == 9 && *client >= 0)
		(void)send(*client, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (what % 16 == 10 && *client >= 0) {
		close(*client);
		*client = -1;
	}
	/* Whatever descriptor the device has. */
	for (int fd = 3; what % 16 > 10 && fd < 64; fd++) {
		int ret = virtio->ops->ready(virtio, 0, fd, POLLIN | POLLOUT | POLLHUP);

		if (ret)
			return ret;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tl_mem mem;
	int client = -1;

	if (size < STEPS + 1)
		return 0;
	if (!mem.host && tl_mem_init(&mem, BASE, RAM_SIZE))
		abort();
	make(&mem);
	size -= STEPS + 1;
	size = size < RAM_SIZE ? size : RAM_SIZE;
	memcpy(mem.host, data + STEPS + 1, size);
	memset(mem.host + size, 0, RAM_SIZE - size);
	start(&mem, data[STEPS] & 1);
	for (unsigned int i = 0; i < STEPS && !step(data[i], &client); i++)
		;
	if (client >= 0)
		close(client);
	virtio->ops->fini(virtio);
	free(virtio);
	return 0;
}
