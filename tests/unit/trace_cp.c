/* SPDX-License-Identifier: MIT */
/*
 * What 32-bit guests access, by the syndrome: encodings as DDI 0487 and IHI 0069 have
 * them, in every class, from the syndrome to the detail to the name.
 * Links: trace/decode/cp.c trace/profile/event_detail.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/vm_desc.h"
#include "trace/decode/cp.h"
#include "trace/decode/detail.h"
#include "trace/profile/event_detail.h"

#define CP15 TL_CLASS_CP15_32
#define CP14 TL_CLASS_CP14_MR

#define READ 1u

/* DDI 0487: ISS encoding of an exception from an MCR or MRC access. */
static uint32_t mcr(unsigned int opc1, unsigned int crn, unsigned int crm, unsigned int opc2)
{
	return opc2 << 17 | opc1 << 14 | crn << 10 | crm << 1;
}

/* ... from an MCRR or MRRC access. */
static uint32_t mcrr(unsigned int opc1, unsigned int crm)
{
	return opc1 << 16 | crm << 1;
}

static const struct {
	const char *name;
	unsigned int exit_class, opc1, crn, crm, opc2;
} registers[] = {
	{"MIDR", CP15, 0, 0, 0, 0},
	{"CTR", CP15, 0, 0, 0, 1},
	{"TCMTR", CP15, 0, 0, 0, 2},
	{"TLBTR", CP15, 0, 0, 0, 3},
	{"MPIDR", CP15, 0, 0, 0, 5},
	{"ID_PFR1", CP15, 0, 0, 1, 1},
	{"ID_MMFR3", CP15, 0, 0, 1, 7},
	{"ID_MMFR4", CP15, 0, 0, 2, 6},
	{"ID_ISAR6", CP15, 0, 0, 2, 7},
	{"CCSIDR", CP15, 1, 0, 0, 0},
	{"CLIDR", CP15, 1, 0, 0, 1},
	{"AIDR", CP15, 1, 0, 0, 7},
	{"CSSELR", CP15, 2, 0, 0, 0},
	{"SCTLR", CP15, 0, 1, 0, 0},
	{"CPACR", CP15, 0, 1, 0, 2},
	{"TTBCR2", CP15, 0, 2, 0, 3},
	{"DACR", CP15, 0, 3, 0, 0},
	{"DLR", CP15, 3, 4, 5, 1},
	{"ICC_PMR", CP15, 0, 4, 6, 0},
	{"IFSR", CP15, 0, 5, 0, 1},
	{"AIFSR", CP15, 0, 5, 1, 1},
	{"IFAR", CP15, 0, 6, 0, 2},
	{"PAR", CP15, 0, 7, 4, 0},
	{"PMCR", CP15, 0, 9, 12, 0},
	{"PMXEVCNTR", CP15, 0, 9, 13, 2},
	{"PMOVSSET", CP15, 0, 9, 14, 3},
	{"NMRR/MAIR1", CP15, 0, 10, 2, 1},
	{"ICC_BPR0", CP15, 0, 12, 8, 3},
	{"ICC_AP0R0", CP15, 0, 12, 8, 4},
	{"ICC_AP0R3", CP15, 0, 12, 8, 7},
	{"ICC_AP1R3", CP15, 0, 12, 9, 3},
	{"ICC_DIR", CP15, 0, 12, 11, 1},
	{"ICC_EOIR1", CP15, 0, 12, 12, 1},
	{"ICC_IGRPEN1", CP15, 0, 12, 12, 7},
	{"CONTEXTIDR", CP15, 0, 13, 0, 1},
	{"TPIDRPRW", CP15, 0, 13, 0, 4},
	{"CNTFRQ", CP15, 0, 14, 0, 0},
	{"CNTP_CTL", CP15, 0, 14, 2, 1},
	{"CNTV_TVAL", CP15, 0, 14, 3, 0},
	{"PMEVCNTR0", CP15, 0, 14, 8, 0},
	{"PMEVCNTR9", CP15, 0, 14, 9, 1},
	{"PMEVCNTR30", CP15, 0, 14, 11, 6},
	{"PMEVTYPER0", CP15, 0, 14, 12, 0},
	{"PMEVTYPER30", CP15, 0, 14, 15, 6},
	{"PMCCFILTR", CP15, 0, 14, 15, 7},
	{"DBGDIDR", CP14, 0, 0, 0, 0},
	{"DBGDTRRXext", CP14, 0, 0, 0, 2},
	{"DBGBVR0", CP14, 0, 0, 0, 4},
	{"DBGBCR5", CP14, 0, 0, 5, 5},
	{"DBGWVR3", CP14, 0, 0, 3, 6},
	{"DBGWCR15", CP14, 0, 0, 15, 7},
	{"DBGDSCRint", CP14, 0, 0, 1, 0},
	{"DBGDSCRext", CP14, 0, 0, 2, 2},
	{"DBGWFAR", CP14, 0, 0, 6, 0},
	{"DBGVCR", CP14, 0, 0, 7, 0},
	{"DBGDRAR", CP14, 0, 1, 0, 0},
	{"DBGBXVR4", CP14, 0, 1, 4, 1},
	{"DBGOSLAR", CP14, 0, 1, 0, 4},
	{"DBGOSLSR", CP14, 0, 1, 1, 4},
	{"DBGOSDLR", CP14, 0, 1, 3, 4},
	{"DBGPRCR", CP14, 0, 1, 4, 4},
	{"DBGDEVID", CP14, 0, 7, 2, 7},
	{"DBGCLAIMCLR", CP14, 0, 7, 9, 6},
	{"DBGAUTHSTATUS", CP14, 0, 7, 14, 6},
	{"JIDR", CP14, 7, 0, 0, 0},
};

