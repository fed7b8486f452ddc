/* SPDX-License-Identifier: MIT */
/*
 * What the exits were for: a line for each kind, most frequent first, with who handled
 * it and where in the guest most of them came from.
 */
#include <inttypes.h>

#include "trace/decode/symbols.h"
#include "trace/report/group.h"
#include "trace/report/text_parts.h"

#define ROWS 15
/* Fewer in a row are none. */
#define BURST_MIN 8

const char *tl_text_address(
	char *buffer, size_t size, const struct tl_symbols *symbols, uint64_t address)
{
	uint64_t offset;
	const char *name = tl_symbols_find(symbols, address, &offset);

	if (name)
		snprintf(buffer, size, "%s+0x%" PRIx64, name, offset);
	else
		snprintf(buffer, size, "0x%" PRIx64, address);
	return buffer;
}

static const char *what(char *buffer, size_t size, const struct tl_profile *profile,
	const struct tl_profile_detail *row)
{
	return tl_group_what(buffer, size, profile, row->exit_class, row->detail);
}

/* The entry of `pcs`, which has most exits first, that is of the same kind as `row`. */
static const struct tl_profile_detail *most_of(
	const struct tl_details *pcs, const struct tl_profile_detail *row)
{
	for (size_t i = 0; i < pcs->count; i++) {
		const struct tl_profile_detail *pc = &pcs->list[i];

		if (pc->exit_class == row->exit_class && pc->detail == row->detail &&
			pc->handler == row->handler)
			return pc;
	}
	return row;
}

static void put_row(struct tl_text *t, const struct tl_profile *profile,
	const struct tl_profile_detail *row, const struct tl_details *pcs, uint64_t all)
{
	const struct tl_profile_detail *most = most_of(pcs, row);
	char text[96], total[32] = "-", average[32] = "-", place[96], line[48];

	if (row->time) {
		tl_text_duration(total, sizeof(total), row->time->sum);
		tl_text_duration(average, sizeof(average), tl_hist_average(row->time));
	}
	fprintf(t->out, "  %-40.40s %-6s %8" PRIu64 " %5.1f %% %9s %9s  %3.0f %% %.32s%s\n",
		what(text, sizeof(text), profile, row),
		row->handler == TL_HANDLER_USER ? "VMM" : "kernel", row->count,
		100.0 * (double)row->count / (double)all, total, average,
		100.0 * (double)most->count / (double)row->count,
		tl_text_address(place, sizeof(place), profile->symbols, most->pc),
		tl_group_line_short(line, sizeof(line), profile, most->pc));
}

static void put_burst(struct tl_text *t, const struct tl_profile *profile,
	const struct tl_profile_vcpu *vcpu, const struct tl_profile_burst *burst, const char *which)
{
	const struct tl_profile_detail row = {
		.exit_class = burst->exit_class, .detail = burst->detail};
	char text[96], place[96], ns[32];

	fprintf(t->out, "  vCPU %u, %s: %" PRIu64 " in a row, %s, %s, from %s on\n", vcpu->id,
		which, burst->count, what(text, sizeof(text), profile, &row),
		tl_text_duration(ns, sizeof(ns), burst->ns),
		tl_text_address(place, sizeof(place), profile->symbols, burst->pc));
}

/* The longest run of one kind on each vCPU, and the costliest where that is another. */
static void put_bursts(struct tl_text *t, const struct tl_profile *profile)
{
	int any = 0;

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		const struct tl_profile_vcpu *vcpu = profile->vcpus[i];

		if (vcpu->longest.count < BURST_MIN)
			continue;
		if (!any++)
			fprintf(t->out, "\n%sBursts%s\n", t->bold, t->plain);
		put_burst(t, profile, vcpu, &vcpu->longest, "longest");
		if (vcpu->costliest.count >= BURST_MIN && vcpu->costliest.pc != vcpu->longest.pc)
			put_burst(t, profile, vcpu, &vcpu->costliest, "costliest");
	}
}

void tl_text_details(struct tl_text *t, const struct tl_profile *profile)
{
	struct tl_details rows, pcs;
	uint64_t all = 0, shown = 0;

	if (!profile->details.count ||
		tl_details_sum(&profile->details, TL_BY_DETAIL | TL_BY_HANDLER, &rows))
		return;
	if (tl_details_sum(&profile->details, TL_BY_DETAIL | TL_BY_HANDLER | TL_BY_PC, &pcs)) {
		tl_details_fini(&rows);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		all += rows.list[i].count;
	fprintf(t->out, "\n%s%-42s %-6s %8s %7s %9s %9s  %s%s\n", t->bold, "What they were for",
		"by", "exits", "share", "total", "average", "mostly from", t->plain);
	for (size_t i = 0; i < rows.count && i < ROWS; i++) {
		put_row(t, profile, &rows.list[i], &pcs, all);
		shown += rows.list[i].count;
	}
	if (shown < all)
		fprintf(t->out, "  %zu more kinds %*" PRIu64 "\n", rows.count - ROWS, 42,
			all - shown);
	tl_details_fini(&rows);
	tl_details_fini(&pcs);
	put_bursts(t, profile);
}
