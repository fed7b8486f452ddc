/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of one virtqueue over MMIO (virtio 1.2, sections 2.7 and 4.2), with the
 * event index. Memory is Device memory, so each access is in order and whole.
 */
#include "guest.h"

#include "iobench.h"

#define PLACES      32u
#define FIRST_PLACE 0x0a000000ul
#define PLACE_SIZE  0x200ul
#define FIRST_SPI   16

#define MAGIC            0x000
#define VERSION          0x004
#define DEVICE_ID        0x008
#define DRIVER_FEATURES  0x020
#define FEATURES_SEL     0x024
#define QUEUE_SEL        0x030
#define QUEUE_NUM        0x038
#define QUEUE_READY      0x044
#define QUEUE_NOTIFY     0x050
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACK    0x064
#define STATUS           0x070
#define QUEUE_DESC       0x080
#define QUEUE_DRIVER     0x090
#define QUEUE_DEVICE     0x0a0

#define MAGIC_VALUE 0x74726976u
#define F_EVENT_IDX (1u << 29)
#define F_VERSION_1 1u /* of the upper half */

#define SIZE   128u
#define PIECES 4u /* descriptors that each request may have */
#define NEXT   1u
#define WRITE  2u

struct desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags, next;
};

struct used {
	uint32_t id, bytes;
};

static struct desc desc[SIZE] __attribute__((aligned(16)));
static struct {
	volatile uint16_t flags, idx, ring[SIZE], used_event;
} avail __attribute__((aligned(16)));
static struct {
	volatile uint16_t flags, idx;
	volatile struct used ring[SIZE];
	volatile uint16_t avail_event;
} used __attribute__((aligned(16)));

static uint64_t base;
static unsigned int queue_number;
static uint16_t added, shown, taken;

static void set64(uint64_t offset, const volatile void *at)
{
	tl_mmio_write32(base + offset, (uint32_t)(uintptr_t)at);
	tl_mmio_write32(base + offset + 4, (uint32_t)((uintptr_t)at >> 32));
}

int iobench_virtio_start(uint32_t device_id, unsigned int queue)
{
	unsigned int place = 0;

	for (; place < PLACES; place++) {
		base = FIRST_PLACE + place * PLACE_SIZE;
		if (tl_mmio_read32(base + MAGIC) == MAGIC_VALUE &&
			tl_mmio_read32(base + DEVICE_ID) == device_id)
			break;
	}
	if (place == PLACES || tl_mmio_read32(base + VERSION) != 2)
		return -1;
	tl_mmio_write32(base + STATUS, 0);
	tl_mmio_write32(base + STATUS, 3);
	tl_mmio_write32(base + FEATURES_SEL, 0);
	tl_mmio_write32(base + DRIVER_FEATURES, F_EVENT_IDX);
	tl_mmio_write32(base + FEATURES_SEL, 1);
	tl_mmio_write32(base + DRIVER_FEATURES, F_VERSION_1);
	tl_mmio_write32(base + STATUS, 11);
	if (tl_mmio_read32(base + STATUS) != 11)
		return -1;
	queue_number = queue;
	tl_mmio_write32(base + QUEUE_SEL, queue);
	tl_mmio_write32(base + QUEUE_NUM, SIZE);
	set64(QUEUE_DESC, desc);
	set64(QUEUE_DRIVER, &avail);
	set64(QUEUE_DEVICE, &used);
	tl_mmio_write32(base + QUEUE_READY, 1);
	tl_mmio_write32(base + STATUS, 15);
	return FIRST_SPI + (int)place;
}

void iobench_virtio_add(unsigned int number, const struct iobench_piece *pieces, unsigned int count)
{
	unsigned int first = number * PIECES;

	for (unsigned int i = 0; i < count; i++) {
		desc[first + i].address = pieces[i].address;
		desc[first + i].bytes = pieces[i].bytes;
		desc[first + i].flags =
			(uint16_t)((i + 1 < count ? NEXT : 0) | (pieces[i].is_in ? WRITE : 0));
		desc[first + i].next = (uint16_t)(first + i + 1);
	}
	avail.ring[added++ % SIZE] = (uint16_t)first;
}

void iobench_virtio_kick(void)
{
	uint16_t before = shown;

	__asm__ volatile("dsb sy" : : : "memory");
	avail.idx = shown = added;
	__asm__ volatile("dsb sy" : : : "memory");
	/* Section 2.7.10: the device wants to hear of the request that it names. */
	if ((uint16_t)(shown - used.avail_event - 1) < (uint16_t)(shown - before))
		tl_mmio_write32(base + QUEUE_NOTIFY, queue_number);
}

int iobench_virtio_take(void)
{
	int number;

	if (taken == used.idx) {
		/* An interrupt for the next one; it may be there already. */
		avail.used_event = taken;
		__asm__ volatile("dsb sy" : : : "memory");
		if (taken == used.idx)
			return -1;
	}
	number = (int)(used.ring[taken++ % SIZE].id / PIECES);
	return number;
}

void iobench_virtio_ack(void)
{
	tl_mmio_write32(base + INTERRUPT_ACK, tl_mmio_read32(base + INTERRUPT_STATUS));
}