static const struct {
	const char *name;
	unsigned int crn, crm, opc2;
} operations[] = {
	{"ICIALLUIS", 7, 1, 0},
	{"ICIALLU", 7, 5, 0},
	{"BPIMVA", 7, 5, 7},
	{"CFPRCTX", 7, 3, 4},
	{"CPPRCTX", 7, 3, 7},
	{"DCISW", 7, 6, 2},
	{"ATS1CPR", 7, 8, 0},
	{"DCCSW", 7, 10, 2},
	{"CP15DSB", 7, 10, 4},
	{"DCCMVAU", 7, 11, 1},
	{"DCCIMVAC", 7, 14, 1},
	{"DCCISW", 7, 14, 2},
	{"TLBIALLIS", 8, 3, 0},
	{"TLBIMVAAIS", 8, 3, 3},
	{"ITLBIALL", 8, 5, 0},
	{"DTLBIASID", 8, 6, 2},
	{"TLBIASID", 8, 7, 2},
	{"TLBIMVAAL", 8, 7, 7},
};

static const struct {
	const char *name;
	unsigned int exit_class, opc1, crm;
} pairs[] = {
	{"TTBR0", TL_CLASS_CP15_64, 0, 2},
	{"TTBR1", TL_CLASS_CP15_64, 1, 2},
	{"PAR", TL_CLASS_CP15_64, 0, 7},
	{"PMCCNTR", TL_CLASS_CP15_64, 0, 9},
	{"ICC_SGI1R", TL_CLASS_CP15_64, 0, 12},
	{"ICC_ASGI1R", TL_CLASS_CP15_64, 1, 12},
	{"ICC_SGI0R", TL_CLASS_CP15_64, 2, 12},
	{"CNTPCT", TL_CLASS_CP15_64, 0, 14},
	{"CNTVCT", TL_CLASS_CP15_64, 1, 14},
	{"CNTP_CVAL", TL_CLASS_CP15_64, 2, 14},
	{"CNTV_CVAL", TL_CLASS_CP15_64, 3, 14},
	{"CNTVCTSS", TL_CLASS_CP15_64, 9, 14},
	{"DBGDRAR", TL_CLASS_CP14_64, 0, 1},
	{"DBGDSAR", TL_CLASS_CP14_64, 0, 2},
};

static void expect_name(unsigned int exit_class, uint64_t detail, const char *name)
{
	char buffer[48];

	assert_string_equal(tl_cp_name(exit_class, detail, buffer, sizeof(buffer)), name);
}

/* The detail of an exit with that syndrome. */
static uint64_t detail_of(unsigned int exit_class, uint64_t esr)
{
	static const struct tl_vm_map none;
	const struct tl_event event = {.kind = TL_EVENT_EXIT, .esr = esr};

	return tl_event_detail(&none, &event, exit_class);
}

static uint64_t detail_of_mcr(unsigned int exit_class, uint32_t iss)
{
	const uint64_t rest = UINT64_C(0x2000000) | 1u << 24 | 14u << 20 | 31u << 5;

	/* EC, IL, CV, COND and Rt */
	assert_int_equal(
		detail_of(exit_class, (uint64_t)(exit_class - TL_CLASS_EC) << 26 | rest | iss),
		iss);
	expect_name(exit_class, iss, tl_cp_name(exit_class, rest | iss, (char[48]){0}, 48));
	return iss;
}

