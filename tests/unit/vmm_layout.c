/* SPDX-License-Identifier: MIT */
/*
 * Placing kernel, initrd and device tree: all inside RAM, never over each
 * other, aligned as Linux asks; or refused with a message that says what is too
 * large.
 * Links: vmm/boot/layout.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "vmm/boot/layout.h"

#define BASE  UINT64_C(0x40000000)
#define KIB   UINT64_C(1024)
#define MIB   UINT64_C(0x100000)
#define BLOCK UINT64_C(0x200000)

/* A Linux kernel of 20 MiB at the start of RAM. */
static struct tl_layout linux_in(uint64_t ram_size, uint64_t initrd_size)
{
	return (struct tl_layout){
		.kernel_path = "the-kernel",
		.initrd_path = "the-initrd",
		.ram_base = BASE,
		.ram_size = ram_size,
		.kind = TL_IMAGE_LINUX,
		.kernel = BASE,
		.kernel_size = 20 * MIB,
		.initrd_size = initrd_size,
		.entry = BASE,
	};
}

/* A raw program at 512 KiB, as tl_image_place() puts it. */
static struct tl_layout raw_in(uint64_t ram_size, uint64_t size, uint64_t initrd_size)
{
	struct tl_layout layout = linux_in(ram_size, initrd_size);

	layout.kind = TL_IMAGE_RAW;
	layout.kernel = BASE + 512 * KIB;
	layout.kernel_size = size;
	return layout;
}

static int inside(const struct tl_layout *layout, uint64_t at, uint64_t size)
{
	return at >= layout->ram_base && at + size <= layout->ram_base + layout->ram_size;
}

static int apart(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a + a_size <= b || b + b_size <= a;
}

/* What must hold for every layout that was accepted. */
static void check(const struct tl_layout *l)
{
	assert_true(inside(l, l->kernel, l->kernel_size));
	assert_true(inside(l, l->fdt, TL_LAYOUT_FDT_SIZE));
	assert_true(apart(l->kernel, l->kernel_size, l->fdt, TL_LAYOUT_FDT_SIZE));
	/* booting.rst, section 2: at most 2 MiB, mapped as one block. */
	assert_int_equal(l->fdt % 8, 0);
	assert_int_equal(l->fdt / BLOCK, (l->fdt + TL_LAYOUT_FDT_SIZE - 1) / BLOCK);
	if (l->initrd_size == 0) {
		assert_int_equal(l->initrd, 0);
		return;
	}
	assert_int_equal(l->initrd % 4096, 0);
	assert_true(inside(l, l->initrd, l->initrd_size));
	assert_true(apart(l->kernel, l->kernel_size, l->initrd, l->initrd_size));
	assert_true(apart(l->fdt, TL_LAYOUT_FDT_SIZE, l->initrd, l->initrd_size));
}

static void test_linux(void **state)
{
	struct tl_layout layout = linux_in(512 * MIB, 3 * MIB + 1);

	(void)state;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_int_equal(layout.initrd, BASE + 20 * MIB);
	assert_int_equal(layout.fdt, BASE + 23 * MIB + 64 * KIB);
	assert_nothing_logged();
}

static void test_linux_without_initrd(void **state)
{
	struct tl_layout layout = linux_in(512 * MIB, 0);

	(void)state;
	layout.initrd_path = NULL;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_int_equal(layout.fdt, BASE + 20 * MIB);
}

/* As on QEMU's board: the device tree at the start of RAM, for programs without a header. */
static void test_raw(void **state)
{
	struct tl_layout layout = raw_in(512 * MIB, 5000, 70000);

	(void)state;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_int_equal(layout.fdt, BASE);
	/* Its stack and zeroed data are not in its file: the initrd stays away. */
	assert_int_equal(layout.initrd, BASE + 128 * MIB);
}

