/* SPDX-License-Identifier: MIT */
/*
 * What of a profile is compared: its whole figures, and exits by kind, vCPUs together. Made
 * from a profile as JSON (docs/profile-schema.md), which is also what recordings are turned
 * into: a saved profile and the recording that it is of are the same here.
 */
#ifndef TL_TRACE_DIFF_SUMMARY_H
#define TL_TRACE_DIFF_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Figures of a whole profile. */
enum tl_figure {
	TL_FIGURE_RUN, /* ns from the first event to the last */
	TL_FIGURE_VCPUS,
	TL_FIGURE_EXITS,
	TL_FIGURE_USER,   /* exits that came to the VMM */
	TL_FIGURE_FIXUPS, /* exits that EL2 handled by itself: not among the others */
	TL_FIGURE_LOST,   /* exits that are not in the profile */
	TL_FIGURE_GUEST,  /* ns, of all vCPUs as the rest */
	TL_FIGURE_TIME,   /* ns to handle exits, WFx apart */
	TL_FIGURE_IDLE,   /* ns in WFx */
	TL_FIGURES,
};

struct tl_figure_value {
	bool known;
	uint64_t value;
};

/* A kind of exit. */
struct tl_summary_row {
	char exit_class[24]; /* "SYS64" */
	char what[96];       /* "CTR_EL0 read", or what the class says; by class: that */
	char by[8];          /* who handled it, "kernel" or "VMM"; by class: "" */
	uint64_t exits, timed, ns;
};

/* All zero is empty. */
struct tl_summary {
	struct tl_figure_value figures[TL_FIGURES];
	bool has_details; /* the rows are by kind; else there are classes only */
	bool has_times;
	size_t count;
	struct tl_summary_row *rows; /* by class, what, by: each once */
};

/* "run time", "exits", ...; as in a budget: "run", "exits", ...; whether it is ns. */
const char *tl_figure_text(enum tl_figure figure);
const char *tl_figure_name(enum tl_figure figure);
bool tl_figure_is_time(enum tl_figure figure);

/*
 * Reads a profile, or an answer that has one (`trapline ctl --json SOCKET profile`). Returns
 * 0, -ENOMEM or -EINVAL; `why` is then what is wrong with it. `summary` is to be released
 * either way.
 */
int tl_summary_read(struct tl_summary *summary, const json_t *root, char *why, size_t size);

/* The rows of one class become one. */
void tl_summary_by_class(struct tl_summary *summary);

/* Sorts by key; < 0, 0, > 0 as strcmp(3). */
int tl_summary_row_compare(const void *a, const void *b);

void tl_summary_fini(struct tl_summary *summary);

#endif
