/* SPDX-License-Identifier: MIT */
/*
 * The modes of a terminal: raw while a guest has it, as they were behind every way out, a crash
 * among them; and those of a terminal that is not ours are left alone. A child that has the
 * terminal does it, and the terminal's other end tells what became of it.
 * Links: vmm/core/terminal.c
 * Libs: util
 */
#include "tests/unit/unit.h"

#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "vmm/core/terminal.h"

static int master;

static tcflag_t local_modes(void)
{
	struct termios modes;

	assert_int_equal(tcgetattr(master, &modes), 0);
	return modes.c_lflag & (ECHO | ICANON | ISIG);
}

/* A child on a terminal of its own, which is made raw and says so; then it waits for a byte. */
static pid_t start(void (*end)(void), bool foreground)
{
	pid_t pid = forkpty(&master, NULL, NULL, NULL);
	char byte = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (!foreground) {
			signal(SIGTTOU, SIG_IGN);
			setpgid(0, 0);
			tcsetpgrp(STDIN_FILENO, getpid());
			if (fork())
				for (;;)
					pause();
			setpgid(0, 0);
		}
		if (tl_terminal_raw(STDIN_FILENO) != foreground)
			_exit(2);
		if (write(STDOUT_FILENO, "r", 1) != 1)
			_exit(3);
		if (foreground && read(STDIN_FILENO, &byte, 1) != 1)
			_exit(4);
		end();
		_exit(5);
	}
	assert_int_equal(read(master, &byte, 1), 1);
	assert_int_equal(byte, 'r');
	return pid;
}

static int finish(pid_t pid)
{
	int status = 0;

	assert_int_equal(write(master, "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void restore(void)
{
	tl_terminal_restore();
	/* Once more does no harm. */
	tl_terminal_restore();
	_exit(0);
}

static void crash(void)
{
	raise(SIGSEGV);
}

static void aborts(void)
{
	raise(SIGABRT);
}

/* robust: terminal.modes */
static void test_restored(void **state)
{
	static void (*const ends[])(void) = {restore, crash, aborts};
	static const int signals[] = {0, SIGSEGV, SIGABRT};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		pid_t pid = start(ends[i], true);
		int status;

		assert_int_equal(local_modes(), 0);
		status = finish(pid);
		assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, signals[i]);
		assert_true(signals[i] || WEXITSTATUS(status) == 0);
		assert_int_equal(local_modes(), ECHO | ICANON | ISIG);
		close(master);
	}
}

/* A job in the background: asking would stop it. */
static void test_background(void **state)
{
	pid_t pid = start(restore, false);

	(void)state;
	assert_int_equal(local_modes(), ECHO | ICANON | ISIG);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(master);
}

static void test_no_terminal(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(tl_terminal_raw(fds[0]));
	assert_false(tl_terminal_raw(-1));
	tl_terminal_restore();
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restored),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
