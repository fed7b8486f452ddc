/* SPDX-License-Identifier: MIT */
/*
 * The walk of a guest's page tables: every granule and format, faults on each level, tables
 * where there is no memory, and registers and tables that are noise.
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/core/mem.c
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/arch/arm64/walk.h"
#include "vmm/core/mem.h"

#define RAM        UINT64_C(0x40000000)
#define SIZE       (UINT64_C(4) << 20)
#define TABLE      UINT64_C(0x40100000)
#define BIT(n)     (UINT64_C(1) << (n))
#define MMU_ON     BIT(0)
#define PAGE_ATTRS (BIT(10) | BIT(6))

static struct tl_mem ram;
static const struct tl_walk_memory memory = {.ram = &ram};
static struct tl_walk_step steps[8];
static unsigned int step_count;

static int setup(void **state)
{
	(void)state;
	return tl_mem_init(&ram, RAM, SIZE);
}

static int teardown(void **state)
{
	(void)state;
	tl_mem_fini(&ram);
	return 0;
}

static void note(void *opaque, const struct tl_walk_step *step)
{
	assert_ptr_equal(opaque, steps);
	assert_true(step_count < ARRAY_LEN(steps));
	steps[step_count++] = *step;
}

static enum tl_walk_fault walk(
	const struct tl_walk_regs *regs, uint64_t va, struct tl_walk_result *result)
{
	step_count = 0;
	return tl_walk(regs, &memory, va, result, note, steps);
}

static void put(uint64_t gpa, uint64_t descriptor)
{
	assert_int_equal(tl_mem_write(&ram, gpa, &descriptor, 8), 0);
}

static void put32(uint64_t gpa, uint32_t descriptor)
{
	assert_int_equal(tl_mem_write(&ram, gpa, &descriptor, 4), 0);
}

struct form {
	unsigned int granule, input;
	bool upper;
	uint64_t tcr;    /* but for TnSZ and TGn */
	int first;       /* level */
	uint64_t blocks; /* bit n + 1: level n has blocks */
};

#define IPS48 (UINT64_C(5) << 32)
#define IPS52 (UINT64_C(6) << 32)
#define DS    BIT(59)

static const struct form forms[] = {
	{12, 48, false, IPS48, 0, 0xc},
	{12, 48, true, IPS48, 0, 0xc},
	{12, 39, false, IPS48, 1, 0xc},
	{12, 40, true, IPS48, 0, 0xc},
	{12, 36, false, IPS48, 1, 0xc},
	{12, 30, false, IPS48, 2, 0xc},
	{12, 25, true, IPS48, 2, 0xc},
	{12, 52, false, IPS52 | DS, -1, 0xe},
	{12, 52, true, IPS52 | DS, -1, 0xe},
	{14, 48, false, IPS48, 0, 0x8},
	{14, 47, true, IPS48, 1, 0x8},
	{14, 36, false, IPS48, 2, 0x8},
	{14, 52, false, IPS52 | DS, 0, 0xc},
	{16, 48, false, IPS48, 1, 0x8},
	{16, 42, true, IPS48, 2, 0x8},
	{16, 52, false, IPS52, 1, 0xc},
};

static struct tl_walk_regs form_regs(const struct form *form)
{
	uint64_t lower_tg = form->granule == 12 ? 0 : form->granule == 14 ? 2 : 1;
	uint64_t upper_tg = form->granule == 12 ? 2 : form->granule == 14 ? 1 : 3;
	struct tl_walk_regs regs = {.sctlr = MMU_ON, .tcr = form->tcr};

	if (form->upper) {
		regs.tcr |= upper_tg << 30 | (64 - form->input) << 16 | BIT(7);
		regs.ttbr1 = TABLE | UINT64_C(0xab) << 48 | 1;
	} else {
		regs.tcr |= lower_tg << 14 | (64 - form->input) | BIT(23);
		regs.ttbr0 = TABLE | UINT64_C(0xab) << 48 | 1;
	}
	return regs;
}

