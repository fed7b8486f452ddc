/* SPDX-License-Identifier: MIT */
/*
 * The end of the text report: what is known of completeness.
 */
#include <inttypes.h>

#include "trace/report/text_parts.h"

static void put_count(struct tl_text *t, int known, uint64_t count)
{
	if (known)
		fprintf(t->out, " %14" PRIu64, count);
	else
		fprintf(t->out, " %14s", "-");
}

static void put_counts(struct tl_text *t, const char *name, const struct tl_reconciliation *r)
{
	fprintf(t->out, "  %-16s", name);
	put_count(t, r->has_kernel, r->kernel);
	put_count(t, r->has_last, r->last);
	put_count(t, 1, r->seen);
	fputs(r->lost ? t->bad : "", t->out);
	put_count(t, r->has_lost, r->lost);
	fprintf(t->out, "%s\n", r->lost ? t->plain : "");
}

/* Where the exits that are missing should have been. Times are from the first event on. */
static void put_gaps(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	struct tl_reconciliation r = tl_profile_reconcile_vcpu(vcpu);
	char from[32], to[32];

	for (unsigned int i = 0; i < tl_profile_gaps_kept(vcpu); i++) {
		const struct tl_profile_gap *gap = &vcpu->gaps[i];

		if (gap->from)
			fprintf(t->out,
				"    vCPU %u lost %" PRIu64 " exits between %s and %s after the "
				"first event\n",
				vcpu->id, gap->exits,
				tl_text_duration(from, sizeof(from), gap->from - profile->first_ts),
				tl_text_duration(to, sizeof(to), gap->to - profile->first_ts));
		else
			fprintf(t->out, "    vCPU %u lost its first %" PRIu64 "\n", vcpu->id,
				gap->exits);
	}
	if (vcpu->gap_count > TL_PROFILE_GAPS_MAX)
		fprintf(t->out, "    vCPU %u has %u more such gaps, each shorter\n", vcpu->id,
			vcpu->gap_count - TL_PROFILE_GAPS_MAX);
	if (r.has_kernel && r.has_last && r.kernel > r.last)
		fprintf(t->out, "    vCPU %u lost %" PRIu64 " exits after its last event\n",
			vcpu->id, r.kernel - r.last);
}

/* Without events there is only what KVM has counted, which it does in two ways. */
static void put_counted(struct tl_text *t, const struct tl_reconciliation *all)
{
	if (!all->has_kernel)
		fprintf(t->out, "\n  This kernel has no statistics of vCPUs (before Linux 5.14): "
				"nothing was counted.\n");
	else if (!all->has_classes)
		fprintf(t->out, "\n  This kernel does not count by class (it lacks the patches in "
				"kernel/).\n");
	else if (all->classes_add_up)
		fprintf(t->out, "\n  %sThe classes add up to KVM's count of all exits.%s\n",
			t->good, t->plain);
	else
		fprintf(t->out, "\n  %sThe classes do not add up to KVM's count of all exits.%s\n",
			t->bad, t->plain);
}

static void put_classes_verdict(struct tl_text *t, const struct tl_reconciliation *all)
{
	if (!all->has_classes)
		return;
	if (!all->classes_add_up)
		fprintf(t->out,
			"  %sKVM's counts by class do not add up to its count of all exits.%s\n",
			t->bad, t->plain);
	else if (all->classes_equal)
		fprintf(t->out, "  %sSo are KVM's own counts of each class.%s\n",
			all->equal ? t->good : "", all->equal ? t->plain : "");
	else if (!all->lost)
		fprintf(t->out, "  KVM's own counts by class differ: a trap that an SError came "
				"with counts as the SError there.\n");
}

static void put_verdict(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_reconciliation *all)
{
	if (all->equal)
		fprintf(t->out, "  %sAll three are equal: every exit is in this profile.%s\n",
			t->good, t->plain);
	else if (all->lost)
		fprintf(t->out, "  %sMissing from the tables above: %" PRIu64 " exit%s.%s\n",
			t->bad, all->lost, tl_text_plural(all->lost), t->plain);
	else if (!all->has_lost)
		fprintf(t->out, "  Neither a count in the events nor KVM's statistics: whether "
				"exits are missing cannot be known.\n");
	else if (all->has_kernel && !all->has_last && all->kernel == all->seen)
		fprintf(t->out,
			"  %sBoth known counts are equal: every exit is in this "
			"profile.%s\n",
			t->good, t->plain);
	else if (all->has_last && !all->has_kernel && all->last == all->seen)
		fprintf(t->out, "  No exit is missing up to the last event; KVM's statistics are "
				"not there to tell what came after it.\n");
	else
		fprintf(t->out,
			"  %sThe counts contradict each other: more exits were seen than "
			"were counted.%s\n",
			t->bad, t->plain);
	put_classes_verdict(t, all);
	if (!profile->patched)
		fprintf(t->out, "  This kernel's events carry no exit count (it lacks the patches "
				"in kernel/): where\n  something is missing cannot be told.\n");
}

static void put_remarks(struct tl_text *t, const struct tl_profile *profile)
{
	uint64_t untimed = 0, open = 0, disorder = 0;

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		const struct tl_profile_vcpu *vcpu = profile->vcpus[i];

		put_gaps(t, profile, vcpu);
		disorder += vcpu->disorder;
		open += vcpu->where == TL_VCPU_HOST;
		for (unsigned int c = 0; c < TL_CLASS_COUNT; c++)
			untimed += vcpu->classes[c].untimed;
	}
	if (profile->ring_lost || profile->gaps_unsized)
		fprintf(t->out,
			"  The kernel dropped %" PRIu64 " events%s: its trace buffers were "
			"full.\n",
			profile->ring_lost, profile->gaps_unsized ? " or more" : "");
	if (disorder)
		fprintf(t->out, "  %" PRIu64 " events came out of order.\n", disorder);
	if (profile->strangers)
		fprintf(t->out, "  %" PRIu64 " events were of no vCPU of this VM.\n",
			profile->strangers);
	if (untimed)
		fprintf(t->out,
			"  %" PRIu64 " exit%s without a time, because an event next to them "
			"is missing%s.\n",
			untimed, tl_text_plural(untimed),
			profile->failed ? " or memory ran out" : "");
	if (open)
		fprintf(t->out,
			"  Not timed: the last exit of %" PRIu64 " vCPU%s, which no entry "
			"follows.\n",
			open, tl_text_plural(open));
}

void tl_text_verdict(struct tl_text *t, const struct tl_profile *profile)
{
	struct tl_reconciliation all = tl_profile_reconcile(profile);

	if (profile->no_events) {
		put_counted(t, &all);
		return;
	}
	put_verdict(t, profile, &all);
	put_remarks(t, profile);
}

void tl_text_proof(struct tl_text *t, const struct tl_profile *profile)
{
	struct tl_reconciliation all = tl_profile_reconcile(profile);

	if (profile->no_events) {
		tl_text_verdict(t, profile);
		return;
	}
	fprintf(t->out, "\n%s%-18s %14s %14s %14s %14s%s\n", t->bold, "Reconciliation",
		"KVM statistics", "last count", "exits seen", "lost", t->plain);
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		struct tl_reconciliation one = tl_profile_reconcile_vcpu(profile->vcpus[i]);
		char name[24];

		snprintf(name, sizeof(name), "vCPU %u", profile->vcpus[i]->id);
		put_counts(t, name, &one);
	}
	if (profile->vcpu_count > 1)
		put_counts(t, "all", &all);
	tl_text_verdict(t, profile);
}
