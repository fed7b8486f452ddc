/* SPDX-License-Identifier: MIT */
/*
 * A disk as a device (virtio 1.2, section 5.2): its configuration, its queues, one request and
 * many at a time, what is in flight at a reset, and hosts without io_uring.
 * Links: vmm/dev/virtio/blk.c vmm/dev/virtio/blk_request.c vmm/dev/virtio/blk_file.c
 * Links: vmm/dev/virtio/blk_ring.c vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_disk.c tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt uring
 * Wraps: preadv2 pwritev2 fdatasync fallocate io_uring_submit
 * Wraps: io_uring_queue_init_params fstatfs
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"

#define SIZE     256u /* of the queue, where there are many requests */
#define FEATURES 0x7244
#define F_FLUSH  (UINT64_C(1) << 9)
/* Where the rings of another queue are, from those of the first one. */
#define OTHER 0x100000u

static int no_ring;
static long fs_type; /* of the file system that the disk is in */

int __real_io_uring_queue_init_params(
	unsigned int entries, struct io_uring *ring, struct io_uring_params *params);
int __wrap_io_uring_queue_init_params(
	unsigned int entries, struct io_uring *ring, struct io_uring_params *params);

int __wrap_io_uring_queue_init_params(
	unsigned int entries, struct io_uring *ring, struct io_uring_params *params)
{
	return no_ring ? no_ring : __real_io_uring_queue_init_params(entries, ring, params);
}

int __wrap_fstatfs(int fd, struct statfs *fs);

int __wrap_fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	*fs = (struct statfs){.f_type = fs_type};
	return 0;
}

static int create(struct tl_dev **dev, bool read_only, enum tl_disk_io io, unsigned int cpus)
{
	const struct tl_dev_env env = fake_virtio_env(&mem);
	const struct tl_disk disk = {fake_disk.path, read_only, io};

	return tl_virtio_blk_create(dev, &env, PLACE, SPI, &disk, 3, cpus);
}

static void destroy(struct tl_dev *dev)
{
	dev->ops->fini(dev);
}

static int setup(void **state)
{
	(void)state;
	no_ring = 0;
	fs_type = EXT4_SUPER_MAGIC;
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	return ram_init() || fake_disk_make();
}

static int teardown(void **state)
{
	tl_mem_fini(&ram);
	return fake_disk_teardown(state) || fake_virtio.bad_calls ? -1 : 0;
}

static void need_ring(void)
{
	struct io_uring ring;
	int ret = io_uring_queue_init(1, &ring, 0);

	if (!ret) {
		io_uring_queue_exit(&ring);
		return;
	}
	print_message("no io_uring here: %s\n", strerror(-ret));
	skip();
}

static void run(struct tl_dev *dev, uint64_t features)
{
	assert_true(negotiate(dev, VERSION1 | features));
	memset(at(AVAIL), 0, 0x3000);
	set_queue(dev, SIZE, DESC, AVAIL, USED);
	set(dev, STATUS, RUNNING);
}

/* Request number i of those that read or write a sector: sector i, data and status of its own. */
static void *data_of(unsigned int i)
{
	return at(DATA + 0x400ul * i + 16);
}

static uint8_t status_of(unsigned int i)
{
	return *(uint8_t *)at(DATA + 0x400ul * i + 16 + SECTOR);
}

static void ask(uint32_t type, unsigned int i)
{
	const struct header header = {type, 0, i};
	uint64_t gpa = DATA + 0x400ul * i, table = TABLE + 0x80000 + 48ul * i;

	memcpy(at(gpa), &header, sizeof(header));
	*(uint8_t *)at(gpa + 16 + SECTOR) = 0xee;
	put(table, 0, (struct desc){gpa, 16, NEXT, 1});
	put(table, 1, (struct desc){gpa + 16, SECTOR, type == T_IN ? NEXT | WRITE : NEXT, 2});
	put(table, 2, (struct desc){gpa + 16 + SECTOR, 1, WRITE, 0});
	put(DESC, i % SIZE, (struct desc){table, 48, INDIRECT, 0});
	offer(SIZE, (uint16_t)(i % SIZE));
}

