/* SPDX-License-Identifier: MIT */
/*
 * Recordings as a whole, made in a temporary folder: complete ones, those of a recorder that
 * was killed, parts of them, and what is wrong with them.
 * Links: trace/record/recording.c trace/record/dat_read.c trace/record/dat_write.c
 * Links: trace/record/stream.c trace/record/page.c trace/record/vm_json.c
 * Links: trace/decode/kvm_event.c trace/decode/event_format.c trace/decode/esr.c
 * Links: trace/decode/symbols.c trace/decode/symbols_elf.c trace/decode/symbols_kallsyms.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/reconcile.c trace/profile/burst.c
 * Links: trace/profile/event_detail.c trace/profile/switch.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/slide.c
 * Links: base/file.c base/parse.c tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: jansson elf z zstd
 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "trace/record/dat.h"
#include "trace/record/page.h"
#include "trace/record/recording.h"

#define CPUS  2u
#define PAGE  512u
#define VM    99u
#define OTHER 77u
#define EXIT  54u                 /* number of the event */
#define LOST  (UINT64_C(3) << 30) /* how many is behind the data */

#define FIELD(name, offset, size)                                                                  \
	"\tfield:u64 " name ";\toffset:" #offset ";\tsize:" #size ";\tsigned:0;\n"
#define STOCK                                                                                      \
	"name: kvm_exit\nID: 54\nformat:\n" FIELD("common_type", 0, 2) FIELD("common_pid", 4, 4)   \
		FIELD("ret", 8, 4) FIELD("esr_ec", 12, 4) FIELD("vcpu_pc", 16, 8)
#define PATCHED                                                                                    \
	STOCK FIELD("vm_id", 24, 4) FIELD("vcpu_id", 28, 4) FIELD("exits", 32, 8)                  \
		FIELD("counter", 40, 8) FIELD("entered", 48, 8)

static const struct tl_recording_part all = {.vcpu = -1};

struct exit_record {
	uint16_t type, flags;
	int32_t tid, ret;
	uint32_t ec;
	uint64_t pc;
	uint32_t vm, vcpu;
	uint64_t exits, counter, entered;
};

/* What is to be recorded. */
static struct recorded {
	struct pages {
		unsigned char raw[32 * PAGE];
		size_t count, used; /* pages; bytes of the last one's data */
		uint64_t last;
	} cpus[CPUS];
	struct tl_vm_json vm;
	struct tl_vm_json_vcpu vcpus[2];
	int stock; /* the kernel that is recorded */
	size_t dat_size;
	const char *folder, *dat; /* paths */
} recorded;

static struct tl_recording recording; /* that was read last */

static int setup(void **state)
{
	recorded = (struct recorded){.vm = {.counter_hz = 1000000000,
					     .pid = VM,
					     .map = {1, {{"ram", 0x40000000, 0x10000000}}},
					     .vcpu_count = 2,
					     .vcpus = recorded.vcpus,
					     .complete = true},
		.vcpus = {{.id = 0, .tid = 100}, {.id = 1, .tid = 101}}};
	recorded.folder = fake_files_setup(state) ? NULL : fake_path(".");
	recorded.dat = fake_path(TL_RECORDING_DAT);
	return recorded.folder ? 0 : -1;
}

static int teardown(void **state)
{
	tl_recording_fini(&recording);
	return fake_files_teardown(state);
}

static void put(unsigned int cpu, uint64_t ts, const void *record, uint32_t size)
{
	struct pages *pages = &recorded.cpus[cpu];
	unsigned char *page;
	uint32_t word;

	if (!pages->count || TL_PAGE_HEADER + pages->used + 4 + size > PAGE) {
		assert_true(++pages->count * PAGE <= sizeof(pages->raw));
		pages->used = 0;
		pages->last = ts;
	}
	page = pages->raw + (pages->count - 1) * PAGE;
	if (!pages->used)
		memcpy(page, &ts, 8);
	word = size / 4 | (uint32_t)(ts - pages->last) << 5;
	memcpy(page + TL_PAGE_HEADER + pages->used, &word, 4);
	memcpy(page + TL_PAGE_HEADER + pages->used + 4, record, size);
	pages->used += 4 + size;
	pages->last = ts;
	memcpy(page + 8, &pages->used, 8);
}

