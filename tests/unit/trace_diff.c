/* SPDX-License-Identifier: MIT */
/*
 * Summaries of profiles as JSON, and two of them beside each other.
 * Links: trace/diff/summary.c trace/diff/diff.c trace/decode/esr.c
 * Links: tests/unit/fake_profile_json.c
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake_profile_json.h"
#include "trace/diff/diff.h"

#define CTR(exits, ns)  DETAIL(0, "SYS64", "CTR_EL0 read", "kernel", exits, ns)
#define UART(exits, ns) DETAIL(0, "DABT_LOW", "pl011 UARTDR write", "user", exits, ns)

static const struct tl_summary_row *find(const struct tl_summary *summary, const char *what)
{
	for (size_t i = 0; i < summary->count; i++) {
		if (!strcmp(summary->rows[i].what, what))
			return &summary->rows[i];
	}
	fail_msg("no %s", what);
	return NULL;
}

static void expect_figure(
	const struct tl_summary *summary, enum tl_figure figure, bool known, uint64_t value)
{
	assert_int_equal(summary->figures[figure].known, known);
	if (known)
		assert_int_equal(summary->figures[figure].value, value);
}

/* Rows of several vCPUs are one; who handled it is told apart. */
static void test_summary(void **state)
{
	struct tl_summary summary;
	const struct tl_summary_row *row;

	(void)state;
	fake_summary(&summary, 20, 10,
		CTR(3, 300) "," DETAIL(1, "SYS64", "CTR_EL0 read", "kernel", 4, 500) "," DETAIL(1,
			"SYS64", "CTR_EL0 read", "user", 1,
			1) "," DETAIL(0, "HVC64", "", "kernel", 2, 8));
	expect_figure(&summary, TL_FIGURE_RUN, true, 20000000);
	expect_figure(&summary, TL_FIGURE_VCPUS, true, 1);
	expect_figure(&summary, TL_FIGURE_EXITS, true, 11);
	expect_figure(&summary, TL_FIGURE_USER, true, 7);
	expect_figure(&summary, TL_FIGURE_FIXUPS, true, 2);
	expect_figure(&summary, TL_FIGURE_LOST, true, 3);
	expect_figure(&summary, TL_FIGURE_GUEST, true, 1000);
	expect_figure(&summary, TL_FIGURE_TIME, true, 10000);
	expect_figure(&summary, TL_FIGURE_IDLE, true, 500000);
	assert_true(summary.has_details && summary.has_times);
	assert_int_equal(summary.count, 3);
	/* In the order of class, what and by. */
	row = find(&summary, "hypervisor call");
	assert_ptr_equal(row, &summary.rows[0]);
	assert_string_equal(row->exit_class, "HVC64");
	row = find(&summary, "CTR_EL0 read");
	assert_string_equal(row->by, "VMM");
	row++;
	assert_string_equal(row->by, "kernel");
	assert_int_equal(row->exits, 7);
	assert_int_equal(row->timed, 7);
	assert_int_equal(row->ns, 800);
	tl_summary_by_class(&summary);
	assert_int_equal(summary.count, 2);
	assert_false(summary.has_details);
	assert_string_equal(summary.rows[1].what, "system register");
	assert_string_equal(summary.rows[1].by, "");
	assert_int_equal(summary.rows[1].exits, 8);
	tl_summary_fini(&summary);
}

/* The rows are classes then, from events or from what the kernel has counted. */
static void test_no_details(void **state)
{
	struct tl_summary summary;
	json_t *root = fake_counts_json();
	char why[160];

	(void)state;
	assert_int_equal(tl_summary_read(&summary, root, why, sizeof(why)), 0);
	json_decref(root);
	expect_figure(&summary, TL_FIGURE_EXITS, true, 5);
	expect_figure(&summary, TL_FIGURE_RUN, false, 0);
	expect_figure(&summary, TL_FIGURE_USER, false, 0);
	expect_figure(&summary, TL_FIGURE_FIXUPS, false, 0);
	expect_figure(&summary, TL_FIGURE_TIME, false, 0);
	assert_false(summary.has_details || summary.has_times);
	assert_int_equal(summary.count, 2);
	assert_int_equal(find(&summary, "hypervisor call")->exits, 2);
	tl_summary_fini(&summary);
	fake_summary(&summary, 20, 10, "");
	assert_true(summary.has_times && !summary.has_details);
	assert_int_equal(summary.count, 2);
	assert_int_equal(find(&summary, "system register")->ns, 10000);
	tl_summary_fini(&summary);
}

