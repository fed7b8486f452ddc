/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "tests/unit/fake_console.h"
#include "tests/unit/fds.h"

#define STUCK_S 10 /* a test that hangs is killed then, by SIGALRM */

struct tl_console console;
struct taker taken;
int keys, screen, in_fd, out_fd;

static struct tl_loop loop;
static unsigned int fds;

static size_t taker_space(void *opaque)
{
	assert_ptr_equal(opaque, &taken);
	return taken.room;
}

static void taker_push(void *opaque, const uint8_t *bytes, size_t count)
{
	assert_ptr_equal(opaque, &taken);
	assert_true(count <= taken.room);
	memcpy(taken.bytes + taken.count, bytes, count);
	taken.count += count;
	taken.room -= count;
}

void console_start(void)
{
	const struct tl_console_sink sink = {taker_space, taker_push, &taken};

	assert_int_equal(tl_loop_init(&loop), 0);
	tl_console_init(&console, &loop, in_fd, out_fd);
	tl_console_set_sink(&console, &sink);
}

int console_setup(void **state)
{
	int in[2], out[2];

	(void)state;
	alarm(STUCK_S);
	signal(SIGPIPE, SIG_IGN);
	fds = fds_open();
	memset(&taken, 0, sizeof(taken));
	taken.room = sizeof(taken.bytes);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	in_fd = in[0];
	keys = in[1];
	out_fd = out[1];
	screen = out[0];
	console_start();
	return 0;
}

void console_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int console_teardown(void **state)
{
	(void)state;
	alarm(0);
	tl_console_fini(&console);
	tl_loop_fini(&loop);
	if (keys == screen)
		keys = -1;
	if (in_fd == out_fd)
		in_fd = -1;
	console_close(&keys);
	console_close(&screen);
	console_close(&in_fd);
	console_close(&out_fd);
	return fds_open() == fds ? 0 : -1;
}

/* The same console on a terminal, whose other end is `keys` and `screen`. */
int console_setup_terminal(void **state)
{
	struct termios modes;

	if (console_setup(state) || console_teardown(state))
		return -1;
	alarm(STUCK_S);
	if (openpty(&screen, &out_fd, NULL, NULL, NULL))
		return -1;
	tcgetattr(out_fd, &modes);
	cfmakeraw(&modes);
	tcsetattr(out_fd, TCSANOW, &modes);
	keys = screen;
	in_fd = out_fd;
	console_start();
	return 0;
}

void console_send(const char *bytes, size_t count)
{
	tl_console_tx(&console, (const uint8_t *)bytes, count);
}

/* Reads so many bytes, which must be there or come while the console is served. */
void expect_output(const char *bytes, size_t count)
{
	char *got = malloc(count);
	size_t done = 0;

	assert_non_null(got);
	while (done < count) {
		ssize_t n = read(screen, got + done, count - done < 3000 ? count - done : 3000);

		assert_true(n > 0);
		if (done + (size_t)n < count)
			tl_console_service(&console);
		done += (size_t)n;
	}
	assert_memory_equal(got, bytes, count);
	free(got);
}

void console_type(const char *bytes, size_t count)
{
	assert_int_equal(write(keys, bytes, count), count);
}

/* What the main thread does with the console, as long as something happens. */
void console_serve(void)
{
	for (int i = 0; i < 40; i++) {
		tl_console_service(&console);
		assert_int_equal(tl_loop_once(&loop, 0), 0);
	}
}

void console_serve_until(const bool *done)
{
	while (!*done) {
		tl_console_service(&console);
		assert_int_equal(tl_loop_once(&loop, 100), 0);
	}
}

void expect_taken(const char *bytes, size_t count)
{
	while (taken.count < count) {
		tl_console_service(&console);
		assert_int_equal(tl_loop_once(&loop, 100), 0);
	}
	console_serve();
	assert_int_equal(taken.count, count);
	assert_memory_equal(taken.bytes, bytes, count);
	taken.count = 0;
}
