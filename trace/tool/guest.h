/* SPDX-License-Identifier: MIT */
/*
 * What is known of the guests of VMMs that come and go: their names, memory maps and, when
 * they are asked for, symbols. One thread.
 */
#ifndef TL_TRACE_GUEST_H
#define TL_TRACE_GUEST_H

#include <sys/types.h>

#include "trace/collect/live.h"
#include "trace/profile/profile.h"

struct tl_guest {
	pid_t process;
	char name[32]; /* of the VMM's program, printable */
	/* Has no exits: for tl_group_row(), which names them. */
	struct tl_profile *profile;
	struct tl_symbols *symbols; /* NULL: none, or not asked for yet */
	int asked;                  /* symbols were looked for */
};

/* All zero is empty. */
struct tl_guests {
	const char *symbols; /* file that all guests' symbols are in; NULL: what each was given */
	const char *map;     /* name of the map of all; NULL: by the VMM's name */
	unsigned int count, room;
	struct tl_guest *list;
};

/* The guest of `process`, looked up when it is new; NULL: no memory. Good until the next call. */
struct tl_guest *tl_guests_find(struct tl_guests *guests, pid_t process);

/* Loads the guest's symbols, unless that was tried; `sample` has the calls that tell KASLR. */
void tl_guest_load_symbols(
	struct tl_guests *guests, struct tl_guest *guest, const struct tl_live_sample *sample);

/* Forgets those that have no vCPU in `sample`. */
void tl_guests_keep(struct tl_guests *guests, const struct tl_live_sample *sample);

void tl_guests_fini(struct tl_guests *guests);

#endif
