/* SPDX-License-Identifier: MIT */
/*
 * Whether all exits were seen: what was seen beside what the kernel has counted and what
 * the last event says.
 */
#include "trace/profile/profile.h"

/* Whether the kernel's counts by class fit its exits, and what was seen of each class. */
static void reconcile_classes(struct tl_reconciliation *r, const struct tl_profile_vcpu *vcpu)
{
	uint64_t sum = 0;

	r->has_classes = vcpu->kernel.has_classes;
	r->classes_equal = 1;
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		sum += vcpu->kernel.classes[c];
		r->classes_equal &= vcpu->kernel.classes[c] == vcpu->classes[c].count;
	}
	r->classes_add_up = r->has_classes && sum == vcpu->kernel.exits;
	r->classes_equal &= r->has_classes;
}

static void reconcile_finish(struct tl_reconciliation *r)
{
	uint64_t most = 0;

	if (r->has_kernel)
		most = r->kernel;
	if (r->has_last && r->last > most)
		most = r->last;
	r->has_lost = r->has_kernel || r->has_last;
	r->lost = r->has_lost && most > r->seen ? most - r->seen : 0;
	r->equal = r->has_kernel && r->has_last && r->kernel == r->seen && r->last == r->seen;
}

struct tl_reconciliation tl_profile_reconcile_vcpu(const struct tl_profile_vcpu *vcpu)
{
	/* A vCPU that was never entered has no events, and its count is that of the start. */
	int idle = !vcpu->exits && vcpu->where == TL_VCPU_UNKNOWN;
	struct tl_reconciliation r = {
		.seen = vcpu->exits,
		.has_kernel = vcpu->kernel.has_exits,
		.kernel = vcpu->kernel.exits,
		.has_last = vcpu->has_counts || idle,
		.last = vcpu->last_count - vcpu->start_count,
	};

	reconcile_classes(&r, vcpu);
	reconcile_finish(&r);
	return r;
}

struct tl_reconciliation tl_profile_reconcile(const struct tl_profile *profile)
{
	struct tl_reconciliation all = {.has_kernel = 1,
		.has_last = 1,
		.equal = 1,
		.has_classes = 1,
		.classes_add_up = 1,
		.classes_equal = 1};
	int any_counts = 0;
	uint64_t lost = 0;
	int equal = 1;

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		struct tl_reconciliation r = tl_profile_reconcile_vcpu(profile->vcpus[i]);

		all.seen += r.seen;
		all.kernel += r.kernel;
		all.last += r.last;
		all.has_kernel &= r.has_kernel;
		all.has_last &= r.has_last;
		all.has_classes &= r.has_classes;
		all.classes_add_up &= r.classes_add_up;
		all.classes_equal &= r.classes_equal;
		any_counts |= profile->vcpus[i]->has_counts;
		lost += r.lost;
		equal &= r.equal;
	}
	/* If no event carried a count, "0" would only mean that there were no events. */
	all.has_last &= any_counts;
	reconcile_finish(&all);
	/* A surplus of one vCPU must not cover up what another lost. */
	all.lost = lost;
	all.equal &= equal;
	/* Where nothing was to be seen, nothing was lost. */
	if (profile->no_events) {
		all.has_lost = all.has_last = all.equal = 0;
		all.lost = 0;
	}
	return all;
}
