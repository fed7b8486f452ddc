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

static struct tl_p9_qid get_qid(void)
{
	struct tl_p9_qid qid;

	qid.type = tl_p9_get8(&p9.in);
	qid.version = tl_p9_get32(&p9.in);
	qid.path = tl_p9_get64(&p9.in);
	return qid;
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void expect_data(const char *text)
{
	assert_int_equal(tl_p9_get32(&p9.in), strlen(text));
	assert_memory_equal(tl_p9_get_bytes(&p9.in, strlen(text)), text, strlen(text));
	assert_true(tl_p9_get_end(&p9.in));
}

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
	qid = get_qid();
	assert_int_equal(qid.type, TL_P9_QT_DIR);
	assert_int_equal(qid.path, stat_of("share/a").st_ino);
	(void)get_qid();
	qid = get_qid();
	assert_int_equal(qid.type, TL_P9_QT_FILE);
	assert_int_equal(qid.path, stat_of("share/a/b/file").st_ino);
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
	assert_int_equal(get_qid().path, stat_of("share/new").st_ino);
	assert_int_equal(stat_of("share/new").st_mode, S_IFREG | 0666);
	assert_int_equal(p9_write(1, 0, "0123456789", 10), 0);
	assert_int_equal(tl_p9_get32(&p9.in), 10);
	assert_int_equal(p9_write(1, 5, "abc", 3), 0);
	assert_true(host_has("share/new", "01234abc89"));
	assert_int_equal(p9_read(1, 3, 4), 0);
	expect_data("34ab");
	assert_int_equal(p9_read(1, 8, 100), 0);
	expect_data("89");
	assert_int_equal(p9_read(1, 10, 100), 0);
	expect_data("");
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
	assert_int_equal(stat_of("share/file").st_mode & 07777, 0751);
	assert_int_equal(p9_setattr(1, 1, 04777, 0), 0);
	assert_int_equal(stat_of("share/file").st_mode & 07777, 0777);
	assert_int_equal(p9_mkdir(ROOT, "dir"), 0);
	assert_int_equal(get_qid().type, TL_P9_QT_DIR);
	assert_int_equal(stat_of("share/dir").st_mode & 07777, 0755);
	umask(before);
}

static void test_getattr(void **state)
{
	struct stat st;

	(void)state;
	host_write("share/file", "12345");
	assert_int_equal(link("share/file", "share/file2"), 0);
	st = stat_of("share/file");
	assert_int_equal(p9_walk(ROOT, 1, "file"), 0);
	assert_int_equal(p9_getattr(1), 0);
	assert_int_equal(tl_p9_get64(&p9.in), 0x7ff);
	assert_int_equal(get_qid().path, st.st_ino);
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
	assert_int_equal(stat_of("share/file").st_mode & 07777, 0640);
	assert_int_equal(p9_setattr(1, 0x1b0, 0, 0), 0);
	assert_int_equal(stat_of("share/file").st_atim.tv_sec, 1000);
	assert_int_equal(stat_of("share/file").st_mtim.tv_nsec, 6);
	/* Only one of them, and now. */
	assert_int_equal(p9_setattr(1, 0x20, 0, 0), 0);
	assert_int_equal(stat_of("share/file").st_atim.tv_sec, 1000);
	assert_true(stat_of("share/file").st_mtim.tv_sec > 2000);
	assert_int_equal(p9_setattr(1, 6, 0, 0), 0);
	assert_int_equal(p9_setattr(1, 8, 0, UINT64_MAX), -EINVAL);
	/* Open only to be read: it is opened once more. */
	assert_int_equal(p9_open(1, 0), 0);
	assert_int_equal(p9_setattr(1, 8 | 1, 0600, 1), 0);
	assert_true(host_has("share/file", "1"));
	assert_int_equal(stat_of("share/file").st_mode & 07777, 0600);
	assert_int_equal(p9_setattr(ROOT, 1, 0700, 0), 0);
	assert_int_equal(stat_of("share").st_mode & 07777, 0700);
}

