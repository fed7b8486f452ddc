/* SPDX-License-Identifier: MIT */
/*
 * 32-bit kernels: zImages go where unpacking them overwrites nothing, ELF32 programs
 * where they say; whatever a header claims that cannot be is refused in one line.
 * Links: vmm/boot/image.c vmm/boot/elf.c vmm/boot/layout.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/boot/zimage.c vmm/core/mem.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: elf z zstd
 */
#include "tests/unit/unit.h"

#include <elf.h>
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
#define MIB  UINT64_C(0x100000)
#define LEN  ((uint32_t)200000) /* of the zImages here */
/* Words of their header, and where their tables are. */
#define MAGIC  9
#define START  10
#define END    11
#define ENDIAN 12
#define MAGIC2 13
#define TABLE  14
#define AT     64
#define PIGGY  (LEN / 4 - 1)

/* Head and table as arch/arm/boot/compressed has them; the rest does not matter. */
static uint32_t *zimage(uint32_t unpacked, uint32_t bss)
{
	uint32_t *words = (uint32_t *)(void *)fake_bytes(LEN);

	words[MAGIC] = 0x016f2818;
	words[START] = 0;
	words[END] = LEN;
	words[ENDIAN] = 0x04030201;
	words[MAGIC2] = 0x45454545;
	words[TABLE] = AT * 4;
	words[AT] = 6;
	words[AT + 1] = 0x5a534c4b;
	words[AT + 2] = PIGGY * 4;
	words[AT + 3] = bss;
	words[PIGGY] = unpacked;
	return words;
}

static void open_zimage(struct tl_image *image, const uint32_t *words)
{
	assert_int_equal(tl_image_open(image, fake_file("zImage", words, LEN)), 0);
	assert_int_equal(image->kind, TL_IMAGE_ZIMAGE);
	assert_true(image->aarch32);
}

static struct tl_layout place(const struct tl_image *image, uint64_t ram_size, uint64_t initrd_size)
{
	struct tl_layout layout = {.kernel_path = image->source.path,
		.initrd_path = "the-initrd",
		.ram_base = BASE,
		.ram_size = ram_size,
		.initrd_size = initrd_size};

	assert_int_equal(tl_image_place(image, &layout), 0);
	assert_true(layout.aarch32);
	return layout;
}

/* What holds for every one that is accepted; `end`: of the unpacked kernel and its data. */
static void check_layout(const struct tl_layout *l, uint64_t end)
{
	assert_true(l->kernel >= BASE + end);
	/* booting.rst: in the first 128 MiB. */
	assert_true(l->kernel + l->kernel_size <= BASE + 128 * MIB);
	assert_int_equal(l->entry, l->kernel);
	if (l->initrd_size)
		assert_true(l->initrd >= l->kernel + l->kernel_size + MIB);
	assert_true(l->fdt >= l->kernel + l->kernel_size + MIB);
	assert_true(l->fdt >= l->initrd + l->initrd_size || l->fdt + 65536 <= l->initrd);
	assert_true(l->fdt + TL_LAYOUT_FDT_SIZE <= BASE + l->ram_size);
}

static void test_zimage(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	open_zimage(&image, words);
	layout = place(&image, 64 * MIB, 3 * MIB);
	assert_int_equal(tl_layout_place(&layout), 0);
	/* Also behind the largest offset that a kernel has in RAM. */
	check_layout(&layout, 11 * MIB + 0x308000);
	assert_int_equal(layout.kernel, BASE + 16 * MIB);
	assert_int_equal(tl_mem_init(&mem, BASE, 64 * MIB), 0);
	for (int i = 0; i < 2; i++) {
		memset(mem.host + 16 * MIB - 1, 0xee, LEN + 2);
		assert_int_equal(tl_image_load(&image, &layout, &mem), 0);
		assert_memory_equal(mem.host + 16 * MIB, words, LEN);
		assert_int_equal(mem.host[16 * MIB - 1], 0xee);
		assert_int_equal(mem.host[16 * MIB + LEN], 0xee);
	}
	tl_mem_fini(&mem);
	tl_image_close(&image);
	free(words);
	assert_nothing_logged();
}

/* A device tree may be appended (CONFIG_ARM_APPENDED_DTB): it is loaded, too. */
static void test_appended(void **state)
{
	uint32_t *words = zimage(MIB, 0);
	struct tl_image image;

	(void)state;
	words[END] = LEN - 1000;
	open_zimage(&image, words);
	assert_int_equal(place(&image, 64 * MIB, 0).kernel_size, LEN);
	tl_image_close(&image);
	free(words);
}

