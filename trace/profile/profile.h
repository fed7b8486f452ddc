/* SPDX-License-Identifier: MIT */
/*
 * The profile: what is known of a VM's exits, built from decoded events one at a
 * time. It knows nothing of where events come from or how it will be shown.
 *
 * Handling time is from kvm_exit to the next kvm_entry of the same vCPU, by the
 * system counter where the events carry it: that was read before host interrupts
 * came in, which the event's own time stamp contains. Where an
 * event between the two may be missing there is no time rather than a wrong one:
 * the exit is counted as untimed. Not thread-safe: one writer, readers afterwards.
 */
#ifndef TL_TRACE_PROFILE_H
#define TL_TRACE_PROFILE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/vm_desc.h"
#include "trace/decode/esr.h"
#include "trace/decode/event.h"
#include "trace/profile/detail.h"
#include "trace/profile/hist.h"
#include "trace/profile/kernel_counts.h"
#include "trace/profile/span.h"

struct tl_lines;
struct tl_symbols;

#define TL_PROFILE_VCPUS_MAX 4096
#define TL_PROFILE_GAPS_MAX  8
#define TL_PROFILE_IRQS      256

struct tl_profile_class {
	uint64_t count;       /* exits seen */
	uint64_t untimed;     /* of these, without a handling time */
	struct tl_hist *time; /* ns; NULL until the first */
};

/* Exits that the vCPU's count says happened and that no event told of. */
struct tl_profile_gap {
	uint64_t from, to; /* ns, CLOCK_MONOTONIC; from 0: before the first event */
	uint64_t exits;
};

/* Exits of one kind in a row. */
struct tl_profile_burst {
	unsigned int exit_class;
	uint64_t detail;
	enum tl_handler handler;
	uint64_t pc; /* of the first one */
	uint64_t count, ns;
};

struct tl_profile_vcpu {
	unsigned int id;
	pid_t tid; /* 0: not known */

	uint64_t exits;           /* kvm_exit events seen */
	uint64_t userspace_exits; /* KVM_RUN returned with an exit to serve */
	uint64_t interrupted;     /* KVM_RUN returned because of a signal */
	uint64_t guest_ns;        /* entry to exit, where both are known */

	int has_counts;         /* the kernel is patched */
	uint64_t start_count;   /* the exit count before the first exit that is to be seen */
	uint64_t last_count;    /* the highest exit count seen in an event */
	uint64_t missed;        /* gaps in the count, summed */
	uint64_t disorder;      /* counts that did not grow */
	unsigned int gap_count; /* may exceed what `gaps` has room for */
	struct tl_profile_gap gaps[TL_PROFILE_GAPS_MAX]; /* the longest, in order of time */

	struct tl_kernel_counts kernel; /* from start to end of the profile */

	struct tl_profile_class classes[TL_CLASS_COUNT];
	/* Waiting (WFx) does not count as costly. Where not collected, count is 0. */
	struct tl_profile_burst longest, costliest;

	/* The thread, where its switches are known: ns between exit and entry ... */
	int has_switches;
	uint64_t slept_ns;   /* ... with nothing to do, as in WFx; else blocked in the VMM */
	uint64_t delayed_ns; /* ... ready to run, but with no CPU */

	/* Where the vCPU is: what the last event left behind. */
	uint64_t last_ts;
	uint64_t open_ts;              /* of the exit or entry that is open */
	uint64_t open_counter;         /* the same on the system counter; 0: not known */
	struct tl_profile_detail open; /* the exit that waits for its entry */
	int open_told;                 /* the exit event itself told what it was for */
	uint64_t open_number;          /* of that exit */
	uint64_t open_at, spanned;     /* for a listener: open_ts by both clocks; end of the last */
	struct tl_profile_burst burst; /* that goes on */
	enum { TL_VCPU_UNKNOWN, TL_VCPU_HOST, TL_VCPU_GUEST } where;
	enum { TL_THREAD_RUNNING, TL_THREAD_ASLEEP, TL_THREAD_READY } thread;
	uint64_t thread_ts; /* since when */
	uint32_t irq;       /* the last host interrupt that came to the thread, and when */
	uint64_t irq_ts;    /* 0: none since the last exit */
};

