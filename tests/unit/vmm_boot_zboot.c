/* SPDX-License-Identifier: MIT */
/*
 * EFI zboot: a kernel inside an EFI program loads as the Image that it holds,
 * and a header that lies, a payload that is damaged, packed otherwise or
 * something else is refused in one line.
 * Links: vmm/boot/image.c vmm/boot/elf.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/boot/zimage.c vmm/core/mem.c
 * Links: tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: elf z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/boot/image.h"
#include "vmm/core/mem.h"

#define BASE UINT64_C(0x40000000)
#define MIB  UINT64_C(0x100000)
#define LEN  ((size_t)200000)
#define HEAD 4096 /* a whole PE header is that long */
#define TAIL 700  /* the program's code and data, behind the payload */

/* Not the data of any format. */
static const uint8_t some[100] = {0x1f, 0x8b};

static uint8_t *kernel(void)
{
	uint8_t *bytes = fake_bytes(LEN);

	fake_image_head(bytes, 0, MIB, 0);
	return bytes;
}

static void put_le32(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static size_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* As zboot-header.S lays it out. Bytes that do not matter are not zero. */
static const char *zboot(const char *name, const char *packing, uint64_t offset, uint64_t size,
	const void *payload, size_t len)
{
	uint8_t *tail = fake_bytes(TAIL);
	const char *path;
	uint8_t head[HEAD];

	memset(head, 0x5a, sizeof(head));
	memcpy(head, "MZ\0\0zimg", 8);
	put_le32(head + 8, (uint32_t)offset);
	put_le32(head + 12, (uint32_t)size);
	memset(head + 16, 0, 40);
	memcpy(head + 24, packing, strlen(packing));
	path = fake_file(name, head, sizeof(head));
	fake_append(path, payload, len);
	fake_append(path, tail, TAIL);
	free(tail);
	return path;
}

/* The file `packed` as payload; `less` bytes of it are not counted in the header. */
static const char *wrap(const char *packing, const char *packed, size_t less)
{
	size_t len = size_of(packed);
	uint8_t *payload = malloc(len);
	const char *path;
	int fd = open(packed, O_RDONLY | O_CLOEXEC);

	assert_non_null(payload);
	assert_int_equal(read(fd, payload, len), len);
	close(fd);
	path = zboot("vmlinuz", packing, HEAD, len - less, payload, len);
	free(payload);
	unlink(packed);
	return path;
}

/* Twice, as at a reset. */
static void check_loads(const char *path, const uint8_t *bytes)
{
	struct tl_layout layout = {.ram_base = BASE, .ram_size = 4 * MIB};
	struct tl_image image;
	struct tl_mem mem;

	assert_int_equal(tl_image_open(&image, path), 0);
	assert_int_equal(image.kind, TL_IMAGE_LINUX);
	assert_int_equal(tl_image_place(&image, &layout), 0);
	assert_int_equal(layout.kernel, BASE);
	assert_int_equal(layout.kernel_size, MIB);
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	for (int i = 0; i < 2; i++) {
		memset(mem.host, 0xee, MIB);
		assert_int_equal(tl_image_load(&image, &layout, &mem), 0);
		assert_memory_equal(mem.host, bytes, LEN);
		assert_int_equal(mem.host[LEN], 0xee);
	}
	tl_mem_fini(&mem);
	tl_image_close(&image);
	assert_nothing_logged();
}

static void test_loads(void **state)
{
	uint8_t *bytes = kernel();
	const char *zstd;

	(void)state;
	check_loads(wrap("gzip", fake_gzip("packed", bytes, LEN), 0), bytes);
	check_loads(wrap("zstd", fake_zstd("packed", bytes, LEN), 0), bytes);
	/* The kernel's build puts the size behind zstd's data, and does not count it. */
	zstd = fake_zstd("packed", bytes, LEN);
	fake_append(zstd, "\x40\x0d\x03", 4);
	check_loads(wrap("zstd22", zstd, 4), bytes);
	free(bytes);
}

static void expect_refused(const char *path, int err)
{
	unsigned int fds = fds_open();
	struct tl_image image;

	assert_int_equal(tl_image_open(&image, path), -err);
	assert_int_equal(fds_open(), fds);
	tl_image_close(&image);
	unlink(path);
}

static void test_packed_otherwise(void **state)
{
	static const char *const names[] = {"lz4", "lzma", "lzo", "xzkern", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		expect_refused(zboot("vmlinuz", names[i], HEAD, 100, some, sizeof(some)), ENOEXEC);
		assert_error("kernel '", "/vmlinuz' is an EFI program with a kernel packed by '",
			names[i], "': only gzip and zstd");
	}
	/* Neither control characters nor a name without end reach the terminal. */
	expect_refused(zboot("vmlinuz", "\33[2J", HEAD, 100, some, sizeof(some)), ENOEXEC);
	assert_error("packed by '?[2J':");
	expect_refused(zboot("vmlinuz", "0123456789abcdef0123456789abcdefxxxxx", HEAD, 100, some,
			       sizeof(some)),
		ENOEXEC);
	assert_error("packed by '0123456789abcdef0123456789abcdef':");
}

static void test_header_lies(void **state)
{
	static const struct {
		uint64_t offset, size;
	} cases[] = {
		{0, 100},
		{63, 100},
		{HEAD, 0},
		{HEAD, 100 + TAIL + 1},
		{HEAD + 100 + TAIL, 1},
		{UINT32_MAX, 100},
		{HEAD, UINT32_MAX},
		{UINT32_MAX, UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		expect_refused(zboot("vmlinuz", "gzip", cases[i].offset, cases[i].size, some,
				       sizeof(some)),
			EBADMSG);
		assert_error("kernel '", "/vmlinuz' is an EFI program whose kernel would be ",
			"the file has 4896 bytes: truncated or damaged");
	}
}

/* Wherever it ends, it is noticed; and an offset that points elsewhere finds no such data. */
static void test_damaged_payload(void **state)
{
	uint8_t *bytes = kernel();
	struct tl_layout layout = {.ram_base = BASE, .ram_size = 4 * MIB};
	struct tl_image image;
	struct tl_mem mem;
	const char *path;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	for (int i = 0; i < 2; i++) {
		path = i ? fake_zstd("packed", bytes, LEN) : fake_gzip("packed", bytes, LEN);
		path = wrap(i ? "zstd" : "gzip", path, 1);
		assert_int_equal(tl_image_open(&image, path), 0);
		assert_int_equal(tl_image_place(&image, &layout), 0);
		assert_int_equal(tl_image_load(&image, &layout, &mem), -EBADMSG);
		assert_error(
			"/vmlinuz' is damaged: its ", i ? "zstd" : "gzip", "data ends too early");
		tl_image_close(&image);
	}
	tl_mem_fini(&mem);
	/* What follows the payload is not its. */
	expect_refused(zboot("vmlinuz", "gzip", HEAD, 100, bytes, 100), EBADMSG);
	assert_error("/vmlinuz' is damaged: its gzip data cannot be unpacked");
	path = wrap("gzip", fake_zstd("packed", bytes, LEN), 0);
	expect_refused(path, EBADMSG);
	assert_error("/vmlinuz' is damaged: its gzip data cannot be unpacked");
	free(bytes);
}

static void test_bomb(void **state)
{
	uint8_t *bytes = calloc(64, MIB);
	struct tl_layout layout = {.ram_base = BASE, .ram_size = 4 * MIB};
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	assert_non_null(bytes);
	fake_image_head(bytes, 0, MIB, 0);
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	memset(mem.host, 0xee, 4 * MIB);
	assert_int_equal(
		tl_image_open(&image, wrap("zstd", fake_zstd("packed", bytes, 64 * MIB), 0)), 0);
	assert_int_equal(tl_image_place(&image, &layout), 0);
	assert_int_equal(tl_image_load(&image, &layout, &mem), -EFBIG);
	assert_error("/vmlinuz' is larger than the 1024 KiB that are kept for it");
	assert_int_equal(mem.host[MIB], 0xee);
	tl_image_close(&image);
	tl_mem_fini(&mem);
	free(bytes);
}

/* Kernels of other architectures are packed so, too. */
static void test_holds_something_else(void **state)
{
	uint8_t *bytes = kernel();
	char elf[100] = "\177ELF";

	(void)state;
	bytes[56] ^= 1;
	expect_refused(wrap("gzip", fake_gzip("packed", bytes, LEN), 0), ENOEXEC);
	assert_error("/vmlinuz' is an EFI program, and what it holds is no arm64 Image");
	expect_refused(wrap("gzip", fake_gzip("packed", elf, sizeof(elf)), 0), ENOEXEC);
	assert_error("/vmlinuz' is an EFI program, and what it holds is no arm64 Image");
	/* One in another. */
	memcpy(bytes, "MZ\0\0zimg", 8);
	expect_refused(wrap("gzip", fake_gzip("packed", bytes, LEN), 0), ENOEXEC);
	assert_error("/vmlinuz' begins as an EFI program");
	/* Too short to hold a header: an EFI program of some kind, as far as one sees. */
	expect_refused(fake_file("short", "MZ\0\0zimg", 8), ENOEXEC);
	assert_error("/short' has only 8 bytes");
	free(bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_loads),
		TEST(test_packed_otherwise),
		TEST(test_header_lies),
		TEST(test_damaged_payload),
		TEST(test_bomb),
		TEST(test_holds_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
