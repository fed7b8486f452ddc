/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's memory and devices are, from device trees: those of VMMs, and files
 * that are none.
 * Links: base/fdt_check.c
 * Links: trace/tool/dtb_map.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: fdt z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfdt.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "trace/tool/dtb_map.h"

static struct {
	char bytes[16384];
	struct tl_vm_map map;
	unsigned int fds;
} tree;

#define OK(call) assert_int_equal(call, 0)

static void begin(const char *name)
{
	OK(fdt_begin_node(tree.bytes, name));
}

static void end(void)
{
	OK(fdt_end_node(tree.bytes));
}

static void put_cells(uint32_t address, uint32_t size)
{
	OK(fdt_property_u32(tree.bytes, "#address-cells", address));
	OK(fdt_property_u32(tree.bytes, "#size-cells", size));
}

/* An empty tree with a root of so many cells. */
static void begin_tree(uint32_t address, uint32_t size)
{
	memset(&tree.map, 0, sizeof(tree.map));
	OK(fdt_create(tree.bytes, sizeof(tree.bytes)));
	OK(fdt_finish_reservemap(tree.bytes));
	begin("");
	put_cells(address, size);
}

static size_t end_tree(void)
{
	end();
	OK(fdt_finish(tree.bytes));
	return fdt_totalsize(tree.bytes);
}

/* `reg` of numbers that have as many cells each as `cells` says. */
static void put_reg(const uint64_t *numbers, unsigned int count, unsigned int cells)
{
	fdt32_t reg[16];
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (cells == 2)
			reg[n++] = cpu_to_fdt32((uint32_t)(numbers[i] >> 32));
		reg[n++] = cpu_to_fdt32((uint32_t)numbers[i]);
	}
	OK(fdt_property(tree.bytes, "reg", reg, (int)(n * sizeof(reg[0]))));
}

#define NUMBERS(...)   (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8
#define PUT_REG(...)   put_reg(NUMBERS(__VA_ARGS__), 2)
#define PUT_REG32(...) put_reg(NUMBERS(__VA_ARGS__), 1)

/* A device of 64-bit addresses; `compatible` may have several, each with its 0 but the last. */
#define PUT_DEVICE(name, compatible, ...)                                                          \
	do {                                                                                       \
		begin(name);                                                                       \
		OK(fdt_property(tree.bytes, "compatible", compatible, sizeof(compatible)));        \
		PUT_REG(__VA_ARGS__);                                                              \
		end();                                                                             \
	} while (0)

static void put_memory(uint64_t base, uint64_t size)
{
	begin("memory@40000000");
	OK(fdt_property_string(tree.bytes, "device_type", "memory"));
	PUT_REG(base, size);
	end();
}

static int set_up(void **state)
{
	tree.fds = fds_open();
	return fake_files_setup(state);
}

static int tear_down(void **state)
{
	return fake_files_teardown(state) || fds_open() != tree.fds;
}

/* Ends the tree, and has it read. */
static void read_tree(void)
{
	assert_int_equal(tl_dtb_map(fake_file("dtb", tree.bytes, end_tree()), &tree.map), 0);
	assert_nothing_logged();
}

static void expect_region(unsigned int i, const char *name, uint64_t base, uint64_t size)
{
	assert_in_range(i, 0, tree.map.count - 1);
	assert_string_equal(tree.map.regions[i].name, name);
	assert_int_equal(tree.map.regions[i].base, base);
	assert_int_equal(tree.map.regions[i].size, size);
}

/* It is refused, in one line, and nothing of it stays open. */
static void expect_refused(const char *path, int error, const char *words)
{
	memset(&tree.map, 0, sizeof(tree.map));
	assert_int_equal(tl_dtb_map(path, &tree.map), error);
	assert_error("--dtb '", path, words);
}

#define NO_TREE "is no device tree with memory in it"

