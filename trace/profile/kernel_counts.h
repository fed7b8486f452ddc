/* SPDX-License-Identifier: MIT */
/*
 * What the kernel itself has counted of one vCPU (docs/counting.md): the stock
 * kernel only how many exits, the series in kernel/patches also of which class,
 * what EL2 handled by itself, and how long handling took.
 */
#ifndef TL_TRACE_KERNEL_COUNTS_H
#define TL_TRACE_KERNEL_COUNTS_H

#include <stdint.h>

#include "trace/decode/esr.h"

/* By exception class; the last one is "EL2 does not tell", of protected VMs. */
#define TL_FIXUP_CLASSES  (TL_ESR_EC_COUNT + 1)
#define TL_FIXUP_WITHHELD TL_ESR_EC_COUNT

#define TL_KERNEL_TIMES   16
#define TL_KERNEL_BUCKETS 32

/* A histogram: bucket 0 is 0 ns, bucket n [2^(n-1), 2^n) ns, the last one all from there on. */
struct tl_kernel_times {
	char name[16]; /* of the kind of exit: "hvc", "dabt", ... */
	uint64_t buckets[TL_KERNEL_BUCKETS];
};

struct tl_kernel_counts {
	int has_exits, has_classes, has_fixups, has_not_run;
	uint64_t exits;
	uint64_t classes[TL_CLASS_COUNT]; /* exits that came back to the kernel; sum: exits */
	uint64_t fixups[TL_FIXUP_CLASSES];
	uint64_t not_run; /* entries that ended before the guest ran */
	unsigned int time_count;
	struct tl_kernel_times times[TL_KERNEL_TIMES];
};

/* Makes `counts` what was counted since `before` was read from the same vCPU. */
void tl_kernel_counts_subtract(
	struct tl_kernel_counts *counts, const struct tl_kernel_counts *before);

/* Sum of `fixups`. */
uint64_t tl_kernel_counts_fixups(const struct tl_kernel_counts *counts);

/* How many exits were timed by the kernel, 0 while that was off. */
uint64_t tl_kernel_times_count(const struct tl_kernel_times *times);

/*
 * Upper end, in ns, of the bucket in which the percentile lies (0 < percent <= 100);
 * UINT64_MAX for the last one, 0 if there is nothing.
 */
uint64_t tl_kernel_times_percentile(const struct tl_kernel_times *times, unsigned int percent);

#endif
