/* SPDX-License-Identifier: MIT */
/*
 * trapline record: options to a configuration.
 */
#include <errno.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "trace/tool/record.h"

static const char help_head[] =
	"usage: trapline record [OPTION...] -o DIR --pid PID | -a | -- COMMAND...\n"
	"\n"
	"Records every exit of VMs that another program runs (QEMU, kvmtool, Firecracker, ...):\n"
	"of process PID, of all, or of COMMAND, which it starts. 'trapline report DIR' shows\n"
	"the recording, here or on another machine; DIR/trace.dat is for trace-cmd and\n"
	"KernelShark as well.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs root. Exit status: that of COMMAND, or 0; 1 the recording is incomplete, 2 usage,\n"
	"4 this host does not let us.\n";

static struct tl_record_config *config_of(struct tl_options *options)
{
	return options->opaque;
}

static int set_output(struct tl_options *options, char *value)
{
	config_of(options)->path = value;
	return 0;
}

static int set_stop_after(struct tl_options *options, char *value)
{
	return tl_options_number(options, value, 1, 1000000, &config_of(options)->stop_after);
}

static int set_last(struct tl_options *options, char *value)
{
	return tl_options_number(options, value, 1, 1000000, &config_of(options)->last);
}

static int take_size(struct tl_options *options, const char *text, uint64_t *bytes)
{
	if (!tl_parse_size(text, bytes) && *bytes >= 65536 && *bytes < INT64_MAX)
		return 0;
	return tl_options_bad(options, "wants a size of at least 64K, such as 100M");
}

static int set_size(struct tl_options *options, char *value)
{
	return take_size(options, value, &config_of(options)->size_limit);
}

static int set_buffer(struct tl_options *options, char *value)
{
	return take_size(options, value, &config_of(options)->buffer);
}

/* clang-format off */
static const struct tl_option table[] = {
	{TL_VALUE, "output", "DIR", "folder for the recording; must not have one yet",
		set_output, .letter = 'o'},
	TL_CLI_TARGET_PID,
	TL_CLI_TARGET_ALL("every VM of this host"),
	{TL_VALUE, "stop-after", "S",
		"end after that many seconds; else at Ctrl-C, or when the process ends",
		set_stop_after},
	{TL_VALUE, "size", "SIZE", "end when there are as many bytes, such as 100M",
		set_size},
	{TL_VALUE, "last", "S", "keep only the last S seconds before the end", set_last},
	{TL_VALUE, "buffer", "SIZE",
		"kernel buffer for each CPU, such as 64M (16M): what comes while it is full\n"
		"is lost, and the report says how much and where", set_buffer},
	TL_CLI_TARGET_GUEST,
	TL_OPTION_HELP,
};
/* clang-format on */

/* What makes no sense together. Returns 0 or -EINVAL (logged). */
static int check(struct tl_options *options, int argc, char **argv)
{
	struct tl_record_config *config = config_of(options);

	if (tl_cli_target_check(&config->target, options, argc, argv))
		return -EINVAL;
	if (!config->path) {
		tl_log_error("say where to: -o DIR");
		return -EINVAL;
	}
	if (config->last && config->size_limit) {
		tl_log_error("--last and --size: a recording of the last seconds goes on until "
			     "it is stopped; choose one");
		return -EINVAL;
	}
	return 0;
}

static int record_run(struct tl_options *options, int argc, char **argv)
{
	return check(options, argc, argv) ? TL_STATUS_USAGE : tl_record_run(config_of(options));
}

int tl_cli_record(int argc, char **argv)
{
	struct tl_record_config config = {0};
	struct tl_options options = {.command = "record",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail,
		.command_follows = true};

	return tl_options_run(&options, argc, argv, record_run);
}