/* As QEMU has them: devices have their kinds' names, whatever their nodes are called. */
static void test_machine(void **state)
{
	(void)state;
	begin_tree(2, 2);
	begin("chosen");
	end();
	put_memory(0x40000000, 0x8000000);
	PUT_DEVICE("uart@9000000", "arm,pl011\0arm,primecell", 0x9000000, 0x1000);
	PUT_DEVICE("rtc@9010000", "arm,pl031\0arm,primecell", 0x9010000, 0x1000);
	PUT_DEVICE("virtio_mmio@a000000", "virtio,mmio", 0xa000000, 0x200);
	PUT_DEVICE("virtio_mmio@a000200", "virtio,mmio", 0xa000200, 0x200);
	PUT_DEVICE("intc@8000000", "arm,gic-v3", 0x8000000, 0x10000, 0x80a0000, 0xf60000);
	PUT_DEVICE("pcie@10000000", "pci-host-ecam-generic", 0x4010000000, 0x10000000);
	read_tree();
	assert_int_equal(tree.map.count, 8);
	expect_region(0, "ram", 0x40000000, 0x8000000);
	expect_region(1, "pl011", 0x9000000, 0x1000);
	expect_region(2, "pl031", 0x9010000, 0x1000);
	expect_region(3, "virtio-mmio", 0xa000000, 0x200);
	expect_region(4, "virtio-mmio", 0xa000200, 0x200);
	expect_region(5, "gicd", 0x8000000, 0x10000);
	expect_region(6, "gicr", 0x80a0000, 0xf60000);
	expect_region(7, "pci", 0x4010000000, 0x10000000);
}

/* What has no name here has its node's; a range that the kind does not have, too. */
static void test_own_names(void **state)
{
	(void)state;
	begin_tree(2, 2);
	PUT_DEVICE("watchdog@3000", "arm,sp805", 0x3000, 0x10);
	PUT_DEVICE("a-device-with-quite-a-long-name", "x", 0x4000, 0x10);
	PUT_DEVICE("intc", "arm,gic-v3", 0x100, 1, 0x200, 2, 0x300, 3);
	PUT_DEVICE("uart", "arm,pl011", 0x400, 4, 0x500, 5);
	put_memory(0x80000000, 0x1000);
	begin("ethernet@6000");
	OK(fdt_property_string(tree.bytes, "device_type", "network"));
	PUT_REG(0x6000, 0x10);
	end();
	read_tree();
	assert_int_equal(tree.map.count, 9);
	expect_region(0, "watchdog", 0x3000, 0x10);
	expect_region(1, "a-device-with-quite-a-l", 0x4000, 0x10);
	expect_region(2, "gicd", 0x100, 1);
	expect_region(3, "gicr", 0x200, 2);
	expect_region(4, "intc", 0x300, 3);
	expect_region(5, "pl011", 0x400, 4);
	expect_region(6, "uart", 0x500, 5);
	expect_region(7, "ram", 0x80000000, 0x1000);
	expect_region(8, "ethernet", 0x6000, 0x10);
}

/* In pieces, and of addresses of one cell. */
static void test_cells(void **state)
{
	(void)state;
	begin_tree(1, 1);
	begin("memory");
	OK(fdt_property_string(tree.bytes, "device_type", "memory"));
	PUT_REG32(0x80000000, 0x7fffffff, 0x10000, 0x20000);
	end();
	read_tree();
	assert_int_equal(tree.map.count, 2);
	expect_region(0, "ram", 0x80000000, 0x7fffffff);
	expect_region(1, "ram", 0x10000, 0x20000);
	begin_tree(2, 1);
	begin("memory");
	OK(fdt_property_string(tree.bytes, "device_type", "memory"));
	PUT_REG32(0x80, 0x40000000, 0x1000, 0x81);
	end();
	read_tree();
	assert_int_equal(tree.map.count, 1);
	expect_region(0, "ram", 0x8040000000, 0x1000);
}

/* What is already there stays. */
static void test_adds(void **state)
{
	static const struct tl_vm_region first = {"first", 1, 2};

	(void)state;
	begin_tree(2, 2);
	put_memory(0x40000000, 0x1000);
	tree.map.regions[tree.map.count++] = first;
	read_tree();
	assert_int_equal(tree.map.count, 2);
	expect_region(0, "first", 1, 2);
	expect_region(1, "ram", 0x40000000, 0x1000);
}

