/* SPDX-License-Identifier: MIT */
/*
 * A console on pipes or a terminal, whose other ends the test holds, and with a
 * taker of its input. Link vmm/core/loop.c beside it, and the library util.
 */
#ifndef TL_TESTS_FAKE_CONSOLE_H
#define TL_TESTS_FAKE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/core/console.h"
#include "vmm/core/loop.h"

struct taker {
	size_t room;
	uint8_t bytes[4096];
	size_t count;
};

extern struct tl_console console;
extern struct taker taken;
extern int keys, screen;  /* written to, read from by the tests; one terminal or two pipes */
extern int in_fd, out_fd; /* what the console has */

/* For cmocka. A test that hangs is killed after seconds; one that leaks fails. */
int console_setup(void **state);
int console_setup_terminal(void **state);
int console_teardown(void **state);

/* Makes the console on in_fd and out_fd. The setup did. */
void console_start(void);

void console_close(int *fd);

/* Output of the guest; keys of the user. */
void console_send(const char *bytes, size_t count);
void console_type(const char *bytes, size_t count);

/* What the main thread does, as long as something happens. */
void console_serve(void);

/* Reads so many bytes, which must be there or come while the console is served. */
void expect_output(const char *bytes, size_t count);

/* The same, until that is true: a terminal's keys take a moment. */
void console_serve_until(const bool *done);

/* All that the taker got since the last time, or gets while the console is served. */
void expect_taken(const char *bytes, size_t count);

#endif
