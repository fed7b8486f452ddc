/* SPDX-License-Identifier: MIT */
/*
 * The ring reader, on sub-buffers made here (kernel: ring_buffer.c; a time stamp,
 * the commit word, then records of type_len:5 and time_delta:27). A memfd of
 * pages stands for a CPU's buffer: read gives a page at a time, and 0 at its end.
 * Links: trace/collect/ring.c
 * Libs: traceevent
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/collect/ring.h"

#define PAGE    4096u
#define HEADER  16u
#define MISSED  (UINT64_C(1) << 31) /* RB_MISSED_EVENTS */
#define STORED  (UINT64_C(1) << 30) /* RB_MISSED_STORED: the number is behind the data */
#define LOG_MAX 512

struct page {
	unsigned char raw[PAGE];
	uint64_t last;
	unsigned int used;
};

struct log {
	unsigned int count, begins, ends;
	uint64_t lost;
	uint64_t ts[LOG_MAX];
	uint32_t value[LOG_MAX];
	unsigned int begin_at, end_at; /* how many records came before them */
};

static void page_start(struct page *p, uint64_t ts)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->raw, &ts, 8);
	p->last = ts;
}

static void page_commit(struct page *p, uint64_t flags)
{
	uint64_t commit = p->used | flags;

	memcpy(p->raw + 8, &commit, 8);
}

static void put_word(struct page *p, uint32_t word)
{
	memcpy(p->raw + HEADER + p->used, &word, 4);
	p->used += 4;
}

/* A record of 8 bytes that holds `value` twice. */
static void put(struct page *p, uint64_t ts, uint32_t value)
{
	uint64_t delta = ts - p->last;

	if (delta >> 27) {
		put_word(p, 30u | (uint32_t)(delta & 0x7ffffff) << 5); /* time extend */
		put_word(p, (uint32_t)(delta >> 27));
		delta = 0;
	}
	put_word(p, 2u | (uint32_t)delta << 5);
	put_word(p, value);
	put_word(p, value);
	p->last = ts;
	page_commit(p, 0);
}

static int buffer_of(const struct page *pages, unsigned int count)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(write(fd, pages[i].raw, PAGE), PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* What the writer adds later, without moving the reader. */
static void append(int fd, const struct page *page)
{
	off_t end = lseek(fd, 0, SEEK_CUR);

	assert_int_equal(pwrite(fd, page->raw, PAGE, end), PAGE);
}

static void on_record(void *ctx, uint64_t ts, const void *data, size_t size)
{
	struct log *log = ctx;

	assert_int_equal(size, 8);
	assert_true(log->count < LOG_MAX);
	log->ts[log->count] = ts;
	memcpy(&log->value[log->count], data, 4);
	log->count++;
}

static void on_begin(void *ctx, uint64_t count)
{
	struct log *log = ctx;

	log->begins++;
	log->lost += count;
	log->begin_at = log->count;
}

static void on_end(void *ctx)
{
	struct log *log = ctx;

	log->ends++;
	log->end_at = log->count;
}

static const struct tl_ring_ops ops = {on_record, on_begin, on_end};

static void test_one_cpu(void **state)
{
	struct page pages[2];
	struct tl_ring *ring;
	struct log log = {0};
	int fd;

	(void)state;
	page_start(&pages[0], 1000);
	put(&pages[0], 1000, 1);
	put(&pages[0], 1700, 2);
	put(&pages[0], 1700 + (UINT64_C(5) << 27), 3); /* a long pause */
	page_start(&pages[1], pages[0].last + 10);
	put(&pages[1], pages[1].last + 5, 4);
	fd = buffer_of(pages, 2);
	assert_int_equal(tl_ring_create(&ring, &fd, 1, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), 0);
	assert_int_equal(log.count, 4);
	assert_int_equal(log.ts[0], 1000);
	assert_int_equal(log.ts[1], 1700);
	assert_int_equal(log.ts[2], 1700 + (UINT64_C(5) << 27));
	assert_int_equal(log.ts[3], log.ts[2] + 15);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(log.value[i], i + 1);
	assert_int_equal(log.begins, 0);
	tl_ring_destroy(ring);
}

/* A vCPU that moves between three CPUs at every event. */
static void test_merge(void **state)
{
	struct page pages[3][4];
	struct log log = {0};
	struct tl_ring *ring;
	uint32_t value = 0;
	uint64_t ts = 50;
	int fds[3];

	(void)state;
	srandom(7);
	for (unsigned int n = 0; n < 4; n++) {
		for (unsigned int c = 0; c < 3; c++)
			page_start(&pages[c][n], ts);
		for (unsigned int i = 0; i < 100; i++)
			put(&pages[random() % 3][n], ts += 1 + (uint64_t)random() % 9, value++);
	}
	for (unsigned int c = 0; c < 3; c++)
		fds[c] = buffer_of(pages[c], 4);
	assert_int_equal(tl_ring_create(&ring, fds, 3, PAGE), 0);
	/* In slices, as the collector does. */
	for (uint64_t mark = 0; mark < ts + 100; mark += 37)
		assert_int_equal(tl_ring_round(ring, mark, &ops, &log), 0);
	assert_int_equal(log.count, 400);
	for (uint32_t i = 0; i < 400; i++)
		assert_int_equal(log.value[i], i);
	tl_ring_destroy(ring);
}

/* What is younger than the mark waits, since another CPU may still bring something older. */
static void test_mark(void **state)
{
	struct page a, b;
	struct log log = {0};
	struct tl_ring *ring;
	int fds[2];

	(void)state;
	page_start(&a, 100);
	put(&a, 100, 1);
	put(&a, 200, 3);
	fds[0] = buffer_of(&a, 1);
	fds[1] = buffer_of(&a, 0);
	assert_int_equal(tl_ring_create(&ring, fds, 2, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, 99, &ops, &log), 0);
	assert_int_equal(log.count, 0);
	assert_int_equal(tl_ring_round(ring, 140, &ops, &log), 0);
	assert_int_equal(log.count, 1);
	page_start(&b, 150);
	put(&b, 150, 2);
	append(fds[1], &b);
	assert_int_equal(tl_ring_round(ring, 200, &ops, &log), 0);
	assert_int_equal(log.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(log.value[i], i + 1);
	tl_ring_destroy(ring);
}

/* robust: trace.slow-reader */
static void test_missed_events(void **state)
{
	struct page pages[2];
	struct log log = {0};
	struct tl_ring *ring;
	uint64_t count = 12;
	int fd;

	(void)state;
	page_start(&pages[0], 10);
	put(&pages[0], 10, 1);
	page_start(&pages[1], 50);
	put(&pages[1], 60, 2);
	memcpy(pages[1].raw + HEADER + pages[1].used, &count, 8);
	page_commit(&pages[1], MISSED | STORED);
	fd = buffer_of(pages, 2);
	assert_int_equal(tl_ring_create(&ring, &fd, 1, PAGE), 0);
	/* Told as soon as it is seen, closed only before the record behind the gap. */
	assert_int_equal(tl_ring_round(ring, 20, &ops, &log), 0);
	assert_int_equal(log.begins, 1);
	assert_int_equal(log.begin_at, 1);
	assert_int_equal(log.ends, 0);
	assert_int_equal(tl_ring_round(ring, 60, &ops, &log), 0);
	assert_int_equal(log.ends, 1);
	assert_int_equal(log.end_at, 1);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.lost, 12);
	tl_ring_destroy(ring);
}

/* A page that was full when events were lost has no room for their number. */
static void test_missed_unknown_number(void **state)
{
	struct page page;
	struct log log = {0};
	struct tl_ring *ring;
	int fd;

	(void)state;
	page_start(&page, 50);
	put(&page, 60, 2);
	page_commit(&page, MISSED);
	fd = buffer_of(&page, 1);
	assert_int_equal(tl_ring_create(&ring, &fd, 1, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), 0);
	assert_int_equal(log.begins, 1);
	assert_int_equal(log.ends, 1);
	assert_int_equal(log.lost, 0);
	assert_int_equal(log.count, 1);
	tl_ring_destroy(ring);
}

/* A page that claims more than it has is given up, and the loss is told. */
static void test_commit_lies(void **state)
{
	struct page pages[2];
	struct log log = {0};
	struct tl_ring *ring;
	int fd;

	(void)state;
	page_start(&pages[0], 10);
	put(&pages[0], 10, 1);
	pages[0].used = PAGE;
	page_commit(&pages[0], 0);
	page_start(&pages[1], 20);
	put(&pages[1], 20, 2);
	fd = buffer_of(pages, 2);
	assert_int_equal(tl_ring_create(&ring, &fd, 1, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), -EPROTO);
	assert_int_equal(log.begins, 1);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), 0);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.value[0], 2);
	assert_int_equal(log.ends, 1);
	tl_ring_destroy(ring);
}

