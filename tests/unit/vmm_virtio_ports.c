/* SPDX-License-Identifier: MIT */
/*
 * The sockets behind the ports of a virtio-console: clients that are slow, that come and go,
 * and nobody at all; what is in flight at a reset.
 * Links: vmm/dev/virtio/console.c vmm/dev/virtio/console_port.c base/unix_socket.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_ports.c tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: poll ioctl getsockopt
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_ports.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"

static void test_socket(void **state)
{
	uint8_t *bytes = ports_pattern(5000, 4);
	int client;

	ports_open(*state);
	/* To nobody. */
	ports_send(OUT(1), "lost", 4);
	assert_int_equal(ports_wait(OUT(1), 1), 0);
	client = ports_connect("a");
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	for (uint16_t i = 0; i < 100; i++) {
		ports_offer(OUT(1), bytes, (uint32_t[]){1, 2000, 2999, 0});
		ports_kick(OUT(1));
		ports_expect_read(client, bytes, 5000);
		assert_int_equal(ports_wait(OUT(1), (uint16_t)(i + 2)), 0);
	}
	ports_expect_calm();
	ports_expect_none();
	free(bytes);
	close(client);
}

/* A client that reads nothing yet: the guest waits, others do not, and nothing is lost. */
static void test_slow_client(void **state)
{
	uint8_t *bytes = ports_pattern(1 << 20, 5);
	int client = ports_connect("a");
	uint16_t there;

	ports_open(*state);
	for (unsigned int i = 0; i < 3; i++)
		ports_offer(OUT(1), bytes, (uint32_t[]){10, 70000, (1 << 20) - 70010, 0});
	ports_kick(OUT(1));
	ports_send(OUT(0), "others", 6);
	terminal_expect("others", 6);
	ports_expect_calm();
	there = ports_used(OUT(1));
	assert_true(there < 3);
	for (unsigned int i = 0; i < 3; i++)
		ports_expect_read(client, bytes, 1 << 20);
	ports_wait(OUT(1), 3);
	/* Though the client has room, there is nothing to write. */
	ports_expect_calm();
	free(bytes);
	close(client);
}

static void test_input(void **state)
{
	struct tl_dev *dev = *state;
	int client = ports_connect("a");
	uint8_t *got;

	ports_start(dev, MULTIPORT);
	ports_put_text(client, "abcdefgh");
	got = ports_offer(IN(1), NULL, (uint32_t[]){1, 2, 0});
	ports_kick(IN(1));
	ports_expect_calm();
	assert_int_equal(ports_used(IN(1)), 0);
	ports_tell(1, PORT_OPEN, 1);
	assert_int_equal(ports_wait(IN(1), 1), 3);
	assert_memory_equal(got, "abc", 3);
	/* It has no room. */
	ports_expect_calm();
	got = ports_room(IN(1), 100);
	assert_int_equal(ports_wait(IN(1), 2), 5);
	assert_memory_equal(got, "defgh", 5);
	/* It has room, but nobody wants it any more. */
	got = ports_room(IN(1), 100);
	ports_settle();
	ports_tell(1, PORT_OPEN, 0);
	ports_put_text(client, "later");
	ports_expect_calm();
	assert_int_equal(ports_used(IN(1)), 2);
	ports_tell(1, PORT_OPEN, 1);
	assert_int_equal(ports_wait(IN(1), 3), 5);
	assert_memory_equal(got, "later", 5);
	close(client);
}

/* One at a time; the next one has waited. */
static void test_next_client(void **state)
{
	int first = ports_connect("a"), second = ports_connect("a");
	uint8_t *got;

	ports_open(*state);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_put_text(second, "2");
	ports_put_text(first, "1");
	got = ports_room(IN(1), 9);
	assert_int_equal(ports_wait(IN(1), 1), 1);
	assert_int_equal(*got, '1');
	got = ports_room(IN(1), 9);
	ports_expect_calm();
	close(first);
	ports_expect(1, PORT_OPEN, 0, NULL, 0);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	assert_int_equal(ports_wait(IN(1), 2), 1);
	assert_int_equal(*got, '2');
	ports_send(OUT(1), "yes", 3);
	ports_expect_read(second, "yes", 3);
	/* Nobody in the guest waits for anything, and it is seen nevertheless. */
	close(second);
	ports_expect(1, PORT_OPEN, 0, NULL, 0);
	ports_expect_none();
	ports_expect_calm();
}

