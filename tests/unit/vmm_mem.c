/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: only what lies wholly in RAM is reached, whatever address and
 * length the guest makes up; the mapping is aligned, and no byte more than asked.
 * Links: vmm/core/mem.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/core/mem.h"

#define BASE  UINT64_C(0x40000000)
#define SIZE  UINT64_C(0x400000)
#define END   (BASE + SIZE)
#define BLOCK UINT64_C(0x200000)
/* With room for a hole. */
#define HOLED (4 * BLOCK)

static int setup(void **state)
{
	struct tl_mem *mem = malloc(sizeof(*mem));

	*state = mem;
	return mem ? tl_mem_init(mem, BASE, SIZE) : -1;
}

static int teardown(void **state)
{
	tl_mem_fini(*state);
	free(*state);
	return 0;
}

/* Pages of address space that this process has (proc(5), statm). */
static unsigned long mapped_pages(void)
{
	char text[128] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strtoul(text, NULL, 10);
}

static void test_aligned_and_zeroed(void **state)
{
	const struct tl_mem *mem = *state;

	assert_int_equal((uintptr_t)mem->host % BLOCK, 0);
	assert_int_equal(mem->base, BASE);
	assert_int_equal(mem->size, SIZE);
	for (uint64_t at = 0; at < SIZE; at += 4096)
		assert_int_equal(mem->host[at], 0);
	assert_int_equal(mem->host[SIZE - 1], 0);
}

static void test_no_byte_too_many(void **state)
{
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
	unsigned long before = mapped_pages();

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct tl_mem mem;

		assert_int_equal(tl_mem_init(&mem, BASE, 5 * BLOCK + page), 0);
		assert_int_equal(mapped_pages() - before, 5 * BLOCK / page + 1);
		tl_mem_fini(&mem);
		assert_null(mem.host);
		assert_int_equal(mapped_pages(), before);
	}
}

static void test_sizes_that_cannot_be(void **state)
{
	static const uint64_t sizes[] = {
		0, UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - BLOCK + 1, UINT64_C(1) << 62};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct tl_mem mem;

		assert_int_equal(tl_mem_init(&mem, BASE, sizes[i]), -ENOMEM);
		assert_null(mem.host);
		tl_mem_fini(&mem);
	}
}

static void test_ranges_in_ram(void **state)
{
	const struct tl_mem *mem = *state;

	assert_ptr_equal(tl_mem_at(mem, BASE, SIZE), mem->host);
	assert_ptr_equal(tl_mem_at(mem, BASE, 1), mem->host);
	assert_ptr_equal(tl_mem_at(mem, BASE + 5, 8), mem->host + 5);
	assert_ptr_equal(tl_mem_at(mem, END - 1, 1), mem->host + SIZE - 1);
	assert_ptr_equal(tl_mem_at(mem, END - BLOCK, BLOCK), mem->host + SIZE - BLOCK);
}

/* robust: mmio.beyond-ram */
static void test_ranges_not_wholly_in_ram(void **state)
{
	static const struct {
		uint64_t gpa, len;
	} ranges[] = {
		{0, 1},
		{BASE - 1, 1},
		{BASE - 1, 2},
		{BASE - BLOCK, SIZE},
		{BASE - 1, SIZE + 2},
		{BASE, SIZE + 1},
		{BASE + 1, SIZE},
		{END - 1, 2},
		{END, 1},
		{END + BLOCK, 1},
	};
	const struct tl_mem *mem = *state;

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		assert_false(tl_mem_contains(mem, ranges[i].gpa, ranges[i].len));
		assert_null(tl_mem_at(mem, ranges[i].gpa, ranges[i].len));
	}
}

/* Address + length beyond 2^64 would come out small again. */
static void test_ranges_that_wrap(void **state)
{
	const struct tl_mem *mem = *state;

	assert_null(tl_mem_at(mem, BASE, UINT64_MAX));
	assert_null(tl_mem_at(mem, BASE + 16, UINT64_MAX - 15));
	assert_null(tl_mem_at(mem, BASE, UINT64_MAX - BASE + 1));
	assert_null(tl_mem_at(mem, BASE + 4096, 0 - UINT64_C(4096)));
	assert_null(tl_mem_at(mem, UINT64_MAX, 1));
	assert_null(tl_mem_at(mem, UINT64_MAX, UINT64_MAX));
	assert_null(tl_mem_at(mem, UINT64_MAX - 4095, BASE + 8192));
	assert_null(tl_mem_at(mem, END - 1, UINT64_MAX));
}

static void test_ram_at_the_end_of_the_address_space(void **state)
{
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, 0 - BLOCK, BLOCK), 0);
	assert_non_null(tl_mem_at(&mem, UINT64_MAX, 1));
	assert_null(tl_mem_at(&mem, UINT64_MAX, 2));
	assert_null(tl_mem_at(&mem, 0, 1));
	tl_mem_fini(&mem);
}

