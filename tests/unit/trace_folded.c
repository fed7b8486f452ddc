/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, to the byte: what is added up, what a frame must not contain, and output
 * that cannot be written.
 * Links: trace/report/folded.c trace/report/group.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/decode/cp.c tests/unit/fake_lines.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/symbols.h"
#include "trace/report/folded.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define DABT (TL_CLASS_EC + 0x24)

/* In the place of trace/decode/symbols.c: two functions, one with a name of bad intent. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	*offset = address & 0xfff;
	if (!symbols)
		return NULL;
	return address < 0x1000 ? "one" : "t;w\no";
}

static void add(struct tl_profile *profile, uint64_t ns, struct tl_profile_detail detail)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(&profile->details, &detail), 0);
}

#define ADD(profile, ns, ...) add(profile, ns, (struct tl_profile_detail){__VA_ARGS__})

static int set_up(void **state)
{
	struct tl_profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -1;
	profile->pid = 4711;
	profile->symbols = (const struct tl_symbols *)profile;
	profile->map = (struct tl_vm_map){1, {{"pl011", 0x9000000, 0x1000}}};
	ADD(profile, 10, .vcpu = 1, .exit_class = DABT, .pc = 0x2000, .count = 3,
		.detail = TL_DETAIL_WRITE | 0x9000000);
	ADD(profile, 100, .exit_class = DABT, .pc = 0x10, .count = 2,
		.detail = TL_DETAIL_WRITE | 0x9000000);
	ADD(profile, 5, .exit_class = DABT, .pc = 0x20, .count = 4,
		.detail = TL_DETAIL_WRITE | 0x9000000, .handler = TL_HANDLER_USER);
	ADD(profile, 0, .exit_class = HVC, .pc = 0, .count = 1, .detail = 0x84000000);
	*state = profile;
	return 0;
}

static int tear_down(void **state)
{
	struct tl_profile *profile = *state;

	tl_details_fini(&profile->details);
	free(profile);
	return 0;
}

static const char *print(
	struct tl_profile *const *profiles, size_t count, enum tl_folded_weight weight)
{
	static char text[1024];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	text[0] = 0;
	assert_int_equal(tl_report_folded(out, profiles, count, weight), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Two places in one function are one line, whoever handled them. */
static void test_count(void **state)
{
	struct tl_profile *profile = *state;

	assert_string_equal(print(&profile, 1, TL_FOLDED_COUNT),
		"vCPU 0;DABT_LOW;pl011 UARTDR write;one 6\n"
		"vCPU 0;HVC64;PSCI VERSION;elsewhere 1\n"
		"vCPU 1;DABT_LOW;pl011 UARTDR write;t_w_o 3\n");
}

/* What was not timed is not there. */
static void test_time(void **state)
{
	struct tl_profile *profile = *state;

	assert_string_equal(print(&profile, 1, TL_FOLDED_TIME),
		"vCPU 0;DABT_LOW;pl011 UARTDR write;one 220\n"
		"vCPU 1;DABT_LOW;pl011 UARTDR write;t_w_o 30\n");
}

static void test_two_vms(void **state)
{
	struct tl_profile *profiles[] = {*state, *state};

	assert_non_null(strstr(print(profiles, 2, TL_FOLDED_COUNT),
		"VM 4711;vCPU 0;HVC64;PSCI VERSION;elsewhere 2\n"));
}

static void test_none(void **state)
{
	static struct tl_profile empty;
	struct tl_profile *profiles[] = {&empty};

	(void)state;
	assert_string_equal(print(profiles, 1, TL_FOLDED_COUNT), "");
	assert_string_equal(print(NULL, 0, TL_FOLDED_COUNT), "");
}

static void test_full(void **state)
{
	struct tl_profile *profile = *state;
	FILE *out = fopen("/dev/full", "w");

	assert_non_null(out);
	assert_int_equal(tl_report_folded(out, &profile, 1, TL_FOLDED_COUNT), -ENOSPC);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_vms, set_up, tear_down),
		cmocka_unit_test(test_none),
		cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
