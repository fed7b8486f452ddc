/* SPDX-License-Identifier: MIT */
/*
 * The GPIO as a driver sees it (DDI 0190): masked data, edges and levels, the interrupt line,
 * and the power key on line 3.
 * Links: vmm/dev/pl061.c vmm/core/lock.c tests/unit/fake_primecell.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_primecell.h"
#include "tests/unit/mmio.h"
#include "vmm/core/power_key.h"
#include "vmm/dev/pl061.h"

#define DATA(mask) ((uint64_t)(mask) << 2)
#define DIR        0x400
#define IS         0x404
#define IBE        0x408
#define IEV        0x40c
#define IE         0x410
#define RIS        0x414
#define MIS        0x418
#define IC         0x41c
#define AFSEL      0x420

#define SPI  7
#define BASE UINT64_C(0x09030000)
#define KEY  0x08

static struct tl_power_key key;

static int setup(void **state)
{
	const struct tl_dev_env env = {.irqchip = &fake_primecell.irqchip, .power_key = &key};

	fake_primecell_reset(SPI);
	return tl_pl061_create((struct tl_dev **)state, &env, BASE, SPI);
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	return key.set ? -1 : 0;
}

static void press(bool pressed)
{
	key.set(key.opaque, pressed);
}

static void test_identification(void **state)
{
	/* DDI 0190, 3.3.11 and 3.3.12: part 0x061, Arm; PrimeCell. */
	static const uint8_t ids[] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	expect_primecell(*state, "pl061", BASE, ids);
}

static void test_registers(void **state)
{
	static const uint64_t all[] = {DIR, IS, IBE, IEV, IE, AFSEL};
	static const uint64_t read_only[] = {RIS, MIS};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(all); i++) {
		assert_int_equal(get(dev, all[i]), 0);
		set(dev, all[i], 0xabcde5);
		assert_int_equal(get(dev, all[i]), 0xe5);
		set(dev, all[i], 0);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(read_only); i++) {
		uint64_t value = get(dev, read_only[i]);

		set(dev, read_only[i], ~value & 0xff);
		assert_int_equal(get(dev, read_only[i]), value);
	}
	assert_int_equal(get(dev, IC), 0);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {0x001, 0x3fe, 0x401, 0x424, 0xfdc, 0xfe1};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i <= ARRAY_LEN(offsets); i++) {
		bool by_size = i == ARRAY_LEN(offsets);
		struct tl_mmio access = {.offset = by_size ? DIR : offsets[i],
			.size = by_size ? 8 : 4,
			.value = 0xff};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		access.is_write = true;
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(get(dev, DIR), 0);
}

/* Drivers use bytes. */
static void test_bytes(void **state)
{
	struct tl_dev *dev = *state;
	struct tl_mmio access = {.offset = DIR, .size = 1, .is_write = true, .value = 0xa5};

	assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
	access = (struct tl_mmio){.offset = DIR, .size = 1};
	assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
	assert_int_equal(access.value, 0xa5);
}

/* Only what the address selects is written and read, and only on outputs. */
static void test_masked_data(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, DATA(0xff), 0xff);
	assert_int_equal(get(dev, DATA(0xff)), 0);
	set(dev, DIR, 0xf0);
	assert_int_equal(get(dev, DATA(0xff)), 0);
	set(dev, DATA(0x30), 0xff);
	assert_int_equal(get(dev, DATA(0xff)), 0x30);
	assert_int_equal(get(dev, DATA(0x10)), 0x10);
	set(dev, DATA(0x11), 0);
	assert_int_equal(get(dev, DATA(0xff)), 0x20);
	/* The key moves an input, and no output. */
	press(true);
	assert_int_equal(get(dev, DATA(0xff)), 0x20 | KEY);
	assert_int_equal(get(dev, DATA(KEY)), KEY);
	set(dev, DIR, 0xff);
	assert_int_equal(get(dev, DATA(KEY)), 0);
	press(false);
}

