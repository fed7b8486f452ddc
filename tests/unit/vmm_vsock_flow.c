/* SPDX-License-Identifier: MIT */
/*
 * virtio-vsock with UNIX sockets: credit of both sides, queues that are full, and drivers that
 * break the rules.
 * Links: vmm/dev/virtio/vsock_unix.c vmm/dev/virtio/vsock_conn.c base/unix_socket.c base/parse.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_vsock.c tests/unit/fake_net.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: poll
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_vsock.h"

static uint8_t *pattern(size_t size)
{
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((i * 7 + i / 251) % 253);
	return bytes;
}

/* What the guest has no room for stays with the program. */
static void test_credit_of_guest(void **state)
{
	uint8_t *bytes = pattern(100000);
	int listener = vsock_listen(700), end;

	(void)state;
	fake_vsock.alloc = 10;
	end = vsock_join(listener, 1);
	assert_int_equal(write(end, bytes, 100000), 100000);
	vsock_expect_bytes(1, 700, bytes, 10);
	vsock_expect(TL_VSOCK_OP_CREDIT_REQUEST, 1, 700);
	/* Once, however often the guest says that it has none. */
	for (unsigned int i = 0; i < 3; i++) {
		vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
		vsock_expect_calm();
	}
	fake_vsock.count = 7;
	vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
	vsock_expect_bytes(1, 700, bytes + 10, 7);
	vsock_expect(TL_VSOCK_OP_CREDIT_REQUEST, 1, 700);
	/* Less room than is in use, and counts that lie: none. */
	fake_vsock.alloc = 5;
	vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
	vsock_expect_calm();
	fake_vsock.alloc = 1000;
	fake_vsock.count = 18;
	vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
	vsock_expect_calm();
	fake_vsock.alloc = UINT32_MAX;
	fake_vsock.count = 17;
	vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
	vsock_expect_bytes(1, 700, bytes + 17, 100000 - 17);
	vsock_expect_calm();
	close(end);
	close(listener);
	free(bytes);
}

/* Of the connection from port 1: bytes that were sent, and that the device has taken. */
static struct {
	uint32_t sent, taken;
} stream;

/* When the second of two packets is answered, all that followed from what was before is there. */
static void settle(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		vsock_send(TL_VSOCK_OP_RW, 9999, i, 0);
		while (vsock_expect_any() != TL_VSOCK_OP_RST) {
			assert_int_equal(fake_vsock.got.op, TL_VSOCK_OP_CREDIT_UPDATE);
			stream.taken = fake_vsock.got.fwd_cnt;
		}
		assert_int_equal(fake_vsock.got.src_port, i);
	}
}

/* Sends until there is no credit any more. Returns how many bytes. */
static uint32_t fill(const uint8_t *bytes)
{
	uint32_t start = stream.sent;

	do {
		while (stream.sent - stream.taken < CREDIT) {
			uint32_t n = CREDIT - (stream.sent - stream.taken);

			n = n < 4000 ? n : 4000;
			vsock_send_bytes(1, 700, bytes + (stream.sent - start), n);
			stream.sent += n;
		}
		vsock_send(TL_VSOCK_OP_CREDIT_REQUEST, 1, 700, 0);
		settle();
	} while (stream.sent - stream.taken < CREDIT);
	return stream.sent - start;
}

/* A program that does not read: the guest has its credit, and no more; others go on. */
static void test_credit_of_host(void **state)
{
	uint8_t *bytes = pattern(4 << 20);
	int listener = vsock_listen(700), end = vsock_join(listener, 1), other;
	uint32_t sent = fill(bytes);

	(void)state;
	assert_in_range(sent, CREDIT, (4 << 20) - 1);
	vsock_expect_calm();
	other = vsock_join(listener, 2);
	vsock_send_bytes(2, 700, "others", 6);
	vsock_expect_read(other, "others", 6);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 2, 700, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_expect(TL_VSOCK_OP_RST, 2, 700);
	/* As it reads there is room, and the guest hears of it without asking. */
	vsock_expect_read(end, bytes, sent);
	while (stream.sent - stream.taken >= CREDIT / 4) {
		vsock_expect(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700);
		stream.taken = fake_vsock.got.fwd_cnt;
	}
	/* An end that waits behind what the program has yet to read. */
	sent = fill(bytes);
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_wait_sent();
	vsock_expect_calm();
	vsock_expect_read(end, bytes, sent);
	while (vsock_expect_any() != TL_VSOCK_OP_RST)
		assert_int_equal(fake_vsock.got.op, TL_VSOCK_OP_CREDIT_UPDATE);
	vsock_expect_end(end);
	close(end);
	close(other);
	close(listener);
	free(bytes);
}

