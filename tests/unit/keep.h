/* SPDX-License-Identifier: MIT */
/*
 * Texts that a function was called with, to be looked at when they are gone.
 */
#ifndef TL_TESTS_UNIT_KEEP_H
#define TL_TESTS_UNIT_KEEP_H

#include <stdio.h>

/* A copy, good for the next 32 calls; NULL of NULL. */
static inline const char *keep(const char *text)
{
	static char kept[32][128];
	static unsigned int count;
	char *copy = kept[count++ % 32];

	if (!text)
		return NULL;
	snprintf(copy, sizeof(kept[0]), "%s", text);
	return copy;
}

#endif
