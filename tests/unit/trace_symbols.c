/* SPDX-License-Identifier: MIT */
/*
 * Guest symbols: what an ELF file and a System.map have, and which of them an address
 * is in.
 * Links: trace/decode/symbols.c trace/decode/symbols_elf.c trace/decode/symbols_kallsyms.c
 * Libs: elf
 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/decode/symbols.h"

#define REACH 0x100000

/* An ELF file: its symbols, their names, and three sections. */
struct file {
	Elf64_Ehdr head;
	Elf64_Sym symbols[12];
	char names[128];
	Elf64_Shdr sections[3];
};

static const struct {
	const char *name;
	uint64_t value;
	unsigned int type, section;
} contents[] = {
	{"", 0, STT_NOTYPE, SHN_UNDEF},
	{"main", 0x80400, STT_FUNC, 1},
	{"_start", 0x80000, STT_NOTYPE, 1},
	{"$x", 0x80004, STT_NOTYPE, 1},
	{".Lloop", 0x80100, STT_NOTYPE, 1},
	{"table", 0x80200, STT_OBJECT, 1},
	{"elsewhere", 0x80300, STT_FUNC, SHN_UNDEF},
	{"number", 0x10, STT_NOTYPE, SHN_ABS},
	{"start.c", 0, STT_FILE, SHN_ABS},
	{"also_main", 0x80400, STT_FUNC, 1},
	{"", 0x80500, STT_FUNC, 1},
	{"last", 0x80600, STT_FUNC, 1},
};

static void fill(struct file *file)
{
	size_t at = 1;

	*file = (struct file){.head = {.e_type = ET_EXEC,
				      .e_machine = EM_AARCH64,
				      .e_version = EV_CURRENT,
				      .e_shoff = offsetof(struct file, sections),
				      .e_ehsize = sizeof(Elf64_Ehdr),
				      .e_shentsize = sizeof(Elf64_Shdr),
				      .e_shnum = 3}};
	memcpy(file->head.e_ident,
		(uint8_t[]){0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, 7);
	for (unsigned int i = 0; i < ARRAY_LEN(contents); i++) {
		file->symbols[i] = (Elf64_Sym){.st_name = (Elf64_Word)at,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, contents[i].type),
			.st_shndx = (Elf64_Section)contents[i].section,
			.st_value = contents[i].value};
		strcpy(file->names + at, contents[i].name);
		at += strlen(contents[i].name) + 1;
	}
	file->sections[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
		.sh_offset = offsetof(struct file, symbols),
		.sh_size = sizeof(file->symbols),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym)};
	file->sections[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct file, names),
		.sh_size = sizeof(file->names)};
}

/* Of a copy that is exactly as long, and gone before anything is looked up. */
static int parse(struct tl_symbols **symbols, const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, size);
	ret = tl_symbols_parse(symbols, copy, size);
	free(copy);
	assert_true(ret ? !*symbols : *symbols != NULL);
	return ret;
}

static struct tl_symbols *parse_text(const char *text)
{
	struct tl_symbols *symbols;

	assert_int_equal(parse(&symbols, text, strlen(text)), 0);
	return symbols;
}

static void expect(
	const struct tl_symbols *symbols, uint64_t address, const char *name, uint64_t offset)
{
	uint64_t found = UINT64_MAX;

	assert_string_equal(tl_symbols_find(symbols, address, &found), name);
	assert_int_equal(found, offset);
}

static void expect_none(const struct tl_symbols *symbols, uint64_t address)
{
	uint64_t offset;

	assert_null(tl_symbols_find(symbols, address, &offset));
}

/* Functions and labels; no data, no numbers, nothing that compilers made up. */
static void test_elf(void **state)
{
	struct tl_symbols *symbols;
	struct file file;

	(void)state;
	fill(&file);
	assert_int_equal(parse(&symbols, &file, sizeof(file)), 0);
	assert_int_equal(tl_symbols_count(symbols), 3);
	expect(symbols, 0x80000, "_start", 0);
	expect(symbols, 0x803ff, "_start", 0x3ff);
	/* Two names of one address: the file's first. */
	expect(symbols, 0x80404, "main", 4);
	expect(symbols, 0x80600, "last", 0);
	expect_none(symbols, 0x10);
	expect_none(symbols, 0x7ffff);
	tl_symbols_destroy(symbols);
}

