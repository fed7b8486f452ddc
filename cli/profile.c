/* SPDX-License-Identifier: MIT */
/*
 * trapline profile: options to a configuration.
 */
#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "trace/tool/watch.h"

static const char help_head[] =
	"usage: trapline profile [OPTION...] --pid PID | -a | -- COMMAND...\n"
	"\n"
	"Counts and times the exits of VMs that another program runs (QEMU, kvmtool,\n"
	"Firecracker, ...): of process PID, of all, or of COMMAND, which it starts.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs root. Exit status: that of COMMAND, or 0; 1 output could not be written,\n"
	"2 usage, 4 this host does not let us.\n";

static int set_seconds(struct tl_options *options, char *value)
{
	struct tl_watch_config *config = options->opaque;

	return tl_options_number(options, value, 1, 1000000, &config->seconds);
}

static int set_json(struct tl_options *options, char *value)
{
	struct tl_watch_config *config = options->opaque;

	config->json = value;
	return 0;
}

/* clang-format off */
static const struct tl_option table[] = {
	TL_CLI_TARGET_PID,
	TL_CLI_TARGET_ALL("every VM of this host, each with a profile of its own"),
	{TL_VALUE, "seconds", "S",
		"end after that time; else at Ctrl-C, or when the process ends", set_seconds},
	{TL_VALUE, "json", "FILE", "write the profile there too", set_json},
	TL_CLI_TARGET_GUEST,
	TL_OPTION_HELP,
};
/* clang-format on */

static int profile_run(struct tl_options *options, int argc, char **argv)
{
	struct tl_watch_config *config = options->opaque;

	return tl_cli_target_check(&config->target, options, argc, argv) ? TL_STATUS_USAGE
									 : tl_watch_run(config);
}

int tl_cli_profile(int argc, char **argv)
{
	struct tl_watch_config config = {0};
	struct tl_options options = {.command = "profile",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail,
		.command_follows = true};

	return tl_options_run(&options, argc, argv, profile_run);
}
