/* SPDX-License-Identifier: MIT */
/*
 * Recordings as a whole, made in a temporary folder: complete ones, those of a recorder that
 * was killed, parts of them, and what is wrong with them.
 * Links: trace/record/recording.c trace/record/dat_read.c trace/record/dat_write.c
 * Links: trace/record/stream.c trace/record/page.c trace/record/vm_json.c
 * Links: trace/decode/kvm_event.c trace/decode/event_format.c trace/decode/esr.c
 * Links: trace/decode/symbols.c trace/decode/symbols_elf.c trace/decode/symbols_kallsyms.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/reconcile.c
 * Links: trace/profile/burst.c trace/profile/event_detail.c trace/profile/switch.c
 * Links: trace/profile/detail.c trace/profile/hist.c trace/profile/slide.c base/file.c
 * Links: base/parse.c tests/unit/fake_files.c tests/unit/fake_log.c tests/unit/fake_recording.c
 * Libs: jansson elf z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_recording.h"

static void test_whole(void **state)
{
	(void)state;
	recorded_put_exits();
	for (unsigned int i = 0; i < 2; i++)
		recorded.vcpus[i].kernel = (struct tl_kernel_counts){.has_exits = 1, .exits = 40};
	recorded_write_and_read();
	assert_nothing_logged();
	assert_recorded();
	assert_false(recording.truncated || recording.cut_off);
	assert_int_equal(recording.profiles[0]->map.count, 1);
	assert_int_equal(recording.profiles[0]->patched, 1);
	assert_true(tl_profile_reconcile(recording.profiles[0]).equal);
}

/* Nothing is in trace.dat yet, or only the first CPU's; the other pages are beside it. */
static void test_killed(void **state)
{
	(void)state;
	recorded_put_exits();
	recorded.vm.complete = false;
	for (unsigned int joined = 0; joined <= CPUS; joined++) {
		recorded_write(joined);
		/* What is in trace.dat already may still be there. */
		recorded_write_piece("trace.dat.cpu0", 0, 0, recorded.cpus[0].count);
		recorded_write_piece("trace.dat.cpu1", 1, 0, recorded.cpus[1].count);
		recorded_read();
		assert_int_equal(recording.cut_off, joined < CPUS);
		assert_recorded();
		assert_warned("stopped before the end");
	}
}

/* Of the last seconds two files are kept, and the one that is written may be new. */
static void test_generations(void **state)
{
	(void)state;
	recorded_put_exits();
	recorded_write(0);
	recorded_write_piece("trace.dat.cpu0.old", 0, 0, 2);
	recorded_write_piece("trace.dat.cpu0", 0, 2, recorded.cpus[0].count - 2);
	recorded_write_piece("trace.dat.cpu1.old", 1, 0, recorded.cpus[1].count);
	recorded_write_piece("trace.dat.cpu1", 1, 0, 0);
	recorded_read();
	assert_recorded();
	/* A page that is cut off, as by a full disk. */
	fake_file("trace.dat.cpu1.old", recorded.cpus[1].raw, PAGE + TL_PAGE_HEADER + 60);
	recorded_read();
	assert_int_equal(recorded_exits(0, 0), 40);
	assert_int_equal(recorded_exits(0, 1), (PAGE - TL_PAGE_HEADER) / 60 + 1);
	assert_int_equal(recording.damaged, 1);
	assert_int_equal(recording.profiles[0]->gaps_unsized, 1);
	assert_true(fake_log_has(TL_LOG_WARN, "1 damaged page "));
	assert_true(fake_log_has(TL_LOG_WARN, "stopped before the end"));
}

/* Of the part, the first two vCPUs have so many exits. */
static void assert_part(uint64_t from, uint64_t to, int vcpu, uint64_t first, uint64_t second)
{
	const struct tl_recording_part part = {.from = from, .to = to, .vcpu = vcpu};

	assert_int_equal(recorded_read_part(&part), 0);
	assert_nothing_logged();
	assert_int_equal(recording.profile_count, 1);
	assert_int_equal(recorded_exits(0, 0), first);
	assert_int_equal(recorded_exits(0, 1), second);
	/* What is left out is not missing, and no stranger's. */
	assert_int_equal(tl_profile_reconcile(recording.profiles[0]).lost, 0);
	assert_int_equal(recording.profiles[0]->strangers, recorded.stock);
}

