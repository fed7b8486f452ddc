/* SPDX-License-Identifier: MIT */
/*
 * The decoders of loads and stores: forms that stand for others, addresses, what is unpredictable
 * or not allocated, any word at all; and docs/nisv.md has the tables.
 * Links: vmm/arch/arm64/insn/insn.c vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch/arm64/insn/insn.h"

static struct tl_insn_access decode(enum tl_insn_set set, uint32_t word)
{
	struct tl_insn_access access;

	tl_insn_decode(set, word, &access);
	return access;
}

/*
 * What a word must be; with 0x1000 in the base and 0x20 in the index, where its first byte is, and
 * what the base is afterwards.
 */
struct expectation {
	uint32_t word;
	enum tl_insn_kind kind;
	bool is_write, is_simd, is_signed;
	unsigned int size, count, width, first, second;
	uint64_t address, base; /* base: 0, no write-back */
};

#define NOT(word, kind)                                                                            \
	{                                                                                          \
		word, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                           \
	}
#define LOAD(word, size, count, first, second, address, base)                                      \
	{                                                                                          \
		word, TL_INSN_ACCESS, 0, 0, 0, size, count, 4, first, second, address, base        \
	}
#define STORE(word, size, count, first, second, address, base)                                     \
	{                                                                                          \
		word, TL_INSN_ACCESS, 1, 0, 0, size, count, 4, first, second, address, base        \
	}

static const struct expectation a64[] = {
	/* ldr x4, [x2], #8; ldrsb w4, [x2, #-1]!; ldrsw x4, [x2, x3]; str w4, [x2, w3, sxtw #2] */
	{0xf8408444, TL_INSN_ACCESS, 0, 0, 0, 8, 1, 8, 4, 0, 0x1000, 0x1008},
	{0x38dffc44, TL_INSN_ACCESS, 0, 0, 1, 1, 1, 4, 4, 0, 0xfff, 0xfff},
	{0xb8a36844, TL_INSN_ACCESS, 0, 0, 1, 4, 1, 8, 4, 0, 0x1020, 0},
	{0xb823d844, TL_INSN_ACCESS, 1, 0, 0, 4, 1, 4, 4, 0, 0x1080, 0},
	/* ldp w4, w5, [x2, #-8]!; ldpsw x4, x5, [x2], #8; stp q4, q5, [x2, #32]; stnp x4, xzr, [x2]
	 */
	{0x29ff1444, TL_INSN_ACCESS, 0, 0, 0, 4, 2, 4, 4, 5, 0xff8, 0xff8},
	{0x68c11444, TL_INSN_ACCESS, 0, 0, 1, 4, 2, 8, 4, 5, 0x1000, 0x1008},
	{0xad011444, TL_INSN_ACCESS, 1, 1, 0, 16, 2, 8, 4, 5, 0x1020, 0},
	{0xa8007c44, TL_INSN_ACCESS, 1, 0, 0, 8, 2, 8, 4, 31, 0x1000, 0},
	/* ldr q4, [x2, #16]; ldar x4, [x2]; ldapr w4, [x2]; ldapur x4, [x2, #-4]; ldtr x4, [x2, #1]
	 */
	{0x3dc00444, TL_INSN_ACCESS, 0, 1, 0, 16, 1, 8, 4, 0, 0x1010, 0},
	{0xc8dffc44, TL_INSN_ACCESS, 0, 0, 0, 8, 1, 8, 4, 0, 0x1000, 0},
	{0xb8bfc044, TL_INSN_ACCESS, 0, 0, 0, 4, 1, 4, 4, 0, 0x1000, 0},
	{0xd95fc044, TL_INSN_ACCESS, 0, 0, 0, 8, 1, 8, 4, 0, 0xffc, 0},
	{0xf8401844, TL_INSN_ACCESS, 0, 0, 0, 8, 1, 8, 4, 0, 0x1001, 0},
	/* ld2 {v31.8h-v0.8h}, [x2], x3; st3 {v4.s-v6.s}[1], [x2], #12; ld1r {v4.2d}, [x2] */
	{0x4cc3845f, TL_INSN_ACCESS, 0, 1, 0, 2, 16, 0, 31, 0, 0x1000, 0x1020},
	{0x0d9fb044, TL_INSN_ACCESS, 1, 1, 0, 4, 3, 0, 4, 5, 0x1000, 0x100c},
	{0x4d40cc44, TL_INSN_ACCESS, 0, 1, 0, 8, 1, 0, 4, 0, 0x1000, 0},
	/* prfm pldl1keep, [x2]; dc zva, x3 */
	NOT(0xf9800040, TL_INSN_HINT),
	{0xd50b7423, TL_INSN_ZERO, 1, 0, 0, 0, 0, 0, 0, 0, 0x1020, 0},
	/* ldxr, stlxp, casal, ldadd, swp, ldraa, stg, stgp, cpyfp, ld64b, SVE's ldr */
	NOT(0xc85f7c44, TL_INSN_REFUSED),
	NOT(0xc8258444, TL_INSN_REFUSED),
	NOT(0xc8e4fc45, TL_INSN_REFUSED),
	NOT(0xb8240045, TL_INSN_REFUSED),
	NOT(0xf8248045, TL_INSN_REFUSED),
	NOT(0xf8200444, TL_INSN_REFUSED),
	NOT(0xd9200844, TL_INSN_REFUSED),
	NOT(0x69000444, TL_INSN_REFUSED),
	NOT(0x19010440, TL_INSN_REFUSED),
	NOT(0xf83fd044, TL_INSN_REFUSED),
	NOT(0x85804044, TL_INSN_REFUSED),
	/* Not allocated: LDRSW of V, LDTR of V, PRFM with write-back, index by bytes, LD2 of 1D. */
	NOT(0xfd800044, TL_INSN_NONE),
	NOT(0xfc400844, TL_INSN_NONE),
	NOT(0xf8800444, TL_INSN_NONE),
	NOT(0xf8630844, TL_INSN_NONE),
	NOT(0x0c408c44, TL_INSN_NONE),
	/* nop, add, mrs */
	NOT(0xd503201f, TL_INSN_NONE),
	NOT(0x8b030044, TL_INSN_NONE),
	NOT(0xd53bd044, TL_INSN_NONE),
};

