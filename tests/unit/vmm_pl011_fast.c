/* SPDX-License-Identifier: MIT */
/*
 * The UART that costs few exits: what the guest reads without an exit is what it would read by
 * one; the page is gone before input can be seen; bursts begin, end, and are never needed for
 * the result; where the kernel cannot do it, every access exits.
 * Links: vmm/dev/pl011.c vmm/dev/pl011_fast.c vmm/core/status_page.c vmm/core/coalesced.c
 * Links: vmm/core/bus.c tests/unit/fake_slots.c tests/unit/fake_log.c vmm/core/lock.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_slots.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/bus.h"
#include "vmm/core/coalesced.h"
#include "vmm/core/console.h"
#include "vmm/core/mem.h"
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl011_fast.h"

#define DR    0x000
#define FR    0x018
#define LCR_H 0x02c
#define CR    0x030
#define IMSC  0x038
#define RIS   0x03c
#define MIS   0x040
#define ICR   0x044
#define ID    0xfe0

#define FR_RXFE   0x10
#define FR_TXFF   0x20
#define FR_TXFE   0x80
#define FEN       0x10
#define INT_RX    0x10
#define INT_TX    0x20
#define INT_RT    0x40
#define VM_FD     77
#define UART_BASE UINT64_C(0x09000000)

static struct tl_irqchip irqchip = {.vm_fd = VM_FD};
static struct tl_loop loop;
static struct tl_console console;
static struct tl_coalesced coalesced;
static struct tl_bus bus;
static struct tl_dev *dev;
static unsigned int fds;

static struct {
	char sent[1024];
	unsigned int sent_count;
	bool tx_full, line;
	struct tl_console_sink sink;
	/* When the device hears of input the slot must be gone: its line was never up before. */
	bool line_up_with_page;
} seen;

void tl_console_tx(struct tl_console *to, const uint8_t *bytes, size_t count)
{
	(void)to;
	for (size_t i = 0; i < count && seen.sent_count < sizeof(seen.sent); i++)
		seen.sent[seen.sent_count++] = (char)bytes[i];
}

bool tl_console_tx_full(struct tl_console *of)
{
	(void)of;
	return seen.tx_full;
}

void tl_console_set_sink(struct tl_console *of, const struct tl_console_sink *sink)
{
	(void)of;
	seen.sink = *sink;
}

void tl_loop_wake(struct tl_loop *of)
{
	(void)of;
}

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	(void)gic;
	(void)spi;
	seen.line = level;
	if (level && fake_slots.slot.memory_size)
		seen.line_up_with_page = true;
	return 0;
}

/* How long until the next tick, ms; 0: there is none. */
static long ticking(void)
{
	struct itimerspec when;

	if (fake_slots.fd < 0)
		return 0;
	assert_int_equal(timerfd_gettime(fake_slots.fd, &when), 0);
	assert_int_equal(when.it_interval.tv_sec, 0);
	return when.it_interval.tv_nsec / 1000000;
}

static void tick(void)
{
	fake_slots.fn(fake_slots.opaque, EPOLLIN);
}

static bool shown(void)
{
	return fake_slots.slot.memory_size != 0;
}

static bool burst(void)
{
	return fake_slots.zone.size != 0;
}

/* What the guest reads: the page, or an exit. */
static uint32_t guest_read(uint64_t offset)
{
	return shown() ? fake_slots_read(offset) : (uint32_t)get(dev, offset);
}

/* The guest writes: into the ring, or by an exit, before which the ring is emptied. */
static void guest_write(uint64_t offset, uint32_t value)
{
	struct tl_mmio access = {.offset = offset, .size = 4, .is_write = true, .value = value};

	if (fake_slots_write(UART_BASE + offset, 4, value))
		return;
	if (tl_coalesced_pending(&coalesced))
		tl_coalesced_drain(&coalesced);
	mmio_access(dev, &access);
}

static void guest_puts(const char *text)
{
	while (*text)
		guest_write(DR, (uint8_t)*text++);
}

