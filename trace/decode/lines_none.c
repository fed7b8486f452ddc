/* SPDX-License-Identifier: MIT */
/*
 * No lines: for the static program, which has no libdw.
 */
#include "trace/decode/lines.h"

#include <errno.h>

struct tl_lines *tl_lines_open(const char *path)
{
	(void)path;
	return NULL;
}

int tl_lines_find(const struct tl_lines *lines, uint64_t address, char *buffer, size_t size)
{
	(void)lines;
	(void)address;
	(void)buffer;
	(void)size;
	return -ENOENT;
}

void tl_lines_close(struct tl_lines *lines)
{
	(void)lines;
}
