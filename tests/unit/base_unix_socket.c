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
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/unit/fake_log.h"

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
	int fd = tl_unix_listen("--ctl", path), near, far;
	struct stat st;
	char byte;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(tl_unix_accept(fd), -EAGAIN);
	far = tl_unix_connect(path);
	assert_true(far >= 0);
	near = tl_unix_accept(fd);
	assert_true(near >= 0);
	assert_int_equal(read(near, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(far, "x", 1), 1);
	assert_int_equal(read(near, &byte, 1), 1);
	close(near);
	close(far);
	/* A second one is refused while the first lives, and takes its place afterwards. */
	assert_int_equal(tl_unix_listen("--ctl", path), -EADDRINUSE);
	assert_error("--ctl '", "is in use by another program");
	close(fd);
	assert_int_equal(tl_unix_connect(path), -ECONNREFUSED);
	fd = tl_unix_listen("--ctl", path);
	assert_true(fd >= 0);
	close(fd);
}

static void test_in_the_way(void **state)
{
	char target[64], name[200];
	FILE *file = fopen(path, "w");
	int fd;

	(void)state;
	fclose(file);
	assert_int_equal(tl_unix_listen("--ctl", path), -EEXIST);
	assert_error("is there already, and is no socket");
	unlink(path);
	/* Nor a link to a stale one, nor one that leads nowhere. */
	snprintf(target, sizeof(target), "%s/t", folder);
	fd = tl_unix_listen("--ctl", target);
	close(fd);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(tl_unix_listen("--ctl", path), -EEXIST);
	assert_error("no socket");
	unlink(target);
	assert_int_equal(tl_unix_listen("--ctl", path), -EEXIST);
	assert_error("no socket");
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(tl_unix_listen("--ctl", name), -ENAMETOOLONG);
	assert_error("has at most 107");
	assert_int_equal(tl_unix_listen("--ctl", ""), -ENOENT);
	assert_error("--ctl ''");
	assert_int_equal(tl_unix_listen("--ctl", "/nonexistent/socket"), -ENOENT);
	assert_error("--ctl '/nonexistent/socket': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_the_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
