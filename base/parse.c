/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people type them. strtoull() alone accepts signs, blanks and
 * silence, so what it takes is checked first.
 */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_prefix(const char *text, uint64_t *value, const char **end)
{
	char *stop;

	if (!text || !isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &stop, (text[0] == '0' && (text[1] | 0x20) == 'x') ? 16 : 10);
	*end = stop;
	return errno == ERANGE ? -ERANGE : 0;
}

int tl_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end;
	int ret = parse_prefix(text, value, &end);

	if (ret)
		return ret;
	if (*end)
		return -EINVAL;
	return *value < min || *value > max ? -ERANGE : 0;
}

int tl_parse_size(const char *text, uint64_t *bytes)
{
	unsigned int shift = 0;
	const char *end;
	int ret = parse_prefix(text, bytes, &end);

	if (ret)
		return ret;
	switch (*end | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	case 't':
		shift = 40;
		break;
	default:
		break;
	}
	if (end[shift ? 1 : 0])
		return -EINVAL;
	if (shift && *bytes >> (64 - shift))
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}

char *tl_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}
