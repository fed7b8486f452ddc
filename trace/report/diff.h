/* SPDX-License-Identifier: MIT */
/*
 * A comparison for people and for programs; beside it, or alone, what a budget says.
 */
#ifndef TL_TRACE_REPORT_DIFF_H
#define TL_TRACE_REPORT_DIFF_H

#include <stdio.h>

#include "trace/diff/budget.h"
#include "trace/diff/diff.h"

/* Changes when a member changes its meaning or goes away; new members keep it. */
#define TL_DIFF_SCHEMA "trapline-diff-1"

struct tl_diff_report {
	const char *path_a, *path_b;
	const struct tl_diff *diff;     /* NULL: there is no A */
	const struct tl_budget *budget; /* checked; or NULL */
	size_t rows;                    /* as many at most, of text; 0: all */
};

/* Print. Return 0 or -errno (not logged). */
int tl_diff_text(FILE *out, const struct tl_diff_report *report);
int tl_diff_json(FILE *out, const struct tl_diff_report *report);
int tl_diff_html(FILE *out, const struct tl_diff_report *report);

/* What the JSON has, the caller's to release; NULL: no memory. */
json_t *tl_diff_json_object(const struct tl_diff_report *report);

/* "exits", "exits/s", "exits %"; "time", ...: what a column of figures is. */
const char *tl_diff_unit(enum tl_diff_per per, bool of_time);

/* The value in at most 10 characters, with its sign if it is a change. Returns `buffer`. */
const char *tl_diff_number(
	char *buffer, size_t size, double value, enum tl_diff_per per, bool of_time, bool change);

/* What a line of a budget compares with its limit, and the limit, in words. */
const char *tl_diff_limit(
	char *buffer, size_t size, const struct tl_budget_line *line, double value);

#endif
