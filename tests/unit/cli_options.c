/* SPDX-License-Identifier: MIT */
/*
 * Options by a table: from the command line and from a file, which comes first and loses;
 * what is wrong is said with its place; what is printed can be read again.
 * Links: cli/options.c base/parse.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "tests/unit/fake_log.h"

static char seen[512];

static int set(struct tl_options *options, char *value)
{
	const char *name = options->current->option->name;

	if (value && !strcmp(value, "bad"))
		return tl_options_bad(options, "wants good");
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s=%s;", name,
		value ? value : "-");
	/* It is theirs to cut. */
	if (value)
		*value = 0;
	return 0;
}

static const struct tl_option table[] = {
	{.kind = TL_OPTION_VALUE, .name = "kernel", .set = set, .place = TL_OPTION_FILE},
	{.kind = TL_OPTION_HEADING, .help = "Machine:"},
	{TL_OPTION_VALUE, "cpus", "N", "vCPUs", set, .fallback = "1"},
	{TL_OPTION_VALUE, "disk", "A-VERY-LONG-NAME", "a disk\nof any kind", set, .repeats = true},
	{TL_OPTION_OPTIONAL, "profile", "FILE", "traces", set, .fallback = NULL},
	{TL_OPTION_FLAG, "verbose", NULL, "more", set, .letter = 'v'},
	{TL_OPTION_VALUE, "out", "FILE", "writes", set, .letter = 'o'},
	{.kind = TL_OPTION_VALUE,
		.name = "config",
		.metavar = "FILE",
		.help = "f",
		.place = TL_OPTION_COMMAND_LINE},
	TL_OPTION_HELP,
};

static struct tl_options options;

static int setup(void **state)
{
	(void)state;
	fake_log_reset(NULL);
	seen[0] = 0;
	options = (struct tl_options){.command = "run",
		.table = table,
		.count = ARRAY_LEN(table),
		.head = "head\n",
		.tail = "tail\n"};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tl_options_fini(&options);
	return 0;
}

/* Takes in words, up to a NULL. */
static int take(char **words, int *first)
{
	int argc = 0;

	while (words[argc])
		argc++;
	optind = 0;
	return tl_options_take(&options, argc, words, first);
}

#define TAKE(...) take((char *[]){"run", __VA_ARGS__, NULL}, &first)

static int take_text(const char *text, size_t size)
{
	static char path[] = "/tmp/tl-options-XXXXXX";
	int fd, ret;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	ret = tl_options_take_file(&options, path);
	unlink(path);
	return ret;
}

static void test_command_line(void **state)
{
	const char *value = "";
	int first;

	(void)state;
	assert_int_equal(TAKE("--cpus", "2", "-v", "--profile", "--disk", "a", "k", "--disk=b",
				 "-o", "x", "--cpus", "3", "--profile=p"),
		0);
	assert_int_equal(first, 13);
	assert_int_equal(tl_options_add(&options, "kernel", "k"), 0);
	assert_true(tl_options_has(&options, "cpus", &value));
	assert_string_equal(value, "3");
	assert_false(tl_options_has(&options, "config", NULL));
	assert_int_equal(tl_options_apply(&options), 0);
	assert_string_equal(seen, "verbose=-;disk=a;disk=b;out=x;cpus=3;profile=p;kernel=k;");
}

static void test_wrong_words(void **state)
{
	int first;

	(void)state;
	assert_int_equal(TAKE("--cpu-s", "2"), -EINVAL);
	assert_error("unknown option '--cpu-s'; see trapline run --help");
	assert_int_equal(TAKE("--kernel", "k"), -EINVAL);
	assert_error("--kernel");
	assert_int_equal(TAKE("--disk"), -EINVAL);
	assert_error("option '--disk' wants a value; see trapline run --help");
	/* Letters in a group. */
	assert_int_equal(TAKE("--cpus=1", "-vxv"), -EINVAL);
	assert_error("unknown option '-x'; see trapline run --help");
	assert_int_equal(TAKE("--cpus=1", "-vo"), -EINVAL);
	assert_error("option '-o' wants a value; see trapline run --help");
	assert_int_equal(TAKE("-v", "--verbose=1"), -EINVAL);
	assert_error("unknown option '--verbose=1'; see trapline run --help");
	assert_int_equal(TAKE("--disk", "bad"), 0);
	assert_int_equal(tl_options_apply(&options), -EINVAL);
	assert_error("--disk 'bad': wants good");
}

