/* SPDX-License-Identifier: MIT */
/*
 * Exit classes: what KVM returned decides first, the exception class only where it
 * was a trap, and all 64 values of it have a name of their own.
 * Links: trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/decode/esr.h"

static void test_return_codes(void **state)
{
	(void)state;
	/* esr_ec is 0 for all but traps; even if it were not, it would say nothing. */
	assert_int_equal(tl_esr_class(0, 0x16), TL_CLASS_IRQ);
	assert_int_equal(tl_esr_class(1, 0), TL_CLASS_SERROR);
	assert_int_equal(tl_esr_class(3, 0), TL_CLASS_IL);
	assert_int_equal(tl_esr_class(0xbadca11, 0), TL_CLASS_HYP_GONE);
	assert_int_equal(tl_esr_class(4, 0x16), TL_CLASS_OTHER);
	assert_int_equal(tl_esr_class(0x7fffffff, 0), TL_CLASS_OTHER);
}

static void test_traps(void **state)
{
	(void)state;
	assert_int_equal(tl_esr_class(2, 1), TL_CLASS_WFX);
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x00)), "UNKNOWN");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x16)), "HVC64");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x18)), "SYS64");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x1a)), "ERET");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x24)), "DABT_LOW");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x27)), "MOPS");
	assert_string_equal(tl_esr_class_name(tl_esr_class(2, 0x3b)), "EC_0x3b");
	assert_int_equal(tl_esr_class(2, 64), TL_CLASS_OTHER);
	assert_int_equal(tl_esr_class(2, UINT32_MAX), TL_CLASS_OTHER);
}

/* Bit 31: an SError is pending too. The class is that of the exit itself. */
static void test_serror_pending(void **state)
{
	(void)state;
	assert_int_equal(tl_esr_class(0x80000000, 0), TL_CLASS_IRQ);
	assert_int_equal(tl_esr_class(0x80000002, 0x24), TL_CLASS_EC + 0x24);
}

static void test_every_class_has_its_own_name(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < TL_CLASS_COUNT; a++) {
		assert_non_null(tl_esr_class_name(a));
		assert_in_range(strlen(tl_esr_class_name(a)), 1, 11);
		assert_non_null(tl_esr_class_text(a));
		assert_in_range(strlen(tl_esr_class_text(a)), 0, 27);
		for (unsigned int b = 0; b < a; b++)
			assert_string_not_equal(tl_esr_class_name(a), tl_esr_class_name(b));
	}
	assert_string_equal(tl_esr_class_name(TL_CLASS_COUNT), "OTHER");
	assert_string_equal(tl_esr_class_name(UINT32_MAX), "OTHER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_return_codes),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_serror_pending),
		cmocka_unit_test(test_every_class_has_its_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
