/* SPDX-License-Identifier: MIT */
/*
 * One program, many commands: a command is a line in a table (commands_arm64.c,
 * commands_pc.c) and a file beside this one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/status.h"
#include "cli/cli.h"

static void usage(FILE *out)
{
	fputs("usage: trapline COMMAND [OPTION...]\n\n", out);
	for (const struct tl_command *c = tl_commands; c->name; c++)
		fprintf(out, "  %-8s %s\n", c->name, c->what);
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
	for (const struct tl_command *c = tl_commands; c->name; c++) {
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	}
	tl_log_error("unknown command '%s'; see trapline --help", argv[1]);
	return TL_STATUS_USAGE;
}
