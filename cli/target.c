/* SPDX-License-Identifier: MIT */
/*
 * --pid, -a, -- COMMAND, --symbols, --map, --dtb.
 */
#include "cli/target.h"

#include <stdio.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "trace/tool/maps.h"

int tl_cli_number(const char *option, unsigned int max, unsigned int *number)
{
	uint64_t value;

	if (!tl_parse_u64(optarg, 1, max, &value)) {
		*number = (unsigned int)value;
		return 0;
	}
	tl_log_error("%s '%s': wants a whole number from 1 to %u", option, optarg, max);
	return -1;
}

int tl_cli_target_option(struct tl_target_config *target, int option, int *all)
{
	unsigned int pid = 0;
	int ret;

	switch (option) {
	case TL_CLI_OPT_PID:
		ret = tl_cli_number("--pid", 4194304, &pid);
		target->pid = (pid_t)pid;
		return ret;
	case 'a':
		*all = 1;
		return 0;
	case TL_CLI_OPT_SYMBOLS:
		target->symbols = optarg;
		return 0;
	case TL_CLI_OPT_DTB:
		target->dtb = optarg;
		return 0;
	case TL_CLI_OPT_MAP:
		target->map = optarg;
		if (tl_map_by_name(optarg))
			return 0;
		tl_log_error("--map '%s': there are %s", optarg, tl_map_names());
		return -1;
	default:
		return 1;
	}
}

int tl_cli_target_check(const struct tl_target_config *target, int all, const char *command)
{
	if ((target->pid != 0) + all + (target->command != NULL) == 1)
		return 0;
	tl_log_error(
		"say whose exits: --pid PID, -a or -- COMMAND; see trapline %s --help", command);
	return -1;
}

int tl_cli_bad_option(int option, char *const *argv, const char *command)
{
	tl_log_error("%s '%s'; see trapline %s --help",
		option == ':' ? "a value is missing behind" : "unknown option", argv[optind - 1],
		command);
	return TL_STATUS_USAGE;
}
