/* SPDX-License-Identifier: MIT */
/*
 * virtio-vsock on a vhost that only notes what it is told (include/uapi/linux/vhost.h), and
 * hosts that have none.
 * Links: vmm/dev/virtio/vsock.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: open ioctl
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"
#include "vmm/dev/virtio/vsock.h"

#define SEQPACKET (UINT64_C(1) << 1)
#define CID       77u
#define SIZE      64u
/* Rings of a queue, from those of the first one. */
#define OTHER(queue) ((queue)*UINT64_C(0x100000))

static struct {
	int open_errno, fail_errno;
	unsigned long fail; /* this request does */

	int fd;
	unsigned int count;
	unsigned long requests[64];
	int call_fds[2], err_fds[2], kick_fds[2], running;
	uint64_t cid, features;
	struct vhost_vring_addr rings[2];
	unsigned int sizes[2], bases[2];
	struct vhost_memory_region region;
} host;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, void *arg);

int __wrap_open(const char *path, int flags, ...)
{
	assert_string_equal(path, "/dev/vhost-vsock");
	assert_int_equal(flags, O_RDWR | O_CLOEXEC);
	errno = host.open_errno;
	host.fd = host.open_errno ? -1 : __real_open("/dev/null", flags);
	return host.fd;
}

static void keep_memory(const struct vhost_memory *memory)
{
	assert_int_equal(memory->nregions, 1);
	assert_int_equal(memory->padding, 0);
	host.region = memory->regions[0];
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	const struct vhost_vring_state *state = arg;
	const struct vhost_vring_file *file = arg;

	assert_int_equal(fd, host.fd);
	assert_true(host.count < ARRAY_LEN(host.requests));
	host.requests[host.count++] = request;
	if (request == host.fail) {
		errno = host.fail_errno;
		return -1;
	}
	if (request == VHOST_GET_FEATURES)
		*(uint64_t *)arg = UINT64_MAX;
	else if (request == VHOST_SET_FEATURES)
		host.features = *(uint64_t *)arg;
	else if (request == VHOST_VSOCK_SET_GUEST_CID)
		host.cid = *(uint64_t *)arg;
	else if (request == VHOST_SET_MEM_TABLE)
		keep_memory(arg);
	else if (request == VHOST_SET_VRING_NUM)
		host.sizes[state->index] = state->num;
	else if (request == VHOST_SET_VRING_BASE)
		host.bases[state->index] = state->num;
	else if (request == VHOST_SET_VRING_ADDR)
		host.rings[((struct vhost_vring_addr *)arg)->index] =
			*(struct vhost_vring_addr *)arg;
	else if (request == VHOST_SET_VRING_CALL)
		host.call_fds[file->index] = file->fd;
	else if (request == VHOST_SET_VRING_ERR)
		host.err_fds[file->index] = file->fd;
	else if (request == VHOST_SET_VRING_KICK)
		host.kick_fds[file->index] = file->fd;
	else if (request == VHOST_VSOCK_SET_RUNNING)
		host.running = *(int *)arg;
	else
		assert_int_equal(request, VHOST_SET_OWNER);
	return 0;
}

static int create(struct tl_dev **dev)
{
	const struct tl_dev_env env = fake_virtio_env(&mem);

	return tl_virtio_vsock_create(dev, &env, PLACE, SPI, CID);
}

static int setup(void **state)
{
	(void)state;
	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	memset(&host, 0, sizeof(host));
	return ram_init();
}

static int teardown(void **state)
{
	(void)state;
	tl_mem_fini(&ram);
	return fake_log_count() || fake_virtio.bad_calls;
}

/* These, in this order, since the last time. */
static void expect_requests(const unsigned long *requests, unsigned int count)
{
	assert_int_equal(host.count, count);
	assert_memory_equal(host.requests, requests, count * sizeof(*requests));
	host.count = 0;
}

static struct tl_dev *make(void)
{
	static const unsigned long requests[] = {
		VHOST_SET_OWNER, VHOST_GET_FEATURES, VHOST_VSOCK_SET_GUEST_CID};
	struct tl_dev *dev;

