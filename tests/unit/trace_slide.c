/* SPDX-License-Identifier: MIT */
/*
 * KASLR: how far above where it was linked a kernel runs, from where its hypercalls came
 * from, and addresses looked up then.
 * Links: trace/profile/slide.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/symbols.c trace/decode/symbols_elf.c trace/decode/symbols_kallsyms.c
 * Links: tests/unit/fake_log.c
 * Libs: elf
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "trace/decode/esr.h"
#include "trace/profile/slide.h"

#define HVC (TL_CLASS_EC + 0x16)
#define SMC (TL_CLASS_EC + 0x17)
#define SYS (TL_CLASS_EC + 0x18)

#define TEXT        UINT64_C(0xffff800080000000)
#define SMC_AT      UINT64_C(0xffff80008001db80)
#define HVC_AT      UINT64_C(0xffff80008001dbb0)
#define INLINE_AT   UINT64_C(0xffff8000804493bc) /* has an HVC of its own */
#define SLIDE       UINT64_C(0x23a4c5610000)
#define OTHER_SLIDE UINT64_C(0x1fb100020000)

static const char map[] = "ffff800080000000 T _text\n"
			  "ffff80008001db80 T __arm_smccc_smc\n"
			  "ffff80008001dbb0 T __arm_smccc_hvc\n"
			  "ffff80008001dbe0 T next\n"
			  "ffff8000804493bc T inline\n";

struct fixture {
	struct tl_symbols *symbols;
	struct tl_details details;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return !f || tl_symbols_parse(&f->symbols, map, strlen(map)) || fake_log_reset(NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tl_details_fini(&f->details);
	tl_symbols_destroy(f->symbols);
	free(f);
	return 0;
}

static void add(struct fixture *f, unsigned int exit_class, uint64_t pc, uint64_t count)
{
	const struct tl_profile_detail detail = {
		.exit_class = exit_class, .pc = pc, .count = count};

	assert_int_equal(tl_details_add(&f->details, &detail), 0);
}

static void expect(const struct fixture *f, uint64_t address, const char *name, uint64_t at)
{
	uint64_t offset;

	assert_string_equal(tl_symbols_find(f->symbols, address, &offset), name);
	assert_int_equal(offset, at);
}

/* It is found to run there, and this is logged. */
static void expect_slide(struct fixture *f, uint64_t slide)
{
	assert_int_equal(tl_slide_set(f->symbols, &f->details), slide);
	assert_logged(TL_LOG_INFO, "KASLR: the guest kernel runs 0x", " above where it was linked");
	expect(f, HVC_AT + slide + 8, "__arm_smccc_hvc", 8);
}

static void expect_none(struct fixture *f)
{
	assert_int_equal(tl_slide_set(f->symbols, &f->details), 0);
	assert_nothing_logged();
	expect(f, HVC_AT + 8, "__arm_smccc_hvc", 8);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tl_slide_set(NULL, &f->details), 0);
	expect_none(f);
	/* These tell nothing, wherever they come from. */
	add(f, SYS, HVC_AT + SLIDE, 100);
	add(f, TL_CLASS_IRQ, HVC_AT + SLIDE, 100);
	expect_none(f);
}

static void test_is_call(void **state)
{
	(void)state;
	assert_true(tl_slide_is_call(HVC));
	assert_true(tl_slide_is_call(SMC));
	assert_false(tl_slide_is_call(HVC - 1));
	assert_false(tl_slide_is_call(SYS));
	assert_false(tl_slide_is_call(0x16));
}

static void test_slide(void **state)
{
	struct fixture *f = *state;

	add(f, HVC, HVC_AT + SLIDE + 8, 1);
	assert_int_equal(tl_slide_set(f->symbols, &f->details), SLIDE);
	assert_logged(TL_LOG_INFO,
		"KASLR: the guest kernel runs 0x23a4c5610000 above where it was linked");
	expect(f, TEXT + SLIDE, "_text", 0);
	/* Again, of the same symbols: where they are now does not matter. */
	expect_slide(f, SLIDE);
	f->details.list[0].pc = HVC_AT + OTHER_SLIDE + 8;
	expect_slide(f, OTHER_SLIDE);
	f->details.list[0].pc = HVC_AT + 8;
	expect_none(f);
}

/* Of both instructions, each by its own function. */
static void test_smc(void **state)
{
	struct fixture *f = *state;

	add(f, SMC, SMC_AT + SLIDE + 4, 10);
	expect_slide(f, SLIDE);
	add(f, HVC, HVC_AT + SLIDE + 8, 10);
	expect_slide(f, SLIDE);
	/* Just before the other function. */
	f->details.list[0].pc = f->details.list[1].pc = SMC_AT + SLIDE + 8;
	f->details.list[0].exit_class = HVC;
	expect_none(f);
}

