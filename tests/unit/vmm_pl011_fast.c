/* SPDX-License-Identifier: MIT */
/*
 * The UART that costs few exits: what the guest reads without an exit is what it would read by
 * one; the page is gone before input can be seen; bursts begin, end, and are never needed for
 * the result; where the kernel cannot do it, every access exits.
 * Links: vmm/dev/pl011.c vmm/dev/pl011_fast.c vmm/core/status_page.c vmm/core/coalesced.c
 * Links: vmm/core/bus.c vmm/core/lock.c
 * Links: tests/unit/fake_uart.c tests/unit/fake_slots.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_slots.h"
#include "tests/unit/fake_uart.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/bus.h"
#include "vmm/core/coalesced.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/core/mem.h"
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl011_fast.h"

static void test_page(void **state)
{
	(void)state;
	assert_int_equal(fake_slots.slot.slot, TL_MEM_SLOT_PL011);
	assert_int_equal(fake_slots.slot.flags, KVM_MEM_READONLY);
	assert_int_equal(fake_slots.slot.guest_phys_addr, UART_BASE);
	assert_int_equal(fake_slots_read(ID), 0x11);
	uart_expect_page();
	for (uint64_t offset = 4; offset <= 0x48; offset += 4) {
		uart_write(offset, 0x55555555);
		uart_expect_page();
		uart_write(offset, 0);
		uart_expect_page();
	}
	assert_int_equal(fake_slots.slot_calls, 1);
	/* Nothing waits, so nothing ticks. */
	assert_int_equal(uart_ticking(), 0);
	assert_nothing_logged();
}

/* Without FEAT_S2FWB the guest's reads pass by the caches. */
static void test_cleaned(void **state)
{
	unsigned int before;

	(void)state;
	/* At first all, up to the identification; then up to the register that changed. */
	assert_int_equal(fake_slots.cleans, 1);
	assert_int_equal(fake_slots.cleaned, FAKE_PAGE);
	uart_write(IMSC, INT_RX);
	assert_int_equal(fake_slots.cleans, 2);
	assert_int_equal(fake_slots.cleaned, IMSC + 4);
	before = fake_slots.cleans;
	uart_write(IMSC, INT_RX);
	assert_int_equal(fake_slots.cleans, before);
}

static void test_burst(void **state)
{
	(void)state;
	/* A line or a few characters typed are none. */
	for (unsigned int i = 1; i < TL_PL011_BURST_START; i++)
		uart_write(DR, 'x');
	assert_int_equal(uart_ticking(), 0);
	assert_int_equal(fake_uart.sent_count, TL_PL011_BURST_START - 1);
	uart_write(DR, 'x');
	assert_int_equal(fake_uart.sent_count, TL_PL011_BURST_START);
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	assert_true(uart_burst());
	assert_int_equal(fake_slots.zone.addr, UART_BASE);
	assert_int_equal(fake_slots.zone.size, 4);
	fake_uart.sent_count = 0;
	uart_puts("in the ring");
	assert_int_equal(fake_uart.sent_count, 0);
	uart_tick();
	uart_expect_sent("in the ring");
	/* It lasts as long as something comes now and then. */
	for (unsigned int i = 0; i < 3 * TL_PL011_BURST_QUIET; i++) {
		if (i % (TL_PL011_BURST_QUIET - 1) == 0)
			uart_write(DR, 'y');
		uart_tick();
		assert_true(uart_burst());
		assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	}
	for (unsigned int i = 0; i < TL_PL011_BURST_QUIET; i++)
		uart_tick();
	assert_false(uart_burst());
	uart_tick();
	/* An idle guest costs nothing. */
	assert_int_equal(uart_ticking(), 0);
	/* And the next one begins as the first. */
	uart_begin_burst();
	assert_int_equal(fake_slots.zone_calls, 3);
}

/* A character that comes when the ring has just been looked at for the last time. */
static void test_end_of_burst(void **state)
{
	(void)state;
	uart_begin_burst();
	fake_slots.late = '!';
	for (unsigned int i = 0; i <= TL_PL011_BURST_QUIET; i++)
		uart_tick();
	assert_false(uart_burst());
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	uart_tick();
	uart_expect_sent("!");
	assert_int_equal(uart_ticking(), 0);
}

static void test_order(void **state)
{
	(void)state;
	uart_begin_burst();
	/* More than the ring holds: what does not fit exits. */
	for (unsigned int i = 0; i < 500; i++)
		uart_write(DR, 'a' + i % 26);
	uart_write(LCR_H, FEN);
	assert_int_equal(fake_uart.sent_count, 500);
	for (unsigned int i = 0; i < 500; i++)
		assert_int_equal(fake_uart.sent[i], 'a' + i % 26);
}

