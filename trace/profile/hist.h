/* SPDX-License-Identifier: MIT */
/*
 * A histogram of durations whose memory does not grow with how much is put in: each
 * power of two is split into 32 equal buckets, so a percentile is at most 1.6 %
 * off (half a bucket), while count, sum, minimum and maximum are exact.
 * Not thread-safe: one owner, or a lock around it.
 */
#ifndef TL_TRACE_HIST_H
#define TL_TRACE_HIST_H

#include <stdint.h>

#define TL_HIST_SUB_BITS 5
/* Longer than 2^46 ns (19 hours) counts as that long, except in sum and max. */
#define TL_HIST_VALUE_BITS 46

/*
 * All zero is a valid, empty histogram. The buckets of a power of two come with the first
 * value there; where there is no memory for them, only percentiles suffer.
 */
struct tl_hist {
	uint64_t count;
	uint64_t sum; /* stays at UINT64_MAX once it would pass it */
	uint64_t min; /* of no meaning while count is 0 */
	uint64_t max;
	uint64_t *bucket; /* of `groups` powers of two from `first` on, 32 each; or NULL */
	unsigned char first, groups;
};

/* An empty one on the heap, NULL: no memory; destroy accepts NULL. */
struct tl_hist *tl_hist_create(void);
void tl_hist_destroy(struct tl_hist *hist);

/* Frees what one that is not on the heap has come to hold; it is empty then. */
void tl_hist_fini(struct tl_hist *hist);

/* Adds one value (ns); the same value many times. */
void tl_hist_add(struct tl_hist *hist, uint64_t value);
void tl_hist_add_many(struct tl_hist *hist, uint64_t value, uint64_t times);

/* Adds all of `from` to `hist`; min, max and percentiles come out as if put in one by one. */
void tl_hist_merge(struct tl_hist *hist, const struct tl_hist *from);

/*
 * The smallest value that at least `percent` (0 to 100) of all values do not
 * exceed, to half a bucket; 0 if the histogram is empty.
 */
uint64_t tl_hist_percentile(const struct tl_hist *hist, double percent);

/* How many values are less than `bound`, to a bucket; exact where that is a power of two. */
uint64_t tl_hist_below(const struct tl_hist *hist, uint64_t bound);

/*
 * How many values are in quarter `i` of a power of two, for who draws it: from 8 * i on for
 * i < 4, then from (4 + i % 4) * 2^(i / 4 + 2) on, up to where the next one begins.
 */
#define TL_HIST_QUARTERS (4 * (TL_HIST_VALUE_BITS - TL_HIST_SUB_BITS + 1))
uint64_t tl_hist_quarter(const struct tl_hist *hist, unsigned int i);

/* The mean, rounded down; 0 if the histogram is empty. */
uint64_t tl_hist_average(const struct tl_hist *hist);

#endif
