/* SPDX-License-Identifier: MIT */
/*
 * A command line can be given to a shell again, and never leaves its buffer.
 * Links: base/command_line.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/command_line.h"

static void test_quotes(void **state)
{
	static const char arguments[] = "/usr/bin/trapline\0report\0a b\0it's\0\0--x=$y";
	char buffer[128];

	(void)state;
	tl_command_line_of(buffer, sizeof(buffer), arguments, sizeof(arguments));
	assert_string_equal(buffer, "trapline report 'a b' 'it'\\''s' '' '--x=$y'");
}

static void test_is_cut_off(void **state)
{
	static const char arguments[] = "trapline\0'''''''''";
	char buffer[16];

	(void)state;
	for (size_t size = 1; size <= sizeof(buffer); size++) {
		memset(buffer, 'x', sizeof(buffer));
		tl_command_line_of(buffer, size, arguments, sizeof(arguments));
		assert_int_equal(strlen(buffer), size - 1);
	}
	assert_string_equal(tl_command_line_of(buffer, sizeof(buffer), arguments, 0), "");
}

static void test_is_text(void **state)
{
	static const char arguments[] = "t\0\xff\n";
	char buffer[16];

	(void)state;
	assert_string_equal(
		tl_command_line_of(buffer, sizeof(buffer), arguments, sizeof(arguments)),
		"t '?\?'");
}

static void test_own(void **state)
{
	char buffer[256];

	(void)state;
	assert_memory_equal(tl_command_line(buffer, sizeof(buffer)), "base_command_line", 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_is_cut_off),
		cmocka_unit_test(test_is_text),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
