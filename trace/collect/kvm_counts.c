/* SPDX-License-Identifier: MIT */
/*
 * The names are those of kernel/patches: exits_returned, exits_fixup,
 * entries_not_run and handling_ns_KIND.
 */
#include "trace/collect/kvm_counts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace/collect/kvm_stats.h"

#define TIMES_PREFIX "handling_ns_"

/* Buckets of exits_returned behind the exception classes (enum kvm_exit_class). */
static const unsigned int behind_classes[] = {
	TL_CLASS_IRQ, TL_CLASS_SERROR, TL_CLASS_IL, TL_CLASS_HYP_GONE};
#define RETURNED_CLASSES (TL_ESR_EC_COUNT + sizeof(behind_classes) / sizeof(behind_classes[0]))

static int read_classes(const struct tl_kvm_stats *stats, struct tl_kernel_counts *counts)
{
	uint64_t raw[RETURNED_CLASSES];
	int n = tl_kvm_stats_array(stats, "exits_returned", raw, RETURNED_CLASSES);

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n;
	counts->has_classes = 1;
	for (unsigned int i = 0; i < (unsigned int)n; i++) {
		if (i < TL_ESR_EC_COUNT)
			counts->classes[TL_CLASS_EC + i] = raw[i];
		else
			counts->classes[behind_classes[i - TL_ESR_EC_COUNT]] = raw[i];
	}
	return 0;
}

static int read_fixups(const struct tl_kvm_stats *stats, struct tl_kernel_counts *counts)
{
	int n = tl_kvm_stats_array(stats, "exits_fixup", counts->fixups, TL_FIXUP_CLASSES);

	counts->has_fixups = n >= 0;
	return n == -ENOENT || n > 0 ? 0 : n;
}

static int read_value(const struct tl_kvm_stats *stats, const char *name, int *has, uint64_t *value)
{
	int ret = tl_kvm_stats_value(stats, name, value);

	*has = !ret;
	return ret == -ENOENT ? 0 : ret;
}

static int read_times(const struct tl_kvm_stats *stats, struct tl_kernel_counts *counts)
{
	for (unsigned int i = 0; i < stats->count && counts->time_count < TL_KERNEL_TIMES; i++) {
		struct tl_kernel_times *times = &counts->times[counts->time_count];
		const char *name = tl_kvm_stats_name(stats, i);
		int n;

		if (strncmp(name, TIMES_PREFIX, strlen(TIMES_PREFIX)) != 0)
			continue;
		n = tl_kvm_stats_array(stats, name, times->buckets, TL_KERNEL_BUCKETS);
		if (n < 0)
			return n;
		snprintf(times->name, sizeof(times->name), "%.15s", name + strlen(TIMES_PREFIX));
		counts->time_count++;
	}
	return 0;
}

int tl_kvm_counts_read(int fd, struct tl_kernel_counts *counts)
{
	struct tl_kvm_stats stats;
	int ret;

	memset(counts, 0, sizeof(*counts));
	ret = tl_kvm_stats_init(&stats, fd);
	if (ret)
		return ret;
	ret = read_value(&stats, "exits", &counts->has_exits, &counts->exits);
	ret = ret ? ret : read_classes(&stats, counts);
	ret = ret ? ret : read_fixups(&stats, counts);
	ret = ret ? ret
		  : read_value(&stats, "entries_not_run", &counts->has_not_run, &counts->not_run);
	ret = ret ? ret : read_times(&stats, counts);
	tl_kvm_stats_fini(&stats);
	return ret;
}
