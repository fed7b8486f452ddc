/* SPDX-License-Identifier: MIT */
/*
 * Input of the UART that costs few exits: the page is gone before it can be seen, and back when
 * none comes any more.
 * Links: vmm/dev/pl011.c vmm/dev/pl011_fast.c vmm/core/status_page.c vmm/core/coalesced.c
 * Links: vmm/core/bus.c vmm/core/lock.c
 * Links: tests/unit/fake_uart.c tests/unit/fake_slots.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <linux/kvm.h>

#include "tests/unit/fake_slots.h"
#include "tests/unit/fake_uart.h"
#include "vmm/dev/pl011_fast.h"

static void test_input(void **state)
{
	(void)state;
	uart_write(LCR_H, FEN);
	uart_write(IMSC, INT_RX | INT_RT);
	uart_push("hello");
	assert_false(uart_shown());
	assert_true(fake_uart.line);
	for (const char *c = "hello"; *c; c++) {
		assert_int_equal(uart_read(FR), FR_TXFE);
		assert_int_equal(uart_read(DR), *c);
	}
	assert_int_equal(uart_read(FR), FR_TXFE | FR_RXFE);
	assert_false(uart_shown());
	/* More may come: the page is back when none came for a whole tick. */
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	uart_tick();
	assert_false(uart_shown());
	uart_push("!");
	assert_int_equal(uart_read(DR), '!');
	uart_tick();
	assert_false(uart_shown());
	uart_tick();
	uart_expect_page();
	assert_int_equal(uart_ticking(), 0);
	assert_int_equal(fake_slots.slot_calls, 3);
}

/* A guest that does not read its input costs no ticks either. */
static void test_input_not_read(void **state)
{
	(void)state;
	uart_push("x");
	uart_begin_burst();
	for (unsigned int i = 0; i <= TL_PL011_BURST_QUIET + 1; i++)
		uart_tick();
	assert_false(uart_shown());
	assert_int_equal(uart_ticking(), 0);
	assert_int_equal(uart_read(DR), 'x');
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	uart_tick();
	assert_true(uart_shown());
}

/* Turning the FIFOs off empties them. */
static void test_input_forgotten(void **state)
{
	(void)state;
	uart_write(LCR_H, FEN);
	uart_push("xyz");
	uart_write(LCR_H, 0);
	uart_tick();
	uart_tick();
	uart_expect_page();
	assert_int_equal(uart_ticking(), 0);
}

/* The slot cannot be taken away just now: the guest hears of its input later. */
static void test_input_with_stuck_page(void **state)
{
	(void)state;
	uart_write(LCR_H, FEN);
	uart_write(IMSC, INT_RX | INT_RT);
	fake_slots.fail = KVM_SET_USER_MEMORY_REGION;
	uart_push("ab");
	uart_write(CR, 0x301);
	uart_tick();
	assert_true(uart_shown());
	assert_false(fake_uart.line);
	assert_int_equal(uart_read(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(uart_read(RIS), 0);
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	fake_slots.fail = 0;
	uart_tick();
	assert_false(uart_shown());
	assert_true(fake_uart.line);
	assert_int_equal(uart_read(DR), 'a');
	assert_int_equal(uart_read(DR), 'b');
	/* Nor can it be put back at first. */
	fake_slots.fail = KVM_SET_USER_MEMORY_REGION;
	uart_tick();
	uart_tick();
	assert_false(uart_shown());
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	fake_slots.fail = 0;
	uart_tick();
	uart_expect_page();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, uart_setup, uart_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_input), TEST(test_input_not_read),
		TEST(test_input_forgotten), TEST(test_input_with_stuck_page)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
