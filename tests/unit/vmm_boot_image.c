/* SPDX-License-Identifier: MIT */
/*
 * Kernel images: what a file is, where it goes, and bringing it there, once and
 * again at a reset. What is no kernel for this machine is refused in one line
 * that names the file.
 * Links: vmm/boot/image.c vmm/boot/elf.c vmm/boot/layout.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/boot/zimage.c
 * Links: vmm/core/mem.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: elf z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/boot/image.h"
#include "vmm/core/mem.h"

#define BASE UINT64_C(0x40000000)
#define KIB  UINT64_C(1024)
#define MIB  UINT64_C(0x100000)
#define LEN  ((size_t)200000) /* of the kernels here */

/* A kernel of LEN bytes. The caller frees it. */
static uint8_t *kernel(uint64_t text_offset, uint64_t image_size)
{
	uint8_t *bytes = fake_bytes(LEN);

	fake_image_head(bytes, text_offset, image_size, 0);
	return bytes;
}

static struct tl_layout place(const struct tl_image *image, uint64_t ram_size)
{
	struct tl_layout layout = {
		.kernel_path = image->source.path, .ram_base = BASE, .ram_size = ram_size};

	assert_int_equal(tl_image_place(image, &layout), 0);
	return layout;
}

/* Loads twice, as at a reset: the kernel is there, and what is around it is left alone. */
static void check_load(struct tl_image *image, const uint8_t *bytes, uint64_t at)
{
	struct tl_layout layout = place(image, 64 * MIB);
	struct tl_mem mem;
	uint8_t *to;

	assert_int_equal(layout.kernel, at);
	assert_int_equal(layout.entry, at);
	assert_int_equal(tl_mem_init(&mem, BASE, 64 * MIB), 0);
	to = tl_mem_at(&mem, at, LEN + 1);
	assert_non_null(to);
	for (int i = 0; i < 2; i++) {
		memset(mem.host, 0xee, 4 * MIB);
		assert_int_equal(tl_image_load(image, &layout, &mem), 0);
		assert_memory_equal(to, bytes, LEN);
		assert_int_equal(to[LEN], 0xee);
		assert_true(at == BASE || to[-1] == 0xee);
	}
	tl_mem_fini(&mem);
	assert_nothing_logged();
}

static void test_linux(void **state)
{
	static const uint64_t offsets[] = {0, 0x80000, 0x10000};
	static const char *(*const make[])(const char *, const void *, size_t) = {
		fake_file, fake_gzip, fake_zstd};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		uint8_t *bytes = kernel(offsets[i], 2 * MIB);
		struct tl_image image;

		assert_int_equal(tl_image_open(&image, make[i]("Image", bytes, LEN)), 0);
		assert_int_equal(image.kind, TL_IMAGE_LINUX);
		assert_int_equal(place(&image, 64 * MIB).kernel_size, 2 * MIB);
		check_load(&image, bytes, BASE + offsets[i]);
		tl_image_close(&image);
		unlink(fake_path("Image"));
		free(bytes);
	}
}

/* booting.rst: text_offset counts from a 2 MiB boundary, wherever RAM starts. */
static void test_ram_without_alignment(void **state)
{
	struct tl_layout layout = {.ram_base = BASE + 4096, .ram_size = 64 * MIB};
	uint8_t *bytes = kernel(0x80000, MIB);
	struct tl_image image;

	(void)state;
	assert_int_equal(tl_image_open(&image, fake_file("Image", bytes, LEN)), 0);
	assert_int_equal(tl_image_place(&image, &layout), 0);
	assert_int_equal(layout.kernel, BASE + 2 * MIB + 0x80000);
	tl_image_close(&image);
	free(bytes);
}

static void test_raw(void **state)
{
	uint8_t *bytes = fake_bytes(LEN);
	struct tl_image image;

	(void)state;
	assert_int_equal(tl_image_open(&image, fake_file("raw", bytes, LEN)), 0);
	assert_int_equal(image.kind, TL_IMAGE_RAW);
	assert_int_equal(place(&image, 64 * MIB).kernel_size, LEN);
	check_load(&image, bytes, BASE + 0x80000);
	tl_image_close(&image);
	/* No size is known of a packed one, so 32 MiB are kept for it. */
	assert_int_equal(tl_image_open(&image, fake_gzip("packed", bytes, LEN)), 0);
	assert_int_equal(image.kind, TL_IMAGE_RAW);
	assert_int_equal(place(&image, 64 * MIB).kernel_size, 32 * MIB);
	check_load(&image, bytes, BASE + 0x80000);
	tl_image_close(&image);
	/* The shortest. */
	assert_int_equal(tl_image_open(&image, fake_file("short", bytes, 64)), 0);
	tl_image_close(&image);
	free(bytes);
}

