/* SPDX-License-Identifier: MIT */
/*
 * Exits added up by one property: the rows behind `trapline report --by`.
 */
#ifndef TL_TRACE_GROUP_H
#define TL_TRACE_GROUP_H

#include "trace/profile/profile.h"

enum tl_group_by {
	TL_GROUP_CLASS,
	TL_GROUP_DETAIL,
	TL_GROUP_DEVICE, /* of what goes to a device; the rest is "-" */
	TL_GROUP_SYMBOL, /* function of the guest */
	TL_GROUP_PC,
	TL_GROUP_VCPU,
	TL_GROUP_HANDLER,
	TL_GROUP_COUNT,
};

struct tl_group {
	char name[96];
	uint64_t exits, timed;
	uint64_t ns, max; /* of what was timed */
	uint64_t p50, p99;
	uint64_t slept, delayed; /* ns, of these */
};

struct tl_groups {
	size_t count;
	struct tl_group *list; /* most exits first */
	uint64_t exits;        /* of all */
};

/* "class", "detail", ...; NULL behind the last. */
const char *tl_group_name(enum tl_group_by by);

/* The property of that name, -1: there is none. */
int tl_group_find(const char *name);

/* The name of an entry's row. Returns `name`. */
const char *tl_group_row(char *name, size_t size, const struct tl_profile *profile,
	const struct tl_profile_detail *detail, enum tl_group_by by);

/* Adds up. Returns 0 or -ENOMEM; `out` is the caller's to fini. */
int tl_groups_of(const struct tl_profile *profile, enum tl_group_by by, struct tl_groups *out);

void tl_groups_fini(struct tl_groups *groups);

/*
 * What an exit was for in words, with the names that the profile has for host interrupts;
 * "" where there is nothing to add to its class. Returns `buffer`.
 */
const char *tl_group_detail(char *buffer, size_t size, const struct tl_profile *profile,
	unsigned int exit_class, uint64_t detail);

/* The same, or where there is nothing to add the class. */
const char *tl_group_what(char *buffer, size_t size, const struct tl_profile *profile,
	unsigned int exit_class, uint64_t detail);

/*
 * The source line of what the guest has at `pc`, as "dir/file.c:123", or in short, to stand
 * behind a symbol: " (file.c:123)". "" where it is not known. Return `buffer`.
 */
const char *tl_group_line(char *buffer, size_t size, const struct tl_profile *profile, uint64_t pc);
const char *tl_group_line_short(
	char *buffer, size_t size, const struct tl_profile *profile, uint64_t pc);

#endif
