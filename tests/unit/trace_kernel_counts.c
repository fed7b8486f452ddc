/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on the kernel's own counts: what came since the start, sums, and
 * percentiles of histograms whose buckets are powers of two.
 * Links: trace/profile/kernel_counts.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/profile/kernel_counts.h"

#define LAST (TL_KERNEL_BUCKETS - 1)

static struct tl_kernel_times times_of(const char *name, unsigned int bucket, uint64_t count)
{
	struct tl_kernel_times times = {0};

	times.buckets[bucket] = count;
	strcpy(times.name, name);
	return times;
}

/* Each number of its own, so that none can be taken for another. */
static struct tl_kernel_counts counts_of(uint64_t factor)
{
	struct tl_kernel_counts counts = {.has_exits = 1,
		.has_classes = 1,
		.has_fixups = 1,
		.has_not_run = 1,
		.exits = 1000 * factor,
		.not_run = 7 * factor,
		.time_count = 2};

	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++)
		counts.classes[i] = (i + 1) * factor;
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
		counts.fixups[i] = (i + 101) * factor;
	counts.times[0] = times_of("hvc", 12, 11 * factor);
	counts.times[0].buckets[LAST] = 13 * factor;
	counts.times[1] = times_of("dabt", 0, 17 * factor);
	return counts;
}