static void push(const char *text)
{
	for (; *text; text++) {
		assert_true(seen.sink.space(seen.sink.opaque) > 0);
		seen.sink.push(seen.sink.opaque, (const uint8_t *)text, 1);
	}
}

static void create(void)
{
	const struct tl_dev_env env = {
		.irqchip = &irqchip, .loop = &loop, .console = &console, .coalesced = &coalesced};

	tl_coalesced_blank(&coalesced);
	tl_bus_init(&bus);
	tl_coalesced_init(&coalesced, VM_FD, (void *)fake_slots.run, sizeof(fake_slots.run), &bus);
	assert_int_equal(tl_pl011_create(&dev, &env, UART_BASE, 1), 0);
	assert_int_equal(tl_bus_add(&bus, dev), 0);
	tl_bus_freeze(&bus);
}

static void destroy(void)
{
	tl_bus_fini(&bus);
	tl_coalesced_fini(&coalesced);
	assert_int_equal(fake_slots.fd, -1);
	assert_int_equal(fds_open(), fds);
}

static int reset(void **state)
{
	memset(&seen, 0, sizeof(seen));
	fake_slots_reset();
	fds = fds_open();
	return fake_log_reset(state);
}

static int setup(void **state)
{
	reset(state);
	create();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_false(seen.line_up_with_page);
	destroy();
	return 0;
}

/* Enough characters by exit. */
static void begin_burst(void)
{
	for (unsigned int i = 0; i < TL_PL011_BURST_START; i++) {
		assert_false(burst());
		guest_write(DR, '.');
	}
	assert_true(burst());
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	seen.sent_count = 0;
}

static void assert_sent(const char *text)
{
	assert_int_equal(seen.sent_count, strlen(text));
	assert_memory_equal(seen.sent, text, seen.sent_count);
}

/* Every register with a value reads the same either way. */
static void check_page(void)
{
	assert_true(shown());
	for (uint64_t offset = 4; offset < FAKE_PAGE; offset += 4) {
		struct tl_mmio access = {.offset = offset, .size = 4};

		mmio_access(dev, &access);
		assert_int_equal(fake_slots_read(offset), access.value);
	}
	assert_int_equal(fake_slots_read(DR), 0);
}

static void test_page(void **state)
{
	(void)state;
	assert_int_equal(fake_slots.slot.slot, TL_MEM_SLOT_PL011);
	assert_int_equal(fake_slots.slot.flags, KVM_MEM_READONLY);
	assert_int_equal(fake_slots.slot.guest_phys_addr, UART_BASE);
	assert_int_equal(fake_slots_read(ID), 0x11);
	check_page();
	for (uint64_t offset = 4; offset <= 0x48; offset += 4) {
		guest_write(offset, 0x55555555);
		check_page();
		guest_write(offset, 0);
		check_page();
	}
	assert_int_equal(fake_slots.slot_calls, 1);
	/* Nothing waits, so nothing ticks. */
	assert_int_equal(ticking(), 0);
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
	guest_write(IMSC, INT_RX);
	assert_int_equal(fake_slots.cleans, 2);
	assert_int_equal(fake_slots.cleaned, IMSC + 4);
	before = fake_slots.cleans;
	guest_write(IMSC, INT_RX);
	assert_int_equal(fake_slots.cleans, before);
}

static void test_burst(void **state)
{
	(void)state;
	/* A line or a few characters typed are none. */
	for (unsigned int i = 1; i < TL_PL011_BURST_START; i++)
		guest_write(DR, 'x');
	assert_int_equal(ticking(), 0);
	assert_int_equal(seen.sent_count, TL_PL011_BURST_START - 1);
	guest_write(DR, 'x');
	assert_int_equal(seen.sent_count, TL_PL011_BURST_START);
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	assert_true(burst());
	assert_int_equal(fake_slots.zone.addr, UART_BASE);
	assert_int_equal(fake_slots.zone.size, 4);
	seen.sent_count = 0;
	guest_puts("in the ring");
	assert_int_equal(seen.sent_count, 0);
	tick();
	assert_sent("in the ring");
	/* It lasts as long as something comes now and then. */
	for (unsigned int i = 0; i < 3 * TL_PL011_BURST_QUIET; i++) {
		if (i % (TL_PL011_BURST_QUIET - 1) == 0)
			guest_write(DR, 'y');
		tick();
		assert_true(burst());
		assert_int_equal(ticking(), TL_PL011_TICK_MS);
	}
	for (unsigned int i = 0; i < TL_PL011_BURST_QUIET; i++)
		tick();
	assert_false(burst());
	tick();
	/* An idle guest costs nothing. */
	assert_int_equal(ticking(), 0);
	/* And the next one begins as the first. */
	begin_burst();
	assert_int_equal(fake_slots.zone_calls, 3);
}

