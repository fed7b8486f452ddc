/* SPDX-License-Identifier: MIT */
/*
 * Lines to the terminal, keys from it. ncurses sends only what has changed.
 */
#include "trace/top/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>

static attr_t attribute_of(enum tl_top_look look)
{
	static const attr_t attributes[] = {
		[TL_TOP_NORMAL] = A_NORMAL,
		[TL_TOP_TITLE] = A_BOLD,
		[TL_TOP_HEADING] = A_UNDERLINE,
		[TL_TOP_CHOSEN] = A_REVERSE,
		[TL_TOP_MARKED] = A_BOLD,
		[TL_TOP_DIM] = A_DIM,
	};
	attr_t attribute = attributes[look];

	if (has_colors() && (look == TL_TOP_TITLE || look == TL_TOP_HEADING))
		attribute |= COLOR_PAIR(look == TL_TOP_TITLE ? 1 : 2);
	return attribute;
}

static void start_colors(void)
{
	const char *no_color = getenv("NO_COLOR");

	if (!has_colors() || (no_color && no_color[0]))
		return;
	start_color();
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_CYAN, -1);
}

int tl_top_screen_open(void)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (!screen)
		return -ENOTTY;
	set_term(screen);
	start_colors();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	set_escdelay(50);
	return 0;
}

void tl_top_screen_resize(struct tl_top_ui *ui)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	ui->rows = LINES > 0 ? (unsigned int)LINES : 0;
	ui->columns = COLS > 0 ? (unsigned int)COLS : 0;
	clearok(stdscr, TRUE);
}

void tl_top_screen_paint(const struct tl_top_text *text)
{
	erase();
	for (unsigned int i = 0; i < text->count && i < (unsigned int)LINES; i++) {
		attrset(attribute_of(text->lines[i].look));
		mvaddnstr((int)i, 0, text->lines[i].text, COLS);
	}
	attrset(A_NORMAL);
	refresh();
}

int tl_top_screen_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return TL_KEY_NONE;
	case KEY_UP:
	case 'k':
		return TL_KEY_UP;
	case KEY_DOWN:
	case 'j':
		return TL_KEY_DOWN;
	case KEY_PPAGE:
		return TL_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TL_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TL_KEY_HOME;
	case KEY_END:
		return TL_KEY_END;
	case KEY_ENTER:
	case '\r':
		return TL_KEY_ENTER;
	case KEY_BACKSPACE:
	case 127:
	case '\b':
		return TL_KEY_BACK;
	case KEY_RESIZE:
		return TL_KEY_RESIZE;
	default:
		return key;
	}
}

void tl_top_screen_close(void)
{
	if (stdscr && !isendwin())
		endwin();
}