/* A host interrupt's exit; the guest ran for 60 ns. */
static void put_exit(unsigned int cpu, uint64_t ts, uint32_t vm, uint32_t vcpu, uint64_t exits)
{
	const struct exit_record record = {EXIT, 0, 100 + (int32_t)vcpu, 0, 0, 0xffff800080010040,
		vm, vcpu, exits, ts, ts - 60};

	put(cpu, ts, &record, recorded.stock ? 24 : sizeof(record));
}

/* Two vCPUs, each on its CPU: 40 exits at 1000, 1100, ... and 1050, 1150, ... */
static void put_exits(void)
{
	for (uint64_t i = 0; i < 40; i++) {
		put_exit(0, 1000 + 100 * i, VM, 0, i + 1);
		put_exit(1, 1050 + 100 * i, VM, 1, i + 1);
	}
}

/* Of the CPUs, only the first `joined` are in trace.dat yet. */
static void write_all(unsigned int joined)
{
	const struct tl_dat_event event = {"kvm", recorded.stock ? STOCK : PATCHED};
	const struct tl_dat_header header = {
		.page_size = PAGE, .cpus = CPUS, .event_count = 1, .events = &event};
	int fd = open(recorded.dat, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint64_t table;

	assert_true(fd >= 0);
	assert_int_equal(tl_dat_write_header(fd, &header, &table), 0);
	for (unsigned int i = 0; i < joined; i++) {
		size_t size = recorded.cpus[i].count * PAGE;
		off_t start = lseek(fd, 0, SEEK_END);

		assert_int_equal(write(fd, recorded.cpus[i].raw, size), size);
		assert_int_equal(tl_dat_write_place(fd, table, i, (uint64_t)start, size), 0);
	}
	recorded.dat_size = (size_t)lseek(fd, 0, SEEK_END);
	close(fd);
	assert_int_equal(tl_vm_json_write(fake_path(TL_RECORDING_VM), &recorded.vm), 0);
}

static void write_piece(const char *name, unsigned int cpu, size_t first, size_t count)
{
	fake_file(name, recorded.cpus[cpu].raw + first * PAGE, count * PAGE);
}

static int read_part(const struct tl_recording_part *part)
{
	tl_recording_fini(&recording);
	return tl_recording_read(&recording, recorded.folder, part);
}

static void read_all(void)
{
	assert_int_equal(read_part(&all), 0);
}

static void write_and_read(void)
{
	write_all(CPUS);
	read_all();
}

/* Of a vCPU that is not there, 0. */
static uint64_t exits_of(unsigned int vm, unsigned int id)
{
	const struct tl_profile_vcpu *vcpu =
		vm < recording.profile_count ? tl_profile_vcpu(recording.profiles[vm], id) : NULL;

	return vcpu ? vcpu->exits : 0;
}

/* Both vCPUs with all that put_exits() makes. */
static void assert_all(void)
{
	const struct tl_profile *profile = recording.profiles[0];

	assert_int_equal(recording.profile_count, 1);
	assert_int_equal(recording.events, 80);
	assert_int_equal(recording.undecoded + recording.damaged + profile->strangers, 0);
	assert_int_equal(recording.first_ts, 1000);
	assert_int_equal(recording.last_ts, 4950);
	assert_int_equal(recording.bytes, (recorded.cpus[0].count + recorded.cpus[1].count) * PAGE);
	assert_int_equal(profile->pid, VM);
	assert_int_equal(profile->vcpu_count, 2);
	for (unsigned int i = 0; i < 2; i++) {
		const struct tl_profile_vcpu *vcpu = tl_profile_vcpu(profile, i);

		assert_int_equal(exits_of(0, i), 40);
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].count, 40);
		assert_int_equal(vcpu->tid, 100 + i);
		assert_int_equal(vcpu->guest_ns, 40 * 60);
		assert_int_equal(vcpu->missed + vcpu->disorder, 0);
		/* From the exit to the next entry; what the last one is at is not over. */
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].time->count, 39);
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].time->sum, 39 * 40);
	}
}

static void test_whole(void **state)
{
	(void)state;
	put_exits();
	for (unsigned int i = 0; i < 2; i++)
		recorded.vcpus[i].kernel = (struct tl_kernel_counts){.has_exits = 1, .exits = 40};
	write_and_read();
	assert_nothing_logged();
	assert_all();
	assert_false(recording.truncated || recording.cut_off);
	assert_int_equal(recording.profiles[0]->map.count, 1);
	assert_int_equal(recording.profiles[0]->patched, 1);
	assert_true(tl_profile_reconcile(recording.profiles[0]).equal);
}

