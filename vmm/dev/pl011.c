/* SPDX-License-Identifier: MIT */
/*
 * Arm PL011 UART (DDI 0183, chapter 3). The transmitter is infinitely fast: a
 * byte leaves as soon as it is written, unless the reader of the output is so
 * slow that the buffer behind it fills up. The receiver keeps its 32 entries.
 * How it saves exits is in pl011_fast.c and docs/uart.md.
 */
#include "vmm/dev/pl011.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/console.h"
#include "vmm/core/coalesced.h"
#include "vmm/core/loop.h"
#include "vmm/dev/pl011_fast.h"

/* Register offsets and fields: DDI 0183, section 3.2 and 3.3. */
#define UARTDR     0x000
#define UARTRSR    0x004
#define UARTFR     0x018
#define UARTILPR   0x020
#define UARTIBRD   0x024
#define UARTFBRD   0x028
#define UARTLCR_H  0x02c
#define UARTCR     0x030
#define UARTIFLS   0x034
#define UARTIMSC   0x038
#define UARTRIS    0x03c
#define UARTMIS    0x040
#define UARTICR    0x044
#define UARTDMACR  0x048
#define UARTPERIPH 0xfe0

#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)

#define LCR_H_FEN (1u << 4)
#define INT_RX    (1u << 4)
#define INT_TX    (1u << 5)
#define INT_RT    (1u << 6)
#define INT_ALL   0x7ffu

#define CR_RESET   0x300u /* transmit and receive enabled */
#define IFLS_RESET 0x12u  /* half full, both ways */
#define FIFO_DEPTH 32

