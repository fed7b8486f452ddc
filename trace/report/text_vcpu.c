/* SPDX-License-Identifier: MIT */
/*
 * The tables of one vCPU. Idle (WFx) exits have rows of their own below the sum:
 * the time between such an exit and the next entry is mostly the guest having
 * nothing to do, and would hide what handling costs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/text_parts.h"

/* The widest that a line may be, where it has no columns of its own (text.h). */
#define COLUMNS 110

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void put_times(struct tl_text *t, const struct tl_hist *time)
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
		fprintf(t->out, " %9s", tl_text_duration(text, sizeof(text), values[i]));
	fputc('\n', t->out);
}

static void put_row(struct tl_text *t, const struct tl_profile *profile, const char *name,
	const char *what, uint64_t count, uint64_t all, const struct tl_hist *time)
{
	fprintf(t->out, "  %-11s %-27s %9" PRIu64 " %5.1f %%", name, what, count,
		share(count, all));
	if (profile->no_events)
		fputc('\n', t->out);
	else
		put_times(t, time);
}

struct row {
	unsigned int exit_class;
	uint64_t count;
};

static int more_exits(const void *a, const void *b)
{
	const struct row *one = a, *two = b;

	if (one->count != two->count)
		return one->count < two->count ? 1 : -1;
	return one->exit_class < two->exit_class ? -1 : one->exit_class > two->exit_class;
}

/* The classes that there were but WFx, most exits first; returns how many. */
static unsigned int fill_rows(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	struct row rows[TL_CLASS_COUNT], struct row *sum, struct tl_hist *time)
{
	unsigned int n = 0;

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		uint64_t count = tl_profile_class_count(profile, vcpu, c);

		if (c == TL_CLASS_WFX || !count)
			continue;
		rows[n++] = (struct row){c, count};
		sum->count += count;
		if (vcpu->classes[c].time)
			tl_hist_merge(time, vcpu->classes[c].time);
	}
	qsort(rows, n, sizeof(rows[0]), more_exits);
	return n;
}

static void put_class_table(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	uint64_t idle = tl_profile_class_count(profile, vcpu, TL_CLASS_WFX);
	uint64_t all = tl_profile_exits(profile, vcpu);
	struct row rows[TL_CLASS_COUNT], sum = {0};
	struct tl_hist time = {0};
	unsigned int n = fill_rows(profile, vcpu, rows, &sum, &time);

	fprintf(t->out, "  %s%-11s %-27s %9s %7s", t->bold, "class", "what it is", "exits",
		"share");
	if (!profile->no_events)
		fprintf(t->out, " %9s %9s %9s %9s %9s", "total", "average", "p50", "p99", "max");
	fprintf(t->out, "%s\n", t->plain);
	for (unsigned int i = 0; i < n; i++)
		put_row(t, profile, tl_esr_class_name(rows[i].exit_class),
			tl_esr_class_text(rows[i].exit_class), rows[i].count, all,
			vcpu->classes[rows[i].exit_class].time);
	if (n > 1)
		put_row(t, profile, "sum", "", sum.count, all, &time);
	if (idle)
		put_row(t, profile, tl_esr_class_name(TL_CLASS_WFX), "idle, not in the sum", idle,
			all, vcpu->classes[TL_CLASS_WFX].time);
	tl_hist_fini(&time);
}

/* Words that go on with a line, or with the next one where they do not fit. */
static void put_words(struct tl_text *t, unsigned int *column, const char *words)
{
	unsigned int length = (unsigned int)strlen(words);

	if (*column + length > COLUMNS) {
		fputs("\n   ", t->out);
		*column = 3;
	}
	fputs(words, t->out);
	*column += length;
}

static void put_fixup_classes(struct tl_text *t, const struct tl_kernel_counts *kernel,
	uint64_t all, unsigned int *column)
{
	char words[80];

	snprintf(words, sizeof(words), " EL2 handled %" PRIu64 " by itself:", all);
	put_words(t, column, words);
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++) {
		if (!kernel->fixups[i])
			continue;
		all -= kernel->fixups[i];
		snprintf(words, sizeof(words), " %s %" PRIu64 "%s",
			i == TL_FIXUP_WITHHELD ? "not told" : tl_esr_class_name(TL_CLASS_EC + i),
			kernel->fixups[i],
			all               ? ","
			: kernel->not_run ? ";"
					  : "");
		put_words(t, column, words);
	}
}

/* What never came to the kernel, and so is no exit in the table above. */
static void put_fixups(struct tl_text *t, const struct tl_kernel_counts *kernel)
{
	uint64_t all = tl_kernel_counts_fixups(kernel);
	unsigned int column = (unsigned int)strlen("  Besides,");
	char words[80];

	if (!all && !kernel->not_run)
		return;
	fprintf(t->out, "  %sBesides,%s", t->bold, t->plain);
	if (all)
		put_fixup_classes(t, kernel, all, &column);
	if (kernel->not_run) {
		snprintf(words, sizeof(words), " %" PRIu64 " entr%s before the guest ran",
			kernel->not_run, kernel->not_run == 1 ? "y ended" : "ies ended");
		put_words(t, &column, words);
	}
	fputc('\n', t->out);
}