/* Firmware is outside of RAM, and finds the device tree where QEMU's board has it. */
static void test_firmware(void **state)
{
	struct tl_layout layout = {
		.ram_base = BASE,
		.ram_size = 2 * MIB,
		.kind = TL_IMAGE_FIRMWARE,
		.flash_size = 128 * MIB,
	};

	(void)state;
	assert_int_equal(tl_layout_place(&layout), 0);
	assert_int_equal(layout.fdt, BASE);
	assert_int_equal(layout.entry, 0);
	assert_int_equal(layout.kernel_size, 0);
	assert_nothing_logged();
}

static void test_elf_at_the_start_of_ram(void **state)
{
	struct tl_layout layout = raw_in(64 * MIB, 40 * MIB, 0);

	(void)state;
	layout.kind = TL_IMAGE_ELF;
	layout.kernel = BASE + TL_LAYOUT_FDT_SIZE - 1;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_true(layout.fdt > layout.kernel);
	layout.kernel = BASE + TL_LAYOUT_FDT_SIZE;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_int_equal(layout.fdt, BASE);
}

/* Every size of kernel and initrd around what just fits: accepted and sound, or refused. */
/* robust: layout.overlap */
static void test_nothing_overlaps(void **state)
{
	static const uint64_t steps[] = {1, 4095, 4096, 65535, 65536, 65537, BLOCK - 65536,
		BLOCK - 1, BLOCK, 5 * MIB, 7 * MIB};
	unsigned int placed = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < 3 * 3 * ARRAY_LEN(steps) * ARRAY_LEN(steps); i++) {
		struct tl_layout layout = raw_in((8 + i % 3 * 3) * MIB + 4096,
			steps[i / 9 % ARRAY_LEN(steps)], steps[i / 9 / ARRAY_LEN(steps)]);

		layout.kind = (enum tl_image_kind)(i / 3 % 3);
		layout.kernel = BASE + (i % 2 ? 0 : 512 * KIB);
		if (tl_layout_place(&layout)) {
			refused++;
			continue;
		}
		placed++;
		check(&layout);
	}
	assert_true(placed > 300);
	assert_true(refused > 100);
}

static void test_kernel_outside_of_ram(void **state)
{
	static const struct {
		uint64_t at, size;
	} ranges[] = {
		{BASE + 64 * MIB, 4096},          /* behind RAM */
		{BASE + 60 * MIB, 5 * MIB},       /* across its end */
		{BASE - 4096, 8192},              /* across its start */
		{0, 4096},                        /* before it */
		{BASE, 64 * MIB + 1},             /* larger than RAM */
		{BASE + 4096, UINT64_MAX - 4095}, /* wraps */
		{UINT64_MAX - 4095, 8192},        /* wraps, too */
		{UINT64_C(1) << 63, 4096},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		struct tl_layout layout = linux_in(64 * MIB, 0);

		layout.kernel = ranges[i].at;
		layout.kernel_size = ranges[i].size;
		assert_int_equal(tl_layout_place(&layout), -ENOSPC);
		assert_error("kernel 'the-kernel'", "does not fit", "larger --mem");
	}
}

static void test_initrd_larger_than_ram(void **state)
{
	static const uint64_t sizes[] = {
		64 * MIB + 1, 100 * MIB, UINT64_C(1) << 62, UINT64_MAX - 65535, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct tl_layout layout = linux_in(64 * MIB, sizes[i]);

		assert_int_equal(tl_layout_place(&layout), -ENOSPC);
		assert_error("initrd 'the-initrd'", "does not fit", "larger --mem");
	}
}

/* It is smaller than RAM, but not than what the kernel leaves of it. */
/* robust: initrd.gap */
static void test_initrd_larger_than_the_gap(void **state)
{
	struct tl_layout layout = linux_in(64 * MIB, 44 * MIB + 1);

	(void)state;
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("initrd 'the-initrd' of 45057 KiB", "0x41400000", "0x44000000");
	/* Behind the distance that a raw program gets. */
	layout = raw_in(64 * MIB, 4096, 32 * MIB + 1);
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("initrd 'the-initrd'", "0x42000000");
	layout.initrd_size--;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
}

