/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of virtio-mmio and of split queues, and a disk driver of one request at a
 * time.
 */
#include "hostile.h"

/* The rings of a queue, at their places in 8 KiB. */
#define AVAIL_AT 4096
#define USED_AT  5120

/* A machine under load takes long. */
#define PATIENCE_US 120000000ul

static uint8_t rings[3][QUEUES][8192] __attribute__((aligned(4096)));
struct blk_header header __attribute__((aligned(16)));
uint8_t data[DATA_BYTES] __attribute__((aligned(4096)));
uint8_t answer[16] __attribute__((aligned(16)));
struct desc table[300] __attribute__((aligned(16)));

uint32_t get(const struct device *dev, uint64_t reg)
{
	return tl_mmio_read32(dev->base + reg);
}

void set(const struct device *dev, uint64_t reg, uint32_t value)
{
	tl_mmio_write32(dev->base + reg, value);
}

void set64(const struct device *dev, uint64_t reg, uint64_t value)
{
	set(dev, reg, (uint32_t)value);
	set(dev, reg + 4, (uint32_t)(value >> 32));
}

void barrier(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return tl_sysreg_read(cntvct_el0);
}

uint64_t ticks_of(uint64_t microseconds)
{
	return tl_sysreg_read(cntfrq_el0) / 1000 * microseconds / 1000;
}

void fill(volatile void *at, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)at)[i] = (uint8_t)byte;
	barrier();
}

int begin(struct device *dev, uint64_t features)
{
	uint64_t offered;

	set(dev, R_STATUS, 0);
	set(dev, R_STATUS, ACKNOWLEDGE);
	set(dev, R_STATUS, ACKNOWLEDGE | DRIVER);
	set(dev, R_FEATURES_SEL, 1);
	offered = (uint64_t)get(dev, R_FEATURES) << 32;
	set(dev, R_FEATURES_SEL, 0);
	features &= offered | get(dev, R_FEATURES);
	set(dev, R_DRIVER_SEL, 0);
	set(dev, R_DRIVER_FEATURES, (uint32_t)features);
	set(dev, R_DRIVER_SEL, 1);
	set(dev, R_DRIVER_FEATURES, (uint32_t)(features >> 32));
	set(dev, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return !!(get(dev, R_STATUS) & FEATURES_OK);
}

void place_at(struct device *dev, unsigned int queue, uint32_t size, uint64_t desc, uint64_t avail,
	uint64_t used)
{
	set(dev, R_QUEUE_SEL, queue);
	set(dev, R_QUEUE_NUM, size);
	set64(dev, R_DESC, desc);
	set64(dev, R_AVAIL, avail);
	set64(dev, R_USED, used);
	set(dev, R_QUEUE_READY, 1);
}

void place(struct device *dev, unsigned int queue, uint32_t size)
{
	uint8_t *memory = rings[dev == &disk ? 0 : dev == &other_disk ? 1 : 2][queue];
	struct queue *q = &dev->queues[queue];

	for (size_t i = 0; i < sizeof(rings[0][0]) / 8; i++)
		((volatile uint64_t *)memory)[i] = 0;
	barrier();
	q->size = size;
	q->made = q->seen = 0;
	q->desc = (volatile struct desc *)memory;
	q->avail = (volatile uint16_t *)(memory + AVAIL_AT);
	q->used = (volatile struct used *)(memory + USED_AT);
	place_at(dev, queue, size, AT(q->desc), AT(q->avail), AT(q->used));
}

void up(struct device *dev, uint64_t features, uint32_t size)
{
	begin(dev, features);
	for (unsigned int i = 0; i < QUEUES; i++) {
		set(dev, R_QUEUE_SEL, i);
		if (!get(dev, R_QUEUE_MAX))
			break;
		place(dev, i, size);
	}
	set(dev, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void put(struct queue *q, unsigned int index, uint64_t addr, uint32_t len, unsigned int flags,
	unsigned int next)
{
	q->desc[index].addr = addr;
	q->desc[index].len = len;
	q->desc[index].flags = (uint16_t)flags;
	q->desc[index].next = (uint16_t)next;
}

void offer(struct queue *q, unsigned int head)
{
	q->avail[2 + q->made % q->size] = (uint16_t)head;
	barrier();
	q->avail[1] = ++q->made;
	barrier();
}

void kick(const struct device *dev, unsigned int queue)
{
	barrier();
	set(dev, R_NOTIFY, queue);
}

int answered(struct queue *q)
{
	uint64_t end = now() + ticks_of(PATIENCE_US);

	while (q->used->idx == q->seen) {
		if (now() > end)
			return 0;
		__asm__ volatile("yield");
	}
	q->seen++;
	barrier();
	return 1;
}

int down(const struct device *dev)
{
	uint64_t end = now() + ticks_of(PATIENCE_US), again;

	while (!(get(dev, R_STATUS) & NEEDS_RESET)) {
		if (now() > end)
			return 0;
		/* Each look is an exit, and the device wants the CPU too. */
		for (again = now() + ticks_of(100); now() < again;)
			__asm__ volatile("yield");
	}
	return 1;
}

const char *want_down(const struct device *dev)
{
	return down(dev) ? NULL : "the device does not need a reset";
}

const char *want_up(const struct device *dev)
{
	uint32_t status = get(dev, R_STATUS);

	if (status & NEEDS_RESET)
		return "the device needs a reset";
	return status & DRIVER_OK ? NULL : "the device has been reset";
}

unsigned int blk_try(
	struct device *dev, uint32_t type, uint64_t sector, uint64_t addr, uint32_t length)
{
	struct queue *q = &dev->queues[0];
	int to_disk = type != T_IN && type != T_GET_ID;

	header = (struct blk_header){.type = type, .sector = sector};
	fill(answer, 0xff, 1);
	put(q, 0, AT(&header), sizeof(header), NEXT, length ? 1 : 2);
	put(q, 1, addr, length, NEXT | (to_disk ? 0 : WRITE), 2);
	put(q, 2, AT(answer), 1, WRITE, 0);
	offer(q, 0);
	kick(dev, 0);
	return answered(q) ? *(volatile uint8_t *)answer : 255;
}

/* Writes a sector, if it may, and reads it again. */
const char *blk_good(struct device *dev, int may_write)
{
	static uint64_t out[SECTOR / 8], in[SECTOR / 8];
	static uint64_t tag = 0xa5a5a5a500000000;

	if (may_write) {
		tag++;
		for (size_t i = 0; i < SECTOR / 8; i++)
			out[i] = tag;
		if (blk_try(dev, T_OUT, 1, AT(out), SECTOR) != S_OK)
			return "a good write fails";
		if (blk_try(dev, T_FLUSH, 0, 0, 0) != S_OK)
			return "a good flush fails";
	}
	fill(in, 0, SECTOR);
	if (blk_try(dev, T_IN, 1, AT(in), SECTOR) != S_OK)
		return "a good read fails";
	for (size_t i = 0; i < SECTOR / 8; i++) {
		if (may_write ? in[i] != tag : !in[i])
			return "a good read brings something else";
	}
	return NULL;
}
