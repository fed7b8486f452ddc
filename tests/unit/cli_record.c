/* SPDX-License-Identifier: MIT */
/*
 * trapline record: what its options say to the recorder, and what is refused.
 * Links: cli/target.c
 * Links: cli/record.c cli/options.c base/parse.c tests/unit/fake_log.c
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
#include "trace/tool/maps.h"
#include "trace/tool/record.h"

static struct {
	unsigned int count;
	struct tl_record_config config;
	int status;
} called;

/* In the place of trace/tool/record.c. */
int tl_record_run(const struct tl_record_config *config)
{
	called.count++;
	called.config = *config;
	called.config.target.symbols = keep(config->target.symbols);
	called.config.target.map = keep(config->target.map);
	called.config.target.dtb = keep(config->target.dtb);
	called.config.path = keep(config->path);
	return called.status;
}

/* In the place of trace/tool/maps.c. */
const struct tl_known_map *tl_map_by_name(const char *name)
{
	static const struct tl_known_map map;

	return !strcmp(name, "one") || !strcmp(name, "two") ? &map : NULL;
}

const char *tl_map_names(void)
{
	return "one, two";
}

static int set_up(void **state)
{
	memset(&called, 0, sizeof(called));
	return fake_log_reset(state);
}

/* Its status. The arguments are there until the next call, as the command is in them. */
static int run(char *const *arguments)
{
	static char *argv[24];
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = "record";
	for (; arguments[argc - 1] && argc < 23; argc++)
		argv[argc] = arguments[argc - 1];
	optind = 0; /* getopt(3): from the start again */
	return tl_cli_record(argc, argv);
}

#define RUN(...) run((char *const[]){__VA_ARGS__, NULL})

/* The recorder was called, and did not find a fault in anything. */
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

static void test_pid(void **state)
{
	struct tl_record_config expected = {.target = {.pid = 4194304}, .path = "folder"};

	(void)state;
	EXPECT_RUN("--pid", "4194304", "-o", "folder");
	expected.path = called.config.path;
	assert_string_equal(expected.path, "folder");
	assert_memory_equal(&called.config, &expected, sizeof(expected));
	EXPECT_RUN("--pid=7", "-ofolder");
	assert_int_equal(called.config.target.pid, 7);
	assert_string_equal(called.config.path, "folder");
}

static void test_all(void **state)
{
	struct tl_record_config expected = {0};

	(void)state;
	EXPECT_RUN("-a", "--output", "folder");
	expected.path = called.config.path;
	assert_string_equal(expected.path, "folder");
	assert_memory_equal(&called.config, &expected, sizeof(expected));
	EXPECT_RUN("--output=folder", "--all");
	expected.path = called.config.path;
	assert_memory_equal(&called.config, &expected, sizeof(expected));
}

/* From the first argument on that is no option of ours, all is the command's. */
static void test_command(void **state)
{
	(void)state;
	EXPECT_RUN("-o", "folder", "--", "qemu", "-a", "-o", "x");
	assert_int_equal(called.config.target.pid, 0);
	assert_string_equal(called.config.path, "folder");
	assert_non_null(called.config.target.command);
	assert_string_equal(called.config.target.command[0], "qemu");
	assert_string_equal(called.config.target.command[1], "-a");
	assert_string_equal(called.config.target.command[3], "x");
	assert_null(called.config.target.command[4]);
	EXPECT_RUN("-o", "folder", "lkvm", "run", "--help");
	assert_string_equal(called.config.target.command[0], "lkvm");
	assert_string_equal(called.config.target.command[2], "--help");
	assert_null(called.config.target.command[3]);
}

static void test_options(void **state)
{
	(void)state;
	EXPECT_RUN("--symbols", "vmlinux", "--map", "two", "--dtb", "virt.dtb", "--stop-after",
		"1000000", "--size", "100M", "--buffer", "64K", "-o", "folder", "--pid", "1");
	assert_string_equal(called.config.target.symbols, "vmlinux");
	assert_string_equal(called.config.target.map, "two");
	assert_string_equal(called.config.target.dtb, "virt.dtb");
	assert_int_equal(called.config.target.pid, 1);
	assert_null(called.config.target.command);
	assert_int_equal(called.config.stop_after, 1000000);
	assert_int_equal(called.config.size_limit, 100 << 20);
	assert_int_equal(called.config.buffer, 64 << 10);
	assert_int_equal(called.config.last, 0);
	EXPECT_RUN("-a", "-o", "folder", "--last", "30", "--stop-after", "60");
	assert_int_equal(called.config.last, 30);
	assert_int_equal(called.config.stop_after, 60);
	assert_int_equal(called.config.size_limit, 0);
}

/* The last one counts. */
static void test_twice(void **state)
{
	(void)state;
	EXPECT_RUN("-o", "one", "--pid", "1", "-o", "two", "--pid", "2", "--size", "1M", "--size",
		"2M");
	assert_string_equal(called.config.path, "two");
	assert_int_equal(called.config.target.pid, 2);
	assert_int_equal(called.config.size_limit, 2 << 20);
}

/* That of the command, say. */
static void test_status(void **state)
{
	(void)state;
	called.status = 42;
	assert_int_equal(RUN("-a", "-o", "folder"), 42);
	called.status = TL_STATUS_HOST;
	assert_int_equal(RUN("--pid", "1", "-o", "folder"), TL_STATUS_HOST);
}

