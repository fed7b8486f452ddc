/* SPDX-License-Identifier: MIT */
/*
 * 9P2000.L as a guest's Linux uses it: what each message does to the files of a folder, and what
 * it answers.
 * Links: vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c vmm/dev/virtio/p9/file.c
 * Links: vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c vmm/dev/virtio/p9/fid.c
 * Links: vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: tests/unit/fake_p9.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_p9.h"

#define CREATE 0100u
#define EXCL   0200u
#define TRUNC  01000u
#define APPEND 02000u
#define RDWR   2u

static void test_version(void **state)
{
	char version[256];

	(void)state;
	assert_int_equal(p9_version(100000), 0);
	assert_int_equal(tl_p9_get32(&p9.in), 100000);
	assert_int_equal(tl_p9_get_text(&p9.in, version, 255), 0);
	assert_string_equal(version, "9P2000.L");
	/* The session before is gone. */
	assert_int_equal(p9_getattr(ROOT), -EBADF);
	assert_int_equal(p9_version(UINT32_MAX), 0);
	assert_int_equal(tl_p9_get32(&p9.in), TL_P9_MSIZE_MAX);
	p9_begin(T_VERSION);
	p9_32(8192);
	p9_text("9P2000.u");
	assert_int_equal(p9_send(), 0);
	(void)tl_p9_get32(&p9.in);
	assert_int_equal(tl_p9_get_text(&p9.in, version, 255), 0);
	assert_string_equal(version, "unknown");
	assert_int_equal(p9_attach(ROOT), -EPROTO);
	assert_int_equal(p9_version(TL_P9_MSIZE_MIN - 1), -EMSGSIZE);
	p9_begin(T_AUTH);
	assert_int_equal(p9_send(), -EOPNOTSUPP);
}

static void test_walk(void **state)
{
	struct tl_p9_qid qid;

	(void)state;
	assert_int_equal(mkdir("share/a", 0755) || mkdir("share/a/b", 0755), 0);
	host_write("share/a/b/file", "x");
	assert_int_equal(p9_walk(ROOT, 1, "a b file"), 0);
	assert_int_equal(tl_p9_get16(&p9.in), 3);
	qid = p9_qid();
	assert_int_equal(qid.type, TL_P9_QT_DIR);
	assert_int_equal(qid.path, host_stat("share/a").st_ino);
	(void)p9_qid();
	qid = p9_qid();
	assert_int_equal(qid.type, TL_P9_QT_FILE);
	assert_int_equal(qid.path, host_stat("share/a/b/file").st_ino);
	assert_true(tl_p9_get_end(&p9.in));

	/* As far as it goes, and then no fid. */
	assert_int_equal(p9_walk(ROOT, 2, "a none b"), 0);
	assert_int_equal(tl_p9_get16(&p9.in), 1);
	assert_int_equal(p9_getattr(2), -EBADF);
	assert_int_equal(p9_walk(ROOT, 2, "none"), -ENOENT);
	assert_int_equal(p9_walk(1, 2, "file"), -ENOTDIR);

	/* To itself, and a copy. */
	assert_int_equal(p9_walk(ROOT, 2, ""), 0);
	assert_int_equal(p9_walk(2, 2, "a b"), 0);
	assert_int_equal(p9_walk(2, 3, "file"), 0);
	assert_int_equal(p9_walk(2, 2, ".. .."), 0);
	assert_int_equal(p9_walk(2, 2, "a"), 0);
	assert_int_equal(p9_walk(2, 1, ""), -EINVAL);
	assert_int_equal(p9_walk(9, 10, ""), -EBADF);
	assert_int_equal(p9_clunk(2), 0);
	assert_int_equal(p9_clunk(2), -EBADF);
}

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(p9_walk(ROOT, 1, ""), 0);
	assert_int_equal(p9_create(1, "new", CREATE | RDWR, 0666), 0);
	assert_int_equal(p9_qid().path, host_stat("share/new").st_ino);
	assert_int_equal(host_stat("share/new").st_mode, S_IFREG | 0666);
	assert_int_equal(p9_write(1, 0, "0123456789", 10), 0);
	assert_int_equal(tl_p9_get32(&p9.in), 10);
	assert_int_equal(p9_write(1, 5, "abc", 3), 0);
	assert_true(host_has("share/new", "01234abc89"));
	assert_int_equal(p9_read(1, 3, 4), 0);
	p9_expect_data("34ab");
	assert_int_equal(p9_read(1, 8, 100), 0);
	p9_expect_data("89");
	assert_int_equal(p9_read(1, 10, 100), 0);
	p9_expect_data("");
	p9_begin(T_FSYNC);
	p9_32(1);
	p9_32(1);
	assert_int_equal(p9_send(), 0);

	/* There already: opened, unless it must not be there. */
	assert_int_equal(p9_walk(ROOT, 2, ""), 0);
	assert_int_equal(p9_create(2, "new", CREATE | EXCL | RDWR, 0600), -EEXIST);
	assert_int_equal(p9_create(2, "new", CREATE, 0600), 0);
	assert_int_equal(p9_write(2, 0, "x", 1), -EBADF);
	assert_int_equal(p9_walk(ROOT, 3, "new"), 0);
	assert_int_equal(p9_open(3, RDWR | APPEND), 0);
	assert_int_equal(p9_open(3, RDWR), -EINVAL);
	assert_int_equal(p9_write(3, 0, "end", 3), 0);
	assert_true(host_has("share/new", "01234abc89end"));
	assert_int_equal(p9_walk(ROOT, 4, "new"), 0);
	assert_int_equal(p9_open(4, 1 | TRUNC), 0);
	assert_true(host_has("share/new", ""));
	assert_int_equal(p9_read(4, 0, 1), -EBADF);
	/* A copy of an open one is closed. */
	assert_int_equal(p9_walk(4, 5, ""), 0);
	assert_int_equal(p9_write(5, 0, "x", 1), -EBADF);
}

