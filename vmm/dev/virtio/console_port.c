/* SPDX-License-Identifier: MIT */
/*
 * Input of the terminal comes on the main thread and waits in a ring for the worker; a socket
 * is read and written by the worker itself.
 */
#include "vmm/dev/virtio/console_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/dev/virtio/queue.h"

/* What one write hands to the terminal; it keeps more than that free until it says it is full. */
#define TERMINAL_CHUNK 1024

static size_t sink_space(void *opaque)
{
	struct tl_console_port *port = opaque;
	size_t space;

	pthread_mutex_lock(&port->lock);
	space = TL_CONSOLE_PORT_INPUT - port->input_count;
	pthread_mutex_unlock(&port->lock);
	return space;
}

static void sink_push(void *opaque, const uint8_t *bytes, size_t count)
{
	struct tl_console_port *port = opaque;

	pthread_mutex_lock(&port->lock);
	for (size_t i = 0; i < count && port->input_count < TL_CONSOLE_PORT_INPUT; i++) {
		port->input[(port->input_head + port->input_count) % TL_CONSOLE_PORT_INPUT] =
			bytes[i];
		port->input_count++;
	}
	pthread_mutex_unlock(&port->lock);
	port->arrived(port->opaque);
}

void tl_console_port_terminal(struct tl_console_port *port, struct tl_console *console,
	struct tl_loop *loop, void (*arrived)(void *opaque), void *opaque)
{
	const struct tl_console_sink sink = {sink_space, sink_push, port};

	*port = (struct tl_console_port){.console = console,
		.loop = loop,
		.arrived = arrived,
		.opaque = opaque,
		.listener = {.fd = -1},
		.client_fd = -1};
	pthread_mutex_init(&port->lock, NULL);
	tl_console_set_sink(console, &sink);
}

int tl_console_port_socket(struct tl_console_port *port, const char *path)
{
	*port = (struct tl_console_port){.client_fd = -1};
	return tl_unix_listen(&port->listener, "--port", path);
}

void tl_console_port_fini(struct tl_console_port *port)
{
	if (port->console)
		pthread_mutex_destroy(&port->lock);
	if (!port->listener.path)
		return;
	if (port->client_fd >= 0)
		close(port->client_fd);
	port->client_fd = -1;
	tl_unix_unlisten(&port->listener);
}

bool tl_console_port_accept(struct tl_console_port *port)
{
	int fd = tl_unix_accept(&port->listener, NULL);

	if (fd >= 0) {
		port->client_fd = fd;
		port->deaf = false;
	}
	return port->client_fd >= 0;
}

bool tl_console_port_connected(const struct tl_console_port *port)
{
	return port->console || port->client_fd >= 0;
}

static ssize_t terminal_write(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count)
{
	ssize_t done = 0;

	for (unsigned int i = 0; i < count; i++) {
		for (size_t at = 0; at < iov[i].iov_len;) {
			size_t n = iov[i].iov_len - at;

			if (n > TERMINAL_CHUNK)
				n = TERMINAL_CHUNK;
			if (tl_console_tx_full(port->console))
				return done ? done : -EAGAIN;
			tl_console_tx(port->console, (const uint8_t *)iov[i].iov_base + at, n);
			at += n;
			done += (ssize_t)n;
		}
	}
	return done;
}

/* Nobody is there any more. */
static ssize_t disconnect(struct tl_console_port *port)
{
	close(port->client_fd);
	port->client_fd = -1;
	return -EPIPE;
}

ssize_t tl_console_port_write(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count, uint64_t skip)
{
	static _Thread_local struct iovec left[TL_VQ_SEGMENTS];
	struct msghdr message = {
		.msg_iov = left, .msg_iovlen = tl_virtio_slice(iov, count, skip, UINT64_MAX, left)};
	ssize_t n = 0;

	if (port->console)
		return terminal_write(port, left, (unsigned int)message.msg_iovlen);
	if (port->client_fd >= 0 && !port->deaf) {
		n = sendmsg(port->client_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0 || errno == EAGAIN || errno == EINTR)
			return n >= 0 ? n : -EAGAIN;
		/* What it sent before it went is there to be read. */
		port->deaf = true;
		n = 0;
	}
	for (unsigned int i = 0; i < message.msg_iovlen; i++)
		n += (ssize_t)left[i].iov_len;
	return n;
}

static ssize_t terminal_read(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count)
{
	ssize_t done = 0;

	pthread_mutex_lock(&port->lock);
	for (unsigned int i = 0; i < count; i++) {
		for (size_t at = 0; at < iov[i].iov_len && port->input_count; at++) {
			((uint8_t *)iov[i].iov_base)[at] = port->input[port->input_head];
			port->input_head = (port->input_head + 1) % TL_CONSOLE_PORT_INPUT;
			port->input_count--;
			done++;
		}
	}
	pthread_mutex_unlock(&port->lock);
	if (!done)
		return -EAGAIN;
	/* There may be more, which waits for room. */
	tl_loop_wake(port->loop);
	return done;
}

ssize_t tl_console_port_read(
	struct tl_console_port *port, const struct iovec *iov, unsigned int count)
{
	ssize_t n;

	if (port->console)
		return terminal_read(port, iov, count);
	if (port->client_fd < 0)
		return -EAGAIN;
	n = readv(port->client_fd, iov, (int)count);
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? -EAGAIN : disconnect(port);
}

bool tl_console_port_ended(struct tl_console_port *port)
{
	char byte;
	ssize_t n = recv(port->client_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return false;
	(void)disconnect(port);
	return true;
}