/* Functions of Thumb code are odd; labels are what they are. */
static void test_elf_thumb(void **state)
{
	struct tl_symbols *symbols;
	struct file file;

	(void)state;
	for (int arm = 0; arm < 2; arm++) {
		fill(&file);
		file.head.e_machine = arm ? EM_ARM : EM_AARCH64;
		file.symbols[1].st_value |= 1;
		file.symbols[2].st_value |= 1;
		assert_int_equal(parse(&symbols, &file, sizeof(file)), 0);
		expect(symbols, 0x80404, "main", arm ? 4 : 3);
		expect(symbols, 0x80004, "_start", 3);
		tl_symbols_destroy(symbols);
	}
}

static void test_elf_without_symbols(void **state)
{
	struct tl_symbols *symbols;
	struct file file;

	(void)state;
	fill(&file);
	file.sections[1].sh_type = SHT_PROGBITS;
	assert_int_equal(parse(&symbols, &file, sizeof(file)), -ENOENT);
	fill(&file);
	file.sections[1].sh_size = sizeof(Elf64_Sym);
	assert_int_equal(parse(&symbols, &file, sizeof(file)), -ENOENT);
	fill(&file);
	file.sections[1].sh_entsize = 0;
	assert_int_equal(parse(&symbols, &file, sizeof(file)), -ENOENT);
	/* Names that are not there. */
	fill(&file);
	file.sections[1].sh_link = 7;
	assert_int_equal(parse(&symbols, &file, sizeof(file)), -ENOENT);
	fill(&file);
	for (unsigned int i = 0; i < ARRAY_LEN(contents); i++)
		file.symbols[i].st_name = UINT32_MAX;
	assert_int_equal(parse(&symbols, &file, sizeof(file)), -ENOENT);
}

/* Whatever is missing or wrong, nothing is read that is not there. */
static void test_elf_damaged(void **state)
{
	struct tl_symbols *symbols;
	struct file file;

	(void)state;
	fill(&file);
	for (size_t size = 0; size < sizeof(file); size++) {
		assert_int_equal(parse(&symbols, &file, size), -ENOENT);
		tl_symbols_destroy(symbols);
	}
	for (size_t at = 4; at < sizeof(file); at++) {
		fill(&file);
		((uint8_t *)&file)[at] = 0xff;
		if (parse(&symbols, &file, sizeof(file)))
			continue;
		assert_in_range(tl_symbols_count(symbols), 1, ARRAY_LEN(contents));
		tl_symbols_destroy(symbols);
	}
}

static void test_map(void **state)
{
	struct tl_symbols *symbols = parse_text("ffff800080000000 T _text\n"
						"ffff800080010000 t local\n"
						"ffff800080010000 T also_local\n"
						"ffff800080010100 t $x\n"
						"ffff800080010200 W weak\n"
						"ffff800080010300 w weaker\n"
						"ffff800080010400 D data\n"
						"ffff800080010500 A absolute\n"
						"0000000080000000 t low\n");

	(void)state;
	assert_int_equal(tl_symbols_count(symbols), 5);
	expect(symbols, 0xffff800080000000, "_text", 0);
	expect(symbols, 0xffff800080010104, "local", 0x104);
	expect(symbols, 0xffff800080010200, "weak", 0);
	expect(symbols, 0xffff800080010504, "weaker", 0x204);
	expect(symbols, 0x80000001, "low", 1);
	tl_symbols_destroy(symbols);
}

/* The last line may lack its end, and may be no line at all. */
static void test_map_ends(void **state)
{
	static const char *const texts[] = {
		"80000000 T one\n80000100 t two",
		"80000000 T one\n80000100 t two\n\n",
		"80000000 T one\n80000100 t two\n80000200",
		"80000000 T one\n80000100 t two\n80000200 ",
		"80000000 T one\n80000100 t two\n80000200 t",
		"80000000 T one\n80000100 t two\n80000200 t ",
		"80000000 T one\n80000100 t two\nthe end\n80000200 t three\n",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(texts); i++) {
		struct tl_symbols *symbols = parse_text(texts[i]);

		assert_int_equal(tl_symbols_count(symbols), 2);
		expect(symbols, 0x80000200, "two", 0x100);
		tl_symbols_destroy(symbols);
	}
}