/* Nothing is in trace.dat yet, or only the first CPU's; the other pages are beside it. */
static void test_killed(void **state)
{
	(void)state;
	put_exits();
	recorded.vm.complete = false;
	for (unsigned int joined = 0; joined <= CPUS; joined++) {
		write_all(joined);
		/* What is in trace.dat already may still be there. */
		write_piece("trace.dat.cpu0", 0, 0, recorded.cpus[0].count);
		write_piece("trace.dat.cpu1", 1, 0, recorded.cpus[1].count);
		read_all();
		assert_int_equal(recording.cut_off, joined < CPUS);
		assert_all();
		assert_warned("stopped before the end");
	}
}

/* Of the last seconds two files are kept, and the one that is written may be new. */
static void test_generations(void **state)
{
	(void)state;
	put_exits();
	write_all(0);
	write_piece("trace.dat.cpu0.old", 0, 0, 2);
	write_piece("trace.dat.cpu0", 0, 2, recorded.cpus[0].count - 2);
	write_piece("trace.dat.cpu1.old", 1, 0, recorded.cpus[1].count);
	write_piece("trace.dat.cpu1", 1, 0, 0);
	read_all();
	assert_all();
	/* A page that is cut off, as by a full disk. */
	fake_file("trace.dat.cpu1.old", recorded.cpus[1].raw, PAGE + TL_PAGE_HEADER + 60);
	read_all();
	assert_int_equal(exits_of(0, 0), 40);
	assert_int_equal(exits_of(0, 1), (PAGE - TL_PAGE_HEADER) / 60 + 1);
	assert_int_equal(recording.damaged, 1);
	assert_int_equal(recording.profiles[0]->gaps_unsized, 1);
	assert_true(fake_log_has(TL_LOG_WARN, "1 damaged page "));
	assert_true(fake_log_has(TL_LOG_WARN, "stopped before the end"));
}

/* Of the part, the first two vCPUs have so many exits. */
static void assert_part(uint64_t from, uint64_t to, int vcpu, uint64_t first, uint64_t second)
{
	const struct tl_recording_part part = {.from = from, .to = to, .vcpu = vcpu};

	assert_int_equal(read_part(&part), 0);
	assert_nothing_logged();
	assert_int_equal(recording.profile_count, 1);
	assert_int_equal(exits_of(0, 0), first);
	assert_int_equal(exits_of(0, 1), second);
	/* What is left out is not missing, and no stranger's. */
	assert_int_equal(tl_profile_reconcile(recording.profiles[0]).lost, 0);
	assert_int_equal(recording.profiles[0]->strangers, recorded.stock);
}

static void test_parts(void **state)
{
	(void)state;
	put_exits();
	write_all(CPUS);
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
	put_exit(0, 1000, 0, 1, 0);
	put_exit(0, 1100, 0, 0, 0);
	put_exit(0, 1200, 0, 1, 0);
	put_exit(0, 1300, 0, 9, 0); /* a thread that vm.json does not have */
	write_all(CPUS);
	assert_part(0, 0, -1, 1, 2);
	assert_int_equal(recording.profiles[0]->patched, 0);
	assert_part(0, 0, 0, 1, 0);
	assert_part(0, 0, 1, 0, 2);
	assert_int_equal(recording.profiles[0]->vcpu_count, 1);
	assert_part(1, 0, -1, 1, 1);
}

static void test_backwards(void **state)
{
	static const uint64_t counts[] = {5, 6, 2, 3, 7, 0, UINT64_MAX, 8};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(counts); i++)
		put_exit(0, 1000 + 100 * i, VM, 0, counts[i]);
	write_and_read();
	assert_int_equal(exits_of(0, 0), ARRAY_LEN(counts));
	assert_true(tl_profile_vcpu(recording.profiles[0], 0)->disorder >= 3);
}

/* Records of other events, and such that are too short for theirs. */
static void test_unknown_records(void **state)
{
	struct exit_record record = {.type = 999, .tid = 100};

	(void)state;
	put_exits();
	put(0, 5000, &record, sizeof(record));
	record.type = EXIT;
	put(1, 5002, &record, 28);
	put(1, 5003, &record, 4);
	write_and_read();
	assert_int_equal(recording.events, 83);
	assert_int_equal(recording.undecoded, 2);
	assert_int_equal(recording.last_ts, 4950);
	assert_int_equal(exits_of(0, 0) + exits_of(0, 1), 80);
	assert_warned("2 events are shorter");
}

