/* SPDX-License-Identifier: MIT */
/*
 * A guest with sockets, and programs that it talks to.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_vsock.h"
#include "vmm/dev/virtio/vsock.h"

#define WAIT_MS 20000
#define STUCK_S 120
#define ROOM    4096u /* of what the guest offers of its own accord */

static char folder[] = "/tmp/trapline-vsock-XXXXXX";

struct fake_vsock fake_vsock;

static struct {
	const uint8_t *rooms[QUEUE_SIZE]; /* in the order in which they are used */
	uint16_t offered, taken, sent;
	_Atomic unsigned int polls; /* how often a worker waited */
} driver;

int __real_poll(struct pollfd *fds, nfds_t count, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int ms);

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
	driver.polls += ms < 0;
	return __real_poll(fds, count, ms);
}

void vsock_room(unsigned int count, uint32_t size)
{
	while (count--)
		driver.rooms[driver.offered++ % QUEUE_SIZE] =
			driver_offer(RX, (uint32_t[]){size, 0});
}

void vsock_start(void)
{
	driver_start(VERSION1);
	driver.offered = driver.taken = driver.sent = 0;
	fake_vsock = (struct fake_vsock){.alloc = CREDIT,
		.src = CID,
		.dst = 2,
		.type = TL_VSOCK_TYPE_STREAM,
		.poor = fake_vsock.poor};
	if (!fake_vsock.poor)
		vsock_room(QUEUE_SIZE, ROOM);
}

static uint16_t unsent(void)
{
	return (uint16_t)(driver.sent - driver_used(TX));
}

static void send_packet(const struct tl_vsock_packet *packet, const void *bytes, uint32_t size)
{
	uint8_t *to = driver_next(TX);

	/* So many descriptors there are. */
	for (int ms = 0; unsent() == QUEUE_SIZE / 2 && ms < WAIT_MS; ms++)
		usleep(1000);
	assert_true(unsent() < QUEUE_SIZE / 2);
	memcpy(to, packet, sizeof(*packet));
	if (size)
		memcpy(to + sizeof(*packet), bytes, size);
	/* The header over two segments: nothing says that it is one. */
	driver_offer(TX, (uint32_t[]){20, (uint32_t)sizeof(*packet) - 20 + size, 0});
	driver.sent++;
	assert_int_equal(eventfd_write(fake_net.kick_fds[TX], 1), 0);
}

static struct tl_vsock_packet make(
	uint16_t op, uint32_t guest_port, uint32_t host_port, uint32_t flags)
{
	return (struct tl_vsock_packet){.src_cid = fake_vsock.src,
		.dst_cid = fake_vsock.dst,
		.src_port = guest_port,
		.dst_port = host_port,
		.type = fake_vsock.type,
		.op = op,
		.flags = flags,
		.buf_alloc = fake_vsock.alloc,
		.fwd_cnt = fake_vsock.count};
}

void vsock_send(uint16_t op, uint32_t guest_port, uint32_t host_port, uint32_t flags)
{
	const struct tl_vsock_packet packet = make(op, guest_port, host_port, flags);

	send_packet(&packet, NULL, 0);
}

void vsock_send_bytes(uint32_t guest_port, uint32_t host_port, const void *bytes, uint32_t size)
{
	struct tl_vsock_packet packet = make(TL_VSOCK_OP_RW, guest_port, host_port, 0);

	packet.len = size;
	send_packet(&packet, bytes, size);
}

void vsock_wait_sent(void)
{
	driver_wait(TX, driver.sent);
}

bool vsock_has_packet(void)
{
	return driver_used(RX) != driver.taken;
}

uint16_t vsock_expect_any(void)
{
	for (int ms = 0; !vsock_has_packet() && ms < WAIT_MS; ms++)
		usleep(1000);
	assert_true(vsock_has_packet());
	fake_vsock.bytes = driver.rooms[driver.taken++ % QUEUE_SIZE] + TL_VSOCK_HEADER;
	memcpy(&fake_vsock.got, fake_vsock.bytes - TL_VSOCK_HEADER, TL_VSOCK_HEADER);
	if (!fake_vsock.poor)
		vsock_room(1, ROOM);
	return fake_vsock.got.op;
}

void vsock_expect(uint16_t op, uint32_t guest_port, uint32_t host_port)
{
	assert_int_equal(vsock_expect_any(), op);
	assert_int_equal(fake_vsock.got.type, fake_vsock.type);
	assert_int_equal(fake_vsock.got.src_cid, 2);
	assert_int_equal(fake_vsock.got.dst_cid, CID);
	assert_int_equal(fake_vsock.got.src_port, host_port);
	assert_int_equal(fake_vsock.got.dst_port, guest_port);
	if (op != TL_VSOCK_OP_RW)
		assert_int_equal(fake_vsock.got.len, 0);
	if (op != TL_VSOCK_OP_RST)
		assert_int_equal(fake_vsock.got.buf_alloc, CREDIT);
}

void vsock_expect_bytes(uint32_t guest_port, uint32_t host_port, const void *bytes, uint32_t size)
{
	uint32_t done = 0;

	while (done < size) {
		vsock_expect(TL_VSOCK_OP_RW, guest_port, host_port);
		assert_in_range(fake_vsock.got.len, 1, size - done);
		assert_memory_equal(
			fake_vsock.bytes, (const uint8_t *)bytes + done, fake_vsock.got.len);
		done += fake_vsock.got.len;
	}
}

void vsock_expect_calm(void)
{
	unsigned int before;

	usleep(30000);
	before = driver.polls;
	usleep(50000);
	assert_in_range(driver.polls, before, before + 10);
	assert_false(vsock_has_packet());
}

int vsock_listen(unsigned int port)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "v_%u", port);
	unlink(name.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 256), 0);
	return fd;
}

int vsock_connect(const char *hello)
{
	int fd = tl_unix_connect("v");

	assert_true(fd >= 0);
	assert_int_equal(write(fd, hello, strlen(hello)), strlen(hello));
	return fd;
}

void vsock_expect_read(int fd, const void *bytes, size_t count)
{
	uint8_t *got = malloc(count);

	assert_non_null(got);
	assert_int_equal(recv(fd, got, count, MSG_WAITALL), count);
	assert_memory_equal(got, bytes, count);
	free(got);
}

void vsock_expect_end(int fd)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	/* A reset where it had sent something that nobody took. */
	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

int vsock_join(int listener, uint32_t guest_port)
{
	int fd;

	vsock_send(TL_VSOCK_OP_REQUEST, guest_port, 700, 0);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	vsock_expect(TL_VSOCK_OP_RESPONSE, guest_port, 700);
	return fd;
}

int vsock_setup(void **state)
{
	struct tl_dev_env env = fake_net_env();

	(void)state;
	alarm(STUCK_S);
	fake_log_reset(NULL);
	if (fake_net_setup() ||
		tl_virtio_vsock_unix_create(&fake_net.dev, &env, 0x0a000000, 16, CID, "v"))
		return -1;
	fake_vsock.poor = false;
	vsock_start();
	return 0;
}

int vsock_teardown(void **state)
{
	struct stat st;

	(void)state;
	fake_net.dev->ops->fini(fake_net.dev);
	fake_net_teardown();
	unlink("v_700");
	return fake_log_count() || !lstat("v", &st);
}

int vsock_group_setup(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

int vsock_group_teardown(void **state)
{
	(void)state;
	return chdir("/") || rmdir(folder);
}
