/* SPDX-License-Identifier: MIT */
/*
 * A comparison as text: the whole, the kinds of exits that differ, and the budget.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trace/report/diff.h"
#include "trace/report/text_parts.h"

#define NAME_WIDTH 40

static void put_figure(FILE *out, const struct tl_diff_report *report, enum tl_figure i)
{
	const struct tl_diff_figure *figure = &report->diff->figures[i];
	const struct tl_diff_value *value = &figure->value;
	bool is_time = tl_figure_is_time(i);
	/* The run time is not divided by itself, nor a whole by its total. */
	bool plain = report->diff->config.per == TL_DIFF_PER_TOTAL || i == TL_FIGURE_RUN ||
		     i == TL_FIGURE_VCPUS;
	enum tl_diff_per per = plain ? TL_DIFF_PER_NONE : report->diff->config.per;
	char a[32] = "-", b[32] = "-", change[32] = "";

	if (!figure->in_a && !figure->in_b)
		return;
	if (figure->in_a)
		tl_diff_number(a, sizeof(a), value->a, per, is_time, false);
	if (figure->in_b)
		tl_diff_number(b, sizeof(b), value->b, per, is_time, false);
	if (figure->in_a && figure->in_b && value->differs)
		tl_diff_number(change, sizeof(change), value->b - value->a, per, is_time, true);
	fprintf(out, "  %-*s %10s %10s", NAME_WIDTH, tl_figure_text(i), a, b);
	if (*change)
		fprintf(out, " %10s", change);
	if (*change && value->a > 0)
		fprintf(out, " %+8.1f %%", 100 * (value->b / value->a - 1));
	fputc('\n', out);
}

static void put_value(FILE *out, const struct tl_diff *diff, const struct tl_diff_row *row,
	const struct tl_diff_value *value, bool is_time)
{
	char a[32] = "-", b[32] = "-", change[32] = "";

	if (row->a && (!is_time || diff->a.has_times))
		tl_diff_number(a, sizeof(a), value->a, diff->config.per, is_time, false);
	if (row->b && (!is_time || diff->b.has_times))
		tl_diff_number(b, sizeof(b), value->b, diff->config.per, is_time, false);
	if (value->differs)
		tl_diff_number(change, sizeof(change), value->b - value->a, diff->config.per,
			is_time, true);
	fprintf(out, " %9s %9s %10s", a, b, change);
}

static void put_row(FILE *out, const struct tl_diff *diff, const struct tl_diff_row *row)
{
	const struct tl_summary_row *name = tl_diff_row_name(row);

	fprintf(out, "  %-*.*s %-6s", NAME_WIDTH, NAME_WIDTH, name->what, name->by);
	put_value(out, diff, row, &row->exits, false);
	if (diff->a.has_times || diff->b.has_times)
		put_value(out, diff, row, &row->ns, true);
	fputs(!row->a ? "  new\n" : !row->b ? "  gone\n" : "\n", out);
}

/* The kinds that differ, or the classes. */
static void put_rows(FILE *out, const struct tl_diff_report *report)
{
	const struct tl_diff *diff = report->diff;
	const char *kind = diff->config.by_class ? "class" : "kind";
	size_t shown = report->rows && report->rows < diff->changed ? report->rows : diff->changed;
	bool classes = diff->config.by_class;
	const char *plural = classes ? "classes" : "kinds";

	if (!diff->changed) {
		fprintf(out, "\nNo difference: %zu %s of exits, the same %s.\n", diff->count,
			diff->count == 1 ? kind : plural,
			diff->a.has_times && diff->b.has_times ? "counts and times" : "counts");
		return;
	}
	fprintf(out, "\nOf %zu %s of exits %zu differ%s", diff->count,
		diff->count == 1 ? kind : plural, diff->changed, diff->changed == 1 ? "s" : "");
	if (diff->recounted < diff->changed)
		fprintf(out, ", %zu of them only in time", diff->changed - diff->recounted);
	fprintf(out, "; %zu new, %zu gone\n", diff->appeared, diff->vanished);
	fprintf(out, "  %-*s %-6s %9s %9s %10s", NAME_WIDTH, kind, classes ? "" : "by", "A", "B",
		tl_diff_unit(diff->config.per, false));
	if (diff->a.has_times || diff->b.has_times)
		fprintf(out, " %9s %9s %10s", "A", "B", tl_diff_unit(diff->config.per, true));
	fputc('\n', out);
	for (size_t i = 0; i < shown; i++)
		put_row(out, diff, &diff->rows[i]);
	if (shown < diff->changed)
		fprintf(out, "  %zu more, with smaller differences; --all shows them\n",
			diff->changed - shown);
}

static void put_line(FILE *out, const struct tl_budget *budget, const struct tl_budget_line *line)
{
	char value[40], allowed[40], number[32];

	tl_diff_limit(value, sizeof(value), line, line->value);
	tl_diff_limit(allowed, sizeof(allowed), line, line->allowed);
	if (line->verdict == TL_BUDGET_UNKNOWN) {
		fprintf(out, "  %s:%u: %s: not known of B\n", budget->path, line->number,
			line->text);
		return;
	}
	fprintf(out, "  %s:%u: %s: it is %s", budget->path, line->number, line->text, value);
	if (line->above_a)
		fprintf(out, ", allowed are %s", allowed);
	if (line->most.what[0] && line->measure == TL_BUDGET_COUNT)
		fprintf(out, "; most: %s, %" PRIu64, line->most.what, line->most.exits);
	else if (line->most.what[0])
		fprintf(out, "; most: %s, %" PRIu64 " in %s", line->most.what, line->most.exits,
			tl_text_duration(number, sizeof(number), line->most.ns));
	fputc('\n', out);
}

static void put_budget(FILE *out, const struct tl_diff_report *report)
{
	const struct tl_budget *budget = report->budget;

	if (report->diff)
		fputc('\n', out);
	if (!budget->exceeded) {
		fprintf(out, "Budget %s: %s keeps all %zu limits.\n", budget->path, report->path_b,
			budget->count);
		return;
	}
	fprintf(out, "Budget %s: %s does not keep %zu of %zu limits\n", budget->path,
		report->path_b, budget->exceeded, budget->count);
	for (size_t i = 0; i < budget->count; i++) {
		if (budget->lines[i].verdict != TL_BUDGET_KEPT)
			put_line(out, budget, &budget->lines[i]);
	}
}

int tl_diff_text(FILE *out, const struct tl_diff_report *report)
{
	const struct tl_diff *diff = report->diff;

	if (diff) {
		fprintf(out, "A  %s\nB  %s\n\n", report->path_a, report->path_b);
		fprintf(out, "  %-*s %10s %10s %10s\n", NAME_WIDTH,
			diff->config.per == TL_DIFF_PER_SECOND ? "for each second of run time" : "",
			"A", "B", "change");
		for (unsigned int i = 0; i < TL_FIGURES; i++)
			put_figure(out, report, i);
		put_rows(out, report);
	}
	if (report->budget)
		put_budget(out, report);
	return fflush(out) || ferror(out) ? (errno ? -errno : -EIO) : 0;
}
