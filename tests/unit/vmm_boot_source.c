/* SPDX-License-Identifier: MIT */
/*
 * Reading boot files: plain, gzip and zstd give the same bytes, again and again;
 * what is no file, or is damaged, is refused at once and in one line.
 * Links: vmm/boot/source.c vmm/boot/zboot.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: z zstd
 * Wraps: inflateInit2_ ZSTD_createDStream
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/boot/source.h"

#define LEN ((size_t)300000) /* more than what is read from a packed file at once */

static bool no_memory;

int __real_inflateInit2_(z_streamp stream, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_streamp stream, int bits, const char *version, int size);
ZSTD_DStream *__real_ZSTD_createDStream(void);
ZSTD_DStream *__wrap_ZSTD_createDStream(void);

int __wrap_inflateInit2_(z_streamp stream, int bits, const char *version, int size)
{
	return no_memory ? Z_MEM_ERROR : __real_inflateInit2_(stream, bits, version, size);
}

ZSTD_DStream *__wrap_ZSTD_createDStream(void)
{
	return no_memory ? NULL : __real_ZSTD_createDStream();
}

/* Reads up to `len` bytes by pieces of `step`. Returns how many, or the error. */
static int64_t read_by(struct tl_source *source, uint8_t *to, uint64_t len, uint64_t step)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t want = len - done < step ? len - done : step;
		int64_t n = tl_source_read(source, to + done, want);

		if (n < 0)
			return n;
		done += (uint64_t)n;
		if ((uint64_t)n < want)
			break;
	}
	return (int64_t)done;
}

/* All bytes, however they are asked for, and nothing behind them; and again after a rewind. */
static void check_reads(const char *path, const uint8_t *bytes, size_t len)
{
	static const uint64_t steps[] = {LEN + 1, 65536, 4093};
	struct tl_source source;
	uint8_t *got = malloc(len + 1);

	assert_non_null(got);
	assert_int_equal(tl_source_open(&source, "kernel", path, true), 0);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		memset(got, 0xaa, len + 1);
		assert_int_equal(read_by(&source, got, len + 1, steps[i]), len);
		assert_memory_equal(got, bytes, len);
		assert_int_equal(tl_source_read(&source, got, 1), 0);
		assert_int_equal(tl_source_rewind(&source), 0);
	}
	/* Not only from the end. */
	assert_int_equal(read_by(&source, got, 100, 7), 100);
	assert_int_equal(tl_source_rewind(&source), 0);
	assert_int_equal(tl_source_read(&source, got, 64), 64);
	assert_memory_equal(got, bytes, 64);
	tl_source_close(&source);
	assert_int_equal(source.fd, -1);
	assert_nothing_logged();
	free(got);
}

static void test_plain(void **state)
{
	uint8_t *bytes = fake_bytes(LEN);
	struct tl_source source;

	(void)state;
	check_reads(fake_file("plain", bytes, LEN), bytes, LEN);
	assert_int_equal(tl_source_open(&source, "kernel", fake_path("plain"), true), 0);
	assert_int_equal(source.file_size, LEN);
	assert_false(source.packed);
	tl_source_close(&source);
	tl_source_close(&source);
	free(bytes);
}

static void test_gzip(void **state)
{
	static const uint8_t padding[100000];
	uint8_t *bytes = fake_bytes(LEN);

	(void)state;
	check_reads(fake_gzip("one", bytes, LEN), bytes, LEN);
	/* Two members are one file (RFC 1952, section 2.2); some tools pad with zeros. */
	fake_gzip("two", bytes, 1000);
	fake_gzip("two", NULL, 0);
	check_reads(fake_gzip("two", bytes + 1000, LEN - 1000), bytes, LEN);
	fake_append(fake_path("two"), padding, sizeof(padding));
	check_reads(fake_path("two"), bytes, LEN);
	free(bytes);
}

static void test_zstd(void **state)
{
	uint8_t *bytes = fake_bytes(LEN);

	(void)state;
	check_reads(fake_zstd("one", bytes, LEN), bytes, LEN);
	fake_zstd("two", bytes, 70000);
	check_reads(fake_zstd("two", bytes + 70000, LEN - 70000), bytes, LEN);
	free(bytes);
}

