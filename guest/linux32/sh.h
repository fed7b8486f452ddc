/* SPDX-License-Identifier: MIT */
/*
 * The shell of the 32-bit Linux guest and the commands that it has.
 */
#ifndef TL_GUEST_LINUX32_SH_H
#define TL_GUEST_LINUX32_SH_H

/* A command of the shell: its words, the last one followed by NULL. Returns its status. */
struct sh_command {
	const char *name;
	int (*run)(int count, char **words);
	const char *help;
};

/* All of them; the last one has no name. */
extern const struct sh_command sh_commands[];

/* Says what went wrong, with errno. Returns 1. */
int sh_fail(const char *what, const char *on);

#endif
