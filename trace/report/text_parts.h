/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the text report share; not for others.
 */
#ifndef TL_TRACE_TEXT_PARTS_H
#define TL_TRACE_TEXT_PARTS_H

#include <stdint.h>
#include <stdio.h>

#include "trace/profile/profile.h"
#include "trace/report/units.h"

struct tl_text {
	FILE *out;
	const char *bold, *good, *bad, *plain; /* escape sequences, or "" */
};

/* The tables of one vCPU. */
void tl_text_vcpu(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu);

/* What the exits were for, of all vCPUs; nothing where that was not collected. */
void tl_text_details(struct tl_text *t, const struct tl_profile *profile);

/* What to do about it; nothing where there is nothing to say. */
void tl_text_advice(struct tl_text *t, const struct tl_profile *profile);

/* An address of the guest: symbol and offset, or the number. Returns `buffer`. */
const char *tl_text_address(
	char *buffer, size_t size, const struct tl_symbols *symbols, uint64_t address);

/* The counts side by side, and what they prove. */
void tl_text_proof(struct tl_text *t, const struct tl_profile *profile);

/* Only what they prove, a line each. */
void tl_text_verdict(struct tl_text *t, const struct tl_profile *profile);

#endif
