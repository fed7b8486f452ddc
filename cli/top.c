/* SPDX-License-Identifier: MIT */
/*
 * trapline top: options to a configuration.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "trace/top/top.h"
#include "trace/top/ui.h"

static const char help_head[] =
	"usage: trapline top [OPTION...]\n"
	"\n"
	"Shows the exits of every VM of this host while they happen: by VM, vCPU and what\n"
	"they are for, with the time that they take and what the VMM does meanwhile. '?'\n"
	"shows the keys. Without a terminal it prints lines.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs root. Exit status: 0; 1 output could not be written, 2 usage, 4 this host\n"
	"does not let us, or there is no such process.\n";

static int set_interval(struct tl_options *options, char *value)
{
	struct tl_top_config *config = options->opaque;
	char *end = value;
	double ms = isdigit((unsigned char)value[0]) ? strtod(value, &end) * 1000 : 0;

	if (end == value || *end || !(ms >= TL_TOP_INTERVAL_MIN && ms <= TL_TOP_INTERVAL_MAX))
		return tl_options_bad(options, "wants seconds from 0.1 to 3600");
	config->interval_ms = (unsigned int)(ms + 0.5);
	return 0;
}

static int set_count(struct tl_options *options, char *value)
{
	struct tl_top_config *config = options->opaque;

	return tl_options_number(options, value, 1, 1000000, &config->count);
}

/* clang-format off */
static const struct tl_option table[] = {
	{TL_VALUE, "pid", "PID", "only the VM of this process, until it ends", tl_cli_set_pid},
	{TL_VALUE, "interval", "S", "seconds from one look to the next (1)", set_interval, "1"},
	{TL_VALUE, "count", "N", "print lines N times and end, also on a terminal", set_count},
	{TL_VALUE, "symbols", "FILE",
		"symbols of the guests: vmlinux, ELF, System.map, Image (the kernel that each\n"
		"VMM was given)", tl_cli_set_symbols},
	{TL_VALUE, "map", "NAME",
		"where devices are: qemu-virt, kvmtool, firecracker (by each process's name)",
		tl_cli_set_map},
	TL_OPTION_HELP,
};
/* clang-format on */

static int top_run(struct tl_options *options, int argc, char **argv)
{
	if (argc) {
		tl_log_error("'%s' is no option; see trapline top --help", argv[0]);
		return TL_STATUS_USAGE;
	}
	return tl_top_run(options->opaque);
}

int tl_cli_top(int argc, char **argv)
{
	struct tl_top_config config = {0};
	struct tl_options options = {.command = "top",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, top_run);
}
