/* SPDX-License-Identifier: MIT */
/*
 * A 9P client that wants the server down: messages that lie or are cut short, more fids and open
 * files than there can be, paths that are too deep. The server answers on.
 * Links: vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c vmm/dev/virtio/p9/file.c
 * Links: vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c vmm/dev/virtio/p9/fid.c
 * Links: vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: tests/unit/fake_p9.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_p9.h"
#include "tests/unit/fds.h"

#define CREATE 0100u

static void test_fids(void **state)
{
	(void)state;
	host_write("share/file", "x");
	assert_int_equal(p9_attach(ROOT), -EINVAL);
	assert_int_equal(p9_attach(UINT32_MAX), -EINVAL);
	assert_int_equal(p9_walk(ROOT, UINT32_MAX, ""), -EINVAL);
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_walk(ROOT, 1, "file"), -EINVAL);
	assert_int_equal(p9_read(1, 0, 1), -EBADF);
	assert_int_equal(p9_write(1, 0, "x", 1), -EBADF);
	assert_int_equal(p9_read(77, 0, 1), -EBADF);
	assert_int_equal(p9_open(77, 0), -EBADF);
	p9_begin(T_READDIR);
	p9_32(ROOT);
	p9_64(0);
	p9_32(100);
	assert_int_equal(p9_send(), -EBADF);
	p9_begin(T_FSYNC);
	p9_32(1);
	p9_32(0);
	assert_int_equal(p9_send(), -EBADF);
	assert_int_equal(p9_open(1, 2), 0);
	/* An open file is what it is until it is closed. */
	assert_int_equal(p9_walk(1, 1, ""), 0);
	assert_int_equal(p9_walk(1, 1, ".."), -EINVAL);
	assert_int_equal(p9_create(1, "x", CREATE, 0600), -EINVAL);
	p9_begin(T_ATTACH);
	p9_32(50);
	p9_32(UINT32_MAX);
	p9_text("user");
	p9_text("/etc");
	p9_32(0);
	assert_int_equal(p9_send(), -ENOENT);
}

static void test_counts(void **state)
{
	static uint8_t data[8192];

	(void)state;
	assert_int_equal(p9_walk(ROOT, 1, ""), 0);
	assert_int_equal(p9_create(1, "file", CREATE | 2, 0600), 0);
	assert_int_equal(p9_write(1, 0, data, sizeof(data)), 0);
	/* More than fits: what fits. */
	assert_int_equal(p9_version(4096) || p9_attach(ROOT), 0);
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_open(1, 2), 0);
	assert_int_equal(p9_read(1, 0, UINT32_MAX), 0);
	assert_int_equal(tl_p9_get32(&p9.in), 4096 - 11);
	p9.room = 100;
	assert_int_equal(p9_read(1, 0, 4096), 0);
	assert_int_equal(tl_p9_get32(&p9.in), 100 - 11);
	assert_int_equal(p9_getattr(1), -EMSGSIZE);
	p9.room = 11;
	assert_int_equal(p9_read(1, 0, 4096), 0);
	assert_int_equal(p9_getattr(1), -EMSGSIZE);
	p9.room = 10;
	assert_int_equal(p9_getattr(1), 1);
	p9.room = TL_P9_MSIZE_MAX;
	assert_int_equal(p9_write(1, 0, data, sizeof(data)), -EMSGSIZE);
	/* Offsets that are none. */
	assert_int_equal(p9_read(1, UINT64_MAX, 10), -EINVAL);
	assert_int_equal(p9_read(1, UINT64_C(1) << 63, 10), -EINVAL);
	assert_int_equal(p9_read(1, INT64_MAX, 10) <= 0, true);
	assert_int_equal(p9_write(1, UINT64_MAX - 3, data, 10), -EFBIG);
	assert_int_equal(p9_write(1, INT64_MAX - 3, data, 10), -EFBIG);
	/* A count that lies. */
	p9_begin(T_WRITE);
	p9_32(1);
	p9_64(0);
	p9_32(UINT32_MAX);
	p9_bytes("abc", 3);
	assert_int_equal(p9_send(), -EPROTO);
	p9_begin(T_WRITE);
	p9_32(1);
	p9_64(0);
	p9_32(2);
	p9_bytes("abc", 3);
	assert_int_equal(p9_send(), -EPROTO);
	p9_begin(T_WALK);
	p9_32(ROOT);
	p9_32(2);
	p9_16(17);
	for (unsigned int i = 0; i < 17; i++)
		p9_text("..");
	assert_int_equal(p9_send(), -EPROTO);
	p9_begin(T_READDIR);
	p9_32(1);
	p9_64(UINT64_MAX);
	p9_32(100);
	assert_int_equal(p9_send(), -ENOTDIR);
}

