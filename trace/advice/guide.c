/* SPDX-License-Identifier: MIT */
/*
 * docs/traps.md, out of the table of rules.
 */
#include "trace/advice/advice.h"

#include <inttypes.h>

void tl_advice_guide(FILE *out)
{
	fputs("# The guide to the traps\n"
	      "\n"
	      "What a guest may exit for too often, why, and how there would be fewer. A profile\n"
	      "names those that apply; this page is made from the same table\n"
	      "(`trace/advice/rules.c`, by `trapline advice --markdown`).\n",
		out);
	for (unsigned int i = 0; tl_advice_rule_at(i); i++) {
		const struct tl_advice_rule *rule = tl_advice_rule_at(i);

		fprintf(out,
			"\n## %s: %s\n\n"
			"- **Counts:** %s; said from %g %% of all exits and %" PRIu64
			" of them on.\n"
			"- **Why:** %s\n"
			"- **What to do:** %s\n"
			"- **Reference:** %s\n",
			rule->name, rule->title, rule->pattern, rule->share, rule->exits, rule->why,
			rule->what, rule->reference);
	}
}
