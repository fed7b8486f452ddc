/* SPDX-License-Identifier: MIT */
/*
 * The file trace.dat, version 6, as trace-cmd and KernelShark read it (trace-cmd.dat.v6(5)):
 * a header with the formats of the events, then for each CPU the pages of its ring buffer.
 * All numbers are little endian, longs have 8 bytes.
 */
#ifndef TL_TRACE_DAT_H
#define TL_TRACE_DAT_H

#include <stddef.h>
#include <stdint.h>

#include "trace/decode/kvm_event.h"

#define TL_DAT_MAGIC      "\x17\x08\x44tracing"
#define TL_DAT_MAGIC_SIZE 10
#define TL_DAT_VERSION    "6"

/* Numbers of the options that are written (trace-cmd.dat.v6(5), "options"). */
#define TL_DAT_OPTION_CLOCK   4
#define TL_DAT_OPTION_UNAME   5
#define TL_DAT_OPTION_VERSION 9

#define TL_DAT_CPUS_MAX 8192u
#define TL_DAT_PAGE_MIN 64u
#define TL_DAT_PAGE_MAX (4u << 20)

/* What a header is made of. Texts are the files of tracefs; NULL: empty. */
struct tl_dat_event {
	const char *system, *format;
};

struct tl_dat_header {
	size_t page_size;
	unsigned int cpus;
	const char *header_page, *header_event, *clock, *uname, *version;
	unsigned int event_count; /* those of one system one after the other */
	const struct tl_dat_event *events;
	const char *cmdlines; /* lines of "TID NAME" */
};

/*
 * Writes the header to `fd`, which is empty. *table is the offset at which for each CPU
 * the place of its data follows, zero for now (tl_dat_write_place). Returns 0 or -errno.
 */
int tl_dat_write_header(int fd, const struct tl_dat_header *header, uint64_t *table);

/* Says where the data of a CPU are. Returns 0 or -errno. */
int tl_dat_write_place(int fd, uint64_t table, unsigned int cpu, uint64_t offset, uint64_t size);

/* A trace.dat that is read. */
struct tl_dat {
	int fd;
	size_t page_size;
	unsigned int cpus;
	struct tl_dat_place {
		uint64_t offset, size;
	} * places; /* one a CPU, wholly inside the file */
	uint64_t table;
	struct tl_kvm_format format;
};

/*
 * Opens and checks one. Where a place claims more than the file has, it is cut off there and
 * *truncated set. Returns 0, -EPROTO or another -errno, with what is wrong in `problem`.
 */
int tl_dat_open(
	struct tl_dat *dat, const char *path, int *truncated, char *problem, size_t problem_size);

/* Accepts what was only partly opened. */
void tl_dat_close(struct tl_dat *dat);

#endif
