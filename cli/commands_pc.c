/* SPDX-License-Identifier: MIT */
/*
 * The commands on any other machine: those that read what an arm64 machine has recorded.
 */
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"

static int elsewhere(int argc, char **argv)
{
	(void)argc;
	tl_log_error("'%s' needs an arm64 machine with KVM, or the board: scripts/board -- "
		     "trapline %s ...",
		argv[0], argv[0]);
	return TL_STATUS_HOST;
}

const struct tl_command tl_commands[] = {
	{"report", tl_cli_report, "what is in a recording"},
	{"diff", tl_cli_diff, "compare two profiles, or hold one against a budget"},
	{"advice", tl_cli_advice, "what profiles give advice on"},
	{"ctl", tl_cli_ctl, "ask something of a guest that runs"},
	{"run", elsewhere, "boot a guest; only on arm64"},
	{"top", elsewhere, "the exits of all VMs, now; only on arm64"},
	{"profile", elsewhere, "profile the exits of a VM; only on arm64"},
	{"record", elsewhere, "record the exits of a VM; only on arm64"},
	{"exporter", elsewhere, "metrics of every VM of a host; only on arm64"},
	{"caps", elsewhere, "what a host can do; only on arm64"},
	{NULL, NULL, NULL},
};
