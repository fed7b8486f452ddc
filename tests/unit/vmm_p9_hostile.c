/* SPDX-License-Identifier: MIT */
/*
 * A 9P client that wants out of the folder: names, links and moves that lead elsewhere. What is
 * beside the folder stays unread and unchanged (fake_p9.h), and the server answers on.
 * Links: vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c vmm/dev/virtio/p9/file.c
 * Links: vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c vmm/dev/virtio/p9/fid.c
 * Links: vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: tests/unit/fake_p9.c tests/unit/fake_log.c
 * Wraps: syscall
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_p9.h"
#include "tests/unit/fds.h"

#define CREATE 0100u

/* The kernel, if it is to have no openat2(2); or what happens just before one. */
static bool no_openat2;
static void (*before_openat2)(void);

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d);

long __wrap_syscall(long number, long a, long b, long c, long d)
{
	if (number == SYS_openat2 && no_openat2) {
		errno = ENOSYS;
		return -1;
	}
	if (number == SYS_openat2 && before_openat2)
		before_openat2();
	return __real_syscall(number, a, b, c, d);
}

static int setup(void **state)
{
	no_openat2 = false;
	before_openat2 = NULL;
	return fake_p9_setup(state);
}

static int teardown(void **state)
{
	before_openat2 = NULL;
	return fake_p9_teardown(state);
}

/* One name of `size` bytes in each message that takes one. Returns how many did not refuse. */
static unsigned int try_name(const char *name, uint16_t size)
{
	static const struct {
		uint8_t type;
		bool twice;
		unsigned int before, after; /* numbers of four bytes around the name */
	} messages[] = {
		{T_LCREATE, false, 1, 3},
		{T_SYMLINK, true, 1, 1},
		{T_MKNOD, false, 1, 4},
		{T_RENAME, false, 2, 0},
		{T_LINK, false, 2, 0},
		{T_MKDIR, false, 1, 2},
		{T_UNLINKAT, false, 1, 1},
	};
	unsigned int accepted = 0;

	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		int ret;

		p9_begin(messages[i].type);
		for (unsigned int n = 0; n < messages[i].before; n++)
			p9_32(1);
		p9_16(size);
		p9_bytes(name, size);
		if (messages[i].twice)
			p9_text("target");
		for (unsigned int n = 0; n < messages[i].after; n++)
			p9_32(0);
		ret = p9_send();
		assert_true(ret == -EINVAL || ret == -ENAMETOOLONG || ret >= 0);
		accepted += ret >= 0;
	}
	return accepted;
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		uint16_t size;
	} bad[] = {
		{"", 0},
		{".", 1},
		{"/", 1},
		{"../secret", 9},
		{"a/b", 3},
		{"/etc/passwd", 11},
		{"a/", 2},
		{"\0", 1},
		{"file\0x", 6},
		{"..\0", 3},
	};
	char long_name[300];

	(void)state;
	memset(long_name, 'n', sizeof(long_name));
	assert_int_equal(p9_mkdir(ROOT, "dir"), 0);
	assert_int_equal(p9_walk(ROOT, 1, "dir"), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(try_name(bad[i].name, bad[i].size), 0);
		p9_begin(T_WALK);
		p9_32(1);
		p9_32(2);
		p9_16(1);
		p9_16(bad[i].size);
		p9_bytes(bad[i].name, bad[i].size);
		assert_int_equal(p9_send(), -EINVAL);
	}
	assert_int_equal(try_name("..", 2), 0);
	assert_int_equal(try_name(long_name, 256), 0);
	assert_int_equal(p9_renameat(ROOT, "dir", ROOT, ".."), -EINVAL);
	assert_int_equal(p9_renameat(ROOT, "..", ROOT, "x"), -EINVAL);
	assert_int_equal(p9_renameat(1, "../../secret", ROOT, "x"), -EINVAL);
	assert_int_equal(rmdir("share/dir"), 0);
}

