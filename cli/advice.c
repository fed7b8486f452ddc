/* SPDX-License-Identifier: MIT */
/*
 * trapline advice: the rules by which profiles give advice, one or all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "trace/advice/advice.h"

static const char help_head[] = "usage: trapline advice [--markdown | NAME...]\n"
				"\n"
				"Lists what profiles give advice on, or explains some of it.\n"
				"\n";

static const char help_tail[] = "\n"
				"Exit status: 0 printed, 1 output could not be written, 2 usage.\n";

static const struct tl_option table[] = {
	{TL_FLAG, "markdown", NULL, "all of it, as the guide to the traps (docs/traps.md)"},
	TL_OPTION_HELP,
};

static const struct tl_advice_rule *find_rule(const char *name)
{
	for (unsigned int i = 0; tl_advice_rule_at(i); i++) {
		if (!strcmp(tl_advice_rule_at(i)->name, name))
			return tl_advice_rule_at(i);
	}
	return NULL;
}

static void print_list(void)
{
	for (unsigned int i = 0; tl_advice_rule_at(i); i++) {
		const struct tl_advice_rule *rule = tl_advice_rule_at(i);

		printf("  %-12s %s\n", rule->name, rule->title);
	}
}

static void print_rule(const struct tl_advice_rule *rule)
{
	printf("%s: %s\n\ncounts  %s; from %g %% of all exits and %" PRIu64 " of them on\n"
	       "why     %s\ndo      %s\nread    %s\n",
		rule->name, rule->title, rule->pattern, rule->share, rule->exits, rule->why,
		rule->what, rule->reference);
}

static int advice_run(struct tl_options *options, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!find_rule(argv[i])) {
			tl_log_error("there is no advice named '%s'; trapline advice lists them",
				argv[i]);
			return TL_STATUS_USAGE;
		}
	}
	if (tl_options_has(options, "markdown", NULL))
		tl_advice_guide(stdout);
	else if (!argc)
		print_list();
	for (int i = 0; i < argc; i++)
		print_rule(find_rule(argv[i]));
	return TL_STATUS_OK;
}

int tl_cli_advice(int argc, char **argv)
{
	struct tl_options options = {.command = "advice",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, advice_run);
}
