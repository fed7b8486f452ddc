/* SPDX-License-Identifier: MIT */
/*
 * Pages of a ring buffer with records in them, as the kernel makes them.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_recording.h"

#define FIELD(name, offset, size)                                                                  \
	"\tfield:u64 " name ";\toffset:" #offset ";\tsize:" #size ";\tsigned:0;\n"
#define STOCK                                                                                      \
	"name: kvm_exit\nID: 54\nformat:\n" FIELD("common_type", 0, 2) FIELD("common_pid", 4, 4)   \
		FIELD("ret", 8, 4) FIELD("esr_ec", 12, 4) FIELD("vcpu_pc", 16, 8)
#define PATCHED                                                                                    \
	STOCK FIELD("vm_id", 24, 4) FIELD("vcpu_id", 28, 4) FIELD("exits", 32, 8)                  \
		FIELD("counter", 40, 8) FIELD("entered", 48, 8)

struct recorded recorded;
struct tl_recording recording;
const struct tl_recording_part recorded_all = {.vcpu = -1};

int recorded_setup(void **state)
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

int recorded_teardown(void **state)
{
	tl_recording_fini(&recording);
	return fake_files_teardown(state);
}

void recorded_put(unsigned int cpu, uint64_t ts, const void *record, uint32_t size)
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

void recorded_put_exit(unsigned int cpu, uint64_t ts, uint32_t vm, uint32_t vcpu, uint64_t exits)
{
	const struct exit_record record = {EXIT, 0, 100 + (int32_t)vcpu, 0, 0, 0xffff800080010040,
		vm, vcpu, exits, ts, ts - 60};

	recorded_put(cpu, ts, &record, recorded.stock ? 24 : sizeof(record));
}

void recorded_put_exits(void)
{
	for (uint64_t i = 0; i < 40; i++) {
		recorded_put_exit(0, 1000 + 100 * i, VM, 0, i + 1);
		recorded_put_exit(1, 1050 + 100 * i, VM, 1, i + 1);
	}
}

void recorded_write(unsigned int joined)
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

void recorded_write_piece(const char *name, unsigned int cpu, size_t first, size_t count)
{
	fake_file(name, recorded.cpus[cpu].raw + first * PAGE, count * PAGE);
}

int recorded_read_part(const struct tl_recording_part *part)
{
	tl_recording_fini(&recording);
	return tl_recording_read(&recording, recorded.folder, part);
}

void recorded_read(void)
{
	assert_int_equal(recorded_read_part(&recorded_all), 0);
}

void recorded_write_and_read(void)
{
	recorded_write(CPUS);
	recorded_read();
}

uint64_t recorded_exits(unsigned int vm, unsigned int id)
{
	const struct tl_profile_vcpu *vcpu =
		vm < recording.profile_count ? tl_profile_vcpu(recording.profiles[vm], id) : NULL;

	return vcpu ? vcpu->exits : 0;
}

void assert_recorded(void)
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

		assert_int_equal(recorded_exits(0, i), 40);
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].count, 40);
		assert_int_equal(vcpu->tid, 100 + i);
		assert_int_equal(vcpu->guest_ns, 40 * 60);
		assert_int_equal(vcpu->missed + vcpu->disorder, 0);
		/* From the exit to the next entry; what the last one is at is not over. */
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].time->count, 39);
		assert_int_equal(vcpu->classes[TL_CLASS_IRQ].time->sum, 39 * 40);
	}
}