/* vm.json tells of other vCPUs than those that ran. */
static void test_other_vcpus(void **state)
{
	(void)state;
	put_exits();
	recorded.vcpus[1].id = 5;
	write_and_read();
	assert_int_equal(recording.profiles[0]->vcpu_count, 2);
	assert_int_equal(recording.profiles[0]->strangers, 40);
	assert_int_equal(exits_of(0, 0), 40);
	assert_int_equal(exits_of(0, 5), 0);
}

static void test_two_vms(void **state)
{
	(void)state;
	put_exits();
	put_exit(0, 6000, OTHER, 0, 500);
	put_exit(1, 6100, OTHER, 3, 1);
	put_exit(0, 6200, OTHER, 0, 501);
	write_and_read();
	assert_int_equal(recording.profile_count, 2);
	assert_int_equal(exits_of(0, 0) + exits_of(0, 1), 80);
	assert_int_equal(recording.profiles[1]->pid, OTHER);
	assert_int_equal(exits_of(1, 0), 2);
	assert_int_equal(exits_of(1, 3), 1);
	assert_int_equal(tl_profile_vcpu(recording.profiles[1], 0)->missed, 0);
	assert_int_equal(read_part(&(struct tl_recording_part){.vcpu = -1, .vm = OTHER}), 0);
	assert_int_equal(exits_of(0, 0), 0);
	assert_int_equal(exits_of(1, 0), 2);
}

/* What was lost before the first exit of a VM that nobody described is lost all the same. */
static void test_lost_first(void **state)
{
	/* A full page has just the room. */
	const uint64_t used = PAGE - TL_PAGE_HEADER - 16, word = used | LOST, count = 12;

	(void)state;
	recorded.vm.vcpu_count = 0;
	put_exits();
	memcpy(recorded.cpus[0].raw + 8, &word, 8);
	memcpy(recorded.cpus[1].raw + 8, &word, 8);
	memcpy(recorded.cpus[1].raw + TL_PAGE_HEADER + used, &count, 8);
	write_and_read();
	assert_all();
	assert_int_equal(recording.profiles[0]->ring_lost, 12);
	assert_int_equal(recording.profiles[0]->gaps_unsized, 1); /* there the number is 0 */
	assert_int_equal(recording.profiles[0]->open_gaps, 0);
}

/* trace.dat ends anywhere: it is refused, or gives what there is of it. */
static void test_truncated(void **state)
{
	uint64_t events = 80;
	size_t header;

	(void)state;
	put_exits();
	write_all(CPUS);
	header = recorded.dat_size - (recorded.cpus[0].count + recorded.cpus[1].count) * PAGE;
	for (size_t size = recorded.dat_size - 1; size < recorded.dat_size; size -= 23) {
		int good = size >= header;

		fake_log_reset(NULL);
		assert_int_equal(truncate(recorded.dat, (off_t)size), 0);
		assert_int_equal(read_part(&all), good ? 0 : -EPROTO);
		assert_int_equal(recording.truncated, good);
		assert_true(recording.events <= events);
		events = recording.events; /* never more than before */
		assert_true(fake_log_has(good ? TL_LOG_WARN : TL_LOG_ERROR,
			good ? "ends before it says" : "trace.dat: "));
	}
	assert_int_equal(events, 0);
}

static void test_symbols(void **state)
{
	static const char *const bad[] = {"", "rubbish", ELFMAG, "ffff8000 work\n"};
	uint64_t offset;

	(void)state;
	put_exits();
	recorded.vm.symbols_linked = 0xffff800080000000;
	recorded.vm.symbols_loaded = 0x40200000;
	recorded.vm.symbols_size = 0x100000;
	write_all(CPUS);
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_file(TL_RECORDING_SYMBOLS, bad[i], strlen(bad[i]));
		read_all();
		assert_warned("symbols: no symbols in it");
		assert_null(recording.symbols);
		assert_all();
	}
	fake_file(TL_RECORDING_SYMBOLS, "ffff800080010000 T work\n", 24);
	read_all();
	assert_ptr_equal(recording.profiles[0]->symbols, recording.symbols);
	assert_string_equal(tl_symbols_find(recording.symbols, 0x40210004, &offset), "work");
}

