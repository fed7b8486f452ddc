/* SPDX-License-Identifier: MIT */
/*
 * Pages of several CPUs become one stream of records. What it delivers is written down as a
 * text: a record as its number, a loss as "<how many" to ">".
 * Links: trace/record/stream.c trace/record/page.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/record/page.h"
#include "trace/record/stream.h"

#define PAGE    256u
#define LOST    (UINT64_C(1) << 31) /* RB_MISSED_EVENTS */
#define COUNTED (UINT64_C(1) << 30) /* RB_MISSED_STORED: how many is behind the data */
#define RECORD  12u                 /* bytes of one that is put here */

struct page {
	unsigned char raw[PAGE];
	uint64_t last;
	size_t used;
};

struct log {
	char text[512];
	int open;               /* losses that did not end yet */
	unsigned int count;     /* records */
	uint32_t stop_at, next; /* ends it with this one; the number that must come next */
	uint64_t last_ts;
	unsigned int told; /* words of progress, and how far the last one was */
	uint64_t told_bytes, told_total;
};

static void start(struct page *page, uint64_t ts)
{
	*page = (struct page){.last = ts};
	memcpy(page->raw, &ts, 8);
}

static void commit(struct page *page, uint64_t flags)
{
	uint64_t word = page->used | flags;

	memcpy(page->raw + 8, &word, 8);
}

/* A record of 8 bytes: its number, twice. */
static void put(struct page *page, uint64_t ts, uint32_t number)
{
	const uint32_t words[] = {2u | (uint32_t)(ts - page->last) << 5, number, number};

	assert_true(TL_PAGE_HEADER + page->used + sizeof(words) <= PAGE);
	memcpy(page->raw + TL_PAGE_HEADER + page->used, words, sizeof(words));
	page->used += sizeof(words);
	page->last = ts;
	commit(page, 0);
}

/* A page of records in a row: the times are ten times the numbers. */
static struct page page_of(uint32_t first, uint32_t count)
{
	struct page page;

	start(&page, first * 10);
	commit(&page, 0);
	for (uint32_t i = 0; i < count; i++)
		put(&page, (first + i) * 10, first + i);
	return page;
}

static void set_lost(struct page *page, uint64_t count)
{
	memcpy(page->raw + TL_PAGE_HEADER + page->used, &count, 8);
	commit(page, LOST | COUNTED);
}

