/* SPDX-License-Identifier: MIT */
/*
 * Exits of one kind in a row on one vCPU, wherever in the guest they came from.
 */
#ifndef TL_TRACE_BURST_H
#define TL_TRACE_BURST_H

#include "trace/profile/profile.h"

/* The exit in vcpu->open is over, after `ns`: it goes on with a burst, or begins one. */
void tl_burst_count(struct tl_profile_vcpu *vcpu, uint64_t ns);

/* The burst that goes on ends here. */
void tl_burst_end(struct tl_profile_vcpu *vcpu);

#endif
