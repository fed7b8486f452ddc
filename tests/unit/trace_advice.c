/* SPDX-License-Identifier: MIT */
/*
 * Advice: the rules have all that the guide shows, docs/traps.md is what the table
 * makes, and a rule counts only what it is about.
 * Links: trace/advice/advice.c trace/advice/rules.c trace/advice/guide.c
 * Links: trace/decode/cp.c
 * Links: trace/profile/detail.c trace/profile/hist.c trace/decode/detail.c trace/decode/esr.c
 * Links: trace/decode/sysreg.c trace/decode/smccc.c trace/decode/device_regs.c
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/advice/advice.h"
#include "trace/decode/detail.h"

#define SYS64   (TL_CLASS_EC + 0x18)
#define DABT    (TL_CLASS_EC + 0x24)
#define DC_CISW 0x141c1c
#define PFR0    0x300009
#define UART_FR (UINT64_C(0x09000018) | TL_DETAIL_ISV)
#define NO_ISV  UINT64_C(0x09000000)
#define PAGE    (TL_DETAIL_RAM | 7)
#define BLOCK   (TL_DETAIL_RAM | 6)

static void add(struct tl_profile *profile, unsigned int exit_class, uint64_t detail, uint64_t pc,
	uint64_t count, enum tl_handler handler)
{
	struct tl_profile_detail entry = {.exit_class = exit_class,
		.detail = detail,
		.pc = pc,
		.count = count,
		.handler = handler};

	assert_int_equal(tl_details_add(&profile->details, &entry), 0);
}

static struct tl_profile *new_profile(void)
{
	struct tl_profile *profile = calloc(1, sizeof(*profile));

	assert_non_null(profile);
	profile->map.count = 1;
	profile->map.regions[0] = (struct tl_vm_region){"pl011", 0x09000000, 0x1000};
	return profile;
}

static void end(struct tl_profile *profile)
{
	tl_details_fini(&profile->details);
	free(profile);
}

static void test_rules_are_whole(void **state)
{
	(void)state;
	for (unsigned int i = 0; tl_advice_rule_at(i); i++) {
		const struct tl_advice_rule *rule = tl_advice_rule_at(i);

		assert_true(strlen(rule->name) > 1 && strlen(rule->name) < 13);
		assert_true(strlen(rule->title) > 5 && strlen(rule->pattern) > 5);
		assert_true(strlen(rule->why) > 20 && strlen(rule->what) > 20);
		assert_true(strlen(rule->reference) > 5);
		assert_non_null(rule->matches);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(rule->name, tl_advice_rule_at(j)->name);
	}
}

static void test_guide_is_up_to_date(void **state)
{
	char *made = NULL, *kept;
	size_t size = 0, read;
	FILE *out = open_memstream(&made, &size);
	FILE *file = fopen("docs/traps.md", "r");

	(void)state;
	assert_non_null(out);
	assert_non_null(file);
	tl_advice_guide(out);
	fclose(out);
	kept = calloc(1, size + 2);
	assert_non_null(kept);
	read = fread(kept, 1, size + 1, file);
	fclose(file);
	/* If not: trapline advice --markdown >docs/traps.md */
	assert_int_equal(read, size);
	assert_string_equal(kept, made);
	free(kept);
	free(made);
}

