/* SPDX-License-Identifier: MIT */
/*
 * trapline report: options to a configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "trace/report/group.h"
#include "trace/tool/report.h"

static const char help_head[] =
	"usage: trapline report [OPTION...] DIR\n"
	"\n"
	"Prints what the recording in DIR (trapline record, trapline run --record) has: how\n"
	"much of the time the vCPUs were away from their guest, and what for.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs neither root nor KVM: a recording can be read on any machine. Exit status:\n"
	"0; 1 output could not be written, 2 usage, 3 the recording or FILE cannot be read.\n";

static struct tl_report_config *config_of(struct tl_options *options)
{
	return options->opaque;
}

static int set_by(struct tl_options *options, char *value)
{
	config_of(options)->by = tl_group_find(value);
	if (config_of(options)->by >= 0)
		return 0;
	return tl_options_bad(options, "wants class, detail, device, symbol, pc, vcpu or handler");
}

static int set_format(struct tl_options *options, char *value)
{
	static const char *const names[] = {[TL_REPORT_TEXT] = "text",
		[TL_REPORT_JSON] = "json",
		[TL_REPORT_CSV] = "csv",
		[TL_REPORT_FOLDED] = "folded",
		[TL_REPORT_OPENMETRICS] = "openmetrics",
		[TL_REPORT_HTML] = "html",
		[TL_REPORT_PERFETTO] = "perfetto"};
	int format = tl_options_choice(options, value, names, sizeof(names) / sizeof(names[0]));

	if (format < 0)
		return format;
	config_of(options)->format = (enum tl_report_format)format;
	return 0;
}

static int set_weight(struct tl_options *options, char *value)
{
	static const char *const names[] = {[TL_FOLDED_COUNT] = "count", [TL_FOLDED_TIME] = "time"};

	config_of(options)->weight =
		tl_options_choice(options, value, names, sizeof(names) / sizeof(names[0]));
	return config_of(options)->weight < 0 ? -EINVAL : 0;
}

static int take_seconds(struct tl_options *options, const char *text, uint64_t min, uint64_t *ns)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (!errno && end != text && !*end && seconds >= 0 && seconds < 1e9) {
		*ns = (uint64_t)(seconds * 1e9);
		if (*ns >= min)
			return 0;
	}
	return tl_options_bad(options, "wants seconds, such as 1.5");
}

static int set_from(struct tl_options *options, char *value)
{
	return take_seconds(options, value, 0, &config_of(options)->part.from);
}

/* 0 would be no end at all. */
static int set_to(struct tl_options *options, char *value)
{
	return take_seconds(options, value, 1, &config_of(options)->part.to);
}

static int set_symbols(struct tl_options *options, char *value)
{
	config_of(options)->part.symbols = value;
	return 0;
}

static int set_vcpu(struct tl_options *options, char *value)
{
	unsigned int id = 0;
	int ret = tl_options_number(options, value, 0, INT32_MAX, &id);

	config_of(options)->part.vcpu = id;
	return ret;
}

static int set_vm(struct tl_options *options, char *value)
{
	unsigned int id = 0;
	int ret = tl_options_number(options, value, 0, INT32_MAX, &id);

	config_of(options)->part.vm = (pid_t)id;
	return ret;
}

/* clang-format off */
/* A line an option: kind, name, what its value is called, help, function, value if not given. */
static const struct tl_option table[] = {
	{TL_VALUE, "by", "class|detail|device|symbol|pc|vcpu|handler",
		"one table instead: exits by that", set_by},
	{TL_VALUE, "format", "text|json|csv|folded|openmetrics|html|perfetto",
		"json: docs/profile-schema.md; csv: by detail, if not --by; folded: for\n"
		"flame graphs; openmetrics: for Prometheus and its like; html: one page\n"
		"with pictures, which works offline; perfetto: every exit in time, for\n"
		"ui.perfetto.dev", set_format, "text"},
	{TL_VALUE, "weight", "count|time",
		"what counts in folded stacks: exits, or ns to handle them (of class WFx\n"
		"that is mostly idle time)", set_weight},
	{TL_VALUE, "from", "T",
		"only what comes later: seconds after the first event, such as 1.5", set_from},
	{TL_VALUE, "to", "T", "only what comes earlier", set_to},
	{TL_VALUE, "symbols", "FILE",
		"the guest's symbols: vmlinux, ELF file, System.map or Image, in the\n"
		"place of those in DIR. On a PC, where FILE has debug information, source\n"
		"lines as well",
		set_symbols},
	{TL_VALUE, "vcpu", "N", "only that vCPU", set_vcpu},
	{TL_VALUE, "vm", "PID", "only the VM of that process", set_vm},
	TL_OPTION_HELP,
};
/* clang-format on */

/* What does not go together. Returns 0 or -EINVAL (logged). */
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
	return -EINVAL;
}

static int report_run(struct tl_options *options, int argc, char **argv)
{
	struct tl_report_config *config = config_of(options);

	if (argc != 1) {
		tl_log_error("%s; see trapline report --help",
			argc ? "one recording at a time" : "which recording? Name its folder");
		return TL_STATUS_USAGE;
	}
	if (check(config))
		return TL_STATUS_USAGE;
	config->path = argv[0];
	return tl_report_run(config);
}

int tl_cli_report(int argc, char **argv)
{
	struct tl_report_config config = {.by = -1, .weight = -1, .part = {.vcpu = -1}};
	struct tl_options options = {.command = "report",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, report_run);
}
