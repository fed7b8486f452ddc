/* SPDX-License-Identifier: MIT */
/*
 * Disks (virtio 1.2, section 5.2): what each request does to the file and to the guest's
 * buffers, whose ends the sanitizer watches; and a host whose file system fails.
 * Links: vmm/dev/virtio/blk.c vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_disk.c tests/unit/fake_virtio.c tests/unit/fake_log.c
 * Libs: fdt
 * Wraps: preadv pwritev fdatasync fallocate
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"

static int setup(void **state)
{
	return ram_init() || fake_disk_setup(state, &mem);
}

static int teardown(void **state)
{
	int ret = fake_disk_teardown(state);

	tl_mem_fini(&ram);
	return ret;
}

static void test_config(void **state)
{
	struct tl_virtio *virtio = *state, *ro;
	struct tl_mmio capacity = {CONFIG, 8, false, 0};

	assert_int_equal(virtio->ops->id, 2);
	assert_int_equal(mmio_access(&virtio->dev, &capacity), TL_MMIO_HANDLED);
	assert_int_equal(capacity.value, SECTORS);
	assert_int_equal(get(&virtio->dev, CONFIG + 12), TL_VQ_SEGMENTS - 2);
	assert_int_equal(get(&virtio->dev, CONFIG + 20), SECTOR);
	/* SEG_MAX, BLK_SIZE, FLUSH, DISCARD, WRITE_ZEROES; or read-only. */
	assert_int_equal(get(&virtio->dev, DEVICE_FEATURES) & 0xffffff, 0x6244);
	fake_disk_reopen(state, &mem, true);
	ro = *state;
	assert_int_equal(get(&ro->dev, DEVICE_FEATURES) & 0xffffff, 0x0264);
}

static void test_in_out(void **state)
{
	uint8_t data[8 * SECTOR];

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
static void test_pieces(void **state)
{
	static const size_t out_sizes[][6] = {{16 + 1024}, {1, 15 + 1024}, {17, 1023},
		{4, 4, 8, 511, 513}, {8, 8 + 1, 1022, 1}},
			    in_sizes[][6] = {{1024 + 1}, {1, 1024}, {1023, 2}, {511, 513, 1},
				    {1, 1, 1022, 1}},
			    at_once[] = {0, 1, 100, 511, 512, 513, 1023};
	uint8_t request[16 + 1024], answer[1024 + 1];

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

static void test_read_only(void **state)
{
	struct tl_virtio *ro;
	uint8_t data[512] = {0};

	fake_disk_reopen(state, &mem, true);
	ro = *state;
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

static void test_unknown(void **state)
{
	static const uint32_t types[] = {2, 3, 5, 7, 9, 10, 12, 14, 0x80000000, UINT32_MAX};
	uint8_t data[512] = {0}, answer[512];

	for (unsigned int i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(simple(*state, types[i], 0, data, 512, answer, 512), UNSUPP);
	assert_image();
}

/* A request that cannot even be answered. */
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

/* From the driver's notification to its interrupt. */
static void test_end_to_end(void **state)
{
	struct tl_virtio *virtio = *state;
	const struct header header = {T_IN, 0, 11};

	assert_true(negotiate(&virtio->dev, VERSION1 | 0x6244));
	set_queue(&virtio->dev, 4, DESC, AVAIL, USED);
	memcpy(at(DATA), &header, sizeof(header));
	put(DESC, 0, (struct desc){DATA, 16, NEXT, 1});
	put(DESC, 1, (struct desc){DATA + 16, SECTOR, NEXT | WRITE, 2});
	put(DESC, 2, (struct desc){END - 1, 1, WRITE, 0});
	*(uint8_t *)at(END - 1) = 0xee;
	offer(4, 0);
	set(&virtio->dev, STATUS, RUNNING);
	expect_interrupt(&virtio->dev, 1);
	assert_int_equal(used_idx(), 1);
	assert_int_equal(*at32(USED + 8), SECTOR + 1);
	assert_memory_equal(at(DATA + 16), fake_disk.image + 11 * SECTOR, SECTOR);
	assert_int_equal(*(uint8_t *)at(END - 1), OK);
	/* One that is none takes the device down, and not the VM. */
	put(DESC, 0, (struct desc){DATA, 15, NEXT, 1});
	offer(4, 0);
	kick();
	expect_interrupt(&virtio->dev, 2);
	assert_int_equal(get(&virtio->dev, STATUS), RUNNING | NEEDS_RESET);
	assert_warned("virtio-blk", "made a request that is none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_range, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(test_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_to_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