/* Nothing is inside RAM as long as its address is; behind the last byte is still RAM's end. */
static void test_zero_length(void **state)
{
	const struct tl_mem *mem = *state;
	uint8_t byte = 1;

	assert_true(tl_mem_contains(mem, BASE, 0));
	assert_true(tl_mem_contains(mem, END, 0));
	assert_false(tl_mem_contains(mem, BASE - 1, 0));
	assert_false(tl_mem_contains(mem, END + 1, 0));
	assert_false(tl_mem_contains(mem, UINT64_MAX, 0));
	assert_int_equal(tl_mem_write(mem, BASE, &byte, 0), 0);
	assert_int_equal(tl_mem_zero(mem, END, 0), 0);
	assert_int_equal(mem->host[0], 0);
}

static void test_write_and_zero(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4};
	const struct tl_mem *mem = *state;
	uint8_t *last = mem->host + SIZE - 4;

	assert_int_equal(tl_mem_write(mem, END - 4, bytes, 4), 0);
	assert_memory_equal(last, bytes, 4);
	/* Half in RAM: nothing is copied. */
	assert_int_equal(tl_mem_write(mem, END - 2, bytes, 4), -EFAULT);
	assert_memory_equal(last, bytes, 4);
	assert_int_equal(tl_mem_zero(mem, END - 3, 4), -EFAULT);
	assert_memory_equal(last, bytes, 4);
	assert_int_equal(tl_mem_zero(mem, END - 3, 2), 0);
	assert_int_equal(last[0] << 24 | last[1] << 16 | last[2] << 8 | last[3], 0x01000004);
	assert_int_equal(tl_mem_write(mem, BASE, bytes, UINT64_MAX), -EFAULT);
	assert_int_equal(tl_mem_zero(mem, BASE, UINT64_MAX), -EFAULT);
}

static void test_memory_that_is_not_there(void **state)
{
	struct tl_mem mem = TL_MEM_INIT;

	(void)state;
	assert_null(tl_mem_at(&mem, 0, 0));
	assert_null(tl_mem_at(&mem, 0, 1));
	assert_null(tl_mem_at(&mem, BASE, 1));
	tl_mem_fini(&mem);
	tl_mem_fini(&mem);
}

/* A hole is not RAM, nor is what reaches into it; what is around it stays as it was. */
static void test_hole(void **state)
{
	const uint64_t hole = BASE + 2 * BLOCK, size = BLOCK;
	static const struct {
		uint64_t hole, size;
	} wrong[] = {
		{BASE, BLOCK},                   /* no RAM before it */
		{(BASE + HOLED) - BLOCK, BLOCK}, /* none behind it */
		{BASE + BLOCK, HOLED},           /* longer than RAM */
		{BASE + BLOCK + 4096, BLOCK},    /* not aligned */
		{BASE + BLOCK, BLOCK + 4096},    /* the same */
		{BASE - BLOCK, BLOCK},           /* outside */
		{(BASE + HOLED), BLOCK},         /* the same */
		{BASE + BLOCK, 0 - BLOCK},       /* wraps */
		{BASE + BLOCK, 0},               /* no hole at all */
	};
	struct tl_mem_piece pieces[2];
	struct tl_mem mem;

	(void)state;
	assert_int_equal(tl_mem_init(&mem, BASE, HOLED), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(tl_mem_punch(&mem, wrong[i].hole, wrong[i].size), -EINVAL);
	assert_int_equal(tl_mem_pieces(&mem, pieces), 1);
	assert_int_equal(pieces[0].size, HOLED);
	assert_int_equal(tl_mem_punch(&mem, hole, size), 0);
	assert_true(tl_mem_contains(&mem, BASE, 2 * BLOCK));
	assert_false(tl_mem_contains(&mem, BASE, 2 * BLOCK + 1));
	assert_false(tl_mem_contains(&mem, hole - 1, 2));
	assert_false(tl_mem_contains(&mem, hole, 1));
	assert_false(tl_mem_contains(&mem, hole + size - 1, 1));
	assert_false(tl_mem_contains(&mem, hole + size - 1, 2));
	assert_true(tl_mem_contains(&mem, hole + size, 1));
	assert_false(tl_mem_contains(&mem, BASE, HOLED));
	assert_ptr_equal(tl_mem_at(&mem, hole + size, 1), mem.host + (hole + size - BASE));
	assert_int_equal(tl_mem_pieces(&mem, pieces), 2);
	assert_int_equal(pieces[0].base, BASE);
	assert_int_equal(pieces[0].size, 2 * BLOCK);
	assert_ptr_equal(pieces[0].host, mem.host);
	assert_int_equal(pieces[1].base, hole + size);
	assert_int_equal(pieces[1].size, (BASE + HOLED) - hole - size);
	assert_ptr_equal(pieces[1].host, mem.host + (hole + size - BASE));
	pieces[1].host[pieces[1].size - 1] = 1;
	tl_mem_fini(&mem);
	assert_int_equal(tl_mem_pieces(&mem, pieces), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_aligned_and_zeroed, setup, teardown),
		cmocka_unit_test(test_no_byte_too_many),
		cmocka_unit_test(test_sizes_that_cannot_be),
		cmocka_unit_test_setup_teardown(test_ranges_in_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_not_wholly_in_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_that_wrap, setup, teardown),
		cmocka_unit_test(test_ram_at_the_end_of_the_address_space),
		cmocka_unit_test_setup_teardown(test_zero_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_and_zero, setup, teardown),
		cmocka_unit_test(test_memory_that_is_not_there),
		cmocka_unit_test(test_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
