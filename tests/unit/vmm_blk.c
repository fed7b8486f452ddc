/* SPDX-License-Identifier: MIT */
/*
 * Disks (virtio 1.2, section 5.2): what each request does to the file and to the guest's
 * buffers, whose ends the sanitizer watches; and a host whose file system fails.
 * Links: vmm/dev/virtio/blk_request.c vmm/dev/virtio/blk_file.c vmm/dev/virtio/blk_ring.c
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_disk.c tests/unit/fake_log.c
 * Libs: uring
 * Wraps: preadv2 pwritev2 fdatasync fallocate io_uring_submit
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"

static int setup(void **state)
{
	return fake_disk_setup(state);
}

static int setup_ring(void **state)
{
	int ret = fake_disk_setup(state);

	fake_disk.by_ring = true;
	return ret;
}

static int teardown(void **state)
{
	return fake_disk_teardown(state);
}

/* Where this PC has no io_uring for us, the board's tests have to do. */
static void need_ring(void)
{
	if (fake_disk.by_ring && fake_disk.ring_error) {
		print_message("no io_uring here: %s\n", strerror(-fake_disk.ring_error));
		skip();
	}
}

static void test_in_out(void **state)
{
	uint8_t data[8 * SECTOR];

	need_ring();
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, data, SECTOR), OK);
	assert_memory_equal(data, fake_disk.image, SECTOR);
	assert_int_equal(simple(*state, T_IN, SECTORS - 8, NULL, 0, data, sizeof(data)), OK);
	assert_memory_equal(
		data, fake_disk.image + sizeof(fake_disk.image) - sizeof(data), sizeof(data));
	memset(data, 0x5a, sizeof(data));
	memset(fake_disk.image + 5 * SECTOR, 0x5a, 2 * SECTOR);
	assert_int_equal(simple(*state, T_OUT, 5, data, 2 * SECTOR, NULL, 0), OK);
	assert_image();
	memset(fake_disk.image + sizeof(fake_disk.image) - SECTOR, 0x5a, SECTOR);
	assert_int_equal(simple(*state, T_OUT, SECTORS - 1, data, SECTOR, NULL, 0), OK);
	assert_image();
	/* No data at all. */
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, NULL, 0), OK);
	assert_int_equal(simple(*state, T_OUT, SECTORS, NULL, 0, NULL, 0), OK);
	assert_image();
}

/* However a request is cut (section 2.7.4.1); the host's transfers may be short as well. */
/* robust: disk.short */
static void test_pieces(void **state)
{
	static const size_t out_sizes[][6] = {{16 + 1024}, {1, 15 + 1024}, {17, 1023},
		{4, 4, 8, 511, 513}, {8, 8 + 1, 1022, 1}},
			    in_sizes[][6] = {{1024 + 1}, {1, 1024}, {1023, 2}, {511, 513, 1},
				    {1, 1, 1022, 1}},
			    at_once[] = {0, 1, 100, 511, 512, 513, 1023};
	uint8_t request[16 + 1024], answer[1024 + 1];

	need_ring();
	for (unsigned int i = 0; i < ARRAY_LEN(out_sizes) * ARRAY_LEN(at_once); i++) {
		const size_t *out = out_sizes[i % ARRAY_LEN(out_sizes)],
			     *in = in_sizes[i % ARRAY_LEN(out_sizes)];
		uint64_t at = (i + 1ul) * 3;

		fake_disk.at_once = at_once[i / ARRAY_LEN(out_sizes)];
		fake_disk.interrupted = i % 3;
		memset(request, (int)i + 100, sizeof(request));
		memcpy(request, &(struct header){T_OUT, 0, at}, 16);
		memcpy(fake_disk.image + at * SECTOR, request + 16, 1024);
		assert_int_equal(pieces(*state, request, out, answer, (size_t[]){1, 0}), 1);
		assert_int_equal(answer[0], OK);
		assert_image();
		memcpy(request, &(struct header){T_IN, 7, at + 1}, 16);
		answer[1024] = 0xee;
		/* What follows the header is nothing to this one. */
		assert_int_equal(pieces(*state, request, out, answer, in), 1025);
		assert_int_equal(answer[1024], OK);
		assert_memory_equal(answer, fake_disk.image + (at + 1) * SECTOR, 1024);
	}
}

/* robust: blk.overflow */
static void test_out_of_range(void **state)
{
	static const struct {
		uint64_t sector;
		size_t bytes;
	} cases[] = {{SECTORS, 512}, {SECTORS - 1, 1024}, {SECTORS + 1, 512}, {SECTORS + 1, 0},
		{UINT64_C(1) << 55, 512}, {UINT64_MAX, 512}, {UINT64_MAX, 1024},
		{UINT64_MAX / 512, 512}, {UINT64_MAX / 512 + 1, 512}, {UINT64_C(1) << 63, 512},
		{0, 1}, {0, 511}, {0, 513}, {SECTORS - 1, 511}};
	uint8_t data[1024] = {0};

	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t at = cases[i].sector;

		assert_int_equal(simple(*state, T_IN, at, NULL, 0, data, cases[i].bytes), IOERR);
		assert_int_equal(simple(*state, T_OUT, at, data, cases[i].bytes, NULL, 0), IOERR);
	}
	assert_int_equal(fake_disk.transfers, 0);
	assert_image();
}