static void test_registers(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(registers); i++) {
		unsigned int c = registers[i].exit_class;
		uint32_t iss = mcr(
			registers[i].opc1, registers[i].crn, registers[i].crm, registers[i].opc2);

		expect_name(c, detail_of_mcr(c, iss), registers[i].name);
		expect_name(c, detail_of_mcr(c, iss | READ), registers[i].name);
		assert_false(tl_cp_is_operation(c, iss));
		assert_false(tl_cp_is_read(c, iss));
		assert_true(tl_cp_is_read(c, iss | READ));
	}
}

static void test_operations(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(operations); i++) {
		uint32_t iss = mcr(0, operations[i].crn, operations[i].crm, operations[i].opc2);

		expect_name(CP15, detail_of_mcr(CP15, iss), operations[i].name);
		assert_true(tl_cp_is_operation(CP15, iss));
		/* DBGCLAIMSET and the like have CRn 7 too. */
		assert_false(tl_cp_is_operation(CP14, iss));
	}
}

static void test_pairs(void **state)
{
	const uint64_t rest = UINT64_C(0x2000000) | 1u << 24 | 14u << 20 | 17u << 10 | 3u << 5;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(pairs); i++) {
		unsigned int c = pairs[i].exit_class;
		uint32_t iss = mcrr(pairs[i].opc1, pairs[i].crm);

		/* IL, CV, COND, Rt2 and Rt are not looked at. */
		assert_int_equal(detail_of(c, rest | iss | READ), iss | READ);
		assert_int_equal(detail_of(c, rest | iss), iss);
		expect_name(c, iss, pairs[i].name);
		expect_name(c, rest | iss | READ, pairs[i].name);
		assert_true(tl_cp_is_read(c, iss | READ));
		assert_false(tl_cp_is_read(c, iss));
		assert_false(tl_cp_is_operation(c, iss));
		/* Rt2 is where MCR has CRn. */
		assert_false(tl_cp_is_operation(c, iss | 7 << 10));
	}
}

/* Where one is read, the other one is written. */
static void test_transfer(void **state)
{
	uint32_t iss = mcr(0, 0, 5, 0);

	(void)state;
	expect_name(CP14, iss | READ, "DBGDTRRXint");
	expect_name(CP14, iss, "DBGDTRTXint");
}

/* ISS encoding of an exception from an LDC or STC: the direction is that of memory. */
static void test_load_store(void **state)
{
	const uint64_t rest = UINT64_C(0x2000000) | 1u << 24 | 14u << 20 | 0xffu << 12 | 9u << 5 |
			      1u << 4 | 5u << 1;
	uint64_t store = detail_of(TL_CLASS_CP14_LS, rest);
	uint64_t load = detail_of(TL_CLASS_CP14_LS, rest | READ);

	(void)state;
	/* However it is addressed, and never 0. */
	assert_int_equal(store, UINT64_C(0x2000000));
	assert_int_equal(load, UINT64_C(0x2000000) | READ);
	expect_name(TL_CLASS_CP14_LS, store, "DBGDTRRXint");
	assert_true(tl_cp_is_read(TL_CLASS_CP14_LS, store));
	expect_name(TL_CLASS_CP14_LS, load, "DBGDTRTXint");
	assert_false(tl_cp_is_read(TL_CLASS_CP14_LS, load));
	assert_false(tl_cp_is_operation(TL_CLASS_CP14_LS, load));
}

/* The register is in CRn; Opc1 is that of the instruction. */
static void test_vmrs(void **state)
{
	static const struct {
		unsigned int reg;
		const char *name;
	} known[] = {{0, "FPSID"}, {5, "MVFR2"}, {6, "MVFR1"}, {7, "MVFR0"}, {8, "FPEXC"}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(known); i++) {
		expect_name(TL_CLASS_CP10_ID, mcr(7, known[i].reg, 0, 0) | READ, known[i].name);
		expect_name(TL_CLASS_CP10_ID,
			detail_of_mcr(TL_CLASS_CP10_ID, mcr(0, known[i].reg, 0, 0) | READ),
			known[i].name);
	}
	assert_true(tl_cp_is_read(TL_CLASS_CP10_ID, mcr(7, 7, 0, 0) | READ));
	assert_false(tl_cp_is_operation(TL_CLASS_CP10_ID, mcr(7, 7, 0, 0) | READ));
	assert_false(tl_cp_is_operation(TL_CLASS_CP10_ID, mcr(7, 8, 0, 0) | READ));
}