static void test_subtract(void **state)
{
	struct tl_kernel_counts counts = counts_of(5), before = counts_of(2);
	struct tl_kernel_counts expected = counts_of(3);

	(void)state;
	tl_kernel_counts_subtract(&counts, &before);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

/* Reading them at the start may have failed: then all is from the start of the vCPU. */
static void test_subtract_nothing(void **state)
{
	struct tl_kernel_counts counts = counts_of(5), before = {0};
	struct tl_kernel_counts expected = counts_of(5);

	(void)state;
	tl_kernel_counts_subtract(&counts, &before);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

/* Somebody wrote 0 to the statistics in debugfs. */
static void test_subtract_set_back(void **state)
{
	struct tl_kernel_counts counts = counts_of(2), before = counts_of(5);
	struct tl_kernel_counts expected = counts_of(0);

	(void)state;
	tl_kernel_counts_subtract(&counts, &before);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

/* A histogram is only held against the one of its own name. */
static void test_subtract_other_times(void **state)
{
	struct tl_kernel_counts counts = {.time_count = 3}, before = {.time_count = 2};

	(void)state;
	counts.times[0] = times_of("hvc", 3, 10);
	counts.times[1] = times_of("wfx", 3, 20);
	counts.times[2] = times_of("irq", 3, 30);
	before.times[0] = times_of("hvc", 3, 4);
	before.times[1] = times_of("smc", 3, 4);
	/* Behind what it says that there is. */
	before.times[2] = times_of("irq", 3, 4);
	tl_kernel_counts_subtract(&counts, &before);
	assert_int_equal(counts.times[0].buckets[3], 6);
	assert_int_equal(counts.times[1].buckets[3], 20);
	assert_int_equal(counts.times[2].buckets[3], 30);
}

static void test_fixups(void **state)
{
	struct tl_kernel_counts counts = {0};

	(void)state;
	assert_int_equal(tl_kernel_counts_fixups(&counts), 0);
	counts.fixups[0] = 1;
	counts.fixups[7] = 20;
	counts.fixups[TL_FIXUP_WITHHELD] = 300;
	assert_int_equal(tl_kernel_counts_fixups(&counts), 321);
}

static void test_times_count(void **state)
{
	struct tl_kernel_times times = {0};

	(void)state;
	assert_int_equal(tl_kernel_times_count(&times), 0);
	times.buckets[0] = 1;
	times.buckets[9] = 20;
	times.buckets[LAST] = 300;
	assert_int_equal(tl_kernel_times_count(&times), 321);
}

static void test_percentile_of_nothing(void **state)
{
	struct tl_kernel_times times = {0};

	(void)state;
	assert_int_equal(tl_kernel_times_percentile(&times, 50), 0);
	assert_int_equal(tl_kernel_times_percentile(&times, 100), 0);
}

/* Whatever the percentage, it is the end of the one bucket that is not empty. */
static void test_percentile_of_one_value(void **state)
{
	(void)state;
	for (unsigned int bucket = 0; bucket <= LAST; bucket++) {
		struct tl_kernel_times times = times_of("hvc", bucket, 1);
		uint64_t end = (UINT64_C(1) << bucket) - 1;

		if (bucket == LAST)
			end = UINT64_MAX;
		assert_true(tl_kernel_times_percentile(&times, 1) == end);
		assert_true(tl_kernel_times_percentile(&times, 50) == end);
		assert_true(tl_kernel_times_percentile(&times, 99) == end);
		assert_true(tl_kernel_times_percentile(&times, 100) == end);
	}
}

/* The last bucket has no end, however much is in it. */
static void test_percentile_in_the_last_bucket(void **state)
{
	struct tl_kernel_times times = times_of("wfx", LAST, UINT64_MAX / 2);

	(void)state;
	assert_true(tl_kernel_times_percentile(&times, 1) == UINT64_MAX);
	assert_true(tl_kernel_times_percentile(&times, 100) == UINT64_MAX);
	times.buckets[LAST - 1] = UINT64_MAX / 2;
	assert_int_equal(tl_kernel_times_percentile(&times, 50), (1u << 30) - 1);
	assert_true(tl_kernel_times_percentile(&times, 51) == UINT64_MAX);
}

/* The least bucket that so many percent do not lie beyond: rounded up, and not by one more. */
static void test_percentile_between_buckets(void **state)
{
	struct tl_kernel_times times = times_of("hvc", 4, 1);

	(void)state;
	times.buckets[9] = 1;
	assert_int_equal(tl_kernel_times_percentile(&times, 50), 15);
	assert_int_equal(tl_kernel_times_percentile(&times, 51), 511);
	times.buckets[4] = 99;
	assert_int_equal(tl_kernel_times_percentile(&times, 99), 15);
	assert_int_equal(tl_kernel_times_percentile(&times, 100), 511);
	/* Of 101, 99 percent are 99.99. */
	times.buckets[9] = 2;
	assert_int_equal(tl_kernel_times_percentile(&times, 98), 15);
	assert_int_equal(tl_kernel_times_percentile(&times, 99), 511);
	/* Of 350, 99 percent are 346.5. */
	times.buckets[4] = 346;
	times.buckets[9] = 4;
	assert_int_equal(tl_kernel_times_percentile(&times, 98), 15);
	assert_int_equal(tl_kernel_times_percentile(&times, 99), 511);
	times.buckets[4] = 347;
	times.buckets[9] = 3;
	assert_int_equal(tl_kernel_times_percentile(&times, 99), 15);
}

/* Counts of which a hundredfold does not fit into 64 bits. */
static void test_percentile_of_many(void **state)
{
	struct tl_kernel_times times = times_of("irq", 2, UINT64_MAX / 100 * 98);

	(void)state;
	times.buckets[20] = UINT64_MAX / 100 * 2;
	assert_int_equal(tl_kernel_times_percentile(&times, 98), 3);
	assert_int_equal(tl_kernel_times_percentile(&times, 99), (1u << 20) - 1);
	assert_int_equal(tl_kernel_times_percentile(&times, 100), (1u << 20) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subtract),
		cmocka_unit_test(test_subtract_nothing),
		cmocka_unit_test(test_subtract_set_back),
		cmocka_unit_test(test_subtract_other_times),
		cmocka_unit_test(test_fixups),
		cmocka_unit_test(test_times_count),
		cmocka_unit_test(test_percentile_of_nothing),
		cmocka_unit_test(test_percentile_of_one_value),
		cmocka_unit_test(test_percentile_in_the_last_bucket),
		cmocka_unit_test(test_percentile_between_buckets),
		cmocka_unit_test(test_percentile_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
