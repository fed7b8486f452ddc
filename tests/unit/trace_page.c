/* SPDX-License-Identifier: MIT */
/*
 * Records in one page of the kernel's ring buffer, made here word by word. What is read
 * lies in a buffer of just its size, so that the sanitizers see a byte too many.
 * Links: trace/record/page.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/record/page.h"

#define ROOM      1024u
#define FOUND_MAX 64
#define LOST      (UINT64_C(1) << 31) /* RB_MISSED_EVENTS */
#define COUNTED   (UINT64_C(1) << 30) /* RB_MISSED_STORED */
#define PADDING   29u
#define EXTEND    30u
#define TIMESTAMP 31u

struct made {
	unsigned char raw[ROOM];
	size_t used; /* behind the header */
};

/* What a page gave. */
struct found {
	int opened, ended; /* what open and the last next returned */
	unsigned int count;
	int lost;
	uint64_t lost_count;
	struct {
		uint64_t ts;
		size_t size;
		uint32_t value; /* the first word */
	} records[FOUND_MAX];
};

static void start(struct made *page, uint64_t ts)
{
	*page = (struct made){0};
	memcpy(page->raw, &ts, 8);
}

static void commit(struct made *page, uint64_t flags)
{
	uint64_t word = page->used | flags;

	memcpy(page->raw + 8, &word, 8);
}

static void put(struct made *page, uint32_t word)
{
	assert_true(TL_PAGE_HEADER + page->used + 4 <= ROOM);
	memcpy(page->raw + TL_PAGE_HEADER + page->used, &word, 4);
	page->used += 4;
}

static void put_head(struct made *page, uint32_t type, uint32_t delta)
{
	put(page, type | delta << 5);
}

/* A record of `words`, all of them `value`. */
static void put_record(struct made *page, uint32_t words, uint32_t delta, uint32_t value)
{
	put_head(page, words, delta);
	for (uint32_t i = 0; i < words; i++)
		put(page, value);
}

/* One whose length is in the next word. */
static void put_long(struct made *page, uint32_t bytes, uint32_t delta, uint32_t value)
{
	put_head(page, 0, delta);
	put(page, bytes + 4);
	for (uint32_t i = 0; i < bytes; i += 4)
		put(page, value);
}

/* Reads the first `size` bytes of a page to the end. */
static struct found read_bytes(const unsigned char *bytes, size_t size)
{
	unsigned char *data = malloc(size);
	struct found found = {0};
	struct tl_page page;
	const void *record;
	size_t length;
	uint32_t sum = 0;

	assert_non_null(data);
	if (size)
		memcpy(data, bytes, size);
	found.opened = tl_page_open(&page, data, size);
	found.lost = page.lost;
	found.lost_count = page.lost_count;
	while ((found.ended = tl_page_next(&page, &record, &length)) > 0) {
		const unsigned char *at = record;

		/* Each takes a word at least, so there cannot be more. */
		assert_true(++found.count <= size / 4);
		assert_true(at >= data + TL_PAGE_HEADER && at <= data + size);
		assert_true(length <= (size_t)(data + size - at));
		for (size_t i = 0; i < length; i++)
			sum += at[i];
		if (found.count > FOUND_MAX)
			continue;
		found.records[found.count - 1].ts = page.ts;
		found.records[found.count - 1].size = length;
		memcpy(&found.records[found.count - 1].value, at, length < 4 ? length : 4);
	}
	assert_true(sum < UINT32_MAX);
	/* It stays at its end. */
	assert_int_equal(tl_page_next(&page, &record, &length), found.ended);
	free(data);
	return found;
}

static struct found read_page(const struct made *page)
{
	return read_bytes(page->raw, TL_PAGE_HEADER + page->used);
}

#define assert_record(found, i, when, bytes, word)                                                 \
	do {                                                                                       \
		assert_int_equal((found).records[i].ts, when);                                     \
		assert_int_equal((found).records[i].size, bytes);                                  \
		assert_int_equal((found).records[i].value, word);                                  \
	} while (0)

static void test_short_records(void **state)
{
	struct made page;

	(void)state;
	for (uint32_t words = 1; words <= 28; words++) {
		struct found found;

		start(&page, 1000);
		put_record(&page, words, 0, 7);
		put_record(&page, words, (1u << 27) - 1, 8);
		commit(&page, 0);
		found = read_page(&page);
		assert_int_equal(found.opened, 0);
		assert_int_equal(found.ended, 0);
		assert_int_equal(found.count, 2);
		assert_false(found.lost);
		assert_record(found, 0, 1000, words * 4, 7);
		assert_record(found, 1, 1000 + (1u << 27) - 1, words * 4, 8);
	}
}

