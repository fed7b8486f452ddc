/* SPDX-License-Identifier: MIT */
/*
 * The system registers of a Versatile Express as its drivers see them: identification, LEDs,
 * flags, counters, and how the board is turned off and reset through its microcontroller.
 * Links: vmm/dev/vexpress_sysreg.c vmm/core/lock.c tests/unit/fake_timer.c
 * Wraps: clock_gettime timerfd_create timerfd_settime
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/fake_timer.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "vmm/core/vm.h"
#include "vmm/dev/vexpress_sysreg.h"

#define ID       0x000
#define LED      0x008
#define HZ100    0x024
#define FLAGSSET 0x030
#define FLAGSCLR 0x034
#define NVSET    0x038
#define NVCLR    0x03c
#define FLASH    0x04c
#define MHZ24    0x05c
#define MISC     0x060
#define DMA      0x064
#define PROCID0  0x084
#define CFGDATA  0x0a0
#define CFGCTRL  0x0a4
#define CFGSTAT  0x0a8

#define START    UINT32_C(0x80000000)
#define WRITE    UINT32_C(0x40000000)
#define SHUTDOWN (UINT32_C(8) << 20)
#define REBOOT   (UINT32_C(9) << 20)
#define MS       UINT64_C(1000000)
#define BASE     UINT64_C(0x1c010000)

static struct {
	struct tl_vm vm;
	enum tl_stop_kind kind;
	unsigned int stops;
} fake;

/* In the place of vmm/core/vm.c. */
void tl_vm_request_stop(struct tl_vm *vm, const struct tl_stop *stop)
{
	assert_ptr_equal(vm, &fake.vm);
	fake.kind = stop->kind;
	fake.stops++;
}

static int create(struct tl_dev **dev)
{
	const struct tl_dev_env env = {.vm = &fake.vm, .loop = &fake_timer.loop};

	return tl_vexpress_sysreg_create(dev, &env, BASE, 0);
}

static int setup(void **state)
{
	fake.kind = TL_STOP_NONE;
	fake.stops = 0;
	fake_timer_reset(UINT64_C(5000000000));
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
	struct tl_dev *dev = *state;

	assert_string_equal(dev->ops->name, "vexpress-sysreg");
	assert_int_equal(dev->base, BASE);
	assert_int_equal(dev->size, 0x1000);
	/* The motherboard is HBI 0x190, the tile 0x237, and the tile in site 1 the master. */
	assert_int_equal(get(dev, ID) >> 16 & 0xfff, 0x190);
	assert_int_equal(get(dev, PROCID0) & 0xfff, 0x237);
	assert_int_equal(get(dev, MISC) & 1 << 14, 0);
	for (uint64_t offset = 0; offset < 0xa0; offset += 4) {
		struct tl_mmio access = {.offset = offset, .size = 4, .is_write = true};
		struct tl_mmio read = {.offset = offset, .size = 4};

		/* What can be read can be written, were it for nothing. */
		assert_int_equal(mmio_access(dev, &access), mmio_access(dev, &read));
	}
	set(dev, ID, 0);
	set(dev, PROCID0, 0);
	assert_int_equal(get(dev, ID) >> 16 & 0xfff, 0x190);
	assert_int_equal(get(dev, PROCID0) & 0xfff, 0x237);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {0x00c, 0x040, 0x0ac, 0x100, 0xffc, 0x002, 0x0a6};
	static const unsigned int sizes[] = {1, 2, 8};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(offsets) + ARRAY_LEN(sizes); i++) {
		bool by_size = i >= ARRAY_LEN(offsets);
		struct tl_mmio access = {.offset = by_size ? LED : offsets[i],
			.size = by_size ? sizes[i - ARRAY_LEN(offsets)] : 4,
			.value = 5};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		access.is_write = true;
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(get(dev, LED), 0);
}

static void test_leds_and_the_like(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LED, 0x1ff);
	assert_int_equal(get(dev, LED), 0xff);
	set(dev, FLASH, 3);
	assert_int_equal(get(dev, FLASH), 1);
	set(dev, DMA, 0x12345678);
	assert_int_equal(get(dev, DMA), 0x12345678);
}

static void test_flags(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, FLAGSSET, 0x80000f0f);
	set(dev, FLAGSSET, 0x000000f0);
	set(dev, FLAGSCLR, 0x0000000f);
	assert_int_equal(get(dev, FLAGSSET), 0x80000ff0);
	set(dev, NVSET, 7);
	set(dev, NVCLR, 2);
	assert_int_equal(get(dev, NVSET), 5);
	/* A reset leaves what is not volatile. */
	set(dev, LED, 1);
	dev->ops->reset(dev);
	assert_int_equal(get(dev, FLAGSSET), 0);
	assert_int_equal(get(dev, NVSET), 5);
	assert_int_equal(get(dev, LED), 0);
}

