/* SPDX-License-Identifier: MIT */
/*
 * Signals through a signalfd: no handler runs, so nothing is interrupted
 * half-way, and every way out passes through the same clean-up.
 */
#include "vmm/events.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/loop.h"
#include "vmm/core/terminal.h"
#include "vmm/vmm.h"

static void on_signal(void *opaque, uint32_t revents)
{
	struct tl_events *events = opaque;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(events->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP) {
		/* The shell gets its terminal back for as long as we are stopped. */
		tl_terminal_restore();
		raise(SIGSTOP);
		tl_terminal_raw(STDIN_FILENO);
		return;
	}
	if (!events->ended) {
		tl_log_warn(
			"ended by signal %u (%s)", info.ssi_signo, strsignal((int)info.ssi_signo));
		events->status = TL_STATUS_SIGNAL + (int)info.ssi_signo;
		events->ended = true;
	}
}

static void on_timeout(void *opaque, uint32_t revents)
{
	struct tl_events *events = opaque;
	uint64_t count;

	(void)revents;
	if (read(events->timer_fd, &count, sizeof(count)) != sizeof(count) || events->ended)
		return;
	tl_log_error("the guest did not power off within %u s (--timeout)", events->timeout_s);
	events->status = TL_STATUS_TIMEOUT;
	events->ended = true;
}

int tl_events_init(struct tl_events *events, struct tl_loop *loop)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set;
	int ret;

	memset(events, 0, sizeof(*events));
	events->loop = loop;
	events->timer_fd = -1;
	sigemptyset(&set);
	for (unsigned int i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Their system calls return an error, which is handled where it happens. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	events->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (events->signal_fd < 0)
		return -errno;
	ret = tl_loop_add(loop, events->signal_fd, EPOLLIN, on_signal, events);
	if (ret)
		return ret;
	events->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (events->timer_fd < 0)
		return -errno;
	return tl_loop_add(loop, events->timer_fd, EPOLLIN, on_timeout, events);
}

void tl_events_fini(struct tl_events *events)
{
	if (events->timer_fd >= 0)
		close(events->timer_fd);
	if (events->signal_fd >= 0)
		close(events->signal_fd);
	events->timer_fd = -1;
	events->signal_fd = -1;
}

void tl_events_watch_stop(struct tl_events *events, unsigned int timeout_s)
{
	struct itimerspec when = {.it_value.tv_sec = (time_t)timeout_s};

	events->timeout_s = timeout_s;
	(void)timerfd_settime(events->timer_fd, 0, &when, NULL);
}

bool tl_events_status(const struct tl_events *events, int *status)
{
	if (events->ended)
		*status = events->status;
	return events->ended;
}
