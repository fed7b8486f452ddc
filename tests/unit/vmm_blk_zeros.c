/* SPDX-License-Identifier: MIT */
/*
 * Parts of a disk that the guest no longer wants, or wants as zeros (virtio 1.2, section 5.2.6):
 * DISCARD and WRITE_ZEROES, on file systems that have holes and on others.
 * Links: vmm/dev/virtio/blk_request.c vmm/dev/virtio/blk_file.c vmm/dev/virtio/blk_ring.c
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_disk.c tests/unit/fake_log.c
 * Libs: uring
 * Wraps: preadv2 pwritev2 fdatasync fallocate io_uring_submit
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"

static int setup(void **state)
{
	return fake_disk_setup(state);
}

static int teardown(void **state)
{
	return fake_disk_teardown(state);
}

/* Holes where the file system has them; zeros have to be written where it has not. */
static void test_write_zeroes(void **state)
{
	static const struct range three[] = {{100, 1, 0}, {200, 300, 1}, {SECTORS - 2, 2, 0}};

	for (unsigned int i = 0; i < 2; i++) {
		fake_disk.fallocate_error = i ? EOPNOTSUPP : 0;
		memset(fake_disk.image + 64 * i * SECTOR, 0, 9 * SECTOR);
		assert_int_equal(range(*state, T_WRITE_ZEROES, 64 * i, 8, 0), OK);
		assert_int_equal(range(*state, T_WRITE_ZEROES, 64 * i + 8, 1, 1), OK);
		assert_int_equal(range(*state, T_WRITE_ZEROES, SECTORS, 0, 0), OK);
		assert_image();
	}
	assert_int_equal(fake_disk.fallocates, 4);
	fake_disk.at_once = 70000;
	for (unsigned int i = 0; i < ARRAY_LEN(three); i++)
		memset(fake_disk.image + three[i].sector * SECTOR, 0, three[i].sectors * SECTOR);
	assert_int_equal(ranges(*state, T_WRITE_ZEROES, three, 3), OK);
	assert_image();
}

static void test_discard(void **state)
{
	memset(fake_disk.image + 8 * SECTOR, 0, 8 * SECTOR);
	assert_int_equal(range(*state, T_DISCARD, 8, 8, 0), OK);
	assert_int_equal(fake_disk.fallocates, 1);
	assert_image();
	/* No more than a hint. */
	fake_disk.fallocate_error = EOPNOTSUPP;
	assert_int_equal(range(*state, T_DISCARD, 64, 8, 0), OK);
	assert_int_equal(fake_disk.transfers, 0);
	assert_image();
	fake_disk.fallocate_error = EIO;
	assert_int_equal(range(*state, T_DISCARD, 64, 8, 0), IOERR);
	assert_warned(fake_disk.path, "discarding", strerror(EIO));
	assert_int_equal(range(*state, T_WRITE_ZEROES, 64, 8, 0), IOERR);
	assert_warned(fake_disk.path, "writing zeros", strerror(EIO));
}

static void test_bad_ranges(void **state)
{
	static const struct {
		struct range range;
		int status[2]; /* of DISCARD, of WRITE_ZEROES */
	} cases[] = {{{0, 8, 1}, {UNSUPP, -1}}, {{0, 8, 2}, {UNSUPP, UNSUPP}},
		{{0, 8, 3}, {UNSUPP, UNSUPP}}, {{0, 8, 0x80000000}, {UNSUPP, UNSUPP}},
		{{SECTORS, 1, 0}, {IOERR, IOERR}}, {{SECTORS - 1, 2, 0}, {IOERR, IOERR}},
		{{0, SECTORS + 1, 0}, {IOERR, IOERR}}, {{1, UINT32_MAX, 0}, {IOERR, IOERR}},
		{{UINT64_MAX, 1, 0}, {IOERR, IOERR}}, {{UINT64_MAX, 2, 0}, {IOERR, IOERR}},
		{{UINT64_C(1) << 55, 8, 0}, {IOERR, IOERR}}};
	static const size_t lengths[] = {0, 1, 15, 17, 31, 17 * 16};
	static const struct range many[17];

	for (unsigned int i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const struct range *bad = &cases[i / 2].range;
		int status = cases[i / 2].status[i % 2];

		if (status >= 0)
			assert_int_equal(range(*state, i % 2 ? T_WRITE_ZEROES : T_DISCARD,
						 bad->sector, bad->sectors, bad->flags),
				status);
	}
	for (unsigned int i = 0; i < 2 * ARRAY_LEN(lengths); i++)
		assert_int_equal(simple(*state, i % 2 ? T_WRITE_ZEROES : T_DISCARD, 0, many,
					 lengths[i / 2], NULL, 0),
			IOERR);
	assert_int_equal(fake_disk.fallocates, 0);
	assert_int_equal(ranges(*state, T_DISCARD, many, 16), OK);
	assert_image();
}

/* A range is no longer than the device says, even where the disk is (section 5.2.6.1). */
static void test_longest_range(void **state)
{
	const uint32_t most = 1u << 20;

	assert_int_equal(ftruncate(fake_disk.file, (off_t)(most + 8) * SECTOR), 0);
	fake_disk_reopen(false);
	assert_int_equal(range(*state, T_DISCARD, 8, most, 0), OK);
	assert_int_equal(fake_disk.fallocates, 1);
	assert_int_equal(range(*state, T_DISCARD, 0, most + 1, 0), IOERR);
	assert_int_equal(range(*state, T_WRITE_ZEROES, 0, most + 1, 0), IOERR);
	assert_int_equal(fake_disk.fallocates, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_zeroes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_range, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