/* Where the table of a level is: each in its own 64 KiB. */
static uint64_t table_of(const struct form *form, int level)
{
	return TABLE + (uint64_t)(level - form->first) * 0x10000;
}

/* Maps the page or block that ends the walk at `last`. Returns the shift of its size. */
static unsigned int map(const struct form *form, uint64_t va, uint64_t desc, int last)
{
	unsigned int shift = 0;
	unsigned int top = form->input;

	for (int level = form->first; level <= last; level++) {
		uint64_t index;

		shift = form->granule + (form->granule - 3) * (unsigned int)(3 - level);
		index = va >> shift & (BIT(top - shift) - 1);
		put(table_of(form, level) + 8 * index,
			level < last ? table_of(form, level + 1) | 3 : desc | (level == 3 ? 3 : 1));
		top = shift;
	}
	return shift;
}

static void check_form(const struct form *form)
{
	struct tl_walk_regs regs = form_regs(form);
	uint64_t va = UINT64_C(0x000a5a5a5a5a5a5a) & (BIT(form->input) - 1);
	struct tl_walk_result result;

	if (form->upper)
		va |= ~(BIT(form->input) - 1);
	for (int last = form->first; last <= 3; last++) {
		bool is_leaf = last == 3 || form->blocks & BIT(last + 1);
		unsigned int shift = map(form, va, PAGE_ATTRS, last);
		uint64_t out = UINT64_C(0x0000012340000000) & ~(BIT(shift) - 1);
		enum tl_walk_fault fault;

		map(form, va, PAGE_ATTRS | out, last);
		fault = walk(&regs, va, &result);
		assert_int_equal(fault, is_leaf ? TL_WALK_OK : TL_WALK_TRANSLATION);
		assert_int_equal(result.level, last);
		assert_int_equal(step_count, last - form->first + 1);
		assert_int_equal(steps[step_count - 1].kind, last == 3 ? TL_WALK_PAGE
							     : is_leaf ? TL_WALK_BLOCK
								       : TL_WALK_INVALID);
		if (is_leaf) {
			assert_int_equal(result.gpa, out | (va & (BIT(shift) - 1)));
			assert_int_equal(result.shift, shift);
			assert_true(result.writable && result.user_writable);
		}
		map(form, va, 0, last);
		assert_int_equal(walk(&regs, va, &result),
			is_leaf ? TL_WALK_ACCESS_FLAG : TL_WALK_TRANSLATION);
		memset(ram.host, 0, SIZE);
		assert_int_equal(walk(&regs, va, &result), TL_WALK_TRANSLATION);
		assert_int_equal(result.level, form->first);
	}
	/* One bit beyond the range, the other range, and a tag with and without TBI. */
	assert_int_equal(walk(&regs, va ^ BIT(form->input), &result), TL_WALK_TRANSLATION);
	assert_int_equal(step_count, 0);
	assert_int_equal(walk(&regs, va ^ BIT(55), &result), TL_WALK_TRANSLATION);
	assert_int_equal(step_count, 0);
	map(form, va, PAGE_ATTRS, 3);
	assert_int_equal(walk(&regs, va ^ BIT(60), &result), TL_WALK_TRANSLATION);
	regs.tcr |= BIT(form->upper ? 38 : 37);
	assert_int_equal(walk(&regs, va ^ BIT(60), &result), TL_WALK_OK);
	memset(ram.host, 0, SIZE);
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		check_form(&forms[i]);
}

