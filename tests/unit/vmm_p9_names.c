/* SPDX-License-Identifier: MIT */
/*
 * 9P2000.L as a guest's Linux uses it: the names in a folder, listed, made, moved and removed.
 * Links: vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c vmm/dev/virtio/p9/file.c
 * Links: vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c vmm/dev/virtio/p9/fid.c
 * Links: vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: tests/unit/fake_p9.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_p9.h"

#define CREATE 0100u

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

			(void)p9_qid();
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
	assert_int_equal(p9_qid().type, TL_P9_QT_SYMLINK);
	assert_int_equal(p9_walk(ROOT, 1, "link"), 0);
	p9_begin(T_READLINK);
	p9_32(1);
	assert_int_equal(p9_send(), 0);
	assert_int_equal(tl_p9_get_text(&p9.in, target, 255), 0);
	assert_string_equal(target, "to/some where");
	host_write("share/file", "x");
	assert_int_equal(p9_walk(ROOT, 2, "file"), 0);
	assert_int_equal(p9_link(ROOT, 2, "other"), 0);
	assert_int_equal(host_stat("share/other").st_nlink, 2);
	assert_int_equal(p9_link(ROOT, 2, "other"), -EEXIST);
}

static void test_mknod(void **state)
{
	(void)state;
	assert_int_equal(p9_mknod("fifo", S_IFIFO | 0622), 0);
	assert_int_equal(host_stat("share/fifo").st_mode, S_IFIFO | 0622);
	assert_int_equal(p9_mknod("socket", S_IFSOCK | 0600), 0);
	assert_int_equal(p9_mknod("file", S_IFREG | 0600), 0);
	assert_int_equal(p9_mknod("null", S_IFCHR | 0666), -EPERM);
	assert_int_equal(p9_mknod("sda", S_IFBLK | 0666), -EPERM);
	assert_int_equal(p9_mknod("dir", S_IFDIR | 0666), -EPERM);
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
	p9_expect_data("one");
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

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, fake_p9_setup, fake_p9_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(readdir), TEST(links), TEST(mknod), TEST(rename), TEST(remove)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
