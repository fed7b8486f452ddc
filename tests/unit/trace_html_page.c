/* SPDX-License-Identifier: MIT */
/*
 * The frame of an HTML page: what strings can do to it (nothing), and that what it carries
 * is what its content security policy names.
 * Links: trace/report/page.c trace/report/page_assets.S
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/page.h"

static const char *const assets[] = {"page.css", "page.js", NULL};

struct out {
	char *text;
	size_t size;
	FILE *file;
};

static void out_open(struct out *out)
{
	out->file = open_memstream(&out->text, &out->size);
	assert_non_null(out->file);
}

static void out_is(struct out *out, const char *expected)
{
	assert_int_equal(fclose(out->file), 0);
	assert_string_equal(out->text, expected);
	free(out->text);
}

static void test_text_cannot_become_markup(void **state)
{
	struct out out;

	(void)state;
	out_open(&out);
	tl_page_text(out.file, "a<b>&\"'\n\x01\xff\xc3\xa9");
	out_is(&out, "a&#60;b&#62;&#38;&#34;&#39;\n&#xfffd;&#xfffd;\xc3\xa9");
}

static void test_string_cannot_end_its_script(void **state)
{
	struct out out;
	json_error_t error;
	json_t *read;

	(void)state;
	out_open(&out);
	tl_page_string(out.file, "</script><!--\"\\\n\x7f\xe2\x80\xa8");
	fflush(out.file);
	assert_null(strchr(out.text, '<'));
	read = json_loads(out.text, JSON_DECODE_ANY, &error);
	assert_string_equal(json_string_value(read), "</script><!--\"\\\n\x7f\xe2\x80\xa8");
	json_decref(read);
	fclose(out.file);
	free(out.text);
}

/* Overlong, surrogates, beyond U+10FFFF, cut off. */
static void test_string_is_utf8(void **state)
{
	struct out out;

	(void)state;
	out_open(&out);
	tl_page_string(
		out.file, "\xc0\xafz\xed\xa0\x80z\xf4\x90\x80\x80z\xf0\x9f\x98\x80z\xe2\x82");
	out_is(&out, "\"\\ufffd\\ufffdz\\ufffd\\ufffd\\ufffdz\\ufffd\\ufffd\\ufffd\\ufffdz"
		     "\xf0\x9f\x98\x80z\\ufffd\\ufffd\"");
}

static void test_json_cannot_end_its_script(void **state)
{
	json_t *value = json_pack("{ss}", "</script>", "</SCRIPT><script>alert(1)//");
	struct out out;

	(void)state;
	out_open(&out);
	assert_int_equal(tl_page_json(out.file, "data", value), 0);
	out_is(&out, "<script type=\"application/json\" id=\"data\">{\"\\u003c/script>\":"
		     "\"\\u003c/SCRIPT>\\u003cscript>alert(1)//\"}</script>\n");
	json_decref(value);
}

static void test_page_names_what_it_carries(void **state)
{
	struct out out;
	char expected[256];

	(void)state;
	out_open(&out);
	tl_page_begin(out.file, "</title>", assets);
	assert_int_equal(tl_page_end(out.file, assets), 0);
	snprintf(expected, sizeof(expected), "script-src '%s'; style-src '%s'\">",
		tl_page_asset("page.js")->hash, tl_page_asset("page.css")->hash);
	assert_non_null(strstr(out.text, "default-src 'none'"));
	assert_non_null(strstr(out.text, expected));
	assert_non_null(strstr(out.text, "<title>&#60;/title&#62;</title>"));
	assert_null(strstr(out.text, "unsafe"));
	/* What is hashed is what stands there. */
	snprintf(expected, sizeof(expected), "<script>%.60s", tl_page_asset("page.js")->start);
	assert_non_null(strstr(out.text, expected));
	fclose(out.file);
	free(out.text);
}

static void test_assets_are_there(void **state)
{
	static const char *const names[] = {"chart.js", "chart.css", "page.js", "page.css"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct tl_page_asset *asset = tl_page_asset(names[i]);

		assert_non_null(asset);
		assert_true(asset->end - asset->start > 100);
		assert_memory_equal(asset->hash, "sha256-", 7);
		assert_int_equal(strlen(asset->hash), 7 + 44);
	}
	assert_non_null(memmem(tl_page_asset("chart.js")->start, 400, "MIT License", 11));
	assert_null(tl_page_asset("none.js"));
}

static void test_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(full);
	tl_page_begin(full, "t", assets);
	assert_int_equal(tl_page_end(full, assets), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_cannot_become_markup),
		cmocka_unit_test(test_string_cannot_end_its_script),
		cmocka_unit_test(test_string_is_utf8),
		cmocka_unit_test(test_json_cannot_end_its_script),
		cmocka_unit_test(test_page_names_what_it_carries),
		cmocka_unit_test(test_assets_are_there),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