/* robust: disk.read-only */
static void test_read_only(void **state)
{
	struct tl_blk_file *ro = *state;
	uint8_t data[512] = {0};

	fake_disk_reopen(true);
	assert_int_equal(simple(ro, T_IN, 9, NULL, 0, data, 512), OK);
	assert_memory_equal(data, fake_disk.image + 9 * SECTOR, 512);
	assert_int_equal(simple(ro, T_FLUSH, 0, NULL, 0, NULL, 0), OK);
	assert_int_equal(simple(ro, T_OUT, 9, data, 512, NULL, 0), IOERR);
	assert_int_equal(range(ro, T_DISCARD, 0, 8, 0), IOERR);
	assert_int_equal(range(ro, T_WRITE_ZEROES, 0, 8, 1), IOERR);
	assert_int_equal(fake_disk.fallocates, 0);
	assert_int_equal(fake_disk.transfers, 1);
	assert_nothing_logged(); /* no write(2) was refused */
	assert_image();
}

static void test_flush(void **state)
{
	assert_int_equal(simple(*state, T_FLUSH, 0, NULL, 0, NULL, 0), OK);
	assert_int_equal(fake_disk.syncs, 1);
	fake_disk.error = EIO;
	assert_int_equal(simple(*state, T_FLUSH, 0, NULL, 0, NULL, 0), IOERR);
	assert_warned(fake_disk.path, "flushing", strerror(EIO));
	assert_int_equal(fake_disk.syncs, 2);
}

static void test_id(void **state)
{
	static const char id[20] = "trapline-disk3";
	char answer[32];

	assert_int_equal(simple(*state, T_GET_ID, 0, NULL, 0, answer, 20), OK);
	assert_memory_equal(answer, id, 20);
	assert_int_equal(simple(*state, T_GET_ID, 0, NULL, 0, answer, 32), OK);
	assert_memory_equal(answer, id, 20);
	assert_int_equal((uint8_t)answer[20], 0xee);
	assert_int_equal(simple(*state, T_GET_ID, 0, NULL, 0, answer, 19), IOERR);
	assert_int_equal((uint8_t)answer[0], 0xee);
	assert_int_equal(simple(*state, T_GET_ID, 0, NULL, 0, answer, 0), IOERR);
}

/* robust: blk.type */
static void test_unknown(void **state)
{
	static const uint32_t types[] = {2, 3, 5, 7, 9, 10, 12, 14, 0x80000000, UINT32_MAX};
	uint8_t data[512] = {0}, answer[512];

	for (unsigned int i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(simple(*state, types[i], 0, data, 512, answer, 512), UNSUPP);
	assert_image();
}

/* A request that cannot even be answered. */
/* robust: vq.no-status */
static void test_no_request(void **state)
{
	static const size_t shorts[][3] = {{0}, {1}, {15}, {8, 7}};
	const struct header header = {T_FLUSH, 0, 0};
	uint8_t answer[512];

	for (unsigned int i = 0; i < ARRAY_LEN(shorts); i++)
		assert_int_equal(
			pieces(*state, &header, shorts[i], answer, (size_t[]){1, 0}), -EPROTO);
	assert_int_equal(pieces(*state, &header, (size_t[]){16, 0}, answer, NULL), -EPROTO);
	assert_int_equal(pieces(*state, &header, NULL, answer, (size_t[]){512, 0}), -EPROTO);
	assert_int_equal(fake_disk.syncs, 0);
}

/* robust: disk.eio disk.enospc disk.shrinks */
static void test_errors(void **state)
{
	uint8_t data[1024] = {0};

	fake_disk.error = ENOSPC;
	assert_int_equal(simple(*state, T_OUT, 0, data, 1024, NULL, 0), IOERR);
	assert_warned(fake_disk.path, "writing", strerror(ENOSPC));
	fake_disk.error = EIO;
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, data, 1024), IOERR);
	assert_warned(fake_disk.path, "reading", strerror(EIO));
	fake_disk.error = 0;
	/* Somebody has made the file shorter: an error, and not for ever. */
	fake_disk.shrunk = true;
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, data, 1024), IOERR);
	assert_warned(fake_disk.path, "reading", strerror(EIO));
	assert_image();
}

