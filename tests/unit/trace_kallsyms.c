/* SPDX-License-Identifier: MIT */
/*
 * The kallsyms of a Linux Image: Images made here, in each order that kernels have had
 * their tables in, and what is no Image any more because something in it is not so.
 * They are as long as they say, so that the sanitizers see what is read behind them.
 * Links: trace/decode/symbols_kallsyms.c tests/unit/fake_kallsyms.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_kallsyms.h"
#include "trace/decode/symbols_set.h"

#define KIMAGE UINT64_C(0xffff800080000000)
#define COUNT  1201

/* In the place of trace/decode/symbols.c: what was found. */
struct tl_symbols {
	size_t count;
	struct {
		uint64_t address;
		char name[600];
	} list[4096];
};

int tl_symbols_add(struct tl_symbols *symbols, uint64_t address, const char *name, size_t length)
{
	assert_true(symbols->count < ARRAY_LEN(symbols->list));
	assert_in_range(length, 1, 511);
	symbols->list[symbols->count].address = address;
	memcpy(symbols->list[symbols->count].name, name, length);
	symbols->list[symbols->count++].name[length] = 0;
	return 0;
}

/* Reads the first `size` bytes, of which nothing else is there. The caller frees `found`. */
static int read_part(const struct fake_image *im, size_t size, struct tl_symbols **found)
{
	uint8_t *copy = malloc(size ? size : 1);
	int ret;

	*found = calloc(1, sizeof(**found));
	assert_non_null(copy);
	assert_non_null(*found);
	memcpy(copy, im->data, size);
	ret = tl_symbols_read_kallsyms(*found, copy, size);
	free(copy);
	return ret;
}

static void expect_all(const struct fake_image *im, uint64_t base)
{
	struct tl_symbols *found;
	size_t n = 0;

	assert_int_equal(read_part(im, im->size, &found), 0);
	for (uint32_t i = 0; i < im->count; i++) {
		const char *name = fake_image_name(i);

		if (!name)
			continue;
		assert_true(n < found->count);
		assert_string_equal(found->list[n].name, name);
		assert_int_equal(found->list[n].address, base + i * FAKE_STEP);
		n++;
	}
	assert_int_equal(found->count, n);
	free(found);
}

static void expect_none(const struct fake_image *im, size_t size)
{
	struct tl_symbols *found;
	int ret = read_part(im, size, &found);

	if (ret != -ENOENT || found->count)
		fail_msg("layout %d, %zu of %zu bytes: %d, %zu symbols", (int)im->layout, size,
			im->size, ret, found->count);
	free(found);
}

static uint64_t base_of(enum fake_layout layout)
{
	return layout == FAKE_FROM_HERE ? KIMAGE : FAKE_BASE;
}

/* Counts of every remainder: tables end where the next one begins, or do not. */
static void test_layouts(void **state)
{
	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		for (uint32_t count = 1000; count < 1000 + 16; count++) {
			struct fake_image *im = fake_image_create(layout, count);

			expect_all(im, base_of(layout));
			fake_image_destroy(im);
		}
	}
}

/* Markers are for every 256th name. */
static void test_markers(void **state)
{
	(void)state;
	for (uint32_t count = 1023; count <= 1025; count++) {
		struct fake_image *im = fake_image_create(FAKE_BEFORE, count);

		expect_all(im, FAKE_BASE);
		memset(im->data + im->markers + (count - 1) / 256 * 4, 0xff, 4);
		expect_none(im, im->size);
		fake_image_destroy(im);
	}
}

/* What else the kernel has behind the tables. */
static void test_more_behind(void **state)
{
	static const int fill[] = {0, 1, 0x55, 0xff};

	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		for (unsigned int i = 0; i < ARRAY_LEN(fill); i++) {
			struct fake_image *im = fake_image_create(layout, COUNT);

			memset(im->data + im->size, fill[i], 16384);
			im->size += 16384;
			expect_all(im, base_of(layout));
			fake_image_destroy(im);
		}
	}
}

/* A kernel that a relocation tells where it is has no address in it. */
static void test_base_left_open(void **state)
{
	static const enum fake_layout layouts[] = {FAKE_BEFORE, FAKE_BEHIND};
	uint64_t small = 0x10000;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(layouts); i++) {
		struct fake_image *im = fake_image_create(layouts[i], COUNT);

		memset(im->data + im->base, 0, 8);
		expect_all(im, KIMAGE);
		memcpy(im->data + im->base, &small, sizeof(small));
		expect_all(im, KIMAGE);
		fake_image_destroy(im);
	}
}

/* The ten digits stand elsewhere too, and an empty table of tokens before the real one. */
static void test_digits_elsewhere(void **state)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		struct fake_image *im = fake_image_create(layout, COUNT);

		memcpy(im->data, digits, sizeof(digits));
		memcpy(im->data + 0x1001, digits, sizeof(digits));
		memset(im->data + 0x2000, 0, 0x400);
		memcpy(im->data + 0x2100, digits, sizeof(digits));
		expect_all(im, base_of(layout));
		fake_image_destroy(im);
	}
}

