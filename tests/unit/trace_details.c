/* SPDX-License-Identifier: MIT */
/*
 * Sums of what exits were for: what is added up, what stays apart, times, and the
 * order; and many equal values in a histogram at once.
 * Links: trace/profile/detail.c trace/profile/hist.c
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "trace/profile/detail.h"

/* Of one time for each exit; 0: none. */
static void add_timed(struct tl_details *details, struct tl_profile_detail detail, uint64_t ns)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(details, &detail), 0);
}

#define ADD(details, ...) add_timed(details, (struct tl_profile_detail){__VA_ARGS__}, 0)

/* vCPU, class, detail, pc, handler, count: no two alike. */
static int set_up(void **state)
{
	struct tl_details *details = calloc(1, sizeof(*details));

	if (!details)
		return -1;
	ADD(details, .vcpu = 0, .exit_class = 5, .detail = 1, .pc = 0x10, .count = 1);
	ADD(details, .vcpu = 1, .exit_class = 5, .detail = 1, .pc = 0x10, .count = 20);
	ADD(details, .vcpu = 0, .exit_class = 5, .detail = 1, .pc = 0x20, .count = 300);
	ADD(details, .vcpu = 0, .exit_class = 5, .detail = 2, .pc = 0x10, .count = 4000);
	ADD(details, .vcpu = 0, .exit_class = 6, .detail = 1, .pc = 0x10, .count = 50000);
	ADD(details, .vcpu = 0, .exit_class = 5, .detail = 1, .pc = 0x10,
		.handler = TL_HANDLER_USER, .count = 600000);
	*state = details;
	return 0;
}

static int tear_down(void **state)
{
	tl_details_fini(*state);
	free(*state);
	return 0;
}

/* The counts of a sum, which are the arguments, most first. */
static void expect_counts(const struct tl_details *details, unsigned int by, const uint64_t *counts)
{
	struct tl_details sum;
	size_t i = 0;

	assert_int_equal(tl_details_sum(details, by, &sum), 0);
	for (; counts[i] && i < sum.count; i++)
		assert_int_equal(sum.list[i].count, counts[i]);
	assert_int_equal(counts[i], 0);
	assert_int_equal(sum.count, i);
	tl_details_fini(&sum);
}

#define EXPECT(details, by, ...) expect_counts(details, by, (const uint64_t[]){__VA_ARGS__, 0})

static void test_by(void **state)
{
	(void)state;
	EXPECT(*state, 0, 654321);
	EXPECT(*state, TL_BY_VCPU, 654301, 20);
	EXPECT(*state, TL_BY_CLASS, 604321, 50000);
	EXPECT(*state, TL_BY_DETAIL, 600321, 50000, 4000);
	EXPECT(*state, TL_BY_PC, 654021, 300);
	EXPECT(*state, TL_BY_HANDLER, 600000, 54321);
	EXPECT(*state, TL_BY_DETAIL | TL_BY_HANDLER, 600000, 50000, 4000, 321);
	EXPECT(*state, TL_BY_CLASS | TL_BY_PC, 604021, 50000, 300);
	EXPECT(*state, TL_BY_VCPU | TL_BY_DETAIL | TL_BY_PC | TL_BY_HANDLER, 600000, 50000, 4000,
		300, 20, 1);
}

/* The rest of a sum is that of the entry with most exits. */
static void test_fields(void **state)
{
	struct tl_details sum;

	assert_int_equal(tl_details_sum(*state, TL_BY_HANDLER, &sum), 0);
	assert_int_equal(sum.count, 2);
	assert_int_equal(sum.list[1].handler, TL_HANDLER_KERNEL);
	assert_int_equal(sum.list[1].exit_class, 6);
	tl_details_fini(&sum);
	assert_int_equal(tl_details_sum(*state, TL_BY_DETAIL | TL_BY_HANDLER, &sum), 0);
	assert_int_equal(sum.list[3].count, 321);
	assert_int_equal(sum.list[3].pc, 0x20);
	assert_int_equal(sum.list[3].vcpu, 0);
	tl_details_fini(&sum);
}

/* What is summed up stays as it was. */
static void test_source_stays(void **state)
{
	struct tl_details *details = *state, sum;
	struct tl_profile_detail before[6];

	assert_int_equal(details->count, ARRAY_LEN(before));
	memcpy(before, details->list, sizeof(before));
	assert_int_equal(tl_details_sum(details, TL_BY_PC, &sum), 0);
	tl_details_fini(&sum);
	assert_memory_equal(before, details->list, sizeof(before));
}

/* Equal ones in one order, however they came in. */
static void test_equal_counts(void **state)
{
	static const unsigned int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(orders); i++) {
		struct tl_details details = {0}, sum;

		for (unsigned int n = 0; n < 3; n++)
			ADD(&details, .vcpu = orders[i][n], .pc = 0x100 - orders[i][n], .count = 7);
		assert_int_equal(tl_details_sum(&details, TL_BY_VCPU, &sum), 0);
		for (unsigned int n = 0; n < 3; n++)
			assert_int_equal(sum.list[n].vcpu, 2 - n);
		tl_details_fini(&sum);
		tl_details_fini(&details);
	}
}