/* robust: zimage.table */
/* Older kernels, and tables that lie: where booting.rst recommends, with the rest out of reach. */
static void test_no_table(void **state)
{
	static const struct {
		uint32_t word, value;
	} cases[] = {
		{MAGIC2, 0},
		{TABLE, 0},
		{TABLE, AT * 4 + 1},
		{TABLE, LEN - 12},
		{TABLE, 0xfffffffc},
		{AT, 3},
		{AT + 1, 0},
		{AT + 2, LEN},
		{AT + 2, 0xfffffffc},
		{AT + 3, 0xffffffff},
		{PIGGY, 0xffffffff},
		{PIGGY, 125 * MIB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t *words = zimage(10 * MIB, MIB);
		struct tl_layout layout;
		struct tl_image image;

		words[cases[i].word] = cases[i].value;
		open_zimage(&image, words);
		layout = place(&image, 256 * MIB, 3 * MIB);
		assert_int_equal(layout.kernel, BASE + 32 * MIB);
		assert_int_equal(tl_layout_place(&layout), 0);
		assert_int_equal(layout.initrd, BASE + 128 * MIB);
		assert_true(layout.fdt >= BASE + 131 * MIB);
		/* With less RAM than that, behind it. */
		layout = place(&image, 64 * MIB, 3 * MIB);
		assert_int_equal(tl_layout_place(&layout), 0);
		check_layout(&layout, 0);
		tl_image_close(&image);
		free(words);
	}
	assert_nothing_logged();
}

static void test_packed(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, BASE, 64 * MIB), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tl_image_open(&image, fake_gzip("zImage.gz", words, LEN)), 0);
		layout = place(&image, 64 * MIB, 0);
		assert_int_equal(layout.kernel, BASE + 32 * MIB);
		assert_int_equal(layout.kernel_size, words[END]);
		assert_int_equal(tl_image_load(&image, &layout, &mem), i == 0 ? 0 : -EBADMSG);
		tl_image_close(&image);
		unlink(fake_path("zImage.gz"));
		/* A file that is shorter than it says is seen only now. */
		words[END] = LEN + 1;
	}
	assert_error("/zImage.gz' is a zImage of 200001 bytes", "has only 200000: truncated");
	tl_mem_fini(&mem);
	free(words);
}

static void expect_refused(const char *name, const void *bytes, size_t len, int err)
{
	unsigned int fds = fds_open();
	struct tl_image image;

	assert_int_equal(tl_image_open(&image, fake_file(name, bytes, len)), -err);
	assert_int_equal(fds_open(), fds);
}

/* robust: zimage.end zimage.start zimage.big-endian */
static void test_bad_zimages(void **state)
{
	static const struct {
		uint32_t word, value;
		int err;
		const char *words;
	} cases[] = {
		{MAGIC, 0x18286f01, ENOEXEC, "big-endian"},
		{ENDIAN, 0x01020304, ENOEXEC, "big-endian"},
		{START, 0x8000, ENOEXEC, "runs at 0x8000 only"},
		{END, LEN + 1, EBADMSG,
			"of 200001 bytes, as its header says, and the file has 200000"},
		{END, 0, EINVAL, "of 0 bytes, as its header says: damaged"},
		{END, 0x3b, EINVAL, "of 59 bytes"},
		{END, 0x8000001, EINVAL, "of 134217729 bytes"},
		{END, 0xffffffff, EINVAL, "of 4294967295 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t *words = zimage(10 * MIB, MIB);

		words[cases[i].word] = cases[i].value;
		expect_refused("zImage", words, LEN, cases[i].err);
		assert_error("kernel '", "/zImage' is a zImage ", cases[i].words);
		free(words);
	}
}

/* robust: zimage.truncated */
/* Cut off at every place of its head. */
static void test_short_zimages(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);

	(void)state;
	for (size_t len = 1; len < 80; len++) {
		expect_refused("zImage", words, len, len >= 40 && len >= 60 ? EBADMSG : ENOEXEC);
		assert_error(
			"kernel '", "/zImage' ", len < 40 ? "no image is that short" : "truncated");
	}
	free(words);
}

/* robust: zimage.ram */
static void test_beyond_ram(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);
	struct tl_layout layout;
	struct tl_image image;

	(void)state;
	open_zimage(&image, words);
	layout = place(&image, 16 * MIB, 0);
	assert_int_equal(tl_layout_place(&layout), -ENOSPC);
	assert_error("/zImage' of ", "does not fit", "larger --mem");
	tl_image_close(&image);
	free(words);
}

/* Everything from the start of RAM on is written to. */
static void test_hole(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);
	struct tl_layout layout;
	struct tl_image image;

	(void)state;
	open_zimage(&image, words);
	for (uint64_t at = 2; at < 32; at += 2) {
		layout = place(&image, 64 * MIB, 0);
		layout.hole = BASE + at * MIB;
		layout.hole_size = 2 * MIB;
		/* The zImage is at 16 MiB and shorter than one, what it needs behind it is one. */
		assert_int_equal(tl_layout_place(&layout), at < 18 ? -ENOSPC : 0);
		if (at < 18)
			assert_error("kernel '", "/zImage' of ", "does not fit");
	}
	tl_image_close(&image);
	free(words);
}

