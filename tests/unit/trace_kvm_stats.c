/* SPDX-License-Identifier: MIT */
/*
 * KVM's binary statistics: values and histograms by name, and files that lie. The
 * files are memfds, since the reader asks for nothing but pread.
 * Links: trace/collect/kvm_stats.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "trace/collect/kvm_stats.h"

#define NAME_SIZE 48u
#define STRIDE    (sizeof(struct kvm_stats_desc) + NAME_SIZE)

struct file {
	struct kvm_stats_header header;
	char id[NAME_SIZE];
	unsigned char table[3 * STRIDE];
	uint64_t data[3];
};

static void put_desc(struct file *f, unsigned int at, const char *name, uint16_t size, uint32_t off)
{
	struct kvm_stats_desc desc = {.size = size, .offset = off};

	memcpy(f->table + at * STRIDE, &desc, sizeof(desc));
	memset(f->table + at * STRIDE + sizeof(desc), 0, NAME_SIZE);
	memcpy(f->table + at * STRIDE + sizeof(desc), name, strlen(name));
}

static struct file sample(void)
{
	struct file f = {
		.header = {.name_size = NAME_SIZE,
			.num_desc = 3,
			.id_offset = offsetof(struct file, id),
			.desc_offset = offsetof(struct file, table),
			.data_offset = offsetof(struct file, data)},
		.data = {11, 22, 33},
	};

	put_desc(&f, 0, "hvc_exit_stat", 1, 0);
	put_desc(&f, 1, "exits", 1, 8);
	put_desc(&f, 2, "mmio_exit_user", 1, 16);
	return f;
}

static int file_of(const void *data, size_t size)
{
	int fd = memfd_create("stats", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	return fd;
}

/* A single value. */
static int read_fd(int fd, const char *name, uint64_t *value)
{
	struct tl_kvm_stats stats;
	int ret = tl_kvm_stats_init(&stats, fd);

	if (!ret)
		ret = tl_kvm_stats_value(&stats, name, value);
	tl_kvm_stats_fini(&stats);
	return ret;
}

static int read_one(const struct file *f, size_t size, const char *name, uint64_t *value)
{
	int fd = file_of(f, size);
	int ret = read_fd(fd, name, value);

	close(fd);
	return ret;
}

static void test_by_name(void **state)
{
	struct file f = sample();
	uint64_t value = 0;

	(void)state;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), 0);
	assert_int_equal(value, 22);
	assert_int_equal(read_one(&f, sizeof(f), "mmio_exit_user", &value), 0);
	assert_int_equal(value, 33);
	assert_int_equal(read_one(&f, sizeof(f), "exit", &value), -ENOENT);
	assert_int_equal(read_one(&f, sizeof(f), "", &value), -ENOENT);
}

/* A descriptor that stays open sees values change, as the one of a live vCPU does. */
static void test_value_is_read_anew(void **state)
{
	struct file f = sample();
	int fd = file_of(&f, sizeof(f));
	struct tl_kvm_stats stats;
	uint64_t value, grown = 99;

	(void)state;
	assert_int_equal(tl_kvm_stats_init(&stats, fd), 0);
	assert_int_equal(tl_kvm_stats_value(&stats, "exits", &value), 0);
	assert_int_equal(value, 22);
	assert_int_equal(pwrite(fd, &grown, 8, offsetof(struct file, data) + 8), 8);
	assert_int_equal(tl_kvm_stats_value(&stats, "exits", &value), 0);
	assert_int_equal(value, 99);
	tl_kvm_stats_fini(&stats);
	tl_kvm_stats_fini(&stats);
	close(fd);
}

static void test_truncated_at_every_byte(void **state)
{
	struct file f = sample();
	uint64_t value;

	(void)state;
	for (size_t size = 0; size < sizeof(f); size++)
		assert_int_equal(read_one(&f, size, "mmio_exit_user", &value), -EIO);
}

static void test_header_lies(void **state)
{
	uint64_t value;
	struct file f;

	(void)state;
	f = sample(), f.header.name_size = 0;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EPROTO);
	f = sample(), f.header.name_size = UINT32_MAX;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EPROTO);
	f = sample(), f.header.num_desc = UINT32_MAX;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EPROTO);
	f = sample(), f.header.num_desc = 0;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -ENOENT);
	f = sample(), f.header.desc_offset = UINT32_MAX;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EIO);
	f = sample(), f.header.data_offset = UINT32_MAX;
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EIO);
}

static void test_descriptor_lies(void **state)
{
	struct file f = sample();
	uint64_t value;

	(void)state;
	put_desc(&f, 1, "exits", 0, 8);
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EPROTO);
	put_desc(&f, 1, "exits", 1, UINT32_MAX);
	assert_int_equal(read_one(&f, sizeof(f), "exits", &value), -EIO);
	/* A name without its end must not be read beyond the table. */
	memset(f.table + 2 * STRIDE + sizeof(struct kvm_stats_desc), 'x', NAME_SIZE);
	assert_int_equal(read_one(&f, sizeof(f), "nothing", &value), -ENOENT);
}