/* Gone with data that was not taken yet: it comes first. */
static void test_left_behind(void **state)
{
	int client = ports_connect("a");
	uint8_t *got;

	ports_open(*state);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_tell(1, PORT_OPEN, 0);
	ports_put_text(client, "the end");
	close(client);
	ports_expect_calm();
	ports_expect_none();
	got = ports_room(IN(1), 100);
	ports_tell(1, PORT_OPEN, 1);
	assert_int_equal(ports_wait(IN(1), 1), 7);
	assert_memory_equal(got, "the end", 7);
	ports_room(IN(1), 100);
	ports_expect(1, PORT_OPEN, 0, NULL, 0);
	ports_expect_none();
}

/* Gone while it had not read all: the rest is for nobody. */
static void test_gone_sending(void **state)
{
	uint8_t *bytes = ports_pattern(2 << 20, 6);
	int client = ports_connect("a");

	ports_open(*state);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_send(OUT(1), bytes, 2 << 20);
	ports_expect_read(client, bytes, 1000);
	ports_expect_calm();
	assert_int_equal(ports_used(OUT(1)), 0);
	close(client);
	ports_expect(1, PORT_OPEN, 0, NULL, 0);
	ports_wait(OUT(1), 1);
	client = ports_connect("a");
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_send(OUT(1), "new", 3);
	ports_expect_read(client, "new", 3);
	close(client);
	free(bytes);
}

/* The same, but it had sent something first: that is the guest's, whenever it wants it. */
static void test_gone_unread(void **state)
{
	uint8_t *bytes = ports_pattern(2 << 20, 6), *got;
	int client = ports_connect("a");

	ports_open(*state);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_put_text(client, "the end");
	ports_send(OUT(1), bytes, 2 << 20);
	ports_expect_read(client, bytes, 1000);
	close(client);
	ports_wait(OUT(1), 1);
	ports_send(OUT(1), "for nobody", 10);
	ports_wait(OUT(1), 2);
	ports_expect_calm();
	ports_expect_none();
	got = ports_room(IN(1), 100);
	assert_int_equal(ports_wait(IN(1), 1), 7);
	assert_memory_equal(got, "the end", 7);
	ports_room(IN(1), 100);
	ports_expect(1, PORT_OPEN, 0, NULL, 0);
	client = ports_connect("a");
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	ports_send(OUT(1), "new", 3);
	ports_expect_read(client, "new", 3);
	close(client);
	free(bytes);
}

static void test_other_user(void **state)
{
	int client;
	char byte;

	ports_open(*state);
	ports_uid = geteuid() + 4242;
	client = ports_connect("a");
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	ports_expect_none();
	assert_warned("--port 'a': another user was turned away");
	ports_uid = 0;
	client = ports_connect("a");
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	close(client);
}

/* In the middle of a request to a slow client, and one to a full terminal. */
static void test_reset(void **state)
{
	uint8_t *bytes = ports_pattern(2 << 20, 7), byte;
	struct tl_dev *dev = *state;
	int client = ports_connect("a");
	size_t got = 0;

	ports_open(dev);
	terminal_limit(1024);
	ports_send(OUT(1), bytes, 2 << 20);
	ports_send(OUT(0), bytes, 3000);
	terminal_expect(bytes, 1024);
	ports_room(IN(1), 10);
	ports_expect_read(client, bytes, 1);
	for (unsigned int i = 0; i < 2; i++) {
		if (i)
			dev->ops->reset(dev);
		else
			set(dev, STATUS, 0);
		assert_int_equal(get(dev, STATUS), 0);
		assert_int_equal(ports_used(OUT(1)), 0);
	}
	terminal_limit(50000);
	ports_put_text(client, "kept");
	/* It is still there, and the driver learns everything again. */
	ports_open(dev);
	ports_expect(1, PORT_OPEN, 1, NULL, 0);
	assert_int_equal(ports_used(IN(1)), 0);
	ports_room(IN(1), 10);
	assert_int_equal(ports_wait(IN(1), 1), 4);
	ports_send(OUT(0), "next", 4);
	ports_wait(OUT(0), 1);
	terminal.bytes[1028] = 0;
	assert_string_equal(terminal.bytes + 1024, "next");
	/* Behind what had gone there is nothing of the old request. */
	ports_send(OUT(1), "\377", 1);
	while (read(client, &byte, 1) == 1 && byte != 255)
		assert_int_equal(byte, bytes[++got]);
	assert_int_equal(byte, 255);
	assert_true(got < 2 << 20);
	ports_wait(OUT(1), 1);
	close(client);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ports_setup, ports_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(socket), TEST(slow_client), TEST(input),
		TEST(next_client), TEST(left_behind), TEST(gone_sending), TEST(gone_unread),
		TEST(other_user), TEST(reset)};

	return cmocka_run_group_tests(tests, ports_group_setup, ports_group_teardown);
}
