/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: segments go where they say, zeroed behind their bytes; every
 * number in the headers that cannot be is refused in one line.
 * Links: vmm/boot/image.c vmm/boot/elf.c vmm/boot/layout.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/boot/zimage.c
 * Links: vmm/core/mem.c tests/unit/fake_files.c tests/unit/fake_log.c
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

#define BASE     UINT64_C(0x40000000)
#define MIB      UINT64_C(0x100000)
#define VIRT     UINT64_C(0xffff000000000000)
#define SEGMENTS 70
#define DATA     8192 /* offset of the segments' bytes */

/* A program: two segments, the second one with zeroed memory behind it; what a test changes. */
struct program {
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS];
	uint8_t padding[DATA - sizeof(Elf64_Ehdr) - SEGMENTS * sizeof(Elf64_Phdr)];
	uint8_t data[8192];
};

static void make(struct program *p)
{
	uint8_t *bytes = fake_bytes(sizeof(p->data));

	memset(p, 0, sizeof(*p));
	memcpy(p->data, bytes, sizeof(p->data));
	free(bytes);
	p->head = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_entry = VIRT + 0x10,
		.e_phoff = offsetof(struct program, segments),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	p->segments[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = UINT64_MAX, .p_filesz = 5};
	p->segments[1] = (Elf64_Phdr){.p_type = PT_LOAD,
		.p_offset = DATA,
		.p_vaddr = VIRT,
		.p_paddr = BASE + MIB,
		.p_filesz = 4096,
		.p_memsz = 4096};
	p->segments[2] = (Elf64_Phdr){.p_type = PT_LOAD,
		.p_offset = DATA + 4096,
		.p_vaddr = VIRT + MIB,
		.p_paddr = BASE + 2 * MIB,
		.p_filesz = 100,
		.p_memsz = 5000};
}

static int open_program(struct tl_image *image, const struct program *p)
{
	return tl_image_open(image, fake_file("program", p, sizeof(*p)));
}

static void expect_refused(const struct program *p, const char *words)
{
	unsigned int fds = fds_open();
	struct tl_image image;

	assert_int_equal(open_program(&image, p), -ENOEXEC);
	assert_int_equal(fds_open(), fds);
	assert_error("kernel '", "/program' is an ELF file that cannot be loaded: ", words);
}

static void check_memory(const struct tl_mem *mem, const struct program *p)
{
	const uint8_t *first = tl_mem_at(mem, BASE + MIB, 4096);
	const uint8_t *second = tl_mem_at(mem, BASE + 2 * MIB, 5001);

	assert_memory_equal(first, p->data, 4096);
	assert_int_equal(first[-1], 0xee);
	assert_int_equal(first[4096], 0xee);
	assert_memory_equal(second, p->data + 4096, 100);
	for (unsigned int i = 100; i < 5000; i++)
		assert_int_equal(second[i], 0);
	assert_int_equal(second[-1], 0xee);
	assert_int_equal(second[5000], 0xee);
}

static void test_program(void **state)
{
	struct tl_layout layout = {.ram_base = BASE, .ram_size = 16 * MIB};
	struct tl_image image;
	struct program p;
	struct tl_mem mem;

	(void)state;
	make(&p);
	assert_int_equal(open_program(&image, &p), 0);
	assert_int_equal(image.kind, TL_IMAGE_ELF);
	assert_int_equal(image.segment_count, 2);
	assert_int_equal(tl_image_place(&image, &layout), 0);
	assert_int_equal(layout.kernel, BASE + MIB);
	assert_int_equal(layout.kernel_size, MIB + 5000);
	/* The entry point's virtual address is in the first segment. */
	assert_int_equal(layout.entry, BASE + MIB + 0x10);
	assert_int_equal(tl_layout_place(&layout), 0);
	assert_int_equal(tl_mem_init(&mem, BASE, 16 * MIB), 0);
	/* And at a reset. */
	for (int i = 0; i < 2; i++) {
		memset(mem.host, 0xee, mem.size);
		assert_int_equal(tl_image_load(&image, &layout, &mem), 0);
		check_memory(&mem, &p);
	}
	tl_mem_fini(&mem);
	tl_image_close(&image);
	assert_nothing_logged();
}

