/* SPDX-License-Identifier: MIT */
/*
 * The screen of `trapline top` as lines of ASCII, each with a look: what is left for the
 * terminal is to put them there.
 */
#ifndef TL_TOP_VIEW_H
#define TL_TOP_VIEW_H

#include "trace/top/parts.h"

/* A larger window has the rest empty. */
#define TL_TOP_COLUMNS 256
#define TL_TOP_ROWS    128

enum tl_top_look {
	TL_TOP_NORMAL,
	TL_TOP_TITLE,
	TL_TOP_HEADING,
	TL_TOP_CHOSEN, /* keys go there */
	TL_TOP_MARKED, /* chosen in the other list */
	TL_TOP_DIM,
};

struct tl_top_text {
	unsigned int count;
	struct {
		enum tl_top_look look;
		char text[TL_TOP_COLUMNS + 1]; /* as wide as the window, with spaces */
	} lines[TL_TOP_ROWS];
};

/* Draws what the last update made. */
void tl_top_draw(struct tl_top_text *text, struct tl_top *top);

/* Makes lists and threads of the last sample, for what is shown. Returns 0 or -ENOMEM. */
int tl_top_update(struct tl_top *top);

#endif
