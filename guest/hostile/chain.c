/* SPDX-License-Identifier: MIT */
/*
 * Chains that are none (sections 2.7.5 and 5.2.6): each breaks the device until its reset.
 */
#include "hostile.h"

#define SIZE 8u /* of the queue */

/* Addresses that are known only when it runs: END + offset. */
#define END             0xeeee000080000000ul
#define IS_END(address) ((address) >> 32 == END >> 32)

#define H AT(&header), sizeof(header)
#define D AT(data), SECTOR
#define S AT(answer), 1
#define T AT(table)

struct chain {
	const char *name;
	struct desc desc[SIZE], table[SIZE + 1];
	uint16_t head;
};

/* A read request whose data is at the address. */
/* clang-format off */
#define DATA_AT(address, length) \
	{{H, NEXT, 1}, {address, length, WRITE | NEXT, 2}, {S, WRITE, 0}}

static const struct chain chains[] = {
	/* robust: vq.head */
	{"head-too-large", DATA_AT(AT(data), SECTOR), {{0}}, SIZE},
	{"head-max", DATA_AT(AT(data), SECTOR), {{0}}, 0xffff},
	/* robust: vq.next */
	{"next-too-large", {{H, NEXT, SIZE}}},
	{"next-max", {{H, NEXT, 0xffff}}},
	{"next-of-data-too-large", {{H, NEXT, 1}, {D, WRITE | NEXT, 0x8000}}},
	/* robust: vq.loop-1 */
	{"loop-of-one", {{H, NEXT, 0}}},
	/* robust: vq.loop-2 */
	{"loop-of-two", {{H, NEXT, 1}, {H, NEXT, 0}}},
	{"loop-of-one-written", {{H, NEXT, 1}, {D, WRITE | NEXT, 1}}},
	{"loop-of-all", {{H, NEXT, 1}, {H, NEXT, 2}, {H, NEXT, 3}, {H, NEXT, 4}, {H, NEXT, 5},
		{H, NEXT, 6}, {H, NEXT, 7}, {H, NEXT, 0}}},
	/* robust: vq.indirect-nested */
	{"indirect-in-indirect", {{T, 32, INDIRECT}}, {{T, 16, INDIRECT, 0}}},
	{"indirect-in-indirect-later", {{T, 48, INDIRECT}}, {{H, NEXT, 1}, {T, 16, INDIRECT, 0}}},
	{"indirect-of-itself", {{T, 16, INDIRECT}}, {{T, 16, INDIRECT | NEXT, 0}}},
	/* robust: vq.indirect-odd */
	{"indirect-odd-length", {{T, 40, INDIRECT}}, DATA_AT(AT(data), SECTOR)},
	{"indirect-short", {{T, 15, INDIRECT}}, DATA_AT(AT(data), SECTOR)},
	/* robust: vq.indirect-zero */
	{"indirect-empty", {{T, 0, INDIRECT}}, DATA_AT(AT(data), SECTOR)},
	/* robust: vq.indirect-next */
	{"indirect-with-next", {{T, 48, INDIRECT | NEXT, 1}, {S, WRITE, 0}}, DATA_AT(AT(data), SECTOR)},
	{"indirect-beyond-ram", {{END, 48, INDIRECT}}},
	{"indirect-across-end", {{END - 16, 48, INDIRECT}}},
	{"indirect-wraps", {{0xfffffffffffffff0, 48, INDIRECT}}},
	{"indirect-in-device", {{TL_UART_BASE, 48, INDIRECT}}},
	{"indirect-4-gib", {{T, 0xfffffff0, INDIRECT}}},
	{"indirect-next-too-large", {{T, 48, INDIRECT}}, {{H, NEXT, 3}}},
	{"indirect-loop", {{T, 48, INDIRECT}}, {{H, NEXT, 1}, {H, NEXT, 0}}},
	{"indirect-longer-than-queue", {{T, 16 * (SIZE + 1), INDIRECT}},
		{{H, NEXT, 1}, {D, WRITE | NEXT, 2}, {D, WRITE | NEXT, 3}, {D, WRITE | NEXT, 4},
		{D, WRITE | NEXT, 5}, {D, WRITE | NEXT, 6}, {D, WRITE | NEXT, 7}, {D, WRITE | NEXT, 8},
		{S, WRITE, 0}}},
	/* robust: vq.wrap */
	{"data-wraps", DATA_AT(0xfffffffffffff000, 0x2000)},
	{"data-wraps-to-ram", DATA_AT(0xfffffffffffffe00, 0xffffffff)},
	/* robust: vq.ram-end */
	{"data-across-end", DATA_AT(END - SECTOR, 2 * SECTOR)},
	{"data-beyond-ram", DATA_AT(END, SECTOR)},
	{"data-before-ram", DATA_AT(TL_RAM_BASE - SECTOR, SECTOR)},
	{"data-across-start", DATA_AT(TL_RAM_BASE - SECTOR, 2 * SECTOR)},
	{"data-at-0", DATA_AT(0, SECTOR)},
	{"data-at-2-63", DATA_AT(0x8000000000000000, SECTOR)},
	/* robust: vq.in-device */
	{"data-in-uart", DATA_AT(TL_UART_BASE, SECTOR)},
	{"data-in-gic", DATA_AT(0x08000000, SECTOR)},
	{"data-in-gic-redistributor", DATA_AT(0x080a0000, SECTOR)},
	{"data-in-the-device", DATA_AT(VIRTIO_BASE, SECTOR)},
	{"data-4-gib", DATA_AT(AT(data), 0xffffffff)},
	{"header-in-uart", {{TL_UART_BASE, 16, NEXT, 1}, {D, WRITE | NEXT, 2}, {S, WRITE, 0}}},
	{"header-beyond-ram", {{END - 8, 16, NEXT, 1}, {D, WRITE | NEXT, 2}, {S, WRITE, 0}}},
	{"status-beyond-ram", {{H, NEXT, 1}, {D, WRITE | NEXT, 2}, {END, 1, WRITE, 0}}},
	/* robust: vq.zero-length */
	{"empty-header", {{AT(&header), 0, NEXT, 1}, {D, WRITE | NEXT, 2}, {S, WRITE, 0}}},
	{"empty-data", DATA_AT(AT(data), 0)},
	{"empty-status", {{H, NEXT, 1}, {D, WRITE | NEXT, 2}, {AT(answer), 0, WRITE, 0}}},
	{"empty-everything", {{0, 0, 0, 0}}},
	/* robust: vq.order */
	{"read-after-written", {{H, NEXT, 1}, {D, WRITE | NEXT, 2}, {D, NEXT, 3}, {S, WRITE, 0}}},
	{"header-after-status", {{S, WRITE | NEXT, 1}, {H, 0, 0}}},
	/* robust: vq.no-status */
	{"no-status", {{H, 0, 0}}},
	{"no-status-behind-data", {{H, NEXT, 1}, {D, 0, 0}}},
	{"no-header", {{D, WRITE | NEXT, 1}, {S, WRITE, 0}}},
	{"only-status", {{S, WRITE, 0}}},
	{"short-header", {{AT(&header), 15, NEXT, 1}, {D, WRITE | NEXT, 2}, {S, WRITE, 0}}},
	{"header-of-one-byte", {{AT(&header), 1, NEXT, 1}, {S, WRITE, 0}}},
};
/* clang-format on */

