/* SPDX-License-Identifier: MIT */
/*
 * Functions that guests call: names from the documents, both forms of the same
 * function, and by owner what has no name.
 * Links: trace/decode/smccc.c
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/hypercall.h"
#include "trace/decode/smccc.h"

#define SMC64 0x40000000u

static void expect_name(uint32_t function, const char *name)
{
	char buffer[48];

	assert_string_equal(tl_smccc_name(function, buffer, sizeof(buffer)), name);
}

static void test_names(void **state)
{
	static const struct {
		uint32_t function;
		const char *name;
	} known[] = {
		{0x80000000, "SMCCC VERSION"},
		{0x80000001, "SMCCC ARCH_FEATURES"},
		{0x80008000, "SMCCC ARCH_WORKAROUND_1"},
		{0x80003fff, "SMCCC ARCH_WORKAROUND_3"},
		{0x84000000, "PSCI VERSION"},
		{0x84000001, "PSCI CPU_SUSPEND"},
		{0x84000003, "PSCI CPU_ON"},
		{0x84000004, "PSCI AFFINITY_INFO"},
		{0x84000008, "PSCI SYSTEM_OFF"},
		{0x8400000a, "PSCI PSCI_FEATURES"},
		{0x8400000e, "PSCI SYSTEM_SUSPEND"},
		{0x84000014, "PSCI MEM_PROTECT_CHECK_RANGE"},
		{0x84000050, "TRNG VERSION"},
		{0x84000053, "TRNG RND"},
		{0x85000020, "PV_TIME_FEATURES"},
		{0x86000001, "KVM PTP"},
		{0x8600ff01, "KVM CALL_UID"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(known); i++) {
		expect_name(known[i].function, known[i].name);
		expect_name(known[i].function | SMC64, known[i].name);
	}
}

/* Ours have only the 64-bit form, which the table does not keep. */
static void test_own(void **state)
{
	(void)state;
	expect_name(TL_HVC_VERSION, "Trapline VERSION");
	expect_name(TL_HVC_PUTCHAR, "Trapline PUTCHAR");
}

/* Arm DEN0028, 2.5: who a function belongs to; the number stays as the guest wrote it. */
static void test_owners(void **state)
{
	static const char *const owners[] = {"SMCCC arch", "CPU", "SiP", "OEM", "standard",
		"standard hyp", "vendor hyp", "other", "other"};
	char expected[48];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(owners); i++) {
		uint32_t function = 0x80000abcu | i << 24;

		snprintf(expected, sizeof(expected), "%s 0x%08x", owners[i], function);
		expect_name(function, expected);
		snprintf(expected, sizeof(expected), "%s 0x%08x", owners[i], function | SMC64);
		expect_name(function | SMC64, expected);
	}
	/* Trusted applications and operating systems */
	expect_name(0xb0000000, "other 0xb0000000");
	expect_name(0xbf00ff01, "other 0xbf00ff01");
	expect_name(0xffffffff, "other 0xffffffff");
}

/* Not a fast call: no owner, and none of the names, whose numbers it may have. */
static void test_no_fast_call(void **state)
{
	(void)state;
	expect_name(0x04000003, "function 0x04000003");
	expect_name(0x44000003, "function 0x44000003");
	expect_name(0x00000001, "function 0x00000001");
	expect_name(0, "function 0x00000000");
}

static void test_buffer(void **state)
{
	char buffer[6];

	(void)state;
	assert_string_equal(tl_smccc_name(0x12345678, buffer, sizeof(buffer)), "funct");
	assert_string_equal(tl_smccc_name(0x82000000, buffer, sizeof(buffer)), "SiP 0");
	assert_string_equal(tl_smccc_name(0x84000003, NULL, 0), "PSCI CPU_ON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_no_fast_call),
		cmocka_unit_test(test_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
