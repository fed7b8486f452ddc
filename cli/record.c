/* SPDX-License-Identifier: MIT */
/*
 * trapline record: options to a configuration.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "trace/tool/maps.h"
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
	OPT_PID = 256,
	OPT_STOP_AFTER,
	OPT_SIZE,
	OPT_LAST,
	OPT_BUFFER,
	OPT_SYMBOLS,
	OPT_MAP,
	OPT_DTB,
};

static const struct option long_options[] = {
	{"output", required_argument, NULL, 'o'},
	{"pid", required_argument, NULL, OPT_PID},
	{"all", no_argument, NULL, 'a'},
	{"stop-after", required_argument, NULL, OPT_STOP_AFTER},
	{"size", required_argument, NULL, OPT_SIZE},
	{"last", required_argument, NULL, OPT_LAST},
	{"buffer", required_argument, NULL, OPT_BUFFER},
	{"symbols", required_argument, NULL, OPT_SYMBOLS},
	{"map", required_argument, NULL, OPT_MAP},
	{"dtb", required_argument, NULL, OPT_DTB},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int parse_number(const char *option, unsigned int max, unsigned int *number)
{
	uint64_t value;

	if (!tl_parse_u64(optarg, 1, max, &value)) {
		*number = (unsigned int)value;
		return 0;
	}
	tl_log_error("%s '%s': wants a whole number from 1 to %u", option, optarg, max);
	return -1;
}

static int parse_size(const char *option, uint64_t *bytes)
{
	if (!tl_parse_size(optarg, bytes) && *bytes >= 65536 && *bytes < INT64_MAX)
		return 0;
	tl_log_error("%s '%s': wants a size of at least 64K, such as 100M", option, optarg);
	return -1;
}

/* Where the guest's devices and functions are. Returns 0 or -1 (logged). */
static int parse_guest(struct tl_target_config *target, int option)
{
	switch (option) {
	case OPT_SYMBOLS:
		target->symbols = optarg;
		return 0;
	case OPT_DTB:
		target->dtb = optarg;
		return 0;
	case OPT_MAP:
		target->map = optarg;
		if (tl_map_by_name(optarg))
			return 0;
		tl_log_error("--map '%s': there are %s", optarg, tl_map_names());
		return -1;
	default:
		return -1;
	}
}

/* Returns 0, 1 (help was asked for) or -1 (logged). */
static int parse_option(struct tl_record_config *config, int option, int *all)
{
	unsigned int pid = 0;
	int ret;

	switch (option) {
	case 'o':
		config->path = optarg;
		return 0;
	case OPT_PID:
		ret = parse_number("--pid", 4194304, &pid);
		config->target.pid = (pid_t)pid;
		return ret;
	case 'a':
		*all = 1;
		return 0;
	case OPT_STOP_AFTER:
		return parse_number("--stop-after", 1000000, &config->stop_after);
	case OPT_LAST:
		return parse_number("--last", 1000000, &config->last);
	case OPT_SIZE:
		return parse_size("--size", &config->size_limit);
	case OPT_BUFFER:
		return parse_size("--buffer", &config->buffer);
	case 'h':
		fputs(help_text, stdout);
		return 1;
	default:
		return parse_guest(&config->target, option);
	}
}

/* What makes no sense together. Returns 0 or -1 (logged). */
static int check(const struct tl_record_config *config, int all)
{
	const struct tl_target_config *target = &config->target;

	if ((target->pid != 0) + all + (target->command != NULL) != 1) {
		tl_log_error("say whose exits: --pid PID, -a or -- COMMAND; see trapline record "
			     "--help");
		return -1;
	}
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

		if (option == '?' || option == ':') {
			tl_log_error("%s '%s'; see trapline record --help",
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
	return check(&config, all) ? TL_STATUS_USAGE : tl_record_run(&config);
}