static void test_parts(void **state)
{
	(void)state;
	recorded_put_exits();
	recorded_write(CPUS);
	assert_part(0, 0, -1, 40, 40);
	assert_part(1, 0, -1, 39, 40);
	assert_part(3950, 0, -1, 0, 1);
	assert_part(0, 1, -1, 1, 0);
	assert_part(100, 200, -1, 2, 1);
	assert_part(0, 0, 0, 40, 0);
	assert_part(0, 0, 1, 0, 40);
	assert_part(0, 0, 7, 0, 0);
	assert_part(2000, 2100, 1, 0, 1);
	assert_int_equal(recording.events, 80);
}

/* A stock kernel's events name only their thread, and the second vCPU comes first. */
static void test_stock(void **state)
{
	(void)state;
	recorded.stock = 1;
	recorded_put_exit(0, 1000, 0, 1, 0);
	recorded_put_exit(0, 1100, 0, 0, 0);
	recorded_put_exit(0, 1200, 0, 1, 0);
	recorded_put_exit(0, 1300, 0, 9, 0); /* a thread that vm.json does not have */
	recorded_write(CPUS);
	assert_part(0, 0, -1, 1, 2);
	assert_int_equal(recording.profiles[0]->patched, 0);
	assert_part(0, 0, 0, 1, 0);
	assert_part(0, 0, 1, 0, 2);
	assert_int_equal(recording.profiles[0]->vcpu_count, 1);
	assert_part(1, 0, -1, 1, 1);
}

/* robust: recording.backwards */
static void test_backwards(void **state)
{
	static const uint64_t counts[] = {5, 6, 2, 3, 7, 0, UINT64_MAX, 8};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(counts); i++)
		recorded_put_exit(0, 1000 + 100 * i, VM, 0, counts[i]);
	recorded_write_and_read();
	assert_int_equal(recorded_exits(0, 0), ARRAY_LEN(counts));
	assert_true(tl_profile_vcpu(recording.profiles[0], 0)->disorder >= 3);
}

/* Records of other events, and such that are too short for theirs. */
/* robust: recording.unknown */
static void test_unknown_records(void **state)
{
	struct exit_record record = {.type = 999, .tid = 100};

	(void)state;
	recorded_put_exits();
	recorded_put(0, 5000, &record, sizeof(record));
	record.type = EXIT;
	recorded_put(1, 5002, &record, 28);
	recorded_put(1, 5003, &record, 4);
	recorded_write_and_read();
	assert_int_equal(recording.events, 83);
	assert_int_equal(recording.undecoded, 2);
	assert_int_equal(recording.last_ts, 4950);
	assert_int_equal(recorded_exits(0, 0) + recorded_exits(0, 1), 80);
	assert_warned("2 events are shorter");
}

/* vm.json tells of other vCPUs than those that ran. */
/* robust: vm-json.vcpus */
static void test_other_vcpus(void **state)
{
	(void)state;
	recorded_put_exits();
	recorded.vcpus[1].id = 5;
	recorded_write_and_read();
	assert_int_equal(recording.profiles[0]->vcpu_count, 2);
	assert_int_equal(recording.profiles[0]->strangers, 40);
	assert_int_equal(recorded_exits(0, 0), 40);
	assert_int_equal(recorded_exits(0, 5), 0);
}

