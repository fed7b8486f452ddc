/* SPDX-License-Identifier: MIT */
/*
 * /proc is asked once for each VMM.
 */
#include "trace/tool/guest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/symbols.h"
#include "trace/profile/slide.h"
#include "trace/tool/maps.h"
#include "trace/tool/process.h"

static void fini(struct tl_guest *guest)
{
	tl_profile_destroy(guest->profile);
	tl_symbols_destroy(guest->symbols);
}

/* A process may call itself anything, also what a terminal would obey. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (!isascii((unsigned char)*text) || !isprint((unsigned char)*text))
			*text = '?';
	}
}

static int init(const struct tl_guests *guests, struct tl_guest *guest, pid_t process)
{
	const struct tl_known_map *map;
	int ret;

	*guest = (struct tl_guest){.process = process};
	ret = tl_profile_create(&guest->profile);
	if (ret)
		return ret;
	tl_process_name(process, guest->name, sizeof(guest->name));
	map = guests->map ? tl_map_by_name(guests->map) : tl_map_by_program(guest->name);
	for (unsigned int i = 0; map && i < map->count; i++)
		guest->profile->map.regions[guest->profile->map.count++] = map->regions[i];
	make_printable(guest->name);
	guest->profile->pid = process;
	return 0;
}

struct tl_guest *tl_guests_find(struct tl_guests *guests, pid_t process)
{
	for (unsigned int i = 0; i < guests->count; i++) {
		if (guests->list[i].process == process)
			return &guests->list[i];
	}
	if (guests->count == guests->room) {
		unsigned int room = guests->room ? guests->room * 2 : 8;
		struct tl_guest *list = realloc(guests->list, room * sizeof(*list));

		if (!list)
			return NULL;
		guests->list = list;
		guests->room = room;
	}
	if (init(guests, &guests->list[guests->count], process))
		return NULL;
	return &guests->list[guests->count++];
}

/* The guest's calls come from where its kernel was moved to. */
static void find_slide(struct tl_guest *guest, const struct tl_live_sample *sample)
{
	struct tl_details calls = {0};

	for (size_t i = 0; i < sample->row_count; i++) {
		const struct tl_live_row *row = &sample->rows[i];

		if (sample->vcpus[row->vcpu].process == guest->process && !row->summed && row->pc &&
			tl_slide_is_call(row->exit_class))
			(void)tl_details_add(
				&calls, &(struct tl_profile_detail){.exit_class = row->exit_class,
						.detail = row->detail,
						.pc = row->pc,
						.mode = row->mode,
						.count = row->now.count});
	}
	tl_slide_set(guest->symbols, &calls);
	tl_details_fini(&calls);
}

void tl_guest_load_symbols(
	struct tl_guests *guests, struct tl_guest *guest, const struct tl_live_sample *sample)
{
	const char *path = guests->symbols;
	char guessed[512];

	if (guest->asked)
		return;
	guest->asked = 1;
	if (!path && tl_process_kernel(guest->process, guessed, sizeof(guessed)))
		path = guessed;
	if (!path || tl_symbols_load(&guest->symbols, path))
		return;
	find_slide(guest, sample);
	guest->profile->symbols = guest->symbols;
}

void tl_guests_keep(struct tl_guests *guests, const struct tl_live_sample *sample)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < guests->count; i++) {
		int there = 0;

		for (unsigned int v = 0; v < sample->vcpu_count && !there; v++)
			there = sample->vcpus[v].process == guests->list[i].process;
		if (there)
			guests->list[kept++] = guests->list[i];
		else
			fini(&guests->list[i]);
	}
	guests->count = kept;
}

void tl_guests_fini(struct tl_guests *guests)
{
	for (unsigned int i = 0; i < guests->count; i++)
		fini(&guests->list[i]);
	free(guests->list);
	guests->list = NULL;
	guests->count = guests->room = 0;
}