/* Before Linux 3.17 the fields meant nothing. */
/* robust: image.size-0 */
static void test_image_size_0(void **state)
{
	uint8_t *bytes = kernel(UINT64_C(1) << 63, 0);
	struct tl_image image;

	(void)state;
	assert_int_equal(tl_image_open(&image, fake_file("old", bytes, LEN)), 0);
	assert_warned("kernel '", "/old' has image_size 0", "before Linux 3.17");
	assert_int_equal(image.kind, TL_IMAGE_LINUX);
	assert_int_equal(place(&image, 64 * MIB).kernel_size, LEN);
	check_load(&image, bytes, BASE + 0x80000);
	tl_image_close(&image);
	free(bytes);
}

/* More in the file than the header says: the file counts, where its length is known. */
static void test_image_size_too_small(void **state)
{
	uint8_t *bytes = kernel(0, LEN - 1);
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_image_open(&image, fake_file("plain", bytes, LEN)), 0);
	assert_int_equal(place(&image, 64 * MIB).kernel_size, LEN);
	check_load(&image, bytes, BASE);
	tl_image_close(&image);
	assert_int_equal(tl_image_open(&image, fake_zstd("packed", bytes, LEN)), 0);
	layout = place(&image, 64 * MIB);
	assert_int_equal(tl_mem_init(&mem, BASE, 64 * MIB), 0);
	assert_int_equal(tl_image_load(&image, &layout, &mem), -EFBIG);
	assert_error("kernel '", "/packed' is larger than the 195 KiB that are kept for it",
		"its header lies", "--mem");
	tl_mem_fini(&mem);
	tl_image_close(&image);
	free(bytes);
}

/* 64 MiB in a file of 64 KiB, that claims to be a kernel of 1 MiB. */
/* robust: packed.gzip-bomb */
static void test_bomb(void **state)
{
	uint8_t *bytes = calloc(64, MIB);
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	assert_non_null(bytes);
	fake_image_head(bytes, 0, MIB, 0);
	assert_int_equal(tl_image_open(&image, fake_gzip("bomb", bytes, 64 * MIB)), 0);
	layout = place(&image, 4 * MIB);
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	memset(mem.host, 0xee, 4 * MIB);
	assert_int_equal(tl_image_load(&image, &layout, &mem), -EFBIG);
	assert_error("kernel '", "/bomb' is larger than the 1024 KiB that are kept for it");
	assert_int_equal(mem.host[MIB - 1], 0);
	assert_int_equal(mem.host[MIB], 0xee);
	tl_mem_fini(&mem);
	tl_image_close(&image);
	free(bytes);
}

/* All that the kernel claims has come, and only what follows shows that the file is damaged. */
static void test_damaged_behind_the_last_byte(void **state)
{
	uint8_t *bytes = kernel(0, LEN);
	const char *path = fake_gzip("cut", bytes, LEN);
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	fake_cut(path, 8);
	assert_int_equal(tl_image_open(&image, path), 0);
	layout = place(&image, 4 * MIB);
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	assert_int_equal(tl_image_load(&image, &layout, &mem), -EBADMSG);
	assert_error("/cut' is damaged: its gzip data ends too early");
	tl_mem_fini(&mem);
	tl_image_close(&image);
	free(bytes);
}

/* The file is cut between looking at it and loading it, or before a reset. */
/* robust: kernel.truncated */
static void test_truncated_while_loading(void **state)
{
	uint8_t *bytes = kernel(0, MIB);
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, BASE, 4 * MIB), 0);
	for (int i = 0; i < 2; i++) {
		const char *path =
			i ? fake_gzip("packed", bytes, LEN) : fake_file("plain", bytes, LEN);
		struct tl_layout layout;

		assert_int_equal(tl_image_open(&image, path), 0);
		layout = place(&image, 4 * MIB);
		fake_cut(path, 100000);
		assert_int_equal(tl_image_load(&image, &layout, &mem), -EIO);
		assert_error(path, "became shorter while it was read");
		tl_image_close(&image);
	}
	tl_mem_fini(&mem);
	free(bytes);
}

static void expect_refused(const char *path, int err)
{
	unsigned int fds = fds_open();
	struct tl_image image;

	assert_int_equal(tl_image_open(&image, path), -err);
	assert_int_equal(fds_open(), fds);
	assert_int_equal(image.source.fd, -1);
	tl_image_close(&image);
}

