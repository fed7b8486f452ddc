/* SPDX-License-Identifier: MIT */
/*
 * A PL011 that costs few exits, for unit tests: with its guest, which reads and writes as a vCPU
 * does (by the page and the ring, or by an exit), and its terminal (it stands in for
 * vmm/core/console.c, loop.c and vmm/arch/arm64/gic.c). Link tests/unit/fake_uart.c,
 * fake_slots.c and fake_log.c.
 */
#ifndef TL_TESTS_FAKE_UART_H
#define TL_TESTS_FAKE_UART_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/console.h"
#include "vmm/dev/dev.h"

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

struct fake_uart {
	struct tl_dev *dev;
	char sent[1024];
	unsigned int sent_count;
	bool tx_full, line;
	struct tl_console_sink sink;
	/* When the device hears of input the slot must be gone: its line was never up before. */
	bool line_up_with_page;
};

extern struct fake_uart fake_uart;

/* For cmocka; reset: all but the device, create: that, with what is around it. */
int uart_reset(void **state);
int uart_setup(void **state);
int uart_teardown(void **state);
void uart_create(void);
void uart_destroy(void);

/* How long until the next tick, ms; 0: there is none. It comes. */
long uart_ticking(void);
void uart_tick(void);

/* Whether the page is there, and whether the ring is. */
bool uart_shown(void);
bool uart_burst(void);

/* What the guest reads: the page, or an exit. */
uint32_t uart_read(uint64_t offset);
/* The guest writes: into the ring, or by an exit, before which the ring is emptied. */
void uart_write(uint64_t offset, uint32_t value);
void uart_puts(const char *text);
/* Enough characters by exit that a burst begins. */
void uart_begin_burst(void);

/* Somebody types. */
void uart_push(const char *text);
/* That much was sent since the burst began, and no more. */
void uart_expect_sent(const char *text);
/* Every register with a value reads the same either way. */
void uart_expect_page(void);

#endif