/* The first 64 bytes of the function, at multiples of 64 KiB above it. */
static void test_place(void **state)
{
	struct fixture *f = *state;
	uint64_t *pc;

	add(f, HVC, 0, 1);
	pc = &f->details.list[0].pc;
	*pc = HVC_AT + SLIDE;
	expect_slide(f, SLIDE);
	*pc = HVC_AT + SLIDE + 63;
	expect_slide(f, SLIDE);
	*pc = HVC_AT + SLIDE + 64;
	expect_none(f);
	*pc = HVC_AT + SLIDE - 1;
	expect_none(f);
	*pc = HVC_AT + SLIDE + 0x1000;
	expect_none(f);
	/* Below, as where the MMU is off. */
	*pc = HVC_AT - 0x1000000;
	expect_none(f);
	*pc = 0x4021dbb8;
	expect_none(f);
	*pc = 0;
	expect_none(f);
	*pc = UINT64_MAX;
	expect_none(f);
}

/* Most of a Linux guest's calls may well be from elsewhere: those do not count. */
static void test_inline(void **state)
{
	struct fixture *f = *state;

	add(f, HVC, INLINE_AT + SLIDE + 0xb0, 1000);
	add(f, HVC, HVC_AT + SLIDE + 8, 3);
	expect_slide(f, SLIDE);
	/* But they must be where there are symbols then. */
	f->details.list[0].pc += OTHER_SLIDE;
	expect_none(f);
	/* Where it runs as it was linked, one may look as if it came from the function. */
	f->details.list[0].pc = HVC_AT + 0x30008;
	f->details.list[1].count = 0;
	expect_none(f);
}

/* A few others may disagree, by chance or from before the guest has rebooted. */
static void test_most(void **state)
{
	struct fixture *f = *state;

	add(f, HVC, HVC_AT + OTHER_SLIDE + 8, 20);
	add(f, HVC, HVC_AT + SLIDE + 8, 60);
	add(f, HVC, HVC_AT + OTHER_SLIDE + 0x70008, 20);
	add(f, HVC, 0, 1000); /* there was no room for their PCs */
	expect_slide(f, SLIDE);
	f->details.list[1].count = 41;
	expect_slide(f, SLIDE);
	f->details.list[1].count = 40;
	expect_none(f);
	f->details.list[0].count = UINT64_C(1) << 40;
	expect_slide(f, OTHER_SLIDE);
}

/* The vote is the same in whatever order they come. */
static void test_order(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 7; i++)
		add(f, HVC, HVC_AT + 8 + (i % 2 ? i * 0x10000 + OTHER_SLIDE : SLIDE), 5);
	for (unsigned int i = 0; i < 7; i++) {
		struct tl_profile_detail first = f->details.list[0];

		memmove(f->details.list, f->details.list + 1, 6 * sizeof(first));
		f->details.list[6] = first;
		expect_slide(f, SLIDE);
	}
}

static void test_no_function(void **state)
{
	struct fixture *f = *state;

	tl_symbols_destroy(f->symbols);
	assert_int_equal(tl_symbols_parse(&f->symbols, "00080000 T _start\n", 18), 0);
	add(f, HVC, HVC_AT + SLIDE, 10);
	assert_int_equal(tl_slide_set(f->symbols, &f->details), 0);
	assert_nothing_logged();
}

/* Looked up is what is above; what is where the MMU is off, and too low to be, stays. */
static void test_look_up(void **state)
{
	struct fixture *f = *state;
	uint64_t offset;

	tl_symbols_set_loaded(f->symbols, TEXT, 0x40200000, 0x1000000);
	tl_symbols_set_slide(f->symbols, SLIDE);
	expect(f, TEXT + SLIDE + 4, "_text", 4);
	expect(f, 0x40200004, "_text", 4);
	expect(f, 0x4021dbb8, "__arm_smccc_hvc", 8);
	assert_null(tl_symbols_find(f->symbols, TEXT + 4, &offset));
	assert_null(tl_symbols_find(f->symbols, 0x41200000, &offset));
	assert_int_equal(tl_symbols_linked(f->symbols, HVC_AT + SLIDE + 8), HVC_AT + 8);
	assert_int_equal(tl_symbols_linked(f->symbols, 0x4021dbb8), HVC_AT + 8);
	assert_int_equal(tl_symbols_linked(f->symbols, 0x8000), 0x8000);
	assert_int_equal(tl_symbols_linked(NULL, SLIDE), SLIDE);
	tl_symbols_set_slide(f->symbols, 0);
	assert_int_equal(tl_symbols_linked(f->symbols, HVC_AT + 8), HVC_AT + 8);
}

/* Two guests that run one kernel. */
static void test_again(void **state)
{
	struct fixture *f = *state;
	struct fixture other = {.symbols = tl_symbols_again(f->symbols)};

	assert_non_null(other.symbols);
	add(f, HVC, HVC_AT + SLIDE + 8, 1);
	add(&other, HVC, HVC_AT + OTHER_SLIDE + 8, 1);
	expect_slide(f, SLIDE);
	expect_slide(&other, OTHER_SLIDE);
	expect(f, HVC_AT + SLIDE, "__arm_smccc_hvc", 0);
	assert_int_equal(tl_symbols_count(other.symbols), tl_symbols_count(f->symbols));
	tl_symbols_destroy(other.symbols);
	tl_details_fini(&other.details);
	expect(f, HVC_AT + SLIDE, "__arm_smccc_hvc", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_is_call),
		TEST(test_slide),
		TEST(test_smc),
		TEST(test_place),
		TEST(test_inline),
		TEST(test_most),
		TEST(test_order),
		TEST(test_no_function),
		TEST(test_look_up),
		TEST(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
