/* SPDX-License-Identifier: MIT */
/*
 * `trapline top`: what keys do, and what the screen then has, in windows of any size.
 * Links: trace/top/model.c trace/top/ui.c trace/top/update.c trace/top/view.c
 * Links: trace/collect/thread_state.c trace/decode/syscall.c trace/report/units.c
 * Links: tests/unit/fake_top.c
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_top.h"

static struct fake_top fake;
static struct tl_top top;
static struct tl_top_text text;

static int set_up(void **state)
{
	(void)state;
	fake_top_init(&fake);
	memset(&top, 0, sizeof(top));
	fake_top_add(&fake, 0, 5, 7, 0x10, 25000);
	fake_top_add(&fake, 1, 5, 7, 0x20, 600);
	fake_top_add(&fake, 2, 6, 8, 0x30, 90);
	fake_top_show(&top, &fake, 80, 24);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_top_fini(&top);
	return 0;
}

static void draw(void)
{
	tl_top_draw(&text, &top);
	assert_int_equal(text.count, top.ui.rows);
	for (unsigned int i = 0; i < text.count; i++)
		assert_int_equal(strlen(text.lines[i].text), top.ui.columns);
}

static void press(int key)
{
	tl_top_ui_key(&top.ui, &top.model, key);
	assert_int_equal(tl_top_update(&top), 0);
	draw();
}

/* Whether a line begins so; which: -1, none. */
static int line_of(const char *words)
{
	for (unsigned int i = 0; i < text.count; i++) {
		if (strstr(text.lines[i].text, words))
			return (int)i;
	}
	return -1;
}

static void assert_line(unsigned int i, const char *begins)
{
	if (strncmp(text.lines[i].text, begins, strlen(begins)) != 0)
		fail_msg("line %u is '%s', not '%s'", i, text.lines[i].text, begins);
}

static void test_screen(void **state)
{
	(void)state;
	fake.vcpus[0].now.guest_ns = 1500000000u;
	fake_top_show(&top, &fake, 80, 24);
	draw();
	assert_line(0, "trapline top: 2 VMs, 3 vCPUs, 12.8k exits/s, every 1 s ");
	assert_line(
		1, "VM, vCPU           EXITS/s   VMM/s  GUEST   AWAY   IDLE NO CPU THREAD DOES");
	assert_line(2, "all VMs              12.8k       0  25.0%   0.4%   0.0%   0.0%");
	assert_line(3, "300 qemu-system...   12.8k");
	assert_line(
		4, "  vCPU 0             12.5k       0  75.0%   1.2%   0.0%   0.0%  25.0% ppoll");
	assert_line(8, "EXITS/s  SHARE   TIME AVERAGE BY          VM EXIT");
	assert_line(9, "  12.8k  99.6%   1.3% 1.00 us kernel     300 class 5, detail 7");
	assert_line(10, "     45   0.4%   0.0% 1.00 us kernel     500 class 6, detail 8");
	assert_int_equal(text.lines[2].look, TL_TOP_CHOSEN);
	assert_int_equal(text.lines[9].look, TL_TOP_NORMAL);
	assert_line(23, "q quit  ? help");
}

static void test_choose_vcpu(void **state)
{
	(void)state;
	press(TL_KEY_DOWN);
	press(TL_KEY_DOWN);
	press(TL_KEY_DOWN);
	assert_int_equal(top.ui.scope.vcpu, FAKE_TOP_VCPU1);
	assert_int_equal(text.lines[5].look, TL_TOP_CHOSEN);
	/* Its exits only; the column of VMs is not needed. */
	assert_line(8, "EXITS/s  SHARE   TIME AVERAGE BY     EXIT");
	assert_line(9, "    300 100.0%");
	press(TL_KEY_END);
	press(TL_KEY_DOWN);
	assert_int_equal(top.ui.scope.vcpu, FAKE_TOP_OTHER);
	press(TL_KEY_HOME);
	press(TL_KEY_UP);
	assert_int_equal(top.ui.scope.process, 0);
}