/* The guest has not waited until the program has read everything: it does so nevertheless. */
static void test_reset_behind_data(void **state)
{
	uint8_t *bytes = pattern(4 << 20);
	int listener = vsock_listen(700), end = vsock_join(listener, 1);
	uint32_t sent = fill(bytes);

	(void)state;
	vsock_send(TL_VSOCK_OP_SHUTDOWN, 1, 700, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_send(TL_VSOCK_OP_RST, 1, 700, 0);
	vsock_wait_sent();
	vsock_expect_calm();
	vsock_expect_read(end, bytes, sent);
	vsock_expect_end(end);
	vsock_expect_calm();
	close(end);
	/* The same ports again before that: one of both must go. */
	end = vsock_join(listener, 1);
	stream.sent = stream.taken = 0;
	(void)fill(bytes);
	vsock_send(TL_VSOCK_OP_RST, 1, 700, 0);
	vsock_send(TL_VSOCK_OP_REQUEST, 1, 700, 0);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	vsock_wait_sent();
	vsock_expect_calm();
	close(end);
	close(listener);
	free(bytes);
}

/* One byte more than the credit ends the connection, and no other. */
static void test_no_credit(void **state)
{
	uint8_t *bytes = pattern(4 << 20);
	int listener = vsock_listen(700), other = vsock_join(listener, 2),
	    end = vsock_join(listener, 1);
	uint32_t sent = fill(bytes);

	(void)state;
	vsock_send_bytes(1, 700, bytes, 1);
	vsock_expect(TL_VSOCK_OP_RST, 1, 700);
	assert_true(sent > CREDIT);
	vsock_expect_read(end, bytes, sent - CREDIT);
	vsock_expect_end(end);
	vsock_send_bytes(2, 700, "others", 6);
	vsock_expect_read(other, "others", 6);
	close(end);
	close(other);
	close(listener);
	free(bytes);
}

/* A program that goes while the guest sends: what it has not read is for nobody. */
static void test_gone(void **state)
{
	uint8_t *bytes = pattern(4 << 20);
	int listener = vsock_listen(700), end = vsock_join(listener, 1);

	(void)state;
	assert_int_equal(write(end, "unread", 6), 6);
	vsock_expect_bytes(1, 700, "unread", 6);
	(void)fill(bytes);
	close(end);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 1, 700);
	assert_int_equal(fake_vsock.got.flags, TL_VSOCK_SHUTDOWN_BOTH);
	vsock_send_bytes(1, 700, bytes, 30000);
	vsock_send_bytes(1, 700, bytes, 30000);
	vsock_send_bytes(1, 700, bytes, 30000);
	vsock_wait_sent();
	vsock_send(TL_VSOCK_OP_RST, 1, 700, 0);
	vsock_wait_sent();
	close(listener);
	free(bytes);
}

/*
 * Without room for answers only so many requests are taken (section 5.10.6.1), and all of
 * them are answered as soon as there is.
 */
static void test_no_room(void **state)
{
	int listener = vsock_listen(700), end = vsock_join(listener, 1), program;
	unsigned int taken;

	(void)state;
	fake_vsock.poor = true;
	vsock_start();
	vsock_expect_end(end);
	close(end);
	for (uint32_t i = 0; i < 80; i++)
		vsock_send(TL_VSOCK_OP_RW, i, 9, 0);
	program = vsock_connect("CONNECT 800\nwords");
	vsock_expect_calm();
	taken = driver_used(TX);
	assert_int_equal(taken, 64);
	for (unsigned int i = 0; i < 81; i++) {
		vsock_room(1, 100);
		if (vsock_expect_any() != TL_VSOCK_OP_RST)
			assert_int_equal(fake_vsock.got.op, TL_VSOCK_OP_REQUEST);
	}
	vsock_wait_sent();
	/* The stream is in pieces of what room there is. */
	vsock_send(TL_VSOCK_OP_RESPONSE, 800, HOST_PORT, 0);
	vsock_wait_sent();
	vsock_expect_calm();
	vsock_room(5, TL_VSOCK_HEADER + 1);
	vsock_expect_bytes(800, HOST_PORT, "words", 5);
	vsock_expect_calm();
	close(program);
	close(listener);
}

