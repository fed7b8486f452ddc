/* SPDX-License-Identifier: MIT */
/*
 * Makes a recording (docs/recording.md): the pages of the kernel's ring buffer go to files
 * as they are, by a thread of its own. What was written stays readable whatever happens to
 * the recorder. All functions are called by one thread.
 */
#ifndef TL_TRACE_RECORDER_H
#define TL_TRACE_RECORDER_H

#include "base/vm_desc.h"
#include "trace/decode/symbols.h"

struct tl_recorder;

struct tl_recorder_config {
	const char *path;      /* folder; made if there is none, must have no recording yet */
	uint64_t size_limit;   /* bytes of events at which it ends; 0: none */
	unsigned int last_s;   /* keep only as many seconds before the end; 0: all */
	uint64_t buffer_bytes; /* of the kernel's buffer, for each CPU; 0: enough for most */
	const pid_t *tids;     /* the threads whose events are wanted */
	unsigned int tid_count;
	pid_t process; /* or those of this process, and all that they start; neither: of all */
};

/*
 * Makes the folder and the files. Nothing is recorded yet. Returns 0 or -errno (logged).
 */
int tl_recorder_create(struct tl_recorder **out, const struct tl_recorder_config *config);

/* Names the VM's vCPUs, which do not run yet, and its devices. 0 or -errno (logged). */
int tl_recorder_set_vm(struct tl_recorder *recorder, const struct tl_vm_desc *desc);

/* Begins. Returns 0 or -errno (logged). */
int tl_recorder_start(struct tl_recorder *recorder);

/* Becomes readable when a limit has ended the recording, or an error (logged). */
int tl_recorder_ended_fd(const struct tl_recorder *recorder);

/*
 * Ends it: what is still in the buffers is written, the statistics are read (stats_fds of
 * set_vm), `symbols` (or NULL) are kept, the files become one. Returns 0 or -errno (logged)
 * of what makes the recording incomplete; a second call does nothing.
 */
int tl_recorder_stop(struct tl_recorder *recorder, const struct tl_symbols *symbols);

/* Bytes of events written so far. */
uint64_t tl_recorder_bytes(const struct tl_recorder *recorder);

/* Stops what still runs. Accepts NULL. */
void tl_recorder_destroy(struct tl_recorder *recorder);

#endif
