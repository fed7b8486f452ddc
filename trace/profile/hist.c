/* SPDX-License-Identifier: MIT */
/*
 * Log-linear buckets. The first 32 hold one value each; after that the highest
 * set bit picks a group of 32 and the five bits below it the bucket within.
 */
#include "trace/profile/hist.h"

#include <stdlib.h>
#include <string.h>

#define SUB_COUNT (1u << TL_HIST_SUB_BITS)
#define VALUE_MAX ((UINT64_C(1) << TL_HIST_VALUE_BITS) - 1)

static unsigned int hist_index(uint64_t value)
{
	unsigned int shift;

	if (value > VALUE_MAX)
		value = VALUE_MAX;
	if (value < SUB_COUNT)
		return (unsigned int)value;
	shift = 63 - (unsigned int)__builtin_clzll(value) - TL_HIST_SUB_BITS;
	/* The leading bit is still in value >> shift, which makes up for shift + 1 groups. */
	return (shift << TL_HIST_SUB_BITS) + (unsigned int)(value >> shift);
}

/* The middle of a bucket: at most half its width away from whatever fell in. */
static uint64_t hist_value(unsigned int index)
{
	unsigned int shift;
	uint64_t low;

	if (index < SUB_COUNT)
		return index;
	shift = (index >> TL_HIST_SUB_BITS) - 1;
	low = (uint64_t)(index - (shift << TL_HIST_SUB_BITS)) << shift;
	return low + ((UINT64_C(1) << shift) - 1) / 2;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

struct tl_hist *tl_hist_create(void)
{
	return calloc(1, sizeof(struct tl_hist));
}

void tl_hist_fini(struct tl_hist *hist)
{
	free(hist->bucket);
	*hist = (struct tl_hist){0};
}

void tl_hist_destroy(struct tl_hist *hist)
{
	if (hist)
		tl_hist_fini(hist);
	free(hist);
}

/* Makes room for one more power of two, and those between it and what there is. */
static int grow(struct tl_hist *hist, unsigned int group)
{
	unsigned int first = hist->groups && hist->first < group ? hist->first : group;
	unsigned int end = hist->groups && hist->first + hist->groups > group
				   ? hist->first + hist->groups
				   : group + 1;
	uint64_t *grown = calloc((end - first) * SUB_COUNT, sizeof(*grown));

	if (!grown)
		return 0;
	if (hist->bucket)
		memcpy(grown + (hist->first - first) * SUB_COUNT, hist->bucket,
			hist->groups * SUB_COUNT * sizeof(*grown));
	free(hist->bucket);
	hist->bucket = grown;
	hist->first = (unsigned char)first;
	hist->groups = (unsigned char)(end - first);
	return 1;
}

static uint64_t *bucket_of(struct tl_hist *hist, unsigned int index)
{
	unsigned int group = index >> TL_HIST_SUB_BITS;

	if (group - hist->first >= hist->groups && !grow(hist, group))
		return NULL;
	return &hist->bucket[index - ((unsigned int)hist->first << TL_HIST_SUB_BITS)];
}

/* `sum` is that of all of them. */
static void add(struct tl_hist *hist, uint64_t value, uint64_t times, uint64_t sum)
{
	uint64_t *bucket = bucket_of(hist, hist_index(value));

	if (!hist->count || value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
	hist->count += times;
	hist->sum = add_saturated(hist->sum, sum);
	if (bucket)
		*bucket += times;
}

void tl_hist_add_many(struct tl_hist *hist, uint64_t value, uint64_t times)
{
	if (times)
		add(hist, value, times, value > UINT64_MAX / times ? UINT64_MAX : value * times);
}

/* Without the division: it is what most of the time would go to. */
void tl_hist_add(struct tl_hist *hist, uint64_t value)
{
	add(hist, value, 1, value);
}

void tl_hist_merge(struct tl_hist *hist, const struct tl_hist *from)
{
	if (!from->count)
		return;
	if (!hist->count || from->min < hist->min)
		hist->min = from->min;
	if (from->max > hist->max)
		hist->max = from->max;
	hist->count += from->count;
	hist->sum = add_saturated(hist->sum, from->sum);
	for (unsigned int i = 0; i < from->groups * SUB_COUNT; i++) {
		uint64_t *bucket =
			from->bucket[i] ? bucket_of(hist, i + from->first * SUB_COUNT) : NULL;

		if (bucket)
			*bucket += from->bucket[i];
	}
}

uint64_t tl_hist_percentile(const struct tl_hist *hist, double percent)
{
	double exact = (double)hist->count * percent / 100.0;
	uint64_t want = (uint64_t)exact;
	uint64_t seen = 0;
	uint64_t value;

	if (!hist->count)
		return 0;
	if ((double)want < exact || !want)
		want++;
	if (want >= hist->count)
		return hist->max;
	for (unsigned int i = 0; i < hist->groups * SUB_COUNT; i++) {
		seen += hist->bucket[i];
		if (seen < want)
			continue;
		value = hist_value(i + hist->first * SUB_COUNT);
		/* The middle of the outermost buckets may lie beyond what was ever put in. */
		if (value < hist->min)
			return hist->min;
		return value > hist->max ? hist->max : value;
	}
	return hist->max;
}

uint64_t tl_hist_below(const struct tl_hist *hist, uint64_t bound)
{
	const unsigned int end = hist_index(bound), first = hist->first * SUB_COUNT;
	uint64_t below = 0;

	for (unsigned int i = 0; i < hist->groups * SUB_COUNT && first + i < end; i++)
		below += hist->bucket[i];
	return below;
}

uint64_t tl_hist_quarter(const struct tl_hist *hist, unsigned int i)
{
	unsigned int group = i / 4 - hist->first;
	uint64_t sum = 0;

	if (group >= hist->groups)
		return 0;
	for (unsigned int b = 0; b < SUB_COUNT / 4; b++)
		sum += hist->bucket[group * SUB_COUNT + i % 4 * (SUB_COUNT / 4) + b];
	return sum;
}

uint64_t tl_hist_average(const struct tl_hist *hist)
{
	return hist->count ? hist->sum / hist->count : 0;
}