/* An initrd is often a gzip file, and the guest wants it as it is. */
static void test_not_unpacked(void **state)
{
	static const uint8_t text[] = "some bytes";
	const char *path = fake_gzip("initrd", text, sizeof(text));
	struct tl_source source;
	uint8_t head[2];

	(void)state;
	assert_int_equal(tl_source_open(&source, "initrd", path, false), 0);
	assert_false(source.packed);
	assert_int_equal(tl_source_read(&source, head, 2), 2);
	assert_memory_equal(head, "\x1f\x8b", 2);
	tl_source_close(&source);
}

static void expect_refused(const char *path, int err)
{
	unsigned int fds = fds_open();
	struct tl_source source;

	assert_int_equal(tl_source_open(&source, "initrd", path, true), -err);
	assert_int_equal(source.fd, -1);
	assert_null(source.unpack);
	assert_int_equal(fds_open(), fds);
	tl_source_close(&source);
}

/* robust: kernel.directory kernel.fifo kernel.dev-zero */
static void test_not_a_file(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *path = fake_path("socket");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	expect_refused(fake_path("missing"), ENOENT);
	assert_error("cannot open initrd '", "/missing': No such file or directory");
	assert_int_equal(mkdir(fake_path("folder"), 0700), 0);
	expect_refused(fake_path("folder"), EINVAL);
	assert_error("initrd '", "/folder' is a directory, not a regular file");
	/* Nobody writes to it: opening must not wait. */
	assert_int_equal(mkfifo(fake_path("fifo"), 0600), 0);
	expect_refused(fake_path("fifo"), EINVAL);
	assert_error("initrd '", "/fifo' is a FIFO, not a regular file");
	expect_refused("/dev/zero", EINVAL);
	assert_error("initrd '/dev/zero' is a device or socket, not a regular file");
	strcpy(name.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	expect_refused(path, ENXIO);
	assert_error("cannot open initrd '", "/socket': ");
	close(fd);
}

static void test_empty(void **state)
{
	(void)state;
	expect_refused(fake_file("empty", "", 0), ENODATA);
	assert_error("initrd '", "/empty' is empty");
}

/* robust: kernel.unreadable */
static void test_unreadable(void **state)
{
	const char *path = fake_file("secret", "x", 1);

	(void)state;
	assert_int_equal(chmod(path, 0), 0);
	/* Root reads it all the same. */
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	/* The folder is the user's own, so for another one it is that which cannot be searched. */
	expect_refused(path, EACCES);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_error("cannot open initrd '", "/secret': Permission denied");
}

static void test_no_memory(void **state)
{
	static const uint8_t text[] = "some bytes";

	(void)state;
	no_memory = true;
	expect_refused(fake_gzip("gzip", text, sizeof(text)), ENOMEM);
	assert_error("/gzip'", "memory");
	expect_refused(fake_zstd("zstd", text, sizeof(text)), ENOMEM);
	assert_error("/zstd'", "memory");
	no_memory = false;
}

/* What reading all of it says. */
static int64_t read_all(const char *path, bool unpack)
{
	uint8_t *got = malloc(2 * LEN);
	struct tl_source source;
	int64_t n;

	assert_non_null(got);
	assert_int_equal(tl_source_open(&source, "kernel", path, unpack), 0);
	n = read_by(&source, got, 2 * LEN, 65536);
	tl_source_close(&source);
	free(got);
	return n;
}

/* Wherever a packed file ends, it is noticed: in its head, its data, its check sum. */
/* robust: packed.truncated */
static void test_truncated_packed(void **state)
{
	static const size_t cuts[] = {1, 4, 8, 9, 1000, 100000, 200000};
	uint8_t *bytes = fake_bytes(LEN);

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cuts); i++) {
		bool gzip = i % 2 == 0;
		const char *path =
			gzip ? fake_gzip("cut", bytes, LEN) : fake_zstd("cut", bytes, LEN);

		fake_cut(path, cuts[i / 2]);
		assert_int_equal(read_all(path, true), -EBADMSG);
		assert_error("/cut' is damaged: its ", gzip ? "gzip data" : "zstd data",
			"ends too early");
		assert_int_equal(unlink(path), 0);
	}
	free(bytes);
}

