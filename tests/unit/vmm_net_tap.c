/* SPDX-License-Identifier: MIT */
/*
 * Networks with a TAP device, which is one end of a socket that keeps frames apart as it does
 * (virtio 1.2, section 5.1.6).
 * Links: vmm/dev/virtio/net.c vmm/dev/virtio/net_tap.c vmm/dev/virtio/virtio.c
 * Links: vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_net.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: open ioctl if_nametoindex
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_net.h"
#include "vmm/dev/virtio/net_backend.h"

#define CSUM       (UINT64_C(1) << 0)
#define GUEST_CSUM (UINT64_C(1) << 1)
#define GUEST_TSO4 (UINT64_C(1) << 7)
#define GUEST_ECN  (UINT64_C(1) << 9)

/* The host. */
static struct {
	int peer; /* the other end */
	int open_error, attach_error, header_error;
	bool no_offloads, missing;
	unsigned long offloads;
} host;

int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
unsigned int __wrap_if_nametoindex(const char *name);

int __wrap_open(const char *path, int flags, ...)
{
	int fds[2];

	assert_string_equal(path, "/dev/net/tun");
	assert_int_equal(flags, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	errno = host.open_error;
	if (host.open_error)
		return -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	host.peer = fds[1];
	return fds[0];
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	unsigned long value;
	struct ifreq *ifreq;

	(void)fd;
	va_start(args, request);
	value = va_arg(args, unsigned long);
	va_end(args);
	ifreq = (struct ifreq *)value;
	switch (request) {
	case TUNSETIFF:
		assert_string_equal(ifreq->ifr_name, "tap7");
		assert_int_equal(ifreq->ifr_flags, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
		errno = host.attach_error;
		return errno ? -1 : 0;
	case TUNSETVNETHDRSZ:
		assert_int_equal(*(int *)value, HEADER);
		errno = host.header_error;
		return errno ? -1 : 0;
	case TUNSETOFFLOAD:
		errno = EINVAL;
		if (host.no_offloads)
			return -1;
		host.offloads = value;
		return 0;
	case SIOCGIFMTU:
		ifreq->ifr_mtu = 9000;
		return 0;
	default:
		fail();
		return -1;
	}
}

unsigned int __wrap_if_nametoindex(const char *name)
{
	return host.missing || strcmp(name, "tap7") != 0 ? 0 : 3;
}

int tl_net_user_create(struct tl_net_backend **backend, const struct tl_net *net)
{
	(void)backend;
	(void)net;
	fail();
	return -1;
}

static int create(struct tl_net *net)
{
	const struct tl_dev_env env = fake_net_env();

	return tl_virtio_net_create(&fake_net.dev, &env, 0x0a000000, 16, net, 5);
}

static struct tl_net tap7 = {.tap = "tap7"};

static int setup(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	host.peer = -1;
	return fake_log_reset(state) || fake_net_setup() || create(&tap7);
}

static int teardown(void **state)
{
	(void)state;
	if (fake_net.dev)
		fake_net.dev->ops->fini(fake_net.dev);
	if (host.peer >= 0)
		close(host.peer);
	fake_net_teardown();
	return 0;
}

static void again(struct tl_net *net, int expected)
{
	if (fake_net.dev)
		fake_net.dev->ops->fini(fake_net.dev);
	if (host.peer >= 0)
		close(host.peer);
	host.peer = -1;
	assert_int_equal(create(net), expected);
	assert_true(!fake_net.dev == !!expected);
}

static uint8_t frame[70000];

/* The host sends to the guest; what follows the header is (i + seed) % 251. */
static void host_sends(size_t size, uint8_t seed)
{
	memset(frame, 0, HEADER);
	frame[0] = 1; /* NEEDS_CSUM */
	frame[1] = 4; /* GSO: TCPv6 */
	for (size_t i = HEADER; i < size; i++)
		frame[i] = (uint8_t)((i + seed) % 251);
	assert_int_equal(send(host.peer, frame, size, 0), size);
}

static void expect_bytes(const uint8_t *buffer, size_t size, uint8_t seed, uint16_t buffers)
{
	assert_int_equal(buffer[10] | buffer[11] << 8, buffers);
	for (size_t i = HEADER; i < size; i++)
		assert_int_equal(buffer[i], (uint8_t)((i + seed) % 251));
}

/* Waits for a frame from the guest. Returns its size. */
static ssize_t host_gets(void)
{
	struct pollfd polled = {.fd = host.peer, .events = POLLIN};

	assert_int_equal(poll(&polled, 1, 20000), 1);
	return recv(host.peer, frame, sizeof(frame), 0);
}

static void test_config(void **state)
{
	struct tl_net own = {.tap = "tap7", .mac = {2, 1, 2, 3, 4, 5}, .has_mac = true};
	uint64_t low, high;

	(void)state;
	low = register_get(0x100);
	high = register_get(0x104);
	assert_int_equal(low & 0xff, 2);
	assert_int_equal(high & 0xffff, 5u << 8 | (high & 0xff)); /* its number */
	assert_int_equal(high >> 16, 1);
	assert_int_equal(register_get(0x108), 9000u << 16 | 1);
	/* CSUM, GUEST_CSUM, MTU, MAC, GUEST_TSO4/6, ECN, HOST_TSO4/6, ECN, MRG_RXBUF, STATUS */
	assert_int_equal(register_get(0x010) & 0xffffff, 0x01bbab);
	again(&tap7, 0);
	assert_int_equal(register_get(0x100), low);
	assert_int_equal(register_get(0x104), high);
	host.no_offloads = true;
	again(&own, 0);
	assert_int_equal(register_get(0x100), 0x03020102);
	assert_int_equal(register_get(0x104), 0x10504);
	assert_int_equal(register_get(0x010) & 0xffffff, 0x018028);
}

static void test_offloads(void **state)
{
	static const struct {
		uint64_t features;
		unsigned long offloads;
	} cases[] = {{0, 0}, {CSUM, 0}, {GUEST_CSUM, TUN_F_CSUM},
		{GUEST_CSUM | GUEST_TSO4, TUN_F_CSUM | TUN_F_TSO4}, {GUEST_TSO4, 0},
		{GUEST_CSUM | GUEST_ECN, TUN_F_CSUM},
		{GUEST_CSUM | GUEST_TSO4 | GUEST_ECN, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		host.offloads = ~0ul;
		driver_start(VERSION1 | cases[i].features);
		assert_int_equal(host.offloads, cases[i].offloads);
	}
}

static void test_send(void **state)
{
	static const uint32_t cuts[][6] = {
		{12 + 100}, {12, 100}, {1, 11, 100}, {5, 50, 57}, {111, 1}};

	(void)state;
	driver_start(VERSION1);
	for (uint16_t i = 0; i < 5; i++) {
		uint8_t sent[112];

		memset(sent, i + 1, sizeof(sent));
		/* The last one is there already when the queue is looked at. */
		memcpy(driver_next(TX), sent, sizeof(sent));
		driver_offer(TX, cuts[i]);
		driver_send("x", 1);
		assert_int_equal(host_gets(), sizeof(sent));
		assert_memory_equal(frame, sent, sizeof(sent));
		assert_int_equal(host_gets(), HEADER + 1);
		assert_int_equal(driver_wait(TX, (uint16_t)(2 * i + 2)), 0);
	}
	assert_nothing_logged();
}

/* robust: net.oversized */
static void test_bad_frames(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		driver_start(VERSION1);
		if (i == 0)
			driver_offer(TX, (uint32_t[]){HEADER - 1, 0});
		else if (i == 1)
			driver_offer(TX, (uint32_t[]){HEADER, 65536, 100, 0});
		else
			driver_offer(RX, (uint32_t[]){HEADER - 1, 0});
		if (i < 2)
			assert_int_equal(write(fake_net.kick_fds[TX], &(uint64_t){1}, 8), 8);
		else
			host_sends(100, 0);
		expect_needs_reset();
		assert_warned("made a request that is none");
		/* It stays down, and does not spin. */
		host_sends(100, 0);
	}
	driver_start(VERSION1);
	driver_send("again", 5);
	assert_int_equal(host_gets(), HEADER + 5);
}

static void test_receive(void **state)
{
	uint8_t *buffers[8];

	(void)state;
	/* What waited is not for this driver. */
	host_sends(200, 9);
	driver_start(VERSION1 | MRG_RXBUF | GUEST_CSUM);
	for (unsigned int i = 0; i < 8; i++)
		buffers[i] = driver_offer(RX, (uint32_t[]){1000, 526, 0});
	host_sends(100, 1);
	assert_int_equal(driver_wait(RX, 1), 100);
	expect_bytes(buffers[0], 100, 1, 1);
	assert_int_equal(buffers[0][0], 1);
	/* Buffers of one follow each other: 1526, 1526, 948. */
	host_sends(4000, 2);
	assert_int_equal(driver_wait(RX, 4), 4000 - 2 * 1526);
	expect_bytes(buffers[1], 4000, 2, 3);
	/* Its room is that of all, and exactly that of one. */
	host_sends(1526, 3);
	assert_int_equal(driver_wait(RX, 5), 1526);
	expect_bytes(buffers[4], 1526, 3, 1);
	/* Without GUEST_CSUM the header says nothing. */
	driver_start(VERSION1 | MRG_RXBUF);
	buffers[0] = driver_offer(RX, (uint32_t[]){3, 8, 1500, 0});
	host_sends(100, 4);
	assert_int_equal(driver_wait(RX, 1), 100);
	expect_bytes(buffers[0], 100, 4, 1);
	assert_int_equal(buffers[0][0] | buffers[0][1], 0);
}

static void test_no_buffers(void **state)
{
	uint8_t *buffer, *next;

	(void)state;
	driver_start(VERSION1 | MRG_RXBUF);
	host_sends(100, 1);
	host_sends(5000, 2);
	poll(NULL, 0, 20);
	assert_int_equal(driver_used(RX), 0);
	buffer = driver_offer(RX, (uint32_t[]){1500, 0});
	assert_int_equal(driver_wait(RX, 1), 100);
	expect_bytes(buffer, 100, 1, 1);
	/* Half of what it needs: nothing is seen before it is whole. */
	buffer = driver_offer(RX, (uint32_t[]){2500, 0});
	poll(NULL, 0, 20);
	assert_int_equal(driver_used(RX), 1);
	driver_offer(RX, (uint32_t[]){500, 0});
	next = driver_offer(RX, (uint32_t[]){2500, 0});
	assert_int_equal(driver_wait(RX, 4), 2000);
	expect_bytes(buffer, 5000, 2, 3);
	/* A reset in the middle of one. */
	driver_offer(RX, (uint32_t[]){2500, 0});
	host_sends(5000, 3);
	poll(NULL, 0, 20);
	driver_start(VERSION1 | MRG_RXBUF);
	next = driver_offer(RX, (uint32_t[]){1500, 0});
	host_sends(60, 4);
	assert_int_equal(driver_wait(RX, 1), 60);
	expect_bytes(next, 60, 4, 1);
}

/* Each frame in a buffer, or lost. */
static void test_one_buffer(void **state)
{
	uint8_t *buffer, *second;

	(void)state;
	driver_start(VERSION1);
	buffer = driver_offer(RX, (uint32_t[]){HEADER, 1514, 0});
	second = driver_offer(RX, (uint32_t[]){HEADER, 1514, 0});
	host_sends(HEADER + 1515, 1);
	host_sends(HEADER + 1514, 2);
	host_sends(HEADER + 65536, 3);
	host_sends(100, 4);
	assert_int_equal(driver_wait(RX, 2), 100);
	expect_bytes(buffer, HEADER + 1514, 2, 1);
	expect_bytes(second, 100, 4, 1);
}

/* What the host does not take stays with the guest. */
static void test_slow_host(void **state)
{
	static uint8_t bytes[16000];
	unsigned int got = 0;

	(void)state;
	driver_start(VERSION1);
	for (unsigned int i = 0; i < 60; i++) {
		bytes[0] = (uint8_t)i;
		driver_send(bytes, sizeof(bytes));
	}
	poll(NULL, 0, 50);
	assert_in_range(driver_used(TX), 1, 59);
	for (; got < 60; got++) {
		assert_int_equal(host_gets(), HEADER + sizeof(bytes));
		assert_int_equal(frame[HEADER], got);
	}
	driver_wait(TX, 60);
	/* A reset forgets what waited. */
	for (unsigned int i = 0; i < 60; i++)
		driver_send(bytes, sizeof(bytes));
	poll(NULL, 0, 50);
	driver_start(VERSION1);
	while (recv(host.peer, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		;
	driver_send("a", 1);
	assert_int_equal(host_gets(), HEADER + 1);
}

/* robust: tap.removed */
static void test_removed(void **state)
{
	(void)state;
	driver_start(VERSION1);
	driver_offer(RX, (uint32_t[]){2000, 0});
	close(host.peer);
	host.peer = -1;
	expect_link_down();
	assert_warned("--net tap:tap7: the interface is gone", "the guest's link is down");
	for (uint16_t i = 1; i <= 3; i++) {
		driver_send("lost", 4);
		driver_wait(TX, i);
	}
	assert_int_equal(register_get(0x070), 15);
	driver_start(VERSION1);
	driver_send("lost", 4);
	driver_wait(TX, 1);
	assert_int_equal(register_get(0x104) >> 16, 0);
	assert_nothing_logged();
}

static void test_refused(void **state)
{
	static const struct {
		int open_error, attach_error, header_error;
		const char *words;
	} cases[] = {{ENOENT, 0, 0, "the host's kernel has no /dev/net/tun"},
		{EACCES, 0, 0, "no permission for /dev/net/tun"},
		{EMFILE, 0, 0, "Too many open files"},
		{0, EBUSY, 0, "is in use by another program"},
		{0, EPERM, 0, "belongs to another user"}, {0, EINVAL, 0, "is not a TAP device"},
		{0, 0, ENOTTY, "Inappropriate ioctl"}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		host.open_error = cases[i].open_error;
		host.attach_error = cases[i].attach_error;
		host.header_error = cases[i].header_error;
		again(&tap7,
			-(cases[i].open_error | cases[i].attach_error | cases[i].header_error));
		assert_error("--net tap:tap7: ", cases[i].words);
	}
	host.missing = true;
	again(&tap7, -ENODEV);
	assert_error("--net tap:tap7: no such interface", "ip tuntap add");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offloads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_send, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
