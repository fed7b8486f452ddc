/* SPDX-License-Identifier: MIT */
/*
 * trapline exporter: options to a configuration.
 */
#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "trace/tool/export.h"

static const char help_head[] =
	"usage: trapline exporter [OPTION...]\n"
	"\n"
	"Serves metrics of the exits of every VM of this host over HTTP, at /metrics, for\n"
	"Prometheus and its like (docs/fleet.md). VMs may come and go.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Needs root. SIGTERM ends it. Exit status: 0; 1 it cannot listen, 2 usage, 4 this\n"
	"host does not let us.\n";

static int set_listen(struct tl_options *options, char *value)
{
	struct tl_export_config *config = options->opaque;

	config->listen = value;
	return 0;
}

/* clang-format off */
static const struct tl_option table[] = {
	{TL_VALUE, "listen", "ADDRESS:PORT",
		"where; other machines reach it only if ADDRESS is not of this one alone",
		set_listen, TL_EXPORT_LISTEN},
	TL_CLI_TARGET_MAP,
	TL_OPTION_HELP,
};
/* clang-format on */

static int exporter_run(struct tl_options *options, int argc, char **argv)
{
	if (argc) {
		tl_log_error("'%s' is no option; see trapline exporter --help", argv[0]);
		return TL_STATUS_USAGE;
	}
	return tl_export_run(options->opaque);
}

int tl_cli_exporter(int argc, char **argv)
{
	struct tl_export_config config = {0};
	struct tl_options options = {.command = "exporter",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.opaque = &config,
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, exporter_run);
}