/* The last bucket of a histogram has no end. */
static void put_limit(struct tl_text *t, uint64_t ns)
{
	char text[32];

	if (ns == UINT64_MAX)
		fprintf(t->out, " %9s", "> 1 s");
	else
		fprintf(t->out, " %9s", tl_text_duration(text, sizeof(text), ns));
}

static void put_kernel_times(struct tl_text *t, const struct tl_kernel_counts *kernel)
{
	int any = 0;

	for (unsigned int i = 0; i < kernel->time_count; i++) {
		const struct tl_kernel_times *times = &kernel->times[i];
		uint64_t count = tl_kernel_times_count(times);

		if (!count)
			continue;
		if (!any)
			fprintf(t->out, "  %s%-39s %9s %9s %9s%s\n", t->bold,
				"handling time, by KVM: at most", "exits", "p50", "p99", t->plain);
		any = 1;
		fprintf(t->out, "  %-39s %9" PRIu64, times->name, count);
		put_limit(t, tl_kernel_times_percentile(times, 50));
		put_limit(t, tl_kernel_times_percentile(times, 99));
		fputc('\n', t->out);
	}
}

/* ns that the vCPU was away from its guest, waiting in WFx or not. */
static uint64_t away_ns(const struct tl_profile_vcpu *vcpu, int waiting)
{
	uint64_t ns = 0;

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if ((c == TL_CLASS_WFX) == waiting && vcpu->classes[c].time)
			ns += vcpu->classes[c].time->sum;
	}
	return ns;
}

/* What its thread waited for while it was idle. */
static void idle_waits(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	uint64_t *slept, uint64_t *delayed)
{
	*slept = *delayed = 0;
	for (size_t i = 0; i < profile->details.count; i++) {
		const struct tl_profile_detail *detail = &profile->details.list[i];

		if (detail->vcpu == vcpu->id && detail->exit_class == TL_CLASS_WFX) {
			*slept += detail->slept;
			*delayed += detail->delayed;
		}
	}
}

/* Where the time went. Waiting for a CPU is neither handling nor idle. */
static void put_shares(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	uint64_t handled = away_ns(vcpu, 0), idle = away_ns(vcpu, 1);
	uint64_t all = vcpu->guest_ns + handled + idle, slept, delayed;

	fprintf(t->out, ", %" PRIu64 " to user space", vcpu->userspace_exits);
	if (vcpu->interrupted)
		fprintf(t->out, ", %" PRIu64 " signal%s", vcpu->interrupted,
			tl_text_plural(vcpu->interrupted));
	if (!all)
		return;
	idle_waits(profile, vcpu, &slept, &delayed);
	if (vcpu->has_switches && delayed <= idle && delayed <= vcpu->delayed_ns &&
		vcpu->delayed_ns - delayed <= handled) {
		idle -= delayed;
		handled -= vcpu->delayed_ns - delayed;
	}
	fprintf(t->out, "; in the guest %.1f %%, handling exits %.1f %%, idle %.1f %%",
		share(vcpu->guest_ns, all), share(handled, all), share(idle, all));
	if (all > vcpu->guest_ns + handled + idle)
		fprintf(t->out, ", without a CPU %.1f %%",
			share(all - vcpu->guest_ns - handled - idle, all));
}

/* Whether idle time was sleep: if not, it cost the host a CPU. */
static void put_sleep(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	uint64_t idle = away_ns(vcpu, 1), slept, delayed;
	char text[32], rest[32];

	idle_waits(profile, vcpu, &slept, &delayed);
	if (!idle || !vcpu->has_switches || slept + delayed > idle)
		return;
	fprintf(t->out, "  While idle it slept %s, and KVM polled for work for %s\n",
		tl_text_duration(text, sizeof(text), slept),
		tl_text_duration(rest, sizeof(rest), idle - slept - delayed));
}

/* Why there is nothing to be shown of a vCPU. */
static const char *nothing_of(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	if (profile->no_events && !vcpu->kernel.has_exits)
		return "its exits were not counted";
	if (vcpu->kernel.exits)
		return "none of its exits was seen";
	return "never left its guest, or was never started";
}

void tl_text_vcpu(
	struct tl_text *t, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	uint64_t exits = tl_profile_exits(profile, vcpu);

	fprintf(t->out, "\n%svCPU %u%s", t->bold, vcpu->id, t->plain);
	if (!exits) {
		fprintf(t->out, "  %s\n", nothing_of(profile, vcpu));
		return;
	}
	fprintf(t->out, "  %" PRIu64 " exit%s", exits, tl_text_plural(exits));
	if (!profile->no_events)
		put_shares(t, profile, vcpu);
	fprintf(t->out, "\n");
	if (!profile->no_events || vcpu->kernel.has_classes)
		put_class_table(t, profile, vcpu);
	put_sleep(t, profile, vcpu);
	put_fixups(t, &vcpu->kernel);
	put_kernel_times(t, &vcpu->kernel);
}
