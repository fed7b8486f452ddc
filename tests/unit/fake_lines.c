/* SPDX-License-Identifier: MIT */
/*
 * trace/decode/lines.h for tests, and where it looks up: what symbols are for was linked
 * 0x80000 lower, and what was linked for address N is in line N, up to 9999.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "trace/decode/lines.h"
#include "trace/decode/symbols.h"

uint64_t tl_symbols_linked(const struct tl_symbols *symbols, uint64_t address)
{
	return symbols ? address - 0x80000 : address;
}

int tl_lines_find(const struct tl_lines *lines, uint64_t address, char *buffer, size_t size)
{
	if (!lines || address > 9999)
		return -ENOENT;
	snprintf(buffer, size, "dir.d/file.c:%" PRIu64, address);
	return 0;
}
