/* SPDX-License-Identifier: MIT */
/*
 * Text report. Idle (WFx) exits have rows of their own below the sum: the time
 * between such an exit and the next entry is mostly the guest having nothing to
 * do, and would hide what handling costs.
 */
#include "trace/report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text {
	FILE *out;
	const char *bold, *good, *bad, *plain;
};

/* A duration in at most 9 characters: three digits and a unit. */
static const char *duration(char *buffer, size_t size, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};

	for (unsigned int i = 0; i < 3; i++) {
		double value = (double)ns / (double)units[i].ns;

		/* Rounded as it will be shown, so that 999.96 us is 1.00 ms. */
		if (value < 0.9995)
			continue;
		snprintf(buffer, size, "%.*f %s",
			value < 9.995   ? 2
			: value < 99.95 ? 1
					: 0,
			value, units[i].unit);
		return buffer;
	}
	snprintf(buffer, size, "%" PRIu64 " ns", ns);
	return buffer;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void put_times(struct text *t, const struct tl_hist *time)
{
	char text[32];
	uint64_t values[5];

	if (!time || !time->count) {
		fprintf(t->out, " %9s %9s %9s %9s %9s\n", "-", "-", "-", "-", "-");
		return;
	}
	values[0] = time->sum;
	values[1] = tl_hist_average(time);
	values[2] = tl_hist_percentile(time, 50);
	values[3] = tl_hist_percentile(time, 99);
	values[4] = time->max;
	for (unsigned int i = 0; i < 5; i++)
		fprintf(t->out, " %9s", duration(text, sizeof(text), values[i]));
	fputc('\n', t->out);
}

static void put_row(struct text *t, const char *name, const char *what, uint64_t count,
	uint64_t all, const struct tl_hist *time)
{
	fprintf(t->out, "  %-11s %-27s %9" PRIu64 " %5.1f %%", name, what, count,
		share(count, all));
	put_times(t, time);
}

static int more_exits(const void *a, const void *b)
{
	const struct tl_profile_class *const *one = a, *const *two = b;

	if ((*one)->count != (*two)->count)
		return (*one)->count < (*two)->count ? 1 : -1;
	return *one < *two ? -1 : *one > *two;
}

/* The sum of all classes but WFx, and its time. */
static uint64_t sum_handled(const struct tl_profile_vcpu *vcpu, struct tl_hist *sum)
{
	uint64_t count = 0;

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (c == TL_CLASS_WFX)
			continue;
		count += vcpu->classes[c].count;
		if (sum && vcpu->classes[c].time)
			tl_hist_merge(sum, vcpu->classes[c].time);
	}
	return count;
}

static void put_vcpu_table(struct text *t, const struct tl_profile_vcpu *vcpu)
{
	const struct tl_profile_class *idle = &vcpu->classes[TL_CLASS_WFX];
	const struct tl_profile_class *rows[TL_CLASS_COUNT];
	struct tl_hist sum = {0};
	uint64_t handled = sum_handled(vcpu, &sum);
	unsigned int n = 0;

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (c != TL_CLASS_WFX && vcpu->classes[c].count)
			rows[n++] = &vcpu->classes[c];
	}
	qsort(rows, n, sizeof(rows[0]), more_exits);
	fprintf(t->out, "  %s%-11s %-27s %9s %7s %9s %9s %9s %9s %9s%s\n", t->bold, "class",
		"what it is", "exits", "share", "total", "average", "p50", "p99", "max", t->plain);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int c = (unsigned int)(rows[i] - vcpu->classes);

		put_row(t, tl_esr_class_name(c), tl_esr_class_text(c), rows[i]->count, vcpu->exits,
			rows[i]->time);
	}
	if (n > 1)
		put_row(t, "sum", "", handled, vcpu->exits, &sum);
	if (idle->count)
		put_row(t, tl_esr_class_name(TL_CLASS_WFX), "idle, not in the sum", idle->count,
			vcpu->exits, idle->time);
}

