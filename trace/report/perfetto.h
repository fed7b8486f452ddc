/* SPDX-License-Identifier: MIT */
/*
 * A recording as a Perfetto trace: for each vCPU a track with slices of what it was at, for each
 * VM counters of exits by class, and flows from a notification to what answers it. Opened by
 * ui.perfetto.dev and trace_processor.
 *
 * The recording is read twice: profiles of the first time say which vCPUs there are, where the
 * guest's kernel runs and how long it all is; the second time the listener writes.
 */
#ifndef TL_TRACE_PERFETTO_H
#define TL_TRACE_PERFETTO_H

#include <stdio.h>

#include "trace/profile/profile.h"

struct tl_perfetto;

/* `profiles` must outlive it. Returns 0 or -ENOMEM. */
int tl_perfetto_create(
	struct tl_perfetto **out, FILE *file, struct tl_profile *const *profiles, size_t count);

/* For whoever reads the recording again. */
const struct tl_span_listener *tl_perfetto_listener(struct tl_perfetto *perfetto);

/* After the last event. Returns 0 or -errno (not logged). */
int tl_perfetto_finish(struct tl_perfetto *perfetto);

/* Accepts NULL. */
void tl_perfetto_destroy(struct tl_perfetto *perfetto);

#endif