static void wait_used(unsigned int count)
{
	for (int ms = 0; used_idx() != count && ms < 20000; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(used_idx(), count);
}

static void wait_submits(unsigned int count)
{
	for (int ms = 0; ms < 20000; ms++) {
		if (__atomic_load_n(&fake_disk.submits, __ATOMIC_SEQ_CST) >= count)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("nothing was submitted");
}

static void test_config(void **state)
{
	static const unsigned int cpus[] = {1, 2, 8, 9, 512}, queues[] = {1, 2, 8, 8, 8};
	struct tl_mmio capacity = {CONFIG, 8, false, 0};
	struct tl_dev *dev;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cpus); i++) {
		assert_int_equal(create(&dev, i == 1, TL_DISK_IO_AUTO, cpus[i]), 0);
		assert_int_equal(((struct tl_virtio *)dev)->ops->id, 2);
		assert_int_equal(mmio_access(dev, &capacity), TL_MMIO_HANDLED);
		assert_int_equal(capacity.value, SECTORS);
		assert_int_equal(get(dev, CONFIG + 12), TL_VQ_SEGMENTS - 2);
		assert_int_equal(get(dev, CONFIG + 20), SECTOR);
		assert_int_equal(get(dev, CONFIG + 32) >> 16, queues[i]);
		/* SEG_MAX, BLK_SIZE, FLUSH, MQ, and DISCARD, WRITE_ZEROES; or read-only. */
		assert_int_equal(get(dev, DEVICE_FEATURES) & 0xffffff, i == 1 ? 0x1264 : FEATURES);
		set(dev, QUEUE_SEL, queues[i] - 1);
		assert_int_equal(get(dev, QUEUE_NUM_MAX), TL_VQ_SIZE_MAX);
		set(dev, QUEUE_SEL, queues[i]);
		assert_int_equal(get(dev, QUEUE_NUM_MAX), 0);
		destroy(dev);
	}
}

/* From the driver's notification to its interrupt. */
static void end_to_end(enum tl_disk_io io, unsigned int submits)
{
	const struct header header = {T_IN, 0, 11};
	struct tl_dev *dev;

	assert_int_equal(create(&dev, false, io, 1), 0);
	assert_true(negotiate(dev, VERSION1 | FEATURES));
	memset(at(AVAIL), 0, 0x2000);
	set_queue(dev, 4, DESC, AVAIL, USED);
	memcpy(at(DATA), &header, sizeof(header));
	put(DESC, 0, (struct desc){DATA, 16, NEXT, 1});
	put(DESC, 1, (struct desc){DATA + 16, SECTOR, NEXT | WRITE, 2});
	put(DESC, 2, (struct desc){END - 1, 1, WRITE, 0});
	*(uint8_t *)at(END - 1) = 0xee;
	offer(4, 0);
	set(dev, STATUS, RUNNING);
	expect_interrupt(dev, 1);
	assert_int_equal(used_idx(), 1);
	assert_int_equal(*at32(USED + 8), SECTOR + 1);
	assert_memory_equal(at(DATA + 16), fake_disk.image + 11 * SECTOR, SECTOR);
	assert_int_equal(*(uint8_t *)at(END - 1), OK);
	assert_int_equal(fake_disk.submits, submits);
	/* One that is none takes the device down, and not the VM. */
	put(DESC, 0, (struct desc){DATA, 15, NEXT, 1});
	offer(4, 0);
	kick();
	expect_interrupt(dev, 2);
	assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
	assert_warned("virtio-blk", "made a request that is none");
	destroy(dev);
}

/* One alone needs no ring. */
static void test_end_to_end(void **state)
{
	(void)state;
	end_to_end(TL_DISK_IO_AUTO, 0);
	end_to_end(TL_DISK_IO_SYNC, 0);
}

