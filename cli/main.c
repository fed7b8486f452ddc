/* SPDX-License-Identifier: MIT */
/*
 * One program, many commands: a command is a line in the table below and a
 * file beside this one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "vmm/vmm.h"

static const struct {
	const char *name;
	int (*run)(
		int argc, char **argv); /* argv[0] is the command's name; returns an exit status */
	const char *what;
} commands[] = {
	{"run", tl_cli_run, "boot a guest, and profile its exits"},
	{"profile", tl_cli_profile, "profile the exits of another program's VM"},
	{"advice", tl_cli_advice, "what profiles give advice on"},
	{"caps", tl_cli_caps, "what this host can do, and what it lacks"},
};

static void usage(FILE *out)
{
	fputs("usage: trapline COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
	fputs("\n'trapline COMMAND --help' tells a command's options.\n", out);
}

/* A program that starts without standard files would give their numbers to its own files. */
static void open_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return;
	}
}

int main(int argc, char **argv)
{
	open_standard_files();
	if (argc < 2) {
		usage(stderr);
		return TL_STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return TL_STATUS_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	tl_log_error("unknown command '%s'; see trapline --help", argv[1]);
	return TL_STATUS_USAGE;
}