/* Lists a folder in messages of `count` bytes. Returns how many entries had a name with "f". */
static unsigned int list(uint32_t fid, uint32_t count)
{
	unsigned int found = 0, seen[512] = {0};
	uint64_t offset = 0;
	uint32_t bytes;

	for (;;) {
		p9_begin(T_READDIR);
		p9_32(fid);
		p9_64(offset);
		p9_32(count);
		assert_int_equal(p9_send(), 0);
		bytes = tl_p9_get32(&p9.in);
		assert_int_equal(bytes, p9.in.left);
		assert_in_range(bytes, 0, count);
		if (!p9.in.left)
			return found;
		while (p9.in.left) {
			char name[256];
			unsigned int n;

			(void)get_qid();
			offset = tl_p9_get64(&p9.in);
			(void)tl_p9_get8(&p9.in);
			assert_int_equal(tl_p9_get_text(&p9.in, name, 255), 0);
			if (sscanf(name, "f%u", &n) == 1) {
				assert_in_range(n, 0, 511);
				assert_int_equal(seen[n]++, 0);
				found++;
			}
		}
		assert_true(tl_p9_get_end(&p9.in));
	}
}

static void test_readdir(void **state)
{
	char name[64];

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "share/f%u", i);
		host_write(name, "");
	}
	assert_int_equal(p9_walk(ROOT, 1, ""), 0);
	assert_int_equal(p9_open(1, 0200000), 0);
	assert_int_equal(list(1, 100), 500);
	assert_int_equal(list(1, 4000), 500);
	assert_int_equal(list(1, 400000), 500);
	/* No room for one entry is no end. */
	p9_begin(T_READDIR);
	p9_32(1);
	p9_64(0);
	p9_32(20);
	assert_int_equal(p9_send(), -EINVAL);
	assert_int_equal(p9_walk(ROOT, 2, "f1"), 0);
	assert_int_equal(p9_open(2, 0), 0);
	p9_begin(T_READDIR);
	p9_32(2);
	p9_64(0);
	p9_32(2000);
	assert_int_equal(p9_send(), -ENOTDIR);
	assert_int_equal(p9_read(1, 0, 100), -EISDIR);
}

static void test_links(void **state)
{
	char target[256];

	(void)state;
	assert_int_equal(p9_symlink(ROOT, "link", "to/some where"), 0);
	assert_int_equal(get_qid().type, TL_P9_QT_SYMLINK);
	assert_int_equal(p9_walk(ROOT, 1, "link"), 0);
	p9_begin(T_READLINK);
	p9_32(1);
	assert_int_equal(p9_send(), 0);
	assert_int_equal(tl_p9_get_text(&p9.in, target, 255), 0);
	assert_string_equal(target, "to/some where");
	host_write("share/file", "x");
	assert_int_equal(p9_walk(ROOT, 2, "file"), 0);
	assert_int_equal(p9_link(ROOT, 2, "other"), 0);
	assert_int_equal(stat_of("share/other").st_nlink, 2);
	assert_int_equal(p9_link(ROOT, 2, "other"), -EEXIST);
}

static int mknod_as(const char *name, uint32_t mode)
{
	p9_begin(T_MKNOD);
	p9_32(ROOT);
	p9_text(name);
	p9_32(mode);
	p9_32(1);
	p9_32(3);
	p9_32(0);
	return p9_send();
}

static void test_mknod(void **state)
{
	(void)state;
	assert_int_equal(mknod_as("fifo", S_IFIFO | 0622), 0);
	assert_int_equal(stat_of("share/fifo").st_mode, S_IFIFO | 0622);
	assert_int_equal(mknod_as("socket", S_IFSOCK | 0600), 0);
	assert_int_equal(mknod_as("file", S_IFREG | 0600), 0);
	assert_int_equal(mknod_as("null", S_IFCHR | 0666), -EPERM);
	assert_int_equal(mknod_as("sda", S_IFBLK | 0666), -EPERM);
	assert_int_equal(mknod_as("dir", S_IFDIR | 0666), -EPERM);
	/* They are the guest's; on the host nobody waits at the other end. */
	assert_int_equal(p9_walk(ROOT, 1, "fifo"), 0);
	assert_int_equal(p9_open(1, 0), -EPERM);
	assert_int_equal(p9_open(1, 1), -EPERM);
	assert_int_equal(p9_walk(ROOT, 2, ""), 0);
	assert_int_equal(p9_create(2, "fifo", CREATE | 1, 0600), -EPERM);
}

