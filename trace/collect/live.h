/* SPDX-License-Identifier: MIT */
/*
 * The exits of all VMs of this host, or of one process's, while they happen: read as often
 * as one likes, at a cost that does not depend on how many exits there were. VMs come and go
 * meanwhile, and their places in the kernel's table become free for others. One thread.
 *
 *     tl_live_create(&live, 0, true, &map, problem, sizeof(problem));
 *     for (;;) {
 *             sample = tl_live_read(live);
 *             ... every `now` only grows; `now` less `before` is since the last read ...
 *     }
 */
#ifndef TL_TRACE_LIVE_H
#define TL_TRACE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vm_desc.h"
#include "trace/profile/detail.h"

struct tl_live;

/* Of a vCPU since it was first seen. Times are ns. */
struct tl_live_counts {
	uint64_t exits;       /* seen */
	uint64_t user_exits;  /* of these, to user space */
	uint64_t interrupted; /* KVM_RUN ended because of a signal */
	uint64_t missed;      /* not seen, by the kernel's own count; patched kernel */
	uint64_t guest_ns;    /* in the guest */
	uint64_t away_ns;     /* handling exits but WFx, less waiting for a CPU */
	uint64_t idle_ns;     /* in WFx, less waiting for a CPU */
	uint64_t delayed_ns;  /* ready to run, but with no CPU */
};

struct tl_live_vcpu {
	pid_t process;   /* that has created the VM */
	unsigned int id; /* on a stock kernel: its number in the order in which they were seen */
	pid_t tid;       /* its thread */
	uint32_t serial; /* no other vCPU ever has the same */
	bool gone;       /* the thread has ended: it will not be in the next sample */
	struct tl_live_counts now, before;
};

/* Of a row. ns, and of these what the thread slept and waited for a CPU. */
struct tl_live_sum {
	uint64_t count, ns, slept, delayed;
};

/*
 * Exits of one vCPU that are equal in all of this. There may be several rows with equal keys:
 * they add up. When there are too many, PCs of exits that have not come again are forgotten,
 * and these count together with pc 0; see also `summed`.
 */
struct tl_live_row {
	unsigned int vcpu;       /* place in the sample's vcpus */
	unsigned int exit_class; /* TL_CLASS_* */
	enum tl_handler handler;
	uint32_t mode;   /* SPSR.M; of no meaning on a stock kernel */
	uint64_t detail; /* TL_DETAIL_*, by class */
	uint64_t pc;
	bool summed; /* only class and count are known of these: the rest is of no meaning */
	struct tl_live_sum now, before;
	uint64_t max; /* ns, the longest ever */
	/*
	 * How long they took: TL_BPF_HIST_BUCKETS counts (tl_bpf_key_bucket_end()) that go on
	 * changing; NULL: not known. Valid until the next read.
	 */
	const unsigned long long *hist;
};

struct tl_live_sample {
	uint64_t now_ns, before_ns; /* CLOCK_MONOTONIC of this read and of the one before */
	unsigned int vcpu_count;    /* in the order of process and id */
	const struct tl_live_vcpu *vcpus;
	size_t row_count; /* in no order */
	const struct tl_live_row *rows;
	uint64_t strangers; /* events of vCPUs for which there was no room */
};

/*
 * Begins to count the exits of `process`, or 0: of every VM. `map` tells stage-2 faults from
 * MMIO; it may be empty. Without `pcs` exits are not told apart by where they came from. Returns 0,
 * or -errno with the reason in `problem`.
 */
int tl_live_create(struct tl_live **out, pid_t process, bool pcs, const struct tl_vm_map *map,
	char *problem, size_t problem_size);

/* Whether the kernel's events have vCPU and exit count, else only threads are told apart. */
bool tl_live_is_patched(const struct tl_live *live);

/* Reads. Valid until the next read; NULL: no memory. */
const struct tl_live_sample *tl_live_read(struct tl_live *live);

/* What was read last; empty before the first read. */
const struct tl_live_sample *tl_live_sample(const struct tl_live *live);

/* Accepts NULL. */
void tl_live_destroy(struct tl_live *live);

/* Since the read before. A race may make a time shrink by a little: that is nothing. */
static inline uint64_t tl_live_since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

#endif