/* The user's umask is not added to what the guest's user has. */
static void test_modes(void **state)
{
	mode_t before = umask(077);

	(void)state;
	assert_int_equal(p9_walk(ROOT, 1, ""), 0);
	assert_int_equal(p9_create(1, "file", 1, 06751), 0);
	/* Nor is it given the right to act as the user who runs this. */
	assert_int_equal(host_stat("share/file").st_mode & 07777, 0751);
	assert_int_equal(p9_setattr(1, 1, 04777, 0), 0);
	assert_int_equal(host_stat("share/file").st_mode & 07777, 0777);
	assert_int_equal(p9_mkdir(ROOT, "dir"), 0);
	assert_int_equal(p9_qid().type, TL_P9_QT_DIR);
	assert_int_equal(host_stat("share/dir").st_mode & 07777, 0755);
	umask(before);
}

static void test_getattr(void **state)
{
	struct stat st;

	(void)state;
	host_write("share/file", "12345");
	assert_int_equal(link("share/file", "share/file2"), 0);
	st = host_stat("share/file");
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_getattr(1), 0);
	assert_int_equal(tl_p9_get64(&p9.in), 0x7ff);
	assert_int_equal(p9_qid().path, st.st_ino);
	assert_int_equal(tl_p9_get32(&p9.in), st.st_mode);
	assert_int_equal(tl_p9_get32(&p9.in), st.st_uid);
	assert_int_equal(tl_p9_get32(&p9.in), st.st_gid);
	assert_int_equal(tl_p9_get64(&p9.in), 2);
	assert_int_equal(tl_p9_get64(&p9.in), 0);
	assert_int_equal(tl_p9_get64(&p9.in), 5);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_blksize);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_blocks);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_atim.tv_sec);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_atim.tv_nsec);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_mtim.tv_sec);
	assert_int_equal(tl_p9_get64(&p9.in), st.st_mtim.tv_nsec);
	(void)tl_p9_get_bytes(&p9.in, 16 + 32);
	assert_true(tl_p9_get_end(&p9.in));
}

static void test_setattr(void **state)
{
	(void)state;
	host_write("share/file", "12345");
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_setattr(1, 8, 0, 3), 0);
	assert_true(host_has("share/file", "123"));
	assert_int_equal(p9_setattr(1, 1, 0640, 0), 0);
	assert_int_equal(host_stat("share/file").st_mode & 07777, 0640);
	assert_int_equal(p9_setattr(1, 0x1b0, 0, 0), 0);
	assert_int_equal(host_stat("share/file").st_atim.tv_sec, 1000);
	assert_int_equal(host_stat("share/file").st_mtim.tv_nsec, 6);
	/* Only one of them, and now. */
	assert_int_equal(p9_setattr(1, 0x20, 0, 0), 0);
	assert_int_equal(host_stat("share/file").st_atim.tv_sec, 1000);
	assert_true(host_stat("share/file").st_mtim.tv_sec > 2000);
	assert_int_equal(p9_setattr(1, 6, 0, 0), 0);
	assert_int_equal(p9_setattr(1, 8, 0, UINT64_MAX), -EINVAL);
	/* Open only to be read: it is opened once more. */
	assert_int_equal(p9_open(1, 0), 0);
	assert_int_equal(p9_setattr(1, 8 | 1, 0600, 1), 0);
	assert_true(host_has("share/file", "1"));
	assert_int_equal(host_stat("share/file").st_mode & 07777, 0600);
	assert_int_equal(p9_setattr(ROOT, 1, 0700, 0), 0);
	assert_int_equal(host_stat("share").st_mode & 07777, 0700);
}

