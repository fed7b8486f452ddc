/* SPDX-License-Identifier: MIT */
/*
 * The kernel's counts from KVM's binary statistics: of the whole series, of a
 * stock kernel, of kernels with other numbers of buckets, and of files that lie.
 * Links: trace/collect/kvm_counts.c trace/collect/kvm_stats.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "trace/collect/kvm_counts.h"

#define NAME_SIZE 48u
#define STRIDE    (sizeof(struct kvm_stats_desc) + NAME_SIZE)
#define STATS_MAX 32u
#define DATA_MAX  1024u

/* enum kvm_exit_class and KVM_HANDLING_NS_BUCKETS of kernel/patches. */
#define RETURNED 68u
#define FIXUPS   65u
#define BUCKETS  32u

/* As the file of a vCPU is laid out; the table has room for more than there is. */
struct file {
	struct kvm_stats_header header;
	char id[NAME_SIZE];
	unsigned char table[STATS_MAX * STRIDE];
	uint64_t data[DATA_MAX];
	unsigned int values; /* not in the file: how much of `data` is used */
};

/* Without what is not used of `data`. */
static size_t file_size(const struct file *f)
{
	return offsetof(struct file, data) + f->values * sizeof(uint64_t);
}

static void start(struct file *f)
{
	*f = (struct file){
		.header = {.name_size = NAME_SIZE,
			.id_offset = offsetof(struct file, id),
			.desc_offset = offsetof(struct file, table),
			.data_offset = offsetof(struct file, data)},
	};
}

/* Adds a statistic of `size` values: first, first + 1, ... Returns its place in the table. */
static unsigned int put(struct file *f, const char *name, uint16_t size, uint64_t first)
{
	struct kvm_stats_desc desc = {
		.size = size, .offset = (uint32_t)(f->values * sizeof(uint64_t))};
	unsigned int at = f->header.num_desc++;

	assert_true(at < STATS_MAX && f->values + size <= DATA_MAX);
	memcpy(f->table + at * STRIDE, &desc, sizeof(desc));
	strncpy((char *)f->table + at * STRIDE + sizeof(desc), name, NAME_SIZE - 1);
	for (unsigned int i = 0; i < size; i++)
		f->data[f->values++] = first + i;
	return at;
}

static void set_size(struct file *f, unsigned int at, uint16_t size)
{
	struct kvm_stats_desc desc;

	memcpy(&desc, f->table + at * STRIDE, sizeof(desc));
	desc.size = size;
	memcpy(f->table + at * STRIDE, &desc, sizeof(desc));
}

/* What Linux 6.12 has without the series. */
static void stock(struct file *f)
{
	start(f);
	put(f, "halt_successful_poll", 1, 90);
	put(f, "halt_poll_success_hist", 32, 900);
	put(f, "hvc_exit_stat", 1, 91);
	put(f, "mmio_exit_user", 1, 92);
	put(f, "signal_exits", 1, 93);
	put(f, "exits", 1, 5000);
}

static void patched(struct file *f)
{
	stock(f);
	put(f, "exits_returned", RETURNED, 1000);
	put(f, "exits_fixup", FIXUPS, 2000);
	put(f, "entries_not_run", 1, 77);
	put(f, "handling_ns_irq", BUCKETS, 3000);
	put(f, "handling_ns_dabt", BUCKETS, 4000);
}

/* The counts start out as rubbish, which must not remain. */
static int read_file(const struct file *f, size_t size, struct tl_kernel_counts *counts)
{
	int fd = memfd_create("stats", MFD_CLOEXEC);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f, size), (ssize_t)size);
	memset(counts, 0xa5, sizeof(*counts));
	ret = tl_kvm_counts_read(fd, counts);
	close(fd);
	return ret;
}

static struct tl_kernel_counts counts_of(const struct file *f)
{
	struct tl_kernel_counts counts;

	assert_int_equal(read_file(f, file_size(f), &counts), 0);
	return counts;
}

