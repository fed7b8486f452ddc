/* SPDX-License-Identifier: MIT */
/*
 * virtio-console: its configuration and control messages, the terminal, and drivers that
 * break the rules.
 * Links: vmm/dev/virtio/console.c vmm/dev/virtio/console_port.c base/unix_socket.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_ports.c tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: poll ioctl getsockopt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_ports.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"
#include "vmm/dev/virtio/console.h"

#define F_SIZE (UINT64_C(1) << 0)

/* It interrupts for that behind everything else, perhaps for used buffers before. */
static void expect_down(struct tl_dev *dev, const char *why)
{
	for (int ms = 0; !(get(dev, INTERRUPT_STATUS) & 2) && ms < 20000; ms++)
		usleep(1000);
	assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
	assert_warned("virtio-console", why);
}

static void test_config(void **state)
{
	struct tl_dev *dev = *state;

	assert_int_equal(get(dev, 0x008), 3);
	set(dev, DEVICE_FEATURES_SEL, 0);
	assert_int_equal(get(dev, DEVICE_FEATURES) & 0xffffff, MULTIPORT);
	assert_int_equal(get(dev, CONFIG + 4), 3);
	set(dev, QUEUE_SEL, QUEUES - 1);
	assert_int_equal(get(dev, QUEUE_NUM_MAX), TL_VQ_SIZE_MAX);
	set(dev, QUEUE_SEL, QUEUES);
	assert_int_equal(get(dev, QUEUE_NUM_MAX), 0);
}

static void test_window(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	ports_cols = 132;
	ports_rows = 50;
	assert_int_equal(ports_create((struct tl_dev **)state, true, ports_two), 0);
	dev = *state;
	set(dev, DEVICE_FEATURES_SEL, 0);
	assert_int_equal(get(dev, DEVICE_FEATURES) & 0xffffff, MULTIPORT | F_SIZE);
	assert_int_equal(get(dev, CONFIG), 132 | 50 << 16);
	ports_start(dev, MULTIPORT | F_SIZE);
	ports_tell(0, PORT_READY, 1);
	ports_expect(0, CONSOLE_PORT, 1, NULL, 0);
	ports_expect(0, RESIZE, 1, (uint16_t[]){132, 50}, 4);
	ports_expect(0, PORT_OPEN, 1, NULL, 0);
	ports_expect_none();
}

static void test_control(void **state)
{
	struct tl_dev *dev = *state;
	int client = ports_connect("b");

	ports_start(dev, MULTIPORT);
	ports_tell(0, DEVICE_READY, 1);
	for (unsigned int i = 0; i < 3; i++)
		ports_expect(i, PORT_ADD, 1, NULL, 0);
	ports_expect_none();
	ports_tell(0, PORT_READY, 1);
	ports_expect(0, CONSOLE_PORT, 1, NULL, 0);
	ports_expect(0, PORT_OPEN, 1, NULL, 0);
	ports_tell(1, PORT_READY, 1);
	ports_expect(1, PORT_NAME, 1, "agent", 5);
	ports_expect_none();
	ports_tell(2, PORT_READY, 1);
	ports_expect(2, PORT_NAME, 1, "log.1", 5);
	ports_expect(2, PORT_OPEN, 1, NULL, 0);
	/* Only once. */
	ports_tell(2, PORT_READY, 1);
	ports_expect_none();
	close(client);
}

static void test_no_console(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	memset(&terminal.sink, 0, sizeof(terminal.sink));
	assert_int_equal(ports_create((struct tl_dev **)state, false, ports_two), 0);
	assert_null(terminal.sink.push);
	ports_start(*state, MULTIPORT);
	ports_tell(0, DEVICE_READY, 1);
	ports_expect(1, PORT_ADD, 1, NULL, 0);
	ports_expect(2, PORT_ADD, 1, NULL, 0);
	ports_tell(0, PORT_READY, 1);
	ports_expect_none();
	/* What is sent there is lost, and nothing comes from there. */
	ports_room(IN(0), 10);
	ports_send(OUT(0), "nobody", 6);
	ports_settle();
	assert_int_equal(ports_used(IN(0)), 0);
}

