/* SPDX-License-Identifier: MIT */
/*
 * trapline report: what its options say to the report, and what is refused.
 * Links: cli/report.c cli/options.c base/parse.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/status.h"
#include "cli/cli.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/keep.h"
#include "trace/report/group.h"
#include "trace/tool/report.h"

static struct {
	unsigned int count;
	struct tl_report_config config;
	int status;
} called;

/* In the place of trace/tool/report.c. */
int tl_report_run(const struct tl_report_config *config)
{
	called.count++;
	called.config = *config;
	called.config.part.symbols = keep(config->part.symbols);
	return called.status;
}

/* In the place of trace/report/group.c. */
int tl_group_find(const char *name)
{
	static const char *const names[] = {"one", "two", "three"};

	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	return -1;
}

static int set_up(void **state)
{
	memset(&called, 0, sizeof(called));
	return fake_log_reset(state);
}

/* Its status. The arguments are there until the next call, as the path is in them. */
static int run(char *const *arguments)
{
	static char *argv[24];
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = "report";
	for (; arguments[argc - 1] && argc < 23; argc++)
		argv[argc] = arguments[argc - 1];
	optind = 0; /* getopt(3): from the start again */
	return tl_cli_report(argc, argv);
}

#define RUN(...) run((char *const[]){__VA_ARGS__, NULL})

/* The report was called, and did not find a fault in anything. */
#define EXPECT_RUN(...)                                                                            \
	do {                                                                                       \
		set_up(NULL);                                                                      \
		assert_int_equal(RUN(__VA_ARGS__), TL_STATUS_OK);                                  \
		assert_nothing_logged();                                                           \
		assert_int_equal(called.count, 1);                                                 \
	} while (0)

/* It was not, and this is why: words of the message follow. */
#define EXPECT_USAGE(arguments, ...)                                                               \
	do {                                                                                       \
		set_up(NULL);                                                                      \
		assert_int_equal(run((char *const[])arguments), TL_STATUS_USAGE);                  \
		assert_int_equal(called.count, 0);                                                 \
		assert_error(__VA_ARGS__);                                                         \
	} while (0)
#define ARGUMENTS(...)                                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

/* The whole report, of all that is in the recording. */
static void test_nothing_else(void **state)
{
	(void)state;
	EXPECT_RUN("folder");
	assert_string_equal(called.config.path, "folder");
	assert_int_equal(called.config.format, TL_REPORT_TEXT);
	assert_int_equal(called.config.by, -1);
	assert_int_equal(called.config.part.from, 0);
	assert_int_equal(called.config.part.to, 0);
	assert_int_equal(called.config.part.vcpu, -1);
	assert_int_equal(called.config.part.vm, 0);
	assert_null(called.config.part.symbols);
	EXPECT_RUN("--", "--by");
	assert_string_equal(called.config.path, "--by");
}

/* Before and behind the folder. */
static void test_options(void **state)
{
	(void)state;
	EXPECT_RUN("--by", "two", "--format", "csv", "folder", "--from", "1.5", "--to=3", "--vcpu",
		"0", "--vm", "2147483647", "--symbols", "vmlinux");
	assert_string_equal(called.config.path, "folder");
	assert_int_equal(called.config.by, 1);
	assert_int_equal(called.config.format, TL_REPORT_CSV);
	assert_int_equal(called.config.part.from, 1500000000);
	assert_int_equal(called.config.part.to, 3000000000);
	assert_int_equal(called.config.part.vcpu, 0);
	assert_int_equal(called.config.part.vm, INT32_MAX);
	assert_string_equal(called.config.part.symbols, "vmlinux");
}

static void test_by(void **state)
{
	(void)state;
	EXPECT_RUN("--by", "one", "folder");
	assert_int_equal(called.config.by, 0);
	EXPECT_RUN("--by=three", "folder");
	assert_int_equal(called.config.by, 2);
	EXPECT_USAGE(ARGUMENTS("--by", "four", "folder"), "--by 'four'", "class, detail, device",
		"symbol, pc, vcpu or handler");
	EXPECT_USAGE(ARGUMENTS("--by", "", "folder"), "--by ''");
}