static void test_up(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat("share", &st), 0);
	assert_int_equal(p9_walk(ROOT, 1, ".. .. .. .. .. .. .. .. .. .. .. .. .. .. .. .."), 0);
	p9.in.at += 2 + 15 * 13 + 5;
	p9.in.left -= 2 + 15 * 13 + 5;
	assert_int_equal(tl_p9_get64(&p9.in), st.st_ino);
	assert_int_equal(p9_walk(1, 2, "secret"), -ENOENT);
	assert_int_equal(p9_walk(ROOT, 2, ".. secret"), 0);
	assert_int_equal(tl_p9_get16(&p9.in), 1);
	assert_int_equal(p9_getattr(2), -EBADF);
	/* From a folder that is moved out while its fid is kept. */
	assert_int_equal(mkdir("share/a", 0755) || mkdir("share/a/b", 0755), 0);
	assert_int_equal(p9_walk(ROOT, 3, "a b"), 0);
	assert_int_equal(p9_walk(3, 6, ""), 0);
	assert_int_equal(rename("share/a/b", "b"), 0);
	assert_int_equal(p9_walk(3, 4, ".. .. secret"), 0);
	assert_int_equal(tl_p9_get16(&p9.in), 2);
	assert_int_equal(p9_walk(3, 5, "x"), -ENOENT);
	assert_int_equal(p9_open(3, 0), -ENOENT);
	assert_int_equal(p9_mkdir(3, "x"), -ENOENT);
	assert_int_equal(p9_create(6, "x", CREATE, 0600), -ENOENT);
	assert_int_equal(rmdir("b"), 0);
}

/* Nothing goes through a link, whoever has made it, and nothing changes what it leads to. */
static void through(const char *link, bool is_dir)
{
	assert_int_equal(p9_walk(ROOT, 1, link), 0);
	assert_int_equal(p9_open(1, 0), -ELOOP);
	assert_int_equal(p9_open(1, 1 | 01000), -ELOOP);
	assert_int_equal(p9_walk(1, 2, is_dir ? "file" : "x"), -ENOTDIR);
	assert_true(p9_setattr(1, 8, 0, 0) < 0);
	(void)p9_setattr(1, 1, 0777, 0);
	(void)p9_setattr(1, 0x1b6, 0, 0);
	assert_true(p9_mkdir(1, "made") < 0);
	assert_true(p9_symlink(1, "made", "x") < 0);
	assert_true(p9_unlink(1, "file", 0) < 0);
	assert_true(p9_renameat(1, "file", ROOT, "stolen") < 0);
	assert_true(p9_link(1, 1, "made") < 0);
	assert_true(p9_create(1, "made", CREATE | 1, 0600) < 0);
	assert_int_equal(p9_walk(ROOT, 3, ""), 0);
	assert_int_equal(p9_create(3, link, CREATE | 1, 0600), -ELOOP);
	/* A hard link is one to the link. */
	assert_int_equal(p9_link(ROOT, 1, "hard"), 0);
	assert_int_equal(p9_walk(ROOT, 4, "hard"), 0);
	assert_int_equal(p9_open(4, 0), -ELOOP);
	assert_int_equal(p9_remove(4), 0);
	assert_int_equal(p9_clunk(1), 0);
	assert_int_equal(p9_clunk(3), 0);
}