/* A file that is named must have some, and the recording's own do not matter then. */
static void test_named_symbols(void **state)
{
	static const char map[] = "ffff800080010000 T named\n", *bad[] = {"", "rubbish"};
	const struct tl_recording_part with = {.vcpu = -1, .symbols = fake_path("System.map")};
	uint64_t offset;

	(void)state;
	put_exits();
	write_all(CPUS);
	fake_file(TL_RECORDING_SYMBOLS, "rubbish", 7);
	assert_int_equal(read_part(&with), -ENOENT);
	assert_error("--symbols '", "System.map': ", strerror(ENOENT));
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_file("System.map", bad[i], strlen(bad[i]));
		assert_int_equal(read_part(&with), -ENOENT);
		assert_error("System.map': no symbols in it");
	}
	fake_file("System.map", map, strlen(map));
	assert_int_equal(read_part(&with), 0);
	assert_nothing_logged();
	assert_all();
	assert_string_equal(
		tl_symbols_find(recording.profiles[0]->symbols, 0xffff800080010040, &offset),
		"named");
}

/* Hypercalls of a kernel that runs `slide` above where it was linked. */
static void put_call(uint64_t ts, uint32_t vm, uint64_t exits, uint64_t slide)
{
	const struct exit_record record = {
		EXIT, 0, 100, 2, 0x16, 0xffff80008001dbb8 + slide, vm, 0, exits, ts, ts - 60};

	put(0, ts, &record, sizeof(record));
}

/* Each VM's kernel runs elsewhere, and this is known of any part. */
static void test_slides(void **state)
{
	static const char map[] = "ffff80008001dbb0 T __arm_smccc_hvc\n";
	const struct tl_recording_part behind = {.from = 1500, .vcpu = -1};
	const uint64_t slides[] = {0x12340000, 0x560000, 0};
	uint64_t offset;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(slides); i++)
		put_call(1000 + i, VM + i, 1, slides[i]);
	for (unsigned int i = 0; i < ARRAY_LEN(slides); i++)
		put_call(3000 + i, VM + i, 2, slides[i] + 0x77700); /* inline */
	fake_file(TL_RECORDING_SYMBOLS, map, strlen(map));
	write_all(CPUS);
	for (unsigned int part = 0; part < 2; part++) {
		fake_log_reset(NULL);
		assert_int_equal(read_part(part ? &behind : &all), 0);
		assert_int_equal(recording.profile_count, ARRAY_LEN(slides));
		assert_int_equal(fake_log_count_of(TL_LOG_INFO), 2);
		assert_true(fake_log_has(TL_LOG_INFO, "KASLR: the guest kernel runs 0x12340000 "));
		for (unsigned int i = 0; i < ARRAY_LEN(slides); i++) {
			const struct tl_profile *profile = recording.profiles[i];

			assert_int_equal(exits_of(i, 0), 2 - part);
			assert_non_null(tl_symbols_find(
				profile->symbols, 0xffff80008001dbb8 + slides[i], &offset));
			assert_int_equal(offset, 8);
		}
	}
}

static void test_no_recording(void **state)
{
	static char longest[5000];

	(void)state;
	assert_int_equal(read_part(&all), -ENOENT);
	assert_error("vm.json: ", strerror(ENOENT));
	write_all(0);
	assert_int_equal(unlink(recorded.dat), 0);
	assert_int_equal(read_part(&all), -ENOENT);
	assert_error("trace.dat: ", strerror(ENOENT));
	/* No event at all is a recording too. */
	write_all(0);
	read_all();
	assert_warned("no event in it");
	assert_int_equal(mkfifo(fake_path("trace.dat.cpu1"), 0600), 0);
	alarm(10);
	assert_int_equal(read_part(&all), -EINVAL);
	alarm(0);
	assert_error("reading ");
	memset(longest, '/', sizeof(longest) - 1);
	recorded.folder = longest;
	assert_int_equal(read_part(&all), -ENAMETOOLONG);
	assert_error("///", strerror(ENAMETOOLONG));
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

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
		RECORDED(test_symbols),
		RECORDED(test_named_symbols),
		RECORDED(test_slides),
		RECORDED(test_no_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
