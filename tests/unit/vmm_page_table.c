/* SPDX-License-Identifier: MIT */
/*
 * Page tables: those of machine lab for each granule, walked by what walks a guest's.
 *
 * Links: vmm/arch/arm64/page_table.c vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c
 * Links: vmm/core/mem.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/arch/arm64/page_table.h"
#include "vmm/arch/arm64/walk.h"
#include "vmm/core/mem.h"

#define RAM   UINT64_C(0x200000)
#define PLAIN (TL_PT_INNER_SHAREABLE | TL_PT_ACCESSED)

static const struct tl_pt_format format4 = {12, 48};
static const struct tl_pt_format format16 = {14, 47};
static const struct tl_pt_format format64 = {16, 48};
static const struct tl_pt_format format32 = {12, 32};

static struct tl_mem mem;

static int set_up(void **state)
{
	(void)state;
	return tl_mem_init(&mem, 0, RAM);
}

static int tear_down(void **state)
{
	(void)state;
	tl_mem_fini(&mem);
	return 0;
}

static uint64_t word(uint64_t at)
{
	uint64_t value;

	memcpy(&value, tl_mem_at(&mem, at, 8), 8);
	return value;
}

static struct tl_walk_result walked;

/* The way that the MMU takes. Returns where it ends, or UINT64_MAX: nowhere. */
static uint64_t walk(const struct tl_pt_format *format, uint64_t root, uint64_t va)
{
	const struct tl_walk_memory memory = {.ram = &mem};
	bool is32 = format->va_bits == 32;
	uint64_t tg0 = format->granule_shift == 12 ? 0 : format->granule_shift == 16 ? 1 : 2;
	/* TTBCR.EAE; else T0SZ, TG0 and 48 bits in TCR_EL1.IPS. */
	struct tl_walk_regs regs = {.el1_32bit = is32,
		.sctlr = 1,
		.tcr = is32 ? UINT64_C(1) << 31
			    : (64 - format->va_bits) | tg0 << 14 | UINT64_C(5) << 32,
		.ttbr0 = root};

	return tl_walk(&regs, &memory, va, &walked, NULL, NULL) ? UINT64_MAX : walked.gpa;
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(tl_pt_start(&format4), 0);
	assert_int_equal(tl_pt_start(&format16), 1);
	assert_int_equal(tl_pt_start(&format64), 1);
	assert_int_equal(tl_pt_start(&format32), 1);
	assert_int_equal(tl_pt_span(&format4, 0), UINT64_C(1) << 39);
	assert_int_equal(tl_pt_span(&format4, 2), 0x200000);
	assert_int_equal(tl_pt_span(&format16, 2), 0x2000000);
	assert_int_equal(tl_pt_span(&format64, 2), 0x20000000);
	assert_int_equal(tl_pt_span(&format64, 3), 0x10000);
}

/* What the first laboratory is about: three pages, and a block of 2 MiB. */
static void test_block(void **state)
{
	struct tl_pt pt;

	(void)state;
	memset(mem.host, 0xff, 0x8000);
	assert_int_equal(tl_pt_init(&pt, &mem, &format4, 0x2000, 3), 0);
	assert_int_equal(tl_pt_map(&pt, 0, 0, RAM, 2, PLAIN), 0);
	assert_int_equal(pt.tables, 3);
	assert_int_equal(word(0x2000), 0x3003);
	assert_int_equal(word(0x3000), 0x4003);
	assert_int_equal(word(0x4000), 0x701);
	/* Nothing else is in them, nor touched around them. */
	for (uint64_t at = 0x2008; at < 0x5000; at += 8)
		assert_int_equal(word(at), at == 0x3000 ? 0x4003 : at == 0x4000 ? 0x701 : 0);
	assert_int_equal(word(0x1ff8), UINT64_MAX);
	assert_int_equal(word(0x5000), UINT64_MAX);

	assert_int_equal(walk(&format4, 0x2000, 0x123456), 0x123456);
	assert_int_equal(walked.shift, 21);
	assert_int_equal(walked.descriptor, 0x701);
	assert_true(walked.writable);
	assert_int_equal(walk(&format4, 0x2000, RAM), UINT64_MAX);
}

