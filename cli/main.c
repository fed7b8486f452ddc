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
	fputs("  help     this, or the options of a command: trapline help COMMAND\n"
	      "\n'trapline COMMAND --help' tells a command's options, 'man trapline-COMMAND' all "
	      "of it.\n",
		out);
}

static const struct tl_command *find(const char *name)
{
	for (const struct tl_command *c = tl_commands; c->name; c++) {
		if (!strcmp(name, c->name))
			return c;
	}
	tl_log_error("unknown command '%s'; see trapline --help", name);
	return NULL;
}

/* The list of commands, or what `trapline COMMAND --help` prints. */
static int help(int argc, char **argv)
{
	static char option[] = "--help";
	const struct tl_command *command;

	if (argc > 2) {
		tl_log_error("help '%s' '%s': one command at a time", argv[1], argv[2]);
		return TL_STATUS_USAGE;
	}
	if (argc < 2) {
		usage(stdout);
		return TL_STATUS_OK;
	}
	command = find(argv[1]);
	return command ? command->run(2, (char *[]){argv[1], option, NULL}) : TL_STATUS_USAGE;
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
	const struct tl_command *command;

	open_standard_files();
	if (argc < 2) {
		usage(stderr);
		return TL_STATUS_USAGE;
	}
	if (!strcmp(argv[1], "help"))
		return help(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(1, argv + 1);
	command = find(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : TL_STATUS_USAGE;
}
