/* SPDX-License-Identifier: MIT */
/*
 * The table is made at build time; a lookup is a binary search.
 */
#include "trace/decode/sysreg.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_MASK 0x3ffc1eu

struct sysreg {
	uint32_t key;
	const char *name;
};

/* Sorted by key: scripts/sysreg-table. */
static const struct sysreg sysregs[] = {
#include "sysreg_table.h"
};

static int compare(const void *key, const void *member)
{
	uint32_t wanted = *(const uint32_t *)key;
	const struct sysreg *sysreg = member;

	return wanted < sysreg->key ? -1 : wanted > sysreg->key;
}

const char *tl_sysreg_name(uint32_t iss, char *buffer, size_t size)
{
	uint32_t key = iss & KEY_MASK;
	const struct sysreg *found = bsearch(
		&key, sysregs, sizeof(sysregs) / sizeof(sysregs[0]), sizeof(sysregs[0]), compare);

	if (found)
		return found->name;
	snprintf(buffer, size, "S%u_%u_C%u_C%u_%u", key >> 20 & 3, key >> 14 & 7, key >> 10 & 15,
		key >> 1 & 15, key >> 17 & 7);
	return buffer;
}