static void test_edges(void **state)
{
	/* IBE, IEV; what a press and a release are. */
	static const struct {
		uint8_t ibe, iev;
		bool press, release;
	} cases[] = {
		{0, KEY, true, false},
		{0, 0, false, true},
		{KEY, 0, true, true},
		{KEY, KEY, true, true},
	};
	struct tl_dev *dev = *state;

	set(dev, IE, KEY);
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		set(dev, IBE, cases[i].ibe);
		set(dev, IEV, cases[i].iev);
		for (unsigned int pressed = 2; pressed-- > 0;) {
			bool seen = pressed ? cases[i].press : cases[i].release;

			press(pressed);
			assert_int_equal(get(dev, RIS), seen ? KEY : 0);
			assert_int_equal(get(dev, MIS), seen ? KEY : 0);
			assert_int_equal(fake_primecell.line, seen);
			/* Other bits clear nothing. */
			set(dev, IC, 0xff & ~KEY);
			assert_int_equal(fake_primecell.line, seen);
			set(dev, IC, KEY);
			assert_int_equal(get(dev, RIS), 0);
			assert_false(fake_primecell.line);
		}
	}
}

/* An edge is remembered while it is masked. */
static void test_masked_edge(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IEV, KEY);
	press(true);
	press(false);
	assert_int_equal(get(dev, RIS), KEY);
	assert_int_equal(get(dev, MIS), 0);
	assert_int_equal(fake_primecell.edges, 0);
	set(dev, IE, KEY);
	assert_true(fake_primecell.line);
	set(dev, IE, 0);
	assert_false(fake_primecell.line);
}

/* A level lasts as long as it lasts, and cannot be cleared. */
static void test_levels(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IS, KEY);
	set(dev, IEV, KEY);
	set(dev, IE, KEY);
	assert_false(fake_primecell.line);
	press(true);
	assert_true(fake_primecell.line);
	set(dev, IC, 0xff);
	assert_true(fake_primecell.line);
	press(false);
	assert_false(fake_primecell.line);
	assert_int_equal(get(dev, RIS), 0);
	set(dev, IEV, 0);
	assert_true(fake_primecell.line);
}

static void test_heard(void **state)
{
	struct tl_dev *dev = *state;

	assert_false(key.heard(key.opaque));
	set(dev, IE, 0xff & ~KEY);
	assert_false(key.heard(key.opaque));
	set(dev, IE, KEY);
	/* A driver may mask it for a while. */
	set(dev, IE, 0);
	assert_true(key.heard(key.opaque));
	dev->ops->reset(dev);
	assert_false(key.heard(key.opaque));
}

static void test_reset(void **state)
{
	static const uint64_t all[] = {DIR, IS, IBE, IEV, IE, RIS, AFSEL};
	struct tl_dev *dev = *state;

	set(dev, DIR, 0xf0);
	set(dev, DATA(0xff), 0xff);
	set(dev, IS, 1);
	set(dev, IBE, KEY);
	set(dev, IEV, 1);
	set(dev, IE, 0xff);
	set(dev, AFSEL, 0xff);
	press(true);
	assert_true(fake_primecell.line);
	dev->ops->reset(dev);
	assert_false(fake_primecell.line);
	for (unsigned int i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(get(dev, all[i]), 0);
	/* The key is still down, which is no new edge; what was written is gone. */
	assert_int_equal(get(dev, DATA(0xff)), KEY);
	set(dev, DIR, 0xf0);
	assert_int_equal(get(dev, DATA(0xff)), KEY);
	press(false);
	assert_int_equal(get(dev, RIS), KEY);
}

/* A machine without anybody who presses keys. */
static void test_without_a_key(void **state)
{
	const struct tl_dev_env env = {.irqchip = &fake_primecell.irqchip};
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(tl_pl061_create(&dev, &env, BASE, SPI), 0);
	dev->ops->reset(dev);
	dev->ops->fini(dev);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_identification),
		TEST(test_registers),
		TEST(test_no_such_register),
		TEST(test_bytes),
		TEST(test_masked_data),
		TEST(test_edges),
		TEST(test_masked_edge),
		TEST(test_levels),
		TEST(test_heard),
		TEST(test_reset),
		cmocka_unit_test(test_without_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
