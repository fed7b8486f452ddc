/* SPDX-License-Identifier: MIT */
/*
 * User networking with a passt that is a script: it answers the first question, and
 * sends back what it gets.
 * Links: vmm/dev/virtio/net.c vmm/dev/virtio/net_user.c vmm/dev/virtio/passt.c
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_net.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_net.h"
#include "vmm/dev/virtio/net_backend.h"

static char folder[] = "/tmp/trapline-net-XXXXXX";
static char *old_path;

/* A program for passt's place. Its socket is 8 to read, 9 to write. */
static void write_passt(const char *what)
{
	FILE *file = fopen("passt", "w");

	assert_non_null(file);
	/* bash: others take no descriptors above 9. */
	fprintf(file,
		"#!/bin/bash\n"
		"echo \"$@\" >args; echo $$ >pid\n"
		"while [ \"$1\" != --fd ]; do shift; done\n"
		"exec 8<&$2 9>&$2\n"
		"%s\n",
		what);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod("passt", 0755), 0);
}

static char *read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

static pid_t passt_pid(void)
{
	char text[32];

	return atoi(read_text("pid", text, sizeof(text)));
}

static int group_setup(void **state)
{
	char path[4096];

	(void)state;
	old_path = getenv("PATH");
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "%s:%s", folder, old_path);
	return setenv("PATH", path, 1);
}

static int group_teardown(void **state)
{
	(void)state;
	unlink("passt");
	unlink("args");
	unlink("pid");
	unlink("go");
	unlink("first");
	return chdir("/") || rmdir(folder);
}

int tl_net_tap_create(struct tl_net_backend **backend, const struct tl_net *net)
{
	(void)backend;
	(void)net;
	fail();
	return -1;
}

static int create(const char *passt, struct tl_net *net)
{
	const struct tl_dev_env env = fake_net_env();

	write_passt(passt);
	return tl_virtio_net_create(&fake_net.dev, &env, 0x0a000000, 16, net, 0);
}

static int setup(void **state)
{
	unlink("go");
	unlink("pid");
	return fake_log_reset(state) || fake_net_setup();
}

static int teardown(void **state)
{
	(void)state;
	if (fake_net.dev) {
		fake_net.dev->ops->fini(fake_net.dev);
		/* Not even a zombie is left. */
		assert_int_equal(kill(passt_pid(), 0), -1);
		assert_int_equal(errno, ESRCH);
	}
	fake_net_teardown();
	return 0;
}

static void fill(uint8_t *bytes, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((i * 7 + seed) % 253);
}

static void test_echo(void **state)
{
	static const uint32_t sizes[] = {14, 60, 1514, 65520 + 14, 42, 9000};
	static uint8_t sent[70000];
	struct tl_net net = {.tap = NULL};
	uint8_t *got;

	(void)state;
	assert_int_equal(create("exec cat <&8 >&9", &net), 0);
	/* MTU, MAC, MRG_RXBUF, STATUS: there are no offloads. */
	assert_int_equal(register_get(0x010) & 0xffffff, 0x018028);
	assert_int_equal(register_get(0x108) >> 16, 65520);
	driver_start(VERSION1 | MRG_RXBUF);
	for (unsigned int i = 0; i < ARRAY_LEN(sizes); i++) {
		got = driver_offer(RX, (uint32_t[]){66000, 0});
		fill(sent, sizes[i], i);
		driver_send(sent, sizes[i]);
		assert_int_equal(driver_wait(RX, (uint16_t)(i + 1)), HEADER + sizes[i]);
		assert_memory_equal(got, ((uint8_t[HEADER]){[10] = 1}), HEADER);
		assert_memory_equal(got + HEADER, sent, sizes[i]);
	}
	/* A header and nothing else is no frame, and one in many buffers is one. */
	driver_send(sent, 0);
	driver_send(sent, 100);
	got = driver_offer(RX, (uint32_t[]){50, 0});
	poll(NULL, 0, 20);
	assert_int_equal(driver_used(RX), ARRAY_LEN(sizes));
	driver_offer(RX, (uint32_t[]){50, 0});
	driver_offer(RX, (uint32_t[]){50, 0});
	assert_int_equal(driver_wait(RX, ARRAY_LEN(sizes) + 3), HEADER + 100 - 2 * 50);
	assert_int_equal(got[10], 3);
	assert_memory_equal(got + HEADER, sent, 100);
	assert_nothing_logged();
}

/* Frames larger than the buffer are lost, those behind them are not. */
static void test_large(void **state)
{
	static uint8_t sent[3000];
	struct tl_net net = {.tap = NULL};
	uint8_t *got;

	(void)state;
	assert_int_equal(create("exec cat <&8 >&9", &net), 0);
	driver_start(VERSION1);
	got = driver_offer(RX, (uint32_t[]){HEADER, 1514, 0});
	driver_send(sent, 1515);
	driver_send(sent, 3000);
	fill(sent, 1514, 1);
	driver_send(sent, 1514);
	assert_int_equal(driver_wait(RX, 1), HEADER + 1514);
	assert_memory_equal(got + HEADER, sent, 1514);
}