static void test_times(void **state)
{
	struct tl_details details = {0}, sum;

	(void)state;
	add_timed(&details, (struct tl_profile_detail){.exit_class = 5, .count = 3}, 100);
	add_timed(&details, (struct tl_profile_detail){.exit_class = 5, .count = 9}, 0);
	add_timed(&details, (struct tl_profile_detail){.exit_class = 5, .count = 2}, 4000);
	add_timed(&details, (struct tl_profile_detail){.exit_class = 6, .count = 1}, 0);
	add_timed(&details, (struct tl_profile_detail){.exit_class = 7, .count = 6}, 50);
	add_timed(&details, (struct tl_profile_detail){.exit_class = 7, .count = 4}, 10);
	assert_int_equal(tl_details_sum(&details, TL_BY_CLASS, &sum), 0);
	assert_int_equal(sum.count, 3);
	assert_int_equal(sum.list[0].count, 14);
	assert_non_null(sum.list[0].time);
	assert_int_equal(sum.list[0].time->count, 5);
	assert_int_equal(sum.list[0].time->sum, 8300);
	assert_int_equal(sum.list[0].time->min, 100);
	assert_int_equal(sum.list[0].time->max, 4000);
	assert_int_equal(sum.list[1].count, 10);
	assert_int_equal(sum.list[1].time->count, 10);
	assert_int_equal(sum.list[1].time->sum, 340);
	assert_null(sum.list[2].time);
	/* The sum's times are its own. */
	tl_details_fini(&details);
	assert_int_equal(sum.list[0].time->sum, 8300);
	tl_details_fini(&sum);
}

static void test_nothing(void **state)
{
	struct tl_details none = {0}, sum;

	(void)state;
	assert_int_equal(tl_details_sum(&none, TL_BY_DETAIL, &sum), 0);
	assert_int_equal(sum.count, 0);
	tl_details_fini(&sum);
	tl_details_fini(&none);
}

/* 64 bits each: no difference is cut off. */
static void test_large_numbers(void **state)
{
	struct tl_details details = {0};

	(void)state;
	ADD(&details, .detail = 1ull << 63, .pc = 1ull << 32, .count = 1ull << 40);
	ADD(&details, .detail = 0, .pc = 0, .count = 1);
	ADD(&details, .detail = 1ull << 63, .pc = 2ull << 32, .count = 1ull << 33);
	EXPECT(&details, TL_BY_DETAIL, (1ull << 40) + (1ull << 33), 1);
	EXPECT(&details, TL_BY_PC, 1ull << 40, 1ull << 33, 1);
	EXPECT(&details, TL_BY_HANDLER, (1ull << 40) + (1ull << 33) + 1);
	tl_details_fini(&details);
}

/* More than there is room for at first. */
static void test_many(void **state)
{
	struct tl_details details = {0}, sum;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		ADD(&details, .pc = i * 7 % 1000, .detail = i % 10, .count = i + 1);
	assert_int_equal(details.count, 1000);
	assert_int_equal(tl_details_sum(&details, TL_BY_DETAIL, &sum), 0);
	assert_int_equal(sum.count, 10);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(sum.list[i].detail, 9 - i);
		assert_int_equal(sum.list[i].count, 49600 + (9 - i) * 100);
	}
	tl_details_fini(&sum);
	tl_details_fini(&details);
}

/* As if put in one by one, and never beyond what fits. */
static void test_add_many(void **state)
{
	static struct tl_hist one, many;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		tl_hist_add(&one, 12345);
	tl_hist_add(&one, 7);
	tl_hist_add_many(&many, 12345, 1000);
	tl_hist_add_many(&many, 1, 0);
	tl_hist_add_many(&many, 1000000, 0);
	tl_hist_add_many(&many, 7, 1);
	assert_memory_equal(&one, &many, offsetof(struct tl_hist, bucket));
	for (unsigned int percent = 0; percent <= 100; percent++)
		assert_int_equal(
			tl_hist_percentile(&one, percent), tl_hist_percentile(&many, percent));
	tl_hist_add_many(&many, UINT64_C(1) << 40, UINT64_C(1) << 30);
	assert_true(many.sum == UINT64_MAX);
	assert_int_equal(many.count, (1u << 30) + 1001);
	assert_int_equal(tl_hist_percentile(&many, 100), UINT64_C(1) << 40);
	tl_hist_fini(&one);
	tl_hist_fini(&many);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by),
		TEST(test_fields),
		TEST(test_source_stays),
		cmocka_unit_test(test_equal_counts),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_large_numbers),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_add_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