static void test_patched(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	patched(&f);
	counts = counts_of(&f);
	assert_true(counts.has_exits && counts.has_classes);
	assert_true(counts.has_fixups && counts.has_not_run);
	assert_int_equal(counts.exits, 5000);
	assert_int_equal(counts.not_run, 77);
	for (unsigned int i = 0; i < TL_ESR_EC_COUNT; i++) {
		assert_int_equal(counts.classes[TL_CLASS_EC + i], 1000 + i);
		assert_int_equal(counts.fixups[i], 2000 + i);
	}
	assert_int_equal(counts.fixups[TL_FIXUP_WITHHELD], 2064);
}

/* Behind the exception classes, in the kernel's order, which is not ours. */
static void test_classes_without_syndrome(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	patched(&f);
	counts = counts_of(&f);
	assert_int_equal(counts.classes[TL_CLASS_IRQ], 1064);
	assert_int_equal(counts.classes[TL_CLASS_SERROR], 1065);
	assert_int_equal(counts.classes[TL_CLASS_IL], 1066);
	assert_int_equal(counts.classes[TL_CLASS_HYP_GONE], 1067);
	assert_int_equal(counts.classes[TL_CLASS_OTHER], 0);
}

static void test_times(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	patched(&f);
	counts = counts_of(&f);
	assert_int_equal(counts.time_count, 2);
	assert_string_equal(counts.times[0].name, "irq");
	assert_string_equal(counts.times[1].name, "dabt");
	for (unsigned int i = 0; i < TL_KERNEL_BUCKETS; i++) {
		assert_int_equal(counts.times[0].buckets[i], 3000 + i);
		assert_int_equal(counts.times[1].buckets[i], 4000 + i);
	}
}

