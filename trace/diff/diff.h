/* SPDX-License-Identifier: MIT */
/*
 * Two summaries, A and B, kind by kind: what is different, and by how much. Knows nothing of
 * where they come from or how it will be shown. Not thread-safe.
 */
#ifndef TL_TRACE_DIFF_H
#define TL_TRACE_DIFF_H

#include "trace/diff/summary.h"

/* What figures are divided by before they are compared. */
enum tl_diff_per {
	TL_DIFF_PER_NONE,
	TL_DIFF_PER_SECOND, /* of run time: exits a second, ns a second */
	TL_DIFF_PER_TOTAL,  /* percent of all exits, and of the time of all */
};

struct tl_diff_config {
	enum tl_diff_per per;
	bool by_class;    /* also where there are details */
	double tolerance; /* percent of the larger: as much is no difference */
};

struct tl_diff_value {
	double a, b; /* divided; of time: ns */
	bool differs;
};

struct tl_diff_row {
	const struct tl_summary_row *a, *b; /* NULL: there is none; not both */
	struct tl_diff_value exits, ns;
};

struct tl_diff_figure {
	bool in_a, in_b; /* known there */
	struct tl_diff_value value;
};

/* All zero is empty. */
struct tl_diff {
	struct tl_diff_config config; /* by_class: as it was done */
	struct tl_summary a, b;       /* taken over */
	struct tl_diff_figure figures[TL_FIGURES];
	size_t count;
	struct tl_diff_row *rows; /* those that differ first, the larger difference first */
	size_t changed;           /* rows that differ, and of these */
	size_t appeared, vanished;
	size_t recounted; /* differ in their exits, not only in their time */
};

/*
 * Compares; takes both summaries over, also on failure. Kinds are compared where both have
 * them, else classes. Returns 0, -ENOMEM, or -EDOM: there is nothing to divide by.
 * `diff` is to be released either way.
 */
int tl_diff_init(struct tl_diff *diff, const struct tl_diff_config *config, struct tl_summary *a,
	struct tl_summary *b);

/* The side that has it: B's, or else A's. */
static inline const struct tl_summary_row *tl_diff_row_name(const struct tl_diff_row *row)
{
	return row->b ? row->b : row->a;
}

void tl_diff_fini(struct tl_diff *diff);

#endif