static const struct expectation a32[] = {
	/* ldr r4, [r2], #-8; strb r4, [r2, #1]!; ldr r4, [r2, -r3, lsl #2]!; ldrt r4, [r2], r3 */
	LOAD(0xe4124008, 4, 1, 4, 0, 0x1000, 0xff8),
	STORE(0xe5e24001, 1, 1, 4, 0, 0x1001, 0x1001),
	LOAD(0xe7324103, 4, 1, 4, 0, 0xf80, 0xf80),
	LOAD(0xe6b24003, 4, 1, 4, 0, 0x1000, 0x1020),
	/* ldr r4, [r2, r3, lsr #32]; asr #32; ror #4; rrx, with carry */
	LOAD(0xe7924023, 4, 1, 4, 0, 0x1000, 0),
	LOAD(0xe7924043, 4, 1, 4, 0, 0x1000, 0),
	LOAD(0xe7924263, 4, 1, 4, 0, 0x1002, 0),
	LOAD(0xe7924063, 4, 1, 4, 0, 0x80001010, 0),
	/* strh r4, [r2, #-0x23]; ldrh r4, [r2], r3; ldrsb r4, [r2, #0x12]!; ldrsh r4, [r2, -r3] */
	STORE(0xe14242b3, 2, 1, 4, 0, 0xfdd, 0),
	LOAD(0xe09240b3, 2, 1, 4, 0, 0x1000, 0x1020),
	{0xe1f241d2, TL_INSN_ACCESS, 0, 0, 1, 1, 1, 4, 4, 0, 0x1012, 0x1012},
	{0xe11240f3, TL_INSN_ACCESS, 0, 0, 1, 2, 1, 4, 4, 0, 0xfe0, 0},
	/* ldrd r4, r5, [r2, #8]!; strd r4, r5, [r2], -r3 */
	LOAD(0xe1e240d8, 4, 2, 4, 5, 0x1008, 0x1008),
	STORE(0xe00240f3, 4, 2, 4, 5, 0x1000, 0xfe0),
	/* ldmia r2!, {r4, r9}; stmdb r2!, {r4, r9}; ldmib r2, {r4, r9}; stmda r2!, {r4, lr} */
	LOAD(0xe8b20210, 4, 2, 4, 9, 0x1000, 0x1008),
	STORE(0xe9220210, 4, 2, 4, 9, 0xff8, 0xff8),
	LOAD(0xe9920210, 4, 2, 4, 9, 0x1004, 0),
	STORE(0xe8224010, 4, 2, 4, 14, 0xffc, 0xff8),
	/* vldr d17, [r2, #-8]; vstr s5, [r2, #4]; vldmia r2!, {d8-d9}; vstmdb r2!, {s1-s2} */
	{0xed521b02, TL_INSN_ACCESS, 0, 1, 0, 8, 1, 0, 8, 0, 0xff8, 0},
	{0xedc22a01, TL_INSN_ACCESS, 1, 1, 0, 4, 1, 0, 1, 0, 0x1004, 0},
	{0xecb28b04, TL_INSN_ACCESS, 0, 1, 0, 8, 2, 0, 4, 4, 0x1000, 0x1010},
	{0xed620a02, TL_INSN_ACCESS, 1, 1, 0, 4, 2, 0, 0, 0, 0xff8, 0xff8},
	/* lda r4, [r2]; stlh r4, [r2] */
	LOAD(0xe1924c9f, 4, 1, 4, 0, 0x1000, 0),
	STORE(0xe1e2fc94, 2, 1, 4, 0, 0x1000, 0),
	/* pld; ldrex, swp, vld1, rfe, ldm with ^, ldc; ldr pc, ldm {pc} */
	NOT(0xf5d2f000, TL_INSN_HINT),
	NOT(0xe1924f9f, TL_INSN_REFUSED),
	NOT(0xe1024094, TL_INSN_REFUSED),
	NOT(0xf422078f, TL_INSN_REFUSED),
	NOT(0xf8b20a00, TL_INSN_REFUSED),
	NOT(0xe8d28010, TL_INSN_REFUSED),
	NOT(0xed925e01, TL_INSN_REFUSED),
	NOT(0xe592f000, TL_INSN_REFUSED),
	NOT(0xe8b28010, TL_INSN_REFUSED),
	/* ldrd of an odd register, an empty list, write-back to PC; mul, mov, mcrr */
	NOT(0xe1c250d0, TL_INSN_NONE),
	NOT(0xe8b20000, TL_INSN_NONE),
	NOT(0xe5bf4004, TL_INSN_NONE),
	NOT(0xe0020394, TL_INSN_NONE),
	NOT(0xe1a02003, TL_INSN_NONE),
	NOT(0xec432f1e, TL_INSN_NONE),
};

