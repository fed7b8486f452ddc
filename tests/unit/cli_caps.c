/* SPDX-License-Identifier: MIT */
/*
 * trapline caps: what it prints of a host that the test makes up, as text and as
 * JSON, and how it ends.
 * Links: cli/caps.c cli/options.c base/parse.c vmm/arch/arm64/el2_mode.c tests/unit/fake_log.c
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/cli.h"
#include "tests/unit/fake_log.h"
#include "vmm/caps.h"
#include "vmm/vmm.h"

static struct tl_caps host;
static int probe_result;

/* In the place of vmm/caps.c. */
int tl_caps_probe(struct tl_caps *caps)
{
	*caps = host;
	return probe_result;
}

static int set_up(void **state)
{
	static const struct tl_cap caps[] = {
		{TL_CAP_KVM, "API version", "api_version", "", 12, true},
		{TL_CAP_KVM, "breakpoints", "breakpoints", "no breakpoints", 0, true},
		{TL_CAP_KVM, "GICv3", "gicv3", "no --gic 3", 1, false},
		{TL_CAP_KVM, "ITS", "its", "no messages", 0, false},
		{TL_CAP_COUNTING, "exits by class", "classes", "one number *", 1, false},
		{TL_CAP_COUNTING, "histograms", "times", "no times *", 1, false},
	};

	memset(&host, 0, sizeof(host));
	strcpy(host.kernel, "6.12.1-test");
	strcpy(host.machine, "aarch64");
	host.mode = TL_EL2_NVHE;
	host.count = ARRAY_LEN(caps);
	memcpy(host.caps, caps, sizeof(caps));
	probe_result = 0;
	return fake_log_reset(state);
}

static struct tl_cap *find(const char *key)
{
	for (unsigned int i = 0; i < host.count; i++) {
		if (!strcmp(host.caps[i].key, key))
			return &host.caps[i];
	}
	fail_msg("no %s", key);
	return NULL;
}

/* Runs it with standard output in `fd`. Returns its status. */
static int run_into(int fd, char *const *arguments)
{
	char *argv[8] = {"caps"};
	int argc = 1, saved = dup(STDOUT_FILENO), status;

	while (arguments && arguments[argc - 1] && argc < 7) {
		argv[argc] = arguments[argc - 1];
		argc++;
	}
	fflush(stdout);
	assert_true(saved >= 0);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	optind = 0; /* getopt(3): from the start again */
	status = tl_cli_caps(argc, argv);
	fflush(stdout);
	clearerr(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	return status;
}

/* The same; the text, until the next call, in `text`. */
static int run(const char **text, char *const *arguments)
{
	static char buffer[16384];
	int fd = memfd_create("stdout", MFD_CLOEXEC);
	int status;
	ssize_t n;

	assert_true(fd >= 0);
	status = run_into(fd, arguments);
	n = pread(fd, buffer, sizeof(buffer) - 1, 0);
	assert_true(n >= 0);
	buffer[n] = 0;
	close(fd);
	*text = buffer;
	return status;
}

#define ARGUMENTS(...) ((char *const[]){__VA_ARGS__, NULL})

static void test_text(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run(&text, NULL), TL_STATUS_OK);
	assert_string_equal(text,
		"Linux 6.12.1-test, aarch64, KVM in nVHE mode\n"
		"\n"
		"KVM                                    here  what is missing without it\n"
		"  API version                          12\n"
		"  breakpoints                          no    no breakpoints\n"
		"  GICv3                                yes\n"
		"  ITS                                  no    no messages\n"
		"\n"
		"Counting exits                         here  what is missing without it\n"
		"  exits by class                       yes\n"
		"  histograms                           yes\n");
	assert_nothing_logged();
}

/* A star is explained, whichever of the things with one is missing; else it is not there. */
static void test_star(void **state)
{
	static const char *const keys[] = {"classes", "times"};
	const char *text;

	(void)state;
	assert_int_equal(run(&text, NULL), TL_STATUS_OK);
	assert_null(strchr(text, '*'));
	for (unsigned int i = 0; i < ARRAY_LEN(keys); i++) {
		set_up(NULL);
		find(keys[i])->value = 0;
		assert_int_equal(run(&text, NULL), TL_STATUS_OK);
		if (!strstr(text, "\n* The kernel series brings it"))
			fail_msg("without %s:\n%s", keys[i], text);
	}
}

