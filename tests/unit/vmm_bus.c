/* SPDX-License-Identifier: MIT */
/*
 * The MMIO bus: who answers at an address, and that what nobody answers reads as
 * zero, is counted, and is logged once an address.
 * Links: vmm/core/bus.c vmm/core/lock.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/core/bus.h"

struct fake {
	struct tl_dev dev;
	struct tl_mmio last;
	unsigned int accesses, resets, finis;
	uint64_t answer;
	enum tl_mmio_result result;
};

static enum tl_mmio_result fake_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct fake *fake = (struct fake *)dev;

	/* The bus holds the device's lock. */
	assert_false(tl_lock_try(&dev->lock));
	fake->last = *access;
	fake->accesses++;
	if (!access->is_write)
		access->value = fake->answer;
	return fake->result;
}

static void fake_reset(struct tl_dev *dev)
{
	((struct fake *)dev)->resets++;
}

static void fake_fini(struct tl_dev *dev)
{
	((struct fake *)dev)->finis++;
}

static const struct tl_dev_ops fake_ops = {
	.name = "fake",
	.mmio = fake_mmio,
	.reset = fake_reset,
	.fini = fake_fini,
};

static const struct tl_dev_ops no_reset_ops = {
	.name = "no reset",
	.mmio = fake_mmio,
	.fini = fake_fini,
};

/* As an exit makes it: `first` tells that an access which nobody handled is the first one there. */
static bool do_access(struct tl_bus *bus, uint64_t gpa, unsigned int size, bool is_write,
	uint64_t *value, bool *first)
{
	struct tl_mmio access = {
		.size = size, .is_write = is_write, .value = is_write ? *value : 0};
	bool handled = tl_bus_access(bus, gpa, &access);

	*first = !handled && tl_bus_note_unhandled(bus, gpa);
	*value = handled ? access.value : 0;
	return handled;
}

static struct fake fake_at(uint64_t base, uint64_t size)
{
	return (struct fake){
		.dev =
			{
				.ops = &fake_ops,
				.base = base,
				.size = size,
			},
		.answer = 0x1122334455667788,
	};
}

static int add(struct tl_bus *bus, struct fake *fake)
{
	return tl_bus_add(bus, &fake->dev);
}

static int setup(void **state)
{
	struct tl_bus *bus = malloc(sizeof(*bus));

	*state = bus;
	if (!bus)
		return -1;
	tl_bus_init(bus);
	return 0;
}

/* The tests' devices are on their stacks, so each test calls tl_bus_fini() itself. */
static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_lookup(void **state)
{
	struct tl_bus *bus = *state;
	/* Added out of order, two of them side by side. */
	struct fake c = fake_at(0x9001000, 0x1000);
	struct fake a = fake_at(0x1000, 1);
	struct fake d = fake_at(UINT64_MAX - 0xfff, 0x1000);
	struct fake b = fake_at(0x9000000, 0x1000);

	assert_null(tl_bus_find(bus, 0));
	assert_int_equal(add(bus, &c), 0);
	assert_int_equal(add(bus, &a), 0);
	assert_int_equal(add(bus, &d), 0);
	assert_int_equal(add(bus, &b), 0);
	tl_bus_freeze(bus);
	assert_null(tl_bus_find(bus, 0));
	assert_null(tl_bus_find(bus, 0xfff));
	assert_ptr_equal(tl_bus_find(bus, 0x1000), &a);
	assert_null(tl_bus_find(bus, 0x1001));
	assert_null(tl_bus_find(bus, 0x8ffffff));
	assert_ptr_equal(tl_bus_find(bus, 0x9000000), &b);
	assert_ptr_equal(tl_bus_find(bus, 0x9000fff), &b);
	assert_ptr_equal(tl_bus_find(bus, 0x9001000), &c);
	assert_ptr_equal(tl_bus_find(bus, 0x9001fff), &c);
	assert_null(tl_bus_find(bus, 0x9002000));
	assert_null(tl_bus_find(bus, UINT64_MAX - 0x1000));
	assert_ptr_equal(tl_bus_find(bus, UINT64_MAX - 0xfff), &d);
	assert_ptr_equal(tl_bus_find(bus, UINT64_MAX), &d);
	tl_bus_fini(bus);
}