/* Addresses of 52 bits are in other places of a descriptor. */
static void test_wide_addresses(void **state)
{
	static const struct form four = {12, 52, false, IPS52 | DS, -1, 0xe};
	static const struct form sixty = {16, 52, false, IPS52, 1, 0xc};
	struct tl_walk_regs regs = form_regs(&four);
	struct tl_walk_result result;

	(void)state;
	map(&four, 0x5000, PAGE_ATTRS | UINT64_C(3) << 48 | UINT64_C(2) << 8 | 0x7000, 3);
	assert_int_equal(walk(&regs, 0x5123, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, UINT64_C(2) << 50 | UINT64_C(3) << 48 | 0x7123);
	memset(ram.host, 0, SIZE);
	regs = form_regs(&sixty);
	map(&sixty, 0x50000, PAGE_ATTRS | UINT64_C(0x70000) | UINT64_C(0xa) << 12, 3);
	assert_int_equal(walk(&regs, 0x51234, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, UINT64_C(0xa) << 48 | 0x71234);
	memset(ram.host, 0, SIZE);
	/* Where the table is, too. */
	regs.ttbr0 |= 4;
	assert_int_equal(walk(&regs, 0x51234, &result), TL_WALK_OUTSIDE);
	assert_int_equal(steps[0].table, TABLE | UINT64_C(1) << 48);
	assert_int_equal(steps[0].kind, TL_WALK_NO_MEMORY);
}

static void test_faults(void **state)
{
	static const struct form form = {12, 39, false, 0, 1, 0xc};
	struct tl_walk_regs regs = form_regs(&form);
	struct tl_walk_result result;

	(void)state;
	/* IPS = 0: 32 bits. */
	map(&form, 0x5000, PAGE_ATTRS | UINT64_C(1) << 32, 3);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_ADDRESS_SIZE);
	put(table_of(&form, 1), UINT64_C(0x09000000) | 3);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OUTSIDE);
	assert_int_equal(result.level, 2);
	put(table_of(&form, 1), UINT64_C(1) << 40 | 3);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_ADDRESS_SIZE);
	/* EPD0, a reserved granule, sizes that are none. */
	map(&form, 0x5000, PAGE_ATTRS, 3);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	regs.tcr |= BIT(7);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_TRANSLATION);
	regs.tcr = form_regs(&form).tcr | UINT64_C(3) << 14;
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_TRANSLATION);
	regs.tcr = BIT(23) | 63;
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_TRANSLATION);
	regs.tcr = BIT(23) | 12;
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_TRANSLATION);
	memset(ram.host, 0, SIZE);
}

static void test_permissions(void **state)
{
	static const struct form form = {12, 39, false, IPS48, 1, 0xc};
	struct tl_walk_regs regs = form_regs(&form);
	struct tl_walk_result result;

	(void)state;
	map(&form, 0x5000, BIT(10) | BIT(7), 3);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	assert_true(result.readable && !result.writable && !result.user_readable);
	/* The CPU would make it writable. */
	map(&form, 0x5000, BIT(51) | BIT(7) | BIT(6), 3);
	regs.tcr |= BIT(39) | BIT(40);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	assert_true(result.writable && result.user_writable);
	/* A table says no. */
	put(table_of(&form, 1), table_of(&form, 2) | 3 | BIT(61));
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	assert_true(result.writable && !result.user_readable && !result.user_writable);
	put(table_of(&form, 1), table_of(&form, 2) | 3 | BIT(62));
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	assert_true(!result.writable && result.user_readable && !result.user_writable);
	regs.tcr |= BIT(41);
	assert_int_equal(walk(&regs, 0x5000, &result), TL_WALK_OK);
	assert_true(result.user_writable);
	memset(ram.host, 0, SIZE);
}