/* What the file says comes first, and loses against the command line. */
static void test_file(void **state)
{
	static const char text[] =
		"# a machine\n\n cpus = 4 \ndisk=x\nprofile\nverbose\nkernel = a b\n"
		"out = 1\nout = 2";
	int first;

	(void)state;
	assert_int_equal(TAKE("--cpus", "2", "--disk", "y"), 0);
	assert_int_equal(take_text(text, sizeof(text) - 1), 0);
	assert_int_equal(tl_options_apply(&options), 0);
	assert_string_equal(seen, "disk=x;profile=-;verbose=-;kernel=a b;out=2;cpus=2;disk=y;");
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {{"\nbogus = 1\n", ":2: 'bogus' is no option; see trapline run --help"},
		{"config = x",
			":1: 'config' is for the command line only; see trapline run --help"},
		{"cpus", ":1: 'cpus' wants a value: name = value; see trapline run --help"},
		{"verbose = 1", ":1: 'verbose' takes no value; see trapline run --help"},
		{"= 1", ":1: '' is no option; see trapline run --help"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(take_text(cases[i].text, strlen(cases[i].text)), -EINVAL);
		assert_error(cases[i].why);
	}
	assert_int_equal(take_text("cpus = 1\0\n", 10), -EINVAL);
	assert_error(":1: is no text");
	assert_int_equal(tl_options_take_file(&options, "/nonexistent/file"), -ENOENT);
	assert_error("--config '/nonexistent/file': No such file or directory");
	assert_int_equal(tl_options_take_file(&options, "/"), -EISDIR);
	assert_error("--config '/': ");
	assert_int_equal(take_text("disk = bad", 10), 0);
	assert_int_equal(tl_options_apply(&options), -EINVAL);
	assert_error(":1: disk 'bad': wants good");
}

/* What nobody says has its fallback, which nobody has given. */
static void test_fallback(void **state)
{
	int first;

	(void)state;
	assert_int_equal(TAKE("-v"), 0);
	assert_int_equal(tl_options_apply(&options), 0);
	assert_string_equal(seen, "cpus=1;verbose=-;");
	assert_false(tl_options_has(&options, "cpus", NULL));
}

static int ran(struct tl_options *of, int argc, char **argv)
{
	assert_ptr_equal(of, &options);
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "run:%d:%s;", argc,
		argc ? argv[0] : "-");
	return 42;
}

static int run(char **words)
{
	int argc = 0;

	while (words[argc])
		argc++;
	optind = 0;
	seen[0] = 0;
	return tl_options_run(&options, argc, words, ran);
}

#define RUN(...) run((char *[]){"run", __VA_ARGS__, NULL})

static void test_run(void **state)
{
	(void)state;
	assert_int_equal(RUN("a", "-v", "b"), 42);
	assert_string_equal(seen, "cpus=1;verbose=-;run:2:a;");
	assert_int_equal(RUN("--cpus", "bad"), 2);
	assert_string_equal(seen, "");
	assert_error("--cpus 'bad': wants good");
	assert_int_equal(RUN("--bogus"), 2);
	assert_error("unknown option '--bogus'");
	/* What follows help does not matter. */
	assert_int_equal(RUN("-h", "--bogus"), 0);
	assert_string_equal(seen, "");
	/* What follows the first argument is not ours. */
	options.command_follows = true;
	assert_int_equal(RUN("-v", "a", "--bogus"), 42);
	assert_string_equal(seen, "cpus=1;verbose=-;run:2:a;");
	assert_nothing_logged();
}

static int set_number(struct tl_options *of, char *value)
{
	unsigned int number = 0;
	int ret = tl_options_number(of, value, 2, 30, &number);

	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%u;", number);
	return ret;
}

static int set_choice(struct tl_options *of, char *value)
{
	static const char *const names[] = {"one", "two", "three"};
	int ret = tl_options_choice(of, value, names, ARRAY_LEN(names));

	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%d;", ret < 0 ? -1 : ret);
	return ret < 0 ? ret : 0;
}

static void test_values(void **state)
{
	static const struct tl_option values[] = {
		{TL_VALUE, "number", "N", "", set_number, .repeats = true},
		{TL_VALUE, "choice", "A", "", set_choice, .repeats = true}};

	(void)state;
	options.table = values;
	options.count = ARRAY_LEN(values);
	assert_int_equal(
		RUN("--number=2", "--number=30", "--choice", "three", "--choice", "one"), 42);
	assert_string_equal(seen, "2;30;2;0;run:0:-;");
	assert_int_equal(RUN("--number=31"), 2);
	assert_error("--number '31': wants a whole number from 2 to 30");
	assert_int_equal(RUN("--choice", "on"), 2);
	assert_error("--choice 'on': wants one, two or three");
}

/* What is printed has the same effect. */
static void test_print(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int first;

	(void)state;
	assert_int_equal(
		TAKE("--disk", "y", "--profile", "-v", "--config", "f", "--out=1", "--out=2"), 0);
	assert_int_equal(take_text("disk = x\nout = 9\n", 17), 0);
	assert_int_equal(tl_options_apply(&options), 0);
	tl_options_print(&options, out);
	fclose(out);
	assert_string_equal(text, "cpus = 1\ndisk = x\ndisk = y\nprofile\nverbose\nout = 2\n");
	tl_options_fini(&options);
	seen[0] = 0;
	assert_int_equal(take_text(text, size), 0);
	assert_int_equal(tl_options_apply(&options), 0);
	assert_string_equal(seen, "cpus=1;disk=x;disk=y;profile=-;verbose=-;out=2;");
	free(text);
}

static void test_help(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	tl_options_help(&options, out);
	fclose(out);
	assert_string_equal(text, "head\n\nMachine:\n"
				  "  --cpus N            vCPUs (1)\n"
				  "  --disk A-VERY-LONG-NAME\n"
				  "                      a disk\n"
				  "                      of any kind\n"
				  "  --profile[=FILE]    traces\n"
				  "  -v, --verbose       more\n"
				  "  -o, --out FILE      writes\n"
				  "  --config FILE       f\n"
				  "  -h, --help          this text\ntail\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_command_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fallback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_print, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