/* robust: elf.entry */
static void test_entry_in_another_segment(void **state)
{
	struct tl_image image;
	struct program p;

	(void)state;
	make(&p);
	/* Its last byte, which is not in the file. */
	p.head.e_entry = VIRT + MIB + 4999;
	assert_int_equal(open_program(&image, &p), 0);
	assert_int_equal(image.entry, BASE + 2 * MIB + 4999);
	tl_image_close(&image);
	p.head.e_entry++;
	expect_refused(&p, "entry point is outside of its segments");
	p.head.e_entry = VIRT - 1;
	expect_refused(&p, "entry point is outside of its segments");
	p.head.e_entry = VIRT + 4096;
	expect_refused(&p, "entry point is outside of its segments");
}

/* robust: elf.machine */
static void test_other_machines(void **state)
{
	struct program p;

	(void)state;
	make(&p);
	p.head.e_machine = EM_X86_64;
	expect_refused(&p, "it is neither for 64-bit nor for 32-bit Arm");
	/* 32-bit Arm in a 64-bit file. */
	p.head.e_machine = EM_ARM;
	expect_refused(&p, "it is neither for 64-bit nor for 32-bit Arm");
	p.head.e_ident[EI_CLASS] = ELFCLASS32;
	/* aarch64 with 32-bit pointers; the field is at the same place. */
	p.head.e_machine = EM_AARCH64;
	expect_refused(&p, "it is neither for 64-bit nor for 32-bit Arm");
	make(&p);
	p.head.e_ident[EI_DATA] = ELFDATA2MSB;
	p.head.e_machine = __builtin_bswap16(EM_AARCH64);
	expect_refused(&p, "it is big-endian");
}

static void test_damaged_header(void **state)
{
	struct tl_image image;
	struct program p;

	(void)state;
	make(&p);
	p.head.e_ident[EI_CLASS] = 77;
	expect_refused(&p, "its header is damaged");
	p.head.e_ident[EI_CLASS] = ELFCLASS64;
	p.head.e_ident[EI_DATA] = 77;
	expect_refused(&p, "its header is damaged");
	make(&p);
	for (size_t len = 1; len < sizeof(p.head) + sizeof(p.segments[0]) * 3; len += 7) {
		assert_int_equal(tl_image_open(&image, fake_file("program", &p, len)), -ENOEXEC);
		assert_error("kernel '", "/program' ");
	}
}

/* robust: elf.phnum-0 elf.phnum-65535 elf.phoff */
static void test_segment_tables(void **state)
{
	static const uint64_t offsets[] = {sizeof(struct program), sizeof(struct program) + 1,
		UINT64_C(1) << 63, UINT64_MAX - 55};
	struct program p;

	(void)state;
	make(&p);
	p.head.e_phnum = 0;
	expect_refused(&p, "it has no segments");
	/* PN_XNUM: the number is in section 0, and there is none. */
	p.head.e_phnum = 65535;
	expect_refused(&p, "its segment table lies beyond");
	p.head.e_phnum = 65534;
	expect_refused(&p, "its segment table lies beyond");
	p.head.e_phnum = 1;
	expect_refused(&p, "it has no segment to load");
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		make(&p);
		p.head.e_phoff = offsets[i];
		expect_refused(&p, "it has no segments");
	}
}