/* Every message there is, cut off at each byte, and with a byte too many. */
static void test_truncated(void **state)
{
	static const uint8_t types[] = {T_STATFS, T_LOPEN, T_LCREATE, T_SYMLINK, T_MKNOD, T_RENAME,
		T_READLINK, T_GETATTR, T_SETATTR, T_READDIR, T_FSYNC, T_LOCK, T_GETLOCK, T_LINK,
		T_MKDIR, T_RENAMEAT, T_UNLINKAT, T_ATTACH, T_FLUSH, T_WALK, T_READ, T_WRITE,
		T_CLUNK, T_REMOVE};
	static const uint8_t zeros[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		for (size_t size = 0; size < sizeof(zeros); size++) {
			int ret;

			p9_begin(types[i]);
			p9_bytes(zeros, size);
			ret = p9_send();
			/* All zeros are a name that is empty. A root that is clunked is no more. */
			assert_true(ret == -EPROTO || ret == -EINVAL || ret == -EBADF ||
				    ret == -EBUSY || ret == 0);
			if (!ret || types[i] == T_REMOVE)
				assert_int_equal(p9_version(8192) || p9_attach(ROOT), 0);
		}
	}
	/* The size lies. */
	p9_begin(T_GETATTR);
	p9_32(ROOT);
	p9_64(0);
	p9.message[0] = (uint8_t)(p9.size + 1);
	assert_int_equal(p9_send_raw(), 1);
	p9.message[0] = (uint8_t)(p9.size - 1);
	assert_int_equal(p9_send_raw(), -EPROTO);
	p9.message[0] = 6;
	assert_int_equal(p9_send_raw(), 1);
	p9.message[0] = p9.message[3] = 0xff;
	assert_int_equal(p9_send_raw(), 1);
	for (p9.size = 0; p9.size < 7; p9.size++)
		assert_int_equal(p9_send_raw(), 1);
	assert_int_equal(p9_getattr(ROOT), 0);
}

static void test_no_session(void **state)
{
	(void)state;
	fake_p9_restart();
	assert_int_equal(p9_attach(ROOT), -EPROTO);
	assert_int_equal(p9_getattr(ROOT), -EPROTO);
	assert_int_equal(p9_clunk(ROOT), -EPROTO);
}

/* A guest can neither use up this process's descriptors nor its memory. */
static void test_open_limit(void **state)
{
	unsigned int fds = fds_open(), open = 0;

	(void)state;
	host_write("share/file", "x");
	for (uint32_t fid = 1; fid < 300; fid++) {
		int ret;

		assert_int_equal(p9_walk(ROOT, fid, "file"), 0);
		ret = p9_open(fid, 0);
		assert_true(!ret || ret == -ENFILE);
		open += !ret;
	}
	assert_int_equal(open, p9.config.open_max);
	assert_int_equal(fds_open(), fds + open);
	assert_warned("share", "limit", "open");
	assert_int_equal(p9_walk(ROOT, 1000, ""), 0);
	assert_int_equal(p9_create(1000, "new", CREATE, 0600), -ENFILE);
	assert_int_equal(p9_clunk(7), 0);
	assert_int_equal(p9_create(1000, "new", CREATE, 0600), 0);
	tl_p9_reset(p9.server);
	assert_int_equal(fds_open(), fds);
}

static void test_fid_limit(void **state)
{
	char name[256];
	uint32_t fid;
	int ret = 0;

	(void)state;
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(p9_mkdir(ROOT, name), 0);
	assert_int_equal(p9_walk(ROOT, 1, name), 0);
	for (unsigned int depth = 0; depth < 7; depth++) {
		assert_int_equal(p9_mkdir(1, name), 0);
		assert_int_equal(p9_walk(1, 1, name), 0);
	}
	/* A path of 2 KiB each: 32 MiB are some 16000 of them. */
	for (fid = 2; fid < 100000 && !ret; fid++)
		ret = p9_walk(1, fid, "");
	assert_int_equal(ret, -ENFILE);
	assert_in_range(fid, 10000, 17000);
	assert_warned("share", "limit", "know");
	assert_int_equal(p9_walk(1, fid, ""), -ENFILE);
	assert_int_equal(fake_log_count(), 0);
	assert_int_equal(p9_clunk(2), 0);
	assert_int_equal(p9_walk(1, fid, ""), 0);
}

/* As deep as the kernel takes a path, and no deeper. */
static void test_deep(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(p9_walk(ROOT, 1, ""), 0);
	for (unsigned int depth = 0; depth < 15; depth++) {
		assert_int_equal(p9_mkdir(1, name), 0);
		assert_int_equal(p9_walk(1, 1, name), 0);
	}
	assert_int_equal(p9_mkdir(1, name), 0);
	assert_int_equal(p9_walk(1, 2, name), 0);
	assert_int_equal(p9_mkdir(2, "x"), -ENAMETOOLONG);
	assert_int_equal(p9_walk(2, 3, "x"), -ENAMETOOLONG);
	/* A move that takes what is beneath too deep leaves it with no path. */
	assert_int_equal(p9_mkdir(ROOT, "a"), 0);
	assert_int_equal(p9_walk(ROOT, 3, "a"), 0);
	assert_int_equal(p9_mkdir(3, name), 0);
	assert_int_equal(p9_walk(3, 4, name), 0);
	assert_int_equal(p9_rename(3, 1, "a"), 0);
	assert_int_equal(p9_getattr(4), -ENOENT);
	assert_int_equal(p9_getattr(3), 0);
	assert_int_equal(p9_walk(4, 5, ".."), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, fake_p9_setup, fake_p9_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(fids), TEST(counts), TEST(truncated),
		TEST(no_session), TEST(open_limit), TEST(fid_limit), TEST(deep)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