/* Streams in both directions at once, in pieces of any size. */
static void test_bulk(void **state)
{
	enum { BULK = 1 << 20 };
	uint8_t *bytes = pattern(BULK), *back = malloc(BULK);
	int listener = vsock_listen(700), end = vsock_join(listener, 1);
	size_t sent = 0, got = 0, written = 0;
	uint32_t fwd = 0;

	(void)state;
	assert_non_null(back);
	while (sent < BULK || got < BULK || fake_vsock.count < BULK) {
		uint32_t n = (uint32_t)(1 + sent % 4999);
		ssize_t moved = 0;

		n = n < BULK - sent ? n : (uint32_t)(BULK - sent);
		if (n && sent + n - fwd <= CREDIT) {
			vsock_send_bytes(1, 700, bytes + sent, n);
			sent += n;
		}
		moved = recv(end, back + got, BULK - got, MSG_DONTWAIT);
		got += moved > 0 ? (size_t)moved : 0;
		if (written < BULK) {
			moved = send(end, bytes + written, BULK - written, MSG_DONTWAIT);
			written += moved > 0 ? (size_t)moved : 0;
		}
		while (vsock_has_packet()) {
			vsock_expect_any();
			fwd = fake_vsock.got.fwd_cnt;
			if (fake_vsock.got.len)
				assert_memory_equal(fake_vsock.bytes, bytes + fake_vsock.count,
					fake_vsock.got.len);
			fake_vsock.count += fake_vsock.got.len;
			if (fake_vsock.got.len)
				vsock_send(TL_VSOCK_OP_CREDIT_UPDATE, 1, 700, 0);
		}
	}
	assert_memory_equal(back, bytes, BULK);
	close(end);
	close(listener);
	free(bytes);
	free(back);
}

static void expect_down(void)
{
	expect_needs_reset();
	assert_warned("virtio-vsock", "the guest's driver made a request that is none");
	fake_log_reset(NULL);
}

/* Lengths that lie, and packets that are none. */
/* robust: vsock.lengths */
static void test_malformed(void **state)
{
	const struct tl_vsock_packet packet = {
		CID, 2, 1, 700, 11, TL_VSOCK_TYPE_STREAM, TL_VSOCK_OP_RW, 0, 0, 0};
	int listener = vsock_listen(700), end;

	(void)state;
	for (uint32_t size = 1; size < TL_VSOCK_HEADER + packet.len; size += 9) {
		vsock_start();
		end = vsock_join(listener, 1);
		memcpy(driver_next(TX), &packet, sizeof(packet));
		driver_offer(TX, (uint32_t[]){size, 0});
		assert_int_equal(eventfd_write(fake_net.kick_fds[TX], 1), 0);
		expect_down();
		close(end);
	}
	fake_vsock.poor = true;
	vsock_start();
	vsock_room(1, TL_VSOCK_HEADER);
	vsock_send(TL_VSOCK_OP_RW, 1, 2, 0);
	expect_down();
	/* What is not written to. */
	fake_vsock.poor = false;
	vsock_start();
	end = vsock_join(listener, 1);
	close(end);
	vsock_expect(TL_VSOCK_OP_SHUTDOWN, 1, 700);
	close(listener);
}

static int setup(void **state)
{
	stream.sent = stream.taken = 0;
	return vsock_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, vsock_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(credit_of_guest), TEST(credit_of_host),
		TEST(no_credit), TEST(reset_behind_data), TEST(gone), TEST(no_room), TEST(bulk),
		TEST(malformed)};

	return cmocka_run_group_tests(tests, vsock_group_setup, vsock_group_teardown);
}