/* Every page is found where it is, whatever the granule. */
static void test_pages(void **state)
{
	static const struct {
		const struct tl_pt_format *format;
		uint64_t root;
		unsigned int tables;
	} cases[] = {{&format4, 0x2000, 4}, {&format16, 0x4000, 3}, {&format64, 0x10000, 3},
		{&format32, 0x2000, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t size = tl_pt_span(cases[i].format, 3);
		struct tl_pt pt;

		assert_int_equal(tl_pt_init(&pt, &mem, cases[i].format, cases[i].root, 4), 0);
		assert_int_equal(tl_pt_map(&pt, 0, 0x40000000, RAM, 3, PLAIN), 0);
		assert_int_equal(pt.tables, cases[i].tables);
		for (uint64_t va = 0; va < RAM; va += size) {
			assert_int_equal(walk(cases[i].format, pt.root, va + 5), 0x40000005 + va);
			assert_int_equal(walked.level, 3);
		}
	}
}

static void test_refused(void **state)
{
	struct tl_pt pt;

	(void)state;
	assert_int_equal(tl_pt_init(&pt, &mem, &format4, RAM, 3), -EFAULT);
	assert_int_equal(tl_pt_init(&pt, &mem, &format4, 0x2000, 2), 0);
	assert_int_equal(tl_pt_map(&pt, 0, 0, RAM, 2, PLAIN), -ENOSPC);
	assert_int_equal(tl_pt_init(&pt, &mem, &format4, 0x2000, 4), 0);
	assert_int_equal(tl_pt_map(&pt, 0x1000, 0, RAM, 2, PLAIN), -EINVAL);
	assert_int_equal(tl_pt_map(&pt, 0, 0, RAM, 2, PLAIN), 0);
	assert_int_equal(tl_pt_map(&pt, 0, 0, RAM, 2, PLAIN), -EINVAL);
	assert_int_equal(tl_pt_map(&pt, 0, 0, 0x1000, 3, PLAIN), -EINVAL);
	assert_int_equal(tl_pt_init(&pt, &mem, &format32, 0x2000, 4), 0);
	assert_int_equal(tl_pt_map(&pt, 0, 0, UINT64_C(1) << 39, 0, PLAIN), -EINVAL);
	assert_int_equal(tl_pt_map(&pt, UINT64_C(1) << 32, 0, RAM, 2, PLAIN), -EINVAL);
}

static void test_text(void **state)
{
	char text[160];

	(void)state;
	tl_pt_describe(&format4, 0x3003, 0, text, sizeof(text));
	assert_string_equal(text, "table at 0x3000");
	tl_pt_describe(&format4, 0x701, 2, text, sizeof(text));
	assert_string_equal(text, "block of 2 MiB at 0x0");
	tl_pt_describe(&format4, UINT64_C(0x600000002004c7), 3, text, sizeof(text));
	assert_string_equal(text, "page of 4 KiB at 0x200000");
	/* The last level knows no blocks. */
	tl_pt_describe(&format4, 0x701, 3, text, sizeof(text));
	assert_string_equal(text, "invalid");
	tl_pt_attributes(0x701, text, sizeof(text));
	assert_string_equal(text, "AttrIndx 0; AP 0, EL1 may write; SH 3, inner shareable; AF 1; "
				  "PXN 0, UXN 0");
	tl_pt_attributes(UINT64_C(0x600000002004c7), text, sizeof(text));
	assert_string_equal(text, "AttrIndx 1; AP 3, EL1 and EL0 may read; SH 0, not shareable; "
				  "AF 1; PXN 1, UXN 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test_setup_teardown(test_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
