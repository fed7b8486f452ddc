/* SPDX-License-Identifier: MIT */
/*
 * virtio-9p (virtio 1.2, device 9): the tag in its configuration, messages in pieces of the
 * guest's memory, chains that are none, and folders that cannot be shared.
 * Links: vmm/dev/virtio/p9.c
 * Links: vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c vmm/dev/virtio/p9/file.c
 * Links: vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c vmm/dev/virtio/p9/fid.c
 * Links: vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "tests/unit/remove_tree.h"
#include "tests/unit/vq.h"
#include "vmm/core/kvm.h"
#include "vmm/dev/virtio/p9.h"

static char dir[] = "/tmp/trapline-p9-XXXXXX";

/* Tversion: 8 KiB, "9P2000.L"; Tattach: fid 0; Tlopen: fid 0, a folder. */
static const uint8_t version[21] = "\x15\0\0\0\x64\xff\xff\0\x20\0\0\x08\0"
				   "9P2000.L";
static const uint8_t attach[23] = "\x17\0\0\0\x68\1\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0";
static const uint8_t open_root[15] = "\x0f\0\0\0\x0c\1\0\0\0\0\0\0\0\0\0";

static int create(struct tl_dev **dev, const char *path, const char *tag)
{
	const struct tl_dev_env env = fake_virtio_env(&mem);
	const struct tl_share share = {path, tag, false};

	*dev = (void *)dir;
	return tl_virtio_p9_create(dev, &env, PLACE, SPI, &share, 1);
}

static int setup(void **state)
{
	struct tl_dev *dev = NULL;

	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (ram_init() || !mkdtemp(dir) || create(&dev, dir, "home"))
		return -1;
	*state = dev;
	return 0;
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	tl_mem_fini(&ram);
	return remove_tree(dir) || fake_log_count() || fake_virtio.bad_calls;
}

/* A chain of pieces of `step` bytes; the reply is at `reply`. */
static int64_t request(struct tl_dev *dev, const uint8_t *message, size_t size, size_t step,
	uint8_t *reply, size_t room)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;
	struct tl_vq_chain chain = {.out_bytes = size, .in_bytes = room};

	for (size_t at = 0; at < size; at += step)
		chain.iov[chain.out++] =
			(struct iovec){(void *)(message + at), size - at < step ? size - at : step};
	for (size_t at = 0; at < room; at += step)
		chain.iov[chain.out + chain.in++] =
			(struct iovec){reply + at, room - at < step ? room - at : step};
	return virtio->ops->request(virtio, 0, &chain);
}

static void test_config(void **state)
{
	struct tl_dev *dev = *state;
	struct tl_mmio beyond = {CONFIG + 6, 1, false, 0};

	assert_int_equal(((struct tl_virtio *)dev)->ops->id, 9);
	assert_int_equal(get(dev, DEVICE_FEATURES) & 0xffffff, 1);
	assert_int_equal(get(dev, CONFIG), 4 | 'h' << 16 | 'o' << 24);
	assert_int_equal(mmio_access(dev, &beyond), TL_MMIO_UNHANDLED);
}

static void test_pieces(void **state)
{
	uint8_t reply[200];

	for (size_t step = 1; step < 30; step += 3) {
		memset(reply, 0xee, sizeof(reply));
		assert_int_equal(request(*state, version, sizeof(version), step, reply, 100), 21);
		assert_int_equal(reply[0], 21);
		assert_int_equal(reply[4], 101);
		assert_memory_equal(reply + 7, version + 7, 14);
		assert_int_equal(reply[21], 0xee);
	}
}

static void test_no_message(void **state)
{
	static const uint8_t lie[8] = "\x09\0\0\0\x64\0\0\0";
	uint8_t reply[100];

	assert_int_equal(request(*state, version, 0, 8, reply, 100), -EPROTO);
	assert_int_equal(request(*state, version, 6, 8, reply, 100), -EPROTO);
	assert_int_equal(request(*state, lie, 8, 8, reply, 100), -EPROTO);
	assert_int_equal(request(*state, version, sizeof(version), 8, reply, 0), -EPROTO);
	assert_int_equal(request(*state, version, sizeof(version), 8, reply, 10), -EPROTO);
	/* Room only for an error. */
	assert_int_equal(request(*state, version, sizeof(version), 8, reply, 20), 11);
	assert_int_equal(reply[4], 7);
}

/* After a reset the guest has nothing open, and no session. */
static void test_reset(void **state)
{
	struct tl_dev *dev = *state;
	uint8_t reply[100];
	unsigned int fds;

	assert_int_equal(request(dev, version, sizeof(version), 8, reply, 100), 21);
	assert_int_equal(request(dev, attach, sizeof(attach), 8, reply, 100), 20);
	fds = fds_open();
	assert_int_equal(request(dev, open_root, sizeof(open_root), 8, reply, 100), 24);
	assert_int_equal(fds_open(), fds + 1);
	set(dev, STATUS, 0);
	assert_int_equal(fds_open(), fds);
	assert_int_equal(request(dev, attach, sizeof(attach), 8, reply, 100), 11);
	assert_int_equal(reply[7], EPROTO);
}

static void test_refused(void **state)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(create(&dev, "/tmp/none/there", "tag"), -ENOENT);
	assert_null(dev);
	assert_error("--share '/tmp/none/there': No such file or directory");
	assert_int_equal(create(&dev, "/dev/null", "tag"), -ENOTDIR);
	assert_error("--share '/dev/null': is not a folder");
	fake_virtio.fail = KVM_IRQFD;
	assert_int_equal(create(&dev, dir, "tag"), -EIO);
	assert_error("virtio-9p");
	fake_virtio.fail = 0;
	assert_null(dev);
	assert_int_equal(fds_open(), fds);
}

/* The limit of descriptors is raised as far as it may be. */
/* robust: rlimit.nofile */
static void test_limit(void **state)
{
	struct rlimit before, limit;
	struct tl_dev *dev;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(create(&dev, dir, "tag"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, before.rlim_max < 65536 ? before.rlim_max : 65536);
	dev->ops->fini(dev);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(test_config),
		TEST(test_pieces),
		TEST(test_no_message),
		TEST(test_reset),
		TEST(test_refused),
		TEST(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