	assert_int_equal(create(&dev), 0);
	expect_requests(requests, ARRAY_LEN(requests));
	return dev;
}

/* The driver with this many of the three queues. */
static void run(struct tl_dev *dev, uint64_t features, unsigned int queues)
{
	assert_true(negotiate(dev, VERSION1 | features));
	for (unsigned int i = 0; i < queues; i++) {
		memset(at(AVAIL + OTHER(i)), 0, 0x2000);
		set_queue_of(dev, i, SIZE, DESC + OTHER(i), AVAIL + OTHER(i), USED + OTHER(i));
	}
	set(dev, STATUS, RUNNING);
}

static const unsigned long start_requests[] = {VHOST_SET_FEATURES, VHOST_SET_MEM_TABLE,
	VHOST_SET_VRING_NUM, VHOST_SET_VRING_BASE, VHOST_SET_VRING_ADDR, VHOST_SET_VRING_ERR,
	VHOST_SET_VRING_CALL, VHOST_SET_VRING_KICK, VHOST_SET_VRING_NUM, VHOST_SET_VRING_BASE,
	VHOST_SET_VRING_ADDR, VHOST_SET_VRING_ERR, VHOST_SET_VRING_CALL, VHOST_SET_VRING_KICK,
	VHOST_VSOCK_SET_RUNNING};

static void test_start(void **state)
{
	struct tl_dev *dev = make();
	unsigned int fds;

	(void)state;
	assert_int_equal(host.cid, CID);
	assert_int_equal(get(dev, 0x008), 19);
	assert_int_equal(get(dev, CONFIG), CID);
	assert_int_equal(get(dev, CONFIG + 4), 0);
	/* Of what vhost can do, only what such a device has. */
	assert_int_equal(get(dev, DEVICE_FEATURES) & 0xffffff, SEQPACKET);
	run(dev, SEQPACKET, 3);
	expect_requests(start_requests, ARRAY_LEN(start_requests));
	assert_int_equal(host.features, VERSION1 | SEQPACKET);
	assert_int_equal(host.running, 1);
	assert_int_equal(host.region.guest_phys_addr, BASE);
	assert_int_equal(host.region.memory_size, RAM_SIZE);
	assert_int_equal(host.region.userspace_addr, (uintptr_t)mem.host);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(host.sizes[i], SIZE);
		assert_int_equal(host.bases[i], 0);
		assert_int_equal(host.rings[i].flags, 0);
		assert_int_equal(host.rings[i].desc_user_addr, (uintptr_t)at(DESC + OTHER(i)));
		assert_int_equal(host.rings[i].avail_user_addr, (uintptr_t)at(AVAIL + OTHER(i)));
		assert_int_equal(host.rings[i].used_user_addr, (uintptr_t)at(USED + OTHER(i)));
		assert_int_equal(host.kick_fds[i], fake_virtio.kick_fds[i]);
	}
	fds = fds_open();
	dev->ops->fini(dev);
	assert_int_equal(host.running, 0);
	/* vhost, two for each of its queues, three notifications, the interrupt, the worker's. */
	assert_int_equal(fds_open(), fds - 1 - 4 - 3 - 1 - 1);
}

static void test_interrupt(void **state)
{
	struct tl_dev *dev = make();
	eventfd_t count;

	(void)state;
	run(dev, 0, 3);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(eventfd_write(host.call_fds[i], 3), 0);
		expect_interrupt(dev, 1);
		/* Notifications are the kernel's to see, and what came before is among them. */
		assert_int_equal(eventfd_write(host.kick_fds[i], 1), 0);
		expect_quiet(dev);
		assert_int_equal(eventfd_read(host.kick_fds[i], &count), 0);
		assert_int_equal(count, 2);
	}
	assert_int_equal(eventfd_write(fake_virtio.kick_fds[2], 1), 0);
	expect_quiet(dev);
	dev->ops->fini(dev);
}

