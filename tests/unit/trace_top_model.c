/* SPDX-License-Identifier: MIT */
/*
 * `trapline top`: rates by VM and vCPU, exits added up by what they were for and by PC, and
 * the plain lines.
 * Links: trace/top/model.c trace/top/ui.c trace/top/update.c trace/top/plain.c
 * Links: trace/collect/thread_state.c trace/decode/syscall.c tests/unit/fake_top.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_top.h"

static struct fake_top fake;
static struct tl_top_model model;

static int set_up(void **state)
{
	(void)state;
	fake_top_init(&fake);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tl_top_model_fini(&model);
	return 0;
}

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 0.0005)
		fail_msg("%f is not %f", value, expected);
}

static void test_list(void **state)
{
	(void)state;
	fake_top_add(&fake, 0, 5, 1, 1, 1000);
	fake_top_add(&fake, 1, 5, 1, 1, 3000);
	fake.vcpus[0].now.guest_ns = 1000000000u;
	fake.vcpus[0].now.user_exits = 20;
	fake.vcpus[1].gone = true;
	assert_int_equal(tl_top_list(&model, &fake.sample), 0);
	assert_int_equal(model.vms, 2);
	assert_int_equal(model.vcpus, 3);
	assert_near(model.seconds, 2);
	assert_int_equal(model.line_count, 6);
	/* All, VM 300, its vCPUs, VM 500, its vCPU */
	assert_near(model.lines[0].exits, 2000);
	assert_int_equal(model.lines[1].scope.process, 300);
	assert_near(model.lines[1].exits, 2000);
	assert_near(model.lines[1].user, 10);
	assert_near(model.lines[1].guest, 0.25);
	assert_false(model.lines[1].gone);
	assert_int_equal(model.lines[2].scope.vcpu, FAKE_TOP_VCPU0);
	assert_near(model.lines[2].exits, 500);
	assert_near(model.lines[2].guest, 0.5);
	assert_near(model.lines[2].away, 0.0005);
	assert_near(model.lines[3].exits, 1500);
	assert_true(model.lines[3].gone);
	assert_int_equal(model.lines[4].scope.process, 500);
	assert_near(model.lines[5].exits, 0);
}

/* Shares have a limit, and a time that seems to run backwards is none. */
static void test_odd_times(void **state)
{
	(void)state;
	fake.vcpus[0].now.idle_ns = 5000000000u;
	fake.vcpus[0].before.away_ns = 100;
	assert_int_equal(tl_top_list(&model, &fake.sample), 0);
	assert_near(model.lines[2].idle, 1);
	assert_near(model.lines[2].away, 0);
	fake.sample.before_ns = fake.sample.now_ns;
	assert_int_equal(tl_top_list(&model, &fake.sample), 0);
	assert_near(model.lines[2].idle, 0);
	fake.sample.vcpu_count = 0;
	assert_int_equal(tl_top_list(&model, &fake.sample), 0);
	assert_int_equal(model.line_count, 1);
	assert_int_equal(model.vms, 0);
}

static void rows(
	struct tl_top_scope scope, const struct tl_top_row *of, enum tl_top_sort sort, bool reverse)
{
	assert_int_equal(tl_top_rows(&model, &fake.sample, scope, of, sort, reverse), 0);
}