static void test_pcs(void **state)
{
	(void)state;
	press(TL_KEY_TAB);
	assert_int_equal(text.lines[2].look, TL_TOP_MARKED);
	assert_int_equal(text.lines[9].look, TL_TOP_CHOSEN);
	press(TL_KEY_ENTER);
	assert_true(line_of("PC OF: class 5, detail 7") == 8);
	assert_line(9, "  12.5k  97.3%");
	assert_non_null(strstr(text.lines[9].text, "symbol+0x10"));
	assert_non_null(strstr(text.lines[10].text, "symbol+0x20"));
	/* PCs have no PCs. */
	press(TL_KEY_ENTER);
	assert_true(line_of("PC OF: class 5, detail 7") == 8);
	press(TL_KEY_BACK);
	assert_int_equal(line_of("PC OF"), -1);
	assert_int_equal(top.ui.pane, TL_TOP_EXITS);
	assert_true(top.ui.lower);
	press(TL_KEY_BACK);
	assert_false(top.ui.lower);
	/* The chosen one is the second list's, also at once. */
	press('p');
	assert_int_equal(top.ui.lower, true);
	/* Another VM is chosen: these PCs are none of its. */
	press('p');
	press(TL_KEY_TAB);
	press(TL_KEY_DOWN);
	assert_int_equal(top.ui.pane, TL_TOP_EXITS);
}

static void test_threads(void **state)
{
	(void)state;
	press('v');
	assert_true(line_of("choose a VM above") > 0);
	press(TL_KEY_DOWN);
	assert_line(8, " THREAD    CPU S NAME            DOES");
	assert_line(9, "    300  25.0% S vcpu            ppoll");
	assert_line(11, "    302  25.0% S");
	press('v');
	assert_int_equal(top.ui.pane, TL_TOP_EXITS);
}

static void test_sort_pause_interval(void **state)
{
	(void)state;
	fake.rows[2].now.ns += 1000000;
	press('s');
	assert_true(line_of("sort: time") > 0);
	press('s');
	assert_true(line_of("sort: average") > 0);
	assert_true(line_of("detail 8") < line_of("detail 7"));
	press('r');
	assert_true(line_of("sort: average (least)") > 0);
	assert_true(line_of("detail 8") > line_of("detail 7"));
	press('s');
	assert_int_equal(top.ui.sort, TL_TOP_BY_EXITS);
	press(' ');
	assert_true(line_of(", PAUSED") == 0);
	press(' ');
	assert_int_equal(line_of(", PAUSED"), -1);
	press('+');
	assert_int_equal(top.ui.interval_ms, 2000);
	for (unsigned int i = 0; i < 20; i++)
		press('-');
	assert_int_equal(top.ui.interval_ms, TL_TOP_INTERVAL_MIN);
	for (unsigned int i = 0; i < 20; i++)
		press('+');
	assert_int_equal(top.ui.interval_ms, 60000);
}

static void test_help_and_quit(void **state)
{
	(void)state;
	press('?');
	assert_true(line_of("share of the time in the guest") > 0);
	assert_int_equal(line_of("VM, vCPU"), -1);
	press('x');
	assert_false(top.ui.help);
	assert_true(line_of("VM, vCPU") == 1);
	press('x');
	press(1234567);
	press(-1);
	assert_false(top.ui.quit);
	press('q');
	assert_true(top.ui.quit);
}

/* The chosen vCPU ends, then its VM: what is left of the choice is kept. */
static void test_vanish(void **state)
{
	(void)state;
	press(TL_KEY_DOWN);
	press(TL_KEY_DOWN);
	assert_int_equal(top.ui.scope.vcpu, FAKE_TOP_VCPU0);
	fake.vcpus[0].serial = 99;
	fake_top_show(&top, &fake, 80, 24);
	assert_int_equal(top.ui.scope.vcpu, 0);
	assert_int_equal(top.ui.scope.process, 300);
	fake.sample.vcpus = &fake.vcpus[2];
	fake.sample.vcpu_count = 1;
	fake.sample.row_count = 0;
	fake_top_show(&top, &fake, 80, 24);
	assert_int_equal(top.ui.scope.process, 0);
	draw();
	assert_true(line_of("no exits since the last look") > 0);
	fake.sample.vcpu_count = 0;
	fake_top_show(&top, &fake, 80, 24);
	draw();
	press(TL_KEY_DOWN);
	press(TL_KEY_TAB);
	press(TL_KEY_ENTER);
	press('v');
	press(TL_KEY_END);
	assert_line(0, "trapline top: 0 VMs, 0 vCPUs, 0 exits/s");
}

