/* SPDX-License-Identifier: MIT */
/*
 * The buffer between vCPUs and the reader is a console's, without input. A line is in it whole
 * or not at all.
 */
#include "vmm/core/exit_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* How often a vCPU looks for room, a millisecond apart, before it gives up for good. */
#define TRIES 100

void tl_exit_trace_blank(struct tl_exit_trace *trace)
{
	memset(trace, 0, sizeof(*trace));
	trace->fd = -1;
}

int tl_exit_trace_init(struct tl_exit_trace *trace, struct tl_loop *loop, const char *path)
{
	int fd = STDERR_FILENO;

	trace->path = path;
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0) {
			int err = errno;

			tl_log_error("--trace-exits: cannot write '%s': %s", path, strerror(err));
			return -err;
		}
		trace->fd = fd;
	}
	tl_console_init(&trace->out, loop, -1, fd);
	pthread_mutex_init(&trace->lock, NULL);
	trace->open = true;
	return 0;
}

void tl_exit_trace_fini(struct tl_exit_trace *trace)
{
	if (trace->open) {
		tl_console_fini(&trace->out);
		pthread_mutex_destroy(&trace->lock);
	}
	if (trace->fd >= 0)
		close(trace->fd);
	tl_exit_trace_blank(trace);
}

static void put(struct tl_exit_trace *trace, const char *line)
{
	tl_console_tx(&trace->out, (const uint8_t *)line, strlen(line));
	tl_console_tx(&trace->out, (const uint8_t *)"\n", 1);
}

/* Whether there is room; the first time that there is none, it may take the writer a while. */
static bool has_room(struct tl_exit_trace *trace)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = trace->lost ? TRIES : 0; tl_console_tx_full(&trace->out); i++) {
		if (i >= TRIES)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void tl_exit_trace_put(struct tl_exit_trace *trace, const char *line)
{
	char gap[80];

	pthread_mutex_lock(&trace->lock);
	if (!has_room(trace)) {
		trace->missing++;
		trace->lost++;
	} else {
		if (trace->missing) {
			snprintf(gap, sizeof(gap),
				"... %" PRIu64 " exits are not shown: the reader is too slow",
				trace->missing);
			put(trace, gap);
			trace->missing = 0;
		}
		put(trace, line);
	}
	pthread_mutex_unlock(&trace->lock);
}

/* Once. */
static void check(struct tl_exit_trace *trace)
{
	if (!trace->out.out_error || trace->said)
		return;
	trace->said = true;
	tl_log_error(
		"--trace-exits: cannot write %s%s%s: %s; the guest goes on, its exits are no longer "
		"shown",
		trace->path ? "'" : "", trace->path ? trace->path : "standard error",
		trace->path ? "'" : "", strerror(trace->out.out_error));
}

void tl_exit_trace_service(struct tl_exit_trace *trace)
{
	if (!trace->open)
		return;
	tl_console_service(&trace->out);
	check(trace);
}

int tl_exit_trace_timeout(struct tl_exit_trace *trace, int timeout)
{
	int own = trace->open ? tl_console_timeout(&trace->out) : -1;

	if (timeout < 0)
		return own;
	return own < 0 || timeout < own ? timeout : own;
}

int tl_exit_trace_end(struct tl_exit_trace *trace, int ms)
{
	uint64_t left;

	if (!trace->open)
		return 0;
	tl_console_drain(&trace->out, ms);
	check(trace);
	left = tl_console_dropped(&trace->out);
	if (!trace->said && (trace->lost || left))
		tl_log_warn("--trace-exits: the reader was too slow for %" PRIu64
			    " lines, and at the end for %" PRIu64 " bytes",
			trace->lost, left);
	return -trace->out.out_error;
}