static void test_overlap_is_refused(void **state)
{
	static const struct {
		uint64_t base, size;
	} ranges[] = {
		{0x10000, 0x1000},  /* the same */
		{0x10000, 1},       /* its first byte */
		{0x10fff, 1},       /* its last byte */
		{0x10800, 0x100},   /* inside */
		{0xf000, 0x1001},   /* from below */
		{0x10fff, 0x1000},  /* to above */
		{0xf000, 0x10000},  /* around */
		{0, UINT64_MAX},    /* everything */
		{0x11fff, 0x2000},  /* into the next but one */
		{0x12800, 0x10000}, /* from inside the last one */
	};
	struct tl_bus *bus = *state;
	struct fake a = fake_at(0x10000, 0x1000);
	struct fake b = fake_at(0x12000, 0x1000);

	assert_int_equal(add(bus, &a), 0);
	assert_int_equal(add(bus, &b), 0);
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		struct fake bad = fake_at(ranges[i].base, ranges[i].size);

		if (add(bus, &bad) != -EEXIST)
			fail_msg("range %zu was taken", i);
	}
	assert_int_equal(bus->count, 2);
	/* What was refused is still its creator's: only two are released. */
	tl_bus_fini(bus);
	assert_int_equal(a.finis, 1);
	assert_int_equal(b.finis, 1);
}

static void test_neighbours_are_taken(void **state)
{
	struct tl_bus *bus = *state;
	struct fake a = fake_at(0x10000, 0x1000);
	struct fake below = fake_at(0xf000, 0x1000);
	struct fake above = fake_at(0x11000, 0x1000);

	assert_int_equal(add(bus, &a), 0);
	assert_int_equal(add(bus, &below), 0);
	assert_int_equal(add(bus, &above), 0);
	tl_bus_fini(bus);
}

static void test_ranges_that_cannot_be(void **state)
{
	struct tl_bus *bus = *state;
	struct fake empty = fake_at(0x10000, 0);
	struct fake nothing = fake_at(0, 0);
	struct fake wraps = fake_at(UINT64_MAX, 2);
	struct fake wraps_far = fake_at(0x10000, UINT64_MAX);

	assert_int_equal(add(bus, &empty), -EINVAL);
	assert_int_equal(add(bus, &nothing), -EINVAL);
	assert_int_equal(add(bus, &wraps), -EINVAL);
	assert_int_equal(add(bus, &wraps_far), -EINVAL);
	tl_bus_fini(bus);
	assert_int_equal(empty.finis + wraps.finis + wraps_far.finis, 0);
}

static void test_full_and_frozen(void **state)
{
	struct fake fakes[TL_BUS_DEVICES + 1];
	struct tl_bus *bus = *state;
	struct fake late;

	for (size_t i = 0; i < ARRAY_LEN(fakes); i++) {
		fakes[i] = fake_at(0x100000 - i * 0x1000, 0x1000);
		assert_int_equal(add(bus, &fakes[i]), i < TL_BUS_DEVICES ? 0 : -ENOSPC);
	}
	for (size_t i = 0; i < TL_BUS_DEVICES; i++)
		assert_ptr_equal(tl_bus_find(bus, fakes[i].dev.base + 0x800), &fakes[i]);
	tl_bus_fini(bus);

	tl_bus_init(bus);
	late = fake_at(0x1000, 0x1000);
	tl_bus_freeze(bus);
	assert_int_equal(add(bus, &late), -EBUSY);
	tl_bus_fini(bus);
	assert_int_equal(late.finis, 0);
}

static void test_access(void **state)
{
	struct fake a = fake_at(0x9000000, 0x1000);
	struct tl_bus *bus = *state;
	uint64_t value = 0xdead;
	bool first = true;

	assert_int_equal(add(bus, &a), 0);
	tl_bus_freeze(bus);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (uint64_t offset = 0; offset <= 0x1000 - size; offset += offset < 8 ? 1 : 7) {
			value = 0xdead; /* a read must not see what was there before */
			assert_true(
				do_access(bus, 0x9000000 + offset, size, false, &value, &first));
			assert_int_equal(a.last.offset, offset);
			assert_int_equal(a.last.size, size);
			assert_int_equal(a.last.value, 0);
			assert_false(a.last.is_write);
			assert_int_equal(value, a.answer);
			assert_false(first);
		}
	}
	value = 0xcafe;
	assert_true(do_access(bus, 0x9000ffc, 4, true, &value, &first));
	assert_true(a.last.is_write);
	assert_int_equal(a.last.offset, 0xffc);
	assert_int_equal(a.last.value, 0xcafe);
	assert_int_equal(value, 0xcafe);
	assert_int_equal(tl_bus_unhandled(bus), 0);
	/* The lock was given back. */
	assert_true(tl_lock_try(&a.dev.lock));
	tl_lock_release(&a.dev.lock);
	tl_bus_fini(bus);
}

