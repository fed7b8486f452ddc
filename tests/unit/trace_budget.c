/* SPDX-License-Identifier: MIT */
/*
 * Budgets: what lines mean, what is wrong with others, and what they say of a profile.
 * Links: trace/diff/budget.c trace/diff/budget_read.c base/parse.c trace/diff/summary.c
 * Links: trace/decode/esr.c
 * Links: tests/unit/fake_profile_json.c tests/unit/fake_log.c
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_profile_json.h"
#include "trace/diff/budget.h"

static char path[] = "/tmp/tl-budget-XXXXXX";

static int read_bytes(struct tl_budget *budget, const char *text, size_t size)
{
	int fd, ret;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	ret = tl_budget_read(budget, path);
	unlink(path);
	return ret;
}

static int read_text(struct tl_budget *budget, const char *text)
{
	return read_bytes(budget, text, strlen(text));
}

#define DETAILS                                                                                    \
	DETAIL(0, "SYS64", "CTR_EL0 read", "kernel", 30, 60)                                       \
	"," DETAIL(0, "SYS64", "CNTV_CTL_EL0 read", "kernel", 10, 90) "," DETAIL(0, "DABT_LOW",    \
		"pl011 UARTDR write", "user", 5,                                                   \
		5000) "," DETAIL(0, "DABT_LOW", "pl011 UARTFR read", "kernel", 2, 8)

/* One line about the profile above, 20 ms long, and what it finds. */
static struct tl_budget_line check(const char *text, const struct tl_summary *a)
{
	struct tl_summary b;
	struct tl_budget budget;
	struct tl_budget_line line;

	fake_log_reset(NULL);
	fake_summary(&b, 20, 40, DETAILS);
	assert_int_equal(read_text(&budget, text), 0);
	assert_int_equal(budget.count, 1);
	assert_int_equal(tl_budget_check(&budget, a, &b), 0);
	line = budget.lines[0];
	assert_int_equal(budget.exceeded, line.verdict != TL_BUDGET_KEPT);
	assert_nothing_logged();
	tl_budget_fini(&budget);
	tl_summary_fini(&b);
	return line;
}

static void expect(const char *text, const struct tl_summary *a, double value, double allowed)
{
	struct tl_budget_line line = check(text, a);

	if (line.value < value - 1e-6 || line.value > value + 1e-6 ||
		line.allowed < allowed - 1e-6 || line.allowed > allowed + 1e-6)
		fail_msg("%s: %g of %g", text, line.value, line.allowed);
	if (line.verdict != (value > allowed ? TL_BUDGET_EXCEEDED : TL_BUDGET_KEPT))
		fail_msg("%s: verdict %d", text, line.verdict);
}

static void test_lines(void **state)
{
	(void)state;
	expect("exits <= 41", NULL, 41, 41);
	expect("exits <= 40", NULL, 41, 40);
	expect("\t exits<=40\r\n", NULL, 41, 40);
	expect("exits <= 1500/s", NULL, 2050, 1500);
	expect("user <= 7", NULL, 7, 7);
	expect("fixups <= 1", NULL, 2, 1);
	expect("lost <= 0", NULL, 3, 0);
	expect("vcpus <= 1", NULL, 1, 1);
	expect("run <= 20 ms", NULL, 20e6, 20e6);
	expect("time <= 39us", NULL, 40000, 39000);
	expect("idle <= 1s", NULL, 500000, 1e9);
	expect("class SYS64 <= 39", NULL, 40, 39);
	expect("class SYS64 <= 150ns", NULL, 150, 150);
	expect("class * <= 46", NULL, 47, 46);
	expect("class sys64 <= 0", NULL, 0, 0);
	expect("detail CTR_EL0 read <= 30", NULL, 30, 30);
	expect("detail C*_EL0 * <= 39", NULL, 40, 39);
	expect("detail pl011 * <= 500/s", NULL, 350, 500);
	expect("detail pl011 * <= avg 0.7us", NULL, 5008.0 / 7, 700);
	expect("user pl011 * <= 4", NULL, 5, 4);
	expect("detail nothing * <= 0", NULL, 0, 0);
}

static void test_beside(void **state)
{
	struct tl_summary a;

	(void)state;
	fake_summary(&a, 10, 20, DETAIL(0, "SYS64", "CTR_EL0 read", "kernel", 20, 50));
	expect("exits <= +20", &a, 41, 41);
	expect("exits <= +19", &a, 41, 40);
	expect("detail CTR_EL0 * <= +50 %", &a, 30, 30);
	expect("detail CTR_EL0 * <= +49.9%", &a, 30, 29.98);
	expect("detail CTR_EL0 * <= +9ns", &a, 60, 59);
	expect("detail CTR_EL0 * <= +100/s", &a, 1500, 2100);
	expect("time <= +100 %", &a, 40000, 40000);
	expect("run <= +1ms", &a, 20e6, 11e6);
	expect("new <= 2", &a, 3, 2);
	assert_string_equal(check("new <= 2", &a).most.what, "CNTV_CTL_EL0 read");
	assert_string_equal(check("detail *EL0* <= 2", &a).most.what, "CTR_EL0 read");
	assert_string_equal(check("detail *EL0* <= 2ns", &a).most.what, "CNTV_CTL_EL0 read");
	assert_string_equal(check("exits <= 2", &a).most.what, "");
	tl_summary_fini(&a);
}