/* As an assembler writes it, each number at its place. */
static void test_no_name(void **state)
{
	(void)state;
	expect_name(CP15, mcr(0, 15, 2, 0), "p15, 0, c15, c2, 0");
	expect_name(CP15, mcr(1, 9, 0, 2) | READ, "p15, 1, c9, c0, 2");
	expect_name(CP15, UINT64_MAX, "p15, 7, c15, c15, 7");
	expect_name(CP14, mcr(1, 0, 2, 3), "p14, 1, c0, c2, 3");
	expect_name(CP14, mcr(0, 1, 0, 0) | 4 << 14, "p14, 4, c1, c0, 0");
	expect_name(TL_CLASS_CP15_64, mcrr(15, 4), "p15, 15, c4");
	expect_name(TL_CLASS_CP15_64, 0, "p15, 0, c0");
	expect_name(TL_CLASS_CP14_64, mcrr(3, 15) | READ, "p14, 3, c15");
	expect_name(TL_CLASS_CP10_ID, mcr(7, 9, 0, 0) | READ, "p10, 7, c9, c0, 0");
	/* The same of another coprocessor or width */
	expect_name(CP14, mcr(0, 13, 0, 1), "p14, 0, c13, c0, 1");
	expect_name(TL_CLASS_CP14_64, mcrr(0, 9), "p14, 0, c9");
}

/* Series end where they do, and belong to one coprocessor and Opc1. */
static void test_series(void **state)
{
	(void)state;
	expect_name(CP15, mcr(0, 14, 11, 7), "p15, 0, c14, c11, 7");
	expect_name(CP15, mcr(0, 12, 9, 4), "p15, 0, c12, c9, 4");
	expect_name(CP15, mcr(1, 14, 8, 0), "p15, 1, c14, c8, 0");
	expect_name(CP14, mcr(0, 14, 8, 0), "p14, 0, c14, c8, 0");
	expect_name(CP14, mcr(0, 1, 0, 2), "p14, 0, c1, c0, 2");
	expect_name(CP14, mcr(0, 0, 0, 3), "p14, 0, c0, c0, 3");
	expect_name(CP15, mcr(0, 13, 6, 3), "AMEVTYPER03");
	expect_name(CP15, mcr(0, 13, 15, 7), "AMEVTYPER115");
}

/* Every encoding is written somehow, and some hundreds have a name of their own. */
static void test_all(void **state)
{
	unsigned int named = 0;

	(void)state;
	for (uint32_t i = 0; i < 1u << 15; i++) {
		uint32_t iss = mcr(i >> 12, i >> 8 & 15, i >> 4 & 15, 0) | (i & 7) << 17;
		unsigned int c = i & 8 ? CP14 : CP15;
		char buffer[48];
		const char *name = tl_cp_name(c, iss, buffer, sizeof(buffer));

		assert_true(name[0]);
		named += name[0] != 'p';
	}
	assert_in_range(named, 300, 600);
}

static void test_other_class(void **state)
{
	(void)state;
	for (unsigned int c = 0; c <= TL_CLASS_COUNT; c++) {
		if (c != CP15 && c != CP14 && c != TL_CLASS_CP15_64 && c != TL_CLASS_CP14_64 &&
			c != TL_CLASS_CP10_ID && c != TL_CLASS_CP14_LS)
			expect_name(c, mcr(0, 1, 0, 0), "");
	}
}

static void test_small_buffer(void **state)
{
	char buffer[8] = "xxxxxxx";

	(void)state;
	assert_string_equal(tl_cp_name(CP15, mcr(0, 15, 2, 0), buffer, 5), "p15,");
	assert_string_equal(tl_cp_name(TL_CLASS_CP15_64, mcrr(15, 4), buffer, 4), "p15");
	assert_string_equal(tl_cp_name(CP15, mcr(0, 14, 11, 6), buffer, sizeof(buffer)), "PMEVCNT");
	assert_string_equal(tl_cp_name(CP14, mcr(0, 0, 5, 5), buffer, 1), "");
	/* Beyond it, nothing was written. */
	assert_int_equal(buffer[1], 'M');
	/* A name of the table needs none. */
	assert_string_equal(tl_cp_name(CP15, mcr(0, 1, 0, 0), NULL, 0), "SCTLR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_transfer),
		cmocka_unit_test(test_load_store),
		cmocka_unit_test(test_vmrs),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_other_class),
		cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
