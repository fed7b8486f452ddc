/* SPDX-License-Identifier: MIT */
/*
 * Wait for the time, a key, a signal or the end of the process; read; draw.
 */
#include "trace/top/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/tool/maps.h"
#include "trace/top/screen.h"

enum { FD_SIGNAL, FD_TIMER, FD_PROCESS, FD_INPUT, FD_COUNT };

struct run {
	const struct tl_top_config *config;
	struct tl_top top;
	struct tl_top_text text;
	struct pollfd polls[FD_COUNT];
	bool screen, ended;
	unsigned int printed;
};

static int set_timer(struct run *run)
{
	unsigned int ms = run->top.ui.interval_ms;
	struct timespec interval = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	struct itimerspec timer = {.it_interval = interval, .it_value = interval};

	return timerfd_settime(run->polls[FD_TIMER].fd, 0, &timer, NULL) ? -errno : 0;
}

static int open_fds(struct run *run)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	run->polls[FD_SIGNAL].fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	run->polls[FD_TIMER].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (run->polls[FD_SIGNAL].fd < 0 || run->polls[FD_TIMER].fd < 0) {
		tl_log_error("cannot wait for time and signals: %s", strerror(errno));
		return -errno;
	}
	if (!run->config->target.pid)
		return 0;
	run->polls[FD_PROCESS].fd = (int)syscall(SYS_pidfd_open, run->config->target.pid, 0);
	if (run->polls[FD_PROCESS].fd < 0) {
		int ret = -errno;

		tl_log_error("process %d: %s", (int)run->config->target.pid, strerror(-ret));
		return ret;
	}
	return 0;
}

/* Of many VMs the map that most have: only where RAM is counts here. */
static int open_live(struct run *run)
{
	const struct tl_known_map *known =
		tl_map_by_name(run->config->target.map ? run->config->target.map : "qemu-virt");
	struct tl_vm_map map = {0};
	char problem[256] = "out of memory";
	int ret;

	for (unsigned int i = 0; known && i < known->count; i++)
		map.regions[map.count++] = known->regions[i];
	ret = tl_live_create(
		&run->top.live, run->config->target.pid, true, &map, problem, sizeof(problem));
	if (ret) {
		tl_log_error("cannot count exits: %s", problem);
		return ret;
	}
	run->top.patched = tl_live_is_patched(run->top.live);
	if (!run->top.patched)
		snprintf(run->top.note, sizeof(run->top.note), "stock kernel: see 'trapline caps'");
	return 0;
}

static int look(struct run *run)
{
	run->top.sample = tl_live_read(run->top.live);
	if (!run->top.sample)
		return -ENOMEM;
	tl_top_threads_next(&run->top.threads);
	tl_guests_keep(&run->top.guests, run->top.sample);
	return tl_top_update(&run->top);
}

static void draw(struct run *run)
{
	tl_top_draw(&run->text, &run->top);
	tl_top_screen_paint(&run->text);
}

static int on_time(struct run *run)
{
	uint64_t times;
	int ret;

	if (read(run->polls[FD_TIMER].fd, &times, sizeof(times)) != sizeof(times))
		return 0;
	if (run->top.ui.paused)
		return 0;
	ret = look(run);
	if (ret)
		return ret;
	if (run->screen) {
		draw(run);
		return 0;
	}
	ret = tl_top_plain(stdout, &run->top);
	run->ended = ++run->printed == run->config->count;
	return ret;
}

static int on_key(struct run *run)
{
	unsigned int interval = run->top.ui.interval_ms;
	int key, ret = 0;

	while ((key = tl_top_screen_key()) != TL_KEY_NONE && !run->top.ui.quit) {
		tl_top_ui_key(&run->top.ui, &run->top.model, key);
		/* The next key is for what this one made. */
		ret = tl_top_update(&run->top);
		if (ret)
			return ret;
	}
	if (run->top.ui.interval_ms != interval)
		ret = set_timer(run);
	run->ended = run->top.ui.quit;
	draw(run);
	return ret;
}

static void on_signal(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->polls[FD_SIGNAL].fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH) {
			run->ended = true;
		} else if (run->screen) {
			tl_top_screen_resize(&run->top.ui);
			tl_top_ui_scroll(&run->top.ui, &run->top.model);
			draw(run);
		}
	}
}

static int loop(struct run *run)
{
	int ret = 0;

	while (!run->ended && !ret) {
		if (poll(run->polls, FD_COUNT, -1) < 0 && errno != EINTR)
			return -errno;
		if (run->polls[FD_SIGNAL].revents)
			on_signal(run);
		if (run->polls[FD_PROCESS].revents)
			run->ended = true;
		/* A terminal that is gone is the end, too. */
		if (run->polls[FD_INPUT].revents & (POLLHUP | POLLERR | POLLNVAL))
			run->ended = true;
		else if (run->polls[FD_INPUT].revents)
			ret = on_key(run);
		if (!run->ended && !ret && run->polls[FD_TIMER].revents)
			ret = on_time(run);
	}
	return ret;
}

/* A screen, if there is a terminal and nothing else was asked for. */
static int open_screen(struct run *run)
{
	char problem[160];
	int ret;

	if (run->config->count || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return 0;
	if (tl_top_terminal(problem, sizeof(problem))) {
		tl_log_warn("%s; plain lines follow", problem);
		return 0;
	}
	ret = tl_top_screen_open();
	if (ret) {
		tl_log_error("cannot use this terminal: %s", strerror(-ret));
		return ret;
	}
	run->screen = true;
	run->polls[FD_INPUT].fd = STDIN_FILENO;
	tl_top_screen_resize(&run->top.ui);
	ret = look(run);
	if (!ret)
		draw(run);
	return ret;
}

static int show(struct run *run)
{
	int ret = open_fds(run);

	ret = ret ? ret : open_live(run);
	ret = ret ? ret : set_timer(run);
	ret = ret ? ret : open_screen(run);
	if (ret)
		return TL_STATUS_HOST;
	ret = loop(run);
	if (run->screen)
		tl_top_screen_close();
	if (ret == -EPIPE)
		return TL_STATUS_OK;
	if (ret)
		tl_log_error("top: %s", strerror(-ret));
	else if (run->polls[FD_PROCESS].revents)
		tl_log_info("process %d has ended", (int)run->config->target.pid);
	return ret ? TL_STATUS_FAILURE : TL_STATUS_OK;
}

int tl_top_run(const struct tl_top_config *config)
{
	struct run *run = calloc(1, sizeof(*run));
	int status;

	if (!run) {
		tl_log_error("out of memory");
		return TL_STATUS_HOST;
	}
	run->config = config;
	run->top.guests.symbols = config->target.symbols;
	run->top.guests.map = config->target.map;
	tl_top_ui_init(&run->top.ui, config->interval_ms);
	for (unsigned int i = 0; i < FD_COUNT; i++)
		run->polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	status = show(run);
	if (run->screen)
		tl_top_screen_close();
	for (unsigned int i = 0; i < FD_INPUT; i++) {
		if (run->polls[i].fd >= 0)
			close(run->polls[i].fd);
	}
	tl_live_destroy(run->top.live);
	tl_guests_fini(&run->top.guests);
	tl_top_threads_fini(&run->top.threads);
	tl_top_model_fini(&run->top.model);
	free(run);
	return status;
}