static const struct chain *current;

static struct desc resolve(struct desc desc)
{
	if (IS_END(desc.addr))
		desc.addr = desc.addr - END + ram_end;
	return desc;
}

static const char *bad_chain(void)
{
	struct queue *q = &disk.queues[0];

	header = (struct blk_header){.type = T_IN, .sector = 64};
	for (unsigned int i = 0; i < SIZE; i++) {
		struct desc desc = resolve(current->desc[i]);

		put(q, i, desc.addr, desc.len, desc.flags, desc.next);
	}
	for (unsigned int i = 0; i < SIZE + 1; i++)
		table[i] = resolve(current->table[i]);
	offer(q, current->head);
	kick(&disk, 0);
	if (!down(&disk))
		return "the device does not need a reset";
	/* Whatever comes now, nothing is done until the reset. */
	offer(q, 0);
	kick(&disk, 0);
	return q->used->idx != q->seen ? "the device has answered" : NULL;
}

/* More in one chain than the device takes: seg_max says so. */
/* robust: vq.long */
static const char *chain_too_long(void)
{
	struct queue *q = &disk.queues[0];

	up(&disk, USUAL, QUEUE_MAX);
	header = (struct blk_header){.type = T_IN, .sector = 0};
	put(q, 0, AT(&header), sizeof(header), NEXT, 1);
	for (unsigned int i = 1; i < QUEUE_MAX; i++)
		put(q, i, AT(data) + (i - 1) * SECTOR, SECTOR, WRITE | NEXT, i + 1);
	put(q, QUEUE_MAX - 1, AT(answer), 1, WRITE, 0);
	offer(q, 0);
	kick(&disk, 0);
	return want_down(&disk);
}