/* UARTPeriphID0-3 and UARTPCellID0-3, revision r1p5. */
static const uint8_t ids[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

struct pl011 {
	struct tl_dev dev; /* its lock guards everything here */
	struct tl_dev_env env;
	struct tl_pl011_fast fast;
	uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
	bool line; /* level of the interrupt line */
	uint8_t fifo[FIFO_DEPTH];
	unsigned int fifo_head;
	unsigned int fifo_count;
};

static unsigned int fifo_depth(const struct pl011 *uart)
{
	return uart->lcr_h & LCR_H_FEN ? FIFO_DEPTH : 1;
}

/* The fill level from which UARTRXINTR is asserted (DDI 0183, table 3-13). */
static unsigned int rx_trigger(const struct pl011 *uart)
{
	static const unsigned int eighths[8] = {1, 2, 4, 6, 7, 4, 4, 4};

	if (!(uart->lcr_h & LCR_H_FEN))
		return 1;
	return FIFO_DEPTH * eighths[uart->ifls >> 3 & 7] / 8;
}

static void update_line(struct pl011 *uart)
{
	bool line = (uart->ris & uart->imsc) != 0;

	if (line == uart->line)
		return;
	uart->line = line;
	/* A line that cannot be driven leaves the guest without an interrupt, nothing worse. */
	(void)tl_gic_set_spi(uart->env.irqchip, uart->dev.spi, line);
}

static void update_rx(struct pl011 *uart)
{
	if (uart->fifo_count >= rx_trigger(uart))
		uart->ris |= INT_RX;
	else
		uart->ris &= ~INT_RX;
	/* The receive timeout (32 bit times without a read) passes at once. */
	if (uart->fifo_count > 0)
		uart->ris |= INT_RT;
	else
		uart->ris &= ~INT_RT;
	update_line(uart);
}

static uint32_t read_data(struct pl011 *uart)
{
	uint32_t value = 0;
	bool was_full = uart->fifo_count >= fifo_depth(uart);

	if (uart->fifo_count > 0) {
		value = uart->fifo[uart->fifo_head];
		uart->fifo_head = (uart->fifo_head + 1) % FIFO_DEPTH;
		uart->fifo_count--;
		update_rx(uart);
		/* There may be more input, which waits for room. */
		if (was_full || uart->fifo_count == 0)
			tl_loop_wake(uart->env.loop);
	}
	return value;
}

static uint32_t read_flags(struct pl011 *uart)
{
	uint32_t flags = tl_console_tx_full(uart->env.console) ? FR_TXFF : FR_TXFE;

	if (uart->fifo_count == 0)
		flags |= FR_RXFE;
	if (uart->fifo_count >= fifo_depth(uart))
		flags |= FR_RXFF;
	return flags;
}

static bool read_register(struct pl011 *uart, uint64_t offset, uint32_t *value)
{
	switch (offset) {
	case UARTDR:
		*value = read_data(uart);
		return true;
	case UARTRSR:
		*value = uart->rsr;
		return true;
	case UARTFR:
		*value = read_flags(uart);
		return true;
	case UARTILPR:
		*value = uart->ilpr;
		return true;
	case UARTIBRD:
		*value = uart->ibrd;
		return true;
	case UARTFBRD:
		*value = uart->fbrd;
		return true;
	case UARTLCR_H:
		*value = uart->lcr_h;
		return true;
	case UARTCR:
		*value = uart->cr;
		return true;
	case UARTIFLS:
		*value = uart->ifls;
		return true;
	case UARTIMSC:
		*value = uart->imsc;
		return true;
	case UARTRIS:
		*value = uart->ris;
		return true;
	case UARTMIS:
		*value = uart->ris & uart->imsc;
		return true;
	case UARTDMACR:
		*value = uart->dmacr;
		return true;
	default:
		break;
	}
	if (offset >= UARTPERIPH && offset % 4 == 0) {
		*value = ids[(offset - UARTPERIPH) / 4];
		return true;
	}
	return false;
}

/* Not if there is no page, nor while it hides input that the guest cannot be told of yet. */
static bool may_publish(const struct pl011 *uart)
{
	return tl_pl011_fast_on(&uart->fast) && !(uart->fast.page.shown && uart->fifo_count > 0);
}

/* The registers that change without being written. */
static void publish_status(struct pl011 *uart)
{
	uint32_t flags = read_flags(uart);

	tl_status_page_set(&uart->fast.page, UARTFR, flags);
	tl_status_page_set(&uart->fast.page, UARTRIS, uart->ris);
	tl_status_page_set(&uart->fast.page, UARTMIS, uart->ris & uart->imsc);
	tl_status_page_clean(&uart->fast.page);
	/* Nobody else tells when there is room again. */
	if (flags & FR_TXFF)
		tl_pl011_fast_wake(&uart->fast);
}

/* All whose reads have no effect. UARTDR reads as zero while no input waits, as it should. */
static void publish(struct pl011 *uart)
{
	if (!may_publish(uart))
		return;
	for (uint64_t offset = UARTRSR; offset <= UARTDMACR; offset += 4) {
		uint32_t value;

		if (read_register(uart, offset, &value))
			tl_status_page_set(&uart->fast.page, offset, value);
	}
	publish_status(uart);
}

/* What an access changed goes to the page before the guest can look. */
static void publish_access(struct pl011 *uart, const struct tl_mmio *access)
{
	if (!may_publish(uart))
		return;
	if (access->offset != UARTDR) {
		if (access->is_write)
			publish(uart);
		return;
	}
	publish_status(uart);
	if (access->is_write)
		tl_pl011_fast_wrote(&uart->fast);
	else if (uart->fifo_count == 0)
		tl_pl011_fast_wake(&uart->fast);
}

static void write_data(struct pl011 *uart, uint8_t byte)
{
	tl_console_tx(uart->env.console, &byte, 1);
	/* The FIFO was above its trigger level for no time at all, and is below it again. */
	uart->ris |= INT_TX;
	update_line(uart);
}

static void write_line_control(struct pl011 *uart, uint32_t value)
{
	/* Turning the FIFOs on or off empties them (DDI 0183, section 3.3.7). */
	if ((uart->lcr_h ^ value) & LCR_H_FEN) {
		uart->fifo_count = 0;
		uart->fifo_head = 0;
		tl_loop_wake(uart->env.loop);
	}
	uart->lcr_h = value & 0xff;
	update_rx(uart);
}

static bool write_register(struct pl011 *uart, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case UARTDR:
		write_data(uart, (uint8_t)value);
		return true;
	case UARTRSR: /* UARTECR: any write clears the errors */
		uart->rsr = 0;
		return true;
	case UARTFR: /* read-only, as are RIS, MIS and the identification below */
	case UARTRIS:
	case UARTMIS:
		return true;
	case UARTILPR:
		uart->ilpr = value & 0xff;
		return true;
	case UARTIBRD:
		uart->ibrd = value & 0xffff;
		return true;
	case UARTFBRD:
		uart->fbrd = value & 0x3f;
		return true;
	case UARTLCR_H:
		write_line_control(uart, value);
		return true;
	case UARTCR:
		uart->cr = value & 0xff87;
		return true;
	case UARTIFLS:
		uart->ifls = value & 0x3f;
		update_rx(uart);
		return true;
	case UARTIMSC:
		uart->imsc = value & INT_ALL;
		update_line(uart);
		return true;
	case UARTICR:
		uart->ris &= ~(value & INT_ALL);
		update_line(uart);
		/* The next character sets UARTRIS.TXRIS again, and that must not be late. */
		if (!(uart->ris & INT_TX))
			tl_pl011_fast_end_burst(&uart->fast);
		return true;
	case UARTDMACR:
		uart->dmacr = value & 7;
		return true;
	default:
		return offset >= UARTPERIPH && offset % 4 == 0;
	}
}