static void test_unknown(void **state)
{
	struct tl_dev *dev = *state;
	static const uint16_t events[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, UINT16_MAX};

	ports_start(dev, MULTIPORT);
	for (unsigned int i = 1; i < ARRAY_LEN(events); i++) {
		ports_tell(3, events[i], 1);
		ports_tell(UINT32_MAX, events[i], 1);
		if (events[i] != PORT_READY)
			ports_tell(1, events[i], 1);
		ports_tell(1, events[i], 0);
	}
	/* The driver could not make it; it is not ready. */
	ports_tell(0, DEVICE_READY, 0);
	ports_tell(1, PORT_READY, 0);
	ports_tell(1, PORT_READY, 1);
	ports_expect(1, PORT_NAME, 1, "agent", 5);
	ports_expect_none();
	assert_int_equal(get(dev, STATUS), RUNNING);
}

static void test_short(void **state)
{
	struct tl_dev *dev = *state;
	int client = ports_connect("a");

	for (uint32_t size = 0; size < 8; size++) {
		ports_open(dev);
		ports_expect(1, PORT_OPEN, 1, NULL, 0);
		ports_room(IN(1), 10);
		ports_settle();
		if (size)
			ports_send(CONTROL + 1, "\0\0\0\0\0\0\1", size);
		else
			ports_room(CONTROL + 1, 8);
		expect_down(dev, "made a request that is none");
	}
	/* It does nothing more, the other queues' watches included. */
	ports_put_text(client, "x");
	usleep(30000);
	assert_int_equal(ports_used(IN(1)), 0);
	close(client);
}

/* Questions without room for the answers: only so many are kept. */
static void test_flood(void **state)
{
	struct tl_dev *dev = *state;

	ports_start(dev, MULTIPORT);
	for (unsigned int i = 0; i < 1000; i++)
		ports_tell(0, DEVICE_READY, 1);
	for (unsigned int i = 0; i < 64; i++)
		ports_expect(i % 3, PORT_ADD, 1, NULL, 0);
	ports_expect_none();
	ports_tell(1, PORT_READY, 1);
	ports_expect(1, PORT_NAME, 1, "agent", 5);
	ports_expect_none();
}

static void test_terminal(void **state)
{
	static const uint32_t sizes[] = {1, 1023, 1, 1024, 1025, 3000, 7, 0};
	uint8_t *bytes = ports_pattern(6081 + 4, 1);

	ports_start(*state, MULTIPORT);
	ports_offer(OUT(0), bytes, sizes);
	ports_send(OUT(0), bytes + 6081, 4);
	terminal_expect(bytes, 6085);
	assert_int_equal(ports_wait(OUT(0), 2), 0);
	free(bytes);
}

/* A request that it cannot take all of waits in the middle. */
static void test_full_terminal(void **state)
{
	uint8_t *bytes = ports_pattern(20480, 2);

	ports_start(*state, MULTIPORT);
	terminal_limit(0);
	ports_send(OUT(0), bytes, 15360);
	ports_send(OUT(0), bytes + 15360, 5120);
	usleep(30000);
	terminal_expect(bytes, 0);
	for (size_t limit = 1024; limit < 20480; limit += 1024) {
		terminal_limit(limit);
		terminal_expect(bytes, limit);
		if (limit >= 15360)
			ports_wait(OUT(0), 1);
		else
			assert_int_equal(ports_used(OUT(0)), 0);
	}
	terminal_limit(51200);
	terminal_expect(bytes, 20480);
	ports_wait(OUT(0), 2);
	ports_expect_calm();
	free(bytes);
}

static void type(const void *bytes, size_t count)
{
	assert_true(terminal.sink.space(terminal.sink.opaque) >= count);
	terminal.sink.push(terminal.sink.opaque, bytes, count);
}

