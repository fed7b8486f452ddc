/* SPDX-License-Identifier: MIT */
/*
 * The tables of `trapline report --by`: CSV to the byte (RFC 4180), columns of the text,
 * and output that cannot be written.
 * Links: trace/report/table.c trace/report/group.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/cp.c tests/unit/fake_lines.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/symbols.h"
#include "trace/report/table.h"
#include "trace/report/text_parts.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define SYS  (TL_CLASS_EC + 0x18)
#define DABT (TL_CLASS_EC + 0x24)

#define HEAD_OF(what)                                                                              \
	"vm," what ",exits,timed,total_ns,p50_ns,p99_ns,max_ns,slept_ns,delayed_ns\r\n"

/* In the place of trace/decode/symbols.c: one function, if there are any. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	*offset = address;
	return symbols ? "a_function_with_a_name_that_is_longer_than_its_column" : NULL;
}

/* In the place of trace/report/text.c trace/report/units.c. */
const char *tl_text_duration(char *buffer, size_t size, uint64_t ns)
{
	snprintf(buffer, size, "%" PRIu64 " ns", ns);
	return buffer;
}

static int set_up(void **state)
{
	struct tl_profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -1;
	profile->pid = 4711;
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

/* `ns` of each exit; 0: they were not timed. */
static void add_timed(struct tl_profile *profile, uint64_t ns, struct tl_profile_detail detail)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(&profile->details, &detail), 0);
}

#define ADD(profile, ns, ...) add_timed(profile, ns, (struct tl_profile_detail){__VA_ARGS__})

/* What it prints, until the next call. */
static const char *print(int (*report)(FILE *, const struct tl_profile *, enum tl_group_by),
	const struct tl_profile *profile, enum tl_group_by by)
{
	static char text[4096];
	FILE *out;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	assert_int_equal(report(out, profile, by), 0);
	fclose(out);
	return text;
}

static void add_some(struct tl_profile *p)
{
	ADD(p, 31, .vcpu = 1, .exit_class = HVC, .count = 2, .slept = 50, .delayed = 9);
	ADD(p, 20, .exit_class = HVC, .count = 5, .slept = 7);
	ADD(p, 0, .exit_class = SYS, .count = 3);
}

static void test_csv(void **state)
{
	struct tl_profile *p = *state;

	assert_string_equal(print(tl_report_csv, p, TL_GROUP_HANDLER), HEAD_OF("handler"));
	add_some(p);
	assert_string_equal(print(tl_report_csv, p, TL_GROUP_CLASS),
		HEAD_OF("class") "4711,HVC64,7,7,162,20,31,31,57,9\r\n"
				 "4711,SYS64,3,0,0,0,0,0,0,0\r\n");
	assert_string_equal(print(tl_report_csv, p, TL_GROUP_VCPU),
		HEAD_OF("vcpu") "4711,0,8,5,100,20,20,20,7,0\r\n"
				"4711,1,2,2,62,31,31,31,50,9\r\n");
}

/* More than 32 bits, and more than a double has digits. */
static void test_csv_large(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, UINT64_C(9007199254740993), .exit_class = HVC, .count = 1,
		.slept = UINT64_C(9007199254740995), .delayed = UINT64_MAX);
	p->details.list[0].count = UINT64_C(18446744073709551557);
	assert_non_null(strstr(print(tl_report_csv, p, TL_GROUP_CLASS),
		"\n4711,HVC64,18446744073709551557,1,9007199254740993,9007199254740993,"
		"9007199254740993,9007199254740993,9007199254740995,18446744073709551615\r\n"));
}

/* RFC 4180, 2.5 to 2.7: what has commas, quotes or ends of lines is in quotes, which double. */
static void test_csv_quotes(void **state)
{
	static const struct {
		const char *name, *field;
	} cases[] = {
		{"timer", "\"host interrupt 27, timer\""},
		{"a \"b\"", "\"host interrupt 27, a \"\"b\"\"\""},
		{"\"", "\"host interrupt 27, \"\"\""},
		{"x\r\ny", "\"host interrupt 27, x\r\ny\""},
	};
	struct tl_profile *p = *state;
	char expected[256];

	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(27), .count = 1);
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		p->irq_names[27] = cases[i].name;
		snprintf(expected, sizeof(expected),
			HEAD_OF("detail") "4711,%s,1,0,0,0,0,0,0,0\r\n", cases[i].field);
		assert_string_equal(print(tl_report_csv, p, TL_GROUP_DETAIL), expected);
	}
}

