/* SPDX-License-Identifier: MIT */
/*
 * The console on pipes and files: every byte in order as long as somebody
 * reads, counted as dropped when nobody does, and no byte of input lost.
 * Links: vmm/core/console.c vmm/core/loop.c tests/unit/fake_console.c
 * Libs: util
 * Wraps: write
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/fake_console.h"

static int write_error; /* of the next write to out_fd */

ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);

ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
	if (fd != out_fd || !write_error)
		return __real_write(fd, bytes, count);
	errno = write_error;
	write_error = 0;
	return -1;
}

static void test_output(void **state)
{
	(void)state;
	assert_int_equal(tl_console_timeout(&console), -1);
	console_send("hello, ", 7);
	console_send("world\n", 6);
	/* Bytes gather for a moment; the loop was told that there are some. */
	assert_true(tl_console_timeout(&console) > 0);
	assert_int_equal(tl_loop_once(console.loop, -1), 0);
	tl_console_service(&console);
	expect_output("hello, world\n", 13);
	assert_int_equal(tl_console_timeout(&console), -1);
	assert_int_equal(tl_console_dropped(&console), 0);
}

/* A slow reader: what the pipe does not take waits, in order, over the end of the buffer. */
static void test_slow_reader(void **state)
{
	char *bytes = malloc(60000);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(fcntl(out_fd, F_SETPIPE_SZ, 4096), 4096);
	for (unsigned int i = 0; i < 60000; i++)
		bytes[i] = (char)(i % 251);
	for (int round = 0; round < 3; round++) {
		console_send(bytes, 60000);
		tl_console_service(&console);
		assert_true(console.out_blocked);
		assert_true(tl_console_timeout(&console) > 0);
		expect_output(bytes, 60000);
		assert_false(console.out_blocked);
	}
	assert_int_equal(tl_console_dropped(&console), 0);
	free(bytes);
}

static void test_full_buffer(void **state)
{
	char *bytes = calloc(1, TL_CONSOLE_TX_BYTES);

	(void)state;
	assert_non_null(bytes);
	console_send(bytes, TL_CONSOLE_TX_BYTES - 4096);
	assert_false(tl_console_tx_full(&console));
	console_send("x", 1);
	/* The UART says so to the guest; one that goes on loses bytes, and they are counted. */
	assert_true(tl_console_tx_full(&console));
	assert_int_equal(tl_console_dropped(&console), 0);
	console_send(bytes, 4096);
	assert_int_equal(tl_console_dropped(&console), 1);
	console_send("xy", 2);
	assert_int_equal(tl_console_dropped(&console), 3);
	free(bytes);
}

static void test_reader_gone(void **state)
{
	(void)state;
	console_close(&screen);
	console_send("nobody", 6);
	tl_console_service(&console);
	assert_int_equal(tl_console_dropped(&console), 6);
	assert_int_equal(tl_console_timeout(&console), -1);
	console_send("still", 5);
	tl_console_service(&console);
	tl_console_drain(&console, 1000);
	assert_int_equal(tl_console_dropped(&console), 11);
}

/* At the end there is some patience, but not for ever. */
static void test_drain(void **state)
{
	char *bytes = calloc(1, 60000);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(fcntl(out_fd, F_SETPIPE_SZ, 4096), 4096);
	console_send(bytes, 4096);
	tl_console_drain(&console, 0);
	assert_int_equal(tl_console_dropped(&console), 0);
	console_send(bytes, 60000);
	tl_console_drain(&console, 20);
	assert_int_equal(tl_console_dropped(&console), 60000);
	free(bytes);
}

/* Somebody else made the pipe non-blocking: EAGAIN is no reason to give up. */
/* robust: terminal.nonblock */
static void test_nonblocking(void **state)
{
	char *bytes = calloc(1, 60000);

	(void)state;
	assert_non_null(bytes);
	fcntl(out_fd, F_SETFL, O_NONBLOCK);
	fcntl(in_fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(fcntl(out_fd, F_SETPIPE_SZ, 4096), 4096);
	console_send(bytes, 60000);
	console_serve();
	assert_true(console.out_blocked);
	expect_output(bytes, 60000);
	assert_int_equal(tl_console_dropped(&console), 0);
	for (unsigned int i = 0; i < 2; i++) {
		write_error = i ? EAGAIN : EINTR;
		console_send("x", 1);
		tl_console_service(&console);
		assert_true(console.out_blocked);
		tl_console_service(&console);
		expect_output("x", 1);
	}
	console_type("a", 1);
	console_serve();
	expect_taken("a", 1);
	free(bytes);
}

/* A pipe has no escape, and is read as fast as the guest takes it. */
/* robust: stdin.end stdin.pipe */
static void test_input(void **state)
{
	char bytes[300];

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 7);
	taken.room = 0;
	console_type(bytes, sizeof(bytes));
	console_serve();
	assert_true(console.rx_count <= 64);
	for (unsigned int i = 0; i < 10; i++) {
		taken.room = 30;
		console_serve();
		expect_taken(bytes + 30 * i, 30);
	}
	assert_false(console.quit);
	/* The end of input is not the guest's end. */
	console_close(&keys);
	console_serve();
	assert_int_equal(console.in_fd, -1);
	assert_int_equal(tl_console_timeout(&console), -1);
}

static void test_input_from_a_file(void **state)
{
	console_teardown(state);
	in_fd = memfd_create("input", MFD_CLOEXEC);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(in_fd, "0123456789", 10), 10);
	lseek(in_fd, 0, SEEK_SET);
	console_start();
	console_serve();
	assert_int_equal(taken.count, 1000);
	assert_memory_equal(taken.bytes + 990, "0123456789", 10);
	assert_int_equal(console.in_fd, -1);
	assert_int_equal(tl_console_timeout(&console), -1);
}

/* robust: stdin.absent */
static void test_neither_input_nor_output(void **state)
{
	console_teardown(state);
	console_start();
	console_send("x", 1);
	console_serve();
	assert_int_equal(tl_console_dropped(&console), 1);
	assert_int_equal(taken.count, 0);
	assert_int_equal(tl_console_timeout(&console), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_output),
		TEST(test_slow_reader),
		TEST(test_full_buffer),
		TEST(test_reader_gone),
		TEST(test_drain),
		TEST(test_nonblocking),
		TEST(test_input),
		TEST(test_input_from_a_file),
		TEST(test_neither_input_nor_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
