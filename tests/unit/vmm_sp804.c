/* SPDX-License-Identifier: MIT */
/*
 * The dual timer as a driver sees it (DDI 0271), on a clock that the test moves: how it counts in
 * each mode, its one interrupt, and that a guest cannot have the host ring without end.
 * Links: vmm/dev/sp804.c vmm/core/lock.c tests/unit/fake_primecell.c tests/unit/fake_timer.c
 * Wraps: clock_gettime timerfd_create timerfd_settime
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/fake_primecell.h"
#include "tests/unit/fake_timer.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "vmm/dev/sp804.h"

#define LOAD    0x00
#define VALUE   0x04
#define CONTROL 0x08
#define INTCLR  0x0c
#define RIS     0x10
#define MIS     0x14
#define BGLOAD  0x18
#define SECOND  0x20

#define ONESHOT  0x01
#define SIZE32   0x02
#define PRE16    0x04
#define PRE256   0x08
#define INT      0x20
#define PERIODIC 0x40
#define ENABLE   0x80

#define SPI  2
#define BASE UINT64_C(0x1c110000)
#define US   UINT64_C(1000)

static int create(struct tl_dev **dev)
{
	const struct tl_dev_env env = {
		.irqchip = &fake_primecell.irqchip, .loop = &fake_timer.loop};

	return tl_sp804_create(dev, &env, BASE, SPI);
}

static int setup(void **state)
{
	fake_primecell_reset(SPI);
	fake_timer_reset(UINT64_C(123456789000));
	return create((struct tl_dev **)state);
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	return fake_timer.fd == -1 ? 0 : -1;
}

static void test_identification(void **state)
{
	/* DDI 0271, 3.3: part 0x804, Arm, revision 1; PrimeCell. */
	static const uint8_t ids[] = {0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	expect_primecell(*state, "sp804", BASE, ids);
}

static void test_after_reset(void **state)
{
	struct tl_dev *dev = *state;

	for (unsigned int timer = 0; timer <= SECOND; timer += SECOND) {
		assert_int_equal(get(dev, timer + CONTROL), INT);
		assert_int_equal(get(dev, timer + LOAD), 0);
		assert_int_equal(get(dev, timer + VALUE), 0xffff);
		set(dev, timer + VALUE, 7);
		fake_timer_pass(1000 * US);
		assert_int_equal(get(dev, timer + VALUE), 0xffff);
		assert_int_equal(get(dev, timer + RIS), 0);
	}
	assert_int_equal(fake_primecell.edges, 0);
	assert_int_equal(fake_timer.rings, 0);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {
		0x1c, 0x3c, 0x40, 0x01, 0x22, 0xefc, 0xf08, 0xfdc, 0xfe2};
	static const unsigned int sizes[] = {1, 2, 8};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(offsets) + ARRAY_LEN(sizes); i++) {
		bool by_size = i >= ARRAY_LEN(offsets);
		struct tl_mmio access = {.offset = by_size ? LOAD : offsets[i],
			.size = by_size ? sizes[i - ARRAY_LEN(offsets)] : 4,
			.value = 5};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		access.is_write = true;
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	/* There are no lines to test. */
	set(dev, 0xf00, 1);
	assert_int_equal(get(dev, 0xf00), 0);
}

static void test_free_running(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, UINT32_MAX);
	set(dev, CONTROL, SIZE32 | ENABLE);
	assert_int_equal(get(dev, VALUE), UINT32_MAX);
	fake_timer_pass(US - 1);
	assert_int_equal(get(dev, VALUE), UINT32_MAX);
	fake_timer_pass(1);
	assert_int_equal(get(dev, VALUE), UINT32_MAX - 1);
	fake_timer_pass((UINT64_C(1) << 32) * US);
	assert_int_equal(get(dev, VALUE), UINT32_MAX - 1);
	assert_int_equal(get(dev, RIS), 1);
	/* Nobody has asked for an interrupt. */
	assert_int_equal(get(dev, MIS), 0);
	assert_int_equal(fake_primecell.edges, 0);
	assert_int_equal(fake_timer.rings, 0);
}

static void test_16_bits(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, SECOND + LOAD, 0x12340003);
	set(dev, SECOND + CONTROL, ENABLE);
	assert_int_equal(get(dev, SECOND + VALUE), 3);
	fake_timer_pass(3 * US);
	assert_int_equal(get(dev, SECOND + VALUE), 0);
	fake_timer_pass(US);
	assert_int_equal(get(dev, SECOND + VALUE), 0xffff);
	/* The other one stands still. */
	assert_int_equal(get(dev, VALUE), 0xffff);
	assert_int_equal(get(dev, RIS), 0);
}

static void test_prescale(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, 1000);
	set(dev, CONTROL, SIZE32 | PERIODIC | PRE16 | ENABLE);
	fake_timer_pass(160 * US);
	assert_int_equal(get(dev, VALUE), 990);
	/* It goes on from where it is. */
	set(dev, CONTROL, SIZE32 | PERIODIC | PRE256 | ENABLE);
	fake_timer_pass(2560 * US);
	assert_int_equal(get(dev, VALUE), 980);
	set(dev, CONTROL, SIZE32 | PERIODIC);
	fake_timer_pass(2560 * US);
	assert_int_equal(get(dev, VALUE), 980);
}

