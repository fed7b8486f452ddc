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
#include "vmm/core/power_key.h"
#include "vmm/core/terminal.h"
#include "vmm/vmm.h"

/* Longer than any debouncing, even in a guest that gets little time; shorter than a long press. */
#define KEY_MS 500

static void end(struct tl_events *events, int status)
{
	events->status = status;
	events->ended = true;
}

/* Starts a timer, or stops it (0). */
static void set_timer(int fd, unsigned int ms)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}};

	(void)timerfd_settime(fd, 0, &when, NULL);
}

/* Whether a timer has run out, and not been stopped meanwhile. */
static bool ran_out(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

int tl_events_press_key(struct tl_events *events)
{
	const struct tl_power_key *key = events->key;

	if (!key || !key->set || !key->heard(key->opaque))
		return -ENXIO;
	key->set(key->opaque, true);
	set_timer(events->release_fd, KEY_MS);
	return 0;
}

static void on_release(void *opaque, uint32_t revents)
{
	struct tl_events *events = opaque;

	(void)revents;
	if (ran_out(events->release_fd))
		events->key->set(events->key->opaque, false);
}

/* Whether the guest may still go by itself. */
static bool ask_to_power_off(struct tl_events *events)
{
	bool first = !events->term_signal;

	events->term_signal = true;
	if (!first || !events->grace_s || events->paused || tl_events_press_key(events))
		return false;
	tl_log_warn("signal 15 (%s): pressed the guest's power key; it has %u s to power off "
		    "(--grace), a second signal ends it at once",
		strsignal(SIGTERM), events->grace_s);
	set_timer(events->grace_fd, events->grace_s * 1000);
	return true;
}

static void on_grace(void *opaque, uint32_t revents)
{
	struct tl_events *events = opaque;

	(void)revents;
	if (!ran_out(events->grace_fd) || events->ended)
		return;
	tl_log_warn("the guest did not power off within %u s (--grace) of its power key",
		events->grace_s);
	end(events, TL_STATUS_SIGNAL + SIGTERM);
}

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
	if (events->ended || (info.ssi_signo == SIGTERM && ask_to_power_off(events)))
		return;
	tl_log_warn("ended by signal %u (%s)", info.ssi_signo, strsignal((int)info.ssi_signo));
	end(events, TL_STATUS_SIGNAL + (int)info.ssi_signo);
}

static void on_timeout(void *opaque, uint32_t revents)
{
	struct tl_events *events = opaque;

	(void)revents;
	if (!ran_out(events->timer_fd) || events->ended)
		return;
	tl_log_error("the guest did not power off within %u s (--timeout)", events->timeout_s);
	end(events, TL_STATUS_TIMEOUT);
}

static int add_timer(struct tl_events *events, int *fd, tl_loop_fn *fn)
{
	*fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return *fd < 0 ? -errno : tl_loop_add(events->loop, *fd, EPOLLIN, fn, events);
}

int tl_events_init(struct tl_events *events, struct tl_loop *loop)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set;
	int ret;

	*events = TL_EVENTS_INIT;
	events->loop = loop;
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
	if (!ret)
		ret = add_timer(events, &events->timer_fd, on_timeout);
	if (!ret)
		ret = add_timer(events, &events->grace_fd, on_grace);
	if (!ret)
		ret = add_timer(events, &events->release_fd, on_release);
	return ret;
}

void tl_events_fini(struct tl_events *events)
{
	int *fds[] = {
		&events->release_fd, &events->grace_fd, &events->timer_fd, &events->signal_fd};

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

void tl_events_watch_stop(struct tl_events *events, unsigned int timeout_s, unsigned int grace_s)
{
	events->timeout_s = timeout_s;
	events->grace_s = grace_s;
	set_timer(events->timer_fd, timeout_s * 1000);
}

bool tl_events_status(const struct tl_events *events, int *status)
{
	if (events->ended)
		*status = events->status;
	return events->ended;
}