/* Cut to its very head: no more than what says which format it is. */
static void test_truncated_to_the_head(void **state)
{
	(void)state;
	assert_int_equal(read_all(fake_file("head", "\x1f\x8b\x08", 3), true), -EBADMSG);
	assert_error("/head' is damaged: its gzip data ends too early");
	assert_int_equal(read_all(fake_file("head", "\x28\xb5\x2f\xfd", 4), true), -EBADMSG);
	assert_error("/head' is damaged: its zstd data ends too early");
}

/* One bit is wrong: the check sum tells, if nothing else does. */
static void test_damaged(void **state)
{
	uint8_t *bytes = fake_bytes(LEN);
	const char *gzip = fake_gzip("gzip", bytes, LEN);
	const char *zstd = fake_zstd("zstd", bytes, LEN);

	(void)state;
	fake_cut(gzip, 8);
	fake_append(gzip, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(read_all(gzip, true), -EBADMSG);
	assert_error("/gzip' is damaged: its gzip data cannot be unpacked");
	fake_cut(zstd, 4);
	fake_append(zstd, "\0\0\0\0", 4);
	assert_int_equal(read_all(zstd, true), -EBADMSG);
	assert_error("/zstd' is damaged: its zstd data cannot be unpacked");
	assert_int_equal(
		read_all(fake_file("head", "\x1f\x8b\xff\xff\xff\xff", 6), true), -EBADMSG);
	assert_error("/head' is damaged: its gzip data cannot be unpacked");
	free(bytes);
}

/* robust: packed.garbage */
static void test_trailing_garbage(void **state)
{
	static const char *const tails[] = {"garbage", "\x1f\x8c", "\x28\xb5garbage"};
	uint8_t *bytes = fake_bytes(LEN);

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(tails); i++) {
		const char *tail = tails[i / 2];
		const char *path =
			i % 2 ? fake_gzip("tail", bytes, LEN) : fake_zstd("tail", bytes, LEN);

		fake_append(path, tail, strlen(tail));
		assert_int_equal(read_all(path, true), -EBADMSG);
		assert_error("/tail' is damaged: its ", i % 2 ? "gzip data" : "zstd data",
			i < 2 ? "is followed by garbage" : "data");
		assert_int_equal(unlink(path), 0);
	}
	free(bytes);
}

/* robust: kernel.truncated */
static void test_shrinks(void **state)
{
	uint8_t *bytes = fake_bytes(LEN);
	const char *path = fake_file("shrinks", bytes, LEN);
	struct tl_source source;
	uint8_t *got = malloc(LEN);

	(void)state;
	assert_non_null(got);
	assert_int_equal(tl_source_open(&source, "kernel", path, true), 0);
	assert_int_equal(tl_source_read(&source, got, 1000), 1000);
	fake_cut(path, LEN / 2);
	assert_int_equal(tl_source_read(&source, got, LEN), -EIO);
	assert_error("/shrinks' became shorter while it was read");
	tl_source_close(&source);
	free(got);
	free(bytes);
}

/* 64 MiB of zeros in 64 KiB: only what is asked for is unpacked. */
/* robust: packed.gzip-bomb packed.zstd-bomb */
static void test_bomb(void **state)
{
	uint8_t *zeros = calloc(64, 1 << 20);
	struct tl_source source;
	struct stat st;
	uint8_t got[100];

	(void)state;
	assert_non_null(zeros);
	for (int i = 0; i < 2; i++) {
		const char *path =
			i ? fake_zstd("zstd", zeros, 64 << 20) : fake_gzip("gzip", zeros, 64 << 20);

		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size < 1 << 20);
		assert_int_equal(tl_source_open(&source, "kernel", path, true), 0);
		memset(got, 1, sizeof(got));
		assert_int_equal(tl_source_read(&source, got, 99), 99);
		assert_int_equal(got[98], 0);
		assert_int_equal(got[99], 1);
		tl_source_close(&source);
	}
	free(zeros);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_plain),
		TEST(test_gzip),
		TEST(test_zstd),
		TEST(test_not_unpacked),
		TEST(test_not_a_file),
		TEST(test_empty),
		TEST(test_unreadable),
		TEST(test_no_memory),
		TEST(test_truncated_packed),
		TEST(test_truncated_to_the_head),
		TEST(test_damaged),
		TEST(test_trailing_garbage),
		TEST(test_shrinks),
		TEST(test_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