static void test_periodic(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, 100);
	set(dev, CONTROL, SIZE32 | PERIODIC | INT | ENABLE);
	fake_timer_pass(99 * US);
	assert_false(fake_primecell.line);
	fake_timer_pass(US);
	assert_true(fake_primecell.line);
	assert_int_equal(get(dev, MIS), 1);
	/* Many periods later: one interrupt, for which the host rang once. */
	fake_timer_pass(100000 * US);
	assert_int_equal(fake_timer.rings, 1);
	set(dev, INTCLR, 0);
	assert_false(fake_primecell.line);
	fake_timer_pass(30 * US);
	assert_int_equal(get(dev, VALUE), 70);
	assert_false(fake_primecell.line);
	fake_timer_pass(70 * US);
	assert_true(fake_primecell.line);
	/* The period changes at the next zero. */
	set(dev, INTCLR, 1);
	set(dev, BGLOAD, 10);
	assert_int_equal(get(dev, LOAD), 10);
	fake_timer_pass(90 * US);
	assert_int_equal(get(dev, VALUE), 10);
	assert_false(fake_primecell.line);
	fake_timer_pass(15 * US);
	assert_true(fake_primecell.line);
	assert_int_equal(get(dev, VALUE), 5);
}

static void test_one_shot(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, CONTROL, SIZE32 | ONESHOT | INT | ENABLE);
	set(dev, LOAD, 50);
	fake_timer_pass(50 * US);
	assert_true(fake_primecell.line);
	assert_int_equal(get(dev, VALUE), 0);
	set(dev, INTCLR, 1);
	fake_timer_pass(5000000 * US);
	assert_int_equal(get(dev, VALUE), 0);
	assert_int_equal(get(dev, RIS), 0);
	/* The same said again does not start it, a value does. */
	set(dev, CONTROL, SIZE32 | ONESHOT | INT | ENABLE);
	fake_timer_pass(50 * US);
	assert_false(fake_primecell.line);
	set(dev, LOAD, 60);
	fake_timer_pass(60 * US);
	assert_true(fake_primecell.line);
	assert_int_equal(fake_timer.rings, 2);
}

/* Both timers share the line. */
static void test_one_line(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, 10);
	set(dev, CONTROL, SIZE32 | ONESHOT | INT | ENABLE);
	set(dev, SECOND + LOAD, 20);
	set(dev, SECOND + CONTROL, SIZE32 | ONESHOT | INT | ENABLE);
	fake_timer_pass(20 * US);
	assert_int_equal(get(dev, MIS), 1);
	assert_int_equal(get(dev, SECOND + MIS), 1);
	set(dev, INTCLR, 1);
	assert_true(fake_primecell.line);
	set(dev, SECOND + INTCLR, 1);
	assert_false(fake_primecell.line);
	assert_int_equal(fake_primecell.edges, 2);
}

/* Masked or unmasked after it has come to zero; stopped before. */
static void test_mask(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, 10);
	set(dev, CONTROL, SIZE32 | ONESHOT | ENABLE);
	fake_timer_pass(10 * US);
	assert_int_equal(fake_timer.rings, 0);
	set(dev, CONTROL, SIZE32 | ONESHOT | ENABLE | INT);
	assert_true(fake_primecell.line);
	set(dev, CONTROL, SIZE32 | ONESHOT | ENABLE);
	assert_false(fake_primecell.line);
	set(dev, INTCLR, 1);
	set(dev, LOAD, 10);
	set(dev, CONTROL, SIZE32 | ONESHOT | INT);
	fake_timer_ring_for_nothing();
	fake_timer_pass(1000 * US);
	assert_false(fake_primecell.line);
	assert_int_equal(get(dev, VALUE), 10);
}

/* The shortest period there is, of a guest that never clears its interrupt. */
static void test_no_storm(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, CONTROL, SIZE32 | PERIODIC | INT | ENABLE);
	set(dev, LOAD, 0);
	fake_timer_pass(1000000 * US);
	assert_true(fake_primecell.line);
	assert_true(fake_timer.rings <= 1);
	assert_int_equal(fake_timer.when_ns, 0);
}

static void test_reset(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LOAD, 10);
	set(dev, CONTROL, SIZE32 | PERIODIC | INT | ENABLE);
	fake_timer_pass(10 * US);
	assert_true(fake_primecell.line);
	set(dev, INTCLR, 1);
	fake_timer_pass(10 * US);
	dev->ops->reset(dev);
	assert_false(fake_primecell.line);
	assert_int_equal(fake_timer.when_ns, 0);
	fake_timer.rings = fake_primecell.edges = 0;
	test_after_reset(&(void *){dev});
}

static void test_cannot_be_made(void **state)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev;

	(void)state;
	fake_timer_reset(0);
	fake_timer.create_error = EMFILE;
	assert_int_equal(create(&dev), -EMFILE);
	fake_timer.create_error = 0;
	fake_timer.add_error = ENOSPC;
	assert_int_equal(create(&dev), -ENOSPC);
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_identification),
		TEST(test_after_reset),
		TEST(test_no_such_register),
		TEST(test_free_running),
		TEST(test_16_bits),
		TEST(test_prescale),
		TEST(test_periodic),
		TEST(test_one_shot),
		TEST(test_one_line),
		TEST(test_mask),
		TEST(test_no_storm),
		TEST(test_reset),
		cmocka_unit_test(test_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
