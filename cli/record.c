/* SPDX-License-Identifier: MIT */
/*
 * trapline record: options to a configuration.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "trace/tool/record.h"

static const char help_text[] =
	"usage: trapline record [OPTION...] -o DIR --pid PID | -a | -- COMMAND...\n"
	"\n"
	"Records every exit of VMs that another program runs (QEMU, kvmtool, Firecracker, ...):\n"
	"of process PID, of all, or of COMMAND, which it starts. 'trapline report DIR' shows\n"
	"the recording, here or on another machine; DIR/trace.dat is for trace-cmd and\n"
	"KernelShark as well.\n"
	"\n"
	"  -o, --output DIR folder for the recording; must not have one yet\n"
	"  --pid PID        the VMM's process\n"
	"  -a, --all        every VM of this host\n"
	"  --stop-after S   end after that many seconds; else at Ctrl-C, or when the process\n"
	"                   ends\n"
	"  --size SIZE      end when there are as many bytes, such as 100M\n"
	"  --last S         keep only the last S seconds before the end\n"
	"  --buffer SIZE    kernel buffer for each CPU, such as 64M (16M): what comes while it\n"
	"                   is full is lost, and the report says how much and where\n"
	"  --symbols FILE   guest symbols: vmlinux, ELF, System.map, Image (the kernel that\n"
	"                   the VMM was given: -kernel FILE and its like)\n"
	"  --map NAME       where devices are: qemu-virt, kvmtool, firecracker (by the\n"
	"                   process's name)\n"
	"  --dtb FILE       where devices are, from the guest's device tree\n"
	"  -h, --help       this text\n"
	"\n"
	"Needs root. Exit status: that of COMMAND, or 0; 1 the recording is incomplete, 2 usage,\n"
	"4 this host does not let us.\n";

enum option_id {
	OPT_STOP_AFTER = TL_CLI_OPT_OWN,
	OPT_SIZE,
	OPT_LAST,
	OPT_BUFFER,
};

static const struct option long_options[] = {
	TL_CLI_TARGET_OPTIONS,
	{"output", required_argument, NULL, 'o'},
	{"stop-after", required_argument, NULL, OPT_STOP_AFTER},
	{"size", required_argument, NULL, OPT_SIZE},
	{"last", required_argument, NULL, OPT_LAST},
	{"buffer", required_argument, NULL, OPT_BUFFER},
	{NULL, 0, NULL, 0},
};

static int parse_size(const char *option, uint64_t *bytes)
{
	if (!tl_parse_size(optarg, bytes) && *bytes >= 65536 && *bytes < INT64_MAX)
		return 0;
	tl_log_error("%s '%s': wants a size of at least 64K, such as 100M", option, optarg);
	return -1;
}

/* Returns 0, 1 (help was asked for) or -1 (logged). */
static int parse_option(struct tl_record_config *config, int option, int *all)
{
	int ret = tl_cli_target_option(&config->target, option, all);

	if (ret <= 0)
		return ret;
	switch (option) {
	case 'o':
		config->path = optarg;
		return 0;
	case OPT_STOP_AFTER:
		return tl_cli_number("--stop-after", 1000000, &config->stop_after);
	case OPT_LAST:
		return tl_cli_number("--last", 1000000, &config->last);
	case OPT_SIZE:
		return parse_size("--size", &config->size_limit);
	case OPT_BUFFER:
		return parse_size("--buffer", &config->buffer);
	default:
		fputs(help_text, stdout);
		return 1;
	}
}

/* What makes no sense together. Returns 0 or -1 (logged). */
static int check(const struct tl_record_config *config, int all)
{
	if (tl_cli_target_check(&config->target, all, "record"))
		return -1;
	if (!config->path) {
		tl_log_error("say where to: -o DIR");
		return -1;
	}
	if (config->last && config->size_limit) {
		tl_log_error("--last and --size: a recording of the last seconds goes on until "
			     "it is stopped; choose one");
		return -1;
	}
	return 0;
}

int tl_cli_record(int argc, char **argv)
{
	struct tl_record_config config = {0};
	int option, all = 0;

	opterr = 0;
	/* "+": the command's own options are not ours. */
	while ((option = getopt_long(argc, argv, "+:ao:h", long_options, NULL)) != -1) {
		int ret;

		if (option == '?' || option == ':')
			return tl_cli_bad_option(option, argv, "record");
		ret = parse_option(&config, option, &all);
		if (ret)
			return ret > 0 ? TL_STATUS_OK : TL_STATUS_USAGE;
	}
	if (optind < argc)
		config.target.command = argv + optind;
	return check(&config, all) ? TL_STATUS_USAGE : tl_record_run(&config);
}
