/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has counted, in the text report: in the place of events, and
 * beside them.
 * Libs: elf
 * Links: trace/advice/advice.c trace/advice/rules.c trace/report/text_advice.c
 * Links: trace/decode/cp.c
 * Links: trace/decode/detail.c trace/decode/sysreg.c trace/decode/smccc.c
 * Links: trace/decode/device_regs.c trace/decode/symbols.c trace/decode/symbols_elf.c
 * Links: trace/decode/symbols_kallsyms.c
 * Links: trace/report/text.c trace/report/units.c trace/report/text_vcpu.c
 * Links: trace/report/text_details.c
 * Links: trace/report/group.c trace/decode/lines_none.c
 * Links: trace/report/text_proof.c
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/kernel_counts.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/text.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define DABT (TL_CLASS_EC + 0x24)
#define LAST (TL_KERNEL_BUCKETS - 1)

/* The widest that a line may be (trace/report/text.h). */
#define COLUMNS 110

/* Two vCPUs, of whose exits only the kernel knows: 60 HVC, 30 WFx, 10 interrupts; 1 HVC. */
static int set_up(void **state)
{
	struct tl_kernel_counts counts = {
		.has_exits = 1, .has_classes = 1, .has_fixups = 1, .has_not_run = 1, .exits = 100};
	struct tl_profile *p;

	if (tl_profile_create(&p))
		return -1;
	p->pid = 42;
	p->no_events = 1;
	if (tl_profile_add_vcpu(p, 0, 10, 0) || tl_profile_add_vcpu(p, 1, 11, 0))
		return -1;
	counts.classes[HVC] = 60;
	counts.classes[TL_CLASS_WFX] = 30;
	counts.classes[TL_CLASS_IRQ] = 10;
	tl_profile_set_kernel_counts(p, 0, &counts);
	memset(counts.classes, 0, sizeof(counts.classes));
	counts.exits = counts.classes[HVC] = 1;
	tl_profile_set_kernel_counts(p, 1, &counts);
	*state = p;
	return 0;
}

/* The same with events of one HVC, of vCPU 1. */
static int set_up_events(void **state)
{
	static const struct tl_event events[] = {
		{.kind = TL_EVENT_ENTRY, .vcpu = 1, .ts = 1000, .has_exits = 1},
		{.kind = TL_EVENT_EXIT,
			.vcpu = 1,
			.ts = 2000,
			.has_exits = 1,
			.exits = 1,
			.ret = 2,
			.ec = 0x16},
		{.kind = TL_EVENT_ENTRY, .vcpu = 1, .ts = 3000, .has_exits = 1, .exits = 1},
	};
	struct tl_kernel_counts none = {.has_exits = 1, .has_classes = 1};
	struct tl_profile *p;

	if (set_up(state))
		return -1;
	p = *state;
	p->no_events = 0;
	p->patched = 1;
	for (unsigned int i = 0; i < ARRAY_LEN(events); i++)
		tl_profile_event(p, &events[i]);
	return tl_profile_set_kernel_counts(p, 0, &none);
}

static int tear_down(void **state)
{
	tl_profile_destroy(*state);
	return 0;
}

/* The report as a string, which is the caller's to free; no line of it is too long. */
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
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (strcspn(line, "\n") > COLUMNS)
			fail_msg("too long: %.*s", (int)strcspn(line, "\n"), line);
	}
	return text;
}

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in:\n%s", words, text);
}

static void expect_not(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("'%s' in:\n%s", words, text);
}

/* One report, in which these words are, or are not. */
static void expect_report(const struct tl_profile *p, const char *words, const char *not_words)
{
	char *text = report(p);

	if (words)
		expect(text, words);
	if (not_words)
		expect_not(text, not_words);
	free(text);
}

static void test_counts_alone(void **state)
{
	char *text = report(*state);

	assert_int_equal(strncmp(text, "Trap counts of process 42: 2 vCPUs, 101 exits\n", 46), 0);
	expect(text, "\nvCPU 0  100 exits\n");
	expect(text, "\nvCPU 1  1 exit\n");
	expect(text, "  HVC64       hypervisor call                    60  60.0 %\n");
	expect(text, "  sum                                            70  70.0 %\n");
	expect(text, "  WFx         idle, not in the sum               30  30.0 %\n");
	expect(text, "  HVC64       hypervisor call                     1 100.0 %\n");
	expect(text, "The classes add up to KVM's count of all exits.");
	/* Most exits first, idle last. */
	assert_true(strstr(text, "\n  HVC64") < strstr(text, "\n  IRQ"));
	assert_true(strstr(text, "\n  sum") < strstr(text, "\n  WFx"));
	free(text);
}

