/* SPDX-License-Identifier: MIT */
/*
 * The files that a recording is written to: trace.dat with its header, and while it goes on
 * a file of pages for each CPU. Where only the last seconds are kept, these have two
 * generations: when the younger one is old enough, the older one goes.
 */
#ifndef TL_TRACE_PIECES_H
#define TL_TRACE_PIECES_H

#include "trace/record/dat.h"

struct tl_pieces {
	char path[4000]; /* of the folder */
	int dat_fd;
	uint64_t table;
	size_t page_size;
	unsigned int cpus;
	int *fds;           /* one a CPU */
	uint64_t bytes;     /* written to them */
	uint64_t last_ns;   /* keep as much; 0: all */
	uint64_t turned_ns; /* when the generations changed last, CLOCK_MONOTONIC */
	uint64_t flushed_ns;
};

/*
 * Makes the folder if there is none, trace.dat with this header, and the files of the CPUs.
 * Returns 0 or -errno (logged): -EEXIST, there is a recording in it.
 */
int tl_pieces_create(
	struct tl_pieces *pieces, const char *path, const struct tl_dat_header *header);

/* Appends whole pages of a CPU. Returns 0 or -errno (not logged); nothing is half written. */
int tl_pieces_write(struct tl_pieces *pieces, unsigned int cpu, const void *pages, size_t size);

/* Changes the generations if it is time. Returns 0 or -errno (not logged). */
int tl_pieces_turn(struct tl_pieces *pieces, uint64_t now_ns);

/*
 * Has what was written sent to the disk, once a second, and does not wait for it: when the power
 * goes, it is there but for the last seconds.
 */
void tl_pieces_flush(struct tl_pieces *pieces, uint64_t now_ns);

/*
 * Puts the pages into trace.dat and removes the pieces; those that do not fit on the disk
 * stay, to be read as they are. Returns 0 or -errno (logged).
 */
int tl_pieces_join(struct tl_pieces *pieces);

/* Closes what is open. */
void tl_pieces_fini(struct tl_pieces *pieces);

#endif
