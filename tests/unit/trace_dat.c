/* SPDX-License-Identifier: MIT */
/*
 * trace.dat: what is written is found again, and whatever else a file may have in its
 * header is refused in words.
 * Links: trace/record/dat_write.c trace/record/dat_read.c trace/decode/kvm_event.c
 * Links: trace/decode/event_format.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "trace/record/dat.h"

#define PAGE      4096u
#define CPUS      3u
#define SIZES_MAX 32768

#define COMMON                                                                                     \
	"format:\n"                                                                                \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char exit_format[] =
	"name: kvm_exit\nID: 54\n" COMMON "\tfield:int ret;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned int esr_ec;\toffset:12;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long vcpu_pc;\toffset:16;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"ret %d\", REC->ret\n";
static const char entry_format[] =
	"name: kvm_entry\nID: 55\n" COMMON
	"\tfield:unsigned long vcpu_pc;\toffset:8;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"PC: 0x%016lx\", REC->vcpu_pc\n";
static const char waking_format[] = "name: sched_waking\nID: 310\n" COMMON
				    "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n\n"
				    "print fmt: \"pid=%d\", REC->pid\n";
/* Events that nobody here knows, and what is no format at all, are passed over. */
static const char other_format[] =
	"name: sched_stat_wait\nID: 311\n" COMMON "\nprint fmt: \"%d\", 1\n";
static const struct tl_dat_event events[] = {{"kvm", entry_format}, {"kvm", exit_format},
	{"sched", other_format}, {"sched", waking_format}, {"irq", "rubbish"}, {"empty", ""}};

static const struct tl_dat_header header = {.page_size = PAGE,
	.cpus = CPUS,
	.header_page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n",
	.header_event = "# compressed entry header\n",
	.clock = "local global [mono]",
	.uname = "Linux 6.12",
	.version = "trapline",
	.event_count = ARRAY_LEN(events),
	.events = events,
	.cmdlines = "100 vcpu 0\n101 vcpu 1\n"};

static int open_fds; /* before the test */

static int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A file that is made and changed. */
struct file {
	const char *path;
	int fd;
	uint64_t table, size; /* of its header */
	char *bytes;          /* as it was written */
};

static struct file create(const struct tl_dat_header *from)
{
	struct file file = {.path = fake_path("trace.dat")};

	file.fd = open(file.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file.fd >= 0);
	assert_int_equal(tl_dat_write_header(file.fd, from, &file.table), 0);
	file.size = (uint64_t)lseek(file.fd, 0, SEEK_END);
	assert_int_equal(file.size, file.table + from->cpus * 16);
	file.bytes = malloc(file.size);
	assert_int_equal(pread(file.fd, file.bytes, file.size, 0), file.size);
	return file;
}

static void destroy(struct file *file)
{
	close(file->fd);
	free(file->bytes);
}

static void patch(const struct file *file, uint64_t at, const void *bytes, size_t size)
{
	assert_int_equal(pwrite(file->fd, bytes, size, (off_t)at), size);
}

/* Back to what it was. */
static void mend(const struct file *file)
{
	assert_int_equal(ftruncate(file->fd, (off_t)file->size), 0);
	patch(file, 0, file->bytes, file->size);
}

/* Where in the header these bytes are, from `from` on. */
static uint64_t find(const struct file *file, uint64_t from, const char *bytes, size_t size)
{
	const char *found = memmem(file->bytes + from, file->size - from, bytes, size);

	assert_non_null(found);
	return (uint64_t)(found - file->bytes);
}

static uint64_t find_text(const struct file *file, const char *text)
{
	return find(file, 0, text, strlen(text));
}

/* Where the number of CPUs is. */
static uint64_t find_cpus(const struct file *file)
{
	return find(file, 0, "options  ", 10) - 4;
}

/* It is refused, and the problem has each of the words, which end with a NULL. */
static void expect_refused(const char *path, const char *const *words)
{
	char problem[256] = "";
	struct tl_dat dat;
	int truncated;

	assert_int_equal(tl_dat_open(&dat, path, &truncated, problem, sizeof(problem)), -EPROTO);
	tl_dat_close(&dat);
	assert_true(problem[0]);
	for (; *words; words++) {
		if (!strstr(problem, *words))
			fail_msg("no '%s' in: %s", *words, problem);
	}
}