static void test_two_vms(void **state)
{
	(void)state;
	recorded_put_exits();
	recorded_put_exit(0, 6000, OTHER, 0, 500);
	recorded_put_exit(1, 6100, OTHER, 3, 1);
	recorded_put_exit(0, 6200, OTHER, 0, 501);
	recorded_write_and_read();
	assert_int_equal(recording.profile_count, 2);
	assert_int_equal(recorded_exits(0, 0) + recorded_exits(0, 1), 80);
	assert_int_equal(recording.profiles[1]->pid, OTHER);
	assert_int_equal(recorded_exits(1, 0), 2);
	assert_int_equal(recorded_exits(1, 3), 1);
	assert_int_equal(tl_profile_vcpu(recording.profiles[1], 0)->missed, 0);
	assert_int_equal(
		recorded_read_part(&(struct tl_recording_part){.vcpu = -1, .vm = OTHER}), 0);
	assert_int_equal(recorded_exits(0, 0), 0);
	assert_int_equal(recorded_exits(1, 0), 2);
}

/* What was lost before the first exit of a VM that nobody described is lost all the same. */
static void test_lost_first(void **state)
{
	/* A full page has just the room. */
	const uint64_t used = PAGE - TL_PAGE_HEADER - 16, word = used | LOST, count = 12;

	(void)state;
	recorded.vm.vcpu_count = 0;
	recorded_put_exits();
	memcpy(recorded.cpus[0].raw + 8, &word, 8);
	memcpy(recorded.cpus[1].raw + 8, &word, 8);
	memcpy(recorded.cpus[1].raw + TL_PAGE_HEADER + used, &count, 8);
	recorded_write_and_read();
	assert_recorded();
	assert_int_equal(recording.profiles[0]->ring_lost, 12);
	assert_int_equal(recording.profiles[0]->gaps_unsized, 1); /* there the number is 0 */
	assert_int_equal(recording.profiles[0]->open_gaps, 0);
}

/* trace.dat ends anywhere: it is refused, or gives what there is of it. */
/* robust: recording.truncated */
static void test_truncated(void **state)
{
	uint64_t events = 80;
	size_t header;

	(void)state;
	recorded_put_exits();
	recorded_write(CPUS);
	header = recorded.dat_size - (recorded.cpus[0].count + recorded.cpus[1].count) * PAGE;
	for (size_t size = recorded.dat_size - 1; size < recorded.dat_size; size -= 23) {
		int good = size >= header;

		fake_log_reset(NULL);
		assert_int_equal(truncate(recorded.dat, (off_t)size), 0);
		assert_int_equal(recorded_read_part(&recorded_all), good ? 0 : -EPROTO);
		assert_int_equal(recording.truncated, good);
		assert_true(recording.events <= events);
		events = recording.events; /* never more than before */
		assert_true(fake_log_has(good ? TL_LOG_WARN : TL_LOG_ERROR,
			good ? "ends before it says" : "trace.dat: "));
	}
	assert_int_equal(events, 0);
}

static void test_no_recording(void **state)
{
	static char longest[5000];

	(void)state;
	assert_int_equal(recorded_read_part(&recorded_all), -ENOENT);
	assert_error("vm.json: ", strerror(ENOENT));
	recorded_write(0);
	assert_int_equal(unlink(recorded.dat), 0);
	assert_int_equal(recorded_read_part(&recorded_all), -ENOENT);
	assert_error("trace.dat: ", strerror(ENOENT));
	/* No event at all is a recording too. */
	recorded_write(0);
	recorded_read();
	assert_warned("no event in it");
	assert_int_equal(mkfifo(fake_path("trace.dat.cpu1"), 0600), 0);
	alarm(10);
	assert_int_equal(recorded_read_part(&recorded_all), -EINVAL);
	alarm(0);
	assert_error("reading ");
	memset(longest, '/', sizeof(longest) - 1);
	recorded.folder = longest;
	assert_int_equal(recorded_read_part(&recorded_all), -ENAMETOOLONG);
	assert_error("///", strerror(ENAMETOOLONG));
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, recorded_setup, recorded_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDED(test_whole),
		RECORDED(test_killed),
		RECORDED(test_generations),
		RECORDED(test_parts),
		RECORDED(test_stock),
		RECORDED(test_backwards),
		RECORDED(test_unknown_records),
		RECORDED(test_other_vcpus),
		RECORDED(test_two_vms),
		RECORDED(test_lost_first),
		RECORDED(test_truncated),
		RECORDED(test_no_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
