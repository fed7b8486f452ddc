/* SPDX-License-Identifier: MIT */
/*
 * The guest's console. Output gathers for TX_DELAY_MS before it is written:
 * a UART hands over single bytes, and a system call each would cost more than
 * the exits that brought them.
 */
#include "vmm/core/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "vmm/core/loop.h"

#define TX_DELAY_MS 2
#define TX_RETRY_MS 20
/* One write never blocks on a pipe that poll() calls writable if it is no longer than PIPE_BUF. */
#define TX_CHUNK 4096
/* When this little room is left, the guest is told that the transmitter is full. */
#define TX_RESERVE 4096
#define RX_CHUNK   64
#define CTRL_A     0x01

/*
 * A terminal is writable for poll() when it has room for one byte, and a longer write then waits
 * for whoever reads it. An open file of our own can be non-blocking, while the caller's keeps its
 * flags. Returns -1 for anything but a terminal, or if it cannot be opened.
 */
static int open_terminal(int fd)
{
	char path[32];

	if (fd < 0 || !isatty(fd))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void tl_console_init(struct tl_console *console, struct tl_loop *loop, int in_fd, int out_fd)
{
	memset(console, 0, sizeof(*console));
	console->loop = loop;
	console->in_fd = in_fd;
	console->own_fd = open_terminal(out_fd);
	console->out_fd = console->own_fd >= 0 ? console->own_fd : out_fd;
	console->in_is_tty = in_fd >= 0 && isatty(in_fd);
	pthread_mutex_init(&console->lock, NULL);
}

void tl_console_fini(struct tl_console *console)
{
	if (console->in_armed)
		tl_loop_remove(console->loop, console->in_fd);
	if (console->own_fd >= 0)
		close(console->own_fd);
	pthread_mutex_destroy(&console->lock);
}

void tl_console_set_sink(struct tl_console *console, const struct tl_console_sink *sink)
{
	console->sink = *sink;
}

void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count)
{
	bool was_empty;

	pthread_mutex_lock(&console->lock);
	was_empty = console->tx_count == 0;
	for (size_t i = 0; i < count; i++) {
		size_t at = (console->tx_head + console->tx_count) % TL_CONSOLE_TX_BYTES;

		if (console->tx_count == TL_CONSOLE_TX_BYTES) {
			console->tx_dropped += count - i;
			break;
		}
		console->tx[at] = bytes[i];
		console->tx_count++;
	}
	pthread_mutex_unlock(&console->lock);
	/* Later bytes find the loop awake, or about to be. */
	if (was_empty && count)
		tl_loop_wake(console->loop);
}

bool tl_console_tx_full(struct tl_console *console)
{
	bool full;

	pthread_mutex_lock(&console->lock);
	full = console->tx_count > TL_CONSOLE_TX_BYTES - TX_RESERVE;
	pthread_mutex_unlock(&console->lock);
	return full;
}

/* The next run of bytes to write, copied, so that no lock is held while writing. */
static size_t tx_peek(struct tl_console *console, uint8_t *bytes)
{
	size_t count;

	pthread_mutex_lock(&console->lock);
	count = console->tx_count;
	if (count > TL_CONSOLE_TX_BYTES - console->tx_head)
		count = TL_CONSOLE_TX_BYTES - console->tx_head;
	if (count > TX_CHUNK)
		count = TX_CHUNK;
	memcpy(bytes, console->tx + console->tx_head, count);
	pthread_mutex_unlock(&console->lock);
	return count;
}

static void tx_consume(struct tl_console *console, size_t count)
{
	pthread_mutex_lock(&console->lock);
	console->tx_head = (console->tx_head + count) % TL_CONSOLE_TX_BYTES;
	console->tx_count -= count;
	pthread_mutex_unlock(&console->lock);
}

/* Nobody will ever read: bytes are counted as dropped from now on. */
static void tx_give_up(struct tl_console *console)
{
	console->out_fd = -1;
	pthread_mutex_lock(&console->lock);
	console->tx_dropped += console->tx_count;
	console->tx_count = 0;
	pthread_mutex_unlock(&console->lock);
}