#define assert_refused(path, ...) expect_refused(path, (const char *const[]){__VA_ARGS__, NULL})

/* Refused with `bytes` at `at`. */
#define assert_patched(file, at, bytes, size, ...)                                                 \
	do {                                                                                       \
		patch(file, at, bytes, size);                                                      \
		assert_refused((file)->path, __VA_ARGS__);                                         \
		mend(file);                                                                        \
	} while (0)

static struct tl_dat open_good(const struct file *file, int expect_truncated)
{
	char problem[256] = "";
	struct tl_dat dat;
	int truncated;
	int ret = tl_dat_open(&dat, file->path, &truncated, problem, sizeof(problem));

	if (ret)
		fail_msg("%d: %s", ret, problem);
	assert_int_equal(truncated, expect_truncated);
	return dat;
}

static void test_round_trip(void **state)
{
	struct file file = create(&header);
	struct tl_dat dat = open_good(&file, 0);

	(void)state;
	assert_int_equal(dat.page_size, PAGE);
	assert_int_equal(dat.cpus, CPUS);
	assert_int_equal(dat.table, file.table);
	assert_int_equal(dat.format.event[TL_EVENT_EXIT].id, 54);
	assert_int_equal(dat.format.event[TL_EVENT_EXIT].pc.offset, 16);
	assert_int_equal(dat.format.event[TL_EVENT_ENTRY].id, 55);
	assert_int_equal(dat.format.event[TL_EVENT_WAKE].id, 310);
	assert_int_equal(dat.format.event[TL_EVENT_SWITCH].id, -1);
	for (unsigned int i = 0; i < CPUS; i++)
		assert_int_equal(dat.places[i].size, 0);
	tl_dat_close(&dat);
	tl_dat_close(&dat);
	/* Two of the CPUs have data, and the last one's are where the file ends. */
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 1, file.size, 10), 0);
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 2, file.size + 10, 90), 0);
	assert_int_equal(ftruncate(file.fd, (off_t)file.size + 100), 0);
	dat = open_good(&file, 0);
	assert_int_equal(dat.places[0].size, 0);
	assert_int_equal(dat.places[1].offset, file.size);
	assert_int_equal(dat.places[1].size, 10);
	assert_int_equal(dat.places[2].offset, file.size + 10);
	assert_int_equal(dat.places[2].size, 90);
	tl_dat_close(&dat);
	destroy(&file);
}

/* The least header, and one with more names of threads than there is room for. */
/* robust: recording.header */
static void test_other_headers(void **state)
{
	static const struct tl_dat_event one = {"kvm", exit_format};
	struct tl_dat_header other = {
		.page_size = TL_DAT_PAGE_MIN, .cpus = 1, .event_count = 1, .events = &one};
	char *names = malloc(SIZES_MAX);
	struct file file = create(&other);
	struct tl_dat dat = open_good(&file, 0);

	(void)state;
	assert_int_equal(dat.page_size, TL_DAT_PAGE_MIN);
	assert_int_equal(dat.cpus, 1);
	tl_dat_close(&dat);
	destroy(&file);
	memset(names, 'x', SIZES_MAX - 1);
	names[SIZES_MAX - 1] = 0;
	other.cmdlines = names;
	other.page_size = TL_DAT_PAGE_MAX;
	other.cpus = TL_DAT_CPUS_MAX;
	file = create(&other);
	dat = open_good(&file, 0);
	assert_int_equal(dat.page_size, TL_DAT_PAGE_MAX);
	assert_int_equal(dat.cpus, TL_DAT_CPUS_MAX);
	tl_dat_close(&dat);
	destroy(&file);
	/* Without the one event that all is about. */
	other.cpus = other.event_count = 0;
	file = create(&other);
	assert_refused(file.path, "kvm_exit");
	destroy(&file);
	free(names);
}

/* robust: recording.truncated */
static void test_truncated(void **state)
{
	struct file file = create(&header);

	(void)state;
	for (uint64_t size = file.size; size-- > 0;) {
		assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
		assert_refused(file.path, "byte");
	}
	destroy(&file);
}

