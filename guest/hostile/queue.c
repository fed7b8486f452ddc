/* SPDX-License-Identifier: MIT */
/*
 * Queues where none can be, and indices that jump (sections 2.7 and 4.2.2).
 */
#include "hostile.h"

/* Addresses by what they are of: the usual place of a ring, the end of RAM, neither. */
enum where { USUALLY, END_OF_RAM, AS_IS, DESC, AVAIL };

struct ring {
	enum where where;
	uint64_t offset;
};

struct placed {
	const char *name;
	uint32_t size;
	struct ring desc, avail, used;
};

/* clang-format off */
static const struct placed placements[] = {
	/* robust: vq.size-0 */
	{"queue-of-0", 0, {0}, {0}, {0}},
	/* robust: vq.size-odd */
	{"queue-of-3", 3, {0}, {0}, {0}},
	{"queue-of-255", 255, {0}, {0}, {0}},
	{"queue-too-large", 2048, {0}, {0}, {0}},
	/* robust: vq.size-large */
	{"queue-of-32768", 32768, {0}, {0}, {0}},
	{"queue-of-65536", 65536, {0}, {0}, {0}},
	{"queue-of-65544", 65544, {0}, {0}, {0}},
	{"queue-of-2-31", 1u << 31, {0}, {0}, {0}},
	{"queue-of-2-32", 0xffffffff, {0}, {0}, {0}},
	/* robust: vq.misaligned */
	{"desc-misaligned", 8, {USUALLY, 8}, {0}, {0}},
	{"avail-misaligned", 8, {0}, {USUALLY, 1}, {0}},
	{"used-misaligned", 8, {0}, {0}, {USUALLY, 2}},
	/* robust: vq.outside */
	{"desc-beyond-ram", 8, {END_OF_RAM, 0}, {0}, {0}},
	{"desc-across-end", 8, {END_OF_RAM, -64ul}, {0}, {0}},
	{"avail-across-end", 8, {0}, {END_OF_RAM, -20ul}, {0}},
	{"used-across-end", 8, {0}, {0}, {END_OF_RAM, -64ul}},
	{"desc-wraps", 8, {AS_IS, -16ul}, {0}, {0}},
	{"avail-wraps", 8, {0}, {AS_IS, -2ul}, {0}},
	{"used-wraps", 8, {0}, {0}, {AS_IS, -4ul}},
	{"rings-at-0", 8, {AS_IS, 0}, {AS_IS, 0x1000}, {AS_IS, 0x2000}},
	{"desc-in-uart", 8, {AS_IS, TL_UART_BASE}, {0}, {0}},
	{"avail-in-gic", 8, {0}, {AS_IS, 0x08000000}, {0}},
	{"used-in-the-device", 8, {0}, {0}, {AS_IS, VIRTIO_BASE}},
	/* robust: vq.overlap */
	{"used-over-desc", 8, {0}, {0}, {DESC, 0}},
	{"used-ends-in-desc", 8, {USUALLY, 0}, {0}, {DESC, -64ul}},
	{"used-starts-in-desc", 8, {0}, {0}, {DESC, 124}},
	{"used-over-avail", 8, {0}, {0}, {AVAIL, 0}},
	{"used-over-avail-event", 8, {0}, {0}, {AVAIL, 20}},
};
/* clang-format on */

static const struct placed *current;

static uint64_t address_of(const struct queue *q, const struct ring *ring, uint64_t usual)
{
	switch (ring->where) {
	case END_OF_RAM:
		return ram_end + ring->offset;
	case AS_IS:
		return ring->offset;
	case DESC:
		return AT(q->desc) + ring->offset;
	case AVAIL:
		return AT(q->avail) + ring->offset;
	default:
		return usual + ring->offset;
	}
}

static const char *bad_placement(void)
{
	struct queue *q = &disk.queues[0];

	begin(&disk, USUAL);
	place(&disk, 0, 8);
	place_at(&disk, 0, current->size, address_of(q, &current->desc, AT(q->desc)),
		address_of(q, &current->avail, AT(q->avail)),
		address_of(q, &current->used, AT(q->used)));
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	kick(&disk, 0);
	return want_down(&disk);
}

/* idx is ahead of what the device has seen by more than the queue has. */
static const char *jump(unsigned int by)
{
	struct queue *q = &disk.queues[0];

	q->avail[1] = (uint16_t)(q->made + by);
	kick(&disk, 0);
	return want_down(&disk);
}

/* robust: vq.avail-jump */
static const char *jump_one_too_far(void)
{
	return jump(9);
}

static const char *jump_half_way(void)
{
	return jump(0x8000);
}

static const char *jump_back(void)
{
	return jump(0xffff);
}

/* The same chain eight times at once is odd, but by the rules of the ring. */
static const char *one_chain_often(void)
{
	struct queue *q = &disk.queues[0];

	header = (struct blk_header){.type = T_IN, .sector = 2};
	put(q, 0, AT(&header), sizeof(header), NEXT, 1);
	put(q, 1, AT(data), SECTOR, WRITE | NEXT, 2);
	put(q, 2, AT(answer), 1, WRITE, 0);
	for (unsigned int i = 0; i < 8; i++)
		offer(q, 0);
	kick(&disk, 0);
	for (unsigned int i = 0; i < 8; i++) {
		if (!answered(q))
			return "not all are answered";
	}
	return want_up(&disk);
}

/* Interrupts are asked for at an index far away: the requests are answered all the same. */
static const char *event_index(void)
{
	struct queue *q = &disk.queues[0];

	up(&disk, USUAL | EVENT_IDX_F, 8);
	for (unsigned int i = 0; i < 20; i++) {
		q->avail[2 + q->size] = (uint16_t)(0x8000 + 0x1111 * i);
		if (blk_try(&disk, T_IN, 3, AT(data), SECTOR) != S_OK)
			return "a good read fails";
	}
	return want_up(&disk);
}

/* The index of the queue goes round. */
static const char *wrap(void)
{
	up(&disk, USUAL, 1u << 2);
	for (unsigned int i = 0; i < 70; i++) {
		if (blk_try(&disk, T_IN, i, AT(data), SECTOR) != S_OK)
			return "a good read fails";
	}
	return want_up(&disk);
}

void queue_tests(void)
{
	for (size_t i = 0; i < sizeof(placements) / sizeof(placements[0]); i++) {
		current = &placements[i];
		run_test(current->name, bad_placement);
	}
	run_test("idx-one-too-far", jump_one_too_far);
	run_test("idx-half-way-round", jump_half_way);
	run_test("idx-back", jump_back);
	run_test("one-chain-often", one_chain_often);
	run_test("event-index-far-away", event_index);
	run_test("ring-goes-round", wrap);
}
