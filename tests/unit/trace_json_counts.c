/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has counted, in the JSON report: the member "kernel", null for
 * what it does not count, and null for all that only events could tell.
 * Links: trace/advice/advice.c trace/advice/rules.c
 * Links: trace/report/group.c trace/decode/lines_none.c
 * Links: trace/report/json_details.c
 * Links: trace/decode/cp.c
 * Links: trace/decode/detail.c trace/decode/sysreg.c trace/decode/smccc.c
 * Links: trace/decode/device_regs.c trace/decode/symbols.c trace/decode/symbols_elf.c
 * Links: trace/decode/symbols_kallsyms.c
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: base/file.c
 * Links: trace/report/json.c trace/profile/profile.c trace/profile/span.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/kernel_counts.c trace/decode/esr.c base/log.c
 * Links: trace/report/json_print.c
 * Libs: jansson elf
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "trace/report/json.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define LAST (TL_KERNEL_BUCKETS - 1)

struct fixture {
	struct tl_profile *profile;
	json_t *root; /* of the last report */
	char path[64];
};

/* One vCPU, and nobody traced. */
static int set_up_no_events(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	if (!f)
		return -1;
	*state = f;
	strcpy(f->path, "/tmp/tl-counts-XXXXXX");
	fd = mkstemp(f->path);
	if (fd < 0 || close(fd) || tl_profile_create(&f->profile))
		return -1;
	f->profile->no_events = 1;
	return tl_profile_add_vcpu(f->profile, 0, 10, 0);
}

/* An HVC, from the first event to the last. */
static int set_up(void **state)
{
	static const struct tl_event events[] = {
		{.kind = TL_EVENT_ENTRY, .ts = 1000, .has_exits = 1},
		{.kind = TL_EVENT_EXIT,
			.ts = 2000,
			.has_exits = 1,
			.exits = 1,
			.ret = 2,
			.ec = 0x16},
		{.kind = TL_EVENT_ENTRY, .ts = 3500, .has_exits = 1, .exits = 1},
	};
	struct fixture *f;

	if (set_up_no_events(state))
		return -1;
	f = *state;
	f->profile->no_events = 0;
	f->profile->patched = 1;
	for (unsigned int i = 0; i < ARRAY_LEN(events); i++)
		tl_profile_event(f->profile, &events[i]);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	json_decref(f->root);
	tl_profile_destroy(f->profile);
	free(f);
	return 0;
}

/* The vCPU's object in a report with these counts; until the next one. */
static const json_t *report(struct fixture *f, const struct tl_kernel_counts *counts)
{
	const json_t *vcpu;

	assert_int_equal(tl_profile_set_kernel_counts(f->profile, 0, counts), 0);
	assert_int_equal(tl_report_json(f->path, f->profile), 0);
	json_decref(f->root);
	f->root = json_load_file(f->path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(f->root);
	vcpu = json_array_get(json_object_get(f->root, "vcpus"), 0);
	assert_non_null(vcpu);
	return vcpu;
}

static const json_t *report_kernel(struct fixture *f, const struct tl_kernel_counts *counts)
{
	const json_t *kernel = json_object_get(report(f, counts), "kernel");

	assert_int_equal(json_object_size(kernel), 5);
	return kernel;
}

static json_int_t get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no number", key);
	return json_integer_value(value);
}

static void expect_null(const json_t *object, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *value = json_object_get(object, *keys);

		if (!json_is_null(value))
			fail_msg("'%s' is not null", *keys);
	}
}

#define assert_null_members(object, ...)                                                           \
	expect_null(object, (const char *const[]){__VA_ARGS__, NULL})

static void test_kernel(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1,
		.has_classes = 1,
		.has_fixups = 1,
		.has_not_run = 1,
		.exits = 12,
		.not_run = 3};
	const json_t *kernel, *object;

	counts.classes[HVC] = 8;
	counts.classes[TL_CLASS_IRQ] = 4;
	counts.fixups[0] = 5;
	counts.fixups[7] = 6;
	counts.fixups[TL_FIXUP_WITHHELD] = 7;
	kernel = report_kernel(*state, &counts);
	assert_int_equal(get(kernel, "exits"), 12);
	assert_int_equal(get(kernel, "entries_not_run"), 3);
	object = json_object_get(kernel, "returned");
	assert_int_equal(json_object_size(object), 2);
	assert_int_equal(get(object, "HVC64"), 8);
	assert_int_equal(get(object, "IRQ"), 4);
	object = json_object_get(kernel, "fixups");
	assert_int_equal(json_object_size(object), 3);
	assert_int_equal(get(object, "UNKNOWN"), 5);
	assert_int_equal(get(object, "FP_ASIMD"), 6);
	assert_int_equal(get(object, "WITHHELD"), 7);
}

/* All of them at once: no two have one name. */
static void test_kernel_of_all_classes(void **state)
{
	struct tl_kernel_counts counts = {.has_classes = 1, .has_fixups = 1};
	const json_t *kernel;

	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++)
		counts.classes[i] = i + 1;
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
		counts.fixups[i] = i + 1;
	kernel = report_kernel(*state, &counts);
	assert_int_equal(json_object_size(json_object_get(kernel, "returned")), TL_CLASS_COUNT);
	assert_int_equal(json_object_size(json_object_get(kernel, "fixups")), TL_FIXUP_CLASSES);
}

