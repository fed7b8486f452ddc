/* SPDX-License-Identifier: MIT */
/*
 * A recording is a folder: trace.dat, vm.json, symbols. This reads one into profiles, one
 * for each VM. While one is being made, and after its recorder was killed, the pages of
 * each CPU are in files of their own beside trace.dat (TL_RECORDING_PIECE).
 */
#ifndef TL_TRACE_RECORDING_H
#define TL_TRACE_RECORDING_H

#include <stdint.h>

#include "trace/decode/symbols.h"
#include "trace/profile/profile.h"
#include "trace/record/vm_json.h"

#define TL_RECORDING_DAT     "trace.dat"
#define TL_RECORDING_VM      "vm.json"
#define TL_RECORDING_SYMBOLS "symbols"
/* printf format of a CPU's pages, and of those before them where only the last are kept. */
#define TL_RECORDING_PIECE     "trace.dat.cpu%u"
#define TL_RECORDING_PIECE_OLD "trace.dat.cpu%u.old"

#define TL_RECORDING_VMS_MAX 64

struct tl_recording {
	char path[4000];
	struct tl_vm_json vm;
	struct tl_symbols *symbols; /* or NULL */
	struct tl_profile *profiles[TL_RECORDING_VMS_MAX];
	/* The same for each profile whose guest runs above where it was linked. */
	struct tl_symbols *slid[TL_RECORDING_VMS_MAX];
	unsigned int profile_count;
	uint64_t first_ts, last_ts; /* of all events, ns of CLOCK_MONOTONIC */
	uint64_t events, bytes;
	uint64_t undecoded; /* records that are shorter than their format says */
	uint64_t damaged;   /* pages */
	int truncated;      /* the file ends before it says */
	int cut_off;        /* the recorder did not come to its end */
};

/* What of a recording is wanted, and with which names. */
struct tl_recording_part {
	uint64_t from, to;   /* ns after the first event; to 0: up to the end */
	int64_t vcpu;        /* only that id; -1: all */
	pid_t vm;            /* only that VM; 0: all */
	const char *symbols; /* this file instead of the recording's own; NULL: that */
	/* Of each profile, from its first event on; NULL: nobody listens. */
	const struct tl_span_listener *listener;
	int again; /* it has been read before: what is wrong with it has been said */
};

/*
 * Reads the recording in the folder `path`. Returns 0 or -errno (logged, and where a part of
 * it is missing or damaged, that too). `recording` is to be released either way.
 */
int tl_recording_read(
	struct tl_recording *recording, const char *path, const struct tl_recording_part *part);

void tl_recording_fini(struct tl_recording *recording);

#endif