/* Nothing that only events could tell. */
static void test_counts_without_times(void **state)
{
	static const char *const words[] = {"to user space", "p50", "total", "in the guest",
		"Reconciliation", "last count", "lost", "missing", "equal", "Not timed", " - "};
	char *text = report(*state);

	for (unsigned int i = 0; i < ARRAY_LEN(words); i++)
		expect_not(text, words[i]);
	free(text);
}

static void test_counts_do_not_add_up(void **state)
{
	struct tl_profile *p = *state;

	p->vcpus[1]->kernel.exits++;
	expect_report(p, "The classes do not add up to KVM's count", "The classes add up");
}

/* One number is all that a stock kernel has: no table of nothing. */
static void test_counts_of_a_stock_kernel(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts counts = {.has_exits = 1, .exits = 7};

	tl_profile_set_kernel_counts(p, 0, &counts);
	tl_profile_set_kernel_counts(p, 1, &counts);
	expect_report(p, "\nvCPU 0  7 exits\n\nvCPU 1  7 exits\n\n", "what it is");
	expect_report(p, "This kernel does not count by class", "add up");
}

/* No number at all is not 0. */
static void test_counts_of_no_statistics(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts counts = {0};

	tl_profile_set_kernel_counts(p, 0, &counts);
	tl_profile_set_kernel_counts(p, 1, &counts);
	expect_report(p, "nothing was counted", "never left its guest");
	expect_report(p, "Trap counts of process 42: 2 vCPUs\n", "0 exits");
	expect_report(p, "vCPU 1  its exits were not counted\n", NULL);
}

/* A vCPU of which it is known that it did nothing. */
static void test_counts_of_an_idle_vcpu(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts counts = {.has_exits = 1, .has_classes = 1};

	tl_profile_set_kernel_counts(p, 1, &counts);
	expect_report(p, "\nvCPU 1  never left its guest, or was never started\n", NULL);
	expect_report(p, "2 vCPUs, 100 exits", NULL);
}

static void test_fixups(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts *kernel = &p->vcpus[0]->kernel;

	expect_report(p, NULL, "Besides");
	kernel->fixups[0x07] = 200;
	expect_report(
		p, "  Besides, EL2 handled 200 by itself: FP_ASIMD 200\n", "before the guest");
	kernel->fixups[0x18] = 30;
	kernel->fixups[TL_FIXUP_WITHHELD] = 5;
	kernel->not_run = 1;
	expect_report(p,
		"  Besides, EL2 handled 235 by itself: FP_ASIMD 200, SYS64 30, not told 5; "
		"1 entry ended before the guest ran\n",
		NULL);
	kernel->not_run = 2;
	expect_report(p, "; 2 entries ended before the guest ran\n", NULL);
}

static void test_only_not_run(void **state)
{
	struct tl_profile *p = *state;

	p->vcpus[0]->kernel.not_run = 3;
	expect_report(p, "  Besides, 3 entries ended before the guest ran\n", "EL2 handled");
}

/* All that EL2 of Linux 6.12 handles: one line has no room for it. */
static void test_many_fixups(void **state)
{
	static const unsigned int classes[] = {
		0x03, 0x07, 0x09, 0x16, 0x17, 0x18, 0x19, 0x20, 0x24, 0x27, 0x34};
	struct tl_profile *p = *state;
	struct tl_kernel_counts *kernel = &p->vcpus[0]->kernel;
	char *text, words[64];

	for (unsigned int i = 0; i < ARRAY_LEN(classes); i++)
		kernel->fixups[classes[i]] = 1000000000 + i;
	kernel->not_run = 12345678;
	text = report(p);
	expect(text, "  Besides, EL2 handled 11000000055 by itself: CP15_32 1000000000,");
	for (unsigned int i = 0; i < ARRAY_LEN(classes); i++) {
		snprintf(words, sizeof(words), " %s %u%s",
			tl_esr_class_name(TL_CLASS_EC + classes[i]), 1000000000 + i,
			i + 1 < ARRAY_LEN(classes) ? "," : ";");
		expect(text, words);
	}
	expect(text, " 12345678 entries ended before the guest ran\n");
	/* Indented, so that it does not look like a row. */
	expect(text, ",\n    ");
	free(text);
}