static const struct expectation t32[] = {
	/* str r4, [r2, r3]; ldrsh r4, [r2, r3]; ldrb r4, [r2, #1]; strh r4, [r2, #2]; ldr r4, [r2,
	   #4] */
	STORE(0x50d4, 4, 1, 4, 0, 0x1020, 0),
	{0x5ed4, TL_INSN_ACCESS, 0, 0, 1, 2, 1, 4, 4, 0, 0x1020, 0},
	LOAD(0x7854, 1, 1, 4, 0, 0x1001, 0),
	STORE(0x8054, 2, 1, 4, 0, 0x1002, 0),
	LOAD(0x6854, 4, 1, 4, 0, 0x1004, 0),
	/* ldr r4, [sp, #8]; push {r4, lr}; pop {r4, r5}; stmia r2!, {r4, r5}; ldmia r2, {r2, r4} */
	LOAD(0x9c02, 4, 1, 4, 0, 0x1008, 0),
	STORE(0xb510, 4, 2, 4, 14, 0xff8, 0xff8),
	LOAD(0xbc30, 4, 2, 4, 5, 0x1000, 0x1008),
	STORE(0xc230, 4, 2, 4, 5, 0x1000, 0x1008),
	LOAD(0xca14, 4, 2, 2, 4, 0x1000, 0),
	/* ldr.w r4, [r2], #-8; strb.w r4, [r2, #1]!; ldrh.w r4, [r2, r3, lsl #3]; ldrsb.w r4, [r2,
	   #0xfff] */
	LOAD(0xf8524908, 4, 1, 4, 0, 0x1000, 0xff8),
	STORE(0xf8024f01, 1, 1, 4, 0, 0x1001, 0x1001),
	LOAD(0xf8324033, 2, 1, 4, 0, 0x1100, 0),
	{0xf9924fff, TL_INSN_ACCESS, 0, 0, 1, 1, 1, 4, 4, 0, 0x1fff, 0},
	/* ldrt r4, [r2, #4]; ldrd r4, r9, [r2, #-8]!; strd r4, r9, [r2], #8; ldmdb r2!, {r4, r9} */
	LOAD(0xf8524e04, 4, 1, 4, 0, 0x1004, 0),
	LOAD(0xe9724902, 4, 2, 4, 9, 0xff8, 0xff8),
	STORE(0xe8e24902, 4, 2, 4, 9, 0x1000, 0x1008),
	LOAD(0xe9320210, 4, 2, 4, 9, 0xff8, 0xff8),
	/* stmia.w r2!, {r4, r9}; ldab r4, [r2]; vldr d1, [r2, #8] */
	STORE(0xe8a20210, 4, 2, 4, 9, 0x1000, 0x1008),
	LOAD(0xe8d24f8f, 1, 1, 4, 0, 0x1000, 0),
	{0xed921b02, TL_INSN_ACCESS, 0, 1, 0, 8, 1, 0, 0, 0, 0x1008, 0},
	/* pld; ldrex, ldaexb, tbb, vld1, rfe, pop {pc}, ldr.w pc */
	NOT(0xf892f000, TL_INSN_HINT),
	NOT(0xe8524f00, TL_INSN_REFUSED),
	NOT(0xe8d24fcf, TL_INSN_REFUSED),
	NOT(0xe8d2f003, TL_INSN_REFUSED),
	NOT(0xf922078f, TL_INSN_REFUSED),
	NOT(0xe992c000, TL_INSN_REFUSED),
	NOT(0xbd10, TL_INSN_REFUSED),
	NOT(0xf8d2f000, TL_INSN_REFUSED),
	/* a store of PC, a literal one, sp in a list; bl, mov */
	NOT(0xf8c2f000, TL_INSN_NONE),
	NOT(0xf8cf4000, TL_INSN_NONE),
	NOT(0xe8b22010, TL_INSN_NONE),
	NOT(0xf000f800, TL_INSN_NONE),
	NOT(0x461a, TL_INSN_NONE),
};

