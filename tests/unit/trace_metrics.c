/* SPDX-License-Identifier: MIT */
/*
 * Metrics: bounds of what is told apart, sums that add up, labels that cannot break out of
 * their quotes, and the lines of each dialect.
 * Links: base/buffer.c trace/report/metrics.c trace/report/metrics_profile.c trace/report/group.c
 * Links: trace/report/metrics_sum.c
 * Links: trace/profile/detail.c trace/profile/reconcile.c trace/profile/kernel_counts.c
 * Links: trace/profile/hist.c trace/decode/cp.c tests/unit/fake_lines.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/symbols.h"
#include "trace/report/metrics.h"

#define HVC (TL_CLASS_EC + 0x16)

/* In the place of trace/decode/symbols.c. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	(void)symbols;
	(void)address;
	(void)offset;
	return NULL;
}

/* In the place of trace/profile/profile.c. */
uint64_t tl_profile_class_count(const struct tl_profile *profile,
	const struct tl_profile_vcpu *vcpu, unsigned int exit_class)
{
	(void)profile;
	return vcpu->classes[exit_class].count;
}

uint64_t tl_profile_exits(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	(void)profile;
	return vcpu->exits;
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct tl_metrics_vm));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* All that is written of one VM; the caller's to free. */
static char *write_vm(const struct tl_metrics_vm *vm, enum tl_metrics_dialect dialect)
{
	struct tl_buffer text = {0};

	tl_metrics_write(&text, dialect, &vm, 1);
	tl_metrics_end(&text, dialect);
	tl_buffer_add_string(&text, "");
	assert_false(text.failed);
	text.data = realloc(text.data, text.used + 1);
	assert_non_null(text.data);
	text.data[text.used] = 0;
	return text.data;
}