/* Each of the four alone is enough, and a blank is not. */
static void test_csv_when_quoted(void **state)
{
	static const struct {
		const char *name, *field;
	} cases[] = {
		{"a b;'c'", "a b;'c'"},
		{"a,b", "\"a,b\""},
		{"a\"b", "\"a\"\"b\""},
		{"a\nb", "\"a\nb\""},
		{"a\rb", "\"a\rb\""},
		{"", ""},
	};
	struct tl_profile *p = *state;
	char expected[256];

	p->map.count = 1;
	p->map.regions[0].size = 0x1000;
	ADD(p, 0, .exit_class = DABT, .count = 1);
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(p->map.regions[0].name, sizeof(p->map.regions[0].name), "%s",
			cases[i].name);
		snprintf(expected, sizeof(expected),
			HEAD_OF("device") "4711,%s,1,0,0,0,0,0,0,0\r\n", cases[i].field);
		assert_string_equal(print(tl_report_csv, p, TL_GROUP_DEVICE), expected);
	}
}

/* The average is that of what was timed. */
static void test_table(void **state)
{
	struct tl_profile *p = *state;

	add_some(p);
	ADD(p, 0, .vcpu = 2, .exit_class = HVC, .count = 10);
	assert_string_equal(print(tl_report_table, p, TL_GROUP_CLASS),
		"class                                            exits   share     total   average"
		"       p50       p99       max\n"
		"HVC64                                               17  85.0 %    162 ns     23 ns"
		"     20 ns     31 ns     31 ns\n"
		"SYS64                                                3  15.0 %         -         -"
		"         -         -         -\n");
}

static void test_table_of_nothing(void **state)
{
	assert_string_equal(print(tl_report_table, *state, TL_GROUP_PC),
		"pc                                               exits   share     total   average"
		"       p50       p99       max\n");
	ADD((struct tl_profile *)*state, 0, .exit_class = HVC, .count = 0);
	assert_non_null(strstr(print(tl_report_table, *state, TL_GROUP_PC), " 0   0.0 %  "));
}

/* Columns stay where they are. */
static void test_table_wide(void **state)
{
	struct tl_profile *p = *state;

	p->symbols = (const struct tl_symbols *)p; /* only looked at by ours */
	ADD(p, 999999, .exit_class = HVC, .pc = 1, .count = 999999999);
	assert_non_null(strstr(print(tl_report_table, p, TL_GROUP_SYMBOL),
		"\na_function_with_a_name_that_is_longer_than_i 999999999 100.0 % "));
	assert_non_null(strstr(print(tl_report_table, p, TL_GROUP_SYMBOL), " 999999 ns\n"));
	/* With lines behind the symbols there is more room. */
	p->lines = (const struct tl_lines *)p;
	p->details.list[0].pc = 0x80001;
	assert_non_null(strstr(print(tl_report_table, p, TL_GROUP_PC),
		"\na_function_with_a_name_that_is_longer_than_its_column+0x80001 (file. 999999999 "));
	assert_non_null(strstr(print(tl_report_table, p, TL_GROUP_SYMBOL),
		"\na_function_with_a_name_that_is_longer_than_i 999999999 100.0 % "));
}

static void test_full_disk(void **state)
{
	struct tl_profile *p = *state;
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	add_some(p);
	assert_int_equal(tl_report_csv(full, p, TL_GROUP_CLASS), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_int_equal(tl_report_table(full, p, TL_GROUP_CLASS), -ENOSPC);
	fclose(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_csv),
		TEST(test_csv_large),
		TEST(test_csv_quotes),
		TEST(test_csv_when_quoted),
		TEST(test_table),
		TEST(test_table_of_nothing),
		TEST(test_table_wide),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
