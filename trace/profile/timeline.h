/* SPDX-License-Identifier: MIT */
/*
 * Exits over time, in memory that grows neither with how many there are nor with how long it
 * takes: per vCPU and class, how many and how long, in bins of equal width. When time goes
 * beyond the last bin, all get twice as wide. One thread.
 */
#ifndef TL_TRACE_TIMELINE_H
#define TL_TRACE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

/* A row has as many bins as fit when all rows together have so many, at most and at least. */
#define TL_TIMELINE_CELLS    (1u << 19)
#define TL_TIMELINE_BINS_MAX (1u << 14)
#define TL_TIMELINE_BINS_MIN (1u << 6)

struct tl_timeline_row {
	unsigned int vcpu; /* id */
	unsigned int exit_class;
	uint32_t *exits; /* by bin: that began there */
	uint64_t *ns;    /* by bin: how much of it was spent on them */
};

struct tl_timeline {
	uint64_t start;     /* of bin 0, ns */
	unsigned int shift; /* a bin is 2^shift ns */
	unsigned int bins;  /* of a row, a power of two */
	unsigned int used;  /* the bins from this one on are empty */
	size_t count, room;
	struct tl_timeline_row *rows;
	uint32_t *index; /* hash table of places in `rows`, plus 1 */
	size_t index_size;
};

/* Begins at `start`. */
void tl_timeline_init(struct tl_timeline *timeline, uint64_t start);

/*
 * Adds an exit that began at `from` and was over at `to`. Those of a vCPU must not overlap.
 * Returns 0 or -ENOMEM.
 */
int tl_timeline_add(struct tl_timeline *timeline, unsigned int vcpu, unsigned int exit_class,
	uint64_t from, uint64_t to);

/* Accepts what is all zero. */
void tl_timeline_fini(struct tl_timeline *timeline);

#endif