/* robust: elf.filesz elf.overlap elf.wrap */
static void test_segments_that_cannot_be(void **state)
{
	static const struct {
		Elf64_Phdr second;
		const char *words;
	} cases[] = {
		{{.p_paddr = BASE, .p_filesz = 101, .p_memsz = 100}, "more bytes in the file"},
		{{.p_paddr = BASE, .p_memsz = UINT64_MAX}, "wraps around"},
		{{.p_paddr = UINT64_MAX, .p_memsz = 1}, "wraps around"},
		{{.p_paddr = 0 - UINT64_C(4096), .p_memsz = 8192}, "wraps around"},
		{{.p_paddr = BASE, .p_offset = sizeof(struct program), .p_filesz = 1, .p_memsz = 1},
			"beyond the end of the file"},
		{{.p_paddr = BASE, .p_offset = sizeof(struct program) + 1, .p_memsz = 1},
			"beyond the end of the file"},
		/* Offset and size are together 16 again. */
		{{.p_paddr = BASE, .p_offset = 0 - UINT64_C(16), .p_filesz = 32, .p_memsz = 32},
			"beyond the end of the file"},
		{{.p_paddr = BASE,
			 .p_offset = 32,
			 .p_filesz = 0 - UINT64_C(16),
			 .p_memsz = 0 - UINT64_C(16)},
			""},
		{{.p_paddr = BASE + MIB, .p_memsz = 4096}, "two of its segments overlap"},
		{{.p_paddr = BASE + MIB + 4095, .p_memsz = 1}, "two of its segments overlap"},
		{{.p_paddr = BASE + MIB - 1, .p_memsz = 2}, "two of its segments overlap"},
		{{.p_paddr = BASE, .p_memsz = 2 * MIB}, "two of its segments overlap"},
	};
	struct program p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make(&p);
		p.segments[2] = cases[i].second;
		p.segments[2].p_type = PT_LOAD;
		expect_refused(&p, cases[i].words);
	}
}

static void test_many_segments(void **state)
{
	struct tl_image image;
	struct program p;

	(void)state;
	make(&p);
	for (uint64_t i = 2; i < SEGMENTS; i++) {
		p.segments[i] = p.segments[1];
		p.segments[i].p_paddr += i * 4096;
		p.segments[i].p_vaddr += i * 4096;
	}
	p.head.e_phnum = TL_ELF_SEGMENTS + 1;
	assert_int_equal(open_program(&image, &p), 0);
	assert_int_equal(image.segment_count, TL_ELF_SEGMENTS);
	tl_image_close(&image);
	p.head.e_phnum++;
	expect_refused(&p, "more than 64 segments");
}

/* They are in order, but not in this RAM. */
static void test_outside_of_ram(void **state)
{
	static const uint64_t addresses[] = {
		0, BASE - 1, BASE + 16 * MIB - 4999, BASE + 16 * MIB, UINT64_C(1) << 63};
	struct program p;
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, BASE, 16 * MIB), 0);
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct tl_layout layout = {
			.kernel_path = "the-program", .ram_base = BASE, .ram_size = 16 * MIB};
		struct tl_image image;

		make(&p);
		p.segments[2].p_paddr = addresses[i];
		assert_int_equal(open_program(&image, &p), 0);
		assert_int_equal(tl_image_place(&image, &layout), 0);
		assert_int_equal(tl_layout_place(&layout), -ENOSPC);
		assert_error("kernel 'the-program'", "does not fit");
		/* Nor is it written there. */
		assert_int_equal(tl_image_load(&image, &layout, &mem), -ENOSPC);
		assert_error("/program' wants memory at ", "outside of RAM");
		tl_image_close(&image);
	}
	tl_mem_fini(&mem);
}

static void test_truncated(void **state)
{
	struct tl_layout layout = {.ram_base = BASE, .ram_size = 16 * MIB};
	struct tl_image image;
	const char *path;
	struct program p;
	struct tl_mem mem;

	(void)state;
	make(&p);
	path = fake_file("program", &p, DATA + 4096 + 99);
	assert_int_equal(tl_image_open(&image, path), -ENOEXEC);
	assert_error("/program'", "beyond the end of the file: truncated?");
	/* While it is loaded. */
	assert_int_equal(open_program(&image, &p), 0);
	assert_int_equal(tl_image_place(&image, &layout), 0);
	fake_cut(path, 4096 - 50);
	assert_int_equal(tl_mem_init(&mem, BASE, 16 * MIB), 0);
	assert_int_equal(tl_image_load(&image, &layout, &mem), -EIO);
	assert_error("/program' became shorter while it was read");
	tl_mem_fini(&mem);
	tl_image_close(&image);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_program),
		TEST(test_entry_in_another_segment),
		TEST(test_other_machines),
		TEST(test_damaged_header),
		TEST(test_segment_tables),
		TEST(test_segments_that_cannot_be),
		TEST(test_many_segments),
		TEST(test_outside_of_ram),
		TEST(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
