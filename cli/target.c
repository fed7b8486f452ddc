/* SPDX-License-Identifier: MIT */
/*
 * --pid, -a, -- COMMAND, --symbols, --map, --dtb.
 */
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "trace/tool/maps.h"

/* The first member of the command's configuration. */
static struct tl_target_config *target_of(struct tl_options *options)
{
	return options->opaque;
}

int tl_cli_set_pid(struct tl_options *options, char *value)
{
	unsigned int pid = 0;
	int ret = tl_options_number(options, value, 1, 4194304, &pid);

	target_of(options)->pid = (pid_t)pid;
	return ret;
}

int tl_cli_set_symbols(struct tl_options *options, char *value)
{
	target_of(options)->symbols = value;
	return 0;
}

int tl_cli_set_map(struct tl_options *options, char *value)
{
	char wanted[256];

	target_of(options)->map = value;
	if (tl_map_by_name(value))
		return 0;
	snprintf(wanted, sizeof(wanted), "there are %s", tl_map_names());
	return tl_options_bad(options, wanted);
}

int tl_cli_set_dtb(struct tl_options *options, char *value)
{
	target_of(options)->dtb = value;
	return 0;
}

int tl_cli_target_check(
	struct tl_target_config *target, const struct tl_options *options, int argc, char **argv)
{
	if (argc)
		target->command = argv;
	if ((target->pid != 0) + tl_options_has(options, "all", NULL) + (argc != 0) == 1)
		return 0;
	tl_log_error("say whose exits: --pid PID, -a or -- COMMAND; see trapline %s --help",
		options->command);
	return -EINVAL;
}
