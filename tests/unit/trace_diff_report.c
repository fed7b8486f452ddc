/* SPDX-License-Identifier: MIT */
/*
 * Comparisons as text and as JSON.
 * Links: trace/report/diff_text.c trace/report/diff_words.c trace/report/diff_json.c
 * Links: trace/diff/budget.c trace/diff/summary.c trace/diff/diff.c trace/decode/esr.c
 * Links: tests/unit/fake_profile_json.c tests/unit/fake_log.c
 * Links: trace/report/json_print.c
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_profile_json.h"
#include "trace/report/diff.h"
#include "trace/report/json_parts.h"
#include "trace/report/text_parts.h"

/* In the place of trace/report/text.c and json.c. */
const char *tl_text_duration(char *buffer, size_t size, uint64_t ns)
{
	snprintf(buffer, size, "%" PRIu64 " ns", ns);
	return buffer;
}

json_t *tl_json_number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

#define CTR(exits, ns) DETAIL(0, "SYS64", "CTR_EL0 read", "kernel", exits, ns)
#define UART           DETAIL(0, "DABT_LOW", "pl011 UARTDR write", "user", 5, 50)
#define WFI            DETAIL(0, "WFx", "WFI", "kernel", 9, 90)

static struct tl_diff diff;
static struct tl_diff_report report;
static char *text;

static void compare(enum tl_diff_per per, const char *a, const char *b)
{
	struct tl_diff_config config = {.per = per};
	struct tl_summary one, two;

	fake_summary(&one, 20, 10, a);
	fake_summary(&two, 40, 10, b);
	assert_int_equal(tl_diff_init(&diff, &config, &one, &two), 0);
	report = (struct tl_diff_report){.path_a = "one", .path_b = "two", .diff = &diff};
}

static void print(int (*fn)(FILE *out, const struct tl_diff_report *report))
{
	size_t size;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	assert_int_equal(fn(out, &report), 0);
	fclose(out);
}

static int tear_down(void **state)
{
	(void)state;
	tl_diff_fini(&diff);
	free(text);
	text = NULL;
	return 0;
}

static void expect(const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in:\n%s", words, text);
}

static void test_text(void **state)
{
	(void)state;
	compare(TL_DIFF_PER_NONE, CTR(10, 100) "," UART, CTR(12, 120) "," WFI);
	print(tl_diff_text);
	expect("A  one\nB  two\n\n");
	expect("\n  run time                                 20000000 ns 40000000 ns "
	       "+20000000 ns   +100.0 %\n");
	expect("\n  exits                                            11         11\n");
	expect("\nOf 3 kinds of exits 3 differ; 1 new, 1 gone\n");
	expect("\n  WFI                                      kernel         -         9         "
	       "+9         -     90 ns     +90 ns  new\n");
	expect("\n  pl011 UARTDR write                       VMM            5         -         "
	       "-5     50 ns         -     -50 ns  gone\n");
	expect("\n  CTR_EL0 read                             kernel        10        12         "
	       "+2    100 ns    120 ns     +20 ns\n");
	report.rows = 1;
	print(tl_diff_text);
	expect("  new\n  2 more, with smaller differences; --all shows them\n");
	assert_null(strstr(text, "CTR_EL0"));
}

static void test_same(void **state)
{
	(void)state;
	compare(TL_DIFF_PER_NONE, CTR(10, 100) "," UART, CTR(10, 100) "," UART);
	print(tl_diff_text);
	expect("\nNo difference: 2 kinds of exits, the same counts and times.\n");
	tl_diff_fini(&diff);
	compare(TL_DIFF_PER_NONE, CTR(10, 100) "," UART, CTR(10, 110) "," UART);
	print(tl_diff_text);
	expect("\nOf 2 kinds of exits 1 differs, 1 of them only in time; 0 new, 0 gone\n");
	tl_diff_fini(&diff);
	compare(TL_DIFF_PER_NONE, "", "");
	print(tl_diff_text);
	expect("\nNo difference: 2 classes of exits, the same counts and times.\n");
}

static void test_per(void **state)
{
	(void)state;
	compare(TL_DIFF_PER_SECOND, CTR(10, 100), CTR(10, 100));
	print(tl_diff_text);
	expect("\n  for each second of run time ");
	expect(" exits/s ");
	expect("     500.0     250.0     -250.0   5000 ns   2500 ns   -2500 ns\n");
	tl_diff_fini(&diff);
	compare(TL_DIFF_PER_TOTAL, CTR(11, 100),
		CTR(11, 60) "," DETAIL(0, "WFx", "WFI", "kernel", 0, 40));
	print(tl_diff_text);
	expect(" exits % ");
	expect("    100.00    100.00               100.00     60.00     -40.00\n");
}

/* Times that are not known are not 0. */
static void test_counts(void **state)
{
	static const struct tl_diff_config config;
	struct tl_summary a, b;
	json_t *root = fake_counts_json();
	char why[160];

	(void)state;
	fake_summary(&a, 20, 3, "");
	assert_int_equal(tl_summary_read(&b, root, why, sizeof(why)), 0);
	json_decref(root);
	assert_int_equal(tl_diff_init(&diff, &config, &a, &b), 0);
	report = (struct tl_diff_report){.path_a = "one", .path_b = "two", .diff = &diff};
	print(tl_diff_text);
	expect("\nOf 3 classes of exits 2 differ; 1 new, 1 gone\n");
	expect("\n  run time                                 20000000 ns          -\n");
	assert_null(strstr(text, "system register"));
	expect("\n  wait for interrupt or event                             1         -         "
	       "-1 500000 ns         -             gone\n");
}