static void assert_line(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	if (!found || (found > text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

static void test_vcpus(void **state)
{
	struct tl_metrics_vm *vm = *state;
	char *text;

	strcpy(vm->id, "7");
	vm->has_events = 1;
	for (unsigned int id = 0; id < TL_METRICS_VCPUS + 3; id++)
		tl_metrics_vcpu(vm, id * 2)->classes[HVC] += id + 1;
	assert_ptr_equal(tl_metrics_vcpu(vm, 4), &vm->vcpus[2]);
	assert_int_equal(vm->vcpu_count, TL_METRICS_VCPUS);
	text = write_vm(vm, TL_METRICS_PROMETHEUS);
	assert_line(text, "trapline_exits_total{vm=\"7\",vcpu=\"4\",class=\"HVC64\"} 3");
	/* 17 + 18 + 19 */
	assert_line(text, "trapline_exits_total{vm=\"7\",vcpu=\"other\",class=\"HVC64\"} 54");
	assert_null(strstr(text, "vcpu=\"32\""));
	free(text);
}

static void add_detail(struct tl_metrics_vm *vm, const char *name, enum tl_handler handler,
	uint64_t exits, uint64_t ns)
{
	struct tl_metrics_detail *detail = tl_metrics_detail(vm, HVC, name, handler);

	detail->exits += exits;
	detail->ns += ns;
}

/* Place by place. */
static void test_sums(void **state)
{
	struct tl_metrics_vm *vm = *state, *other = calloc(1, sizeof(*other));

	assert_non_null(other);
	tl_metrics_vcpu(vm, 5)->classes[HVC] = 3;
	tl_metrics_vcpu(other, 5)->classes[HVC] = 4;
	other->vcpus[0].fixups[2] = 1;
	other->vcpus[0].delayed_ns = 10;
	vm->vcpus[0].guest_ns = 7;
	vm->times[HVC].ns = 100;
	other->times[HVC].buckets[16] = 2;
	add_detail(vm, "one", TL_HANDLER_USER, 5, 50);
	add_detail(other, "one", TL_HANDLER_USER, 4, 60);
	tl_metrics_max(vm, other);
	assert_int_equal(vm->vcpus[0].classes[HVC], 4);
	assert_int_equal(vm->vcpus[0].fixups[2], 1);
	assert_int_equal(vm->vcpus[0].guest_ns, 7);
	assert_int_equal(vm->times[HVC].buckets[16], 2);
	assert_int_equal(vm->details[0].exits, 5);
	assert_int_equal(vm->details[0].ns, 60);
	tl_metrics_add(vm, other);
	assert_int_equal(vm->vcpus[0].classes[HVC], 8);
	assert_int_equal(vm->vcpus[0].delayed_ns, 20);
	assert_int_equal(vm->times[HVC].ns, 100);
	assert_int_equal(vm->details[0].exits, 9);
	assert_int_equal(vm->details[0].ns, 120);
	tl_metrics_clear(vm);
	assert_int_equal(vm->vcpus[0].classes[HVC], 0);
	assert_int_equal(vm->vcpus[0].id, 5);
	assert_int_equal(vm->times[HVC].ns, 0);
	assert_int_equal(vm->details[0].ns, 0);
	assert_string_equal(vm->details[0].name, "one");
	free(other);
}

/* A name keeps its place, however many come after it; what comes late stays among others. */
static void test_details(void **state)
{
	struct tl_metrics_vm *vm = *state;
	char name[32], *text;

	strcpy(vm->id, "7");
	for (unsigned int round = 1; round <= 2; round++) {
		tl_metrics_clear(vm);
		for (unsigned int i = 0; i < TL_METRICS_DETAILS + 5; i++) {
			unsigned int n = round == 1 ? i : TL_METRICS_DETAILS + 4 - i;

			snprintf(name, sizeof(name), "detail %u", n);
			add_detail(vm, name, TL_HANDLER_USER, 2 * round, 1000);
		}
	}
	add_detail(vm, "detail 1", TL_HANDLER_KERNEL, 9, 1);
	text = write_vm(vm, TL_METRICS_COMMON);
	assert_line(text, "trapline_detail_exits_total{vm=\"7\",class=\"HVC64\","
			  "detail=\"detail 0\",handler=\"VMM\"} 4");
	assert_line(text, "trapline_detail_exits_total{vm=\"7\",class=\"other\","
			  "detail=\"other\",handler=\"VMM\"} 20");
	assert_line(text, "trapline_detail_seconds_total{vm=\"7\",class=\"other\","
			  "detail=\"other\",handler=\"VMM\"} 0.000005000");
	assert_line(text, "trapline_detail_exits_total{vm=\"7\",class=\"other\","
			  "detail=\"other\",handler=\"kernel\"} 9");
	assert_null(strstr(text, "detail 32"));
	free(text);
}

static void test_labels(void **state)
{
	struct tl_metrics_vm *vm = *state;
	char *text;

	strcpy(vm->id, "7");
	strcpy(vm->name, "a\"b\\c\nd\xff{");
	strcpy(vm->program, "qemu");
	text = write_vm(vm, TL_METRICS_OPENMETRICS);
	assert_line(text, "trapline_vm_info{vm=\"7\",name=\"a\\\"b\\\\c?d?{\",program=\"qemu\"} 1");
	free(text);
}

static void test_buckets(void **state)
{
	(void)state;
	assert_int_equal(tl_metrics_bucket(0), 0);
	assert_int_equal(tl_metrics_bucket(511), 0);
	assert_int_equal(tl_metrics_bucket(512), 1);
	assert_int_equal(tl_metrics_bound(0), 512);
	assert_int_equal(tl_metrics_bound(TL_METRICS_BUCKETS - 1), 0);
	assert_int_equal(tl_metrics_bucket(UINT64_MAX), TL_METRICS_BUCKETS - 1);
	for (unsigned int b = 0; b < TL_METRICS_BUCKETS - 1; b++) {
		assert_int_equal(tl_metrics_bucket(tl_metrics_bound(b) - 1), b);
		assert_int_equal(tl_metrics_bucket(tl_metrics_bound(b)), b + 1);
	}
}

/* Counters go by the name that the dialect's parser expects; only one of them has an end. */
static void test_dialects(void **state)
{
	struct tl_metrics_vm *vm = *state;
	char *common = write_vm(vm, TL_METRICS_COMMON);
	char *open = write_vm(vm, TL_METRICS_OPENMETRICS);
	char *prometheus = write_vm(vm, TL_METRICS_PROMETHEUS);

	assert_null(strstr(common, "# TYPE trapline_exits"));
	assert_line(common, "# HELP trapline_exits_total Exits by exception class.");
	assert_line(open, "# TYPE trapline_exits counter");
	assert_line(open, "# HELP trapline_exits Exits by exception class.");
	assert_line(prometheus, "# TYPE trapline_exits_total counter");
	assert_line(common, "# TYPE trapline_handling_seconds histogram");
	assert_line(common, "# EOF");
	assert_line(open, "# EOF");
	assert_string_equal(open + strlen(open) - 6, "# EOF\n");
	assert_null(strstr(prometheus, "# EOF"));
	free(common);
	free(open);
	free(prometheus);
}

/* From a profile of 3 exits: two timed ones of 600 ns and 3 s, and one that is open. */
static void test_profile(void **state)
{
	static struct tl_profile_vcpu vcpu = {.id = 3, .exits = 3, .userspace_exits = 1};
	struct tl_profile_vcpu *list[] = {&vcpu};
	struct tl_profile profile = {.pid = 4711, .vcpu_count = 1, .vcpus = list};
	struct tl_hist *time = tl_hist_create();
	char *text;

	assert_non_null(time);
	tl_hist_add(time, 600);
	tl_hist_add(time, 3000000000u);
	vcpu.guest_ns = 1500000000;
	vcpu.classes[HVC] = (struct tl_profile_class){3, 1, time};
	vcpu.kernel.has_exits = 1;
	vcpu.kernel.exits = 5;
	assert_int_equal(tl_details_add(&profile.details, &(struct tl_profile_detail){.vcpu = 3,
								  .exit_class = HVC,
								  .detail = 0x84000000,
								  .count = 3,
								  .time = time}),
		0);
	assert_int_equal(tl_metrics_of(*state, &profile), 0);
	text = write_vm(*state, TL_METRICS_COMMON);
	assert_line(text, "trapline_vcpus{vm=\"4711\"} 1");
	assert_line(text, "trapline_exits_total{vm=\"4711\",vcpu=\"3\",class=\"HVC64\"} 3");
	assert_line(text, "trapline_userspace_exits_total{vm=\"4711\",vcpu=\"3\"} 1");
	assert_line(text, "trapline_lost_exits_total{vm=\"4711\",vcpu=\"3\"} 2");
	assert_line(text, "trapline_guest_seconds_total{vm=\"4711\",vcpu=\"3\"} 1.500000000");
	assert_line(text, "trapline_kvm_exits_total{vm=\"4711\"} 5");
#define BUCKET "trapline_handling_seconds_bucket{vm=\"4711\",class=\"HVC64\",le="
	assert_line(text, BUCKET "\"0.000000512\"} 0");
	assert_line(text, BUCKET "\"0.000001024\"} 1");
	assert_line(text, BUCKET "\"2.147483648\"} 1");
	assert_line(text, BUCKET "\"+Inf\"} 2");
	assert_line(text, "trapline_handling_seconds_sum{vm=\"4711\",class=\"HVC64\"} 3.000000600");
	assert_line(text, "trapline_handling_seconds_count{vm=\"4711\",class=\"HVC64\"} 2");
	assert_line(text, "trapline_detail_exits_total{vm=\"4711\",class=\"HVC64\","
			  "detail=\"PSCI VERSION\",handler=\"kernel\"} 3");
	free(text);
	tl_details_fini(&profile.details);
}

static void test_file(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(tl_report_metrics(full, NULL, 0), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vcpus, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sums, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_details, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test_setup_teardown(test_dialects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_profile, set_up, tear_down),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
