/* SPDX-License-Identifier: MIT */
/*
 * Holds the rules against what the exits of a profile were for.
 */
#include "trace/advice/advice.h"

#include <stdlib.h>

/* Exits, time and place of what the rule is about. */
static void apply(const struct tl_profile *profile, const struct tl_details *pcs,
	const struct tl_advice_rule *rule, uint64_t all, struct tl_advice *advice)
{
	*advice = (struct tl_advice){.rule = rule};
	for (size_t i = 0; i < pcs->count; i++) {
		const struct tl_profile_detail *detail = &pcs->list[i];

		if (!rule->matches(profile, detail))
			continue;
		advice->exits += detail->count;
		advice->ns += detail->time ? detail->time->sum : 0;
		if (detail->count > advice->at_pc) {
			advice->at_pc = detail->count;
			advice->pc = detail->pc;
		}
	}
	advice->share = all ? 100.0 * (double)advice->exits / (double)all : 0;
}

static int more_exits(const void *a, const void *b)
{
	const struct tl_advice *one = a, *two = b;

	return one->exits < two->exits ? 1 : one->exits > two->exits ? -1 : 0;
}

unsigned int tl_advice_of(
	const struct tl_profile *profile, struct tl_advice *advice, unsigned int room)
{
	struct tl_details pcs;
	unsigned int n = 0;
	uint64_t all = 0;

	if (tl_details_sum(&profile->details, TL_BY_DETAIL | TL_BY_HANDLER | TL_BY_PC, &pcs))
		return 0;
	for (size_t i = 0; i < pcs.count; i++)
		all += pcs.list[i].count;
	for (unsigned int i = 0; tl_advice_rule_at(i) && n < room; i++) {
		const struct tl_advice_rule *rule = tl_advice_rule_at(i);

		apply(profile, &pcs, rule, all, &advice[n]);
		if (advice[n].exits >= rule->exits && advice[n].share >= rule->share)
			n++;
	}
	tl_details_fini(&pcs);
	qsort(advice, n, sizeof(*advice), more_exits);
	return n;
}