static void test_format(void **state)
{
	(void)state;
	EXPECT_RUN("--format", "text", "folder");
	assert_int_equal(called.config.format, TL_REPORT_TEXT);
	EXPECT_RUN("--format", "json", "folder");
	assert_int_equal(called.config.format, TL_REPORT_JSON);
	EXPECT_RUN("--format", "csv", "folder");
	assert_int_equal(called.config.format, TL_REPORT_CSV);
	EXPECT_RUN("--format", "folded", "folder");
	assert_int_equal(called.config.format, TL_REPORT_FOLDED);
	assert_int_equal(called.config.weight, -1);
	EXPECT_RUN("--format", "openmetrics", "folder");
	assert_int_equal(called.config.format, TL_REPORT_OPENMETRICS);
	EXPECT_RUN("--format", "html", "folder");
	assert_int_equal(called.config.format, TL_REPORT_HTML);
	EXPECT_RUN("--format", "perfetto", "folder");
	assert_int_equal(called.config.format, TL_REPORT_PERFETTO);
	EXPECT_USAGE(ARGUMENTS("--format", "CSV", "folder"), "--format 'CSV'", "text, json, csv",
		"openmetrics, html or perfetto");
	EXPECT_USAGE(ARGUMENTS("--format", "", "folder"), "--format ''");
}

static void test_weight(void **state)
{
	(void)state;
	EXPECT_RUN("--format", "folded", "--weight", "time", "folder");
	assert_int_equal(called.config.weight, TL_FOLDED_TIME);
	EXPECT_RUN("--weight", "count", "--format", "folded", "folder");
	assert_int_equal(called.config.weight, TL_FOLDED_COUNT);
	EXPECT_USAGE(ARGUMENTS("--format", "folded", "--weight", "ns", "folder"), "--weight 'ns'",
		"count or time");
	EXPECT_USAGE(ARGUMENTS("--weight", "count", "folder"), "--weight", "--format folded");
	EXPECT_USAGE(ARGUMENTS("--by", "two", "--format", "folded", "folder"), "--by");
}

static void test_seconds(void **state)
{
	static const struct {
		char *text;
		uint64_t ns;
	} good[] = {{"1", 1000000000}, {"2", 2000000000}, {"0.000001", 1000}, {".5", 500000000},
		{"1e-3", 1000000}, {"999999999", UINT64_C(999999999000000000)}};
	static char *const bad[] = {
		"", "x", "1s", "-1", "1,5", "1e9", "1e999", "nan", "inf", "1 2", "."};
	static char *const options[] = {"--from", "--to"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		for (unsigned int j = 0; j < ARRAY_LEN(good); j++) {
			EXPECT_RUN(options[i], good[j].text, "folder");
			assert_int_equal(
				i ? called.config.part.to : called.config.part.from, good[j].ns);
			assert_int_equal(i ? called.config.part.from : called.config.part.to, 0);
		}
		for (unsigned int j = 0; j < ARRAY_LEN(bad); j++) {
			char said[64];

			snprintf(said, sizeof(said), "%s '%s'", options[i], bad[j]);
			EXPECT_USAGE(ARGUMENTS(options[i], bad[j], "folder"), said, "such as 1.5");
		}
	}
}

static void test_from_to(void **state)
{
	(void)state;
	EXPECT_RUN("--from", "0", "--to", "1", "folder");
	assert_int_equal(called.config.part.from, 0);
	EXPECT_RUN("--from", "2", "--to", "2", "folder");
	/* It must not mean that there is no end. */
	EXPECT_USAGE(ARGUMENTS("--to", "0", "folder"), "--to '0'");
	EXPECT_USAGE(ARGUMENTS("--to", "0.0000000001", "folder"), "--to '0.0000000001'");
	EXPECT_USAGE(ARGUMENTS("--from", "2", "--to", "1.999", "folder"), "--to is before --from");
	EXPECT_USAGE(ARGUMENTS("--to", "1", "--from", "2", "folder"), "--to is before --from");
}

