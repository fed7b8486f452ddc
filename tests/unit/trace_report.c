/* SPDX-License-Identifier: MIT */
/*
 * The reports: JSON that a parser reads back, files that cannot be written, and
 * what the text says about completeness.
 * Links: trace/advice/advice.c trace/advice/rules.c trace/report/text_advice.c
 * Links: trace/report/json_details.c
 * Links: trace/decode/cp.c
 * Links: trace/decode/detail.c trace/decode/sysreg.c trace/decode/smccc.c
 * Links: trace/decode/device_regs.c trace/decode/symbols.c trace/decode/symbols_elf.c
 * Links: trace/decode/symbols_kallsyms.c
 * Links: trace/report/text.c trace/report/units.c trace/report/text_vcpu.c
 * Links: trace/report/text_details.c
 * Links: trace/report/group.c trace/decode/lines_none.c
 * Links: base/file.c
 * Links: trace/report/text_proof.c trace/report/json.c
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/kernel_counts.c trace/decode/esr.c base/log.c
 * Links: trace/report/json_print.c
 * Libs: jansson elf
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "trace/report/json.h"
#include "trace/report/text.h"

struct fixture {
	char dir[64];
	char path[96];
	struct tl_profile *profile;
};

static void event(struct tl_profile *p, enum tl_event_kind kind, uint32_t vcpu, uint64_t ts,
	uint64_t exits, uint32_t ec)
{
	tl_profile_event(p, &(struct tl_event){.kind = kind,
				    .vcpu = vcpu,
				    .ts = ts,
				    .has_exits = 1,
				    .exits = exits,
				    .ret = 2,
				    .ec = ec});
}

/* What the kernel has counted, but not by class. */
static int set_kernel_exits(struct tl_profile *p, unsigned int vcpu, uint64_t exits)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .exits = exits};

	return tl_profile_set_kernel_counts(p, vcpu, &counts);
}

/* vCPU 0: HVC of 2 us, WFx of 1 ms, then a last exit. vCPU 1: never started. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tl_log_set_level(TL_LOG_ERROR - 1);
	strcpy(f->dir, "/tmp/tl-report-XXXXXX");
	if (!mkdtemp(f->dir) || tl_profile_create(&f->profile))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/profile.json", f->dir);
	f->profile->patched = 1;
	tl_profile_add_vcpu(f->profile, 0, 10, 0);
	tl_profile_add_vcpu(f->profile, 1, 11, 0);
	event(f->profile, TL_EVENT_ENTRY, 0, 1000000, 0, 0);
	event(f->profile, TL_EVENT_EXIT, 0, 1001000, 1, 0x16);
	event(f->profile, TL_EVENT_ENTRY, 0, 1003000, 1, 0);
	event(f->profile, TL_EVENT_EXIT, 0, 1004000, 2, 0x01);
	event(f->profile, TL_EVENT_ENTRY, 0, 2004000, 2, 0);
	event(f->profile, TL_EVENT_EXIT, 0, 2005000, 3, 0x24);
	tl_profile_event(f->profile,
		&(struct tl_event){.kind = TL_EVENT_USER_EXIT, .vcpu = 0, .ts = 2006000});
	set_kernel_exits(f->profile, 0, 3);
	set_kernel_exits(f->profile, 1, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	/* Fails if a temporary file was left behind. */
	assert_int_equal(rmdir(f->dir), 0);
	tl_profile_destroy(f->profile);
	free(f);
	return 0;
}

static json_int_t get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_non_null(value);
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void test_json(void **state)
{
	struct fixture *f = *state;
	json_t *root, *vcpu, *totals, *classes, *hvc;

	assert_int_equal(tl_report_json(f->path, f->profile), 0);
	root = json_load_file(f->path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(
		json_string_value(json_object_get(root, "schema")), "trapline-profile-1");
	assert_int_equal(json_array_size(json_object_get(root, "vcpus")), 2);
	vcpu = json_array_get(json_object_get(root, "vcpus"), 0);
	assert_int_equal(get(vcpu, "id"), 0);
	assert_int_equal(get(vcpu, "exits"), 3);
	assert_int_equal(get(vcpu, "idle_ns"), 1000000);
	assert_int_equal(get(vcpu, "guest_ns"), 3000);
	classes = json_object_get(vcpu, "classes");
	assert_int_equal(json_array_size(classes), 3);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(classes, 0), "name")), "WFx");
	hvc = json_array_get(classes, 1);
	assert_string_equal(json_string_value(json_object_get(hvc, "name")), "HVC64");
	assert_int_equal(get(hvc, "count"), 1);
	assert_int_equal(get(json_object_get(hvc, "ns"), "total"), 2000);
	assert_int_equal(get(json_object_get(hvc, "ns"), "avg"), 2000);
	assert_int_equal(get(json_object_get(hvc, "ns"), "min"), 2000);
	assert_int_equal(get(json_object_get(hvc, "ns"), "p50"), 2000);
	assert_int_equal(get(json_object_get(hvc, "ns"), "p99"), 2000);
	assert_int_equal(get(json_object_get(hvc, "ns"), "max"), 2000);
	totals = json_object_get(root, "totals");
	assert_int_equal(get(totals, "exits"), 3);
	assert_int_equal(get(totals, "kernel_exits"), 3);
	assert_int_equal(get(totals, "last_count"), 3);
	assert_int_equal(get(totals, "userspace_exits"), 1);
	assert_int_equal(get(totals, "lost"), 0);
	json_decref(root);
}