/* Writes what the reader takes at once. Returns whether all is written. */
static bool flush(struct tl_console *console)
{
	uint8_t bytes[TX_CHUNK];
	size_t count;

	while ((count = tx_peek(console, bytes)) > 0) {
		struct pollfd out = {.fd = console->out_fd, .events = POLLOUT};
		ssize_t n;

		if (console->out_fd < 0) {
			tx_give_up(console);
			break;
		}
		if (poll(&out, 1, 0) == 0)
			return false;
		n = write(console->out_fd, bytes, count);
		if (n > 0) {
			tx_consume(console, (size_t)n);
		} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return false;
		} else {
			console->out_error = n < 0 ? errno : EIO;
			tx_give_up(console);
		}
	}
	return true;
}

static void stop_input(struct tl_console *console)
{
	if (console->in_armed)
		tl_loop_remove(console->loop, console->in_fd);
	console->in_armed = false;
	console->in_fd = -1;
}

/* Handles one key of a terminal. Returns whether it is for the guest. */
static bool take_key(struct tl_console *console, uint8_t key)
{
	if (!console->in_is_tty)
		return true;
	if (!console->escape) {
		console->escape = key == CTRL_A;
		return key != CTRL_A;
	}
	console->escape = false;
	if (key == 'x' || key == 'X')
		console->quit = true;
	/* Ctrl-A twice sends one; behind it anything else is forgotten. */
	return key == CTRL_A;
}

/* Hands what was read to the sink, as far as that has room. */
static void push_input(struct tl_console *console)
{
	size_t space = console->sink.space ? console->sink.space(console->sink.opaque) : 0;
	size_t count = console->rx_count < space ? console->rx_count : space;

	if (count == 0)
		return;
	console->sink.push(console->sink.opaque, console->rx, count);
	console->rx_count -= count;
	memmove(console->rx, console->rx + count, console->rx_count);
}

static void read_input(struct tl_console *console)
{
	uint8_t bytes[RX_CHUNK];
	ssize_t n = read(console->in_fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* The end of input, or a terminal that went away; the guest goes on. */
		stop_input(console);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (take_key(console, bytes[i]) && console->rx_count < TL_CONSOLE_RX_BYTES)
			console->rx[console->rx_count++] = bytes[i];
	}
	push_input(console);
}

static void on_input(void *opaque, uint32_t events)
{
	(void)events;
	read_input(opaque);
}

/*
 * A pipe or file is read only when the guest has taken all that came before. A
 * terminal is always read: the escape must work though the guest takes nothing.
 */
static void service_input(struct tl_console *console)
{
	bool wanted;
	int ret;

	push_input(console);
	wanted = console->in_fd >= 0 && (console->in_is_tty || console->rx_count == 0);
	if (console->in_is_file && wanted) {
		read_input(console);
	} else if (wanted && !console->in_armed) {
		ret = tl_loop_add(console->loop, console->in_fd, EPOLLIN, on_input, console);
		console->in_armed = ret == 0;
		console->in_is_file = ret == -EPERM;
		if (ret && ret != -EPERM)
			console->in_fd = -1;
	} else if (!wanted && console->in_armed) {
		tl_loop_remove(console->loop, console->in_fd);
		console->in_armed = false;
	}
}

void tl_console_service(struct tl_console *console)
{
	console->out_blocked = !flush(console);
	service_input(console);
}

int tl_console_timeout(struct tl_console *console)
{
	size_t pending;

	if (console->in_is_file && console->in_fd >= 0 && console->rx_count == 0)
		return 0;
	pthread_mutex_lock(&console->lock);
	pending = console->tx_count;
	pthread_mutex_unlock(&console->lock);
	if (pending)
		return console->out_blocked ? TX_RETRY_MS : TX_DELAY_MS;
	return -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void tl_console_drain(struct tl_console *console, int ms)
{
	int64_t end = now_ms() + ms;

	while (!flush(console)) {
		struct pollfd out = {.fd = console->out_fd, .events = POLLOUT};
		int64_t left = end - now_ms();

		if (left <= 0) {
			tx_give_up(console);
			return;
		}
		poll(&out, 1, (int)left);
	}
}

uint64_t tl_console_dropped(struct tl_console *console)
{
	uint64_t dropped;

	pthread_mutex_lock(&console->lock);
	dropped = console->tx_dropped;
	pthread_mutex_unlock(&console->lock);
	return dropped;
}
