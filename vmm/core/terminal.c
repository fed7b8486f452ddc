/* SPDX-License-Identifier: MIT */
/*
 * Terminal modes. There is one controlling terminal a process, and the crash
 * handler has to find its old modes without any argument: hence the statics.
 */
#include "vmm/core/terminal.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

static struct {
	volatile sig_atomic_t raw; /* whether there is anything to restore */
	int fd;
	struct termios modes;
} saved;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static void crash_handler(int signal)
{
	/* tcsetattr() is async-signal-safe (POSIX.1-2017, 2.4.3); SA_RESETHAND lets the signal
	 * kill. */
	tl_terminal_restore();
	raise(signal);
}

bool tl_terminal_raw(int fd)
{
	struct sigaction action = {.sa_handler = crash_handler, .sa_flags = (int)SA_RESETHAND};
	struct termios modes;

	/* A background job must not be stopped for asking: its modes are left alone. */
	if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &modes))
		return false;
	saved.fd = fd;
	saved.modes = modes;
	saved.raw = 1;
	for (unsigned int i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
		sigaction(crash_signals[i], &action, NULL);
	/* OPOST stays: our own messages share the terminal with the guest. */
	modes.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP | BRKINT);
	modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSANOW, &modes);
	return true;
}

void tl_terminal_restore(void)
{
	if (!saved.raw)
		return;
	saved.raw = 0;
	tcsetattr(saved.fd, TCSANOW, &saved.modes);
}