/* What the kernel does not tell is null, not 0. */
static void test_json_unknown(void **state)
{
	struct fixture *f = *state;
	json_t *root, *totals;

	f->profile->vcpus[0]->has_counts = f->profile->vcpus[0]->kernel.has_exits = 0;
	assert_int_equal(tl_report_json(f->path, f->profile), 0);
	root = json_load_file(f->path, 0, NULL);
	totals = json_object_get(root, "totals");
	assert_true(json_is_null(json_object_get(totals, "kernel_exits")));
	assert_true(json_is_null(json_object_get(totals, "last_count")));
	assert_true(json_is_null(json_object_get(totals, "lost")));
	json_decref(root);
}

static void test_json_replaces_and_follows_links(void **state)
{
	struct fixture *f = *state;
	char link_path[96];
	struct stat st;
	json_t *root;
	FILE *old = fopen(f->path, "w");

	fputs("old", old);
	fclose(old);
	snprintf(link_path, sizeof(link_path), "%s/link", f->dir);
	assert_int_equal(symlink("profile.json", link_path), 0);
	assert_int_equal(tl_report_json(link_path, f->profile), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	root = json_load_file(f->path, 0, NULL);
	assert_non_null(root);
	json_decref(root);
	unlink(link_path);
}

static void test_json_errors(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/none/x.json", f->dir);
	assert_int_equal(tl_report_json(path, f->profile), -ENOENT);
	assert_int_equal(tl_report_json(f->dir, f->profile), -EISDIR);
	/* A full disk; and what is no regular file is not replaced by one. */
	assert_int_equal(tl_report_json("/dev/full", f->profile), -ENOSPC);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

/* The report as a string, which is the caller's to free. */
static char *report(const struct tl_profile *profile)
{
	FILE *file = tmpfile();
	char *text;
	long size;

	assert_non_null(file);
	assert_int_equal(tl_report_text(file, profile), 0);
	size = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	return text;
}

static void test_text(void **state)
{
	struct fixture *f = *state;
	char *text = report(f->profile), *line;

	assert_non_null(strstr(text, "All three are equal"));
	assert_non_null(strstr(text, "3 exits, 1 of them to user space"));
	line = strstr(text, "HVC64");
	assert_non_null(line);
	assert_true(strstr(line, "33.3 %") < strchr(line, '\n'));
	assert_true(strstr(line, "2.00 us") < strchr(line, '\n'));
	/* Idle is below the sum, and not in it. */
	assert_true(strstr(text, "\n  WFx") > strstr(text, "\n  sum"));
	line = strstr(text, "\n  sum") + 1;
	assert_true(strstr(line, "2.00 us") < strchr(line, '\n'));
	assert_non_null(strstr(text, "1.00 ms"));
	assert_non_null(strstr(text, "the last exit of 1 vCPU,"));
	/* Not a terminal: no colour. */
	assert_null(strchr(text, 033));
	for (line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\n') - line <= 110);
	free(text);
}

static void test_text_lost(void **state)
{
	struct fixture *f = *state;
	char *text;

	event(f->profile, TL_EVENT_EXIT, 0, 3005000, 8, 0x24);
	set_kernel_exits(f->profile, 0, 10);
	text = report(f->profile);
	assert_non_null(strstr(text, "Missing from the tables above: 6 exits"));
	assert_non_null(strstr(text, "vCPU 0 lost 4 exits between 1.01 ms and 2.00 ms"));
	assert_non_null(strstr(text, "vCPU 0 lost 2 exits after its last event"));
	assert_null(strstr(text, "equal"));
	free(text);
}

static void test_text_stock_kernel(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->profile->patched = 0;
	f->profile->vcpus[0]->has_counts = 0;
	text = report(f->profile);
	assert_non_null(strstr(text, "Both known counts are equal"));
	assert_non_null(strstr(text, "carry no exit count"));
	free(text);
	f->profile->vcpus[0]->kernel.has_exits = 0;
	text = report(f->profile);
	assert_non_null(strstr(text, "cannot be known"));
	free(text);
}

static void test_text_full_disk(void **state)
{
	struct fixture *f = *state;
	FILE *full = fopen("/dev/full", "w");

	assert_int_equal(tl_report_text(full, f->profile), -ENOSPC);
	fclose(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_json),
		TEST(test_json_unknown),
		TEST(test_json_replaces_and_follows_links),
		TEST(test_json_errors),
		TEST(test_text),
		TEST(test_text_lost),
		TEST(test_text_stock_kernel),
		TEST(test_text_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