/* robust: layout.overlap */
static void test_device_tree_does_not_fit(void **state)
{
	struct tl_layout layout = linux_in(64 * MIB, 44 * MIB);

	(void)state;
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("device tree of 'the-kernel'", "0x44000000");
	layout.initrd_size -= TL_LAYOUT_FDT_SIZE;
	assert_int_equal(tl_layout_place(&layout), 0);
	check(&layout);
	assert_int_equal(layout.fdt, BASE + 64 * MIB - TL_LAYOUT_FDT_SIZE);
}

/* RAM need not end at a multiple of 64 KiB; there is no initrd that could be to blame. */
static void test_kernel_up_to_the_last_page(void **state)
{
	struct tl_layout layout = linux_in(20 * MIB + 4096, 0);

	(void)state;
	layout.initrd_path = NULL;
	layout.kernel_size = layout.ram_size;
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("device tree of 'the-kernel'", "larger --mem");
}

static void test_table(void **state)
{
	struct tl_layout layout = linux_in(512 * MIB, 3 * MIB);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	assert_int_equal(tl_layout_place(&layout), 0);
	tl_layout_print(&layout, out);
	layout.initrd_size = 0;
	layout.kind = TL_IMAGE_RAW;
	tl_layout_print(&layout, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "RAM            0x40000000 -   0x5fffffff    524288 KiB\n"
				  "kernel         0x40000000 -   0x413fffff     20480 KiB\n"
				  "initrd         0x41400000 -   0x416fffff      3072 KiB\n"
				  "device tree    0x41700000 -   0x4170ffff        64 KiB\n"
				  "entry          0x40000000  (arm64 Image)\n"
				  "RAM            0x40000000 -   0x5fffffff    524288 KiB\n"
				  "kernel         0x40000000 -   0x413fffff     20480 KiB\n"
				  "device tree    0x41700000 -   0x4170ffff        64 KiB\n"
				  "entry          0x40000000  (raw binary)\n");
	free(text);
}

/* Nothing is put into a hole. */
static void test_hole(void **state)
{
	struct tl_layout layout = linux_in(64 * MIB, 0);

	(void)state;
	layout.hole = layout.kernel + 2 * MIB;
	layout.hole_size = 8 * MIB;
	assert_true(tl_layout_has(&layout, layout.ram_base, layout.hole - layout.ram_base));
	assert_false(tl_layout_has(&layout, layout.ram_base, layout.hole - layout.ram_base + 1));
	assert_false(tl_layout_has(&layout, layout.hole + layout.hole_size - 1, 1));
	assert_true(tl_layout_has(&layout, layout.hole + layout.hole_size, 1));
	layout.kernel_size = 3 * MIB;
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("does not fit", "with a hole");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_linux, fake_log_reset),
		cmocka_unit_test_setup(test_linux_without_initrd, fake_log_reset),
		cmocka_unit_test_setup(test_raw, fake_log_reset),
		cmocka_unit_test_setup(test_firmware, fake_log_reset),
		cmocka_unit_test_setup(test_firmware, fake_log_reset),
		cmocka_unit_test_setup(test_elf_at_the_start_of_ram, fake_log_reset),
		cmocka_unit_test_setup(test_nothing_overlaps, fake_log_reset),
		cmocka_unit_test_setup(test_kernel_outside_of_ram, fake_log_reset),
		cmocka_unit_test_setup(test_initrd_larger_than_ram, fake_log_reset),
		cmocka_unit_test_setup(test_initrd_larger_than_the_gap, fake_log_reset),
		cmocka_unit_test_setup(test_device_tree_does_not_fit, fake_log_reset),
		cmocka_unit_test_setup(test_kernel_up_to_the_last_page, fake_log_reset),
		cmocka_unit_test_setup(test_table, fake_log_reset),
		cmocka_unit_test_setup(test_hole, fake_log_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
