/* SPDX-License-Identifier: MIT */
/*
 * The profile's BPF programs (trace/bpf/exits.bpf.c): loads them, lets them count,
 * and hands out what they counted. One thread at a time.
 */
#ifndef TL_TRACE_BPF_H
#define TL_TRACE_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/bpf/exits.h"

struct tl_bpf;

struct tl_bpf_options {
	pid_t vm;    /* the process whose VM is meant, which has created it itself; 0: all VMs */
	bool no_pcs; /* exits need not be told apart by where they came from */
	bool known_threads;             /* tl_bpf_add_thread() will name each vCPU's: cheaper */
	const struct tl_bpf_range *ram; /* guest physical; at most TL_BPF_RANGES are used */
	unsigned int ram_count;
};

/*
 * Loads the programs for the events that this kernel has, patched or stock. Nothing
 * is counted yet. Returns 0, or -errno with the reason in `problem`.
 */
int tl_bpf_create(struct tl_bpf **out, const struct tl_bpf_options *options, char *problem,
	size_t problem_size);

/* Whether the events carry vCPU and exit count; stamps are then ticks, else ns. */
bool tl_bpf_is_patched(const struct tl_bpf *bpf);

/* Names the thread of a vCPU, of the one VM that is meant; before start. 0 or -errno. */
int tl_bpf_add_thread(struct tl_bpf *bpf, pid_t tid, unsigned int vcpu);

/* Counting begins; it ends. 0 or -errno. */
int tl_bpf_start(struct tl_bpf *bpf);
void tl_bpf_stop(struct tl_bpf *bpf);

/* All that the programs wrote; changes while they count. Valid until destroy. */
const struct tl_bpf_state *tl_bpf_state(const struct tl_bpf *bpf);

/*
 * Calls `each` for every key, some of them twice, in no order, until it returns nonzero, which is
 * then returned. Returns 0, that, or -errno.
 */
int tl_bpf_for_each(struct tl_bpf *bpf,
	int (*each)(void *ctx, const struct tl_bpf_key *key, const struct tl_bpf_value *value),
	void *ctx);

/*
 * For who reads for long: entries and slots that are of no more use become free for others.
 * An entry is left first, and freed when no exit can still be about to be counted there (some
 * milliseconds later); that of a thread that has ended can be freed at once, and its slot.
 * free_slot returns 0 or -errno.
 */
void tl_bpf_leave_entry(struct tl_bpf *bpf, unsigned int index);
void tl_bpf_free_entry(struct tl_bpf *bpf, unsigned int index);
int tl_bpf_free_slot(struct tl_bpf *bpf, unsigned int index);

/* Accepts NULL. */
void tl_bpf_destroy(struct tl_bpf *bpf);

#endif