static void expect_boolean(const json_t *object, const char *key, bool value)
{
	const json_t *member = json_object_get(object, key);

	assert_true(json_is_boolean(member));
	assert_int_equal(json_is_true(member), value);
}

static void test_json(void **state)
{
	const json_t *kvm, *counting, *missing, *its;
	const char *text;
	json_t *root;

	(void)state;
	assert_int_equal(run(&text, ARGUMENTS("--json")), TL_STATUS_OK);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "trapline-caps-1");
	assert_string_equal(json_string_value(json_object_get(root, "kernel")), "6.12.1-test");
	assert_string_equal(json_string_value(json_object_get(root, "machine")), "aarch64");
	assert_string_equal(json_string_value(json_object_get(root, "mode")), "nVHE");
	kvm = json_object_get(root, "kvm");
	assert_int_equal(json_object_size(kvm), 4);
	assert_int_equal(json_integer_value(json_object_get(kvm, "api_version")), 12);
	/* A number stays one when it is 0. */
	assert_true(json_is_integer(json_object_get(kvm, "breakpoints")));
	expect_boolean(kvm, "gicv3", true);
	expect_boolean(kvm, "its", false);
	counting = json_object_get(root, "counting");
	assert_int_equal(json_object_size(counting), 2);
	expect_boolean(counting, "classes", true);
	missing = json_object_get(root, "missing");
	assert_int_equal(json_array_size(missing), 2);
	its = json_array_get(missing, 1);
	assert_string_equal(json_string_value(json_object_get(its, "what")), "its");
	assert_string_equal(json_string_value(json_object_get(its, "without")), "no messages");
	json_decref(root);
}

/* A star would refer to a line that JSON does not have. */
static void test_json_without_star(void **state)
{
	const char *text;

	(void)state;
	find("times")->value = 0;
	assert_int_equal(run(&text, ARGUMENTS("--json")), TL_STATUS_OK);
	assert_non_null(strstr(text, "\"no times\""));
	assert_null(strchr(text, '*'));
}

static void test_no_kvm(void **state)
{
	const char *text;

	(void)state;
	probe_result = -ENOENT;
	assert_int_equal(run(&text, NULL), TL_STATUS_HOST);
	assert_string_equal(text, "");
	assert_int_equal(run(&text, ARGUMENTS("--json")), TL_STATUS_HOST);
	assert_string_equal(text, "");
}

static void test_usage(void **state)
{
	const char *text;

	(void)state;
	probe_result = -ENOENT; /* nothing is asked */
	assert_int_equal(run(&text, ARGUMENTS("--help")), TL_STATUS_OK);
	assert_int_equal(strncmp(text, "usage: trapline caps", 20), 0);
	assert_int_equal(run(&text, ARGUMENTS("-h")), TL_STATUS_OK);
	assert_nothing_logged();
	assert_int_equal(run(&text, ARGUMENTS("--nothing")), TL_STATUS_USAGE);
	assert_error("'--nothing'", "--help");
	assert_int_equal(run(&text, ARGUMENTS("-x")), TL_STATUS_USAGE);
	assert_error("'-x'", "--help");
	assert_int_equal(run(&text, ARGUMENTS("--json=x")), TL_STATUS_USAGE);
	assert_error("'--json=x'", "--help");
	assert_int_equal(run(&text, ARGUMENTS("--json", "Image")), TL_STATUS_USAGE);
	assert_error("'Image'", "no argument");
	assert_string_equal(text, "");
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(run_into(fd, NULL), TL_STATUS_FAILURE);
	assert_error("cannot write", strerror(ENOSPC));
	assert_int_equal(run_into(fd, ARGUMENTS("--json")), TL_STATUS_FAILURE);
	assert_error("cannot write", strerror(ENOSPC));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text, set_up),
		cmocka_unit_test_setup(test_star, set_up),
		cmocka_unit_test_setup(test_json, set_up),
		cmocka_unit_test_setup(test_json_without_star, set_up),
		cmocka_unit_test_setup(test_no_kvm, set_up),
		cmocka_unit_test_setup(test_usage, set_up),
		cmocka_unit_test_setup(test_full_disk, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
