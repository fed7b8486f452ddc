/* SPDX-License-Identifier: MIT */
/*
 * Source lines from DWARF: those of this test, in its own executable, and files that have
 * none.
 * Links: trace/decode/lines_dw.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: dw z zstd
 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_files.h"
#include "trace/decode/lines.h"

#define SELF "/proc/self/exe"

/* The linker's: where the executable's first byte is. */
extern const char __ehdr_start[];

/* What is looked up, and the line that it begins after. */
static const unsigned int function_line = __LINE__;
static __attribute__((noinline)) unsigned int function(unsigned int n)
{
	return n * 3;
}

static uint64_t linked(uint64_t address)
{
	return address - (uint64_t)(uintptr_t)__ehdr_start;
}

static uint64_t function_at(void)
{
	return linked((uint64_t)(uintptr_t)function);
}

/* "tests/unit/trace_lines.c:" from the folder on that it was compiled in, and the line. */
static void expect_function(const struct tl_lines *lines, uint64_t address)
{
	static const char file[] = __FILE__ ":";
	char text[256];

	assert_int_equal(tl_lines_find(lines, address, text, sizeof(text)), 0);
	assert_int_equal(strncmp(text, file, strlen(file)), 0);
	assert_in_range(atoi(text + strlen(file)), function_line + 1, function_line + 5);
}

static void test_self(void **state)
{
	struct tl_lines *lines = tl_lines_open(SELF);

	(void)state;
	assert_non_null(lines);
	assert_int_equal(function(2), 6);
	expect_function(lines, function_at());
	expect_function(lines, function_at() + 3);
	tl_lines_close(lines);
}

/* A path that is too long has its end, and the number. */
static void test_short(void **state)
{
	struct tl_lines *lines = tl_lines_open(SELF);
	char text[256], whole[256];

	(void)state;
	assert_non_null(lines);
	assert_int_equal(tl_lines_find(lines, function_at(), whole, sizeof(whole)), 0);
	for (size_t size = 16; size < 64; size++) {
		size_t cut = strlen(whole) < size ? 0 : strlen(whole) - size + 1;

		assert_int_equal(tl_lines_find(lines, function_at(), text, size), 0);
		assert_string_equal(text, whole + cut);
	}
	tl_lines_close(lines);
}

static void test_elsewhere(void **state)
{
	static const char data[] = "no code";
	struct tl_lines *lines = tl_lines_open(SELF);
	const uint64_t addresses[] = {
		0, linked((uint64_t)(uintptr_t)data), (uint64_t)(uintptr_t)function, UINT64_MAX};
	char text[64] = "as it was";

	(void)state;
	assert_non_null(lines);
	for (unsigned int i = 0; i < ARRAY_LEN(addresses); i++) {
		assert_int_equal(tl_lines_find(lines, addresses[i], text, sizeof(text)), -ENOENT);
		assert_string_equal(text, "as it was");
	}
	tl_lines_close(lines);
}

static void test_none(void **state)
{
	static const char map[] = "80000000 T one\n";
	Elf64_Ehdr head = {.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(head)};
	char text[64];

	(void)state;
	memcpy(head.e_ident, ELFMAG "\2\1\1", 7);
	assert_null(tl_lines_open(fake_path("nowhere")));
	assert_null(tl_lines_open(fake_path(".")));
	assert_null(tl_lines_open(fake_file("empty", "", 0)));
	assert_null(tl_lines_open(fake_file("System.map", map, strlen(map))));
	assert_null(tl_lines_open(fake_file("bare", &head, sizeof(head))));
	assert_null(tl_lines_open(fake_file("short", &head, sizeof(head) / 2)));
	assert_int_equal(tl_lines_find(NULL, 0, text, sizeof(text)), -ENOENT);
	tl_lines_close(NULL);
}

/* Much of an executable with debug information, cut off anywhere. */
static void test_damaged(void **state)
{
	FILE *self = fopen(SELF, "r");
	char *bytes, text[64];
	size_t size;

	(void)state;
	assert_non_null(self);
	fseek(self, 0, SEEK_END);
	size = (size_t)ftell(self);
	rewind(self);
	bytes = malloc(size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, size, self), size);
	fclose(self);
	for (size_t part = 0; part < 16; part++) {
		struct tl_lines *lines = tl_lines_open(fake_file("part", bytes, size * part / 16));

		tl_lines_find(lines, function_at(), text, sizeof(text));
		tl_lines_close(lines);
	}
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_self),
		TEST(test_short),
		TEST(test_elsewhere),
		TEST(test_none),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