/* A character that comes when the ring has just been looked at for the last time. */
static void test_end_of_burst(void **state)
{
	(void)state;
	begin_burst();
	fake_slots.late = '!';
	for (unsigned int i = 0; i <= TL_PL011_BURST_QUIET; i++)
		tick();
	assert_false(burst());
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	tick();
	assert_sent("!");
	assert_int_equal(ticking(), 0);
}

static void test_order(void **state)
{
	(void)state;
	begin_burst();
	/* More than the ring holds: what does not fit exits. */
	for (unsigned int i = 0; i < 500; i++)
		guest_write(DR, 'a' + i % 26);
	guest_write(LCR_H, FEN);
	assert_int_equal(seen.sent_count, 500);
	for (unsigned int i = 0; i < 500; i++)
		assert_int_equal(seen.sent[i], 'a' + i % 26);
}

/* While UARTRIS.TXRIS is set a character changes no register; else none may be late. */
static void test_transmit_interrupt(void **state)
{
	(void)state;
	begin_burst();
	assert_int_equal(guest_read(RIS), INT_TX);
	guest_write(ICR, INT_RX);
	assert_true(burst());
	guest_write(IMSC, INT_TX);
	assert_true(seen.line);
	guest_puts("abc");
	guest_write(ICR, INT_TX);
	assert_false(burst());
	assert_false(seen.line);
	assert_sent("abc");
	guest_write(DR, 'd');
	assert_true(seen.line);
	assert_sent("abcd");
	assert_int_equal(guest_read(MIS), INT_TX);
	/* The page is there all the time, so only this may be seen here. */
	seen.line_up_with_page = false;
	/* Nothing is left to be looked at. */
	tick();
	assert_false(burst());
	for (unsigned int i = 0; i < TL_PL011_BURST_QUIET; i++)
		tick();
	assert_int_equal(ticking(), 0);
	seen.line_up_with_page = false;
}

static void test_input(void **state)
{
	(void)state;
	guest_write(LCR_H, FEN);
	guest_write(IMSC, INT_RX | INT_RT);
	push("hello");
	assert_false(shown());
	assert_true(seen.line);
	for (const char *c = "hello"; *c; c++) {
		assert_int_equal(guest_read(FR), FR_TXFE);
		assert_int_equal(guest_read(DR), *c);
	}
	assert_int_equal(guest_read(FR), FR_TXFE | FR_RXFE);
	assert_false(shown());
	/* More may come: the page is back when none came for a whole tick. */
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	tick();
	assert_false(shown());
	push("!");
	assert_int_equal(guest_read(DR), '!');
	tick();
	assert_false(shown());
	tick();
	check_page();
	assert_int_equal(ticking(), 0);
	assert_int_equal(fake_slots.slot_calls, 3);
}

/* A guest that does not read its input costs no ticks either. */
static void test_input_not_read(void **state)
{
	(void)state;
	push("x");
	begin_burst();
	for (unsigned int i = 0; i <= TL_PL011_BURST_QUIET + 1; i++)
		tick();
	assert_false(shown());
	assert_int_equal(ticking(), 0);
	assert_int_equal(guest_read(DR), 'x');
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	tick();
	assert_true(shown());
}

/* Turning the FIFOs off empties them. */
static void test_input_forgotten(void **state)
{
	(void)state;
	guest_write(LCR_H, FEN);
	push("xyz");
	guest_write(LCR_H, 0);
	tick();
	tick();
	check_page();
	assert_int_equal(ticking(), 0);
}