static void test_statfs(void **state)
{
	struct statfs fs;

	(void)state;
	assert_int_equal(statfs("share", &fs), 0);
	p9_begin(T_STATFS);
	p9_32(ROOT);
	assert_int_equal(p9_send(), 0);
	assert_int_equal(tl_p9_get32(&p9.in), (uint32_t)fs.f_type);
	assert_int_equal(tl_p9_get32(&p9.in), fs.f_bsize);
	assert_int_equal(tl_p9_get64(&p9.in), fs.f_blocks);
	(void)tl_p9_get_bytes(&p9.in, 5 * 8 + 4);
	assert_true(tl_p9_get_end(&p9.in));
}

static void test_locks(void **state)
{
	(void)state;
	host_write("share/file", "");
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_open(1, 2), 0);
	p9_begin(T_LOCK);
	p9_32(1);
	p9_bytes("\1\1\0\0\0", 5);
	p9_64(10);
	p9_64(20);
	p9_32(77);
	p9_text("guest");
	assert_int_equal(p9_send(), 0);
	assert_int_equal(tl_p9_get8(&p9.in), 0);
	p9_begin(T_GETLOCK);
	p9_32(1);
	p9_8(1);
	p9_64(10);
	p9_64(20);
	p9_32(77);
	p9_text("guest");
	assert_int_equal(p9_send(), 0);
	assert_int_equal(tl_p9_get8(&p9.in), 2);
	assert_int_equal(tl_p9_get64(&p9.in), 10);
	assert_int_equal(tl_p9_get64(&p9.in), 20);
	assert_int_equal(tl_p9_get32(&p9.in), 77);
}

static void test_unknown(void **state)
{
	(void)state;
	p9_begin(T_XATTR);
	assert_int_equal(p9_send(), -EOPNOTSUPP);
	p9_begin(255);
	assert_int_equal(p9_send(), -EOPNOTSUPP);
	p9_begin(T_FLUSH);
	p9_16(3);
	assert_int_equal(p9_send(), 0);
}

static void test_read_only(void **state)
{
	static const uint32_t writing[] = {1, 2, 3, TRUNC, 1 | APPEND};

	(void)state;
	host_write("share/file", "text");
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	for (size_t i = 0; i < ARRAY_LEN(writing); i++)
		assert_int_equal(p9_open(1, writing[i]), -EROFS);
	assert_int_equal(p9_open(1, 0), 0);
	assert_int_equal(p9_read(1, 0, 10), 0);
	p9_expect_data("text");
	assert_int_equal(p9_write(1, 0, "x", 1), -EROFS);
	assert_int_equal(p9_setattr(1, 1, 0777, 0), -EROFS);
	assert_int_equal(p9_mkdir(ROOT, "d"), -EROFS);
	assert_int_equal(p9_mknod("fifo", S_IFIFO), -EROFS);
	assert_int_equal(p9_symlink(ROOT, "l", "x"), -EROFS);
	assert_int_equal(p9_link(ROOT, 1, "l"), -EROFS);
	assert_int_equal(p9_rename(1, ROOT, "l"), -EROFS);
	assert_int_equal(p9_renameat(ROOT, "file", ROOT, "l"), -EROFS);
	assert_int_equal(p9_unlink(ROOT, "file", 0), -EROFS);
	assert_int_equal(p9_walk(ROOT, 2, "file"), 0);
	assert_int_equal(p9_create(2, "new", CREATE, 0600), -EROFS);
	assert_int_equal(p9_remove(2), -EROFS);
	assert_int_equal(p9_getattr(2), -EBADF);
	assert_true(host_has("share/file", "text"));
	assert_int_equal(access("share/new", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_p9_setup, fake_p9_teardown)
		TEST(test_version),
		TEST(test_walk),
		TEST(test_files),
		TEST(test_modes),
		TEST(test_getattr),
		TEST(test_setattr),
		TEST(test_statfs),
		TEST(test_locks),
		TEST(test_unknown),
		cmocka_unit_test_setup_teardown(
			test_read_only, fake_p9_setup_read_only, fake_p9_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