/* An access that begins in one device and ends in the next, or in nothing, reaches neither. */
/* robust: mmio.across */
static void test_access_across_two_devices(void **state)
{
	struct fake a = fake_at(0x9000000, 0x1000);
	struct fake b = fake_at(0x9001000, 0x1001);
	struct tl_bus *bus = *state;
	uint64_t value;
	bool first;

	assert_int_equal(add(bus, &a), 0);
	assert_int_equal(add(bus, &b), 0);
	tl_bus_freeze(bus);
	for (unsigned int size = 2; size <= 8; size *= 2) {
		for (unsigned int inside = 1; inside < size; inside++) {
			value = 0xdead;
			assert_false(
				do_access(bus, 0x9001000 - inside, size, false, &value, &first));
			assert_int_equal(value, 0);
			value = 0xdead;
			assert_false(
				do_access(bus, 0x9002001 - inside, size, true, &value, &first));
		}
	}
	assert_int_equal(a.accesses + b.accesses, 0);
	assert_int_equal(tl_bus_unhandled(bus), 22);
	/* At the very end of the address space it wraps, too. */
	assert_false(do_access(bus, UINT64_MAX, 8, false, &value, &first));
	tl_bus_fini(bus);
}

/* robust: mmio.unmapped */
static void test_unmapped(void **state)
{
	struct tl_bus *bus = *state;
	uint64_t value = 0xdead;
	bool first = false;

	tl_bus_freeze(bus);
	assert_false(do_access(bus, 0x5000, 4, false, &value, &first));
	assert_int_equal(value, 0);
	assert_true(first);
	value = 0xdead;
	assert_false(do_access(bus, 0x5000, 4, false, &value, &first));
	assert_int_equal(value, 0);
	assert_false(first);
	/* Another address is another message, whatever was done there. */
	assert_false(do_access(bus, 0x5004, 1, true, &value, &first));
	assert_true(first);
	assert_false(do_access(bus, 0x5004, 8, false, &value, &first));
	assert_false(first);
	assert_int_equal(tl_bus_unhandled(bus), 4);
	tl_bus_fini(bus);
}

/* A register that a device does not have is like no device. */
static void test_device_does_not_handle(void **state)
{
	struct fake a = fake_at(0x9000000, 0x1000);
	struct tl_bus *bus = *state;
	uint64_t value = 0xdead;
	bool first;

	assert_int_equal(add(bus, &a), 0);
	tl_bus_freeze(bus);
	a.result = TL_MMIO_UNHANDLED;
	assert_false(do_access(bus, 0x9000004, 4, false, &value, &first));
	assert_int_equal(value, 0); /* not what the device left there */
	assert_true(first);
	a.result = TL_MMIO_ERROR;
	value = 0xdead;
	assert_false(do_access(bus, 0x9000004, 4, false, &value, &first));
	assert_int_equal(value, 0);
	assert_false(first);
	assert_int_equal(tl_bus_unhandled(bus), 2);
	tl_bus_fini(bus);
}

/* A guest that tries every address fills neither the log nor memory. */
static void test_unhandled_at_many_addresses(void **state)
{
	struct tl_bus *bus = *state;
	unsigned int messages = 0;

	tl_bus_freeze(bus);
	for (int round = 0; round < 2; round++) {
		for (uint64_t gpa = 0; gpa < 1000 * 8; gpa += 8) {
			uint64_t value;
			bool first;

			assert_false(do_access(bus, gpa, 8, false, &value, &first));
			messages += first;
		}
	}
	assert_int_equal(messages, TL_BUS_UNHANDLED_SEEN);
	assert_int_equal(tl_bus_unhandled(bus), 2000);
	tl_bus_fini(bus);
}

static void test_reset_and_fini(void **state)
{
	struct fake a = fake_at(0x9000000, 0x1000);
	struct fake b = fake_at(0x9001000, 0x1000);
	struct tl_bus *bus = *state;

	b.dev.ops = &no_reset_ops;
	assert_int_equal(add(bus, &a), 0);
	assert_int_equal(add(bus, &b), 0);
	tl_bus_reset(bus);
	assert_int_equal(a.resets, 1);
	assert_int_equal(b.resets, 0);
	tl_bus_fini(bus);
	assert_int_equal(a.finis, 1);
	assert_int_equal(b.finis, 1);
	assert_int_equal(bus->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lookup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlap_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_that_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_and_frozen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_across_two_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unmapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_does_not_handle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unhandled_at_many_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_and_fini, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