static void test_off(void **state)
{
	struct tl_walk_regs regs = {.tcr = BIT(37)};
	struct tl_walk_result result;

	(void)state;
	assert_int_equal(walk(&regs, UINT64_C(0x9900000012345678), &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x12345678);
	assert_int_equal(result.shift, 64);
	assert_int_equal(step_count, 0);
	regs.tcr = 0;
	assert_int_equal(walk(&regs, UINT64_C(0x9900000012345678), &result), TL_WALK_ADDRESS_SIZE);
	regs.el1_32bit = true;
	assert_int_equal(walk(&regs, UINT64_C(0x9900000012345678), &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x12345678);
}

/* Big-endian tables, and tables in flash. */
static void test_endian_and_flash(void **state)
{
	static const struct form form = {12, 39, false, IPS48, 1, 0xc};
	struct tl_walk_regs regs = form_regs(&form);
	struct tl_walk_result result;
	struct tl_mem flash;
	const struct tl_walk_memory both = {&ram, &flash};
	uint64_t block = UINT64_C(0x80000000) | PAGE_ATTRS | 1;

	(void)state;
	put(TABLE + 16, __builtin_bswap64(block));
	assert_int_equal(walk(&regs, 0x80001234, &result), TL_WALK_TRANSLATION);
	regs.sctlr |= BIT(25);
	assert_int_equal(walk(&regs, 0x80001234, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x80001234);
	assert_int_equal(result.descriptor, block);
	memset(ram.host, 0, SIZE);

	regs.sctlr = MMU_ON;
	regs.ttbr0 = 0x1000;
	assert_int_equal(tl_mem_init(&flash, 0, 0x10000), 0);
	assert_int_equal(tl_mem_write(&flash, 0x1010, &block, 8), 0);
	assert_int_equal(walk(&regs, 0x80001234, &result), TL_WALK_OUTSIDE);
	assert_int_equal(tl_walk(&regs, &both, 0x80001234, &result, NULL, NULL), TL_WALK_OK);
	tl_mem_fini(&flash);
}

/* AArch32 with long descriptors: which of the two tables. */
static void test_long_32(void **state)
{
	struct tl_walk_regs regs = {.el1_32bit = true, .sctlr = MMU_ON, .tcr = BIT(31)};
	struct tl_walk_result result;

	(void)state;
	regs.ttbr0 = TABLE;
	regs.ttbr1 = TABLE + 0x1000;
	put(TABLE + 8 * 3, UINT64_C(0xff40000000) | PAGE_ATTRS | 1);
	put(TABLE + 0x1000 + 8 * 3, UINT64_C(0x80000000) | PAGE_ATTRS | 1);
	assert_int_equal(walk(&regs, 0xc0001234, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, UINT64_C(0xff40001234));
	/* T1SZ = 1: the upper half is the other's, which starts at level 1 with two entries. */
	regs.tcr |= UINT64_C(1) << 16;
	put(TABLE + 0x1000 + 8, UINT64_C(0xc0000000) | PAGE_ATTRS | 1);
	assert_int_equal(walk(&regs, 0xc0001234, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0xc0001234);
	assert_int_equal(walk(&regs, 0x40001234, &result), TL_WALK_TRANSLATION);
	assert_int_equal(steps[0].table, TABLE);
	/* T0SZ = 3, T1SZ = 0: what is not in the lowest eighth. */
	regs.tcr = BIT(31) | 3;
	assert_int_equal(walk(&regs, 0xc0001234, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, UINT64_C(0x80001234));
	assert_int_equal(walk(&regs, 0x10000000, &result), TL_WALK_TRANSLATION);
	assert_int_equal(steps[0].level, 2);
	/* A gap between both. */
	regs.tcr = BIT(31) | 3 | UINT64_C(3) << 16;
	assert_int_equal(walk(&regs, 0x80001234, &result), TL_WALK_TRANSLATION);
	assert_int_equal(step_count, 0);
	memset(ram.host, 0, SIZE);
}

static void test_short(void **state)
{
	struct tl_walk_regs regs = {.el1_32bit = true,
		.sctlr = MMU_ON,
		.ttbr0 = TABLE | 0x6a,
		.ttbr1 = (TABLE + 0x8000) | 0x6a};
	struct tl_walk_result result;

	(void)state;
	/* A section that EL1 may write and EL0 may read. */
	put32(TABLE + 4 * 0x123, 0x45600000 | 2u << 10 | 2);
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x45645678);
	assert_int_equal(result.shift, 20);
	assert_true(result.writable && result.user_readable && !result.user_writable);
	/* A supersection above 4 GiB, read-only. */
	put32(TABLE + 4 * 0x123, 0x45b00000 | 1u << 18 | 5u << 5 | 1u << 15 | 1u << 10 | 2);
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, UINT64_C(0x5b45345678));
	assert_true(result.readable && !result.writable && !result.user_readable);
	/* A table with a small page, a large one, and none. */
	put32(TABLE + 4 * 0x123, (uint32_t)TABLE | 0x4000 | 1);
	put32(TABLE + 0x4000 + 4 * 0x45, 0x9000 | 3u << 4 | 2);
	put32(TABLE + 0x4000 + 4 * 0x50, 0xa0000 | 3u << 4 | 1);
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x9678);
	assert_true(result.user_writable);
	assert_int_equal(step_count, 2);
	assert_int_equal(steps[0].kind, TL_WALK_TABLE);
	assert_int_equal(walk(&regs, 0x12350678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0xa0678);
	assert_int_equal(result.shift, 16);
	assert_int_equal(walk(&regs, 0x12346678, &result), TL_WALK_TRANSLATION);
	assert_int_equal(result.level, 2);
	assert_int_equal(walk(&regs, 0x12445678, &result), TL_WALK_TRANSLATION);
	assert_int_equal(result.level, 1);
	/* SCTLR.AFE: bit 0 of AP is the access flag. */
	regs.sctlr |= BIT(29);
	put32(TABLE + 4 * 0x123, 0x45600000 | 2u << 10 | 2);
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_ACCESS_FLAG);
	/* TTBCR.N = 2: the lowest quarter is TTBR0's, whose table is smaller. */
	regs = (struct tl_walk_regs){.el1_32bit = true,
		.sctlr = MMU_ON,
		.tcr = 2,
		.ttbr0 = TABLE + 0x1000,
		.ttbr1 = TABLE + 0x8000};
	put32(TABLE + 0x1000 + 4 * 0x123, 0x77700000 | 3u << 10 | 2);
	put32(TABLE + 0x8000 + 4 * 0x523, 0x88800000 | 3u << 10 | 2);
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x77745678);
	assert_int_equal(walk(&regs, 0x52345678, &result), TL_WALK_OK);
	assert_int_equal(result.gpa, 0x88845678);
	regs.tcr |= BIT(5);
	assert_int_equal(walk(&regs, 0x52345678, &result), TL_WALK_TRANSLATION);
	assert_int_equal(step_count, 0);
	regs.ttbr0 = 0x1000;
	assert_int_equal(walk(&regs, 0x12345678, &result), TL_WALK_OUTSIDE);
	memset(ram.host, 0, SIZE);
}

static uint64_t noise(void)
{
	uint64_t value = 0;

	for (int i = 0; i < 5; i++)
		value = value << 15 ^ (uint64_t)random();
	return value;
}

/* Whatever is in registers and memory: it ends after few steps, and reads no other memory. */
static void test_noise(void **state)
{
	(void)state;
	srandom(1);
	for (uint64_t gpa = RAM; gpa < RAM + 0x20000; gpa += 8)
		put(gpa, (noise() & ~UINT64_C(0xffffc0000000)) | RAM | (random() & 1 ? 3 : 0));
	for (int i = 0; i < 200000; i++) {
		struct tl_walk_regs regs = {.el1_32bit = i % 3 == 0,
			.sctlr = noise() | MMU_ON,
			.tcr = noise(),
			.ttbr0 = RAM + (noise() & 0x1ffff),
			.ttbr1 = RAM + (noise() & 0x1ffff)};
		uint64_t va = i % 2 ? noise() : noise() >> (noise() & 63);
		struct tl_walk_result result;

		if (walk(&regs, va, &result) == TL_WALK_OK)
			assert_int_equal(result.gpa >> 52, 0);
		assert_true(step_count <= 5);
	}
	for (int i = 0; i <= TL_WALK_OUTSIDE; i++)
		assert_non_null(tl_walk_fault_text((enum tl_walk_fault)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_wide_addresses),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_endian_and_flash),
		cmocka_unit_test(test_long_32),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
