/* SPDX-License-Identifier: MIT */
/*
 * Lines by libdw of elfutils: which compilation unit an address is in by a table of our own,
 * as not every compiler writes .debug_aranges, then by the unit's line table, which libdw
 * reads when it is first asked for.
 */
#include "trace/decode/lines.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdw.h>

/* What one unit has code for, `end` not included. */
struct range {
	uint64_t start, end;
	Dwarf_Die unit;
};

struct tl_lines {
	int fd;
	Dwarf *dwarf;
	struct range *ranges; /* by their start */
	size_t count, room;
};

static int add_range(struct tl_lines *lines, const struct range *range)
{
	if (lines->count == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 256;
		struct range *grown = realloc(lines->ranges, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		lines->ranges = grown;
		lines->room = room;
	}
	lines->ranges[lines->count++] = *range;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct range *one = a, *two = b;

	return one->start < two->start ? -1 : one->start > two->start;
}

static int add_ranges(struct tl_lines *lines)
{
	Dwarf_CU *unit = NULL;
	struct range range;
	int ret = 0;

	while (!ret &&
		dwarf_get_units(lines->dwarf, unit, &unit, NULL, NULL, &range.unit, NULL) == 0) {
		Dwarf_Addr base, start, end;
		ptrdiff_t next = 0;

		while (!ret && (next = dwarf_ranges(&range.unit, next, &base, &start, &end)) > 0) {
			range.start = start;
			range.end = end;
			ret = start < end ? add_range(lines, &range) : 0;
		}
	}
	if (lines->count)
		qsort(lines->ranges, lines->count, sizeof(*lines->ranges), by_start);
	return ret;
}

struct tl_lines *tl_lines_open(const char *path)
{
	struct tl_lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (lines->fd >= 0)
		lines->dwarf = dwarf_begin(lines->fd, DWARF_C_READ);
	if (!lines->dwarf || add_ranges(lines) || !lines->count) {
		tl_lines_close(lines);
		return NULL;
	}
	return lines;
}

/* The unit that has code at `address`, NULL if there is none. */
static Dwarf_Die *unit_at(const struct tl_lines *lines, uint64_t address)
{
	size_t low = 0, high = lines->count;

	/* The last range that does not start behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= lines->ranges[low - 1].end)
		return NULL;
	return &lines->ranges[low - 1].unit;
}

/* The path from the folder on that the unit was compiled in, or as it is. */
static const char *from_folder(const char *path, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *folder = NULL;
	size_t length;

	if (dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		folder = dwarf_formstring(&attribute);
	length = folder ? strlen(folder) : 0;
	while (length && folder[length - 1] == '/')
		length--;
	if (length && !strncmp(path, folder, length) && path[length] == '/')
		path += length + 1;
	return path;
}

int tl_lines_find(const struct tl_lines *lines, uint64_t address, char *buffer, size_t size)
{
	Dwarf_Die *unit = lines ? unit_at(lines, address) : NULL;
	Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address) : NULL;
	const char *path = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	size_t room, length;
	char number[16];
	int n;

	/* Line 0 is code that no line is for. */
	if (!path || dwarf_lineno(line, &n) || n <= 0)
		return -ENOENT;
	path = from_folder(path, unit);
	length = strlen(path);
	room = size - 1 - (size_t)snprintf(number, sizeof(number), ":%d", n);
	snprintf(buffer, size, "%s%s", length > room ? path + (length - room) : path, number);
	return 0;
}

void tl_lines_close(struct tl_lines *lines)
{
	if (!lines)
		return;
	dwarf_end(lines->dwarf);
	if (lines->fd >= 0)
		close(lines->fd);
	free(lines->ranges);
	free(lines);
}
