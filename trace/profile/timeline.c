/* SPDX-License-Identifier: MIT */
/*
 * Bins only ever merge in pairs, so that a bin's bounds stay bounds, and each merge halves
 * what is left to merge: the work of all is that of the events and a little more.
 */
#include "trace/profile/timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 256 ns: less than any exit takes. */
#define SHIFT_MIN 8

void tl_timeline_init(struct tl_timeline *timeline, uint64_t start)
{
	*timeline = (struct tl_timeline){
		.start = start, .shift = SHIFT_MIN, .bins = TL_TIMELINE_BINS_MAX};
}

/* Merges bins in pairs; rows keep their length. */
static void widen(struct tl_timeline *timeline)
{
	for (size_t r = 0; r < timeline->count; r++) {
		struct tl_timeline_row *row = &timeline->rows[r];

		for (unsigned int i = 0; i < timeline->bins / 2; i++) {
			uint64_t exits = (uint64_t)row->exits[2 * i] + row->exits[2 * i + 1];

			row->exits[i] = exits > UINT32_MAX ? UINT32_MAX : (uint32_t)exits;
			row->ns[i] = row->ns[2 * i] + row->ns[2 * i + 1];
		}
		memset(row->exits + timeline->bins / 2, 0,
			timeline->bins / 2 * sizeof(*row->exits));
		memset(row->ns + timeline->bins / 2, 0, timeline->bins / 2 * sizeof(*row->ns));
	}
	timeline->shift++;
	timeline->used = (timeline->used + 1) / 2;
}

/* Rows of half the length, for there are many. */
static void halve(struct tl_timeline *timeline)
{
	if (timeline->used > timeline->bins / 2)
		widen(timeline);
	timeline->bins /= 2;
	for (size_t r = 0; r < timeline->count; r++) {
		struct tl_timeline_row *row = &timeline->rows[r];
		void *exits = realloc(row->exits, timeline->bins * sizeof(*row->exits));
		void *ns = realloc(row->ns, timeline->bins * sizeof(*row->ns));

		/* What cannot be made smaller is as good. */
		row->exits = exits ? exits : row->exits;
		row->ns = ns ? ns : row->ns;
	}
}

static uint32_t *place_of(
	const struct tl_timeline *timeline, unsigned int vcpu, unsigned int exit_class)
{
	uint64_t hash = ((uint64_t)vcpu << 8 ^ exit_class) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 32) & (timeline->index_size - 1);

	for (; timeline->index[at]; at = (at + 1) & (timeline->index_size - 1)) {
		const struct tl_timeline_row *row = &timeline->rows[timeline->index[at] - 1];

		if (row->vcpu == vcpu && row->exit_class == exit_class)
			break;
	}
	return &timeline->index[at];
}

/* Room for one row more, and an index that is at most half full. */
static int grow(struct tl_timeline *timeline)
{
	size_t room = timeline->room ? timeline->room * 2 : 16;
	struct tl_timeline_row *rows;
	uint32_t *index;

	if (timeline->count < timeline->room)
		return 0;
	rows = realloc(timeline->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	timeline->rows = rows;
	index = calloc(2 * room, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(timeline->index);
	timeline->index = index;
	timeline->index_size = 2 * room;
	timeline->room = room;
	for (size_t i = 0; i < timeline->count; i++)
		*place_of(timeline, rows[i].vcpu, rows[i].exit_class) = (uint32_t)i + 1;
	return 0;
}

static struct tl_timeline_row *add_row(
	struct tl_timeline *timeline, unsigned int vcpu, unsigned int exit_class)
{
	struct tl_timeline_row *row;

	if (grow(timeline))
		return NULL;
	while (timeline->bins > TL_TIMELINE_BINS_MIN &&
		(timeline->count + 1) * timeline->bins > TL_TIMELINE_CELLS)
		halve(timeline);
	row = &timeline->rows[timeline->count];
	*row = (struct tl_timeline_row){vcpu, exit_class,
		calloc(timeline->bins, sizeof(*row->exits)),
		calloc(timeline->bins, sizeof(*row->ns))};
	if (!row->exits || !row->ns) {
		free(row->exits);
		free(row->ns);
		return NULL;
	}
	*place_of(timeline, vcpu, exit_class) = (uint32_t)++timeline->count;
	return row;
}

static struct tl_timeline_row *row_of(
	struct tl_timeline *timeline, unsigned int vcpu, unsigned int exit_class)
{
	uint32_t place = timeline->index_size ? *place_of(timeline, vcpu, exit_class) : 0;

	return place ? &timeline->rows[place - 1] : add_row(timeline, vcpu, exit_class);
}

int tl_timeline_add(struct tl_timeline *timeline, unsigned int vcpu, unsigned int exit_class,
	uint64_t from, uint64_t to)
{
	struct tl_timeline_row *row = row_of(timeline, vcpu, exit_class);
	uint64_t begin = from > timeline->start ? from - timeline->start : 0;
	uint64_t end = to > timeline->start ? to - timeline->start : 0;
	uint64_t at = begin;

	if (!row)
		return -ENOMEM;
	if (end < begin)
		end = begin;
	while (end >> timeline->shift >= timeline->bins)
		widen(timeline);
	if (row->exits[begin >> timeline->shift] < UINT32_MAX)
		row->exits[begin >> timeline->shift]++;
	/* Its time goes to all the bins that it is in. */
	while (at < end) {
		uint64_t width = UINT64_C(1) << timeline->shift;
		uint64_t left = width - (at & (width - 1));
		uint64_t ns = end - at < left ? end - at : left;

		row->ns[at >> timeline->shift] += ns;
		at += ns;
	}
	if (end >> timeline->shift >= timeline->used)
		timeline->used = (unsigned int)(end >> timeline->shift) + 1;
	return 0;
}

void tl_timeline_fini(struct tl_timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++) {
		free(timeline->rows[i].exits);
		free(timeline->rows[i].ns);
	}
	free(timeline->rows);
	free(timeline->index);
	*timeline = (struct tl_timeline){0};
}