/* io_uring does not say what file a test would have fail; others fail in that way. */
/* robust: disk.eio disk.short disk.shrinks */
static void test_ring_errors(void **state)
{
	uint8_t data[3 * SECTOR] = {0};
	int full = open("/dev/full", O_RDWR | O_CLOEXEC), self;

	need_ring();
	fake_disk.ring_fd = full;
	assert_int_equal(simple(*state, T_OUT, 0, data, 1024, NULL, 0), IOERR);
	assert_warned(fake_disk.path, "writing", strerror(ENOSPC));
	/* Nothing is mapped at its beginning. */
	fake_disk.ring_fd = self = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, data, 1024), IOERR);
	assert_warned(fake_disk.path, "reading", strerror(EIO));
	fake_disk.ring_fd = -1;
	assert_int_equal(simple(*state, T_FLUSH, 0, NULL, 0, NULL, 0), IOERR);
	assert_warned(fake_disk.path, "flushing", strerror(EBADF));
	fake_disk.ring_fd = 0;
	assert_image();
	/* Somebody has made the file shorter, in the middle of what is read. */
	assert_int_equal(ftruncate(fake_disk.file, SECTOR), 0);
	assert_int_equal(simple(*state, T_IN, 0, NULL, 0, data, sizeof(data)), IOERR);
	assert_warned(fake_disk.path, "reading", strerror(EIO));
	close(full);
	close(self);
}

/* "Not now" is not passed on to the guest. */
static void test_ring_again(void **state)
{
	uint8_t data[2 * SECTOR];
	int fds[2];

	need_ring();
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fake_disk.ring_fd = fds[0];
	fake_disk.ring_flags = RWF_NOWAIT;
	assert_int_equal(simple(*state, T_IN, 7, NULL, 0, data, sizeof(data)), OK);
	assert_memory_equal(data, fake_disk.image + 7 * SECTOR, sizeof(data));
	assert_int_equal(fake_disk.transfers, 1);
	fake_disk.ring_fd = fake_disk.ring_flags = 0;
	fake_disk.submit_interrupted = 2;
	assert_int_equal(simple(*state, T_IN, 8, NULL, 0, data, sizeof(data)), OK);
	assert_memory_equal(data, fake_disk.image + 8 * SECTOR, sizeof(data));
	assert_int_equal(fake_disk.transfers, 1);
	assert_int_equal(fake_disk.submits, 4);
	close(fds[0]);
	close(fds[1]);
}

/* A kernel that takes nothing more: what it has not taken is done without it. */
static void test_ring_dies(void **state)
{
	uint8_t data[SECTOR];

	need_ring();
	fake_disk.submit_fails = -EPERM;
	memset(data, 0x77, SECTOR);
	memset(fake_disk.image, 0x77, SECTOR);
	assert_int_equal(simple(*state, T_OUT, 0, data, SECTOR, NULL, 0), OK);
	assert_int_equal(fake_disk.submit_error, -EPERM);
	assert_int_equal(fake_disk.transfers, 1);
	assert_image();
}

/* A driver that cannot flush need not: section 5.2.6.2. */
static void test_write_through(void **state)
{
	struct tl_blk_file *file = *state;
	uint8_t data[2 * SECTOR];

	need_ring();
	memset(data, 0x33, sizeof(data));
	memset(fake_disk.image + SECTOR, 0x33, sizeof(data));
	assert_int_equal(simple(file, T_OUT, 1, data, sizeof(data), NULL, 0), OK);
	assert_int_equal(fake_disk.durable, 0);
	file->write_through = true;
	assert_int_equal(simple(file, T_OUT, 1, data, sizeof(data), NULL, 0), OK);
	assert_int_equal(fake_disk.durable, 1);
	assert_int_equal(simple(file, T_IN, 1, NULL, 0, data, sizeof(data)), OK);
	assert_int_equal(fake_disk.durable, 1);
	assert_int_equal(range(file, T_WRITE_ZEROES, 1, 2, 0), OK);
	assert_int_equal(fake_disk.syncs, 1);
	memset(fake_disk.image + SECTOR, 0, sizeof(data));
	assert_image();
}

/* A guest that goes on where nothing can be written does not fill the log. */
/* robust: disk.edquot */
static void test_said_often(void **state)
{
	uint8_t data[SECTOR] = {0};

	fake_disk.error = EDQUOT;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(simple(*state, T_OUT, 0, data, SECTOR, NULL, 0), IOERR);
	assert_int_equal(fake_log_count(), 8);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 8);
	fake_disk.disk.said_at -= 10;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(simple(*state, T_OUT, 0, data, SECTOR, NULL, 0), IOERR);
	assert_int_equal(fake_log_count(), 9);
	fake_log_reset(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_range, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(test_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_through, setup, teardown),
		cmocka_unit_test_setup_teardown(test_said_often, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_out, setup_ring, teardown),
		cmocka_unit_test_setup_teardown(test_pieces, setup_ring, teardown),
		cmocka_unit_test_setup_teardown(test_write_through, setup_ring, teardown),
		cmocka_unit_test_setup_teardown(test_ring_errors, setup_ring, teardown),
		cmocka_unit_test_setup_teardown(test_ring_again, setup_ring, teardown),
		cmocka_unit_test_setup_teardown(test_ring_dies, setup_ring, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
