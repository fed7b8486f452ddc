/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on the kernel's own counts.
 */
#include "trace/profile/kernel_counts.h"

#include <string.h>

/* A statistic that somebody set back in between is worth nothing, rather than 2^64. */
static void subtract(uint64_t *values, const uint64_t *before, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		values[i] = values[i] > before[i] ? values[i] - before[i] : 0;
}

void tl_kernel_counts_subtract(
	struct tl_kernel_counts *counts, const struct tl_kernel_counts *before)
{
	subtract(&counts->exits, &before->exits, 1);
	subtract(counts->classes, before->classes, TL_CLASS_COUNT);
	subtract(counts->fixups, before->fixups, TL_FIXUP_CLASSES);
	subtract(&counts->not_run, &before->not_run, 1);
	for (unsigned int i = 0; i < counts->time_count && i < before->time_count; i++) {
		if (!strcmp(counts->times[i].name, before->times[i].name))
			subtract(counts->times[i].buckets, before->times[i].buckets,
				TL_KERNEL_BUCKETS);
	}
}

uint64_t tl_kernel_counts_fixups(const struct tl_kernel_counts *counts)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
		sum += counts->fixups[i];
	return sum;
}

uint64_t tl_kernel_times_count(const struct tl_kernel_times *times)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < TL_KERNEL_BUCKETS; i++)
		sum += times->buckets[i];
	return sum;
}

uint64_t tl_kernel_times_percentile(const struct tl_kernel_times *times, unsigned int percent)
{
	uint64_t all = tl_kernel_times_count(times), seen = 0, wanted;

	if (!all)
		return 0;
	wanted = all / 100 * percent + (all % 100 * percent + 99) / 100;
	for (unsigned int i = 0; i < TL_KERNEL_BUCKETS - 1; i++) {
		seen += times->buckets[i];
		if (seen >= wanted)
			return i ? (UINT64_C(1) << i) - 1 : 0;
	}
	return UINT64_MAX;
}
