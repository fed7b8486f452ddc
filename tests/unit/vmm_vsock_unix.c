/* SPDX-License-Identifier: MIT */
/*
 * virtio-vsock with UNIX sockets: who may connect to whom, and how connections end.
 * Links: vmm/dev/virtio/vsock_unix.c vmm/dev/virtio/vsock_conn.c base/unix_socket.c base/parse.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_vsock.c tests/unit/fake_net.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: poll
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_vsock.h"
#include "tests/unit/fds.h"
#include "vmm/dev/virtio/vsock.h"

#define CONNECTIONS 128u

/* The worker may be a little behind. */
static void expect_fds(unsigned int count)
{
	unsigned int now = fds_open();

	for (unsigned int ms = 0; now != count && ms < 20000; ms++) {
		usleep(1000);
		now = fds_open();
	}
	assert_int_equal(now, count);
}

/* How many there are once nothing comes or goes any more. */
static unsigned int settled_fds(void)
{
	unsigned int count = fds_open(), same = 0;

	while (same < 10) {
		unsigned int now = fds_open();

		same = now == count ? same + 1 : 0;
		count = now;
		usleep(5000);
	}
	return count;
}

static void test_registers(void **state)
{
	(void)state;
	assert_int_equal(register_get(0x008), 19);
	assert_int_equal(register_get(0x100), CID);
	assert_int_equal(register_get(0x104), 0);
	/* Streams only: none of the device's own. */
	assert_int_equal(register_get(0x010) & 0xffffff, 0);
	vsock_expect_calm();
}

static void test_guest_connects(void **state)
{
	int listener = vsock_listen(700), end, second;

	(void)state;
	end = vsock_join(listener, 1024);
	vsock_send_bytes(1024, 700, "to the host", 11);
	vsock_expect_read(end, "to the host", 11);
	assert_int_equal(write(end, "to the guest", 12), 12);
	vsock_expect_bytes(1024, 700, "to the guest", 12);
	/* Every packet says how much was taken. */
	assert_int_equal(fake_vsock.got.fwd_cnt, 11);
	second = vsock_join(listener, 1025);
	assert_int_equal(write(second, "2", 1), 1);
	vsock_expect_bytes(1025, 700, "2", 1);
	vsock_send_bytes(1024, 700, "1", 1);
	vsock_expect_read(end, "1", 1);
	vsock_expect_calm();
	close(second);
	close(end);
	close(listener);
}

/* What there is no connection for is answered by a RST, unless it is one. */
static void test_refused(void **state)
{
	int listener = vsock_listen(700), end;

	(void)state;
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 701, 0);
	vsock_expect(TL_VSOCK_OP_RST, 1024, 701);
	for (uint16_t op = 0; op < 10; op++) {
		if (op == TL_VSOCK_OP_REQUEST || op == TL_VSOCK_OP_RST)
			continue;
		vsock_send(op, 1024, 700, 0);
		vsock_expect(TL_VSOCK_OP_RST, 1024, 700);
	}
	vsock_send(TL_VSOCK_OP_RST, 1024, 700, 0);
	fake_vsock.type = 2;
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, 1024, 700);
	fake_vsock.type = TL_VSOCK_TYPE_STREAM;
	/* Of others, and for others: nobody's. */
	fake_vsock.src++;
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 700, 0);
	fake_vsock.src = CID | UINT64_C(1) << 32;
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 700, 0);
	fake_vsock.src = CID;
	fake_vsock.dst = 1;
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 700, 0);
	fake_vsock.dst = 2;
	vsock_wait_sent();
	vsock_expect_calm();
	/* Where there is a connection already, that is at its end. */
	end = vsock_join(listener, 1024);
	vsock_send(TL_VSOCK_OP_REQUEST, 1024, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, 1024, 700);
	vsock_expect_end(end);
	close(end);
	/* The program's backlog is full: that is seen at once. */
	end = vsock_listen(700);
	assert_int_equal(listen(end, 0), 0);
	vsock_send(TL_VSOCK_OP_REQUEST, 1, 700, 0);
	vsock_expect(TL_VSOCK_OP_RESPONSE, 1, 700);
	vsock_send(TL_VSOCK_OP_REQUEST, 2, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, 2, 700);
	close(end);
	close(listener);
}

