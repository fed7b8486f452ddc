/* SPDX-License-Identifier: MIT */
/*
 * A UART between a guest and a terminal.
 */
#include "tests/unit/unit.h"

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
#include "vmm/core/mem.h"
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl011_fast.h"

struct fake_uart fake_uart;

static struct tl_irqchip irqchip = {.vm_fd = VM_FD};
static struct tl_loop loop;
static struct tl_console console;
static struct tl_coalesced coalesced;
static struct tl_bus bus;
static unsigned int fds;

void tl_console_tx(struct tl_console *to, const uint8_t *bytes, size_t count)
{
	(void)to;
	for (size_t i = 0; i < count && fake_uart.sent_count < sizeof(fake_uart.sent); i++)
		fake_uart.sent[fake_uart.sent_count++] = (char)bytes[i];
}

bool tl_console_tx_full(struct tl_console *of)
{
	(void)of;
	return fake_uart.tx_full;
}

void tl_console_set_sink(struct tl_console *of, const struct tl_console_sink *sink)
{
	(void)of;
	fake_uart.sink = *sink;
}

void tl_loop_wake(struct tl_loop *of)
{
	(void)of;
}

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	(void)gic;
	(void)spi;
	fake_uart.line = level;
	if (level && fake_slots.slot.memory_size)
		fake_uart.line_up_with_page = true;
	return 0;
}

long uart_ticking(void)
{
	struct itimerspec when;

	if (fake_slots.fd < 0)
		return 0;
	assert_int_equal(timerfd_gettime(fake_slots.fd, &when), 0);
	assert_int_equal(when.it_interval.tv_sec, 0);
	return when.it_interval.tv_nsec / 1000000;
}

void uart_tick(void)
{
	fake_slots.fn(fake_slots.opaque, EPOLLIN);
}

bool uart_shown(void)
{
	return fake_slots.slot.memory_size != 0;
}

bool uart_burst(void)
{
	return fake_slots.zone.size != 0;
}

uint32_t uart_read(uint64_t offset)
{
	return uart_shown() ? fake_slots_read(offset) : (uint32_t)get(fake_uart.dev, offset);
}

void uart_write(uint64_t offset, uint32_t value)
{
	struct tl_mmio access = {.offset = offset, .size = 4, .is_write = true, .value = value};

	if (fake_slots_write(UART_BASE + offset, 4, value))
		return;
	if (tl_coalesced_pending(&coalesced))
		tl_coalesced_drain(&coalesced);
	mmio_access(fake_uart.dev, &access);
}

void uart_puts(const char *text)
{
	while (*text)
		uart_write(DR, (uint8_t)*text++);
}

void uart_push(const char *text)
{
	for (; *text; text++) {
		assert_true(fake_uart.sink.space(fake_uart.sink.opaque) > 0);
		fake_uart.sink.push(fake_uart.sink.opaque, (const uint8_t *)text, 1);
	}
}

void uart_create(void)
{
	const struct tl_dev_env env = {
		.irqchip = &irqchip, .loop = &loop, .console = &console, .coalesced = &coalesced};

	tl_coalesced_blank(&coalesced);
	tl_bus_init(&bus);
	tl_coalesced_init(&coalesced, VM_FD, (void *)fake_slots.run, sizeof(fake_slots.run), &bus);
	assert_int_equal(tl_pl011_create(&fake_uart.dev, &env, UART_BASE, 1), 0);
	assert_int_equal(tl_bus_add(&bus, fake_uart.dev), 0);
	tl_bus_freeze(&bus);
}

void uart_destroy(void)
{
	tl_bus_fini(&bus);
	tl_coalesced_fini(&coalesced);
	assert_int_equal(fake_slots.fd, -1);
	assert_int_equal(fds_open(), fds);
}

int uart_reset(void **state)
{
	memset(&fake_uart, 0, sizeof(fake_uart));
	fake_slots_reset();
	fds = fds_open();
	return fake_log_reset(state);
}

int uart_setup(void **state)
{
	uart_reset(state);
	uart_create();
	return 0;
}

int uart_teardown(void **state)
{
	(void)state;
	assert_false(fake_uart.line_up_with_page);
	uart_destroy();
	return 0;
}

void uart_begin_burst(void)
{
	for (unsigned int i = 0; i < TL_PL011_BURST_START; i++) {
		assert_false(uart_burst());
		uart_write(DR, '.');
	}
	assert_true(uart_burst());
	assert_int_equal(uart_ticking(), TL_PL011_TICK_MS);
	fake_uart.sent_count = 0;
}

void uart_expect_sent(const char *text)
{
	assert_int_equal(fake_uart.sent_count, strlen(text));
	assert_memory_equal(fake_uart.sent, text, fake_uart.sent_count);
}

void uart_expect_page(void)
{
	assert_true(uart_shown());
	for (uint64_t offset = 4; offset < FAKE_PAGE; offset += 4) {
		struct tl_mmio access = {.offset = offset, .size = 4};

		mmio_access(fake_uart.dev, &access);
		assert_int_equal(fake_slots_read(offset), access.value);
	}
	assert_int_equal(fake_slots_read(DR), 0);
}