/* Numbers of CPUs are no addresses, and neither is what has no size or wraps around. */
static void test_no_ranges(void **state)
{
	(void)state;
	begin_tree(2, 2);
	put_memory(0x40000000, 0x1000);
	begin("cpus");
	put_cells(1, 0);
	begin("cpu@0");
	PUT_REG32(0);
	end();
	end();
	PUT_DEVICE("empty", "arm,pl011", 0x1000, 0);
	PUT_DEVICE("wraps", "arm,pl011", UINT64_MAX - 0xfff, 0x2000);
	PUT_DEVICE("half", "arm,pl011", 0x5000);
	PUT_DEVICE("more", "arm,pl011", 0x6000, 0x10, 0x7000);
	read_tree();
	assert_int_equal(tree.map.count, 2);
	expect_region(1, "pl011", 0x6000, 0x10);
}

/* A bus says by an empty `ranges` that its addresses are those of the CPUs. */
static void test_buses(void **state)
{
	static const struct {
		int has_ranges, length; /* of the property, in cells */
	} cases[] = {{1, 0}, {0, 0}, {1, 3}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		const fdt32_t elsewhere[] = {0, cpu_to_fdt32(0xc000000), cpu_to_fdt32(0x2000000)};

		begin_tree(2, 2);
		/* Not that of the bus, which is how numbers of it are read. */
		begin("bus@1000");
		OK(fdt_property_string(tree.bytes, "compatible", "simple-bus"));
		put_cells(1, 1);
		if (cases[i].has_ranges)
			OK(fdt_property(tree.bytes, "ranges", elsewhere,
				cases[i].length * (int)sizeof(elsewhere[0])));
		begin("uart@2000");
		OK(fdt_property_string(tree.bytes, "compatible", "arm,pl011"));
		PUT_REG32(0x2000, 0x1000);
		/* Nobody has a bus in a bus. */
		PUT_DEVICE("deeper@3000", "arm,pl031", 0x3000, 0x1000);
		end();
		end();
		PUT_DEVICE("rtc@4000", "arm,pl031", 0x4000, 0x1000);
		put_memory(0x40000000, 0x1000);
		read_tree();
		if (i == 0)
			expect_region(0, "pl011", 0x2000, 0x1000);
		assert_int_equal(tree.map.count, i == 0 ? 3 : 2);
		expect_region(tree.map.count - 2, "pl031", 0x4000, 0x1000);
		expect_region(tree.map.count - 1, "ram", 0x40000000, 0x1000);
	}
}

/* No more than there is room for. */
static void test_many(void **state)
{
	char name[16];

	(void)state;
	begin_tree(2, 2);
	put_memory(0x40000000, 0x1000);
	for (unsigned int i = 0; i < TL_VM_REGIONS + 10; i++) {
		snprintf(name, sizeof(name), "uart@%u", i);
		PUT_DEVICE(name, "arm,pl011", i * 0x1000, 0x1000);
	}
	read_tree();
	assert_int_equal(tree.map.count, TL_VM_REGIONS);
	expect_region(TL_VM_REGIONS - 1, "pl011", (TL_VM_REGIONS - 2) * 0x1000, 0x1000);
}

/* Nothing could be told from anything: without RAM, all would be devices. */
static void test_no_memory(void **state)
{
	(void)state;
	begin_tree(2, 2);
	PUT_DEVICE("uart@9000000", "arm,pl011", 0x9000000, 0x1000);
	begin("memory@0");
	OK(fdt_property_string(tree.bytes, "device_type", "memory"));
	PUT_REG(0, 0);
	end();
	expect_refused(fake_file("dtb", tree.bytes, end_tree()), -EINVAL, NO_TREE);
	begin_tree(2, 2);
	expect_refused(fake_file("dtb", tree.bytes, end_tree()), -EINVAL, NO_TREE);
}

