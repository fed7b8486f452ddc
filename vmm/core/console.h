/* SPDX-License-Identifier: MIT */
/*
 * The guest's console on this side: bytes from a UART or a hypercall to
 * standard output, and from standard input to a UART. vCPU threads only put
 * bytes into a buffer; the main thread does all blocking I/O, so a slow or
 * vanished reader never stalls a vCPU.
 */
#ifndef TL_VMM_CORE_CONSOLE_H
#define TL_VMM_CORE_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_loop;

/* Who takes the input: a UART. Called on the main thread. */
struct tl_console_sink {
	size_t (*space)(void *opaque); /* how many bytes it can take now */
	void (*push)(void *opaque, const uint8_t *bytes, size_t count); /* count <= space */
	void *opaque;
};

#define TL_CONSOLE_TX_BYTES 65536
#define TL_CONSOLE_RX_BYTES 1024

struct tl_console {
	struct tl_loop *loop; /* not owned */
	int in_fd;            /* -1: no input (any more) */
	int out_fd;           /* -1: output is dropped */
	int own_fd;           /* the terminal behind out_fd, opened by us; else -1 */
	bool in_is_file;      /* regular file: always ready, epoll refuses it */
	bool in_is_tty;       /* Ctrl-A is an escape */
	bool in_armed;        /* in_fd is in the loop */
	bool escape;          /* the last key was Ctrl-A */
	bool quit;            /* Ctrl-A x was typed */
	bool out_blocked;     /* the last flush could not write all */
	int out_error;        /* why nothing is written any more; or 0 */
	struct tl_console_sink sink;
	uint8_t rx[TL_CONSOLE_RX_BYTES]; /* read, not yet taken by the sink */
	size_t rx_count;

	pthread_mutex_t lock; /* guards what follows */
	uint8_t tx[TL_CONSOLE_TX_BYTES];
	size_t tx_head; /* next byte to write out */
	size_t tx_count;
	uint64_t tx_dropped;
};

/*
 * in_fd and out_fd stay the caller's, and keep their file status flags; either
 * may be -1. Main thread, as everything below unless it says otherwise.
 */
void tl_console_init(struct tl_console *console, struct tl_loop *loop, int in_fd, int out_fd);
void tl_console_fini(struct tl_console *console);

/* Connects the taker of the input. Before the first tl_console_service(). */
void tl_console_set_sink(struct tl_console *console, const struct tl_console_sink *sink);

/* Output from the guest. What does not fit is dropped and counted. Any thread. */
void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count);

/* Whether output would be dropped soon: the UART shows it to the guest. Any thread. */
bool tl_console_tx_full(struct tl_console *console);

/* Does what is due: writes output, reads input if there is room for it. */
void tl_console_service(struct tl_console *console);

/* How long the loop may wait before tl_console_service() is due, in ms; -1: for ever. */
int tl_console_timeout(struct tl_console *console);

/* Writes out everything that is buffered, for up to `ms` milliseconds if the reader is slow. */
void tl_console_drain(struct tl_console *console, int ms);

/* Bytes that were dropped because nobody read them. */
uint64_t tl_console_dropped(struct tl_console *console);

#endif
