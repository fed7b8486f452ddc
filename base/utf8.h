/* SPDX-License-Identifier: MIT */
/*
 * Text from outside: names in recordings, symbols, arguments. What prints it, on terminals, in
 * JSON and in pages, relies on it being text.
 */
#ifndef TL_BASE_UTF8_H
#define TL_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character at `text`, 1 at its end; 0: it is no UTF-8 (Unicode 16, table 3-7). */
static inline unsigned int tl_utf8_length(const char *text)
{
	static const struct {
		unsigned char first, last, low, high; /* of the first byte, of the second */
		unsigned int length;
	} ranges[] = {
		{0x00, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *c = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c[0] < ranges[i].first || c[0] > ranges[i].last)
			continue;
		if (ranges[i].length > 1 && (c[1] < ranges[i].low || c[1] > ranges[i].high))
			return 0;
		for (unsigned int n = 2; n < ranges[i].length; n++) {
			if ((c[n] & 0xc0) != 0x80)
				return 0;
		}
		return ranges[i].length;
	}
	return 0;
}

/* Makes '?' of each byte that is no UTF-8 and of control characters, U+0080 to U+009F too. */
static inline void tl_utf8_clean(char *text)
{
	while (*text) {
		unsigned int length = tl_utf8_length(text);
		unsigned char c = (unsigned char)text[0];

		if (!length || c < 0x20 || c == 0x7f)
			*text++ = '?';
		else if (c == 0xc2 && (unsigned char)text[1] < 0xa0)
			*text++ = '?';
		else
			text += length;
	}
}

#endif
