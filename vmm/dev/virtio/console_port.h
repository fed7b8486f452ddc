/* SPDX-License-Identifier: MIT */
/*
 * The host's end of one port of a virtio-console: the terminal or a UNIX socket. Bytes only, no
 * queues. Of the worker's thread, unless it says otherwise.
 */
#ifndef TL_VMM_VIRTIO_CONSOLE_PORT_H
#define TL_VMM_VIRTIO_CONSOLE_PORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/unix_socket.h"

struct tl_console;
struct tl_loop;

#define TL_CONSOLE_PORT_INPUT 1024

struct tl_console_port {
	/* The terminal; NULL: a socket. */
	struct tl_console *console;
	struct tl_loop *loop;
	void (*arrived)(void *opaque); /* input has come; on the main thread */
	void *opaque;
	pthread_mutex_t lock; /* guards what follows, up to the next empty line */
	uint8_t input[TL_CONSOLE_PORT_INPUT];
	size_t input_head, input_count;

	struct tl_unix_listener listener;
	int client_fd; /* -1: none */
	bool deaf;     /* the client reads no more, but what it has sent is still there */
};

/* The terminal's end, connected to it. Main thread. */
void tl_console_port_terminal(struct tl_console_port *port, struct tl_console *console,
	struct tl_loop *loop, void (*arrived)(void *opaque), void *opaque);

/* The end that is a socket at `path`, which it makes. Returns 0 or -errno (logged). */
int tl_console_port_socket(struct tl_console_port *port, const char *path);

/* Removes the socket. Accepts what is zeroed, or only partly made. No worker runs. */
void tl_console_port_fini(struct tl_console_port *port);

/* Somebody wants to connect. Returns whether somebody is connected now. */
bool tl_console_port_accept(struct tl_console_port *port);

/* Whether there is somebody at the other end. */
bool tl_console_port_connected(const struct tl_console_port *port);

/*
 * Writes what can be written at once of what is behind the first `skip` bytes (of at most
 * TL_VQ_SEGMENTS pieces), to nobody if there is nobody. Returns how many bytes, or -EAGAIN.
 */
ssize_t tl_console_port_write(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count, uint64_t skip);

/* Reads what is there. Returns how many bytes, -EAGAIN, or -EPIPE: there is nobody any more. */
ssize_t tl_console_port_read(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count);

/* Somebody seems to have gone. Returns whether that is so, and nothing is left to be read. */
bool tl_console_port_ended(struct tl_console_port *port);

#endif
