/* SPDX-License-Identifier: MIT */
/*
 * Advice: what a profile has too much of, why, and how there would be fewer. All rules
 * are in one table (rules.c), which docs/traps.md is made from as well.
 */
#ifndef TL_TRACE_ADVICE_H
#define TL_TRACE_ADVICE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/profile/profile.h"

struct tl_advice_rule {
	const char *name;      /* a word */
	const char *title;     /* what there is too much of */
	const char *pattern;   /* which exits count */
	const char *why;       /* why a guest does that, and why it exits */
	const char *what;      /* what to change */
	const char *reference; /* where to read on */
	double share;          /* fires from this share of all exits on, in percent, and */
	uint64_t exits;        /* from so many exits on */
	bool (*matches)(const struct tl_profile *profile, const struct tl_profile_detail *detail);
};

struct tl_advice {
	const struct tl_advice_rule *rule;
	uint64_t exits;
	double share;   /* of all exits that have a detail, in percent */
	uint64_t ns;    /* handling time of these */
	uint64_t pc;    /* where most of them came from */
	uint64_t at_pc; /* how many */
};

/* Rule number `i`; NULL behind the last one. */
const struct tl_advice_rule *tl_advice_rule_at(unsigned int i);

/*
 * What is to be said of the profile, most exits first, at most `room`. Returns how many
 * there are in `advice`.
 */
unsigned int tl_advice_of(
	const struct tl_profile *profile, struct tl_advice *advice, unsigned int room);

/* Writes the guide to the traps, as Markdown: the rules, one after the other. */
void tl_advice_guide(FILE *out);

#endif