/* Only what was timed, with all of its buckets. */
static void test_kernel_times(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .time_count = 3};
	const json_t *times, *hvc;

	strcpy(counts.times[0].name, "irq");
	strcpy(counts.times[1].name, "hvc");
	strcpy(counts.times[2].name, "wfx");
	for (unsigned int i = 0; i < TL_KERNEL_BUCKETS; i++)
		counts.times[1].buckets[i] = 100 + i;
	counts.times[2].buckets[LAST] = 1;
	times = json_object_get(report_kernel(*state, &counts), "handling_ns");
	assert_int_equal(json_object_size(times), 2);
	hvc = json_object_get(times, "hvc");
	assert_int_equal(json_array_size(hvc), TL_KERNEL_BUCKETS);
	for (unsigned int i = 0; i < TL_KERNEL_BUCKETS; i++)
		assert_int_equal(json_integer_value(json_array_get(hvc, i)), 100 + i);
	assert_int_equal(json_array_size(json_object_get(times, "wfx")), TL_KERNEL_BUCKETS);
}

/* What is counted and was not there is 0 or an empty object; what is not counted is null. */
static void test_kernel_zero(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1,
		.has_classes = 1,
		.has_fixups = 1,
		.has_not_run = 1,
		.time_count = 1};
	static const char *const objects[] = {"returned", "fixups", "handling_ns"};
	const json_t *kernel = report_kernel(*state, &counts);

	assert_int_equal(get(kernel, "exits"), 0);
	assert_int_equal(get(kernel, "entries_not_run"), 0);
	for (unsigned int i = 0; i < ARRAY_LEN(objects); i++) {
		assert_true(json_is_object(json_object_get(kernel, objects[i])));
		assert_int_equal(json_object_size(json_object_get(kernel, objects[i])), 0);
	}
}

static void test_kernel_unknown(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .exits = 9};
	const json_t *kernel = report_kernel(*state, &counts);

	assert_int_equal(get(kernel, "exits"), 9);
	assert_null_members(kernel, "returned", "fixups", "entries_not_run", "handling_ns");
	counts.has_exits = 0;
	assert_null_members(report_kernel(*state, &counts), "exits");
}

/* The counts of the kernel are the report; what events would have told is not known. */
static void test_no_events(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .has_classes = 1, .exits = 9};
	struct fixture *f = *state;
	const json_t *vcpu, *totals;

	counts.classes[HVC] = 9;
	vcpu = report(f, &counts);
	assert_true(json_is_false(json_object_get(f->root, "events")));
	assert_null_members(f->root, "duration_ns", "exit_counts");
	assert_int_equal(get(vcpu, "kernel_exits"), 9);
	assert_null_members(vcpu, "exits", "last_count", "userspace_exits", "interrupted", "lost",
		"guest_ns", "idle_ns");
	assert_true(json_is_array(json_object_get(vcpu, "gaps")));
	assert_int_equal(json_array_size(json_object_get(vcpu, "gaps")), 0);
	assert_true(json_is_array(json_object_get(vcpu, "classes")));
	assert_int_equal(json_array_size(json_object_get(vcpu, "classes")), 0);
	totals = json_object_get(f->root, "totals");
	assert_int_equal(get(totals, "kernel_exits"), 9);
	assert_null_members(totals, "exits", "last_count", "userspace_exits", "lost");
	assert_int_equal(
		get(json_object_get(json_object_get(vcpu, "kernel"), "returned"), "HVC64"), 9);
}

/* The same members with events: the kernel's classes and the events' are apart. */
static void test_events(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .has_classes = 1, .exits = 3};
	struct fixture *f = *state;
	const json_t *vcpu, *totals;

	counts.classes[HVC] = 3;
	vcpu = report(f, &counts);
	assert_true(json_is_true(json_object_get(f->root, "events")));
	assert_true(json_is_true(json_object_get(f->root, "exit_counts")));
	assert_int_equal(get(f->root, "duration_ns"), 2500);
	assert_int_equal(get(vcpu, "exits"), 1);
	assert_int_equal(get(vcpu, "lost"), 2);
	assert_int_equal(get(vcpu, "guest_ns"), 1000);
	assert_int_equal(get(vcpu, "idle_ns"), 0);
	assert_int_equal(get(json_array_get(json_object_get(vcpu, "classes"), 0), "count"), 1);
	assert_int_equal(
		get(json_object_get(json_object_get(vcpu, "kernel"), "returned"), "HVC64"), 3);
	totals = json_object_get(f->root, "totals");
	assert_int_equal(get(totals, "exits"), 1);
	assert_int_equal(get(totals, "kernel_exits"), 3);
	assert_int_equal(get(totals, "lost"), 2);
	f->profile->patched = 0;
	report(f, &counts);
	assert_true(json_is_false(json_object_get(f->root, "exit_counts")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kernel),
		TEST(test_kernel_of_all_classes),
		TEST(test_kernel_times),
		TEST(test_kernel_zero),
		TEST(test_kernel_unknown),
		TEST(test_events),
		cmocka_unit_test_setup_teardown(test_no_events, set_up_no_events, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