static void test_end_to_end_ring(void **state)
{
	(void)state;
	need_ring();
	end_to_end(TL_DISK_IO_URING, 1);
}

/* All that a queue holds, offered at once: submitted in batches, with what the driver wrote. */
static void many(struct tl_dev *dev)
{
	run(dev, FEATURES | UINT64_C(1) << TL_VIRTIO_F_EVENT_IDX |
			 UINT64_C(1) << TL_VIRTIO_F_INDIRECT);
	for (unsigned int i = 0; i < SIZE; i++) {
		if (i % 2)
			memset(data_of(i), (int)i, SECTOR);
		if (i % 2)
			memset(fake_disk.image + i * SECTOR, (int)i, SECTOR);
		ask(i % 2 ? T_OUT : T_IN, i);
	}
	kick();
	wait_used(SIZE);
	for (unsigned int i = 0; i < SIZE; i++) {
		assert_int_equal(status_of(i), OK);
		assert_memory_equal(data_of(i), fake_disk.image + i * SECTOR, SECTOR);
	}
	assert_image();
	destroy(dev);
}

static void test_many(void **state)
{
	struct tl_dev *dev;

	(void)state;
	need_ring();
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 1), 0);
	many(dev);
	assert_in_range(fake_disk.submits, SIZE / 64, SIZE / 8);
	assert_int_equal(fake_disk.transfers, 0);
}

static void test_many_sync(void **state)
{
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(create(&dev, false, TL_DISK_IO_SYNC, 1), 0);
	many(dev);
	assert_int_equal(fake_disk.submits, 0);
	assert_int_equal(fake_disk.transfers, SIZE);
	assert_nothing_logged();
}

/* What is in memory anyway is not worth a ring. */
static void test_many_in_memory(void **state)
{
	struct tl_dev *dev;

	(void)state;
	fs_type = TMPFS_MAGIC;
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 1), 0);
	many(dev);
	assert_int_equal(fake_disk.submits, 0);
	assert_int_equal(fake_disk.transfers, SIZE);
}

/* A host without io_uring does without; unless it was asked for. */
static void test_no_ring(void **state)
{
	struct tl_dev *dev;

	(void)state;
	no_ring = -EPERM;
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 1), 0);
	many(dev);
	assert_int_equal(fake_disk.transfers, SIZE);
	assert_logged(TL_LOG_INFO, fake_disk.path, "no io_uring", strerror(EPERM));
	assert_int_equal(create(&dev, false, TL_DISK_IO_URING, 1), -EIO);
	assert_error(fake_disk.path, "io=uring", strerror(EPERM));
}

/* One that has been there, and then is not. */
static void test_ring_dies(void **state)
{
	struct tl_dev *dev;

	(void)state;
	need_ring();
	fake_disk.submit_fails = -ENOSYS;
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 1), 0);
	many(dev);
	assert_int_equal(fake_disk.transfers, SIZE);
	assert_logged(TL_LOG_INFO, fake_disk.path, "no io_uring", strerror(ENOSYS));
}

static void test_two_queues(void **state)
{
	const struct header header = {T_IN, 0, 21};
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 2), 0);
	assert_true(negotiate(dev, VERSION1 | FEATURES));
	memset(at(AVAIL), 0, 0x2000);
	memset(at(AVAIL + OTHER), 0, 0x2000);
	set_queue(dev, 4, DESC, AVAIL, USED);
	set_queue_of(dev, 1, 4, DESC + OTHER, AVAIL + OTHER, USED + OTHER);
	memcpy(at(DATA), &header, sizeof(header));
	put(DESC + OTHER, 0, (struct desc){DATA, 16, NEXT, 1});
	put(DESC + OTHER, 1, (struct desc){DATA + 16, SECTOR + 1, WRITE, 0});
	set(dev, STATUS, RUNNING);
	*at16(AVAIL + OTHER + 2) = 1;
	assert_int_equal(eventfd_write(fake_virtio.kick_fds[1], 1), 0);
	expect_interrupt(dev, 1);
	assert_int_equal(*at16(USED + OTHER + 2), 1);
	assert_int_equal(used_idx(), 0);
	assert_memory_equal(at(DATA + 16), fake_disk.image + 21 * SECTOR, SECTOR);
	destroy(dev);
}

