/* SPDX-License-Identifier: MIT */
/*
 * UNIX sockets: who may connect, and what is in the way.
 * Links: base/unix_socket.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"

static char folder[32], path[64];

static int setup(void **state)
{
	(void)state;
	fake_log_reset(NULL);
	strcpy(folder, "/tmp/tl-socket-XXXXXX");
	snprintf(path, sizeof(path), "%s/s", mkdtemp(folder));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder) || fake_log_count();
}

static void test_connects(void **state)
{
	struct tl_unix_listener listener, second;
	struct stat st;
	int near, far;
	char byte;

	(void)state;
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(tl_unix_accept(&listener, NULL), -EAGAIN);
	far = tl_unix_connect(path);
	assert_true(far >= 0);
	near = tl_unix_accept(&listener, NULL);
	assert_true(near >= 0);
	assert_int_equal(read(near, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(far, "x", 1), 1);
	assert_int_equal(read(near, &byte, 1), 1);
	close(near);
	close(far);
	/* A second one is refused while the first lives, and takes its place afterwards. */
	assert_int_equal(tl_unix_listen(&second, "--ctl", path), -EADDRINUSE);
	assert_error("--ctl '", "is in use by another program");
	close(listener.fd);
	assert_int_equal(tl_unix_connect(path), -ECONNREFUSED);
	assert_int_equal(tl_unix_connect_now(path), -ECONNREFUSED);
	listener.fd = -1;
	tl_unix_unlisten(&listener);
	assert_int_equal(tl_unix_listen(&second, "--ctl", path), 0);
	tl_unix_unlisten(&second);
	assert_int_equal(stat(path, &st), -1);
}

/* What others have put in its place meanwhile stays. */
static void test_unlisten(void **state)
{
	struct tl_unix_listener first, second;
	unsigned int fds = fds_open();
	struct stat st;

	(void)state;
	assert_int_equal(tl_unix_listen(&first, "--ctl", path), 0);
	unlink(path);
	assert_int_equal(tl_unix_listen(&second, "--ctl", path), 0);
	tl_unix_unlisten(&first);
	assert_int_equal(lstat(path, &st), 0);
	tl_unix_unlisten(&second);
	tl_unix_unlisten(&second);
	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(fds_open(), fds);
}

/* Nobody waits for ever in the backlog because the process has no descriptor for him. */
/* robust: rlimit.nofile */
static void test_no_descriptors(void **state)
{
	struct rlimit old, few;
	struct tl_unix_listener listener;
	int far[2], near;
	char byte;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), 0);
	far[0] = tl_unix_connect_now(path);
	far[1] = tl_unix_connect_now(path);
	few = (struct rlimit){(rlim_t)far[1] + 1, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(tl_unix_accept(&listener, NULL), -EMFILE);
		assert_warned("--ctl", "a client, for want of file descriptors");
		assert_int_equal(read(far[i], &byte, 1), 0);
	}
	assert_int_equal(tl_unix_accept(&listener, NULL), -EAGAIN);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	close(far[0]);
	far[0] = tl_unix_connect(path);
	near = tl_unix_accept(&listener, NULL);
	assert_true(near >= 0);
	close(near);
	close(far[0]);
	close(far[1]);
	tl_unix_unlisten(&listener);
}

/* Connecting never waits for who does not take anybody. */
static void test_backlog(void **state)
{
	struct tl_unix_listener listener;
	unsigned int count = 0;
	int fds[64];

	(void)state;
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), 0);
	while (count < 64 && (fds[count] = tl_unix_connect_now(path)) >= 0)
		count++;
	assert_in_range(count, 1, 63);
	assert_int_equal(fds[count], -EAGAIN);
	while (count)
		close(fds[--count]);
	tl_unix_unlisten(&listener);
}

/* robust: socket.stale socket.symlink */
static void test_in_the_way(void **state)
{
	struct tl_unix_listener listener;
	char target[64], name[200];
	FILE *file = fopen(path, "w");

	(void)state;
	fclose(file);
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), -EEXIST);
	assert_error("is there already, and is no socket");
	unlink(path);
	/* Nor a link to a stale one, nor one that leads nowhere. */
	snprintf(target, sizeof(target), "%s/t", folder);
	assert_int_equal(tl_unix_listen(&listener, "--ctl", target), 0);
	close(listener.fd);
	close(listener.spare_fd);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), -EEXIST);
	assert_error("no socket");
	unlink(target);
	assert_int_equal(tl_unix_listen(&listener, "--ctl", path), -EEXIST);
	assert_error("no socket");
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(tl_unix_listen(&listener, "--ctl", name), -ENAMETOOLONG);
	assert_error("has at most 107");
	assert_int_equal(tl_unix_listen(&listener, "--ctl", ""), -ENOENT);
	assert_error("--ctl ''");
	assert_int_equal(tl_unix_listen(&listener, "--ctl", "/nonexistent/socket"), -ENOENT);
	assert_error("--ctl '/nonexistent/socket': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unlisten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backlog, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_the_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
