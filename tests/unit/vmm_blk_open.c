/* SPDX-License-Identifier: MIT */
/*
 * Files that are no disks, or not ours: they are refused, with the reason, and nothing is left
 * open or locked.
 * Links: vmm/dev/virtio/blk.c vmm/dev/virtio/blk_request.c vmm/dev/virtio/blk_file.c
 * Links: vmm/dev/virtio/blk_ring.c vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt uring
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/fds.h"
#include "vmm/core/kvm.h"
#include "vmm/dev/virtio/blk.h"

/* A user without rights, by its number. */
#define NOBODY 65534

static char dir[] = "/tmp/trapline-blk-XXXXXX";

static int setup(void **state)
{
	(void)state;
	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	return mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink("disk");
	return rmdir(dir) || fake_log_count();
}

static void make_file(off_t size)
{
	int fd = open("disk", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(close(fd), 0);
}

static int create(struct tl_dev **dev, const char *path, bool read_only)
{
	const struct tl_dev_env env = fake_virtio_env(NULL);
	const struct tl_disk disk = {path, read_only, TL_DISK_IO_AUTO};

	*dev = (void *)dir;
	return tl_virtio_blk_create(dev, &env, PLACE, SPI, &disk, 0, 1);
}

static void refused_as(const char *path, bool read_only, int error, const char *why)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev;

	assert_int_equal(create(&dev, path, read_only), error);
	assert_null(dev);
	assert_error(path, why);
	assert_int_equal(fds_open(), fds);
}

static void refused(const char *path, int error, const char *why)
{
	refused_as(path, false, error, why);
	refused_as(path, true, error, why);
}

static void test_missing(void **state)
{
	(void)state;
	refused("none", -ENOENT, strerror(ENOENT));
	refused("none/there", -ENOENT, strerror(ENOENT));
	refused("", -ENOENT, strerror(ENOENT));
}

/* robust: disk.empty disk.odd */
static void test_size(void **state)
{
	static const off_t sizes[] = {1, 511, 513, 1048575};

	(void)state;
	make_file(0);
	refused("disk", -EINVAL, "is empty");
	for (unsigned int i = 0; i < ARRAY_LEN(sizes); i++) {
		assert_int_equal(truncate("disk", sizes[i]), 0);
		refused("disk", -EINVAL, "not a multiple of 512");
	}
}

static void test_kind(void **state)
{
	(void)state;
	refused_as(dir, false, -EISDIR, strerror(EISDIR));
	refused_as(dir, true, -EINVAL, "neither a file nor a block device");
	refused("/dev/null", -EINVAL, "neither a file nor a block device");
}

/* Nobody writes to it: to wait for that would be for ever. */
static void test_fifo(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("disk", 0600), 0);
	alarm(10);
	refused("disk", -EINVAL, "neither a file nor a block device");
	alarm(0);
}

static void test_permission(void **state)
{
	uid_t user = geteuid() ? geteuid() : NOBODY;
	struct tl_dev *dev;

	(void)state;
	make_file(512);
	assert_int_equal(chmod("disk", 0400), 0);
	/* Root may write to anything. */
	assert_int_equal(chown("disk", user, (gid_t)-1), 0);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(seteuid(user), 0);
	refused_as("disk", false, -EACCES, "',ro'");
	assert_int_equal(create(&dev, "disk", true), 0);
	dev->ops->fini(dev);
	assert_int_equal(seteuid(getuid()), 0);
}

/* robust: disk.twice */
static void test_locks(void **state)
{
	struct tl_dev *one, *two;
	int fd;

	(void)state;
	make_file(512);
	/* One may write to it, and then nobody else may look at it; many may read. */
	assert_int_equal(create(&one, "disk", false), 0);
	refused("disk", -EWOULDBLOCK, "in use by another program");
	one->ops->fini(one);
	assert_int_equal(create(&one, "disk", true), 0);
	assert_int_equal(create(&two, "disk", true), 0);
	refused_as("disk", false, -EWOULDBLOCK, "in use by another program");
	one->ops->fini(one);
	two->ops->fini(two);
	fd = open("disk", O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	refused("disk", -EWOULDBLOCK, "in use by another program");
	close(fd);
}

/* No device, and so no lock. */
static void test_no_kvm(void **state)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev;

	(void)state;
	make_file(512);
	fake_virtio.fail = KVM_IRQFD;
	assert_int_equal(create(&dev, "disk", false), -EIO);
	assert_null(dev);
	assert_error("virtio-blk", strerror(EPERM));
	assert_int_equal(fds_open(), fds);
	fake_virtio.fail = 0;
	assert_int_equal(create(&dev, "disk", false), 0);
	dev->ops->fini(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_permission, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_kvm, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