static void test_broken(void **state)
{
	struct tl_dev *dev = make();

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		run(dev, 0, 3);
		assert_int_equal(eventfd_write(host.err_fds[i], 1), 0);
		expect_interrupt(dev, 2);
		assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
		assert_warned("virtio-vsock", "broke its queue");
		/* Nothing more, and nothing of it after a reset. */
		assert_int_equal(eventfd_write(host.call_fds[i], 1), 0);
		assert_int_equal(eventfd_write(host.err_fds[!i], 1), 0);
		expect_quiet(dev);
		run(dev, 0, 3);
		expect_quiet(dev);
		assert_int_equal(get(dev, STATUS), RUNNING);
		host.count = 0;
	}
	set(dev, STATUS, 0);
	assert_int_equal(host.running, 0);
	dev->ops->fini(dev);
}

static void test_reset(void **state)
{
	static const unsigned long stop[] = {VHOST_VSOCK_SET_RUNNING};
	struct tl_dev *dev = make();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		run(dev, 0, 3);
		expect_requests(start_requests, ARRAY_LEN(start_requests));
		assert_int_equal(host.running, 1);
		if (i)
			dev->ops->reset(dev);
		else
			set(dev, STATUS, 0);
		expect_requests(stop, 1);
		assert_int_equal(host.running, 0);
		assert_int_equal(eventfd_write(host.call_fds[0], 1), 0);
		expect_quiet(dev);
		/* Once. */
		dev->ops->reset(dev);
		expect_requests(NULL, 0);
	}
	dev->ops->fini(dev);
	expect_requests(NULL, 0);
}

/* A driver without one of the queues gets nothing; told once, however often it tries. */
static void test_few_queues(void **state)
{
	struct tl_dev *dev = make();

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		run(dev, 0, i % 2);
		assert_int_equal(host.running, 0);
		host.count = 0;
	}
	assert_warned("virtio-vsock", strerror(EPROTO));
	run(dev, 0, 3);
	assert_int_equal(host.running, 1);
	dev->ops->fini(dev);
}

static void test_refused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(start_requests); i++) {
		struct tl_dev *dev = make();

		host.fail = start_requests[i];
		host.fail_errno = EFAULT;
		run(dev, 0, 3);
		assert_int_equal(host.running, 0);
		assert_warned("virtio-vsock", "the host's kernel", strerror(EFAULT));
		host.fail = 0;
		host.count = 0;
		dev->ops->fini(dev);
		/* It did not run. */
		expect_requests(NULL, 0);
	}
}

static void expect_failure(int ret, const char *what, const char *advice)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev = (void *)&host;

	assert_int_equal(create(&dev), ret);
	assert_null(dev);
	assert_error("--vsock: ", what, advice);
	assert_int_equal(fds_open(), fds);
}

static void test_no_vhost(void **state)
{
	(void)state;
	host.open_errno = ENOENT;
	expect_failure(-EIO, "/dev/vhost-vsock", "modprobe vhost_vsock");
	host.open_errno = ENODEV;
	expect_failure(-EIO, "/dev/vhost-vsock", "CONFIG_VHOST_VSOCK");
	host.open_errno = EACCES;
	expect_failure(-EIO, "/dev/vhost-vsock: no permission", "group");
	host.open_errno = EPERM;
	expect_failure(-EIO, "/dev/vhost-vsock: no permission", "root");
	host.open_errno = 0;
	host.fail = VHOST_VSOCK_SET_GUEST_CID;
	host.fail_errno = EADDRINUSE;
	expect_failure(-EADDRINUSE, "another VM", "CID");
	host.fail_errno = EINVAL;
	expect_failure(-EIO, strerror(EINVAL), "");
	host.fail = VHOST_SET_OWNER;
	expect_failure(-EIO, strerror(EINVAL), "");
	host.fail = VHOST_GET_FEATURES;
	expect_failure(-EIO, strerror(EINVAL), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(start), TEST(interrupt), TEST(broken), TEST(reset),
		TEST(few_queues), TEST(refused), TEST(no_vhost)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
