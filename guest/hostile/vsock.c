/* SPDX-License-Identifier: MIT */
/*
 * Sockets of the host (virtio 1.2, section 5.10): packets that are well made, and lie.
 */
#include "hostile.h"

#define SIZE 8u
#define RX   0u
#define TX   1u

#define OP_REQUEST 1u
#define OP_RST     3u
#define OP_RW      5u
#define OPS        8u

#define HOST_CID 2u
#define STREAM   1u
/* So many packets of no connection are answered later; more wait in the queue. */
#define FLOOD 1000u

struct packet {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port, len;
	uint16_t type, op;
	uint32_t flags, buf_alloc, fwd_cnt;
} __attribute__((packed));

#define ROOM (data + 4096)

/* The device with room for one packet, and one to send that nothing is wrong with. */
static struct packet *begin_with(int has_room)
{
	struct packet *packet = (struct packet *)data;

	if (!find(ID_VSOCK))
		return NULL;
	up(&device, USUAL, SIZE);
	fill(data, 0, 8192);
	packet->src_cid = get(&device, R_CONFIG);
	packet->dst_cid = HOST_CID;
	packet->src_port = 5;
	packet->dst_port = 6;
	packet->type = STREAM;
	packet->op = OP_RW;
	packet->buf_alloc = 65536;
	if (has_room) {
		put(&device.queues[RX], 0, AT(ROOM), 4096, WRITE, 0);
		offer(&device.queues[RX], 0);
		kick(&device, RX);
	}
	return packet;
}

/* What comes back is a RST for this one. */
static const char *want_reset(const struct packet *sent)
{
	const volatile struct packet *got = (const volatile struct packet *)ROOM;

	if (!exchange(TX, AT(sent), sizeof(*sent) + sent->len, 0) || !answered(&device.queues[RX]))
		return "there is no answer";
	if (got->op != OP_RST || got->type != sent->type || got->src_port != sent->dst_port ||
		got->dst_port != sent->src_port || got->dst_cid != sent->src_cid)
		return "the answer is no RST";
	return want_up(&device) ? want_up(&device) : usable();
}

static const char *no_connection(void)
{
	struct packet *packet = begin_with(1);

	if (!packet)
		return SKIP;
	packet->len = 1000;
	return want_reset(packet);
}

static const char *no_such_port(void)
{
	struct packet *packet = begin_with(1);

	if (!packet)
		return SKIP;
	packet->op = OP_REQUEST;
	packet->dst_port = 0xffffffff;
	return want_reset(packet);
}

static const char *no_such_type(void)
{
	struct packet *packet = begin_with(1);

	if (!packet)
		return SKIP;
	packet->op = OP_REQUEST;
	packet->type = 0xffff;
	return want_reset(packet);
}

/* Nobody answers for others. */
static const char *of_others(void)
{
	struct packet *packet = begin_with(1);

	if (!packet)
		return SKIP;
	for (unsigned int i = 0; i < 64; i++) {
		packet->src_cid ^= 1ul << i;
		if (!exchange(TX, AT(packet), sizeof(*packet), 0))
			return "there is no answer";
		packet->src_cid ^= 1ul << i;
		packet->dst_cid ^= 1ul << i;
		if (!exchange(TX, AT(packet), sizeof(*packet), 0))
			return "there is no answer";
		packet->dst_cid ^= 1ul << i;
	}
	if (device.queues[RX].used->idx)
		return "a packet of others is answered";
	return want_reset(packet);
}

static const char *nowhere(uint32_t len, unsigned int flags)
{
	struct packet *packet = begin_with(0);

	if (!packet)
		return SKIP;
	put(&device.queues[RX], 0, AT(ROOM), len, flags, 0);
	offer(&device.queues[RX], 0);
	put(&device.queues[TX], 0, AT(packet), sizeof(*packet), 0, 0);
	offer(&device.queues[TX], 0);
	kick(&device, TX);
	return down(&device) ? usable() : "the device does not need a reset";
}

static const char *receive_nowhere(void)
{
	return nowhere(4096, 0);
}

static const char *receive_too_short(void)
{
	return nowhere(sizeof(struct packet) - 1, WRITE);
}

/* Nothing is taken that cannot be answered, and nothing is lost. */
static const char *flood(void)
{
	struct packet *packet = begin_with(0);
	struct queue *tx = &device.queues[TX], *rx = &device.queues[RX];
	uint32_t sent = 0, got = 0;

	if (!packet)
		return SKIP;
	put(tx, 0, AT(packet), sizeof(*packet), 0, 0);
	while (got < FLOOD) {
		for (; sent < FLOOD && (uint16_t)(sent - tx->used->idx) < SIZE; sent++)
			offer(tx, 0);
		kick(&device, TX);
		put(rx, 0, AT(ROOM), 4096, WRITE, 0);
		offer(rx, 0);
		kick(&device, RX);
		if (!answered(rx))
			return "there is no answer";
		got++;
	}
	return want_up(&device) ? want_up(&device) : usable();
}

/* Every kind of packet, with ports that nobody has, and counts of all sizes. */
static const char *all_kinds(void)
{
	struct packet *packet = begin_with(1);
	uint64_t random = 88172645463325252ul;

	if (!packet)
		return SKIP;
	for (unsigned int i = 0; i < 300; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		packet->op = (uint16_t)(i % OPS);
		packet->src_port = (uint32_t)random % 4;
		packet->dst_port = random >> 32 & 1 ? 6 : 1u << 30;
		packet->flags = (uint32_t)(random >> 33);
		packet->buf_alloc = (uint32_t)(random >> 17);
		packet->fwd_cnt = (uint32_t)(random >> 5);
		packet->len = (uint32_t)(random >> 40) % 4000;
		if (!exchange(TX, AT(packet), sizeof(*packet) + packet->len, 0))
			return "there is no answer";
		if (device.queues[RX].used->idx != device.queues[RX].seen) {
			device.queues[RX].seen++;
			offer(&device.queues[RX], 0);
			kick(&device, RX);
		}
	}
	return want_up(&device) ? want_up(&device) : usable();
}

void vsock_tests(void)
{
	run_test("vsock-of-no-connection", no_connection);
	run_test("vsock-to-no-port", no_such_port);
	run_test("vsock-of-no-type", no_such_type);
	run_test("vsock-of-others", of_others);
	run_test("vsock-receive-nowhere", receive_nowhere);
	run_test("vsock-receive-header-too-short", receive_too_short);
	run_test("vsock-flood", flood);
	run_test("vsock-all-kinds", all_kinds);
}
