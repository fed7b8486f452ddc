/* SPDX-License-Identifier: MIT */
/*
 * Exits over time: nothing is lost when bins get wider or fewer, and memory has a bound.
 * Links: trace/profile/timeline.c
 */
#include "tests/unit/unit.h"

#include "trace/profile/timeline.h"

static uint64_t exits_of(const struct tl_timeline *t, size_t row)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < t->bins; i++) {
		sum += t->rows[row].exits[i];
		assert_true(i < t->used || (!t->rows[row].exits[i] && !t->rows[row].ns[i]));
	}
	return sum;
}

static uint64_t ns_of(const struct tl_timeline *t, size_t row)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < t->bins; i++)
		sum += t->rows[row].ns[i];
	return sum;
}

static void test_bins(void **state)
{
	struct tl_timeline t;

	(void)state;
	tl_timeline_init(&t, 1000);
	assert_int_equal(tl_timeline_add(&t, 0, 3, 1000, 1100), 0);
	assert_int_equal(tl_timeline_add(&t, 0, 3, 1200, 1300), 0);
	assert_int_equal(tl_timeline_add(&t, 7, 3, 1000 + 512, 1000 + 512), 0);
	assert_int_equal(t.shift, 8);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.used, 3);
	assert_int_equal(t.rows[0].exits[0], 2);
	assert_int_equal(t.rows[0].exits[1], 0);
	/* The second one goes on in the next bin. */
	assert_int_equal(t.rows[0].ns[0], 100 + 56);
	assert_int_equal(t.rows[0].ns[1], 44);
	assert_int_equal(t.rows[1].vcpu, 7);
	assert_int_equal(t.rows[1].exits[2], 1);
	assert_int_equal(t.rows[1].ns[2], 0);
	tl_timeline_fini(&t);
	tl_timeline_fini(&t);
}

/* An hour, an exit each ms that takes 300 us. */
static void test_long(void **state)
{
	const uint64_t ms = 1000000, n = 3600 * 1000;
	struct tl_timeline t;
	uint64_t full = 0;

	(void)state;
	tl_timeline_init(&t, 5);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(tl_timeline_add(&t, 0, i & 1, 5 + i * ms, 5 + i * ms + 300000), 0);
	assert_int_equal(exits_of(&t, 0) + exits_of(&t, 1), n);
	assert_int_equal(ns_of(&t, 0) + ns_of(&t, 1), n * 300000);
	assert_true((uint64_t)t.used << t.shift >= (n - 1) * ms);
	assert_true(t.used > t.bins / 2);
	for (unsigned int i = 0; i < t.used; i++)
		full += t.rows[0].exits[i] + t.rows[1].exits[i] == (UINT64_C(1) << t.shift) / ms;
	assert_true(full > t.used / 4);
	tl_timeline_fini(&t);
}

/* As many rows as vCPUs can be: rows are shorter, and still add up. */
static void test_many_rows(void **state)
{
	struct tl_timeline t;

	(void)state;
	tl_timeline_init(&t, 0);
	for (unsigned int i = 0; i < 4096; i++) {
		assert_int_equal(tl_timeline_add(&t, i * 3, 1, i * 10000, i * 10000 + 5000), 0);
		assert_int_equal(
			tl_timeline_add(&t, i * 3, 2, i * 10000 + 5000, i * 10000 + 6000), 0);
	}
	assert_int_equal(t.count, 8192);
	assert_int_equal(t.bins, TL_TIMELINE_CELLS / 8192);
	for (size_t i = 0; i < t.count; i++) {
		assert_int_equal(exits_of(&t, i), 1);
		assert_int_equal(ns_of(&t, i), i & 1 ? 1000 : 5000);
		assert_int_equal(t.rows[i].vcpu, i / 2 * 3);
	}
	tl_timeline_fini(&t);
}

/* Clocks that lie: before the start, backwards, at the end of time. */
static void test_hostile_times(void **state)
{
	struct tl_timeline t;

	(void)state;
	tl_timeline_init(&t, 1000);
	assert_int_equal(tl_timeline_add(&t, 0, 0, 10, 20), 0);
	assert_int_equal(tl_timeline_add(&t, 0, 0, 900, 1100), 0);
	assert_int_equal(tl_timeline_add(&t, 0, 0, 5000, 4000), 0);
	assert_int_equal(ns_of(&t, 0), 100);
	assert_int_equal(tl_timeline_add(&t, 0, 0, 6000, UINT64_MAX), 0);
	assert_int_equal(tl_timeline_add(&t, 0, 0, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(exits_of(&t, 0), 5);
	assert_int_equal(ns_of(&t, 0), UINT64_MAX - 6000 + 100);
	tl_timeline_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_hostile_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
