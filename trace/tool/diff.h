/* SPDX-License-Identifier: MIT */
/*
 * `trapline diff`: two recordings or saved profiles beside each other, or one, and what a
 * budget allows.
 */
#ifndef TL_TRACE_TOOL_DIFF_H
#define TL_TRACE_TOOL_DIFF_H

#include "trace/diff/diff.h"

enum tl_diff_format {
	TL_DIFF_FORMAT_TEXT,
	TL_DIFF_FORMAT_JSON,
	TL_DIFF_FORMAT_HTML,
};

struct tl_diff_tool_config {
	const char *a, *b;  /* folders or files; `a` NULL: only B, for a budget */
	const char *budget; /* file, or NULL */
	enum tl_diff_format format;
	size_t rows; /* of text; 0: all */
	struct tl_diff_config diff;
};

/*
 * Prints on standard output. Returns an exit status: 0, 1 (a limit is not kept, or output), 2
 * (the budget file), 3 (A or B cannot be read).
 */
int tl_diff_run(const struct tl_diff_tool_config *config);

#endif
