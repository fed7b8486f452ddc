/* SPDX-License-Identifier: MIT */
/*
 * System registers by the syndrome of a trapped access: encodings as DDI 0487 has
 * them, whatever Rt and direction are, and what has no name.
 * Links: trace/decode/sysreg.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/decode/sysreg.h"

/* DDI 0487, ISS encoding of an exception from MSR, MRS, or System instruction execution. */
static uint32_t iss_of(
	unsigned int op0, unsigned int op1, unsigned int crn, unsigned int crm, unsigned int op2)
{
	return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | crm << 1;
}

#define RT   (31u << 5)
#define READ 1u

static const struct {
	const char *name;
	unsigned int op0, op1, crn, crm, op2;
} known[] = {
	{"MIDR_EL1", 3, 0, 0, 0, 0},
	{"SCTLR_EL1", 3, 0, 1, 0, 0},
	{"ACTLR_EL1", 3, 0, 1, 0, 1},
	{"TTBR0_EL1", 3, 0, 2, 0, 0},
	{"ID_AA64PFR0_EL1", 3, 0, 0, 4, 0},
	{"ID_AA64MMFR2_EL1", 3, 0, 0, 7, 2},
	{"ICC_SGI1R_EL1", 3, 0, 12, 11, 5},
	{"ICC_EOIR1_EL1", 3, 0, 12, 12, 1},
	{"CLIDR_EL1", 3, 1, 0, 0, 1},
	{"CSSELR_EL1", 3, 2, 0, 0, 0},
	{"CTR_EL0", 3, 3, 0, 0, 1},
	{"PMCR_EL0", 3, 3, 9, 12, 0},
	{"CNTP_CTL_EL0", 3, 3, 14, 2, 1},
	{"CNTV_CTL_EL0", 3, 3, 14, 3, 1},
	{"OSLAR_EL1", 2, 0, 1, 0, 4},
	{"MDSCR_EL1", 2, 0, 0, 2, 2},
	{"DC ISW", 1, 0, 7, 6, 2},
	{"DC CISW", 1, 0, 7, 14, 2},
	{"DC CIVAC", 1, 3, 7, 14, 1},
	{"TLBI VMALLE1IS", 1, 0, 8, 3, 0},
	{"IC IALLU", 1, 0, 7, 5, 0},
};

static uint32_t known_iss(unsigned int i)
{
	return iss_of(known[i].op0, known[i].op1, known[i].crn, known[i].crm, known[i].op2);
}

static void expect_name(uint32_t iss, const char *name)
{
	char buffer[32];

	assert_string_equal(tl_sysreg_name(iss, buffer, sizeof(buffer)), name);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(known); i++)
		expect_name(known_iss(i), known[i].name);
}

/* Whoever asks may have all of the syndrome, ESR_ELx.IL and EC too. */
static void test_rest_does_not_matter(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(known); i++) {
		expect_name(known_iss(i) | READ, known[i].name);
		expect_name(known_iss(i) | RT, known[i].name);
		expect_name(known_iss(i) | 0x62000000u | RT | READ, known[i].name);
	}
}

static void test_direction(void **state)
{
	uint32_t iss = iss_of(3, 3, 0, 0, 1);

	(void)state;
	assert_true(tl_sysreg_is_read(iss | READ));
	assert_false(tl_sysreg_is_read(iss));
	assert_false(tl_sysreg_is_read(iss | RT));
}

/* What is left to the CPU's makers (CRn 11 and 15) has no names: each number at its place. */
static void test_no_name(void **state)
{
	(void)state;
	expect_name(iss_of(3, 0, 15, 2, 0), "S3_0_C15_C2_0");
	expect_name(iss_of(3, 7, 15, 15, 7), "S3_7_C15_C15_7");
	expect_name(iss_of(3, 1, 11, 2, 5) | RT | READ, "S3_1_C11_C2_5");
	expect_name(iss_of(1, 6, 15, 9, 3), "S1_6_C15_C9_3");
}

/* The last of the table, and what lies before and behind all of it. */
static void test_ends(void **state)
{
	(void)state;
	expect_name(iss_of(3, 5, 13, 0, 7), "SCXTNUM_EL12");
	expect_name(iss_of(0, 0, 0, 0, 0), "S0_0_C0_C0_0");
	expect_name(iss_of(3, 7, 15, 15, 7) | RT | READ, "S3_7_C15_C15_7");
}

static void test_small_buffer(void **state)
{
	char buffer[5] = "xxxx";

	(void)state;
	assert_string_equal(tl_sysreg_name(iss_of(3, 0, 15, 2, 0), buffer, sizeof(buffer)), "S3_0");
	/* A name of the table needs no buffer. */
	assert_string_equal(tl_sysreg_name(iss_of(3, 3, 0, 0, 1), NULL, 0), "CTR_EL0");
}

/* Every encoding has a name, and hundreds have one of their own. */
static void test_all(void **state)
{
	unsigned int named = 0;

	(void)state;
	for (uint32_t key = 0; key < 1u << 16; key++) {
		uint32_t iss = (key >> 14 & 3) << 20 | (key >> 11 & 7) << 17 |
			       (key >> 8 & 7) << 14 | (key >> 4 & 15) << 10 | (key & 15) << 1;
		char buffer[32] = "";
		const char *name = tl_sysreg_name(iss, buffer, sizeof(buffer));

		assert_true(name[0]);
		if (name == buffer)
			assert_int_equal(name[0], 'S');
		else
			named++;
	}
	/* arch/arm64/tools/sysreg alone describes some hundreds. */
	assert_in_range(named, 400, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rest_does_not_matter),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
