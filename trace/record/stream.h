/* SPDX-License-Identifier: MIT */
/*
 * The records of all CPUs of a recording in the order of time. Memory does not grow with
 * the recording. One thread at a time.
 */
#ifndef TL_TRACE_STREAM_H
#define TL_TRACE_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct tl_stream;

struct tl_stream_ops {
	/* A record; `data` is valid until the call returns. Nonzero ends it all. */
	int (*record)(void *ctx, uint64_t ts, const void *data, size_t size);
	/* Records of a CPU are missing from here (how many, 0: not known) to lost_end. */
	void (*lost_begin)(void *ctx, uint64_t count);
	void (*lost_end)(void *ctx);
	/* How far it is, now and then; at the end `bytes` is `total`. NULL: nobody asks. */
	void (*progress)(void *ctx, uint64_t bytes, uint64_t total);
};

int tl_stream_create(struct tl_stream **out, unsigned int cpus, size_t page_size);

/*
 * Adds pages of a CPU, behind those that it has: `size` bytes of `fd` from `offset` on. The
 * descriptor is borrowed. Returns 0 or -ENOMEM.
 */
int tl_stream_add(
	struct tl_stream *stream, unsigned int cpu, int fd, uint64_t offset, uint64_t size);

/*
 * Delivers everything. Pages that are damaged count, and are as if lost. Returns 0, the
 * first nonzero answer of ops->record, or -errno of a read.
 */
int tl_stream_run(struct tl_stream *stream, const struct tl_stream_ops *ops, void *ctx);

/* How many pages were damaged, and bytes delivered so far. */
uint64_t tl_stream_damaged(const struct tl_stream *stream);
uint64_t tl_stream_bytes(const struct tl_stream *stream);

/* Accepts NULL. */
void tl_stream_destroy(struct tl_stream *stream);

#endif