static void test_links(void **state)
{
	char absolute[128];

	(void)state;
	snprintf(absolute, sizeof(absolute), "%s/secret", p9.top);
	assert_int_equal(p9_symlink(ROOT, "up", "../secret"), 0);
	assert_int_equal(p9_symlink(ROOT, "absolute", absolute), 0);
	assert_int_equal(p9_symlink(ROOT, "folder", "../outside"), 0);
	assert_int_equal(symlink("../secret", "share/host"), 0);
	assert_int_equal(symlink("/", "share/slash"), 0);
	assert_int_equal(symlink("/proc/self/cwd", "share/magic"), 0);
	through("up", false);
	through("absolute", false);
	through("host", false);
	through("slash", false);
	through("folder", true);
	through("magic", true);
	/* A folder that is a link by the time it is used. */
	assert_int_equal(mkdir("share/dir", 0755), 0);
	host_write("share/dir/file", "mine");
	assert_int_equal(p9_walk(ROOT, 10, "dir"), 0);
	assert_int_equal(p9_walk(10, 11, "file"), 0);
	assert_int_equal(p9_mkdir(10, "sub"), 0);
	assert_int_equal(p9_walk(10, 16, "sub"), 0);
	assert_int_equal(
		rename("share/dir", "share/dir2") || symlink("../outside", "share/dir"), 0);
	assert_true(p9_open(11, 0) < 0);
	assert_true(p9_getattr(11) < 0);
	assert_true(p9_setattr(11, 1 | 8, 0, 0) < 0);
	assert_true(p9_remove(11) < 0);
	assert_true(p9_mkdir(10, "made") < 0);
	assert_true(p9_walk(10, 12, "file") < 0);
	/* Nor are links followed that stay inside: that is the guest's own business. */
	assert_int_equal(unlink("share/dir") || symlink("dir2", "share/dir"), 0);
	assert_int_equal(p9_walk(ROOT, 13, "dir2 file"), 0);
	assert_int_equal(p9_walk(ROOT, 14, "dir"), 0);
	assert_true(p9_mkdir(10, "made") < 0);
	assert_true(p9_walk(10, 15, "file") < 0);
	assert_true(p9_link(14, 13, "made") < 0);
	assert_true(p9_mkdir(16, "made") < 0);
	assert_true(p9_open(16, 0) < 0);
	assert_true(host_has("share/dir2/file", "mine"));
}

/* The other process is as quick as it can be: it swaps between some two steps of the server. */
static void swap(void)
{
	static uint32_t random = 1;
	static bool out;

	random = random * 1664525 + 1013904223;
	if (random >> 31)
		return;
	if (out) {
		assert_int_equal(unlink("share/dir"), 0);
		assert_int_equal(rename("share/kept", "share/dir"), 0);
	} else {
		assert_int_equal(rename("share/dir", "share/kept"), 0);
		assert_int_equal(symlink("../outside", "share/dir"), 0);
	}
	out = !out;
}

static void test_races(void **state)
{
	(void)state;
	assert_int_equal(mkdir("share/dir", 0755), 0);
	host_write("share/dir/file", "mine");
	before_openat2 = swap;
	for (uint32_t i = 1; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%u", i);
		(void)p9_walk(ROOT, i, "dir");
		(void)p9_walk(i, 1000 + i, "file");
		(void)p9_walk(ROOT, 2000 + i, "dir file");
		(void)p9_mkdir(i, name);
		(void)p9_setattr(1000 + i, 1 | 0x1b0, 0640, 0);
		(void)p9_unlink(i, name, 0x200);
		for (uint32_t fid = i; fid <= 2000 + i; fid += 1000) {
			if (p9_open(fid, 0) || p9_read(fid, 0, 100))
				continue;
			assert_int_equal(tl_p9_get32(&p9.in), 4);
			assert_memory_equal(p9.in.at, "mine", 4);
		}
		for (uint32_t fid = i; fid <= 2000 + i; fid += 1000)
			(void)p9_clunk(fid);
	}
	before_openat2 = NULL;
}

static void test_bad_folders(void **state)
{
	struct tl_p9_config config = {"none", false, 10};
	unsigned int fds = fds_open();
	struct tl_p9 *server;

	(void)state;
	assert_int_equal(tl_p9_create(&server, &config), -ENOENT);
	assert_error("--share 'none': No such file or directory");
	config.dir = "secret";
	assert_int_equal(tl_p9_create(&server, &config), -ENOTDIR);
	assert_error("--share 'secret': is not a folder");
	config.dir = "share";
	no_openat2 = true;
	assert_int_equal(tl_p9_create(&server, &config), -EIO);
	assert_error("--share 'share': ", "openat2", "5.6");
	no_openat2 = false;
	assert_null(server);
	assert_int_equal(fds_open(), fds);
	/* A link is the user's own, and may lead to it. */
	assert_int_equal(symlink("outside", "link"), 0);
	config.dir = "link";
	assert_int_equal(tl_p9_create(&server, &config), 0);
	tl_p9_destroy(server);
	assert_int_equal(unlink("link"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(test_names),
		TEST(test_up),
		TEST(test_links),
		TEST(test_races),
		TEST(test_bad_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
