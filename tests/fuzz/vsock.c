/* SPDX-License-Identifier: MIT */
/*
 * virtio-vsock with UNIX sockets: the input is what the guest sends, packet by packet, which of
 * its queues has room, and what programs on the host do meanwhile. The rest of it is RAM.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/fuzz/fake_virtio.h"
#include "vmm/dev/virtio/vsock.h"
#include "vmm/dev/virtio/vsock_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CID       3u
#define RX        0u
#define TX        1u
#define PORT      700u /* at which a program listens */
#define HOST_PORT (UINT32_C(1) << 30)
#define PROGRAMS  4u
#define STEPS     64u
#define PACKETS   0x4000u /* where in RAM they are, and how far from each other */
#define PACKET    0x800u

struct step {
	uint8_t what, op, guest_port, host_port, flags, type;
	uint16_t len, room;
	uint16_t alloc, count;
};

static struct {
	char path[64];
	struct tl_unix_listener listener;
	int programs[PROGRAMS]; /* -1: none */
	unsigned int packets, rooms;
} host;

static void make(const struct tl_mem *mem)
{
	struct tl_dev_env env = {.mem = mem};
	static char port_path[80];
	struct tl_dev *dev;

	snprintf(host.path, sizeof(host.path), "/dev/shm/trapline-fuzz-vsock-%d", (int)getpid());
	snprintf(port_path, sizeof(port_path), "%s_%u", host.path, PORT);
	if (tl_unix_listen(&host.listener, "fuzz", port_path) ||
		tl_virtio_vsock_unix_create(&dev, &env, 0, 0, CID, host.path))
		abort();
	for (unsigned int i = 0; i < PROGRAMS; i++)
		host.programs[i] = -1;
	host.packets = host.rooms = 0;
}

/* One that is nearly right, as most inputs would else be refused for their CIDs. */
static int send_packet(const struct tl_mem *mem, const struct step *step)
{
	unsigned int number = host.packets++ % QUEUE_SIZE;
	uint64_t at = PACKETS + PACKET * (uint64_t)number;
	const struct tl_vsock_packet packet = {.src_cid = CID + (step->type & 128),
		.dst_cid = 2,
		.src_port = step->guest_port % 4u,
		.dst_port = step->host_port & 1 ? PORT + (step->host_port & 2)
						: HOST_PORT + step->host_port / 2 % 4u,
		.len = step->len % (PACKET - 40),
		.type = step->type % 32 ? TL_VSOCK_TYPE_STREAM : step->type,
		.op = step->op % 9,
		.flags = step->flags,
		.buf_alloc = step->alloc,
		.fwd_cnt = step->count};

	memcpy(mem->host + at, &packet, sizeof(packet));
	fuzz_offer(TX, number, BASE + at,
		(step->flags & 128 ? 0 : (uint32_t)sizeof(packet)) + packet.len, false);
	return fuzz_kick(TX);
}

static void use_program(const struct step *step)
{
	int *fd = &host.programs[step->guest_port % PROGRAMS];
	char bytes[4096] = "CONNECT 2\nCONNECT x\n";

	switch (step->op % 5) {
	case 0:
		if (*fd < 0)
			*fd = tl_unix_connect_now(host.path);
		break;
	case 1:
		if (*fd < 0)
			*fd = tl_unix_accept(&host.listener, NULL);
		break;
	case 2:
		(void)send(*fd, bytes, step->len % sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 3:
		(void)recv(*fd, bytes, step->len % sizeof(bytes), MSG_DONTWAIT);
		break;
	default:
		if (*fd >= 0 && step->flags % 4 != 3)
			(void)shutdown(*fd, step->flags % 4);
		else if (*fd >= 0)
			close(*fd);
		if (step->flags % 4 == 3)
			*fd = -1;
	}
}

/* Returns 0, or what the device says of its driver. */
static int carry_out(const struct tl_mem *mem, const struct step *step)
{
	switch (step->what % 8) {
	case 0:
		fuzz_offer(RX, host.rooms++, BASE + 0xc000, step->room % 0x4000u, true);
		return fuzz_kick(RX);
	case 1:
		return fuzz_ready();
	case 2:
	case 3:
		use_program(step);
		return fuzz_ready();
	case 4:
		/* Whatever is there. */
		return fuzz_kick(step->op % 3);
	default:
		return send_packet(mem, step);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step steps[STEPS];
	size_t count = size / sizeof(steps[0]);
	struct tl_mem *mem;

	count = count < STEPS ? count : STEPS;
	memcpy(steps, data, count * sizeof(steps[0]));
	mem = fuzz_ram(data + count * sizeof(steps[0]), size - count * sizeof(steps[0]));
	make(mem);
	fuzz_start(0);
	for (size_t i = 0; i < count; i++) {
		/* The driver resets it. */
		if (carry_out(mem, &steps[i]))
			fuzz_start(0);
	}
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		if (host.programs[i] >= 0)
			close(host.programs[i]);
	}
	tl_unix_unlisten(&host.listener);
	fuzz_end();
	return 0;
}