static enum tl_mmio_result pl011_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct pl011 *uart = (struct pl011 *)dev;
	uint32_t value = 0;
	bool handled;

	/* Registers are words on an APB; narrower accesses reach the low bytes of one. */
	if (access->size > 4)
		return TL_MMIO_UNHANDLED;
	if (access->is_write)
		handled = write_register(uart, access->offset, (uint32_t)access->value);
	else
		handled = read_register(uart, access->offset, &value);
	if (!access->is_write)
		access->value = access->size == 4 ? value : value & ((1u << 8 * access->size) - 1);
	publish_access(uart, access);
	return handled ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

/*
 * Input came, which a read of UARTDR takes away: reads have to exit before the guest hears of
 * it. If that cannot be done now it hears of it at a later tick.
 */
static void receive(struct pl011 *uart)
{
	if (!tl_pl011_fast_receive(&uart->fast))
		return;
	update_rx(uart);
	publish(uart);
}

static void on_tick(void *opaque, uint32_t events)
{
	struct pl011 *uart = opaque;
	uint64_t expired;

	(void)events;
	/* Not there if the timer was set anew since; there is nothing to be lost. */
	(void)!read(uart->fast.timer_fd, &expired, sizeof(expired));
	tl_coalesced_drain(uart->env.coalesced);
	tl_lock_acquire(&uart->dev.lock);
	if (uart->fast.page.shown && uart->fifo_count > 0)
		receive(uart);
	publish(uart);
	tl_pl011_fast_tick(&uart->fast, uart->fifo_count == 0, read_flags(uart) & FR_TXFF);
	tl_lock_release(&uart->dev.lock);
}

static void pl011_reset(struct tl_dev *dev)
{
	struct pl011 *uart = (struct pl011 *)dev;

	tl_lock_acquire(&dev->lock);
	uart->rsr = uart->ilpr = uart->ibrd = uart->fbrd = uart->lcr_h = 0;
	uart->cr = CR_RESET;
	uart->ifls = IFLS_RESET;
	uart->imsc = uart->ris = uart->dmacr = 0;
	uart->fifo_head = uart->fifo_count = 0;
	update_line(uart);
	tl_pl011_fast_end_burst(&uart->fast);
	publish(uart);
	tl_pl011_fast_show(&uart->fast);
	tl_lock_release(&dev->lock);
}

static void pl011_fini(struct tl_dev *dev)
{
	struct pl011 *uart = (struct pl011 *)dev;

	tl_pl011_fast_fini(&uart->fast);
	free(uart);
}

static size_t sink_space(void *opaque)
{
	struct pl011 *uart = opaque;
	unsigned int depth;
	size_t space;

	tl_lock_acquire(&uart->dev.lock);
	depth = fifo_depth(uart);
	space = uart->fifo_count < depth ? depth - uart->fifo_count : 0;
	tl_lock_release(&uart->dev.lock);
	return space;
}

static void sink_push(void *opaque, const uint8_t *bytes, size_t count)
{
	struct pl011 *uart = opaque;

	tl_lock_acquire(&uart->dev.lock);
	for (size_t i = 0; i < count && uart->fifo_count < FIFO_DEPTH; i++) {
		uart->fifo[(uart->fifo_head + uart->fifo_count) % FIFO_DEPTH] = bytes[i];
		uart->fifo_count++;
	}
	receive(uart);
	tl_lock_release(&uart->dev.lock);
}

static const struct tl_dev_ops pl011_ops = {
	.name = "pl011",
	.mmio = pl011_mmio,
	.reset = pl011_reset,
	.fini = pl011_fini,
};

/* Saves exits where this host can. Where not, each access is one. */
static void start_fast(struct pl011 *uart)
{
	int ret;

	uart->fast = TL_PL011_FAST_INIT;
	if (!uart->env.coalesced)
		return;
	ret = tl_pl011_fast_init(&uart->fast, &uart->env, uart->dev.base, on_tick, uart);

	if (ret) {
		tl_log_info("the UART's accesses all exit: %s", strerror(-ret));
		return;
	}
	for (uint64_t offset = UARTPERIPH; offset < TL_PL011_SIZE; offset += 4)
		tl_status_page_set(&uart->fast.page, offset, ids[(offset - UARTPERIPH) / 4]);
}

int tl_pl011_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct pl011 *uart = calloc(1, sizeof(*uart));
	struct tl_console_sink sink = {sink_space, sink_push, uart};

	if (!uart)
		return -ENOMEM;
	uart->dev.ops = &pl011_ops;
	uart->dev.base = base;
	uart->dev.size = TL_PL011_SIZE;
	uart->dev.spi = spi;
	uart->env = *env;
	start_fast(uart);
	pl011_reset(&uart->dev);
	tl_console_set_sink(env->console, &sink);
	*dev = &uart->dev;
	return 0;
}