/* The slot cannot be taken away just now: the guest hears of its input later. */
static void test_input_with_stuck_page(void **state)
{
	(void)state;
	guest_write(LCR_H, FEN);
	guest_write(IMSC, INT_RX | INT_RT);
	fake_slots.fail = KVM_SET_USER_MEMORY_REGION;
	push("ab");
	guest_write(CR, 0x301);
	tick();
	assert_true(shown());
	assert_false(seen.line);
	assert_int_equal(guest_read(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(guest_read(RIS), 0);
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	fake_slots.fail = 0;
	tick();
	assert_false(shown());
	assert_true(seen.line);
	assert_int_equal(guest_read(DR), 'a');
	assert_int_equal(guest_read(DR), 'b');
	/* Nor can it be put back at first. */
	fake_slots.fail = KVM_SET_USER_MEMORY_REGION;
	tick();
	tick();
	assert_false(shown());
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	fake_slots.fail = 0;
	tick();
	check_page();
}

/* A guest that waits for room sees it, though it does not exit. */
static void test_transmitter_full(void **state)
{
	(void)state;
	guest_write(DR, 'x');
	seen.tx_full = true;
	assert_int_equal(guest_read(FR), FR_TXFE | FR_RXFE);
	guest_write(DR, 'x');
	assert_int_equal(guest_read(FR), FR_TXFF | FR_RXFE);
	tick();
	assert_int_equal(ticking(), TL_PL011_TICK_MS);
	seen.tx_full = false;
	tick();
	assert_int_equal(guest_read(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(ticking(), 0);
}

static void test_reset(void **state)
{
	(void)state;
	begin_burst();
	guest_write(LCR_H, FEN);
	push("xyz");
	assert_false(shown());
	dev->ops->reset(dev);
	assert_false(burst());
	check_page();
	tick();
	assert_int_equal(ticking(), 0);
	begin_burst();
}

static void test_burst_refused(void **state)
{
	(void)state;
	fake_slots.fail = KVM_REGISTER_COALESCED_MMIO;
	for (unsigned int i = 0; i < TL_PL011_BURST_START; i++)
		guest_write(DR, 'x');
	assert_false(burst());
	assert_int_equal(ticking(), 0);
	assert_int_equal(seen.sent_count, TL_PL011_BURST_START);
	fake_slots.fail = 0;
	begin_burst();
}

/* As ever, where the kernel has not all that it takes, or the user does not want it. */
static void test_plain(void **state)
{
	static const struct tl_dev_env plain = {
		.irqchip = &irqchip, .loop = &loop, .console = &console};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		reset(NULL);
		if (i == 0)
			fake_slots.readonly = false;
		else if (i == 1)
			fake_slots.coalesced = false;
		else if (i == 2)
			fake_slots.add_error = ENOSPC;
		if (i < 3) {
			create();
			assert_int_equal(fake_log_count_of(TL_LOG_INFO), 1);
			assert_true(fake_log_has(TL_LOG_INFO, "the UART's accesses all exit"));
		} else {
			assert_int_equal(tl_pl011_create(&dev, &plain, UART_BASE, 1), 0);
			assert_nothing_logged();
		}
		for (unsigned int n = 0; n < 100; n++)
			set(dev, DR, 'x');
		push("y");
		assert_int_equal(get(dev, DR), 'y');
		dev->ops->reset(dev);
		assert_int_equal(seen.sent_count, 100);
		assert_int_equal(fake_slots.slot_calls + fake_slots.zone_calls, 0);
		if (i < 3)
			destroy();
		else
			dev->ops->fini(dev);
	}
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_page),
		TEST(test_cleaned),
		TEST(test_burst),
		TEST(test_end_of_burst),
		TEST(test_order),
		TEST(test_transmit_interrupt),
		TEST(test_input),
		TEST(test_input_not_read),
		TEST(test_input_forgotten),
		TEST(test_input_with_stuck_page),
		TEST(test_transmitter_full),
		TEST(test_reset),
		TEST(test_burst_refused),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
