/* SPDX-License-Identifier: MIT */
/*
 * Where other VMMs put a guest's memory and devices.
 */
#ifndef TL_TRACE_MAPS_H
#define TL_TRACE_MAPS_H

#include "base/vm_desc.h"

struct tl_known_map {
	const char *name;
	const char *program; /* its process is called, to 15 characters */
	unsigned int count;
	struct tl_vm_region regions[16];
};

/* The map of that name; of that program; NULL if there is none. */
const struct tl_known_map *tl_map_by_name(const char *name);
const struct tl_known_map *tl_map_by_program(const char *program);

/* Map number `i`, NULL behind the last one. */
const struct tl_known_map *tl_map_at(unsigned int i);

/* Their names, separated by ", ". Not thread-safe. */
const char *tl_map_names(void);

#endif