static void test_no_map(void **state)
{
	static const char *const texts[] = {"", "\n", "8000000 T seven\n", "80000000 T", "T one\n",
		"80000000T one\n", "80000000 TT one\n", "g0000000 T one\n", "80000000 D one\n",
		"80000000 t $x\n", "80000000000000000 T seventeen\n", "8000000G T one\n"};
	static const char nul[] = "80000000 \0 one\n";
	struct tl_symbols *symbols;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(parse(&symbols, texts[i], strlen(texts[i])), -ENOENT);
	assert_int_equal(parse(&symbols, nul, sizeof(nul) - 1), -ENOENT);
}

/* A symbol ends where the next one begins, but is no longer than 1 MiB. */
static void test_reach(void **state)
{
	struct tl_symbols *symbols = parse_text("ffff0000 T high\n80000000 T low\n");
	struct tl_symbols *top = parse_text("ffffffffffffff00 T top\n00000000 T bottom\n");

	(void)state;
	expect_none(symbols, 0);
	expect_none(symbols, 0x7fffffff);
	expect(symbols, 0x80000000, "low", 0);
	expect(symbols, 0x80000000 + REACH - 1, "low", REACH - 1);
	expect_none(symbols, 0x80000000 + REACH);
	expect_none(symbols, 0xfffeffff);
	expect(symbols, 0xffff0000ull + REACH - 1, "high", REACH - 1);
	expect_none(symbols, 0xffff0000ull + REACH);
	expect_none(symbols, UINT64_MAX);
	tl_symbols_destroy(symbols);
	expect(top, UINT64_MAX, "top", 0xff);
	expect(top, 0, "bottom", 0);
	tl_symbols_destroy(top);
}

/* Before its MMU is on, a kernel runs where it was put. */
static void test_loaded(void **state)
{
	struct tl_symbols *symbols =
		parse_text("ffff800080000000 T _text\nffff800080010000 t start\n");

	(void)state;
	expect_none(symbols, 0x40200000);
	tl_symbols_set_loaded(symbols, 0xffff800080000000, 0x40200000, 0x20000);
	expect(symbols, 0x40200000, "_text", 0);
	expect(symbols, 0x40210004, "start", 4);
	expect(symbols, 0x4021ffff, "start", 0xffff);
	expect_none(symbols, 0x40220000);
	expect_none(symbols, 0x401fffff);
	expect(symbols, 0xffff800080010004, "start", 4);
	tl_symbols_destroy(symbols);
}

static void test_address(void **state)
{
	struct tl_symbols *symbols = parse_text("80000000 T one\n80000100 t two\n");
	uint64_t address = 1;

	(void)state;
	assert_true(tl_symbols_address(symbols, "two", &address));
	assert_int_equal(address, 0x80000100);
	assert_false(tl_symbols_address(symbols, "tw", &address));
	assert_false(tl_symbols_address(symbols, "", &address));
	assert_int_equal(address, 0x80000100);
	tl_symbols_destroy(symbols);
}

static void test_none(void **state)
{
	(void)state;
	expect_none(NULL, 0);
	assert_int_equal(tl_symbols_count(NULL), 0);
	tl_symbols_destroy(NULL);
}

/* More than there is room for at first, from the last to the first. */
static void test_many(void **state)
{
	char *text = malloc(5000 * 40), name[32];
	struct tl_symbols *symbols;
	size_t at = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned int i = 5000; i--;)
		at += (size_t)sprintf(text + at, "%08x T function_%u\n", 0x80000000 + i * 16, i);
	symbols = parse_text(text);
	free(text);
	assert_int_equal(tl_symbols_count(symbols), 5000);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "function_%u", i);
		expect(symbols, 0x80000000 + i * 16 + 15, name, 15);
	}
	tl_symbols_destroy(symbols);
}

static void test_load(void **state)
{
	char folder[] = "/tmp/tl-symbols-XXXXXX", path[64];
	struct tl_symbols *symbols;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/System.map", folder);
	assert_int_equal(tl_symbols_load(&symbols, path), -ENOENT);
	assert_int_equal(tl_symbols_load(&symbols, folder), -ENOENT);
	/* Nobody will ever write to this one. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(tl_symbols_load(&symbols, path), -ENOENT);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(tl_symbols_load(&symbols, path), -ENOENT);
	fputs("80000000 T one\n", file);
	fclose(file);
	assert_int_equal(tl_symbols_load(&symbols, path), 0);
	expect(symbols, 0x80000010, "one", 0x10);
	tl_symbols_destroy(symbols);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_thumb),
		cmocka_unit_test(test_elf_without_symbols),
		cmocka_unit_test(test_elf_damaged),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_ends),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
