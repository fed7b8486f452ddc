/* SPDX-License-Identifier: MIT */
/*
 * Options that say whose exits are meant, and what is known of that guest: the same for
 * `trapline profile` and `trapline record`.
 */
#ifndef TL_CLI_TARGET_H
#define TL_CLI_TARGET_H

#include <getopt.h>

#include "trace/tool/target.h"

enum {
	TL_CLI_OPT_PID = 256,
	TL_CLI_OPT_SYMBOLS,
	TL_CLI_OPT_MAP,
	TL_CLI_OPT_DTB,
	TL_CLI_OPT_OWN, /* the command's own options begin here */
};

/* For a table of long options; -a is the command's own. */
#define TL_CLI_TARGET_OPTIONS                                                                      \
	{"pid", required_argument, NULL, TL_CLI_OPT_PID}, {"all", no_argument, NULL, 'a'},         \
		{"symbols", required_argument, NULL, TL_CLI_OPT_SYMBOLS},                          \
		{"map", required_argument, NULL, TL_CLI_OPT_MAP},                                  \
		{"dtb", required_argument, NULL, TL_CLI_OPT_DTB},                                  \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

/* Takes one of these in. Returns 0, -1 (logged), or 1: it is none of them. */
int tl_cli_target_option(struct tl_target_config *target, int option, int *all);

/* Whether it is said whose exits, and once. Returns 0 or -1 (logged). */
int tl_cli_target_check(const struct tl_target_config *target, int all, const char *command);

/* optarg as a whole number from 1 to `max`. Returns 0 or -1 (logged). */
int tl_cli_number(const char *option, unsigned int max, unsigned int *number);

/* Says what getopt_long() did not understand. Returns the exit status. */
int tl_cli_bad_option(int option, char *const *argv, const char *command);

#endif