/* A raw binary is what the user says; what says it itself is not argued with. */
static void test_set_aarch32(void **state)
{
	uint32_t *words = zimage(10 * MIB, MIB);
	struct tl_image image;

	(void)state;
	open_zimage(&image, words);
	assert_int_equal(tl_image_set_aarch32(&image), 0);
	tl_image_close(&image);
	words[MAGIC] = 0;
	assert_int_equal(tl_image_open(&image, fake_file("raw", words, LEN)), 0);
	assert_false(image.aarch32);
	assert_int_equal(tl_image_set_aarch32(&image), 0);
	/* As QEMU's virt board with a 32-bit CPU has it. */
	assert_int_equal(place(&image, 64 * MIB, 0).kernel, BASE + 0x10000);
	tl_image_close(&image);
	assert_nothing_logged();
	fake_image_head((uint8_t *)words, 0, MIB, 0);
	assert_int_equal(tl_image_open(&image, fake_file("Image", words, LEN)), 0);
	assert_int_equal(tl_image_set_aarch32(&image), -EINVAL);
	assert_error("/Image' is 64-bit code: leave out --aarch32");
	tl_image_close(&image);
	free(words);
}

/* A program of one segment, with zeroed memory behind it. */
struct program {
	Elf32_Ehdr head;
	Elf32_Phdr segment;
	uint8_t data[4096];
};

static struct program program(void)
{
	return (struct program){
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				 EV_CURRENT},
			.e_type = ET_EXEC,
			.e_machine = EM_ARM,
			.e_version = EV_CURRENT,
			.e_entry = 0xc0000010,
			.e_phoff = offsetof(struct program, segment),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1},
		.segment = {.p_type = PT_LOAD,
			.p_offset = offsetof(struct program, data),
			.p_vaddr = 0xc0000000,
			.p_paddr = BASE + MIB,
			.p_filesz = 4096,
			.p_memsz = 5000},
		.data = {1, 2, 3},
	};
}

static void test_elf(void **state)
{
	struct program p = program();
	struct tl_layout layout;
	struct tl_image image;
	struct tl_mem mem;

	(void)state;
	/* The entry point of Thumb code is odd. */
	for (uint32_t thumb = 0; thumb < 2; thumb++) {
		p.head.e_entry = 0xc0000010 + thumb;
		assert_int_equal(tl_image_open(&image, fake_file("elf", &p, sizeof(p))), 0);
		assert_int_equal(image.kind, TL_IMAGE_ELF);
		layout = place(&image, 16 * MIB, 0);
		assert_int_equal(layout.entry, BASE + MIB + 0x10 + thumb);
		assert_int_equal(tl_layout_place(&layout), 0);
		assert_int_equal(tl_mem_init(&mem, BASE, 16 * MIB), 0);
		memset(mem.host, 0xee, mem.size);
		assert_int_equal(tl_image_load(&image, &layout, &mem), 0);
		assert_memory_equal(mem.host + MIB, p.data, sizeof(p.data));
		assert_int_equal(mem.host[MIB + 4096], 0);
		assert_int_equal(mem.host[MIB + 5000], 0xee);
		tl_mem_fini(&mem);
		tl_image_close(&image);
	}
	assert_nothing_logged();
}

/* robust: elf32.bad */
static void test_bad_elfs(void **state)
{
	struct program p = program();
	struct tl_layout layout;
	struct tl_image image;

	(void)state;
	for (size_t len = 64; len < sizeof(p); len += 41) {
		expect_refused("elf", &p, len, ENOEXEC);
		assert_error("/elf' is an ELF file that cannot be loaded: ");
	}
	p.head.e_ident[EI_DATA] = ELFDATA2MSB;
	p.head.e_machine = __builtin_bswap16(EM_ARM);
	expect_refused("elf", &p, sizeof(p), ENOEXEC);
	assert_error("it is big-endian");
	p = program();
	p.segment.p_filesz = 5001;
	expect_refused("elf", &p, sizeof(p), ENOEXEC);
	assert_error("more bytes in the file than in memory");
	p = program();
	p.head.e_entry = 0xc0000000 + 5000;
	expect_refused("elf", &p, sizeof(p), ENOEXEC);
	assert_error("entry point is outside");
	/* It would reach beyond 4 GiB; as a kernel for another board, it is not in RAM. */
	for (int i = 0; i < 2; i++) {
		p = program();
		p.segment.p_paddr = i ? 0xc0008000 : 0xfffff000;
		assert_int_equal(tl_image_open(&image, fake_file("elf", &p, sizeof(p))), 0);
		layout = place(&image, 16 * MIB, 0);
		assert_int_equal(tl_layout_place(&layout), -ENOSPC);
		assert_error("/elf' of ", "does not fit at ");
		tl_image_close(&image);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_zimage),
		TEST(test_appended),
		TEST(test_no_table),
		TEST(test_packed),
		TEST(test_bad_zimages),
		TEST(test_short_zimages),
		TEST(test_beyond_ram),
		TEST(test_hole),
		TEST(test_set_aarch32),
		TEST(test_elf),
		TEST(test_bad_elfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
