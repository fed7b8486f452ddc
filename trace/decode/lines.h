/* SPDX-License-Identifier: MIT */
/*
 * Source lines of a guest's program, from the DWARF in its ELF file. Only the program for a
 * PC can tell them (lines_dw.c); elsewhere no file has any (lines_none.c). One thread at a
 * time, look-ups as well.
 */
#ifndef TL_TRACE_LINES_H
#define TL_TRACE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct tl_lines;

/* Of the file, which must stay as it is; NULL: none are in it. Not logged. */
struct tl_lines *tl_lines_open(const char *path);

/*
 * Writes where what was linked for `address` was written, as "dir/file.c:123": from the folder
 * it was compiled in on, if it is there, and without its beginning where it is too long for
 * `size` bytes. Returns 0 or -ENOENT (not known). `lines` may be NULL.
 */
int tl_lines_find(const struct tl_lines *lines, uint64_t address, char *buffer, size_t size);

/* Accepts NULL. */
void tl_lines_close(struct tl_lines *lines);

#endif