static void test_rename(void **state)
{
	(void)state;
	assert_int_equal(mkdir("share/a", 0755) || mkdir("share/b", 0755), 0);
	host_write("share/a/file", "one");
	host_write("share/b/file", "two");
	assert_int_equal(p9_walk(ROOT, 1, "a"), 0);
	assert_int_equal(p9_walk(ROOT, 2, "b"), 0);
	assert_int_equal(p9_walk(ROOT, 3, "a file"), 0);
	assert_int_equal(p9_walk(ROOT, 4, "b file"), 0);
	assert_int_equal(p9_renameat(1, "file", 2, "file"), 0);
	assert_true(host_has("share/b/file", "one"));
	/* Who had the one follows it; who had the other has nothing. */
	assert_int_equal(p9_getattr(3), 0);
	assert_int_equal(p9_getattr(4), -ENOENT);
	assert_int_equal(p9_open(4, 0), -ENOENT);
	/* A folder, and what is in it. */
	assert_int_equal(p9_rename(2, 1, "c"), 0);
	assert_true(host_has("share/a/c/file", "one"));
	assert_int_equal(p9_open(3, 0), 0);
	assert_int_equal(p9_walk(2, 5, "file"), 0);
	assert_int_equal(p9_walk(2, 6, "file .."), 0);
	assert_int_equal(p9_getattr(6), -EBADF);
	assert_int_equal(p9_rename(1, 2, "d"), -EINVAL);
	assert_int_equal(p9_rename(ROOT, 2, "d"), -EBUSY);
	assert_int_equal(p9_renameat(1, "none", 1, "x"), -ENOENT);
	assert_int_equal(p9_renameat(1, "c", 1, "c"), 0);
	assert_int_equal(p9_getattr(5), 0);
}

static void test_remove(void **state)
{
	(void)state;
	assert_int_equal(mkdir("share/dir", 0755), 0);
	host_write("share/dir/file", "one");
	assert_int_equal(p9_walk(ROOT, 1, "dir file"), 0);
	assert_int_equal(p9_walk(ROOT, 2, "dir file"), 0);
	assert_int_equal(p9_walk(ROOT, 3, "dir"), 0);
	assert_int_equal(p9_open(1, 2), 0);
	assert_int_equal(p9_unlink(ROOT, "dir", 0), -EISDIR);
	assert_int_equal(p9_unlink(ROOT, "dir", 0x200), -ENOTEMPTY);
	assert_int_equal(p9_unlink(3, "file", 1), -EINVAL);
	assert_int_equal(p9_unlink(3, "file", 0), 0);
	/* What is open lives on; another one of that name is another one. */
	host_write("share/dir/file", "two");
	assert_int_equal(p9_read(1, 0, 10), 0);
	expect_data("one");
	assert_int_equal(p9_getattr(1), 0);
	assert_int_equal(p9_setattr(1, 8 | 1, 0600, 1), 0);
	assert_int_equal(p9_getattr(2), -ENOENT);
	assert_int_equal(p9_setattr(2, 8, 0, 0), -ENOENT);
	assert_int_equal(p9_walk(2, 5, ""), -ENOENT);
	assert_true(host_has("share/dir/file", "two"));
	assert_int_equal(p9_remove(2), -ENOENT);
	assert_int_equal(p9_getattr(2), -EBADF);
	assert_int_equal(p9_walk(ROOT, 2, "dir file"), 0);
	assert_int_equal(p9_remove(2), 0);
	assert_int_equal(p9_remove(3), 0);
	assert_int_equal(access("share/dir", F_OK), -1);
	assert_int_equal(p9_walk(ROOT, 6, ""), 0);
	assert_int_equal(p9_remove(6), -EBUSY);
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
	expect_data("text");
	assert_int_equal(p9_write(1, 0, "x", 1), -EROFS);
	assert_int_equal(p9_setattr(1, 1, 0777, 0), -EROFS);
	assert_int_equal(p9_mkdir(ROOT, "d"), -EROFS);
	assert_int_equal(mknod_as("fifo", S_IFIFO), -EROFS);
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
		TEST(test_readdir),
		TEST(test_links),
		TEST(test_mknod),
		TEST(test_rename),
		TEST(test_remove),
		TEST(test_statfs),
		TEST(test_locks),
		TEST(test_unknown),
		cmocka_unit_test_setup_teardown(
			test_read_only, fake_p9_setup_read_only, fake_p9_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