static void test_host_connects(void **state)
{
	int end = vsock_connect("CONNECT 800\nat once"), other;

	(void)state;
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT);
	other = vsock_connect("CONNECT ");
	vsock_expect_calm();
	assert_int_equal(write(other, "4294967295\n", 11), 11);
	vsock_expect(TL_VSOCK_OP_REQUEST, UINT32_MAX, HOST_PORT + 1);
	vsock_send(TL_VSOCK_OP_RESPONSE, 800, HOST_PORT, 0);
	vsock_expect_bytes(800, HOST_PORT, "at once", 7);
	vsock_send_bytes(800, HOST_PORT, "answer", 6);
	vsock_expect_read(end, "OK 1073741824\nanswer", 20);
	/* Nobody in the guest: a RST is the answer, and the end. */
	vsock_send(TL_VSOCK_OP_RST, UINT32_MAX, HOST_PORT + 1, 0);
	vsock_expect_end(other);
	close(other);
	/* Something else than an answer. */
	other = vsock_connect("CONNECT 800\n");
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT + 2);
	vsock_send_bytes(800, HOST_PORT + 2, "x", 1);
	vsock_expect(TL_VSOCK_OP_RST, 800, HOST_PORT + 2);
	vsock_expect_end(other);
	close(other);
	vsock_send_bytes(800, HOST_PORT, "!", 1);
	vsock_expect_read(end, "!", 1);
	close(end);
}

/* One that asks, sends and goes without waiting: what it has sent arrives. */
static void test_host_in_a_hurry(void **state)
{
	int end = vsock_connect("CONNECT 800\nall");

	(void)state;
	close(end);
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT);
	vsock_expect_calm();
	vsock_send(TL_VSOCK_OP_RESPONSE, 800, HOST_PORT, 0);
	vsock_expect_bytes(800, HOST_PORT, "all", 3);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 800, HOST_PORT);
	assert_int_equal(fake_vsock.got.flags, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_send(TL_VSOCK_OP_RST, 800, HOST_PORT, 0);
	vsock_wait_sent();
	vsock_expect_calm();
}

static void test_bad_hello(void **state)
{
	static const char *const lines[] = {"\n", "CONNECT\n", "CONNECT \n", "connect 1\n",
		"CONNECT 4294967296\n", "CONNECT 1 \n", "CONNECT -1\n", "OK 1\n",
		"CONNECT 00000000000000000000000000000000001\n"};
	unsigned int fds = fds_open();
	int end;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(lines); i++) {
		end = vsock_connect(lines[i]);
		vsock_expect_end(end);
		close(end);
	}
	/* And one that goes in the middle of it. */
	end = vsock_connect("CONNE");
	close(end);
	vsock_expect_calm();
	expect_fds(fds);
}

/* The guest goes: at once, or when it has received, or when it has sent. */
static void test_guest_ends(void **state)
{
	int listener = vsock_listen(700), end = vsock_join(listener, 1);

	(void)state;
	vsock_send_bytes(1, 700, "last words", 10);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	vsock_expect_read(end, "last words", 10);
	vsock_expect_end(end);
	close(end);

	end = vsock_join(listener, 1);
	vsock_send(TL_VSOCK_OP_RST, 1, 700, 0);
	vsock_expect_end(end);
	close(end);

	/* It has sent all; the answer comes nevertheless. */
	end = vsock_join(listener, 1);
	vsock_send_bytes(1, 700, "question", 8);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_SEND);
	vsock_expect_read(end, "question", 8);
	vsock_expect_end(end);
	vsock_expect_calm();
	assert_int_equal(write(end, "answer", 6), 6);
	vsock_expect_bytes(1, 700, "answer", 6);
	close(end);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 1, 700);
	assert_int_equal(fake_vsock.got.flags, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_RCV);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);

	/* It takes no more, and says after that that it sends no more. */
	end = vsock_join(listener, 1);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_RCV);
	vsock_wait_sent();
	vsock_expect_calm();
	assert_int_equal(send(end, "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	vsock_send_bytes(1, 700, "still", 5);
	vsock_expect_read(end, "still", 5);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_SEND);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	vsock_expect_end(end);
	close(end);

	/* More, after it said that there is none. */
	end = vsock_join(listener, 1);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_SEND);
	vsock_send_bytes(1, 700, "x", 1);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	vsock_expect_end(end);
	close(end);
	close(listener);
	vsock_expect_calm();
}

