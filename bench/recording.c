/* SPDX-License-Identifier: MIT */
/*
 * Makes a recording of as many exits as one likes, for benchmarks and tests of what reads
 * one: two vCPUs, each on a CPU of its own, with a mixture of exits as a booting Linux has.
 * usage: recording DIR EXITS
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/record/dat.h"
#include "trace/record/recording.h"

#define CPUS      2u
#define PAGE_SIZE 4096u

/* As the patched kernel's format file has it. */
static const char exit_format[] =
	"name: kvm_exit\nID: 54\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:int ret;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned int esr_ec;\toffset:12;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long vcpu_pc;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 vm_id;\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 vcpu_id;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\tfield:u64 exits;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 esr;\toffset:40;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 far;\toffset:48;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 ipa;\toffset:56;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 counter;\toffset:64;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 x0;\toffset:72;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 x1;\toffset:80;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 entered;\toffset:88;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 mode;\toffset:96;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"ret %d ec %x\", REC->ret, REC->esr_ec\n";

static const char header_page[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				  "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";
static const char header_event[] =
	"# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n"
	"\tarray       :   32 bits\n\n\tpadding     : type == 29\n"
	"\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";

/* One record, padded as the kernel does. */
struct exit_record {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t pid, ret;
	uint32_t ec;
	uint64_t pc;
	uint32_t vm, vcpu;
	uint64_t exits, esr, far, ipa, counter, x0, x1, entered;
	uint32_t mode;
} __attribute__((packed));

struct kind {
	uint32_t ret, ec;
	uint64_t esr, ipa, x0;
};

/* What comes after what is left to chance, and repeats. */
static const struct kind kinds[] = {
	{2, 0x18, 0x62340035, 0, 0},          /* CTR_EL0 read */
	{2, 0x24, 0x93810047, 0x09000000, 0}, /* pl011 UARTDR write */
	{2, 0x24, 0x93810007, 0x09000018, 0}, /* pl011 UARTFR read */
	{0, 0, 0, 0, 0},                      /* host interrupt */
	{2, 0x01, 0x7e000000, 0, 0},          /* WFI */
	{2, 0x16, 0x5a000000, 0, 0x84000000}, /* PSCI VERSION */
	{2, 0x24, 0x92000046, 0x48000000, 0}, /* stage-2 fault */
	{2, 0x18, 0x623a2d15, 0, 0},          /* another register */
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* What the guest asks for it asks in a few places; an interrupt comes anywhere. */
static uint64_t pc_of(const struct kind *kind, uint64_t chance)
{
	return 0xffff800080010000u +
	       (kind->ret ? (uint64_t)(kind - kinds) * 65536 + chance % 12 * 64
			  : (chance & 0xffff) % 2048 * 64);
}

/* Writes a CPU's pages; returns their bytes. */
static uint64_t write_pages(FILE *out, unsigned int cpu, uint64_t exits)
{
	const size_t record = 4 + 100;
	unsigned char page[PAGE_SIZE];
	uint64_t seed = 88172645463325252u + cpu, counter = 1000000, ts = 16000000, bytes = 0;

	for (uint64_t done = 0; done < exits; bytes += PAGE_SIZE) {
		uint64_t length = 0, first = ts;

		memset(page, 0, sizeof(page));
		while (done < exits && length + record <= PAGE_SIZE - 16) {
			uint64_t chance = next_random(&seed);
			const struct kind *kind = &kinds[chance % KINDS];
			uint32_t ticks = 60 + (uint32_t)(chance >> 32) % 200;
			uint32_t word = 25u | (length ? (ticks + 40) * 16u : 0) << 5;
			struct exit_record exit = {.type = 54,
				.pid = 100 + (int32_t)cpu,
				.ret = (int32_t)kind->ret,
				.ec = kind->ec,
				.pc = pc_of(kind, chance >> 8),
				.vm = 99,
				.vcpu = cpu,
				.exits = done + 1,
				.esr = kind->esr,
				.ipa = kind->ipa,
				.counter = counter + ticks + 40,
				.x0 = kind->x0,
				.entered = counter + ticks,
				.mode = 5};

			if (length)
				ts += (ticks + 40) * 16u;
			counter += ticks + 40;
			memcpy(page + 16 + length, &word, 4);
			memcpy(page + 20 + length, &exit, sizeof(exit));
			length += record;
			done++;
		}
		memcpy(page, &first, 8);
		memcpy(page + 8, &length, 8);
		ts += 1600;
		fwrite(page, 1, sizeof(page), out);
	}
	return bytes;
}

static int write_dat(const char *path, uint64_t exits)
{
	const struct tl_dat_event events[] = {{"kvm", exit_format}};
	const struct tl_dat_header header = {.page_size = PAGE_SIZE,
		.cpus = CPUS,
		.header_page = header_page,
		.header_event = header_event,
		.clock = "local global [mono]",
		.event_count = 1,
		.events = events,
		.cmdlines = "100 vcpu 0\n101 vcpu 1\n"};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	uint64_t table = 0;
	int ret = fd < 0 ? -errno : tl_dat_write_header(fd, &header, &table);
	FILE *out = ret ? NULL : fdopen(dup(fd), "w");

	for (unsigned int cpu = 0; out && !ret && cpu < CPUS; cpu++) {
		uint64_t start, size;

		fseeko(out, 0, SEEK_END);
		start = ((uint64_t)ftello(out) + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
		fseeko(out, (off_t)start, SEEK_SET);
		size = write_pages(out, cpu, cpu ? exits / 2 : exits - exits / 2);
		if (fflush(out))
			ret = -errno;
		ret = ret ? ret : tl_dat_write_place(fd, table, cpu, start, size);
	}
	if (!out && !ret)
		ret = -errno;
	if (out && fclose(out) && !ret)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	struct tl_vm_json_vcpu vcpus[CPUS] = {{.id = 0, .tid = 100}, {.id = 1, .tid = 101}};
	struct tl_vm_json vm = {.kernel = "made by bench/recording",
		.counter_hz = 62500000,
		.pid = 99,
		.map = {2, {{"ram", 0x40000000, 0x10000000}, {"pl011", 0x09000000, 0x1000}}},
		.vcpu_count = CPUS,
		.vcpus = vcpus,
		.complete = true,
		.ended_by = "its end"};
	uint64_t exits = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	char path[4096];
	int ret;

	if (!exits) {
		fprintf(stderr, "usage: recording DIR EXITS\n");
		return 2;
	}
	(void)mkdir(argv[1], 0777);
	snprintf(path, sizeof(path), "%s/" TL_RECORDING_DAT, argv[1]);
	ret = write_dat(path, exits);
	snprintf(path, sizeof(path), "%s/" TL_RECORDING_VM, argv[1]);
	ret = ret ? ret : tl_vm_json_write(path, &vm);
	if (ret)
		fprintf(stderr, "recording: %s: %s\n", path, strerror(-ret));
	return ret ? 1 : 0;
}