/* robust: image.text-offset-2-63 image.size-max image.big-endian */
static void test_headers_that_lie(void **state)
{
	static const struct {
		uint64_t text_offset, image_size, flags;
		int err;
		const char *words;
	} cases[] = {
		{UINT64_C(1) << 63, MIB, 0, EINVAL, "text_offset 0x8000000000000000"},
		{UINT64_C(1) << 48, MIB, 0, EINVAL, "text_offset 0x1000000000000"},
		{0 - UINT64_C(0x80000), MIB, 0, EINVAL, "no RAM is that large"},
		{0, UINT64_MAX, 0, EINVAL, "image_size 0xffffffffffffffff"},
		{0, UINT64_C(1) << 48, 0, EINVAL, "no RAM is that large"},
		{0, MIB, 1, ENOEXEC, "is big-endian"},
		{0, MIB, 0xb, ENOEXEC, "is big-endian"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t head[64];

		fake_image_head(head, cases[i].text_offset, cases[i].image_size, cases[i].flags);
		expect_refused(fake_file("Image", head, sizeof(head)), cases[i].err);
		assert_error("kernel '", "/Image' ", cases[i].words);
	}
}

/* Possible numbers, but not in this RAM. */
/* robust: image.text-offset-ram */
static void test_beyond_ram(void **state)
{
	static const struct {
		uint64_t text_offset, image_size;
	} cases[] = {
		{64 * MIB, MIB},
		{64 * MIB - 4096, MIB},
		{0, 64 * MIB + 1},
		{(UINT64_C(1) << 48) - 1, (UINT64_C(1) << 48) - 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t *bytes = kernel(cases[i].text_offset, cases[i].image_size);
		struct tl_layout layout;
		struct tl_image image;

		assert_int_equal(tl_image_open(&image, fake_file("Image", bytes, LEN)), 0);
		layout = place(&image, 64 * MIB);
		assert_int_equal(tl_layout_place(&layout), -ENOSPC);
		assert_error("kernel '", "/Image' of ", "does not fit", "larger --mem");
		tl_image_close(&image);
		free(bytes);
	}
}

/* robust: image.magic */
static void test_other_files(void **state)
{
	static const struct {
		const char *name;
		const char begin[17];
	} packed[] = {
		{"xz", "\xfd\x37zXZ\0\0\4"},
		{"bzip2", "BZh9\x31\x41\x59\x26\x53\x59"},
		{"lz4", "\x04\x22\x4d\x18\x64\x40\xa7\x6f"},
		{"lz4", "\x02\x21\x4c\x18\xaa\xaa\xaa\xaa"},
		{"lzop", "\x89LZO\0\x0d\x0a\x1a\x0a"},
		{"lzma", "\x5d\0\0\0\4\xff\xff\xff\xff\xff\xff\xff\xff"},
	};
	uint8_t elf[100] = "\177ELF";
	uint8_t efi[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		uint8_t head[64] = {0};

		memcpy(head, packed[i].begin, 16);
		expect_refused(fake_file("packed", head, sizeof(head)), ENOEXEC);
		assert_error("/packed' is compressed by ", packed[i].name, ": unpack it first");
	}
	expect_refused(fake_gzip("elf.gz", elf, sizeof(elf)), ENOEXEC);
	assert_error("/elf.gz' is a compressed ELF file: unpack it first");
	/* All that is wrong is the magic number: it would be taken as a raw program. */
	fake_image_head(efi, 0, MIB, 0);
	memcpy(efi, "MZ", 2);
	efi[56] ^= 1;
	expect_refused(fake_file("efi", efi, sizeof(efi)), ENOEXEC);
	assert_error("/efi' ", "EFI", "no arm64 Image");
	efi[56] ^= 1;
	assert_int_equal(tl_image_open(&(struct tl_image){0}, fake_path("nothing")), -ENOENT);
	assert_error("/nothing'");
}

/* robust: kernel.0-bytes kernel.1-byte kernel.63-bytes */
static void test_too_short(void **state)
{
	uint8_t head[64];

	(void)state;
	fake_image_head(head, 0, MIB, 0);
	expect_refused(fake_file("0", head, 0), ENODATA);
	assert_error("kernel '", "/0' is empty");
	expect_refused(fake_file("1", head, 1), ENOEXEC);
	assert_error("kernel '", "/1' has only 1 bytes");
	expect_refused(fake_file("63", head, 63), ENOEXEC);
	assert_error("kernel '", "/63' has only 63 bytes");
	expect_refused(fake_gzip("packed", head, 63), ENOEXEC);
	assert_error("kernel '", "/packed' has only 63 bytes");
	expect_refused(fake_zstd("nothing", head, 0), ENOEXEC);
	assert_error("kernel '", "/nothing' has only 0 bytes");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_linux),
		TEST(test_ram_without_alignment),
		TEST(test_raw),
		TEST(test_image_size_0),
		TEST(test_image_size_too_small),
		TEST(test_bomb),
		TEST(test_damaged_behind_the_last_byte),
		TEST(test_truncated_while_loading),
		TEST(test_headers_that_lie),
		TEST(test_beyond_ram),
		TEST(test_other_files),
		TEST(test_too_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
