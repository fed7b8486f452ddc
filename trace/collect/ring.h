/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel's per-CPU trace buffers as raw sub-buffers and hands out their
 * records in the order of time, holding one sub-buffer a CPU and no more. A vCPU
 * that migrates leaves its events in several buffers; so that none comes out of
 * order, a round delivers only what is not younger than a mark in the past.
 * One thread at a time.
 */
#ifndef TL_TRACE_RING_H
#define TL_TRACE_RING_H

#include <stddef.h>
#include <stdint.h>

/* The reader's callbacks; `ctx` is what tl_ring_round was given. */
struct tl_ring_ops {
	/* A record, valid during the call. ts in ns of the buffer's clock. */
	void (*record)(void *ctx, uint64_t ts, const void *data, size_t size);
	/*
	 * Records of one CPU were lost between the last one delivered from it (or the
	 * start) and the next; count 0: nobody knows how many. begin comes as soon as
	 * that is seen, end directly before the first record behind the gap.
	 */
	void (*lost_begin)(void *ctx, uint64_t count);
	void (*lost_end)(void *ctx);
};

struct tl_ring;

/*
 * A reader of `cpus` buffers through descriptors that read(2) one sub-buffer of
 * `page_size` bytes at a time, non-blocking (per_cpu/cpuN/trace_pipe_raw). The
 * array is copied, the descriptors become the ring's and are closed by destroy,
 * and also if this fails. Returns 0, -EINVAL or -ENOMEM.
 */
int tl_ring_create(struct tl_ring **out, const int *fds, unsigned int cpus, size_t page_size);

/*
 * Delivers all records with a time stamp up to `mark` (ns of the buffer's clock);
 * UINT64_MAX takes what there is. The caller reads the clock for the mark before
 * the call and leaves a margin for writers that have taken their time stamp but
 * not finished their record. Returns 0, -errno of a failed read, or -EPROTO (a
 * sub-buffer that contradicts itself; it is dropped and counted as lost).
 */
int tl_ring_round(struct tl_ring *ring, uint64_t mark, const struct tl_ring_ops *ops, void *ctx);

/* Closes the descriptors and frees all; accepts NULL. */
void tl_ring_destroy(struct tl_ring *ring);

#endif