static void check(enum tl_insn_set set, const struct expectation *e)
{
	struct tl_insn_access access = decode(set, e->word);
	struct tl_insn_operands operands = {
		.base = 0x1000,
		.index = 0x20,
		.carry = true,
		.is_32bit = set != TL_INSN_A64,
	};
	uint64_t address, base;

	assert_int_equal(access.kind, e->kind);
	assert_int_equal(access.length, set == TL_INSN_T32 && e->word < 0x10000 ? 2 : 4);
	if (access.kind < TL_INSN_ZERO) {
		assert_int_equal(access.why != NULL, access.kind == TL_INSN_REFUSED);
		return;
	}
	tl_insn_address(&access, &operands, &address, &base);
	assert_int_equal(address, e->address);
	assert_int_equal(access.is_write, e->is_write);
	if (access.kind == TL_INSN_ZERO)
		return;
	assert_int_equal(access.writeback ? base : 0, e->base);
	assert_int_equal(access.is_simd, e->is_simd);
	assert_int_equal(access.is_signed, e->is_signed);
	assert_int_equal(access.size, e->size);
	assert_int_equal(access.count, e->count);
	assert_int_equal(access.elements[0].reg, e->first);
	if (e->count > 1)
		assert_int_equal(access.elements[1].reg, e->second);
	if (!e->is_simd && !e->is_write)
		assert_int_equal(access.width, e->width);
}