/* One of the three, and not two. */
static void test_whose(void **state)
{
	(void)state;
	set_up(NULL);
	assert_int_equal(run((char *const[]){NULL}), TL_STATUS_USAGE);
	assert_error("--pid PID", "-a", "COMMAND", "--help");
	EXPECT_USAGE(ARGUMENTS("-o", "x"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-o", "x", "--"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-o", "x", "-a", "--pid", "1"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-o", "x", "-a", "qemu"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-o", "x", "--pid", "1", "--", "qemu"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-o", "x", "-a", "--pid", "1", "qemu"), "whose exits");
}

static void test_where(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a"), "where to", "-o DIR");
	EXPECT_USAGE(ARGUMENTS("--pid", "1", "--size", "1M"), "where to", "-o DIR");
	/* That one is the command's. */
	EXPECT_USAGE(ARGUMENTS("qemu", "-o", "folder"), "where to", "-o DIR");
}

static void test_last_and_size(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", "--last", "3", "--size", "1M"), "--last and --size",
		"choose one");
}

static void test_numbers(void **state)
{
	static char *const options[] = {"--stop-after", "--last"};

	(void)state;
	EXPECT_USAGE(ARGUMENTS("--pid", "0"), "--pid '0'", "1 to 4194304");
	EXPECT_USAGE(ARGUMENTS("--pid", "-1"), "--pid '-1'");
	EXPECT_USAGE(ARGUMENTS("--pid", "4194305"), "--pid '4194305'");
	EXPECT_USAGE(ARGUMENTS("--pid", "12x"), "--pid '12x'");
	EXPECT_USAGE(ARGUMENTS("--pid", ""), "--pid ''");
	EXPECT_USAGE(ARGUMENTS("--pid", "4294967297"), "--pid '4294967297'");
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", options[i], "0"), options[i], " '0'",
			"1 to 1000000");
		EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", options[i], "1000001"), options[i],
			" '1000001'");
		EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", options[i], "1.5"), options[i], " '1.5'");
	}
}

static void test_sizes(void **state)
{
	static char *const options[] = {"--size", "--buffer"};
	static char *const bad[] = {"", "0", "65535", "63K", "-1M", "1.5M", "100MB", "1P", "M",
		"9223372036854775807", "8388608T", "18446744073709551616"};
	static const struct {
		char *text;
		uint64_t bytes;
	} good[] = {{"65536", 65536}, {"0x10000", 65536}, {"64k", 65536}, {"3g", UINT64_C(3) << 30},
		{"8388607T", UINT64_C(8388607) << 40}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		for (unsigned int j = 0; j < ARRAY_LEN(bad); j++) {
			char said[64];

			snprintf(said, sizeof(said), "%s '%s'", options[i], bad[j]);
			EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", options[i], bad[j]), said, "64K",
				"100M");
		}
		for (unsigned int j = 0; j < ARRAY_LEN(good); j++) {
			EXPECT_RUN("-a", "-o", "x", options[i], good[j].text);
			assert_int_equal(
				i ? called.config.buffer : called.config.size_limit, good[j].bytes);
			assert_int_equal(i ? called.config.size_limit : called.config.buffer, 0);
		}
	}
}

static void test_map(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", "--map", "three"), "--map 'three'", "one, two");
	EXPECT_USAGE(ARGUMENTS("-a", "-o", "x", "--map", ""), "--map ''", "one, two");
}

static void test_unknown(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a", "--nothing"), "unknown option '--nothing'", "--help");
	EXPECT_USAGE(ARGUMENTS("-x"), "unknown option '-x'", "--help");
	EXPECT_USAGE(ARGUMENTS("--all=x"), "'--all=x'");
	/* --stop-after, --size or --symbols */
	EXPECT_USAGE(ARGUMENTS("--s", "1"), "'--s'");
	EXPECT_USAGE(ARGUMENTS("-a", "--pid"), "option '--pid' wants a value", "--help");
	EXPECT_USAGE(ARGUMENTS("-a", "-o"), "option '-o' wants a value", "record --help");
	EXPECT_USAGE(ARGUMENTS("-a", "--dtb"), "option '--dtb' wants a value");
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
		status = RUN("-a", options[i], "--nothing");
		fflush(stdout);
		assert_true(dup2(saved, STDOUT_FILENO) >= 0);
		close(saved);
		assert_int_equal(status, TL_STATUS_OK);
		assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
		close(fd);
		assert_int_equal(strncmp(text, "usage: trapline record ", 23), 0);
		assert_int_equal(called.count, 0);
		assert_nothing_logged();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pid, set_up),
		cmocka_unit_test_setup(test_all, set_up),
		cmocka_unit_test_setup(test_command, set_up),
		cmocka_unit_test_setup(test_options, set_up),
		cmocka_unit_test_setup(test_twice, set_up),
		cmocka_unit_test_setup(test_status, set_up),
		cmocka_unit_test_setup(test_whose, set_up),
		cmocka_unit_test_setup(test_where, set_up),
		cmocka_unit_test_setup(test_last_and_size, set_up),
		cmocka_unit_test_setup(test_numbers, set_up),
		cmocka_unit_test_setup(test_sizes, set_up),
		cmocka_unit_test_setup(test_map, set_up),
		cmocka_unit_test_setup(test_unknown, set_up),
		cmocka_unit_test_setup(test_help, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