static void test_json(void **state)
{
	const json_t *row;
	json_t *root;
	const char *what, *handler;
	int differs;
	json_int_t exits, ns;

	(void)state;
	compare(TL_DIFF_PER_SECOND, CTR(10, 100), CTR(20, 200) "," WFI);
	report.path_a = "a\xff";
	print(tl_diff_json);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "trapline-diff-1");
	assert_string_equal(json_string_value(json_object_get(root, "a")), "?");
	assert_string_equal(json_string_value(json_object_get(root, "b")), "two");
	assert_string_equal(json_string_value(json_object_get(root, "per")), "second");
	assert_string_equal(json_string_value(json_object_get(root, "by")), "detail");
	assert_true(json_is_null(json_object_get(root, "budget")));
	assert_int_equal(json_integer_value(json_object_get(root, "changed")), 1);
	assert_int_equal(json_integer_value(json_object_get(root, "appeared")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "rows")), 2);
	row = json_array_get(json_object_get(root, "rows"), 0);
	assert_int_equal(
		json_unpack((json_t *)row, "{ss ss sb sn s{sI sI}}", "what", &what, "handler",
			&handler, "differs", &differs, "a", "b", "exits", &exits, "ns", &ns),
		0);
	assert_string_equal(what, "WFI");
	assert_string_equal(handler, "kernel");
	assert_true(differs && exits == 9 && ns == 90);
	assert_true(
		json_real_value(json_object_get(json_object_get(row, "b"), "exits_per")) == 225);
	json_decref(root);
}

static void test_budget(void **state)
{
	struct tl_budget_line lines[] = {
		{.number = 3, .text = "exits <= 10", .figure = TL_FIGURE_EXITS, .limit = 10},
		{.number = 5,
			.text = "detail CTR* <= +20 %",
			.subject = TL_BUDGET_DETAIL,
			.pattern = "CTR*",
			.limit = 20,
			.above_a = true,
			.percent = true},
		{.number = 6,
			.text = "user * <= avg 9us",
			.subject = TL_BUDGET_USER,
			.pattern = "*",
			.measure = TL_BUDGET_AVERAGE,
			.limit = 9},
		{.number = 7,
			.text = "exits <= 100/s",
			.figure = TL_FIGURE_EXITS,
			.measure = TL_BUDGET_RATE,
			.limit = 1000},
	};
	struct tl_budget budget = {.path = "file", .count = ARRAY_LEN(lines), .lines = lines};
	const json_t *line;
	json_t *root;

	(void)state;
	compare(TL_DIFF_PER_NONE, CTR(10, 100), CTR(13, 100) "," UART);
	assert_int_equal(tl_budget_check(&budget, &diff.a, &diff.b), 0);
	report.budget = &budget;
	print(tl_diff_text);
	expect("\n\nBudget file: two does not keep 3 of 4 limits\n"
	       "  file:3: exits <= 10: it is 11\n"
	       "  file:5: detail CTR* <= +20 %: it is 13, allowed are 12; most: CTR_EL0 read, 13\n"
	       "  file:6: user * <= avg 9us: it is avg 10 ns; most: pl011 UARTDR write, 5 in "
	       "50 ns\n");
	lines[0].verdict = TL_BUDGET_UNKNOWN;
	print(tl_diff_text);
	expect("\n  file:3: exits <= 10: not known of B\n");
	print(tl_diff_json);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	line = json_object_get(json_object_get(root, "budget"), "lines");
	assert_int_equal(json_array_size(line), 4);
	assert_true(json_is_null(json_object_get(json_array_get(line, 0), "value")));
	line = json_array_get(line, 1);
	assert_string_equal(json_string_value(json_object_get(line, "verdict")), "exceeded");
	assert_true(json_real_value(json_object_get(line, "limit")) == 12);
	assert_string_equal(json_string_value(json_object_get(line, "unit")), "count");
	json_decref(root);
	/* With nothing beside it. */
	report.diff = NULL;
	budget.exceeded = 0;
	print(tl_diff_text);
	assert_string_equal(text, "Budget file: two keeps all 4 limits.\n");
	print(tl_diff_json);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_null(json_object_get(root, "a")));
	assert_null(json_object_get(root, "rows"));
	json_decref(root);
}

static void test_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	compare(TL_DIFF_PER_NONE, CTR(1, 1), CTR(1, 1));
	assert_non_null(full);
	assert_true(tl_diff_text(full, &report) < 0);
	fclose(full);
	full = fopen("/dev/full", "we");
	assert_true(tl_diff_json(full, &report) < 0);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_text, tear_down),
		cmocka_unit_test_teardown(test_same, tear_down),
		cmocka_unit_test_teardown(test_per, tear_down),
		cmocka_unit_test_teardown(test_counts, tear_down),
		cmocka_unit_test_teardown(test_json, tear_down),
		cmocka_unit_test_teardown(test_budget, tear_down),
		cmocka_unit_test_teardown(test_full_disk, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