static void test_keys(void **state)
{
	uint8_t *bytes = ports_pattern(1024, 3), *got;
	struct tl_dev *dev = *state;

	/* Before there is a driver, and before it has room. */
	assert_int_equal(terminal.sink.space(terminal.sink.opaque), 1024);
	type(bytes, 1000);
	assert_int_equal(terminal.sink.space(terminal.sink.opaque), 24);
	ports_start(dev, MULTIPORT);
	ports_settle();
	assert_int_equal(terminal.wakes, 0);
	got = ports_offer(IN(0), NULL, (uint32_t[]){3, 300, 1, 0});
	ports_kick(IN(0));
	assert_int_equal(ports_wait(IN(0), 1), 304);
	assert_memory_equal(got, bytes, 304);
	ports_settle();
	assert_int_equal(terminal.wakes, 1);
	/* Round its end. */
	assert_int_equal(terminal.sink.space(terminal.sink.opaque), 328);
	type(bytes, 328);
	got = ports_room(IN(0), 2000);
	assert_int_equal(ports_wait(IN(0), 2), 1024);
	assert_memory_equal(got, bytes + 304, 696);
	assert_memory_equal(got + 696, bytes, 328);
	/* Room is there first. */
	got = ports_room(IN(0), 100);
	ports_settle();
	type("k", 1);
	assert_int_equal(ports_wait(IN(0), 3), 1);
	assert_int_equal(*got, 'k');
	free(bytes);
}

static void test_no_room(void **state)
{
	struct tl_dev *dev = *state;

	for (unsigned int port = 0; port < 2; port++) {
		ports_start(dev, MULTIPORT);
		if (port) {
			ports_tell(1, PORT_OPEN, 1);
			ports_settle();
		}
		ports_send(IN(port), "not to be written", 17);
		expect_down(dev, "made a request that is none");
	}
	/* A chain that is none, of a port. */
	ports_start(dev, MULTIPORT);
	mem = *((struct tl_virtio *)dev)->env.mem;
	put(ports_rings(OUT(2)).desc, 0, (struct desc){END, 4, 0, 0});
	*at16(ports_rings(OUT(2)).avail + 2) = 1;
	ports_kick(OUT(2));
	expect_down(dev, "broke its queue");
}

/* A driver that does not know of several ports; it may set their queues up nevertheless. */
static void test_single(void **state)
{
	int client = ports_connect("a");
	uint8_t *got;

	ports_start(*state, 0);
	ports_send(OUT(0), "out", 3);
	terminal_expect("out", 3);
	got = ports_room(IN(0), 10);
	type("in", 2);
	assert_int_equal(ports_wait(IN(0), 1), 2);
	assert_memory_equal(got, "in", 2);
	ports_room(CONTROL, 64);
	ports_send(CONTROL + 1, "\0\0\0\0\0\0\1", 8);
	ports_send(OUT(1), "out", 3);
	ports_room(IN(1), 10);
	ports_put_text(client, "in");
	ports_settle();
	for (unsigned int queue = CONTROL; queue < QUEUES; queue++)
		assert_int_equal(ports_used(queue), 0);
	ports_expect_calm();
	close(client);
}

/* A path that cannot be had: nothing is left of the other one. */
static void test_bad_path(void **state)
{
	const struct tl_port bad[] = {{"c", "first"}, {"d", "second"}};
	unsigned int fds;
	struct tl_dev *dev;
	struct stat st;

	(void)state;
	assert_int_equal(close(open("d", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	fds = fds_open();
	assert_int_equal(ports_create(&dev, true, bad), -EEXIST);
	assert_error("--port 'd'");
	assert_null(dev);
	assert_int_equal(lstat("c", &st), -1);
	assert_int_equal(lstat("d", &st), 0);
	assert_int_equal(fds_open(), fds);
	unlink("d");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ports_setup, ports_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(config), TEST(window), TEST(control),
		TEST(no_console), TEST(unknown), TEST(short), TEST(flood), TEST(terminal),
		TEST(full_terminal), TEST(keys), TEST(no_room), TEST(single), TEST(bad_path)};

	return cmocka_run_group_tests(tests, ports_group_setup, ports_group_teardown);
}