/* A record that says it is longer than the page. */
static void test_record_lies(void **state)
{
	struct page page;
	struct log log = {0};
	struct tl_ring *ring;
	int fd;

	(void)state;
	page_start(&page, 10);
	put(&page, 10, 1);
	put_word(&page, 0u | 1u << 5); /* type_len 0: the length is in the next word */
	put_word(&page, 100000);
	page_commit(&page, 0);
	fd = buffer_of(&page, 1);
	assert_int_equal(tl_ring_create(&ring, &fd, 1, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), -EPROTO);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.begins, 1);
	tl_ring_destroy(ring);
}

static void test_empty_and_broken_buffers(void **state)
{
	struct page page;
	struct log log = {0};
	struct tl_ring *ring;
	int fds[2], pipe_fds[2];

	(void)state;
	page_start(&page, 10);
	page_commit(&page, 0);
	assert_int_equal(pipe(pipe_fds), 0);
	fds[0] = buffer_of(&page, 1);
	fds[1] = pipe_fds[1]; /* cannot be read */
	assert_int_equal(tl_ring_create(&ring, fds, 2, PAGE), 0);
	assert_int_equal(tl_ring_round(ring, UINT64_MAX, &ops, &log), -EBADF);
	assert_int_equal(log.count, 0);
	tl_ring_destroy(ring);
	close(pipe_fds[0]);
	tl_ring_destroy(NULL);
}

static void test_bad_arguments(void **state)
{
	struct tl_ring *ring;
	int fd = memfd_create("ring", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(tl_ring_create(&ring, &fd, 1, 8), -EINVAL);
	assert_null(ring);
	/* It was taken over, so it is closed. */
	assert_int_equal(close(fd), -1);
	assert_int_equal(tl_ring_create(&ring, NULL, 0, PAGE), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cpu),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_missed_events),
		cmocka_unit_test(test_missed_unknown_number),
		cmocka_unit_test(test_commit_lies),
		cmocka_unit_test(test_record_lies),
		cmocka_unit_test(test_empty_and_broken_buffers),
		cmocka_unit_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