struct later {
	int fd, other;
	bool done;
};

/* What was waited for comes, some time after. */
static void *close_later(void *arg)
{
	struct later *later = arg;

	poll(NULL, 0, 100);
	later->done = true;
	close(later->fd);
	close(later->other);
	return NULL;
}

/* Requests that the host's disk does not answer, as a pipe that nobody writes to does not. */
static struct tl_dev *begin_slow(struct later *later, unsigned int count)
{
	struct tl_dev *dev;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*later = (struct later){fds[1], fds[0], false};
	fake_disk.ring_fd = fds[0];
	assert_int_equal(create(&dev, false, TL_DISK_IO_URING, 1), 0);
	run(dev, FEATURES | UINT64_C(1) << TL_VIRTIO_F_INDIRECT);
	for (unsigned int i = 0; i < count; i++)
		ask(T_IN, i);
	kick();
	wait_submits(1 + (count - 1) / 64);
	return dev;
}

/* After a reset nothing touches the guest's memory. */
static void test_reset(void **state)
{
	struct later later;
	struct tl_dev *dev;
	pthread_t thread;

	(void)state;
	need_ring();
	dev = begin_slow(&later, 70);
	assert_int_equal(pthread_create(&thread, NULL, close_later, &later), 0);
	set(dev, STATUS, 0);
	assert_true(later.done);
	assert_int_equal(used_idx(), 0);
	for (unsigned int i = 0; i < 70; i++)
		assert_int_equal(status_of(i), 0xee);
	pthread_join(thread, NULL);
	/* And it works again. */
	fake_disk.ring_fd = 0;
	run(dev, FEATURES | UINT64_C(1) << TL_VIRTIO_F_INDIRECT);
	ask(T_IN, 5);
	kick();
	wait_used(1);
	assert_memory_equal(data_of(5), fake_disk.image + 5 * SECTOR, SECTOR);
	destroy(dev);
}

static void test_end(void **state)
{
	struct later later;
	struct tl_dev *dev;
	pthread_t thread;

	(void)state;
	need_ring();
	dev = begin_slow(&later, 3);
	assert_int_equal(pthread_create(&thread, NULL, close_later, &later), 0);
	destroy(dev);
	assert_true(later.done);
	pthread_join(thread, NULL);
}

/* More requests than the queue has places: one is there twice. */
static void test_too_many(void **state)
{
	struct later later;
	struct tl_dev *dev;
	pthread_t thread;

	(void)state;
	need_ring();
	dev = begin_slow(&later, SIZE);
	ask(T_IN, SIZE);
	kick();
	expect_interrupt(dev, 2);
	assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
	assert_warned("virtio-blk", "made a request that is none");
	assert_int_equal(pthread_create(&thread, NULL, close_later, &later), 0);
	pthread_join(thread, NULL);
	destroy(dev);
	/* Too late for them. */
	assert_int_equal(used_idx(), 0);
	fake_log_reset(NULL);
}

/* Section 5.2.6.2: who has not accepted FLUSH need not do so. */
static void test_write_through(void **state)
{
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(create(&dev, false, TL_DISK_IO_AUTO, 1), 0);
	for (unsigned int i = 0; i < 2; i++) {
		run(dev, (i ? FEATURES & ~F_FLUSH : FEATURES) | UINT64_C(1)
									<< TL_VIRTIO_F_INDIRECT);
		memset(data_of(9), 0x99, SECTOR);
		ask(T_OUT, 9);
		kick();
		wait_used(1);
		assert_int_equal(fake_disk.durable, i);
	}
	memset(fake_disk.image + 9 * SECTOR, 0x99, SECTOR);
	assert_image();
	destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_to_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_to_end_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_sync, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_in_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_queues, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_through, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