/* Each part is in RAM, their sum is more than 32 bits can count. */
/* robust: vq.4-gib */
static const char *four_gib(void)
{
	struct queue *q = &disk.queues[0];
	uint64_t ram = ram_end - TL_RAM_BASE;
	unsigned int parts = (unsigned int)((1ul << 32) / ram) + 1;

	if (parts > QUEUE_MAX - 2)
		return SKIP;
	up(&disk, USUAL, QUEUE_MAX);
	/* Of a type that is not known: nothing is written, should it be taken. */
	header = (struct blk_header){.type = 99};
	put(q, 0, AT(&header), sizeof(header), NEXT, 1);
	for (unsigned int i = 1; i <= parts; i++)
		put(q, i, TL_RAM_BASE, (uint32_t)ram, NEXT, i + 1);
	put(q, parts + 1, AT(answer), 1, WRITE, 0);
	offer(q, 0);
	kick(&disk, 0);
	return want_down(&disk);
}

static const char *indirect_not_agreed(void)
{
	struct queue *q = &disk.queues[0];

	up(&disk, VERSION_1, SIZE);
	header = (struct blk_header){.type = T_IN};
	table[0] = (struct desc){H, NEXT, 1};
	table[1] = (struct desc){D, WRITE | NEXT, 2};
	table[2] = (struct desc){S, WRITE, 0};
	put(q, 0, AT(table), 48, INDIRECT, 0);
	offer(q, 0);
	kick(&disk, 0);
	return want_down(&disk);
}

/* Odd, but by the rules: a header of sixteen parts. */
static const char *header_in_parts(void)
{
	struct queue *q = &disk.queues[0];

	up(&disk, USUAL, 32);
	header = (struct blk_header){.type = T_IN, .sector = 1};
	fill(answer, 0xff, 1);
	for (unsigned int i = 0; i < sizeof(header); i++)
		put(q, i, AT(&header) + i, 1, NEXT, i + 1);
	put(q, 16, AT(data), SECTOR - 1, WRITE | NEXT, 17);
	put(q, 17, AT(answer) + 1, 1, WRITE | NEXT, 18);
	put(q, 18, AT(answer), 1, WRITE, 0);
	offer(q, 0);
	kick(&disk, 0);
	if (!answered(q) || *(volatile uint8_t *)answer != S_OK)
		return "it is not read";
	return want_up(&disk);
}

void chain_tests(void)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		current = &chains[i];
		run_test(current->name, bad_chain);
	}
	run_test("chain-too-long", chain_too_long);
	run_test("4-gib-in-total", four_gib);
	run_test("indirect-not-agreed-on", indirect_not_agreed);
	run_test("header-in-parts", header_in_parts);
}
