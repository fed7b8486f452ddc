/* SPDX-License-Identifier: MIT */
/*
 * The UART as a driver sees it (DDI 0183): registers and their masks, the
 * receive FIFO's levels, and the interrupt line, which is driven at its edges only.
 * Links: vmm/dev/pl011.c vmm/dev/pl011_fast.c vmm/core/status_page.c vmm/core/coalesced.c
 * Links: vmm/core/bus.c vmm/core/lock.c
 * Links: tests/unit/fake_slots.c tests/unit/fake_log.c tests/unit/fake_primecell.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_primecell.h"
#include "tests/unit/mmio.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/dev/pl011.h"

#define DR    0x000
#define RSR   0x004
#define FR    0x018
#define ILPR  0x020
#define IBRD  0x024
#define FBRD  0x028
#define LCR_H 0x02c
#define CR    0x030
#define IFLS  0x034
#define IMSC  0x038
#define RIS   0x03c
#define MIS   0x040
#define ICR   0x044
#define DMACR 0x048

#define FR_RXFE   0x10
#define FR_TXFF   0x20
#define FR_RXFF   0x40
#define FR_TXFE   0x80
#define FEN       0x10
#define INT_RX    0x10
#define INT_TX    0x20
#define INT_RT    0x40
#define SPI       7
#define UART_BASE UINT64_C(0x09000000)

static struct tl_loop loop;
static struct tl_console console;

/* What the device did to its surroundings. */
static struct {
	uint8_t sent[64];
	unsigned int sent_count;
	bool tx_full;
	struct tl_console_sink sink;
	unsigned int edges, wakes;
} seen;

void tl_console_tx(struct tl_console *to, const uint8_t *bytes, size_t count)
{
	assert_ptr_equal(to, &console);
	for (size_t i = 0; i < count && seen.sent_count < sizeof(seen.sent); i++)
		seen.sent[seen.sent_count++] = bytes[i];
}

bool tl_console_tx_full(struct tl_console *of)
{
	assert_ptr_equal(of, &console);
	return seen.tx_full;
}

void tl_console_set_sink(struct tl_console *of, const struct tl_console_sink *sink)
{
	assert_ptr_equal(of, &console);
	seen.sink = *sink;
}

void tl_loop_wake(struct tl_loop *of)
{
	assert_ptr_equal(of, &loop);
	seen.wakes++;
}

static int setup(void **state)
{
	const struct tl_dev_env env = {
		.irqchip = &fake_primecell.irqchip, .loop = &loop, .console = &console};
	struct tl_dev *dev;

	memset(&seen, 0, sizeof(seen));
	fake_primecell_reset(SPI);
	if (tl_pl011_create(&dev, &env, UART_BASE, SPI))
		return -1;
	*state = dev;
	return 0;
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	return 0;
}

/* Input of so many bytes, counting from 1. */
static void push(unsigned int count)
{
	for (unsigned int i = 1; i <= count; i++) {
		uint8_t byte = (uint8_t)i;

		assert_true(seen.sink.space(seen.sink.opaque) > 0);
		seen.sink.push(seen.sink.opaque, &byte, 1);
	}
}

static void test_identification(void **state)
{
	/* DDI 0183, 3.3.16 and 3.3.17: part 0x011, Arm, revision r1p5; PrimeCell. */
	static const uint8_t ids[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	expect_primecell(*state, "pl011", UART_BASE, ids);
}

static void check_reset_values(struct tl_dev *dev)
{
	static const uint64_t zero[] = {RSR, ILPR, IBRD, FBRD, LCR_H, IMSC, RIS, MIS, DMACR, DR};

	for (unsigned int i = 0; i < ARRAY_LEN(zero); i++)
		assert_int_equal(get(dev, zero[i]), 0);
	assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFE);
	assert_int_equal(get(dev, CR), 0x300);
	assert_int_equal(get(dev, IFLS), 0x12);
	assert_false(fake_primecell.line);
}