/* The answer of a control socket has the profile inside. */
static void test_answer(void **state)
{
	struct tl_summary summary;
	json_t *root = json_pack("{sb so}", "ok", 1, "profile", fake_profile_json(1, 2, ""));
	char why[160];

	(void)state;
	assert_int_equal(tl_summary_read(&summary, root, why, sizeof(why)), 0);
	expect_figure(&summary, TL_FIGURE_EXITS, true, 3);
	tl_summary_fini(&summary);
	json_decref(root);
}

static void expect_wrong(json_t *root, const char *words)
{
	struct tl_summary summary;
	char why[160] = "";

	assert_int_equal(tl_summary_read(&summary, root, why, sizeof(why)), -EINVAL);
	if (!strstr(why, words))
		fail_msg("'%s' instead of '%s'", why, words);
	tl_summary_fini(&summary);
	json_decref(root);
}

/* A profile of which one member is another. */
static json_t *with(const char *member, json_t *value)
{
	json_t *root = fake_profile_json(1, 2, CTR(1, 1));

	json_object_set_new(root, member, value);
	return root;
}

static json_t *with_detail(const char *member, json_t *value)
{
	json_t *root = fake_profile_json(1, 2, CTR(1, 1));

	json_object_set_new(json_array_get(json_object_get(root, "details"), 0), member, value);
	return root;
}

static void test_wrong(void **state)
{
	(void)state;
	expect_wrong(json_array(), "no profile");
	expect_wrong(json_object(), "no profile");
	expect_wrong(json_pack("{ss}", "schema", "trapline-caps-1"),
		"its schema is 'trapline-caps-1', and a profile's is 'trapline-profile-1'");
	expect_wrong(json_pack("{ss}", "schema", "trapline-profile-1"), "'vcpus' is no array");
	expect_wrong(with("vcpus", json_integer(1)), "'vcpus' is no array");
	expect_wrong(with("details", json_null()), "'details' is no array");
	expect_wrong(with("totals", json_null()), "'totals' is no object");
	expect_wrong(with("duration_ns", json_integer(-1)), "'duration_ns' is no count");
	expect_wrong(with("duration_ns", json_string("1")), "'duration_ns' is no count");
	expect_wrong(with("vcpus", json_pack("[{}]")), "'classes' is no array");
	expect_wrong(with("vcpus", json_pack("[n]")), "'classes' is no array");
	expect_wrong(with("details", json_pack("[n]")), "'class' is no name");
	expect_wrong(with_detail("class", json_string("")), "'class' is no name");
	expect_wrong(with_detail("class", json_string("a class with 25 letters..")),
		"'class' is no name");
	expect_wrong(with_detail("what", json_null()), "'what' is no name");
	expect_wrong(with_detail("handler", json_string("somebody")), "'handler' is no name");
	expect_wrong(with_detail("exits", json_real(1.5)), "'exits' is no count");
	expect_wrong(with_detail("ns", json_null()), "'total' is no count");
}

static int compare(struct tl_diff *diff, const struct tl_diff_config *config, const char *a,
	unsigned int ms_a, const char *b, unsigned int ms_b)
{
	struct tl_summary one, two;

	fake_summary(&one, ms_a, 10, a);
	fake_summary(&two, ms_b, 10, b);
	return tl_diff_init(diff, config, &one, &two);
}

static void expect_row(const struct tl_diff_row *row, const char *what, double a, double b)
{
	assert_string_equal(tl_diff_row_name(row)->what, what);
	assert_true(row->exits.a > a - 1e-6 && row->exits.a < a + 1e-6);
	assert_true(row->exits.b > b - 1e-6 && row->exits.b < b + 1e-6);
}

