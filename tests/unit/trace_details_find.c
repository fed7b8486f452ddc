/* SPDX-License-Identifier: MIT */
/*
 * Exits counted one at a time: what makes an entry of its own, many of them, and what
 * happens when there are too many.
 * Links: trace/profile/detail.c trace/profile/hist.c
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "trace/profile/detail.h"

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct tl_details));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	tl_details_fini(*state);
	free(*state);
	return 0;
}

/* One more exit; which entry it is. */
static size_t count(struct tl_details *details, struct tl_profile_detail key)
{
	struct tl_profile_detail *entry = tl_details_find(details, &key);

	assert_non_null(entry);
	entry->count++;
	return (size_t)(entry - details->list);
}

#define COUNT(details, ...) count(details, (struct tl_profile_detail){__VA_ARGS__})

/* The PC of the entry that an exit at `pc` counts for. */
static uint64_t pc_for(struct tl_details *details, uint64_t pc, uint64_t detail)
{
	struct tl_profile_detail key = {.detail = detail, .pc = pc};
	struct tl_profile_detail *entry = tl_details_find(details, &key);

	assert_non_null(entry);
	assert_int_equal(entry->detail, detail);
	assert_int_equal(key.pc, pc);
	return entry->pc;
}

static void test_equal(void **state)
{
	struct tl_details *details = *state;

	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(COUNT(details, .vcpu = 1, .exit_class = 2, .detail = 3, .pc = 4,
					 .mode = 5, .handler = TL_HANDLER_USER),
			0);
		assert_int_equal(COUNT(details, 0), 1);
	}
	assert_int_equal(details->count, 2);
	assert_int_equal(details->list[0].count, 3);
	assert_int_equal(details->list[0].vcpu, 1);
	assert_int_equal(details->list[0].exit_class, 2);
	assert_int_equal(details->list[0].detail, 3);
	assert_int_equal(details->list[0].pc, 4);
	assert_int_equal(details->list[0].mode, 5);
	assert_int_equal(details->list[0].handler, TL_HANDLER_USER);
	assert_int_equal(details->list[1].count, 3);
}

/* Each member of the key, in every bit; members do not make up for each other. */
static void test_members(void **state)
{
	struct tl_details *details = *state;
	size_t n = 0;

	assert_int_equal(COUNT(details, 0), n++);
	for (unsigned int bit = 0; bit < 64; bit++) {
		assert_int_equal(COUNT(details, .detail = UINT64_C(1) << bit), n++);
		assert_int_equal(COUNT(details, .pc = UINT64_C(1) << bit), n++);
	}
	for (unsigned int bit = 0; bit < 32; bit++) {
		assert_int_equal(COUNT(details, .vcpu = 1u << bit), n++);
		assert_int_equal(COUNT(details, .mode = 1u << bit), n++);
	}
	for (unsigned int exit_class = 1; exit_class < 70; exit_class++)
		assert_int_equal(COUNT(details, .exit_class = exit_class), n++);
	assert_int_equal(COUNT(details, .handler = TL_HANDLER_USER), n++);
	assert_int_equal(details->count, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(details->list[i].count, 1);
}

/* Counts and times are no part of the key, and begin with nothing. */
static void test_not_the_key(void **state)
{
	struct tl_details *details = *state;
	struct tl_hist time = {0};
	struct tl_profile_detail key = {
		.pc = 1, .count = 7, .slept = 8, .delayed = 9, .time = &time};
	struct tl_profile_detail *entry = tl_details_find(details, &key);

	assert_non_null(entry);
	assert_int_equal(entry->count | entry->slept | entry->delayed, 0);
	assert_null(entry->time);
	entry->slept = 100;
	entry->time = tl_hist_create();
	assert_non_null(entry->time);
	tl_hist_add(entry->time, 5);
	entry = tl_details_find(details, &key);
	assert_int_equal(details->count, 1);
	assert_int_equal(entry->slept, 100);
	assert_int_equal(entry->time->count, 1);
	assert_int_equal(key.count, 7);
	assert_ptr_equal(key.time, &time);
}

/* Number `i` of many: each is there twice, but for who handled it. */
static struct tl_profile_detail key_of(unsigned int i)
{
	return (struct tl_profile_detail){.vcpu = i % 4,
		.exit_class = i % 3,
		.detail = i % 3000 / 40,
		.pc = 0xffff800080000000 + i % 3000 * 4,
		.handler = i < 3000 ? TL_HANDLER_USER : TL_HANDLER_KERNEL};
}

/* In the order in which they came, and found again wherever they came to lie. */
static void test_growth(void **state)
{
	struct tl_details *details = *state;

	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 6000; i++)
			assert_int_equal(count(details, key_of(i)), i);
	}
	assert_int_equal(details->count, 6000);
	assert_true(details->index_size >= 12000);
	for (unsigned int i = 0; i < 6000; i++) {
		assert_int_equal(details->list[i].pc, key_of(i).pc);
		assert_int_equal(details->list[i].handler, key_of(i).handler);
		assert_int_equal(details->list[i].count, 3);
	}
}