/* passt does not read: the guest waits, and then every byte is there, resets included. */
static void test_slow(void **state)
{
	static uint8_t sent[50000];
	struct tl_net net = {.tap = NULL};
	uint16_t there;

	(void)state;
	assert_int_equal(create("head -c 46 <&8 >first; head -c 4 first >&9; sleep 0.1\n"
				"tail -c 42 first >&9; while ! [ -e go ]; do sleep 0.02; done\n"
				"exec cat <&8 >&9",
				 &net),
		0);
	driver_start(VERSION1 | MRG_RXBUF);
	for (unsigned int i = 0; i < 40; i++) {
		fill(sent, sizeof(sent), i);
		driver_send(sent, sizeof(sent));
	}
	poll(NULL, 0, 100);
	there = driver_used(TX);
	assert_in_range(there, 1, 39);
	/* In the middle of a frame, whose end must not be lost. */
	driver_start(VERSION1 | MRG_RXBUF);
	assert_int_equal(close(open("go", O_CREAT | O_WRONLY, 0600)), 0);
	for (unsigned int i = 0; i < there; i++) {
		uint8_t *got = driver_offer(RX, (uint32_t[]){50100, 0});

		assert_int_equal(driver_wait(RX, (uint16_t)(i + 1)), HEADER + sizeof(sent));
		fill(sent, sizeof(sent), i);
		assert_memory_equal(got + HEADER, sent, sizeof(sent));
	}
	driver_offer(RX, (uint32_t[]){50100, 0});
	driver_send(sent, 14);
	assert_int_equal(driver_wait(RX, (uint16_t)(there + 1)), HEADER + 14);
}

static void test_end(void **state)
{
	struct tl_net net = {.tap = NULL};

	(void)state;
	assert_int_equal(create("head -c 46 <&8 >&9; head -c 30 <&8 >/dev/null\n"
				"echo some news >&2; echo the reason; exit 1",
				 &net),
		0);
	driver_start(VERSION1);
	driver_offer(RX, (uint32_t[]){2000, 0});
	driver_send("abcdefghijklmnopqrstuvwxyz", 26);
	expect_link_down();
	assert_warned("--net user: passt has ended: the reason: the guest's link is down");
	driver_send("nobody", 6);
	driver_wait(TX, 2);
	assert_nothing_logged();
}

static void test_killed(void **state)
{
	struct tl_net net = {.tap = NULL};

	(void)state;
	assert_int_equal(create("echo a remark >&2; exec cat <&8 >&9", &net), 0);
	driver_start(VERSION1);
	driver_offer(RX, (uint32_t[]){2000, 0});
	assert_int_equal(kill(passt_pid(), SIGKILL), 0);
	expect_link_down();
	assert_warned("--net user: passt has ended: the guest's link is down");
}

static void test_nonsense(void **state)
{
	static const char *const answers[] = {
		"\\000\\000\\000\\000", "\\000\\002\\000\\000", "\\377\\377\\377\\377"};
	struct tl_net net = {.tap = NULL};
	char script[200];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(answers); i++) {
		snprintf(script, sizeof(script),
			"head -c 46 <&8 >&9; head -c 30 <&8 >/dev/null; printf '%s' >&9; exec "
			"sleep 100",
			answers[i]);
		assert_int_equal(create(script, &net), 0);
		driver_start(VERSION1);
		driver_offer(RX, (uint32_t[]){2000, 0});
		driver_send("abcdefghijklmnopqrstuvwxyz", 26);
		expect_link_down();
		assert_warned("--net user: passt sent what is no frame");
		if (i + 1 < ARRAY_LEN(answers))
			fake_net.dev->ops->fini(fake_net.dev);
	}
}

static void test_start(void **state)
{
	struct tl_net net = {.forwards = {{false, NULL, 2222, 22}, {true, "127.0.0.1", 53, 54}},
		.forward_count = 2};
	char text[512];

	(void)state;
	assert_int_equal(create("echo 'the port is in use' >&2; exit 1", &net), -ENETDOWN);
	assert_error("--net user: passt does not work: the port is in use");
	assert_null(fake_net.dev);
	read_text("args", text, sizeof(text));
	assert_non_null(strstr(text, " --tcp-ports 2222:22 --udp-ports 127.0.0.1/53:54\n"));
	assert_int_equal(strncmp(text, "--foreground --quiet --fd ", 26), 0);
	assert_true(atoi(text + 26) > 2);
	unlink("passt");
	assert_int_equal(setenv("PATH", folder, 1), 0);
	assert_int_equal(
		tl_virtio_net_create(&fake_net.dev, &(struct tl_dev_env){0}, 0, 0, &net, 0),
		-ENOENT);
	assert_error("--net user: cannot start passt: it is not installed; 'apt install passt'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_echo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_start, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
