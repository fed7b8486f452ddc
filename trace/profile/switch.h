/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU's thread waited for between an exit and the next entry: for something to do
 * (asleep, as in WFI, or blocked in the VMM), or, with something to do, for a CPU.
 */
#ifndef TL_TRACE_SWITCH_H
#define TL_TRACE_SWITCH_H

#include "trace/profile/profile.h"

/* An event about the vCPU's thread: a switch, a wake-up, or a host interrupt. */
void tl_switch_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event);

#endif
