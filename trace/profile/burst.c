/* SPDX-License-Identifier: MIT */
/*
 * Only where a burst ends is it held against the longest and the costliest. The BPF
 * program does the same (trace/bpf/exits.bpf.c).
 */
#include "trace/profile/burst.h"

void tl_burst_end(struct tl_profile_vcpu *vcpu)
{
	const struct tl_profile_burst *burst = &vcpu->burst;

	if (burst->count > vcpu->longest.count)
		vcpu->longest = *burst;
	if (burst->ns > vcpu->costliest.ns && burst->exit_class != TL_CLASS_WFX)
		vcpu->costliest = *burst;
}

void tl_burst_count(struct tl_profile_vcpu *vcpu, uint64_t ns)
{
	const struct tl_profile_detail *open = &vcpu->open;
	struct tl_profile_burst *burst = &vcpu->burst;

	if (burst->count && burst->detail == open->detail &&
		burst->exit_class == open->exit_class && burst->handler == open->handler) {
		burst->count++;
		burst->ns += ns;
		return;
	}
	tl_burst_end(vcpu);
	*burst = (struct tl_profile_burst){.exit_class = open->exit_class,
		.detail = open->detail,
		.handler = open->handler,
		.pc = open->pc,
		.count = 1,
		.ns = ns};
}
