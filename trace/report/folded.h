/* SPDX-License-Identifier: MIT */
/*
 * Exits as folded stacks, for flame graphs (flamegraph.pl, inferno, speedscope): a line
 * "vCPU 0;DABT_LOW;pl011 UARTDR write;pl011_tx_chars 20" for each kind and place.
 */
#ifndef TL_TRACE_FOLDED_H
#define TL_TRACE_FOLDED_H

#include <stdio.h>

#include "trace/profile/profile.h"

enum tl_folded_weight {
	TL_FOLDED_COUNT,
	TL_FOLDED_TIME, /* ns to handle them */
};

/* Of several VMs, stacks begin with theirs. Returns 0 or -errno (not logged). */
int tl_report_folded(
	FILE *out, struct tl_profile *const *profiles, size_t count, enum tl_folded_weight weight);

#endif