/* A guard that does not see lets nobody pass. */
static void test_unknown(void **state)
{
	static const char text[] = "exits <= 5\nuser <= 100\ntime <= 1s\ndetail * <= 100\n"
				   "class * <= 1s\nclass * <= 100/s\nfixups <= 9\nclass HVC64 <= 2";
	static const enum tl_budget_verdict verdicts[] = {TL_BUDGET_KEPT, TL_BUDGET_UNKNOWN,
		TL_BUDGET_UNKNOWN, TL_BUDGET_UNKNOWN, TL_BUDGET_UNKNOWN, TL_BUDGET_UNKNOWN,
		TL_BUDGET_UNKNOWN, TL_BUDGET_KEPT};
	struct tl_budget budget;
	struct tl_summary b;
	json_t *root = fake_counts_json();
	char why[160];

	(void)state;
	assert_int_equal(tl_summary_read(&b, root, why, sizeof(why)), 0);
	json_decref(root);
	assert_int_equal(read_text(&budget, text), 0);
	assert_int_equal(tl_budget_check(&budget, NULL, &b), 0);
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		assert_int_equal(budget.lines[i].verdict, verdicts[i]);
	assert_int_equal(budget.exceeded, 6);
	tl_budget_fini(&budget);
	tl_summary_fini(&b);
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"# one\n\nexits 5\n", ":3: 'exits 5': wants WHAT <= LIMIT"},
		{"<= 5", ":1: '<= 5': wants WHAT <= LIMIT"},
		{"exit <= 5", ":1: 'exit <= 5': there are class, detail, new, run,"},
		{"detail <= 5", "'detail <= 5': class and detail want a pattern"},
		{"exits CTR* <= 5", "only class, detail and user have a pattern"},
		{"exits <=", ":1: 'exits <=': a limit is 400, 100/s, 2ms, avg 5us"},
		{"exits <= -5", "a limit is 400"},
		{"exits <= 5x", "a limit is 400"},
		{"exits <= 5 %", "a limit is 400"},
		{"exits <= nan", "a limit is 400"},
		{"exits <= 1e300", "a limit is 400"},
		{"exits <= 5 5", "a limit is 400"},
		{"exits <= 5ms", "this is no time: its limit is a number"},
		{"exits <= avg 5us", "this is no time"},
		{"time <= 5", "this is a time: its limit is one such as 2ms"},
		{"time <= 5/s", "this is a time"},
		{"time <= avg 5us", "this is a time"},
		{"class A <= avg 5", "avg wants a time"},
		{"new <= 1ms", "new wants a number of kinds"},
		{"new <= +1", "new wants a number of kinds"},
	};
	struct tl_budget budget;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fake_log_reset(NULL);
		assert_int_equal(read_text(&budget, cases[i].text), -EINVAL);
		assert_error(path, cases[i].why);
		tl_budget_fini(&budget);
	}
	assert_int_equal(read_bytes(&budget, "exits <= 1\n\0\n", 13), -EINVAL);
	assert_error(":2: is no text");
	tl_budget_fini(&budget);
	assert_int_equal(read_text(&budget, "# nothing\n"), -EINVAL);
	assert_error("there is no limit in it");
	tl_budget_fini(&budget);
	assert_int_equal(tl_budget_read(&budget, "/nonexistent/file"), -ENOENT);
	assert_error("budget '/nonexistent/file': No such file");
	tl_budget_fini(&budget);
	assert_int_equal(tl_budget_read(&budget, "/"), -EISDIR);
	assert_error("budget '/': Is a directory");
	tl_budget_fini(&budget);
}

/* Growth, with nothing that it has grown from. */
static void test_alone(void **state)
{
	static const char *const texts[] = {"exits <= 1\nexits <= +1", "\nnew <= 0"};
	struct tl_budget budget;
	struct tl_summary b;

	(void)state;
	fake_summary(&b, 1, 1, "");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		fake_log_reset(NULL);
		assert_int_equal(read_text(&budget, texts[i]), 0);
		assert_int_equal(tl_budget_check(&budget, NULL, &b), -EINVAL);
		assert_error(":2: '", "is beside another profile");
		tl_budget_fini(&budget);
	}
	tl_summary_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, fake_log_reset),
		cmocka_unit_test_setup(test_beside, fake_log_reset),
		cmocka_unit_test_setup(test_unknown, fake_log_reset),
		cmocka_unit_test_setup(test_wrong_lines, fake_log_reset),
		cmocka_unit_test_setup(test_alone, fake_log_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