static void test_too_small(void **state)
{
	struct fake_image *im = fake_image_create(FAKE_BEFORE, COUNT);

	(void)state;
	expect_none(im, 0);
	expect_none(im, 1);
	expect_none(im, 65535);
	expect_none(im, 65536);
	fake_image_destroy(im);
}

/* Cut off within each table, and a little before and behind where it begins. */
static void test_truncated(void **state)
{
	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		struct fake_image *im = fake_image_create(layout, COUNT);
		const size_t starts[] = {im->offsets, im->base, im->num_syms, im->names,
			im->markers, im->tokens, im->index, im->end};

		for (unsigned int i = 0; i < ARRAY_LEN(starts); i++) {
			for (size_t back = 0; starts[i] && back < 20; back++) {
				expect_none(im, starts[i] - 1 - back);
				if (starts[i] + back < im->end)
					expect_none(im, starts[i] + back);
			}
		}
		for (size_t size = FAKE_CODE; size < im->end; size += 509)
			expect_none(im, size);
		fake_image_destroy(im);
	}
}

/* A word at `at` is not what it must be. */
static void expect_none_with(
	enum fake_layout layout, size_t (*at)(const struct fake_image *), uint32_t value)
{
	struct fake_image *im = fake_image_create(layout, COUNT);

	assert_true(memcmp(im->data + at(im), &value, sizeof(value)) != 0);
	memcpy(im->data + at(im), &value, sizeof(value));
	expect_none(im, im->size);
	fake_image_destroy(im);
}

static size_t at_count(const struct fake_image *im)
{
	return im->num_syms;
}

static size_t at_marker(const struct fake_image *im)
{
	return im->markers + 8;
}

static size_t at_first_marker(const struct fake_image *im)
{
	return im->markers;
}

static size_t at_name(const struct fake_image *im)
{
	return im->name_at[600];
}

static size_t at_last_name(const struct fake_image *im)
{
	return im->name_at[im->count - 1];
}

static size_t at_index(const struct fake_image *im)
{
	return im->index + 508;
}

static size_t at_offset(const struct fake_image *im)
{
	return im->offsets + 700 * 4;
}

/* The end of the text of a digit's token. */
static size_t at_digit(const struct fake_image *im)
{
	uint16_t at;

	memcpy(&at, im->data + im->index + 2 * '5', sizeof(at));
	return im->tokens + at;
}

static void test_damaged(void **state)
{
	static const struct {
		size_t (*at)(const struct fake_image *);
		uint32_t value;
	} damage[] = {
		{at_count, 0},
		{at_count, 999},
		{at_count, COUNT - 1},
		{at_count, COUNT + 1},
		{at_count, 4u << 20},
		{at_count, UINT32_MAX},
		{at_first_marker, 1},
		{at_marker, 0},
		{at_marker, UINT32_MAX},
		{at_name, 0},
		{at_name, UINT32_MAX},
		{at_name, 0x7f},
		{at_last_name, 0},
		{at_last_name, UINT32_MAX},
		{at_last_name, 0x7f7f7f7f},
		{at_index, 0},
		{at_index, UINT32_MAX},
		{at_digit, 0x35353535},
		{at_digit, 0},
		{at_offset, 0},
	};

	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		for (unsigned int i = 0; i < ARRAY_LEN(damage); i++)
			expect_none_with(layout, damage[i].at, damage[i].value);
	}
}

/* A length that leads to where the Image ends, or a byte before. */
static void test_name_to_the_end(void **state)
{
	(void)state;
	for (enum fake_layout layout = 0; layout < FAKE_LAYOUTS; layout++) {
		for (unsigned int i = 0; i < 4; i++) {
			struct fake_image *im = fake_image_create(layout, COUNT);
			size_t at = im->name_at[600], length = im->size - i - at - 2;

			assert_in_range(length, 128, 32767);
			im->data[at] = (uint8_t)(length | 0x80);
			im->data[at + 1] = (uint8_t)(length >> 7);
			im->data[im->size - 1] |= 0x80;
			expect_none(im, im->size);
			fake_image_destroy(im);
		}
	}
}

/* Whatever it is, it is one or the other, and nothing is read that is not there. */
static void test_random_damage(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned int i = 0; i < 400; i++) {
		struct fake_image *im = fake_image_create(i % FAKE_LAYOUTS, COUNT);
		struct tl_symbols *found;
		int ret;

		for (unsigned int n = 0; n <= i % 5; n++) {
			random = random * 1664525 + 1013904223;
			im->data[FAKE_CODE + (random >> 8) % (im->end - FAKE_CODE)] =
				(uint8_t)(random >> 3);
		}
		ret = read_part(im, im->end - i % 3, &found);
		assert_true(ret == 0 || ret == -ENOENT);
		assert_true(ret ? !found->count : found->count > 900);
		free(found);
		fake_image_destroy(im);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_more_behind),
		cmocka_unit_test(test_base_left_open),
		cmocka_unit_test(test_digits_elsewhere),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_name_to_the_end),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
