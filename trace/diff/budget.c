/* SPDX-License-Identifier: MIT */
/*
 * Adds up what a line speaks of, and compares. What a profile does not tell is no reason to
 * let it pass.
 */
#include "trace/diff/budget.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/log.h"

/* What a line speaks of, in one summary. */
struct sum {
	bool known;
	uint64_t exits, timed, ns;
	const struct tl_summary_row *most;
};

static bool fits(const struct tl_budget_line *line, const struct tl_summary_row *row)
{
	const char *name = line->subject == TL_BUDGET_CLASS ? row->exit_class : row->what;

	if (line->subject == TL_BUDGET_USER && strcmp(row->by, "VMM") != 0)
		return false;
	return !fnmatch(line->pattern, name, 0);
}

static bool is_new(const struct tl_summary *a, const struct tl_summary_row *row)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!tl_summary_row_compare(&a->rows[i], row))
			return false;
	}
	return true;
}

static struct sum sum_of_figure(const struct tl_budget_line *line, const struct tl_summary *of)
{
	const struct tl_figure_value *figure = &of->figures[line->figure];
	bool is_time = tl_figure_is_time(line->figure);

	return (struct sum){.known = figure->known,
		.exits = is_time ? 0 : figure->value,
		.ns = is_time ? figure->value : 0};
}

static struct sum sum_of_rows(const struct tl_budget_line *line, const struct tl_summary *of)
{
	bool by_time = line->measure == TL_BUDGET_NS || line->measure == TL_BUDGET_AVERAGE;
	struct sum sum = {.known = by_time ? of->has_times : true};

	if (line->subject != TL_BUDGET_CLASS && !of->has_details)
		sum.known = false;
	for (size_t i = 0; i < of->count; i++) {
		const struct tl_summary_row *row = &of->rows[i];

		if (!fits(line, row))
			continue;
		sum.exits += row->exits;
		sum.timed += row->timed;
		sum.ns += row->ns;
		if (!sum.most || (by_time ? row->ns > sum.most->ns : row->exits > sum.most->exits))
			sum.most = row;
	}
	return sum;
}

/* Kinds, not exits. */
static struct sum sum_of_new(const struct tl_summary *a, const struct tl_summary *b)
{
	struct sum sum = {.known = a->has_details && b->has_details};

	for (size_t i = 0; i < b->count; i++) {
		const struct tl_summary_row *row = &b->rows[i];

		if (!is_new(a, row))
			continue;
		sum.exits++;
		if (!sum.most || row->exits > sum.most->exits)
			sum.most = row;
	}
	return sum;
}

/* What is compared with the limit; false: it is not known. */
static bool measure(const struct tl_budget_line *line, const struct tl_summary *of,
	const struct sum *sum, double *value)
{
	const struct tl_figure_value *run = &of->figures[TL_FIGURE_RUN];

	switch (line->measure) {
	case TL_BUDGET_RATE:
		*value = run->value ? (double)sum->exits / ((double)run->value / 1e9) : 0;
		return sum->known && run->known && run->value;
	case TL_BUDGET_NS:
		*value = (double)sum->ns;
		break;
	case TL_BUDGET_AVERAGE:
		*value = sum->timed ? (double)sum->ns / (double)sum->timed : 0;
		break;
	default:
		*value = (double)sum->exits;
		break;
	}
	return sum->known;
}

static struct sum sum_of(const struct tl_budget_line *line, const struct tl_summary *of)
{
	return line->subject == TL_BUDGET_FIGURE ? sum_of_figure(line, of) : sum_of_rows(line, of);
}

static void check_line(
	struct tl_budget_line *line, const struct tl_summary *a, const struct tl_summary *b)
{
	struct sum sum = line->subject == TL_BUDGET_NEW ? sum_of_new(a, b) : sum_of(line, b);
	bool known = measure(line, b, &sum, &line->value);
	double before = 0;

	line->most = sum.most ? *sum.most : (struct tl_summary_row){0};
	if (line->above_a) {
		struct sum sum_a = sum_of(line, a);

		known = measure(line, a, &sum_a, &before) && known;
	}
	line->allowed = line->percent ? before * (1 + line->limit / 100) : before + line->limit;
	line->verdict = !known                        ? TL_BUDGET_UNKNOWN
			: line->value > line->allowed ? TL_BUDGET_EXCEEDED
						      : TL_BUDGET_KEPT;
}

int tl_budget_check(
	struct tl_budget *budget, const struct tl_summary *a, const struct tl_summary *b)
{
	budget->exceeded = 0;
	for (size_t i = 0; i < budget->count; i++) {
		struct tl_budget_line *line = &budget->lines[i];

		if (!a && (line->above_a || line->subject == TL_BUDGET_NEW)) {
			tl_log_error("%s:%u: '%s' is beside another profile, and there is none: "
				     "trapline diff --budget FILE A B",
				budget->path, line->number, line->text);
			return -EINVAL;
		}
		check_line(line, a, b);
		budget->exceeded += line->verdict != TL_BUDGET_KEPT;
	}
	return 0;
}