static void put_vcpu(struct text *t, const struct tl_profile_vcpu *vcpu)
{
	const struct tl_hist *idle = vcpu->classes[TL_CLASS_WFX].time;
	uint64_t idle_ns = idle ? idle->sum : 0, handled_ns = 0, all_ns;

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (c != TL_CLASS_WFX && vcpu->classes[c].time)
			handled_ns += vcpu->classes[c].time->sum;
	}
	all_ns = vcpu->guest_ns + handled_ns + idle_ns;
	fprintf(t->out, "\n%svCPU %u%s", t->bold, vcpu->id, t->plain);
	if (!vcpu->exits) {
		fprintf(t->out, "  never left its guest, or was never started\n");
		return;
	}
	fprintf(t->out, "  %" PRIu64 " exit%s, %" PRIu64 " to user space", vcpu->exits,
		plural(vcpu->exits), vcpu->userspace_exits);
	if (vcpu->interrupted)
		fprintf(t->out, ", %" PRIu64 " signal%s", vcpu->interrupted,
			plural(vcpu->interrupted));
	if (all_ns)
		fprintf(t->out, "; in the guest %.1f %%, handling exits %.1f %%, idle %.1f %%",
			share(vcpu->guest_ns, all_ns), share(handled_ns, all_ns),
			share(idle_ns, all_ns));
	fprintf(t->out, "\n");
	put_vcpu_table(t, vcpu);
}

static void put_count(struct text *t, int known, uint64_t count)
{
	if (known)
		fprintf(t->out, " %14" PRIu64, count);
	else
		fprintf(t->out, " %14s", "-");
}

static void put_counts(struct text *t, const char *name, const struct tl_reconciliation *r)
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
	struct text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	struct tl_reconciliation r = tl_profile_reconcile_vcpu(vcpu);
	char from[32], to[32];

	for (unsigned int i = 0; i < vcpu->gap_count && i < TL_PROFILE_GAPS_MAX; i++) {
		const struct tl_profile_gap *gap = &vcpu->gaps[i];

		if (gap->from)
			fprintf(t->out,
				"    vCPU %u lost %" PRIu64 " exits between %s and %s after the "
				"first event\n",
				vcpu->id, gap->exits,
				duration(from, sizeof(from), gap->from - profile->first_ts),
				duration(to, sizeof(to), gap->to - profile->first_ts));
		else
			fprintf(t->out, "    vCPU %u lost its first %" PRIu64 "\n", vcpu->id,
				gap->exits);
	}
	if (vcpu->gap_count > TL_PROFILE_GAPS_MAX)
		fprintf(t->out, "    vCPU %u has %u more such gaps\n", vcpu->id,
			vcpu->gap_count - TL_PROFILE_GAPS_MAX);
	if (r.has_kernel && r.has_last && r.kernel > r.last)
		fprintf(t->out, "    vCPU %u lost %" PRIu64 " exits after its last event\n",
			vcpu->id, r.kernel - r.last);
}

static void put_verdict(
	struct text *t, const struct tl_profile *profile, const struct tl_reconciliation *all)
{
	if (all->equal)
		fprintf(t->out, "  %sAll three are equal: every exit is in this profile.%s\n",
			t->good, t->plain);
	else if (all->lost)
		fprintf(t->out, "  %sMissing from the tables above: %" PRIu64 " exit%s.%s\n",
			t->bad, all->lost, plural(all->lost), t->plain);
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
	if (!profile->patched)
		fprintf(t->out, "  This kernel's events carry no exit count (it lacks the patches "
				"in kernel/): where\n  something is missing cannot be told.\n");
}

static void put_remarks(struct text *t, const struct tl_profile *profile)
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
			untimed, plural(untimed), profile->failed ? " or memory ran out" : "");
	if (open)
		fprintf(t->out,
			"  Not timed: the last exit of %" PRIu64 " vCPU%s, which no entry "
			"follows.\n",
			open, plural(open));
}

static void put_reconciliation(struct text *t, const struct tl_profile *profile)
{
	struct tl_reconciliation all = tl_profile_reconcile(profile);

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
	put_verdict(t, profile, &all);
	put_remarks(t, profile);
}

int tl_report_text(FILE *out, const struct tl_profile *profile)
{
	const char *no_color = getenv("NO_COLOR");
	int color = isatty(fileno(out)) && !(no_color && no_color[0]);
	struct text t = {
		.out = out,
		.bold = color ? "\033[1m" : "",
		.good = color ? "\033[32m" : "",
		.bad = color ? "\033[31m" : "",
		.plain = color ? "\033[0m" : "",
	};
	uint64_t exits = 0, user = 0;
	char length[32];

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		exits += profile->vcpus[i]->exits;
		user += profile->vcpus[i]->userspace_exits;
	}
	fprintf(out,
		"%sTrap profile%s of process %d: %u vCPU%s, %s, %" PRIu64 " exits, %" PRIu64
		" of them to user space\n",
		t.bold, t.plain, (int)profile->pid, profile->vcpu_count,
		plural(profile->vcpu_count),
		duration(length, sizeof(length), profile->last_ts - profile->first_ts), exits,
		user);
	for (unsigned int i = 0; i < profile->vcpu_count; i++)
		put_vcpu(&t, profile->vcpus[i]);
	put_reconciliation(&t, profile);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