static int file_of(const struct page *pages, unsigned int count)
{
	int fd = memfd_create("pages", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(write(fd, pages[i].raw, PAGE), PAGE);
	return fd;
}

__attribute__((format(printf, 2, 3))) static void note(struct log *log, const char *fmt, ...)
{
	size_t used = strlen(log->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(log->text + used, sizeof(log->text) - used, fmt, ap);
	va_end(ap);
}

static int on_record(void *ctx, uint64_t ts, const void *data, size_t size)
{
	struct log *log = ctx;
	uint32_t words[2];

	assert_int_equal(size, sizeof(words));
	memcpy(words, data, sizeof(words));
	assert_int_equal(words[0], words[1]);
	assert_true(ts >= log->last_ts);
	log->last_ts = ts;
	log->count++;
	log->next += words[0] == log->next;
	note(log, "%u ", words[0]);
	return log->stop_at && words[0] == log->stop_at ? 7 : 0;
}

static void on_begin(void *ctx, uint64_t count)
{
	struct log *log = ctx;

	log->open++;
	note(log, "<%llu ", (unsigned long long)count);
}

static void on_end(void *ctx)
{
	struct log *log = ctx;

	assert_true(log->open-- > 0);
	note(log, "> ");
}

static void on_progress(void *ctx, uint64_t bytes, uint64_t total)
{
	struct log *log = ctx;

	assert_true(bytes <= total);
	assert_true(bytes > log->told_bytes || !log->told || bytes == total);
	log->told++;
	log->told_bytes = bytes;
	log->told_total = total;
}

static const struct tl_stream_ops ops = {on_record, on_begin, on_end, on_progress};

static struct tl_stream *create(unsigned int cpus)
{
	struct tl_stream *stream;

	assert_int_equal(tl_stream_create(&stream, cpus, PAGE), 0);
	assert_non_null(stream);
	return stream;
}

static void add(struct tl_stream *stream, unsigned int cpu, int fd, uint64_t offset, uint64_t size)
{
	assert_int_equal(tl_stream_add(stream, cpu, fd, offset, size), 0);
}

/* Runs it, and holds what came and how many pages were damaged against what is expected. */
static void expect(struct tl_stream *stream, const char *text, unsigned int damaged)
{
	struct log log = {0};

	assert_int_equal(tl_stream_run(stream, &ops, &log), 0);
	assert_string_equal(log.text, text);
	assert_int_equal(log.open, 0);
	assert_true(log.told);
	assert_int_equal(log.told_bytes, log.told_total);
	assert_int_equal(tl_stream_damaged(stream), damaged);
	tl_stream_destroy(stream);
}

/* The whole of one CPU. */
static struct tl_stream *stream_of(int fd, uint64_t size)
{
	struct tl_stream *stream = create(1);

	add(stream, 0, fd, 0, size);
	return stream;
}

/* More than is read at once, and a thread that moves between the CPUs all the time. */
static void test_order(void **state)
{
	enum { PAGES = 3000, CPUS = 3 };
	struct tl_stream *stream = create(CPUS);
	struct log log = {0};
	struct page pages[CPUS] = {0};
	unsigned int written[CPUS] = {0};
	uint64_t ts = 50;
	uint32_t number = 0;
	int fds[CPUS];

	(void)state;
	srandom(7);
	for (unsigned int c = 0; c < CPUS; c++)
		fds[c] = file_of(NULL, 0);
	while (written[0] < PAGES) {
		unsigned int c = (unsigned int)random() % CPUS;

		ts += 1 + (uint64_t)random() % 9;
		if (!pages[c].used)
			start(&pages[c], ts);
		put(&pages[c], ts, number++);
		if (TL_PAGE_HEADER + pages[c].used + RECORD <= PAGE)
			continue;
		assert_int_equal(write(fds[c], pages[c].raw, PAGE), PAGE);
		written[c]++;
		pages[c].used = 0;
	}
	/* What was begun and not written yet. */
	for (unsigned int c = 0; c < CPUS; c++) {
		if (pages[c].used)
			assert_int_equal(write(fds[c], pages[c].raw, PAGE), PAGE);
		written[c] += pages[c].used != 0;
		add(stream, c, fds[c], 0, (uint64_t)written[c] * PAGE);
	}
	assert_int_equal(tl_stream_bytes(stream), 0);
	assert_int_equal(tl_stream_run(stream, &ops, &log), 0);
	assert_int_equal(log.count, number);
	assert_int_equal(log.next, number); /* each in its place */
	assert_int_equal(
		tl_stream_bytes(stream), (uint64_t)(written[0] + written[1] + written[2]) * PAGE);
	assert_int_equal(tl_stream_damaged(stream), 0);
	assert_int_equal(log.told_total, tl_stream_bytes(stream));
	assert_int_equal(log.told_bytes, log.told_total);
	assert_in_range(log.told, 3, 101);
	tl_stream_destroy(stream);
	for (unsigned int c = 0; c < CPUS; c++)
		close(fds[c]);
}

/* One CPU ends early, one begins late, one is empty, one has only empty pages. */
static void test_ends(void **state)
{
	const struct page early = page_of(1, 3), late[] = {page_of(0, 0), page_of(3, 3)};
	const struct page nothing[] = {page_of(0, 0), page_of(9, 0)};
	struct tl_stream *stream = create(4);
	int fds[] = {file_of(&early, 1), file_of(late, 2), file_of(nothing, 2)};

	(void)state;
	add(stream, 0, fds[0], 0, PAGE);
	add(stream, 1, fds[1], 0, 2 * (uint64_t)PAGE);
	add(stream, 3, fds[2], 0, 2 * (uint64_t)PAGE);
	expect(stream, "1 2 3 3 4 5 ", 0);
	expect(create(0), "", 0);
	expect(create(3), "", 0);
	tl_stream_destroy(NULL);
	for (unsigned int i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

/* Of two files, from the middle of each, and a part with nothing between them. */
static void test_parts(void **state)
{
	const struct page old[] = {page_of(80, 2), page_of(1, 2), page_of(4, 2)};
	const struct page fresh[] = {page_of(90, 2), page_of(7, 2), page_of(91, 2)};
	const struct page other = page_of(3, 6);
	struct tl_stream *stream = create(2);
	int fds[] = {file_of(old, 3), file_of(fresh, 3), file_of(&other, 1)};

	(void)state;
	add(stream, 0, fds[0], PAGE, 2 * (uint64_t)PAGE);
	add(stream, 0, fds[0], 0, 0);
	add(stream, 0, fds[1], PAGE, PAGE);
	add(stream, 1, fds[2], 0, PAGE);
	expect(stream, "1 2 3 4 4 5 5 6 7 7 8 8 ", 0);
	for (unsigned int i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

/* One page claims more than it has; what comes of another CPU meanwhile lies in the gap. */
static void test_damaged_page(void **state)
{
	struct page pages[] = {page_of(1, 2), page_of(4, 2), page_of(8, 2)};
	const struct page other = page_of(3, 5);
	struct tl_stream *stream = create(2);
	int fds[2];

	(void)state;
	pages[1].used = PAGE;
	commit(&pages[1], 0);
	fds[0] = file_of(pages, 3);
	fds[1] = file_of(&other, 1);
	add(stream, 0, fds[0], 0, 3 * (uint64_t)PAGE);
	add(stream, 1, fds[1], 0, PAGE);
	expect(stream, "1 2 <0 3 4 5 6 7 > 8 9 ", 1);
	close(fds[0]);
	close(fds[1]);
}

/* A record runs over the end of its page: those before it count. */
static void test_damaged_record(void **state)
{
	const uint32_t too_long = 28u | 1u << 5;
	struct page pages[] = {page_of(1, 2), page_of(4, 2), page_of(8, 2)};
	int fd;

	(void)state;
	memcpy(pages[1].raw + TL_PAGE_HEADER + RECORD, &too_long, 4);
	fd = file_of(pages, 3);
	expect(stream_of(fd, 3 * (uint64_t)PAGE), "1 2 4 <0 > 8 9 ", 1);
	close(fd);
}

static void test_all_damaged(void **state)
{
	unsigned char bytes[4 * PAGE];
	int fd = file_of(NULL, 0);

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	expect(stream_of(fd, sizeof(bytes)), "<0 > <0 > <0 > <0 > ", 4);
	close(fd);
}

/* The file ends in the middle of its last page, which has two records. */
static void test_cut_off(void **state)
{
	static const char *const texts[] = {"1 2 <0 > ", "1 2 4 <0 > ", "1 2 4 5 "};
	const struct page pages[] = {page_of(1, 2), page_of(4, 2)};
	const struct page more = page_of(8, 1);
	int fd = file_of(pages, 2), other = file_of(&more, 1);

	(void)state;
	for (uint64_t left = 1; left < PAGE; left++) {
		const char *text = texts[left < TL_PAGE_HEADER + RECORD       ? 0
					 : left < TL_PAGE_HEADER + 2 * RECORD ? 1
									      : 2];
		unsigned int damaged = left < TL_PAGE_HEADER + 2 * RECORD;
		struct tl_stream *stream;
		char with_more[64];

		expect(stream_of(fd, PAGE + left), text, damaged);
		/* The same with another file behind it. */
		stream = stream_of(fd, PAGE + left);
		add(stream, 0, other, 0, PAGE);
		snprintf(with_more, sizeof(with_more), "%s8 ", text);
		expect(stream, with_more, damaged);
	}
	/* It has less than its size says. */
	assert_int_equal(ftruncate(fd, PAGE + TL_PAGE_HEADER + RECORD), 0);
	expect(stream_of(fd, 9 * (uint64_t)PAGE), "1 2 4 <0 > ", 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	expect(stream_of(fd, 9 * (uint64_t)PAGE), "", 0);
	close(fd);
	close(other);
}

static void test_lost(void **state)
{
	struct page pages[] = {page_of(1, 1), page_of(2, 0), page_of(3, 1), page_of(4, 0)};
	struct page other = page_of(2, 1);
	struct tl_stream *stream = create(2);
	int fds[2];

	(void)state;
	set_lost(&pages[0], 2); /* before the first one */
	set_lost(&pages[1], 3); /* twice, with nothing between them */
	commit(&pages[2], LOST);
	set_lost(&pages[3], 4); /* nothing comes after it */
	fds[0] = file_of(pages, 4);
	fds[1] = file_of(&other, 1);
	expect(stream_of(fds[0], 4 * (uint64_t)PAGE), "<2 > 1 <3 > <0 > 3 <4 > ", 0);
	/* Two CPUs: pairs need not be one in the other. */
	set_lost(&other, 5);
	assert_int_equal(pwrite(fds[1], other.raw, PAGE, 0), PAGE);
	add(stream, 0, fds[0], 0, 4 * (uint64_t)PAGE);
	add(stream, 1, fds[1], 0, PAGE);
	expect(stream, "<2 <5 > 1 <3 > <0 > 2 > 3 <4 > ", 0);
	close(fds[0]);
	close(fds[1]);
}

static void test_stopped(void **state)
{
	struct page pages[] = {page_of(1, 2), page_of(3, 3)};
	const struct page late = page_of(9, 1);
	struct tl_stream *stream = create(2);
	struct page lost = late;
	struct tl_stream_ops silent = ops; /* nobody asks how far it is */
	struct log log = {.stop_at = 4};
	int fds[2];

	(void)state;
	set_lost(&lost, 6);
	fds[0] = file_of(pages, 2);
	fds[1] = file_of(&lost, 1);
	add(stream, 0, fds[0], 0, 2 * (uint64_t)PAGE);
	add(stream, 1, fds[1], 0, PAGE);
	silent.progress = NULL;
	assert_int_equal(tl_stream_run(stream, &silent, &log), 7);
	assert_int_equal(log.told, 0);
	assert_string_equal(log.text, "<6 1 2 3 4 > ");
	assert_int_equal(log.open, 0);
	tl_stream_destroy(stream);
	close(fds[0]);
	close(fds[1]);
}

/* One that cannot be read, from the start and after a part that can. */
static void test_read_error(void **state)
{
	const struct page page = page_of(1, 2);
	struct tl_stream *stream;
	struct log log = {0};
	int fd = file_of(&page, 1);

	(void)state;
	stream = stream_of(-1, PAGE);
	assert_int_equal(tl_stream_run(stream, &ops, &log), -EBADF);
	assert_string_equal(log.text, "");
	tl_stream_destroy(stream);
	log = (struct log){0};
	stream = stream_of(fd, PAGE);
	add(stream, 0, -1, 0, PAGE);
	assert_int_equal(tl_stream_run(stream, &ops, &log), -EBADF);
	assert_string_equal(log.text, "1 2 ");
	tl_stream_destroy(stream);
	close(fd);
}

/* Pages that are larger than what is else read at once. */
static void test_large_pages(void **state)
{
	const size_t size = 1u << 20;
	const uint32_t filler[] = {29u | 1u << 5, 600000}; /* 4 bytes more with its first word */
	const uint64_t data = 600004 + RECORD;
	struct page page = page_of(1, 1);
	struct tl_stream *stream;
	int fd = file_of(NULL, 0);

	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		off_t at = (off_t)((i - 1) * size);

		/* Its record is far behind its beginning. */
		page = page_of(i, 1);
		memcpy(page.raw + 8, &data, 8);
		assert_int_equal(pwrite(fd, page.raw, TL_PAGE_HEADER, at), TL_PAGE_HEADER);
		assert_int_equal(pwrite(fd, filler, 8, at + 16), 8);
		assert_int_equal(pwrite(fd, page.raw + 16, RECORD, at + 16 + 600004), RECORD);
	}
	assert_int_equal(ftruncate(fd, (off_t)(2 * size)), 0);
	assert_int_equal(tl_stream_create(&stream, 1, size), 0);
	add(stream, 0, fd, 0, 2 * size);
	expect(stream, "1 2 ", 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_damaged_page),
		cmocka_unit_test(test_damaged_record),
		cmocka_unit_test(test_all_damaged),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_large_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
