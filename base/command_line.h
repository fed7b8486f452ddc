/* SPDX-License-Identifier: MIT */
/*
 * How this program was called, for what it writes.
 */
#ifndef TL_BASE_COMMAND_LINE_H
#define TL_BASE_COMMAND_LINE_H

#include <stddef.h>

/*
 * The program's name without its folder, and its arguments, in quotes where a shell wants
 * them, and as text (base/utf8.h); cut off where the buffer ends. "" where the kernel does not
 * tell. Returns `buffer`.
 */
const char *tl_command_line(char *buffer, size_t size);

/* The same of arguments that end in 0 each. */
const char *tl_command_line_of(char *buffer, size_t size, const char *arguments, size_t length);

#endif