struct tl_profile {
	pid_t pid;               /* of the VM; 0: not known */
	unsigned int vcpu_count; /* in the order of their ids */
	struct tl_profile_vcpu **vcpus;
	uint64_t first_ts, last_ts; /* of all events */
	uint64_t ring_lost;         /* events the kernel says it dropped */
	uint64_t gaps_unsized;      /* losses of which it did not say how many */
	uint64_t strangers;         /* events of threads and vCPUs that nobody named */
	int open_gaps;              /* LOST_BEGIN without its LOST_END */
	uint64_t counter_hz;        /* frequency of the events' system counter; 0: not known */
	uint64_t ns_mult;           /* ticks of it to ns, in 2^-32; set with it */
	uint32_t vm_id;             /* only this VM's events, of those that tell; 0: any */
	int learn;                  /* vCPUs that nobody named are added when they exit */
	int patched;                /* the events carry vCPU and exit count */
	int no_events;              /* nothing was traced: only what the kernel has counted */
	int failed;                 /* -ENOMEM came up: counts are right, times are missing */
	struct tl_details details;  /* what the exits were for, where that was collected */
	struct tl_vm_map map;       /* where the guest's memory and devices are, or empty */
	const char *irq_names[TL_PROFILE_IRQS];  /* of host interrupts, by their number; owned */
	const struct tl_symbols *symbols;        /* the guest's, or NULL; borrowed */
	const struct tl_lines *lines;            /* the same */
	const struct tl_span_listener *listener; /* borrowed; NULL: nobody listens */
	struct tl_span_clock clock;              /* only with a listener */
};

int tl_profile_create(struct tl_profile **out);

/* Accepts NULL. */
void tl_profile_destroy(struct tl_profile *profile);

/*
 * Names a vCPU, its thread (0: unknown) and the exit count it has now. Events of
 * vCPUs that nobody named are counted as strangers. Returns 0, -EEXIST, -E2BIG
 * or -ENOMEM.
 */
int tl_profile_add_vcpu(
	struct tl_profile *profile, unsigned int id, pid_t tid, uint64_t start_count);

/* Sets the frequency of the events' system counter, in Hz; 0: not known. */
void tl_profile_set_counter(struct tl_profile *profile, uint64_t hz);

/* The vCPU by id, NULL if there is none. */
struct tl_profile_vcpu *tl_profile_vcpu(const struct tl_profile *profile, unsigned int id);

/* Takes in one event. Events must come in the order of time. */
void tl_profile_event(struct tl_profile *profile, const struct tl_event *event);

/* After the last event: exits that no entry followed are counted, without a time. */
void tl_profile_finish(struct tl_profile *profile);

/*
 * What the kernel has counted of a vCPU from the start of the profile to after the
 * last event. Returns 0 or -ENOENT.
 */
int tl_profile_set_kernel_counts(
	struct tl_profile *profile, unsigned int id, const struct tl_kernel_counts *counts);

/*
 * Exits of a class, and of all: of events, or of what the kernel has counted where
 * there were no events. 0 where neither is known.
 */
uint64_t tl_profile_class_count(const struct tl_profile *profile,
	const struct tl_profile_vcpu *vcpu, unsigned int exit_class);
uint64_t tl_profile_exits(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu);

/* How many of the vCPU's gaps are in its `gaps`. */
static inline unsigned int tl_profile_gaps_kept(const struct tl_profile_vcpu *vcpu)
{
	return vcpu->gap_count < TL_PROFILE_GAPS_MAX ? vcpu->gap_count : TL_PROFILE_GAPS_MAX;
}

/* What is known of completeness, of one vCPU or of all; see tl_profile_reconcile. */
struct tl_reconciliation {
	uint64_t seen;
	int has_kernel;
	uint64_t kernel;
	int has_last;
	uint64_t last; /* exit count of the last event, less the count at the start */
	int has_lost;
	uint64_t lost;      /* the larger of kernel and last, less seen */
	int equal;          /* both are known, and all three are equal */
	int has_classes;    /* the kernel counts by class, and */
	int classes_add_up; /* the sum of these counts is that of its exits, and */
	int classes_equal;  /* events and kernel agree on each class */
};

/* The reconciliation of one vCPU. */
struct tl_reconciliation tl_profile_reconcile_vcpu(const struct tl_profile_vcpu *vcpu);

/* That of all together; a figure that one vCPU lacks is unknown for all. */
struct tl_reconciliation tl_profile_reconcile(const struct tl_profile *profile);

#endif