static void test_ids(void **state)
{
	static char *const bad[] = {"", "x", "-1", "2147483648", "1.5", "4294967296"};
	static char *const options[] = {"--vcpu", "--vm"};

	(void)state;
	EXPECT_RUN("--vcpu", "511", "folder");
	assert_int_equal(called.config.part.vcpu, 511);
	assert_int_equal(called.config.part.vm, 0);
	EXPECT_RUN("--vm", "511", "folder");
	assert_int_equal(called.config.part.vm, 511);
	assert_int_equal(called.config.part.vcpu, -1);
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		for (unsigned int j = 0; j < ARRAY_LEN(bad); j++) {
			char said[64];

			snprintf(said, sizeof(said), "%s '%s'", options[i], bad[j]);
			EXPECT_USAGE(ARGUMENTS(options[i], bad[j], "folder"), said, "whole number");
		}
	}
}

static void test_status(void **state)
{
	(void)state;
	called.status = TL_STATUS_INPUT;
	assert_int_equal(RUN("folder"), TL_STATUS_INPUT);
	called.status = TL_STATUS_FAILURE;
	assert_int_equal(RUN("folder"), TL_STATUS_FAILURE);
}

static void test_which(void **state)
{
	(void)state;
	set_up(NULL);
	assert_int_equal(run((char *const[]){NULL}), TL_STATUS_USAGE);
	assert_error("which recording", "--help");
	EXPECT_USAGE(ARGUMENTS("--by", "one"), "which recording", "--help");
	EXPECT_USAGE(ARGUMENTS("one", "two"), "one recording at a time", "--help");
	EXPECT_USAGE(ARGUMENTS("one", "--by", "one", "two"), "one recording at a time");
}

static void test_unknown(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("folder", "--nothing"), "unknown option '--nothing'", "--help");
	EXPECT_USAGE(ARGUMENTS("-x", "folder"), "unknown option '-x'", "report --help");
	EXPECT_USAGE(ARGUMENTS("--help=x"), "'--help=x'");
	/* --format or --from; --vcpu or --vm */
	EXPECT_USAGE(ARGUMENTS("--f", "1"), "'--f'");
	EXPECT_USAGE(ARGUMENTS("--v", "1"), "'--v'");
	EXPECT_USAGE(ARGUMENTS("folder", "--by"), "option '--by' wants a value", "--help");
	EXPECT_USAGE(ARGUMENTS("folder", "--to"), "option '--to' wants a value");
}

/* To standard output, and nothing is done; what is wrong behind it does not matter. */
static void test_help(void **state)
{
	static char *const options[] = {"-h", "--help"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		int fd = memfd_create("stdout", MFD_CLOEXEC), saved = dup(STDOUT_FILENO);
		char text[32] = "";
		int status;

		fflush(stdout);
		assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
		status = RUN("folder", options[i], "--nothing");
		fflush(stdout);
		assert_true(dup2(saved, STDOUT_FILENO) >= 0);
		close(saved);
		assert_int_equal(status, TL_STATUS_OK);
		assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
		close(fd);
		assert_int_equal(strncmp(text, "usage: trapline report ", 23), 0);
		assert_int_equal(called.count, 0);
		assert_nothing_logged();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_else, set_up),
		cmocka_unit_test_setup(test_options, set_up),
		cmocka_unit_test_setup(test_by, set_up),
		cmocka_unit_test_setup(test_format, set_up),
		cmocka_unit_test_setup(test_weight, set_up),
		cmocka_unit_test_setup(test_seconds, set_up),
		cmocka_unit_test_setup(test_from_to, set_up),
		cmocka_unit_test_setup(test_ids, set_up),
		cmocka_unit_test_setup(test_status, set_up),
		cmocka_unit_test_setup(test_which, set_up),
		cmocka_unit_test_setup(test_unknown, set_up),
		cmocka_unit_test_setup(test_help, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
