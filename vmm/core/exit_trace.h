/* SPDX-License-Identifier: MIT */
/*
 * Where the lines of `--trace-exits` go. vCPUs put them into a buffer and the main thread
 * writes it out, as the console's: a reader that is slow, or has gone, costs a guest at most
 * 100 ms once, and then lines, which are counted.
 */
#ifndef TL_VMM_CORE_EXIT_TRACE_H
#define TL_VMM_CORE_EXIT_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/console.h"

struct tl_exit_trace {
	const char *path; /* NULL: standard error */
	int fd;           /* of the path, ours; or -1 */
	bool open;
	bool said; /* that it cannot be written */
	struct tl_console out;

	pthread_mutex_t lock; /* guards what follows */
	uint64_t missing;     /* lines since the last one that found room */
	uint64_t lost;        /* all of them */
};

/* A state that tl_exit_trace_fini() accepts. */
void tl_exit_trace_blank(struct tl_exit_trace *trace);

/*
 * Opens the file, or standard error with NULL, which stays the caller's. Returns 0 or -errno
 * (logged). Main thread, as everything below unless it says otherwise.
 */
int tl_exit_trace_init(struct tl_exit_trace *trace, struct tl_loop *loop, const char *path);
void tl_exit_trace_fini(struct tl_exit_trace *trace);

/* One line, to which a newline is added. Any vCPU's thread. */
void tl_exit_trace_put(struct tl_exit_trace *trace, const char *line);

/* Writes out what the reader takes. */
void tl_exit_trace_service(struct tl_exit_trace *trace);

/* The shorter of `timeout` and the time until tl_exit_trace_service() is due, in ms; -1: for ever.
 */
int tl_exit_trace_timeout(struct tl_exit_trace *trace, int timeout);

/* Writes out the rest, for up to `ms`, and says what is lost. Returns 0 or -errno (logged). */
int tl_exit_trace_end(struct tl_exit_trace *trace, int ms);

#endif
