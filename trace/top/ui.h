/* SPDX-License-Identifier: MIT */
/*
 * What the user of `trapline top` has chosen, and what keys do to it. Two lists: VMs and
 * vCPUs above, and below what the chosen one's exits were for, their PCs, or its threads.
 */
#ifndef TL_TOP_UI_H
#define TL_TOP_UI_H

#include "trace/top/model.h"

/* Keys that are no characters. */
enum {
	TL_KEY_NONE = 0,
	TL_KEY_TAB = '\t',
	TL_KEY_ENTER = '\n',
	TL_KEY_BACK = 27, /* Escape, or Backspace */
	TL_KEY_UP = 1000,
	TL_KEY_DOWN,
	TL_KEY_PAGE_UP,
	TL_KEY_PAGE_DOWN,
	TL_KEY_HOME,
	TL_KEY_END,
	TL_KEY_RESIZE,
};

#define TL_TOP_INTERVAL_MIN 100
#define TL_TOP_INTERVAL_MAX 3600000

enum tl_top_pane { TL_TOP_EXITS, TL_TOP_PCS, TL_TOP_THREADS };

struct tl_top_ui {
	unsigned int rows, columns; /* of the window */
	enum tl_top_pane pane;
	bool help, paused, quit;
	bool lower;                /* keys go to the list below */
	struct tl_top_scope scope; /* the chosen line */
	size_t upper_first;        /* the first one that is seen */
	size_t lower_at, lower_first, lower_count;
	struct tl_top_row chosen; /* whose PCs are shown */
	enum tl_top_sort sort;
	bool reverse;
	unsigned int interval_ms;
};

void tl_top_ui_init(struct tl_top_ui *ui, unsigned int interval_ms);

/* Where the chosen line is. One that is no longer there gives way to its VM, or to all. */
size_t tl_top_ui_line(struct tl_top_ui *ui, const struct tl_top_model *model);

/* Does what a key is for; unknown keys do nothing. */
void tl_top_ui_key(struct tl_top_ui *ui, const struct tl_top_model *model, int key);

/* Lines that the upper and the lower list have, of the window's. */
unsigned int tl_top_ui_upper(const struct tl_top_ui *ui, const struct tl_top_model *model);
unsigned int tl_top_ui_lower(const struct tl_top_ui *ui, const struct tl_top_model *model);

/* Moves the first lines that are seen so that the chosen ones are. */
void tl_top_ui_scroll(struct tl_top_ui *ui, const struct tl_top_model *model);

const char *tl_top_sort_name(enum tl_top_sort sort);

#endif
