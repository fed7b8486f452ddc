/* SPDX-License-Identifier: MIT */
/*
 * The terminal of `trapline top`, by ncurses. One at a time.
 */
#ifndef TL_TOP_SCREEN_H
#define TL_TOP_SCREEN_H

#include "trace/top/view.h"

/*
 * Whether a screen can be drawn on standard output: the terminal's description is looked for
 * in the host's database and then among those that the program has. Returns 0, or -ENOENT with
 * the reason in `problem`.
 */
int tl_top_terminal(char *problem, size_t size);

/* Takes the terminal over; it must have been looked at. Returns 0 or -errno. */
int tl_top_screen_open(void);

/* The window's size has changed (or is to be asked for): sets ui's. */
void tl_top_screen_resize(struct tl_top_ui *ui);

void tl_top_screen_paint(const struct tl_top_text *text);

/* A key that waits, TL_KEY_NONE: none does. */
int tl_top_screen_key(void);

/* Gives the terminal back as it was. More than once does no harm. */
void tl_top_screen_close(void);

#endif