/* Numbers of each length, so that a line ends at each column. */
static void test_any_fixups(void **state)
{
	struct tl_profile *p = *state;

	for (uint64_t count = 1; count < UINT64_MAX / 100 / 10; count *= 10) {
		for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
			p->vcpus[0]->kernel.fixups[i] = i % 5 ? count : count / 10;
		expect_report(p, " by itself: ", NULL);
	}
}

/* Upper ends of buckets; the last one has none. What was not timed has no row. */
static void test_kernel_times(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts *kernel = &p->vcpus[0]->kernel;

	kernel->time_count = 3;
	strcpy(kernel->times[0].name, "irq");
	strcpy(kernel->times[1].name, "hvc");
	strcpy(kernel->times[2].name, "wfx");
	expect_report(p, NULL, "handling time");
	kernel->times[1].buckets[13] = 60;
	kernel->times[2].buckets[0] = 15;
	kernel->times[2].buckets[LAST] = 1;
	expect_report(p,
		"  handling time, by KVM: at most              exits       p50       p99\n"
		"  hvc                                            60   8.19 us   8.19 us\n"
		"  wfx                                            16      0 ns     > 1 s\n",
		"irq ");
}

/* With events as well, both come below the table. */
static void test_beside_events(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts *kernel = &p->vcpus[1]->kernel;
	char *text;

	kernel->fixups[0x07] = 4;
	kernel->time_count = 1;
	strcpy(kernel->times[0].name, "hvc");
	kernel->times[0].buckets[10] = 1;
	text = report(p);
	expect(text, "Trap profile of process 42: 2 vCPUs, 2.00 us, 1 exit, 0 of them to");
	expect(text, "1.00 us   1.00 us   1.00 us   1.00 us   1.00 us\n"
		     "  Besides, EL2 handled 4 by itself: FP_ASIMD 4\n"
		     "  handling time, by KVM");
	expect(text, "All three are equal");
	expect(text, "So are KVM's own counts of each class.");
	free(text);
}

/* A vCPU of which the kernel has counted exits and no event was left did leave its guest. */
static void test_all_events_lost(void **state)
{
	struct tl_profile *p = *state;

	p->vcpus[0]->kernel.exits = p->vcpus[0]->kernel.classes[HVC] = 5;
	expect_report(p, "\nvCPU 0  none of its exits was seen\n", "never left its guest");
	expect_report(p, "Missing from the tables above: 5 exits", NULL);
}

/* What the kernel's classes say about the events' classes. */
static void test_class_verdicts(void **state)
{
	struct tl_profile *p = *state;
	struct tl_kernel_counts *kernel = &p->vcpus[1]->kernel;

	kernel->classes[HVC] = 0;
	kernel->classes[TL_CLASS_SERROR] = 1;
	expect_report(p, "KVM's own counts by class differ", "So are");
	kernel->classes[HVC] = 1;
	expect_report(p, "KVM's counts by class do not add up", "So are");
	/* Where exits are missing it is no news that classes differ. */
	kernel->classes[TL_CLASS_SERROR] = 0;
	kernel->exits = kernel->classes[HVC] = 3;
	expect_report(p, "Missing from the tables above: 2 exits", "by class");
	kernel->exits = kernel->classes[HVC] = 1;
	p->vcpus[0]->kernel.has_classes = 0;
	expect_report(p, "All three are equal", "by class");
}

#define COUNTS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define EVENTS(name) cmocka_unit_test_setup_teardown(name, set_up_events, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COUNTS(test_counts_alone),
		COUNTS(test_counts_without_times),
		COUNTS(test_counts_do_not_add_up),
		COUNTS(test_counts_of_a_stock_kernel),
		COUNTS(test_counts_of_no_statistics),
		COUNTS(test_counts_of_an_idle_vcpu),
		COUNTS(test_fixups),
		COUNTS(test_only_not_run),
		COUNTS(test_many_fixups),
		COUNTS(test_any_fixups),
		COUNTS(test_kernel_times),
		EVENTS(test_beside_events),
		EVENTS(test_all_events_lost),
		EVENTS(test_class_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
