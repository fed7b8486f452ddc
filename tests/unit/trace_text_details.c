/* SPDX-License-Identifier: MIT */
/*
 * The table of what exits were for, alone: rows, shares, who handled them, where most
 * came from, and what there is no room for.
 * Links: trace/report/text_details.c trace/report/group.c
 * Links: trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/cp.c tests/unit/fake_lines.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/symbols.h"
#include "trace/report/text_parts.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define DABT (TL_CLASS_EC + 0x24)
#define FP   (TL_CLASS_EC + 0x07)

/* In the place of trace/decode/symbols.c: one function of 4 KiB, if there are any. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	*offset = address & 0xfff;
	return symbols && address >> 12 == 0x80 ? "a_function_with_rather_a_long_name" : NULL;
}

/* In the place of trace/report/text.c trace/report/units.c. */
const char *tl_text_duration(char *buffer, size_t size, uint64_t ns)
{
	snprintf(buffer, size, "%" PRIu64 " ns", ns);
	return buffer;
}

static int set_up(void **state)
{
	static const struct tl_vm_region uart = {"pl011", 0x9000000, 0x1000};
	struct tl_profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -1;
	profile->map.count = 1;
	profile->map.regions[0] = uart;
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

static void add_timed(struct tl_profile *profile, struct tl_profile_detail detail, uint64_t ns)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(&profile->details, &detail), 0);
}

#define ADD(profile, ns, ...) add_timed(profile, (struct tl_profile_detail){__VA_ARGS__}, ns)

/* The table, until the next call. */
static const char *report(const struct tl_profile *profile)
{
	static char text[16384];
	struct tl_text t = {.bold = "<", .good = "", .bad = "", .plain = ">"};

	memset(text, 0, sizeof(text));
	t.out = fmemopen(text, sizeof(text), "w");
	assert_non_null(t.out);
	tl_text_details(&t, profile);
	fclose(t.out);
	return text;
}

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in:\n%s", words, text);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_string_equal(report(*state), "");
}

static void test_rows(void **state)
{
	struct tl_profile *p = *state;
	const char *text;

	ADD(p, 2000, .exit_class = DABT, .detail = 0x9000018, .pc = 0x80400, .count = 30,
		.handler = TL_HANDLER_USER);
	ADD(p, 100, .exit_class = HVC, .detail = 0x84000003, .pc = 0x1234, .count = 60);
	ADD(p, 0, .exit_class = FP, .pc = 0x1234, .count = 10);
	text = report(p);
	assert_int_equal(strncmp(text, "\n<What they were for ", 21), 0);
	expect(text, "mostly from>\n"
		     "  PSCI CPU_ON                              kernel       60  60.0 %   6000 ns"
		     "    100 ns  100 % 0x1234\n");
	expect(text,
		"\n  pl011 UARTFR read                        VMM          30  30.0 %  60000 ns"
		"   2000 ns  100 % 0x80400\n");
	/* Nothing to add to the class: its own words; and no time was taken. */
	expect(text, tl_esr_class_text(FP));
	expect(text, " kernel       10  10.0 %         -         -  100 % 0x1234\n");
	assert_null(strstr(text, "more kinds"));
}

/* Of all vCPUs together; kernel and VMM apart. */
static void test_sums(void **state)
{
	struct tl_profile *p = *state;
	const char *text;

	for (unsigned int vcpu = 0; vcpu < 4; vcpu++) {
		ADD(p, 100, .vcpu = vcpu, .exit_class = DABT, .detail = 0x9000018,
			.pc = 0x1000 + vcpu / 3 * 0x100, .count = 10);
	}
	ADD(p, 500, .exit_class = DABT, .detail = 0x9000018, .pc = 0x1100, .count = 60,
		.handler = TL_HANDLER_USER);
	text = report(p);
	/* Three of the four from one place; what the VMM handled does not count there. */
	expect(text, " kernel       40  40.0 %   4000 ns    100 ns   75 % 0x1000\n");
	expect(text, " VMM          60  60.0 %  30000 ns    500 ns  100 % 0x1100\n");
}

static void test_symbols(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .exit_class = HVC, .detail = 0x84000003, .pc = 0x80404, .count = 1);
	expect(report(p), "100 % 0x80404\n");
	p->symbols = (const struct tl_symbols *)p; /* only looked at by ours */
	/* Cut, as a line has an end. */
	expect(report(p), "100 % a_function_with_rather_a_long_na\n");
	p->details.list[0].pc = 0x81404;
	expect(report(p), "100 % 0x81404\n");
}

static void test_lines(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .exit_class = HVC, .detail = 0x84000003, .pc = 0x80404, .count = 1);
	p->symbols = (const struct tl_symbols *)p;
	p->lines = (const struct tl_lines *)p;
	expect(report(p), "100 % a_function_with_rather_a_long_na (file.c:1028)\n");
	p->details.list[0].pc = 0x91404;
	expect(report(p), "100 % 0x91404\n");
}

static void test_address(void **state)
{
	const struct tl_symbols *symbols = *state;
	char text[96];

	assert_string_equal(
		tl_text_address(text, sizeof(text), NULL, UINT64_MAX), "0xffffffffffffffff");
	assert_string_equal(tl_text_address(text, sizeof(text), symbols, 0x80ffc),
		"a_function_with_rather_a_long_name+0xffc");
	assert_string_equal(tl_text_address(text, sizeof(text), symbols, 0x80000),
		"a_function_with_rather_a_long_name+0x0");
	assert_string_equal(tl_text_address(text, sizeof(text), symbols, 0x7ffff), "0x7ffff");
}

/* Those with most exits, and in one line how many the others had. */
static void test_too_many(void **state)
{
	struct tl_profile *p = *state;
	const char *text;

	for (unsigned int i = 0; i < 15; i++)
		ADD(p, 0, .exit_class = DABT, .detail = i, .count = 1000 - i);
	assert_null(strstr(report(p), "more kinds"));
	for (unsigned int i = 15; i < 18; i++)
		ADD(p, 0, .exit_class = DABT, .detail = i, .count = 1000 - i);
	text = report(p);
	expect(text, "no device at 0xe, read");
	assert_null(strstr(text, "no device at 0xf, read"));
	expect(text, "\n  3 more kinds ");
	expect(text, " 2952\n");
	assert_true(strstr(text, "at 0x0,") < strstr(text, "at 0x1,"));
}

/* As wide as they can be. */
static void test_wide(void **state)
{
	struct tl_profile *p = *state;

	p->symbols = (const struct tl_symbols *)p;
	ADD(p, 0, .exit_class = DABT, .detail = (1ull << 63) | ((1ull << 56) - 1), .pc = 0x80000,
		.count = 99999999);
	expect(report(p), "no device at 0xffffffffffffff, write");
	expect(report(p), " kernel 99999999 100.0 %");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_rows),
		TEST(test_sums),
		TEST(test_symbols),
		TEST(test_lines),
		TEST(test_address),
		TEST(test_too_many),
		TEST(test_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
