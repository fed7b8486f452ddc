/* SPDX-License-Identifier: MIT */
/*
 * Limits for a profile, a line each, as docs/budgets.md has them: figures of the whole, or
 * the sum of the classes or kinds of exits whose names fit a pattern. Not thread-safe.
 */
#ifndef TL_TRACE_DIFF_BUDGET_H
#define TL_TRACE_DIFF_BUDGET_H

#include "trace/diff/summary.h"

enum tl_budget_subject {
	TL_BUDGET_FIGURE,
	TL_BUDGET_CLASS,
	TL_BUDGET_DETAIL,
	TL_BUDGET_USER, /* the same of what the VMM handled */
	TL_BUDGET_NEW,  /* kinds of exits that A does not have */
};

/* What is compared with the limit. */
enum tl_budget_measure {
	TL_BUDGET_COUNT,
	TL_BUDGET_RATE,    /* a second of run time */
	TL_BUDGET_NS,      /* in total */
	TL_BUDGET_AVERAGE, /* ns for each exit */
};

enum tl_budget_verdict {
	TL_BUDGET_KEPT,
	TL_BUDGET_EXCEEDED,
	TL_BUDGET_UNKNOWN, /* the profile does not tell: not kept */
};

struct tl_budget_line {
	unsigned int number;
	char *text; /* as written, without the spaces around it */
	enum tl_budget_subject subject;
	enum tl_figure figure;
	char *pattern; /* fnmatch(3), or NULL */
	enum tl_budget_measure measure;
	double limit;
	bool above_a, percent; /* so much more than A has, or percent of it */

	/* What tl_budget_check() has found. */
	enum tl_budget_verdict verdict;
	double value, allowed;
	struct tl_summary_row most; /* the row with most of it; what "": none, or a figure */
};

/* All zero is empty. */
struct tl_budget {
	char *path;
	size_t count;
	struct tl_budget_line *lines;
	size_t exceeded; /* lines that are not kept */
};

/* Reads the file. Returns 0 or -errno (logged). `budget` is to be released either way. */
int tl_budget_read(struct tl_budget *budget, const char *path);

/*
 * Checks B, beside A, or with nothing beside it (NULL). Returns 0, or -EINVAL: a line speaks
 * of A, and there is none (logged).
 */
int tl_budget_check(
	struct tl_budget *budget, const struct tl_summary *a, const struct tl_summary *b);

void tl_budget_fini(struct tl_budget *budget);

#endif