/* The program goes: half, then altogether. */
static void test_host_ends(void **state)
{
	int listener = vsock_listen(700), end = vsock_join(listener, 1);

	(void)state;
	assert_int_equal(write(end, "last words", 10), 10);
	shutdown(end, SHUT_WR);
	vsock_expect_bytes(1, 700, "last words", 10);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 1, 700);
	assert_int_equal(fake_vsock.got.flags, TL_VSOCK_SHUTDOWN_SEND);
	vsock_send_bytes(1, 700, "answer", 6);
	vsock_expect_read(end, "answer", 6);
	close(end);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 1, 700);
	assert_int_equal(fake_vsock.got.flags, TL_VSOCK_SHUTDOWN_BOTH);
	/* What the guest had sent before it knew is for nobody, and no mistake. */
	vsock_send_bytes(1, 700, "late", 4);
	vsock_wait_sent();
	vsock_expect_calm();
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	close(listener);
}

/* As many as there may be; then the guest is refused, and programs wait. */
static void test_many(void **state)
{
	int listener = vsock_listen(700), ends[CONNECTIONS], waiting;
	unsigned int fds = fds_open();

	(void)state;
	for (unsigned int i = 0; i < CONNECTIONS; i++)
		ends[i] = vsock_join(listener, i);
	vsock_send(TL_VSOCK_OP_REQUEST, CONNECTIONS, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, CONNECTIONS, 700);
	/* It had connected to the program, and is gone again. */
	close(accept(listener, NULL, NULL));
	waiting = vsock_connect("CONNECT 800\n");
	vsock_expect_calm();
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		vsock_send_bytes(i, 700, &i, sizeof(i));
		vsock_expect_read(ends[i], &i, sizeof(i));
	}
	/* The guest need not say farewell to make room for another. */
	close(ends[5]);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 5, 700);
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT);
	close(waiting);
	vsock_send(TL_VSOCK_OP_RST, 7, 700, 0);
	vsock_expect_end(ends[7]);
	close(ends[7]);
	ends[7] = vsock_join(listener, 7);
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		if (i != 5)
			close(ends[i]);
	}
	for (unsigned int i = 0; i < CONNECTIONS - 1; i++) {
		fake_vsock.got.op = 0;
		vsock_send(TL_VSOCK_OP_RST, i, 700, 0);
		vsock_wait_sent();
	}
	vsock_start();
	vsock_expect_calm();
	expect_fds(fds);
	close(listener);
}

/* Nothing of before is left, and others may connect. */
static void test_reset(void **state)
{
	int listener = vsock_listen(700), end = vsock_join(listener, 1), other;

	(void)state;
	other = vsock_connect("CONNECT 800\n");
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT);
	fake_net.dev->ops->reset(fake_net.dev);
	vsock_expect_end(end);
	vsock_expect_end(other);
	close(end);
	close(other);
	/* Before there is a driver, they wait. */
	other = vsock_connect("CONNECT 800\n");
	vsock_start();
	vsock_expect(TL_VSOCK_OP_REQUEST, 800, HOST_PORT + 1);
	end = vsock_join(listener, 1);
	vsock_expect_calm();
	close(end);
	close(other);
	close(listener);
}

static void test_no_path(void **state)
{
	struct tl_dev_env env = fake_net_env();
	unsigned int fds = settled_fds();
	struct tl_dev *dev;
	char path[200];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[97] = 0;
	assert_int_equal(
		tl_virtio_vsock_unix_create(&dev, &env, 0x0a000000, 16, CID, path), -ENAMETOOLONG);
	assert_null(dev);
	assert_error("--vsock 'a", "at most 96 characters");
	assert_int_equal(
		tl_virtio_vsock_unix_create(&dev, &env, 0x0a000000, 16, CID, "v"), -EADDRINUSE);
	assert_error("--vsock 'v'", "in use");
	expect_fds(fds);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, vsock_setup, vsock_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(registers), TEST(guest_connects), TEST(refused),
		TEST(host_connects), TEST(host_in_a_hurry), TEST(bad_hello), TEST(guest_ends),
		TEST(host_ends), TEST(many), TEST(reset), TEST(no_path)};

	return cmocka_run_group_tests(tests, vsock_group_setup, vsock_group_teardown);
}