static void test_masks(void **state)
{
	static const struct {
		uint64_t offset, kept;
	} regs[] = {{ILPR, 0xff}, {IBRD, 0xffff}, {FBRD, 0x3f}, {LCR_H, 0xff}, {CR, 0xff87},
		{IFLS, 0x3f}, {IMSC, 0x7ff}, {DMACR, 7},
		/* Those are written without effect. */
		{RSR, 0}, {FR, FR_TXFE | FR_RXFE}, {RIS, 0}, {MIS, 0}};
	struct tl_dev *dev = *state;

	check_reset_values(dev);
	for (unsigned int i = 0; i < ARRAY_LEN(regs); i++) {
		set(dev, regs[i].offset, UINT32_MAX);
		assert_int_equal(get(dev, regs[i].offset), regs[i].kept);
	}
	dev->ops->reset(dev);
	check_reset_values(dev);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {
		0x001, 0x002, 0x003, 0x008, 0x014, 0x019, 0x01c, 0x04c, 0xfdc, 0xfe1, 0xfe2, 0xfff};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < 2 * ARRAY_LEN(offsets); i++) {
		struct tl_mmio access = {
			.offset = offsets[i / 2], .size = 1 + i % 2 * 3, .is_write = i % 3};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		access.is_write = !access.is_write;
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(seen.sent_count, 0);
	check_reset_values(dev);
}

/* The bus of the device is 32 bits wide. */
static void test_sizes(void **state)
{
	static const uint64_t values[] = {[1] = 0x45, [2] = 0x2345, [4] = 0x2345};
	struct tl_dev *dev = *state;

	set(dev, IBRD, 0x2345);
	for (unsigned int size = 1; size <= 4; size *= 2) {
		struct tl_mmio access = {.offset = IBRD, .size = size};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
		assert_int_equal(access.value, values[size]);
	}
	for (unsigned int write = 0; write < 2; write++) {
		struct tl_mmio access = {.offset = DR, .size = 8, .is_write = write, .value = 'x'};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(seen.sent_count, 0);
}

static void test_transmit(void **state)
{
	struct tl_dev *dev = *state;

	/* Nobody asked for an interrupt. */
	set(dev, DR, 'a');
	assert_int_equal(get(dev, RIS), INT_TX);
	assert_int_equal(get(dev, MIS), 0);
	assert_int_equal(fake_primecell.edges, 0);
	set(dev, IMSC, INT_TX);
	assert_int_equal(get(dev, MIS), INT_TX);
	assert_true(fake_primecell.line);
	/* Bits above the byte are no data. */
	set(dev, DR, 0xfff00 | 'b');
	set(dev, ICR, ~INT_TX & 0x7ff);
	assert_int_equal(fake_primecell.edges, 1);
	set(dev, ICR, INT_TX);
	assert_false(fake_primecell.line);
	assert_int_equal(get(dev, RIS), 0);
	set(dev, DR, 'c');
	assert_true(fake_primecell.line);
	set(dev, IMSC, INT_RX);
	assert_false(fake_primecell.line);
	assert_int_equal(fake_primecell.edges, 4);
	assert_int_equal(seen.sent_count, 3);
	assert_memory_equal(seen.sent, "abc", 3);
}

/* A reader of the console who is slow: the guest sees it, and waits. */
static void test_transmitter_full(void **state)
{
	struct tl_dev *dev = *state;

	seen.tx_full = true;
	assert_int_equal(get(dev, FR), FR_TXFF | FR_RXFE);
	seen.tx_full = false;
	assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFE);
}

static void test_receive_without_fifo(void **state)
{
	struct tl_dev *dev = *state;

	assert_int_equal(seen.sink.space(seen.sink.opaque), 1);
	push(1);
	assert_int_equal(seen.sink.space(seen.sink.opaque), 0);
	assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFF);
	assert_int_equal(get(dev, RIS), INT_RX | INT_RT);
	assert_int_equal(seen.wakes, 0);
	assert_int_equal(get(dev, DR), 1);
	/* There may be more to come. */
	assert_int_equal(seen.wakes, 1);
	assert_int_equal(get(dev, RIS), 0);
	assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFE);
	assert_int_equal(get(dev, DR), 0);
	assert_int_equal(seen.wakes, 1);
}

