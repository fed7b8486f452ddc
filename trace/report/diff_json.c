/* SPDX-License-Identifier: MIT */
/*
 * A comparison for programs; docs/diff-schema.md describes the members. What is not known, or
 * not there, is null.
 */
#include <jansson.h>

#include "trace/report/diff.h"
#include "trace/report/json_parts.h"

static const char *per_name(enum tl_diff_per per)
{
	static const char *const names[] = {[TL_DIFF_PER_NONE] = "none",
		[TL_DIFF_PER_SECOND] = "second",
		[TL_DIFF_PER_TOTAL] = "total"};

	return names[per];
}

/* A file's name or line need not be UTF-8. */
static json_t *text_of(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_string("?");
}

static json_t *real_or_null(bool known, double value)
{
	return known ? json_real(value) : json_null();
}

static json_t *figures_object(const struct tl_diff *diff)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < TL_FIGURES; i++) {
		const struct tl_diff_figure *figure = &diff->figures[i];

		json_object_set_new(object, tl_figure_name(i),
			json_pack("{so so}", "a", real_or_null(figure->in_a, figure->value.a), "b",
				real_or_null(figure->in_b, figure->value.b)));
	}
	return object;
}

static json_t *side_object(const struct tl_summary_row *row, double exits, double ns)
{
	if (!row)
		return json_null();
	return json_pack("{so so so sf sf}", "exits", tl_json_number(row->exits), "timed",
		tl_json_number(row->timed), "ns", tl_json_number(row->ns), "exits_per", exits,
		"ns_per", ns);
}

static json_t *rows_array(const struct tl_diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->count; i++) {
		const struct tl_diff_row *row = &diff->rows[i];
		const struct tl_summary_row *name = tl_diff_row_name(row);

		json_array_append_new(array,
			json_pack("{ss ss so sb so so}", "class", name->exit_class, "what",
				name->what, "handler",
				name->by[0] ? json_string(name->by[0] == 'V' ? "user" : "kernel")
					    : json_null(),
				"differs", row->exits.differs || row->ns.differs, "a",
				side_object(row->a, row->exits.a, row->ns.a), "b",
				side_object(row->b, row->exits.b, row->ns.b)));
	}
	return array;
}

static json_t *budget_object(const struct tl_budget *budget)
{
	static const char *const verdicts[] = {[TL_BUDGET_KEPT] = "kept",
		[TL_BUDGET_EXCEEDED] = "exceeded",
		[TL_BUDGET_UNKNOWN] = "unknown"};
	static const char *const units[] = {[TL_BUDGET_COUNT] = "count",
		[TL_BUDGET_RATE] = "exits/s",
		[TL_BUDGET_NS] = "ns",
		[TL_BUDGET_AVERAGE] = "ns/exit"};
	json_t *lines = json_array();

	for (size_t i = 0; i < budget->count; i++) {
		const struct tl_budget_line *line = &budget->lines[i];
		bool known = line->verdict != TL_BUDGET_UNKNOWN;

		json_array_append_new(lines,
			json_pack("{si so ss ss so so}", "line", (int)line->number, "text",
				text_of(line->text), "verdict", verdicts[line->verdict], "unit",
				units[line->measure], "value", real_or_null(known, line->value),
				"limit", real_or_null(known, line->allowed)));
	}
	return json_pack("{so so so}", "file", text_of(budget->path), "exceeded",
		tl_json_number(budget->exceeded), "lines", lines);
}

json_t *tl_diff_json_object(const struct tl_diff_report *report)
{
	const struct tl_diff *diff = report->diff;
	json_t *root = json_pack("{ss so so so}", "schema", TL_DIFF_SCHEMA, "a",
		diff ? text_of(report->path_a) : json_null(), "b", text_of(report->path_b),
		"budget", report->budget ? budget_object(report->budget) : json_null());

	if (root && diff)
		json_object_update_missing_new(root,
			json_pack("{ss ss sf so so so so so so}", "by",
				diff->config.by_class ? "class" : "detail", "per",
				per_name(diff->config.per), "tolerance", diff->config.tolerance,
				"changed", tl_json_number(diff->changed), "recounted",
				tl_json_number(diff->recounted), "appeared",
				tl_json_number(diff->appeared), "vanished",
				tl_json_number(diff->vanished), "figures", figures_object(diff),
				"rows", rows_array(diff)));
	return root;
}

int tl_diff_json(FILE *out, const struct tl_diff_report *report)
{
	return tl_json_print(out, tl_diff_json_object(report));
}
