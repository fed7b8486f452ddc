/* SPDX-License-Identifier: MIT */
/*
 * A tracefs instance of our own (buffers, event switches and filters that no
 * other tool sees), named trapline-<pid> or trapline-<pid>-record. An instance outlives the process
 * that made it, so it is removed on every way out, and creation sweeps what processes that were
 * killed have left. One thread at a time.
 */
#ifndef TL_TRACE_INSTANCE_H
#define TL_TRACE_INSTANCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/decode/kvm_event.h"

struct tl_instance;

/* Why there can be no tracing, in a few words, for the caller to say. */
struct tl_instance_problem {
	char text[256];
};

/* Which events are wanted. */
enum tl_instance_events {
	TL_INSTANCE_EXITS,   /* exits, and what they were for */
	TL_INSTANCE_THREADS, /* also switches of threads, and host interrupts */
};

/*
 * Makes the instance: clock "mono" (ns of CLOCK_MONOTONIC), at most
 * `buffer_bytes` of buffer a CPU (less where memory is short), those events that
 * this kernel needs to tell what is wanted switched on, but tracing itself off. Their
 * layout goes to `format`. Returns 0, or -errno with `problem` filled in.
 */
int tl_instance_create(struct tl_instance **out, enum tl_instance_events events,
	size_t buffer_bytes, struct tl_kvm_format *format, struct tl_instance_problem *problem);

/*
 * Reads one of the instance's own files, such as "trace_clock" or
 * "events/kvm/kvm_exit/format". NULL: there is none; the caller's to free, zero-terminated.
 */
char *tl_instance_read(struct tl_instance *instance, const char *file, size_t *size);

/*
 * Opens the raw buffers of all CPUs, non-blocking. *fds is the caller's to free,
 * the descriptors its to close. *page_size is that of a sub-buffer in bytes. As above.
 */
int tl_instance_open_buffers(struct tl_instance *instance, int **fds, unsigned int *cpus,
	size_t *page_size, struct tl_instance_problem *problem);

/*
 * Restricts the events to these threads, and with `children` to those that they will start.
 * 0 or -errno (logged).
 */
int tl_instance_set_threads(
	struct tl_instance *instance, const pid_t *tids, unsigned int count, int children);

/* Adds these to them. 0 or -errno (logged). */
int tl_instance_add_threads(struct tl_instance *instance, const pid_t *tids, unsigned int count);

/* Starts or stops recording. 0 or -errno (logged). */
int tl_instance_set_tracing(struct tl_instance *instance, int on);

/* How many events all CPUs have dropped or overwritten unread, so far. 0 or -errno. */
int tl_instance_lost(struct tl_instance *instance, uint64_t *events);

/* Removes the instance from the kernel; all buffers must be closed. Accepts NULL. */
void tl_instance_destroy(struct tl_instance *instance);

#endif
