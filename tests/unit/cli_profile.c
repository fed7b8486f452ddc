/* SPDX-License-Identifier: MIT */
/*
 * trapline profile: what its options say to the profiler, and what is refused.
 * Links: cli/target.c
 * Links: cli/profile.c cli/options.c base/parse.c tests/unit/fake_log.c
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
#include "trace/tool/watch.h"

static struct {
	unsigned int calls;
	struct tl_watch_config config;
	int status;
} watched;

/* In the place of trace/tool/watch.c. */
int tl_watch_run(const struct tl_watch_config *config)
{
	watched.calls++;
	watched.config = *config;
	watched.config.target.symbols = keep(config->target.symbols);
	watched.config.target.map = keep(config->target.map);
	watched.config.target.dtb = keep(config->target.dtb);
	watched.config.json = keep(config->json);
	return watched.status;
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
	memset(&watched, 0, sizeof(watched));
	return fake_log_reset(state);
}

/* Its status. The arguments are there until the next call, as the command is in them. */
static int run(char *const *arguments)
{
	static char *argv[16];
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = "profile";
	for (; arguments[argc - 1] && argc < 15; argc++)
		argv[argc] = arguments[argc - 1];
	optind = 0; /* getopt(3): from the start again */
	return tl_cli_profile(argc, argv);
}

#define RUN(...) run((char *const[]){__VA_ARGS__, NULL})

/* The profiler was called, and did not find a fault in anything. */
#define EXPECT_RUN(...)                                                                            \
	do {                                                                                       \
		set_up(NULL);                                                                      \
		assert_int_equal(RUN(__VA_ARGS__), TL_STATUS_OK);                                  \
		assert_nothing_logged();                                                           \
		assert_int_equal(watched.calls, 1);                                                \
	} while (0)

/* It was not, and this is why: words of the message follow. */
#define EXPECT_USAGE(arguments, ...)                                                               \
	do {                                                                                       \
		set_up(NULL);                                                                      \
		assert_int_equal(run((char *const[])arguments), TL_STATUS_USAGE);                  \
		assert_int_equal(watched.calls, 0);                                                \
		assert_error(__VA_ARGS__);                                                         \
	} while (0)
#define ARGUMENTS(...)                                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void test_pid(void **state)
{
	static const struct tl_watch_config expected = {.target = {.pid = 4194304}};

	(void)state;
	EXPECT_RUN("--pid", "4194304");
	assert_memory_equal(&watched.config, &expected, sizeof(expected));
	EXPECT_RUN("--pid=7");
	assert_int_equal(watched.config.target.pid, 7);
}

static void test_all(void **state)
{
	static const struct tl_watch_config expected;

	(void)state;
	EXPECT_RUN("-a");
	assert_memory_equal(&watched.config, &expected, sizeof(expected));
	EXPECT_RUN("--all");
	assert_memory_equal(&watched.config, &expected, sizeof(expected));
}

/* From the first argument on that is no option of ours, all is the command's. */
static void test_command(void **state)
{
	(void)state;
	EXPECT_RUN("--seconds", "3", "--", "qemu", "-a", "--pid", "x");
	assert_int_equal(watched.config.target.pid, 0);
	assert_int_equal(watched.config.seconds, 3);
	assert_non_null(watched.config.target.command);
	assert_string_equal(watched.config.target.command[0], "qemu");
	assert_string_equal(watched.config.target.command[1], "-a");
	assert_string_equal(watched.config.target.command[3], "x");
	assert_null(watched.config.target.command[4]);
	EXPECT_RUN("lkvm", "run", "--help");
	assert_string_equal(watched.config.target.command[0], "lkvm");
	assert_string_equal(watched.config.target.command[2], "--help");
	assert_null(watched.config.target.command[3]);
}

static void test_options(void **state)
{
	(void)state;
	EXPECT_RUN("--json", "out.json", "--symbols", "vmlinux", "--map", "two", "--dtb",
		"virt.dtb", "--seconds", "1000000", "--pid", "1");
	assert_string_equal(watched.config.json, "out.json");
	assert_string_equal(watched.config.target.symbols, "vmlinux");
	assert_string_equal(watched.config.target.map, "two");
	assert_string_equal(watched.config.target.dtb, "virt.dtb");
	assert_int_equal(watched.config.seconds, 1000000);
	assert_int_equal(watched.config.target.pid, 1);
	assert_null(watched.config.target.command);
}