/* The sample with its second statistic a histogram of two values. */
static int sample_with_histogram(void)
{
	struct file f = sample();

	put_desc(&f, 1, "exits", 2, 8);
	return file_of(&f, sizeof(f));
}

static void test_array(void **state)
{
	int fd = sample_with_histogram();
	uint64_t values[3] = {1, 2, 3};
	struct tl_kvm_stats stats;

	(void)state;
	assert_int_equal(tl_kvm_stats_init(&stats, fd), 0);
	assert_int_equal(tl_kvm_stats_array(&stats, "exits", values, 3), 2);
	assert_int_equal(values[0], 22);
	assert_int_equal(values[1], 33);
	assert_int_equal(values[2], 3);
	/* What is no histogram is one of one. */
	assert_int_equal(tl_kvm_stats_array(&stats, "hvc_exit_stat", values, 3), 1);
	assert_int_equal(values[0], 11);
	assert_int_equal(values[1], 33);
	assert_int_equal(tl_kvm_stats_array(&stats, "exit", values, 3), -ENOENT);
	tl_kvm_stats_fini(&stats);
	close(fd);
}

/* Not more than there is room for. */
static void test_array_too_small(void **state)
{
	int fd = sample_with_histogram();
	uint64_t values[2] = {1, 2}, value = 0;
	struct tl_kvm_stats stats;

	(void)state;
	assert_int_equal(tl_kvm_stats_init(&stats, fd), 0);
	assert_int_equal(tl_kvm_stats_array(&stats, "exits", values, 1), 1);
	assert_int_equal(values[0], 22);
	assert_int_equal(values[1], 2);
	assert_int_equal(tl_kvm_stats_value(&stats, "exits", &value), 0);
	assert_int_equal(value, 22);
	tl_kvm_stats_fini(&stats);
	close(fd);
}

/* A histogram that the file ends in the middle of, or that says it is endless. */
static void test_array_lies(void **state)
{
	struct file f = sample();
	struct tl_kvm_stats stats;
	uint64_t values[3];
	int fd;

	(void)state;
	put_desc(&f, 0, "empty", 0, 0);
	put_desc(&f, 1, "endless", UINT16_MAX, 8);
	put_desc(&f, 2, "far", 3, UINT32_MAX);
	fd = file_of(&f, sizeof(f));
	assert_int_equal(tl_kvm_stats_init(&stats, fd), 0);
	assert_int_equal(tl_kvm_stats_array(&stats, "empty", values, 3), -EPROTO);
	assert_int_equal(tl_kvm_stats_array(&stats, "endless", values, 2), 2);
	assert_int_equal(tl_kvm_stats_array(&stats, "endless", values, 3), -EIO);
	assert_int_equal(tl_kvm_stats_array(&stats, "far", values, 3), -EIO);
	tl_kvm_stats_fini(&stats);
	close(fd);
}

/* A name that fills its field has no end of its own: it loses its last byte. */
static void test_names(void **state)
{
	struct file f = sample();
	struct tl_kvm_stats stats;
	int fd;

	(void)state;
	memset(f.table + 2 * STRIDE + sizeof(struct kvm_stats_desc), 'x', NAME_SIZE);
	fd = file_of(&f, sizeof(f));
	assert_int_equal(tl_kvm_stats_init(&stats, fd), 0);
	assert_int_equal(stats.count, 3);
	assert_string_equal(tl_kvm_stats_name(&stats, 0), "hvc_exit_stat");
	assert_string_equal(tl_kvm_stats_name(&stats, 1), "exits");
	assert_int_equal(strlen(tl_kvm_stats_name(&stats, 2)), NAME_SIZE - 1);
	tl_kvm_stats_fini(&stats);
	close(fd);
}

static void test_noise(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 5000; i++) {
		struct file f = sample();
		unsigned char *raw = (unsigned char *)&f;
		uint64_t value;

		for (int n = 0; n < 4; n++)
			raw[(size_t)random() % sizeof(f.header)] = (unsigned char)random();
		raw[(size_t)random() % sizeof(f)] = (unsigned char)random();
		(void)read_one(&f, (size_t)random() % (sizeof(f) + 1), "exits", &value);
	}
}

static void test_no_file(void **state)
{
	uint64_t value;
	int fds[2];

	(void)state;
	assert_int_equal(read_fd(-1, "exits", &value), -EBADF);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(read_fd(fds[0], "exits", &value), -ESPIPE);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_value_is_read_anew),
		cmocka_unit_test(test_truncated_at_every_byte),
		cmocka_unit_test(test_header_lies),
		cmocka_unit_test(test_descriptor_lies),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_array_too_small),
		cmocka_unit_test(test_array_lies),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
