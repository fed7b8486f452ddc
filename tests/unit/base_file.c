/* SPDX-License-Identifier: MIT */
/*
 * Files written as a whole: new ones, replaced ones, those that cannot be written, and
 * what is no regular file.
 * Links: base/file.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: z zstd
 * Wraps: write rename
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/fake_files.h"
#include "tests/unit/fds.h"

static struct {
	unsigned int calls; /* since it was set up */
	unsigned int good;  /* as many succeed */
	int error;          /* then; 0: all succeed */
	size_t most;        /* bytes at once; 0: all */
} writes;
static int rename_error;
static unsigned int fds;

ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
	if (writes.error && writes.calls++ >= writes.good) {
		errno = writes.error;
		/* A signal comes once, a full disk stays. */
		if (errno == EINTR)
			writes.error = 0;
		return -1;
	}
	return __real_write(fd, bytes, writes.most && count > writes.most ? writes.most : count);
}

int __wrap_rename(const char *from, const char *to)
{
	/* Whatever is wrong there: this PC's devices stay. */
	if (!rename_error && strncmp(to, "/dev/", 5) != 0)
		return __real_rename(from, to);
	errno = rename_error ? rename_error : EPERM;
	return -1;
}

static int set_up(void **state)
{
	memset(&writes, 0, sizeof(writes));
	rename_error = 0;
	umask(022);
	fds = fds_open();
	return fake_files_setup(state);
}

static int tear_down(void **state)
{
	return fake_files_teardown(state) || fds_open() != fds;
}

