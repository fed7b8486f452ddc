/* SPDX-License-Identifier: MIT */
/*
 * The console on a terminal: its escape works whatever guest and reader do, and
 * nothing that the terminal does stops the main thread.
 * Links: vmm/core/console.c vmm/core/loop.c tests/unit/fake_console.c
 * Libs: util
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_console.h"

#define CTRL_A "\x01"

/* Nobody reads the terminal, as when its window is stopped: the main thread must not be. */
/* robust: terminal.nonblock */
static void test_stopped_terminal(void **state)
{
	char *bytes = malloc(TL_CONSOLE_TX_BYTES);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', TL_CONSOLE_TX_BYTES);
	for (int i = 0; i < 4; i++) {
		console_send(bytes, TL_CONSOLE_TX_BYTES);
		console_serve();
	}
	assert_true(console.out_blocked);
	/* Room for a little, which is less than there is to write. */
	for (int i = 0; i < 50; i++) {
		assert_true(read(screen, bytes, 100) > 0);
		console_serve();
	}
	/* Others use the terminal, too: its flags are as they were. */
	assert_int_equal(fcntl(out_fd, F_GETFL) & O_NONBLOCK, 0);
	/* The way out works. */
	console_type(CTRL_A "x", 2);
	console_serve_until(&console.quit);
	tl_console_drain(&console, 20);
	free(bytes);
}

static void test_terminal(void **state)
{
	(void)state;
	console_send("hello", 5);
	console_serve();
	expect_output("hello", 5);
	console_type("ab\x03", 3);
	expect_taken("ab\x03", 3);
}

static void test_escape(void **state)
{
	(void)state;
	/* Ctrl-A twice is one; with another key it is forgotten. */
	console_type("a" CTRL_A CTRL_A "b" CTRL_A "cd" CTRL_A, 8);
	expect_taken("a" CTRL_A "bd", 4);
	assert_false(console.quit);
	console_type("X", 1);
	console_serve_until(&console.quit);
	expect_taken("", 0);
}

/* The guest takes nothing: the escape works all the same. */
static void test_escape_of_a_deaf_guest(void **state)
{
	char line[500];

	(void)state;
	memset(line, 'x', sizeof(line));
	taken.room = 0;
	for (int i = 0; i < 5; i++) {
		console_type(line, sizeof(line));
		console_serve();
	}
	assert_int_equal(taken.count, 0);
	console_type(CTRL_A "x", 2);
	console_serve_until(&console.quit);
}

/* A terminal that goes away: no more input, and the guest goes on. */
/* robust: terminal.gone */
static void test_terminal_gone(void **state)
{
	(void)state;
	console_serve();
	console_close(&screen);
	keys = -1;
	while (console.in_fd >= 0)
		console_serve();
	console_send("x", 1);
	tl_console_service(&console);
	assert_int_equal(tl_console_dropped(&console), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, console_setup_terminal, console_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_stopped_terminal),
		TEST(test_terminal),
		TEST(test_escape),
		TEST(test_escape_of_a_deaf_guest),
		TEST(test_terminal_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
