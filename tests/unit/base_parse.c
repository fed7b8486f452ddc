/* SPDX-License-Identifier: MIT */
/*
 * Numbers from a command line: what is not wholly a number of the asked kind, or
 * does not fit, is refused and never rounded, wrapped or guessed.
 * Links: base/parse.c
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "base/parse.h"

struct sample {
	const char *text;
	int result;
	uint64_t value; /* if result is 0 */
};

static void check_u64(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 99;
		int ret = tl_parse_u64(samples[i].text, 0, UINT64_MAX, &value);

		if (ret != samples[i].result || (!ret && value != samples[i].value))
			fail_msg("'%s': %d, %llu", samples[i].text, ret, (unsigned long long)value);
	}
}

static void check_size(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 99;
		int ret = tl_parse_size(samples[i].text, &value);

		if (ret != samples[i].result || (!ret && value != samples[i].value))
			fail_msg("'%s': %d, %llu", samples[i].text, ret, (unsigned long long)value);
	}
}

static void test_numbers(void **state)
{
	static const struct sample samples[] = {
		{"0", 0, 0},
		{"42", 0, 42},
		{"010", 0, 10}, /* nobody means octal */
		{"0x10", 0, 16},
		{"0XfF", 0, 255},
		{"18446744073709551615", 0, UINT64_MAX},
		{"0xffffffffffffffff", 0, UINT64_MAX},
	};

	(void)state;
	check_u64(samples, ARRAY_LEN(samples));
}

static void test_what_is_no_number(void **state)
{
	static const struct sample samples[] = {
		{NULL, -EINVAL, 0},
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"two", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1K", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0x-1", -EINVAL, 0},
		{"0xg", -EINVAL, 0},
		{"x10", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
	};

	(void)state;
	check_u64(samples, ARRAY_LEN(samples));
}

static void test_too_large_for_64_bits(void **state)
{
	static const struct sample samples[] = {
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0},
		{"0x10000000000000000", -ERANGE, 0},
	};

	(void)state;
	check_u64(samples, ARRAY_LEN(samples));
	check_size(samples, ARRAY_LEN(samples));
}

static void test_limits(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(tl_parse_u64("0", 1, 8, &value), -ERANGE);
	assert_int_equal(tl_parse_u64("9", 1, 8, &value), -ERANGE);
	assert_int_equal(tl_parse_u64("1", 1, 8, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(tl_parse_u64("8", 1, 8, &value), 0);
	assert_int_equal(value, 8);
	/* errno from before is not taken for a result. */
	errno = ERANGE;
	assert_int_equal(tl_parse_u64("8", 8, 8, &value), 0);
}

static void test_sizes(void **state)
{
	static const struct sample samples[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"0x1000", 0, 4096},
		{"1k", 0, UINT64_C(1) << 10},
		{"1K", 0, UINT64_C(1) << 10},
		{"512M", 0, UINT64_C(512) << 20},
		{"512m", 0, UINT64_C(512) << 20},
		{"3G", 0, UINT64_C(3) << 30},
		{"3g", 0, UINT64_C(3) << 30},
		{"2T", 0, UINT64_C(2) << 40},
		{"2t", 0, UINT64_C(2) << 40},
		{"0x10M", 0, UINT64_C(16) << 20},
		{"0T", 0, 0},
	};

	(void)state;
	check_size(samples, ARRAY_LEN(samples));
}

static void test_what_is_no_size(void **state)
{
	static const struct sample samples[] = {
		{NULL, -EINVAL, 0},
		{"", -EINVAL, 0},
		{"M", -EINVAL, 0},
		{"lots", -EINVAL, 0},
		{"-1M", -EINVAL, 0},
		{"1MB", -EINVAL, 0},
		{"1MM", -EINVAL, 0},
		{"1 M", -EINVAL, 0},
		{"1M ", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"1.5G", -EINVAL, 0},
		{"0x", -EINVAL, 0},
	};

	(void)state;
	check_size(samples, ARRAY_LEN(samples));
}

static void test_units_that_overflow(void **state)
{
	static const struct sample samples[] = {
		{"16777215T", 0, UINT64_C(16777215) << 40},
		{"16777216T", -ERANGE, 0},
		{"17179869183G", 0, UINT64_C(17179869183) << 30},
		{"17179869184G", -ERANGE, 0},
		{"17592186044416M", -ERANGE, 0},
		{"18446744073709551615K", -ERANGE, 0},
	};

	(void)state;
	check_size(samples, ARRAY_LEN(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_is_no_number),
		cmocka_unit_test(test_too_large_for_64_bits),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_what_is_no_size),
		cmocka_unit_test(test_units_that_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
