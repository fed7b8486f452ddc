/* SPDX-License-Identifier: MIT */
/*
 * trapline diff: what its options say to the comparison, and what is refused.
 * Links: cli/diff.c cli/options.c base/parse.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <getopt.h>
#include <string.h>

#include "base/status.h"
#include "cli/cli.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/keep.h"
#include "trace/tool/diff.h"

static struct {
	unsigned int count;
	struct tl_diff_tool_config config;
	int status;
} called;

/* In the place of trace/tool/diff.c. */
int tl_diff_run(const struct tl_diff_tool_config *config)
{
	called.count++;
	called.config = *config;
	called.config.budget = keep(config->budget);
	return called.status;
}

static int set_up(void **state)
{
	memset(&called, 0, sizeof(called));
	return fake_log_reset(state);
}

static int run(char **words)
{
	int argc = 0;

	set_up(NULL);
	while (words[argc])
		argc++;
	optind = 0; /* getopt(3): from the start again */
	return tl_cli_diff(argc, words);
}

#define RUN(...) run((char *[]){"diff", __VA_ARGS__, NULL})

#define EXPECT_USAGE(words, ...)                                                                   \
	do {                                                                                       \
		assert_int_equal(RUN(__VA_ARGS__), TL_STATUS_USAGE);                               \
		assert_int_equal(called.count, 0);                                                 \
		assert_error(words);                                                               \
	} while (0)

static void test_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(RUN("one", "two"), 0);
	assert_int_equal(called.count, 1);
	assert_string_equal(called.config.a, "one");
	assert_string_equal(called.config.b, "two");
	assert_null(called.config.budget);
	assert_int_equal(called.config.format, TL_DIFF_FORMAT_TEXT);
	assert_int_equal(called.config.rows, 20);
	assert_int_equal(called.config.diff.per, TL_DIFF_PER_NONE);
	assert_false(called.config.diff.by_class);
	assert_true(called.config.diff.tolerance == 0);
	assert_nothing_logged();
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(RUN("--by", "class", "--per", "total", "one", "--tolerance", "2.5",
				 "--all", "--format", "json", "--budget", "file", "two"),
		0);
	assert_true(called.config.diff.by_class);
	assert_int_equal(called.config.diff.per, TL_DIFF_PER_TOTAL);
	assert_true(called.config.diff.tolerance == 2.5);
	assert_int_equal(called.config.rows, 0);
	assert_int_equal(called.config.format, TL_DIFF_FORMAT_JSON);
	assert_string_equal(called.config.budget, "file");
	assert_string_equal(called.config.a, "one");
	/* A budget needs no other profile. */
	assert_int_equal(RUN("--budget", "file", "one"), 0);
	assert_null(called.config.a);
	assert_string_equal(called.config.b, "one");
	assert_int_equal(RUN("--per=second", "a", "b"), 0);
	assert_int_equal(called.config.diff.per, TL_DIFF_PER_SECOND);
	called.status = 0;
}

static void test_wrong(void **state)
{
	(void)state;
	EXPECT_USAGE("which profiles? Name two; see trapline diff --help", "--all");
	EXPECT_USAGE("which profiles? Name two", "--budget", "x");
	EXPECT_USAGE("only one profile, and no --budget", "one");
	EXPECT_USAGE("two profiles at a time", "one", "two", "three");
	EXPECT_USAGE("--by 'pc': wants detail or class", "--by", "pc", "a", "b");
	EXPECT_USAGE("--per 'hour': wants none, second or total", "--per", "hour", "a", "b");
	EXPECT_USAGE("--format 'csv': wants text, json or html", "--format", "csv", "a", "b");
	EXPECT_USAGE("--tolerance '-1': wants a percentage", "--tolerance=-1", "a", "b");
	EXPECT_USAGE("--tolerance '101': wants a percentage", "--tolerance=101", "a", "b");
	EXPECT_USAGE("--tolerance 'nan': wants a percentage", "--tolerance=nan", "a", "b");
	EXPECT_USAGE("--tolerance '5%': wants a percentage", "--tolerance=5%", "a", "b");
	EXPECT_USAGE("--tolerance '': wants a percentage", "--tolerance=", "a", "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_else, set_up),
		cmocka_unit_test_setup(test_options, set_up),
		cmocka_unit_test_setup(test_wrong, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
