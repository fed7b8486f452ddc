/* SPDX-License-Identifier: MIT */
/*
 * Ports of a virtio-console: the input is the guest's RAM with the rings in it, and which queue
 * is notified when, or what a client does. The device's work is done here, without threads.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/fuzz/fake_virtio.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/dev/virtio/console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUEUES 6u /* of two ports */
#define STEPS  16u

static char path[64];

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

	snprintf(path, sizeof(path), "/dev/shm/trapline-fuzz-console-%d", (int)getpid());
	if (tl_virtio_console_create(&dev, &env, 0, 0, true, &port, 1))
		abort();
}

/* Returns 0, or what the device says of its driver. */
static int step(uint8_t what, int *client)
{
	if (what % 16 < QUEUES)
		return fuzz_kick(what % 16);
	if (what % 16 == 8 && *client < 0)
		*client = tl_unix_connect(path);
	if (what % 16 == 9 && *client >= 0)
		(void)send(*client, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (what % 16 == 10 && *client >= 0) {
		close(*client);
		*client = -1;
	}
	return what % 16 > 10 ? fuzz_ready() : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int client = -1;

	if (size < STEPS + 1)
		return 0;
	make(fuzz_ram(data + STEPS + 1, size - STEPS - 1));
	fuzz_start((uint64_t)(data[STEPS] & 1) << 1);
	for (unsigned int i = 0; i < STEPS && !step(data[i], &client); i++)
		;
	if (client >= 0)
		close(client);
	fuzz_end();
	return 0;
}
