/* SPDX-License-Identifier: MIT */
/*
 * Figures for people: their digits and units.
 * Links: trace/report/units.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/report/units.h"

static void test_count(void **state)
{
	static const struct {
		double count;
		const char *text;
	} cases[] = {
		{0, "0"},
		{0.04, "0"},
		{0.3, "0.3"},
		{9.94, "9.9"},
		{9.96, "10"},
		{999.4, "999"},
		{999.6, "1.00k"},
		{9994, "9.99k"},
		{9996, "10.0k"},
		{50123, "50.1k"},
		{999499, "999k"},
		{999501, "1.00M"},
		{12345678, "12.3M"},
		{5e9, "5.00G"},
		{1e30, "1000000000000E"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		char text[32];

		assert_string_equal(
			tl_text_count(text, sizeof(text), cases[i].count), cases[i].text);
	}
}

static void test_duration(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(tl_text_duration(text, sizeof(text), 999), "999 ns");
	assert_string_equal(tl_text_duration(text, sizeof(text), 999960), "1.00 ms");
	assert_string_equal(tl_text_duration(text, sizeof(text), 1234567890), "1.23 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
