/* SPDX-License-Identifier: MIT */
/*
 * A tracefs instance of our own (buffers, event switches and filters that no
 * other tool sees), named trapline-<pid>. An instance outlives the process that
 * made it, so it is removed on every way out, and creation sweeps what processes
 * that were killed have left. One thread at a time.
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

/*
 * Makes the instance: clock "mono" (ns of CLOCK_MONOTONIC), at most
 * `buffer_bytes` of buffer a CPU (less where memory is short), the kvm events
 * switched on, but tracing itself off. Returns 0, or -errno with `problem` filled in.
 */
int tl_instance_create(
	struct tl_instance **out, size_t buffer_bytes, struct tl_instance_problem *problem);

/* Learns the layout of the events from the instance's own format files. As above. */
int tl_instance_load_format(struct tl_instance *instance, struct tl_kvm_format *format,
	struct tl_instance_problem *problem);

/*
 * Opens the raw buffers of all CPUs, non-blocking. *fds is the caller's to free,
 * the descriptors its to close. *page_size is that of a sub-buffer in bytes. As above.
 */
int tl_instance_open_buffers(struct tl_instance *instance, int **fds, unsigned int *cpus,
	size_t *page_size, struct tl_instance_problem *problem);

/* Restricts the events to these threads. 0 or -errno (logged). */
int tl_instance_set_threads(struct tl_instance *instance, const pid_t *tids, unsigned int count);

/* Starts or stops recording. 0 or -errno (logged). */
int tl_instance_set_tracing(struct tl_instance *instance, int on);

/* How many events all CPUs have dropped or overwritten unread, so far. 0 or -errno. */
int tl_instance_lost(struct tl_instance *instance, uint64_t *events);

/* Removes the instance from the kernel; all buffers must be closed. Accepts NULL. */
void tl_instance_destroy(struct tl_instance *instance);

#endif
