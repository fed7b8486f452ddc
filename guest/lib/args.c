/* SPDX-License-Identifier: MIT */
/*
 * Words of the kernel command line, for guests that do what it says.
 */
#include "guest.h"

/* Behind the word that begins with prefix, NULL where there is none. */
static const char *find(const char *args, const char *prefix)
{
	while (*args) {
		const char *a = args, *p = prefix;

		while (*p && *a == *p)
			a++, p++;
		if (!*p)
			return a;
		while (*args && *args != ' ')
			args++;
		while (*args == ' ')
			args++;
	}
	return NULL;
}

int tl_args_has(const char *args, const char *word)
{
	const char *end;

	while ((end = find(args, word))) {
		if (!*end || *end == ' ')
			return 1;
		args = end;
	}
	return 0;
}

uint64_t tl_args_number(const char *args, const char *prefix, uint64_t otherwise)
{
	const char *at = find(args, prefix);
	uint64_t value = 0;

	if (!at)
		return otherwise;
	while (*at >= '0' && *at <= '9')
		value = value * 10 + (uint64_t)(*at++ - '0');
	return value;
}