/* A length that is not of whole words is filled up; the last record need not be. */
static void test_long_records(void **state)
{
	struct made page;
	struct found found;

	(void)state;
	start(&page, 5);
	put_long(&page, 200, 1, 1);
	put_long(&page, 113, 2, 2);
	put_long(&page, 0, 3, 0);
	put_long(&page, 6, 4, 4);
	page.used -= 2;
	commit(&page, 0);
	found = read_page(&page);
	assert_int_equal(found.ended, 0);
	assert_int_equal(found.count, 4);
	assert_record(found, 0, 6, 200, 1);
	assert_record(found, 1, 8, 113, 2);
	assert_int_equal(found.records[2].size, 0);
	assert_record(found, 3, 15, 6, 4);
}

/* One whose length does not even have room for itself. */
static void test_no_length(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < 4; length++) {
		struct made page;
		struct found found;

		start(&page, 0);
		put_record(&page, 1, 1, 1);
		put_head(&page, 0, 1);
		put(&page, length);
		put(&page, 0);
		commit(&page, 0);
		found = read_page(&page);
		assert_int_equal(found.count, 1);
		assert_int_equal(found.ended, -EPROTO);
	}
}

static void test_padding(void **state)
{
	struct made page;
	struct found found;

	(void)state;
	start(&page, 100);
	put_record(&page, 1, 1, 1);
	put_head(&page, PADDING, 20); /* was discarded: passed over, but its time went by */
	put(&page, 12);
	put(&page, 99);
	put(&page, 99);
	put_record(&page, 1, 3, 2);
	put_head(&page, PADDING, 1); /* 1 says only that it is not the end */
	put(&page, 4);
	put_record(&page, 1, 4, 3);
	put_head(&page, PADDING, 0); /* the rest of the page */
	put_record(&page, 1, 1, 4);
	commit(&page, 0);
	found = read_page(&page);
	assert_int_equal(found.ended, 0);
	assert_int_equal(found.count, 3);
	assert_record(found, 0, 101, 4, 1);
	assert_record(found, 1, 124, 4, 2);
	assert_record(found, 2, 128, 4, 3);
}

static void test_time(void **state)
{
	const uint64_t high = UINT64_C(0xa8) << 56;
	struct made page;
	struct found found;

	(void)state;
	start(&page, high + 1000);
	put_head(&page, EXTEND, 5);
	put(&page, 3);
	put_record(&page, 1, 2, 1);
	put_head(&page, TIMESTAMP, 9);
	put(&page, UINT32_MAX);
	put_record(&page, 1, 0, 2);
	put_head(&page, TIMESTAMP, 1);
	put(&page, 1);
	put_record(&page, 1, 3, 3);
	commit(&page, 0);
	found = read_page(&page);
	assert_int_equal(found.ended, 0);
	assert_int_equal(found.count, 3);
	assert_record(found, 0, high + 1007 + (UINT64_C(3) << 27), 4, 1);
	/* The 5 bits above its own 59 stay. */
	assert_record(found, 1, high + (UINT64_C(0xffffffff) << 27) + 9, 4, 2);
	assert_record(found, 2, high + (UINT64_C(1) << 27) + 4, 4, 3);
}

static void test_lost(void **state)
{
	const uint64_t count = UINT64_C(0x123456789a);
	struct made page;
	struct found found;

	(void)state;
	start(&page, 1);
	put_record(&page, 2, 1, 1);
	commit(&page, LOST | COUNTED);
	memcpy(page.raw + TL_PAGE_HEADER + page.used, &count, 8);
	found = read_bytes(page.raw, TL_PAGE_HEADER + page.used + 8);
	assert_int_equal(found.opened, 0);
	assert_int_equal(found.count, 1);
	assert_true(found.lost);
	assert_int_equal(found.lost_count, count);
	/* No room for the number, or half of it. */
	for (size_t room = 0; room < 8; room++) {
		found = read_bytes(page.raw, TL_PAGE_HEADER + page.used + room);
		assert_int_equal(found.opened, 0);
		assert_true(found.lost);
		assert_int_equal(found.lost_count, 0);
	}
	commit(&page, LOST);
	found = read_bytes(page.raw, TL_PAGE_HEADER + page.used + 8);
	assert_true(found.lost);
	assert_int_equal(found.lost_count, 0);
	commit(&page, COUNTED);
	found = read_bytes(page.raw, TL_PAGE_HEADER + page.used + 8);
	assert_false(found.lost);
	assert_int_equal(found.lost_count, 0);
}