/* Every size, with every pane: the lines are as many and as wide as the window. */
static void test_sizes(void **state)
{
	static const int keys[] = {'x', TL_KEY_TAB, 'p', 'v', '?'};

	(void)state;
	for (unsigned int k = 0; k < ARRAY_LEN(keys); k++) {
		tl_top_ui_key(&top.ui, &top.model, keys[k]);
		for (unsigned int columns = 1; columns <= TL_TOP_COLUMNS; columns += 7) {
			for (unsigned int rows = 1; rows <= TL_TOP_ROWS; rows += 3) {
				fake_top_show(&top, &fake, columns, rows);
				tl_top_draw(&text, &top);
				assert_in_range(text.count, 1, rows);
				for (unsigned int i = 0; i < text.count; i++)
					assert_int_equal(strlen(text.lines[i].text), columns);
			}
		}
	}
	fake_top_show(&top, &fake, 1000, 1000);
	tl_top_draw(&text, &top);
	assert_int_equal(text.count, TL_TOP_ROWS);
	assert_int_equal(strlen(text.lines[0].text), TL_TOP_COLUMNS);
}

static void test_narrow(void **state)
{
	(void)state;
	fake_top_show(&top, &fake, 40, 10);
	draw();
	assert_line(0, "trapline top: 2 VMs, 3 vCPUs, 12.8k e...");
	assert_line(1, "VM, vCPU       EXITS/s  GUEST   AWAY    ");
	assert_line(3, "300 qemu-sy...   12.8k");
	assert_line(5, "EXITS/s  SHARE EXIT");
	assert_line(6, "  12.8k  99.6% class 5, detail 7        ");
	/* The chosen line is always among the three. */
	press(TL_KEY_END);
	assert_line(4, "  vCPU 0            45");
	assert_int_equal(text.lines[4].look, TL_TOP_CHOSEN);
	fake_top_show(&top, &fake, 20, 5);
	tl_top_draw(&text, &top);
	assert_int_equal(text.count, 1);
	assert_line(0, "too small");
}

/* A long list is scrolled, and the chosen line stays where it is seen. */
static void test_scroll(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 50; i++)
		fake_top_add(&fake, 2, 6, 100 + i, 1, 80 - i);
	fake_top_show(&top, &fake, 80, 24);
	press(TL_KEY_TAB);
	press(TL_KEY_END);
	assert_int_equal(text.lines[22].look, TL_TOP_CHOSEN);
	assert_non_null(strstr(text.lines[22].text, "detail 149"));
	press(TL_KEY_PAGE_UP);
	press(TL_KEY_PAGE_UP);
	press(TL_KEY_UP);
	assert_int_equal(text.lines[9].look, TL_TOP_CHOSEN);
	press(TL_KEY_HOME);
	assert_non_null(strstr(text.lines[9].text, "detail 7"));
	fake.sample.row_count = 1;
	press(TL_KEY_END);
	fake_top_show(&top, &fake, 80, 24);
	draw();
	assert_int_equal(text.lines[9].look, TL_TOP_CHOSEN);
}

static void test_note(void **state)
{
	(void)state;
	snprintf(top.note, sizeof(top.note), "a stock kernel");
	draw();
	assert_true(line_of("every 1 s; a stock kernel") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_screen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choose_vcpu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pcs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sort_pause_interval, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_help_and_quit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vanish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_narrow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_scroll, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_note, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
