/* SPDX-License-Identifier: MIT */
/*
 * Figures of a comparison in words, for those who show it.
 */
#include <string.h>

#include "trace/report/diff.h"
#include "trace/report/text_parts.h"

const char *tl_diff_unit(enum tl_diff_per per, bool of_time)
{
	static const char *const units[][2] = {
		[TL_DIFF_PER_NONE] = {"exits", "time"},
		[TL_DIFF_PER_SECOND] = {"exits/s", "time/s"},
		[TL_DIFF_PER_TOTAL] = {"exits %", "time %"},
	};

	return units[per][of_time];
}

const char *tl_diff_number(
	char *buffer, size_t size, double value, enum tl_diff_per per, bool of_time, bool change)
{
	double positive = value < 0 ? -value : value;
	char *to = buffer;

	if (change) {
		*to++ = value < 0 ? '-' : '+';
		size--;
	}
	if (per == TL_DIFF_PER_TOTAL)
		snprintf(to, size, "%.2f", positive);
	else if (of_time)
		tl_text_duration(to, size, (uint64_t)(positive < 1e19 ? positive + 0.5 : 1e19));
	else
		snprintf(to, size, per == TL_DIFF_PER_NONE ? "%.0f" : "%.1f", positive);
	return buffer;
}

const char *tl_diff_limit(
	char *buffer, size_t size, const struct tl_budget_line *line, double value)
{
	char number[32];

	switch (line->measure) {
	case TL_BUDGET_NS:
		return tl_diff_number(buffer, size, value, TL_DIFF_PER_NONE, true, false);
	case TL_BUDGET_AVERAGE:
		tl_diff_number(number, sizeof(number), value, TL_DIFF_PER_NONE, true, false);
		snprintf(buffer, size, "avg %s", number);
		return buffer;
	case TL_BUDGET_RATE:
		snprintf(buffer, size, "%.1f/s", value);
		return buffer;
	default:
		/* A percentage above A need not be a whole number. */
		snprintf(buffer, size, value == (double)(uint64_t)value ? "%.0f" : "%.1f", value);
		return buffer;
	}
}