/* As many PCs as there is room for; from then on the new ones count together. */
static void test_too_many_pcs(void **state)
{
	struct tl_details *details = *state;

	for (uint64_t pc = 1; pc <= TL_DETAILS_PCS_MAX; pc++)
		assert_int_equal(pc_for(details, pc, 1), pc);
	assert_int_equal(details->count, TL_DETAILS_PCS_MAX);
	assert_int_equal(pc_for(details, TL_DETAILS_PCS_MAX + 1, 1), 0);
	assert_int_equal(pc_for(details, UINT64_MAX, 1), 0);
	assert_int_equal(details->count, TL_DETAILS_PCS_MAX + 1);
	/* The rest of the key still tells them apart. */
	assert_int_equal(pc_for(details, UINT64_MAX, 2), 0);
	assert_int_equal(pc_for(details, 1, 2), 0);
	assert_int_equal(pc_for(details, 0, 2), 0);
	assert_int_equal(details->count, TL_DETAILS_PCS_MAX + 2);
	/* Those that were there before go on as they did. */
	assert_int_equal(pc_for(details, 1, 1), 1);
	assert_int_equal(pc_for(details, TL_DETAILS_PCS_MAX, 1), TL_DETAILS_PCS_MAX);
	assert_int_equal(details->count, TL_DETAILS_PCS_MAX + 2);
}

/* Then only those that are there: the list has an end, whatever the guest does. */
static void test_too_many(void **state)
{
	struct tl_details *details = *state;
	struct tl_profile_detail key = {.pc = 5, .detail = TL_DETAILS_MAX + 1};

	for (uint64_t i = 1; i <= TL_DETAILS_MAX; i++)
		assert_int_equal(pc_for(details, 5, i), i <= TL_DETAILS_PCS_MAX ? 5 : 0);
	assert_int_equal(details->count, TL_DETAILS_MAX);
	assert_null(tl_details_find(details, &key));
	key.pc = 0;
	assert_null(tl_details_find(details, &key));
	key.vcpu = 1;
	assert_null(tl_details_find(details, &key));
	assert_int_equal(details->count, TL_DETAILS_MAX);
	assert_int_equal(pc_for(details, 5, 1), 5);
	assert_int_equal(pc_for(details, 6, TL_DETAILS_MAX), 0);
	assert_int_equal(details->count, TL_DETAILS_MAX);
}

static void test_fini(void **state)
{
	struct tl_details *details = *state;

	COUNT(details, .pc = 1);
	tl_details_fini(details);
	assert_int_equal(details->count, 0);
	assert_int_equal(COUNT(details, .pc = 2), 0);
	assert_int_equal(COUNT(details, .pc = 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_equal),
		TEST(test_members),
		TEST(test_not_the_key),
		TEST(test_growth),
		TEST(test_too_many_pcs),
		TEST(test_too_many),
		TEST(test_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
