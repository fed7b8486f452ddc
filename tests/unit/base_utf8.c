/* SPDX-License-Identifier: MIT */
/*
 * What is text stays as it is, what is none becomes question marks, a byte each.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void assert_clean(const char *dirty, const char *clean)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", dirty);
	tl_utf8_clean(text);
	assert_string_equal(text, clean);
}

static void test_text_stays(void **state)
{
	(void)state;
	assert_clean("", "");
	assert_clean("a b~", "a b~");
	assert_clean("\xc2\xa0\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf",
		"\xc2\xa0\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf");
}

static void test_what_is_no_text(void **state)
{
	(void)state;
	assert_clean("\x1b[2J\n\x7f", "?[2J??");
	assert_clean("\xff\x80z", "??z");
	/* Overlong, a surrogate, beyond U+10FFFF, cut off, a control character of two bytes. */
	assert_clean("\xc0\xaf\xe0\x80\xaf", "?????");
	assert_clean("\xed\xa0\x80", "???");
	assert_clean("\xf4\x90\x80\x80", "????");
	assert_clean("\xe2\x82", "??");
	assert_clean("\xc2\x9b", "??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays),
		cmocka_unit_test(test_what_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