static void test_rows(void **state)
{
	struct tl_live_row *row;

	(void)state;
	fake_top_add(&fake, 0, 5, 7, 0x10, 100);
	fake_top_add(&fake, 1, 5, 7, 0x10, 200);
	fake_top_add(&fake, 0, 5, 7, 0x20, 50);
	fake_top_add(&fake, 0, 5, 7, 0x20, 0);
	fake_top_add(&fake, 0, 5, 8, 0x20, 10)->now.ns += 1000000000u;
	row = fake_top_add(&fake, 0, 5, 7, 0x20, 5);
	row->handler = TL_HANDLER_USER;
	row = fake_top_add(&fake, 2, 5, 7, 0x20, 400);
	row = fake_top_add(&fake, 2, 5, 99, 0, 3);
	row->summed = true;

	rows((struct tl_top_scope){0}, NULL, TL_TOP_BY_EXITS, false);
	assert_int_equal(model.row_count, 5);
	assert_int_equal(model.rows[0].process, 500);
	assert_int_equal(model.rows[0].count, 400);
	assert_near(model.rows[0].rate, 200);
	assert_near(model.rows[0].share, 400.0 / 768);
	assert_int_equal(model.rows[1].process, 300);
	assert_int_equal(model.rows[1].count, 350);
	assert_int_equal(model.rows[1].each, 1000);
	assert_int_equal(model.rows[2].detail, 8);
	assert_near(model.rows[2].away, 0.5);
	assert_int_equal(model.rows[3].handler, TL_HANDLER_USER);
	assert_true(model.rows[4].summed);
	assert_int_equal(model.rows[4].detail, 0);

	rows((struct tl_top_scope){300, 0}, NULL, TL_TOP_BY_TIME, false);
	assert_int_equal(model.row_count, 3);
	assert_int_equal(model.rows[0].detail, 8);
	rows((struct tl_top_scope){300, 0}, NULL, TL_TOP_BY_EXITS, true);
	assert_int_equal(model.rows[0].count, 5);
	rows((struct tl_top_scope){300, FAKE_TOP_VCPU1}, NULL, TL_TOP_BY_EACH, false);
	assert_int_equal(model.row_count, 1);
	assert_int_equal(model.rows[0].count, 200);
	rows((struct tl_top_scope){999, 0}, NULL, TL_TOP_BY_EACH, true);
	assert_int_equal(model.row_count, 0);
}

/* The PCs of a row that is one of the list which they replace. */
static void test_pcs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 40; i++)
		fake_top_add(&fake, i % 2, 5, 7, 0x1000 + i / 2, 1 + i / 2);
	fake_top_add(&fake, 0, 6, 7, 0x1000, 1000);
	fake_top_add(&fake, 2, 5, 7, 0x1000, 2000);
	rows((struct tl_top_scope){300, 0}, NULL, TL_TOP_BY_EXITS, false);
	assert_int_equal(model.row_count, 2);
	rows((struct tl_top_scope){300, 0}, &model.rows[1], TL_TOP_BY_EXITS, false);
	assert_int_equal(model.row_count, 20);
	assert_int_equal(model.rows[0].pc, 0x1013);
	assert_int_equal(model.rows[0].count, 40);
	assert_near(model.rows[0].share, 40.0 / 1420);
	assert_int_equal(model.rows[19].pc, 0x1000);
	assert_int_equal(model.rows[19].count, 2);
}

static char *plain(struct tl_top *top)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(tl_top_plain(out, top), 0);
	fclose(out);
	return text;
}

static void test_plain(void **state)
{
	struct tl_top top = {0};
	char *text;

	(void)state;
	for (unsigned int i = 0; i < 12; i++)
		fake_top_add(&fake, 0, 5, i, 1, 100 + i);
	fake.vcpus[2].gone = true;
	fake_top_show(&top, &fake, 80, 24);
	text = plain(&top);
	assert_non_null(strstr(text, "# 2.000 s: 2 VMs, 3 vCPUs, 633.0 exits/s\n"));
	assert_non_null(strstr(text,
		"\nvcpu     300    0     633.0       0.0    0.0    0.1    0.0    0.0 qemu-system-aar "
		"ppoll\n"
		"exit     300    0      55.5    8.8    0.0      1000 kernel class 5, detail 11\n"));
	assert_non_null(strstr(text, "detail 2\nvcpu     300    1       0.0"));
	/* Ten lines are enough. */
	assert_null(strstr(text, "detail 1\n"));
	assert_non_null(strstr(text, " trapline        gone\n"));
	free(text);

	fake.sample.vcpu_count = 0;
	fake.sample.row_count = 0;
	fake_top_show(&top, &fake, 80, 24);
	text = plain(&top);
	assert_string_equal(text, "# 2.000 s: 0 VMs, 0 vCPUs, 0.0 exits/s\n");
	free(text);
	fake_top_fini(&top);
}

static void test_plain_full(void **state)
{
	struct tl_top top = {0};
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	fake_top_show(&top, &fake, 80, 24);
	assert_int_equal(tl_top_plain(out, &top), -ENOSPC);
	fclose(out);
	fake_top_fini(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pcs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plain_full, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
