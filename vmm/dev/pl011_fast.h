/* SPDX-License-Identifier: MIT */
/*
 * How the UART costs few exits (docs/uart.md): its registers are a page that the guest reads
 * without an exit while no input waits, and in a burst of output the characters gather in the
 * kernel's ring. This is when which of the two is on. All of it with the device's lock held, or
 * before the vCPUs run.
 */
#ifndef TL_VMM_DEV_PL011_FAST_H
#define TL_VMM_DEV_PL011_FAST_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/coalesced.h"
#include "vmm/core/loop.h"
#include "vmm/core/status_page.h"
#include "vmm/dev/dev.h"

/* So many characters that came by exit begin a burst. */
#define TL_PL011_BURST_START 16
/* What is in the ring is at most so old when it is looked at. */
#define TL_PL011_TICK_MS 10
/* After so many ticks without a character a burst is over; one tick more finds its last ones. */
#define TL_PL011_BURST_QUIET 25

struct tl_pl011_fast {
	struct tl_loop *loop;           /* not owned */
	struct tl_coalesced *coalesced; /* not owned */
	struct tl_status_page page;
	uint64_t data;        /* guest physical address of UARTDR */
	int timer_fd;         /* -1: every access exits */
	bool ticking;         /* the timer is armed */
	bool burst;           /* writes of UARTDR are coalesced */
	bool wrote, received; /* since the last tick */
	unsigned int exits;   /* characters that came by exit, until a burst begins */
	unsigned int quiet;   /* ticks without a character */
};

/* A state that every function accepts, and in which each access exits. */
#define TL_PL011_FAST_INIT ((struct tl_pl011_fast){.timer_fd = -1})

/*
 * Prepares the page, hidden, and the timer, which calls `on_tick` on the main thread. Wants
 * env->coalesced. Returns 0
 * or -errno; after that every access exits.
 */
int tl_pl011_fast_init(struct tl_pl011_fast *fast, const struct tl_dev_env *env, uint64_t base,
	tl_loop_fn *on_tick, void *opaque);
void tl_pl011_fast_fini(struct tl_pl011_fast *fast);

/* Whether there is a page to be kept up to date. */
bool tl_pl011_fast_on(const struct tl_pl011_fast *fast);

/* Lets reads come from the page, with no input waiting. Main thread. */
void tl_pl011_fast_show(struct tl_pl011_fast *fast);

/* Asks for ticks, because something is to be looked at later. Any thread. */
void tl_pl011_fast_wake(struct tl_pl011_fast *fast);

/*
 * The guest wrote a character, by exit or through the ring, and UARTRIS.TXRIS is set: then more
 * of them change no register. Maybe begins a burst.
 */
void tl_pl011_fast_wrote(struct tl_pl011_fast *fast);

/* From now on every character exits. */
void tl_pl011_fast_end_burst(struct tl_pl011_fast *fast);

/*
 * Input is about to be there: from now on every read exits. False if that cannot be now; there
 * will be a tick to try again.
 */
bool tl_pl011_fast_receive(struct tl_pl011_fast *fast);

/*
 * Ends bursts and shows the page again, if the receive FIFO is empty. There are no more ticks when
 * nothing is left to be looked at, such as a transmitter that is full. Main thread, with an
 * emptied ring.
 */
void tl_pl011_fast_tick(struct tl_pl011_fast *fast, bool rx_empty, bool tx_full);

#endif
