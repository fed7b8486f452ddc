/* SPDX-License-Identifier: MIT */
/*
 * The other kinds of devices, where there are any: queues that are none, and requests that
 * break the rules of the kind.
 */
#include "hostile.h"

#define SIZE 8u

struct device device;

struct bad {
	const char *name;
	uint32_t id;
	unsigned int queue;
	struct desc desc[3];
	int survives; /* the rules allow it, or it is answered with an error */
};

/* clang-format off */
static const struct bad requests[] = {
	{"net-no-header", ID_NET, 1, {{AT(data), 11, 0, 0}}, 0},
	{"net-no-part-to-read", ID_NET, 1, {{AT(data), 2048, WRITE, 0}}, 0},
	/* robust: net.oversized */
	{"net-frame-too-large", ID_NET, 1, {{AT(data), 12, NEXT, 1}, {AT(data), DATA_BYTES, 0, 0}}, 0},
	{"net-receive-nowhere", ID_NET, 0, {{AT(data), 2048, 0, 0}}, 0},
	{"net-receive-header-too-short", ID_NET, 0, {{AT(data), 11, WRITE, 0}}, 0},
	{"console-control-cut-short", ID_CONSOLE, 3, {{AT(data), 7, 0, 0}}, 0},
	{"console-control-of-nothing", ID_CONSOLE, 3, {{AT(data), 8, WRITE, 0}}, 0},
	{"console-control-of-no-port", ID_CONSOLE, 3, {{AT(data), 8, 0, 0}}, 1},
	{"console-receive-nowhere", ID_CONSOLE, 0, {{AT(data), 8, 0, 0}}, 0},
	{"rng-nothing-to-write", ID_RNG, 0, {{AT(data), 64, 0, 0}}, 0},
	{"rng-something-to-read", ID_RNG, 0, {{AT(data), 64, NEXT, 1}, {AT(data), 64, WRITE, 0}}, 0},
	{"rng-beyond-ram", ID_RNG, 0, {{TL_UART_BASE, 64, WRITE, 0}}, 0},
	{"balloon-no-ram", ID_BALLOON, 0, {{AT(data), 256, 0, 0}}, 0},
	{"balloon-part-of-a-number", ID_BALLOON, 0, {{AT(data), 255, 0, 0}}, 0},
	{"balloon-something-to-write", ID_BALLOON, 0, {{AT(data), 256, WRITE, 0}}, 0},
	{"balloon-deflate-part-of-a-number", ID_BALLOON, 1, {{AT(data), 3, 0, 0}}, 0},
	{"balloon-report-not-agreed-on", ID_BALLOON, 2, {{AT(data), 4096, WRITE, 0}}, 0},
	{"vsock-header-cut-short", ID_VSOCK, 1, {{AT(data), 43, 0, 0}}, 0},
	/* robust: vsock.lengths */
	{"vsock-length-that-lies", ID_VSOCK, 1, {{AT(data), 4096, 0, 0}}, 0},
	{"vsock-nothing-to-read", ID_VSOCK, 1, {{AT(data), 64, WRITE, 0}}, 0},
	{"vsock-beyond-ram", ID_VSOCK, 1, {{AT(data), 44, NEXT, 1}, {TL_UART_BASE, 64, 0, 0}}, 0},
	{"9p-cut-short", ID_9P, 0, {{AT(data), 6, NEXT, 1}, {AT(data) + 4096, 4096, WRITE, 0}}, 1},
	{"9p-size-too-large", ID_9P, 0, {{AT(data), 64, NEXT, 1}, {AT(data) + 4096, 4096, WRITE, 0}}, 1},
	{"9p-no-answer-wanted", ID_9P, 0, {{AT(data), 64, 0, 0}}, 1},
};
/* clang-format on */

static const struct bad *current;

/* The device of the kind, set up. */
int find(uint32_t id)
{
	for (unsigned int i = 0; i < VIRTIO_COUNT; i++) {
		device.base = VIRTIO_BASE + i * VIRTIO_SIZE;
		if (device.base == disk.base || device.base == other_disk.base)
			continue;
		if (get(&device, R_MAGIC) == 0x74726976 && get(&device, R_DEVICE_ID) == id) {
			device.id = id;
			return 1;
		}
	}
	return 0;
}

/* Nothing is done, but the device is one, and then it is left alone. */
const char *usable(void)
{
	const char *problem;

	up(&device, USUAL, SIZE);
	problem = want_up(&device);
	set(&device, R_STATUS, 0);
	return problem ? problem : get(&device, R_STATUS) ? "its status is not 0" : NULL;
}