static void test_prologue(void **state)
{
	static const uint32_t bad_sizes[] = {
		0, 1, 63, 65, 100, 4097, TL_DAT_PAGE_MAX + 64, 1u << 31, UINT32_MAX};
	struct file file = create(&header);

	(void)state;
	for (unsigned int i = 0; i < TL_DAT_MAGIC_SIZE; i++)
		assert_patched(&file, i, "?", 1, "no trace.dat");
	assert_patched(&file, 10, "7", 1, "version 7 ", "version 6 ");
	assert_patched(&file, 11, "6", 1, "66", "6 ");
	assert_patched(&file, 12, "\1", 1, "little endian"); /* big endian */
	assert_patched(&file, 13, "\4", 1, "64-bit");        /* longs of 4 bytes */
	for (unsigned int i = 0; i < ARRAY_LEN(bad_sizes); i++) {
		char words[32];

		snprintf(words, sizeof(words), "pages of %u bytes", bad_sizes[i]);
		assert_patched(&file, 14, &bad_sizes[i], 4, words);
	}
	/* A version that does not end. */
	memset(file.bytes + 10, '6', 100);
	mend(&file);
	assert_refused(file.path, "version", "does not end");
	destroy(&file);
}

static void test_cpus(void **state)
{
	static const uint32_t bad[] = {0, TL_DAT_CPUS_MAX + 1, 1000000000, UINT32_MAX};
	struct file file = create(&header);
	uint64_t at = find_cpus(&file);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		char words[32];

		snprintf(words, sizeof(words), "%u CPUs", bad[i]);
		assert_patched(&file, at, &bad[i], 4, words);
	}
	/* One more than the table has. */
	assert_patched(&file, at, &(uint32_t){CPUS + 1}, 4, "table of CPUs");
	destroy(&file);
}

/* Each size and number in the header, beyond all that a file can have. */
static void test_sizes(void **state)
{
	static const uint64_t large[] = {UINT64_C(1) << 63, UINT64_MAX, INT64_MAX, 1000000};
	struct file file = create(&header);
	uint64_t page = find_text(&file, "header_page") + 12;
	uint64_t event = find_text(&file, "header_event") + 13;
	uint64_t format = find_text(&file, "name: kvm_exit") - 8;
	uint64_t cpus = find_cpus(&file), names = find_text(&file, "100 vcpu") - 8;
	uint64_t systems = find(&file, event, "kvm", 4) - 4;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(large); i++) {
		assert_patched(&file, page, &large[i], 8, "header_page claims");
		assert_patched(&file, event, &large[i], 8, "header_event claims");
		assert_patched(&file, format, &large[i], 8, "an event format claims");
		assert_patched(&file, names, &large[i], 8, "the names of threads claims");
	}
	assert_patched(&file, format, &(uint64_t){65536}, 8, "ends in the event formats");
	for (uint32_t count = 100001; count; count *= 2) {
		assert_patched(&file, systems - 4, &count, 4, "the ftrace formats claims");
		assert_patched(&file, systems, &count, 4, "the event systems claims");
		assert_patched(&file, systems + 8, &count, 4, "an event system claims");
	}
	assert_patched(&file, systems - 4, &(uint32_t){1}, 4, "an ftrace format claims");
	assert_patched(&file, names - 8, &(uint32_t){UINT32_MAX}, 4, "kallsyms claims");
	assert_patched(&file, names - 4, &(uint32_t){UINT32_MAX}, 4, "trace_printk formats claims");
	assert_patched(&file, cpus + 16, &(uint32_t){UINT32_MAX}, 4, "an option claims");
	destroy(&file);
}

/* Other words than those that must be there. */
static void test_names(void **state)
{
	struct file file = create(&header);
	uint64_t system;

	(void)state;
	assert_patched(&file, find_text(&file, "header_page"), "H", 1, "no header_page");
	assert_patched(&file, find_text(&file, "header_event"), "H", 1, "no header_event");
	assert_patched(&file, file.table - 10, "latency  ", 10, "flyrecord");
	assert_patched(&file, find(&file, 0, "options  ", 10), "O", 1, "flyrecord");
	/* The name of a system that goes on for ever. */
	system = find(&file, 0, "kvm", 4);
	memset(file.bytes + system, 'k', 100);
	mend(&file);
	assert_refused(file.path, "name of an event system", "does not end");
	destroy(&file);
}