/* What AArch32 calls them. */
static void test_aarch32(void **state)
{
	static const struct {
		unsigned int ec, iss; /* DDI 0487: opc2 << 17 | opc1 << 14 | CRn << 10 | CRm << 1 */
		const char *rule;
	} cases[] = {
		{0x03, 2 << 17 | 7 << 10 | 6 << 1, "set-way"},  /* DCISW */
		{0x03, 2 << 17 | 7 << 10 | 10 << 1, "set-way"}, /* DCCSW */
		{0x03, 2 << 17 | 7 << 10 | 14 << 1, "set-way"}, /* DCCISW */
		{0x03, 1 << 17 | 1, "cache-id"},                /* CTR */
		{0x03, 1 << 14 | 1, "cache-id"},                /* CCSIDR */
		{0x03, 9 << 10 | 13 << 1, "pmu"},               /* PMCCNTR */
		{0x03, 1 << 17 | 14 << 10 | 2 << 1, "timer"},   /* CNTP_CTL */
		{0x04, 2 << 16 | 14 << 1, "timer"},             /* CNTP_CVAL */
		{0x04, 12 << 1, "ipi"},                         /* ICC_SGI1R */
		{0x03, 2 << 17 | 7 << 10 | 6 << 1 | 1, "set-way"},
		{0x03, 1 << 17 | 7 << 10 | 6 << 1, NULL}, /* DCIMVAC */
		{0x05, 2 << 17 | 7 << 10 | 6 << 1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tl_profile *profile = new_profile();
		struct tl_advice advice[8];

		add(profile, TL_CLASS_EC + cases[i].ec, cases[i].iss, 0x1000, 100,
			TL_HANDLER_KERNEL);
		assert_int_equal(tl_advice_of(profile, advice, 8), cases[i].rule != NULL);
		if (cases[i].rule)
			assert_string_equal(advice[0].rule->name, cases[i].rule);
		end(profile);
	}
}

static void test_most_exits_first(void **state)
{
	struct tl_profile *profile = new_profile();
	struct tl_advice advice[8];

	(void)state;
	add(profile, SYS64, DC_CISW, 0x1000, 100, TL_HANDLER_KERNEL);
	add(profile, SYS64, DC_CISW, 0x2000, 200, TL_HANDLER_KERNEL);
	add(profile, DABT, UART_FR, 0x3000, 500, TL_HANDLER_USER);
	add(profile, SYS64, PFR0, 0x4000, 200, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 2);
	assert_string_equal(advice[0].rule->name, "uart-poll");
	assert_int_equal(advice[0].exits, 500);
	assert_true(advice[0].share > 49.9 && advice[0].share < 50.1);
	assert_string_equal(advice[1].rule->name, "set-way");
	assert_int_equal(advice[1].exits, 300);
	assert_int_equal(advice[1].pc, 0x2000);
	assert_int_equal(advice[1].at_pc, 200);
	assert_int_equal(tl_advice_of(profile, advice, 1), 1);
	end(profile);
}

static void test_thresholds(void **state)
{
	struct tl_profile *profile = new_profile();
	struct tl_advice advice[8];

	(void)state;
	/* Too few of too many. */
	add(profile, SYS64, DC_CISW, 0x1000, 15, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 0);
	add(profile, SYS64, DC_CISW, 0x1004, 1, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 1);
	add(profile, SYS64, PFR0, 0x4000, 1000, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 0);
	end(profile);
}

static void test_faults_by_size(void **state)
{
	struct tl_profile *profile = new_profile();
	struct tl_advice advice[8];

	(void)state;
	add(profile, DABT, BLOCK, 0x1000, 1000, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 0);
	add(profile, DABT, PAGE, 0x1000, 1000, TL_HANDLER_KERNEL);
	assert_int_equal(tl_advice_of(profile, advice, 8), 1);
	assert_string_equal(advice[0].rule->name, "small-pages");
	assert_int_equal(advice[0].exits, 1000);
	end(profile);
}

static void test_one_undescribed_access_is_enough(void **state)
{
	struct tl_profile *profile = new_profile();
	struct tl_advice advice[8];

	(void)state;
	add(profile, SYS64, PFR0, 0x4000, 100000, TL_HANDLER_KERNEL);
	add(profile, DABT, NO_ISV, 0x1000, 1, TL_HANDLER_USER);
	assert_int_equal(tl_advice_of(profile, advice, 8), 1);
	assert_string_equal(advice[0].rule->name, "nisv");
	end(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_are_whole),
		cmocka_unit_test(test_guide_is_up_to_date),
		cmocka_unit_test(test_aarch32),
		cmocka_unit_test(test_most_exits_first),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_faults_by_size),
		cmocka_unit_test(test_one_undescribed_access_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