static void test_expectations(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a64); i++)
		check(TL_INSN_A64, &a64[i]);
	for (size_t i = 0; i < ARRAY_LEN(a32); i++)
		check(TL_INSN_A32, &a32[i]);
	for (size_t i = 0; i < ARRAY_LEN(t32); i++)
		check(TL_INSN_T32, &t32[i]);
}

/* A word of the form, whatever the bits are that it leaves open. */
static void check_any(enum tl_insn_set set, uint32_t word)
{
	struct tl_insn_access access = decode(set, word);
	unsigned int bytes = (unsigned int)access.size * access.count;

	assert_in_range(access.kind, TL_INSN_NONE, TL_INSN_ACCESS);
	if (access.kind != TL_INSN_NONE)
		assert_non_null(access.name);
	assert_int_equal(access.why != NULL, access.kind == TL_INSN_REFUSED);
	if (access.kind != TL_INSN_ACCESS)
		return;
	assert_in_range(access.count, 1, TL_INSN_ELEMENTS);
	assert_true(access.size <= 16 && (access.size & (access.size - 1)) == 0);
	assert_true(bytes <= 128);
	assert_true(access.is_simd || access.size <= 8);
	assert_true(access.base <= TL_INSN_PC && access.index < 32);
	for (unsigned int i = 0; i < access.count; i++) {
		assert_true(
			access.elements[i].reg < (set == TL_INSN_A64 || access.is_simd ? 32 : 16));
		assert_true(access.elements[i].lane + access.size <= 16);
		assert_true(access.is_simd || access.elements[i].lane == 0);
	}
}

static uint32_t noise(void)
{
	return (uint32_t)random() << 16 ^ (uint32_t)random();
}

static void test_any_word(void **state)
{
	(void)state;
	srandom(1);
	for (int set = 0; set < TL_INSN_SETS; set++) {
		size_t count;
		const struct tl_insn_form *forms = tl_insn_forms((enum tl_insn_set)set, &count);

		for (size_t f = 0; f < count; f++) {
			assert_int_equal(forms[f].value & ~forms[f].mask, 0);
			for (int i = 0; i < 5000; i++)
				check_any((enum tl_insn_set)set,
					forms[f].value | (noise() & ~forms[f].mask));
		}
		for (int i = 0; i < 200000; i++)
			check_any((enum tl_insn_set)set, noise());
	}
	for (uint32_t word = 0; word < 0x10000; word++)
		check_any(TL_INSN_T32, word);
}

/* No form is hidden by those before it. */
static void test_all_forms_are_found(void **state)
{
	(void)state;
	srandom(1);
	for (int set = 0; set < TL_INSN_SETS; set++) {
		size_t count;
		const struct tl_insn_form *forms = tl_insn_forms((enum tl_insn_set)set, &count);

		for (size_t f = 0; f < count; f++) {
			bool found = !forms[f].name;

			for (int i = 0; i < 100000 && !found; i++) {
				uint32_t word = forms[f].value | (noise() & ~forms[f].mask);

				found = decode((enum tl_insn_set)set, word).name == forms[f].name;
			}
			if (!found)
				fail_msg("never found: %s", forms[f].name);
		}
	}
}

/* docs/nisv.md has each form in a row, in the order of the tables, and no other rows. */
static void test_documented(void **state)
{
	FILE *file = fopen("docs/nisv.md", "r");
	char line[512], row[512] = "";
	size_t count = 0, next = 0;
	const struct tl_insn_form *forms = NULL;
	int set = -1;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "## ", 3)) {
			assert_int_equal(next, count);
			forms = tl_insn_forms((enum tl_insn_set)++ set, &count);
			next = 0;
		}
		if (line[0] != '|' || !strcmp(line, "| instructions | |\n") ||
			!strcmp(line, "| --- | --- |\n"))
			continue;
		while (next < count && !forms[next].name)
			next++;
		assert_true(next < count);
		snprintf(row, sizeof(row), "| %s | %s%s |\n", forms[next].name,
			forms[next].why ? "refused: " : "done",
			forms[next].why ? forms[next].why : "");
		assert_string_equal(line, row);
		next++;
	}
	assert_int_equal(next, count);
	assert_int_equal(set, TL_INSN_SETS - 1);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_any_word),
		cmocka_unit_test(test_all_forms_are_found),
		cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