static void test_no_trees(void **state)
{
	uint8_t *rubbish = fake_bytes(5000);
	const char *path;

	(void)state;
	expect_refused(fake_file("rubbish", rubbish, 5000), -EINVAL, "dtc");
	/* With the right number at its start. */
	memcpy(rubbish, "\xd0\x0d\xfe\xed", 4);
	expect_refused(fake_file("rubbish", rubbish, 5000), -EINVAL, NO_TREE);
	free(rubbish);
	expect_refused(fake_file("source", "/dts-v1/;", 9), -EINVAL, "dtc");
	expect_refused(fake_file("empty", "", 0), -EINVAL, NO_TREE);
	expect_refused(fake_path("missing"), -ENOENT, "No such file");
	path = fake_path("folder");
	OK(mkdir(path, 0700));
	expect_refused(path, -EINVAL, NO_TREE);
	expect_refused("/dev/zero", -EINVAL, NO_TREE);
}

/* Nobody writes to it, and nobody waits for that. */
static void test_fifo(void **state)
{
	const char *path = fake_path("fifo");

	(void)state;
	OK(mkfifo(path, 0600));
	alarm(10);
	expect_refused(path, -EINVAL, NO_TREE);
	alarm(0);
}

/* A good tree in a file that is larger than any. */
static void test_too_large(void **state)
{
	const char *path;

	(void)state;
	begin_tree(2, 2);
	put_memory(0x40000000, 0x1000);
	path = fake_file("large", tree.bytes, end_tree());
	OK(truncate(path, 8 << 20));
	assert_int_equal(tl_dtb_map(path, &tree.map), 0);
	OK(truncate(path, (8 << 20) + 1));
	expect_refused(path, -EINVAL, NO_TREE);
}

/* A tree of a bit of everything, at the start of `tree.bytes`. Returns its size. */
static size_t some_tree(void)
{
	begin_tree(2, 2);
	put_memory(0x40000000, 0x8000000);
	begin("bus");
	OK(fdt_property_string(tree.bytes, "compatible", "simple-bus"));
	OK(fdt_property(tree.bytes, "ranges", NULL, 0));
	put_cells(2, 2);
	PUT_DEVICE("uart@9000000", "arm,pl011\0arm,primecell", 0x9000000, 0x1000);
	end();
	PUT_DEVICE("intc@8000000", "arm,gic-v3", 0x8000000, 0x10000, 0x80a0000, 0xf60000);
	return end_tree();
}

static void test_truncated(void **state)
{
	size_t size = some_tree();
	const char *path = fake_file("dtb", tree.bytes, size);

	(void)state;
	for (size_t left = size; left-- > 0;) {
		fake_cut(path, 1);
		expect_refused(path, -EINVAL, NO_TREE);
	}
}

/* Each byte damaged: it may be a tree still or not, but nothing else happens. */
static void test_damaged(void **state)
{
	static const unsigned char damage[] = {0x01, 0x80, 0xff};
	const char *path = fake_path("dtb");

	(void)state;
	for (size_t at = 0, size = some_tree(); at < size; at++) {
		for (unsigned int i = 0; i < ARRAY_LEN(damage); i++) {
			FILE *file = fopen(path, "w");

			tree.bytes[at] = (char)(tree.bytes[at] ^ damage[i]);
			assert_non_null(file);
			assert_int_equal(fwrite(tree.bytes, 1, size, file), size);
			OK(fclose(file));
			tree.bytes[at] = (char)(tree.bytes[at] ^ damage[i]);
			memset(&tree.map, 0, sizeof(tree.map));
			if (tl_dtb_map(path, &tree.map))
				assert_error(NO_TREE);
			else
				assert_in_range(tree.map.count, 1, TL_VM_REGIONS);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_machine),
		TEST(test_own_names),
		TEST(test_cells),
		TEST(test_adds),
		TEST(test_no_ranges),
		TEST(test_buses),
		TEST(test_many),
		TEST(test_no_memory),
		TEST(test_no_trees),
		TEST(test_fifo),
		TEST(test_too_large),
		TEST(test_truncated),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
