/* SPDX-License-Identifier: MIT */
/*
 * The terminal's modes: raw while a guest has it, and back again on every way
 * out, a crash of the program included. Main thread.
 */
#ifndef TL_VMM_CORE_TERMINAL_H
#define TL_VMM_CORE_TERMINAL_H

#include <stdbool.h>

/*
 * If `fd` is a terminal, passes keys through unread and unechoed (output stays
 * processed). Returns true if it was changed. File status flags are never touched.
 */
bool tl_terminal_raw(int fd);

/* Puts the modes back that tl_terminal_raw() found; nothing if it changed none. */
void tl_terminal_restore(void);

#endif