/* What is in a file. The others in its folder are counted: `files` there are in all. */
static void expect_file(const char *path, const char *text, unsigned int files)
{
	char found[64] = "", folder[256];
	FILE *file = fopen(path, "r");
	unsigned int count = 0;
	DIR *dir;

	assert_non_null(file);
	assert_int_equal(fread(found, 1, sizeof(found) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(found, text);
	snprintf(folder, sizeof(folder), "%s", path);
	dir = opendir(dirname(folder));
	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	assert_int_equal(count, files + 2); /* "." and ".." */
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void test_new(void **state)
{
	const char *path = fake_path("file"), *empty = fake_path("empty");

	(void)state;
	assert_int_equal(tl_file_replace(path, "text\n"), 0);
	expect_file(path, "text\n", 1);
	assert_true(S_ISREG(stat_of(path).st_mode));
	assert_int_equal(tl_file_replace(empty, ""), 0);
	expect_file(empty, "", 2);
}

/* Who has it open sees the old one to its end. */
static void test_replaced(void **state)
{
	const char *path = fake_file("file", "a longer text", 13);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char old[16] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tl_file_replace(path, "text"), 0);
	expect_file(path, "text", 1);
	assert_int_equal(read(fd, old, sizeof(old)), 13);
	assert_string_equal(old, "a longer text");
	close(fd);
}

/* Little at a time, and signals between. */
static void test_pieces(void **state)
{
	const char *path = fake_path("file");

	(void)state;
	writes.most = 3;
	writes.good = 2;
	writes.error = EINTR;
	assert_int_equal(tl_file_replace(path, "one two three"), 0);
	assert_int_equal(writes.calls, 3);
	expect_file(path, "one two three", 1);
}

/* Not half of it, and nothing that must be cleaned up. */
static void test_full_disk(void **state)
{
	const char *path = fake_file("file", "old", 3);

	(void)state;
	writes.most = 2;
	writes.error = ENOSPC;
	for (writes.good = 0; writes.good < 3; writes.good++) {
		writes.calls = 0;
		assert_int_equal(tl_file_replace(path, "a new text"), -ENOSPC);
		expect_file(path, "old", 1);
		assert_int_equal(tl_file_replace(fake_path("new"), "a new text"), -ENOSPC);
		expect_file(path, "old", 1);
	}
	writes.error = 0;
	assert_int_equal(tl_file_replace(path, "new"), 0);
	expect_file(path, "new", 1);
}

static void test_not_renamed(void **state)
{
	const char *path = fake_file("file", "old", 3);

	(void)state;
	rename_error = EIO;
	assert_int_equal(tl_file_replace(path, "new"), -EIO);
	expect_file(path, "old", 1);
}

/* The file is replaced, wherever it is, and the link leads to it still. */
static void test_symlink(void **state)
{
	const char *file = fake_file("file", "old", 3);
	const char *link = fake_path("link"), *second = fake_path("second");

	(void)state;
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(symlink(link, second), 0);
	assert_int_equal(tl_file_replace(second, "new"), 0);
	expect_file(file, "new", 3);
	expect_file(link, "new", 3);
	assert_true(S_ISREG(stat_of(file).st_mode));
	assert_true(S_ISLNK(stat_of(link).st_mode));
	assert_true(S_ISLNK(stat_of(second).st_mode));
}

/* Into a folder that cannot be made out of nothing; onto what is no file. */
static void test_no_place(void **state)
{
	const char *file = fake_file("file", "old", 3), *folder = fake_path("folder");
	const char *loop = fake_path("loop");

	(void)state;
	assert_int_equal(tl_file_replace(fake_path("missing/file"), "x"), -ENOENT);
	assert_int_equal(tl_file_replace(fake_path("file/file"), "x"), -ENOTDIR);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(tl_file_replace(folder, "x"), -EISDIR);
	assert_int_equal(tl_file_replace("", "x"), -ENOENT);
	assert_int_equal(symlink("loop", loop), 0);
	assert_int_equal(tl_file_replace(loop, "x"), -ELOOP);
	expect_file(file, "old", 3);
	assert_true(S_ISLNK(stat_of(loop).st_mode));
}

static void test_fifo(void **state)
{
	const char *path = fake_path("fifo");
	char text[16] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	writes.most = 2;
	assert_int_equal(tl_file_replace(path, "text"), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	close(fd);
	assert_true(S_ISFIFO(stat_of(path).st_mode));
	assert_int_equal(stat_of(path).st_mode & 0777, 0600);
}

static void test_devices(void **state)
{
	const char *link = fake_path("link");

	(void)state;
	assert_int_equal(tl_file_replace("/dev/null", "text"), 0);
	assert_true(S_ISCHR(stat_of("/dev/null").st_mode));
	assert_int_equal(tl_file_replace("/dev/full", "text"), -ENOSPC);
	assert_int_equal(symlink("/dev/null", link), 0);
	assert_int_equal(tl_file_replace(link, "text"), 0);
	assert_true(S_ISLNK(stat_of(link).st_mode));
}

/* As of any file that a program makes. */
static void test_permissions(void **state)
{
	static const mode_t masks[] = {022, 077, 0, 027};
	const char *path = fake_path("file");

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(masks); i++) {
		umask(masks[i]);
		assert_int_equal(tl_file_replace(path, "text"), 0);
		assert_int_equal(stat_of(path).st_mode & 07777, 0666 & ~masks[i]);
		/* And it is left as it was. */
		assert_int_equal(umask(022), masks[i]);
	}
}

/* Relative to the folder that the process is in. */
static void test_relative(void **state)
{
	char old[4096], folder[256];
	const char *path = fake_path("file");

	(void)state;
	assert_non_null(getcwd(old, sizeof(old)));
	snprintf(folder, sizeof(folder), "%s", path);
	assert_int_equal(chdir(dirname(folder)), 0);
	assert_int_equal(tl_file_replace("file", "one"), 0);
	assert_int_equal(tl_file_replace("file", "two"), 0);
	assert_int_equal(chdir(old), 0);
	expect_file(path, "two", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_replaced),
		TEST(test_pieces),
		TEST(test_full_disk),
		TEST(test_not_renamed),
		TEST(test_symlink),
		TEST(test_no_place),
		TEST(test_fifo),
		TEST(test_devices),
		TEST(test_permissions),
		TEST(test_relative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
