/* SPDX-License-Identifier: MIT */
/*
 * The ring of coalesced writes: each one reaches its device once, in order, whatever is in the
 * ring, and nothing is asked of a kernel that has none.
 * Links: vmm/core/coalesced.c vmm/core/bus.c tests/unit/fake_slots.c tests/unit/fake_log.c
 * Links: vmm/core/lock.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_slots.h"
#include "vmm/core/bus.h"
#include "vmm/core/coalesced.h"

#define VM_FD 77
#define BASE  UINT64_C(0x09000000)

static struct tl_coalesced coalesced;
static struct tl_bus bus;

/* A device with two registers, 0 and 8, that remembers. */
static struct {
	uint64_t values[512];
	uint64_t offsets[512];
	unsigned int sizes[512];
	unsigned int count;
	bool more; /* the guest goes on writing while the ring is emptied */
} seen;

static enum tl_mmio_result mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	(void)dev;
	assert_true(access->is_write);
	if (access->offset % 8)
		return TL_MMIO_UNHANDLED;
	seen.offsets[seen.count] = access->offset;
	seen.sizes[seen.count] = access->size;
	seen.values[seen.count++] = access->value;
	if (seen.more)
		fake_slots_write(BASE, 1, seen.count);
	return TL_MMIO_HANDLED;
}

static void fini(struct tl_dev *dev)
{
	(void)dev;
}

static const struct tl_dev_ops ops = {.name = "test", .mmio = mmio, .fini = fini};
static struct tl_dev dev = {.ops = &ops, .base = BASE, .size = 0x100};

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	fake_slots_reset();
	tl_coalesced_blank(&coalesced);
	tl_bus_init(&bus);
	if (tl_bus_add(&bus, &dev))
		return -1;
	tl_bus_freeze(&bus);
	tl_coalesced_init(&coalesced, VM_FD, (void *)fake_slots.run, sizeof(fake_slots.run), &bus);
	return fake_log_reset(state);
}

static int teardown(void **state)
{
	(void)state;
	tl_bus_fini(&bus);
	tl_coalesced_fini(&coalesced);
	return 0;
}

static void test_zone(void **state)
{
	(void)state;
	assert_int_equal(tl_coalesced_zone(&coalesced, BASE, 4, true), 0);
	assert_int_equal(fake_slots.zone.addr, BASE);
	assert_int_equal(fake_slots.zone.size, 4);
	assert_int_equal(fake_slots.zone.pio, 0);
	assert_int_equal(tl_coalesced_zone(&coalesced, BASE, 4, false), 0);
	assert_int_equal(fake_slots.zone.size, 0);
	fake_slots.fail = KVM_REGISTER_COALESCED_MMIO;
	assert_int_equal(tl_coalesced_zone(&coalesced, BASE, 4, true), -ENOMEM);
}

static void test_no_ring(void **state)
{
	struct tl_coalesced none;

	(void)state;
	fake_slots.coalesced = false;
	tl_coalesced_blank(&none);
	tl_coalesced_init(&none, VM_FD, (void *)fake_slots.run, sizeof(fake_slots.run), &bus);
	assert_null(none.ring);
	/* The kernel has one, but not in what is mapped. */
	fake_slots.coalesced = true;
	tl_coalesced_init(&none, VM_FD, (void *)fake_slots.run, FAKE_PAGE, &bus);
	assert_null(none.ring);
	assert_false(tl_coalesced_pending(&none));
	tl_coalesced_drain(&none);
	assert_int_equal(tl_coalesced_zone(&none, BASE, 4, true), -ENOTSUP);
	assert_int_equal(fake_slots.zone_calls, 0);
	tl_coalesced_fini(&none);
}

static void test_sizes(void **state)
{
	(void)state;
	tl_coalesced_zone(&coalesced, BASE, 16, true);
	assert_false(tl_coalesced_pending(&coalesced));
	for (unsigned int size = 1; size <= 8; size *= 2)
		assert_true(fake_slots_write(BASE + 8, size, UINT64_C(0x8877665544332211)));
	assert_true(tl_coalesced_pending(&coalesced));
	tl_coalesced_drain(&coalesced);
	assert_false(tl_coalesced_pending(&coalesced));
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.values[0], 0x11);
	assert_int_equal(seen.values[1], 0x2211);
	assert_int_equal(seen.values[2], 0x44332211);
	assert_int_equal(seen.values[3], UINT64_C(0x8877665544332211));
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(seen.offsets[i], 8);
		assert_int_equal(seen.sizes[i], 1u << i);
	}
	tl_coalesced_drain(&coalesced);
	assert_int_equal(seen.count, 4);
}

/* As many as fit, and more than once around. */
static void test_order(void **state)
{
	unsigned int written = 0;

	(void)state;
	tl_coalesced_zone(&coalesced, BASE, 4, true);
	for (unsigned int round = 0; round < 3; round++) {
		unsigned int before = written;

		while (fake_slots_write(BASE, 4, written))
			written++;
		assert_int_equal(written - before, 169);
		tl_coalesced_drain(&coalesced);
		assert_int_equal(seen.count, written);
		/* Nor does a ring that begins in the middle change anything. */
		fake_slots_write(BASE, 4, written++);
		tl_coalesced_drain(&coalesced);
	}
	for (unsigned int i = 0; i < written; i++)
		assert_int_equal(seen.values[i], i);
}

/* A guest that never stops writing does not keep the thread that empties the ring. */
static void test_more(void **state)
{
	(void)state;
	tl_coalesced_zone(&coalesced, BASE, 4, true);
	for (unsigned int i = 0; i < 3; i++)
		fake_slots_write(BASE, 1, 0);
	seen.more = true;
	tl_coalesced_drain(&coalesced);
	assert_int_equal(seen.count, 3);
	assert_true(tl_coalesced_pending(&coalesced));
	seen.more = false;
	tl_coalesced_drain(&coalesced);
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.values[5], 3);
}

static void test_nobody(void **state)
{
	(void)state;
	tl_coalesced_zone(&coalesced, BASE, 16, true);
	for (unsigned int i = 0; i < 3; i++)
		fake_slots_write(BASE + 1, 1, 'x');
	tl_coalesced_drain(&coalesced);
	assert_int_equal(seen.count, 0);
	assert_int_equal(tl_bus_unhandled(&bus), 3);
	assert_warned("write of 1 bytes at 0x9000001", "no device answers");
}

/* The page is shared with the kernel: nonsense in it must not take us out of it. */
static void test_nonsense(void **state)
{
	static const uint32_t bad[][2] = {{0, 170}, {170, 0}, {UINT32_MAX, 3}, {1, UINT32_MAX}};
	struct kvm_coalesced_mmio_ring *ring = coalesced.ring;

	(void)state;
	assert_int_equal(coalesced.entries, 170);
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		ring->first = bad[i][0];
		ring->last = bad[i][1];
		tl_coalesced_drain(&coalesced);
		assert_int_equal(seen.count, 0);
	}
	ring->first = 0;
	ring->last = 1;
	ring->coalesced_mmio[0].phys_addr = BASE;
	ring->coalesced_mmio[0].len = UINT32_MAX;
	tl_coalesced_drain(&coalesced);
	assert_int_equal(seen.sizes[0], 8);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_zone),
		TEST(test_no_ring),
		TEST(test_sizes),
		TEST(test_order),
		TEST(test_more),
		TEST(test_nobody),
		TEST(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