/* While UARTRIS.TXRIS is set a character changes no register; else none may be late. */
static void test_transmit_interrupt(void **state)
{
	(void)state;
	uart_begin_burst();
	assert_int_equal(uart_read(RIS), INT_TX);
	uart_write(ICR, INT_RX);
	assert_true(uart_burst());
	uart_write(IMSC, INT_TX);
	assert_true(fake_uart.line);
	uart_puts("abc");
	uart_write(ICR, INT_TX);
	assert_false(uart_burst());
	assert_false(fake_uart.line);
	uart_expect_sent("abc");
	uart_write(DR, 'd');
	assert_true(fake_uart.line);
	uart_expect_sent("abcd");
	assert_int_equal(uart_read(MIS), INT_TX);
	/* The page is there all the time, so only this may be seen here. */
	fake_uart.line_up_with_page = false;
	/* Nothing is left to be looked at. */
	uart_tick();
	assert_false(uart_burst());
	for (unsigned int i = 0; i < TL_PL011_BURST_QUIET; i++)
		uart_tick();
	assert_int_equal(uart_ticking(), 0);
	fake_uart.line_up_with_page = false;
}

/* A guest that waits for room sees it, though it does not exit. */
static void test_transmitter_full(void **state)
{
	(void)state;
	uart_write(DR, 'x');
	fake_uart.tx_full = true;
	assert_int_equal(uart_read(FR), FR_TXFE | FR_RXFE);
	uart_write(DR, 'x');
	assert_int_equal(uart_read(FR), FR_TXFF | FR_RXFE);
	uart_tick();
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	fake_uart.tx_full = false;
	uart_tick();
	assert_int_equal(uart_read(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(uart_ticking(), 0);
}

static void test_reset(void **state)
{
	(void)state;
	uart_begin_burst();
	uart_write(LCR_H, FEN);
	uart_push("xyz");
	assert_false(uart_shown());
	fake_uart.dev->ops->reset(fake_uart.dev);
	assert_false(uart_burst());
	uart_expect_page();
	uart_tick();
	assert_int_equal(uart_ticking(), 0);
	uart_begin_burst();
}

static void test_burst_refused(void **state)
{
	(void)state;
	fake_slots.fail = KVM_REGISTER_COALESCED_MMIO;
	for (unsigned int i = 0; i < TL_PL011_BURST_START; i++)
		uart_write(DR, 'x');
	assert_false(uart_burst());
	assert_int_equal(uart_ticking(), 0);
	assert_int_equal(fake_uart.sent_count, TL_PL011_BURST_START);
	fake_slots.fail = 0;
	uart_begin_burst();
}

/* As ever, where the kernel has not all that it takes, or the user does not want it. */
static void test_plain(void **state)
{
	static struct tl_irqchip irqchip = {.vm_fd = VM_FD};
	static struct tl_console console;
	static struct tl_loop loop;
	static const struct tl_dev_env plain = {
		.irqchip = &irqchip, .loop = &loop, .console = &console};
	unsigned int fds = fds_open();

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		uart_reset(NULL);
		if (i == 0)
			fake_slots.readonly = false;
		else if (i == 1)
			fake_slots.coalesced = false;
		else if (i == 2)
			fake_slots.add_error = ENOSPC;
		if (i < 3) {
			uart_create();
			assert_int_equal(fake_log_count_of(TL_LOG_INFO), 1);
			assert_true(fake_log_has(TL_LOG_INFO, "the UART's accesses all exit"));
		} else {
			assert_int_equal(tl_pl011_create(&fake_uart.dev, &plain, UART_BASE, 1), 0);
			assert_nothing_logged();
		}
		for (unsigned int n = 0; n < 100; n++)
			set(fake_uart.dev, DR, 'x');
		uart_push("y");
		assert_int_equal(get(fake_uart.dev, DR), 'y');
		fake_uart.dev->ops->reset(fake_uart.dev);
		assert_int_equal(fake_uart.sent_count, 100);
		assert_int_equal(fake_slots.slot_calls + fake_slots.zone_calls, 0);
		if (i < 3)
			uart_destroy();
		else
			fake_uart.dev->ops->fini(fake_uart.dev);
	}
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, uart_setup, uart_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_page),
		TEST(test_cleaned),
		TEST(test_burst),
		TEST(test_end_of_burst),
		TEST(test_order),
		TEST(test_transmit_interrupt),
		TEST(test_transmitter_full),
		TEST(test_reset),
		TEST(test_burst_refused),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
