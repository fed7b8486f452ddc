/* SPDX-License-Identifier: MIT */
/*
 * The commands on a machine that can run guests.
 */
#include <stddef.h>

#include "cli/cli.h"

const struct tl_command tl_commands[] = {
	{"run", tl_cli_run, "boot a guest, and profile its exits"},
	{"ctl", tl_cli_ctl, "ask something of a guest that runs: pause, power off, profile"},
	{"top", tl_cli_top, "the exits of all VMs, now"},
	{"profile", tl_cli_profile, "profile the exits of another program's VM"},
	{"record", tl_cli_record, "record every exit of another program's VM"},
	{"report", tl_cli_report, "what is in a recording"},
	{"diff", tl_cli_diff, "compare two profiles, or hold one against a budget"},
	{"exporter", tl_cli_exporter, "metrics of every VM of this host, over HTTP"},
	{"advice", tl_cli_advice, "what profiles give advice on"},
	{"caps", tl_cli_caps, "what this host can do, and what it lacks"},
	{NULL, NULL, NULL},
};
