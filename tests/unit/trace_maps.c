/* SPDX-License-Identifier: MIT */
/*
 * Where other VMMs put memory and devices: what `trapline profile` finds by name, and
 * what must be so of every map.
 * Links: trace/tool/maps.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/tool/maps.h"

/* Of /proc/PID/comm, without the 0 at its end. */
#define COMM_MAX 15

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; tl_map_at(i); i++) {
		assert_ptr_equal(tl_map_by_name(tl_map_at(i)->name), tl_map_at(i));
		assert_ptr_equal(tl_map_by_program(tl_map_at(i)->program), tl_map_at(i));
	}
	assert_string_equal(tl_map_by_name("qemu-virt")->program, "qemu-system-aar");
	assert_string_equal(tl_map_by_program("qemu-system-aar")->name, "qemu-virt");
	assert_string_equal(tl_map_by_program("lkvm")->name, "kvmtool");
	assert_string_equal(tl_map_by_program("firecracker")->name, "firecracker");
	assert_string_equal(tl_map_by_program("trapline")->name, "qemu-virt");
}

static void test_no_name(void **state)
{
	static const char *const names[] = {
		"", "qemu", "qemu-virt ", "QEMU-VIRT", "qemu-system-aar"};
	static const char *const programs[] = {
		"", "qemu-system-aarch64", "qemu-system-x86", "kvmtool", "lkvm2"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(names); i++)
		assert_null(tl_map_by_name(names[i]));
	for (unsigned int i = 0; i < ARRAY_LEN(programs); i++)
		assert_null(tl_map_by_program(programs[i]));
}

static void test_end(void **state)
{
	(void)state;
	assert_non_null(tl_map_at(0));
	assert_non_null(tl_map_at(2));
	assert_null(tl_map_at(3));
	assert_null(tl_map_at(UINT32_MAX));
}

/* trace/tool/watch.c takes the first region for RAM. */
static void test_ram_first(void **state)
{
	(void)state;
	for (unsigned int i = 0; tl_map_at(i); i++) {
		const struct tl_known_map *map = tl_map_at(i);

		assert_in_range(map->count, 1, ARRAY_LEN(map->regions));
		assert_string_equal(map->regions[0].name, "ram");
		for (unsigned int r = 1; r < map->count; r++)
			assert_string_not_equal(map->regions[r].name, "ram");
	}
}

/* All that are counted are filled in, and nothing is there twice. */
static void test_regions(void **state)
{
	(void)state;
	for (unsigned int i = 0; tl_map_at(i); i++) {
		const struct tl_known_map *map = tl_map_at(i);

		for (unsigned int a = 0; a < map->count; a++) {
			const struct tl_vm_region *one = &map->regions[a];

			assert_true(one->name[0] && one->size);
			assert_true(one->base + one->size > one->base);
			for (unsigned int b = 0; b < a; b++) {
				const struct tl_vm_region *two = &map->regions[b];

				if (one->base < two->base + two->size &&
					two->base < one->base + one->size)
					fail_msg("%s: %s, %s", map->name, one->name, two->name);
			}
		}
		if (map->count < ARRAY_LEN(map->regions))
			assert_false(map->regions[map->count].size);
	}
}

/* As the kernel cuts names of programs, or none would be found. */
static void test_lengths(void **state)
{
	(void)state;
	for (unsigned int i = 0; tl_map_at(i); i++)
		assert_in_range(strlen(tl_map_at(i)->program), 1, COMM_MAX);
}

static void expect_at(const char *map_name, uint64_t address, const char *device)
{
	const struct tl_known_map *map = tl_map_by_name(map_name);

	for (unsigned int r = 0; r < map->count; r++) {
		if (address - map->regions[r].base < map->regions[r].size) {
			assert_string_equal(map->regions[r].name, device);
			return;
		}
	}
	fail_msg("%s has no %s", map_name, device);
}

/* A few that the VMMs' documents and guests' device trees have. */
static void test_devices(void **state)
{
	(void)state;
	expect_at("qemu-virt", 0x09000018, "pl011");
	expect_at("qemu-virt", 0x09010000, "pl031");
	expect_at("qemu-virt", 0x08000100, "gicd");
	expect_at("qemu-virt", 0x080a0014, "gicr");
	expect_at("qemu-virt", 0x0a003e50, "virtio-mmio");
	expect_at("qemu-virt", 0x40080000, "ram");
	expect_at("kvmtool", 0x80080000, "ram");
	expect_at("kvmtool", 0x01000000, "8250");
	expect_at("firecracker", 0x80200000, "ram");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_ram_first),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