/* That of the command, say. */
static void test_status(void **state)
{
	(void)state;
	watched.status = 42;
	assert_int_equal(RUN("-a"), 42);
	watched.status = TL_STATUS_HOST;
	assert_int_equal(RUN("--pid", "1"), TL_STATUS_HOST);
}

/* One of the three, and not two. */
static void test_whose(void **state)
{
	(void)state;
	set_up(NULL);
	assert_int_equal(run((char *const[]){NULL}), TL_STATUS_USAGE);
	assert_error("--pid PID", "-a", "COMMAND", "--help");
	EXPECT_USAGE(ARGUMENTS("--json", "x"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("--"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-a", "--pid", "1"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-a", "qemu"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("--pid", "1", "--", "qemu"), "whose exits");
	EXPECT_USAGE(ARGUMENTS("-a", "--pid", "1", "qemu"), "whose exits");
}

static void test_numbers(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("--pid", "0"), "--pid '0'", "1 to 4194304");
	EXPECT_USAGE(ARGUMENTS("--pid", "-1"), "--pid '-1'");
	EXPECT_USAGE(ARGUMENTS("--pid", "4194305"), "--pid '4194305'");
	EXPECT_USAGE(ARGUMENTS("--pid", "12x"), "--pid '12x'");
	EXPECT_USAGE(ARGUMENTS("--pid", ""), "--pid ''");
	EXPECT_USAGE(ARGUMENTS("--pid", "4294967297"), "--pid '4294967297'");
	EXPECT_USAGE(ARGUMENTS("-a", "--seconds", "0"), "--seconds '0'", "1 to 1000000");
	EXPECT_USAGE(ARGUMENTS("-a", "--seconds", "1000001"), "--seconds '1000001'");
	EXPECT_USAGE(ARGUMENTS("-a", "--seconds", "1.5"), "--seconds '1.5'");
}

static void test_map(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a", "--map", "three"), "--map 'three'", "one, two");
	EXPECT_USAGE(ARGUMENTS("-a", "--map", ""), "--map ''", "one, two");
}

static void test_unknown(void **state)
{
	(void)state;
	EXPECT_USAGE(ARGUMENTS("-a", "--nothing"), "unknown option '--nothing'", "--help");
	EXPECT_USAGE(ARGUMENTS("-x"), "unknown option '-x'", "--help");
	EXPECT_USAGE(ARGUMENTS("--all=x"), "'--all=x'");
	/* --seconds or --symbols */
	EXPECT_USAGE(ARGUMENTS("--s", "1"), "'--s'");
	EXPECT_USAGE(ARGUMENTS("-a", "--pid"), "option '--pid' wants a value", "--help");
	EXPECT_USAGE(ARGUMENTS("-a", "--json"), "option '--json' wants a value");
}

/* To standard output, and nothing is done. */
static void test_help(void **state)
{
	static char *const options[] = {"-h", "--help"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(options); i++) {
		int fd = memfd_create("stdout", MFD_CLOEXEC), saved = dup(STDOUT_FILENO);
		char text[32] = "";

		fflush(stdout);
		assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
		assert_int_equal(RUN("-a", options[i]), TL_STATUS_OK);
		fflush(stdout);
		assert_true(dup2(saved, STDOUT_FILENO) >= 0);
		close(saved);
		assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
		close(fd);
		assert_int_equal(strncmp(text, "usage: trapline profile", 23), 0);
		assert_int_equal(watched.calls, 0);
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
		cmocka_unit_test_setup(test_status, set_up),
		cmocka_unit_test_setup(test_whose, set_up),
		cmocka_unit_test_setup(test_numbers, set_up),
		cmocka_unit_test_setup(test_map, set_up),
		cmocka_unit_test_setup(test_unknown, set_up),
		cmocka_unit_test_setup(test_help, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