/* What is there of a page that claims more is read all the same. */
static void test_commit_lies(void **state)
{
	struct made page;
	struct found found;

	(void)state;
	start(&page, 10);
	put_record(&page, 1, 1, 1);
	put_record(&page, 1, 1, 2);
	page.used++;
	commit(&page, LOST);
	page.used--;
	found = read_page(&page);
	assert_int_equal(found.opened, -EPROTO);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.ended, 0);
	assert_true(found.lost);
	assert_record(found, 1, 12, 4, 2);
	/* The largest claim there is. */
	memset(page.raw + 8, 0xff, 8);
	assert_int_equal(read_page(&page).opened, -EPROTO);
	for (size_t size = 0; size < TL_PAGE_HEADER; size++) {
		found = read_bytes(page.raw, size);
		assert_int_equal(found.opened, -EPROTO);
		assert_int_equal(found.count, 0);
	}
}

/* Each kind of record says that it is longer than the rest of its page. */
static void test_runs_over(void **state)
{
	static const uint32_t last[][2] = {
		{3u | 1u << 5, 0},
		{0u | 1u << 5, 9},
		{0u | 1u << 5, UINT32_MAX},
		{PADDING | 2u << 5, 5},
		{PADDING | 2u << 5, UINT32_MAX},
	};
	struct made page;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(last); i++) {
		struct found found;

		start(&page, 0);
		put_record(&page, 1, 0, 1);
		put(&page, last[i][0]);
		put(&page, last[i][1]);
		commit(&page, 0);
		found = read_page(&page);
		assert_int_equal(found.opened, 0);
		assert_int_equal(found.count, 1);
		assert_int_equal(found.ended, -EPROTO);
	}
	/* Only the first word is there. */
	for (uint32_t type = 0; type < 32; type++) {
		start(&page, 0);
		put_head(&page, type, 1);
		commit(&page, 0);
		assert_int_equal(read_page(&page).ended, -EPROTO);
	}
}

static void test_empty(void **state)
{
	struct made page;
	struct found found;

	(void)state;
	start(&page, 77);
	commit(&page, 0);
	found = read_page(&page);
	assert_int_equal(found.opened, 0);
	assert_int_equal(found.ended, 0);
	assert_int_equal(found.count, 0);
	found = read_bytes(page.raw, ROOM);
	assert_int_equal(found.opened, 0);
	assert_int_equal(found.count, 0);
}

/* All that a page can have. */
static size_t make_mixed(struct made *page)
{
	const uint64_t count = 3;

	start(page, UINT64_C(0x0123456789abcdef));
	put_record(page, 1, 0, 1);
	put_head(page, TIMESTAMP, 1);
	put(page, 2);
	put_record(page, 28, 1, 2);
	put_long(page, 130, 1, 3);
	put_head(page, PADDING, 7);
	put(page, 8);
	put(page, 0);
	put_head(page, EXTEND, 1);
	put(page, 1);
	put_record(page, 5, 1, 4);
	put_head(page, PADDING, 0);
	commit(page, LOST | COUNTED);
	memcpy(page->raw + TL_PAGE_HEADER + page->used, &count, 8);
	return TL_PAGE_HEADER + page->used + 8;
}

/* robust: recording.truncated */
static void test_truncated(void **state)
{
	struct made page;
	size_t size = make_mixed(&page);
	struct found whole = read_bytes(page.raw, size);

	(void)state;
	assert_int_equal(whole.count, 4);
	for (size_t i = 0; i < size; i++) {
		struct found found = read_bytes(page.raw, i);

		assert_int_equal(found.opened, i < size - 8 ? -EPROTO : 0);
		assert_true(found.count <= whole.count);
		for (unsigned int n = 0; n < found.count; n++)
			assert_record(found, n, whole.records[n].ts, whole.records[n].size,
				whole.records[n].value);
	}
}

static void test_flipped(void **state)
{
	struct made page;
	size_t size = make_mixed(&page);

	(void)state;
	for (size_t i = 0; i < size; i++) {
		for (unsigned int bits = 1; bits < 256; bits++) {
			page.raw[i] ^= (unsigned char)bits;
			(void)read_bytes(page.raw, size);
			page.raw[i] ^= (unsigned char)bits;
		}
	}
	assert_int_equal(read_bytes(page.raw, size).count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_records),
		cmocka_unit_test(test_long_records),
		cmocka_unit_test(test_no_length),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_commit_lies),
		cmocka_unit_test(test_runs_over),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
