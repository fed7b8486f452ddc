/* SPDX-License-Identifier: MIT */
/*
 * trapline advice: the rules by which profiles give advice, one or all.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "trace/advice/advice.h"

static const char help_text[] =
	"usage: trapline advice [--markdown | NAME...]\n"
	"\n"
	"Lists what profiles give advice on, or explains some of it.\n"
	"\n"
	"  --markdown   all of it, as the guide to the traps (docs/traps.md)\n"
	"  -h, --help   this text\n"
	"\n"
	"Exit status: 0 printed, 1 output could not be written, 2 usage.\n";

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

int tl_cli_advice(int argc, char **argv)
{
	static const struct option options[] = {
		{"markdown", no_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, markdown = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help_text, stdout);
			return TL_STATUS_OK;
		}
		if (option != 'm') {
			tl_log_error("unknown option '%s'; see trapline advice --help",
				argv[optind - 1]);
			return TL_STATUS_USAGE;
		}
		markdown = 1;
	}
	for (int i = optind; i < argc; i++) {
		if (!find_rule(argv[i])) {
			tl_log_error("there is no advice named '%s'; trapline advice lists them",
				argv[i]);
			return TL_STATUS_USAGE;
		}
	}
	if (markdown)
		tl_advice_guide(stdout);
	else if (optind == argc)
		print_list();
	for (int i = optind; i < argc; i++)
		print_rule(find_rule(argv[i]));
	if (fflush(stdout) || ferror(stdout)) {
		tl_log_error("cannot write to standard output: %s", strerror(errno));
		return TL_STATUS_FAILURE;
	}
	return TL_STATUS_OK;
}