/* DDI 0183, table 3-13: from how many of the 32 entries on. */
static void test_receive_levels(void **state)
{
	static const unsigned int levels[8] = {4, 8, 16, 24, 28, 16, 16, 16};
	struct tl_dev *dev = *state;

	set(dev, LCR_H, FEN);
	set(dev, IMSC, INT_RX);
	for (unsigned int i = 0; i < 8; i++) {
		set(dev, IFLS, i << 3);
		assert_int_equal(seen.sink.space(seen.sink.opaque), 32);
		push(levels[i] - 1);
		assert_int_equal(get(dev, RIS), INT_RT);
		assert_false(fake_primecell.line);
		push(1);
		assert_int_equal(get(dev, RIS), INT_RX | INT_RT);
		assert_true(fake_primecell.line);
		/* One less, and the line falls. */
		assert_int_equal(get(dev, DR), 1);
		assert_false(fake_primecell.line);
		while (!(get(dev, FR) & FR_RXFE))
			get(dev, DR);
		assert_int_equal(get(dev, RIS), 0);
	}
	assert_int_equal(fake_primecell.edges, 16);
	/* Another level is at once another answer. */
	push(8);
	assert_false(fake_primecell.line);
	set(dev, IFLS, 1 << 3);
	assert_true(fake_primecell.line);
}

/* Less than the level is told by the receive timeout: a driver would wait for ever. */
static void test_receive_timeout(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LCR_H, FEN);
	set(dev, IMSC, INT_RX | INT_RT);
	push(1);
	assert_true(fake_primecell.line);
	set(dev, ICR, INT_RT);
	assert_false(fake_primecell.line);
	push(1);
	assert_true(fake_primecell.line);
	assert_int_equal(get(dev, DR), 1);
	assert_true(fake_primecell.line);
	assert_int_equal(get(dev, DR), 1);
	assert_false(fake_primecell.line);
}

static void test_receive_fifo(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LCR_H, FEN);
	seen.wakes = 0;
	for (unsigned int round = 0; round < 5; round++) {
		push(32);
		assert_int_equal(seen.sink.space(seen.sink.opaque), 0);
		assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFF);
		/* More than there is room for is not taken. */
		seen.sink.push(seen.sink.opaque, (const uint8_t *)"x", 1);
		for (unsigned int i = 1; i <= 32; i++) {
			assert_int_equal(get(dev, DR), i);
			assert_int_equal(get(dev, FR) & FR_RXFE, i == 32 ? FR_RXFE : 0);
		}
		/* When it was full, and when it is empty. */
		assert_int_equal(seen.wakes, 2 * (round + 1));
		push(3);
		for (unsigned int i = 1; i <= 3; i++)
			assert_int_equal(get(dev, DR), i);
		seen.wakes--;
	}
}

/* DDI 0183, 3.3.7: the FIFOs are emptied when they are turned on or off. */
static void test_fifo_turned_on_and_off(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, INT_RX | INT_RT);
	set(dev, LCR_H, FEN);
	push(20);
	assert_true(fake_primecell.line);
	/* Other bits do not matter. */
	set(dev, LCR_H, FEN | 0x60);
	assert_int_equal(seen.sink.space(seen.sink.opaque), 12);
	seen.wakes = 0;
	set(dev, LCR_H, 0x60);
	assert_int_equal(seen.wakes, 1);
	assert_false(fake_primecell.line);
	assert_int_equal(get(dev, FR), FR_TXFE | FR_RXFE);
	assert_int_equal(seen.sink.space(seen.sink.opaque), 1);
}

static void test_reset(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, INT_RX | INT_TX);
	set(dev, LCR_H, FEN);
	set(dev, DR, 'x');
	push(20);
	assert_true(fake_primecell.line);
	dev->ops->reset(dev);
	assert_int_equal(fake_primecell.edges, 2);
	check_reset_values(dev);
	assert_int_equal(seen.sink.space(seen.sink.opaque), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_identification),
		TEST(test_masks),
		TEST(test_no_such_register),
		TEST(test_sizes),
		TEST(test_transmit),
		TEST(test_transmitter_full),
		TEST(test_receive_without_fifo),
		TEST(test_receive_levels),
		TEST(test_receive_timeout),
		TEST(test_receive_fifo),
		TEST(test_fifo_turned_on_and_off),
		TEST(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
