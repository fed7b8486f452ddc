/* SPDX-License-Identifier: MIT */
/*
 * A record begins with a word of two fields: 5 bits that are its length in words, or a
 * special type, and 27 bits of time since the record before it.
 */
#include "trace/record/page.h"

#include <errno.h>
#include <string.h>

/* The commit word: length of the data, and whether events before it were lost. */
#define COMMIT_LENGTH ((UINT64_C(1) << 27) - 1)
#define COMMIT_COUNT  (UINT64_C(1) << 30) /* how many is behind the data */
#define COMMIT_LOST   (UINT64_C(1) << 31)

/* Values of the 5 bits; up to LENGTH_MAX they are words of payload, and 0: see the next word. */
#define LENGTH_MAX     28u
#define TYPE_PADDING   29u
#define TYPE_EXTEND    30u /* more bits of time */
#define TYPE_TIMESTAMP 31u /* not since the last record, but all of it */
#define TIME_BITS      27
/* A TIMESTAMP has 59 bits: the others stay as they were. */
#define TIMESTAMP_HIGH (~((UINT64_C(1) << 59) - 1))

static uint32_t load32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t load64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

int tl_page_open(struct tl_page *page, const void *data, size_t size)
{
	uint64_t commit;
	size_t length;

	*page = (struct tl_page){.data = data, .end = TL_PAGE_HEADER, .next = TL_PAGE_HEADER};
	if (size < TL_PAGE_HEADER)
		return -EPROTO;
	page->ts = load64(page->data);
	commit = load64(page->data + 8);
	length = (size_t)(commit & COMMIT_LENGTH);
	page->lost = (commit & COMMIT_LOST) != 0;
	if (length > size - TL_PAGE_HEADER) {
		page->end = size;
		return -EPROTO;
	}
	page->end += length;
	/* The kernel puts the count there only if there is room for it. */
	if (page->lost && (commit & COMMIT_COUNT) && size - page->end >= 8)
		page->lost_count = load64(page->data + page->end);
	return 0;
}

/* A record of `head` bytes before its payload of `length`, at page->next. */
static int take(struct tl_page *page, size_t head, size_t length, const void **record, size_t *size)
{
	size_t left = page->end - page->next;

	if (head > left || length > left - head)
		return -EPROTO;
	*record = page->data + page->next + head;
	*size = length;
	page->next += head + ((length + 3) & ~(size_t)3);
	/* The last one need not be filled up. */
	if (page->next > page->end)
		page->next = page->end;
	return 1;
}

/* Passes over a special record of which `length` bytes follow its first word. */
static int skip(struct tl_page *page, size_t length)
{
	const void *record;
	size_t size;
	int ret = take(page, 4, length, &record, &size);

	return ret < 0 ? ret : 0;
}

int tl_page_next(struct tl_page *page, const void **record, size_t *size)
{
	while (page->end - page->next >= 4) {
		const unsigned char *at = page->data + page->next;
		uint32_t word = load32(at), type = word & 31, delta = word >> 5, more;
		int ret;

		if (type && type <= LENGTH_MAX) {
			page->ts += delta;
			return take(page, 4, type * 4ul, record, size);
		}
		if (type == TYPE_PADDING && !delta)
			break; /* nothing comes after it */
		if (page->end - page->next < 8)
			return -EPROTO;
		more = load32(at + 4);
		switch (type) {
		case 0:
			page->ts += delta;
			return more < 4 ? -EPROTO : take(page, 8, more - 4ul, record, size);
		case TYPE_PADDING:
			/* An event that was discarded: 1 is no time, just not 0. */
			page->ts += delta > 1 ? delta : 0;
			ret = skip(page, more);
			break;
		case TYPE_EXTEND:
			page->ts += ((uint64_t)more << TIME_BITS) + delta;
			ret = skip(page, 4);
			break;
		default:
			page->ts = (page->ts & TIMESTAMP_HIGH) |
				   (((uint64_t)more << TIME_BITS) + delta);
			ret = skip(page, 4);
			break;
		}
		if (ret)
			return ret;
	}
	page->next = page->end;
	return 0;
}
