/* SPDX-License-Identifier: MIT */
/*
 * The histogram: exact figures are exact, percentiles stay within their bound
 * over the whole range, merging is the same as adding.
 * Links: trace/profile/hist.c
 */
#include "tests/unit/unit.h"
#include "trace/profile/hist.h"

static void test_empty(void **state)
{
	struct tl_hist h = {0};

	(void)state;
	assert_int_equal(tl_hist_percentile(&h, 50), 0);
	assert_int_equal(tl_hist_percentile(&h, 100), 0);
	assert_int_equal(tl_hist_average(&h), 0);
}

static void test_exact_figures(void **state)
{
	static const uint64_t values[] = {7, 3, 1000000, 12, 3};
	struct tl_hist h = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		tl_hist_add(&h, values[i]);
	assert_int_equal(h.count, 5);
	assert_int_equal(h.sum, 1000025);
	assert_int_equal(h.min, 3);
	assert_int_equal(h.max, 1000000);
	assert_int_equal(tl_hist_average(&h), 200005);
	assert_int_equal(tl_hist_percentile(&h, 0), 3);
	assert_int_equal(tl_hist_percentile(&h, 40), 3);
	assert_int_equal(tl_hist_percentile(&h, 41), 7);
	assert_int_equal(tl_hist_percentile(&h, 80), 12);
	assert_int_equal(tl_hist_percentile(&h, 100), 1000000);
	tl_hist_fini(&h);
	assert_int_equal(h.count, 0);
}

/* One value between a smaller and a larger one: the median must be within 1.6 % of it. */
static void test_error_bound(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < (UINT64_C(1) << 45); v += v / 7 + 1) {
		struct tl_hist h = {0};
		uint64_t p50, error;

		tl_hist_add(&h, 0);
		tl_hist_add(&h, v);
		tl_hist_add(&h, UINT64_C(1) << 46);
		p50 = tl_hist_percentile(&h, 50);
		error = p50 > v ? p50 - v : v - p50;
		assert_true(error * 63 <= v);
		tl_hist_fini(&h);
	}
}

static void test_percentiles_of_a_ramp(void **state)
{
	struct tl_hist h = {0};

	(void)state;
	for (uint64_t v = 1; v <= 100000; v++)
		tl_hist_add(&h, v);
	assert_in_range(tl_hist_percentile(&h, 50), 49000, 51000);
	assert_in_range(tl_hist_percentile(&h, 99), 97400, 100000);
	assert_int_equal(tl_hist_percentile(&h, 100), 100000);
	tl_hist_fini(&h);
}

static void test_huge_values(void **state)
{
	struct tl_hist h = {0};

	(void)state;
	tl_hist_add(&h, UINT64_MAX);
	tl_hist_add(&h, UINT64_MAX);
	assert_int_equal(h.max, UINT64_MAX);
	assert_int_equal(h.sum, UINT64_MAX);
	assert_int_equal(h.groups, 1);
	assert_int_equal(h.bucket[31], 2);
	/* All in one bucket: never below what was put in. */
	assert_int_equal(tl_hist_percentile(&h, 50), UINT64_MAX);
	tl_hist_fini(&h);
}

/* All that was put in, but for where the buckets lie. */
static void assert_same(const struct tl_hist *a, const struct tl_hist *b)
{
	assert_memory_equal(a, b, offsetof(struct tl_hist, bucket));
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->groups, b->groups);
	assert_memory_equal(a->bucket, b->bucket, a->groups * 32 * sizeof(uint64_t));
}

static void test_merge(void **state)
{
	struct tl_hist a = {0}, b = {0}, all = {0};

	(void)state;
	for (uint64_t v = 5; v < 5000000; v = v * 3 / 2) {
		tl_hist_add(v & 1 ? &a : &b, v);
		tl_hist_add(&all, v);
	}
	tl_hist_merge(&a, &b);
	assert_same(&a, &all);
	tl_hist_fini(&b);
	tl_hist_merge(&b, &all);
	assert_same(&b, &all);
	tl_hist_merge(&a, &(struct tl_hist){0});
	assert_same(&a, &all);
	tl_hist_fini(&a);
	tl_hist_fini(&b);
	tl_hist_fini(&all);
}

/* Quarters begin where their description says, and together have all there is. */
static void test_quarters(void **state)
{
	struct tl_hist hist = {0};
	uint64_t sum = 0;

	(void)state;
	for (unsigned int i = 0; i < TL_HIST_QUARTERS; i++) {
		uint64_t from = i < 4 ? 8 * i : (uint64_t)(4 + i % 4) << (i / 4 + 2);

		assert_int_equal(tl_hist_quarter(&hist, i), 0);
		tl_hist_add(&hist, from);
		assert_int_equal(tl_hist_quarter(&hist, i), 1);
		if (from)
			tl_hist_add(&hist, from - 1);
		assert_int_equal(tl_hist_quarter(&hist, i), 1);
	}
	for (unsigned int i = 0; i < TL_HIST_QUARTERS; i++)
		sum += tl_hist_quarter(&hist, i);
	assert_int_equal(sum, hist.count);
	tl_hist_fini(&hist);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_exact_figures),
		cmocka_unit_test(test_error_bound),
		cmocka_unit_test(test_percentiles_of_a_ramp),
		cmocka_unit_test(test_huge_values),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_quarters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