static void test_counters(void **state)
{
	struct tl_dev *dev = *state;

	assert_int_equal(get(dev, HZ100), 0);
	fake_timer_pass(9999999);
	assert_int_equal(get(dev, HZ100), 0);
	assert_int_equal(get(dev, MHZ24), 239999);
	fake_timer_pass(1);
	assert_int_equal(get(dev, HZ100), 1);
	/* They wrap: in three minutes, in 497 days. */
	fake_timer_pass(UINT64_C(86400) * 1000 * 500 * MS);
	assert_int_equal(get(dev, HZ100), (uint32_t)(UINT64_C(8640000) * 500 + 1));
	assert_int_equal(get(dev, MHZ24), (uint32_t)(UINT64_C(24000000) * 86400 * 500 + 240000));
	dev->ops->reset(dev);
	assert_int_equal(get(dev, MHZ24), 0);
}

/* What Linux does (drivers/bus/vexpress-config.c): data, status, command, and then it looks. */
static void ask(struct tl_dev *dev, uint32_t command)
{
	assert_int_equal(get(dev, CFGCTRL) & START, 0);
	set(dev, CFGDATA, 0);
	set(dev, CFGSTAT, 0);
	set(dev, CFGCTRL, command);
}

static void test_off(void **state)
{
	struct tl_dev *dev = *state;

	ask(dev, START | WRITE | SHUTDOWN);
	assert_int_equal(fake.stops, 0);
	assert_int_equal(get(dev, CFGSTAT), 1);
	assert_int_equal(fake.stops, 1);
	assert_int_equal(fake.kind, TL_STOP_POWEROFF);
	/* Once. */
	assert_int_equal(get(dev, CFGSTAT), 1);
	fake_timer_pass(1000 * MS);
	assert_int_equal(fake.stops, 1);
}

/* A guest that clears the status, and one that only waits. */
static void test_off_without_a_look(void **state)
{
	struct tl_dev *dev = *state;

	ask(dev, START | WRITE | SHUTDOWN);
	set(dev, CFGSTAT, 0);
	assert_int_equal(fake.stops, 1);
	assert_int_equal(fake.kind, TL_STOP_POWEROFF);
	assert_int_equal(get(dev, CFGSTAT), 0);
	ask(dev, START | WRITE | SHUTDOWN);
	fake_timer_ring_for_nothing();
	assert_int_equal(fake.stops, 1);
	fake_timer_pass(1000 * MS);
	assert_int_equal(fake.stops, 2);
}

static void test_reboot(void **state)
{
	struct tl_dev *dev = *state;

	ask(dev, START | WRITE | REBOOT);
	assert_int_equal(get(dev, CFGSTAT), 1);
	assert_int_equal(fake.kind, TL_STOP_RESET);
	/* The board starts anew: nothing is left to be done. */
	ask(dev, START | WRITE | SHUTDOWN);
	dev->ops->reset(dev);
	assert_int_equal(fake_timer.when_ns, 0);
	assert_int_equal(get(dev, CFGSTAT), 0);
	assert_int_equal(fake.stops, 1);
}

static void test_other_commands(void **state)
{
	/* Without START nothing; read instead of written, another site, another function: errors.
	 */
	static const uint32_t commands[] = {START | SHUTDOWN, START | WRITE | SHUTDOWN | 1 << 16,
		START | WRITE | 1 << 20, START | WRITE | 0x3f << 20, START | 4 << 20};
	struct tl_dev *dev = *state;

	ask(dev, WRITE | SHUTDOWN);
	assert_int_equal(get(dev, CFGSTAT), 0);
	for (unsigned int i = 0; i < ARRAY_LEN(commands); i++) {
		ask(dev, commands[i]);
		assert_int_equal(get(dev, CFGSTAT), 3);
		assert_int_equal(get(dev, CFGCTRL), commands[i] & ~START);
	}
	set(dev, CFGDATA, 0xdeadbeef);
	assert_int_equal(get(dev, CFGDATA), 0xdeadbeef);
	fake_timer_pass(1000 * MS);
	assert_int_equal(fake.stops, 0);
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
		TEST(test_no_such_register),
		TEST(test_leds_and_the_like),
		TEST(test_flags),
		TEST(test_counters),
		TEST(test_off),
		TEST(test_off_without_a_look),
		TEST(test_reboot),
		TEST(test_other_commands),
		cmocka_unit_test(test_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
