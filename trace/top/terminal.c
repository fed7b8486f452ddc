/* SPDX-License-Identifier: MIT */
/*
 * Boards and containers often have no terminfo database, so the usual terminals' descriptions
 * are in the program (ncurses takes one in the variable TERMINFO, terminfo(5)). A terminal that
 * is not among them is probably like the one whose name it extends: xterm-kitty is an xterm.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Before curses.h, whose macros are many. */
#include "trace/top/screen.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

static const struct {
	const char *name, *description;
} terminals[] = {
#include "terminfo_table.h"
};

/* The longest name here that `term` is or begins with, up to a '-' or '.'; NULL: none. */
static const char *nearest(const char *term, const char **description)
{
	const char *best = NULL;

	for (unsigned int i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++) {
		size_t length = strlen(terminals[i].name);

		if (strncmp(term, terminals[i].name, length) != 0 ||
			(term[length] && term[length] != '-' && term[length] != '.'))
			continue;
		if (!best || length > strlen(best)) {
			best = terminals[i].name;
			*description = terminals[i].description;
		}
	}
	return best;
}

/* Whether ncurses knows it and can move the cursor there. */
static bool is_usable(void)
{
	int status = 0;
	const char *move;
	bool usable;

	if (setupterm(NULL, STDOUT_FILENO, &status) != OK)
		return false;
	move = tigetstr("cup");
	usable = move && move != (const char *)-1;
	del_curterm(cur_term);
	return usable;
}

int tl_top_terminal(char *problem, size_t size)
{
	const char *term = getenv("TERM"), *name, *description = NULL;

	if (term && term[0] && is_usable())
		return 0;
	name = term ? nearest(term, &description) : NULL;
	if (name && !setenv("TERMINFO", description, 1) && !setenv("TERM", name, 1) && is_usable())
		return 0;
	snprintf(problem, size,
		"TERM is '%s', which is no terminal that a screen can be drawn on; "
		"TERM=xterm or TERM=linux may be true as well",
		term ? term : "");
	return -ENOENT;
}
