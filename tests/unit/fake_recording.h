/* SPDX-License-Identifier: MIT */
/*
 * A recording of two vCPUs in a temporary folder, for unit tests: filled with exits, written,
 * and read again. Link tests/unit/fake_recording.c and fake_files.c.
 */
#ifndef TL_TESTS_FAKE_RECORDING_H
#define TL_TESTS_FAKE_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include "trace/record/dat.h"
#include "trace/record/page.h"
#include "trace/record/recording.h"

#define CPUS  2u
#define PAGE  512u
#define VM    99u
#define OTHER 77u
#define EXIT  54u                 /* number of the event */
#define LOST  (UINT64_C(3) << 30) /* how many is behind the data */

struct exit_record {
	uint16_t type, flags;
	int32_t tid, ret;
	uint32_t ec;
	uint64_t pc;
	uint32_t vm, vcpu;
	uint64_t exits, counter, entered;
};

/* What is to be recorded. */
struct recorded {
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
};

extern struct recorded recorded;
extern struct tl_recording recording; /* that was read last */
extern const struct tl_recording_part recorded_all;

/* For cmocka. */
int recorded_setup(void **state);
int recorded_teardown(void **state);

/* Adds a record, or a host interrupt's exit, before which the guest ran for 60 ns. */
void recorded_put(unsigned int cpu, uint64_t ts, const void *record, uint32_t size);
void recorded_put_exit(unsigned int cpu, uint64_t ts, uint32_t vm, uint32_t vcpu, uint64_t exits);
/* Two vCPUs, each on its CPU: 40 exits at 1000, 1100, ... and 1050, 1150, ... */
void recorded_put_exits(void);

/* Of the CPUs, only the first `joined` are in trace.dat yet. */
void recorded_write(unsigned int joined);
void recorded_write_piece(const char *name, unsigned int cpu, size_t first, size_t count);
int recorded_read_part(const struct tl_recording_part *part);
void recorded_read(void);
void recorded_write_and_read(void);

/* Of a vCPU that is not there, 0. */
uint64_t recorded_exits(unsigned int vm, unsigned int id);
/* Both vCPUs with all that recorded_put_exits() makes. */
void assert_recorded(void);

#endif
