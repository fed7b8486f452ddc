/* SPDX-License-Identifier: MIT */
/*
 * Find the threads, start the recorder, let the target go, wait.
 */
#include "trace/tool/record.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/collect/recorder.h"

struct record {
	const struct tl_record_config *config;
	struct tl_target target;
	struct tl_recorder *recorder;
};

static int start(struct record *record)
{
	const struct tl_record_config *config = record->config;
	struct tl_recorder_config recorder = {.path = config->path,
		.size_limit = config->size_limit,
		.last_s = config->last,
		.buffer_bytes = config->buffer,
		.process = record->target.pid};
	/* A command that starts the VMM is another process than the VMM. */
	struct tl_vm_desc desc = {.pid = config->target.pid, .map = &record->target.map};
	int ret = tl_recorder_create(&record->recorder, &recorder);

	ret = ret ? ret : tl_recorder_set_vm(record->recorder, &desc);
	return ret ? ret : tl_recorder_start(record->recorder);
}

/* Whether a limit has ended it. */
static int ended(const struct record *record)
{
	struct pollfd fd = {.fd = tl_recorder_ended_fd(record->recorder), .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

static void say_result(const struct record *record)
{
	uint64_t bytes = tl_recorder_bytes(record->recorder);

	fprintf(stderr, "trapline: recorded %.1f MiB to %s%s; 'trapline report %s' shows it\n",
		(double)bytes / (1 << 20), record->config->path,
		ended(record) ? ", up to its limit" : "", record->config->path);
}

/* Until it is over. Who looks on sees that something happens. */
static void wait_for_end(struct record *record)
{
	unsigned int left = record->config->stop_after;
	int fd = tl_recorder_ended_fd(record->recorder);

	/* The terminal of a command is its guest's console. */
	if (record->config->target.command || !isatty(STDERR_FILENO)) {
		tl_target_wait(&record->target, left, fd);
		return;
	}
	while (!tl_target_wait(&record->target, 1, fd)) {
		fprintf(stderr, "\r%.1f MiB",
			(double)tl_recorder_bytes(record->recorder) / (1 << 20));
		if (left && !--left)
			break;
	}
	fputs("\r               \r", stderr);
}

static int run(struct record *record)
{
	const struct tl_record_config *config = record->config;
	int ret = tl_target_init(&record->target, &config->target);
	int status;

	ret = ret ? ret : start(record);
	ret = ret ? ret : tl_target_go(&record->target);
	if (ret)
		return ret == -EEXIST ? TL_STATUS_USAGE : TL_STATUS_HOST;
	if (!config->target.command)
		fprintf(stderr, "trapline: recording to %s; Ctrl-C ends it\n", config->path);
	wait_for_end(record);
	ret = tl_recorder_stop(record->recorder, record->target.symbols);
	/* The command is not ours to end: its guest goes on, and so do we. */
	if (config->target.command && ended(record))
		tl_target_wait(&record->target, 0, -1);
	status = tl_target_status(&record->target);
	if (ret)
		return TL_STATUS_FAILURE;
	say_result(record);
	return status;
}

int tl_record_run(const struct tl_record_config *config)
{
	struct record *record = calloc(1, sizeof(*record));
	int status;

	if (!record) {
		tl_log_error("out of memory");
		return TL_STATUS_HOST;
	}
	record->config = config;
	status = run(record);
	tl_recorder_destroy(record->recorder);
	tl_target_fini(&record->target);
	free(record);
	return status;
}
