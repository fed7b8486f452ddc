/* SPDX-License-Identifier: MIT */
/*
 * What the parts of live.c share; not for others.
 */
#ifndef TL_TRACE_LIVE_PARTS_H
#define TL_TRACE_LIVE_PARTS_H

#include "trace/collect/bpf.h"
#include "trace/collect/live.h"

/* What is known of a slot besides what the kernel has there. */
struct tl_live_slot {
	uint32_t serial; /* 0: nobody's */
	pid_t process, tid;
	unsigned int id;
	unsigned int place; /* in the list of vCPUs */
	bool gone;
	struct tl_live_counts now, before;
	uint64_t open_ns, open_delayed; /* of its open exit, so far */
	uint64_t plain_before[TL_BPF_CLASSES];
};

/* Exits whose PCs have been forgotten, of one vCPU; key.pc is 0. */
struct tl_live_folded {
	struct tl_bpf_key key;
	struct tl_bpf_value value;
	struct tl_live_sum before;
	bool summed; /* the detail as well */
};

struct tl_live {
	struct tl_bpf *bpf;
	const struct tl_bpf_state *state;
	bool patched;
	uint64_t counter_hz; /* of the stamps; 0: they are ns */
	uint32_t serials;
	struct tl_live_sample sample;
	struct tl_live_vcpu vcpus[TL_BPF_SLOTS];
	struct tl_live_slot slots[TL_BPF_SLOTS];
	struct tl_live_sum before[TL_BPF_ENTRIES];
	unsigned int used; /* entries, at the last read */
	uint64_t left_ns;  /* when entries were left; 0: none is */
	struct tl_live_folded *folded;
	size_t folded_count, folded_room;
	struct tl_live_row *rows;
	size_t row_room;
};

/* Adds a time by its class. */
void tl_live_add_time(
	struct tl_live_counts *counts, unsigned int exit_class, uint64_t ns, uint64_t delayed);

/* Makes the sample's rows, and adds their times to the vCPUs'. Returns 0 or -ENOMEM. */
int tl_live_read_rows(struct tl_live *live);

/* Frees what a slot has in the table; its thread has ended. */
void tl_live_forget_rows(struct tl_live *live, unsigned int slot);

#endif