static void test_diff(void **state)
{
	static const struct tl_diff_config config;
	struct tl_diff diff;

	(void)state;
	assert_int_equal(compare(&diff, &config,
				 CTR(10, 100) "," UART(5, 50) "," DETAIL(
					 0, "HVC64", "PSCI VERSION", "kernel", 1, 1),
				 20,
				 CTR(10, 120) "," DETAIL(0, "HVC64", "PSCI VERSION", "kernel", 1,
					 1) "," DETAIL(0, "WFx", "WFI", "kernel", 90, 9),
				 20),
		0);
	assert_int_equal(diff.count, 4);
	assert_int_equal(diff.changed, 3);
	assert_int_equal(diff.recounted, 2);
	assert_int_equal(diff.appeared, 1);
	assert_int_equal(diff.vanished, 1);
	/* The larger difference first, what differs only in time after that, the same last. */
	expect_row(&diff.rows[0], "WFI", 0, 90);
	assert_null(diff.rows[0].a);
	expect_row(&diff.rows[1], "pl011 UARTDR write", 5, 0);
	assert_null(diff.rows[1].b);
	expect_row(&diff.rows[2], "CTR_EL0 read", 10, 10);
	assert_false(diff.rows[2].exits.differs);
	assert_true(diff.rows[2].ns.differs);
	expect_row(&diff.rows[3], "PSCI VERSION", 1, 1);
	assert_false(diff.rows[3].exits.differs || diff.rows[3].ns.differs);
	assert_false(diff.figures[TL_FIGURE_EXITS].value.differs);
	tl_diff_fini(&diff);
}

static void test_same(void **state)
{
	static const struct tl_diff_config configs[] = {
		{.per = TL_DIFF_PER_NONE}, {.per = TL_DIFF_PER_SECOND}, {.per = TL_DIFF_PER_TOTAL}};
	struct tl_diff diff;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(configs); i++) {
		assert_int_equal(compare(&diff, &configs[i], CTR(7, 3) "," UART(1, 1), 17,
					 CTR(7, 3) "," UART(1, 1), 17),
			0);
		assert_int_equal(diff.count, 2);
		assert_int_equal(diff.changed, 0);
		tl_diff_fini(&diff);
	}
}

static void test_per(void **state)
{
	struct tl_diff_config config = {.per = TL_DIFF_PER_SECOND};
	struct tl_diff diff;

	(void)state;
	/* Twice as many in twice the time. */
	assert_int_equal(compare(&diff, &config, CTR(7, 30), 20, CTR(14, 60), 40), 0);
	assert_int_equal(diff.changed, 0);
	expect_row(&diff.rows[0], "CTR_EL0 read", 350, 350);
	assert_true(diff.figures[TL_FIGURE_RUN].value.a == 20e6);
	assert_true(diff.figures[TL_FIGURE_EXITS].value.a == 550);
	tl_diff_fini(&diff);
	/* Of 11 exits in all. */
	config.per = TL_DIFF_PER_TOTAL;
	assert_int_equal(
		compare(&diff, &config, CTR(11, 30), 20, CTR(22, 40) "," UART(1, 60), 40), 0);
	expect_row(&diff.rows[0], "CTR_EL0 read", 100, 200);
	assert_true(diff.rows[0].ns.a == 100 && diff.rows[0].ns.b == 40);
	tl_diff_fini(&diff);
	config.per = TL_DIFF_PER_SECOND;
	assert_int_equal(compare(&diff, &config, CTR(1, 1), 0, CTR(1, 1), 1), -EDOM);
	tl_diff_fini(&diff);
}

static void test_tolerance(void **state)
{
	struct tl_diff_config config = {.tolerance = 10};
	struct tl_diff diff;

	(void)state;
	assert_int_equal(compare(&diff, &config, CTR(90, 1000) "," UART(9, 1), 20,
				 CTR(100, 900) "," UART(11, 1), 20),
		0);
	assert_int_equal(diff.changed, 1);
	expect_row(&diff.rows[0], "pl011 UARTDR write", 9, 11);
	tl_diff_fini(&diff);
}

/* Where one of them has only classes. */
static void test_by_class(void **state)
{
	static const struct tl_diff_config config;
	struct tl_diff diff;

	(void)state;
	assert_int_equal(compare(&diff, &config, CTR(9, 9000) "," UART(2, 1), 20, "", 20), 0);
	assert_true(diff.config.by_class);
	assert_int_equal(diff.count, 3);
	expect_row(&diff.rows[0], "data abort: MMIO, stage 2", 2, 0);
	tl_diff_fini(&diff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_no_details),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_per),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_by_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