static void test_places(void **state)
{
	struct file file = create(&header);
	struct tl_dat dat;
	uint64_t end = file.size + 100;

	(void)state;
	assert_int_equal(ftruncate(file.fd, (off_t)end), 0);
	file.size = end;
	file.bytes = realloc(file.bytes, end);
	assert_int_equal(pread(file.fd, file.bytes, end, 0), end);
	/* Any place before the end of the table. */
	for (uint64_t at = 0; at < end - 100; at += at < file.table - 1000 ? 1000 : 1) {
		const uint64_t place[] = {at, 1};

		assert_patched(&file, file.table + 16, place, 16, "CPU 1", "header");
	}
	/* More than there is: cut off where the file ends. */
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 0, end - 100, 101), 0);
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 1, end, 1), 0);
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 2, UINT64_MAX, UINT64_MAX), 0);
	dat = open_good(&file, 1);
	assert_int_equal(dat.places[0].offset, end - 100);
	assert_int_equal(dat.places[0].size, 100);
	assert_int_equal(dat.places[1].size, 0);
	assert_int_equal(dat.places[2].size, 0);
	tl_dat_close(&dat);
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 0, end - 50, UINT64_MAX), 0);
	dat = open_good(&file, 1);
	assert_int_equal(dat.places[0].size, 50);
	tl_dat_close(&dat);
	/* A CPU without data lies nowhere, and takes nothing away. */
	mend(&file);
	assert_int_equal(tl_dat_write_place(file.fd, file.table, 0, end + PAGE, 0), 0);
	dat = open_good(&file, 0);
	assert_int_equal(dat.places[0].size, 0);
	tl_dat_close(&dat);
	destroy(&file);
}

static void test_no_file(void **state)
{
	const char *fifo = fake_path("fifo");
	char problem[256] = "";
	struct tl_dat dat;
	int truncated;

	(void)state;
	assert_refused(fake_path("."), "not a regular file");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(10); /* it must not wait for a writer */
	assert_refused(fifo, "not a regular file");
	alarm(0);
	assert_int_equal(tl_dat_open(&dat, fake_path("none"), &truncated, problem, sizeof(problem)),
		-ENOENT);
	assert_string_equal(problem, strerror(ENOENT));
	tl_dat_close(&dat);
	assert_refused(fake_file("empty", "", 0), "ends in");
	assert_refused("/dev/null", "not a regular file");
}

/* The last descriptor that there is is taken for the file itself. */
static void test_no_descriptors(void **state)
{
	struct file file = create(&header);
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit, low;
	char problem[256] = "";
	struct tl_dat dat;
	int truncated, ret;

	(void)state;
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	ret = tl_dat_open(&dat, file.path, &truncated, problem, sizeof(problem));
	tl_dat_close(&dat);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(ret, -EMFILE);
	assert_string_equal(problem, strerror(EMFILE));
	destroy(&file);
}

static void test_write_errors(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	uint64_t table;

	(void)state;
	assert_int_equal(tl_dat_write_header(full, &header, &table), -ENOSPC);
	assert_int_equal(tl_dat_write_header(-1, &header, &table), -EBADF);
	assert_int_equal(tl_dat_write_place(-1, 0, 0, 0, 0), -EBADF);
	close(full);
}

static int setup(void **state)
{
	open_fds = count_fds();
	return fake_files_setup(state);
}

static int teardown(void **state)
{
	/* What was opened was closed. */
	return count_fds() == open_fds ? fake_files_teardown(state) : -1;
}

#define FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILES(test_round_trip),
		FILES(test_other_headers),
		FILES(test_truncated),
		FILES(test_prologue),
		FILES(test_cpus),
		FILES(test_sizes),
		FILES(test_names),
		FILES(test_places),
		FILES(test_no_file),
		FILES(test_no_descriptors),
		FILES(test_write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
