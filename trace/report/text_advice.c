/* SPDX-License-Identifier: MIT */
/*
 * What to do about it: the rules that apply, in a paragraph each.
 */
#include <inttypes.h>
#include <string.h>

#include "trace/advice/advice.h"
#include "trace/report/text_parts.h"

#define ADVICE_MAX 5
#define COLUMNS    104

/* Words, as many as fit into a line, indented. */
static void put_wrapped(FILE *out, const char *words)
{
	size_t at = 0;

	while (*words) {
		size_t length = strcspn(words, " ");

		if (at && at + 1 + length > COLUMNS) {
			fputc('\n', out);
			at = 0;
		}
		at += (size_t)fprintf(out, "%s%.*s", at ? " " : "    ", (int)length, words);
		words += length;
		words += strspn(words, " ");
	}
	fputc('\n', out);
}

void tl_text_advice(struct tl_text *t, const struct tl_profile *profile)
{
	struct tl_advice advice[ADVICE_MAX];
	unsigned int n = tl_advice_of(profile, advice, ADVICE_MAX);
	char place[96];

	if (!n)
		return;
	fprintf(t->out, "\n%sAdvice%s\n", t->bold, t->plain);
	for (unsigned int i = 0; i < n; i++) {
		const struct tl_advice *a = &advice[i];

		fprintf(t->out,
			"  %s%s%s: %" PRIu64 " exit%s (%.1f %%): %s, %" PRIu64 " of them at %s\n",
			t->bold, a->rule->name, t->plain, a->exits, tl_text_plural(a->exits),
			a->share, a->rule->title, a->at_pc,
			tl_text_address(place, sizeof(place), profile->symbols, a->pc));
		put_wrapped(t->out, a->rule->what);
	}
	fprintf(t->out, "  'trapline advice NAME' says why; docs/traps.md has all of them.\n");
}
