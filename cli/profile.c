/* SPDX-License-Identifier: MIT */
/*
 * trapline profile: options to a configuration.
 */
#include <stdio.h>

#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
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
	OPT_SECONDS = TL_CLI_OPT_OWN,
	OPT_JSON,
};

static const struct option long_options[] = {
	TL_CLI_TARGET_OPTIONS,
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"json", required_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

/* Returns 0, 1 (help was asked for) or -1 (logged). */
static int parse_option(struct tl_watch_config *config, int option, int *all)
{
	int ret = tl_cli_target_option(&config->target, option, all);

	if (ret <= 0)
		return ret;
	switch (option) {
	case OPT_SECONDS:
		return tl_cli_number("--seconds", 1000000, &config->seconds);
	case OPT_JSON:
		config->json = optarg;
		return 0;
	default:
		fputs(help_text, stdout);
		return 1;
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

		if (option == '?' || option == ':')
			return tl_cli_bad_option(option, argv, "profile");
		ret = parse_option(&config, option, &all);
		if (ret)
			return ret > 0 ? TL_STATUS_OK : TL_STATUS_USAGE;
	}
	if (optind < argc)
		config.target.command = argv + optind;
	if (tl_cli_target_check(&config.target, all, "profile"))
		return TL_STATUS_USAGE;
	return tl_watch_run(&config);
}
