/* SPDX-License-Identifier: MIT */
/*
 * Made-up rings for every kind of device: descriptors, tables and indices of good and of bad
 * parts, which a second CPU changes while the device reads them; and resets at any moment.
 */
#include "hostile.h"

#define KICKS 6u

static struct device *volatile target;
static volatile unsigned int target_queue, entries;
static uint64_t second_state;

/* Indirect tables are in the buffer, too. */
#define TABLE_AT 0x8000u

/*
 * A device may see a descriptor half-way between two of ours: whatever address goes with whatever
 * length, what is written is written to the buffer, or is nowhere in RAM.
 */
static struct desc make_desc(uint64_t *from)
{
	const uint64_t places[] = {AT(data), AT(data) + 16, AT(data) + 64, AT(data) + SECTOR,
		AT(data) + 4096, AT(data) + TABLE_AT, AT(data) + DATA_BYTES - 4096, ram_end - 16,
		ram_end, TL_UART_BASE, VIRTIO_BASE, 0, -16ul};
	static const uint32_t lengths[] = {
		16, 1, 0, 8, 12, 44, 48, SECTOR, SECTOR, 4096, 0x7fffffff, 0xffffffff};
	uint64_t r = tl_random(from);
	struct desc desc = {.addr = places[r % 13],
		.len = lengths[(r >> 8) % 12],
		.flags = (uint16_t)(r >> 16 & 3),
		.next = (uint16_t)((r >> 24) % (entries + 1))};

	if ((r >> 32 & 7) == 0) {
		desc.flags |= INDIRECT;
		desc.addr = AT(data) + TABLE_AT;
	}
	return desc;
}

static void put_in_table(uint64_t index, struct desc desc)
{
	volatile struct desc *to = (volatile struct desc *)(data + TABLE_AT) + index;

	to->addr = desc.addr;
	to->len = desc.len;
	to->flags = desc.flags;
	to->next = desc.next;
}

static void scribble_one(uint64_t *from)
{
	struct queue *q = &target->queues[target_queue];
	uint64_t r = tl_random(from);
	struct desc desc = make_desc(from);

	switch (r & 7) {
	case 0:
		q->avail[1] = (uint16_t)(r >> 8);
		break;
	case 1:
		q->avail[2 + (r >> 8) % entries] = (uint16_t)((r >> 16) % (entries + 2));
		break;
	case 2:
		put_in_table((r >> 8) & 7, desc);
		break;
	case 3:
		((volatile uint8_t *)data)[(r >> 8) & 63] = (uint8_t)(r >> 16);
		break;
	default:
		put(q, (unsigned int)((r >> 8) % entries), desc.addr, desc.len, desc.flags,
			desc.next);
		break;
	}
}

static void scribble(void)
{
	while (!race_over())
		scribble_one(&second_state);
}

/* One of the devices that there are, set up; balloons would take the pages that we are in. */
static struct device *any_device(void)
{
	static const uint32_t kinds[] = {ID_BLK, ID_NET, ID_CONSOLE, ID_RNG, ID_9P, ID_VSOCK};
	uint32_t kind = kinds[random_below(6)];
	struct device *dev = kind != ID_BLK && find(kind) ? &device : &disk;

	entries = 1u << random_below(7);
	up(dev, VERSION_1 | ((INDIRECT_F | EVENT_IDX_F | 0xff) & random_value()), entries);
	for (target_queue = 0; target_queue + 1 < QUEUES; target_queue++) {
		set(dev, R_QUEUE_SEL, target_queue + 1);
		if (!get(dev, R_QUEUE_MAX) || random_below(2))
			break;
	}
	target = dev;
	return dev;
}

static void put_down(struct device *dev)
{
	set(dev, R_STATUS, 0);
	while (get(dev, R_STATUS))
		__asm__ volatile("yield");
}

/* A message of the kind's own in the buffers, more or less. */
static void fill_buffers(void)
{
	volatile struct blk_header *request = (volatile struct blk_header *)(data + 64);

	for (unsigned int i = 0; i < 64; i++)
		((volatile uint8_t *)data)[i] = (uint8_t)random_value();
	request->type = (uint32_t)random_below(16);
	request->sector = random_value();
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t seed = random_value();

		put_in_table(i, make_desc(&seed));
	}
}

/* robust: vq.race vq.head vq.next vq.avail-jump */
const char *random_ring(void)
{
	struct device *dev = any_device();
	struct queue *q = &dev->queues[target_queue];
	int both;

	fill_buffers();
	second_state = random_value();
	both = race_begin(scribble);
	for (unsigned int i = 0; i < KICKS; i++) {
		uint64_t seed = random_value();

		for (unsigned int j = 0; j < entries && j < 8; j++)
			scribble_one(&seed);
		offer(q, (unsigned int)random_below(entries));
		kick(dev, target_queue);
		if (get(dev, R_STATUS) & NEEDS_RESET)
			up(dev, USUAL, entries);
	}
	if (both)
		race_end();
	put_down(dev);
	return NULL;
}

/* robust: transport.reset transport.again transport.kick-late */
const char *random_reset(void)
{
	struct device *dev = any_device();

	for (unsigned int i = 0; i < KICKS; i++) {
		struct queue *q = &dev->queues[target_queue];

		for (unsigned int head = 0; head < entries && head < 8; head++) {
			put(q, head, AT(data), SECTOR << random_below(8),
				random_below(2) ? WRITE : 0, 0);
			offer(q, head);
		}
		kick(dev, target_queue);
		for (uint64_t end = now() + ticks_of(random_below(300)); now() < end;)
			__asm__ volatile("yield");
		switch (random_below(4)) {
		case 0:
			put_down(dev);
			kick(dev, target_queue);
			break;
		case 1:
			set(dev, R_QUEUE_SEL, target_queue);
			set(dev, R_QUEUE_READY, 0);
			break;
		case 2:
			set(dev, R_STATUS, (uint32_t)random_value());
			break;
		default:
			break;
		}
		up(dev, USUAL, entries);
	}
	put_down(dev);
	return NULL;
}
