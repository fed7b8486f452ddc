/* SPDX-License-Identifier: MIT */
/*
 * trapline report: options to a configuration.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "trace/report/group.h"
#include "trace/tool/report.h"

static const char help_text[] =
	"usage: trapline report [OPTION...] DIR\n"
	"\n"
	"Prints what the recording in DIR (trapline record, trapline run --record) has: how\n"
	"much of the time the vCPUs were away from their guest, and what for.\n"
	"\n"
	"  --by WHAT        one table instead: exits by class, detail, device, symbol, pc,\n"
	"                   vcpu or handler\n"
	"  --format FORMAT  text; json (docs/profile-schema.md); csv (with --by; by detail);\n"
	"                   folded, for flame graphs; openmetrics, for Prometheus and its like\n"
	"  --weight WHAT    what counts in folded stacks: count (exits), or time (ns to handle\n"
	"                   them; of class WFx that is mostly idle time)\n"
	"  --from T, --to T only that part: seconds after the first event, such as 1.5\n"
	"  --symbols FILE   the guest's symbols: vmlinux, ELF file, System.map or Image, in the\n"
	"                   place of those in DIR. On a PC, where FILE has debug information,\n"
	"                   source lines as well\n"
	"  --vcpu N         only that vCPU\n"
	"  --vm PID         only the VM of that process\n"
	"  -h, --help       this text\n"
	"\n"
	"Needs neither root nor KVM: a recording can be read on any machine. Exit status:\n"
	"0; 1 output could not be written, 2 usage, 3 the recording or FILE cannot be read.\n";

enum option_id {
	OPT_BY = 256,
	OPT_FORMAT,
	OPT_FROM,
	OPT_SYMBOLS,
	OPT_TO,
	OPT_VCPU,
	OPT_VM,
	OPT_WEIGHT,
};

static const struct option long_options[] = {
	{"by", required_argument, NULL, OPT_BY},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"from", required_argument, NULL, OPT_FROM},
	{"symbols", required_argument, NULL, OPT_SYMBOLS},
	{"to", required_argument, NULL, OPT_TO},
	{"vcpu", required_argument, NULL, OPT_VCPU},
	{"vm", required_argument, NULL, OPT_VM},
	{"weight", required_argument, NULL, OPT_WEIGHT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int parse_seconds(const char *option, uint64_t min, uint64_t *ns)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(optarg, &end);
	if (!errno && end != optarg && !*end && seconds >= 0 && seconds < 1e9) {
		*ns = (uint64_t)(seconds * 1e9);
		if (*ns >= min)
			return 0;
	}
	tl_log_error("%s '%s': wants seconds, such as 1.5", option, optarg);
	return -1;
}

static int parse_format(struct tl_report_config *config)
{
	static const struct {
		const char *name;
		enum tl_report_format format;
	} formats[] = {
		{"text", TL_REPORT_TEXT},
		{"json", TL_REPORT_JSON},
		{"csv", TL_REPORT_CSV},
		{"folded", TL_REPORT_FOLDED},
		{"openmetrics", TL_REPORT_OPENMETRICS},
	};
	char all[128] = "";

	for (unsigned int i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t used = strlen(all);

		if (!strcmp(optarg, formats[i].name)) {
			config->format = formats[i].format;
			return 0;
		}
		snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", formats[i].name);
	}
	tl_log_error("--format '%s': there are %s", optarg, all);
	return -1;
}

static int parse_weight(struct tl_report_config *config)
{
	config->weight = !strcmp(optarg, "time") ? TL_FOLDED_TIME : TL_FOLDED_COUNT;
	if (config->weight == TL_FOLDED_TIME || !strcmp(optarg, "count"))
		return 0;
	tl_log_error("--weight '%s': there are count and time", optarg);
	return -1;
}

static int parse_by(struct tl_report_config *config)
{
	config->by = tl_group_find(optarg);
	if (config->by >= 0)
		return 0;
	tl_log_error(
		"--by '%s': there are class, detail, device, symbol, pc, vcpu and handler", optarg);
	return -1;
}

static int parse_id(const char *option, uint64_t *value)
{
	if (!tl_parse_u64(optarg, 0, INT32_MAX, value))
		return 0;
	tl_log_error("%s '%s': wants a whole number", option, optarg);
	return -1;
}

/* Returns 0, 1 (help was asked for) or -1 (logged). */
static int parse_option(struct tl_report_config *config, int option)
{
	uint64_t value = 0;
	int ret;

	switch (option) {
	case OPT_BY:
		return parse_by(config);
	case OPT_FORMAT:
		return parse_format(config);
	case OPT_FROM:
		return parse_seconds("--from", 0, &config->part.from);
	case OPT_SYMBOLS:
		config->part.symbols = optarg;
		return 0;
	case OPT_TO:
		/* 0 would be no end at all. */
		return parse_seconds("--to", 1, &config->part.to);
	case OPT_VCPU:
		ret = parse_id("--vcpu", &value);
		config->part.vcpu = (int64_t)value;
		return ret;
	case OPT_VM:
		ret = parse_id("--vm", &value);
		config->part.vm = (pid_t)value;
		return ret;
	case OPT_WEIGHT:
		return parse_weight(config);
	case 'h':
		fputs(help_text, stdout);
		return 1;
	default:
		return -1;
	}
}

/* What does not go together. Returns 0 or -1 (logged). */
static int check(const struct tl_report_config *config)
{
	if (config->part.to && config->part.to < config->part.from)
		tl_log_error("--to is before --from");
	else if (config->weight >= 0 && config->format != TL_REPORT_FOLDED)
		tl_log_error("--weight is of --format folded");
	else if (config->by >= 0 && config->format > TL_REPORT_CSV)
		tl_log_error("--by is of the formats text and csv");
	else
		return 0;
	return -1;
}

int tl_cli_report(int argc, char **argv)
{
	struct tl_report_config config = {.by = -1, .weight = -1, .part = {.vcpu = -1}};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		int ret;

		if (option == '?' || option == ':') {
			tl_log_error("%s '%s'; see trapline report --help",
				option == ':' ? "a value is missing behind" : "unknown option",
				argv[optind - 1]);
			return TL_STATUS_USAGE;
		}
		ret = parse_option(&config, option);
		if (ret)
			return ret > 0 ? TL_STATUS_OK : TL_STATUS_USAGE;
	}
	if (argc - optind != 1) {
		tl_log_error("%s; see trapline report --help",
			argc == optind ? "which recording? Name its folder"
				       : "one recording at a time");
		return TL_STATUS_USAGE;
	}
	if (check(&config))
		return TL_STATUS_USAGE;
	config.path = argv[optind];
	return tl_report_run(&config);
}