int exchange(unsigned int queue, uint64_t addr, uint32_t len, unsigned int flags)
{
	put(&device.queues[queue], 0, addr, len, flags, 0);
	offer(&device.queues[queue], 0);
	kick(&device, queue);
	return answered(&device.queues[queue]);
}

static const char *bad_request(void)
{
	struct queue *q = &device.queues[current->queue];

	if (!find(current->id))
		return SKIP;
	/* Numbers of pages far behind RAM, a port that there is not, a size that lies. */
	fill(data, 0xee, 4096);
	/* All that is offered is not agreed on, but the console's ports are. */
	up(&device, USUAL | (current->id == ID_CONSOLE ? 2 : 0), SIZE);
	for (unsigned int i = 0; i < 3; i++)
		put(q, i, current->desc[i].addr, current->desc[i].len, current->desc[i].flags,
			current->desc[i].next);
	offer(q, 0);
	kick(&device, current->queue);
	/* An answer or a device that is down: both are right where it may survive. */
	while (current->survives && q->used->idx == q->seen &&
		!(get(&device, R_STATUS) & NEEDS_RESET))
		__asm__ volatile("yield");
	if (!current->survives && !down(&device))
		return "the device does not need a reset";
	return usable();
}

/* A head that is none in each queue that there is. */
static const char *bad_heads(uint32_t id)
{
	if (!find(id))
		return SKIP;
	up(&device, USUAL, SIZE);
	for (unsigned int i = 0; i < QUEUES; i++) {
		set(&device, R_QUEUE_SEL, i);
		if (!get(&device, R_QUEUE_MAX))
			break;
		offer(&device.queues[i], SIZE);
		kick(&device, i);
	}
	return down(&device) ? usable() : "the device does not need a reset";
}

/* The rings where they cannot be. */
static const char *bad_rings(uint32_t id)
{
	if (!find(id))
		return SKIP;
	begin(&device, USUAL);
	place_at(&device, 0, SIZE, ram_end, ram_end + 4096, TL_UART_BASE);
	set(&device, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	kick(&device, 0);
	return down(&device) ? usable() : "the device does not need a reset";
}

#define OF_KIND(kind, id)                                                                          \
	static const char *kind##_heads(void)                                                      \
	{                                                                                          \
		return bad_heads(id);                                                              \
	}                                                                                          \
	static const char *kind##_rings(void)                                                      \
	{                                                                                          \
		return bad_rings(id);                                                              \
	}

OF_KIND(net, ID_NET)
OF_KIND(console, ID_CONSOLE)
OF_KIND(rng, ID_RNG)
OF_KIND(balloon, ID_BALLOON)
OF_KIND(share, ID_9P)
OF_KIND(vsock, ID_VSOCK)

/* Asks for all ports again and again, and never takes the answers. */
static const char *console_flood(void)
{
	if (!find(ID_CONSOLE))
		return SKIP;
	up(&device, USUAL | 2, SIZE);
	/* id 0, DEVICE_READY, 1. */
	fill(data, 0, 8);
	data[6] = 1;
	for (unsigned int i = 0; i < 2000; i++) {
		if (!exchange(3, AT(data), 8, 0))
			return "there is no answer";
	}
	return want_up(&device) ? want_up(&device) : usable();
}

static const char *balloon_config(void)
{
	if (!find(ID_BALLOON))
		return SKIP;
	up(&device, USUAL, SIZE);
	for (uint64_t offset = R_CONFIG; offset < VIRTIO_SIZE; offset += 4)
		set(&device, offset, 0xffffffff);
	return want_up(&device) ? want_up(&device) : usable();
}

void device_tests(void)
{
	static const struct test tests[] = {
		{"net-heads", net_heads},
		{"net-rings", net_rings},
		{"console-heads", console_heads},
		{"console-rings", console_rings},
		{"rng-heads", rng_heads},
		{"rng-rings", rng_rings},
		{"balloon-heads", balloon_heads},
		{"balloon-rings", balloon_rings},
		{"9p-heads", share_heads},
		{"9p-rings", share_rings},
		{"vsock-heads", vsock_heads},
		{"vsock-rings", vsock_rings},
		{"console-flood", console_flood},
		{"balloon-config", balloon_config},
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		current = &requests[i];
		run_test(current->name, bad_request);
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		run_test(tests[i].name, tests[i].run);
}
