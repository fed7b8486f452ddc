/* SPDX-License-Identifier: MIT */
/*
 * trapline diff: options to a configuration.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "trace/tool/diff.h"

static const char help_head[] =
	"usage: trapline diff [OPTION...] A B\n"
	"       trapline diff [OPTION...] --budget FILE [A] B\n"
	"\n"
	"Compares two profiles: how many exits of each kind, how much time they took, what\n"
	"appeared and what vanished. A and B are recordings (trapline record, trapline run\n"
	"--record) or profiles that were saved as JSON (--json FILE, --profile=FILE, trapline\n"
	"report --format json). With --budget it checks whether B keeps its limits.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs neither root nor KVM. Exit status: 0, also where there are differences; 1 a limit\n"
	"is not kept, or output could not be written, 2 usage or a wrong line in the budget, 3 A\n"
	"or B cannot be read.\n";

#define ROWS 20

static struct tl_diff_tool_config *config_of(struct tl_options *options)
{
	return options->opaque;
}

static int set_by(struct tl_options *options, char *value)
{
	static const char *const names[] = {"detail", "class"};
	int by = tl_options_choice(options, value, names, sizeof(names) / sizeof(names[0]));

	config_of(options)->diff.by_class = by == 1;
	return by < 0 ? by : 0;
}

static int set_per(struct tl_options *options, char *value)
{
	static const char *const names[] = {[TL_DIFF_PER_NONE] = "none",
		[TL_DIFF_PER_SECOND] = "second",
		[TL_DIFF_PER_TOTAL] = "total"};
	int per = tl_options_choice(options, value, names, sizeof(names) / sizeof(names[0]));

	if (per < 0)
		return per;
	config_of(options)->diff.per = (enum tl_diff_per)per;
	return 0;
}

static int set_format(struct tl_options *options, char *value)
{
	static const char *const names[] = {[TL_DIFF_FORMAT_TEXT] = "text",
		[TL_DIFF_FORMAT_JSON] = "json",
		[TL_DIFF_FORMAT_HTML] = "html"};
	int format = tl_options_choice(options, value, names, sizeof(names) / sizeof(names[0]));

	if (format < 0)
		return format;
	config_of(options)->format = (enum tl_diff_format)format;
	return 0;
}

static int set_tolerance(struct tl_options *options, char *value)
{
	char *end;
	double percent;

	errno = 0;
	percent = strtod(value, &end);
	if (errno || end == value || *end || !(percent >= 0 && percent <= 100))
		return tl_options_bad(options, "wants a percentage from 0 to 100, such as 2.5");
	config_of(options)->diff.tolerance = percent;
	return 0;
}

static int set_budget(struct tl_options *options, char *value)
{
	config_of(options)->budget = value;
	return 0;
}

static int set_all(struct tl_options *options, char *value)
{
	(void)value;
	config_of(options)->rows = 0;
	return 0;
}

/* clang-format off */
static const struct tl_option table[] = {
	{TL_VALUE, "by", "detail|class", "what is compared", set_by, "detail"},
	{TL_VALUE, "per", "none|second|total",
		"compare counts and times as they are, for each second of run time, or as\n"
		"percent of all exits and of their time", set_per, "none"},
	{TL_VALUE, "tolerance", "PERCENT", "so little is no difference", set_tolerance, "0"},
	{TL_VALUE, "budget", "FILE", "limits for B (docs/budgets.md): status 1 if one is not kept",
		set_budget},
	{TL_VALUE, "format", "text|json|html",
		"json: docs/diff-schema.md; html: a page that works offline", set_format, "text"},
	{TL_FLAG, "all", NULL, "every kind that differs, not only the first 20", set_all},
	TL_OPTION_HELP,
};
/* clang-format on */

static int diff_run(struct tl_options *options, int argc, char **argv)
{
	struct tl_diff_tool_config *config = config_of(options);

	if (argc > 2 || argc < (config->budget ? 1 : 2)) {
		tl_log_error("%s; see trapline diff --help",
			argc > 2    ? "two profiles at a time"
			: argc == 1 ? "only one profile, and no --budget"
				    : "which profiles? Name two");
		return TL_STATUS_USAGE;
	}
	config->a = argc == 2 ? argv[0] : NULL;
	config->b = argv[argc - 1];
	return tl_diff_run(config);
}

int tl_cli_diff(int argc, char **argv)
{
	struct tl_diff_tool_config config = {.rows = ROWS};
	struct tl_options options = {.command = "diff",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, diff_run);
}
