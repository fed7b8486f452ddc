/* SPDX-License-Identifier: MIT */
/*
 * trapline profile: options to a configuration.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "trace/tool/maps.h"
#include "trace/tool/watch.h"

static const char help_text[] =
	"usage: trapline profile [OPTION...] --pid PID | -a | -- COMMAND...\n"
	"\n"
	"Counts and times the exits of VMs that another program runs (QEMU, kvmtool,\n"
	"Firecracker, ...): of process PID, of all, or of COMMAND, which it starts.\n"
	"\n"
	"  --pid PID        the VMM's process\n"
	"  -a, --all        every VM of this host, each with a profile of its own\n"
	"  --seconds S      end after that time; else at Ctrl-C, or when the process ends\n"
	"  --json FILE      write the profile there too\n"
	"  --symbols FILE   guest symbols: vmlinux, ELF, System.map, Image (the kernel that\n"
	"                   the VMM was given: -kernel FILE and its like)\n"
	"  --map NAME       where devices are: qemu-virt, kvmtool, firecracker (by the\n"
	"                   process's name)\n"
	"  --dtb FILE       where devices are, from the guest's device tree\n"
	"  -h, --help       this text\n"
	"\n"
	"Needs root. Exit status: that of COMMAND, or 0; 1 output could not be written,\n"
	"2 usage, 4 this host does not let us.\n";

enum option_id {
	OPT_PID = 256,
	OPT_SECONDS,
	OPT_JSON,
	OPT_SYMBOLS,
	OPT_MAP,
	OPT_DTB,
};

static const struct option long_options[] = {
	{"pid", required_argument, NULL, OPT_PID},
	{"all", no_argument, NULL, 'a'},
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"json", required_argument, NULL, OPT_JSON},
	{"symbols", required_argument, NULL, OPT_SYMBOLS},
	{"map", required_argument, NULL, OPT_MAP},
	{"dtb", required_argument, NULL, OPT_DTB},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int parse_number(const char *option, unsigned int max, uint64_t *value)
{
	if (!tl_parse_u64(optarg, 1, max, value))
		return 0;
	tl_log_error("%s '%s': wants a whole number from 1 to %u", option, optarg, max);
	return -1;
}

/* Returns 0, 1 (help was asked for) or -1 (logged). */
static int parse_option(struct tl_watch_config *config, int option, int *all)
{
	uint64_t value = 0;
	int ret = 0;

	switch (option) {
	case OPT_PID:
		ret = parse_number("--pid", 4194304, &value);
		config->target.pid = (pid_t)value;
		return ret;
	case 'a':
		*all = 1;
		return 0;
	case OPT_SECONDS:
		ret = parse_number("--seconds", 1000000, &value);
		config->seconds = (unsigned int)value;
		return ret;
	case OPT_JSON:
		config->json = optarg;
		return 0;
	case OPT_SYMBOLS:
		config->target.symbols = optarg;
		return 0;
	case OPT_MAP:
		config->target.map = optarg;
		if (tl_map_by_name(optarg))
			return 0;
		tl_log_error("--map '%s': there are %s", optarg, tl_map_names());
		return -1;
	case OPT_DTB:
		config->target.dtb = optarg;
		return 0;
	case 'h':
		fputs(help_text, stdout);
		return 1;
	default:
		return -1;
	}
}

int tl_cli_profile(int argc, char **argv)
{
	struct tl_watch_config config = {0};
	int option, all = 0;

	opterr = 0;
	/* "+": the command's own options are not ours. */
	while ((option = getopt_long(argc, argv, "+:ah", long_options, NULL)) != -1) {
		int ret;

		if (option == '?' || option == ':') {
			tl_log_error("%s '%s'; see trapline profile --help",
				option == ':' ? "a value is missing behind" : "unknown option",
				argv[optind - 1]);
			return TL_STATUS_USAGE;
		}
		ret = parse_option(&config, option, &all);
		if (ret)
			return ret > 0 ? TL_STATUS_OK : TL_STATUS_USAGE;
	}
	if (optind < argc)
		config.target.command = argv + optind;
	if ((config.target.pid != 0) + all + (config.target.command != NULL) != 1) {
		tl_log_error("say whose exits: --pid PID, -a or -- COMMAND; see trapline profile "
			     "--help");
		return TL_STATUS_USAGE;
	}
	return tl_watch_run(&config);
}