/* Nothing of what is not there is known, and nothing of it is anything but 0. */
static void test_stock(void **state)
{
	struct tl_kernel_counts counts, expected = {.has_exits = 1, .exits = 5000};
	struct file f;

	(void)state;
	stock(&f);
	counts = counts_of(&f);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

/* Statistics without a single one that is looked for, or without any. */
static void test_no_exits(void **state)
{
	struct tl_kernel_counts counts, expected = {0};
	struct file f;

	(void)state;
	start(&f);
	put(&f, "signal_exits", 1, 93);
	counts = counts_of(&f);
	assert_memory_equal(&counts, &expected, sizeof(counts));
	start(&f);
	counts = counts_of(&f);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

/* A kernel that knows less: the rest is 0, and not what comes next in the file. */
static void test_fewer_buckets(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	stock(&f);
	put(&f, "exits_returned", 65, 1000);
	put(&f, "exits_fixup", 10, 2000);
	put(&f, "handling_ns_hvc", 3, 3000);
	put(&f, "next", 100, 666);
	counts = counts_of(&f);
	assert_true(counts.has_classes && counts.has_fixups);
	assert_false(counts.has_not_run);
	assert_int_equal(counts.classes[TL_CLASS_EC + 63], 1063);
	assert_int_equal(counts.classes[TL_CLASS_IRQ], 1064);
	assert_int_equal(counts.classes[TL_CLASS_SERROR], 0);
	assert_int_equal(counts.classes[TL_CLASS_HYP_GONE], 0);
	assert_int_equal(counts.fixups[9], 2009);
	for (unsigned int i = 10; i < TL_FIXUP_CLASSES; i++)
		assert_int_equal(counts.fixups[i], 0);
	assert_int_equal(counts.times[0].buckets[2], 3002);
	for (unsigned int i = 3; i < TL_KERNEL_BUCKETS; i++)
		assert_int_equal(counts.times[0].buckets[i], 0);
}

/* One that knows more: what it means is not known here, but it does no harm. */
static void test_more_buckets(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	start(&f);
	put(&f, "exits_returned", 200, 1000);
	put(&f, "exits_fixup", 200, 2000);
	put(&f, "entries_not_run", 3, 77);
	put(&f, "handling_ns_hvc", 200, 3000);
	put(&f, "handling_ns_smc", 33, 4000);
	counts = counts_of(&f);
	assert_true(counts.has_classes && counts.has_fixups && counts.has_not_run);
	assert_int_equal(counts.classes[TL_CLASS_EC], 1000);
	assert_int_equal(counts.classes[TL_CLASS_HYP_GONE], 1067);
	assert_int_equal(counts.fixups[TL_FIXUP_WITHHELD], 2064);
	assert_int_equal(counts.not_run, 77);
	assert_int_equal(counts.times[0].buckets[TL_KERNEL_BUCKETS - 1], 3031);
	assert_string_equal(counts.times[1].name, "smc");
	assert_int_equal(counts.times[1].buckets[0], 4000);
	assert_int_equal(counts.time_count, 2);
}

/* More kinds than there is room for, and a kind with a long name. */
static void test_more_times(void **state)
{
	struct tl_kernel_counts counts;
	char name[NAME_SIZE];
	struct file f;

	(void)state;
	start(&f);
	put(&f, "handling_ns_abcdefghijklmnopqrstuvw", 1, 5);
	for (unsigned int i = 1; i < TL_KERNEL_TIMES + 5; i++) {
		snprintf(name, sizeof(name), "handling_ns_%u", i);
		put(&f, name, 1, i);
	}
	counts = counts_of(&f);
	assert_int_equal(counts.time_count, TL_KERNEL_TIMES);
	assert_string_equal(counts.times[0].name, "abcdefghijklmno");
	assert_int_equal(counts.times[0].buckets[0], 5);
	assert_string_equal(counts.times[TL_KERNEL_TIMES - 1].name, "15");
	assert_int_equal(counts.times[TL_KERNEL_TIMES - 1].buckets[0], 15);
}

/* Names that only look alike. */
static void test_similar_names(void **state)
{
	struct tl_kernel_counts counts, expected = {0};
	struct file f;

	(void)state;
	start(&f);
	put(&f, "exits_return", 68, 1);
	put(&f, "exits_fixups", 65, 1);
	put(&f, "handling_n", 1, 1);
	put(&f, "the_handling_ns_irq", 32, 1);
	counts = counts_of(&f);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

static void test_truncated_at_every_value(void **state)
{
	struct tl_kernel_counts counts;
	struct file f;

	(void)state;
	patched(&f);
	for (size_t size = 0; size < sizeof(f.header) + sizeof(f.id); size++)
		assert_int_equal(read_file(&f, size, &counts), -EIO);
	/* From "exits" on, each byte that is missing is one of a value that is read. */
	for (size_t size = offsetof(struct file, data); size < file_size(&f); size += 4)
		assert_int_equal(read_file(&f, size, &counts), -EIO);
	assert_int_equal(read_file(&f, file_size(&f), &counts), 0);
}

/* A statistic without values is none that a kernel has: no count may be made up of it. */
static void test_size_0(void **state)
{
	static const char *const names[] = {
		"exits", "exits_returned", "exits_fixup", "entries_not_run", "handling_ns_hvc"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(names); i++) {
		struct tl_kernel_counts counts;
		unsigned int at;
		struct file f;

		start(&f);
		at = put(&f, names[i], 1, 1);
		assert_int_equal(read_file(&f, file_size(&f), &counts), 0);
		set_size(&f, at, 0);
		assert_int_equal(read_file(&f, file_size(&f), &counts), -EPROTO);
	}
}

static void test_no_statistics(void **state)
{
	struct tl_kernel_counts counts = {.has_exits = 1}, expected = {0};
	struct file f;

	(void)state;
	assert_int_equal(tl_kvm_counts_read(-1, &counts), -EBADF);
	assert_memory_equal(&counts, &expected, sizeof(counts));
	patched(&f);
	f.header.num_desc = UINT32_MAX;
	assert_int_equal(read_file(&f, file_size(&f), &counts), -EPROTO);
	assert_memory_equal(&counts, &expected, sizeof(counts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patched),
		cmocka_unit_test(test_classes_without_syndrome),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_stock),
		cmocka_unit_test(test_no_exits),
		cmocka_unit_test(test_fewer_buckets),
		cmocka_unit_test(test_more_buckets),
		cmocka_unit_test(test_more_times),
		cmocka_unit_test(test_similar_names),
		cmocka_unit_test(test_truncated_at_every_value),
		cmocka_unit_test(test_size_0),
		cmocka_unit_test(test_no_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
